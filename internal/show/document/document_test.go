package document_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"downpour"
	"downpour/internal/show/document"
)

// validate checks a document against the schema that stands in the repository.
func validate(t *testing.T, doc []byte) {
	t.Helper()
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(document.Schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("analysis.schema.json", schema); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("analysis.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(v); err != nil {
		t.Error(err)
	}
}

func TestEmptyAnalysisFollowsTheSchema(t *testing.T) {
	var out bytes.Buffer
	if err := (&document.Analysis{}).JSON(&out); err != nil {
		t.Fatal(err)
	}
	validate(t, out.Bytes())
	if strings.Contains(out.String(), "null") {
		t.Errorf("a list that holds nothing is written as null: %s", out.String())
	}
}

func TestSchemaRefusesWhatItDoesNotKnow(t *testing.T) {
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(document.Schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("a.json", schema); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("a.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range []string{
		`{}`,
		`{"schema":"downpour.analysis/2","tool":{"name":"","version":"","databases":[]},"input":[],"attacks":[],"outages":[],"incidents":[],"claims":[],"notes":[]}`,
		`{"schema":"downpour.analysis/1","tool":{"name":"","version":"","databases":[]},"input":[],"attacks":[{}],"outages":[],"incidents":[],"claims":[],"notes":[]}`,
	} {
		var v any
		if err := json.Unmarshal([]byte(doc), &v); err != nil {
			t.Fatal(err)
		}
		if s.Validate(v) == nil {
			t.Errorf("accepted: %s", doc)
		}
	}
}

func TestTextTellsWhatWasConcluded(t *testing.T) {
	us := "US"
	at := time.Date(2025, 3, 10, 10, 0, 0, 0, time.UTC)
	a := document.Analysis{
		Input: []downpour.Input{{Name: "x.pcap", Kind: "pcap", Packets: 37841, Start: &at, End: &at,
			Problems: []downpour.Problem{{Offset: 12, Says: "the file ends inside a packet", Count: 1}}}},
		Attacks: []downpour.Attack{{
			Vectors: []downpour.Vector{{Name: "SYN flood", Share: 1, Protocol: "tcp"}}, Severity: downpour.Major,
			Peak: downpour.Rate{Packets: 23700, Bits: 11.4e6},
			Sources: downpour.Sources{
				Addresses: downpour.Estimate{Value: 37623, Low: 37000, High: 38200}, Statement: "These addresses do not tell where it came from.",
				ByCountry: []downpour.CountryShare{{Country: &us, Share: downpour.Estimate{Value: 0.37, Low: 0.36, High: 0.38}}, {Share: downpour.Estimate{Value: 0.02}}},
			},
		}},
		Claims: []downpour.ClaimAssessment{{ID: "owner-origin", Said: "it came from there", Assessment: downpour.NotTestable, Why: "the addresses are forged", SourceGrade: "F6"}},
	}
	var out strings.Builder
	if err := a.Text(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"x.pcap: pcap, 37,841 packets", "the file ends inside a packet\n", "SYN flood", "23.7 kpackets/s, 11.4 Mbit/s",
		"37,623 addresses [37,000, 38,200]", "not evidence of origin", "US        37 % [36 %, 38 %]", "unknown", "NOT TESTABLE", "the addresses are forged",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the text lacks %q:\n%s", want, out.String())
		}
	}
	for line := range strings.Lines(out.String()) {
		if n := len([]rune(strings.TrimRight(line, "\n"))); n > 100 {
			t.Errorf("%d characters wide: %s", n, line)
		}
	}
}
