package server

import (
	"context"
	"encoding/xml"
	"net/http"
	"net/url"
	"time"

	"downpour/internal/show/web"
)

// An Atom feed (RFC 4287) of recent incidents, with what is public of them.

type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	ID      string      `xml:"id"`
	Title   string      `xml:"title"`
	Updated string      `xml:"updated"`
	Author  string      `xml:"author>name"`
	Link    []atomLink  `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	ID        string   `xml:"id"`
	Title     string   `xml:"title"`
	Published string   `xml:"published"`
	Updated   string   `xml:"updated"`
	Link      atomLink `xml:"link"`
	Summary   string   `xml:"summary"`
}

// feed serves GET /feed.atom.
func (s *Server) feed(w http.ResponseWriter, r *http.Request) error {
	doc, err := s.shared(r.Context(), "feed", "application/atom+xml; charset=utf-8", func(ctx context.Context, b *pageBuffer) (time.Time, error) {
		view, err := s.backend.IndexView(ctx)
		if err != nil {
			return time.Time{}, err
		}
		b.WriteString(xml.Header)
		return time.Time{}, xml.NewEncoder(b).Encode(feedOf(s.publicFrame(view.Frame), redactSummaries(view.Recent)))
	})
	return sendShared(w, r, doc, err)
}

func feedOf(f web.Frame, recent []web.IncidentSummary) atomFeed {
	author := f.RunBy
	if author == "" {
		author = "Downpour"
	}
	feed := atomFeed{
		ID: f.BaseURL + "/feed.atom", Title: "Incidents", Author: author, Updated: atomTime(f.Now),
		Link: []atomLink{{"self", f.BaseURL + "/feed.atom"}, {"alternate", f.BaseURL + "/"}},
	}
	for i, r := range recent {
		e := entryOf(f, r)
		if i == 0 {
			feed.Updated = e.Updated // the newest first: RFC 4287, 4.2.15 asks for significant changes only
		}
		feed.Entries = append(feed.Entries, e)
	}
	return feed
}

// entryOf tells one incident. Its id stays the same while it changes.
func entryOf(f web.Frame, r web.IncidentSummary) atomEntry {
	name, i := r.Service.Name, r.Incident
	if name == "" {
		name = r.Service.ID
	}
	summary := "Began " + i.Start.UTC().Format("2006-01-02 15:04 UTC")
	if i.Ongoing {
		summary += "; still going on."
	} else {
		summary += "; ended " + i.End.UTC().Format("2006-01-02 15:04 UTC") + "."
	}
	if i.Synthetic {
		summary += " Made from synthetic data."
	}
	if i.Verdict != "" {
		summary += " " + i.Verdict
	}
	address := f.BaseURL + "/incidents/" + url.PathEscape(i.ID)
	return atomEntry{
		ID: address, Title: name + ": " + string(i.Severity) + " incident", Link: atomLink{"alternate", address},
		Published: atomTime(i.Start), Updated: atomTime(i.End), Summary: summary,
	}
}

func atomTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }
