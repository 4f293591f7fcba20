package attack

import (
	"math"
	"testing"
	"time"

	"downpour"
)

// exported makes of a flow what flow export tells: no header's fields but ports and
// flags, and many packets.
func exported(flags uint8, packets uint32, size uint64) func(int, *downpour.Flow) {
	return func(i int, f *downpour.Flow) {
		tcp(flags)(i, f)
		f.TTL, f.IPID, f.Sequence, f.Window = 0, 0, 0, 0
		f.Packets, f.Bytes = packets, uint64(packets)*size
	}
}

// audience is a web service's: short connections, each told in one record a way.
func audience(made *traffic, seconds, perSecond int, flags uint8, answered bool, rate uint32) {
	for i := range seconds * perSecond {
		at := time.Duration(i) * time.Second / time.Duration(perSecond)
		made.send(at, 0, 1, func(i int, f *downpour.Flow) {
			exported(flags, 12, 90)(i, f)
			f.DestinationPort, f.Sampling = 443, rate
		})
		if !answered {
			continue
		}
		in := made.flows[len(made.flows)-1]
		in.Source, in.Destination = in.Destination, in.Source
		in.SourcePort, in.DestinationPort = in.DestinationPort, in.SourcePort
		in.Packets, in.Bytes = 40, 40*1300
		made.flows = append(made.flows, in)
	}
}

// TestRecordsOfConversations: connections told in one record each are no flood,
// whichever flags their packets had, whether both ways are exported or one, and
// where the exporter tells no flags.
func TestRecordsOfConversations(t *testing.T) {
	const all = downpour.SYN | downpour.ACK | downpour.PSH | downpour.FIN
	for name, flags := range map[string]uint8{"whole": all, "cut off": downpour.ACK | downpour.PSH, "reset": all | downpour.RST, "no flags told": 0} {
		for way, answered := range map[string]bool{"both ways": true, "one way": false} {
			t.Run(name+", "+way, func(t *testing.T) {
				made := newTraffic(71)
				audience(made, 20, 4000, flags, answered, 1) // 48,000 packets/s
				if list, _ := find(Default(), made.flows); len(list) != 0 {
					t.Errorf("taken for an attack: %s %v", list[0].Why, list[0].Vectors)
				}
			})
		}
	}
}

// TestRecordOfAnUpload: the server's record of a connection in which it is sent much
// bears SYN and ACK, and holds no more than acknowledgements.
func TestRecordOfAnUpload(t *testing.T) {
	made := newTraffic(70)
	made.send(0, 5*time.Second, 5, func(i int, f *downpour.Flow) {
		exported(downpour.SYN|downpour.ACK, 15_000, 52)(i, f)
		f.SourcePort, f.DestinationPort = 443, 40_000
	})
	if list, _ := find(Default(), made.flows); len(list) != 0 {
		t.Errorf("taken for an attack: %s %v", list[0].Why, list[0].Vectors)
	}
}

// TestRecordsOfFloods: what attacks leave in flow export.
func TestRecordsOfFloods(t *testing.T) {
	answer := func(i int, f *downpour.Flow) {
		udp(53, 0, downpour.NoPayload)(i, f)
		f.TTL, f.IPID, f.Sequence, f.Window, f.Packets, f.Bytes = 0, 0, 0, 0, 3, 3*1400
	}
	for _, test := range []struct {
		name   string
		shape  func(int, *downpour.Flow)
		vector string
	}{
		{"SYN, a packet each", exported(downpour.SYN, 1, 44), "SYN flood"},
		{"SYN, repeated from the same ports", exported(downpour.SYN, 3, 44), "SYN flood"},
		{"ACK, a packet each", exported(downpour.ACK, 1, 44), "ACK flood"},
		{"SYN-ACK, repeated", func(i int, f *downpour.Flow) {
			exported(downpour.SYN|downpour.ACK, 4, 44)(i, f)
			f.SourcePort, f.DestinationPort = 443, uint16(1024+i%50_000)
		}, "SYN-ACK reflection"},
		{"every flag", exported(downpour.FIN|downpour.SYN|downpour.RST|downpour.ACK|downpour.PSH|downpour.URG, 2, 40), "TCP Xmas flood"},
		{"DNS answers", answer, "DNS amplification"},
		{"DNS answers with their later fragments", func(i int, f *downpour.Flow) {
			if answer(i, f); i%3 > 0 {
				f.SourcePort, f.DestinationPort = 0, 0
			}
		}, "DNS amplification"},
		{"later fragments of UDP", func(i int, f *downpour.Flow) {
			answer(i, f)
			f.SourcePort, f.DestinationPort = 0, 0
		}, "UDP fragment flood"},
		{"later fragments of TCP", func(i int, f *downpour.Flow) {
			exported(0, 3, 1400)(i, f)
			f.SourcePort, f.DestinationPort = 0, 0
		}, "IP fragment flood"},
	} {
		t.Run(test.name, func(t *testing.T) {
			made := newTraffic(72)
			audience(made, 8, 300, downpour.SYN|downpour.ACK|downpour.PSH|downpour.FIN, true, 1)
			made.send(2*time.Second, 5*time.Second, 200_000, test.shape)
			a := one(t, Default(), made.flows)
			want := uint64(200_000) * uint64(made.flows[len(made.flows)-1].Packets)
			if shareOf(a, test.vector) < 0.9 || math.Abs(float64(a.Total.Packets)/float64(want)-1) > 0.1 {
				t.Errorf("%v, %d packets; want %s, %d", a.Vectors, a.Total.Packets, test.vector, want)
			}
			for _, field := range a.Footprint.ConstantFields {
				switch field.Field {
				case "ip id", "tcp sequence", "tcp window":
					t.Errorf("%s is constant: no record bears it", field.Field)
				}
			}
		})
	}
}

// TestNullFloodInRecords: no flags mean what they say where others have some.
func TestNullFloodInRecords(t *testing.T) {
	made := newTraffic(73)
	audience(made, 8, 2000, downpour.SYN|downpour.ACK|downpour.PSH|downpour.FIN, true, 1)
	made.send(2*time.Second, 5*time.Second, 100_000, exported(0, 1, 40))
	if a := one(t, Default(), made.flows); shareOf(a, "TCP null flood") < 0.9 {
		t.Errorf("%v", a.Vectors)
	}
}

// TestSampledRecords: packets of a record were sampled each for itself.
func TestSampledRecords(t *testing.T) {
	made := newTraffic(74)
	made.send(0, 10*time.Second, 1000, func(i int, f *downpour.Flow) {
		exported(downpour.SYN, 3, 44)(i, f)
		f.Sampling = 1000
	})
	a := one(t, Default(), made.flows)
	if a.Total.Packets != 3_000_000 || a.Total.Bytes != 44*3_000_000 || a.Footprint.Packets != 3000 || a.Footprint.Sampling != 1000 {
		t.Errorf("total %+v, footprint of %d packets at 1:%d", a.Total, a.Footprint.Packets, a.Footprint.Sampling)
	}
	if e := a.Total.PacketsEstimate; e == nil || math.Abs((e.High-e.Low)/3e6-2*1.96/math.Sqrt(3000)) > 0.005 {
		t.Errorf("interval %v", e)
	}
}

// TestDamagedRecordsDoNotOverflow: the largest figures that a record can hold.
func TestDamagedRecordsDoNotOverflow(t *testing.T) {
	f := downpour.Flow{Packets: math.MaxUint32, Bytes: math.MaxUint64, Sampling: math.MaxUint32}
	v := volumeOf(&f)
	if v.packets != mostPackets || v.bytes > mostBytes || v.bytes == 0 {
		t.Errorf("%+v", v)
	}
}

// TestUnlistedAmplificationInRecords: without TTLs machines that answer are known by
// coming again with much, from a service's port; forged addresses hardly meet twice.
func TestUnlistedAmplificationInRecords(t *testing.T) {
	for _, test := range []struct {
		name    string
		sources int // 0: each another
		port    uint16
		size    uint64
		rate    uint32
		vector  string
	}{
		{"reflectors", 300, 5093, 468, 1, udpAmplification},
		{"forged addresses", 0, 5093, 468, 1, "UDP flood"},
		{"small packets", 300, 5093, 60, 1, "UDP flood"},
		{"a client's port", 300, 61_000, 468, 1, "UDP flood"},
		{"a sample that meets none again", 0, 5093, 468, 1000, "UDP flood"},
	} {
		t.Run(test.name, func(t *testing.T) {
			made := newTraffic(75)
			from := made.some(max(test.sources, 1))
			made.send(0, 5*time.Second, 300_000/int(test.rate), func(i int, f *downpour.Flow) {
				udp(test.port, 0, downpour.NoPayload)(i, f)
				f.TTL, f.IPID, f.Bytes, f.Sampling = 0, 0, test.size, test.rate
				if test.sources > 0 {
					f.Source = from[i%test.sources]
				}
			})
			a := one(t, Default(), made.flows)
			if shareOf(a, test.vector) < 0.9 || (a.Footprint.Reflected > 0) != (test.vector == udpAmplification) {
				t.Errorf("%+v, %d reflected; want %s", a.Vectors[0].Name, a.Footprint.Reflected, test.vector)
			}
		})
	}
}

// TestRecordsBeginBeforeTheirAnswers: the record of what comes in stands before that of
// what is answered, by up to a round trip, and each holds a second's packets at once.
// Neither a download nor a tunnel is an attack for that; a flood nobody answers is.
func TestRecordsBeginBeforeTheirAnswers(t *testing.T) {
	for name, shape := range map[string]func(*downpour.Flow){
		"download": func(f *downpour.Flow) {
			f.Protocol, f.TCPFlags, f.SourcePort = downpour.ProtocolTCP, downpour.ACK|downpour.PSH, 443
		},
		"tunnel": func(f *downpour.Flow) {
			f.Protocol, f.SourcePort, f.DestinationPort = downpour.ProtocolUDP, 4500, 4500
		},
	} {
		for way, answered := range map[string]bool{"answered": true, "not answered": false} {
			t.Run(name+", "+way, func(t *testing.T) {
				made := newTraffic(76)
				made.send(0, 2*time.Second, 20, exported(downpour.SYN|downpour.ACK|downpour.PSH, 5, 300))
				made.send(0, 2*time.Second, 20, func(i int, f *downpour.Flow) { // so that its own traffic is seen
					exported(downpour.SYN|downpour.ACK, 5, 300)(i, f)
					f.Source, f.Destination = f.Destination, f.Source
				})
				peers := made.some(20)
				made.send(3*time.Second, 4*time.Second, 5*len(peers), func(i int, f *downpour.Flow) {
					f.TTL, f.IPID, f.Sequence, f.Window = 0, 0, 0, 0
					f.Source, f.DestinationPort = peers[i%len(peers)], 50_000
					f.Packets, f.Bytes, f.Duration = 3000, 3000*1200, 900
					shape(f)
					f.Time = morning + int64(3+i/len(peers))*second
				})
				for _, in := range made.flows[40:] {
					if answered {
						in.Time += int64(60 * time.Millisecond)
						in.Source, in.Destination = in.Destination, in.Source
						in.SourcePort, in.DestinationPort = in.DestinationPort, in.SourcePort
						in.Packets, in.Bytes = 1500, 1500*60
						made.flows = append(made.flows, in)
					}
				}
				list, _ := find(Default(), made.flows)
				if answered != (len(list) == 0) {
					t.Errorf("%d attacks: %+v", len(list), list)
				}
			})
		}
	}
}
