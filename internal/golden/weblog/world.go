package weblog

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
)

// world is where clients come from and what they say that they are.
type world struct {
	rng      *rand.Rand
	networks []uint32 // /16 of access networks, the larger ones more often
	browsers []string
}

func newWorld(rng *rand.Rand) *world {
	w := &world{rng: rng}
	for range 400 {
		first := []uint32{24, 62, 71, 78, 81, 86, 91, 94, 105, 109, 151, 176, 186, 189, 190, 200, 213, 217}[rng.IntN(18)]
		w.networks = append(w.networks, first<<24|uint32(rng.IntN(256))<<16)
	}
	for v := 118; v < 126; v++ {
		for _, system := range []string{"Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7", "X11; Linux x86_64", "Linux; Android 10; K"} {
			w.browsers = append(w.browsers, fmt.Sprintf("Mozilla/5.0 (%s) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/%d.0.0.0 Safari/537.36", system, v))
		}
		w.browsers = append(w.browsers,
			fmt.Sprintf("Mozilla/5.0 (iPhone; CPU iPhone OS 17_%d like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.%d Mobile/15E148 Safari/604.1", v%6, v%6),
			fmt.Sprintf("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:%d.0) Gecko/20100101 Firefox/%d.0", v, v))
	}
	rng.Shuffle(len(w.browsers), func(i, j int) { w.browsers[i], w.browsers[j] = w.browsers[j], w.browsers[i] })
	return w
}

// zipf draws from n things, the first ones much more often.
func (w *world) zipf(n int) int {
	// The inverse of a log-uniform rank: about 1/rank.
	rank := 1
	for range 8 {
		if rank*2 > n || w.rng.Float64() < 0.3 {
			break
		}
		rank *= 2
	}
	return min(rank-1+w.rng.IntN(rank), n-1)
}

// person is a client of an access network.
func (w *world) person() netip.Addr {
	if w.rng.Float64() < 0.2 { // IPv6
		var b [16]byte
		b[0], b[1], b[2], b[3] = 0x2a, byte(w.rng.IntN(16)), byte(w.rng.IntN(256)), byte(w.rng.IntN(256))
		for i := 4; i < 16; i++ {
			b[i] = byte(w.rng.IntN(256))
		}
		return netip.AddrFrom16(b)
	}
	return ipv4(w.networks[w.zipf(len(w.networks))] | uint32(1+w.rng.IntN(0xfffe)))
}

// housed are n clients in so many networks of a data centre.
func (w *world) housed(n, networks int) []netip.Addr {
	list := make([]netip.Addr, n)
	base := uint32(45)<<24 | uint32(w.rng.IntN(1<<16))<<8
	for i := range list {
		list[i] = ipv4(base + uint32(i%networks)<<8 + uint32(1+i/networks%250))
	}
	return list
}

func ipv4(v uint32) netip.Addr {
	return netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)})
}

// browser is what a person says.
func (w *world) browser() string { return w.browsers[w.zipf(len(w.browsers))] }

// clients are those of a stream of machines or of an attack.
func (w *world) clients(s *Stream, usual int) []netip.Addr {
	n := s.Sources
	if n == 0 {
		n = usual
	}
	if s.Networks > 0 {
		return w.housed(n, s.Networks)
	}
	list := make([]netip.Addr, n)
	for i := range list {
		list[i] = w.person()
	}
	return list
}

// agents are what the clients of an attack say, one each.
func (w *world) agents(s *Stream, n int) []string {
	list := make([]string, n)
	one := w.browsers[w.rng.IntN(len(w.browsers))]
	for i := range list {
		switch s.Agents {
		case "one":
			list[i] = one
		case "tool":
			list[i] = "python-requests/2.31.0"
		case "none":
			list[i] = ""
		case "crawler":
			list[i] = "Mozilla/5.0 (compatible; Examplebot/2.1; +http://www.example.net/bot.html)"
		default:
			list[i] = w.browsers[w.rng.IntN(len(w.browsers))]
		}
	}
	return list
}
