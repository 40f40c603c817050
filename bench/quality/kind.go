package main

import (
	"fmt"
	"strings"
)

// kind measures whether questions are told from the rest.
func (b *bench) kind() error {
	err := b.measure("questions-threads", []row{
		{what: "kind, replies in threads: F1 of questions", trivial: ".639", bar: .72, stretch: .78},
	}, func(r []row) error {
		want, got, err := b.questions("questions-threads/messages.jsonl.gz")
		_, _, f1 := labels(want, got)
		r[0].got = f1["question"]
		return err
	})
	if err != nil {
		return err
	}
	return b.measure("questions-covidq", []row{
		{what: "kind, questions about an epidemic: share called questions", bar: .95},
	}, func(r []row) error {
		_, got, err := b.questions("questions-covidq/questions.jsonl.gz")
		for _, k := range got {
			if k == "question" {
				r[0].got += 1 / float64(len(got))
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
	return b.measure("langid", []row{
		{what: "lang, sentences in 67 languages: accuracy", bar: .93, stretch: .96},
		{what: "lang, single words and pairs of words too: accuracy"},
		{what: "lang, Chinese, Japanese, Korean, of any length: the worst accuracy", bar: .99},
	}, func(r []row) error {
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
		r[0].got, r[1].got = share("sentences"), share("all")
		r[0].note = fmt.Sprintf("%.0f sentences", all["sentences"])
		r[1].note = fmt.Sprintf("pairs %.3f, single words %.3f", share("word-pairs"), share("single-words"))
		r[2].got = min(share("zh"), share("ja"), share("ko"))
		r[2].note = fmt.Sprintf("zh %.3f, ja %.3f, ko %.3f", share("zh"), share("ja"), share("ko"))
		return nil
	})
}
