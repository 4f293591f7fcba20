//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// process is a program under measurement, with those that it starts.
type process struct {
	cmd   *exec.Cmd
	lines chan string // of its standard output
	ended chan struct{}
}

// newProcess is a program that is to run in a folder.
func newProcess(ctx context.Context, folder, program string, args ...string) *process {
	p := &process{cmd: exec.CommandContext(ctx, program, args...), lines: make(chan string, 1000), ended: make(chan struct{})}
	p.cmd.Dir = folder
	return p
}

// launch starts a program in a folder, with a group of processes of its own; its
// complaints go to the file err there.
func launch(ctx context.Context, folder, program string, args ...string) (*process, error) {
	p := newProcess(ctx, folder, program, args...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	complaints, err := os.Create(filepath.Join(folder, "err"))
	if err != nil {
		return nil, err
	}
	defer complaints.Close()
	p.cmd.Stderr = complaints
	err = p.start()
	return p, err
}

// start starts the program and listens to what it says.
func (p *process) start() error {
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := p.cmd.Start(); err != nil {
		return err
	}
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			select {
			case p.lines <- lines.Text():
			default: // nobody reads a program that talks so much
			}
		}
		_, _ = io.Copy(io.Discard, out)
		_ = p.cmd.Wait() // how it ended does not matter, what it counted does
		close(p.ended)
		close(p.lines)
	}()
	return nil
}

// said waits for a line of the output with a text, and returns what follows it.
func (p *process) said(text string, patience time.Duration) (string, error) {
	late := time.After(patience)
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				return "", fmt.Errorf("%s ended before it said %q", filepath.Base(p.cmd.Path), text)
			}
			if _, rest, ok := strings.Cut(line, text); ok {
				return strings.TrimSpace(rest), nil
			}
		case <-late:
			return "", fmt.Errorf("%s did not say %q", filepath.Base(p.cmd.Path), text)
		}
	}
}

// end asks a program to end, and kills its group if it does not.
func (p *process) end(signal syscall.Signal) {
	_ = p.cmd.Process.Signal(signal)
	select {
	case <-p.ended:
	case <-time.After(20 * time.Second):
	}
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
}

// family is a process with its descendants.
func family(pid int) []int {
	parents := map[int]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range stats {
		data, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		id, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		_, rest, _ := strings.Cut(string(data), ") ")
		if fields := strings.Fields(rest); len(fields) > 1 {
			parents[id], _ = strconv.Atoi(fields[1])
		}
	}
	list := []int{pid}
	for i := 0; i < len(list); i++ {
		for child, parent := range parents {
			if parent == list[i] && !slices.Contains(list, child) {
				list = append(list, child)
			}
		}
	}
	return list
}

// cpu is the CPU time of processes, to the nanosecond: the kernel gives each
// process a clock (clock_getcpuclockid(3)).
func cpu(pids []int) time.Duration {
	var total time.Duration
	for _, pid := range pids {
		const scheduled = 2
		var t unix.Timespec
		if unix.ClockGettime(int32(^pid<<3|scheduled), &t) == nil {
			total += time.Duration(t.Nano())
		}
	}
	return total
}

// peak is the sum of the processes' largest resident sets, in bytes. Memory that
// they share counts once for each.
func peak(pids []int) uint64 {
	var total uint64
	for _, pid := range pids {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			continue
		}
		for _, line := range strings.Split(string(data), "\n") {
			if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
				kb, _ := strconv.ParseUint(strings.Fields(rest)[0], 10, 64)
				total += kb << 10
			}
		}
	}
	return total
}

// settle waits until a family no longer works, but for some housekeeping: what
// was sent may still lie in its queues. It gives up after a while.
func settle(ctx context.Context, pids []int) {
	const step, quiet, patience = 50 * time.Millisecond, 4, 10 * time.Second
	last, still := cpu(pids), 0
	for begun := time.Now(); still < quiet && time.Since(begun) < patience && ctx.Err() == nil; {
		time.Sleep(step)
		now := cpu(pids)
		if still++; now-last > step/4 {
			still = 0
		}
		last = now
	}
}

// sender is the generator's process.
type sender struct {
	process *process
	in      *json.Encoder
	close   io.Closer
}

// startSender builds the datagrams of a generator in a process of its own.
func startSender(ctx context.Context, folder string, g generator) (*sender, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := newProcess(ctx, folder, self, "send", "-version", strconv.Itoa(int(g.version)), "-targets", strconv.Itoa(g.targets),
		"-sources", strconv.Itoa(g.sources), "-records", strconv.Itoa(g.records), "-longest", g.longest.String(), "-seed", strconv.FormatUint(g.seed, 10))
	p.cmd.Stderr = os.Stderr
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := p.start(); err != nil {
		return nil, err
	}
	s := &sender{process: p, in: json.NewEncoder(in), close: in}
	_, err = p.said("{", time.Minute)
	return s, err
}

// send has the generator obey an order.
func (s *sender) send(o order) (sent, error) {
	var answer sent
	if err := s.in.Encode(o); err != nil {
		return answer, err
	}
	line, err := s.process.said("{", time.Duration(o.Seconds*float64(time.Second))+time.Minute)
	if err != nil {
		return answer, err
	}
	if err := json.Unmarshal([]byte("{"+line), &answer); err != nil {
		return answer, err
	}
	if answer.Error != "" {
		return answer, errors.New(answer.Error)
	}
	return answer, nil
}

// end lets the generator go.
func (s *sender) end() {
	_ = s.close.Close()
	s.process.end(syscall.SIGTERM)
}
