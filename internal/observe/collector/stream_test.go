package collector

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"net/netip"
	"testing"
	"time"

	"downpour/internal/golden/export"
	"downpour/internal/observe/flow"
)

// TestIPFIXOverTCP reads messages that arrive in pieces and run together, from
// two connections of one exporter, each with templates of its own.
func TestIPFIXOverTCP(t *testing.T) {
	r := start(t, func(c *Config) { c.Listen = []Endpoint{{TCP, "127.0.0.1:0"}} })
	for range 2 {
		conn, err := net.Dial("tcp", r.to[0].String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		write(t, conn, 1000)
	}
	eventually(t, "all came", func() bool { return r.totals().Flows == 2000 })
	e := r.exporter("127.0.0.1")
	if e.Stats.Records != 2000 || e.LostRecords != 0 || r.Status().Connections != 2 {
		t.Errorf("%d records, %d lost, %d connections", e.Stats.Records, e.LostRecords, r.Status().Connections)
	}
}

// write sends records as a stream cut at awkward places.
func write(t *testing.T, w io.Writer, records int) {
	t.Helper()
	var stream []byte
	for _, d := range datagrams(export.Settings{Version: flow.IPFIX}, load(records)) {
		stream = append(stream, d.Message...)
	}
	for len(stream) > 0 {
		n := min(len(stream), 777)
		if _, err := w.Write(stream[:n]); err != nil {
			t.Fatal(err)
		}
		stream = stream[n:]
	}
}

func TestIPFIXOverTLS(t *testing.T) {
	certificate, pool := certificateFor(t, "127.0.0.1")
	r := start(t, func(c *Config) {
		c.Listen, c.TLS = []Endpoint{{TLS, "127.0.0.1:0"}}, &tls.Config{Certificates: []tls.Certificate{certificate}}
	})
	conn, err := tls.Dial("tcp", r.to[0].String(), &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	write(t, conn, 1000)
	eventually(t, "all came", func() bool { return r.totals().Flows == 1000 })
}

// certificateFor makes a certificate for this test alone.
func certificateFor(t *testing.T, address string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.ParseIP(address)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// TestStreamsAreBounded: strangers, broken messages and too many connections of
// one sender are closed, and others go on.
func TestStreamsAreBounded(t *testing.T) {
	r := start(t, func(c *Config) {
		c.Listen = []Endpoint{{TCP, "127.0.0.1:0"}}
		c.Allow = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("127.0.0.3/32")}
	})
	dial := func(from string) net.Conn {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		conn, err := d.DialContext(t.Context(), "tcp", r.to[0].String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	closed := func(conn net.Conn) bool {
		_, err := conn.Read(make([]byte, 1))
		return err != nil
	}
	if !closed(dial("127.0.0.2")) {
		t.Error("a stranger's connection was kept")
	}
	broken := dial("127.0.0.1")
	if _, err := broken.Write([]byte("GET / HTTP/1.1\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	if !closed(broken) {
		t.Error("a connection that speaks something else was kept")
	}
	for range maxConnectionsOf { // the slow: half a header, and silence
		if _, err := dial("127.0.0.3").Write([]byte{0, 10, 1}); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the slow ones are open", func() bool { return r.Status().Connections == maxConnectionsOf })
	if !closed(dial("127.0.0.3")) {
		t.Error("one sender may have any number of connections")
	}
	write(t, dial("127.0.0.1"), 500)
	eventually(t, "another's records come all the same", func() bool { return r.totals().Flows == 500 })
	if s := r.Status(); s.Refused != 2 || s.Broken != 1 {
		t.Errorf("%d refused, %d broken; want 2 and 1", s.Refused, s.Broken)
	}
}
