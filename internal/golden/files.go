package golden

import (
	"bytes"
	"os"
	"path/filepath"
	"time"

	"github.com/goccy/go-yaml"

	"downpour/internal/golden/export"
	"downpour/internal/observe/flow"
)

// Write writes the case into a folder of its name within dir: what it makes or names as
// traffic.pcap, access.log and reports.csv, what a router would tell of the traffic in
// each protocol of flow export (netflow5.pcap, netflow9.pcap, ipfix.pcap, sflow.pcap: captures
// of its datagrams, of all packets), and truth.yaml. Load reads such folders: the truth
// then names the files of packets, logs and counts. The same case gives the same bytes.
func (c *Case) Write(dir string) error {
	dir = filepath.Join(dir, c.Name)
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // for everybody to read
		return err
	}
	opt, truth, err := c.prepare(dir)
	if err != nil {
		return err
	}
	for _, list := range [][]string{opt.Inputs, opt.Reports} {
		for i, name := range list {
			if list[i], err = brought(name, dir); err != nil {
				return err
			}
		}
	}
	if c.Capture != nil {
		if err := c.flowExport(dir); err != nil {
			return err
		}
	}
	data, err := yaml.Marshal(c.asFiles(opt.Inputs, opt.Reports, &truth))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "truth.yaml"), data, 0o644) //nolint:gosec // for everybody to read
}

// brought copies a file into a folder unless it is there, and returns its name in it.
func brought(name, dir string) (string, error) {
	base := filepath.Base(name)
	if filepath.Dir(name) == filepath.Clean(dir) {
		return base, nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	return base, os.WriteFile(filepath.Join(dir, base), data, 0o644) //nolint:gosec // for everybody to read
}

// flowExport writes what a router tells of the traffic, in each protocol that can.
func (c *Case) flowExport(dir string) error {
	file, err := os.ReadFile(filepath.Join(dir, captureName))
	if err != nil {
		return err
	}
	packets, err := export.ReadPackets(bytes.NewReader(file))
	if err != nil {
		return err
	}
	for name, version := range map[string]flow.Version{
		"netflow5.pcap": flow.NetFlow5, "netflow9.pcap": flow.NetFlow9, "ipfix.pcap": flow.IPFIX, "sflow.pcap": flow.SFlow5,
	} {
		if version == flow.NetFlow5 && c.Capture.Host.Is6() { // knows IPv4 only
			continue
		}
		v := View{Sampling: 1, SFlow: version == flow.SFlow5}
		if err := write(filepath.Join(dir, name), v.tellBy(version, packets).write); err != nil {
			return err
		}
	}
	return nil
}

// asFiles is the case with its truth, as a YAML file of it has them.
func (c *Case) asFiles(inputs, counts []string, t *Truth) yaml.MapSlice {
	var m fields
	m.add("name", c.Name, c.Name != "")
	m.add("says", c.Says, c.Says != "")
	m.add("files", inputs, len(inputs) > 0)
	m.add("counts", counts, len(counts) > 0)
	m.add("bucket", c.bucket().String(), c.bucket() > 0)
	m.add("timezone", c.Timezone, c.Timezone != "")
	m.add("direction", c.Direction, c.Direction != "")
	m.add("claims", c.Claims, len(c.Claims) > 0)
	var truth fields
	var attacks, outages []fields
	for i := range t.Attacks {
		attacks = append(attacks, t.Attacks[i].fields())
	}
	for _, o := range t.Outages {
		var f fields
		f.time("onset", o.Onset)
		f.time("peakat", o.PeakAt)
		f.add("peak", o.Peak, true)
		outages = append(outages, f)
	}
	truth.add("attacks", attacks, len(attacks) > 0)
	truth.add("outages", outages, len(outages) > 0)
	truth.add("claims", t.Claims, len(t.Claims) > 0)
	truth.add("unsettled", t.Unsettled, len(t.Unsettled) > 0)
	m.add("truth", truth, len(truth) > 0)
	return yaml.MapSlice(m)
}

func (t *AttackTruth) fields() (f fields) {
	f.add("target", t.Target.String(), t.Target.IsValid())
	f.add("over", t.Over.String(), t.Over.IsValid())
	f.add("host", t.Host, t.Host != "")
	f.add("vectors", t.Vectors, true)
	f.time("onset", t.Onset)
	f.time("told", t.Told)
	f.time("end", t.End)
	f.add("sources", t.Sources, t.Sources > 0)
	f.add("peak", t.Peak, t.Peak > 0)
	f.add("spoofed", t.Spoofed, t.Spoofed != nil)
	f.add("reflected", t.Reflected, t.Reflected != nil)
	f.add("shape", t.Shape, len(t.Shape) > 0)
	return f
}

// fields are those of a YAML map, in their order.
type fields yaml.MapSlice

func (f *fields) add(name string, value any, given bool) {
	if given {
		*f = append(*f, yaml.MapItem{Key: name, Value: value})
	}
}

func (f *fields) time(name string, t time.Time) { f.add(name, t.Format(time.RFC3339Nano), !t.IsZero()) }

// MarshalYAML keeps the order.
func (f fields) MarshalYAML() (any, error) { return yaml.MapSlice(f), nil }

// What a case's inputs are called in a folder.
const (
	captureName = "traffic.pcap"
	logName     = "access.log"
	seriesName  = "reports.csv"
)
