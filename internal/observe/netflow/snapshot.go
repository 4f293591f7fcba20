package netflow

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"downpour/internal/observe/flow"
)

// A snapshot begins with its magic and version, and goes on with entries: a kind,
// the version and the domain it is of, the length of its content in 2 bytes, the
// content. Numbers are big-endian.
const (
	snapshotMagic   = "DPNF"
	snapshotVersion = 1
	snapshotHead    = len(snapshotMagic) + 1
	entryHead       = 8

	entryTemplate  = 1 // id, definition
	entrySystem    = 2 // rate
	entrySampler   = 3 // number (8), rate
	entryScoped    = 4 // template, rate
	entryInterface = 5 // interface (4), rate
	entryName      = 6 // interface (4), name; of no domain
	entryBoot      = 7 // nanoseconds since the epoch (8)
)

// Templates is what is known of the exporter's templates, samplers and interface
// names, to be kept over a restart. The same knowledge gives the same bytes.
func (d *Decoder) Templates() []byte {
	b := append([]byte(snapshotMagic), snapshotVersion)
	keys := slices.SortedFunc(maps.Keys(d.domains), domainKey.compare)
	for _, key := range keys {
		b = d.domains[key].appendTo(b)
	}
	for _, index := range slices.Sorted(maps.Keys(d.names)) {
		content := append(binary.BigEndian.AppendUint32(nil, index), d.names[index]...)
		b = appendEntry(b, entryName, domainKey{}, content)
	}
	return b
}

// compare orders domains.
func (k domainKey) compare(other domainKey) int {
	return cmp.Or(cmp.Compare(k.version, other.version), cmp.Compare(k.id, other.id))
}

// appendTo appends what is known of a domain.
func (of *domain) appendTo(b []byte) []byte {
	for _, id := range slices.Sorted(maps.Keys(of.templates)) {
		b = appendEntry(b, entryTemplate, of.key, append(binary.BigEndian.AppendUint16(nil, id), of.templates[id].definition...))
	}
	if of.rates.system > 0 {
		b = appendEntry(b, entrySystem, of.key, binary.BigEndian.AppendUint32(nil, of.rates.system))
	}
	for _, id := range slices.Sorted(maps.Keys(of.rates.samplers)) {
		content := binary.BigEndian.AppendUint64(nil, id)
		b = appendEntry(b, entrySampler, of.key, binary.BigEndian.AppendUint32(content, of.rates.samplers[id]))
	}
	for _, id := range slices.Sorted(maps.Keys(of.rates.templates)) {
		content := binary.BigEndian.AppendUint16(nil, id)
		b = appendEntry(b, entryScoped, of.key, binary.BigEndian.AppendUint32(content, of.rates.templates[id]))
	}
	for _, index := range slices.Sorted(maps.Keys(of.rates.interfaces)) {
		content := binary.BigEndian.AppendUint32(nil, index)
		b = appendEntry(b, entryInterface, of.key, binary.BigEndian.AppendUint32(content, of.rates.interfaces[index]))
	}
	if of.boot > 0 {
		b = appendEntry(b, entryBoot, of.key, binary.BigEndian.AppendUint64(nil, uint64(of.boot)))
	}
	return b
}

func appendEntry(b []byte, kind byte, of domainKey, content []byte) []byte {
	b = append(b, kind, byte(of.version))
	b = binary.BigEndian.AppendUint32(b, of.id)
	b = binary.BigEndian.AppendUint16(b, uint16(len(content)))
	return append(b, content...)
}

var errSnapshot = errors.New("not a snapshot of templates")

// Restore takes what Templates gave, into a decoder that has decoded nothing yet.
// A snapshot that is damaged is refused as a whole.
func (d *Decoder) Restore(snapshot []byte) error {
	if len(snapshot) < snapshotHead || string(snapshot[:len(snapshotMagic)]) != snapshotMagic {
		return fmt.Errorf("restore templates: %w", errSnapshot)
	}
	if v := snapshot[snapshotHead-1]; v != snapshotVersion {
		return fmt.Errorf("restore templates: %w: version %d is not known", errSnapshot, v)
	}
	fresh := New(d.config)
	for b := snapshot[snapshotHead:]; len(b) > 0; {
		if len(b) < entryHead {
			return fmt.Errorf("restore templates: %w: cut short", errSnapshot)
		}
		size := entryHead + int(binary.BigEndian.Uint16(b[6:]))
		if size > len(b) {
			return fmt.Errorf("restore templates: %w: cut short", errSnapshot)
		}
		key := domainKey{flow.Version(b[1]), binary.BigEndian.Uint32(b[2:])}
		if !fresh.restore(b[0], key, b[entryHead:size]) {
			return fmt.Errorf("restore templates: %w: damaged at %d", errSnapshot, len(snapshot)-len(b))
		}
		b = b[size:]
	}
	for _, of := range fresh.domains {
		of.rates.refresh()
	}
	fresh.refreshRates()
	fresh.stats, fresh.seed = d.stats, d.seed
	*d = *fresh
	return nil
}

// restore takes an entry; it tells whether it is one.
func (d *Decoder) restore(kind byte, key domainKey, content []byte) bool {
	if kind == entryName {
		if len(content) < 5 || len(content) > 4+maxName {
			return false
		}
		d.heedName(binary.BigEndian.Uint32(content), content[4:], nil)
		return true
	}
	if key.version != flow.NetFlow9 && key.version != flow.IPFIX {
		return false
	}
	of := d.domains[key]
	if of == nil {
		if len(d.domains) >= d.limits.Domains {
			return true // more than are kept now
		}
		of = d.addDomain(key)
	}
	if kind == entryTemplate {
		return d.restoreTemplate(of, content)
	}
	return d.restoreRate(&of.rates, kind, content) || of.restoreBoot(kind, content)
}

func (of *domain) restoreBoot(kind byte, content []byte) bool {
	if kind != entryBoot || len(content) != 8 {
		return false
	}
	of.boot = int64(binary.BigEndian.Uint64(content))
	return of.boot > 0
}

// restoreRate takes an entry about sampling.
func (d *Decoder) restoreRate(r *domainRates, kind byte, content []byte) bool {
	before := len(content) - 4
	if before < 0 {
		return false
	}
	rate := binary.BigEndian.Uint32(content[before:])
	switch {
	case rate == 0:
		return false
	case kind == entrySystem && before == 0:
		r.system = rate
	case kind == entrySampler && before == 8:
		setRate(&r.samplers, binary.BigEndian.Uint64(content), rate, d.limits.Samplers)
	case kind == entryScoped && before == 2:
		setRate(&r.templates, binary.BigEndian.Uint16(content), rate, d.limits.Samplers)
	case kind == entryInterface && before == 4:
		setRate(&r.interfaces, binary.BigEndian.Uint32(content), rate, d.limits.Samplers)
	default:
		return false
	}
	return true
}

// restoreTemplate takes an entry of a template.
func (d *Decoder) restoreTemplate(of *domain, content []byte) bool {
	const head = 5 // id, options or not, number of scope fields
	if len(content) <= head || (len(content)-head)%8 != 0 || content[2] > 1 {
		return false
	}
	t := &template{
		id:      binary.BigEndian.Uint16(content),
		options: content[2] == 1,
		scopes:  int(binary.BigEndian.Uint16(content[3:])),
	}
	for b := content[head:]; len(b) > 0; b = b[8:] {
		t.fields = append(t.fields, field{
			binary.BigEndian.Uint32(b), binary.BigEndian.Uint16(b[4:]), binary.BigEndian.Uint16(b[6:]),
		})
	}
	if t.id < leastDataID || t.scopes > len(t.fields) || len(t.fields) > d.limits.Fields || !t.measure() {
		return false
	}
	t.define()
	t.plan = makePlan(of.key.version, t)
	d.forget(of, t.id)
	d.add(of, t)
	return true
}
