package report

import (
	"errors"
	"fmt"
	"time"

	"downpour"
)

// Rate is a limit as a token bucket: Burst reports at once, then PerSecond.
type Rate struct {
	PerSecond float64
	Burst     float64
}

// Limits bound how many reports are taken at all, by how far they come from one
// place. They protect the disk and the other reporters; who counts as one
// reporter is another matter.
type Limits struct {
	Reporter Rate // one IPv4 address, one IPv6 /64
	Network  Rate // an IPv4 /24, an IPv6 /48
	Region   Rate // an IPv4 /16, an IPv6 /32: what one provider may have in all
	All      Rate
}

// DefaultLimits let the whole of an office behind one address report within a
// minute, and a provider's customers as fast as the founding case's whole peak
// (41,143 reports in 15 minutes, 46 a second). All is what a small machine can
// make durable with room to spare.
func DefaultLimits() Limits {
	return Limits{
		Reporter: Rate{PerSecond: 0.5, Burst: 120},
		Network:  Rate{PerSecond: 5, Burst: 600},
		Region:   Rate{PerSecond: 50, Burst: 3000},
		All:      Rate{PerSecond: 2000, Burst: 10_000},
	}
}

// ErrLimited is what every LimitError is.
var ErrLimited = errors.New("too many reports")

// LimitError says that a report was not taken because too many come from one
// place.
type LimitError struct {
	Scope      string        // reporter, network, region, all
	RetryAfter time.Duration // until the limit has room again; whole seconds, at least one
}

// Error names the scope and never an address.
func (e *LimitError) Error() string {
	return fmt.Sprintf("too many reports (%s): try again in %d s", e.Scope, int(e.RetryAfter/time.Second))
}

// Is makes errors.Is(err, ErrLimited) true.
func (e *LimitError) Is(target error) bool { return target == ErrLimited }

// The scopes of limits, narrowest first, as indices and by name.
const (
	scopeReporter = iota
	scopeNetwork
	scopeRegion
	scopeAll
	scopes
)

func scopeName(scope int) string {
	return [scopes]string{"reporter", "network", "region", "all"}[scope]
}

// scopePrefix gives the prefix lengths of a scope: IPv4's and IPv6's. A /64 is
// one link and a /48 one site (RFC 6177, RFC 7934); an IPv4 /24 is the smallest
// network that is routed by itself, a /32 the smallest allocation to a provider.
func scopePrefix(scope int) (four, six int) {
	p := [scopes][2]int{{32, 64}, {24, 48}, {16, 32}, {0, 0}}[scope]
	return p[0], p[1]
}

// mask clears the host bits of an address.
func mask(a downpour.Address, four, six int) downpour.Address {
	bits := six
	if a.Is4() {
		bits = 96 + four
	}
	// Go's shifts by 64 and more give zero.
	if bits <= 64 {
		return downpour.Address{Hi: a.Hi &^ (^uint64(0) >> bits)}
	}
	return downpour.Address{Hi: a.Hi, Lo: a.Lo &^ (^uint64(0) >> (bits - 64))}
}

// bucket is a token bucket in event time; it is full when made.
type bucket struct {
	used float64 // tokens taken and not given back yet
	at   int64   // nanoseconds
}

// settle gives back what has flowed in since the last use and tells whether the
// bucket is full. Time that goes back a little changes nothing; where it goes
// back far, another replay has begun.
func (b *bucket) settle(now int64, r Rate) (full bool) {
	elapsed := now - b.at
	if elapsed >= 0 || elapsed <= -int64(window) {
		b.used = max(0, b.used-max(0, float64(elapsed)/1e9*r.PerSecond))
		b.at = now
	}
	return b.used == 0
}

// wait is how long until a token is there.
func (b *bucket) wait(r Rate) time.Duration {
	missing := b.used + 1 - r.Burst
	if missing <= 0 {
		return 0
	}
	seconds := 3600.0 // a rate of nothing: come back in an hour
	if r.PerSecond > 0 {
		seconds = min(seconds, missing/r.PerSecond)
	}
	return (time.Duration(seconds*float64(time.Second)) + time.Second - 1).Truncate(time.Second)
}

// limiter holds the buckets of all scopes.
type limiter struct {
	rates   [scopes]Rate
	buckets [scopes]*table[bucket]
	key     uint64
}

func newLimiter(l Limits, reporters, networks int, key uint64) *limiter {
	return &limiter{
		rates: [scopes]Rate{l.Reporter, l.Network, l.Region, l.All},
		buckets: [scopes]*table[bucket]{newTable[bucket](reporters), newTable[bucket](networks),
			newTable[bucket](networks), newTable[bucket](1)},
		key: key,
	}
}

// take takes a token of every scope, or of none and says which scope is out.
func (l *limiter) take(a downpour.Address, now int64) *LimitError {
	var at [scopes]*bucket
	for scope := range scopes {
		l.expire(scope, now)
		four, six := scopePrefix(scope)
		b := l.buckets[scope].renew(mask(a, four, six).Hash(l.key))
		b.settle(now, l.rates[scope])
		if after := b.wait(l.rates[scope]); after > 0 {
			return &LimitError{Scope: scopeName(scope), RetryAfter: after}
		}
		at[scope] = b
	}
	for _, b := range at {
		b.used++
	}
	return nil
}

// expire forgets the two buckets that were longest not used if they are full
// again: a bucket that is made anew is the same.
func (l *limiter) expire(scope int, now int64) {
	t := l.buckets[scope]
	for range 2 {
		key, b := t.first()
		if b == nil {
			return
		}
		// Not settled for good: time may have gone back.
		if full := *b; now-full.at < 0 || !full.settle(now, l.rates[scope]) {
			return
		}
		t.drop(key)
	}
}

func (l *limiter) evicted() (n uint64) {
	for _, t := range l.buckets {
		n += t.evicted
	}
	return n
}
