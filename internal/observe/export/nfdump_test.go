package export

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"downpour"
	"downpour/internal/observe/flow"
)

// lines reads CSV to its end.
func lines(t testing.TB, zone *time.Location, csv string) (all []flow.Record, f *file) {
	t.Helper()
	c := newCSVFeed("x.csv", nopCloser{bytes.NewReader([]byte(csv))}, zone)
	var m Message
	for c.next(&m) {
		if m.At != m.record.Time+int64(m.record.Duration)*int64(time.Millisecond) {
			t.Errorf("line %d arrived at %d", m.offset, m.At)
		}
		all = append(all, *m.record)
	}
	return all, c.file
}

func address(s string) downpour.Address {
	a, _ := parseAddress(s)
	return a
}

func TestWhatNfdumpPrinted(t *testing.T) {
	data, err := os.ReadFile("testdata/nfdump-1.7.1.csv")
	if err != nil {
		t.Fatal(err)
	}
	got, f := lines(t, nil, string(data))
	noon := time.Date(2024, 3, 10, 12, 0, 0, 0, time.UTC).UnixNano()
	second := int64(time.Second)
	want := []downpour.Flow{
		{Time: noon + 4*second, Source: address("192.0.2.2"), Destination: address("198.51.100.1"), SourcePort: 53, DestinationPort: 5353, Protocol: 17, Packets: 1, Bytes: 928, Sampling: 1},
		{Time: noon + 5*second, Source: address("192.0.2.3"), Destination: address("198.51.100.1"), Protocol: 1, ICMPType: 11, Packets: 1, Bytes: 56, Sampling: 1},
		{Time: noon + 7*second, Source: address("2001:db8::1"), Destination: address("2001:db8::2"), Protocol: 58, ICMPType: 128, Packets: 1, Bytes: 68, Sampling: 1},
		{Time: noon + 8*second, Source: address("10.0.0.1"), Destination: address("10.0.0.2"), SourcePort: 1, DestinationPort: 2, Protocol: 17, Packets: 1, Bytes: 38, Sampling: 1},
		{Time: noon, Duration: 3400, Source: address("192.0.2.1"), Destination: address("198.51.100.1"), SourcePort: 40000, DestinationPort: 443, Protocol: 6, TCPFlags: 0x1b, Packets: 3, Bytes: 620, Sampling: 1},
		{Time: noon + 6*second, Source: address("2001:db8::1"), Destination: address("2001:db8::2"), SourcePort: 50000, DestinationPort: 22, Protocol: 6, TCPFlags: 2, Packets: 1, Bytes: 60, Sampling: 1},
	}
	if len(got) != len(want) {
		t.Fatalf("%d records, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i].Flow != want[i] {
			t.Errorf("record %d is\n%+v, want\n%+v", i, got[i].Flow, want[i])
		}
	}
	if p := f.problems(); len(p) != 1 || p[0].Offset != 5 { // the tunnel's line
		t.Errorf("problems are %v", p)
	}
}

func TestFormsOfNfdumpsCSV(t *testing.T) {
	const flow17 = "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows\n"
	const fast = "cnt,af,firstSeen,lastSeen,proto,srcAddr,srcPort,dstAddr,dstPort,srcAS,dstAS,input,output,flags,srcTos,packets,bytes\n"
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2024, 3, 10, 12, 0, 0, 250_000_000, time.UTC).UnixNano()
	for name, c := range map[string]struct {
		csv  string
		zone *time.Location
		want flow.Record
	}{
		"1.7.2 on": {csv: flow17 + "2024-03-10 12:00:00.250,1.500,TCP,192.0.2.1,40000,198.51.100.1,443,3,620,1\n",
			want: flow.Record{Flow: downpour.Flow{Time: at, Duration: 1500, SourcePort: 40000, DestinationPort: 443, Protocol: 6}}},
		"duration in hours": {csv: flow17 + "2024-03-10 12:00:00.250,1d 01:00:01.500,TCP,192.0.2.1,40000,198.51.100.1,443,3,620,1\n",
			want: flow.Record{Flow: downpour.Flow{Time: at, Duration: 90_001_500, SourcePort: 40000, DestinationPort: 443, Protocol: 6}}},
		"local time": {csv: flow17 + "2024-03-10 13:00:00.250,0.000,UDP,192.0.2.1,40000,198.51.100.1,443,3,620,1\n", zone: berlin,
			want: flow.Record{Flow: downpour.Flow{Time: at, SourcePort: 40000, DestinationPort: 443, Protocol: 17}}},
		"ICMP with a point": {csv: flow17 + "2024-03-10 12:00:00.250,0.000,ICMP,192.0.2.1,0,198.51.100.1,3.4,3,620,1\n",
			want: flow.Record{Flow: downpour.Flow{Time: at, Protocol: 1, ICMPType: 3, ICMPCode: 4}}},
		"fast": {csv: fast + "1,2,1710072000250,1710072001750,6,192.0.2.1,40000,198.51.100.1,443,64500,64501,7,8,...AP.S.,0,3,620\n",
			want: flow.Record{Flow: downpour.Flow{Time: at, Duration: 1500, SourcePort: 40000, DestinationPort: 443, Protocol: 6, TCPFlags: 0x1a, SourceAS: 64500}, Input: 7, Output: 8}},
	} {
		got, f := lines(t, c.zone, c.csv)
		c.want.Source, c.want.Destination = address("192.0.2.1"), address("198.51.100.1")
		c.want.Packets, c.want.Bytes, c.want.Sampling = 3, 620, 1
		if len(got) != 1 || got[0] != c.want {
			t.Errorf("%s: %+v, want %+v (%v)", name, got, c.want, f.problems())
		}
		if !IsNfdumpCSV([]byte(c.csv)) {
			t.Errorf("%s is not told", name)
		}
	}
}

func TestBrokenLinesAreCounted(t *testing.T) {
	head := "ts,te,td,sa,da,sp,dp,pr,flg,ipkt,ibyt\n"
	good := "2024-03-10 12:00:00,2024-03-10 12:00:01,1.000,192.0.2.1,198.51.100.1,1,2,UDP,........,1,100\n"
	csv := head + good + "2024-03-10 12:00:00,2024-03-10\n" + strings.Replace(good, "192.0.2.1", "nobody", 1) +
		strings.Replace(good, ",100\n", ",1.2 M\n", 1) + "\n" + strings.Repeat("x", 3*maxLine) + "\n" + good + head + good +
		"Summary\nflows,bytes\n3,300\n"
	got, f := lines(t, nil, csv)
	if len(got) != 3 {
		t.Errorf("%d records, want 3", len(got))
	}
	if p := f.problems(); len(p) != 1 || p[0].Count != 4 || p[0].Offset != 3 {
		t.Errorf("problems are %v", p)
	}
}

func TestOtherCSVIsNotNfdumps(t *testing.T) {
	for _, head := range []string{"", "time,reports\n2024-03-10,5\n", "ts,te,td,pr,val,fl,flP,pkt,pktP,byt,bytP,pps,bps,bpp\n", "a,b,c"} {
		if IsNfdumpCSV([]byte(head)) {
			t.Errorf("%q is told as nfdump's", head)
		}
	}
}

func FuzzNfdumpCSV(f *testing.F) {
	data, err := os.ReadFile("testdata/nfdump-1.7.1.csv")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(data))
	f.Add("cnt,af,firstSeen,lastSeen,proto,srcAddr,srcPort,dstAddr,dstPort,flags,packets,bytes\n1,2,1710072000250,1710072001750,6,192.0.2.1,1,198.51.100.1,2,0x1f,3,620\n")
	f.Add("firstSeen,duration,srcAddr,dstAddr,packets,bytes\n1710072000.250,1d 01:00:01.5,::1,::2,1,2\n")
	f.Fuzz(func(t *testing.T, csv string) {
		got, account := lines(t, nil, csv)
		// Each line is a record, is told, or is none by its form.
		told := account.trouble[lineBad].count + account.refused[flow.NoAddress].count
		if n := uint64(strings.Count(csv, "\n") + 1); uint64(len(got))+told > n {
			t.Errorf("%d records and %d told of %d lines", len(got), told, n)
		}
		for i := range got {
			if got[i].Time < 0 || got[i].Sampling != 1 {
				t.Errorf("record %+v", got[i])
			}
		}
	})
}
