package config

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// unixScheme begins a listen address that is a path of a Unix socket.
const unixScheme = "unix:"

// parseListen takes host:port; empty means none.
func parseListen(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	if strings.HasPrefix(s, unixScheme) {
		return "", wrong{"a Unix socket has no client addresses, by which reports are told apart", "write address:port, as " + DefaultListen}
	}
	if strings.Contains(s, "/") {
		return "", wrong{fmt.Sprintf("%q is not address:port", s), "write it as " + DefaultListen + ", without scheme or path"}
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return "", wrong{fmt.Sprintf("%q is not address:port", s), "write it as " + withPort(s)}
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return "", wrong{fmt.Sprintf("%q is not a port", port), "use a number from 1 to 65535"}
	}
	if strings.ContainsAny(host, " \t[]") {
		return "", wrong{fmt.Sprintf("%q is not an address", host), "write it as " + DefaultListen}
	}
	return s, nil
}

// withPort guesses what was meant by a listen address that lacks a part.
func withPort(s string) string {
	if n, err := strconv.Atoi(s); err == nil && n > 0 && n <= 65535 {
		return "127.0.0.1:" + s
	}
	if ip := net.ParseIP(strings.Trim(s, "[]")); ip != nil {
		return net.JoinHostPort(ip.String(), "8080")
	}
	return DefaultListen
}

// parseOperatorListen takes host:port or unix:PATH; empty means the pages' own
// listener.
func parseOperatorListen(s string) (string, error) {
	path, isUnix := strings.CutPrefix(s, unixScheme)
	if !isUnix {
		return parseListen(s)
	}
	// The kernel's sockaddr_un holds 108 bytes with the closing zero (unix(7)).
	if path == "" || len(path) > 107 || strings.ContainsRune(path, 0) {
		return "", wrong{fmt.Sprintf("%q is not the path of a Unix socket", path), "write it as unix:/run/downpour/operator.sock"}
	}
	return s, nil
}
