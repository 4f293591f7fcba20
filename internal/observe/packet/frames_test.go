package packet_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"downpour/internal/observe/packet"
)

// framesCapture is a capture of three frames: IPv4 in Ethernet, ARP, IPv4 again.
func framesCapture(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := packet.NewWriter(&out, packet.LinkEthernet, true)
	if err != nil {
		t.Fatal(err)
	}
	header := make([]byte, 12)
	for i, frame := range [][]byte{
		append(slices.Clone(header), 8, 0, 0x45, 1), append(slices.Clone(header), 8, 6, 0), append(slices.Clone(header), 8, 0, 0x45, 2),
	} {
		if err := w.WritePacket(int64(1000+i), frame, 60); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

func TestFramesAreGivenAsTheyStand(t *testing.T) {
	data := framesCapture(t)
	path := filepath.Join(t.TempDir(), "x.pcap")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	mapped, err := packet.OpenFramesFile(path)
	if err != nil {
		t.Fatal(err)
	}
	streamed, err := packet.OpenFrames("x", bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []*packet.Frames{mapped, streamed} {
		var seen [][]byte
		var times []int64
		// One at a time: Each must go on where it was stopped.
		for f.Each(func(f *packet.Frame) bool {
			ip, ok := f.IP()
			if !ok {
				ip = nil
			}
			seen, times = append(seen, bytes.Clone(ip)), append(times, f.Time)
			if f.Length != 60 {
				t.Errorf("a frame of %d bytes, want 60", f.Length)
			}
			return false
		}) {
		}
		want := [][]byte{{0x45, 1}, nil, {0x45, 2}}
		if !slices.EqualFunc(seen, want, bytes.Equal) || !slices.Equal(times, []int64{1000, 1001, 1002}) {
			t.Errorf("frames %v at %v, want %v", seen, times, want)
		}
		if in := f.Input(); in.Packets != 3 || in.Bytes != 180 || len(in.Problems) != 0 {
			t.Errorf("account is %+v", in)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestFramesTellDamage(t *testing.T) {
	data := framesCapture(t)
	f, err := packet.OpenFrames("x", bytes.NewReader(data[:len(data)-3]))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	if f.Each(func(*packet.Frame) bool { n++; return true }) {
		t.Error("there may be more after the end")
	}
	if in := f.Input(); n != 2 || len(in.Problems) != 1 {
		t.Errorf("%d frames, problems %v; want 2 and the damage", n, in.Problems)
	}
}
