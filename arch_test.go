package downpour_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// maxLines is the longest a Go file may be; generated ones (*_gen.go) may be
// longer.
const maxLines = 500

// mayImport says, for each part of the program, which other parts it may import
// besides itself, what lies below it, and the root package. It is the picture of
// ARCHITECTURE.md as a table: stages know the words and never their neighbours.
// The longest matching part counts; what imports anything is wiring.
func mayImport() map[string][]string {
	const anything = "internal"
	return map[string][]string{
		".":                   nil,
		"internal/observe":    nil,
		"internal/engine":     {"internal/observe"},
		"internal/enrich":     nil,
		"internal/detect":     {"internal/wording"},
		"internal/assess":     {"internal/yamlfile", "internal/wording"},
		"internal/store":      nil,
		"internal/show":       {"internal/store", "internal/wording"},
		"internal/config":     {"internal/yamlfile"},
		"internal/importer":   {"internal/config"},
		"internal/notify":     {"internal/store"},
		"internal/yamlfile":   nil,
		"internal/wording":    nil,
		"internal/testenv":    nil,
		"middleware":          nil,
		"docs":                nil,
		"internal/pipeline":   {anything},
		"internal/analysis":   {anything},
		"internal/app":        {anything},
		"internal/demo":       {anything},
		"internal/live":       {anything, "docs"},
		"internal/golden":     {anything},
		"internal/benchpeers": {anything},
		"cmd":                 {anything},
	}
}

func TestPartsImportOnlyWhatTheyMay(t *testing.T) {
	module := modulePath(t)
	for _, f := range goFiles(t) {
		if strings.HasSuffix(f.path, "_test.go") {
			continue
		}
		part, allowed := rulesOf(path.Dir(f.path))
		if part == "" {
			t.Errorf("%s: its folder is in no part of the table in arch_test.go", f.path)
			continue
		}
		for _, imported := range f.imports {
			if part == "." && strings.Contains(imported, ".") {
				t.Errorf("%s imports %s; the root package imports the standard library only", f.path, imported)
			}
			inside, isOurs := strings.CutPrefix(imported, module+"/")
			if isOurs && !within(inside, part) && !slices.ContainsFunc(allowed, func(a string) bool { return within(inside, a) }) {
				t.Errorf("%s imports %s, which %s may not", f.path, imported, part)
			}
		}
	}
}

// modulePath reads the module's path, which changes when the module moves.
func modulePath(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(data), "\n")
	return strings.TrimPrefix(line, "module ")
}

// rulesOf finds the longest part that a folder belongs to.
func rulesOf(folder string) (part string, allowed []string) {
	for p, a := range mayImport() {
		if within(folder, p) && len(p) > len(part) {
			part, allowed = p, a
		}
	}
	return part, allowed
}

func within(folder, part string) bool {
	return folder == part || strings.HasPrefix(folder, part+"/")
}

func TestFilesAreShort(t *testing.T) {
	for _, f := range goFiles(t) {
		if f.lines > maxLines && !strings.HasSuffix(f.path, "_gen.go") {
			t.Errorf("%s has %d lines, more than %d", f.path, f.lines, maxLines)
		}
	}
}

func TestPackagesAreDocumented(t *testing.T) {
	documented := map[string]bool{}
	for _, f := range goFiles(t) {
		if strings.HasSuffix(f.path, "_test.go") {
			continue
		}
		folder := path.Dir(f.path)
		opening := "Package " + f.syntax.Name.Name + " "
		if f.syntax.Name.Name == "main" {
			opening = "Command "
		}
		documented[folder] = documented[folder] || strings.HasPrefix(f.syntax.Doc.Text(), opening)
	}
	for folder, ok := range documented {
		if !ok {
			t.Errorf("%s has no package comment", folder)
		}
	}
}

type goFile struct {
	path    string // with slashes, from the root
	lines   int
	imports []string
	syntax  *ast.File
}

// goFiles parses the module's files as far as the imports.
func goFiles(t *testing.T) []goFile {
	t.Helper()
	var files []goFile
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && isOutside(name) {
			return filepath.SkipDir
		}
		if entry.IsDir() || filepath.Ext(name) != ".go" {
			return nil
		}
		f, err := parseFile(name)
		files = append(files, f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 10 {
		t.Fatalf("only %d files were found", len(files))
	}
	return files
}

// isOutside tells of folders that the go tool does not look into, or that are
// modules of their own.
func isOutside(name string) bool {
	base := filepath.Base(name)
	if name != "." && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata") {
		return true
	}
	_, err := os.Stat(filepath.Join(name, "go.mod"))
	return name != "." && err == nil
}

func parseFile(name string) (goFile, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return goFile{}, err
	}
	syntax, err := parser.ParseFile(token.NewFileSet(), name, data, parser.ImportsOnly|parser.ParseComments)
	if err != nil {
		return goFile{}, err
	}
	f := goFile{path: filepath.ToSlash(name), lines: bytes.Count(data, []byte("\n")), syntax: syntax}
	for _, spec := range syntax.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return goFile{}, err
		}
		f.imports = append(f.imports, imported)
	}
	return f, nil
}
