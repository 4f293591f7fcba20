package config

import (
	"fmt"
	"log/slog"
	"net/netip"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// value is a place in a Config that a key fills.
type value interface {
	// read takes what the file says, or records what is wrong with it.
	read(r *reader, path string, n ast.Node)
	// String is the present content as one would write it.
	String() string
}

// single is a value written as one YAML scalar.
type single[T any] struct {
	into  *T
	parse func(string) (T, error)
}

func one[T any](into *T, parse func(string) (T, error)) value { return single[T]{into, parse} }

func (v single[T]) String() string {
	switch content := any(*v.into).(type) {
	case string:
		if content == "" {
			return `""`
		}
	case netip.Addr:
		if !content.IsValid() {
			return `""`
		}
	case slog.Level:
		return strings.ToLower(content.String())
	}
	return fmt.Sprint(*v.into)
}

func (v single[T]) read(r *reader, path string, n ast.Node) {
	s, ok := r.scalar(n, path)
	if !ok {
		return
	}
	parsed, err := v.parse(s)
	if err != nil {
		r.refuse(at(n), path, err)
		return
	}
	*v.into = parsed
}

// list is a value written as a YAML sequence of scalars, no two the same.
type list[T comparable] struct {
	into    *[]T
	parse   func(string) (T, error)
	example string
}

func many[T comparable](into *[]T, parse func(string) (T, error), example string) value {
	return list[T]{into, parse, example}
}

func (v list[T]) String() string {
	words := make([]string, len(*v.into))
	for i, e := range *v.into {
		words[i] = fmt.Sprint(e)
	}
	return "[" + strings.Join(words, ", ") + "]"
}

func (v list[T]) read(r *reader, path string, n ast.Node) {
	*v.into = []T{} // not nil: an empty list says something too
	first := map[T]string{}
	r.sequence(n, path, v.example, func(p string, n ast.Node) {
		s, ok := r.scalar(n, p)
		if !ok {
			return
		}
		parsed, err := v.parse(s)
		if err != nil {
			r.refuse(at(n), p, err)
			return
		}
		if earlier, ok := first[parsed]; ok {
			r.fault(at(n), p, wrong{fmt.Sprintf("%v is there already, as %s", parsed, earlier), "name it once"})
			return
		}
		first[parsed] = p
		r.kept[path] = append(r.kept[path], place{at(n), p})
		*v.into = append(*v.into, parsed)
	})
}

// group is a mapping of further keys.
type group struct{ keys []key }

func (g group) read(r *reader, path string, n ast.Node) { r.mapping(n, path, g.keys) }

func (g group) String() string {
	words := make([]string, len(g.keys))
	for i, k := range g.keys {
		words[i] = k.name + ": " + k.String()
	}
	return "{" + strings.Join(words, ", ") + "}"
}

// services is the list of services.
type services struct{ into *[]Service }

func (v services) read(r *reader, path string, n ast.Node) {
	found := []Service{}
	r.sequence(n, path, "- name: example", func(p string, n ast.Node) {
		s := newService()
		r.mapping(n, p, serviceKeys(&s))
		if _, named := r.named[p+".name"]; !named && n.Type() == ast.MappingType {
			r.fault(at(n), p, wrong{"has no name", "add name: example"})
		}
		found = append(found, s)
	})
	if len(found) > 0 {
		*v.into = found
	}
}

func (v services) String() string {
	words := make([]string, len(*v.into))
	for i, s := range *v.into {
		words[i] = s.Name
	}
	return "[" + strings.Join(words, ", ") + "]"
}
