package web

import (
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// countryName is the English name of an ISO 3166-1 alpha-2 code; the code
// itself where CLDR has no name.
func countryName(code string) string {
	switch code {
	case "":
		return "Not known"
	case "other":
		return "Other countries"
	}
	region, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	if name := display.English.Regions().Name(region); name != "" {
		return name
	}
	return code
}
