// Package journal reads what a unit writes to systemd's journal, by journalctl in
// its JSON form (systemd's "Journal JSON Format"): the journal's files have no
// other stable reader without systemd's own library. The cursor of each entry says
// where to go on after a restart.
package journal

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"
)

// Command is the program that reads the journal.
const Command = "journalctl"

// restartAfter is how long it waits before it starts a journalctl that ended
// again.
const restartAfter = 5 * time.Second

// maxEntry bounds an entry, in bytes: a line of 64 KiB as an array of numbers.
const maxEntry = 512 << 10

// Reader follows one unit.
type Reader struct {
	Unit    string // as "nginx.service"; a unit's name cannot be an option
	Cursor  string // of the entry read last; "": from now on
	Command string // "" is Command
}

// entry is what is read of one.
type entry struct {
	Cursor  string  `json:"__CURSOR"`
	Message message `json:"MESSAGE"`
}

// message is text, or an array of bytes where it is not UTF-8.
type message []byte

// UnmarshalJSON takes either form; null, for what was too large, is empty.
func (m *message) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*m = message(s)
		return nil
	}
	var codes []uint8
	var numbers []uint16
	if err := json.Unmarshal(b, &numbers); err != nil {
		return err
	}
	for _, n := range numbers {
		codes = append(codes, uint8(n))
	}
	*m = codes
	return nil
}

// Run hands each message to take, whose memory is the receiver's, and starts
// journalctl again when it ends. take returns false to end. told receives what
// goes wrong; it may be called often.
func (r *Reader) Run(ctx context.Context, take func(line []byte) bool, told func(error)) {
	for ctx.Err() == nil {
		err := r.once(ctx, take)
		if ctx.Err() != nil || errors.Is(err, errRefused) {
			return
		}
		if err == nil {
			err = errors.New("ended")
		}
		told(fmt.Errorf("journalctl of %s: %w", r.Unit, err))
		select {
		case <-ctx.Done():
		case <-time.After(restartAfter):
		}
	}
}

var errRefused = errors.New("refused")

// once follows until journalctl ends.
func (r *Reader) once(ctx context.Context, take func(line []byte) bool) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	name := r.Command
	if name == "" {
		name = Command
	}
	c := exec.CommandContext(ctx, name, r.arguments()...) //nolint:gosec // the unit stands behind "--unit="
	c.WaitDelay = time.Second
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	err = r.read(out, take)
	stop()
	if ended := c.Wait(); err == nil {
		err = ended
	}
	return err
}

func (r *Reader) arguments() []string {
	// Without --all a message of more than 4,096 bytes is told as null: who asks for
	// long addresses would not be seen.
	a := []string{"--unit=" + r.Unit, "--follow", "--all", "--output=json", "--output-fields=MESSAGE", "--quiet"}
	if r.Cursor != "" {
		return append(a, "--after-cursor="+r.Cursor)
	}
	return append(a, "--lines=0")
}

// shownOfLong is how much of an entry that is too long is handed over, so that it
// is counted as a line that can't be read.
const shownOfLong = 1024

// read takes entries, one a line. One that is none is passed over; one beyond
// maxEntry too, since to end there would be to end there again and again.
func (r *Reader) read(from io.Reader, take func(line []byte) bool) error {
	lines := bufio.NewReaderSize(from, maxEntry)
	for {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			if !take(bytes.Clone(line[:shownOfLong])) {
				return errRefused
			}
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = lines.ReadSlice('\n')
			}
			line = nil
		}
		var e entry
		if len(line) > 0 && json.Unmarshal(line, &e) == nil {
			if !take(e.Message) {
				return errRefused
			}
			if e.Cursor != "" {
				r.Cursor = e.Cursor
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
