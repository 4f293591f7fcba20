package attack

import "downpour/internal/detect/state"

// What detectors know survives a restart in two checkpoints: what is usual
// (learned.go), which is large and changes slowly, and the attacks that are open
// (resume.go), of all partitions each.

func learnedState() state.Kind { return state.Kind{Mark: "downpour attack baseline\n", Version: 1} }

func openState() state.Kind { return state.Kind{Mark: "downpour open attacks\n", Version: 1} }

// codeClass codes a class, of which there are so many.
func codeClass(c *state.Coder, v *Class) {
	if state.Number(c, v); c.Reads() && *v >= classes {
		c.Refuse("there is no class %d", *v)
		*v = 0
	}
}

// codeLevel codes a rate to within a sixth of a doubling.
func codeLevel(c *state.Coder, v *float32) {
	l := level(0)
	if *v > 0 {
		l = levelOf(*v)
	}
	if state.Octet(c, &l); c.Reads() {
		*v = l.rate()
	}
}

func codeVolume(c *state.Coder, v *volume) {
	state.Number(c, &v.packets)
	state.Number(c, &v.bytes)
	state.Number(c, &v.samples)
	if c.Reads() && (v.samples > v.packets || v.samples == 0 && v.packets > 0) {
		c.Refuse("%d samples stand for %d packets", v.samples, v.packets)
		*v = volume{}
	}
}

func codeUsual(c *state.Coder, u *usualRate) {
	codeLevel(c, &u.packets)
	codeLevel(c, &u.bits)
}
