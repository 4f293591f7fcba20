package web

import (
	"cmp"
	"math"
	"slices"

	"downpour"
)

// cells finds what many requests share (a path, a network, an agent) in constant
// time a request: each bucket holds the majority of what hashes into it
// (MV-Sketch; Tang, Huang, Lee, INFOCOM 2019), so that what a bucket knows begins
// when that became the majority.
type cells struct {
	buckets [cellBuckets]cell
	names   [cellBuckets]name
	// networks are set in the place of names where networks are counted.
	networks []downpour.Address
}

const (
	cellBuckets = 256
	// leadMost bounds how long what was common keeps out what is: so many requests.
	leadMost = 256
)

// cell is one value and how often it came.
type cell struct {
	hash uint64
	halves
	lead  int32
	since uint32  // requests since the alarm
	usual float32 // requests/s
}

// name is what a cell's value is called, cut to its length.
type name struct {
	text   [120]byte
	length uint8
}

func (n *name) set(s string) { n.length = uint8(copy(n.text[:], s)) }

func (n *name) String() string { return string(n.text[:n.length]) }

// note counts a value with its hash in a half window. It tells whether the value
// took a bucket over: then its name must be set.
func (c *cells) note(hash uint64, span int64) (bucket int, fresh bool) {
	i := int(hash >> 56)
	b := &c.buckets[i]
	if b.hash != hash {
		if b.lead > 0 {
			b.lead--
			return i, false
		}
		*b = cell{hash: hash, halves: halves{span: span}}
		fresh = true
	}
	b.lead = min(b.lead+1, leadMost)
	b.turn(span)
	b.recent++
	b.since++
	return i, fresh
}

// name is what a bucket's value is called.
func (c *cells) name(bucket int) string {
	if c.networks != nil {
		return prefixOf(c.networks[bucket])
	}
	return c.names[bucket].String()
}

// rising is the one of which most came above its usual rate in the latest two half
// windows, which lasted so many seconds.
func (c *cells) rising(span int64, seconds float64) (bucket int, above float64) {
	for i := range c.buckets {
		b := &c.buckets[i]
		if n := float64(b.within(span)) - float64(b.usual)*seconds; n > above {
			bucket, above = i, n
		}
	}
	return bucket, above
}

// familiar is how many requests of the latest two half windows, and how large a
// share of the usual ones, bore what is common here: what usually makes up half a
// per cent or more of the site's mean rate.
func (c *cells) familiar(span int64, mean float64) (requests, usual float64) {
	const least = 0.005
	for i := range c.buckets {
		if b := &c.buckets[i]; float64(b.usual) >= least*mean {
			requests += float64(b.within(span))
			usual += float64(b.usual)
		}
	}
	return requests, math.Min(usual/math.Max(mean, 1e-9), 1)
}

// learn takes the half window before the running one into what is usual, with a
// weight.
func (c *cells) learn(span int64, weight float32) {
	for i := range c.buckets {
		b := &c.buckets[i]
		var rate float32
		switch b.span {
		case span:
			rate = float32(b.earlier) / halfWindow
		case span - 1:
			rate = float32(b.recent) / halfWindow
		}
		b.usual += weight * (rate - b.usual)
	}
}

// begin starts counting what an attack is made of, with what is in the latest two
// half windows.
func (c *cells) begin(span int64) {
	for i := range c.buckets {
		c.buckets[i].since = c.buckets[i].within(span)
	}
}

// shareOf is a value's name and its part of an attack.
type shareOf struct {
	name  string
	share float64
}

// shares lists what an attack of so many requests over so many seconds is made
// of beyond the usual, the commonest first, from the smallest share on that tells.
func (c *cells) shares(requests, seconds float64) []shareOf {
	const (
		least = 0.01
		most  = 8
	)
	var list []shareOf
	for i := range c.buckets {
		b := &c.buckets[i]
		n := float64(b.since) - float64(b.usual)*seconds
		if share := n / math.Max(requests, 1); share >= least {
			list = append(list, shareOf{c.name(i), math.Min(share, 1)})
		}
	}
	slices.SortFunc(list, func(a, b shareOf) int {
		return cmp.Or(cmp.Compare(b.share, a.share), cmp.Compare(a.name, b.name))
	})
	return list[:min(len(list), most)]
}
