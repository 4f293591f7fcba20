package live

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"downpour"
	"downpour/internal/store"
)

// exhibits wait for the store, the newest of each attack. They belong to the keeper.
type exhibits struct {
	waiting map[string]downpour.Exhibit
	// earlier are those that an earlier run kept of attacks that go on in this one; of an
	// attack without one there is an entry with no ID. They go with their attack.
	earlier map[string]downpour.Exhibit
}

// mostExhibits bounds those that wait and those that are remembered: as many as there can
// be attacks.
const mostExhibits = 4096

// exhibit takes in what is to be kept of an attack.
func (k *keeper) exhibit(e downpour.Exhibit) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.exhibits.waiting == nil {
		k.exhibits.waiting = map[string]downpour.Exhibit{}
	}
	if _, there := k.exhibits.waiting[e.Attack]; !there && len(k.exhibits.waiting) == mostExhibits {
		k.shed++
		return
	}
	k.exhibits.waiting[e.Attack] = e
}

// flushExhibits writes those that wait; what could not be written waits again, unless a
// newer one has come.
func (k *keeper) flushExhibits(ctx context.Context) error {
	k.mu.Lock()
	waiting := k.exhibits.waiting
	k.exhibits.waiting = nil
	k.mu.Unlock()
	var errs []error
	for id, e := range waiting {
		err := k.putExhibit(ctx, e)
		if err == nil {
			continue
		}
		errs = append(errs, fmt.Errorf("samples of attack %s: %w", id, err))
		k.mu.Lock()
		_, newer := k.exhibits.waiting[id]
		k.mu.Unlock()
		if !newer {
			k.exhibit(e)
		}
	}
	return errors.Join(errs...)
}

// putExhibit writes one, joined to what an earlier run kept of the attack.
func (k *keeper) putExhibit(ctx context.Context, e downpour.Exhibit) error {
	earlier, known := k.exhibits.earlier[e.Attack]
	if !known {
		var err error
		if earlier, err = k.store.Exhibit(ctx, e.Attack); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if k.exhibits.earlier == nil || len(k.exhibits.earlier) == mostExhibits {
			k.exhibits.earlier = map[string]downpour.Exhibit{}
		}
		k.exhibits.earlier[e.Attack] = earlier
	}
	if earlier.Attack != "" {
		e = joined(earlier, e)
	}
	return k.store.PutExhibit(ctx, e)
}

// joined is what two runs kept of an attack that went on over a restart: what came before
// it is the earlier's, what came during it both's.
func joined(earlier, later downpour.Exhibit) downpour.Exhibit {
	if len(later.During.Flows) > 0 && !later.During.Flows[0].Start.After(earlier.AsOf) {
		return later // it reaches back itself
	}
	flows := slices.Concat(earlier.During.Flows, later.During.Flows)
	for len(flows) > downpour.ExhibitDuring {
		for i := range len(flows) / 2 {
			flows[i] = flows[2*i]
		}
		flows = flows[:len(flows)/2]
	}
	later.Before = earlier.Before
	later.During = downpour.FlowSample{Of: earlier.During.Of + later.During.Of, Flows: flows}
	return later
}
