// Package month makes a month of usual traffic of several networks at the level of
// counters, and runs it through the detector of attacks, second by second: whatever
// is alarmed there is a false alarm.
//
// A target's traffic is a sum of habits: each has a rate by hour of the week,
// which wanders and comes in bursts, and a sort of packets and peers. Beside them stand
// episodes: speed tests, flash crowds, nightly backups, fills of caches, scans.
// Only what a router samples is drawn: of each second a Poisson number of packets.
package month
