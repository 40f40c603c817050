package cluster

import (
	"math"

	"example.org/hearback/internal/text"
	"example.org/hearback/internal/text/lexvec"
)

// A feature is a term of a message, with its weight at each level.
type feature struct {
	term int32      // its number
	raw  [2]float32 // kind and idf
	w    [2]float32 // the same in a vector of length one
}

// said is a message as the grouping sees it.
type said struct {
	doc     *text.Doc
	list    []feature // each term once
	facets  []facet
	negated bool

	// See meantBy.
	read  bool
	meant lexvec.Sum
	known float64 // how much of it the vectors know, 0 to 1
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

// read makes of a text what the grouping compares. Each of its terms gets a
// number, so the message must be joined to a group next.
func (g *Grouper) read(d *text.Doc) said {
	g.reads++
	for _, t := range g.orphans {
		if p := &g.lexicon.list[t]; p.kind != 0 && p.n == [2]int32{} {
			g.lexicon.drop(t)
		}
	}
	g.orphans = g.orphans[:0]
	m := said{doc: d, list: g.scratch[:0], read: g.o.Vectors == nil}
	g.touched += g.lexicon.touch(d.Terms)
	covered := int32(-1)
	var sum [2]float32
	for i := range d.Terms {
		t := &d.Terms[i]
		switch t.Kind {
		case text.Han:
			covered = t.Pos + int32(len(t.Text)/3)
		case text.Char: // counts only where no word stands: 水, 电
			if t.Pos < covered {
				continue
			}
		case text.Bigram: // tells where words meet
			if t.Pos+2 <= covered {
				continue
			}
		}
		f := feature{term: g.lexicon.number(t.Hash, t.Text, t.Kind)}
		p := &g.lexicon.list[f.term]
		if p.mark == g.reads {
			continue
		}
		p.mark = g.reads
		for l := range f.raw {
			f.raw[l] = p.weight * g.idf(l, p)
			sum[l] += f.raw[l] * f.raw[l]
		}
		if m.list = append(m.list, f); len(m.list) == maxDocTerms {
			break
		}
	}
	g.scratch = m.list
	for l, s := range sum {
		if s > 0 {
			n := float32(1 / math.Sqrt(float64(s)))
			for i := range m.list {
				m.list[i].w[l] = m.list[i].raw[l] * n
			}
		}
	}
	m.facets, m.negated = facets(d)
	return m
}

// idf is ln((N+p)/(n+p·share)), where n of the N live concerns or themes hold
// the term, and p of them are imagined before the first message, in which
// common words stand with the share that the list of common words gives. It
// counts groups and not messages: a word that a thousand people use about one
// thing tells that thing from others.
func (g *Grouper) idf(lv int, p *posting) float32 {
	share := p.share
	if lv == concerns {
		share = 0 // how, when and who tell one question from another
	}
	return max(g.levels[lv].logN-g.log(int(p.n[lv])+1+int(share*prior)), 0.05)
}

// log is the logarithm of a count.
func (g *Grouper) log(n int) float32 {
	if n < len(g.logs) {
		return g.logs[n]
	}
	return float32(math.Log(float64(n)))
}
