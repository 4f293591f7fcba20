package report

import (
	"net/netip"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestWords(t *testing.T) {
	known := map[string]bool{"login": true, "other": true}
	for _, test := range []struct{ symptom, text, wantSymptom, wantText string }{
		{"login", "x", "login", "x"},
		{" Login\n", "", "login", ""},
		{"", "", "other", ""},
		{"", "x", "other", "x"},
		{"Smoke", "", "other", "smoke"},
		{"smoke", "at 1.2.3.4", "other", "smoke: at [address]"},
		{"me@example.com", "", "other", "[e-mail]"},
	} {
		symptom, text := words(known, test.symptom, test.text)
		if symptom != test.wantSymptom || text != test.wantText {
			t.Errorf("%q, %q: got %q, %q; want %q, %q", test.symptom, test.text, symptom, text, test.wantSymptom, test.wantText)
		}
	}
}

func TestCleanText(t *testing.T) {
	for _, test := range []struct{ in, want string }{
		{"", ""},
		{"  plain text \n", "plain text"},
		{"two\nlines\tand a tab\r\n", "two\nlines and a tab"},
		{"bell\a esc\x1b[31m nul\x00", "bell esc[31m nul"},
		{"bad \xff\xfe utf", "bad \ufffd utf"},
		{"turned \u202egnp.exe \u2066x\u2069", "turned gnp.exe x"},
		{"family \U0001f468\u200d\U0001f469", "family \U0001f468\u200d\U0001f469"},
		{"mail me@example.com.", "mail [e-mail]"},
		{"a.b+c@mail.example.org, x@y", "[e-mail], [e-mail]"},
		{"mailto:jörg@exämple.de", "mailto:[e-mail]"},
		{"@handle and a @ b", "@handle and a @ b"},
		{"a@b@c@", "[e-mail]@c@"},
		{"my ip is 203.0.113.7", "my ip is [address]"},
		{"203.0.113.7:443, (198.51.100.1) 192.0.2.1/24.", "[address]:443, ([address]) [address]/24."},
		{"ip203.0.113.7is", "ip[address]is"},
		{"192.168.001.001", "[address]"},
		{"http://203.0.113.7/x?y=198.51.100.2", "http://[address]/x?y=[address]"},
		{"1234.5.6.7 and 1.2.3 and 10.0.19045.3803", "1234.5.6.7 and 1.2.3 and 10.0.19045.3803"},
		{"2001:db8::1 and [2001:DB8:0:0:0:0:0:2]:443", "[address] and [[address]]:443"},
		{"ip:2001:db8::1, IPv6:fe80::1%eth0", "ip:[address], IPv6:[address]%eth0"},
		{"::ffff:203.0.113.7", "[address]"},
		{"since 10:02:13, std::cout, 3:4", "since 10:02:13, std::cout, 3:4"},
		{"one\u200b.two 203.0.\u200b113.7", "one.two [address]"},
	} {
		if got := cleanText(test.in); got != test.want {
			t.Errorf("%q: got %q; want %q", test.in, got, test.want)
		}
	}
}

func TestTextIsBounded(t *testing.T) {
	for _, s := range []string{strings.Repeat("ä", 5000), strings.Repeat("a@b ", 3000), strings.Repeat("1.1.1.1 ", 3000), strings.Repeat("x", 1<<20)} {
		if n := utf8.RuneCountInString(cleanText(s)); n > TextRunes || n < TextRunes-20 {
			t.Errorf("%d runes are left of %.8q...; want %d", n, s, TextRunes)
		}
	}
}

func FuzzReceive(f *testing.F) {
	for _, seed := range []string{"", "login", "a@b@c", "1.2.3.4", "::", ":::1", "1:2:3:4:5:6:7:8:9", "\xff\x00", "\u202e", "x@", "@x",
		"10.0.0.1.2.3.4", "fe80::1%25eth0", "[e-mail]@x", "ab::cd::ef", "1::1.2.3.4", "\u200d\u200c"} {
		f.Add(seed, seed)
	}
	in := newIntake(f, func(c *IntakeConfig) { c.Limits = Limits{Rate{1, 1e18}, Rate{1, 1e18}, Rate{1, 1e18}, Rate{1, 1e18}} })
	f.Fuzz(func(t *testing.T, symptom, text string) {
		r, err := in.Receive(noon, netip.Addr{}, Submission{Service: "a", Symptom: symptom, Text: text})
		if err != nil {
			t.Fatal(err)
		}
		if !utf8.ValidString(r.Text) || utf8.RuneCountInString(r.Text) > TextRunes || strings.TrimSpace(r.Text) != r.Text {
			t.Errorf("text %q", r.Text)
		}
		if i := strings.IndexFunc(r.Text, func(c rune) bool { return c != '\n' && unicode.IsControl(c) }); i >= 0 {
			t.Errorf("a control character in %q", r.Text)
		}
		found := false
		for _, s := range DefaultSymptoms() {
			found = found || s == r.Symptom
		}
		if !found {
			t.Errorf("symptom %q", r.Symptom)
		}
		for word := range strings.FieldsSeq(r.Text) {
			a, err := netip.ParseAddr(word)
			if err == nil && len(word) > 2 && a.Zone() == "" {
				t.Errorf("the address %s is left in %q", word, r.Text)
			}
		}
	})
}

func BenchmarkCleanText(b *testing.B) {
	for name, s := range map[string]string{
		"usual":  strings.Repeat("the page does not load. ", 20),
		"colons": strings.Repeat(":", 8192),
		"groups": strings.Repeat("1:", 4096),
		"dots":   strings.Repeat("1.", 4096),
		"ats":    strings.Repeat("a@", 4096),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				cleanText(s)
			}
		})
	}
}
