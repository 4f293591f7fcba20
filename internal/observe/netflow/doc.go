// Package netflow decodes flow export: NetFlow v5, NetFlow v9 (RFC 3954) and IPFIX
// (RFC 7011), told apart by each datagram's version.
//
// A Decoder is for one exporter, of all its observation domains. Decode is the way
// of production: records go straight into the caller's slice, nothing is
// allocated. Walk gives the same records with all fields of their templates, for
// people and tests.
//
// # What it holds to
//
// Whatever an exporter sends, memory is bounded (Limits), nothing panics, and what
// can't be used is counted by its reason. Data that comes before its template
// waits for it. What the sequence numbers say is missing is counted; a datagram
// that comes late gives back what it was counted for, one that comes twice is left
// out, an exporter that starts anew loses nothing.
//
// # Sequence numbers
//
// They count flow records (v5), data records (IPFIX) or datagrams (v9). Exporters
// that deviate show it by their steps: v9 by records, IPFIX without the records of
// options, or with a message's own records included (softflowd). What was taken
// for losses until that is known is taken back. A number that stands still is
// ignored. Two exporters behind one address and domain can't be told apart by
// them: they look like losses and restarts.
//
// # Times
//
// NetFlow v9 tells whole seconds and an uptime in milliseconds; from many headers
// follows when uptime was 0, and so the time of a record within some milliseconds.
// Where IPFIX exports uptimes without telling when they began, a flow is taken to
// have ended when it was exported.
//
// # Counters
//
// Deltas count before totals, what comes in before what goes out, layer 3 before
// layer 2. Firewalls that export bytes without packets give records of 0 packets.
//
// # Sampling
//
// A configured rate wins. Else a record's own (34, 50, 305 to 311), that of the
// sampler or selector it names (48, 302), its template's, its interface's, its
// domain's; last, if its domain has told none, the only one that the exporter has
// told in any domain: some announce all in one.
package netflow
