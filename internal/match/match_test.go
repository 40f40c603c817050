package match_test

import (
	"os"
	"strings"
	"sync"
	"testing"

	"example.org/hearback/data"
	"example.org/hearback/internal/match"
	"example.org/hearback/internal/text"
	"example.org/hearback/internal/text/lexvec"
)

var parts = sync.OnceValues(func() (*text.Analyzer, *lexvec.Vectors) {
	a, err := text.New()
	if err != nil {
		panic(err)
	}
	v, err := lexvec.Load(data.LexVec())
	if err != nil {
		panic(err)
	}
	return a, v
})

func newIndex(testing.TB) *match.Index {
	a, v := parts()
	return match.New(a, v, match.Options{})
}

// concerns reads 40 concerns, each in two English and two Chinese wordings.
func concerns(tb testing.TB) [][]string { return table(tb, "testdata/concerns.tsv") }

func table(tb testing.TB, name string) (rows [][]string) {
	tb.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		rows = append(rows, strings.Split(strings.TrimSpace(line), "\t"))
	}
	return rows
}
