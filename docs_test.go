package downpour_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"downpour/internal/config"
)

// documents lists the project's pages.
func documents(t *testing.T) []string {
	t.Helper()
	var pages []string
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	if len(pages) < 5 {
		t.Fatalf("only %d pages were found", len(pages))
	}
	return pages
}

// TestLinksLead wants every link within the project to lead to a file.
func TestLinksLead(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#\s]+)(#[^)]*)?\)`)
	for _, page := range documents(t) {
		for _, match := range link.FindAllStringSubmatch(read(t, page), -1) {
			if strings.Contains(match[1], "://") || strings.HasPrefix(match[1], "mailto:") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), match[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", page, match[1])
			}
		}
	}
}

// TestShownConfigurationsLoad wants that what a page shows as a configuration is
// one, unless its first line is a comment that names another program's file.
func TestShownConfigurationsLoad(t *testing.T) {
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```")
	shown := 0
	for _, page := range documents(t) {
		for _, match := range block.FindAllStringSubmatch(read(t, page), -1) {
			if strings.HasPrefix(match[1], "# ") {
				continue
			}
			shown++
			_, faults := config.Load(page, []byte(match[1]))
			for _, f := range faults {
				t.Error(f)
			}
		}
	}
	if shown == 0 {
		t.Error("no page shows a configuration")
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
