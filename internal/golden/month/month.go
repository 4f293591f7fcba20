package month

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

// The pace of the simulation: what a step holds is drawn at once.
const (
	step    = 10 * time.Second
	seconds = int(step / time.Second)
)

// network is one whose border is watched.
type network struct {
	name     string
	sampling uint32
	ingress  bool // what goes out is not told of
	targets  int
	members  []member // by turns
}

// networks are those that are simulated, in halves that are simulated at once.
func networks() [2][]network {
	homes := append(slices.Repeat([]member{home()}, 39), gateway(0.03, wave(20.5, 0.12)))
	hosting := []member{
		webServer(30), webServer(5), webServer(2), mailServer(), webServer(10), webServer(1), resolver(300), webServer(3),
		webServer(15), webServer(2), webServer(1), webServer(5), webServer(3), mailServer(), webServer(8), backupServer(),
	}
	games := []member{gameServer(100), gameServer(30), gameServer(10)}
	company := []member{companyDoor(), gateway(0.02, office), mailServer(), webServer(1), backupServer()}
	return [2][]network{{
		{"access, both ways, 1:4,000", 4000, false, 98, homes},
		{"access, ingress only, 1:1,000", 1000, true, 30, homes},
		{"hosting, ingress only, 1:2,000", 2000, true, 36, hosting[:15]},
		{"games, ingress only, 1:4,000", 4000, true, 3, games},
		{"companies, both ways, 1:4,000", 4000, false, 4, company},
	}, {
		{"access, ingress only, 1:4,000", 4000, true, 94, homes},
		{"access, both ways, 1:1,000", 1000, false, 30, homes},
		{"hosting, both ways, 1:2,000", 2000, false, 36, hosting[:15]},
		{"games, both ways, 1:4,000", 4000, false, 3, games},
		{"companies, ingress only, 1:10,000", 10_000, true, 5, company},
		{"cache, both ways, 1:10,000", 10_000, false, 1, []member{cache()}},
	}}
}

// Run simulates so many days, after a first one that teaches and is not counted.
func Run(ctx context.Context, days int) (Result, error) {
	var made [2]simulation
	group, ctx := errgroup.WithContext(ctx)
	for i, list := range networks() {
		made[i] = simulation{networks: list, days: days, drawn: drawn{r: rand.New(rand.NewPCG(uint64(i), 2026))}}
		group.Go(func() error { return made[i].run(ctx) })
	}
	if err := group.Wait(); err != nil {
		return Result{}, err
	}
	r := Result{Days: days, Episodes: map[string]int{}}
	for i := range made {
		made[i].gather(&r)
	}
	return r, nil
}
