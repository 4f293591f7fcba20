package server

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"

	"downpour"
	"downpour/internal/show/sample"
	"downpour/internal/show/web"
)

// sampleFile is a form that an attack's samples are given in.
type sampleFile struct {
	name, kind, text string
	write            func(b *pageBuffer, e *downpour.Exhibit) error
	// any tells whether there is something to write.
	any func(e *downpour.Exhibit) bool
}

func sampleFiles() []sampleFile {
	always := func(*downpour.Exhibit) bool { return true }
	return []sampleFile{
		{"samples.json", "application/json", "Samples as JSON", writeExhibit, always},
		{"samples.csv", "text/csv; charset=utf-8", "as CSV", func(b *bytes.Buffer, e *downpour.Exhibit) error { return sample.CSV(b, e) }, always},
		{"samples.pcap", "application/vnd.tcpdump.pcap", "packets’ headers as pcap",
			func(b *bytes.Buffer, e *downpour.Exhibit) error { return sample.Pcap(b, e) },
			func(e *downpour.Exhibit) bool { return sample.Packets(e) > 0 }},
	}
}

func writeExhibit(b *bytes.Buffer, e *downpour.Exhibit) error {
	out := *e
	out.Before.Flows, out.During.Flows = orEmpty(e.Before.Flows), orEmpty(e.During.Flows)
	out.Sources, out.TTLs = orEmpty(e.Sources), orEmpty(e.TTLs)
	return json.NewEncoder(b).Encode(out)
}

// sampleLinks are the files that there are of an attack.
func sampleLinks(v web.AttackView) (links []web.Link) {
	if v.Exhibit == nil {
		return nil
	}
	for _, f := range sampleFiles() {
		if f.any(v.Exhibit) {
			links = append(links, web.Link{Text: f.text, URL: "/incidents/" + v.Incident.ID + "/attacks/" + v.Attack.ID + "/" + f.name})
		}
	}
	return links
}

// samples serves GET /incidents/{id}/attacks/{attack}/{file}: samples.json, samples.csv
// and, where packets were seen, samples.pcap.
func (s *Server) samples(w http.ResponseWriter, r *http.Request) error {
	view, err := s.backend.AttackView(r.Context(), r.PathValue("id"), r.PathValue("attack"))
	if err != nil {
		return err
	}
	for _, f := range sampleFiles() {
		if f.name != r.PathValue("file") {
			continue
		}
		if view.Exhibit == nil || !f.any(view.Exhibit) {
			return refuse(http.StatusNotFound, "No such samples are kept", "Of this attack there is nothing to give in that form.")
		}
		var b bytes.Buffer
		if err := f.write(&b, view.Exhibit); err != nil {
			return err
		}
		h := w.Header()
		h.Set("Content-Type", f.kind)
		h.Set("Content-Disposition", `attachment; filename="attack-`+view.Attack.ID+"-"+f.name+`"`)
		h.Set("Content-Length", strconv.Itoa(b.Len()))
		w.WriteHeader(http.StatusOK)
		finish(w, b.Bytes())
		return nil
	}
	return refuse(http.StatusNotFound, "Not found", "There is nothing at this address.")
}
