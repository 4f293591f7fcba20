package sflow

import "time"

// maxAgents bounds the sub-agents whose sequence numbers are followed. A chassis
// has one a line card; who forges more gets no more memory.
const maxAgents = 256

// window is how many datagrams back one that was missing is still told from one
// that came twice.
const window = 64

// These tell an agent that started anew from one whose datagrams were lost or
// delayed, where the sequence numbers have leapt.
const (
	uptimeBack  = 5 * time.Second  // how far uptime may go back in datagrams out of order
	uptimeApart = 10 * time.Second // how far uptime may move otherwise than the clock on our wall
)

// agents are the sub-agents of an exporter.
type agents struct {
	known  []agent
	recent int
}

// of finds a sub-agent, or adds it; nil if there are too many.
func (a *agents) of(id uint32) *agent {
	if a.recent < len(a.known) && a.known[a.recent].id == id {
		return &a.known[a.recent]
	}
	for i := range a.known {
		if a.known[i].id == id {
			a.recent = i
			return &a.known[i]
		}
	}
	if len(a.known) == maxAgents {
		return nil
	}
	a.recent = len(a.known)
	a.known = append(a.known, agent{id: id})
	return &a.known[a.recent]
}

// agent follows the datagrams of a sub-agent, which numbers them from its start
// on without gaps.
type agent struct {
	id     uint32
	begun  bool
	first  uint32 // the first number of this run
	last   uint32 // the highest number
	seen   uint64 // which of the window's numbers came; bit 0 is last
	uptime uint32 // with last, milliseconds
	at     int64  // when last arrived; 0 if the caller doesn't know
	// far is the number that would follow one which came from far behind: if it
	// does, the agent counts anew.
	far    uint32
	hasFar bool
}

// event is what a datagram's number tells.
type event uint8

const (
	inOrder event = iota
	ahead         // some before it are missing
	late          // it comes after later ones
	duplicate
	restart
)

// next takes the number of the datagram at hand. missing is how many are missing
// before it; -1 if it was itself counted as missing.
func (a *agent) next(sequence, uptime uint32, at int64) (what event, missing int64) {
	step := int32(sequence - a.last)
	switch {
	case !a.begun:
		a.start(sequence, uptime, at)
		return inOrder, 0
	case step == 1:
		a.advance(1, uptime, at)
		return inOrder, 0
	case a.restarted(uptime, at):
		a.start(sequence, uptime, at)
		return restart, 0
	case step > 1:
		a.advance(uint32(step), uptime, at)
		return ahead, int64(step) - 1
	case step > -window:
		return a.fill(sequence, uint(-step))
	}
	return a.fromFar(sequence, uptime, at)
}

// start begins with a number.
func (a *agent) start(sequence, uptime uint32, at int64) {
	*a = agent{id: a.id, begun: true, first: sequence, last: sequence, seen: 1, uptime: uptime, at: at}
}

// advance moves the window on.
func (a *agent) advance(step, uptime uint32, at int64) {
	a.last += step
	a.seen = a.seen<<step | 1
	a.uptime, a.at = uptime, at
}

// fill takes a number within the window.
func (a *agent) fill(sequence uint32, back uint) (event, int64) {
	if a.seen>>back&1 == 1 {
		return duplicate, 0
	}
	a.seen |= 1 << back
	if int32(sequence-a.first) < 0 {
		return late, 0 // before the first one; never counted as missing
	}
	return late, -1
}

// fromFar takes a number from behind the window. One alone is very late; two that
// follow each other are an agent that counts anew although its uptime goes on.
func (a *agent) fromFar(sequence, uptime uint32, at int64) (event, int64) {
	if a.hasFar && sequence == a.far {
		a.start(sequence, uptime, at)
		return restart, 0
	}
	a.far, a.hasFar = sequence+1, true
	return late, 0
}

// restarted tells from the uptime, which wraps around after 50 days, whether this
// is not the run of the agent that it was.
func (a *agent) restarted(uptime uint32, at int64) bool {
	if int64(int32(uptime-a.uptime)) < -uptimeBack.Milliseconds() {
		return true
	}
	if uptime == a.uptime || at == 0 || a.at == 0 {
		return false // some agents have no uptime, and files no time of arrival
	}
	passed := uint32((at - a.at) / int64(time.Millisecond))
	apart := int64(int32(uptime - a.uptime - passed))
	return apart > uptimeApart.Milliseconds() || apart < -uptimeApart.Milliseconds()
}
