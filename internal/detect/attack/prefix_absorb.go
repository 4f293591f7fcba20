package attack

import (
	"cmp"
	"maps"
	"slices"

	"downpour"
)

// absorbed are attacks on single addresses: those that were told of, and those that
// turned out to be part of a carpet.
type absorbed struct {
	told  map[string]*downpour.Attack // ongoing ones, as last told, without what is large
	into  map[string]string           // by ID, the carpet that took them in, by its suspect's ID
	as    map[string]string           // by that, the ID under which the carpet is told of
	first map[string]*downpour.Attack // by that, what was told of before under that ID
}

// absorb leaves out what partitions say of addresses in a carpet's prefix, and adds
// what there is to say of carpets. An attack on one address that was told of before
// the carpet was seen lives on as the carpet; others are told to be part of it. So it
// is with a carpet in a wider one.
func (p *Prefixes) absorb(events []downpour.Event) []downpour.Event {
	carpets := p.carpets()
	kept := events[:0]
	for _, e := range events {
		if e.Attack == nil || p.keeps(e.Attack) {
			kept = append(kept, e)
		}
	}
	return append(kept, carpets...)
}

// keeps tells whether an attack on an address is told of as such.
func (p *Prefixes) keeps(attack *downpour.Attack) bool {
	a, id := &p.absorbed, attack.ID
	if s := p.carpetOf(attack); s != nil {
		a.into[id] = s.attack.id
	} else if a.as[a.into[id]] != id && p.outgrown(a.into[id], attack) {
		delete(a.into, id)
	}
	if a.into[id] == "" {
		a.note(attack)
		return true
	}
	if !attack.Ongoing {
		delete(a.into, id)
	}
	return false
}

// note keeps what was last told of an attack.
func (a *absorbed) note(attack *downpour.Attack) {
	if !attack.Ongoing {
		delete(a.told, attack.ID)
		return
	}
	small := *attack
	small.Footprint, small.Timeline = nil, downpour.Timeline{}
	a.told[attack.ID] = &small
}

// outgrown tells whether an attack on an address, which was part of an open carpet,
// has become one of its own kind.
func (p *Prefixes) outgrown(carpet string, a *downpour.Attack) bool {
	return slices.ContainsFunc(p.base.suspects, func(s *suspect) bool {
		return s.open() && s.attack.id == carpet && !p.explains(s, a)
	})
}

// carpetOf is the open carpet that an attack on an address, or on a longer prefix, is
// part of, or nil.
func (p *Prefixes) carpetOf(a *downpour.Attack) *suspect {
	at := downpour.AddressFrom(a.Target.Prefix.Addr())
	for _, s := range p.base.suspects {
		if s.open() && s.wide.span.has(at) && s.wide.span.prefix().Bits() < a.Target.Prefix.Bits() &&
			s.attack.direction == a.Direction && p.explains(s, a) {
			return s
		}
	}
	return nil
}

// explains tells whether a carpet explains an attack on one of its addresses: every
// class that raised the alarm there did so here. Where its suspect is gone most of its
// packets must be of the carpet's vectors.
func (p *Prefixes) explains(s *suspect, a *downpour.Attack) bool {
	if of := p.suspectOf(a.ID); of != nil {
		for c := range of.classes {
			if of.classes[c].alarmed && !s.classes[c].alarmed {
				return false
			}
		}
		return true
	}
	const most = 0.5
	share := 0.0
	for _, part := range s.vectors() {
		for _, v := range a.Vectors {
			if v.Name == part.name {
				share += v.Share
			}
		}
	}
	return share >= most
}

// suspectOf is the suspect of an open attack by its ID, or nil.
func (p *Prefixes) suspectOf(id string) *suspect {
	for i := range len(p.parts) + 1 {
		d := p.base
		if i < len(p.parts) {
			d = p.parts[i]
		}
		for _, s := range d.suspects {
			if s.open() && s.attack.id == id {
				return s
			}
		}
	}
	return nil
}

// carpets are the events of carpets, preceded by what ends since it is part of one.
func (p *Prefixes) carpets() (out []downpour.Event) {
	a := &p.absorbed
	for _, e := range p.base.Events(nil) {
		id := e.Attack.ID
		if a.as[id] == "" {
			out = append(out, p.adopt(e)...)
		}
		said := *e.Attack
		said.ID = a.as[id]
		if first, ok := a.first[id]; ok && first.AlarmAt.Before(said.AlarmAt) {
			said.AlarmAt = first.AlarmAt
			if first.Onset.Before(said.Onset) {
				said.Onset = first.Onset
			}
		}
		if into := a.into[said.ID]; into != "" && into != id {
			continue // it is part of a wider one by now
		}
		a.note(&said)
		out = append(out, downpour.Event{At: e.At, Attack: &said})
		if !said.Ongoing {
			delete(a.as, id)
			delete(a.first, id)
			maps.DeleteFunc(a.into, func(part, carpet string) bool { return carpet == id && p.suspectOf(part) == nil })
		}
	}
	return out
}

// adopt takes the attacks that were told of into a carpet that is new: the first gives
// it its ID, the others end as parts of it.
func (p *Prefixes) adopt(e downpour.Event) (out []downpour.Event) {
	a := &p.absorbed
	id := e.Attack.ID
	a.as[id] = id
	if s := p.carpetOf(e.Attack); s != nil {
		a.into[id] = s.attack.id
		return nil
	}
	list := slices.SortedFunc(maps.Values(a.told), func(x, y *downpour.Attack) int {
		return cmp.Or(x.AlarmAt.Compare(y.AlarmAt), cmp.Compare(x.ID, y.ID))
	})
	for _, told := range list {
		if s := p.carpetOf(told); s == nil || s.attack.id != id {
			continue
		}
		delete(a.told, told.ID)
		a.into[told.ID] = id
		if a.as[id] == id {
			a.as[id], a.first[id] = told.ID, told
			continue
		}
		told.Ongoing = false
		out = append(out, downpour.Event{At: e.At, Attack: told, PartOf: a.as[id]})
	}
	return out
}
