package live

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"downpour/docs"
	"downpour/internal/observe/collector"
	"downpour/internal/show/web"
)

// What stands in docs/exporters.md for this server.
const (
	docAddress   = "192.0.2.10"
	docNetFlow   = "2055"
	docSFlow     = "6343"
	docTimeouts  = "Active timeouts"
	docBlock     = "```text\n"
	docBlockEnd  = "```"
	docSections  = "\n## "
	docSFlowWord = "sflow"
)

// setupLines are the lines of docs/exporters.md for this server's address and
// ports.
func setupLines(bound []collector.Endpoint, own func() netip.Addr) []web.SetupLines {
	address, netflow, sflow := whereToSend(bound, own)
	var out []web.SetupLines
	for _, s := range strings.Split(docs.Exporters, docSections)[1:] {
		maker, rest, _ := strings.Cut(s, "\n")
		note, rest, ok := strings.Cut(rest, docBlock)
		lines, _, _ := strings.Cut(rest, docBlockEnd)
		if !ok || maker == docTimeouts {
			continue
		}
		lines = strings.ReplaceAll(lines, docAddress, address)
		if strings.Contains(strings.ToLower(lines), docSFlowWord) {
			lines = strings.ReplaceAll(lines, docSFlow, sflow)
		}
		lines = strings.ReplaceAll(lines, docNetFlow, netflow)
		note = strings.ReplaceAll(strings.Join(strings.Fields(note), " "), "`", "")
		out = append(out, web.SetupLines{Maker: maker, Note: note, Lines: strings.TrimRight(lines, "\n")})
	}
	return out
}

// timeoutLines are those of docs/exporters.md that set the active timeout.
func timeoutLines() string {
	_, s, _ := strings.Cut(docs.Exporters, docSections+docTimeouts)
	_, s, _ = strings.Cut(s, docBlock)
	s, _, _ = strings.Cut(s, docBlockEnd)
	return strings.TrimRight(s, "\n")
}

// whereToSend is the address and ports that exporters send to.
func whereToSend(bound []collector.Endpoint, own func() netip.Addr) (address, netflow, sflow string) {
	address, netflow, sflow = docAddress, docNetFlow, docSFlow
	for _, e := range slices.Backward(bound) {
		host, port, err := net.SplitHostPort(e.Address)
		if err != nil || e.IsStream() {
			continue
		}
		if ip, err := netip.ParseAddr(host); err == nil && !ip.IsUnspecified() {
			address = host
		} else if a := own(); a.IsValid() {
			address = a.String()
		}
		if e.Scheme == collector.SFlow {
			sflow = port
		} else {
			netflow = port
		}
	}
	return address, netflow, sflow
}

// ownAddress is the first of this machine's addresses that others can reach.
func ownAddress() netip.Addr {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return netip.Addr{}
	}
	for _, a := range addresses {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().IsGlobalUnicast() {
			return p.Addr()
		}
	}
	return netip.Addr{}
}
