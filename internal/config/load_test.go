package config

import (
	"bytes"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"downpour/internal/yamlfile"
)

var update = flag.Bool("update", false, "write what is expected anew")

// TestBad loads each file of testdata/bad and compares what is said with the
// text beside it, byte for byte.
func TestBad(t *testing.T) {
	for _, path := range files(t, "testdata/bad/*.yaml") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			c, faults := LoadFile(path)
			if c != nil || len(faults) == 0 {
				t.Fatal("the file was accepted")
			}
			var said bytes.Buffer
			for _, f := range faults {
				f.File = filepath.Base(path)
				said.WriteString(f.String() + "\n")
			}
			compare(t, strings.TrimSuffix(path, ".yaml")+".err", said.Bytes())
		})
	}
}

// TestGood loads each file that must be accepted, the examples among them.
func TestGood(t *testing.T) {
	for _, path := range append(files(t, "testdata/good/*.yaml"), files(t, "../../examples/*.yaml")...) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			c, faults := LoadFile(path)
			for _, f := range faults {
				t.Error(f)
			}
			if c == nil || len(c.Services) == 0 {
				t.Fatal("no configuration with a service")
			}
		})
	}
}

func TestEmptyFileOpensNothing(t *testing.T) {
	c, faults := Load("empty.yaml", nil)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if c.HTTP.Listen != "" || len(c.Flow.Listen) > 0 {
		t.Errorf("listens on %q and %q though the file names nothing", c.HTTP.Listen, c.Flow.Listen)
	}
	c.HTTP.Listen, c.Flow = DefaultListen, defaultFlow()
	if want := Default(); !reflect.DeepEqual(c, want) {
		t.Errorf("got %+v, want %+v", c, want)
	}
}

func TestNamedSectionListensByDefault(t *testing.T) {
	for text, want := range map[string]string{
		"http:\n":                       DefaultListen,
		"http: {trusted_proxies: []}\n": DefaultListen,
		"http: {listen: \"\"}\n":        "",
		"store: {disk: 1GB}\n":          "",
	} {
		c, faults := Load("x.yaml", []byte(text))
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		if c.HTTP.Listen != want {
			t.Errorf("%q: listens on %q, want %q", text, c.HTTP.Listen, want)
		}
	}
}

func TestLoadTakesFlow(t *testing.T) {
	c := load(t, `
flow:
  listen: ["udp://0.0.0.0:2055", "sflow://[::]:6343", "tcp://192.0.2.1:4739"]
  allow: [192.0.2.0/24]
  relay: ["sflow://collector.example.net:6343"]
  relay_source: exporter
  patience: 5m
  exporters:
    - {address: 203.0.113.1, name: edge1, sampling: 1000, active_timeout: 10s, interfaces: {"12": {name: transit-a, role: edge}, 13: {}}}
    - {address: "::ffff:203.0.113.2", sampling: "1:512"}
packets: [{interface: eth0, sampling: 100}, {interface: eth1, promiscuous: true, decapsulate: true}]
`)
	want := newFlow()
	want.Listen = []FlowEndpoint{{"udp", "0.0.0.0:2055"}, {"sflow", "[::]:6343"}, {"tcp", "192.0.2.1:4739"}}
	want.Allow = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	want.Relay, want.RelaySource = []FlowEndpoint{{"sflow", "collector.example.net:6343"}}, "exporter"
	want.Patience = Duration(5 * time.Minute)
	want.Exporters = []Exporter{
		{Address: netip.MustParseAddr("203.0.113.1"), Name: "edge1", Sampling: 1000, ActiveTimeout: Duration(10 * time.Second),
			Interfaces: Interfaces{12: {Name: "transit-a", Role: "edge"}, 13: {}}},
		{Address: netip.MustParseAddr("203.0.113.2"), Sampling: 512},
	}
	if !reflect.DeepEqual(c.Flow, want) {
		t.Errorf("got  %+v\nwant %+v", c.Flow, want)
	}
	if want := []Packets{{"eth0", 100, false, false}, {"eth1", 1, true, true}}; !reflect.DeepEqual(c.Packets, want) {
		t.Errorf("packets: got %+v, want %+v", c.Packets, want)
	}
}

func TestLoadTakesEveryKey(t *testing.T) {
	c, faults := LoadFile("../../examples/web-service.yaml")
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	kyiv, err := time.LoadLocation("Europe/Kyiv")
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Flow = newFlow()
	want.Services = []Service{{
		Name: "shop", Title: "The Example Shop", RunBy: "Example Shop Ltd", Contact: "status@example.com",
		Targets:  []netip.Prefix{netip.MustParsePrefix("192.0.2.80/32"), netip.MustParsePrefix("2001:db8::80/128")},
		Hosts:    []string{"www.example.com", "example.com"},
		Symptoms: []string{"access", "login", "checkout", "payment", "other"},
		Timezone: kyiv, Floors: RequestFloors{Requests: 25, Slow: 50},
	}}
	want.Logs = []Logs{{Path: "/var/log/nginx/access.log", Format: "auto", Service: "shop"}}
	want.HTTP.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("::1/128")}
	want.Store.Path = "/var/lib/downpour"
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}
}

func TestOtherIsAlwaysASymptom(t *testing.T) {
	c, faults := Load("x.yaml", []byte("services: [{name: a, symptoms: [lag]}]"))
	if len(faults) > 0 || !reflect.DeepEqual(c.Services[0].Symptoms, []string{"lag", "other"}) {
		t.Errorf("got %v, %v", c, faults)
	}
}

// TestUnreadableFile wants one clear line for each way in which a file cannot be
// had.
func TestUnreadableFile(t *testing.T) {
	folder := t.TempDir()
	binary := filepath.Join(folder, "binary.yaml")
	huge := filepath.Join(folder, "huge.yaml")
	write(t, binary, []byte{0xff, 0xfe, 0, 1})
	write(t, huge, bytes.Repeat([]byte("# much\n"), yamlfile.MaxBytes/7+1))
	for path, want := range map[string]string{
		filepath.Join(folder, "none.yaml"): "there is no such file; check the path given with --config",
		folder:                             "is a folder; name the YAML file in it",
		binary:                             "is not text in UTF-8; is this the configuration?",
		huge:                               "is longer than 256 KB; is this the file you mean?",
		binary + "/below":                  "cannot be opened: not a directory",
	} {
		c, faults := LoadFile(path)
		if c != nil || len(faults) != 1 {
			t.Fatalf("%s: got %v, %v", path, c, faults)
		}
		if got := faults[0].Error(); got != path+": "+want {
			t.Errorf("got %q, want %q", got, path+": "+want)
		}
	}
}

func TestForbiddenFile(t *testing.T) {
	if os.Geteuid() == 0 {
		// Root reads everything, so the error itself is tried instead.
		if got := openFault(os.ErrPermission).Error(); !strings.HasPrefix(got, "may not be read by this user") {
			t.Error(got)
		}
		return
	}
	path := filepath.Join(t.TempDir(), "secret.yaml")
	write(t, path, nil)
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	_, faults := LoadFile(path)
	if len(faults) != 1 || !strings.Contains(faults[0].Error(), "may not be read by this user") {
		t.Error(faults)
	}
}

func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/good/*.yaml", "testdata/bad/*.yaml", "../../examples/*.yaml"} {
		for _, path := range files(f, pattern) {
			data, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 4096 { // the YAML parser is quadratic in depth; size is tried elsewhere
			return
		}
		c, faults := Load("fuzz.yaml", data)
		if (c == nil) != (len(faults) > 0) {
			t.Fatalf("configuration %v with faults %v", c, faults)
		}
		lines := bytes.Count(unifyBreaks(data), []byte("\n")) + 1
		for _, f := range faults {
			if f.Says == "" || f.Line < 0 || f.Line > lines+1 || f.Line > 0 && f.Column < 1 {
				t.Errorf("fault without sense: %+v", f)
			}
			if strings.Contains(f.Error(), "\n") {
				t.Errorf("more than a line: %q", f.Error())
			}
		}
		if c != nil {
			if again := Changes(c, c); len(again) > 0 {
				t.Errorf("differs from itself: %v", again)
			}
		}
	})
}

func files(t testing.TB, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no files %s: %v", pattern, err)
	}
	return paths
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// compare holds got against a file, or writes the file if -update was given.
func compare(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}
