package packet

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"

	"downpour/internal/observe"

	"downpour/internal/testenv"
)

// No decompressor may leave a goroutine behind.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func gzipOf(t tester, plain []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func zstdOf(t tester, plain []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(plain, nil)
}

// manyFrames is a capture of several batches and more than a window.
func manyFrames(t tester) []byte {
	t.Helper()
	var frames [][]byte
	for i := range 3000 {
		frames = append(frames, ether(etherIPv4, ip4(17, 0, udp(53, uint16(i), make([]byte, i%1400)))))
	}
	return pcapOf(t, LinkEthernet, frames...)
}

func write(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// However a capture comes, what is read is the same, and all of it is consumed.
func TestEveryWayIn(t *testing.T) {
	plain := manyFrames(t)
	want, _ := readStream(t, plain)
	if len(want) != 3000 {
		t.Fatalf("%d flows", len(want))
	}
	for name, content := range map[string][]byte{
		"plain": plain, "gzip.pcap": gzipOf(t, plain), "zstd.gz": zstdOf(t, plain),
		"two members": cat(gzipOf(t, plain[:70000]), gzipOf(t, plain[70000:])),
		"skippable":   cat([]byte("\x50\x2a\x4d\x18\x02\x00\x00\x00ab"), zstdOf(t, plain)),
	} {
		t.Run(name, func(t *testing.T) {
			c, err := OpenFile(write(t, name, content))
			if err != nil {
				t.Fatal(err)
			}
			if got := readAll(t, c); !reflect.DeepEqual(got, want) {
				t.Errorf("the file gave %d other flows", len(got))
			}
			if read, total := c.Progress(); read != int64(len(content)) || total != read {
				t.Errorf("progress is %d of %d, the file has %d", read, total, len(content))
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			for _, r := range []io.Reader{
				bytes.NewReader(content), iotest.OneByteReader(bytes.NewReader(content)), iotest.DataErrReader(bytes.NewReader(content)),
			} {
				s, err := Open("-", r)
				if err != nil {
					t.Fatal(err)
				}
				if got := readAll(t, s); !reflect.DeepEqual(got, want) {
					t.Errorf("a stream gave %d other flows", len(got))
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestCannotBeOpened(t *testing.T) {
	header := pcapOf(t, LinkRaw)
	wifi, old := bytes.Clone(header), bytes.Clone(header)
	wifi[20], old[6] = 127, 2
	for name, c := range map[string]struct {
		content []byte
		want    error
		says    string
	}{
		"empty.pcap":  {nil, ErrEmpty, "is empty"},
		"empty.gz":    {gzipOf(t, nil), ErrEmpty, "is empty"},
		"x.txt":       {[]byte("hello, world\nand more"), ErrNotCapture, `not a capture: begins with "hello, world\nand..."`},
		"short":       {[]byte("hé"), ErrNotCapture, `begins with "h\u00e9"`},
		"x.pcap.gz":   {gzipOf(t, []byte("time,count\n")), ErrNotCapture, `begins with "time,count\n"`},
		"cut.pcap":    {header[:20], ErrCut, "ends within its header"},
		"wifi.pcap":   {wifi, ErrLinkType, "link type 127"},
		"old.pcap":    {old, ErrNotCapture, "pcap version 2.2"},
		"x.pcap.xz":   {[]byte("\xfd7zXZ\x00\x00\x04"), ErrNotCapture, "compressed with xz"},
		"x.pcap.bz2":  {[]byte("BZh91AY&SY"), ErrNotCapture, "compressed with bzip2"},
		"x.zip":       {[]byte("PK\x03\x04\x14\x00"), ErrNotCapture, "compressed with zip"},
		"broken.gz":   {[]byte("\x1f\x8b\x08"), io.ErrUnexpectedEOF, "cannot be decompressed"},
		"broken.pcap": {[]byte("\n\r\r\n\x1c\x00\x00\x00\x00\x00\x00\x00"), ErrNotCapture, "not a capture"},
	} {
		path := write(t, name, c.content)
		_, err := OpenFile(path)
		if !errors.Is(err, c.want) || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), c.says) ||
			strings.Contains(err.Error(), "\n") {
			t.Errorf("%s gives %v, want %s", name, err, c.says)
		}
		if _, err := Open(name, bytes.NewReader(c.content)); !errors.Is(err, c.want) {
			t.Errorf("%s as a stream gives %v", name, err)
		}
	}
	if _, err := OpenFile(t.TempDir()); !errors.Is(err, ErrDirectory) {
		t.Errorf("a directory gives %v", err)
	}
	if _, err := OpenFile("no/such.pcap"); !errors.Is(err, fs.ErrNotExist) || err.Error() != "no/such.pcap: no such file or directory" {
		t.Errorf("no file gives %v", err)
	}
	broken := errors.New("disk on fire")
	if _, err := Open("-", iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("a broken reader gives %v", err)
	}
}

// Damage to compressed data ends the capture where the plain content ends.
func TestCompressedDamage(t *testing.T) {
	plain := manyFrames(t)
	all, _ := readStream(t, plain)
	for name, packed := range map[string][]byte{"gzip": gzipOf(t, plain), "zstd": zstdOf(t, plain)} {
		c, err := Open(name, bytes.NewReader(packed[:len(packed)-1]))
		if err != nil {
			t.Fatal(err)
		}
		flows := readAll(t, c)
		problems := c.Input().Problems
		if len(problems) != 1 || !strings.Contains(problems[0].Says, "compressed data end too early") {
			t.Errorf("%s: problems are %+v", name, problems)
		}
		if !reflect.DeepEqual(flows, all[:len(flows)]) {
			t.Errorf("%s: flows before the damage differ", name)
		}
	}
	c, err := Open("trailing", bytes.NewReader(append(gzipOf(t, plain), "what does not belong here"...)))
	if err != nil {
		t.Fatal(err)
	}
	if flows := readAll(t, c); len(flows) != len(all) {
		t.Errorf("%d flows before trailing bytes", len(flows))
	}
	oneProblem(t, c, int64(len(plain)), 1, "cannot be read on")
}

// A file that shrinks under the mapping must not crash the program.
func TestFileCutWhileRead(t *testing.T) {
	path := write(t, "shrinks.pcap", manyFrames(t))
	c, err := OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if !c.mapped {
		testenv.Lack(t, "needs an operating system on which files are mapped")
	}
	var b observe.Batch
	if err := c.Next(&b); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 4096); err != nil {
		t.Fatal(err)
	}
	for c.Next(&b) == nil {
	}
	if p := c.Input().Problems; len(p) != 1 || !strings.Contains(p[0].Says, "while it was being read") {
		t.Errorf("problems are %+v", p)
	}
}

// A batch is handed over when the stream is dry.
func TestLiveStreamIsNotHeldBack(t *testing.T) {
	file := pcapOf(t, LinkRaw, ip4(17, 0, udp(1, 2, nil)))
	r, w := io.Pipe()
	go func() { _, _ = w.Write(file) }()
	c, err := Open("-", r)
	if err != nil {
		t.Fatal(err)
	}
	var b observe.Batch
	if err := c.Next(&b); err != nil || len(b.Flows) != 1 {
		t.Errorf("got %d flows and %v while the stream was open", len(b.Flows), err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.Next(&b); err != io.EOF {
		t.Errorf("at the end got %v", err)
	}
}

func TestPeek(t *testing.T) {
	noise := make([]byte, 300<<10)
	for i, x := 0, uint32(1); i < len(noise); i++ { // incompressible, so that blocks are full
		x = x*1664525 + 1013904223
		noise[i] = byte(x >> 24)
	}
	capture := append(pcapOf(t, LinkRaw, ip4(17, 0, udp(1, 2, nil))), noise...)
	text := []byte("time,count\n2025-03-10 06:00,20608\n")
	for name, c := range map[string]struct {
		content []byte
		capture bool
	}{
		"plain": {capture, true}, "gzip": {gzipOf(t, capture), true}, "zstd": {zstdOf(t, capture), true},
		"text": {text, false}, "gzip text": {gzipOf(t, text), false}, "empty": {nil, false},
		"xz": {[]byte("\xfd7zXZ\x00\x00"), false}, "bad gzip": {[]byte("\x1f\x8bxxxxxxxx"), false},
	} {
		head, whole, err := Peek(iotest.HalfReader(bytes.NewReader(c.content)))
		if err != nil || IsCapture(head) != c.capture {
			t.Errorf("%s: begins with %.20q, capture %v, %v", name, head, IsCapture(head), err)
		}
		if rest, err := io.ReadAll(whole); err != nil || !bytes.Equal(rest, c.content) {
			t.Errorf("%s: %d bytes remain of %d, %v", name, len(rest), len(c.content), err)
		}
	}
}
