// Package golden holds cases with known truth and measures how well Downpour
// finds it: each case is a recipe of traffic or of reports (or files that stand
// beside it), and what must come out. It runs the whole offline path, as analyze
// does, and scores the document that comes out.
package golden
