package config

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// nested is a value whose entries have keys of their own, for the reference.
type nested interface {
	// inner gives the keys of an entry as it is before the file says anything,
	// and how an entry is called after the key ("[]").
	inner() (keys []key, suffix string)
}

// mappings is a list of mappings, such as the exporters.
type mappings[T any] struct {
	into     *[]T
	fresh    func() T           // an entry before the file says anything
	keys     func(*T) []key     // of an entry
	required string             // the key that an entry must have; "" if none
	example  string             // an entry, for the mend
	check    func(*T) error     // what no single value shows; may be nil
	same     func(a, b *T) bool // whether two entries are of the same thing; may be nil
}

func (v mappings[T]) read(r *reader, path string, n ast.Node) {
	*v.into = nil
	r.sequence(n, path, v.example, func(p string, n ast.Node) {
		entry := v.fresh()
		before := len(r.faults)
		r.mapping(n, p, v.keys(&entry))
		if _, named := r.named[p+"."+v.required]; v.required != "" && !named && n.Type() == ast.MappingType {
			r.fault(at(n), p, wrong{"has no " + v.required, "write it as " + v.example})
		}
		if len(r.faults) == before && v.check != nil {
			if err := v.check(&entry); err != nil {
				r.refuse(at(n), p, err)
			}
		}
		if v.same != nil {
			for i := range *v.into {
				if len(r.faults) == before && v.same(&(*v.into)[i], &entry) {
					r.fault(at(n), p, wrong{fmt.Sprintf("is told of already, as %s[%d]", path, i), "name it once"})
				}
			}
		}
		*v.into = append(*v.into, entry)
	})
}

func (v mappings[T]) inner() ([]key, string) {
	entry := v.fresh()
	return v.keys(&entry), "[]"
}

func (v mappings[T]) String() string {
	words := make([]string, len(*v.into))
	for i := range *v.into {
		words[i] = flowStyle(v.keys(&(*v.into)[i]))
	}
	return "[" + strings.Join(words, ", ") + "]"
}

// flowStyle writes keys with their values in YAML's flow style, without those
// that hold nothing.
func flowStyle(keys []key) string {
	var words []string
	for _, k := range keys {
		if s := k.String(); s != `""` && s != "0" && s != "0s" && s != "[]" && s != "{}" && s != "false" {
			words = append(words, k.name+": "+s)
		}
	}
	return "{" + strings.Join(words, ", ") + "}"
}
