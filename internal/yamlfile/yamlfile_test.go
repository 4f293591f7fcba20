package yamlfile

import (
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		data string
		line int
		says string
	}{
		"a list of prefixes": {"networks:\n  own:\n" + strings.Repeat("    - 198.51.100.0/24\n", 10_000), 0, ""},
		"nothing":            {"", 0, ""},
		"too long":           {strings.Repeat("# x\n", 100_000), 0, "longer than 256 KB"},
		"deep brackets":      {"services: " + strings.Repeat("[", 3000), 1, "nested more than 64 deep"},
		"deep over lines":    {strings.Repeat("{a:\n", 3000), 65, "nested more than 64 deep"},
		"a long line":        {"a: 1\n" + strings.Repeat("- ", 5000), 2, "has a line of 10000 bytes"},
		"commas":             {strings.Repeat(",", 9000), 1, "has a line of 9000 bytes"},
	} {
		f := Check([]byte(c.data))
		if c.says == "" {
			if f != nil {
				t.Errorf("%s: refused: %+v", name, f)
			}
			continue
		}
		if f == nil || f.Line != c.line || !strings.Contains(f.Says, c.says) || f.Mend == "" {
			t.Errorf("%s: %+v, want line %d, %q", name, f, c.line, c.says)
		}
	}
}
