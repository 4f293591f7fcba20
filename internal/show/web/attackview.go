package web

import "downpour"

// AttackView is the page of one attack. It names targets, sources and limits: it is for
// operators only.
type AttackView struct {
	Frame
	Service  ServiceRef
	Incident downpour.Incident // that the attack is part of
	Attack   downpour.Attack
	// Minutes are what is kept of the target's traffic around the attack, in order of
	// time: of the classes that the attack is of, in minutes that came near a floor.
	Minutes []downpour.TrafficMinute
	// Exhibit is nil where nothing was kept of its records.
	Exhibit *downpour.Exhibit
	// Downloads are files of the samples, in the order shown.
	Downloads []Link
}
