package test

import (
	"encoding/csv"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"downpour/internal/golden/export"
	"downpour/internal/golden/traffic"
	"downpour/internal/observe"
	"downpour/internal/observe/flow"
	"downpour/internal/observe/packet"
)

// TestAttackPageExplains floods a web server of a running program by sFlow and reads the
// attack's page as an engineer would: what came against what was expected, why it fired,
// who sent, and the samples from before and during, in each form that they are given in.
func TestAttackPageExplains(t *testing.T) {
	b := newBrowser(t)
	config, data, to := collecting(t, flow.SFlow5)
	p := start(t, "serve", "--config", config, "--data", data)
	const quiet = 6 * time.Second
	begin := time.Now()
	packets, _ := trafficFrom(t, begin,
		traffic.Stream{Kind: "web server", Lasts: 40 * time.Second, Rate: 20},
		traffic.Stream{Kind: "SYN flood", From: quiet, Lasts: 34 * time.Second, Rate: 3000, Senders: traffic.Spoofed, Port: 443},
		traffic.Stream{Kind: "DNS amplification", From: quiet + 6*time.Second, Lasts: 28 * time.Second, Rate: 1500, Sources: 400})
	go playSlowly(t, to, sampledBy(packets, 10))

	eventually(t, 2*time.Minute, "the attack's page with both vectors and its samples", func() bool {
		list := p.attacks(t)
		if len(list) != 1 || list[0].Provisional {
			return false
		}
		b.open(p.signIn)                                                    // each time: asking for the attacks has begun sessions that may have ended this one
		for _, link := range []string{"a[href^='/incidents/']", "a.more"} { // which a page may not have yet
			to := ask[string](b, `document.querySelector("`+link+`")?.getAttribute("href") ?? ""`)
			if to == "" {
				return false
			}
			b.open(p.url + to)
		}
		text := ask[string](b, "document.body.innerText")
		return strings.Contains(text, "DNS amplification") && strings.Contains(text, "Samples as JSON")
	})
	text := ask[string](b, "document.body.textContent")
	for _, want := range []string{
		"Rates over time against what was expected", "Why it fired", "packets/s or 5", "Phases", "SYN flood",
		"Busiest sources", "From port", "Length of a packet", "Time to live", "Records during the attack", "Records before it", "headers as pcap",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	for what, least := range map[string]int{`.chart .limit`: 2, `.chart .v0`: 2, `table.records tbody tr`: 20, `table[data-cursor] tbody tr`: 5} {
		if n := ask[int](b, "document.querySelectorAll('"+what+"').length"); n < least {
			t.Errorf("%d of %s, want %d", n, what, least)
		}
	}
	ask[int](b, `(() => { const c = [...document.querySelectorAll(".chart")].find((c) => c.checkVisibility()), r = c.getBoundingClientRect();
		c.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, clientX: r.left + r.width / 2, clientY: r.top + 90 })); return 0 })()`)
	if readout := ask[string](b, `document.querySelector(".readout")?.textContent ?? ""`); !strings.Contains(readout, "packets/s") {
		t.Errorf("at the pointer it says %q", readout)
	}
	b.picture("attack-phone", 390)
	b.picture("attack-desktop", 1280)
	b.fits()
	b.darkens()
	b.picture("attack-dark", 1280)
	b.picture("attack-phone-dark", 390)
	b.clean()
	samplesAgree(t, p, ask[string](b, "location.pathname"))
}

// sampledBy is what a router tells by sFlow that samples one of so many packets.
func sampledBy(packets []export.Packet, rate uint32) (datagrams []export.Datagram) {
	m := export.Meter{Sampling: rate, Seed: 1}
	e := export.NewEncoder(export.Settings{Version: flow.SFlow5, Sampling: rate})
	for samples := range slices.Chunk(m.Samples(packets), 6) {
		datagrams = e.Flows(datagrams, samples[len(samples)-1].Exported, samples)
	}
	return datagrams
}

// playSlowly sends datagrams no faster than the times that they bear, and never in a burst
// to make up for a busy machine: what comes before something is sent before it.
func playSlowly(t *testing.T, to netip.AddrPort, datagrams []export.Datagram) {
	const step = 50 * time.Millisecond
	s, err := export.NewSender(t.Context(), netip.MustParseAddrPort("127.0.0.1:0"), to)
	if err != nil {
		t.Error(err)
		return
	}
	defer s.Close()
	for len(datagrams) > 0 && t.Context().Err() == nil {
		n := 0
		for n < len(datagrams) && datagrams[n].At < datagrams[0].At+int64(step) {
			n++
		}
		_ = s.Send(export.Messages(datagrams[:n])) // a test that ends closes it
		datagrams = datagrams[n:]
		time.Sleep(step)
	}
}

// samplesAgree reads the samples of an attack as CSV and as pcap: the web server's visits
// come before it, the flood during it, and each packet is in both.
func samplesAgree(t *testing.T, p *program, page string) {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(p.asOperator(t, page+"/samples.csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, r := range rows[1:] {
		seen[r[0]]++
		if r[0] == "before" && r[7] == "2" && r[8] == "60" {
			seen["flood before"]++
		}
	}
	if seen["before"] < 5 || seen["during"] < 60 || seen["flood before"] > seen["before"]/2 {
		t.Errorf("sampled %v", seen)
	}
	c, err := packet.Open("samples", strings.NewReader(p.asOperator(t, page+"/samples.pcap")))
	if err != nil {
		t.Fatal(err)
	}
	var batch observe.Batch
	n := 0
	for err = c.Next(&batch); err == nil; err = c.Next(&batch) {
		n += len(batch.Flows)
	}
	if err != io.EOF || len(c.Input().Problems) > 0 || n < 60 {
		t.Errorf("the capture holds %d packets, the table %d; %v, %+v", n, len(rows)-1, err, c.Input().Problems)
	}
}
