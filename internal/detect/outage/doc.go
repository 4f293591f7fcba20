// Package outage finds outages in series of counts: users' reports of trouble
// (which rise) or use (which falls).
//
// Each service's series has an expectation: a discounted Gamma-Poisson level
// (West & Harrison 1997, ch. 14) times hour-of-week factors once some days are
// known, with an over-dispersion learned from the residuals. Buckets that look
// like an outage weigh less (Noufaily et al. 2013), those inside one nothing.
//
// An alarm is given when an e-detector (Shin, Ramdas & Rinaldo 2022) in its
// Shiryaev-Roberts form, a mixture over the factor of the rise, passes the
// threshold that promises the configured mean time between false alarms, and
// the excess is large enough to matter. Its outage is dated back to the start
// that explains the counts best, ends when the mirrored test says so for a hold
// time, and is one of several waves where the count fell below a quarter of the
// smaller peak in between.
//
// Series are of two kinds. Buckets of a known length follow each other, and a
// missing one is a gap, not a zero. Rows of an unknown bucket are moments:
// nothing is assumed between two of them, and an onset is the interval between.
//
// Time is event time: that of the counts and ticks. The same counts and ticks
// give the same events.
package outage
