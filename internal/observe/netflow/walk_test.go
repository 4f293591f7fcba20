package netflow

import (
	"fmt"
	"slices"
	"testing"
)

// walk gives what Walk yields of messages, a line a record.
func walk(messages ...[]byte) (lines []string) {
	d := New(Config{})
	for _, m := range messages {
		d.Walk(m, 1, func(w *Walked) {
			s := fmt.Sprintf("v%s %d options %v records %d:", w.Datagram.Version, w.Template, w.Options, len(w.Records))
			for _, f := range w.Fields {
				if f.Scope {
					s += " scope"
				}
				s += fmt.Sprintf(" %s=%v", f.Name, f.Value())
			}
			lines = append(lines, s)
		})
	}
	return lines
}

func TestWalkYieldsAllFields(t *testing.T) {
	nine := told{9, 0, 1, []value{of(2, 4, 7), of(34, 4, 100)}}
	ten := told{10, 0, 1, []value{of(10, 4, 7), {spec{82, 8, 0}, []byte("xe-0/0/1")}}}
	m := message{version: 10, export: exportSecond, number: 1}
	m.template(256, spec{8, 4, 0}, spec{210, 3, 0}, spec{12, 4, 0}, spec{1, 2, Reverse}, spec{5, 1, 4242}, spec{96, anyLength, 0}, spec{0, 0, 0})
	m.set(256, cat(number(1, 4), make([]byte, 3), number(2, 4), number(9, 2), []byte{7}, []byte{2}, []byte("ab")))
	got := walk(nine.bytes(300), ten.bytes(300), m.bytes(),
		message5(exportSecond, 1000, 0, 0, record5(1, 2, 900, 950, 17, 53<<16|99, 3, 300)))
	want := []string{
		"v9 300 options true records 0: scope interface=7 samplingInterval=100",
		"v10 300 options true records 0: scope ingressInterface=7 interfaceName=xe-0/0/1",
		"v10 256 options false records 2: sourceIPv4Address=0.0.0.1 destinationIPv4Address=0.0.0.2 reverseOctetDeltaCount=9 4242.5=07 applicationName=ab",
		"v5 0 options false records 1: sourceIPv4Address=0.0.0.1 destinationIPv4Address=0.0.0.2 ipNextHopIPv4Address=0.0.0.0 " +
			"ingressInterface=3 egressInterface=4 packetDeltaCount=3 octetDeltaCount=300 flowStartSysUpTime=900 flowEndSysUpTime=950 " +
			"sourceTransportPort=53 destinationTransportPort=99 tcpControlBits=18 protocolIdentifier=17 ipClassOfService=0 " +
			"bgpSourceAsNumber=64500 bgpDestinationAsNumber=0 sourceIPv4PrefixLength=0 destinationIPv4PrefixLength=0",
	}
	if !slices.Equal(got, want) {
		for i := range max(len(got), len(want)) {
			t.Errorf("\n got %s\nwant %s", at(got, i), at(want, i))
		}
	}
}
