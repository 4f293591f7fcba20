package analysis

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"downpour/internal/observe"
	"downpour/internal/observe/packet"
)

// ring writes captures of packets, each of which bears its time as its source
// port.
func ring(t *testing.T, files map[string][]int64) string {
	t.Helper()
	folder := t.TempDir()
	for name, times := range files {
		var out bytes.Buffer
		w, err := packet.NewWriter(&out, packet.LinkRaw, true)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range times {
			udp := []byte{0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 198, 51, 100, 1,
				byte(at >> 8), byte(at), 0, 53, 0, 8, 0, 0}
			if err := w.WritePacket(at, udp, 0); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(folder, name), out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// read opens a directory and reads it to its end; most is how many captures were
// open at once.
func read(t *testing.T, o *opener) (times []int64, most int) {
	t.Helper()
	var b observe.Batch
	for _, s := range o.sources {
		for {
			err := s.Next(&b)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			for i := range b.Flows {
				times = append(times, b.Flows[i].Time)
			}
			if r, is := s.(*series); is {
				most = max(most, len(r.open))
			}
		}
	}
	return times, most
}

// span is n times from one on.
func span(from int64, n int) (all []int64) {
	for i := range n {
		all = append(all, from+int64(i))
	}
	return all
}

func TestARingIsReadInTheOrderOfTime(t *testing.T) {
	// The ring came around: the oldest is in the middle. The last two overlap.
	folder := ring(t, map[string][]int64{
		"a": span(5000, 2000), "b": span(1000, 2000), "c": span(3000, 2000), "d": span(6000, 1000), "e": nil,
	})
	if err := os.WriteFile(filepath.Join(folder, "f"), []byte("what is this"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := &opener{}
	if err := o.directory(folder); err != nil {
		t.Fatal(err)
	}
	times, most := read(t, o)
	if len(times) != 7000 || most > 2 {
		t.Errorf("%d packets, %d captures open at once", len(times), most)
	}
	for i := 1; i < len(times); i++ {
		if times[i] < times[i-1] {
			t.Fatalf("a packet at %d after one at %d", times[i], times[i-1])
		}
	}
	inputs := inputsOf(o.sources)
	if len(inputs) != 5 || filepath.Base(inputs[0].Name) != "a" || inputs[3].Packets != 1000 {
		t.Errorf("inputs are %+v", inputs)
	}
	if len(inputs[0].Problems) != 1 {
		t.Errorf("the stranger is not told: %+v", inputs[0].Problems)
	}
	if read, total := consumed(o.sources); read != total || total == 0 {
		t.Errorf("%d of %d bytes read", read, total)
	}
	closeAll(o.sources)
}

func TestADirectoryWithoutInputsIsAnError(t *testing.T) {
	o := &opener{}
	folder := t.TempDir()
	if err := o.directory(folder); err == nil {
		t.Error("an empty directory is no error")
	}
	for _, name := range []string{"a.txt", ".hidden.pcap"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte("no input"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.directory(folder); err == nil {
		t.Error("a directory of strangers is no error")
	}
}
