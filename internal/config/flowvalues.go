package config

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// interfaceMap is a mapping whose keys are SNMP indices.
type interfaceMap struct{ into *Interfaces }

func (v interfaceMap) read(r *reader, path string, n ast.Node) {
	m, ok := n.(*ast.MappingNode)
	if !ok {
		if n.Type() != ast.NullType {
			r.refuseKind(n, path, "keys", `write {"12": {name: transit-a, role: edge}}`)
		}
		return
	}
	*v.into = Interfaces{}
	for _, entry := range m.Values {
		text := entry.Key.GetToken().Value
		index, err := strconv.ParseUint(text, 10, 32)
		p := path + "." + printable(text)
		if err != nil || index == 0 {
			r.fault(at(entry.Key), p, wrong{fmt.Sprintf("%q is not an SNMP interface index", text), "use its number, as show snmp mib ifmib ifindex tells it"})
			continue
		}
		if _, twice := (*v.into)[uint32(index)]; twice {
			r.fault(at(entry.Key), p, wrong{"is there already", "keep one of the two"})
			continue
		}
		var i Interface
		r.mapping(entry.Value, p, interfaceKeys(&i))
		(*v.into)[uint32(index)] = i
	}
}

func (v interfaceMap) inner() ([]key, string) {
	var i Interface
	return interfaceKeys(&i), ".INDEX"
}

func (v interfaceMap) String() string {
	var words []string
	for _, index := range slices.Sorted(maps.Keys(*v.into)) {
		i := (*v.into)[index]
		words = append(words, fmt.Sprintf("%d: %s", index, flowStyle(interfaceKeys(&i))))
	}
	return "{" + strings.Join(words, ", ") + "}"
}

func parseFlowListen(s string) (FlowEndpoint, error) {
	return parseEndpoint(s, []string{"udp", "sflow", "tcp", "tls"}, "udp://0.0.0.0:2055")
}

func parseFlowRelay(s string) (FlowEndpoint, error) {
	e, err := parseEndpoint(s, []string{"udp", "sflow", "netflow"}, "udp://192.0.2.9:2055")
	if err != nil {
		return e, err
	}
	if host, port, _ := net.SplitHostPort(e.Address); host == "" || port == "0" {
		return e, wrong{fmt.Sprintf("%q says not whom to send to", s), "write it as udp://192.0.2.9:2055"}
	}
	return e, nil
}

// parseEndpoint takes scheme://address:port.
func parseEndpoint(s string, schemes []string, example string) (FlowEndpoint, error) {
	scheme, address, ok := strings.Cut(s, "://")
	if !ok {
		return FlowEndpoint{}, wrong{fmt.Sprintf("%q has no scheme", s), "write it as " + example}
	}
	if !slices.Contains(schemes, scheme) {
		return FlowEndpoint{}, oneOf(scheme, schemes)
	}
	host, port, err := net.SplitHostPort(address)
	n, notNumber := strconv.Atoi(port)
	if err != nil || notNumber != nil || n < 0 || n > 65535 || strings.ContainsAny(host, " \t/[]") {
		return FlowEndpoint{}, wrong{fmt.Sprintf("%q is not address:port", address), "write it as " + example}
	}
	return FlowEndpoint{scheme, address}, nil
}

func parseAddress(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" || a.IsUnspecified() {
		return netip.Addr{}, wrong{fmt.Sprintf("%q is not an address", s), "write it as 203.0.113.1 or 2001:db8::1"}
	}
	return a.Unmap(), nil
}

func parseSampling(s string) (uint32, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(s, "1:"), 10, 32)
	if err != nil || n == 0 || n > 1<<24 {
		return 0, wrong{fmt.Sprintf("%q is not a sampling rate", s), "write N for one of N packets, as 1000"}
	}
	return uint32(n), nil
}

func parseInterface(s string) (string, error) {
	// The kernel's names have 15 bytes at most (IFNAMSIZ).
	if s == "" || len(s) > 15 || strings.ContainsAny(s, "/ \t") || s == "." || s == ".." {
		return "", wrong{fmt.Sprintf("%q is not the name of a network interface", s), "write it as eth0, as ip link shows it"}
	}
	return s, nil
}

func parseBool(s string) (bool, error) {
	if s == "true" || s == "false" {
		return s == "true", nil
	}
	return false, wrong{fmt.Sprintf("%q is neither true nor false", s), "use true or false"}
}

func parseRelaySource(s string) (string, error) {
	if s == "own" || s == "exporter" {
		return s, nil
	}
	return "", oneOf(s, []string{"own", "exporter"})
}

func parseRole(s string) (string, error) {
	if s == "edge" || s == "core" {
		return s, nil
	}
	return "", oneOf(s, []string{"edge", "core"})
}

func parseSockets(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 64 {
		return 0, wrong{fmt.Sprintf("%q is not a number of sockets", s), "use 0 to 64"}
	}
	return n, nil
}

func parseBuffer(s string) (Size, error) {
	size, err := ParseSize(s)
	if err == nil && (size < 64<<10 || size > 1<<30) {
		return 0, wrong{fmt.Sprintf("%s is no size for a socket's buffer", size), "use 64KiB to 1GiB"}
	}
	return size, err
}

// between takes a duration within bounds.
func between(low, high time.Duration) func(string) (Duration, error) {
	return func(s string) (Duration, error) {
		d, err := ParseDuration(s)
		if err == nil && (d < Duration(low) || d > Duration(high)) {
			return 0, wrong{fmt.Sprintf("%s is out of bounds", d), fmt.Sprintf("use %s to %s", Duration(low), Duration(high))}
		}
		return d, err
	}
}

func parsePatience(s string) (Duration, error) { return between(time.Second, 15*time.Minute)(s) }

func parseTolerance(s string) (Duration, error) { return between(time.Second, time.Hour)(s) }

func parseTimeout(s string) (Duration, error) { return between(time.Second, time.Hour)(s) }

// checkFlow finds what no single value shows.
func checkFlow(r *reader, f Flow) {
	fault := func(path, says, mend string) {
		where, ok := r.named[path]
		if !ok {
			where = r.named["flow"]
		}
		r.fault(where, path, wrong{says, mend})
	}
	secure := slices.ContainsFunc(f.Listen, func(e FlowEndpoint) bool { return e.Scheme == "tls" })
	switch {
	case secure && f.Certificate == "":
		fault("flow.certificate", "is missing, and flow.listen has a tls endpoint", "name the PEM file of its certificate")
	case secure && f.Key == "":
		fault("flow.key", "is missing, and flow.listen has a tls endpoint", "name the PEM file of the certificate's key")
	}
	if _, named := r.named["flow"]; named && len(f.Listen) == 0 && len(f.Exporters)+len(f.Allow)+len(f.Relay) > 0 {
		fault("flow.listen", "is missing, so that nothing is received", `add listen: ["udp://0.0.0.0:2055", "sflow://0.0.0.0:6343"]`)
	}
	for _, relay := range f.Relay {
		for _, own := range f.Listen {
			if relay.Address == own.Address && own.Scheme != "tcp" && own.Scheme != "tls" {
				fault("flow.relay", "sends to "+relay.Address+", where flow.listen receives: datagrams would go round", "name another collector")
			}
		}
	}
}
