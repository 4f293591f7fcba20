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
	told map[string]*downpour.Attack // ongoing ones, as last told, without what is large
	into map[string]string           // by ID, the carpet that took them in
	as   map[string]string           // under which ID a carpet is told of
}

// absorb leaves out what partitions say of addresses in a carpet's prefix, and adds
// what there is to say of carpets. An attack on one address that was told of before
// the carpet was seen lives on as the carpet; others are told to be part of it.
func (p *Prefixes) absorb(events []downpour.Event) []downpour.Event {
	a := &p.absorbed
	kept := events[:0]
	for _, e := range events {
		if e.Attack == nil {
			kept = append(kept, e)
			continue
		}
		id := e.Attack.ID
		if s := p.carpetOf(e.Attack); s != nil {
			a.into[id] = s.attack.id
		} else if a.as[a.into[id]] != id && p.outgrown(a.into[id], e.Attack) {
			delete(a.into, id)
		}
		switch {
		case a.into[id] == "":
			kept = append(kept, e)
			a.note(e.Attack)
		case !e.Attack.Ongoing:
			delete(a.into, id)
		}
	}
	return append(kept, p.carpets()...)
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
		return s.open() && s.attack.id == carpet && !s.explains(a)
	})
}

// carpetOf is the open carpet that an attack on an address is part of, or nil.
func (p *Prefixes) carpetOf(a *downpour.Attack) *suspect {
	at := downpour.AddressFrom(a.Target.Prefix.Addr())
	for _, s := range p.base.suspects {
		if s.open() && s.wide.span.has(at) && s.attack.direction == a.Direction && s.explains(a) {
			return s
		}
	}
	return nil
}

// explains tells whether most of an attack's packets are of the carpet's vectors.
func (s *suspect) explains(a *downpour.Attack) bool {
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

// carpets are the events of carpets, preceded by what ends since it is part of one.
func (p *Prefixes) carpets() (out []downpour.Event) {
	a := &p.absorbed
	for _, e := range p.base.Events(nil) {
		id := e.Attack.ID
		if a.as[id] == "" {
			out = append(out, p.adopt(e)...)
		}
		if as := a.as[id]; as != id {
			renamed := *e.Attack
			renamed.ID = as
			e.Attack = &renamed
		}
		if !e.Attack.Ongoing {
			delete(a.as, id)
		}
		out = append(out, e)
	}
	return out
}

// adopt takes the attacks that were told of into a carpet that is new: the first gives
// it its ID, the others end as parts of it.
func (p *Prefixes) adopt(e downpour.Event) (out []downpour.Event) {
	a := &p.absorbed
	if a.as == nil {
		a.as = map[string]string{}
	}
	id := e.Attack.ID
	a.as[id] = id
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
			a.as[id] = told.ID
			continue
		}
		told.Ongoing = false
		out = append(out, downpour.Event{At: e.At, Attack: told, PartOf: a.as[id]})
	}
	return out
}
