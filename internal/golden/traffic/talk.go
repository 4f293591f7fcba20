package traffic

import (
	"time"
)

// talk is a TCP connection from its handshake to its end: the client asks, the
// server answers.
type talk struct {
	client, server host
	port           uint16 // the server's
	begin          int64
	up, down       int     // bytes each way
	rate           float64 // bits/s of the larger way; 0: 20 Mbit/s
	request        []byte  // what the client says first; nil: TLS-like noise
	reply          string  // what the server's first segment begins with
	lasting        int64   // stop here although data are left; 0: to the end
	opened         bool    // the handshake was before the capture
}

// segmentSize is what a segment carries on Ethernet over IPv6 with time stamps.
const segmentSize = 1428

// quick is a round trip, drawn by the distance of the client.
func (m *maker) quick() int64 { return int64(8+m.r.IntN(70)) * int64(time.Millisecond) }

// talk sends a connection's packets.
func (m *maker) talk(t talk) {
	c := conversation{maker: m, talk: t, at: t.begin, cport: t.client.port(m.r), trip: m.quick()}
	c.cseq, c.sseq = m.r.Uint32(), m.r.Uint32()
	if t.rate == 0 {
		c.rate = 20e6
	}
	if !t.opened {
		c.fromClient(segment{flags: syn, options: synOptions(t.client, m.r)})
		c.cseq++
		c.fromServer(segment{flags: syn | ack, options: synOptions(t.server, m.r)}, c.trip/50)
		c.sseq++
		c.fromClient(segment{flags: ack}, c.trip)
	}
	first := t.request
	if first == nil {
		first = noise(m.r, 300)
	}
	c.fromClient(segment{flags: ack | psh, payload: first})
	c.cseq += uint32(len(first))
	c.transfer(true, t.up)
	c.at += c.trip / 2
	c.transfer(false, t.down)
	if c.late() {
		return
	}
	c.fromServer(segment{flags: fin | ack}, 1000)
	c.sseq++
	c.fromClient(segment{flags: fin | ack}, c.trip)
	c.cseq++
	c.fromServer(segment{flags: ack}, 10_000)
}

// conversation is the state of a talk.
type conversation struct {
	*maker
	talk
	at         int64
	trip       int64
	cport      uint16
	cseq, sseq uint32
}

func (c *conversation) late() bool { return c.lasting > 0 && c.at >= c.lasting }

// fromClient sends from the client after a pause.
func (c *conversation) fromClient(s segment, pause ...int64) {
	for _, p := range pause {
		c.at += p
	}
	s.sport, s.dport, s.sequence = c.cport, c.port, c.cseq
	if s.flags&ack != 0 {
		s.ack = c.sseq
	}
	s.window = 501
	c.send(c.at, tcp(c.client, c.server, s), false)
}

// fromServer sends from the server after a pause.
func (c *conversation) fromServer(s segment, pause int64) {
	c.at += pause
	s.sport, s.dport, s.sequence, s.ack, s.window = c.port, c.cport, c.sseq, c.cseq, 509
	c.send(c.at, tcp(c.server, c.client, s), false)
}

// transfer sends data one way, and an acknowledgement for every second segment
// the other way (RFC 9293, 3.8.6.3).
func (c *conversation) transfer(up bool, size int) {
	gap := int64(float64(segmentSize+66) * 8 / c.rate * float64(time.Second))
	for n := 0; size > 0 && !c.late(); n++ {
		length := min(size, segmentSize)
		size -= length
		data := segment{flags: ack, payload: noise(c.r, length)}
		if size == 0 {
			data.flags |= psh
		}
		c.at += gap
		if up {
			c.fromClient(data)
			c.cseq += uint32(length)
		} else {
			if n == 0 {
				copy(data.payload, c.reply)
			}
			c.fromServer(data, 0)
			c.sseq += uint32(length)
		}
		if n%2 == 1 || size == 0 {
			c.acknowledge(!up)
		}
	}
}

func (c *conversation) acknowledge(byClient bool) {
	if byClient {
		c.fromClient(segment{flags: ack})
		return
	}
	c.fromServer(segment{flags: ack}, 0)
}

// call is a stream of datagrams between two hosts, each way at its own rate.
type call struct {
	a, b         host
	aPort, bPort uint16
	begin, end   int64
	ab, ba       float64 // packets/s
	abSize       func() int
	baSize       func() int
	payload      func(n int) []byte // nil: noise
}

// call sends a call's packets: at even gaps with a jitter of a tenth.
func (m *maker) call(c call) {
	payload := c.payload
	if payload == nil {
		payload = func(n int) []byte { return noise(m.r, n) }
	}
	oneWay := func(rate float64, from, to host, sport, dport uint16, size func() int) {
		if rate <= 0 {
			return
		}
		gap := float64(time.Second) / rate
		for at := float64(c.begin) + gap*m.r.Float64(); at < float64(c.end); at += gap * (0.9 + 0.2*m.r.Float64()) {
			m.send(int64(at), udp(from, to, sport, dport, payload(size())), false)
		}
	}
	oneWay(c.ab, c.a, c.b, c.aPort, c.bPort, c.abSize)
	oneWay(c.ba, c.b, c.a, c.bPort, c.aPort, c.baSize)
}

// always is a size that does not vary.
func always(n int) func() int { return func() int { return n } }
