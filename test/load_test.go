package test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"downpour/internal/testenv"
)

// clients is how many report at the same time.
const clients = 32

// load reports from all clients until n attempts were made or the program is
// gone, each attempt under the address that from gives. It returns how many were
// acknowledged, and how many refused.
func (p *program) load(n int, from func(i int) string) (acknowledged, refused uint64) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}, Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	var next, ok, no atomic.Uint64
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				switch p.post(client, asJSON, `{"symptom":"login"}`, from(i)) {
				case http.StatusAccepted:
					ok.Add(1)
				case 0:
					return
				default:
					no.Add(1)
				}
			}
		})
	}
	all.Wait()
	return ok.Load(), no.Load()
}

// spread gives each report an address of its own, in networks far apart.
func spread(i int) string {
	return fmt.Sprintf("%d.%d.%d.%d", 11+i%150, i/150%250, i/37500%250, 1+i%250)
}

// TestForgedAddresses: whatever stands in X-Forwarded-For, one address that no
// proxy vouches for is one reporter, and 100,000 reports cost no more memory
// than a small machine has.
func TestForgedAddresses(t *testing.T) {
	p := start(t, "serve")
	n := testenv.Rounds(10_000, 100_000)
	acknowledged, refused := p.load(n, spread)
	got := p.reports(t)
	if acknowledged == 0 || acknowledged+refused != uint64(n) || got.Received != acknowledged {
		t.Errorf("%d acknowledged, %d refused of %d; %d received", acknowledged, refused, n, got.Received)
	}
	if got.Counted != 1 {
		t.Errorf("%d reporters were counted", got.Counted)
	}
}

// TestTrustedProxy: where the proxy is trusted they are as many as it says,
// within the limits of rate, and memory stays within 256 MB.
func TestTrustedProxy(t *testing.T) {
	p := start(t, "serve", "--config", trusting(t))
	n := testenv.Rounds(20_000, 100_000)
	acknowledged, refused := p.load(n, spread)
	got := p.reports(t)
	if acknowledged == 0 || acknowledged+refused != uint64(n) || got.Received != acknowledged || got.Counted != acknowledged {
		t.Errorf("%d acknowledged, %d refused of %d; got %+v", acknowledged, refused, n, got)
	}
	peak := p.peakMemory(t)
	t.Logf("%d acknowledged, %d refused, at most %d MB", acknowledged, refused, peak>>20)
	if peak > 256<<20 {
		t.Errorf("it took %d MB", peak>>20)
	}
}

// trusting is a configuration that trusts a proxy on loopback.
func trusting(t testing.TB) string {
	return write(t, filepath.Join(t.TempDir(), "trusting.yaml"),
		"services:\n  - name: example\nhttp:\n  trusted_proxies: [127.0.0.0/8]\n")
}

// peakMemory is the most that the program had resident, in bytes.
func (p *program) peakMemory(t testing.TB) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		testenv.Lack(t, "needs Linux's /proc to read memory")
	}
	m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if m == nil {
		t.Fatalf("no VmHWM in %s", status)
	}
	kb, err := strconv.ParseInt(string(m[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return kb << 10
}

// TestKillLosesNothing kills the server under load, again and again: each report
// that was acknowledged is there, and none is twice.
func TestKillLosesNothing(t *testing.T) {
	config, data := trusting(t), t.TempDir()
	var acknowledged, attempted uint64
	for round := range testenv.Rounds(5, 200) {
		p := start(t, "serve", "--config", config, "--data", data)
		if got := p.reports(t); got.Received < acknowledged || got.Received > attempted {
			t.Fatalf("round %d: %d received; %d were acknowledged and %d sent", round, got.Received, acknowledged, attempted)
		}
		kill := time.AfterFunc(time.Duration(50+rand.IntN(400))*time.Millisecond, func() { _ = p.cmd.Process.Kill() })
		var sent atomic.Uint64
		ok, _ := p.load(1<<30, func(int) string { return spread(int(attempted + sent.Add(1))) })
		kill.Stop()
		<-p.ended
		acknowledged += ok
		attempted += sent.Load()
	}
	if acknowledged == 0 {
		t.Fatal("nothing was acknowledged")
	}
	got := start(t, "serve", "--config", config, "--data", data).reports(t)
	t.Logf("%d sent, %d acknowledged, %+v kept", attempted, acknowledged, got)
	if got.Received < acknowledged || got.Received > attempted {
		t.Errorf("%d received; %d were acknowledged and %d sent", got.Received, acknowledged, attempted)
	}
}
