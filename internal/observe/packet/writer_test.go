package packet

import (
	"bytes"
	"encoding/hex"
	"testing"
)

// The bytes are those that draft-ietf-opsawg-pcap prescribes.
func TestWriterWritesTheFormat(t *testing.T) {
	var file bytes.Buffer
	w, err := NewWriter(&file, LinkRaw, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.WritePacket(3_000_000_007, []byte{0xab, 0xcd}, 60); err != nil {
		t.Fatal(err)
	}
	want := "4d3cb2a1" + "0200" + "0400" + "0000000000000000" + "00000400" + "65000000" +
		"03000000" + "07000000" + "02000000" + "3c000000" + "abcd"
	if got := hex.EncodeToString(file.Bytes()); got != want {
		t.Errorf("wrote\n%s, want\n%s", got, want)
	}
}

func TestWriterRefusesWhatTheFormatCannotHold(t *testing.T) {
	w, err := NewWriter(&bytes.Buffer{}, LinkRaw, false)
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"time before 1970":     w.WritePacket(-1, []byte{1}, 0),
		"time after 2106":      w.WritePacket(1<<32*1e9, []byte{1}, 0),
		"more than the frame":  w.WritePacket(0, []byte{1, 2}, 1),
		"absurdly long frames": w.WritePacket(0, make([]byte, maxFrame+1), 0),
	} {
		if err == nil {
			t.Errorf("%s: was written", name)
		}
	}
}
