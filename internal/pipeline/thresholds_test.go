package pipeline

import (
	"fmt"
	"strings"
	"testing"

	"downpour"
	"downpour/internal/config"
	"downpour/internal/detect/attack"
	"downpour/internal/detect/web"
)

// TestEveryFloorReachesTheDetector writes a floor for each class that a
// configuration knows, and finds all classes of the detector changed.
func TestEveryFloorReachesTheDetector(t *testing.T) {
	var words []string
	usual := attack.Default()
	for c := range usual.Floors {
		words = append(words, attack.Class(c).Word()+": {bits: 7G}")
	}
	cfg, faults := config.Load("a.yaml", fmt.Appendf(nil, `networks:
  groups: [{name: a, prefixes: [198.51.100.0/25], floors: {%s}}, {name: b, prefixes: [198.51.100.7], floors: {udp: {packets: 9}}}]
services: [{name: s, targets: [198.51.100.0/24], capacity: 10G}]`, strings.Join(words, ", ")))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	got := AttackConfig(cfg)
	for c, floor := range got.Groups[0] {
		if floor != (attack.Floor{Bits: 7e9}) {
			t.Errorf("the floor of %s is %v", attack.Class(c).Word(), floor)
		}
	}
	if udp := got.Groups[1][attack.ClassUDP]; udp != (attack.Floor{Packets: 9}) || got.Groups[1][attack.ClassSYN] != usual.Floors[attack.ClassSYN] {
		t.Errorf("the second group has %v", got.Groups[1])
	}
	for address, group := range map[uint32]int{0xc6336401: 1, 0xc6336407: 2, 0xc6336480: 0} {
		if n := got.GroupOf(downpour.AddressFrom4(address)); n != group {
			t.Errorf("%x is in group %d, want %d", address, n, group)
		}
	}
	if got.Capacity("s") != 10e9 || got.Capacity("other") != 0 {
		t.Error("the capacity is not the one that was told")
	}
}

// TestFloorsOfRequests: a service's floors reach the detector of requests, and those that
// are not told are its own.
func TestFloorsOfRequests(t *testing.T) {
	cfg, faults := config.Load("a.yaml", []byte("services: [{name: a}, {name: b, hosts: [b.example], floors: {requests: 90}}]"))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	got, usual := WebConfig(cfg), web.Default().Floors
	if f := got.FloorsOf("a"); f != usual {
		t.Errorf("without any they are %v, want %v", f, usual)
	}
	if f := got.FloorsOf(got.Service("b.example")); f != (web.Floors{Requests: 90, Slow: usual.Slow}) {
		t.Errorf("they are %v", f)
	}
}
