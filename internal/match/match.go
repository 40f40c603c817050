// Package match finds published answers that a message or a concern may be
// asking for. It only ever proposes: a person decides, and nothing is answered
// by itself.
package match

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"example.org/hearback/internal/text"
)

// Options tunes an [Index]. Zero values mean the defaults.
type Options struct {
	Suggest float64 // score from which a match is worth showing; default DefaultSuggest
	Same    float64 // score from which it is probably the same; default DefaultSame
}

// The thresholds, as shares of the score that a claim gets against itself.
const (
	DefaultSuggest = 0.16
	DefaultSame    = 0.42
	// sameMargin is how much better than the next a match must be to be called
	// the same.
	sameMargin = 1.3
)

// BM25 constants (Robertson, Zaragoza: The Probabilistic Relevance Framework,
// 2009).
const (
	k1 = 1.2
	b  = 0.75
)

// The decisions about a match.
const (
	Suggest = "suggest" // worth showing
	Same    = "same"    // probably the same question or claim
)

// An Answer is what can be found: its claim, its title and other ways to put
// them.
type Answer struct {
	ID      string
	Claim   string
	Title   string
	Aliases []string
	Text    string
	Lang    string
}

// A Match is an answer that may serve.
type Match struct {
	Answer   string
	Score    float64 // 0 to about 1: share of what the query would score against itself
	Decision string  // Same, Suggest, or "" below the threshold
	Shared   []string
}

// An Index finds answers. Add and Find must not run at the same time.
type Index struct {
	text    *text.Analyzer
	opt     Options
	ids     []string
	views   [2]view
	replace map[string]int // id → its place in ids
}

// A view is one way to cut texts into features: words, or pieces of four
// characters, which forgive spelling and inflection.
type view struct {
	postings map[uint64][]posting
	length   []float64
	total    float64
}

type posting struct {
	doc int32
	tf  float32
}

// New returns an empty index.
func New(a *text.Analyzer, o Options) *Index {
	o.Suggest, o.Same = cmp.Or(o.Suggest, DefaultSuggest), cmp.Or(o.Same, DefaultSame)
	ix := &Index{text: a, opt: o, replace: map[string]int{}}
	for i := range ix.views {
		ix.views[i].postings = map[uint64][]posting{}
	}
	return ix
}

// Len returns how many answers the index holds.
func (ix *Index) Len() int { return len(ix.replace) }

// Add puts an answer into the index, in place of an earlier one with its ID.
func (ix *Index) Add(x Answer) {
	ix.Remove(x.ID)
	n := len(ix.ids)
	ix.ids = append(ix.ids, x.ID)
	ix.replace[x.ID] = n
	parts := append([]string{x.Claim, x.Title}, x.Aliases...)
	d := ix.text.Analyze(strings.Join(parts, "\n"), x.Lang)
	for i, feats := range features(&d) {
		v := &ix.views[i]
		sum := 0.0
		for f, tf := range feats {
			v.postings[f.hash] = append(v.postings[f.hash], posting{int32(n), float32(tf)})
			sum += tf
		}
		v.length = append(v.length, sum)
		v.total += sum
	}
}

// Remove takes an answer out of the index.
func (ix *Index) Remove(id string) {
	if n, ok := ix.replace[id]; ok {
		ix.ids[n] = ""
		delete(ix.replace, id)
	}
}

// feature is a term of one view. word is what it looks like, for explanations.
type feature struct {
	hash uint64
	word string
}

// features returns how often each feature of a document occurs, by view.
func features(d *text.Doc) [2]map[feature]float64 {
	words, grams := map[feature]float64{}, map[feature]float64{}
	for _, t := range d.Terms {
		if t.Kind == text.Char {
			continue
		}
		words[feature{t.Hash, t.Text}]++
	}
	// Pieces of the whole text, spaces included, so that they also tell which
	// words stand side by side.
	runes := []rune(" " + strings.Join(strings.Fields(d.Norm), " ") + " ")
	for i := 0; i+4 <= len(runes); i++ {
		g := string(runes[i : i+4])
		grams[feature{hash(g), g}]++
	}
	return [2]map[feature]float64{words, grams}
}

// hash is FNV-1a.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// Find returns the k best answers for a text, best first.
func (ix *Index) Find(s, lang string, k int) []Match {
	if ix.Len() == 0 || k <= 0 {
		return nil
	}
	d := ix.text.Analyze(s, lang)
	scores := map[int32]float64{} // share of the query's score against itself
	order := map[int32]float64{}  // each view against its best
	shared := map[int32][]weighted{}
	for i, feats := range features(&d) {
		v := &ix.views[i]
		got, self := map[int32]float64{}, 0.0
		n := float64(len(v.length))
		avg := v.total / max(n, 1)
		for f := range feats {
			list := v.postings[f.hash]
			idf := math.Log(1 + (n-float64(len(list))+.5)/(float64(len(list))+.5))
			self += idf
			for _, p := range list {
				if ix.ids[p.doc] == "" {
					continue
				}
				tf := float64(p.tf)
				w := idf * tf * (k1 + 1) / (tf + k1*(1-b+b*v.length[p.doc]/avg))
				got[p.doc] += w
				if i == 0 {
					shared[p.doc] = append(shared[p.doc], weighted{f.word, w})
				}
			}
		}
		top := 0.0
		for _, s := range got {
			top = max(top, s)
		}
		for doc, s := range got {
			scores[doc] += s / max(self, 1e-9) / 2
			order[doc] += s / max(top, 1e-9)
		}
	}
	list := make([]Match, 0, len(scores))
	docs := make([]int32, 0, len(scores))
	for doc := range scores {
		docs = append(docs, doc)
	}
	slices.SortFunc(docs, func(x, y int32) int {
		return cmp.Or(cmp.Compare(order[y], order[x]), cmp.Compare(x, y))
	})
	for i, doc := range docs[:min(k, len(docs))] {
		m := Match{Answer: ix.ids[doc], Score: scores[doc]}
		next := 0.0
		if i+1 < len(docs) {
			next = scores[docs[i+1]]
		}
		switch {
		case i == 0 && m.Score >= ix.opt.Same && m.Score >= sameMargin*next:
			m.Decision = Same
		case m.Score >= ix.opt.Suggest:
			m.Decision = Suggest
		}
		words := shared[doc]
		slices.SortFunc(words, func(x, y weighted) int {
			return cmp.Or(cmp.Compare(y.weight, x.weight), cmp.Compare(x.word, y.word))
		})
		for _, w := range words[:min(5, len(words))] {
			m.Shared = append(m.Shared, w.word)
		}
		list = append(list, m)
	}
	return list
}

type weighted struct {
	word   string
	weight float64
}
