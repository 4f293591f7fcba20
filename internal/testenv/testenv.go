// Package testenv lets a test say what it needs of the machine that it runs on.
// A user's machine may lack it: then the test is skipped, with the reason. In
// CI nothing may be lacking: there the same test fails, so that a test which
// silently stopped running cannot be taken for one that passes.
package testenv

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Variables that change how tests run.
const (
	// CI, if set to 1, turns what would be skipped into failures.
	CI = "DOWNPOUR_CI"
	// Long, if set to 1, makes tests that can take long take their full length.
	Long = "DOWNPOUR_LONG"
)

// Tool is a program that some test drives.
type Tool struct {
	name     string
	programs []string // in order of preference
	debian   string   // the package that brings it
}

// Chromium is the browser in which the pages are opened.
func Chromium() Tool {
	return Tool{"Chromium", []string{"chromium", "chromium-browser", "google-chrome"}, "chromium"}
}

// Need returns the path of a tool's program. Without one it skips the test, or
// fails it in CI.
func Need(t testing.TB, tool Tool) string {
	t.Helper()
	for _, program := range tool.programs {
		if path, err := exec.LookPath(program); err == nil {
			return path
		}
	}
	Lack(t, fmt.Sprintf("needs %s (%s): apt-get install %s", tool.name, strings.Join(tool.programs, " or "), tool.debian))
	return ""
}

// Lack ends a test for a reason that lies in the machine: skipped by a user,
// failed in CI.
func Lack(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv(CI) == "1" {
		t.Fatalf("%s (%s=1: nothing is skipped here)", reason, CI)
	}
	t.Skip(reason)
}

// Rounds is how often a test repeats itself: usual times, or long times in a
// long run (see .ci/long).
func Rounds(usual, long int) int {
	if os.Getenv(Long) == "1" {
		return long
	}
	return usual
}
