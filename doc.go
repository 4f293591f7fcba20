// Package downpour holds the words of Downpour: the nouns that every stage
// shares and nothing else. It imports the standard library only, performs no
// I/O and starts no goroutines; what is done with the nouns lives in the stages
// under internal/.
//
// The way of the data, one package a word:
//
//	observe   Flow, ReportCount, Report   what was taken in, in event time
//	detect    Attack, Outage, Footprint   what stands out, with the numbers behind it
//	assess    Finding, Cause, Claim       what the evidence supports, and how strongly
//	incident  Incident                    outages and attacks of a service that belong together
//
// Units are those of the field names: bits and bytes as named, rates per
// second, times in UTC. A figure that is an estimate is an [Estimate] with its
// 95 % interval; a probability is a [Likelihood] and has a word (ICD 203). What
// is not known is nil, never zero: "not measured" must be impossible to print
// as "no", which is why [Tristate] exists.
//
// Types that appear in the outward JSON carry its field names as tags, so the
// documents that others read and the words that we use cannot drift apart.
package downpour
