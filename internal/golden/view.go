package golden

import (
	"bytes"
	"context"
	"hash/fnv"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"downpour"
	"downpour/internal/analysis"
	"downpour/internal/enrich"
	"downpour/internal/golden/export"
	"downpour/internal/golden/traffic"
	"downpour/internal/observe/flow"
)

// View is a way in which a router tells of a case's traffic: by samples of it
// (sFlow), or by records of the flows in all of it or in a sample of it.
type View struct {
	Name     string
	Sampling uint32 // 1:N
	SFlow    bool   // else NetFlow v5, v9 and IPFIX by turns
	Brief    bool   // usual traffic is looked at in the recipe's own direction, sudden, and no other
}

// Views are those that each case is told in.
func Views() []View {
	return []View{
		{Name: "flow records of all packets", Sampling: 1},
		{Name: "sFlow 1:100", Sampling: 100, SFlow: true},
		{Name: "sFlow 1:1,000", Sampling: 1000, SFlow: true},
		{Name: "sFlow 1:10,000", Sampling: 10_000, SFlow: true},
		{Name: "flow records 1:100", Sampling: 100},
		{Name: "flow records 1:1,000", Sampling: 1000},
		{Name: "flow records 1:10,000", Sampling: 10_000},
	}
}

// version is the protocol that a case is told by.
func (v View) version(name string, six bool) flow.Version {
	if v.SFlow {
		return flow.SFlow5
	}
	h := fnv.New32a()
	h.Write([]byte(name))
	turn := []flow.Version{flow.NetFlow9, flow.IPFIX, flow.NetFlow5}[h.Sum32()%3]
	if six && turn == flow.NetFlow5 { // knows IPv4 only
		return flow.NetFlow9
	}
	return turn
}

// shows tells whether a shape can be seen in the view: a record of a flow that pauses
// for less than the inactive timeout shows no pulses.
func (v View) shows(shape string) bool { return v.SFlow || shape != "pulse wave" }

// settings are those of an exporter.
func (v View) settings(version flow.Version) export.Settings {
	return export.Settings{Version: version, Sampling: v.Sampling, Announce: map[flow.Version]export.Announce{
		flow.NetFlow5: export.ByHeader, flow.NetFlow9: export.BySampler, flow.IPFIX: export.ByPacketSpace,
	}[version]}
}

// told is what a collector gets of a case in a view.
type told struct {
	datagrams []export.Datagram
	arrivals  []arrival // of flows, in order
}

// arrival is a flow with the time at which its record came.
type arrival struct {
	at   int64
	flow *export.Flow
}

// tell has an exporter tell of packets: as samples, or as a router's flow cache
// with its usual timeouts does. What is let go within a second is sent together.
func (v View) tell(name string, packets []export.Packet, six bool) told {
	return v.tellBy(v.version(name, six), packets)
}

func (v View) tellBy(version flow.Version, packets []export.Packet) told {
	m := export.Meter{Active: time.Minute, Inactive: 15 * time.Second}
	e := export.NewEncoder(v.settings(version))
	var t told
	if v.SFlow {
		t.samples(e, m.Samples(packets))
		return t
	}
	flows := m.Flows(packets)
	t.datagrams = e.Batches(flows, time.Second)
	for i := range flows {
		f := &flows[i]
		t.arrivals = append(t.arrivals, arrival{f.Exported - f.Exported%int64(time.Second) + int64(time.Second), f})
	}
	return t
}

// samples sends samples as an agent does: when a datagram is full, or a second
// after the first that it holds (sFlow version 5, 4.2.2).
func (t *told) samples(e *export.Encoder, flows []export.Flow) {
	const full = 6
	for i := range flows {
		flows[i].Pool = 0 // what was passed over is not among the packets
	}
	for len(flows) > 0 {
		n, due := 1, flows[0].End+int64(time.Second)
		for n < min(full, len(flows)) && flows[n].End < due {
			n++
		}
		if n == full {
			due = flows[n-1].End
		}
		t.datagrams = e.Flows(t.datagrams, due, flows[:n])
		for i := range flows[:n] {
			t.arrivals = append(t.arrivals, arrival{due, &flows[i]})
		}
		flows = flows[n:]
	}
}

// write writes a capture of the datagrams at the collector.
func (t told) write(w io.Writer) error {
	return export.WriteCapture(w, netip.MustParseAddrPort("192.0.2.250:9996"), t.datagrams)
}

// analyze writes what the exporter sent into a capture at the collector and has
// it analyzed, with the network that is ours declared.
func (t told) analyze(ctx context.Context, own []netip.Prefix, places *enrich.Table) ([]downpour.Attack, error) {
	folder, err := os.MkdirTemp("", "downpour-view-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	name := filepath.Join(folder, "export.pcap")
	if err := write(name, t.write); err != nil {
		return nil, err
	}
	a, err := analysis.Run(ctx, analysis.Options{Shards: 1, Inputs: []string{name}, Targets: own, Places: places})
	if err != nil {
		return nil, err
	}
	return a.Attacks, nil
}

// packets reads a sample back as packets.
func packets(c *traffic.Sampled) ([]export.Packet, error) {
	var file bytes.Buffer
	if err := c.Write(&file); err != nil {
		return nil, err
	}
	return export.ReadPackets(&file)
}

// network is that of a host.
func network(host netip.Addr) netip.Prefix {
	bits := 24
	if host.Is6() {
		bits = 64
	}
	return netip.PrefixFrom(host, bits).Masked()
}
