package config

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"downpour"
)

// Notify is one who is told of incidents. Exactly one of URL, Alertmanager and
// Script is set.
type Notify struct {
	URL          Location
	Alertmanager Location
	Script       string // an absolute path
	// Arguments is "json" or "fastnetmon": what the script is given.
	Arguments string
	Timeout   Duration // of one run of the script
	Secret    Secret   // signs a webhook's messages; Alertmanager's bearer token
	Minimum   downpour.Severity
}

// Location is an address to post to, or (as env:NAME or file:PATH) where it is
// written, since many webhooks have their credential in it.
type Location string

// String leaves out what may be secret, and tells two locations apart all the same.
func (l Location) String() string {
	if l == "" || isReference(string(l)) {
		return string(l)
	}
	u, err := url.Parse(string(l))
	if err != nil {
		return "(unreadable)"
	}
	sum := sha256.Sum256([]byte(l))
	return u.Scheme + "://" + u.Host + "/… (" + hex.EncodeToString(sum[:4]) + ")"
}

// URL is the address itself, read from where the location says.
func (l Location) URL() (*url.URL, error) {
	text := []byte(l)
	if isReference(string(l)) {
		var err error
		if text, err = Secret(l).Value(); err != nil {
			return nil, err
		}
	}
	u, err := parseHTTP(string(text))
	if err != nil && isReference(string(l)) {
		return nil, fmt.Errorf("%s holds no http or https URL", l)
	}
	return u, err
}

// Secret is where a secret is written: env:NAME or file:PATH. The configuration
// itself never holds one.
type Secret string

// Value reads the secret, without white space around it; nil if none is named. An
// error names the place, never the content.
func (s Secret) Value() ([]byte, error) {
	if s == "" {
		return nil, nil
	}
	if name, ok := strings.CutPrefix(string(s), "env:"); ok {
		value := strings.TrimSpace(os.Getenv(name))
		if value == "" {
			return nil, fmt.Errorf("the environment variable %s is not set", name)
		}
		return []byte(value), nil
	}
	path := strings.TrimPrefix(string(s), "file:")
	data, err := os.ReadFile(path)
	var inner *fs.PathError
	if errors.As(err, &inner) {
		return nil, fmt.Errorf("read %s: %w", path, inner.Err)
	}
	value := strings.TrimSpace(string(data))
	switch {
	case value == "":
		return nil, fmt.Errorf("%s is empty", path)
	case strings.ContainsFunc(value, func(c rune) bool { return c < ' ' || c == 0x7f }):
		return nil, fmt.Errorf("%s holds more than one line", path)
	}
	return []byte(value), nil
}

func isReference(s string) bool { return strings.HasPrefix(s, "env:") || strings.HasPrefix(s, "file:") }

func notifyList(into *[]Notify) value {
	return mappings[Notify]{
		into: into, fresh: newNotify, keys: notifyKeys, check: checkNotify,
		example: "{url: \"https://alerts.example.net/hook\", minimum: partial}",
		same: func(a, b *Notify) bool {
			return a.URL == b.URL && a.Alertmanager == b.Alertmanager && a.Script == b.Script && a.Arguments == b.Arguments
		},
	}
}

func newNotify() Notify {
	return Notify{Arguments: "json", Timeout: Duration(30 * time.Second), Minimum: downpour.Partial}
}

func notifyKeys(n *Notify) []key {
	return []key{
		{name: "url", form: "URL, env:NAME or file:PATH", value: one(&n.URL, parseLocation),
			doc: "A webhook: messages are posted there as JSON. Either this, `alertmanager` or `script`."},
		{name: "alertmanager", form: "URL, env:NAME or file:PATH", value: one(&n.Alertmanager, parseLocation),
			doc: "The base address of a Prometheus Alertmanager, as `http://127.0.0.1:9093`."},
		{name: "script", form: "path", value: one(&n.Script, parseScript), doc: "A program that is run for each message, without a shell."},
		{name: "arguments", form: "json or fastnetmon", value: one(&n.Arguments, parseArguments),
			doc: "What a script is given: `json` on its standard input, or the arguments of FastNetMon's notify_script."},
		{name: "timeout", form: "duration", value: one(&n.Timeout, between(5*time.Second, 10*time.Minute)), doc: "How long a script may run. From 5s to 10m."},
		{name: "secret", form: "env:NAME or file:PATH", value: one(&n.Secret, parseSecret),
			doc: "Where the secret is that signs a webhook's messages, or Alertmanager's bearer token."},
		{name: "minimum", form: "minor, partial or major", value: one(&n.Minimum, parseSeverity), doc: "The least severity that is told."},
	}
}

func checkNotify(n *Notify) error {
	receivers := 0
	for _, set := range []bool{n.URL != "", n.Alertmanager != "", n.Script != ""} {
		if set {
			receivers++
		}
	}
	switch {
	case receivers == 0:
		return wrong{"names nobody to tell", "give it url:, alertmanager: or script:"}
	case receivers > 1:
		return wrong{"names several receivers", "make an entry of each"}
	case n.Script == "" && n.Arguments != "json":
		return wrong{"has arguments, and only a script takes some", "leave them out"}
	case n.Script != "" && n.Secret != "":
		return wrong{"has a secret, and a script needs none", "leave it out"}
	}
	return nil
}

func parseLocation(s string) (Location, error) {
	if isReference(s) {
		l, err := parseSecret(s)
		return Location(l), err
	}
	_, err := parseHTTP(s)
	return Location(s), err
}

// parseHTTP takes a URL of a web server. Its faults don't repeat it: it may hold a
// secret.
func parseHTTP(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.Fragment != "":
		return nil, wrong{"is not an address to post to", "write it as https://alerts.example.net/hook"}
	case u.User != nil:
		return nil, wrong{"holds a user or password", "leave it out; sign by secret:, or name the whole address by env:NAME or file:PATH"}
	}
	return u, nil
}

func parseSecret(s string) (Secret, error) {
	kind, rest, _ := strings.Cut(s, ":")
	if kind != "env" && kind != "file" || rest == "" || strings.ContainsAny(rest, "\x00=\n") {
		return "", wrong{"does not say where the secret is", "write env:NAME or file:PATH; the configuration itself holds none"}
	}
	return Secret(s), nil
}

func parseScript(s string) (string, error) {
	if !filepath.IsAbs(s) {
		return "", wrong{fmt.Sprintf("%q is not an absolute path", s), "write it as /usr/local/bin/notify, without arguments"}
	}
	return parsePath(s)
}

func parseArguments(s string) (string, error) {
	if s == "json" || s == "fastnetmon" {
		return s, nil
	}
	return "", oneOf(s, []string{"json", "fastnetmon"})
}

func parseSeverity(s string) (downpour.Severity, error) {
	words := []string{string(downpour.Minor), string(downpour.Partial), string(downpour.Major)}
	if slices.Contains(words, s) {
		return downpour.Severity(s), nil
	}
	return "", oneOf(s, words)
}
