// Package weblog makes web logs whose truth is known: the usual requests of several
// kinds of sites with their day, what is busy without being an attack, and floods
// of requests and slow requests of many makes. The same recipe and seed give the
// same bytes.
//
// What people, crawlers and bots do here is a judgement of how they look in logs,
// not a measurement: names, addresses and agents are made up.
package weblog
