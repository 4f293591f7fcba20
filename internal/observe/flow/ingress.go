package flow

import (
	"strconv"
	"strings"
	"sync"
	"unicode"

	"downpour"
)

// The bounds of Ingresses. A border router has tens of interfaces and, at an
// exchange, hundreds of neighbours; what goes beyond is counted under the
// exporter alone, so nothing that it sends grows memory.
const (
	maxIngresses   = 4096 // of one exporter
	maxInterfaces  = 4096 // names of one exporter's interfaces that are kept
	maxNameLength  = 128  // bytes of a name
	ingressesAtAll = 1 << 18
	// ingressesSure are for each exporter however many others have; those beyond
	// come out of what is shared.
	ingressesSure = 256
)

// ingressKey is what tells ingresses apart.
type ingressKey struct {
	exporter      uint16
	input, peerAS uint32
}

// Ingresses numbers the places where traffic enters, from 1 on in the order in
// which they first appear. An exporter is known by a handle that its owner
// chooses. It is safe for use by several goroutines; each that numbers records
// does so through an IngressNumbers of its own.
type Ingresses struct {
	mu        sync.RWMutex
	ids       map[ingressKey]downpour.IngressID
	keys      []ingressKey // of id-1
	exporters map[uint16]*ingressExporter
	shared    int // places beyond those that are sure
	overflow  uint64
}

// ingressExporter is what is known of an exporter's places.
type ingressExporter struct {
	name       string
	interfaces map[uint32]string
	ingresses  int
}

// NewIngresses makes an empty registry.
func NewIngresses() *Ingresses {
	return &Ingresses{ids: map[ingressKey]downpour.IngressID{}, exporters: map[uint16]*ingressExporter{}}
}

// ID numbers a place: where traffic came in to an exporter by an interface (SNMP
// index; 0 is not known) from a neighbour AS (0 is not known). An exporter with
// too many places gets the number of (exporter, 0, 0) for further ones.
func (t *Ingresses) ID(exporter uint16, input, peerAS uint32) downpour.IngressID {
	key := ingressKey{exporter, input, peerAS}
	t.mu.RLock()
	id, ok := t.ids[key]
	t.mu.RUnlock()
	if ok {
		return id
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.add(key)
}

// add numbers a place that was not known a moment ago. The lock is held.
func (t *Ingresses) add(key ingressKey) downpour.IngressID {
	if id, ok := t.ids[key]; ok {
		return id
	}
	e := t.exporter(key.exporter)
	if alone := (ingressKey{exporter: key.exporter}); key != alone &&
		(e.ingresses >= maxIngresses || e.ingresses >= ingressesSure && t.shared >= ingressesAtAll) {
		t.overflow++
		return t.add(alone)
	}
	if e.ingresses++; e.ingresses > ingressesSure {
		t.shared++
	}
	t.keys = append(t.keys, key)
	id := downpour.IngressID(len(t.keys))
	t.ids[key] = id
	return id
}

// exporter finds or makes an exporter's entry. The lock is held.
func (t *Ingresses) exporter(handle uint16) *ingressExporter {
	e := t.exporters[handle]
	if e == nil {
		e = &ingressExporter{}
		t.exporters[handle] = e
	}
	return e
}

// NameExporter says what an exporter is called: its configured name, else its
// address. It holds for all of its places, also those numbered before.
func (t *Ingresses) NameExporter(exporter uint16, name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.exporter(exporter).name = shortName(name)
}

// NameInterface says what an exporter's interface is called, by configuration
// or by the exporter's own options records. A name beyond the bound is dropped:
// the interface then goes by its number.
func (t *Ingresses) NameInterface(exporter uint16, index uint32, name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.exporter(exporter)
	if _, known := e.interfaces[index]; !known && len(e.interfaces) >= maxInterfaces {
		return
	}
	if e.interfaces == nil {
		e.interfaces = map[uint32]string{}
	}
	e.interfaces[index] = shortName(name)
}

// shortName is a name within the bound and fit to be shown: exporters send what
// they like, and a terminal would obey an escape sequence in it.
func shortName(name string) string {
	name = strings.ToValidUTF8(name[:min(len(name), maxNameLength)], "?")
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, name)
}

// Lookup tells which place a number stands for, with the names known by now; an
// unknown number is the empty Ingress.
func (t *Ingresses) Lookup(id downpour.IngressID) downpour.Ingress {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if id == 0 || int(id) > len(t.keys) {
		return downpour.Ingress{}
	}
	key := t.keys[id-1]
	e := t.exporters[key.exporter]
	place := downpour.Ingress{Exporter: e.name, PeerAS: key.peerAS}
	switch name := e.interfaces[key.input]; {
	case name != "":
		place.Interface = name
	case key.input != 0:
		place.Interface = strconv.FormatUint(uint64(key.input), 10)
	}
	return place
}

// Len is how many places are numbered.
func (t *Ingresses) Len() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.keys)
}

// Overflowed counts the questions for places that went beyond the bound and are
// told by their exporter alone.
func (t *Ingresses) Overflowed() uint64 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.overflow
}

// ingressCacheSize is how many places one IngressNumbers remembers: the busy
// interfaces of the exporters that one goroutine reads. A power of two.
const ingressCacheSize = 64

// IngressNumbers numbers the places of many records for one goroutine without
// asking the shared registry each time.
type IngressNumbers struct {
	of    *Ingresses
	cache [ingressCacheSize]struct {
		key ingressKey
		id  downpour.IngressID // 0 is an empty slot
	}
}

// Numbers makes the view of one goroutine.
func (t *Ingresses) Numbers() *IngressNumbers { return &IngressNumbers{of: t} }

// ID is as Ingresses.ID.
func (n *IngressNumbers) ID(exporter uint16, input, peerAS uint32) downpour.IngressID {
	key := ingressKey{exporter, input, peerAS}
	mixed := (uint32(exporter)*0x9e3779b1 ^ input*0x85ebca6b ^ peerAS*0xc2b2ae35)
	slot := &n.cache[(mixed^mixed>>15)%ingressCacheSize]
	if slot.id != 0 && slot.key == key {
		return slot.id
	}
	slot.key, slot.id = key, n.of.ID(exporter, input, peerAS)
	return slot.id
}
