package export

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"downpour/internal/observe/flow"
)

// payloads are those of real exporters, kept by the package that decodes them.
func payloads(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	paths, err := filepath.Glob("../netflow/testdata/logstash/*.dat")
	if err != nil || len(paths) < 90 {
		t.Fatalf("%d payloads, %v", len(paths), err)
	}
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(p)] = data
	}
	return all
}

func TestRealPayloadsAreTold(t *testing.T) {
	for name, data := range payloads(t) {
		want := flow.NetFlow9
		if strings.HasPrefix(name, "netflow5") {
			want = flow.NetFlow5
		} else if strings.HasPrefix(name, "ipfix") {
			want = flow.IPFIX
		}
		if got := resembles(data); got != want {
			t.Errorf("%s resembles %q, want %q", name, got, want)
		}
		if !IsPayload(data[:min(len(data), 64)]) {
			t.Errorf("%s is not taken as a payload", name)
		}
		strict := want
		switch {
		case strings.Contains(name, "invalid"):
			strict = 0
		case name == "netflow5.dat", name == "ipfix.dat": // several messages
			data = data[:messageLength(data)]
		}
		if got := protocolOf(data); got != strict && !strings.Contains(name, "netflow9_test_invalid") {
			t.Errorf("%s is told as %q, want %q", name, got, strict)
		}
	}
}

func TestOtherPayloadsAreNotTold(t *testing.T) {
	dns := []byte("\x00\x05\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x07example\x03com\x00\x00\x01\x00\x01")
	v5 := append(binary.BigEndian.AppendUint16([]byte{0, 5}, 2), make([]byte, 20+48)...)
	for name, b := range map[string][]byte{
		"DNS answer with id 5":       dns,
		"a v5 header with a count":   v5,
		"v9 with a set beyond":       append([]byte{0, 9, 0, 1}, append(make([]byte, 16), 1, 0, 0, 40, 0, 0)...),
		"IPFIX longer than it says":  append(ipfixMessage(1, 20), 0),
		"IPFIX shorter than it says": ipfixMessage(1, 20)[:30],
		"sFlow without samples":      append([]byte{0, 0, 0, 5, 0, 0, 0, 1}, make([]byte, 20)...),
		"zeros":                      make([]byte, 100),
		"text":                       []byte("Dear reader, this is no flow export at all, but a text."),
		"nothing":                    nil,
	} {
		if v := protocolOf(b); v != 0 {
			t.Errorf("%s is told as %s", name, v)
		}
	}
}

func TestFilesShareAnExporterUpToTheMark(t *testing.T) {
	for name, want := range map[string]string{
		"a/ipfix_test_mikrotik_data258.dat":             "a/ipfix_test_mikrotik",
		"a/ipfix_test_mikrotik_tpl.dat":                 "a/ipfix_test_mikrotik",
		"b/ipfix_test_mikrotik_tpl.dat":                 "b/ipfix_test_mikrotik",
		"netflow9_test_cisco_asr9k_opttpl256.dat":       "netflow9_test_cisco_asr9k",
		"ipfix_test_yaf_tpls_option_tpl.dat":            "ipfix_test_yaf",
		"netflow9_test_unknown_tpl266_292_data.dat":     "netflow9_test_unknown",
		"x_data/plain.dat":                              "x_data/plain.dat",
		"netflow9_test_h3c_netstream_varstring_tpl.dat": "netflow9_test_h3c_netstream_varstring",
	} {
		if got := groupOf(name); got != want {
			t.Errorf("%s is of %s, want %s", name, got, want)
		}
	}
}

// FuzzPayload holds all of reading payloads to its bounds: it ends, loses no byte
// without a word, and takes nothing for a whole message that is not.
func FuzzPayload(f *testing.F) {
	for _, name := range []string{"ipfix.dat", "netflow5.dat", "netflow9_test_valid01.dat", "netflow5_test_invalid01.dat"} {
		f.Add(payloads(f)[name])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if v := protocolOf(data); v != 0 && resembles(data) != v {
			t.Errorf("told as %s, resembles %s", v, resembles(data))
		}
		p := newPayloadFeed("x", nopCloser{bytes.NewReader(data)})
		var m Message
		read := 0
		for p.next(&m) {
			if len(m.Payload) == 0 || int(m.offset) != read {
				t.Fatalf("a message of %d bytes at %d after %d", len(m.Payload), m.offset, read)
			}
			read += len(m.Payload)
		}
		if left := p.file.trouble[notMessage].count; uint64(read)+left < uint64(len(data)) {
			t.Errorf("%d bytes read and %d told of %d", read, left, len(data))
		}
	})
}

type nopCloser struct{ *bytes.Reader }

func (nopCloser) Close() error { return nil }
