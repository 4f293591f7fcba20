package live

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"downpour"
	"downpour/internal/observe/weblog/intake"
	"downpour/internal/show/web"
	"downpour/internal/wording"
)

// brokenToTell is the share of lines that cannot be read from which on the
// operator is warned.
const brokenToTell = 0.1

// logHealth tells how web logs come in.
func (l *Live) logHealth() (rows []web.InputHealth, warnings []web.Warning) {
	t := l.cfg.Telemetry
	if t == nil || t.Logs == nil {
		return nil, nil
	}
	for _, s := range t.Logs.Status() {
		rows = append(rows, logRow(&s))
		warnings = append(warnings, logWarnings(&s)...)
	}
	return rows, warnings
}

// logRow is a log's row. A line that cannot be read is a problem, not a loss.
func logRow(s *intake.Status) web.InputHealth {
	row := web.InputHealth{Name: s.Name, Kind: "web log", Received: s.Account.Requests, Shed: s.Shed}
	if s.Address != "" && !strings.HasSuffix(s.Name, s.Address) {
		row.Name = s.Name + " (" + s.Address + ")"
	}
	if s.Account.Format != "" {
		row.Kind += ", " + s.Account.Format
	}
	if !s.Seen.IsZero() {
		seen := s.Seen.UTC()
		row.LastSeen = &seen
	}
	tell := func(count uint64, says string) {
		if count > 0 {
			row.Problems = append(row.Problems, downpour.Problem{Says: says, Count: int(count)})
		}
	}
	for _, b := range s.Account.Broken {
		says := "lines not read: " + b.Reason
		for i, sample := range b.Samples {
			says += map[bool]string{true: ", such as ", false: "; "}[i == 0] + strconv.Quote(sample)
		}
		tell(b.Count, says)
	}
	tell(s.Account.Cut, "lines longer than 64 KiB, cut there")
	tell(s.Refused, "messages and connections of senders that are not heard; name them as from")
	tell(s.Future, "requests dated ahead of their arrival, counted at it; the clock or the zone of who writes the log is wrong")
	if f := s.Files; f != nil {
		tell(f.Rotations, "rotations, followed")
		tell(f.Lost, "rotated files that could not be found again after a restart")
		tell(f.Ignored, "files not read: copies, compressed ones, too many")
	}
	return row
}

// lagToTell is how old a request may be when its line comes.
const lagToTell = time.Minute

func logWarnings(s *intake.Status) (list []web.Warning) {
	warn := func(title, says string) { list = append(list, web.Warning{Title: title, Says: says}) }
	if f := s.Files; f != nil && f.Files == 0 && f.Problem == "" {
		warn("A web log is not there", s.Name+": there is no such file yet; it is read once there is")
	}
	if s.Problem != "" {
		warn("A web log could not be read", s.Problem)
	}
	if s.Files != nil && s.Files.Problem != "" {
		warn("A web log cannot be read", s.Files.Problem)
	}
	broken := uint64(0)
	for _, b := range s.Account.Broken {
		broken += b.Count
	}
	if broken > 0 && float64(broken) >= brokenToTell*float64(s.Account.Lines) {
		warn("Much of a web log cannot be read", fmt.Sprintf("%s: %s of %s; the first reason is: %s", s.Name, grouped(broken), wording.Count(s.Account.Lines, "line", "lines"), s.Account.Broken[0].Reason))
	}
	if s.Account.Warning != "" {
		warn("All clients of a web log may count as one", s.Name+": "+s.Account.Warning)
	}
	if s.Lag > lagToTell {
		warn("A web log is behind", fmt.Sprintf("%s: the last request was logged %s before its line came", s.Name, s.Lag.Round(time.Second)))
	}
	return list
}

// collectLogs tells of each web log in metrics. Labels are bounded by the
// configuration and the kinds of reasons.
func collectLogs(list []intake.Status, tell teller) {
	const counter, gauge = prometheus.CounterValue, prometheus.GaugeValue
	for i := range list {
		s := &list[i]
		name := strings.ToValidUTF8(s.Name, "�") // of a path that was given as a flag
		of := prometheus.Labels{"log": name}
		tell("log_lines_total", "Lines of a web log that were not blank.", counter, float64(s.Account.Lines), of)
		tell("log_requests_total", "Requests read from a web log.", counter, float64(s.Account.Requests), of)
		tell("log_cut_total", "Lines that were cut because they were too long.", counter, float64(s.Account.Cut), of)
		for _, b := range s.Account.Broken {
			tell("log_broken_total", "Lines that could not be read, by reason.", counter, float64(b.Count), prometheus.Labels{"log": name, "reason": b.Reason})
		}
		tell("log_shed_total", "Requests that the pipeline had no room for.", counter, float64(s.Shed), of)
		tell("log_refused_total", "Messages and connections of senders that are not heard.", counter, float64(s.Refused), of)
		tell("log_future_total", "Requests dated ahead of their arrival, counted at it.", counter, float64(s.Future), of)
		if f := s.Files; f != nil {
			tell("log_rotations_total", "Files that took another's place, or were truncated.", counter, float64(f.Rotations), of)
			tell("log_files_lost_total", "Rotated files that could not be found again after a restart.", counter, float64(f.Lost), of)
		}
		if !s.Seen.IsZero() {
			tell("log_last_seen_seconds", "When a line last came, in seconds since the epoch.", gauge, float64(s.Seen.UnixNano())/1e9, of)
		}
	}
}
