package weblog

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"downpour"
	"downpour/internal/observe"
	read "downpour/internal/observe/weblog"
)

func recipe(format Format) *Recipe {
	return &Recipe{
		Seed: 3, Start: time.Date(2024, 5, 14, 10, 0, 0, 0, time.UTC), Format: format,
		Streams: []Stream{
			{Kind: "shop", Lasts: time.Minute, Rate: 2},
			{Kind: flood, From: 20 * time.Second, Lasts: 10 * time.Second, Rate: 100, Sources: 40},
			{Kind: slow, From: 20 * time.Second, Lasts: 30 * time.Second, Rate: 50, Sources: 5},
		},
	}
}

// TestSameSeedSameBytes: a recipe makes the same log each time, and another seed
// another one.
func TestSameSeedSameBytes(t *testing.T) {
	var logs [3]bytes.Buffer
	for i := range logs {
		r := recipe(JSON)
		if i == 2 {
			r.Seed++
		}
		if err := Make(r).Write(&logs[i]); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(logs[0].Bytes(), logs[1].Bytes()) || bytes.Equal(logs[0].Bytes(), logs[2].Bytes()) {
		t.Error("the bytes don't follow from the seed")
	}
}

// TestWhatIsWrittenIsRead: a reader of the log gets what the maker tells of it, as
// far as the format has it.
func TestWhatIsWrittenIsRead(t *testing.T) {
	for _, format := range []Format{Combined, JSON} {
		made := Make(recipe(format))
		var file bytes.Buffer
		if err := made.Write(&file); err != nil {
			t.Fatal(err)
		}
		source, err := read.Open("x", &file, read.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var want []downpour.Request
		made.Each(func(r *downpour.Request) { want = append(want, *r) })
		var b observe.Batch
		n := 0
		for source.Next(&b) == nil {
			for _, got := range b.Requests {
				w := want[n]
				n++
				w.Time -= w.Time % int64(time.Millisecond)
				w.Duration -= w.Duration % 1000
				if format == Combined {
					w.Time -= w.Time % int64(time.Second)
					w.Host, w.Duration = "", got.Duration
				}
				if got.Duration <= 1000 {
					w.Duration = got.Duration // below the format's precision
				}
				if got.Referred != w.Referred && got.Referred != downpour.Yes {
					w.Referred = got.Referred
				}
				if got != w {
					t.Fatalf("%s: line %d is %+v, want %+v", format, n, got, w)
				}
			}
		}
		if n != made.Len() || len(source.Input().Problems) > 0 {
			t.Errorf("%s: %d of %d lines read; %v", format, n, made.Len(), source.Input().Problems)
		}
	}
}

func TestTruth(t *testing.T) {
	truth, some := Make(recipe(JSON)).Truth()
	if !some || truth.Target != "www.example.com" || truth.Sources != 45 || len(truth.Vectors) != 2 {
		t.Errorf("%+v", truth)
	}
	if off := truth.Onset.Sub(recipe(JSON).Start.Add(20 * time.Second)); off < 0 || off > 2*time.Second {
		t.Errorf("onset at %s", truth.Onset)
	}
	quiet := recipe(Combined)
	quiet.Streams = quiet.Streams[:1]
	if truth, some := Make(quiet).Truth(); some {
		t.Errorf("of usual requests: %+v", truth)
	}
}

// TestEveryKindIsMade: each kind makes lines, of which none is an attack's unless
// it is one.
func TestEveryKindIsMade(t *testing.T) {
	for _, kind := range append(append(Sites(), Machines()...), flood, slow) {
		r := recipe(JSON)
		r.Streams = []Stream{{Kind: kind, Lasts: 2 * time.Minute, Rate: 5}}
		if err := r.Fault(); err != nil {
			t.Fatal(err)
		}
		made := Make(r)
		if _, some := made.Truth(); some != isAttack(kind) || made.Len() < 15 {
			t.Errorf("%s: %d lines, an attack: %v", kind, made.Len(), some)
		}
	}
}

func TestFaults(t *testing.T) {
	for want, spoil := range map[string]func(r *Recipe){
		"needs start":         func(r *Recipe) { r.Start = time.Time{} },
		"combined or json":    func(r *Recipe) { r.Format = "xml" },
		"no site, no machine": func(r *Recipe) { r.Streams[0].Kind = "shopp" },
		"lasts must be":       func(r *Recipe) { r.Streams[0].Lasts = 0 },
		"a rate above 0":      func(r *Recipe) { r.Streams[1].Rate = 1e9 },
		"agents":              func(r *Recipe) { r.Streams[1].Agents = "birds" },
		"day from 0":          func(r *Recipe) { r.Streams[0].Day = 1 },
	} {
		r := recipe(Combined)
		spoil(r)
		if err := r.Fault(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
