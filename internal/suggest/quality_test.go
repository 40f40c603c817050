package suggest_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"example.org/hearback/internal/deident"
	"example.org/hearback/internal/suggest"
)

// A decision is a row of labelled data that is no part of the repository.
type decision struct {
	Text, Label, Event string
	Info               string `json:"info_type"`
}

// decisions reads labelled data that lie beside the checkout, or skips.
func decisions(t *testing.T, path string) []decision {
	t.Helper()
	if testing.Short() {
		t.Skip("takes seconds")
	}
	f, err := os.Open(filepath.Join("../../../shared/data", path))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("the labelled texts %s are not on this machine", path)
	} else if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var rows []decision
	sc := bufio.NewScanner(z)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		var r decision
		if err := json.Unmarshal(sc.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		r.Text, _ = deident.Text(r.Text)
		rows = append(rows, r)
	}
	return rows
}

// try trains on the rows that are not in the fold, for each of the folds, and
// returns accuracy and the mean F1 of the labels over the rest.
func try(t *testing.T, rows []decision, fold func(i int) int, folds ...int) (accuracy, macro float64) {
	t.Helper()
	hit, said, is := map[string]float64{}, map[string]float64{}, map[string]float64{}
	var right, all float64
	for _, k := range folds {
		var examples []suggest.Example
		for i, r := range rows {
			if fold(i) != k {
				examples = append(examples, suggest.Example{Text: r.Text, Label: r.Label})
			}
		}
		m := train(t, examples)
		for i, r := range rows {
			if fold(i) != k {
				continue
			}
			got := m.Predict(r.Text, "").Label
			said[got]++
			is[r.Label]++
			all++
			if got == r.Label {
				right++
				hit[got]++
			}
		}
	}
	for l, n := range is {
		macro += 2 * hit[l] / (n + said[l]) / float64(len(is))
	}
	return right / all, macro
}

// TestServiceDesk holds accuracy on questions to a bank's desk, 77 labels; a
// simple classifier has .80.
func TestServiceDesk(t *testing.T) {
	rows := decisions(t, "desk-banking77/train.jsonl.gz")
	got, macro := try(t, rows, func(i int) int { return i % 5 }, 0)
	t.Logf("accuracy %.3f, F1 %.3f", got, macro)
	if got < .90 {
		t.Errorf("accuracy on the service desk = %.3f, want at least .90", got)
	}
}

// TestHotline holds accuracy on 354 subject lines of letters to a Chinese
// city, 7 labels; naive Bayes has .652.
func TestHotline(t *testing.T) {
	rows := decisions(t, "hotline-zh/messages.jsonl.gz")
	got, macro := try(t, rows, func(i int) int { return i % 5 }, 0, 1, 2, 3, 4)
	t.Logf("accuracy %.3f, F1 %.3f", got, macro)
	if got < .78 {
		t.Errorf("accuracy on the hotline = %.3f, want at least .78", got)
	}
}

// TestCrises holds the mean F1 of six categories on crises that were not
// trained on: every sixth of 18, in alphabetical order, against the rest.
// Naive Bayes on words has .46 on splits like this one.
func TestCrises(t *testing.T) {
	rows := decisions(t, "crisis-t26/messages.jsonl.gz")
	rows = slices.DeleteFunc(rows, func(r decision) bool { return r.Info == "Not labeled" || r.Info == "Not applicable" })
	var events []string
	for i := range rows {
		rows[i].Label = rows[i].Info
		events = append(events, rows[i].Event)
	}
	slices.Sort(events)
	events = slices.Compact(events)
	fold := func(i int) int { return slices.Index(events, rows[i].Event) % 6 }
	got, macro := try(t, rows, fold, 0, 1)
	t.Logf("accuracy %.3f, F1 %.3f", got, macro)
	if macro < .62 {
		t.Errorf("F1 on other crises = %.3f, want at least .62", macro)
	}
}
