package weblog

import (
	"fmt"
	"math/bits"
	"time"
)

// Account is what became of a log's lines.
type Account struct {
	Format   string // by which the last line was read; "" before the first
	Lines    uint64 // that were not blank
	Requests uint64
	Cut      uint64 // longer than MaxLine
	Broken   []Broken
	// First and Last are the earliest and latest time of a request, zero before
	// the first.
	First, Last time.Time
	// Warning tells of a proxy that should be trusted and is not; may be empty.
	Warning string
}

// Broken is what could not be read for one reason.
type Broken struct {
	Reason string
	Count  uint64
	// Samples are a few such lines, shortened: without queries, with networks in
	// place of addresses, and without what may be a secret.
	Samples []string
}

// account counts lines. Its fields are plain: one goroutine counts.
type account struct {
	Lines, Requests, Cut uint64
	first, last          int64
	reasons              [reasonCount]broken
}

type broken struct {
	count   uint64
	samples []string // not changed after it is made, so that it may be handed out
}

// maxSamples is how many broken lines are shown a reason.
const maxSamples = 4

// took counts a request.
func (a *account) took(at int64) {
	a.Requests++
	if a.first == 0 || at < a.first {
		a.first = at
	}
	a.last = max(a.last, at)
}

// broken counts a line that could not be read. The first ones are kept as
// samples, then those whose number is a power of two: what is wrong now is shown
// too, and a flood of such lines costs next to nothing.
func (a *account) broken(why reason, line []byte) {
	b := &a.reasons[why]
	b.count++
	if b.count > maxSamples && bits.OnesCount64(b.count) != 1 {
		return
	}
	kept := b.samples
	if len(kept) == maxSamples {
		kept = kept[1:]
	}
	b.samples = append(append(make([]string, 0, maxSamples), kept...), sample(line))
}

// Account is the account so far.
func (d *Decoder) Account() Account {
	a := Account{Lines: d.account.Lines, Requests: d.account.Requests, Cut: d.account.Cut, Warning: d.warning()}
	if a.Requests > 0 {
		a.Format = d.formats[d.usual].name
		a.First, a.Last = time.Unix(0, d.account.first).UTC(), time.Unix(0, d.account.last).UTC()
	}
	for why, b := range d.account.reasons {
		if b.count > 0 {
			a.Broken = append(a.Broken, Broken{reason(why).String(), b.count, b.samples})
		}
	}
	return a
}

// warning words what the watch for proxies has noticed.
func (d *Decoder) warning() string {
	where, share, forwarded, ok := d.watch.Suspect()
	if !ok {
		return ""
	}
	says := fmt.Sprintf("%.0f %% of the requests come from %s", 100*share, where)
	if forwarded {
		says += ", and the log has X-Forwarded-For"
	}
	return says + fmt.Sprintf("; it is not trusted, so all its clients count as one. If it is your proxy, log X-Forwarded-For and add "+
		"trusted_proxies: [%s] to http or to the log's entry", where)
}
