package live

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"downpour"
	"downpour/internal/demo"
	"downpour/internal/detect/attack"
	"downpour/internal/detect/outage"
	"downpour/internal/enrich"
	"downpour/internal/observe"
	"downpour/internal/observe/report"
	"downpour/internal/pipeline"
	"downpour/internal/store/embedded"
)

// rehearsal is a Live whose clock the test moves.
type rehearsal struct {
	*Live
	store *embedded.Store
	now   time.Time
}

func rehearse(t *testing.T, dir string, now time.Time, change func(*Config)) *rehearsal {
	t.Helper()
	st, err := embedded.Open(dir, embedded.Options{})
	if err != nil {
		t.Fatal(err)
	}
	places, err := enrich.Open(enrich.Config{})
	if err != nil {
		t.Fatal(err)
	}
	intake, err := report.NewIntake(report.IntakeConfig{Services: []report.Service{{Name: "a"}}}, zeros{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := &rehearsal{store: st, now: now}
	cfg := Config{
		Services: []Service{{ID: "a", Name: "A"}}, Store: st, Places: places, Intake: intake,
		Counter:  report.NewCounter(now, []string{"a"}),
		Clock:    func() time.Time { return r.now },
		Step:     time.Millisecond,
		Pipeline: pipeline.Config{Attack: attack.Default(), Outage: outage.Config{}.Default(), Places: places},
		Log:      slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&cfg)
	}
	r.Live, err = New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// pass lets minutes go by with so many reports in each.
func (r *rehearsal) pass(t *testing.T, minutes, reports int) {
	t.Helper()
	for range minutes {
		for range reports {
			r.cfg.Counter.Add("a", r.now)
		}
		r.now = r.now.Add(time.Minute)
		if err := r.step(r.now); err != nil {
			t.Fatal(err)
		}
	}
}

func (r *rehearsal) state(t *testing.T) downpour.State {
	t.Helper()
	s, err := r.Service(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	return s.State
}

// TestCrashDuringAnOutage: whatever the detector's kept state knows of an outage,
// after a crash it goes on as the same incident and ends when it is over.
func TestCrashDuringAnOutage(t *testing.T) {
	for name, keptDuring := range map[string]bool{"state kept before it": false, "state kept during it": true} {
		t.Run(name, func(t *testing.T) {
			ctx, dir := context.Background(), t.TempDir()
			r := rehearse(t, dir, noon, nil)
			r.pass(t, 120, 3)
			if err := r.keepState(ctx); err != nil {
				t.Fatal(err)
			}
			r.pass(t, 6, 200)
			if keptDuring {
				if err := r.keepState(ctx); err != nil {
					t.Fatal(err)
				}
			}
			if err := r.keeper.flush(ctx); err != nil {
				t.Fatal(err)
			}
			if r.state(t) != downpour.StateReported || len(r.order) != 1 {
				t.Fatalf("before the crash: %s, %d incidents: the test shows nothing", r.state(t), len(r.order))
			}
			id := r.order[0]
			r.store.Close() // no finish: as after kill -9

			r = rehearse(t, dir, r.now.Add(30*time.Second), nil)
			defer r.store.Close()
			r.pass(t, 6, 200)
			if r.state(t) != downpour.StateReported {
				t.Errorf("the outage that goes on after the crash is told as %s", r.state(t))
			}
			if found, err := r.Incident(ctx, id); err != nil || !found.Incident.Ongoing {
				t.Errorf("the incident from before the crash does not go on: %+v, %v", found.Incident, err)
			}
			r.pass(t, 240, 3)
			if r.state(t) != downpour.StateOK {
				t.Errorf("four quiet hours later: %s", r.state(t))
			}
			for _, o := range r.order {
				if r.incidents[o].Incident.Ongoing {
					t.Errorf("incident %s of %s is still going on", o, r.incidents[o].Incident.Start)
				}
			}
		})
	}
}

// TestCrashBeforeQuiet: what was going on at the crash and does not come back is over.
func TestCrashBeforeQuiet(t *testing.T) {
	dir := t.TempDir()
	r := rehearse(t, dir, noon, nil)
	r.pass(t, 120, 3)
	if err := r.keepState(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.pass(t, 6, 200)
	if err := r.keeper.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.store.Close()
	r = rehearse(t, dir, r.now.Add(time.Hour), nil)
	defer r.store.Close()
	r.pass(t, 3, 3)
	if s := r.state(t); s != downpour.StateOK {
		t.Errorf("after an hour away and three quiet minutes: %s", s)
	}
}

// TestViewsWhileARacingReplay reads everything that pages read while a replay is
// stepped and settings are reloaded; run with -race it finds shared state.
func TestViewsWhileARacingReplay(t *testing.T) {
	r := rehearse(t, t.TempDir(), demo.Start(), func(c *Config) {
		c.Replay = demo.NewSource(1)
		c.Clock = NewReplayClock(time.Now, demo.Start(), demo.End(), 2000).Now
	})
	defer r.store.Close()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- r.Run(ctx) }()
	for range 50 {
		if _, err := r.HealthView(ctx); err != nil {
			t.Error(err)
		}
		if _, err := r.OpsView(ctx); err != nil {
			t.Error(err)
		}
		if _, err := r.ServiceView(ctx, "a"); err != nil {
			t.Error(err)
		}
		r.Reconfigure([]Service{{ID: "a", Name: "B"}}, Keep{Reports: 24 * time.Hour, Disk: 1e9})
	}
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// flood feeds seconds of a SYN flood of 5,000 packets/s to one address, at its pace.
func (r *rehearsal) flood(t *testing.T, seconds int) {
	t.Helper()
	for range seconds {
		var b observe.Batch
		for i := range 5000 {
			b.Flows = append(b.Flows, downpour.Flow{
				Time: r.now.UnixNano() + int64(i)*int64(time.Second)/5000, Packets: 1, Sampling: 1, Bytes: 60, TTL: 50,
				Source: downpour.AddressFrom4(uint32(r.now.Second()*5000+i) * 2654435761), Destination: downpour.AddressFrom4(0xc6336407),
				SourcePort: uint16(1024 + i), DestinationPort: 443, Protocol: downpour.ProtocolTCP, TCPFlags: downpour.SYN,
			})
		}
		r.work.Lock()
		for part := range slices.Chunk(b.Flows, observe.BatchSize) {
			r.feed(&observe.Batch{Flows: part})
		}
		r.work.Unlock()
		r.now = r.now.Add(time.Second)
		if err := r.step(r.now); err != nil {
			t.Fatal(err)
		}
	}
}

// attacks are those of all incidents, by ID.
func (r *rehearsal) attacks() map[string]downpour.Attack {
	all := map[string]downpour.Attack{}
	for _, record := range r.incidents {
		for _, a := range record.Attacks {
			all[a.ID] = a
		}
	}
	return all
}

// TestCrashDuringAnAttack: after a crash in the middle of an attack it goes on as the
// same, with what it had brought before; and ends as the same.
func TestCrashDuringAnAttack(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	r := rehearse(t, dir, noon, nil)
	r.flood(t, 2)
	if err := errors.Join(r.keepOpen(ctx, false), r.keeper.flush(ctx)); err != nil {
		t.Fatal(err)
	}
	before := r.attacks()
	if len(before) != 1 {
		t.Fatalf("%d attacks before the crash: the test shows nothing", len(before))
	}
	r.store.Close() // no finish: as after kill -9

	r = rehearse(t, dir, r.now.Add(20*time.Second), nil)
	defer r.store.Close()
	r.flood(t, 10)
	for id, b := range before {
		a := r.attacks()[id]
		if len(r.attacks()) != 1 || len(r.order) != 1 || !a.Ongoing || !a.Onset.Equal(b.Onset) || !a.AlarmAt.Equal(b.AlarmAt) {
			t.Fatalf("%d attacks in %d incidents after the crash; %s is %+v", len(r.attacks()), len(r.order), id, a)
		}
		if a.Total.Packets < 11*5000 || a.Total.Packets > 12*5000 {
			t.Errorf("12 s of 5,000 packets/s are told as %d packets", a.Total.Packets)
		}
		if end := r.now; a.End.Before(end.Add(-time.Second)) {
			t.Errorf("it goes on until %s, and is told until %s", end, a.End)
		}
	}
	r.pass(t, 10, 0)
	for id, a := range r.attacks() {
		if a.Ongoing {
			t.Errorf("%s goes on ten minutes after its last packet", id)
		}
	}
	if state, err := r.setting(ctx, settingOpen); err != nil || len(state) == 0 {
		t.Errorf("kept of the open attacks: %d bytes, %v", len(state), err)
	}
	if err := r.keepOpen(ctx, false); err != nil {
		t.Fatal(err)
	}
	if state, err := r.setting(ctx, settingOpen); err != nil || len(state) != 0 {
		t.Errorf("no attack is open, and %d bytes are kept, %v", len(state), err)
	}
}

// TestDamagedCheckpointsAreLeft: a server starts without what it cannot use, and says so.
func TestDamagedCheckpointsAreLeft(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	r := rehearse(t, dir, noon, nil)
	r.flood(t, 3)
	if err := errors.Join(r.keepAll(ctx), r.keeper.flush(ctx)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{settingBaseline, settingOpen} {
		state, err := r.setting(ctx, name)
		if err != nil || len(state) < 20 {
			t.Fatalf("%s: %d bytes, %v", name, len(state), err)
		}
		state[len(state)/2] ^= 1
		if err := r.store.PutSetting(ctx, name, state); err != nil {
			t.Fatal(err)
		}
	}
	r.store.Close()
	var log bytes.Buffer
	r = rehearse(t, dir, r.now.Add(time.Second), func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	defer r.store.Close()
	for _, want := range []string{"what is usual is learned anew", "attacks that were going on are over", "its checksum is wrong"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %q: %s", want, log.String())
		}
	}
	r.pass(t, 1, 0)
	for id, a := range r.attacks() {
		if a.Ongoing {
			t.Errorf("%s goes on", id)
		}
	}
}
