package report

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestTable compares the table with a plain list of keys in order of age.
func TestTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bound := rapid.IntRange(1, 5).Draw(t, "bound")
		table, model, evicted := newTable[uint64](bound), []uint64{}, uint64(0)
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			key := rapid.Uint64Range(0, 8).Draw(t, "key")
			at := slices.Index(model, key)
			switch rapid.IntRange(0, 2).Draw(t, "do") {
			case 0, 1:
				v := table.renew(key)
				if at < 0 && *v != 0 {
					t.Fatalf("a new key has the value %d", *v)
				}
				*v = key + 100
				if at >= 0 {
					model = slices.Delete(model, at, at+1)
				} else if len(model) == bound {
					model, evicted = model[1:], evicted+1
				}
				model = append(model, key)
			case 2:
				table.drop(key)
				if at >= 0 {
					model = slices.Delete(model, at, at+1)
				}
			}
			if table.len() != len(model) || table.evicted != evicted || len(table.slots) > bound {
				t.Fatalf("%d keys, %d evicted; want %d, %d", table.len(), table.evicted, len(model), evicted)
			}
			for _, k := range model {
				if v := table.get(k); v == nil || *v != k+100 {
					t.Fatalf("key %d is lost", k)
				}
			}
			if k, v := table.first(); len(model) == 0 && v != nil || len(model) > 0 && k != model[0] {
				t.Fatalf("the oldest is %d of %v", k, model)
			}
		}
	})
}
