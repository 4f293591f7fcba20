package web

// signature is what nearly all requests of an attack have in common, if anything:
// those that bear it are then counted exactly.
type signature struct {
	from           int64 // second from which on they are counted; 0: nothing is common
	paths, nets    bool  // what is common
	agents         bool
	path, net, agt uint64  // hashes
	usual          float64 // requests/s that usually bear it, at most
}

// common is the share of an attack's requests from which on they have something in
// common.
const common = 0.9

// sign finds what the requests of the latest span have in common.
func (w *watch) sign(sec int64) signature {
	s := spanBefore(sec)
	all := w.count(&w.ring, s) - w.mean*s.seconds()
	g := signature{usual: w.mean}
	find := func(of *cells) (hash uint64, found bool) {
		i, n := of.rising(s.number, s.seconds())
		if n < common*all {
			return 0, false
		}
		b := &of.buckets[i]
		g.from, g.usual = sec, min(g.usual, float64(b.usual))
		return b.hash, true
	}
	g.path, g.paths = find(&w.paths)
	g.net, g.nets = find(&w.nets)
	g.agt, g.agents = find(&w.agents)
	return g
}

// borne tells whether a request with these hashes bears the signature.
func (g *signature) borne(path, net, agent uint64) bool {
	return (!g.paths || g.path == path) && (!g.nets || g.net == net) && (!g.agents || g.agt == agent)
}

// bornBy tells whether a client may have sent such requests, and little else.
func (g *signature) bornBy(c *client, key uint64) bool {
	const littleElse = 3 // different paths
	return (!g.paths || c.asked(g.path) && c.distinct() <= littleElse) &&
		(!g.nets || networkOf(c.Address).Hash(key) == g.net) &&
		(!g.agents || c.agent == uint32(g.agt))
}
