package web

import (
	"math/bits"
	"time"

	"downpour"
)

// client is one client of a watched site and what it did.
type client struct {
	downpour.Address
	first, last int64 // nanoseconds since the epoch
	bytes       uint64
	paths       [4]uint64 // a bit for each path by its hash
	halves
	requests  uint32
	repeats   uint32 // requests for what it had asked for before
	assets    uint32 // for parts of pages
	referred  uint32 // that name a referrer
	missing   uint32 // answered that there is no such thing
	unchanged uint32 // answered that it has the newest already
	agent     uint64 // of its latest request, by hash
	main      uint64 // the path that most of its requests are for, if most are for one
	lead      int32
	// Of slow requests: when the first began and the last ended, how many there
	// were, how many the server waited for in vain and how many the client closed.
	slowFirst, slowLast  int64
	slow, inVain, closed uint32
	announced            bool // its agent says that it is a machine
	shown                bool // that it is a visitor, by the parts of pages that it asks for
}

// manyPaths is the number of bits from which on a repetition may be none.
const manyPaths = 128

// distinct is about how many different paths it asked for.
func (c *client) distinct() int {
	return bits.OnesCount64(c.paths[0]) + bits.OnesCount64(c.paths[1]) + bits.OnesCount64(c.paths[2]) + bits.OnesCount64(c.paths[3])
}

// note adds a request for a path, given by its hash, in a half window.
func (c *client) note(r *downpour.Request, path, agent uint64, asset bool, span int64) {
	if c.requests == 0 {
		c.first, c.last = r.Time, r.Time
		c.announced = announces(r.Agent)
	}
	c.first, c.last = min(c.first, r.Time), max(c.last, r.Time)
	c.turn(span)
	c.recent++
	c.requests++
	c.bytes += r.Bytes
	c.agent = agent
	switch { // Boyer and Moore's vote
	case c.main == path:
		c.lead++
	case c.lead > 0:
		c.lead--
	default:
		c.main, c.lead = path, 1
	}
	word, bit := bitOf(path)
	switch {
	case c.paths[word]&bit == 0:
		c.paths[word] |= bit
	case r.Status != notModified && c.distinct() < manyPaths:
		c.repeats++
	}
	if asset {
		c.assets++
	}
	if r.Referred == downpour.Yes {
		c.referred++
	}
	switch r.Status {
	case notFound, gone:
		c.missing++
	case notModified:
		c.unchanged++
	}
}

// bitOf is the place of a path in a client's paths.
func bitOf(path uint64) (word, bit uint64) { return path >> 62, 1 << (path >> 56 & 63) }

// asked tells whether it asked for a path, given by its hash.
func (c *client) asked(path uint64) bool {
	word, bit := bitOf(path)
	return c.paths[word]&bit != 0
}

// HTTP statuses that tell something of the client (RFC 9110, 15).
const (
	notModified = 304
	notFound    = 404
	gone        = 410
)

// kind is what a client's behaviour makes it.
type kind uint8

const (
	undecided kind = iota // had no time yet to show more
	known                 // came before the rise
	visitor               // asks for pages and what belongs to them, goes on from page to page, or keeps what it got
	crawler               // asks for something new each time, and says that it is a machine
	walker                // likewise, and says nothing
	repeater              // asks for the same again and again
	passer                // asked for one thing or two, and for nothing that belongs to it
	prober                // asks for what is not there
	kinds     = iota
)

// standard is what clients are judged by beside what they did.
type standard struct {
	now, rise int64 // nanoseconds since the epoch; who came well before the rise is known
	parts     bool  // the site's visitors ask for parts of pages: who does not is none
	cfg       *Config
}

// someParts is how many different paths make a visit.
const someParts = 3

// shows tells whether it has just shown that it is a visitor.
func (c *client) shows() bool {
	if c.shown || c.assets == 0 || c.distinct() < someParts {
		return false
	}
	c.shown = true
	return true
}

// kind judges a client.
func (c *client) kind(by *standard) kind {
	const (
		walked = 5 // different paths that make a walk
		often  = 2 // repetitions that are no chance
	)
	d := c.distinct()
	switch {
	case c.first < by.rise-int64(by.cfg.Acquaintance):
		return known
	case c.requests >= 2 && 2*c.unchanged >= c.requests:
		return visitor
	case c.requests >= 4 && d >= someParts && 5*c.missing >= 4*c.requests:
		return prober
	case d >= someParts && (c.assets > 0 || !by.parts && c.referred > 0 && 2*c.repeats <= c.requests):
		return visitor
	case d >= walked && 3*c.repeats <= c.requests:
		if c.announced {
			return crawler
		}
		return walker
	case c.repeats >= often && 3*c.repeats >= c.requests:
		return repeater
	case by.now-c.first < int64(by.cfg.Patience):
		return undecided
	}
	return passer
}

// announces tells whether an agent says that it is a machine that walks the web:
// "bot", "crawl", "spider", as nearly all of them do.
func announces(agent string) bool {
	for i := 0; i+3 <= len(agent); i++ {
		switch agent[i] | 0x20 {
		case 'b':
			if hasFold(agent[i:], "bot") {
				return true
			}
		case 'c':
			if hasFold(agent[i:], "crawl") {
				return true
			}
		case 's':
			if hasFold(agent[i:], "spider") {
				return true
			}
		}
	}
	return false
}

// hasFold tells whether s begins with a word of lower-case letters, whatever its case.
func hasFold(s, word string) bool {
	if len(s) < len(word) {
		return false
	}
	for i := range len(word) {
		if s[i]|0x20 != word[i] {
			return false
		}
	}
	return true
}

// isAsset tells by its name's ending whether a path is that of a part of pages,
// which browsers ask for by themselves.
func isAsset(path string) bool {
	const longest = len(".woff2")
	for i := len(path) - 1; i >= 0 && i >= len(path)-longest; i-- {
		switch path[i] {
		case '/':
			return false
		case '.':
			switch path[i+1:] {
			case "css", "js", "mjs", "png", "jpg", "jpeg", "gif", "svg", "webp", "avif", "ico", "woff", "woff2", "ttf", "otf":
				return true
			}
			return false
		}
	}
	return false
}

const second = int64(time.Second)
