package downpour_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"strings"
	"testing"
)

// TestNobodyWritesPackageVariables holds package variables to be constants that
// Go has no other word for: tables, patterns, sentinel errors. State belongs to
// a value that somebody made.
func TestNobodyWritesPackageVariables(t *testing.T) {
	folders := map[string][]*ast.File{}
	positions := token.NewFileSet()
	for _, f := range goFiles(t) {
		if strings.HasSuffix(f.path, "_test.go") {
			continue
		}
		syntax, err := parser.ParseFile(positions, f.path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		folders[path.Dir(f.path)] = append(folders[path.Dir(f.path)], syntax)
	}
	for _, files := range folders {
		for _, written := range writtenVariables(files) {
			t.Errorf("%s: %s is a package variable and written here", positions.Position(written.Pos()), written.Name)
		}
	}
}

// TestWrittenVariablesAreFound shows that the rule can fail, and that a local
// variable of the same name is none.
func TestWrittenVariablesAreFound(t *testing.T) {
	const source = `package p
var a, b, c, d int
var m = map[string]int{}
var _ error
func f() { a = 1; b++; m["x"] = 2; var c int; c = 3; d := 4; d++; _, elsewhere = f2(); _ = a }
func g(a int) { a = 5 }`
	file, err := parser.ParseFile(token.NewFileSet(), "p.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	other, err := parser.ParseFile(token.NewFileSet(), "q.go", "package p\nvar elsewhere error", 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, v := range writtenVariables([]*ast.File{file, other}) {
		names = append(names, v.Name)
	}
	if got := strings.Join(names, " "); got != "a b m elsewhere" {
		t.Errorf("found %q", got)
	}
}

// writtenVariables returns where a package's functions assign to its variables.
func writtenVariables(files []*ast.File) []*ast.Ident {
	variables := map[string]bool{}
	declared := map[any]bool{}
	for _, f := range files {
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.VAR {
				for _, spec := range g.Specs {
					declared[spec] = true
					for _, name := range spec.(*ast.ValueSpec).Names {
						variables[name.Name] = true
					}
				}
			}
		}
	}
	var written []*ast.Ident
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			for _, target := range assigned(n) {
				name := root(target)
				if name == nil || name.Name == "_" || !variables[name.Name] {
					continue
				}
				// The parser resolves names within a file; one that it cannot
				// resolve is of another file of the package.
				if name.Obj == nil || declared[name.Obj.Decl] {
					written = append(written, name)
				}
			}
			return true
		})
	}
	return written
}

// assigned returns what a statement assigns to.
func assigned(n ast.Node) []ast.Expr {
	switch s := n.(type) {
	case *ast.AssignStmt:
		if s.Tok != token.DEFINE {
			return s.Lhs
		}
	case *ast.IncDecStmt:
		return []ast.Expr{s.X}
	}
	return nil
}

// root returns the name that an expression such as a.b[i] begins with.
func root(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil
		}
	}
}
