package app

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"example.org/hearback"
	"example.org/hearback/internal/store"
	"example.org/hearback/internal/text"
)

// What makes a word new to a concern: it stands in a tenth of what was said
// lately and in three messages or more, and in at most a third of that share
// before. Five are enough to recognise a turn. (Proposed; not measured.)
const (
	wordShare   = 0.1
	wordLeast   = 3
	wordGrowth  = 3
	wordsAtMost = 5
	wordsBack   = 8 * 24 * time.Hour
	sayingsMax  = 2000
)

// explainWords adds to alerts about concerns the words that are new to them:
// those that grew against the week before the last day. A concern that is new
// itself is told by what it is about.
func (a *App) explainWords(ctx context.Context, to time.Time, concern map[hearback.ID]*hearback.Concern, alerts []hearback.Alert) error {
	if len(alerts) == 0 {
		return nil
	}
	parents, err := a.Store.Parents(ctx)
	if err != nil {
		return err
	}
	parts := map[hearback.ID][]hearback.ID{} // with itself
	for part, into := range parents {
		if concern[into] != nil {
			parts[into] = append(parts[into], part)
		}
	}
	// One walk through the messages of the week for all alerts of the hour.
	of, lately, before := map[hearback.ID]hearback.ID{}, map[hearback.ID][]store.Saying{}, map[hearback.ID][]store.Saying{}
	first := to
	for _, x := range alerts {
		c := concern[x.Concern]
		if c == nil || to.Sub(c.First) < 48*time.Hour {
			continue
		}
		for _, id := range append(parts[c.ID], c.ID) {
			of[id] = c.ID
		}
		if c.First.Before(first) {
			first = c.First
		}
	}
	if len(of) > 0 {
		day := to.Add(-24 * time.Hour)
		if back := to.Add(-wordsBack); first.Before(back) {
			first = back
		}
		for _, span := range []struct {
			from, to time.Time
			into     map[hearback.ID][]store.Saying
		}{{day, a.now().Add(time.Minute), lately}, {first, day, before}} {
			said, err := a.Store.Sayings(ctx, slices.Sorted(maps.Keys(of)), span.from, span.to, sayingsMax)
			if err != nil {
				return err
			}
			for _, s := range said {
				span.into[of[s.Concern]] = append(span.into[of[s.Concern]], s)
			}
		}
	}
	for i := range alerts {
		x := &alerts[i]
		switch c := concern[x.Concern]; {
		case c == nil:
		case to.Sub(c.First) < 48*time.Hour:
			x.Words = c.Phrases
		default:
			x.Words = a.newWords(lately[c.ID], before[c.ID])
		}
	}
	return nil
}

// newWords returns the words whose share grew most. Without something to
// compare with it returns none: everything would be new.
func (a *App) newWords(lately, before []store.Saying) []string {
	if len(before) < wordLeast {
		return nil
	}
	now, was := a.wordCounts(lately), a.wordCounts(before)
	type grown struct {
		word  string
		by    float64
		count int
	}
	var list []grown
	for w, n := range now {
		share := float64(n) / float64(len(lately))
		old := float64(was[w]) / float64(max(len(before), 1))
		if n >= wordLeast && share >= wordShare && share >= wordGrowth*old {
			list = append(list, grown{w, share / (old + 0.02), n})
		}
	}
	slices.SortFunc(list, func(x, y grown) int {
		return cmp.Or(cmp.Compare(y.by, x.by), cmp.Compare(len(y.word), len(x.word)), strings.Compare(x.word, y.word))
	})
	var words []string
	for _, g := range list {
		words = append(words, g.word)
	}
	words = text.Spare(words)
	return words[:min(len(words), wordsAtMost)]
}

// wordCounts says in how many messages each word stands: words as people wrote
// them, in lower case, dictionary words for Chinese, without those that say
// nothing by themselves.
func (a *App) wordCounts(said []store.Saying) map[string]int {
	count := map[string]int{}
	for _, s := range said {
		here := map[string]bool{}
		d := a.text.Analyze(s.Text, s.Lang)
		for _, p := range a.text.Pieces(&d) {
			if _, common := a.common[p.Hash]; !common && (p.Kind == text.Han || p.Kind == text.Word && len(p.Written) >= 3) {
				here[p.Written] = true
			}
		}
		for w := range here {
			count[w]++
		}
	}
	return count
}

// spoken puts words as most people wrote them in some messages in the place of
// the stems that they are compared by. What stands in none of them is left as
// it is, pairs of Chinese characters that are no words are left out.
func (a *App) spoken(stems []string, list []hearback.Message) []string {
	if len(stems) == 0 {
		return nil
	}
	forms := map[string]map[string]int{}
	for _, m := range list {
		d := a.text.Analyze(m.Text, m.Lang)
		for _, p := range a.text.Pieces(&d) {
			if p.Kind == text.Char || len(forms) == 2000 {
				continue
			}
			if forms[p.Text] == nil {
				forms[p.Text] = map[string]int{}
			}
			forms[p.Text][p.Written]++
		}
	}
	var words []string
	for _, stem := range stems {
		parts := strings.Split(stem, " = ") // two words of two languages that met
		stands := len(parts) > 1 || len(list) == 0 || !unicode.Is(unicode.Han, []rune(stem)[0])
		for i, part := range parts {
			most := 0
			for w, n := range forms[part] {
				if n > most || n == most && (len(w) < len(parts[i]) || len(w) == len(parts[i]) && w < parts[i]) {
					parts[i], most = w, n
				}
			}
			stands = stands || most > 0
		}
		if stands {
			words = append(words, strings.Join(parts, " = "))
		}
	}
	return words
}
