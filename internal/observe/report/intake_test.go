package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"downpour"
)

var noon = time.Date(2025, 3, 10, 12, 0, 0, 0, time.UTC)

// seeded is a reader of random bytes that gives the same each time.
func seeded() *rand.ChaCha8 { return rand.NewChaCha8([32]byte{1}) }

func newIntake(t testing.TB, change func(*IntakeConfig)) *Intake {
	t.Helper()
	cfg := IntakeConfig{Services: []Service{{Name: "a"}, {Name: "b", Symptoms: []string{"video"}}}}
	if change != nil {
		change(&cfg)
	}
	in, err := NewIntake(cfg, seeded(), func(a netip.Addr) downpour.Place {
		if a.Is4() && a.As4()[0] == 203 {
			return downpour.Place{Country: "DE", ASN: 64500}
		}
		if a.Is4() && a.As4()[0] == 198 {
			return downpour.Place{Kind: downpour.KindMobile}
		}
		return downpour.Place{}
	})
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func receive(t testing.TB, in *Intake, at time.Time, from, service string) downpour.Report {
	t.Helper()
	a, _ := netip.ParseAddr(from)
	r, err := in.Receive(at, a, Submission{Service: service})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestOneReporter(t *testing.T) {
	type step struct {
		after   time.Duration
		from    string
		service string
		reason  string
	}
	const more = window - 1
	for name, steps := range map[string][]step{
		"an IPv4 address":        {{0, "203.0.113.7", "a", ""}, {0, "203.0.113.7", "a", ReasonRepeat}, {0, "203.0.113.8", "a", ""}},
		"ten minutes":            {{0, "203.0.113.7", "a", ""}, {more, "203.0.113.7", "a", ReasonRepeat}, {1, "203.0.113.7", "a", ""}},
		"who insists counts":     {{0, "203.0.113.7", "a", ""}, {6 * time.Minute, "203.0.113.7", "a", ReasonRepeat}, {6 * time.Minute, "203.0.113.7", "a", ""}},
		"each service":           {{0, "203.0.113.7", "a", ""}, {0, "203.0.113.7", "b", ""}, {0, "203.0.113.7", "b", ReasonRepeat}},
		"a /64":                  {{0, "2001:db8:1:2::1", "a", ""}, {0, "2001:db8:1:2:ffff::9", "a", ReasonRepeat}, {0, "2001:db8:1:3::1", "a", ""}},
		"mapped is IPv4":         {{0, "::ffff:203.0.113.7", "a", ""}, {0, "203.0.113.7", "a", ReasonRepeat}},
		"unknown is one":         {{0, "", "a", ""}, {0, "", "a", ReasonRepeat}},
		"midnight changes none":  {{11*time.Hour + 59*time.Minute, "203.0.113.7", "a", ""}, {2 * time.Minute, "203.0.113.7", "a", ReasonRepeat}},
		"time a little back":     {{time.Minute, "203.0.113.7", "a", ""}, {-time.Second, "203.0.113.7", "a", ReasonRepeat}},
		"time far back is anew":  {{time.Hour, "203.0.113.7", "a", ""}, {-time.Hour, "203.0.113.7", "a", ""}},
		"zones do not multiply":  {{0, "fe80::1%eth0", "a", ""}, {0, "fe80::1%eth1", "a", ReasonRepeat}},
		"neighbours in one /120": {{0, "2001:db8::1", "a", ""}, {0, "2001:db8::2", "a", ReasonRepeat}},
	} {
		t.Run(name, func(t *testing.T) {
			in, at := newIntake(t, nil), noon
			for i, s := range steps {
				at = at.Add(s.after)
				if r := receive(t, in, at, s.from, s.service); r.Reason != s.reason || r.Counted != (s.reason == "") {
					t.Errorf("report %d: counted %v, %q; want %q", i, r.Counted, r.Reason, s.reason)
				}
			}
		})
	}
}

func TestSharedAddresses(t *testing.T) {
	in := newIntake(t, func(c *IntakeConfig) { c.Shared = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/28")} })
	for from, want := range map[string]int{"100.64.9.9": SharedReporters, "192.0.2.15": SharedReporters, "198.51.100.1": SharedReporters, "192.0.2.16": 1} {
		counted := 0
		for i := range 3 * SharedReporters {
			if receive(t, in, noon.Add(time.Duration(i)*time.Second), from, "a").Counted {
				counted++
			}
		}
		if counted != want {
			t.Errorf("%s counted %d times; want %d", from, counted, want)
		}
	}
}

// TestForgedForwardedFor sends 100,000 values of X-Forwarded-For from one
// address: they count as one reporter, unless that address is a trusted proxy.
func TestForgedForwardedFor(t *testing.T) {
	const forged = 100_000
	for _, test := range []struct {
		trusted []netip.Prefix
		least   uint64
		most    uint64
	}{
		{nil, 1, 1},
		{[]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, 1, 1},
		{[]netip.Prefix{netip.MustParsePrefix("203.0.113.7/32")}, forged, forged},
	} {
		in := newIntake(t, func(c *IntakeConfig) {
			all := Rate{PerSecond: 1e6, Burst: 1e6}
			c.Limits = Limits{all, all, all, all}
		})
		proxies := Proxies{Trusted: test.trusted}
		for i := range forged {
			h := http.Header{"X-Forwarded-For": {fmt.Sprintf("%d.%d.%d.1", 11+i>>16, i>>8&255, i&255)}}
			from := proxies.Client("203.0.113.7:40000", h)
			if _, err := in.Receive(noon.Add(time.Duration(i)*time.Microsecond), from, Submission{Service: "a"}); err != nil {
				t.Fatal(err)
			}
		}
		if n := in.Stats().Counted; n < test.least || n > test.most {
			t.Errorf("trusting %v: %d of %d counted; want %d to %d", test.trusted, n, forged, test.least, test.most)
		}
	}
}

// TestNetworkPart takes a /48 apart into reporters: it counts as a /24 would.
func TestNetworkPart(t *testing.T) {
	in := newIntake(t, nil)
	for i := range 2 * networkPart {
		receive(t, in, noon.Add(time.Duration(i)*time.Second/5), fmt.Sprintf("2001:db8:9:%x::1", i), "a")
	}
	if s := in.Stats(); s.Counted != networkPart || s.Crowded != networkPart {
		t.Errorf("%+v; want %d counted", s, networkPart)
	}
	if r := receive(t, in, noon.Add(time.Minute), "2001:db8:a::1", "a"); !r.Counted {
		t.Errorf("the network beside it: %q", r.Reason)
	}
}

func TestOtherSitesPageIsNotCounted(t *testing.T) {
	in := newIntake(t, nil)
	from := netip.MustParseAddr("203.0.113.7")
	r, err := in.Receive(noon, from, Submission{Service: "a", CrossSite: true})
	if err != nil || r.Counted || r.Reason != ReasonOtherSite {
		t.Errorf("got %+v, %v; want it not counted", r, err)
	}
	if r := receive(t, in, noon, "203.0.113.7", "a"); !r.Counted {
		t.Errorf("the visitor's own report after it: %q", r.Reason)
	}
}

func TestWithdrawnReportMayBeSentAgain(t *testing.T) {
	in := newIntake(t, nil)
	from := netip.MustParseAddr("203.0.113.7")
	in.Withdraw(from, receive(t, in, noon, "203.0.113.7", "a"))
	if r := receive(t, in, noon.Add(time.Second), "203.0.113.7", "a"); !r.Counted {
		t.Errorf("the second try: %q", r.Reason)
	}
	repeat := receive(t, in, noon.Add(time.Second), "203.0.113.7", "a")
	in.Withdraw(from, repeat)
	if r := receive(t, in, noon.Add(time.Second), "203.0.113.7", "a"); r.Counted {
		t.Error("withdrawing a report that was not counted freed the one that was")
	}
}

func TestLimits(t *testing.T) {
	wide := Rate{PerSecond: 1000, Burst: 1000}
	for _, test := range []struct {
		scope  string
		limits Limits
		from   func(i int) string
		other  string // lies outside of the scope
	}{
		{"reporter", Limits{Rate{1, 5}, wide, wide, wide}, func(int) string { return "203.0.113.7" }, "203.0.113.8"},
		{"reporter", Limits{Rate{1, 5}, wide, wide, wide}, func(i int) string { return fmt.Sprintf("2001:db8::%x", i) }, "2001:db8:0:1::"},
		{"network", Limits{wide, Rate{1, 5}, wide, wide}, func(i int) string { return fmt.Sprintf("203.0.113.%d", i) }, "203.0.114.1"},
		{"network", Limits{wide, Rate{1, 5}, wide, wide}, func(i int) string { return fmt.Sprintf("2001:db8:0:%x::", i) }, "2001:db8:1::"},
		{"region", Limits{wide, wide, Rate{1, 5}, wide}, func(i int) string { return fmt.Sprintf("203.0.%d.1", i) }, "203.1.0.1"},
		{"region", Limits{wide, wide, Rate{1, 5}, wide}, func(i int) string { return fmt.Sprintf("2001:db8:%x::", i) }, "2001:db9::"},
		{"all", Limits{wide, wide, wide, Rate{1, 5}}, func(i int) string { return fmt.Sprintf("%d.0.0.1", i+1) }, ""},
	} {
		in := newIntake(t, func(c *IntakeConfig) { c.Limits = test.limits })
		for i := range 5 {
			receive(t, in, noon, test.from(i), "a")
		}
		_, err := in.Receive(noon, netip.MustParseAddr(test.from(6)), Submission{Service: "a"})
		var limit *LimitError
		if !errors.As(err, &limit) || !errors.Is(err, ErrLimited) || limit.Scope != test.scope || limit.RetryAfter != time.Second {
			t.Errorf("%s: the sixth gives %v; want to wait a second", test.scope, err)
		}
		if test.other != "" {
			receive(t, in, noon, test.other, "a")
		}
		receive(t, in, noon.Add(limit.RetryAfter), test.from(6), "a")
		if s := in.Stats(); s.Limited != 1 {
			t.Errorf("%s: %+v; want one limited", test.scope, s)
		}
	}
}

func TestUnknownService(t *testing.T) {
	in := newIntake(t, nil)
	if _, err := in.Receive(noon, netip.Addr{}, Submission{Service: "none"}); !errors.Is(err, ErrService) {
		t.Errorf("got %v; want ErrService", err)
	}
	in.Reconfigure([]Service{{Name: "none"}}, nil)
	receive(t, in, noon, "203.0.113.7", "none")
	if _, err := in.Receive(noon, netip.Addr{}, Submission{Service: "a"}); !errors.Is(err, ErrService) {
		t.Errorf("a service that was taken away: %v", err)
	}
}

func TestNetworkToken(t *testing.T) {
	in := newIntake(t, nil)
	token := func(at time.Time, from string) string { return receive(t, in, at, from, "a").Network }
	first := token(noon, "203.0.113.7")
	if len(first) != 16 {
		t.Errorf("token %q; want 16 characters", first)
	}
	evening := noon.Add(12*time.Hour - 1)
	if got := token(evening, "203.0.113.200"); got != first {
		t.Error("one /24 has two tokens on one day")
	}
	if token(evening, "203.0.114.7") == first || token(evening, "2001:db8::1") != token(evening, "2001:db8:0:9::1") {
		t.Error("tokens are not those of /24 and /48")
	}
	next := token(evening.Add(1), "203.0.113.7")
	if next == first {
		t.Error("the token outlived midnight")
	}
	if got := token(evening, "203.0.113.7"); got != next {
		t.Error("a report of the day before brought the old key back")
	}
	if got := token(noon, ""); got != "" {
		t.Errorf("the token of no address is %q", got)
	}
	other, err := NewIntake(IntakeConfig{Services: []Service{{Name: "a"}}}, rand.NewChaCha8([32]byte{2}), nil)
	if err != nil {
		t.Fatal(err)
	}
	if receive(t, other, noon, "203.0.113.7", "a").Network == first {
		t.Error("the token does not depend on the key")
	}
}

func TestNoRandomness(t *testing.T) {
	if _, err := NewIntake(IntakeConfig{}, strings.NewReader("short"), nil); err == nil {
		t.Error("an intake was made without keys")
	}
	in, err := NewIntake(IntakeConfig{Services: []Service{{Name: "a"}}}, strings.NewReader(strings.Repeat("k", 24)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.Receive(noon, netip.Addr{}, Submission{Service: "a"}); err == nil {
		t.Error("a token was made without a key")
	}
}

// TestAddressNeverLeaves looks for the reporter's address, in the forms that it
// could take, in everything that Receive gives: reports, errors and figures.
func TestAddressNeverLeaves(t *testing.T) {
	for _, from := range []string{"203.0.113.77", "2001:db8:77:88:99aa:bbcc:ddee:ff01", "198.51.100.77"} {
		in := newIntake(t, func(c *IntakeConfig) { c.Limits = Limits{Rate{1, 3}, Rate{1, 9}, Rate{1, 9}, Rate{1, 9}} })
		a := netip.MustParseAddr(from)
		var out bytes.Buffer
		for range 5 {
			r, err := in.Receive(noon, a, Submission{Service: "a", Symptom: from, Text: "I am " + from + " (" + a.StringExpanded() + ")"})
			text, _ := json.Marshal(r)
			fmt.Fprintf(&out, "%s %+v %v %+v\n", text, r, err, err)
		}
		fmt.Fprintf(&out, "%+v\n", in.Stats())
		raw := a.AsSlice()
		for _, form := range []string{from, a.StringExpanded(), string(raw), fmt.Sprintf("%x", raw), fmt.Sprintf("%X", raw),
			fmt.Sprint(raw), fmt.Sprintf("%v", downpour.AddressFrom(a)), strings.Join(strings.Split(from, ".")[:min(3, strings.Count(from, ".")+1)], ".")} {
			if strings.Contains(out.String(), form) {
				t.Errorf("%q, a form of the address, is in\n%s", form, out.String())
			}
		}
	}
}

// TestMemory fills all tables to their bounds and measures them.
func TestMemory(t *testing.T) {
	in := newIntake(t, func(c *IntakeConfig) {
		slow := Rate{PerSecond: 1e-9, Burst: 1e9} // so that no bucket fills up again
		c.Limits = Limits{slow, slow, slow, slow}
	})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range uint32(defaultReporters + defaultReporters/5) {
		a := downpour.AddressFrom4(i * 40503 << 4).Netip()
		if _, err := in.Receive(noon.Add(time.Duration(i)*time.Microsecond), a, Submission{Service: "a"}); err != nil {
			t.Fatal(err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if n := in.reporters.table.len(); n != defaultReporters {
		t.Errorf("%d reporters are remembered; want %d", n, defaultReporters)
	}
	mb := float64(after.HeapAlloc-before.HeapAlloc) / 1e6
	t.Logf("%.1f MB, %+v", mb, in.Stats())
	if mb > 50 || in.Stats().Evicted == 0 {
		t.Errorf("the tables take %.1f MB, %+v; want 50 at most, and evictions", mb, in.Stats())
	}
	runtime.KeepAlive(in)
}

func TestConcurrentReceive(t *testing.T) {
	in := newIntake(t, func(c *IntakeConfig) { c.Reporters, c.Networks = 100, 50 })
	var group sync.WaitGroup
	var mu sync.Mutex
	counted, received := uint64(0), uint64(0)
	for w := range 8 {
		group.Go(func() {
			for i := range 300 {
				from := downpour.AddressFrom4(uint32(w%2<<24 | i%60<<8 | 1)).Netip()
				r, err := in.Receive(noon.Add(time.Duration(i)*time.Second), from, Submission{Service: "a"})
				if err != nil {
					t.Error(err)
				}
				if i%7 == 0 {
					in.Withdraw(from, r)
				}
				mu.Lock()
				received++
				if r.Counted {
					counted++
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if s := in.Stats(); s.Counted != counted || s.Counted+s.Repeated+s.Crowded != received {
		t.Errorf("%+v; want %d counted of %d", s, counted, received)
	}
}

func BenchmarkReceive(b *testing.B) {
	in := newIntake(b, func(c *IntakeConfig) {
		all := Rate{PerSecond: 1e9, Burst: 1e9}
		c.Limits = Limits{all, all, all, all}
	})
	for _, text := range []string{"", "cannot sign in since this morning, the page stays white"} {
		b.Run(fmt.Sprintf("text of %d", len(text)), func(b *testing.B) {
			b.ReportAllocs()
			i := uint32(0)
			for b.Loop() {
				i++
				from := downpour.AddressFrom4(i * 2654435761).Netip()
				if _, err := in.Receive(noon.Add(time.Duration(i)*time.Microsecond), from, Submission{Service: "a", Symptom: "login", Text: text}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestRefilledBucketsAreForgotten keeps the limits' tables as small as the
// networks that sent of late.
func TestRefilledBucketsAreForgotten(t *testing.T) {
	in := newIntake(t, nil)
	for i := range uint32(5000) {
		receive(t, in, noon.Add(time.Duration(i)*time.Second), downpour.AddressFrom4(i<<16).String(), "a")
	}
	if n := in.limits.buckets[scopeReporter].len(); n > 10 || in.Stats().Evicted > 0 {
		t.Errorf("%d buckets are kept, %d were evicted", n, in.Stats().Evicted)
	}
}
