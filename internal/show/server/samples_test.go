package server

import (
	"encoding/json"
	"strings"
	"testing"

	"downpour"
)

// TestSamplesAreGiven: an operator gets an attack's samples in each form, nobody else any.
func TestSamplesAreGiven(t *testing.T) {
	s := start(t, nil)
	path := "/incidents/" + publicIncident + "/attacks/att-1"
	bearer := []string{"Authorization", "Bearer " + s.token}
	for file, begins := range map[string]string{"samples.json": `{"attack":"att-1"`, "samples.csv": "sample,start,source", "samples.pcap": "\x4d\x3c\xb2\xa1"} {
		if a := s.ask(t, "GET", path+"/"+file, ""); a.status != 401 || len(secretsIn(a.body)) > 0 {
			t.Errorf("without a credential %s answers %d and shows %v", file, a.status, secretsIn(a.body))
		}
		a := s.ask(t, "GET", path+"/"+file, "", bearer...)
		if a.status != 200 || !strings.HasPrefix(a.body, begins) || !strings.Contains(a.header.Get("Content-Disposition"), `filename="attack-att-1-`+file) || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s answers %d, %v, %.60q", file, a.status, a.header, a.body)
		}
		if page := s.ask(t, "GET", path, "", append(bearer, "Accept", browser)...); !strings.Contains(page.body, path+"/"+file) {
			t.Errorf("the page does not lead to %s", file)
		}
	}
	var e downpour.Exhibit
	if err := json.Unmarshal([]byte(s.ask(t, "GET", path+"/samples.json", "", bearer...).body), &e); err != nil || e.During.Of != 5000 || len(e.Before.Flows) != 1 {
		t.Errorf("%+v, %v", e, err)
	}
	for _, p := range []string{path + "/samples.exe", path + "0/samples.csv"} {
		if a := s.ask(t, "GET", p, "", bearer...); a.status != 404 {
			t.Errorf("%s answers %d", p, a.status)
		}
	}
}
