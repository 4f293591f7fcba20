package export

import (
	"downpour"
	"downpour/internal/observe/flow"
)

// Message is one message of flow export as it stands in an input.
type Message struct {
	// Payload holds until the next message is read.
	Payload []byte
	// Version is what the payload's version field says; 0 if it is none of ours.
	Version flow.Version
	// At is when it arrived, nanoseconds since the epoch: the capture's time,
	// or the header's where the input has none; Timed says which.
	At    int64
	Timed bool // At is the capture's
	// sender is who sent it; zero for payloads, whose exporter is the file's.
	sender downpour.Address
	// stream says that sequence numbers tell nothing of losses: of TCP, whose
	// exporter's port tells connections apart, and of payloads.
	stream bool
	port   uint16
	from   *file
	offset int64 // in the uncompressed input; lines where it has lines
	// record is what the message is, with fields beyond it, where the input
	// holds records and not messages (CSV).
	record *flow.Record
	fields []flow.Field
}

// feed gives the messages of one input, or of several that belong together, in
// their order.
type feed interface {
	// next reads the next message; false at the end.
	next(m *Message) bool
	// inputs are the accounts that it fills.
	inputs() []*file
	progress() (read, total int64)
	close() error
}
