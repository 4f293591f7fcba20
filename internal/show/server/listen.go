package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/pires/go-proxyproto"
)

// listen opens host:port or unix:PATH. Its errors name the flag to change.
func listen(address, flag string) (net.Listener, error) {
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		return listenUnix(path, flag)
	}
	if _, _, err := net.SplitHostPort(address); err != nil {
		return nil, fmt.Errorf("%q is not an address to listen on: write host:port with %s", address, flag)
	}
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", address)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("address %s is in use: choose another with %s", address, flag)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("address %s needs privileges that this user lacks: choose a port above 1023 with %s", address, flag)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("address %s is not one of this machine's: choose another with %s", address, flag)
	}
	return nil, fmt.Errorf("cannot listen on %s: %w: choose another address with %s", address, cause(err), flag)
}

// cause strips the operation and address that net.OpError repeats.
func cause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

// listenUnix opens a socket that only its owner may connect to. A socket that a
// killed server left behind is replaced; one that answers is in use.
func listenUnix(path, flag string) (net.Listener, error) {
	if info, err := os.Lstat(path); err == nil {
		if info.Mode()&fs.ModeSocket == 0 {
			return nil, fmt.Errorf("%s exists and is not a socket: choose another with %s", path, flag)
		}
		if c, err := new(net.Dialer).DialContext(context.Background(), "unix", path); err == nil {
			_ = c.Close() // it only asked
			return nil, fmt.Errorf("socket %s is in use: choose another with %s", path, flag)
		}
		if err := os.Remove(path); err != nil {
			return nil, fmt.Errorf("cannot replace the old socket %s: %w: choose another with %s", path, err, flag)
		}
	}
	l, err := new(net.ListenConfig).Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on unix:%s: %w: choose another with %s", path, cause(err), flag)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		l.Close()
		return nil, fmt.Errorf("cannot protect the socket %s: %w", path, err)
	}
	return l, nil
}

// believing lets trusted proxies open a connection with a PROXY protocol header
// (HAProxy's specification, versions 1 and 2). From everybody else such a header
// is just a malformed request.
func believing(l net.Listener, trusted []netip.Prefix, patience time.Duration) net.Listener {
	if len(trusted) == 0 {
		return l
	}
	return &proxyproto.Listener{
		Listener:          l,
		ReadHeaderTimeout: patience,
		ConnPolicy: func(o proxyproto.ConnPolicyOptions) (proxyproto.Policy, error) {
			if contains(trusted, addressOf(o.Upstream)) {
				return proxyproto.USE, nil
			}
			return proxyproto.SKIP, nil
		},
	}
}

// addressOf is the IP address of a socket's end, invalid for a unix socket.
func addressOf(a net.Addr) netip.Addr {
	if t, ok := a.(*net.TCPAddr); ok {
		return t.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

func contains(prefixes []netip.Prefix, a netip.Addr) bool {
	for _, p := range prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
