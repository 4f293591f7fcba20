package web

import (
	"math"
	"net/netip"
	"time"

	"downpour"
)

// attackMoment is the onset of the attack that the tests show.
func attackMoment() time.Time { return time.Date(2026, 11, 23, 3, 12, 8, 0, time.UTC) }

// twoPhases is a sampled attack of two vectors, the second of which begins later.
func twoPhases() downpour.Attack {
	onset := attackMoment()
	ntp, port, limit, packets := uint16(123), uint16(443), 36e6, 1500.0
	text := func(s string) *string { return &s }
	asn := uint32(64500)
	a := downpour.Attack{
		ID: "5f0e8c1d2b3a4958", Service: "x", Direction: downpour.Inbound, Target: downpour.Target{Prefix: netip.MustParsePrefix("198.51.100.7/32")},
		Onset: onset, AlarmAt: onset.Add(2400 * time.Millisecond), PeakAt: onset.Add(3 * time.Minute), End: onset.Add(8 * time.Minute), Severity: downpour.Major,
		Shape: []string{"multi-vector"}, Peak: downpour.Rate{Bits: 3.1e9, Packets: 912_000, BitsEstimate: &downpour.Estimate{Value: 3.1e9, Low: 2.9e9, High: 3.3e9}},
		Total: downpour.Volume{Bytes: 91e9, Packets: 210e6}, Why: "UDP from port 123 to 198.51.100.7 was 3.1 Gbit/s [2.9, 3.3]; expected at most 12 Mbit/s, and 3 times that is an attack",
		Expected: []downpour.Expectation{
			{Class: "amplification", Usual: downpour.TrafficRate{Packets: 900, Bits: 12e6}, Limit: downpour.TrafficLimit{Bits: &limit, Packets: &packets}, Peak: downpour.TrafficRate{Packets: 830_000, Bits: 2.9e9}},
			{Class: "syn", Limit: downpour.TrafficLimit{Packets: &packets}, Peak: downpour.TrafficRate{Packets: 410_000, Bits: 196e6}},
		},
		Vectors: []downpour.Vector{{Name: "NTP amplification", Share: 0.64, Protocol: "udp", SourcePort: &ntp}, {Name: "SYN flood", Share: 0.36, Protocol: "tcp", DestinationPort: &port}},
		Phases: []downpour.Phase{{Start: onset, End: onset.Add(5 * time.Minute), Vectors: []string{"NTP amplification"}},
			{Start: onset.Add(5 * time.Minute), End: onset.Add(8 * time.Minute), Vectors: []string{"SYN flood", "NTP amplification"}}},
		Sources: downpour.Sources{Addresses: downpour.Estimate{Value: 4210, Low: 4100, High: 4320}, Statement: "The addresses are those of reflectors: they tell nothing about who sent.",
			ByNetwork: []downpour.NetworkShare{{ASN: &asn, Name: text("Example Hosting"), Share: downpour.Estimate{Value: 0.31, Low: 0.28, High: 0.34}}},
			ByIngress: []downpour.IngressShare{{Exporter: "edge1", Interface: "transit-a", Share: downpour.Estimate{Value: 0.83, Low: 0.8, High: 0.86}}},
			Databases: []downpour.Database{{Name: "geo-whois-asn-country", Built: "2026-11-01"}}},
		Reflection: downpour.Finding{Likelihood: 0.97, Evidence: []downpour.Evidence{{Says: "All packets are answers of NTP servers.", Weight: 3}}},
		Rules:      []downpour.Rule{{Text: "drop udp from port 123 to 198.51.100.7 longer than 200 bytes", Enforcer: "flowspec", Stops: &downpour.Estimate{Value: 0.64, Low: 0.6, High: 0.67}}},
	}
	a.Timeline = twoPhasesTimeline(a)
	return a
}

func twoPhasesTimeline(a downpour.Attack) downpour.Timeline {
	line := downpour.Timeline{Start: a.Onset, Step: 2, Rates: []downpour.VectorTimeline{{Vector: "NTP amplification"}, {Vector: "SYN flood"}}}
	for i := range 240 {
		shape, syn := (0.85+0.15*math.Sin(float64(i)/9))*min(1, float64(i+1)/4), 0.0
		if i >= 150 {
			shape, syn = shape/3, 410_000*(0.9+0.1*math.Cos(float64(i)))
		}
		line.Rates[0].Packets, line.Rates[0].Bits = append(line.Rates[0].Packets, 830_000*shape), append(line.Rates[0].Bits, 2.9e9*shape)
		line.Rates[1].Packets, line.Rates[1].Bits = append(line.Rates[1].Packets, syn), append(line.Rates[1].Bits, syn*480)
	}
	return line
}

// exhibitOf has samples before and during the attack.
func exhibitOf(a downpour.Attack) *downpour.Exhibit {
	e := &downpour.Exhibit{Attack: a.ID, AsOf: a.End, SourcesLeast: true, TTLs: []downpour.TTLCount{{TTL: 52, Packets: 610}, {TTL: 57, Packets: 300}, {TTL: 118, Packets: 90}}}
	asn, country, name := uint32(64500), "DE", "Example Hosting"
	record := func(at time.Time, i int) downpour.SampledFlow {
		return downpour.SampledFlow{Start: at, Source: netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}), Destination: netip.MustParseAddr("198.51.100.7"), SourcePort: 123, DestinationPort: uint16(40_000 + i),
			Protocol: 17, Bytes: 468, Packets: 1, Sampling: 1000, TTL: uint8(52 + i%3), Exporter: "edge1", Interface: "transit-a", Packet: true}
	}
	for i := range 60 {
		f := record(a.Onset.Add(time.Duration(i)*8*time.Second), i)
		if i%3 == 0 {
			f.Protocol, f.SourcePort, f.DestinationPort, f.TCPFlags, f.Bytes, f.Sequence = downpour.ProtocolTCP, uint16(1024+i*431), 443, downpour.SYN, 60, uint32(i)*7919
		}
		e.During.Flows = append(e.During.Flows, f)
	}
	e.During.Of = 210_344
	for i := range 9 {
		f := record(a.Onset.Add(time.Duration(i-9)*time.Second), 200+i)
		f.Protocol, f.SourcePort, f.DestinationPort, f.TCPFlags, f.Bytes = downpour.ProtocolTCP, uint16(50_000+i), 443, downpour.ACK|downpour.PSH, 1240
		e.Before.Flows = append(e.Before.Flows, f)
	}
	e.Before.Of = 9
	for i := range 5 {
		e.Sources = append(e.Sources, downpour.TopSource{Address: netip.AddrFrom4([4]byte{203, 0, 113, byte(i)}), Packets: uint64(900 - 70*i), Bytes: uint64(420_000 - 30_000*i),
			First: a.Onset, Last: a.End, TTLMin: 52, TTLMax: 54, Country: &country, ASN: &asn, Network: &name})
	}
	return e
}

// minutesOf are some of the target's minutes around the attack, which get busier.
func minutesOf(a downpour.Attack) (list []downpour.TrafficMinute) {
	first := a.Onset.Truncate(time.Minute)
	for i := -5; i < 14; i++ {
		m := downpour.TrafficMinute{Time: first.Add(time.Duration(i) * time.Minute), Target: a.Target.Prefix, Class: "amplification",
			Peak: downpour.TrafficRate{Packets: 700 + float64(i*i), Bits: 9e6}, Expected: downpour.TrafficRate{Packets: 900, Bits: 12e6}}
		if i >= 0 && i < 9 {
			m.Attacked, m.Peak = true, downpour.TrafficRate{Packets: 830_000, Bits: 2.9e9}
		}
		list = append(list, m)
	}
	return list
}

func attackView() AttackView {
	a := twoPhases()
	return AttackView{
		Frame: Frame{RunBy: "example.net", Now: a.End.Add(20 * time.Minute), Operator: true, CSRF: "token"}, Service: ServiceRef{"x", "X"},
		Incident: downpour.Incident{ID: "9f2c41aa07", Service: "x", Start: a.Onset, End: a.End}, Attack: a, Minutes: minutesOf(a), Exhibit: exhibitOf(a),
		Downloads: []Link{{"Samples as JSON", "/incidents/9f2c41aa07/attacks/" + a.ID + "/samples.json"}, {"Samples as CSV", "/incidents/9f2c41aa07/attacks/" + a.ID + "/samples.csv"}},
	}
}

// attackViews are the page's states.
func attackViews() map[string]AttackView {
	full := attackView()
	bare := full
	bare.Attack.Expected, bare.Minutes, bare.Exhibit, bare.Downloads, bare.Attack.Phases = nil, nil, nil, nil, nil
	short := full
	short.Minutes, short.Attack.Ongoing, short.Attack.Synthetic, short.Attack.Direction = nil, true, true, downpour.Outbound
	short.Attack.End = short.Attack.Onset.Add(400 * time.Millisecond)
	short.Attack.AlarmAt, short.Attack.PeakAt, short.Now = short.Attack.End, short.Attack.Onset, short.Attack.End
	short.Attack.Timeline.Step, short.Attack.Phases = 0.4/240, nil
	empty := AttackView{Frame: full.Frame, Attack: downpour.Attack{ID: "a", Onset: full.Now, End: full.Now, AlarmAt: full.Now}, Exhibit: &downpour.Exhibit{}}
	hostiles := full
	hostiles.Attack.Why, hostiles.Service.Name = hostile, hostile
	hostiles.Exhibit = exhibitOf(full.Attack)
	hostiles.Exhibit.During.Flows[0].Exporter, hostiles.Exhibit.Sources[0].Network = hostile, &hostiles.Attack.Why
	requests, total := 5200.0, uint64(812_000)
	web := bare
	web.Attack.Peak, web.Attack.Total = downpour.Rate{Requests: &requests}, downpour.Volume{Requests: &total}
	web.Attack.Target = downpour.Target{Name: "www.example.com"}
	web.Attack.Timeline.Rates = []downpour.VectorTimeline{{Vector: "HTTP flood", Requests: full.Attack.Timeline.Rates[0].Packets}}
	return map[string]AttackView{"full": full, "bare": bare, "short": short, "empty": empty, "hostile": hostiles, "requests": web}
}
