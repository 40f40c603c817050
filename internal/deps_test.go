// Package internal_test holds the architecture: which package may import
// which, and which may see text before it is de-identified.
package internal_test

import (
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// order is the architecture: a package may import only packages to its left.
// It is a statement of policy: do not change it to mend a build.
var order = strings.Fields(`
	hash text place access translog
	source deident topic cluster match suggest score forecast alert
	desk evidence answer publish measure notify
	web store app drill`)

// inside is the same for package web: the pages, which have no folder of their
// own, stand to the right of all.
var inside = strings.Fields(`locale office api`)

// rawReaders are the only packages that may see text before de-identification.
var rawReaders = []string{"source", "deident", "app", "drill"}

func TestDeps(t *testing.T) {
	top := func(path string) string {
		first, _, _ := strings.Cut(filepath.ToSlash(path), "/")
		return first
	}
	files, _ := filepath.Glob("*/*.go")
	deeper, _ := filepath.Glob("*/*/*.go") // adapters, such as source/feed
	for _, file := range slices.Concat(files, deeper) {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		if !slices.Contains(order, top(file)) {
			t.Errorf("%s is in a package without a place in the order", file)
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imp := range f.Imports {
			path, ours := strings.CutPrefix(strings.Trim(imp.Path.Value, `"`), "example.org/hearback/internal/")
			if !ours {
				continue
			}
			if r := slices.Index(order, top(path)); r < 0 || r > slices.Index(order, top(file)) {
				t.Errorf("%s imports %s, which is not to its left", file, path)
			}
			if sub, ok := strings.CutPrefix(path, "web/"); ok && strings.HasPrefix(filepath.ToSlash(file), "web/") && strings.Count(filepath.ToSlash(file), "/") == 2 {
				here := filepath.Base(filepath.Dir(file))
				if r := slices.Index(inside, sub); r < 0 || r >= slices.Index(inside, here) {
					t.Errorf("%s imports %s, which is not to its left", file, path)
				}
			}
			if top(path) == "source" && !slices.Contains(rawReaders, top(file)) {
				t.Errorf("%s imports %s, but may not see raw text", file, path)
			}
		}
	}
}
