package weblog

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"downpour"
)

// request is one line to be written.
type request struct {
	at       int64 // when it was logged: at its end
	duration int64
	from     netip.Addr
	method   string // "": no request was read
	path     string
	agent    string
	referrer string
	status   int
	bytes    int
	attack   int // stream + 1; 0: no attack
}

// Log is what a recipe makes.
type Log struct {
	recipe   *Recipe
	requests []request
}

// maker makes requests.
type maker struct {
	recipe *Recipe
	rng    *rand.Rand
	world  *world
	list   []request
	stream int
}

// Make follows a recipe, which must have no fault.
func Make(r *Recipe) *Log {
	rng := rand.New(rand.NewPCG(r.Seed, 0x7765626c6f67))
	m := &maker{recipe: r, rng: rng, world: newWorld(rng)}
	for i := range r.Streams {
		m.stream = i
		s := &r.Streams[i]
		switch {
		case s.Kind == flood:
			m.flood(s)
		case s.Kind == slow:
			m.slow(s)
		case sites[s.Kind] != nil:
			m.site(s, sites[s.Kind])
		default:
			machines[s.Kind](m, s)
		}
	}
	slices.SortStableFunc(m.list, func(a, b request) int { return cmp.Compare(a.at, b.at) })
	return &Log{r, m.list}
}

// add adds a request that begins at a time, with a usual duration where none is
// told.
func (m *maker) add(at int64, r request) {
	if r.duration == 0 {
		r.duration = int64(20e6 * math.Exp(m.rng.NormFloat64()))
	}
	if r.status == 0 {
		r.status = 200
	}
	if r.bytes == 0 && r.status == 200 {
		r.bytes = int(4000 * math.Exp(m.rng.NormFloat64()))
	}
	r.at = at + r.duration
	m.list = append(m.list, r)
}

// course calls each at the instants of a stream's events: a Poisson process, bent
// by day, ramp and pulses.
func (m *maker) course(s *Stream, each func(at int64)) {
	begin := m.recipe.Start.Add(s.From)
	highest := s.Rate * (1 + s.Day)
	for t := 0.0; ; {
		t += m.rng.ExpFloat64() / highest
		since := time.Duration(t * 1e9)
		if since >= s.Lasts {
			return
		}
		at := begin.Add(since)
		share := s.season(at) / (1 + s.Day)
		if s.Ramp > 0 {
			share *= min(1, float64(since)/float64(s.Ramp))
		}
		if s.On > 0 && since%(s.On+s.Off) >= s.On {
			share = 0
		}
		if m.rng.Float64() < share {
			each(at.UnixNano())
		}
	}
}

// season is how the hour bends the rate, around 1.
func (s *Stream) season(at time.Time) float64 {
	if s.Day == 0 {
		return 1
	}
	hour := at.Sub(at.Truncate(24 * time.Hour)).Hours()
	return 1 + s.Day*math.Cos((hour-20)/24*2*math.Pi)
}

// host is whose log it is.
func (r *Recipe) host() string {
	if r.Host == "" {
		return "www.example.com"
	}
	return r.Host
}

// Each calls each for all requests in their order, as a reader of the log would
// give them. A Request's strings hold as long as the log.
func (l *Log) Each(each func(r *downpour.Request)) {
	var out downpour.Request
	for i := range l.requests {
		r := &l.requests[i]
		out = downpour.Request{
			Time: r.at, Client: downpour.AddressFrom(r.from), Host: l.recipe.host(), Method: r.method, Path: r.path,
			Agent: r.agent, Status: uint16(r.status), Bytes: uint64(r.bytes), Duration: uint32(max(r.duration/1000, 1)),
		}
		if r.referrer != "" {
			out.Referred = downpour.Yes
		}
		each(&out)
	}
}

// Len is how many requests it holds.
func (l *Log) Len() int { return len(l.requests) }

// Write writes the log in the recipe's format.
func (l *Log) Write(w io.Writer) error {
	b := bufio.NewWriter(w)
	for i := range l.requests {
		if l.recipe.Format == JSON {
			l.requests[i].json(b, l.recipe.host())
		} else {
			l.requests[i].combined(b)
		}
	}
	return b.Flush()
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// line is the request line.
func (r *request) line() string {
	if r.method == "" {
		return ""
	}
	return r.method + " " + r.path + " HTTP/1.1"
}

func (r *request) combined(b *bufio.Writer) {
	fmt.Fprintf(b, "%s - - [%s] \"%s\" %d %d \"%s\" \"%s\"\n", r.from, time.Unix(0, r.at).UTC().Format("02/Jan/2006:15:04:05 -0700"),
		dash(r.line()), r.status, r.bytes, dash(r.referrer), dash(r.agent))
}

func (r *request) json(b *bufio.Writer, host string) {
	fmt.Fprintf(b, `{"msec":"%d.%03d","remote_addr":"%s","host":"%s","request":"%s","status":"%d","body_bytes_sent":"%d","request_time":"%s","http_referer":"%s","http_user_agent":"%s"}`+"\n",
		r.at/1e9, r.at/1e6%1000, r.from, host, r.line(), r.status, r.bytes,
		strconv.FormatFloat(float64(r.duration/1e6)/1e3, 'f', 3, 64), r.referrer, r.agent)
}
