package config

import "testing"

func TestServiceOfHost(t *testing.T) {
	of := (&Config{Services: []Service{{Name: "shop", Hosts: []string{"shop.example"}}, {Name: "mail", Hosts: []string{"mail.example", "imap.example"}}}}).ServiceOfHost()
	for host, want := range map[string]string{"shop.example": "shop", "imap.example": "mail", "": "shop", "other.example": "shop"} {
		if got := of(host); got != want {
			t.Errorf("%q: %s, want %s", host, got, want)
		}
	}
}
