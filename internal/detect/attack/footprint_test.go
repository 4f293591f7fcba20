package attack

import (
	"testing"
	"time"

	"downpour"
	"downpour/internal/detect/finding"
)

func TestFootprint(t *testing.T) {
	made := newTraffic(51)
	made.send(0, 2*time.Second, 10_000, func(i int, f *downpour.Flow) {
		tcp(downpour.SYN)(i, f)
		f.TTL, f.Window, f.Sequence = uint8(242+i%2*2), 512, 77
		if i%5 == 0 {
			f.Source = address(192, 0, 2, 99)
		}
	})
	f := one(t, Default(), made.flows).Footprint
	if f.TTLs[242] != 5000 || f.TTLs[244] != 5000 {
		t.Errorf("TTLs: %d and %d", f.TTLs[242], f.TTLs[244])
	}
	if len(f.Heavy) == 0 || f.Heavy[0].Address != address(192, 0, 2, 99) || f.Heavy[0].Packets != 2000 {
		t.Errorf("heaviest: %+v", f.Heavy[0])
	}
	fields := map[string]float64{}
	for _, field := range f.ConstantFields {
		fields[field.Field] = field.Share
	}
	if fields["tcp window"] != 1 || fields["tcp sequence"] != 1 || fields["length"] != 1 || fields["ip id"] != 0 || fields["source port"] != 0 {
		t.Errorf("constant fields: %v", f.ConstantFields)
	}
	if f.OutgoingVisible != downpour.NotVisible || f.Handshakes != 0 || !f.SampleComplete || len(f.Sample) != 8001 {
		t.Errorf("visible %v, handshakes %d, complete %v", f.OutgoingVisible, f.Handshakes, f.SampleComplete)
	}
}

// TestHandshakesAreSeen mixes visitors into a flood whose victim is seen to answer.
func TestHandshakesAreSeen(t *testing.T) {
	made := newTraffic(52)
	crowdOf(made)
	made.flows = made.flows[:5*200] // 200 visitors in 40 ms
	made.send(0, 200*time.Millisecond, 5000, func(i int, f *downpour.Flow) {
		tcp(downpour.SYN)(i, f)
		f.DestinationPort = 443
	})
	f := one(t, Default(), made.flows).Footprint
	if f.Handshakes != 200 || f.OutgoingVisible != downpour.Yes || f.Answers != 400 {
		t.Errorf("handshakes %d, visible %v, answers %d", f.Handshakes, f.OutgoingVisible, f.Answers)
	}
}

// TestDistinctIsCalibrated counts how often the interval holds the truth: 95 %
// are promised, and of 200 trials 181 to 198 are its own 99 % range.
func TestDistinctIsCalibrated(t *testing.T) {
	const trials, truth = 200, 3000
	held := 0
	for trial := range uint64(trials) {
		s := newSources(trial*0x9e3779b97f4a7c15+1, 256)
		for i := range uint32(truth) {
			a := downpour.AddressFrom4(i * 2654435761)
			s.add(a, a.Hash(s.key))
		}
		if finding.Distinct(len(s.entries), s.threshold).Contains(truth) {
			held++
		}
	}
	if held < 181 || held > 198 {
		t.Errorf("the interval held the truth %d times of %d", held, trials)
	}
}

func TestPortSetCounts(t *testing.T) {
	var set portSet
	for port := range uint16(3000) {
		set.add(uint32(port) + 1)
		set.add(uint32(port) + 1)
	}
	if n := set.distinct(); n < 2700 || n > 3300 {
		t.Errorf("%d distinct ports of 3000", n)
	}
}
