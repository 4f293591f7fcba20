package golden

import (
	"context"
	"strings"
	"testing"
	"time"

	"downpour/internal/golden/traffic"
)

// TestCurve wants what is strong and much seen to be found, what is weaker than usual
// not to be, and both to be shown.
func TestCurve(t *testing.T) {
	flood := caseOf("flood", traffic.Stream{Kind: "NTP amplification", Lasts: time.Second, Rate: 2000, Sources: 500})
	again := caseOf("again", traffic.Stream{Kind: "NTP amplification", Lasts: time.Second, Rate: 2000, Sources: 500})
	usual := caseOf("usual", traffic.Stream{Kind: "download", Lasts: time.Second, Rate: 5e6})
	c, err := RunCurve(context.Background(), []Case{flood, again, usual}, 2)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(c.Cases, " ") != "flood" {
		t.Fatalf("of one kind, without usual traffic: %v", c.Cases)
	}
	if weak := &c.cells[0][len(curveSamples)-1]; weak.looks != 1 || len(weak.delays) != 0 {
		t.Errorf("half of the usual: %+v", weak)
	}
	if strong := &c.cells[len(curveTimes)-1][len(curveSamples)-1]; len(strong.delays) != 1 || strong.wrong != 0 {
		t.Errorf("five times the usual: %+v", strong)
	}
	if text := c.Section().Body; !strings.Contains(text, "| 5 |") || !strings.Contains(text, "| 100.0 % |") {
		t.Error(text)
	}
}
