package config

import (
	"strings"
	"testing"
)

// TestReferenceIsFresh fails if docs/configuration.md is not what the table of
// keys gives; "go generate ./internal/config" writes it.
func TestReferenceIsFresh(t *testing.T) {
	compare(t, "../../docs/configuration.md", []byte(reference()))
}

// TestEveryKeyIsExplained wants a meaning, and a form where a value is written,
// for each key.
func TestEveryKeyIsExplained(t *testing.T) {
	for _, section := range rootKeys(Default()) {
		if section.doc == "" {
			t.Errorf("%s has no meaning", section.name)
		}
		keys, path := tableOf(section)
		for _, k := range keys {
			if k.form == "" || k.doc == "" || !strings.HasSuffix(k.doc, ".") {
				t.Errorf("%s.%s is not explained", path, k.name)
			}
		}
	}
}
