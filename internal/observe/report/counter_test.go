package report

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"downpour"
)

// written shows counts as "service 12:01 3".
func written(counts []downpour.ReportCount) string {
	var out []string
	for _, c := range counts {
		out = append(out, fmt.Sprintf("%s %s %g", c.Service, c.Time.Format("15:04"), c.Count))
	}
	return strings.Join(out, ", ")
}

func TestCounter(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse("15:04:05", s)
		if err != nil {
			t.Fatal(err)
		}
		return time.Date(2025, 3, 10, v.Hour(), v.Minute(), v.Second(), 0, time.UTC)
	}
	// A script: "add service time" or "drain time: what it gives".
	for name, script := range map[string]string{
		"increments add up": `add a 12:00:01
			drain 12:00:02: a 12:00 1
			drain 12:00:03:
			add a 12:00:03
			add a 12:00:04
			drain 12:00:05: a 12:00 2
			drain 12:01:00: b 12:00 0
			drain 12:02:00: a 12:01 0, b 12:01 0`,
		"silence is data": `drain 12:00:59:
			drain 12:01:00: a 12:00 0, b 12:00 0
			drain 12:03:30: a 12:01 0, b 12:01 0, a 12:02 0, b 12:02 0
			drain 12:03:31:`,
		"late ones count in the open minute": `drain 12:01:00: a 12:00 0, b 12:00 0
			add a 12:00:59
			drain 12:01:01: a 12:01 1`,
		"several minutes in one drain": `add b 12:01:00
			add a 12:00:00
			drain 12:02:00: a 12:00 1, b 12:00 0, a 12:01 0, b 12:01 1`,
		"ahead of the drain": `add a 12:05:00
			drain 12:00:30:
			drain 12:05:30: a 12:00 0, b 12:00 0, a 12:01 0, b 12:01 0, a 12:02 0, b 12:02 0, a 12:03 0, b 12:03 0, a 12:04 0, b 12:04 0, a 12:05 1`,
		"a suspended machine has no zeros": `add a 12:00:30
			drain 12:00:59: a 12:00 1
			add b 12:01:30
			drain 18:00:30: b 12:01 1
			drain 18:01:00:
			drain 18:02:00: a 18:01 0, b 18:01 0`,
		"unknown services": `add c 12:00:30
			drain 12:01:00: a 12:00 0, b 12:00 0`,
		"time that goes back": `drain 12:02:00: a 12:00 0, b 12:00 0, a 12:01 0, b 12:01 0
			drain 12:00:00:
			add a 12:00:30
			drain 12:02:01: a 12:02 1`,
	} {
		t.Run(name, func(t *testing.T) {
			c := NewCounter(at("12:00:00"), []string{"b", "a", "b"})
			for line := range strings.SplitSeq(script, "\n") {
				line = strings.TrimSpace(line)
				if words := strings.Fields(line); words[0] == "add" {
					c.Add(words[1], at(words[2]))
					continue
				}
				when, want := line[len("drain "):len("drain 12:00:00")], strings.TrimSpace(line[len("drain 12:00:00:"):])
				if got := written(c.Drain(at(when))); got != want {
					t.Errorf("drain %s: %s; want %s", when, got, want)
				}
			}
		})
	}
}

func TestCounterBeginsWithAWholeMinute(t *testing.T) {
	c := NewCounter(noon.Add(30*time.Second), []string{"a"})
	c.Add("none", noon)
	if got := written(c.Drain(noon.Add(3 * time.Minute))); got != "a 12:01 0, a 12:02 0" {
		t.Errorf("got %s; want no zero for the minute in which it began", got)
	}
	if c.Unknown() != 1 {
		t.Errorf("%d of unknown services; want 1", c.Unknown())
	}
}

func TestCounterIsBounded(t *testing.T) {
	c := NewCounter(noon, []string{"a"})
	for i := range 10_000 {
		c.Add("a", noon.Add(time.Duration(i)*time.Hour))
	}
	if n := len(c.services["a"].pending); n > maxPending {
		t.Errorf("%d minutes wait", n)
	}
	sum := 0.0
	for _, count := range c.Drain(noon.Add(1e4 * time.Hour)) {
		sum += count.Count
	}
	if sum != 10_000 {
		t.Errorf("%g reports came out; want all 10,000", sum)
	}
}

// TestCounterLosesNone adds from many goroutines while another drains.
func TestCounterLosesNone(t *testing.T) {
	c := NewCounter(noon, []string{"a", "b"})
	var adders sync.WaitGroup
	for range 8 {
		adders.Go(func() {
			for i := range 2000 {
				c.Add([]string{"a", "b"}[i%2], noon.Add(time.Duration(i)*100*time.Millisecond))
			}
		})
	}
	done := make(chan struct{})
	go func() { adders.Wait(); close(done) }()
	sum, last := 0.0, time.Time{}
	take := func(now time.Time) {
		for _, r := range c.Drain(now) {
			sum += r.Count
			if r.Time.Before(last) {
				t.Errorf("%v after %v", r.Time, last)
			}
			last = r.Time
		}
	}
	for now, running := noon, true; running; now = now.Add(time.Second) {
		take(now)
		select {
		case <-done:
			running = false
			take(now.Add(10 * time.Minute))
		default:
		}
	}
	if sum != 16_000 {
		t.Errorf("%g came out of 16,000", sum)
	}
}
