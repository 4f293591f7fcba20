package test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"downpour/internal/golden/export"
	"downpour/internal/golden/traffic"
	"downpour/internal/observe/flow"
)

// TestRestartDuringAnAttack ends the server in the middle of an attack that it
// receives by flow export, by a signal or by force: the attack goes on as the same.
func TestRestartDuringAnAttack(t *testing.T) {
	for _, c := range []struct {
		name    string
		version flow.Version
		signal  syscall.Signal
	}{
		{"sFlow, killed", flow.SFlow5, syscall.SIGKILL},
		{"NetFlow v9, killed", flow.NetFlow9, syscall.SIGKILL},
		{"sFlow, asked to end", flow.SFlow5, syscall.SIGTERM},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			config, data, to := collecting(t, c.version)
			go play(t, to, floodExport(t, c.version))
			p := start(t, "serve", "--config", config, "--data", data)
			var before attacks
			eventually(t, 20*time.Second, "an attack is found", func() bool {
				before = p.attacks(t)
				return len(before) == 1 && !before[0].Provisional
			})
			time.Sleep(1500 * time.Millisecond) // the store is told each second
			p.end(t, c.signal)

			p = start(t, "serve", "--config", config, "--data", data)
			again := time.Now()
			var after attacks
			eventually(t, 20*time.Second, "it goes on", func() bool {
				after = p.attacks(t)
				return len(after) > 1 || len(after) == 1 && after[0].Ongoing && after[0].End.After(again)
			})
			if len(after) != 1 || after[0].ID != before[0].ID {
				t.Fatalf("before %+v, after %+v", before, after)
			}
			a, b := after[0], before[0]
			if !a.Onset.Equal(b.Onset) || !a.AlarmAt.Equal(b.AlarmAt) || a.Total.Packets <= b.Total.Packets {
				t.Errorf("it was %+v and is %+v", b, a)
			}
		})
	}
}

// TestRestartDuringAFlood ends the server by force in the middle of a flood of requests
// that it reads from a log as it is written: the attack goes on as the same.
func TestRestartDuringAFlood(t *testing.T) {
	t.Parallel()
	folder, data := t.TempDir(), t.TempDir()
	log, config := filepath.Join(folder, "access.log"), filepath.Join(folder, "downpour.yaml")
	write(t, log, "")
	write(t, config, fmt.Sprintf("logs: [{path: %q}]\n", log))
	go flood(t, log)
	p := start(t, "serve", "--config", config, "--data", data)
	var before attacks
	eventually(t, 30*time.Second, "an attack is found", func() bool {
		before = p.attacks(t)
		return len(before) == 1
	})
	eventually(t, 10*time.Second, "its state is kept", func() bool {
		now := p.attacks(t) // five seconds of it; the store is told each second
		return len(now) == 1 && now[0].Total.Requests > before[0].Total.Requests+1000
	})
	p.end(t, syscall.SIGKILL)

	p = start(t, "serve", "--config", config, "--data", data)
	again := time.Now()
	var after attacks
	eventually(t, 30*time.Second, "it goes on", func() bool {
		after = p.attacks(t)
		return len(after) > 1 || len(after) == 1 && after[0].Ongoing && after[0].End.After(again) && after[0].Total.Requests > before[0].Total.Requests
	})
	if len(after) != 1 || after[0].ID != before[0].ID {
		t.Fatalf("before %+v, after %+v", before, after)
	}
	a, b := after[0], before[0]
	if !a.Onset.Equal(b.Onset) || !a.AlarmAt.Equal(b.AlarmAt) {
		t.Errorf("it was %+v and is %+v", b, a)
	}
}

// flood writes 200 requests a second of twenty clients for one path to a log, until the
// test ends.
func flood(t *testing.T, log string) {
	f, err := os.OpenFile(log, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-t.Context().Done():
			return
		case now := <-tick.C:
			var lines strings.Builder
			for client := range 20 {
				fmt.Fprintf(&lines, "198.51.100.%d - - [%s] \"GET /search HTTP/1.1\" 200 512 \"-\" \"curl/8.5.0\"\n", client+1, now.Format("02/Jan/2006:15:04:05 -0700"))
			}
			_, _ = f.WriteString(lines.String()) // a test that ends removes it
		}
	}
}

// collecting is a configuration that receives flow export of a version on a free
// port, and a folder for its store.
func collecting(t *testing.T, version flow.Version) (config, data string, to netip.AddrPort) {
	t.Helper()
	to = freePort(t)
	scheme := "udp"
	if version == flow.SFlow5 {
		scheme = "sflow"
	}
	config = filepath.Join(t.TempDir(), "downpour.yaml")
	write(t, config, fmt.Sprintf(`networks: {own: [203.0.113.0/24]}
services: [{name: example, targets: [203.0.113.0/24]}]
flow: {listen: ["%s://%s"], allow: [127.0.0.0/8]}
`, scheme, to))
	return config, t.TempDir(), to
}

// floodExport is what a router tells of a flood of 4,000 SYN/s for 40 s from now on.
func floodExport(t *testing.T, version flow.Version) []export.Datagram {
	t.Helper()
	packets, _ := trafficFrom(t, time.Now(),
		traffic.Stream{Kind: "SYN flood", Lasts: 40 * time.Second, Rate: 4000, Senders: traffic.Spoofed, Port: 443})
	if version != flow.SFlow5 {
		m := export.Meter{Active: 2 * time.Second, Inactive: time.Second}
		return export.NewEncoder(export.Settings{Version: version}).Batches(m.Flows(packets), time.Second)
	}
	return sampledBy(packets, 10)
}

// play sends datagrams at the time that they bear, until the test ends. That nobody
// listens meanwhile is no matter.
func play(t *testing.T, to netip.AddrPort, datagrams []export.Datagram) {
	s, err := export.NewSender(t.Context(), netip.MustParseAddrPort("127.0.0.1:0"), to)
	if err != nil {
		t.Error(err)
		return
	}
	defer s.Close()
	for len(datagrams) > 0 && t.Context().Err() == nil {
		now, n := time.Now().UnixNano(), 0
		for n < len(datagrams) && datagrams[n].At <= now {
			n++
		}
		_ = s.Send(export.Messages(datagrams[:n]))
		datagrams = datagrams[n:]
		time.Sleep(50 * time.Millisecond)
	}
}

// attacks are what the API tells of those of all incidents.
type attacks []struct {
	ID                   string
	Onset, End           time.Time
	AlarmAt              time.Time `json:"alarm_at"`
	Ongoing, Provisional bool
	Total                struct{ Packets, Requests uint64 }
}

func (p *program) attacks(t *testing.T) (all attacks) {
	t.Helper()
	var list struct {
		Incidents []struct{ ID string }
	}
	answer(t, p.asOperator(t, "/api/v1/incidents"), &list)
	for _, i := range list.Incidents {
		var record struct{ Attacks attacks }
		answer(t, p.asOperator(t, "/api/v1/incidents/"+i.ID), &record)
		all = append(all, record.Attacks...)
	}
	return all
}

func answer(t *testing.T, body string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(body), into); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
}
