package capture

import (
	"downpour"
	"downpour/internal/observe"
	"downpour/internal/observe/packet"
)

// Config says what to capture and where to put it.
type Config struct {
	// Interface is the name of the network interface.
	Interface string
	// Sampling is N where the kernel shall take one of N packets, at random; 0 and
	// 1 take all.
	Sampling uint32
	// Promiscuous takes frames for other machines too, as on a mirror port.
	Promiscuous bool
	// Incoming leaves out what this machine sends. On a loopback interface that
	// would be every packet twice, so there it is left out in any case.
	Incoming bool
	// Readers is how many rings and goroutines share the packets, by a hash of
	// their flow; 0 is 1.
	Readers int
	// Buffer is the size of each reader's ring, in bytes; 0 is 32 MiB. The kernel
	// locks it in memory; if it has less, it is halved down to 4 MiB.
	Buffer int
	// Headers says how tunnels are treated.
	Headers packet.Options
	// Ingress is what the packets bear as the place where they came in.
	Ingress downpour.IngressID
	// Queue takes the flows.
	Queue *observe.Queue
}

// sampling is the rate as a flow bears it.
func (c *Config) sampling() uint32 { return max(c.Sampling, 1) }

// Stats counts since New, over all readers.
type Stats struct {
	// Packets are those read, Flows those of them with IP addresses. The others
	// bore none, or were Shed: not looked at, since the queue had no empty batch.
	Packets, Flows, Shed uint64
	// Outgoing are those of Packets that this machine sent.
	Outgoing uint64
	// Drops are packets that the kernel had sampled but found no room for in the
	// ring; Freezes how often a ring was full.
	Drops, Freezes uint64
	// Downs is how often the interface went down, Reopens how often it was gone and
	// came back; Up tells whether packets can come now.
	Downs, Reopens uint64
	Up             bool
}
