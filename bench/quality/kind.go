package main

import (
	"fmt"
	"strings"

	"example.org/hearback/bench/report"
)

// kind measures whether questions are told from the rest.
func (b *bench) kind() error {
	err := b.measure("questions-threads", []report.Row{
		{What: "kind, replies in threads: F1 of questions", Trivial: ".639", Bar: .72, Stretch: .78},
	}, func(r []report.Row) error {
		want, got, err := b.questions("questions-threads/messages.jsonl.gz")
		_, _, f1 := labels(want, got)
		r[0].Got = f1["question"]
		return err
	})
	if err != nil {
		return err
	}
	return b.measure("questions-covidq", []report.Row{
		{What: "kind, questions about an epidemic: share called questions", Bar: .95},
	}, func(r []report.Row) error {
		_, got, err := b.questions("questions-covidq/questions.jsonl.gz")
		for _, k := range got {
			if k == "question" {
				r[0].Got += 1 / float64(len(got))
			}
		}
		return err
	})
}

// questions returns the labels of messages, and question or other as they were
// sorted.
func (b *bench) questions(name string) (want, got []string, err error) {
	items, err := b.read(name)
	if err != nil {
		return nil, nil, err
	}
	out, _, err := b.filter(items, "kind")
	for i, r := range out {
		if r.Kind != "question" {
			r.Kind = "other"
		}
		want, got = append(want, items[i].Label), append(got, r.Kind)
	}
	return want, got, err
}

// unknown are the languages of the data that lid.176 has no label for.
const unknown = " lg mi sn st tn ts xh zu "

// lang measures whether languages are told apart.
func (b *bench) lang() error {
	return b.measure("langid", []report.Row{
		{What: "lang, sentences in 67 languages: accuracy", Bar: .93, Stretch: .96},
		{What: "lang, single words and pairs of words too: accuracy"},
		{What: "lang, Chinese, Japanese, Korean, of any length: the worst accuracy", Bar: .99},
	}, func(r []report.Row) error {
		items, err := b.read("langid/texts.jsonl.gz")
		if err != nil {
			return err
		}
		for i := range items {
			items[i].Lang = "" // the question, not a hint
		}
		out, _, err := b.filter(items, "lang")
		if err != nil {
			return err
		}
		right, all := map[string]float64{}, map[string]float64{}
		for i, x := range items {
			if strings.Contains(unknown, " "+x.Label+" ") {
				continue
			}
			for _, key := range []string{x.Kind, "all", x.Label} {
				all[key]++
				if out[i].Lang == x.Label {
					right[key]++
				}
			}
		}
		share := func(key string) float64 { return right[key] / all[key] }
		r[0].Got, r[1].Got = share("sentences"), share("all")
		r[0].Note = fmt.Sprintf("%.0f sentences", all["sentences"])
		r[1].Note = fmt.Sprintf("pairs %.3f, single words %.3f", share("word-pairs"), share("single-words"))
		r[2].Got = min(share("zh"), share("ja"), share("ko"))
		r[2].Note = fmt.Sprintf("zh %.3f, ja %.3f, ko %.3f", share("zh"), share("ja"), share("ko"))
		return nil
	})
}
