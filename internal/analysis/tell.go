package analysis

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	"downpour/internal/observe/export"
	"downpour/internal/observe/packet"
	"downpour/internal/observe/report"
	"downpour/internal/observe/weblog"
)

// contentKind is what an input is by its content.
type contentKind uint8

const (
	other contentKind = iota // a capture of packets, or nothing that is known
	flowExport
	counts
	webLog
)

// kindOf tells from its uncompressed beginning what an input is. A capture may
// turn out to be one of flow export; that takes more of it.
func kindOf(head []byte) contentKind {
	switch {
	case packet.IsCapture(head):
		return other
	case export.IsPayload(head), export.IsNfdumpCSV(head):
		return flowExport
	case report.IsCSV(head):
		return counts
	case weblog.IsLog(head):
		return webLog
	}
	return other
}

// looked is what looking into a file told.
type looked struct {
	kind    contentKind
	verdict export.Verdict // of captures
	capture bool
	head    []byte
}

// look looks into a regular file.
func look(name string) (looked, error) {
	f, err := os.Open(name)
	if err != nil {
		return looked{}, err
	}
	head, _, err := packet.Peek(f)
	if err := errors.Join(err, f.Close()); err != nil {
		return looked{}, fmt.Errorf("%s: %w", name, err)
	}
	of := looked{kind: kindOf(head), head: head, capture: packet.IsCapture(head)}
	if !of.capture {
		return of, nil
	}
	frames, err := packet.OpenFramesFile(name)
	if err != nil {
		return of, err
	}
	if of.verdict = export.Judge(frames); of.verdict.Export {
		of.kind = flowExport
	}
	return of, frames.Close()
}

// explain adds to the error on a file that is nothing known what it is, if that
// can be told, or else what is read.
func explain(err error, head []byte) error {
	if !errors.Is(err, packet.ErrUnknown) {
		return err
	}
	// nfdump's own files (its nffile.h: magic 0xa50c, either byte order).
	if bytes.HasPrefix(head, []byte("\x0c\xa5")) || bytes.HasPrefix(head, []byte("\xa5\x0c")) {
		return fmt.Errorf("%w; it is a file of nfcapd: print it with `nfdump -r FILE -o csv` and give that", err)
	}
	return fmt.Errorf("%w; nor is it flow export, nfdump's CSV, a web log or a CSV of counts", err)
}
