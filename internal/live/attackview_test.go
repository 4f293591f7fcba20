package live

import (
	"errors"
	"testing"
	"time"

	"downpour/internal/store"
)

// TestAttackView shows an attack with what was expected and with the minutes of its own
// target and classes.
func TestAttackView(t *testing.T) {
	r := rehearse(t, t.TempDir(), noon, nil)
	defer r.store.Close()
	r.flood(t, 3)
	r.pass(t, 2, 0)
	if err := r.keeper.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	id := r.order[0]
	attack := r.incidents[id].Attacks[0]
	v, err := r.AttackView(t.Context(), id, attack.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(v.Attack.Expected) != 1 || v.Attack.Expected[0].Class != "syn" || *v.Attack.Expected[0].Limit.Packets != 1000 {
		t.Errorf("expected %+v", v.Attack.Expected)
	}
	if len(v.Minutes) != 1 || v.Minutes[0].Target != attack.Target.Prefix || !v.Minutes[0].Time.Equal(noon.Truncate(time.Minute)) {
		t.Errorf("minutes %+v", v.Minutes)
	}
	e := v.Exhibit
	if e == nil || len(e.During.Flows) < 100 || len(e.Sources) == 0 || len(e.TTLs) != 1 || e.TTLs[0].TTL != 50 {
		t.Fatalf("exhibit %+v", e)
	}
	if f := e.During.Flows[0]; f.Destination != attack.Target.Prefix.Addr() || f.TCPFlags != 2 || f.DestinationPort != 443 || !f.Packet {
		t.Errorf("a sampled packet is %+v", f)
	}
	for _, ids := range [][2]string{{id, "none"}, {"none", attack.ID}} {
		if _, err := r.AttackView(t.Context(), ids[0], ids[1]); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%v: %v", ids, err)
		}
	}
}
