package test

import (
	"encoding/json"
	"math"
	"slices"
	"testing"
	"time"

	"downpour"
	"downpour/internal/golden/export"
	"downpour/internal/golden/traffic"
	"downpour/internal/observe/flow"
	"downpour/internal/testenv"
)

// TestSampledVolumes samples a known flood beside a web server's traffic 1:1000 by
// sFlow with many seeds, and wants the interval that an analysis shows to contain
// all packets of the flood as often as it says. The detector's own test
// (TestTotalsHoldAllThatWasSent) does the same with a thousand seeds and many
// floods; this one goes through the whole program.
func TestSampledVolumes(t *testing.T) {
	const rate = 1000
	packets, truth := trafficOf(t,
		traffic.Stream{Kind: "web server", Lasts: 30 * time.Second, Rate: 20},
		traffic.Stream{Kind: "SYN flood", From: 10 * time.Second, Lasts: 10 * time.Second, Rate: 20_000, Sources: 2000, Senders: traffic.Botnet, Port: 443})
	sent := float64(synsTo(packets, victim, truth.Onset, truth.End))
	seeds := testenv.Rounds(40, 400)
	contained, widths, late := 0, make([]float64, 0, seeds), make([]float64, 0, seeds)
	for seed := range seeds {
		m := export.Meter{Sampling: rate, Seed: uint64(seed)}
		e := export.NewEncoder(export.Settings{Version: flow.SFlow5, From: router(1), Sampling: rate})
		var datagrams []export.Datagram
		for sample := range slices.Chunk(m.Samples(packets), 1) { // an agent that waits for nothing
			datagrams = e.Flows(datagrams, sample[0].Exported, sample)
		}
		a := sampledAttack(t, datagrams)
		if x := a.Total.Estimate; x.Low <= sent && sent <= x.High {
			contained++
		}
		widths = append(widths, (a.Total.Estimate.High-a.Total.Estimate.Low)/sent)
		late = append(late, a.Onset.Sub(truth.Onset).Abs().Seconds())
		late[seed] = max(late[seed], a.End.Sub(truth.End).Abs().Seconds())
	}
	slices.Sort(widths)
	slices.Sort(late)
	t.Logf("%d of %d intervals contain all %.0f packets (peak %d/s); median width %.0f %%; onset or end off by %.2f s (median), %.2f s (most)",
		contained, seeds, sent, truth.Peak, 100*widths[seeds/2], late[seeds/2], late[seeds-1])
	if least := leastContained(seeds); contained < least {
		t.Errorf("%d of %d intervals contain the truth, want %d", contained, seeds, least)
	}
	if widths[seeds/2] > 0.5 {
		t.Errorf("the median width is %.0f %%: that says nothing", 100*widths[seeds/2])
	}
}

// leastContained is how many of n intervals of 95 % must contain the truth: fewer
// do so by chance once in a thousand runs.
func leastContained(n int) int {
	const level, chance = 0.95, 0.001
	all := math.Pow(level, float64(n)) // probability that just k don't
	sum := all
	for k := 1; ; k++ {
		if 1-sum < chance {
			return n - k + 1
		}
		all *= float64(n-k+1) / float64(k) * (1 - level) / level
		sum += all
	}
}

// sampledVolumes is what the test reads of an attack.
type sampledVolumes struct {
	Onset, End time.Time
	Total      struct {
		Estimate *struct{ Value, Low, High float64 } `json:"packets_estimate"`
	}
}

// sampledAttack analyses datagrams that hold one attack.
func sampledAttack(t *testing.T, datagrams []export.Datagram) *sampledVolumes {
	t.Helper()
	var d struct{ Attacks []sampledVolumes }
	if err := json.Unmarshal([]byte(says(t, "analyze", "--format", "json", captureOf(t, datagrams))), &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Attacks) != 1 || d.Attacks[0].Total.Estimate == nil {
		t.Fatalf("%d attacks, or no interval", len(d.Attacks))
	}
	return &d.Attacks[0]
}

// synsTo counts the SYNs to a host in a span of time: the flood's, and with them
// those of a web server's visitors, one in a thousand.
func synsTo(packets []export.Packet, host string, from, to time.Time) (n int) {
	for i := range packets {
		p := &packets[i]
		if p.At >= from.UnixNano() && p.At <= to.UnixNano() && p.TCPFlags == downpour.SYN && p.Destination.String() == host {
			n++
		}
	}
	return n
}
