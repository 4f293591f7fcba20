// Package report takes in what users say: reports that a service fails for
// them. It has two ways in.
//
// [Intake] decides on each report that a person sends: who is one reporter, what
// is counted, what is shed, and which of what was typed may be kept. It is where
// a reporter's address ends: it goes in and does not come out, neither in a
// report nor in a log line or an error. [Counter] makes of the counted ones the
// counts by minute that the detector reads; [Proxies] and [ProxyWatch] see to it
// that the address is the reporter's and not a proxy's.
//
// The order of things is: [Intake.Receive], keep the report, and only when it is
// durable answer the reporter and [Counter.Add] it if it is counted; if it could
// not be kept, [Intake.Withdraw] it, so that the next try counts.
//
// [CSV] reads counts that somebody kept in a file.
package report
