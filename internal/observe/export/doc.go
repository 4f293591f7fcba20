// Package export reads flow export that stands in files: captures of its
// datagrams, raw payloads, and records that nfdump printed. What a file is, and
// on which ports exporters send, is told from content alone.
//
// Most callers want Open, for a list of inputs that are to be one exporter's or
// several exporters' view of the same time; the Reader it returns gives messages
// in the order in which they arrived, a Source turns them to flows. A capture is
// held to be one of flow export by Judge, whose rule is a majority: a few crafted
// datagrams among packets make no flow export of them.
//
// Nothing is waited for and no clock is read: arrival is the capture's time, or
// where there is none (raw payloads) the export time in the message's header.
package export
