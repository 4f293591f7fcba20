package fastnetmon

import (
	"bytes"
	"errors"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"downpour"
	"downpour/internal/config"
	"downpour/internal/testenv"
)

var update = flag.Bool("update", false, "write what is expected anew")

func TestImportCarriesOver(t *testing.T) {
	exporters := []netip.Addr{netip.MustParseAddr("203.0.113.250"), netip.MustParseAddr("2001:db8::1")}
	text, err := Import("testdata/isp", Options{Exporters: exporters, Elsewhere: true})
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "testdata/isp/expected.yaml", text)
}

// TestImportMeansTheSame looks at the result as Downpour will read it.
func TestImportMeansTheSame(t *testing.T) {
	text, err := Import("testdata/isp", Options{Elsewhere: true})
	if err != nil {
		t.Fatal(err)
	}
	c, faults := config.Load("imported", text)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if got, want := len(c.Networks.Own), 4; got != want {
		t.Errorf("%d own networks, want %d: %v", got, want, c.Networks.Own)
	}
	if got := c.Networks.NeverBlock; len(got) != 2 || got[0] != netip.MustParsePrefix("192.0.2.53/32") {
		t.Errorf("never_block: %v", got)
	}
	if n := c.Notify; len(n) != 1 || n[0].Script != "/usr/local/bin/notify_about_attack.sh" || n[0].Arguments != "fastnetmon" || n[0].Minimum != downpour.Minor {
		t.Errorf("notify: %+v", n)
	}
	groups := map[string]config.Group{}
	for _, g := range c.Networks.Groups {
		groups[g.Name] = g
	}
	for _, want := range []struct {
		group, class  string
		packets, bits config.Rate
	}{
		{"gamers", "udp", 200_000, 0}, {"gamers", "syn", 0, 0}, {"gamers", "tcp", 200_000, 0}, // bandwidth is not switched on there
		{"small", "syn", 800, 3e6}, {"small", "tcp", 800, 3e6}, {"small", "udp", 800, 0}, {"small", "amplification", 0, 0},
		{"fastnetmon", "udp", 40_000, 300e6}, {"fastnetmon", "tcp", 40_000, 800e6}, {"fastnetmon", "icmp", 150, 800e6}, {"fastnetmon", "icmp_errors", 150, 800e6},
	} {
		got := groups[want.group].Floors[want.class]
		if got.Packets != want.packets || got.Bits != want.bits {
			t.Errorf("%s of %s: %v packets, %v bits; want %v, %v", want.class, want.group, got.Packets, got.Bits, want.packets, want.bits)
		}
	}
	if groups["gamers"].Policy != "off" || len(groups["quiet"].Floors) != 0 || len(groups) != 4 {
		t.Errorf("groups: %+v", groups)
	}
}

func TestImportTellsEveryFault(t *testing.T) {
	text, err := Import("testdata/bad", Options{})
	if err == nil {
		t.Fatalf("the files were accepted:\n%s", text)
	}
	compare(t, "testdata/bad/expected.err", []byte(err.Error()+"\n"))
}

func TestImportWithoutFile(t *testing.T) {
	for path, want := range map[string]string{
		"testdata/none.conf": "testdata/none.conf: is not there",
		t.TempDir():          "fastnetmon.conf: is not there",
		os.DevNull:           "is not a file",
	} {
		_, err := Import(path, Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}

// TestImportTakesListsFromElsewhere reads lists that are not where the
// configuration says.
func TestImportTakesListsFromElsewhere(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "my.conf"), "networks_list_path = /nowhere/list\n")
	write(t, filepath.Join(folder, "mine"), "203.0.113.0/24\n")
	if _, err := Import(filepath.Join(folder, "my.conf"), Options{}); err == nil || !strings.Contains(err.Error(), "my.conf:1:22: networks_list_path: /nowhere/list is not there; give it with --networks FILE") {
		t.Errorf("without the option: %v", err)
	}
	text, err := Import(filepath.Join(folder, "my.conf"), Options{Networks: filepath.Join(folder, "mine")})
	if err != nil || !bytes.Contains(text, []byte("    - 203.0.113.0/24\n")) {
		t.Errorf("%v\n%s", err, text)
	}
}

// TestImportPackaged reads what the package ships, also with everything on.
func TestImportPackaged(t *testing.T) {
	testenv.Need(t, testenv.FastNetMon())
	shipped, err := os.ReadFile(DefaultPath)
	if err != nil {
		testenv.Lack(t, err.Error())
	}
	folder := t.TempDir()
	off := regexp.MustCompile(`(?m)^(netflow|sflow|mirror_afpacket|ban_for_\w+|my_hosts_\w+) = off`)
	example := regexp.MustCompile(`(?m)^# (hostgroup = )`)
	on := example.ReplaceAll(off.ReplaceAll(shipped, []byte("$1 = on")), []byte("$1"))
	for name, text := range map[string][]byte{"as it is shipped": shipped, "everything on": on} {
		write(t, filepath.Join(folder, "fastnetmon.conf"), string(text))
		write(t, filepath.Join(folder, "networks_list"), "10.10.10.0/24\n")
		write(t, filepath.Join(folder, "networks_whitelist"), "")
		out, err := Import(folder, Options{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, m := range regexp.MustCompile(`(?m)^(\w+)\s*=`).FindAllSubmatch(text, -1) {
			if !regexp.MustCompile(`\b` + string(m[1]) + `\b`).Match(out) {
				t.Errorf("%s: nothing is said of %s", name, m[1])
			}
		}
		if bytes.Contains(out, []byte("no key of FastNetMon")) {
			t.Errorf("%s: a key is not known:\n%s", name, out)
		}
	}
}

func FuzzImport(f *testing.F) {
	for _, folder := range []string{"isp", "bad"} {
		conf, err := os.ReadFile(filepath.Join("testdata", folder, "fastnetmon.conf"))
		if err != nil {
			f.Fatal(err)
		}
		list, err := os.ReadFile(filepath.Join("testdata", folder, "networks_list"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(conf, list)
	}
	folder := f.TempDir()
	f.Fuzz(func(t *testing.T, conf, list []byte) {
		write(t, filepath.Join(folder, "fastnetmon.conf"), string(conf))
		write(t, filepath.Join(folder, "networks_list"), string(list))
		write(t, filepath.Join(folder, "networks_whitelist"), string(list))
		_, err := Import(folder, Options{})
		var faults Faults
		if err != nil && (!errors.As(err, &faults) || strings.Contains(err.Error(), "the result is no configuration")) {
			t.Errorf("neither a configuration nor a fault of the files: %v", err)
		}
	})
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func compare(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		write(t, path, string(got))
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s has another text; got:\n%s", path, got)
	}
}
