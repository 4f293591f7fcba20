// Package server owns the routes of Downpour's HTTP interface and their safety:
// who may see what, how large and how slow a request may be, what is shed and
// what is logged. Pages are rendered by internal/show/web; what they tell comes
// from a Backend. The server decides nothing about outages or attacks.
//
// There are two classes of routes. Public routes answer everybody. Operator
// routes answer a credential only (a session cookie or a bearer token); being on
// loopback is none, because a reverse proxy is there too. A known operator route
// without credential answers 401, an unknown path 404. Errors are RFC 9457
// problem documents, for a browser that asks for a page a small page.
//
// No address of a client is stored, logged or returned. It lives in the request,
// where the intake of reports needs it, and ends with it.
package server
