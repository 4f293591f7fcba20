package golden

import (
	"fmt"
	"time"

	"downpour/internal/golden/export"
	"downpour/internal/golden/traffic"
)

// Replay is what a router samples of a case, to be sent to another program.
type Replay struct {
	Case    string
	Samples []export.Flow // of one packet each, in order of time
	// Attacks are those that are due: what a detector has to find.
	Attacks []traffic.FeedTruth
	Benign  bool // there is no attack in it
}

// Replay samples a case with traffic 1:n, its attack or its sudden usual traffic
// beginning after a quarter of an hour.
func (c *Case) Replay(n uint32) (Replay, error) {
	made := traffic.NewFeed(c.Capture, false).Sample(n, 1)
	list, err := packets(made)
	if err != nil {
		return Replay{}, fmt.Errorf("case %s: %w", c.Name, err)
	}
	r := Replay{Case: c.Name, Samples: (&export.Meter{}).Samples(list)}
	truth := made.Truth()
	r.Benign = len(truth) == 0
	for i := range truth {
		t := &truth[i]
		if (&Sighting{Samples: t.Sampled, Strength: strengthOf(t)}).Due() {
			r.Attacks = append(r.Attacks, *t)
		}
	}
	return r, nil
}

// Begins is when a replay's attack, or its sudden usual traffic, begins.
func (c *Case) Begins() time.Time { return c.Capture.Start.Add(traffic.FeedBefore) }
