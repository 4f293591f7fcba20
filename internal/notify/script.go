package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"syscall"
	"time"
)

// script runs a program for each message: directly, never through a shell. It
// gets the message as JSON on its standard input, or FastNetMon's arguments with
// the attack's details there.
type script struct {
	path    string
	timeout time.Duration
	environ []string
}

// newScript returns a script that gets nothing of our own environment but the path.
func newScript(path, searchPath string, timeout time.Duration) *script {
	return &script{path: path, timeout: timeout, environ: []string{"PATH=" + searchPath, "LANG=C.UTF-8"}}
}

func (s *script) send(ctx context.Context, i *item) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	var arguments []string
	if i.Call != nil {
		arguments = i.Call.arguments()
	}
	c := exec.CommandContext(ctx, s.path, arguments...) //nolint:gosec // the operator's own program; no shell reads the arguments
	c.Env = append(c.Env, s.environ...)
	c.Env = append(c.Env, "DOWNPOUR_ID="+i.ID, "DOWNPOUR_EVENT="+string(i.Event), "DOWNPOUR_INCIDENT="+i.Incident)
	c.Stdin = bytes.NewReader(i.Body)
	said := &bounded{}
	c.Stdout, c.Stderr = said, said
	// A group of its own, so that what the script has started ends with it.
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.WaitDelay = time.Second
	return s.outcome(ctx, i, c.Run(), said)
}

// outcome says what became of a run. FastNetMon calls a script once whatever it
// exits with, so scripts made for it are not called again: to ban twice may hurt.
func (s *script) outcome(ctx context.Context, i *item, err error, said *bounded) error {
	if err = s.failure(ctx, err, said); err != nil && i.Call != nil {
		return refusal{err}
	}
	return err
}

func (s *script) failure(ctx context.Context, err error, said *bounded) error {
	var ended *exec.ExitError
	switch {
	case err == nil, errors.Is(err, syscall.EPIPE), errors.Is(err, exec.ErrWaitDelay):
		return nil // what it leaves unread, or runs on beside us, is its own affair
	case ctx.Err() != nil:
		return fmt.Errorf("run %s: not done after %s", s.path, s.timeout)
	case errors.As(err, &ended):
		return fmt.Errorf("run %s: %w (%s)", s.path, err, oneLine(said.String()))
	}
	return fmt.Errorf("run %s: %w", s.path, err)
}

// bounded keeps the first of what a script says.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	const most = 1 << 10
	b.Buffer.Write(p[:min(len(p), max(0, most-b.Len()))])
	return len(p), nil
}
