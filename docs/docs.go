// Package docs holds those pages of the documentation that the program shows
// too, so that what is written and what is shown can't differ.
package docs

import _ "embed"

// Exporters is exporters.md.
//
//go:embed exporters.md
var Exporters string
