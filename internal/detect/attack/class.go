package attack

// Class is a coarse kind of incoming traffic. Each target is counted by class,
// has its usual rate by class, and is under suspicion or under attack by class.
type Class uint8

// The classes.
const (
	ClassAnswers   Class = iota // UDP answers of the services that amplify, by source port or payload
	ClassSYN                    // TCP SYN
	ClassSYNACK                 // TCP SYN-ACK and web answers without a request
	ClassFragments              // later fragments of any protocol
	ClassOdd                    // TCP flags that no stack sends (null, Xmas, SYN+FIN...)
	ClassErrors                 // ICMP errors
	ClassTCP                    // TCP ACK and data
	ClassClose                  // TCP RST and FIN
	ClassUDP                    // all other UDP, QUIC among it
	ClassQueries                // DNS queries
	ClassICMP                   // ICMP echo and the like
	ClassOther                  // GRE, ESP and all other protocols
	classes        = 12
)

// String names what the class counts, as a sentence in the singular begins with it.
func (c Class) String() string {
	return [classes]string{
		"UDP from amplifying services", "TCP SYN", "TCP SYN-ACK", "IP in fragments",
		"TCP with abnormal flags", "ICMP of errors", "TCP ACK and data", "TCP RST and FIN",
		"UDP", "DNS query traffic", "ICMP", "Other IP protocols' traffic",
	}[c]
}

// Word is what a configuration, the store and the API call the class.
func (c Class) Word() string {
	return [classes]string{
		"amplification", "syn", "syn_ack", "fragments", "tcp_abnormal", "icmp_errors",
		"tcp", "tcp_close", "udp", "dns_queries", "icmp", "other",
	}[c]
}

// ClassNamed is the class of a word.
func ClassNamed(word string) (Class, bool) {
	for c := range Class(classes) {
		if c.Word() == word {
			return c, true
		}
	}
	return 0, false
}

// Floors are floors by class.
type Floors [classes]Floor

// times are floors so many times as high.
func (f Floors) times(n float64) Floors {
	for c := range f {
		f[c].Packets, f[c].Bits = n*f[c].Packets, n*f[c].Bits
	}
	return f
}

// Floor is the rate below which a class is never an attack, whatever is usual.
// Passing either of the two is passing the floor; 0 means that this one is not
// looked at.
type Floor struct {
	Packets float64 // packets/s
	Bits    float64 // bits/s
}

// exceeds tells whether a rate of packets/s or bits/s is above share of the floor.
func (f Floor) exceeds(packets, bits, share float64) bool {
	return f.Packets > 0 && packets >= f.Packets*share || f.Bits > 0 && bits >= f.Bits*share
}

// converses tells of the classes whose usual traffic is in conversation with
// the target, so that, where both ways are seen, it can be told from the attack
// source by source.
func (c Class) converses() bool {
	switch c {
	case ClassAnswers, ClassSYNACK, ClassFragments, ClassTCP, ClassClose, ClassUDP, ClassOther:
		return true
	}
	return false
}
