// Package web renders Downpour's pages: HTML, server-drawn SVG charts, badges
// and the few static files that they need. It is given view models that hold
// domain facts (times, counts, outages, verdicts) and does all the formatting;
// it reads no clock, no store and no request, and the same view gives the same
// bytes.
//
// Pages work without scripts and obey a strict Content-Security-Policy
// (default-src 'none'; style-src, script-src, img-src, connect-src and
// form-action 'self'): there is no inline style, script or event handler.
// Static files have names that contain a hash of their content, so they may be
// cached forever.
package web
