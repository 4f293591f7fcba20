package config

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"downpour/internal/yamlfile"
)

// LoadFile reads and checks a configuration file. A file that cannot be read is
// one fault. If there is any fault, the configuration is nil.
func LoadFile(path string) (*Config, []Fault) {
	data, err := readFile(path)
	if err != nil {
		f := Fault{File: path, Says: err.Error()}
		var w wrong
		if errors.As(err, &w) {
			f.Says, f.Mend = w.says, w.mend
		}
		return nil, []Fault{f}
	}
	return Load(path, data)
}

// readFile reads a whole file, or says in one line why it cannot.
func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, openFault(err)
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.IsDir() {
		return nil, wrong{"is a folder", "name the YAML file in it"}
	}
	data, err := io.ReadAll(io.LimitReader(file, yamlfile.MaxBytes+1))
	var inner *fs.PathError
	if errors.As(err, &inner) {
		err = inner.Err // the path stands before the message already
	}
	return data, err
}

func openFault(err error) wrong {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return wrong{"there is no such file", "check the path given with --config"}
	case errors.Is(err, fs.ErrPermission):
		return wrong{"may not be read by this user", "check the permissions of the file and its folders"}
	}
	var inner *fs.PathError
	if errors.As(err, &inner) {
		err = inner.Err
	}
	return wrong{says: "cannot be opened: " + err.Error()}
}

// Load checks a configuration given as YAML. The name stands in its faults,
// which come in the order of the file. If there is any, the configuration is
// nil.
func Load(name string, data []byte) (*Config, []Fault) {
	data = unifyBreaks(data)
	r := newReader(name, data)
	c := unlistening()
	if root := r.parse(data); root != nil {
		r.mapping(root, "", rootKeys(c))
		check(r, c)
		complete(r, c)
	}
	if len(r.faults) > 0 {
		return nil, r.sorted()
	}
	return c, nil
}

// parse returns the root of the file's one document; nil if there is nothing
// in it or it cannot be read, which is then a fault.
func (r *reader) parse(data []byte) ast.Node {
	if !isText(data) {
		r.faults = append(r.faults, Fault{File: r.file, Says: "is not text in UTF-8", Mend: "is this the configuration?"})
		return nil
	}
	if f := yamlfile.Check(data); f != nil {
		r.faults = append(r.faults, Fault{File: r.file, Line: f.Line, Column: min(f.Line, 1), Says: f.Says, Mend: f.Mend})
		return nil
	}
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		r.syntax(err)
		return nil
	}
	var root ast.Node
	for _, document := range file.Docs {
		if document.Body == nil {
			continue
		}
		if root != nil {
			r.fault(at(document.Body), "", wrong{"a second document begins here", "put everything into one, without ---"})
			return root
		}
		root = document.Body
	}
	return root
}

// isText tells text in UTF-8 from anything else.
func isText(data []byte) bool { return utf8.Valid(data) && bytes.IndexByte(data, 0) < 0 }

// syntax records an error of the YAML parser at its place.
func (r *reader) syntax(err error) {
	var e yaml.Error
	if !errors.As(err, &e) || e.GetToken() == nil || e.GetToken().Position == nil {
		first, _, _ := strings.Cut(err.Error(), "\n")
		r.faults = append(r.faults, Fault{File: r.file, Says: "is not YAML: " + first})
		return
	}
	w := wrong{says: "is not YAML here: " + e.GetMessage()}
	where := position{e.GetToken().Position.Line, e.GetToken().Position.Column}
	if where.line > 0 && where.line <= len(r.lines) && strings.Contains(leading(r.lines[where.line-1]), "\t") {
		w.mend = "indent with spaces, YAML takes no tabs"
	}
	r.fault(where, "", w)
}

// leading returns the white space that a line begins with.
func leading(line string) string {
	return line[:len(line)-len(strings.TrimLeft(line, " \t"))]
}
