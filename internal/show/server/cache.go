package server

import (
	"context"
	"errors"
	"sync"
	"time"
)

const (
	// shareLife is how long what was made for one reader is given to others. It
	// is short enough that who sent a report and looks again a third of a second
	// later sees it, and long enough that in a service's worst hour a page is
	// made four times a second, however many read it.
	shareLife = 250 * time.Millisecond
	// shareCost bounds what one page takes of a core: something that takes long
	// to make lives that many times as long.
	shareCost = 9
	// staleLife is how long after its end a thing is still given to those who
	// come while it is made anew: a backend that is slow in the worst hour keeps
	// one reader waiting, not all.
	staleLife = 2 * time.Second
	// maxShared bounds how many things are held; those of services and of the
	// incidents that people read now fit.
	maxShared = 256
)

// errAbandoned stands for a panic that is told elsewhere: what those get who
// waited for something whose making panicked.
var errAbandoned = errors.New("a handler panicked")

// cache holds what is the same for all readers, for a moment. A thing is made
// once, by the first who asks; others wait for it. Errors are shared by those
// who wait and then forgotten, so what does not exist takes no room.
type cache[T any] struct {
	now func() time.Time

	mu    sync.Mutex
	items map[string]*held[T]
}

// held is one thing; all but done is set before done is closed.
type held[T any] struct {
	done  chan struct{}
	until time.Time
	value T
	err   error
	old   *held[T] // what it replaces; nil if there was nothing, or it was too old
}

func newCache[T any](now func() time.Time) *cache[T] {
	return &cache[T]{now: now, items: make(map[string]*held[T])}
}

// get returns what is under a key and until when it is fresh. If there is
// nothing fresh, it is made; make may give an earlier end of freshness, or none
// (the zero time).
func (c *cache[T]) get(ctx context.Context, key string, make func() (T, time.Time, error)) (T, time.Time, error) {
	item, old, first := c.claim(key)
	switch {
	case first:
		c.fill(key, item, make)
	case old != nil:
		return old.value, c.now().Add(shareLife), nil
	}
	select {
	case <-item.done:
		return item.value, item.until, item.err
	case <-ctx.Done():
		var none T
		return none, time.Time{}, ctx.Err()
	}
}

// claim finds the item under a key and, while that is being made, what it
// replaces; first tells the caller to fill it.
func (c *cache[T]) claim(key string) (item, old *held[T], first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	old = c.items[key]
	if old != nil && c.usable(old) {
		return old, old.old, false
	}
	if old != nil && c.now().Sub(old.until) > staleLife {
		old = nil
	}
	if len(c.items) >= maxShared {
		clear(c.items) // who waits keeps its item; all are made anew in a moment anyhow
	}
	item = &held[T]{done: make(chan struct{}), old: old}
	c.items[key] = item
	return item, old, true
}

// usable is true of what is being made or fresh.
func (c *cache[T]) usable(item *held[T]) bool {
	select {
	case <-item.done:
		return c.now().Before(item.until)
	default:
		return true
	}
}

// fill makes the item and tells those who wait, also if the making panics.
func (c *cache[T]) fill(key string, item *held[T], make func() (T, time.Time, error)) {
	item.err = errAbandoned
	defer func() {
		if item.err != nil {
			c.forget(key, item)
		}
		close(item.done)
	}()
	start := c.now()
	value, until, err := make()
	end := c.now()
	limit := end.Add(max(shareLife, shareCost*end.Sub(start)))
	if until.IsZero() || until.After(limit) {
		until = limit
	}
	item.value, item.until, item.err = value, until, err
	c.mu.Lock()
	defer c.mu.Unlock()
	item.old = nil // else each would hold all before it
}

func (c *cache[T]) forget(key string, item *held[T]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.items[key] == item {
		delete(c.items, key)
	}
}

// drop forgets what is under a key, so that the next reader gets it made anew.
func (c *cache[T]) drop(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.items, key)
}
