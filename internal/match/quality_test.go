package match_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"example.org/hearback/internal/match"
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

// A claimQuery is a message with the claims that answer it.
type claimQuery struct {
	id, text string
	right    map[string]bool
}

// claims reads the claims and the queries of one part of claims-clef2020.
func claims(t *testing.T, part string) (docs []match.Answer, queries []claimQuery) {
	each(t, "claims-clef2020/docs.jsonl.gz", func(line []byte) {
		var d struct{ ID, Claim, Title string }
		if err := json.Unmarshal(line, &d); err != nil {
			t.Fatal(err)
		}
		docs = append(docs, match.Answer{ID: d.ID, Claim: d.Claim, Title: d.Title})
	})
	right := map[string]map[string]bool{}
	each(t, "claims-clef2020/qrels."+part+".tsv.gz", func(line []byte) {
		f := strings.Fields(string(line))
		if right[f[0]] == nil {
			right[f[0]] = map[string]bool{}
		}
		right[f[0]][f[2]] = true
	})
	each(t, "claims-clef2020/queries."+part+".jsonl.gz", func(line []byte) {
		var q struct{ ID, Text string }
		if err := json.Unmarshal(line, &q); err != nil {
			t.Fatal(err)
		}
		if len(right[q.ID]) > 0 {
			queries = append(queries, claimQuery{q.ID, q.Text, right[q.ID]})
		}
	})
	return docs, queries
}

func TestClaims(t *testing.T) {
	docs, queries := claims(t, "dev")
	ix := newIndex(t)
	for _, d := range docs {
		ix.Add(d)
	}
	var sum, first float64
	var same, wrong, shown int
	for _, q := range queries {
		hits, ap := 0.0, 0.0
		for i, m := range ix.Find(q.text, "en", 5) {
			if m.Decision == match.Same {
				same++
				if !q.right[m.Answer] {
					wrong++
				}
			}
			if q.right[m.Answer] {
				if m.Decision != "" {
					shown++
				}
				hits++
				ap += hits / float64(i+1)
				if i == 0 {
					first++
				}
			}
		}
		sum += ap / float64(min(len(q.right), 5))
	}
	n := float64(len(queries))
	t.Logf("MAP@5 %.3f, P@1 %.3f; of %.0f queries %d were shown a right answer; %d called the same, %d of them wrongly",
		sum/n, first/n, n, shown, same, wrong)
	if got := sum / n; got < 0.805 {
		t.Errorf("MAP@5 = %.3f, want at least 0.805", got)
	}
	if float64(shown) < 0.6*n || float64(same) < 0.35*n {
		t.Errorf("%d shown and %d the same of %.0f: too timid to be of use", shown, same, n)
	}
}

// bare is a text without signs and case, to find claims that stand in the data
// twice.
func bare(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), " ")
}

// TestCalibrated holds that a score is a chance, where every other query has an
// answer: of first matches with a score of about a half, about half are right.
// Claims that the data names twice are right twice.
func TestCalibrated(t *testing.T) {
	docs, queries := claims(t, "dev")
	ix := newIndex(t)
	twins := map[string][]match.Answer{}
	byID := map[string]match.Answer{}
	for _, d := range docs {
		ix.Add(d)
		twins[bare(d.Claim)] = append(twins[bare(d.Claim)], d)
		byID[d.ID] = d
	}
	const bins = 4
	var n, right, score [bins]float64
	count := func(q claimQuery, good map[string]bool) {
		m := ix.Find(q.text, "en", 1)[0]
		b := min(int(m.Score*bins), bins-1)
		n[b]++
		score[b] += m.Score
		if good[m.Answer] {
			right[b]++
		}
	}
	for _, q := range queries {
		good := map[string]bool{}
		for id := range q.right {
			for _, d := range twins[bare(byID[id].Claim)] {
				good[d.ID] = true
			}
		}
		count(q, good)
		for id := range good {
			ix.Remove(id)
		}
		count(q, nil)
		for id := range good {
			ix.Add(byID[id])
		}
	}
	for b := range bins {
		got, want := right[b]/n[b], score[b]/n[b]
		t.Logf("%3.0f matches with a score of %.2f on average: %.2f right", n[b], want, got)
		if d := got - want; n[b] < 20 || d > 0.2 || d < -0.2 {
			t.Errorf("%.0f matches with a score of %.2f on average: %.2f right", n[b], want, got)
		}
	}
}

// A tally counts queries without an answer, and what they were told.
type tally struct{ asked, suggested, same int }

func (c *tally) ask(t *testing.T, ix *match.Index, s, lang string) {
	t.Helper()
	c.asked++
	for i, m := range ix.Find(s, lang, 5) {
		if m.Decision != "" && i == 0 {
			c.suggested++
		}
		if m.Decision == match.Same {
			c.same++
		}
	}
}

func (c *tally) String() string {
	return fmt.Sprintf("%5d asked, %.1f %% shown something, %.2f %% told the same", c.asked, 100*float64(c.suggested)/float64(c.asked), 100*float64(c.same)/float64(c.asked))
}

// TestNoAnswer asks what has no answer: right answers taken out, and questions
// about other things, in both languages and across them.
func TestNoAnswer(t *testing.T) {
	var all tally
	report := func(name string, c tally) {
		t.Logf("%-38s %s", name, &c)
		all.asked, all.suggested, all.same = all.asked+c.asked, all.suggested+c.suggested, all.same+c.same
	}
	docs, queries := claims(t, "dev")
	ix := newIndex(t)
	twins := map[string][]match.Answer{}
	byID := map[string]match.Answer{}
	for _, d := range docs {
		ix.Add(d)
		twins[bare(d.Claim)] = append(twins[bare(d.Claim)], d)
		byID[d.ID] = d
	}
	var c tally
	for _, q := range queries {
		var out []match.Answer
		for id := range q.right {
			out = append(out, twins[bare(byID[id].Claim)]...)
		}
		for _, d := range out {
			ix.Remove(d.ID)
		}
		c.ask(t, ix, q.text, "en")
		for _, d := range out {
			ix.Add(d)
		}
	}
	report("claims, right ones removed", c)
	for _, other := range []struct {
		name, file, lang string
		every            int
	}{
		{"questions about banking, of claims", "desk-banking77/train.jsonl.gz", "en", 20},
		{"questions about an epidemic, of claims", "questions-covidq/questions.jsonl.gz", "en", 4},
		{"a Chinese hotline, of English claims", "hotline-zh/stream_unlabelled.jsonl.gz", "zh", 10},
	} {
		c, n := tally{}, 0
		each(t, other.file, func(line []byte) {
			var x struct{ Text string }
			if err := json.Unmarshal(line, &x); err != nil {
				t.Fatal(err)
			}
			if n++; n%other.every == 0 {
				c.ask(t, ix, x.Text, other.lang)
			}
		})
		report(other.name, c)
	}
	rows := concerns(t)
	for from := range 4 {
		for to := range 4 {
			if from != to {
				report(fmt.Sprintf("concerns, %s to %s, own removed", column[from], column[to]), removed(t, rows, from, to))
			}
		}
	}
	for to := range 4 {
		ix := columnIndex(t, rows, to)
		for _, other := range []struct {
			file, lang string
			every      int
		}{{"desk-banking77/train.jsonl.gz", "en", 40}, {"hotline-zh/stream_unlabelled.jsonl.gz", "zh", 20}} {
			c, n := tally{}, 0
			each(t, other.file, func(line []byte) {
				var x struct{ Text string }
				if err := json.Unmarshal(line, &x); err != nil {
					t.Fatal(err)
				}
				if n++; n%other.every == 0 {
					c.ask(t, ix, x.Text, other.lang)
				}
			})
			report(filepath.Dir(other.file)+", of concerns in "+column[to], c)
		}
	}
	report("all", all)
	if rate := float64(all.same) / float64(all.asked); rate > 0.005 {
		t.Errorf("%.2f %% of queries without an answer are told that they have one, want at most 0.5 %%", 100*rate)
	}
}

var column = []string{"en1", "en2", "zh1", "zh2"}

// columnIndex holds one wording of every concern, its number being its ID.
func columnIndex(tb testing.TB, rows [][]string, col int) *match.Index {
	ix := newIndex(tb)
	for i, row := range rows {
		ix.Add(match.Answer{ID: fmt.Sprint(i), Claim: row[col]})
	}
	return ix
}

// removed asks for every concern while it is not there.
func removed(t *testing.T, rows [][]string, from, to int) (c tally) {
	ix := columnIndex(t, rows, to)
	for i, row := range rows {
		ix.Remove(fmt.Sprint(i))
		c.ask(t, ix, row[from], "")
		ix.Add(match.Answer{ID: fmt.Sprint(i), Claim: row[to]})
	}
	return c
}

// TestConcerns holds how often one of 40 concerns is found by another wording
// of it, in the other language and in its own, and that nothing else is called
// the same.
func TestConcerns(t *testing.T) {
	rows := concerns(t)
	var across [2][2]float64 // from English, from Chinese; the first, the first three
	for _, p := range [][2]int{{0, 2}, {0, 3}, {1, 2}, {1, 3}, {2, 0}, {2, 1}, {3, 0}, {3, 1}, {0, 1}, {1, 0}, {2, 3}, {3, 2}} {
		ix := columnIndex(t, rows, p[1])
		var at1, at3, shown, same, wrong float64
		for i, row := range rows {
			found := ix.Find(row[p[0]], "", 5)
			rank := slices.IndexFunc(found, func(m match.Match) bool { return m.Answer == fmt.Sprint(i) })
			if rank == 0 {
				at1++
			}
			if rank >= 0 && rank < 3 {
				at3++
			}
			for k, m := range found {
				if k == rank && m.Decision != "" {
					shown++
				}
				if m.Decision == match.Same && k == rank {
					same++
				} else if m.Decision == match.Same {
					wrong++
				}
			}
		}
		n := float64(len(rows))
		t.Logf("%s to %s: first %.3f, first three %.3f; %.0f %% shown, %.0f %% called the same, %.0f wrongly", column[p[0]], column[p[1]], at1/n, at3/n, 100*shown/n, 100*same/n, wrong)
		if wrong > 0 {
			t.Errorf("%s to %s: %.0f of %.0f called the same wrongly", column[p[0]], column[p[1]], wrong, n)
		}
		if p[0]/2 != p[1]/2 {
			across[p[0]/2][0] += at1 / n / 4
			across[p[0]/2][1] += at3 / n / 4
		} else if at3/n < 0.75 {
			t.Errorf("%s to %s: %.3f among the first three, want .75", column[p[0]], column[p[1]], at3/n)
		}
	}
	for i, name := range []string{"English to Chinese", "Chinese to English"} {
		t.Logf("%s: first %.3f, first three %.3f", name, across[i][0], across[i][1])
		if across[i][0] < 0.86 || across[i][1] < 0.94 {
			t.Errorf("%s: first %.3f, first three %.3f, want .86 and .94", name, across[i][0], across[i][1])
		}
	}
}
