package outage

import (
	"math"
	"time"
)

// Direction says which change of a series is an outage.
type Direction string

// The directions: reports rise in an outage, use falls.
const (
	Rises Direction = "rise"
	Falls Direction = "fall"
	Both  Direction = "both"
)

// Config holds what an operator may decide. Zero fields take the default.
type Config struct {
	Direction Direction
	// FalseAlarmEvery is the promise: the mean time between false alarms of one
	// service is at least this while the counts follow the expectation.
	FalseAlarmEvery time.Duration
	// Location is where hours of the week are taken, so that daylight saving
	// moves with the users.
	Location *time.Location
	// MaxServices bounds the series; counts of further services are shed.
	MaxServices int
	// Hold is how long a series must be back at the usual before an outage is
	// over; the outage's end is the beginning of that time.
	Hold time.Duration
	// Floor is the least excess, in reports, that can be an outage.
	Floor float64
}

// Default is a service's reports by the minute on a page that people watch.
func (Config) Default() Config {
	return Config{
		Direction:       Rises,
		FalseAlarmEvery: 30 * 24 * time.Hour, // what an operator with one service bears
		Location:        time.UTC,
		MaxServices:     1000,             // about 60 KB each
		Hold:            10 * time.Minute, // a reporter may report again after ten minutes
		Floor:           5,                // fewer reports are five people
	}
}

func (c Config) filled() Config {
	d := Config{}.Default()
	if c.Direction == "" {
		c.Direction = d.Direction
	}
	if c.FalseAlarmEvery <= 0 {
		c.FalseAlarmEvery = d.FalseAlarmEvery
	}
	if c.Location == nil {
		c.Location = d.Location
	}
	if c.MaxServices <= 0 {
		c.MaxServices = d.MaxServices
	}
	if c.Hold <= 0 {
		c.Hold = d.Hold
	}
	if !(c.Floor > 0) || math.IsInf(c.Floor, 0) {
		c.Floor = d.Floor
	}
	return c
}

// The methods' parameters.
const (
	// Expectation.
	flatHalfLife   = time.Hour          // before a season is known the level follows the day
	flatBuckets    = 6                  // ... but over at least so many buckets
	levelHalfLife  = 7 * 24 * time.Hour // with a season; shorter while the history is short
	levelHalfFirst = 12 * time.Hour
	rowMemory      = 0.97 // discount a row of an unknown bucket
	seasonHalfLife = 6 * 7 * 24 * time.Hour
	seasonAfter    = 3 * 24 * time.Hour // three of each hour of the day
	shrinkReports  = 30                 // pseudo-reports that pull a factor to its prior: 18 % noise
	youngRows      = 24                 // rows of an unknown bucket that count as a short history
	priorReports   = 0.5                // Jeffreys' prior of a Poisson rate
	outlier        = 2.58               // scaled Anscombe residual, Noufaily et al. 2013
	firstSpread    = 0.25               // squared coefficient of variation of a level known from one point
	memoryBuckets  = 2000               // longest memory of the over-dispersion

	// What the expectation may miss without it being news, as the size of a
	// Gamma factor on the mean (coefficient of variation 1/√size).
	matureSize = 25.0 // 20 %
	youngSize  = 9.0  // 33 %

	// Straying hours (wander.go).
	wanderShare  = 0.02          // three hours a week are busier than what needs no alarm
	wanderStep   = 0.1           // an hour moves the quantile by a tenth at most
	wanderMost   = 2.3           // tenfold
	wanderInside = 3 * time.Hour // of an outage count, so that a long one excuses no more

	// Alarm.
	warmBuckets  = 3    // that only set the expectation
	matterShare  = 0.2  // of the usual hour must the excess be
	matterRow    = 1.0  // of the usual row, where the bucket is unknown
	rowsPerAlarm = 1000 // promised mean number of rows between false alarms, bucket unknown
	dateDrop     = 3.7  // log-likelihood drop that covers 97 % for a change-point
	dateRatio    = 2.0  // an outage begins where a doubling explains more than the usual
	endEvidence  = 20.0 // hours between false ends (rows, where the bucket is unknown)
	quietRate    = 20.0 // reports/h above the usual that still are an outage for the smallest service

	// A history that begins in an outage: a fall to a quarter right after its beginning.
	dropRatio    = 0.25
	dropWithin   = 4 * time.Hour // later it is a fall of the usual
	dropBuckets  = 5             // that a fall must last to say what is usual
	dropEvidence = 1000.0

	// Waves.
	waveShare    = 0.25               // topographic prominence
	bumpShare    = 0.5                // a bump's valley lies below half of the peak
	smoothCount  = 64.0               // reports at the peak's rate in a smoothing window: a quarter is 6 σ below
	smoothMost   = 30                 // buckets in a smoothing window
	maxBumps     = 16                 // kept per outage
	absorbAfter  = 24 * time.Hour     // then a level is the new usual
	lostSight    = time.Hour          // a gap of this (or four buckets) ends an outage
	lostRows     = 7 * 24 * time.Hour // the same for rows of an unknown bucket
	maxHistory   = 720                // points kept per series
	maxBucket    = 31 * 24 * time.Hour
	maxCount     = 1e15 // exact in a float64
	partialFrom  = 1.0  // severity: excess in units of the usual hour
	majorFrom    = 4.0
	hoursPerWeek = 7 * 24
)

// riseRatios and fallRatios are mixed with equal weights. A factor of 1.5, which
// the e-detector could find too, is left to later: drifts of the season reach it.
func riseRatios() [3]float64 { return [3]float64{2, 4, 10} }
func fallRatios() [3]float64 { return [3]float64{1. / 2, 1. / 4, 1. / 10} }
