package web

import (
	"cmp"
	"html/template"
	"slices"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/text"
)

type wordRow struct {
	Word   string
	N      int
	Of     int
	Now    float64 // share of the messages lately, and before that
	Before float64
	Bar    template.HTML
}

// choose picks messages that differ from each other: the most central one
// first, then each time the one that brings most that is new (a language, a
// kind, a source, an area), and no copies.
func choose(list []hearback.Message, medoid hearback.ID, n int) []hearback.Message {
	var picked []hearback.Message
	left := slices.DeleteFunc(slices.Clone(list), func(m hearback.Message) bool { return m.CopyOf != 0 || m.Text == "" })
	seen := map[string]bool{}
	news := func(m hearback.Message) (k int) {
		for _, f := range []string{"l" + m.Lang, "k" + string(m.Kind), "s" + m.Source.String(), "a" + m.Area} {
			if !seen[f] {
				k++
			}
		}
		return k
	}
	for len(picked) < n && len(left) > 0 {
		best := 0
		for i, m := range left {
			if m.ID == medoid {
				best = i
				break
			}
			if len(picked) > 0 && news(m) > news(left[best]) {
				best = i
			}
		}
		m := left[best]
		left = slices.Delete(left, best, best+1)
		if slices.ContainsFunc(picked, func(x hearback.Message) bool { return x.Text == m.Text }) {
			continue
		}
		for _, f := range []string{"l" + m.Lang, "k" + string(m.Kind), "s" + m.Source.String(), "a" + m.Area} {
			seen[f] = true
		}
		picked = append(picked, m)
	}
	return picked
}

// allPhrases lists the phrases of a concern in all its languages.
func allPhrases(c *hearback.Concern) []string {
	list := slices.Clone(c.Phrases)
	for _, l := range c.Labels {
		for _, ph := range l.Phrases {
			if !slices.Contains(list, ph) {
				list = append(list, ph)
			}
		}
	}
	return list
}

// phraseCounts says in how many of the newest messages each phrase stands.
func phraseCounts(phrases []string, messages []hearback.Message) []wordRow {
	var list []wordRow
	for _, ph := range text.Spare(phrases) {
		r := wordRow{Word: ph, Of: len(messages)}
		for _, m := range messages {
			if strings.Contains(strings.ToLower(m.Text), strings.ToLower(ph)) {
				r.N++
			}
		}
		if r.N == 0 {
			continue
		}
		r.Bar = meter("f-reach", 100*float64(r.N)/float64(max(r.Of, 1)), 0, 0)
		list = append(list, r)
	}
	slices.SortStableFunc(list, func(a, b wordRow) int { return b.N - a.N })
	return list[:min(8, len(list))]
}

// wordsThatGrew says how large the share of each phrase is among the newest
// messages, and what it was before; where there is too little to compare it
// counts them all, as phraseCounts does.
func wordsThatGrew(phrases []string, messages []hearback.Message, now time.Time) ([]wordRow, bool) {
	var lately, before []hearback.Message
	for _, m := range messages {
		if m.At.After(now.Add(-growthHours * time.Hour)) {
			lately = append(lately, m)
		} else {
			before = append(before, m)
		}
	}
	if len(lately) < growthLeast || len(before) < growthLeast {
		return phraseCounts(phrases, messages), false
	}
	share := func(ph string, list []hearback.Message) (n int) {
		for _, m := range list {
			if strings.Contains(strings.ToLower(m.Text), strings.ToLower(ph)) {
				n++
			}
		}
		return n
	}
	var rows []wordRow
	for _, ph := range text.Spare(phrases) {
		a, b := share(ph, lately), share(ph, before)
		if a+b == 0 {
			continue
		}
		r := wordRow{Word: ph, N: a, Of: len(lately), Now: float64(a) / float64(len(lately)), Before: float64(b) / float64(len(before))}
		r.Bar = meterTick("f-reach", 100*r.Now, 100*r.Before)
		rows = append(rows, r)
	}
	slices.SortStableFunc(rows, func(a, b wordRow) int { return cmp.Compare(b.Now-b.Before, a.Now-a.Before) })
	return rows[:min(8, len(rows))], true
}
