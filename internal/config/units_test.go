package config

import (
	"testing"
	"time"
)

func TestParseSize(t *testing.T) {
	for text, want := range map[string]Size{
		"2GB": 2e9, "2 GB": 2e9, "2gb": 2e9, "1.5 GiB": 1610612736, "500 MB": 5e8, "0B": 0, "1TiB": 1 << 40, "3KB": 3000,
	} {
		if got, err := ParseSize(text); err != nil || got != want {
			t.Errorf("%q: got %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "2", "GB", "2 bananas", "1.2.3GB", "-1GB", "1e3GB", "9300000TB", "NaN GB", "InfB"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("%q was taken as %d", text, got)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90d": 2160 * time.Hour, "2w": 336 * time.Hour, "1.5h": 90 * time.Minute, "30s": 30 * time.Second,
	} {
		if got, err := ParseDuration(text); err != nil || time.Duration(got) != want {
			t.Errorf("%q: got %v, %v; want %v", text, got, err, want)
		}
	}
}

// TestUnitsRoundTrip wants that what is printed is read back as the same.
func TestUnitsRoundTrip(t *testing.T) {
	for _, n := range []int64{1, 999, 1000, 1024, 1500, 2e9, 1 << 30, 1<<40 + 1, 86400e9, 90 * 86400e9, 5e9} {
		if got, err := ParseSize(Size(n).String()); err != nil || got != Size(n) {
			t.Errorf("size %d was printed as %s and read as %d, %v", n, Size(n), got, err)
		}
	}
	for _, d := range []time.Duration{time.Second, time.Minute, 90 * time.Minute, 24 * time.Hour, 90 * 24 * time.Hour} {
		if got, err := ParseDuration(Duration(d).String()); err != nil || time.Duration(got) != d {
			t.Errorf("duration %v was printed as %s and read as %v, %v", d, Duration(d), got, err)
		}
	}
}

func TestDidYouMean(t *testing.T) {
	known := []string{"listen", "operator_listen", "trusted_proxies", "client_address_header"}
	for word, want := range map[string]string{
		"trusted_proxy": `did you mean "trusted_proxies"?`,
		"lisetn":        `did you mean "listen"?`,
		"Listen":        `did you mean "listen"?`,
		"colour":        "",
		"":              "",
	} {
		if got := didYouMean(word, known); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}

func TestEditDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"abc", "", 3}, {"", "abc", 3}, {"kitten", "sitting", 3}, {"ab", "ba", 1}, {"ca", "abc", 3}, {"ü", "u", 1}} {
		if got := editDistance(c.a, c.b); got != c.want {
			t.Errorf("%q to %q: got %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
