package main

import (
	"fmt"
	"os"
	"slices"

	"example.org/hearback/bench/report"
)

// suggest measures how well desks and categories are learned.
func (b *bench) suggest() error {
	for _, x := range []struct {
		folder, file string
		row          report.Row
		crises       bool
	}{
		{"desk-banking77", "train.jsonl.gz", report.Row{What: "suggest, a bank's desk, 77 labels, 5 folds: accuracy", Trivial: ".80", Bar: .88, Stretch: .91}, false},
		{"crisis-t26", "messages.jsonl.gz", report.Row{What: "suggest, 6 categories on crises not learned from, 6 folds of 3: macro F1", Trivial: ".61 on other crises", Bar: .66, Stretch: .70}, true},
		{"hotline-zh", "messages.jsonl.gz", report.Row{What: "suggest, a Chinese hotline, 7 labels, 5 folds: accuracy", Trivial: ".65", Bar: .72, Stretch: .78}, false},
	} {
		err := b.measure(x.folder, []report.Row{x.row}, func(r []report.Row) error {
			items, err := b.read(x.folder + "/" + x.file)
			if err != nil {
				return err
			}
			folds, fold := 5, func(i int) int { return i % 5 }
			if x.crises {
				items = slices.DeleteFunc(items, func(x item) bool { return x.Info == "Not labeled" || x.Info == "Not applicable" })
				var events []string
				for i := range items {
					items[i].Label = items[i].Info
					events = append(events, items[i].Event)
				}
				slices.Sort(events)
				events = slices.Compact(events)
				folds, fold = 6, func(i int) int { return slices.Index(events, items[i].Event) % 6 }
			}
			accuracy, macro, note, err := b.learn(items, folds, fold)
			r[0].Got, r[0].Note = accuracy, note+", macro F1 "+r[0].Show(macro)
			if x.crises {
				r[0].Got, r[0].Note = macro, note+", accuracy "+r[0].Show(accuracy)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// learn trains on all folds but one and asks for that one, for each.
func (b *bench) learn(items []item, folds int, fold func(i int) int) (accuracy, macro float64, note string, err error) {
	var want, got []string
	var spent float64
	for k := range folds {
		var train, test []item
		for i, x := range items {
			if fold(i) == k {
				test = append(test, x)
			} else {
				train = append(train, x)
			}
		}
		type decided struct {
			Text  string `json:"text"`
			Label string `json:"label"`
			Lang  string `json:"lang,omitempty"`
		}
		file, err := temporary(jsonLines(len(train), func(i int) any { return decided{train[i].Text, train[i].Label, train[i].Lang} }))
		if err != nil {
			return 0, 0, "", err
		}
		out, c, err := b.filter(test, "suggest", "--train", file)
		os.Remove(file)
		if err != nil {
			return 0, 0, "", err
		}
		spent += c.cpu.Seconds() / float64(folds)
		for i, x := range test {
			want, got = append(want, x.Label), append(got, out[i].Label)
		}
	}
	accuracy, macro, _ = labels(want, got)
	return accuracy, macro, fmt.Sprintf("%d decisions; a fold took %.1f s of processor time, start and answers included", len(items), spent), nil
}
