// Package overlap counts traffic once that several exporters, or the two
// directions of one, report. What is metered twice is told from what is merely
// metered at two places by measuring: only where the keys of flows (addresses,
// protocol, ports, in their direction) are seen to overlap is anything left out.
//
// A view is what one exporter meters at one interface in one direction; traffic
// that is metered twice is metered in two views. Views of one exporter and one
// direction never overlap, since a packet enters (or leaves) a router once.
//
// The rule, in the order in which it is applied:
//
//  1. As long as nothing is measured of a view, each record is held against what
//     other views told of the same flow. What of its time (from its first to its
//     last packet) another view has told already is left out, the rest counts.
//     So the very first records are not doubled, a flow that moves to another
//     router counts on, and records cut by different active timeouts add up to
//     one. Flows are remembered in a table of fixed size.
//  2. Meanwhile a sample of flow keys (by keyed hash, the same keys in all views)
//     is followed in all views, until each has had the time to tell of them. A
//     view whose flows and bytes are covered to 98 % by preferred views is left
//     out as a whole; one that shares nothing counts as a whole; in between
//     step 1 stays. All views go on being measured.
//  3. Preferred is a view at an interface of role edge, then the one that samples
//     less, then the direction in (or untold) before out, then the lower exporter
//     number, then the lower interface.
//  4. Where the exporter that covers a view falls silent (for three seconds, or
//     thrice its longest pause), or a view that is left out tells of much more than
//     it should by what covers it, or one that counts as a whole turns out to share
//     flows, step 1 holds again at once. What one exporter told in the seconds until
//     its failure shows is lost, and long flows may double for their last record.
//  5. Step 1 holds as well for the first 10,000 records of every second: where
//     little comes, everything is exact.
//
// Sampled records (1:N) of one flow are of different packets in each view, so no
// record is the twin of another. There a view is judged on flows of which the
// other view is expected to hold several samples if it sees the same traffic.
// Between covered and disjoint, and before anything is measured, the flow
// counts in the view that told of it first.
//
// Memory: 16 MB for the flows of step 1 as soon as there are two views (or one, for
// step 5), 1.6 MB for the sample, some 300 bytes a view of 1,024 at most.
//
// What this can't do: an exporter that meters both directions and does not say
// so (NetFlow v5; v9 and IPFIX without element 61) doubles within one view;
// addresses changed on the way (NAT) are different flows; routers that share the
// packets of one flow between them evenly look like twins.
package overlap
