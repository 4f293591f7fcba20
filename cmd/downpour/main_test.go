package main

import (
	"os"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// nobody is the user id that belongs to no person (Debian, Fedora: 65534).
const nobody = 65534

// TestMain lets the test binary be the program itself, so that scripts start it
// as a shell would.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"downpour": main,
		// Permissions mean nothing to root: this is the program without them.
		"unprivileged": func() {
			if os.Getuid() == 0 {
				if err := syscall.Setuid(nobody); err != nil {
					panic(err)
				}
			}
			main()
		},
	})
}

// TestCommandLine runs the scripts in testdata: one a theme, with their input
// files inside.
func TestCommandLine(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"capture":   writeCapture,
			"cut":       cut,
			"keep":      keep,
			"history":   history,
			"kept":      kept,
			"overwrite": overwrite,
			"exits":     exits,
			"exported":  exportCapture,
			"one-line":  oneLine,
			"valid":     valid,
		},
	})
}
