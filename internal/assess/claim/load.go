package claim

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"downpour"
	"downpour/internal/yamlfile"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxClaims bounds a claims file, far above what a person writes by hand.
const maxClaims = 1000

// DefaultGrade is the source grade where none is given: reliability and
// credibility cannot be judged (Admiralty code, NATO AJP-2.1).
const DefaultGrade = "F6"

// Load reads claims from YAML: a list of maps with the keys id, speaker, said
// and asserts, and where known where, time (RFC 3339), caveat and grade (as B2).
//
//   - id: owner-origin
//     speaker: the owner
//     said: the addresses came from there
//     asserts: {attack: true, origin: {country: UA, of: source addresses}}
//
// A value under asserts is a word, a number with its unit, or a map; {not: x}
// negates it. name stands in errors, which tell line, column and the mend.
func Load(r io.Reader, name string) ([]downpour.Claim, error) {
	data, err := io.ReadAll(io.LimitReader(r, yamlfile.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if f := yamlfile.Check(data); f != nil {
		return nil, errors.New(name + f.String())
	}
	l := &loader{name: name}
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, l.syntax(err)
	}
	var claims []downpour.Claim
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		list, err := l.claims(doc.Body)
		if err != nil {
			return nil, err
		}
		claims = append(claims, list...)
	}
	if len(claims) == 0 {
		return nil, fmt.Errorf("%s: holds no claims; write a list of maps with id, speaker, said and asserts", name)
	}
	return claims, l.unique(claims)
}

// loader turns the syntax tree into claims and places its errors.
type loader struct{ name string }

// fault is an error at a place in the file.
func (l *loader) fault(at ast.Node, format string, args ...any) error {
	line, column := 1, 1
	if at != nil && at.GetToken() != nil && at.GetToken().Position != nil {
		line, column = at.GetToken().Position.Line, at.GetToken().Position.Column
	}
	return fmt.Errorf("%s:%d:%d: %s", l.name, line, column, fmt.Sprintf(format, args...))
}

// syntax puts the parser's error into one line.
func (l *loader) syntax(err error) error {
	line, column, says := 1, 1, err.Error()
	var e *yaml.SyntaxError
	if errors.As(err, &e) {
		says = e.Message
		if e.Token != nil && e.Token.Position != nil {
			line, column = e.Token.Position.Line, e.Token.Position.Column
		}
	}
	says, _, _ = strings.Cut(says, "\n")
	return fmt.Errorf("%s:%d:%d: not YAML: %s", l.name, line, column, says)
}

func (l *loader) claims(body ast.Node) ([]downpour.Claim, error) {
	list, ok := body.(*ast.SequenceNode)
	if !ok {
		return nil, l.fault(body, "claims are a list; begin each with \"- id: …\"")
	}
	if len(list.Values) > maxClaims {
		return nil, l.fault(body, "%d claims; at most %d are assessed at once", len(list.Values), maxClaims)
	}
	claims := make([]downpour.Claim, 0, len(list.Values))
	for _, entry := range list.Values {
		c, err := l.claim(entry)
		if err != nil {
			return nil, err
		}
		claims = append(claims, c)
	}
	return claims, nil
}

// pairs returns a map's entries, and an error for anything else or a key twice.
func (l *loader) pairs(n ast.Node, what string) ([]*ast.MappingValueNode, error) {
	var list []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		list = m.Values
	case *ast.MappingValueNode:
		list = []*ast.MappingValueNode{m}
	default:
		return nil, l.fault(n, "%s is a map; write \"key: value\"", what)
	}
	seen := map[string]bool{}
	for _, p := range list {
		key := keyOf(p)
		if seen[key] {
			return nil, l.fault(p.Key, "%q stands twice; keep one", key)
		}
		seen[key] = true
	}
	return list, nil
}

func keyOf(p *ast.MappingValueNode) string { return p.Key.GetToken().Value }

var grades = regexp.MustCompile(`^[A-F][1-6]$`)

// claimKeys are the keys of a claim, for the error on another one.
var claimKeys = []string{"id", "speaker", "said", "where", "time", "asserts", "caveat", "grade"}

func (l *loader) claim(n ast.Node) (downpour.Claim, error) {
	c := downpour.Claim{Grade: DefaultGrade}
	list, err := l.pairs(n, "a claim")
	if err != nil {
		return c, err
	}
	for _, p := range list {
		key := keyOf(p)
		if key == "asserts" {
			if c.Assertions, err = l.assertions(p.Value); err != nil {
				return c, err
			}
			continue
		}
		if !slices.Contains(claimKeys, key) {
			return c, l.fault(p.Key, "unknown key %q; a claim has %s", key, strings.Join(claimKeys, ", "))
		}
		value, err := l.text(p.Value, key)
		if err != nil {
			return c, err
		}
		if err := l.set(&c, key, value, p.Value); err != nil {
			return c, err
		}
	}
	for _, need := range [...]struct{ key, value string }{{"id", c.ID}, {"speaker", c.Speaker}, {"said", c.Said}} {
		if need.value == "" {
			return c, l.fault(n, "a claim without %s; add \"%s: …\"", need.key, need.key)
		}
	}
	if len(c.Assertions) == 0 {
		return c, l.fault(n, "claim %q asserts nothing; add \"asserts: {attack: true}\" or what it says", c.ID)
	}
	return c, nil
}

// set fills one text field of a claim.
func (l *loader) set(c *downpour.Claim, key, value string, at ast.Node) error {
	switch key {
	case "id":
		c.ID = value
	case "speaker":
		c.Speaker = value
	case "said":
		c.Said = value
	case "where":
		c.Where = value
	case "caveat":
		c.Caveat = value
	case "grade":
		if !grades.MatchString(value) {
			return l.fault(at, "grade %q; write a letter A to F and a digit 1 to 6, such as B2 (Admiralty code)", value)
		}
		c.Grade = value
	case "time":
		t, err := time.Parse(time.RFC3339, value)
		if err != nil {
			return l.fault(at, "time %q; write it as RFC 3339 does, such as 2026-03-09T14:02:00Z", value)
		}
		t = t.UTC()
		c.Time = &t
	}
	return nil
}

// text returns a scalar as it is written.
func (l *loader) text(n ast.Node, what string) (string, error) {
	switch v := n.(type) {
	case *ast.StringNode:
		return v.Value, nil
	case *ast.LiteralNode:
		return strings.TrimSpace(v.Value.Value), nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, nil
	}
	return "", l.fault(n, "%s needs a value: a word, a number or a text", what)
}

// unique refuses two claims of one id.
func (l *loader) unique(claims []downpour.Claim) error {
	seen := map[string]bool{}
	for _, c := range claims {
		if seen[c.ID] {
			return fmt.Errorf("%s: two claims have the id %q; give each its own", l.name, c.ID)
		}
		seen[c.ID] = true
	}
	return nil
}
