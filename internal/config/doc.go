// Package config turns a YAML file into a checked configuration. It reports all
// faults of a file, not only the first, each with its line, its column and what
// would mend it, and it needs no file: Default is what "serve" does without one.
//
// The keys stand in one place, keys.go, as a table: what a key is called, what
// is written for it, where it goes and whether it can change while Downpour
// runs. Loading, comparing two configurations and the reference page
// (docs/configuration.md) all read that table, so they cannot drift apart.
package config

//go:generate go test -run ^TestReferenceIsFresh$ . -update
