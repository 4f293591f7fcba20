package export

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"downpour/internal/observe/flow"
	capture "downpour/internal/observe/packet"
)

// Options say how inputs are read.
type Options struct {
	// Location is the zone of times that name none (nfdump prints local time);
	// nil is UTC.
	Location *time.Location
}

// ErrNotExport says that an input is none of flow export.
var ErrNotExport = errors.New("holds no flow export: neither a capture of it, nor a payload, nor CSV of nfdump")

// form is what an input of flow export is.
type form uint8

const (
	noForm form = iota
	captureForm
	payloadForm
	csvForm
)

// formOf tells from its uncompressed beginning what an input is. A capture need
// not hold flow export; Judge tells that.
func formOf(head []byte) form {
	switch {
	case capture.IsCapture(head):
		return captureForm
	case IsNfdumpCSV(head):
		return csvForm
	case IsPayload(head):
		return payloadForm
	}
	return noForm
}

// IsPayload tells from the first bytes of an input whether it could be messages
// of flow export as they stand in datagrams.
func IsPayload(head []byte) bool {
	switch resembles(head) {
	case flow.NetFlow5, flow.SFlow5:
		return true
	case flow.NetFlow9:
		return plausibleSet(head[v9HeaderSize:], 0, 1)
	case flow.IPFIX:
		return plausibleSet(head[ipfixHeaderSize:], 2, 3)
	}
	return false
}

// plausibleSet tells whether a set could begin here, or nothing follows.
func plausibleSet(b []byte, template, options uint16) bool {
	if len(b) < setHeaderSize {
		return true
	}
	id, length := uint16(b[0])<<8|uint16(b[1]), int(b[2])<<8|int(b[3])
	return (id == template || id == options || id >= 256) && length >= setHeaderSize
}

// AddFile takes in a file, whose form is told from its content. A capture is
// read for the flow export in it, however little that is. The error wraps
// ErrNotExport if the file can't hold any.
func (r *Reader) AddFile(path string, opt Options) error {
	about, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !about.Mode().IsRegular() {
		return r.addSpecial(path, opt)
	}
	head, err := headOf(path)
	if err != nil {
		return err
	}
	begin, err := beginner(path, formOf(head), opt)
	if err != nil {
		return err
	}
	return r.add(&part{name: path, begin: begin, size: about.Size()}, true)
}

// addSpecial takes in what can't be read twice, such as a FIFO.
func (r *Reader) addSpecial(path string, opt Options) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	r.closers = append(r.closers, f)
	return r.AddStream(path, f, opt)
}

// headOf reads the uncompressed beginning of a file.
func headOf(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head, _, err := capture.Peek(f)
	if err != nil {
		return nil, err
	}
	if len(head) == 0 {
		return nil, fmt.Errorf("%s: %w", path, capture.ErrEmpty)
	}
	return head, nil
}

// beginner is what opens a file of a form from its beginning.
func beginner(path string, of form, opt Options) (func() (feed, error), error) {
	switch of {
	case captureForm:
		return func() (feed, error) {
			frames, err := capture.OpenFramesFile(path)
			if err != nil {
				return nil, err
			}
			return newCaptureFeed(frames, path), nil
		}, nil
	case payloadForm, csvForm:
		return func() (feed, error) {
			f, err := os.Open(path)
			if err != nil {
				return nil, err
			}
			return plainFeed(path, f, of, opt)
		}, nil
	}
	return nil, fmt.Errorf("%s: %w", path, ErrNotExport)
}

// plainFeed reads messages or lines from what may be compressed.
func plainFeed(name string, r io.ReadCloser, of form, opt Options) (feed, error) {
	plain, release, err := capture.Decompress(bufio.NewReader(r))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", name, err), r.Close())
	}
	both := closing{plain, func() error { return errors.Join(release(), r.Close()) }}
	if of == csvForm {
		return newCSVFeed(name, both, opt.Location), nil
	}
	return newPayloadFeed(name, both), nil
}

// closing is a reader and what releases it.
type closing struct {
	io.Reader
	release func() error
}

func (c closing) Close() error { return c.release() }

// AddStream takes in a stream that can be read once, as AddFile a file; it does
// not close r.
func (r *Reader) AddStream(name string, in io.Reader, opt Options) error {
	head, whole, err := capture.Peek(in)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if len(head) == 0 {
		return fmt.Errorf("%s: %w", name, capture.ErrEmpty)
	}
	of := formOf(head)
	if of == noForm {
		return fmt.Errorf("%s: %w", name, ErrNotExport)
	}
	return r.add(&part{name: name, begin: func() (feed, error) {
		if of != captureForm {
			return plainFeed(name, io.NopCloser(whole), of, opt)
		}
		frames, err := capture.OpenFrames(name, whole)
		if err != nil {
			return nil, err
		}
		return newCaptureFeed(frames, name), nil
	}}, false)
}
