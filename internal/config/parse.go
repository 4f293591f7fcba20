package config

import (
	"fmt"
	"log/slog"
	"net/netip"
	"net/textproto"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxName bounds a service's name, which stands in URLs and metric labels.
const maxName = 64

var (
	// nameForm is what stands in a URL path as it is: RFC 3986's unreserved
	// characters without "~", beginning with a letter or digit.
	nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
	// notInSlug is what a title's slug has a hyphen for.
	notInSlug = regexp.MustCompile(`[^a-z0-9._]+`)
	// hostForm is a host name's (RFC 1123, 2.1), with the underscore that is
	// met in practice.
	hostForm = regexp.MustCompile(`^` + hostLabel + `(\.` + hostLabel + `)*$`)
	// headerForm is a header's name, a token (RFC 9110, 5.6.2).
	headerForm = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
)

// hostLabel is one label of a host name.
const hostLabel = `[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?`

// parseName takes a service's name.
func parseName(s string) (string, error) {
	if nameForm.MatchString(s) && len(s) <= maxName {
		return s, nil
	}
	mend := "use letters, digits, \"-\", \"_\" and \".\", at most 64"
	if slug := slugOf(s); slug != "" {
		mend = fmt.Sprintf("write %q, and %q as title", slug, printable(s))
	}
	return "", wrong{fmt.Sprintf("%q does not fit in the address of a page", s), mend}
}

// slugOf makes a name of a title, or nothing where no letter of it can stay.
func slugOf(s string) string {
	slug := notInSlug.ReplaceAllString(strings.ToLower(s), "-")
	slug = strings.Trim(slug[:min(len(slug), maxName)], "-._")
	return slug
}

// parseText takes one line of text of at most limit characters.
func parseText(limit int) func(string) (string, error) {
	return func(s string) (string, error) {
		s = strings.TrimSpace(s)
		switch {
		case strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) }):
			return "", wrong{"holds characters that cannot be printed", "write plain text in one line"}
		case utf8.RuneCountInString(s) > limit:
			return "", wrong{fmt.Sprintf("has %d characters", utf8.RuneCountInString(s)), fmt.Sprintf("use at most %d", limit)}
		}
		return s, nil
	}
}

// parseSymptom takes a symptom's word, as it is counted and shown.
func parseSymptom(s string) (string, error) {
	if s = strings.TrimSpace(s); s == "" {
		return "", wrong{"is empty", "name a symptom, as login"}
	}
	return parseText(40)(s)
}

// parsePrefix takes a prefix, or an address as the prefix that holds only it.
func parsePrefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return netip.Prefix{}, wrong{fmt.Sprintf("%q is not an address or prefix", s), "write it as 198.51.100.0/24 or 2001:db8::/32"}
	}
	if p.Addr().Is4In6() {
		return netip.Prefix{}, wrong{fmt.Sprintf("%q is an IPv4 prefix in IPv6 form", s), "write it as IPv4"}
	}
	if m := p.Masked(); m != p {
		return netip.Prefix{}, wrong{fmt.Sprintf("%q has bits set beyond its length", s),
			fmt.Sprintf("write %s for the network or %s for the address", m, p.Addr())}
	}
	return p, nil
}

// parseAddresses takes how many addresses are watched.
func parseAddresses(s string) (int, error) {
	const least, most = 1000, 16_000_000
	n, err := strconv.Atoi(strings.ReplaceAll(s, "_", ""))
	if err != nil || n < least || n > most {
		return 0, wrong{fmt.Sprintf("%q is not a number of addresses", s), fmt.Sprintf("use %d to %d", least, most)}
	}
	return n, nil
}

// parseProxy is parsePrefix without the prefixes that would let everyone choose
// the address they are counted under.
func parseProxy(s string) (netip.Prefix, error) {
	p, err := parsePrefix(s)
	if err == nil && p.Bits() == 0 {
		return p, wrong{fmt.Sprintf("%s would believe everyone, so that one sender could pose as any number of people", p),
			"name the proxies' own addresses"}
	}
	return p, err
}

// parseHost takes a host name and returns it in lower case.
func parseHost(s string) (string, error) {
	host := strings.ToLower(strings.TrimSuffix(s, "."))
	if after, isURL := strings.CutPrefix(strings.TrimPrefix(host, "https://"), "http://"); isURL || after != host {
		name, _, _ := strings.Cut(after, "/")
		return "", wrong{fmt.Sprintf("%q is a URL", s), fmt.Sprintf("write the host's name, %q", name)}
	}
	if len(host) > 253 || !hostForm.MatchString(host) {
		return "", wrong{fmt.Sprintf("%q is not a host name", s), "write it as www.example.com, without port or path"}
	}
	return host, nil
}

// parseTimezone takes a name of the IANA time zone database.
func parseTimezone(s string) (*time.Location, error) {
	zone, err := time.LoadLocation(s)
	if err != nil || s == "" || s == "Local" {
		return nil, wrong{fmt.Sprintf("%q is not a time zone", s), "use an IANA name, as Europe/Kyiv or UTC"}
	}
	return zone, nil
}

// parseHeader takes a header's name and returns it in canonical form.
func parseHeader(s string) (string, error) {
	if s != "" && !headerForm.MatchString(s) {
		return "", wrong{fmt.Sprintf("%q is not the name of a header", s), "write it as CF-Connecting-IP"}
	}
	return textproto.CanonicalMIMEHeaderKey(s), nil
}

// parsePath takes a path; whether it is there is found out when it is opened.
func parsePath(s string) (string, error) {
	if strings.ContainsRune(s, 0) {
		return "", wrong{says: "holds a zero byte"}
	}
	return s, nil
}

func parseStorePath(s string) (string, error) {
	if s == "" {
		return "", wrong{"is empty", "name a folder, as ./downpour-data"}
	}
	return parsePath(s)
}

// minimumDisk is what an empty store with its journal needs to work at all.
const minimumDisk = 10 * Megabyte

func parseDisk(s string) (Size, error) {
	size, err := ParseSize(s)
	if err == nil && size < minimumDisk {
		return 0, wrong{fmt.Sprintf("%s is too little for a store", size), fmt.Sprintf("use at least %s", minimumDisk)}
	}
	return size, err
}

// minimumKeep covers the 24 hours that a service's page shows.
const minimumKeep = Duration(24 * time.Hour)

func parseKeep(s string) (Duration, error) {
	d, err := ParseDuration(s)
	if err == nil && d < minimumKeep {
		return 0, wrong{fmt.Sprintf("%s is shorter than the day that a page shows", d), "use at least 1d"}
	}
	return d, err
}

func parseLevel(s string) (slog.Level, error) {
	for _, l := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		if strings.EqualFold(l.String(), s) {
			return l, nil
		}
	}
	return 0, oneOf(s, []string{"debug", "info", "warn", "error"})
}

func parseFormat(s string) (string, error) {
	if s == "text" || s == "json" {
		return s, nil
	}
	return "", oneOf(s, []string{"text", "json"})
}

// oneOf refuses a word that is none of those that can be.
func oneOf(s string, words []string) wrong {
	mend := didYouMean(s, words)
	if mend == "" {
		mend = "use " + strings.Join(words, ", ")
	}
	return wrong{fmt.Sprintf("%q is not known here", s), mend}
}
