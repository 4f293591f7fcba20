// Package web finds attacks in the requests of web logs: floods of requests, also
// those in which each source stays below any limit, per host (per service, where
// the log names no host).
//
// The life of a request:
//
//  1. It is counted for its host (site.go): requests by second, beside what is
//     usual. That costs about a kilobyte a host.
//  2. A host with one request a second is watched (watch.go): a uniform sample of
//     its clients, each with what it did (client.go, clients.go); the busiest
//     paths, networks, agents and answers (cells.go); how many requests are for the parts
//     of pages, how many name a referrer.
//  3. Each second a watched host is judged (judge.go). Where its requests, or those
//     for a path, of a network, of an agent or with one answer, exceed three times the usual and a
//     floor, the question is who came: a census of the clients of the last ten
//     seconds (census.go) tells visitors, crawlers and known clients from those
//     that repeat one request, or ask for one thing and never for what belongs
//     to it. What came on top of the usual is compared with the usual in how its
//     clients behave, what they ask for, what they name and how fast it rose (excess.go).
//     Each comparison weighs for or against an attack, and the sum decides.
//     How soon visitors show that they are some is learned (showing.go), so that most
//     need not be waited for.
//  4. Slow requests (slow.go) are counted as connections open at once, back from the
//     moment at which the log tells that they are over.
//  5. An attack opens (episode.go): its onset is dated back to the change of rate (onset.go),
//     its peak is the busiest second less what is usual, its end the last second
//     that kept half of what raised the alarm. A pause within the hold belongs to it.
//
// What is no attack, and what shows it:
//
//   - A flash crowd: its people load the parts of pages or go on to other pages,
//     as the host's visitors always did, and it rises over minutes.
//   - Crawlers, mirrors, a deploy's cache fill: they ask for something new each
//     time. From many networks at once, unannounced, that is no crawler.
//   - Monitors, pollers, clients that retry on errors: they were there before.
//   - A scan: one network asks for what is not there.
//   - A server that does not answer: its people give up (499), and ask for many things.
//   - An office behind one address: it asks for many things, parts of pages among them.
//
// A flood by browsers that load whole pages, with referrers, at a visitor's pace,
// looks like a crowd in a log and is not told from one; where parts of pages are
// served from elsewhere, that is so of walks from page to page too. Connections that
// the server never logs are not seen.
//
// The detector reads no clock and holds nothing shared: the same requests give the
// same events. Every table has a bound (config.go) and is keyed where clients
// choose what stands in it; what is shed is counted (Stats).
package web
