// Package attack finds attacks in flows: per target, by event time, in two tiers.
//
// The life of a flow toward a target:
//
//  1. It is classified by its header, and by its payload where one was seen
//     (kind.go, service.go): a kind is an amplifying service or a sort of packet,
//     and belongs to a class.
//  2. Tier one, for every target (target.go, table.go): packets and bytes of the
//     current second by class, beside what is usual. That costs 256 bytes a
//     target, and a cache line or two a flow. A class that comes near its floor
//     has a season beside it: what is usual by hour of the week (baseline.go). The flow is remembered for a
//     moment (follow.go).
//  3. A class at an eighth of its floor makes the target a suspect (suspect.go,
//     follow.go). Tier two is given the remembered flows, so that it knows the
//     first packet although it begins late, and from then on sees all flows of
//     the target both ways: slots of 20 ms by kind (row.go), a uniform sample of
//     sources and the heaviest ones (sources.go, heavy.go), ports, TTLs, header
//     fields (vote.go, ports.go), a timeline (timeline.go).
//  4. Once the last second, wherever it begins, holds more than the class's
//     limit, three times the usual and never less than a floor, it is judged
//     (alarm.go): under sampling by the lower limit of the estimate, and only by
//     what is no one's usual business (confirm.go): unasked for, unanswered,
//     unfinished. So the sender of a flood, who gets the victim's answers, is no
//     victim, and a download is no flood.
//  5. An attack opens (lifecycle.go, onset.go): its onset is dated back to the change of
//     rate, its peak is the busiest second, its end the last moment at which it
//     kept half of the limit. A pause within the hold belongs to it. Where
//     packets are sampled both are found among single samples (arrivals.go, dating.go).
//  6. What no address shows alone, its prefix may (prefix.go): a bounded draw of all
//     flows is counted for prefixes each second, and a prefix that is to blame is
//     followed as an address is.
//  7. What belongs together becomes one vector (fold.go); the measured facts
//     become a downpour.Footprint (footprint.go), and all of it an event
//     (snapshot.go), about once a second while there is news.
//
// The detector concludes nothing about spoofing, origin or cause: assess does,
// from the footprint. It reads no clock and holds nothing shared: the same flows
// give the same events. Every table has a bound (config.go); what is shed is
// counted (Stats).
package attack
