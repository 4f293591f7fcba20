package collector

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"

	"downpour"
)

// maxState is the largest file of templates that is read or written: 64 KiB for
// each of the most exporters that can be.
const maxState = maxExporters * 64 << 10

// stateSchema names the form of the file.
const stateSchema = "downpour.templates/1"

// state is the file in which templates outlive a restart.
type state struct {
	Schema    string                `json:"schema"`
	Exporters map[netip.Addr][]byte `json:"exporters"` // what the decoder's Templates gave
}

// templated is a decoder whose templates can be kept.
type templated interface {
	Templates() []byte
	Restore(snapshot []byte) error
}

// keeper writes the state when it has changed.
type keeper struct{ last []byte }

// keepTemplates writes the exporters' templates to the state file if they have
// changed since. Losing them costs what comes until they are sent again, so a
// failure is told and no more.
func (c *Collector) keepTemplates() {
	if c.cfg.State == "" {
		return
	}
	s := state{Schema: stateSchema, Exporters: map[netip.Addr][]byte{}}
	for _, e := range c.registry.list() {
		e.mu.Lock()
		if t, ok := e.netflow.(templated); ok {
			if b := t.Templates(); len(b) > 0 {
				s.Exporters[e.address.Netip()] = b
			}
		}
		e.mu.Unlock()
	}
	data, err := json.Marshal(s)
	if err == nil && bytes.Equal(data, c.templates.last) {
		return
	}
	if err == nil {
		err = replaceFile(c.cfg.State, data)
	}
	if err != nil {
		c.cfg.Log.Error("cannot keep the exporters' templates", "error", err)
		return
	}
	c.templates.last = data
}

// replaceFile makes a file's content whole or leaves it as it was.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name()) // err says enough
	}
	return err
}

// recallTemplates reads the state file; what it says of exporters that are not
// accepted is left out. A file that is not ours is refused as a whole.
func (c *Collector) recallTemplates() error {
	if c.cfg.State == "" {
		return nil
	}
	f, err := os.Open(c.cfg.State)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxState+1))
	if err != nil {
		return err
	}
	s, err := parseState(data)
	if err != nil {
		return fmt.Errorf("%s: %w", c.cfg.State, err)
	}
	c.registry.remember(s)
	return nil
}

// parseState reads a state; it is handed on as bytes that the decoders check.
func parseState(data []byte) (state, error) {
	var s state
	if len(data) > maxState {
		return s, errors.New("is larger than the templates of all exporters can be")
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return s, err
	}
	if s.Schema != stateSchema {
		return s, fmt.Errorf("is of schema %q, not %q", s.Schema, stateSchema)
	}
	if len(s.Exporters) > maxExporters {
		return s, errors.New("names more exporters than there can be")
	}
	return s, nil
}

// remember keeps what a state says for the exporters' first datagrams.
func (r *registry) remember(s state) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept = map[downpour.Address][]byte{}
	for ip, b := range s.Exporters {
		r.kept[downpour.AddressFrom(ip)] = b
	}
	for a, e := range *r.known.Load() {
		e.mu.Lock()
		e.kept = r.kept[a]
		e.mu.Unlock()
	}
}
