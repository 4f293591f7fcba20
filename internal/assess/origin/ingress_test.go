package origin

import (
	"strings"
	"testing"

	"downpour"
)

// named is a border of two exporters; two numbers of one place are one.
func named(id downpour.IngressID) downpour.Ingress {
	if id <= 2 {
		return downpour.Ingress{Exporter: "edge1", Interface: "transit-a", PeerAS: 64501}
	}
	return downpour.Ingress{Exporter: "edge2", Interface: "12"}
}

func TestByIngress(t *testing.T) {
	f := &downpour.Footprint{
		Sampling: 1, Packets: 1000, SampleComplete: true,
		Ingress: []downpour.IngressPackets{{Ingress: 1, Packets: 600}, {Ingress: 3, Packets: 200}, {Ingress: 2, Packets: 150}, {Packets: 50}},
	}
	for i := range uint32(50) { // twenty packets each go together
		f.Sample = append(f.Sample, downpour.Source{Address: downpour.AddressFrom4(0x01000000 + i), Packets: 20})
	}
	s, _, _ := Assess(f, nil, byOctet{}, named)
	if len(s.ByIngress) != 3 {
		t.Fatalf("rows %+v", s.ByIngress)
	}
	for i, want := range []struct {
		name  string
		share float64
	}{{"edge1 transit-a (AS 64501)", 0.75}, {"edge2 12", 0.2}, {"not known", 0.05}} {
		if got := s.ByIngress[i]; got.Name() != want.name || got.Share.Value != want.share {
			t.Errorf("row %d: %s %v, want %v", i, got.Name(), got.Share, want)
		}
	}
	if e := s.ByIngress[0].Share; e.Low > 0.65 || e.High < 0.83 {
		t.Errorf("the interval %v is that of 1000 packets, not of 50 sources", e)
	}
	if s, _, _ := Assess(f, nil, byOctet{}, nil); len(s.ByIngress) != 0 {
		t.Errorf("rows without names: %+v", s.ByIngress)
	}
}

// TestStatementTellsTheIngress: where addresses tell nothing, the way in does.
func TestStatementTellsTheIngress(t *testing.T) {
	as := uint32(64501)
	one := downpour.Sources{ByIngress: []downpour.IngressShare{{Exporter: "edge1", Interface: "transit-a", PeerAS: &as, Share: downpour.Exactly(1)}}}
	forged := downpour.Finding{Likelihood: 0.97}
	got, evidence := statement(&one, forged, downpour.Finding{}, byOctet{}, "packets")
	if evidence || !strings.HasSuffix(got, " It came in by edge1 transit-a (AS 64501): that holds, whatever the addresses are.") {
		t.Errorf("%q, evidence %v", got, evidence)
	}
	if got, _ := statement(&downpour.Sources{}, forged, downpour.Finding{}, byOctet{}, "packets"); strings.Contains(got, "came in by") {
		t.Errorf("%q, though nothing told", got)
	}
}
