package attack

import (
	"math"
	"testing"
	"time"

	"downpour"
	"downpour/internal/testenv"
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

// visitors are those of a web service: each connection sends a SYN, data and
// acknowledgements, and a FIN, each packet sampled for itself.
func visitors(made *traffic, seconds, perSecond int, rate uint32, answered bool) {
	const packets = 10 // a connection
	count := seconds * perSecond * packets / int(rate)
	span := time.Duration(seconds) * time.Second
	shape := func(i int, f *downpour.Flow) {
		flags := [packets]uint8{0: downpour.SYN, 1: downpour.ACK | downpour.PSH, packets - 1: downpour.ACK | downpour.FIN}
		which := made.random.IntN(packets)
		tcp(max(flags[which], downpour.ACK*uint8(min(which, 1))))(i, f)
		f.Time = morning + made.random.Int64N(int64(span))
		f.Sampling, f.DestinationPort = rate, 443
	}
	made.send(0, span, count, shape)
	if !answered {
		return
	}
	made.send(0, span, count, func(i int, f *downpour.Flow) {
		shape(i, f)
		if f.TCPFlags == downpour.SYN {
			f.TCPFlags |= downpour.ACK
		}
		f.Source, f.Destination = f.Destination, f.Source
		f.SourcePort, f.DestinationPort = f.DestinationPort, f.SourcePort
	})
}

// TestSampledConnections: a service that opens more connections than the floor of
// SYN packets, sampled so thinly that none is seen to go on, is not flooded by its
// visitors, nor a client that opens as many by its servers; a SYN flood on top is found.
func TestSampledConnections(t *testing.T) {
	const rate, perSecond = 1000, 3000
	clients := func(made *traffic, seconds int) { // the same, by what servers send
		visitors(made, seconds, perSecond, rate, false)
		for i := range made.flows {
			f := &made.flows[i]
			f.SourcePort, f.DestinationPort = f.DestinationPort, f.SourcePort
			if f.TCPFlags == downpour.SYN {
				f.TCPFlags |= downpour.ACK
			}
		}
	}
	usual := map[string]func(*traffic, int){
		"one way":         func(made *traffic, seconds int) { visitors(made, seconds, perSecond, rate, false) },
		"both ways":       func(made *traffic, seconds int) { visitors(made, seconds, perSecond, rate, true) },
		"answers one way": clients,
	}
	for name, make := range usual {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(testenv.Rounds(2, 20)) {
				made := newTraffic(100 + seed)
				make(made, 900)
				if list, _ := find(Default(), made.flows); len(list) != 0 {
					t.Errorf("seed %d: connections are taken for an attack: %v, %s", seed, list[0].Vectors, list[0].Why)
				}
			}
		})
		for _, begins := range []int{100, 800} {
			t.Run(name+", a flood after "+time.Duration(begins*int(time.Second)).String(), func(t *testing.T) {
				made := newTraffic(120)
				make(made, 900)
				from := time.Duration(begins) * time.Second
				made.send(from, 20*time.Second, 20*40, func(i int, f *downpour.Flow) {
					tcp(downpour.SYN)(i, f)
					f.Sampling, f.DestinationPort = rate, 443
				})
				a := one(t, Default(), made.flows)
				late := time.Duration(a.Onset.UnixNano()-morning) - from
				if late < -2*time.Second || late > 3*time.Second || shareOf(a, "SYN flood") < 0.9 {
					t.Errorf("it began %v late: %v, %s", late, a.Vectors, a.Why)
				}
			})
		}
	}
}

// TestResolverSeenOneWay: answers to a resolver whose questions go out by a border
// that exports only what comes in. Sampled or not, they are no attack; long ones
// from reflectors on top are.
func TestResolverSeenOneWay(t *testing.T) {
	for name, rate := range map[string]uint32{"each": 1, "1:1000": 1000} {
		answers := func(made *traffic, from, over time.Duration, perSecond int, size uint64) {
			made.send(from, over, perSecond*int(over/time.Second)/int(rate), func(i int, f *downpour.Flow) {
				udp(53, 0, downpour.NoPayload)(i, f)
				f.TTL, f.IPID, f.Sequence, f.Window = 0, 0, 0, 0
				f.DestinationPort = uint16(1024 + made.random.IntN(64000))
				f.Bytes, f.Sampling = size/2+made.random.Uint64N(size), rate
			})
		}
		t.Run(name, func(t *testing.T) {
			made := newTraffic(140)
			answers(made, 0, 900*time.Second, 1500, 220)
			if list, _ := find(Default(), made.flows); len(list) != 0 {
				t.Errorf("answers to its questions are taken for an attack: %s", list[0].Why)
			}
			for _, from := range []time.Duration{100 * time.Second, 800 * time.Second} {
				made := newTraffic(141)
				answers(made, 0, 900*time.Second, 1500, 220)
				answers(made, from, 20*time.Second, 30_000, 1200)
				a := one(t, Default(), made.flows)
				if late := time.Duration(a.Onset.UnixNano()-morning) - from; late < -2*time.Second || late > 3*time.Second {
					t.Errorf("it began %v late: %s", late, a.Why)
				}
			}
		})
	}
}

// TestSampledSYNBesideACK: a SYN flood toward a target that isn't known yet, beside
// twice as many packets that are seen one way and would excuse as many connections as
// use them. What they don't explain is an attack; they alone are none.
func TestSampledSYNBesideACK(t *testing.T) {
	const begins, lasts, usual = 30, 30, 10_000 // seconds, packets/s
	mixed := func(seed uint64, rate uint32, syn int) []downpour.Flow {
		made := newTraffic(seed)
		part := func(from, seconds, perSecond int, flags uint8) {
			made.send(0, 0, seconds*perSecond/int(rate), func(i int, f *downpour.Flow) {
				tcp(flags)(i, f)
				f.Time = morning + int64(from)*second + made.random.Int64N(int64(seconds)*second)
				f.Sampling, f.DestinationPort = rate, 443
			})
		}
		part(0, begins+lasts, usual, downpour.ACK)
		part(begins, lasts, syn, downpour.SYN)
		return made.flows
	}
	for _, test := range []struct {
		rate        uint32
		syn, within int // packets/s, seconds
	}{{100, 3000, 20}, {100, 4000, 5}, {100, 5000, 3}, {1000, 5000, 15}} {
		for seed := range uint64(testenv.Rounds(2, 20)) {
			a := one(t, Default(), mixed(500+seed, test.rate, test.syn))
			late := time.Duration(a.AlarmAt.UnixNano()-morning) - begins*time.Second
			if late < 0 || late > time.Duration(test.within)*time.Second || shareOf(a, "SYN flood") < 0.9 {
				t.Errorf("1:%d, %d/s, seed %d: alarm after %v: %v, %s", test.rate, test.syn, seed, late, a.Vectors, a.Why)
			}
		}
	}
	for _, rate := range []uint32{100, 1000} {
		if list, _ := find(Default(), mixed(600, rate, 1500)); len(list) != 0 {
			t.Errorf("1:%d: what explains 1,500 SYN/s does not: %s", rate, list[0].Why)
		}
	}
}
