package collector

import (
	"bytes"
	"net"
	"testing"
	"time"

	"downpour/internal/golden/export"
	"downpour/internal/observe/flow"
	"downpour/internal/observe/sflow"
)

// FuzzHandle feeds whatever may come in a datagram, as an accepted exporter's and
// as a stranger's: nothing panics, tables keep their bounds, and what is handed
// on is dated no later than it came.
func FuzzHandle(f *testing.F) {
	for _, v := range versionsKnown {
		for _, d := range datagrams(export.Settings{Version: v}, load(3)) {
			f.Add(d.Message, true)
		}
	}
	f.Add([]byte("\x00\x00\x00\x05\x00\x00\x00\x02"), true)
	f.Add([]byte{}, false)
	r := start(f, nil)
	known, stranger := addressOf("127.0.0.2"), addressOf("192.0.2.1")
	out := r.newOutput()
	now := time.Now().UnixNano()
	f.Fuzz(func(t *testing.T, message []byte, accepted bool) {
		from := stranger
		if accepted {
			from = known
		}
		r.handle(&out, source{from: from}, message, now)
		for i := range out.records {
			if accepted && out.records[i].Time > now+int64(time.Hour) {
				t.Errorf("a record is dated %d, after its arrival at %d", out.records[i].Time, now)
			}
		}
		out.flush(now)
		if n := len(*r.registry.known.Load()); n > maxAgents+1 {
			t.Errorf("%d exporters behind one sender", n)
		}
		if agent, _ := sflow.Agent(message); agent.IsValid() && len(message) < 12 {
			t.Error("an agent's address out of nothing")
		}
	})
}

// FuzzState reads any file as kept templates.
func FuzzState(f *testing.F) {
	f.Add([]byte(`{"schema": "downpour.templates/1", "exporters": {"127.0.0.2": "RFBORgE="}}`))
	f.Add([]byte(`{"schema": "downpour.templates/1", "exporters": {"x": 1}}`))
	f.Fuzz(func(_ *testing.T, data []byte) {
		s, err := parseState(data)
		if err != nil {
			return
		}
		for _, b := range s.Exporters {
			_ = netflowDecoder(false).(templated).Restore(b) // an error is fine, a panic is not
		}
	})
}

// FuzzMessage reads any stream: messages come out whole or the stream ends.
func FuzzMessage(f *testing.F) {
	for _, d := range datagrams(export.Settings{Version: flow.IPFIX}, load(3)) {
		f.Add(d.Message)
	}
	f.Add([]byte{0, 10, 0, 3})
	f.Fuzz(func(t *testing.T, stream []byte) {
		here, there := net.Pipe()
		defer here.Close()
		go func() {
			there.Write(stream)
			there.Close()
		}()
		buffer := make([]byte, maxDatagram)
		for rest := stream; ; {
			n, err := readMessage(here, buffer)
			if err != nil {
				return
			}
			if n < ipfixHeader || !bytes.Equal(buffer[:n], rest[:n]) {
				t.Fatalf("a message of %d bytes is not what was sent", n)
			}
			rest = rest[n:]
		}
	})
}
