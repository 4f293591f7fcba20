package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// reader walks a file's nodes, fills the values that its keys name and collects
// every fault on the way.
type reader struct {
	file   string
	lines  []string
	faults []Fault
	// named holds the position of each key that the file gives, by path.
	named map[string]position
	// kept holds where the entries of a list that were taken stand, by the
	// list's path and in the list's order.
	kept map[string][]place
}

// place is where something stands: in the file, and as a path of keys.
type place struct {
	position
	path string
}

type position struct{ line, column int }

// unifyBreaks makes every line break of YAML (1.2, 5.4: a lone carriage return is
// one) a newline, so that the parser and we count the same lines.
func unifyBreaks(data []byte) []byte {
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(data, []byte("\r"), []byte("\n"))
}

func newReader(file string, data []byte) *reader {
	return &reader{file: file, lines: strings.Split(string(data), "\n"), named: map[string]position{}, kept: map[string][]place{}}
}

// fault records what is wrong at a place.
func (r *reader) fault(at position, path string, w wrong) {
	f := Fault{File: r.file, Line: at.line, Column: at.column, Key: path, Says: w.says, Mend: w.mend}
	// A line about receivers may hold what is secret.
	if at.line > 0 && at.line <= len(r.lines) && !strings.HasPrefix(path, "notify[") {
		f.Source = r.lines[at.line-1]
	}
	r.faults = append(r.faults, f)
}

// refuse records a value parser's error at a place.
func (r *reader) refuse(at position, path string, err error) {
	w := wrong{says: err.Error()}
	errors.As(err, &w)
	r.fault(at, path, w)
}

// sorted returns the faults in the order of the file.
func (r *reader) sorted() []Fault {
	slices.SortStableFunc(r.faults, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return r.faults
}

// mapping reads a node that must be a mapping of the given keys. An empty node
// is an empty mapping: a section whose keys are all commented out.
func (r *reader) mapping(n ast.Node, path string, keys []key) {
	if n.Type() == ast.NullType {
		return
	}
	m, ok := n.(*ast.MappingNode)
	if !ok {
		r.refuseKind(n, path, "keys", "known here: "+strings.Join(names(keys), ", "))
		return
	}
	for _, v := range m.Values {
		r.entry(v, path, keys)
	}
}

// entry reads one key of a mapping with its value.
func (r *reader) entry(v *ast.MappingValueNode, path string, keys []key) {
	name, where := v.Key.GetToken().Value, at(v.Key)
	full := join(path, name)
	if first, ok := r.named[full]; ok {
		r.fault(where, full, wrong{fmt.Sprintf("is there already, in line %d", first.line), "keep one of the two"})
		return
	}
	r.named[full] = where
	if says, ok := notYet(full); ok {
		r.fault(where, full, wrong{says: says + " not supported by this version yet", mend: "leave the key out"})
		return
	}
	i := slices.IndexFunc(keys, func(k key) bool { return k.name == name })
	if i < 0 {
		mend := didYouMean(name, names(keys))
		if mend == "" {
			mend = "known here: " + strings.Join(names(keys), ", ")
		}
		r.fault(where, join(path, printable(name)), wrong{"unknown key", mend})
		return
	}
	keys[i].read(r, full, v.Value)
}

// sequence reads a node that must be a list, handing each entry on. An empty
// node is an empty list.
func (r *reader) sequence(n ast.Node, path, example string, entry func(path string, n ast.Node)) {
	if n.Type() == ast.NullType {
		return
	}
	s, ok := n.(*ast.SequenceNode)
	if !ok {
		r.refuseKind(n, path, "a list", "write "+example)
		return
	}
	for i, v := range s.Values {
		entry(fmt.Sprintf("%s[%d]", path, i), v)
	}
}

// scalar returns a plain value as it is written.
func (r *reader) scalar(n ast.Node, path string) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	case *ast.NullNode:
		r.fault(at(n), path, wrong{"has no value", "give it one or leave the key out"})
	default:
		r.refuseKind(n, path, "one value", "")
	}
	return "", false
}

// refuseKind records a node of another kind than its key needs.
func (r *reader) refuseKind(n ast.Node, path, needs, mend string) {
	switch n.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		r.fault(at(n), path, wrong{"anchors, aliases and tags are not supported", "write the value out"})
	default:
		r.fault(at(n), path, wrong{"is " + kindOf(n) + " where " + needs + " must be", mend})
	}
}

// kindOf says in words what a node is.
func kindOf(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.LiteralNode:
		return "a block of text"
	}
	return "a single value"
}

// at is where a node begins. A mapping's own token is its first colon, so its
// first key is asked.
func at(n ast.Node) position {
	switch m := n.(type) {
	case *ast.MappingNode:
		if len(m.Values) > 0 && m.GetToken().Type != token.MappingStartType {
			return at(m.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return at(m.Key)
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return position{t.Position.Line, t.Position.Column}
	}
	return position{1, 1}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func names(keys []key) []string {
	list := make([]string, len(keys))
	for i, k := range keys {
		list[i] = k.name
	}
	return list
}
