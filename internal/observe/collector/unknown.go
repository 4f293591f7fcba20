package collector

import (
	"cmp"
	"slices"
	"time"

	"downpour"
	"downpour/internal/observe/flow"
)

// unknowns lists senders that are not accepted, so that an operator can allow
// them. It is bounded: a flood of forged senders displaces only those that have
// been silent, and is counted.
type unknowns struct {
	senders   map[downpour.Address]*stranger
	datagrams uint64 // of all, listed or not
	unlisted  uint64 // datagrams whose sender found no room
	searched  int64  // when room was last sought, so that a flood does not seek all the time
}

// stranger is a sender that is not accepted.
type stranger struct {
	datagrams, bytes uint64
	version          flow.Version
	first, last      int64
}

// strangerSilence is how long a stranger must have been silent to give way.
const strangerSilence = int64(time.Minute)

func (u *unknowns) note(a downpour.Address, v flow.Version, bytes int, now int64) {
	u.datagrams++
	s := u.senders[a]
	if s == nil {
		if len(u.senders) >= maxUnknown && !u.makeRoom(now) {
			u.unlisted++
			return
		}
		if u.senders == nil {
			u.senders = map[downpour.Address]*stranger{}
		}
		s = &stranger{first: now}
		u.senders[a] = s
	}
	s.datagrams++
	s.bytes += uint64(bytes)
	s.last = now
	if v != 0 {
		s.version = v
	}
}

// makeRoom forgets a stranger that has been silent.
func (u *unknowns) makeRoom(now int64) bool {
	if now-u.searched < int64(time.Second) && now >= u.searched {
		return false
	}
	var oldest downpour.Address
	var s *stranger
	for a, t := range u.senders {
		if s == nil || t.last < s.last {
			oldest, s = a, t
		}
	}
	if now-s.last < strangerSilence {
		u.searched = now
		return false
	}
	delete(u.senders, oldest)
	return true
}

func (u *unknowns) forget(a downpour.Address) { delete(u.senders, a) }

// list gives the strangers, those with the most datagrams first.
func (u *unknowns) list() []Unknown {
	out := make([]Unknown, 0, len(u.senders))
	for a, s := range u.senders {
		out = append(out, Unknown{
			Address: a.Netip(), Version: s.version, Datagrams: s.datagrams, Bytes: s.bytes,
			First: time.Unix(0, s.first).UTC(), Last: time.Unix(0, s.last).UTC(),
		})
	}
	slices.SortFunc(out, func(a, b Unknown) int {
		return cmp.Or(cmp.Compare(b.Datagrams, a.Datagrams), a.Address.Compare(b.Address))
	})
	return out
}
