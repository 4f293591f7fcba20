package config

import (
	"fmt"
	"strings"
)

// reference renders the table of keys as the page docs/configuration.md.
func reference() string {
	var b strings.Builder
	b.WriteString(referenceHead)
	c := Default()
	for _, k := range rootKeys(c) {
		keys, path := tableOf(k)
		fmt.Fprintf(&b, "\n## %s\n%s\n\n| key | write | default | applies | meaning |\n| --- | --- | --- | --- | --- |\n", k.name, k.doc)
		rows(&b, keys, path, nil)
	}
	b.WriteString(referenceTail)
	for _, f := range notYetSupported() {
		fmt.Fprintf(&b, "- `%s`\n", f.path)
	}
	return b.String()
}

// rows writes a row for each key, and below it those of what it holds. What
// stands in a list applies as the list does.
func rows(b *strings.Builder, keys []key, path string, outer *key) {
	for _, k := range keys {
		when := k
		if outer != nil {
			when = *outer
		}
		fmt.Fprintf(b, "| `%s.%s` | %s | %s | %s | %s |\n", path, k.name, k.form, defaultOf(k), applies(when), k.doc)
		if n, ok := k.value.(nested); ok {
			inner, suffix := n.inner()
			rows(b, inner, path+"."+k.name+suffix, &when)
		}
	}
}

// tableOf returns the keys below a key of the root, and how they are called.
func tableOf(k key) ([]key, string) {
	if g, ok := k.value.(group); ok {
		return g.keys, k.name
	}
	if n, ok := k.value.(nested); ok {
		keys, suffix := n.inner()
		return keys, k.name + suffix
	}
	s := newService()
	return serviceKeys(&s), k.name + "[]"
}

func defaultOf(k key) string {
	if s := k.String(); s != "" && s != `""` && s != "[]" && s != "{}" && s != "0s" {
		return "`" + s + "`"
	}
	return "none"
}

func applies(k key) string {
	if k.live {
		return "on reload"
	}
	return "on restart"
}

const referenceHead = `# Configuration

<!-- Generated from internal/config/keys.go by "go generate ./internal/config"; edit there. -->

Downpour needs no configuration. ` + "`downpour serve`" + ` without a file serves one service, ` + "`example`" + `, on ` + "`" + DefaultListen + "`" + `
and keeps its data in ` + "`./downpour-data`" + `. With ` + "`--config FILE`" + ` it does what the file says and opens only the ports that
the file names. Flags win over the file. Paths are relative to the folder in which Downpour is started.

` + "`downpour check --config FILE`" + ` says everything that is wrong with a file, with line, column and what would mend it; a file
with a fault is refused as a whole. On SIGHUP the file is read again: keys that apply on reload change at once, for the
others the log says that a restart is due, and a file with a fault changes nothing.

Two files to begin with: [one machine with a web service](../examples/web-service.yaml) and
[an Internet provider](../examples/isp.yaml).
`

const referenceTail = `
## Keys to come
These names are settled, but what they stand for does not work in this version. A file that has one of them is refused,
so that nobody relies on what is not there.

`
