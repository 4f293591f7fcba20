package claim

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"downpour"

	"downpour/internal/yamlfile"
)

func TestLoad(t *testing.T) {
	claims, err := Load(strings.NewReader(`
# comment
- id: one
  speaker: somebody
  said: 'it was them: "there"'
  where: a paper
  time: 2026-03-09T19:25:02+02:00
  caveat: unsure
  grade: C3
  asserts: {attack: true, scale: 3 Gbit/s, origin: {country: UA, of: source addresses}}
- id: two
  speaker: another
  said: |
    more
    lines
  asserts:
    coordination: false
    kind: {not: ddos}
    frequency: daily
    origin: {country: {not: [US, CA]}}
    time: {from: 2026-03-09T10:00:00Z, to: 2026-03-09T11:00:00Z}
- {id: three, speaker: x, said: y, asserts: {origin: {network: 64500}, resources: 10000 hosts, actor: G, time: 2026-03-09T10:00:00Z}}
`), "claims.yaml")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 9, 17, 25, 2, 0, time.UTC)
	want := []downpour.Claim{
		{ID: "one", Speaker: "somebody", Said: `it was them: "there"`, Where: "a paper", Time: &at, Caveat: "unsure", Grade: "C3", Assertions: []downpour.Assertion{
			{Kind: "attack", Value: "true"}, {Kind: "origin", Value: "UA", Of: "source addresses"}, {Kind: "scale", Value: "3 Gbit/s"}}},
		{ID: "two", Speaker: "another", Said: "more\nlines", Grade: "F6", Assertions: []downpour.Assertion{
			{Kind: "kind", Value: "ddos", Negated: true}, {Kind: "origin", Value: "US, CA", Negated: true},
			{Kind: "coordination", Value: "true", Negated: true}, {Kind: "frequency", Value: "daily"}, {Kind: "time", Value: "2026-03-09T10:00:00Z/2026-03-09T11:00:00Z"}}},
		{ID: "three", Speaker: "x", Said: "y", Grade: "F6", Assertions: []downpour.Assertion{
			{Kind: "origin", Value: "AS64500"}, {Kind: "actor", Value: "G"}, {Kind: "resources", Value: "10000 hosts"}, {Kind: "time", Value: "2026-03-09T10:00:00Z"}}},
	}
	if !reflect.DeepEqual(claims, want) {
		t.Errorf("got  %+v\nwant %+v", claims, want)
	}
}

func TestLoadRefuses(t *testing.T) {
	const head = "- id: a\n  speaker: b\n  said: c\n"
	for _, c := range []struct{ name, in, says string }{
		{"empty", "", "c.yaml: holds no claims"},
		{"a map", "id: a\n", "c.yaml:1:"},
		{"not yaml", "- id: [a\n", "not YAML"},
		{"unknown key", head + "  sayd: x\n", `c.yaml:4:3: unknown key "sayd"; a claim has id`},
		{"twice", head + "  said: d\n", "c.yaml:4:"},
		{"no id", "- speaker: b\n  said: c\n  asserts: {attack: true}\n", "without id; add"},
		{"no assertion", head, `claim "a" asserts nothing; add "asserts:`},
		{"unknown assertion", head + "  asserts: {atack: true}\n", `c.yaml:4:13: unknown assertion "atack"; one of attack`},
		{"no flag", head + "  asserts: {attack: maybe}\n", "c.yaml:4:21: attack is true or false"},
		{"country", head + "  asserts: {origin: {country: Ukraine}}\n", `c.yaml:4:31: country "Ukraine"; write the two letters`},
		{"bare origin", head + "  asserts: {origin: UA}\n", "origin is a map; write {country: UA}"},
		{"no place", head + "  asserts: {origin: {of: machines}}\n", "without country or network"},
		{"grade", head + "  grade: Z9\n  asserts: {attack: true}\n", `c.yaml:4:10: grade "Z9"; write a letter A to F`},
		{"time", head + "  time: yesterday\n  asserts: {attack: true}\n", `c.yaml:4:9: time "yesterday"; write it as RFC 3339`},
		{"backwards", head + "  asserts: {time: {from: 2026-03-09T10:00:00Z, to: 2026-03-09T09:00:00Z}}\n", "exchange from and to"},
		{"nothing", head + "  asserts: {scale: }\n", "c.yaml:4:"},
		{"same id", head + "  asserts: {attack: true}\n" + head + "  asserts: {attack: true}\n", `two claims have the id "a"`},
		{"long", strings.Repeat("#\n", yamlfile.MaxBytes), "is longer than 256 KB"},
	} {
		claims, err := Load(strings.NewReader(c.in), "c.yaml")
		if err == nil {
			t.Errorf("%s: accepted as %+v", c.name, claims)
			continue
		}
		if !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %q does not say %q in one line", c.name, err, c.says)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("- id: a\n  speaker: b\n  said: c\n  asserts: {attack: true, origin: {country: {not: US}}}\n")
	f.Add("- {id: a, speaker: b, said: c, asserts: {time: {from: 2026-03-09T10:00:00Z, to: 2026-03-09T11:00:00Z}}}")
	f.Add("- id: &x a\n  speaker: *x\n  said: !!str c\n  asserts: {<<: *x, scale: 3 Gbit/s}\n")
	f.Add("a: {b: [1, 2]}\n---\n- - -")
	f.Fuzz(func(t *testing.T, in string) {
		claims, err := Load(strings.NewReader(in), "fuzz")
		if err != nil {
			return
		}
		for _, a := range Assess(claims, Evidence{}) {
			if a.Why == "" || a.Assessment == "" {
				t.Fatalf("%+v", a)
			}
		}
	})
}
