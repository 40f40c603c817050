package match

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"example.org/hearback"
	"example.org/hearback/internal/text"
)

// What is read of one query, so that none costs more than a long message.
const (
	maxQuery       = 16 << 10 // bytes
	maxQueryUnits  = 400      // words
	maxQueryPieces = 1500     // of the rarest
)

// The rarest words come first; after so many postings of one view the rest,
// which is common to many answers and says little, is left to the re-ranking.
const maxPostings = 200_000

// How many answers go on to be compared feature by feature.
const (
	maxLexical = 20 // of those that share most with the query
	maxCross   = 20 // of those in the other language that are most alike
	maxAlike   = 10 // of those in its own language that are most alike
	maxAll     = 32 // an index of so many compares them all
	maxScan    = 40 // by signature, and as many by gloss, to find these
)

// BM25 constants (Robertson, Zaragoza: The Probabilistic Relevance Framework,
// 2009, which recommends 1.2 to 2 and .5 to .8); the best of 16 pairs on the
// training part of claims-clef2020, by .004 of MAP@5.
const (
	k1 = 2
	b  = 0.5
)

// Before it holds many answers an index knows little about which words are
// common. The dictionaries know: what they say counts like that many answers.
// These three are set by judgement; the weights were learnt on top of them.
const (
	priorAnswers = 300
	priorIDF     = 7 // of a word that says all a word can
	priorNumber  = 4
)

// A query is a text as it is compared with answers.
type query struct {
	doc      text.Doc
	question bool
	han      bool
	units    []asked
	first    map[uint32]int32 // number of a word → where it stands first
	self     float32          // sum of the idf of its words, each once
	vector   []float32        // nil if none of its words has one
	bag      []weighted
	bagLen   float32
	numbers  map[uint32]bool
	sims     map[int32][]float32
	rows     [][]float32 // vector of each unit, nil if it has none
}

// An asked is a word of a query.
type asked struct {
	unit
	hash  uint64
	kind  text.TermKind
	text  string
	idf   float32
	says  float32 // what the dictionaries say, 0 to 1
	again bool    // stood before
	neg   bool    // negated
}

const unknown = ^uint32(0) // number of a word that no answer has

type scratch struct {
	score [views][]float32
}

type scratchPool struct{ sync.Pool }

func (p *scratchPool) take(n int) *scratch {
	s, _ := p.Get().(*scratch)
	if s == nil {
		s = &scratch{}
	}
	for i := range s.score {
		if cap(s.score[i]) < n {
			s.score[i] = make([]float32, n+n/4)
		}
		s.score[i] = s.score[i][:n]
		clear(s.score[i])
	}
	return s
}

func (ix *Index) idf(df int32) float32 {
	n := float64(len(ix.place))
	return float32(math.Log(1 + (n-float64(df)+.5)/(float64(df)+.5)))
}

// wordIDF is the idf of a word, leaning on the dictionaries while the index is
// small.
func (ix *Index) wordIDF(df int32, says float32, kind text.TermKind) float32 {
	n := float32(len(ix.place))
	prior := float32(priorIDF) * says
	if kind == text.Number {
		prior = priorNumber
	}
	return (n*ix.idf(df) + priorAnswers*prior) / (n + priorAnswers)
}

// says returns how much a word says, by the dictionaries.
func (ix *Index) says(kind text.TermKind, row int32) float32 {
	if row >= 0 {
		return ix.weight(row)
	}
	if kind == text.Char {
		return 0.5
	}
	return strangeSays
}

func (ix *Index) query(s, lang string) *query {
	q := &query{doc: ix.text.Analyze(clip(s, maxQuery), lang), first: map[uint32]int32{},
		numbers: map[uint32]bool{}, sims: map[int32][]float32{}}
	q.question = ix.text.Kind(s, &q.doc) == hearback.Question
	v := &ix.view[words]
	hans, others := 0, 0
	seen := map[uint64]bool{}
	var all, chinese float32
	x := make([]float32, ix.dim())
	ix.eachUnit(&q.doc, func(t *text.Term, row int32) {
		if len(q.units) == maxQueryUnits {
			return
		}
		a := asked{unit: unit{unknown, row}, hash: t.Hash, kind: t.Kind, text: t.Text, says: ix.says(t.Kind, row), again: seen[t.Hash]}
		seen[t.Hash] = true
		df := int32(0)
		if n, ok := v.ids[t.Hash]; ok {
			a.id = n
			df = v.terms[n].df
		}
		a.idf = ix.wordIDF(df, a.says, t.Kind)
		if t.Kind == text.Number {
			q.numbers[a.id] = true
		}
		isHan := t.Kind == text.Han || t.Kind == text.Char
		if isHan {
			hans++
		} else if t.Kind == text.Word {
			others++
		}
		if row >= 0 {
			w := ix.weight(row)
			ix.vec.Word(x, row, w)
			if all += w; isHan {
				chinese += w
			}
		}
		q.bag = ix.addEnglish(q.bag, t.Kind, t.Hash, row)
		if !a.again {
			q.self += a.idf
			if a.id != unknown {
				q.first[a.id] = int32(len(q.units))
			}
		}
		q.units = append(q.units, a)
	})
	q.han = hans > others
	if ix.vec.Centre(x, chinese/max(all, 1e-9)) {
		q.vector = x
	}
	q.bag = merge(q.bag)
	q.bagLen = length(q.bag)
	markNegated(len(q.units), func(i int) (string, float32) { return q.units[i].text, q.units[i].says }, func(i int) { q.units[i].neg = true })
	return q
}

// contentSays is what a word must say to be more than grammar.
const contentSays = 0.35

// A candidate is an answer that goes on to be compared feature by feature.
type candidate struct {
	place  uint32
	pieces float32 // BM25
}

// score adds the BM25 score of some features to dst, the rarest first, and
// returns what the query would get for itself.
func (ix *Index) score(view int, list []feature, dst []float32) (self float32) {
	v := &ix.view[view]
	slices.SortFunc(list, func(x, y feature) int {
		return cmp.Or(cmp.Compare(x.df, y.df), cmp.Compare(x.hash, y.hash))
	})
	avg := float32(v.total) / 4 / float32(max(len(ix.place), 1))
	var table [16][256]float32
	for tf := range table {
		for n := range table[tf] {
			f := float32(tf) / 4
			table[tf][n] = f * (k1 + 1) / (f + k1*(1-b+b*float32(n)/max(avg, 1)))
		}
	}
	budget := maxPostings
	for _, f := range list {
		self += f.idf
		if f.id == unknown {
			continue
		}
		postings := v.terms[f.id].list
		if budget -= len(postings); budget < 0 {
			self -= f.idf
			break
		}
		for _, p := range postings {
			dst[p>>4] += f.idf * table[p&15][v.length[p>>4]]
		}
	}
	return self
}

type feature struct {
	id   uint32
	hash uint64
	df   int32
	idf  float32
}

// candidates finds the answers that are worth comparing.
func (ix *Index) candidates(q *query) []candidate {
	s := ix.pool.take(len(ix.docs))
	defer ix.pool.Put(s)
	list := make([]feature, 0, 64)
	for i := range q.units {
		if u := &q.units[i]; !u.again {
			df := int32(0)
			if u.id != unknown {
				df = ix.view[words].terms[u.id].df
			}
			list = append(list, feature{u.id, u.hash, df, u.idf})
		}
	}
	selfW := ix.score(words, list, s.score[words])
	list = list[:0]
	pv := &ix.view[pieces]
	seen := map[uint64]bool{}
	eachPiece(q.doc.Norm, func(h uint64) {
		if seen[h] {
			return
		}
		seen[h] = true
		f := feature{id: unknown, hash: h}
		if n, ok := pv.ids[h]; ok {
			f.id, f.df = n, pv.terms[n].df
		}
		f.idf = ix.idf(f.df)
		list = append(list, f)
	})
	if len(list) > maxQueryPieces {
		slices.SortFunc(list, func(x, y feature) int {
			return cmp.Or(cmp.Compare(x.df, y.df), cmp.Compare(x.hash, y.hash))
		})
		list = list[:maxQueryPieces]
	}
	selfP := ix.score(pieces, list, s.score[pieces])
	selfW, selfP = 1/max(selfW, 1e-9), 1/max(selfP, 1e-9)

	lexical := maxLexical
	if len(ix.place) <= maxAll {
		lexical = maxAll
	}
	top := newBest(lexical, ix.docs)
	w, p := s.score[words], s.score[pieces]
	for i := range w {
		if score := w[i]*selfW + p[i]*selfP; (score > top.least || lexical == maxAll) && ix.marks[i].flags != 0 {
			top.add(uint32(i), score)
		}
	}
	places := top.places()
	places = append(places, ix.meaning(q, s)...)
	slices.Sort(places)
	places = slices.Compact(places)
	out := make([]candidate, len(places))
	for i, n := range places {
		out[i] = candidate{n, p[n]}
	}
	return out
}

// meaning finds the answers that are most alike in meaning, whatever words they
// use: some in the language of the query, more in the other.
func (ix *Index) meaning(q *query, s *scratch) []uint32 {
	if q.vector == nil && len(q.bag) == 0 {
		return nil
	}
	near, own := newBest(maxScan, ix.docs), newBest(maxScan, ix.docs)
	if q.vector != nil {
		sig := sign(q.vector)
		want, mine := uint8(alive|hasVec), uint8(alive|hasVec|isHan)
		if q.han {
			want, mine = mine, want
		}
		// Until both are full any will do; then only what comes close.
		for i := range ix.sigs {
			score := float32(256 - sig.apart(&ix.sigs[i]))
			if score < near.least && score < own.least {
				continue
			}
			switch f := ix.marks[i].flags; {
			case f == want && score > near.least:
				near.add(uint32(i), score)
			case f == mine && score > own.least:
				own.add(uint32(i), score)
			}
		}
	}
	// Through glosses: those of the answers if the query is English, its own
	// if it is Chinese.
	v := &ix.view[bridge]
	if q.han {
		v = &ix.view[words]
	}
	got := s.score[bridge]
	budget := maxPostings
	list := make([]feature, 0, len(q.bag))
	for _, w := range q.bag {
		if n, ok := v.ids[w.hash]; ok {
			list = append(list, feature{n, w.hash, v.terms[n].df, w.weight})
		}
	}
	slices.SortFunc(list, func(x, y feature) int {
		return cmp.Or(cmp.Compare(x.df, y.df), cmp.Compare(x.hash, y.hash))
	})
	for _, f := range list {
		postings := v.terms[f.id].list
		if budget -= len(postings); budget < 0 {
			break
		}
		for _, p := range postings {
			w := float32(p&15) / maxTF
			if q.han {
				w = 1 // times what the word says, which is in the weight of the gloss
			}
			got[p>>4] += f.idf * w
		}
	}
	gloss := newBest(maxScan, ix.docs)
	for i, g := range got {
		if g <= 0 {
			continue
		}
		if m := &ix.marks[i]; m.flags&alive != 0 && (m.flags&isHan != 0) != q.han {
			if score := g / max(m.bag, 1e-9); score > gloss.least {
				gloss.add(uint32(i), score)
			}
		}
	}
	top := newBest(maxAlike, ix.docs)
	for _, p := range own.places() { // what shares words with the query has been found by them
		if score := ix.cosine(q.vector, p); score > top.least {
			top.add(p, score)
		}
	}
	places := append(near.places(), gloss.places()...)
	slices.Sort(places)
	other := newBest(maxCross, ix.docs)
	for _, p := range slices.Compact(places) {
		if score := ix.alike(q, p); score > other.least {
			other.add(p, score)
		}
	}
	return append(top.places(), other.places()...)
}

// best keeps the n best answers; of equals those whose IDs come first.
type best struct {
	n     int
	docs  []doc
	list  []scored // a heap, the worst on top
	least float32  // what a score must exceed, or equal, to enter
}

type scored struct {
	place uint32
	score float32
}

func newBest(n int, docs []doc) *best {
	return &best{n: n, docs: docs, list: make([]scored, 0, n), least: math.SmallestNonzeroFloat32}
}

// worse reports whether x comes after y.
func (t *best) worse(x, y scored) bool {
	if x.score != y.score {
		return x.score < y.score
	}
	return older(t.docs[y.place].id, t.docs[x.place].id)
}

// older orders IDs that count up: the answer that was there first comes first.
// Numbers without leading zeros are ordered by their value, IDs of one length
// as text.
func older(x, y string) bool {
	if len(x) != len(y) {
		return len(x) < len(y)
	}
	return x < y
}

func (t *best) add(place uint32, score float32) {
	x := scored{place, score}
	if len(t.list) < t.n {
		t.list = append(t.list, x)
		for i := len(t.list) - 1; i > 0 && t.worse(t.list[i], t.list[(i-1)/2]); i = (i - 1) / 2 {
			t.list[i], t.list[(i-1)/2] = t.list[(i-1)/2], t.list[i]
		}
	} else if t.worse(t.list[0], x) {
		t.list[0] = x
		for i := 0; ; {
			k := 2*i + 1
			if k >= t.n {
				break
			}
			if k+1 < t.n && t.worse(t.list[k+1], t.list[k]) {
				k++
			}
			if !t.worse(t.list[k], t.list[i]) {
				break
			}
			t.list[i], t.list[k] = t.list[k], t.list[i]
			i = k
		}
	}
	if len(t.list) == t.n {
		t.least = math.Nextafter32(t.list[0].score, 0)
	}
}

func (t *best) places() []uint32 {
	out := make([]uint32, len(t.list))
	for i, x := range t.list {
		out[i] = x.place
	}
	return out
}
