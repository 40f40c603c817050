package match_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.org/hearback/internal/match"
	"example.org/hearback/internal/text"
)

// labelled is where labelled data lies when the checkout stands beside it.
const labelled = "../../../shared/data"

// each calls f for every line of a gzip file.
func each(t *testing.T, name string, f func(line []byte)) {
	t.Helper()
	file, err := os.Open(filepath.Join(labelled, name))
	if err != nil {
		t.Skip("the labelled data is not here: ", err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	s := bufio.NewScanner(z)
	s.Buffer(nil, 1<<22)
	for s.Scan() {
		f(s.Bytes())
	}
}

func TestClaims(t *testing.T) {
	a, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	ix := match.New(a, match.Options{})
	each(t, "claims-clef2020/docs.jsonl.gz", func(line []byte) {
		var d struct{ ID, Claim, Title string }
		if err := json.Unmarshal(line, &d); err != nil {
			t.Fatal(err)
		}
		ix.Add(match.Answer{ID: d.ID, Claim: d.Claim, Title: d.Title})
	})
	right := map[string]map[string]bool{}
	each(t, "claims-clef2020/qrels.dev.tsv.gz", func(line []byte) {
		f := strings.Fields(string(line))
		if right[f[0]] == nil {
			right[f[0]] = map[string]bool{}
		}
		right[f[0]][f[2]] = true
	})
	var sum, queries, first float64
	var same, wrong int
	each(t, "claims-clef2020/queries.dev.jsonl.gz", func(line []byte) {
		var q struct{ ID, Text, Lang string }
		if err := json.Unmarshal(line, &q); err != nil {
			t.Fatal(err)
		}
		if len(right[q.ID]) == 0 {
			return
		}
		queries++
		hits, ap := 0.0, 0.0
		for i, m := range ix.Find(q.Text, q.Lang, 5) {
			if m.Decision == match.Same {
				same++
				if !right[q.ID][m.Answer] {
					wrong++
				}
			}
			if right[q.ID][m.Answer] {
				hits++
				ap += hits / float64(i+1)
				if i == 0 {
					first++
				}
			}
		}
		sum += ap / float64(min(len(right[q.ID]), 5))
	})
	t.Logf("MAP@5 %.3f, P@1 %.3f, %d called the same, %d of them wrong", sum/queries, first/queries, same, wrong)
	if got := sum / queries; got < 0.76 {
		t.Errorf("MAP@5 = %.3f, want at least 0.76", got)
	}
}
