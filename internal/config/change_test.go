package config

import (
	"reflect"
	"testing"
)

func TestChanges(t *testing.T) {
	from := load(t, `
services:
  - {name: a, title: A, targets: [192.0.2.1]}
  - {name: b}
http: {listen: "127.0.0.1:8080"}
store: {disk: 2GB}
`)
	to := load(t, `
services:
  - {name: a, title: B, targets: [192.0.2.2]}
  - {name: c}
http: {listen: "127.0.0.1:8081", trusted_proxies: [192.0.2.9]}
store: {disk: 3GB}
`)
	want := []Change{
		{Key: "services", From: "[a, b]", To: "[a, c]"},
		{"services.a.title", true, "A", "B"},
		{"services.a.targets", false, "[192.0.2.1/32]", "[192.0.2.2/32]"},
		{"http.listen", false, "127.0.0.1:8080", "127.0.0.1:8081"},
		{"http.trusted_proxies", true, "[]", "[192.0.2.9/32]"},
		{"store.disk", true, "2GB", "3GB"},
	}
	if got := Changes(from, to); !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

func TestNoChange(t *testing.T) {
	if got := Changes(Default(), Default()); len(got) != 0 {
		t.Error(got)
	}
}

func load(t *testing.T, text string) *Config {
	t.Helper()
	c, faults := Load("test.yaml", []byte(text))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return c
}
