package netflow

import (
	"hash/maphash"

	"downpour/internal/observe/flow"
)

// remembered is how many datagrams of a domain are known again if they come
// twice.
const remembered = 64

const (
	// lateness is how far behind the expected number a datagram may be and still
	// be late rather than the first of a new start, in what the numbers count.
	lateRecords   = 1 << 16
	lateDatagrams = 1 << 10
	// maxGap is the widest gap that counts as loss; numbers that leap farther
	// have begun anew.
	maxGap = 1 << 24
	// maxLateRun is how many datagrams in a row may be late: more, and the
	// exporter counts anew.
	maxLateRun = 32
	// rebooted is how far the time of an exporter's start must move for it to be
	// another start, in nanoseconds: clocks are set by less.
	rebooted = 5e9
	// believed is how many datagrams show what the numbers of v9 count.
	believed = 3
	// standstill is how many datagrams in a row must bear one number for it to
	// mean nothing.
	standstill = 8
)

// arrival is what a datagram's number says of it.
type arrival uint8

const (
	onTime    arrival = iota // or after a gap
	late                     // one counted as lost, which was only slow
	duplicate                // one that came before
	unnumbered
)

// sequence follows the numbers of a domain's datagrams. They count flow records
// (v5), data records (RFC 7011, 3.1) or datagrams (RFC 3954, 5.1); exporters of
// v9 that count records (softflowd) show it by their steps.
type sequence struct {
	begun   bool
	known   bool // the number to come is; else it is that or more
	records bool // v9 that counts records
	// datagrams says that v9 counts those, as it should: a step of one after
	// several records was seen.
	datagrams bool
	ignored   bool // the number stands still
	next      uint32
	latest    uint32 // the number of the latest datagram
	units     uint32 // the records of it
	options   uint32 // those of options among them
	// uncounted says that records of options, against RFC 7011, are not counted
	// (softflowd).
	uncounted bool
	export    int64 // when the newest was exported, nanoseconds since the epoch
	boot      int64 // when the exporter started by that, in nanoseconds since the epoch; 0 if untold
	uptime    uint32
	lost      uint64 // counted as lost and not given back
	reordered uint64 // counted as late
	lateRun   int
	same      int
	votes     int // for counting records: how often a step was the number of records
	behind    int // for numbers that include their own records
	// own says that a number includes the records of its own datagram (softflowd).
	own   bool
	seen  [remembered]uint64 // hashes of the latest datagrams
	place int
}

// arrive says what a datagram's number says of it, and counts gaps.
func (d *Decoder) arrive(c *context, b []byte, number uint32) arrival {
	s := &c.domain.sequence
	if d.config.Stream || s.ignored {
		return unnumbered
	}
	if s.own {
		records, ok := c.domain.countRecords(b)
		if number -= uint32(records); !ok {
			s.next = number // it can't be judged
		}
	}
	hash := d.fingerprint(b)
	what := d.judge(s, c, number, hash)
	if what == duplicate {
		d.stats.Duplicates++
		return what
	}
	s.seen[s.place] = hash
	s.place = (s.place + 1) % remembered
	return what
}

// fingerprint tells datagrams apart whose numbers are the same. Their beginning,
// with number, time and length, and their end do: to hash all of each would cost
// a fifth of decoding it.
func (d *Decoder) fingerprint(b []byte) uint64 {
	const edge = 96
	if len(b) <= 2*edge {
		return maphash.Bytes(d.seed, b)
	}
	return maphash.Bytes(d.seed, b[:edge]) ^ maphash.Bytes(d.seed, b[len(b)-edge:])*3 ^ uint64(len(b))
}

// judge compares a datagram's number with what is expected.
func (d *Decoder) judge(s *sequence, c *context, number uint32, hash uint64) arrival {
	ahead := int64(int32(number - s.next))
	switch {
	case !s.begun:
	case ahead == 0:
		s.lateRun, s.same = 0, 0
		if number-s.latest == 1 && s.units > 1 {
			s.datagrams = true
		}
	case ahead < 0:
		return d.judgeBehind(s, c, number, -ahead, hash)
	case s.restarted(c) || ahead > maxGap:
		d.restart(c.domain)
	case s.known:
		d.gap(s, c, number, ahead)
	}
	s.newest(c)
	return onTime
}

// judgeBehind judges a datagram whose number was due before.
func (d *Decoder) judgeBehind(s *sequence, c *context, number uint32, behind int64, hash uint64) arrival {
	for _, h := range s.seen {
		if h == hash {
			return duplicate
		}
	}
	if s.options > 0 && behind == int64(s.options) {
		s.uncounted = true
		s.newest(c)
		return onTime
	}
	if number != s.latest {
		s.same = 0
	} else if s.same++; s.same >= standstill {
		s.ignored = true
		return unnumbered
	}
	window := int64(lateRecords)
	if c.datagram.Version == flow.NetFlow9 && !s.records {
		window = lateDatagrams
	}
	s.lateRun++
	if behind > window || c.exported > s.export || s.restarted(c) || s.lateRun > maxLateRun {
		d.restart(c.domain)
		s.newest(c)
		return onTime
	}
	d.stats.Reordered++
	s.reordered++
	return late
}

// restarted tells whether the exporter's uptime began anew.
func (s *sequence) restarted(c *context) bool {
	boot := bootOf(c)
	return boot != 0 && s.boot != 0 && boot-s.boot > rebooted && int32(c.uptime-s.uptime) < 0
}

// bootOf is when the exporter started by a datagram's header; 0 if that does not
// tell.
func bootOf(c *context) int64 {
	if c.datagram.Version == flow.IPFIX {
		return 0
	}
	return c.exported - int64(c.uptime)*1e6
}

// newest takes a datagram for the newest that was exported.
func (s *sequence) newest(c *context) {
	s.export, s.boot, s.uptime = c.exported, bootOf(c), c.uptime
}

// restart notes that the exporter began anew.
func (d *Decoder) restart(of *domain) {
	d.stats.Restarts++
	d.dropWaiting(of) // templates may mean something else now
	s := &of.sequence
	s.lateRun = 0
	s.seen = [remembered]uint64{}
}

// gap counts what numbers say is missing.
func (d *Decoder) gap(s *sequence, c *context, number uint32, missing int64) {
	if c.datagram.Version == flow.NetFlow9 {
		if step := number - s.latest; !s.datagrams && !s.records && s.units > 1 && step == s.units {
			if s.votes++; s.votes >= believed {
				d.countsRecords(s)
				return
			}
		}
		if s.records { // Lost is of datagrams
			missing = (missing + int64(s.units) - 1) / max(1, int64(s.units))
		}
	}
	s.lost += uint64(missing)
	d.stats.Lost += uint64(missing)
}

// countsRecords notes that a v9 exporter numbers by records; what looked like
// gaps was none.
func (d *Decoder) countsRecords(s *sequence) {
	s.records = true
	d.stats.Lost -= s.lost
	s.lost = 0
}
