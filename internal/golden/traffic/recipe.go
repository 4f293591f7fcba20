package traffic

import (
	"fmt"
	"net/netip"
	"time"
)

// Recipe says what a capture holds. Its YAML names are the fields' in lower
// case; durations are written as 1.5s.
type Recipe struct {
	Seed  uint64
	Start time.Time
	// Host is whom the capture is about: the one attacked, or whose usual
	// traffic it is. Others may be named by streams.
	Host netip.Addr
	// View is both (the default) or ingress: what the host itself sends is then
	// not captured.
	View View
	// Link is ethernet (the default), vlan, cooked or raw.
	Link Link
	// Snap cuts each frame to so many bytes; 0 cuts none.
	Snap int
	// Cut drops what came before: a capture that begins in the middle.
	Cut     time.Duration
	Streams []Stream
}

// Attacks are the recipe's streams that are no usual traffic.
func (r *Recipe) Attacks() (list []Stream) {
	for _, s := range r.Streams {
		if !s.usual() {
			list = append(list, s)
		}
	}
	return list
}

// usual tells whether it is no attack.
func (s *Stream) usual() bool {
	_, kind := usualKinds[s.Kind]
	return kind || s.Usual
}

// View is which directions are captured.
type View string

// The views.
const (
	Both    View = "both"
	Ingress View = "ingress"
)

// Link is how frames are wrapped.
type Link string

// The links.
const (
	Ethernet Link = "ethernet"
	VLAN     Link = "vlan"
	Cooked   Link = "cooked"
	RawIP    Link = "raw"
)

// Stream is one kind of traffic during one stretch of time.
type Stream struct {
	// Kind is a vector's name, or a kind of usual traffic (Usual lists them).
	Kind string
	// From is when it begins, from the recipe's Start; Lasts for how long.
	From, Lasts time.Duration
	// Rate is packets/s of an attack; of usual traffic it is what its kind
	// counts: bits/s of a transfer, else events/s (visits, queries, calls).
	Rate float64
	// Target is whom it goes to, if not the recipe's Host.
	Target netip.Addr
	// Over is the prefix whose addresses it goes to, each as often as another, in the
	// place of a Target: carpet bombing, or what usually comes to a whole prefix.
	Over netip.Prefix
	// Sources is how many hosts send; 0 is the kind's own number.
	Sources int
	// Senders says of what sort the hosts are; see the constants.
	Senders Senders
	// Subnet is what forged addresses are drawn from, if not from everywhere.
	Subnet netip.Prefix
	// Uneven spreads the hosts' rates by a lognormal law; 0: all alike.
	Uneven float64
	// Port is the destination port of a flood; 0: random ones.
	Port uint16
	// Size is the payload in bytes; 0 is the kind's own.
	Size int
	// Answers is the share of its packets that the target answers.
	Answers float64
	// Errors is the share of a reflection that is its reflectors' ICMP errors
	// and resets.
	Errors float64
	// On and Off make pulses; 0: without a pause.
	On, Off time.Duration
	// Ramp is how long it takes to reach Rate.
	Ramp time.Duration
	// Burst is how many packets come back to back; 0: one by one.
	Burst int
	// Usual says that it is no attack although its kind could be one: too weak.
	Usual bool
	// File is a capture (pcap) beside the case that holds the stream's packets, in the
	// place of all that makes them; of it no more comes than Lasts.
	File    string
	packets []Real
}

// Senders is the sort of hosts that send a stream.
type Senders string

// The sorts of senders.
const (
	Spoofed      Senders = "spoofed"      // one program, two TTLs
	SpoofedByTTL Senders = "spoofed ttls" // one program that forges TTLs too
	SpoofedMany  Senders = "spoofed many" // forging programs at a dozen places
	Botnet       Senders = "botnet"       // real hosts with raw sockets or kernels
	Single       Senders = "single"       // one host with its own address
	Reflectors   Senders = "reflectors"   // real servers
)

// Fault says what is wrong with a recipe, or nil.
func (r *Recipe) Fault() error {
	if !r.Host.IsValid() || r.Start.IsZero() || len(r.Streams) == 0 {
		return fmt.Errorf("a recipe needs host, start and streams")
	}
	switch r.View {
	case "", Both, Ingress:
	default:
		return fmt.Errorf("view %q: both or ingress", r.View)
	}
	switch r.Link {
	case "", Ethernet, VLAN, Cooked, RawIP:
	default:
		return fmt.Errorf("link %q: ethernet, vlan, cooked or raw", r.Link)
	}
	for i := range r.Streams {
		s := &r.Streams[i]
		if err := s.fault(); err != nil {
			return fmt.Errorf("stream %d: %w", i+1, err)
		}
		if s.Target.IsValid() && s.Target.Is6() != r.Host.Is6() || s.Subnet.IsValid() && s.Subnet.Addr().Is6() != r.Host.Is6() ||
			s.Over.IsValid() && s.Over.Addr().Is6() != r.Host.Is6() {
			return fmt.Errorf("stream %d: %s: target, over and subnet must be of the host's address family", i+1, s.Kind)
		}
		if s.Kind == "neighbourhood" && (r.Host.Is6() || r.Link == RawIP) {
			return fmt.Errorf("stream %d: a neighbourhood speaks ARP and IPv4", i+1)
		}
	}
	return nil
}

// most bounds what a stream may hold, so that a slip of the pen does not fill
// the memory.
const most = 2_000_000

func (s *Stream) fault() error {
	_, usual := usualKinds[s.Kind]
	if !usual && !isAttack(s.Kind) {
		return fmt.Errorf("kind %q is neither a vector nor one of usual traffic", s.Kind)
	}
	switch s.Senders {
	case "", Spoofed, SpoofedByTTL, SpoofedMany, Botnet, Single, Reflectors:
	default:
		return fmt.Errorf("senders %q are not known", s.Senders)
	}
	if s.Lasts <= 0 || s.From < 0 {
		return fmt.Errorf("%s: lasts must be above 0, from not below", s.Kind)
	}
	if s.File != "" {
		return nil
	}
	if !usual && (s.Rate <= 0 || s.Rate*s.busy().Seconds() > most) {
		return fmt.Errorf("%s: a rate above 0 and at most %d packets in all", s.Kind, most)
	}
	return nil
}
