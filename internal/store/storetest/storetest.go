// Package storetest holds the tests that every implementation of store.Store
// passes. An implementation's own test calls Run.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"downpour"
	"downpour/internal/store"
)

// epoch is the time around which the rows of all tests lie.
var epoch = time.Date(2025, 3, 10, 14, 0, 0, 0, time.UTC)

// Run tests the stores that open makes: a new and empty one each time, closed by
// Run. Reports must be durable when acknowledged, but that a test of the
// implementation must show, since only it can crash it.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	for _, test := range []struct {
		name string
		do   func(*testing.T, store.Store)
	}{
		{"totals", totals},
		{"totals are apart by service", totalsByService},
		{"breakdown", breakdown},
		{"concurrent writers and readers", concurrent},
		{"a cancelled report", cancelled},
		{"buckets", buckets},
		{"traffic", traffic},
		{"pruning traffic", pruneTraffic},
		{"incidents", incidents},
		{"exhibits", exhibits},
		{"pruning exhibits", pruneExhibits},
		{"settings", settings},
		{"pruning by age", prune},
		{"pruning is cancelled", pruneCancelled},
		{"pruning to a budget", pruneToBudget},
		{"pruning incidents", pruneIncidents},
		{"erasing a network", erase},
		{"backup", backup},
		{"closing", closing},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := open(t)
			defer func() {
				if err := s.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			}()
			test.do(t, s)
			if faults, err := s.Check(t.Context()); !errors.Is(err, store.ErrClosed) && (err != nil || len(faults) > 0) {
				t.Errorf("check: %q, %v", faults, err)
			}
		})
	}
}

// Report is a counted report, offset after the tests' epoch.
func Report(service string, offset time.Duration) downpour.Report {
	return downpour.Report{Time: epoch.Add(offset), Service: service, Symptom: "login", Text: "cannot sign in",
		Country: "DE", ASN: 64500, Network: "n1", Counted: true}
}

func add(t *testing.T, s store.Store, reports ...downpour.Report) {
	t.Helper()
	for _, r := range reports {
		if err := s.AddReport(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
}

func wantTotals(t *testing.T, s store.Store, service string, received, counted uint64) {
	t.Helper()
	r, c, err := s.ReportTotals(t.Context(), service)
	if err != nil || r != received || c != counted {
		t.Errorf("totals of %s: %d, %d, %v; want %d, %d", service, r, c, err, received, counted)
	}
}

func totals(t *testing.T, s store.Store) {
	wantTotals(t, s, "a", 0, 0)
	repeated := Report("a", time.Second)
	repeated.Counted, repeated.Reason = false, "again"
	add(t, s, Report("a", 0), repeated, Report("a", -time.Hour))
	wantTotals(t, s, "a", 3, 2)
}

func totalsByService(t *testing.T, s store.Store) {
	add(t, s, Report("a", 0), Report("b", 0), Report("b", 0))
	wantTotals(t, s, "a", 1, 1)
	wantTotals(t, s, "b", 2, 2)
	wantTotals(t, s, "", 0, 0)
}

func breakdown(t *testing.T, s store.Store) {
	at := func(offset time.Duration, symptom, country string, counted bool) downpour.Report {
		r := Report("a", offset)
		r.Symptom, r.Country, r.Counted = symptom, country, counted
		return r
	}
	add(t, s, at(-1, "login", "FR", true), at(0, "login", "DE", true), at(1, "login", "", true),
		at(2, "access", "DE", true), at(3, "access", "DE", false), at(4, "access", "DE", true), Report("b", 2))
	got, err := s.ReportBreakdown(t.Context(), "a", epoch, epoch.Add(4))
	want := store.Breakdown{Symptoms: map[string]uint64{"login": 2, "access": 1}, Countries: map[string]uint64{"DE": 2, "": 1}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	if got, err = s.ReportBreakdown(t.Context(), "none", time.Time{}, epoch); err != nil || len(got.Symptoms)+len(got.Countries) > 0 {
		t.Errorf("a service without reports: %v, %v", got, err)
	}
}

func concurrent(t *testing.T, s store.Store) {
	const writers, each = 16, 50
	var group sync.WaitGroup
	for w := range writers {
		service := fmt.Sprintf("s%d", w%4)
		group.Go(func() {
			for i := range each {
				for {
					err := s.AddReport(t.Context(), Report(service, time.Duration(i)))
					if err == nil {
						break
					}
					if !errors.Is(err, store.ErrBusy) {
						t.Error(err)
						return
					}
				}
			}
		})
		group.Go(func() {
			for i := range each {
				received, counted, err := s.ReportTotals(t.Context(), service)
				if err != nil || received != counted || received > writers/4*each {
					t.Errorf("totals while writing: %d, %d, %v", received, counted, err)
				}
				if err := s.PutSetting(t.Context(), service, fmt.Append(nil, i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	for w := range 4 {
		wantTotals(t, s, fmt.Sprintf("s%d", w), writers/4*each, writers/4*each)
	}
}

func cancelled(t *testing.T, s store.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.AddReport(ctx, Report("a", 0)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v; want context.Canceled", err)
	}
	wantTotals(t, s, "a", 0, 0)
}

func buckets(t *testing.T, s store.Store) {
	bucket := func(service string, minute int, count float64) downpour.ExpectedReports {
		return downpour.ExpectedReports{Service: service, Time: epoch.Add(time.Duration(minute) * time.Minute), Bucket: time.Minute,
			Count: count, Expected: downpour.Estimate{Value: 2.5, Low: 1, High: 5}, Origin: downpour.Received}
	}
	if err := s.PutBuckets(t.Context(), nil); err != nil {
		t.Error(err)
	}
	err := s.PutBuckets(t.Context(), []downpour.ExpectedReports{
		bucket("a", 2, 7), bucket("a", 0, 5), bucket("a", 1, 6), bucket("b", 1, 9), bucket("a", -1, 4)})
	if err != nil {
		t.Fatal(err)
	}
	moment := bucket("a", 1, 11)
	moment.Bucket, moment.Origin = 0, downpour.Published
	if err := s.PutBuckets(t.Context(), []downpour.ExpectedReports{bucket("a", 1, 8), moment}); err != nil {
		t.Fatal(err)
	}
	got, err := s.Buckets(t.Context(), "a", epoch, epoch.Add(2*time.Minute))
	if want := []downpour.ExpectedReports{bucket("a", 0, 5), moment, bucket("a", 1, 8)}; err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	if got, err = s.Buckets(t.Context(), "none", time.Time{}, epoch.AddDate(500, 0, 0)); err != nil || len(got) > 0 {
		t.Errorf("a service without buckets: %v, %v", got, err)
	}
}

func incidents(t *testing.T, s store.Store) {
	if _, err := s.Incident(t.Context(), "i1"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v; want ErrNotFound", err)
	}
	first, second, third := Incident("i1", "a", 0), Incident("i2", "b", time.Hour), Incident("i3", "a", 2*time.Hour)
	for _, r := range []store.Record{second, third, first} {
		if err := s.PutIncident(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	first.Incident.Ongoing, first.Incident.Verdict, first.Attacks = false, "over", first.Attacks[:0]
	if err := s.PutIncident(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Incident(t.Context(), "i1"); err != nil || !reflect.DeepEqual(got, first) {
		t.Errorf("got %+v, %v; want %+v", got, err, first)
	}
	for _, test := range []struct {
		service string
		limit   int
		want    []store.Record
	}{
		{"", 10, []store.Record{third, second, first}},
		{"", 2, []store.Record{third, second}},
		{"a", 10, []store.Record{third, first}},
		{"none", 10, nil},
		{"", 0, nil},
	} {
		got, err := s.Incidents(t.Context(), test.service, test.limit)
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("incidents of %q, at most %d: %v, %v; want %v", test.service, test.limit, got, err, test.want)
		}
	}
}

// Incident is an incident with one of each part, offset after the tests' epoch.
func Incident(id, service string, offset time.Duration) store.Record {
	start := epoch.Add(offset)
	requests := 3.5
	return store.Record{
		Incident: downpour.Incident{ID: id, Service: service, Start: start, End: start.Add(time.Minute), Ongoing: true,
			Severity: downpour.Major, Attacks: []string{"at"}, Outages: []string{"ou"}, Verdict: "likely an attack"},
		Attacks: []downpour.Attack{{ID: "at", Service: service, Onset: start.Add(123456789), Peak: downpour.Rate{Requests: &requests}}},
		Outages: []downpour.Outage{{ID: "ou", Service: service, Onset: start, PeakReports: 41143}},
		Claims:  []downpour.ClaimAssessment{{ID: "cl", Said: "“from one country”", Assessment: downpour.NotTestable}},
	}
}

func settings(t *testing.T, s store.Store) {
	if _, err := s.Setting(t.Context(), "k"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("got %v; want ErrNotFound", err)
	}
	for _, value := range []string{"one", "", "\x00\xff"} {
		if err := s.PutSetting(t.Context(), "k", []byte(value)); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Setting(t.Context(), "k"); err != nil || string(got) != value {
			t.Errorf("got %q, %v; want %q", got, err, value)
		}
	}
	if err := s.PutSetting(t.Context(), "nil", nil); err != nil {
		t.Error(err)
	}
}

func prune(t *testing.T, s store.Store) {
	add(t, s, Report("a", -2), Report("a", -1), Report("a", 0), Report("b", -1))
	err := s.PutBuckets(t.Context(), []downpour.ExpectedReports{{Service: "a", Time: epoch.Add(-1)}, {Service: "a", Time: epoch}})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := s.Prune(t.Context(), epoch, 0); err != nil || n != 4 {
		t.Errorf("pruned %d, %v; want 4", n, err)
	}
	if n, err := s.Prune(t.Context(), epoch, 0); err != nil || n != 0 {
		t.Errorf("pruned again %d, %v; want 0", n, err)
	}
	wantTotals(t, s, "a", 3, 3)
	wantTotals(t, s, "b", 1, 1)
	left, err := s.ReportBreakdown(t.Context(), "a", time.Time{}, epoch.Add(time.Hour))
	if err != nil || left.Symptoms["login"] != 1 {
		t.Errorf("left %v, %v; want one report", left, err)
	}
	if left, err := s.Buckets(t.Context(), "a", time.Time{}, epoch.Add(time.Hour)); err != nil || len(left) != 1 {
		t.Errorf("left %v, %v; want one bucket", left, err)
	}
}

func pruneCancelled(t *testing.T, s store.Store) {
	add(t, s, Report("a", -1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if n, err := s.Prune(ctx, epoch, 0); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("pruned %d, %v; want context.Canceled", n, err)
	}
}

// pruneToBudget gives a budget that nothing fits in: all reports go, totals stay.
func pruneToBudget(t *testing.T, s store.Store) {
	add(t, s, Report("a", -1), Report("a", 1))
	if n, err := s.Prune(t.Context(), epoch.Add(-time.Hour), 1); err != nil || n != 2 {
		t.Errorf("pruned %d, %v; want 2", n, err)
	}
	wantTotals(t, s, "a", 2, 2)
}

// pruneIncidents: old ones go with the settings about them, what is going on stays, and
// the oldest go where there are too many.
func pruneIncidents(t *testing.T, s store.Store) {
	put := func(id string, offset time.Duration, ongoing bool) {
		t.Helper()
		r := Incident(id, "a", offset)
		r.Incident.Ongoing = ongoing
		if err := s.PutIncident(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	put("old", -3*time.Hour, false)
	put("merged", -2*time.Hour, false)
	put("going on", -2*time.Hour, true)
	put("new", 0, false)
	put("newer", time.Hour, false)
	for name, value := range map[string]string{
		"publication/old": "{}", "merged/merged": "old", "merged/elsewhere": "old", "publication/new": "{}", "merged/x": "new", "old": "an other thing",
	} {
		if err := s.PutSetting(t.Context(), name, []byte(value)); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := s.PruneIncidents(t.Context(), epoch, 0); err != nil || n != 2 {
		t.Errorf("pruned %d, %v; want 2", n, err)
	}
	for name, stays := range map[string]bool{
		"publication/old": false, "merged/merged": false, "merged/elsewhere": false, "publication/new": true, "merged/x": true, "old": true,
	} {
		if _, err := s.Setting(t.Context(), name); errors.Is(err, store.ErrNotFound) == stays {
			t.Errorf("setting %s: %v", name, err)
		}
	}
	wantIncidents(t, s, "newer", "new", "going on")
	if n, err := s.PruneIncidents(t.Context(), epoch, 1<<20); err != nil || n != 0 {
		t.Errorf("pruned again %d, %v; want 0", n, err)
	}
	if n, err := s.PruneIncidents(t.Context(), epoch, 1); err != nil || n != 2 {
		t.Errorf("pruned to a byte %d, %v; want 2", n, err)
	}
	wantIncidents(t, s, "going on")
}

func wantIncidents(t *testing.T, s store.Store, want ...string) {
	t.Helper()
	list, err := s.Incidents(t.Context(), "", 10)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range list {
		got = append(got, list[i].Incident.ID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("left %v, want %v", got, want)
	}
}

func erase(t *testing.T, s store.Store) {
	other, silent, nobody := Report("a", 0), Report("a", 0), Report("a", 0)
	other.Network, silent.Text, nobody.Network = "n2", "", ""
	add(t, s, Report("a", 0), Report("b", 0), other, silent, nobody)
	for _, test := range []struct {
		network string
		want    int64
	}{{"n1", 2}, {"n1", 0}, {"unknown", 0}, {"", 0}, {"n2", 1}} {
		if n, err := s.EraseNetwork(t.Context(), test.network); err != nil || n != test.want {
			t.Errorf("erased of %q: %d, %v; want %d", test.network, n, err, test.want)
		}
	}
	wantTotals(t, s, "a", 4, 4)
}

func backup(t *testing.T, s store.Store) {
	add(t, s, Report("a", 0))
	path := filepath.Join(t.TempDir(), "copy")
	if err := s.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(t.Context(), path); err == nil {
		t.Error("a backup replaced an earlier one")
	}
}

func closing(t *testing.T, s store.Store) {
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	_, _, totals := s.ReportTotals(ctx, "a")
	_, setting := s.Setting(ctx, "k")
	_, prune := s.Prune(ctx, epoch, 0)
	_, incidents := s.Incidents(ctx, "", 1)
	for i, err := range []error{s.AddReport(ctx, Report("a", 0)), s.PutSetting(ctx, "k", nil), totals, setting, prune, incidents} {
		if !errors.Is(err, store.ErrClosed) {
			t.Errorf("call %d after Close: %v; want ErrClosed", i, err)
		}
	}
}
