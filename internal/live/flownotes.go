package live

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"downpour/internal/observe/collector"
	"downpour/internal/observe/flow"
	"downpour/internal/show/web"
	"downpour/internal/wording"
)

// What is worth a word to the operator.
const (
	silence     = 3 * time.Minute  // routers with traffic send each second, and templates each few minutes
	longHold    = 15 * time.Second // a longer active timeout hides what is shorter
	advisedHold = 10 * time.Second // and this is what to set
	lossToTell  = 0.001            // of what came
	lateToTell  = 0.01             // of the records
	settled     = 30 * time.Second // of sending, before a delay is judged
)

// exporterNotes says what is wrong with an exporter, and what it can't show.
func exporterNotes(e *collector.ExporterStatus, h *web.ExporterHealth, patience time.Duration, now time.Time) (notes []web.Warning) {
	note := func(title, says, mend string) {
		notes = append(notes, web.Warning{Title: e.Name + " " + title, Says: says, Mend: mend})
	}
	if h.Silent {
		note("is silent", "It has sent nothing for "+words(now.Sub(e.LastSeen))+". What it saw since is missing.", "")
	}
	if e.Corrected {
		note("has a wrong clock", "Its clock is "+clockWords(e.Offset)+". Its times are corrected by that, so counts are right; times of its own logs are not.", "ntp server <your time server>")
	}
	if e.Redated > 0 {
		note("dates records far from when it sends them", fmt.Sprintf("%s of its records lie more than an hour from their arrival although its clock may be right: it replays a capture, or its uptime is broken. They count as they came, with their distances among themselves.", grouped(e.Redated)), "")
	}
	if e.Jumps > 0 {
		note("has a clock that was set", fmt.Sprintf("Its clock has jumped %d times. Counts stay right; around a jump they may be in a neighbouring second.", e.Jumps), "")
	}
	onlySFlow := slices.Equal(e.Versions, []flow.Version{flow.SFlow5}) // which has no active timeout
	if e.Delay > longHold && !onlySFlow && now.Sub(e.First) > settled {
		note("can't show less than "+words(e.Delay), "It tells of a flow only after that long: floods are found later, and shorter ones are told with less certainty. Set its active timeout to "+words(advisedHold)+", or the least it takes:", timeoutLines())
	}
	if lost, of := e.LostRecords, e.Stats.Records; of > 0 && float64(lost) > lossToTell*float64(of) {
		note("loses records", fmt.Sprintf("%s of its records never arrived, by its sequence numbers: lost on the way, or in the socket's buffer (see below).", grouped(lost)), "")
	}
	if lost, of := e.LostDatagrams, e.Stats.Datagrams; of > 0 && float64(lost) > lossToTell*float64(of) {
		note("loses datagrams", fmt.Sprintf("%s of its datagrams never arrived, by its sequence numbers: lost on the way, or in the socket's buffer (see below).", grouped(lost)), "")
	}
	if e.Stats.Waiting > 0 && e.Stats.Records == 0 {
		note("has not sent its templates yet", "What it sends can't be read before that. Routers send them every few minutes; set it to one.", "template timeout 60")
	}
	if e.LateWhole > 0 && float64(e.Late) > lateToTell*float64(e.Stats.Records) {
		note("tells of flows too late", fmt.Sprintf("%s of its records came, with a part or as a whole, more than %s after their first packet. Those parts are counted as late, and in no second.", grouped(e.Late), words(patience)), "flow: {patience: 5m}")
	}
	if e.Shed+e.ShedUnread > 0 {
		note("sends more than there is room for", fmt.Sprintf("%s of its records and %s of its datagrams were shed, so that other exporters get their share.", grouped(e.Shed), grouped(e.ShedUnread)), "")
	}
	if e.Stats.Drops > 0 {
		note("drops samples itself", fmt.Sprintf("Its agent says that it dropped %s samples for lack of resources: sample less often.", grouped(e.Stats.Drops)), "")
	}
	if e.Stats.Apart > 0 {
		note("samples at another rate than it tells", fmt.Sprintf("By its own counters %d of its interfaces sample at another rate than they tell. Estimates of their traffic are off by as much.", e.Stats.Apart), "")
	}
	if e.Mistake != "" {
		note("has templates kept that can't be used", "They are learned anew: "+e.Mistake+".", "")
	}
	return notes
}

// flowWarnings tells what is wrong with receiving as a whole.
func (l *Live) flowWarnings(s *collector.Status) (out []web.Warning) {
	warn := func(title, says, mend string) { out = append(out, web.Warning{Title: title, Says: says, Mend: mend}) }
	for _, err := range l.cfg.Telemetry.Failed {
		warn("Flow export is not received at a default address", strings.ReplaceAll(err.Error(), "\n", "; "), "")
	}
	small, drops := 0, uint64(0)
	for _, socket := range s.Sockets {
		drops += socket.Drops
		if socket.Buffer != 0 && socket.Buffer < socket.Wanted && (small == 0 || socket.Buffer < small) {
			small = socket.Buffer
		}
	}
	if small != 0 && len(s.Sockets) > 0 {
		says := fmt.Sprintf("The kernel gave a socket's buffer %d KiB of %d: a burst may be lost in it.", small>>10, s.Sockets[0].Wanted>>10)
		warn("The socket's buffer is small", says, fmt.Sprintf("sysctl -w net.core.rmem_max=%d", s.Sockets[0].Wanted))
	}
	if drops > 0 {
		warn("The kernel dropped datagrams of flow export", fmt.Sprintf("%s datagrams found the socket's buffer full since the start.", grouped(drops)), "")
	}
	if s.Full {
		warn("There are more exporters than can be told apart", "Further ones are ignored.", "")
	}
	for _, r := range s.Relays {
		if r.Shed+r.Failed > 0 {
			warn("Relayed datagrams were lost", fmt.Sprintf("%s that were to go to %s found no room, and %s were refused by the kernel.", grouped(r.Shed), r.To, grouped(r.Failed)), "")
		}
	}
	return out
}

// clockWords says how far off a clock is.
func clockWords(offset time.Duration) string {
	if offset < 0 {
		return words(-offset) + " ahead"
	}
	return words(offset) + " behind"
}

// words writes a duration as people do, to the second.
func words(d time.Duration) string {
	d = d.Round(time.Second)
	if d < 2*time.Minute || d < time.Hour && d%time.Minute != 0 {
		return fmt.Sprintf("%d s", int(d.Seconds()))
	}
	if d < 2*time.Hour {
		return fmt.Sprintf("%d min", int(d.Minutes()))
	}
	return fmt.Sprintf("%.1f h", d.Hours())
}

// grouped writes a count as the tables beside the notes do.
func grouped(n uint64) string { return wording.Thousands(float64(n)) }
