package live

import (
	"errors"
	"io"
	"time"

	"downpour/internal/observe"
)

// paced gives a source's observations when their time has come.
type paced struct {
	source observe.Source
	batch  observe.Batch // read, but not yet due
	ended  bool
}

// until feeds every batch that begins no later than now.
func (p *paced) until(now time.Time, feed func(*observe.Batch)) error {
	for !p.ended {
		if len(p.batch.Counts)+len(p.batch.Flows) == 0 {
			err := p.source.Next(&p.batch)
			if errors.Is(err, io.EOF) {
				p.ended = true
				return nil
			}
			if err != nil {
				return err
			}
		}
		if begins(&p.batch) > now.UnixNano() {
			return nil
		}
		feed(&p.batch)
		p.batch.Reset()
	}
	return nil
}

// begins is the time of the batch's first observation.
func begins(b *observe.Batch) int64 {
	if len(b.Counts) > 0 {
		return b.Counts[0].Time.UnixNano()
	}
	return b.Flows[0].Time
}
