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

// sign finds what the latest requests of those clients have in common that are no
// visitors, or what all have that came on top of the usual: of the path, network
// and agent that came most above their own usual.
func (w *watch) sign(sec int64) signature {
	s := spanBefore(sec)
	onTop := w.count(&w.ring, s) - w.mean*s.seconds()
	top := func(of *cells) (*cell, bool) {
		i, n := of.rising(s.number, s.seconds())
		return &of.buckets[i], n >= common*onTop
	}
	path, onePath := top(&w.paths)
	net, oneNet := top(&w.nets)
	agent, oneAgent := top(&w.agents)
	var all, ofPath, ofNet, ofAgent float64
	for i := range w.sample.entries {
		c := &w.sample.entries[i]
		n := float64(c.within(s.number))
		if n == 0 || !w.takesPart(c) || w.latest-c.first < int64(w.cfg.Patience) && c.repeats == 0 {
			continue
		}
		all += n
		if c.main == path.hash {
			ofPath += n
		}
		if networkOf(c.Address).Hash(w.sample.key) == net.hash {
			ofNet += n
		}
		if c.agent == agent.hash {
			ofAgent += n
		}
	}
	g := signature{usual: w.mean, path: path.hash, net: net.hash, agt: agent.hash}
	note := func(common bool, b *cell) bool {
		if common {
			g.from, g.usual = sec, min(g.usual, float64(b.usual))
		}
		return common
	}
	g.paths = note(onePath || all > 0 && ofPath >= common*all, path)
	g.nets = note(oneNet || all > 0 && ofNet >= common*all, net)
	g.agents = note(oneAgent || all > 0 && ofAgent >= common*all, agent)
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
		(!g.agents || c.agent == g.agt)
}
