package cluster

import (
	"cmp"
	"math"
	"slices"

	"example.org/hearback/internal/text"
)

// A feature is a term of a message, with its weight at each level.
type feature struct {
	hash uint64
	p    *posting // nil if no concern holds the term
	word string
	kind text.TermKind
	raw  [2]float32 // kind and idf
	w    [2]float32 // the same in a vector of length one
}

// said is a message as the grouping sees it.
type said struct {
	doc     *text.Doc
	list    []feature // each term once, by hash
	facets  []facet
	negated bool
	vec     []float32 // what it means, not normalised; nil if nothing is known
	known   float64   // how much of it the vectors know, 0 to 1
}

// key is the hash of a term and its place in the text.
type key struct {
	hash uint64
	at   int32
}

// kindWeight says how much a view of the text counts. The views of Chinese
// overlap, so each counts less.
func kindWeight(k text.TermKind) float32 {
	switch k {
	case text.Word, text.Number:
		return 1
	case text.Han:
		return 0.8
	case text.Bigram:
		return 0.6
	case text.Char:
		return 0.5
	}
	return 0
}

// read makes of a text what the grouping compares.
func (g *Grouper) read(d *text.Doc) said {
	keys := g.keys[:0]
	covered := int32(-1)
	for i := range d.Terms {
		t := &d.Terms[i]
		switch t.Kind {
		case text.Han:
			covered = t.Pos + int32(len(t.Text)/3)
		case text.Char: // counts only where no word stands: 水, 电
			if t.Pos < covered {
				continue
			}
		}
		keys = append(keys, key{t.Hash, int32(i)})
		if len(keys) == 2*maxDocTerms {
			break
		}
	}
	// By hash, so that what follows does not hang on the order of words.
	slices.SortFunc(keys, func(a, b key) int { return cmp.Compare(a.hash, b.hash) })
	keys = slices.CompactFunc(keys, func(a, b key) bool { return a.hash == b.hash })
	g.keys = keys
	m := said{doc: d, list: g.scratch[:0]}
	for _, k := range keys[:min(len(keys), maxDocTerms)] {
		t := &d.Terms[k.at]
		m.list = append(m.list, feature{hash: t.Hash, word: t.Text, kind: t.Kind})
	}
	g.scratch = m.list
	var sum [2]float32
	for i := range m.list {
		f := &m.list[i]
		f.p = g.index[f.hash]
		for l := range f.raw {
			f.raw[l] = kindWeight(f.kind) * g.idf(l, f.hash, f.p)
			sum[l] += f.raw[l] * f.raw[l]
		}
	}
	for l, s := range sum {
		if s > 0 {
			n := float32(1 / math.Sqrt(float64(s)))
			for i := range m.list {
				m.list[i].w[l] = m.list[i].raw[l] * n
			}
		}
	}
	m.facets, m.negated = facets(d)
	if g.o.Vectors != nil {
		m.vec = make([]float32, g.o.Vectors.Dim())
		if m.known = g.o.Vectors.Sum(d, m.vec); m.known == 0 {
			m.vec = nil
		}
	}
	return m
}

// idf is ln((N+p)/(n+p·share)), where n of the N live concerns or themes hold
// the term, and p of them are imagined before the first message, in which
// common words stand with the share that the list of common words gives. It
// counts groups and not messages: a word that a thousand people use about one
// thing tells that thing from others.
func (g *Grouper) idf(level int, hash uint64, p *posting) float32 {
	l := &g.levels[level]
	n, share := 0, float32(0)
	if p != nil {
		n, share = int(p.n[level]), p.share
	} else {
		share = g.stop[hash]
	}
	if level == concerns {
		share = 0 // how, when and who tell one question from another
	}
	return max(l.logN-g.log(n+1+int(share*prior)), 0.05)
}

// log is the logarithm of a count.
func (g *Grouper) log(n int) float32 {
	if n < len(g.logs) {
		return g.logs[n]
	}
	return float32(math.Log(float64(n)))
}
