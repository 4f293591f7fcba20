// Package weblog reads requests from what web servers write: access logs of
// Apache and nginx (common, combined and what is appended to them), JSON lines
// (nginx, Caddy, Envoy, Traefik and whoever names fields alike), the logs of AWS
// load balancers, Envoy's default text, and any text that a pattern describes;
// each bare, or wrapped by Docker or a CRI runtime.
//
// A Decoder turns one line after another into a downpour.Request. It tells the
// format from the content, takes no memory per line (what it returns points into
// the line), never fails, and counts every line that it cannot read by its reason,
// with a few samples that say nothing of whom they are about.
//
// Open reads a file to its end. Its subpackages bring lines in as they are
// written: tail from files, syslog from senders, journal from systemd.
package weblog
