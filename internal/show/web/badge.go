package web

import (
	"fmt"
	"html"
	"io"
)

// Badge renders /s/{service}/badge.svg, an image of 20 pixels' height that
// stands alone on other people's pages: so its colours are in it, with a
// contrast of at least 4.5 to 1 under white text, and the state is a word too.
func (p *Pages) Badge(w io.Writer, v BadgeView) error {
	const size, pad = 11.0, 8.0
	c := stateChip(v.State)
	fill := map[string]string{"ok": "#00735a", "reported": "#8f5600", "confirmed": "#b93a08", "maintenance": "#0b63a5", "unknown": "#5c5f66"}[c.Class]
	name, word := shorten(v.Service.label(), 40), lower(c.Word)
	left, right := textWidth(name, size)+2*pad, textWidth(word, size)+2*pad
	_, err := fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]s" height="20" viewBox="0 0 %[1]s 20" role="img" aria-label="%[2]s: %[3]s"><title>%[2]s: %[3]s</title>`+
		`<clipPath id="r"><rect width="%[1]s" height="20" rx="4"/></clipPath><g clip-path="url(#r)"><rect width="%[4]s" height="20" fill="#2b2d31"/><rect x="%[4]s" width="%[5]s" height="20" fill="%[6]s"/></g>`+
		`<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11"><text x="%[7]s" y="14">%[2]s</text><text x="%[8]s" y="14">%[3]s</text></g></svg>`,
		px(left+right), html.EscapeString(name), html.EscapeString(word), px(left), px(right), fill, px(left/2), px(left+right/2))
	return err
}
