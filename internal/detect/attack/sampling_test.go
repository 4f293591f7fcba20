package attack

import (
	"math"
	"testing"
	"time"

	"downpour"
)

// TestSampling thins a flood out: what is left is scaled up again, and too few
// samples are no attack.
func TestSampling(t *testing.T) {
	sampled := func(rate uint32, count int) []downpour.Flow {
		made := newTraffic(31)
		made.send(0, 10*time.Second, count, func(i int, f *downpour.Flow) {
			tcp(downpour.SYN)(i, f)
			f.Sampling = rate
		})
		return made.flows
	}
	t.Run("1:1000 of 100,000/s", func(t *testing.T) {
		a := one(t, Default(), sampled(1000, 1000))
		if math.Abs(a.Peak.Packets/100_000-1) > 0.03 || a.Total.Packets != 1_000_000 {
			t.Errorf("peak %v, total %v", a.Peak, a.Total)
		}
		if f := a.Footprint; f.Sampling != 1000 || f.Packets != 1000 || f.Bytes != 60_000 {
			t.Errorf("footprint: 1:%d, %d packets, %d bytes", f.Sampling, f.Packets, f.Bytes)
		}
	})
	t.Run("few a second need a longer window", func(t *testing.T) {
		a := one(t, Default(), sampled(4000, 60))
		if a.AlarmAt.UnixNano()-morning < 2*second {
			t.Errorf("alarm at %v with fewer than 20 samples", a.AlarmAt)
		}
	})
	t.Run("a few samples mean nothing", func(t *testing.T) {
		if list, _ := find(Default(), sampled(4000, 12)); len(list) != 0 {
			t.Errorf("an attack of 12 samples: %s", list[0].Why)
		}
	})
}

// TestLowerLimit compares with Garwood's exact limits (Ulm 1990, table) where
// the sampling rate is large, and with none where everything was seen.
func TestLowerLimit(t *testing.T) {
	for _, test := range []struct{ samples, limit float64 }{{10, 4.795}, {20, 12.217}, {50, 37.111}, {100, 81.364}} {
		v := volume{packets: uint64(test.samples) * 100_000, samples: uint64(test.samples)}
		if got := lowerLimit(v) / 100_000; math.Abs(got-test.limit) > 0.03 {
			t.Errorf("%v samples: lower limit %.3f, want %.3f", test.samples, got, test.limit)
		}
	}
	if got := lowerLimit(volume{packets: 700, samples: 700}); got != 700 {
		t.Errorf("all seen: %v", got)
	}
	if got := lowerLimit(volume{packets: 200, samples: 100}); got <= 163 || got >= 200 {
		t.Errorf("1:2 is narrower than Poisson: %v", got)
	}
}

// TestSampledBusyService is a service with a large audience in records sampled so
// thinly that no client is met twice: its answers balance what it gets, or only
// one way is exported. Neither is an attack; a flood on top of it is.
func TestSampledBusyService(t *testing.T) {
	const rate, perSecond = 10_000, 12
	audience := func(made *traffic, seconds int, answered bool) {
		made.send(0, time.Duration(seconds)*time.Second, seconds*perSecond, func(i int, f *downpour.Flow) {
			tcp(downpour.ACK|downpour.PSH)(i, f)
			f.Sampling = rate
		})
		if !answered {
			return
		}
		made.send(0, time.Duration(seconds)*time.Second, seconds*perSecond, func(i int, f *downpour.Flow) {
			tcp(downpour.ACK|downpour.PSH)(i, f)
			f.Sampling = rate
			f.Source, f.Destination = f.Destination, f.Source
		})
	}
	flood := func(made *traffic, from time.Duration) {
		made.send(from, 20*time.Second, 20*200, func(i int, f *downpour.Flow) {
			tcp(downpour.ACK)(i, f)
			f.Sampling = rate
		})
	}
	for name, answered := range map[string]bool{"both ways": true, "one way": false} {
		t.Run(name, func(t *testing.T) {
			made := newTraffic(32)
			audience(made, 120, answered)
			if list, _ := find(Default(), made.flows); len(list) != 0 {
				t.Errorf("its audience is taken for an attack: %s", list[0].Why)
			}
		})
		t.Run(name+", then a flood", func(t *testing.T) {
			made := newTraffic(33)
			audience(made, 900, answered)
			flood(made, 800*time.Second)
			a := one(t, Default(), made.flows)
			if began := a.Onset.UnixNano() - morning; began < 799*second || began > 803*second {
				t.Errorf("it began %v after the start, want 800 s: %s", time.Duration(began), a.Why)
			}
		})
	}
}
