package attack

// Finish says that the input has ended: what was seen for less than a second is
// judged on that, and each open attack is told of a last time.
func (d *Detector) Finish(now int64) {
	d.finishing = true
	for _, s := range d.suspects {
		for c := range Class(classes) {
			d.weigh(s, c)
		}
		s.closeSlot()
		d.judgeShort(s, now)
	}
	d.judgeUnsuspected(now)
	for _, s := range d.suspects {
		if s.open() {
			d.finish(s, now)
		}
	}
}

// finish tells the last of an attack; it is ongoing if its hold is not over.
func (d *Detector) finish(s *suspect, now int64) {
	s.widen()
	if s.persists() {
		s.stretch(s.now)
	}
	d.events = append(d.events, s.snapshot(now, !s.over(now), true))
}

// judgeShort judges a target that was seen for less than a second.
func (d *Detector) judgeShort(s *suspect, now int64) {
	if now-s.target.first > second {
		return
	}
	for c := range Class(classes) {
		if s.classes[c].alarmed {
			continue
		}
		if verdict := s.judgeShort(c); verdict != nil {
			d.alarm(s, c, verdict)
		}
	}
}

// judgeUnsuspected does the same for targets that were not suspected: their few
// packets may still have come at a great rate.
func (d *Detector) judgeUnsuspected(now int64) {
	for i := range d.targets.used {
		t := d.targets.entry(i)
		if t.suspect != nil || now-t.first > second || uint64(t.load) < d.cfg.ShortPackets {
			continue
		}
		s := d.follow(t, now)
		if s == nil {
			continue
		}
		s.closeSlot()
		if d.judgeShort(s, now); !s.open() {
			d.release(len(d.suspects) - 1)
		}
	}
}
