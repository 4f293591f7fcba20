package app

import (
	"fmt"
	"testing"

	"downpour/internal/config"
)

// TestTrustedProxiesOfLogs: a log without proxies of its own believes those of
// the pages, one with an empty list nobody.
func TestTrustedProxiesOfLogs(t *testing.T) {
	tests := []struct{ http, log, want string }{
		{"", "", "[]"},
		{"http: {trusted_proxies: [192.0.2.1]}", "", "[192.0.2.1/32]"},
		{"http: {trusted_proxies: [192.0.2.1]}", ", trusted_proxies: [10.0.0.0/8]", "[10.0.0.0/8]"},
		{"http: {trusted_proxies: [192.0.2.1]}", ", trusted_proxies: []", "[]"},
	}
	for _, tt := range tests {
		file := tt.http + "\nlogs: [{path: access.log" + tt.log + "}]\n"
		cfg, faults := config.Load("test.yaml", []byte(file))
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		if got := fmt.Sprint(trusted(&cfg.Logs[0], &cfg.HTTP)); got != tt.want {
			t.Errorf("%q: %s, want %s", file, got, tt.want)
		}
	}
}
