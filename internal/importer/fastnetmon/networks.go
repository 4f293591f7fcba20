package fastnetmon

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
)

// network is an entry of a list.
type network struct {
	prefix netip.Prefix
	line   line
	note   string // how it was written there, if otherwise
}

// list reads the list that a key names, or the one given instead of it. It
// returns the list's path too; empty if no list is named.
func (im *importer) list(key, instead, flag string) (path string, networks []network) {
	s := im.take(key)
	switch {
	case instead != "":
		path, s = instead, nil
	case s == nil || s.value == "":
		return "", nil
	case im.folder != "":
		path = filepath.Join(im.folder, filepath.Base(s.value))
	default:
		path = s.value
	}
	seen := map[netip.Prefix]bool{}
	for _, l := range im.readLines(path, s, "give it with "+flag+" FILE") {
		text := strings.TrimSpace(l.text)
		if text == "" || text[0] == '#' {
			continue
		}
		prefix, note, err := parseNetwork(text)
		if err != nil {
			im.fault(l, strings.Index(l.text, text)+1, "", err.Error(), "write it as 198.51.100.0/24 or 2001:db8::/32, one a line")
			continue
		}
		if !seen[prefix] {
			seen[prefix] = true
			networks = append(networks, network{prefix, l, note})
		}
	}
	return path, networks
}

// parseNetwork takes a prefix, as FastNetMon does with an address of a host in it
// too, and tells how it was written if that is not its form.
func parseNetwork(text string) (prefix netip.Prefix, note string, err error) {
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" && !a.Is4In6() {
		return netip.PrefixFrom(a, a.BitLen()), "", nil
	}
	written, err := netip.ParsePrefix(text)
	if err != nil || written.Addr().Is4In6() {
		return netip.Prefix{}, "", fmt.Errorf("%q is not a network, and FastNetMon skips it", printable(text))
	}
	if prefix = written.Masked(); prefix != written {
		note = "written as " + text
	}
	return prefix, note, nil
}

// hostGroup is a group of hosts with thresholds of its own.
type hostGroup struct {
	name     string
	line     line
	networks []network
}

// hostGroups reads "hostgroup = name:prefix,prefix".
func (im *importer) hostGroups() []hostGroup {
	var groups []hostGroup
	holder := map[netip.Prefix]string{}
	for _, s := range im.conf.settings {
		if s.name != "hostgroup" {
			continue
		}
		s.carried = true
		name, members, ok := strings.Cut(s.value, ":")
		name = strings.TrimSpace(name)
		if !ok || name == "" || strings.Contains(members, ":") {
			im.wrong(s, "is not name:prefix,prefix with prefixes of IPv4, and FastNetMon skips it", "write it as my_hosts:198.51.100.0/25,198.51.100.128/26")
			continue
		}
		if slices.ContainsFunc(groups, func(g hostGroup) bool { return g.name == name }) {
			im.wrong(s, fmt.Sprintf("a host group %q is there already, and FastNetMon skips this one", printable(name)), "put them into one line")
			continue
		}
		g := hostGroup{name: name, line: s.line}
		for text := range strings.SplitSeq(members, ",") {
			g.networks = append(g.networks, im.member(s, name, strings.TrimSpace(text), holder)...)
		}
		groups = append(groups, g)
	}
	return groups
}

// member reads one prefix of a host group.
func (im *importer) member(s *setting, group, text string, holder map[netip.Prefix]string) []network {
	if text == "" {
		return nil
	}
	prefix, note, err := parseNetwork(text)
	if err != nil {
		im.wrong(s, err.Error(), "write it as 198.51.100.0/25")
		return nil
	}
	if earlier, taken := holder[prefix]; taken {
		im.wrong(s, fmt.Sprintf("%s is in the host group %q already", prefix, printable(earlier)), "leave it in one of them")
		return nil
	}
	holder[prefix] = group
	return []network{{prefix, s.line, note}}
}
