package golden

import (
	"io"
	"net/netip"
	"path/filepath"
	"time"

	"downpour"
	"downpour/internal/golden/weblog"
)

// nearLog is by how much times of attacks in logs may be off: many formats write
// whole seconds.
const nearLog = 3 * time.Second

// log writes the case's web log into a folder, if it has one, and takes the truth
// from what was made, unless the case gives it.
func (c *Case) log(folder string, truth *Truth) (string, error) {
	made := weblog.Make(c.Log)
	name := filepath.Join(folder, logName)
	if err := write(name, func(w io.Writer) error { return made.Write(w) }); err != nil {
		return "", err
	}
	if t, some := made.Truth(); some && len(truth.Attacks) == 0 {
		no := false
		truth.Attacks = []AttackTruth{{
			Host: t.Target, Vectors: t.Vectors, Onset: t.Onset, Told: t.Told, End: t.End, Sources: t.Sources, Peak: t.Peak, Spoofed: &no, Reflected: &no,
		}}
	}
	return name, nil
}

// target is whom an attack is on.
func (t *AttackTruth) target() string {
	if t.Host != "" {
		return t.Host
	}
	if t.Over.IsValid() {
		return t.Over.String()
	}
	return t.Target.String()
}

// isOn tells whether an attack that was found is on the truth's target.
func (t *AttackTruth) isOn(found downpour.Target) bool {
	if t.Host != "" {
		return found.Name == t.Host
	}
	if t.Over.IsValid() {
		return found.Prefix == t.Over
	}
	return t.Target != netip.Addr{} && found.Prefix.Contains(t.Target)
}
