package match

import (
	"cmp"
	"math"
	"slices"

	"example.org/hearback/internal/text"
)

// A reason is what the features weigh in one of the ways to be the answer
// asked for.
type reason struct {
	name     string
	weights  features
	constant float64
	// leastNear is of fNear, without which nothing is called the same: questions
	// about another matter of the same field reach .54 in their own language
	// and .5 across, by the words of the field.
	leastNear float32
}

// An answer in the language of the query may be it because of the words in
// common or because of the meaning, one in the other language because of the
// meaning. The weights were learnt together: as a choice among the candidates
// and "none of these", with and without the right answer in the index, on the
// training part of claims-clef2020, on half of questions-covidq, and on the
// pairs in testdata/more.tsv, with questions about banking and lines of a city
// hotline as queries that have no answer. They are those of the whole, not of
// any one of these. That of the rarest word was found afterwards, as what
// ranks the training part of claims-clef2020 best when it is added to the rest;
// the constant takes back what right answers get by it on average.
var (
	byWords   = reason{"words", features{fWords: 1.41, fRarest: 3.00, fPieces: 4.10, fNear: 8.08, fAlike: 1.47, fNumbers: 1.16, fLength: -1.31, fAnswers: -0.05}, -8.02, 0}
	byMeaning = reason{"meaning", features{fNear: 7.92, fAlike: 9.10, fAnswers: -3.82}, 9.70, 0.55}
	across    = reason{"meaning", features{fNear: 8.56, fAlike: 13.94, fAnswers: -1.20}, -1.62, 0.5}
)

// odds returns the logarithm of the odds that the answer is it for a reason.
func (r *reason) odds(f *features) float64 {
	sum := r.constant
	for k, v := range f {
		sum += float64(r.weights[k] * v)
	}
	return sum
}

// The thresholds of the score, which is the chance that an answer is the one
// asked for, rather than another candidate or none. At DefaultSame at most one
// in 200 queries without an answer is told that it has one; see quality_test.go.
const (
	DefaultSuggest = 0.30
	DefaultSame    = 0.92
)

// The decisions about a match.
const (
	Suggest = "suggest" // worth showing
	Same    = "same"    // probably the same question or claim
)

// A Match is an answer that may serve.
type Match struct {
	Answer   string
	Score    float64 // chance that this is the answer asked for, 0 to 1
	Decision string  // Same, Suggest, or "" below the threshold
	// Conflict says what keeps a match from being Same however likely it is:
	// "number" if query and answer each name one that the other lacks,
	// "negation" if one denies what the other says.
	Conflict string
	Reason   string    // what speaks for it most: "words" or "meaning"
	Features []Feature // what that reason consists of
	Met      []Meeting // the words that met, the weightiest first
	Shared   []string  // the same, as text
}

// A Feature is one part of a reason. The parts and a constant add up to the
// logarithm of the odds against "none of these".
type Feature struct {
	Name  string
	Value float64
	Part  float64
}

// A Meeting is a word of a query and one of an answer that speak for a match.
type Meeting struct {
	Query, Answer string
	How           string // "same", "gloss" (one explains the other) or "near" (their vectors are close)
	Weight        float64
}

// featureNames are what a match calls its features.
var featureNames = [nFeatures]string{"words", "rarest", "pieces", "near", "alike", "numbers", "length", "answers"}

// A hit is a candidate that has been compared.
type hit struct {
	candidate
	features
	reason   *reason // the strongest
	from, to int     // the wording that comes closest
	odds     float64 // logarithm of the odds against none
	score    float64
	copyOf   int // the best hit that says nearly the same, or itself
}

// Find returns the k best answers for a text, best first.
func (ix *Index) Find(s, lang string, k int) []Match {
	if ix.Len() == 0 || k <= 0 {
		return nil
	}
	q := ix.query(s, lang)
	hits := ix.rank(q)
	list := make([]Match, 0, min(k, len(hits)))
	for i := range hits[:min(k, len(hits))] {
		list = append(list, ix.match(q, &hits[i], i == 0))
	}
	return list
}

// rank compares the candidates with a query and orders them.
func (ix *Index) rank(q *query) []hit {
	found := ix.candidates(q)
	hits := make([]hit, len(found))
	for i, c := range found {
		h := &hits[i]
		h.candidate = c
		h.features, h.from, h.to = ix.compare(q, c)
		if ix.docs[c.place].han != q.han {
			h.reason, h.odds = &across, across.odds(&h.features)
		} else {
			x, y := byWords.odds(&h.features), byMeaning.odds(&h.features)
			if h.reason = &byWords; y > x {
				h.reason = &byMeaning
			}
			h.odds = max(x, y) + math.Log1p(math.Exp(-math.Abs(x-y)))
		}
	}
	order := func() {
		slices.SortFunc(hits, func(x, y hit) int {
			if x.odds != y.odds {
				return cmp.Compare(y.odds, x.odds)
			}
			return ix.older(x.place, y.place)
		})
	}
	order()
	// Answers to one and the same claim are as likely as the best of them, and
	// the first that was given leads: it is the one that others repeat.
	for i := range hits[:min(len(hits), maxCopies)] {
		for k := range i {
			if ix.sameClaim(hits[k].place, hits[i].place) {
				hits[i].odds = hits[k].odds
				break
			}
		}
	}
	order()
	ix.share(hits)
	slices.SortStableFunc(hits, func(x, y hit) int { return cmp.Compare(y.score, x.score) })
	return hits
}

func (ix *Index) older(x, y uint32) int {
	if older(ix.docs[x].id, ix.docs[y].id) {
		return -1
	}
	return 1
}

// maxCopies is how many of the best hits are looked at for copies of each
// other. Those further down have too small a share to take one away.
const maxCopies = 10

// share turns odds into chances that add up to at most one. Answers of one
// group, and those that say nearly the same, do not compete with each other.
func (ix *Index) share(hits []hit) {
	for i := range hits {
		h := &hits[i]
		h.copyOf = i
		for k := range min(i, maxCopies) {
			if hits[k].copyOf == k && (ix.docs[hits[k].place].group == ix.docs[h.place].group || i < maxCopies && (ix.sameClaim(hits[k].place, h.place) || ix.nearCopy(hits[k].place, h.place))) {
				h.copyOf = k
				break
			}
		}
	}
	total := 0.0 // of the best of each family
	for i := range hits {
		if hits[i].copyOf == i {
			total += math.Exp(min(hits[i].odds, maxOdds))
		}
	}
	for i := range hits {
		h := &hits[i]
		own := math.Exp(min(h.odds, maxOdds))
		others := total - math.Exp(min(hits[h.copyOf].odds, maxOdds))
		h.score = own / (1 + own + max(others, 0))
	}
}

// maxOdds keeps sums of odds finite and precise.
const maxOdds = 30

// sameClaim reports whether the claims of two answers are the same words in the
// same order, whatever signs stand between them.
func (ix *Index) sameClaim(x, y uint32) bool {
	a, b := &ix.docs[x], &ix.docs[y]
	return len(a.ends) > 0 && len(b.ends) > 0 && slices.Equal(a.units[:a.ends[0]], b.units[:b.ends[0]])
}

// copyShare is the share of all their words that near-copies have in common.
const copyShare = 0.8

// nearCopy reports whether two answers use nearly the same words.
func (ix *Index) nearCopy(x, y uint32) bool {
	a, b := ix.docs[x].units, ix.docs[y].units
	if len(a) > 2*len(b) || len(b) > 2*len(a) {
		return false
	}
	in := make(map[uint32]int, len(a)+len(b))
	for _, u := range a {
		in[u.id] |= 1
	}
	for _, u := range b {
		in[u.id] |= 2
	}
	both := 0
	for _, v := range in {
		if v == 3 {
			both++
		}
	}
	return float64(both) >= copyShare*float64(len(in))
}

// leastMet is how many words must have met that are more than grammar, or all
// of the answer's: one word in common is no ground to call two texts the same,
// however rare it is among the answers.
const leastMet = 2

// content counts the words that are more than grammar.
func (ix *Index) content(units []unit) (n int) {
	for _, u := range units {
		if ix.says(ix.view[words].terms[u.id].kind, u.row) >= contentSays {
			n++
		}
	}
	return n
}

// match says what is to be said about a hit.
func (ix *Index) match(q *query, h *hit, first bool) Match {
	d := &ix.docs[h.place]
	units := d.units[h.from:h.to]
	m := Match{Answer: d.id, Score: h.score, Reason: h.reason.name, Conflict: ix.conflict(q, units)}
	for k, v := range h.features {
		if w := h.reason.weights[k]; w != 0 {
			m.Features = append(m.Features, Feature{featureNames[k], float64(v), float64(w * v)})
		}
	}
	var content int
	m.Met, content = ix.met(q, units)
	for i := range m.Met { // as they stand in the texts
		x := &m.Met[i]
		x.Query = ix.text.Written(&q.doc, x.Query)
		x.Answer = ix.text.Written(&text.Doc{Lang: d.lang, Norm: d.norm}, x.Answer)
	}
	grounds := content >= min(leastMet, ix.content(units)) && h.features[fNear] >= h.reason.leastNear
	switch {
	case first && m.Score >= ix.opt.Same && m.Conflict == "" && grounds:
		m.Decision = Same
	case m.Score >= ix.opt.Suggest:
		m.Decision = Suggest
	}
	for _, x := range m.Met {
		if x.How == "same" {
			m.Shared = append(m.Shared, x.Query)
		} else {
			m.Shared = append(m.Shared, x.Query+" ~ "+x.Answer)
		}
	}
	return m
}

// maxMet is how many words a match shows.
const maxMet = 5

// nearEnough is the cosine above which two words are said to have met, as in
// package lexvec.
const nearEnough = 0.45

// met returns the words of a query and a wording that met, each word once, and
// how many of all that met are more than grammar.
func (ix *Index) met(q *query, units []unit) (out []Meeting, content int) {
	type pair struct {
		Meeting
		i int
		u uint32
	}
	var all []pair
	v := &ix.view[words]
	for _, u := range units {
		t := &v.terms[u.id]
		says := ix.says(t.kind, u.row)
		add := func(i int, how string, weight float64) {
			a := &q.units[i]
			all = append(all, pair{Meeting{a.text, t.text, how, weight * float64(a.idf) * float64(says)}, i, u.id})
		}
		if i, ok := q.first[u.id]; ok {
			add(int(i), "same", 1)
			continue
		}
		if u.row < 0 || says < contentSays || t.kind == text.Number {
			continue
		}
		for i, s := range ix.similar(q, u.row) {
			switch r := q.units[i].row; {
			case s < nearEnough:
			case ix.explains(r, u.row) || ix.explains(u.row, r):
				add(i, "gloss", float64(s))
			default:
				add(i, "near", float64(s))
			}
		}
	}
	slices.SortStableFunc(all, func(x, y pair) int {
		return cmp.Or(cmp.Compare(y.Weight, x.Weight), cmp.Compare(x.Query, y.Query), cmp.Compare(x.Answer, y.Answer))
	})
	seenQ, seenA := map[int]bool{}, map[uint32]bool{}
	for _, p := range all {
		if seenQ[p.i] || seenA[p.u] || p.Weight <= 0 {
			continue
		}
		seenQ[p.i], seenA[p.u] = true, true
		if q.units[p.i].says >= contentSays {
			content++
		}
		if len(out) < maxMet {
			out = append(out, p.Meeting)
		}
	}
	return out, content
}
