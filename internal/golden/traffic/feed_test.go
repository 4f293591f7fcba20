package traffic

import (
	"bytes"
	"math"
	"testing"
	"time"
)

// TestFeedSamplesAsMuch wants of each kind of attack that a sample holds an n-th
// of what the truth says comes, and twice the same.
func TestFeedSamplesAsMuch(t *testing.T) {
	const n = 50
	for _, kind := range []string{"SYN flood", "UDP flood", "DNS amplification", "NTP amplification", "IP fragment flood"} {
		feed := NewFeed(recipe("203.0.113.10", Stream{Kind: kind, Lasts: time.Second, Rate: 20_000, Burst: 10, Sources: 200}), false)
		made := feed.Sample(n, 1)
		truth := made.Truth()
		if len(truth) != 1 {
			t.Fatalf("%s: %d attacks", kind, len(truth))
		}
		perSecond := 0.0
		for _, r := range truth[0].Rates {
			perSecond += r.Packets
		}
		want := perSecond * truth[0].End.Sub(truth[0].Onset).Seconds() / n
		if got := float64(truth[0].Sampled); math.Abs(got-want) > 5*math.Sqrt(want) {
			t.Errorf("%s: %.0f sampled, want about %.0f", kind, got, want)
		}
		if rate := perSecond / 20_000; kind == "SYN flood" && math.Abs(rate-1) > 0.05 {
			t.Errorf("%s: %.2f times the recipe's rate", kind, rate)
		}
		var a, b bytes.Buffer
		if err := made.Write(&a); err != nil {
			t.Fatal(err)
		}
		if err := feed.Sample(n, 1).Write(&b); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a.Bytes(), b.Bytes()) {
			t.Errorf("%s differs from sample to sample", kind)
		}
	}
}

// TestFeedOfUsualTraffic wants no attack in it, its usual traffic as often as the
// sampling says, and nothing of the host's own where only what comes in is seen.
func TestFeedOfUsualTraffic(t *testing.T) {
	feed := NewFeed(recipe("203.0.113.10", Stream{Kind: "download", Lasts: time.Second, Rate: 20e6}), false)
	made := feed.Sample(100, 1)
	if len(made.Truth()) != 0 || feed.Attacks() != 0 {
		t.Error("a download is an attack")
	}
	down := 0
	for _, p := range made.packets {
		if p.to.String() == "203.0.113.10" && len(p.bytes) > 1000 {
			down++
		}
	}
	seconds := (denseAttack + feedAfter).Seconds()
	want := 20e6 / 8 / (segmentSize + 66) * seconds / 100
	if math.Abs(float64(down)-want) > 0.2*want {
		t.Errorf("%d segments, want about %.0f", down, want)
	}
	feed.IngressOnly()
	for _, p := range feed.Sample(100, 1).packets {
		if p.from.String() == "203.0.113.10" {
			t.Fatal("what the host sends is in it")
		}
	}
}

// TestFeedMakesAllPackets wants the whole to hold what its truth says.
func TestFeedMakesAllPackets(t *testing.T) {
	feed := NewFeed(recipe("203.0.113.10", Stream{Kind: "SYN flood", Lasts: 25 * time.Millisecond, Rate: 4000}), false)
	truth := feed.Whole().Truth()
	if len(truth) != 1 || math.Abs(float64(truth[0].Sampled)-4800) > 300 {
		t.Fatalf("got %+v", truth)
	}
	if r := truth[0].Rates[SYNs]; math.Abs(r.Packets-4000) > 300 || r.Bits < 3700*8*40 {
		t.Errorf("got %+v", r)
	}
	if u := truth[0].Usual[TCPData]; u.Packets < 10 || u.Packets > 2000 {
		t.Errorf("a quiet web server has %+v", u)
	}
}
