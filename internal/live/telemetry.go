package live

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"downpour/internal/observe"
	"downpour/internal/observe/capture"
	"downpour/internal/observe/collector"
	"downpour/internal/observe/flow"
	"downpour/internal/observe/weblog/intake"
)

// Telemetry is what comes in from the network and from logs.
type Telemetry struct {
	// Queue brings the batches of all intakes.
	Queue *observe.Queue
	// Ingresses tells what the numbers of Flow.Ingress stand for.
	Ingresses *flow.Ingresses
	// Flow receives flow export; nil if none is listened for.
	Flow *collector.Collector
	// Captures take packets off interfaces.
	Captures []*Capture
	// Logs reads web logs; nil if there are none.
	Logs *intake.Intake
	// Failed are default addresses that are taken by somebody else: worth a
	// warning, not an end.
	Failed []error
}

// Capture is an interface that packets are taken from.
type Capture struct {
	Interface string
	Sampling  uint32
	*capture.Reader
	packets uint64       // at the last look
	last    atomic.Int64 // when there last were more, nanoseconds since the epoch; 0 if never
}

// look notes whether packets came since it was last called.
func (c *Capture) look(now time.Time) {
	if n := c.Stats().Packets; n != c.packets {
		c.packets = n
		c.last.Store(now.UnixNano())
	}
}

// look notes which intakes gave something since it was last called.
func (t *Telemetry) look(now time.Time) {
	if t == nil {
		return
	}
	for _, c := range t.Captures {
		c.look(now)
	}
}

// Run takes in until ctx ends or an intake fails.
func (t *Telemetry) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	if t.Flow != nil {
		g.Go(func() error { return t.Flow.Run(ctx) })
	}
	for _, c := range t.Captures {
		g.Go(func() error { return c.Run(ctx) })
	}
	if t.Logs != nil {
		g.Go(func() error { return t.Logs.Run(ctx) })
	}
	return g.Wait()
}

// Close gives up what was opened, for a program that does not get to run it.
func (t *Telemetry) Close() {
	if t.Flow != nil {
		t.Flow.Close()
	}
	for _, c := range t.Captures {
		c.Close() //nolint:errcheck // it is given up
	}
	if t.Logs != nil {
		t.Logs.Close()
	}
}

// ready gives the batches to be fed; nobody's if there is no telemetry.
func (t *Telemetry) ready() <-chan *observe.Batch {
	if t == nil {
		return nil
	}
	return t.Queue.Ready()
}

// delay is how long after a moment flows of it may still come, in nanoseconds.
func (t *Telemetry) delay() int64 {
	if t == nil || t.Flow == nil {
		return 0
	}
	return int64(t.Flow.Delay())
}

// takeIn feeds a batch and those that wait behind it. Between two batches
// nothing else waits for long: keeping the state takes its turn.
func (l *Live) takeIn(b *observe.Batch) {
	l.work.Lock()
	defer l.work.Unlock()
	l.feed(b)
	l.cfg.Telemetry.Queue.Done(b)
	l.takeWaiting()
}

// gathering is how long batches may gather before the next is fed: waking up for
// each costs more than many of its flows.
const gathering = 20 * time.Millisecond

// gather lets batches gather, if there is much room for them.
func (l *Live) gather(ctx context.Context) {
	if waiting, of := l.cfg.Telemetry.Queue.Waiting(); waiting > of/4 || ctx.Err() != nil {
		return
	}
	time.Sleep(gathering)
}

// takeWaiting feeds the batches that wait now, and not those that come meanwhile:
// a flood must not put off the step. The work lock is held.
func (l *Live) takeWaiting() {
	if l.cfg.Telemetry == nil {
		return
	}
	waiting, _ := l.cfg.Telemetry.Queue.Waiting()
	for range waiting {
		b := <-l.cfg.Telemetry.Queue.Ready()
		l.feed(b)
		l.cfg.Telemetry.Queue.Done(b)
	}
}

// settingExporters holds the exporters that operators have allowed.
const settingExporters = "exporters-allowed"

// maxAllowed bounds them; who has more writes a configuration.
const maxAllowed = 256

// AllowedExporters are those that operators have allowed, in this run or before.
func AllowedExporters(ctx context.Context, s Settings) ([]netip.Addr, error) {
	value, err := settingOf(ctx, s, settingExporters)
	if err != nil || value == nil {
		return nil, err
	}
	var list []netip.Addr
	if err := json.Unmarshal(value, &list); err != nil {
		return nil, fmt.Errorf("load the exporters that were allowed: %w", err)
	}
	return list, nil
}

// AllowExporter accepts an exporter from now on, durably.
func (l *Live) AllowExporter(ctx context.Context, address netip.Addr) error {
	if l.cfg.Telemetry == nil || l.cfg.Telemetry.Flow == nil {
		return fmt.Errorf("allow %s: no flow export is received", address)
	}
	l.allowing.Lock()
	defer l.allowing.Unlock()
	list, err := AllowedExporters(ctx, l.cfg.Store)
	if err != nil {
		return err
	}
	if !slices.Contains(list, address) {
		if len(list) >= maxAllowed {
			return fmt.Errorf("allow %s: %d exporters are allowed already: name them in the configuration", address, len(list))
		}
		value, err := json.Marshal(append(list, address))
		if err != nil {
			return err
		}
		if err := l.cfg.Store.PutSetting(ctx, settingExporters, value); err != nil {
			return fmt.Errorf("keep that %s is allowed: %w", address, err)
		}
	}
	l.cfg.Telemetry.Flow.Allow(address)
	l.cfg.Log.Info("exporter allowed", "address", address, "at", l.cfg.Clock().Format(time.RFC3339))
	return nil
}
