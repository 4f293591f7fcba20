package test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"downpour/internal/golden/export"
	"downpour/internal/golden/traffic"
	"downpour/internal/observe/flow"
	"downpour/internal/testenv"
)

// TestSampledVolumes samples a known flood 1:1000 by sFlow with many seeds, and
// wants the interval that an analysis shows to contain, as often as it says, what
// was sent between the onset and the end that it shows. The detector's own test does the same with a thousand; this one goes
// through the whole program.
func TestSampledVolumes(t *testing.T) {
	const rate = 1000
	packets, truth := trafficOf(t, traffic.Stream{
		Kind: "SYN flood", Lasts: 10 * time.Second, Rate: 20_000, Sources: 2000, Senders: traffic.Botnet, Port: 443,
	})
	sent := float64(len(packets)) // nothing else goes to the victim
	seeds := testenv.Rounds(40, 400)
	contained, whole, widths := 0, 0, make([]float64, 0, seeds)
	for seed := range seeds {
		m := export.Meter{Sampling: rate, Seed: uint64(seed)}
		e := export.NewEncoder(export.Settings{Version: flow.SFlow5, From: router(1), Sampling: rate})
		var datagrams []export.Datagram
		for sample := range slices.Chunk(m.Samples(packets), 1) { // an agent that waits for nothing
			datagrams = e.Flows(datagrams, sample[0].Exported, sample)
		}
		var d struct {
			Attacks []struct {
				Onset, End time.Time
				Total      struct {
					Estimate *struct{ Value, Low, High float64 } `json:"packets_estimate"`
				}
			}
		}
		if err := json.Unmarshal([]byte(says(t, "analyze", "--format", "json", captureOf(t, datagrams))), &d); err != nil {
			t.Fatal(err)
		}
		if len(d.Attacks) != 1 || d.Attacks[0].Total.Estimate == nil {
			t.Fatalf("seed %d: %d attacks, or no interval", seed, len(d.Attacks))
		}
		a := &d.Attacks[0]
		x := a.Total.Estimate
		during := between(packets, a.Onset, a.End)
		if x.Low <= during && during <= x.High {
			contained++
		}
		if x.Low <= sent && sent <= x.High {
			whole++
		}
		if during < 0.75*sent { // 20 samples a second date an onset to about two seconds
			t.Errorf("seed %d: the attack is told from %v to %v, with %.0f of %.0f packets", seed, a.Onset, a.End, during, sent)
		}
		widths = append(widths, (x.High-x.Low)/sent)
	}
	slices.Sort(widths)
	t.Logf("%d of %d intervals contain what was sent from the told onset to the told end, %d all %.0f packets (peak %d/s); median width %.0f %%",
		contained, seeds, whole, sent, truth.Peak, 100*widths[seeds/2])
	// With 95 % each, fewer than this come by chance once in a thousand runs.
	if least := seeds * 85 / 100; contained < least {
		t.Errorf("%d of %d intervals contain the truth, want %d", contained, seeds, least)
	}
	if widths[seeds/2] > 0.5 {
		t.Errorf("the median width is %.0f %%: that says nothing", 100*widths[seeds/2])
	}
}

// between counts the packets of a span.
func between(packets []export.Packet, from, to time.Time) (n float64) {
	for i := range packets {
		if at := packets[i].At; at >= from.UnixNano() && at <= to.UnixNano() {
			n++
		}
	}
	return n
}
