package netflow

import (
	"encoding/json"
	"math"
	"testing"
)

func TestLookup(t *testing.T) {
	for _, c := range []struct {
		enterprise uint32
		number     uint16
		name       string
		kind       Type
	}{
		{0, 1, "octetDeltaCount", Unsigned64},
		{0, 8, "sourceIPv4Address", IPv4Address},
		{0, 152, "flowStartMilliseconds", DateTimeMilliseconds},
		{0, 315, "dataLinkFrameSection", OctetArray},
		{0, 82, "interfaceName", String},
		{0, 311, "samplingProbability", Float64},
		{0, 491, "bgpDestinationLargeCommunityList", BasicList},
		{29305, 1, "reverseOctetDeltaCount", Unsigned64},
		{29305, 148, "reverseFlowId", Unsigned64},
		{0, 65, "0.65", OctetArray},
		{0, 0, "0.0", OctetArray},
		{0, 40001, "0.40001", OctetArray},
		{2011, 232, "2011.232", OctetArray},
		{29305, 40001, "29305.40001", OctetArray},
	} {
		if name, kind := Lookup(c.enterprise, c.number); name != c.name || kind != c.kind {
			t.Errorf("%d.%d is %s, type %d; want %s, type %d", c.enterprise, c.number, name, kind, c.name, c.kind)
		}
	}
}

func TestValues(t *testing.T) {
	for _, c := range []struct {
		kind Type
		raw  []byte
		want string // as JSON
	}{
		{Unsigned64, number(1<<63, 8), "9223372036854775808"},
		{Unsigned64, number(70_000, 3), "70000"},
		{Unsigned8, nil, `""`},
		{Unsigned32, make([]byte, 9), `"000000000000000000"`},
		{Signed32, number(0xfffffffe, 4), "-2"},
		{Signed64, number(0xfe, 1), "-2"},
		{Float64, number(math.Float64bits(0.25), 8), "0.25"},
		{Float64, number(uint64(math.Float32bits(0.5)), 4), "0.5"},
		{Float32, number(0x7fc00000, 4), `"7fc00000"`},
		{Boolean, []byte{1}, "true"},
		{Boolean, []byte{2}, "false"},
		{Boolean, []byte{0}, `"00"`},
		{MacAddress, []byte{2, 0, 0, 0, 0, 9}, `"02:00:00:00:00:09"`},
		{MacAddress, []byte{2}, `"02"`},
		{String, []byte("xe-0/0/1\x00\x00"), `"xe-0/0/1"`},
		{String, []byte{0xff, 0}, `"ff00"`},
		{IPv4Address, []byte{10, 0, 0, 1}, `"10.0.0.1"`},
		{IPv6Address, append([]byte{0x20, 1, 14: 0}, 1), `"2001::1"`},
		{IPv4Address, []byte{10, 0}, `"0a00"`},
		{DateTimeSeconds, number(1_700_000_000, 4), `"2023-11-14T22:13:20Z"`},
		{DateTimeMilliseconds, number(1_700_000_000_250, 8), `"2023-11-14T22:13:20.25Z"`},
		{DateTimeMicroseconds, number((1_700_000_000+ntpEpoch)<<32|1<<31, 8), `"2023-11-14T22:13:20.5Z"`},
		{DateTimeNanoseconds, number(1<<32, 8), `"2036-02-07T06:28:17Z"`},
		{DateTimeMilliseconds, number(math.MaxUint64>>1, 8), `"7fffffffffffffff"`},
		{DateTimeMilliseconds, nil, `""`},
		{OctetArray, []byte{1, 0xab}, `"01ab"`},
		{SubTemplateList, []byte{1, 0xab}, `"01ab"`},
	} {
		got, err := json.Marshal(Field{Type: c.kind, Raw: c.raw}.Value())
		if err != nil || string(got) != c.want {
			t.Errorf("type %d of %x: %s, %v; want %s", c.kind, c.raw, got, err, c.want)
		}
	}
}
