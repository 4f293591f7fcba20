package server

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"
)

func TestCacheMakesOnce(t *testing.T) {
	now := testTime()
	c := newCache[int](func() time.Time { return now })
	made := 0
	more := func() (int, time.Time, error) { made++; return made, time.Time{}, nil }
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() { c.get(t.Context(), "k", more) })
	}
	all.Wait()
	now = now.Add(shareLife - 1)
	c.get(t.Context(), "k", more)
	if made != 1 {
		t.Errorf("made %d times", made)
	}
	now = now.Add(1)
	if v, until, _ := c.get(t.Context(), "k", more); v != 2 || !until.Equal(now.Add(shareLife)) {
		t.Errorf("then %d until %v", v, until)
	}
	c.drop("k")
	if v, _, _ := c.get(t.Context(), "k", more); v != 3 {
		t.Errorf("after dropping %d", v)
	}
}

func TestCacheLife(t *testing.T) {
	now := testTime()
	c := newCache[int](func() time.Time { return now })
	for i, tt := range []struct{ took, asked, want time.Duration }{
		{0, 0, shareLife},
		{0, time.Millisecond, time.Millisecond},
		{0, time.Hour, shareLife},
		{time.Second, 0, shareCost * time.Second},
	} {
		_, until, _ := c.get(t.Context(), fmt.Sprint(i), func() (int, time.Time, error) {
			now = now.Add(tt.took)
			if tt.asked == 0 {
				return 0, time.Time{}, nil
			}
			return 0, now.Add(tt.asked), nil
		})
		if got := until.Sub(now); got != tt.want {
			t.Errorf("%+v: lives %v", tt, got)
		}
	}
}

func TestCacheHoldsNothingThatFailed(t *testing.T) {
	c := newCache[int](time.Now)
	gone := errors.New("gone")
	for i := range 10_000 {
		if _, _, err := c.get(t.Context(), fmt.Sprint(i), func() (int, time.Time, error) { return 0, time.Time{}, gone }); !errors.Is(err, gone) {
			t.Fatal(err)
		}
	}
	if len(c.items) != 0 {
		t.Errorf("%d items held", len(c.items))
	}
	for i := range 10_000 {
		c.get(t.Context(), fmt.Sprint(i), func() (int, time.Time, error) { return 0, time.Time{}, nil })
	}
	if len(c.items) > maxShared {
		t.Errorf("%d items held", len(c.items))
	}
}

// TestCacheGivesTheOldMeanwhile has one reader wait for a slow making while
// others get what there was, unless that is too old.
func TestCacheGivesTheOldMeanwhile(t *testing.T) {
	for _, tt := range []struct {
		age time.Duration
		old bool
	}{{shareLife + staleLife, true}, {shareLife + staleLife + 1, false}} {
		now := testTime()
		c := newCache[int](func() time.Time { return now })
		c.get(t.Context(), "k", func() (int, time.Time, error) { return 1, time.Time{}, nil })
		now = now.Add(tt.age)
		begun, release, done := make(chan struct{}), make(chan struct{}), make(chan int)
		go func() {
			v, _, _ := c.get(context.Background(), "k", func() (int, time.Time, error) {
				close(begun)
				<-release
				return 2, time.Time{}, nil
			})
			done <- v
		}()
		<-begun
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		v, until, err := c.get(ctx, "k", nil)
		cancel()
		if tt.old && (v != 1 || err != nil || !until.Equal(now.Add(shareLife))) || !tt.old && err == nil {
			t.Errorf("%v: meanwhile %d, %v", tt.age, v, err)
		}
		close(release)
		if v := <-done; v != 2 {
			t.Errorf("who made it got %d", v)
		}
		if v, _, _ := c.get(t.Context(), "k", nil); v != 2 || c.items["k"].old != nil {
			t.Errorf("afterwards %d", v)
		}
	}
}

// TestCacheWaiters has many wait for one thing: none of them stands in a queue
// behind a slow making that failed, and none waits longer than its context.
func TestCacheWaiters(t *testing.T) {
	c := newCache[int](time.Now)
	begun, release := make(chan struct{}), make(chan struct{})
	go func() {
		defer func() { recover() }()
		c.get(context.Background(), "k", func() (int, time.Time, error) {
			close(begun)
			<-release
			panic("broken")
		})
	}()
	<-begun
	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	never := func() (int, time.Time, error) { t.Error("made twice"); return 0, time.Time{}, nil }
	if _, _, err := c.get(short, "k", never); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	errs := make(chan error, 20)
	for range cap(errs) {
		go func() { _, _, err := c.get(context.Background(), "k", never); errs <- err }()
	}
	time.Sleep(20 * time.Millisecond) // lets them come to wait
	close(release)
	for range cap(errs) {
		if err := <-errs; !errors.Is(err, errAbandoned) {
			t.Errorf("a waiter got %v", err)
		}
	}
	if v, _, err := c.get(t.Context(), "k", func() (int, time.Time, error) { return 7, time.Time{}, nil }); v != 7 || err != nil {
		t.Errorf("afterwards %d %v", v, err)
	}
}
