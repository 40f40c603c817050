package match

import (
	"math"

	"example.org/hearback/internal/text"
)

// The features of a pair of query and answer, as they are weighed and shown.
const (
	fWords   = iota // idf of the words in common, in twenties
	fRarest         // idf of the rarest of them, in eights: a name in common says more than many words that are not rare
	fPieces         // BM25 of the pieces in common, in hundreds
	fNear           // how near each word of one has a word of the other, by its vector
	fAlike          // how alike both are as a whole: their vectors, and their English words or glosses
	fNumbers        // share of the answer's numbers that the query has; 0 if it has none
	fLength         // logarithm of the query's own idf: in a long text more is in common by chance
	fAnswers        // logarithm of the number of answers: among many, one is alike by chance
	nFeatures
)

type features [nFeatures]float32

// alike is how alike a query and an answer are in meaning.
func (ix *Index) alike(q *query, place uint32) float32 {
	m := float32(0)
	if q.vector != nil {
		m = ix.cosine(q.vector, place)
	}
	n := ix.marks[place].bag * q.bagLen
	if n == 0 {
		return m / 2
	}
	var scratch [128]weighted
	var s float32
	v := &ix.view[words]
	for _, u := range ix.docs[place].units {
		t := &v.terms[u.id]
		for _, w := range ix.addEnglish(scratch[:0], t.kind, t.hash, u.row) {
			s += w.weight * q.says(w.hash)
		}
	}
	return (m + s/n) / 2
}

func (q *query) says(hash uint64) float32 {
	lo, hi := 0, len(q.bag)
	for lo < hi {
		m := (lo + hi) / 2
		if q.bag[m].hash < hash {
			lo = m + 1
		} else {
			hi = m
		}
	}
	if lo < len(q.bag) && q.bag[lo].hash == hash {
		return q.bag[lo].weight
	}
	return 0
}

// glossed is the cosine of the English words of a query and of some words.
func (ix *Index) glossed(q *query, units []unit) float32 {
	var scratch [128]weighted
	bag := ix.english(scratch[:0], units)
	n := length(bag) * q.bagLen
	if n == 0 {
		return 0
	}
	var s float32
	for _, w := range bag {
		s += w.weight * q.says(w.hash)
	}
	return s / n
}

// compare fills in the features of a pair. It also returns the wording that
// comes closest, as a range of the answer's units.
func (ix *Index) compare(q *query, c candidate) (f features, from, to int) {
	d := &ix.docs[c.place]
	var meaning float32
	if q.vector != nil {
		meaning = max(ix.cosine(q.vector, c.place), 0)
	}
	seen := map[uint32]bool{}
	for _, u := range d.units {
		if i, ok := q.first[u.id]; ok && !seen[u.id] {
			seen[u.id] = true
			f[fWords] += q.units[i].idf / wordsScale
			f[fRarest] = max(f[fRarest], q.units[i].idf/rarestScale)
		}
	}
	for _, id := range d.body {
		if i, ok := q.first[id]; ok && !seen[id] {
			seen[id] = true
			f[fWords] += bodyShare * q.units[i].idf / wordsScale
		}
	}
	f[fPieces] = c.pieces / piecesScale
	f[fLength] = float32(math.Log1p(float64(q.self)))
	f[fAnswers] = float32(math.Log1p(float64(max(len(ix.place), leastAnswers))))
	best, begin := float32(-1), 0
	for _, end := range d.ends {
		units := d.units[begin:end]
		g := f
		g[fNear] = ix.near(q, units)
		g[fAlike] = (meaning + ix.glossed(q, units)) / 2
		g[fNumbers] = ix.numbers(q, units)
		if v := g[fNear] + g[fAlike] + g[fNumbers]/4; v > best {
			best, f, from, to = v, g, begin, int(end)
		}
		begin = int(end)
	}
	return f, from, to
}

// leastAnswers is the size of the smallest index that the weights were learnt
// on: what they say about fewer answers would be made up.
const leastAnswers = 40

// What makes sums of idf numbers of about one.
const (
	wordsScale  = 20
	rarestScale = 8
	piecesScale = 100
)

// bodyShare is what a word says that only the text of an answer has, which
// talks of much besides.
const bodyShare = 0.5

// numbers is the share of a wording's numbers that the query has.
func (ix *Index) numbers(q *query, units []unit) float32 {
	n, shared := 0, 0
	for _, u := range units {
		if ix.view[words].terms[u.id].kind == text.Number {
			if n++; q.numbers[u.id] {
				shared++
			}
		}
	}
	if n == 0 {
		return 0
	}
	return float32(shared) / float32(n)
}

// nearest is the cosine under which two words have nothing to do with each
// other.
const nearest = 0.2

// near is how near each word of one text has a word of the other: the mean
// over the words of each, by what they say, both ways.
func (ix *Index) near(q *query, units []unit) float32 {
	n := len(q.units)
	bestQ := make([]float32, n)
	var there, sayThere float32
	v := &ix.view[words]
	for _, u := range units {
		t := &v.terms[u.id]
		says := ix.says(t.kind, u.row)
		if says < contentSays {
			continue
		}
		var best float32
		if u.row < 0 {
			if i, ok := q.first[u.id]; ok {
				best = 1
				bestQ[i] = 1
			}
		} else {
			for i, s := range ix.similar(q, u.row) {
				best = max(best, s)
				bestQ[i] = max(bestQ[i], s)
			}
		}
		idf := ix.wordIDF(t.df, says, t.kind)
		there += idf * best
		sayThere += idf
	}
	var here, sayHere float32
	for i := range q.units {
		if u := &q.units[i]; u.says >= contentSays && !u.again {
			here += u.idf * bestQ[i]
			sayHere += u.idf
		}
	}
	if sayHere == 0 || sayThere == 0 {
		return 0
	}
	return float32(math.Sqrt(float64(here / sayHere * there / sayThere)))
}

// similar returns how near each word of the query is to the word of a row.
func (ix *Index) similar(q *query, row int32) []float32 {
	if s, ok := q.sims[row]; ok {
		return s
	}
	if q.rows == nil {
		q.rows = make([][]float32, len(q.units))
		for i := range q.units {
			if u := &q.units[i]; u.row >= 0 && u.says >= contentSays && !u.again {
				q.rows[i] = make([]float32, ix.dim())
				ix.vec.Word(q.rows[i], u.row, 1)
			}
		}
	}
	s := make([]float32, len(q.units))
	for i, x := range q.rows {
		if x == nil {
			continue
		}
		switch r := q.units[i].row; {
		case r == row:
			s[i] = 1
		case ix.explains(r, row), ix.explains(row, r):
			s[i] = 0.9
		default:
			if c := ix.vec.Near(x, row); c >= nearest {
				s[i] = c * 0.9
			}
		}
	}
	q.sims[row] = s
	return s
}

// negations turn what follows into its opposite.
var negations = map[string]bool{
	"not": true, "no": true, "never": true, "cannot": true, "without": true, "isnt": true, "arent": true, "wasnt": true,
	"werent": true, "dont": true, "doesnt": true, "didnt": true, "cant": true, "couldnt": true, "wont": true, "wouldnt": true,
	"hasnt": true, "havent": true, "shouldnt": true, "neither": true, "nor": true,
	"不": true, "没": true, "没有": true, "未": true, "别": true, "不能": true, "不会": true, "不是": true, "无法": true, "并非": true, "不要": true, "禁止": true,
}

// markNegated calls mark with the places of words that a negation stands
// before: the first three words after it that are more than grammar end it.
// Chinese asks by saying a thing and its negation (能不能), which negates
// nothing.
func markNegated(n int, word func(i int) (string, float32), mark func(i int)) {
	for i := range n {
		w, _ := word(i)
		if !negations[w] {
			continue
		}
		if i > 0 && i+1 < n {
			before, _ := word(i - 1)
			after, _ := word(i + 1)
			if before == after {
				continue
			}
		}
		for k := i + 1; k < min(n, i+4); k++ {
			if _, says := word(k); says >= contentSays {
				mark(k)
				break
			}
		}
	}
}

// conflict reports what keeps a query and a wording apart however alike they
// are: "number" if each names one that the other lacks, "negation" if one
// denies what the other says. A question does not say which it is.
func (ix *Index) conflict(q *query, units []unit) string {
	v := &ix.view[words]
	here := map[uint32]bool{}
	lacks := false
	for _, u := range units {
		if v.terms[u.id].kind == text.Number {
			here[u.id] = true
			lacks = lacks || !q.numbers[u.id]
		}
	}
	if lacks {
		for n := range q.numbers {
			if !here[n] {
				return "number"
			}
		}
	}
	if q.question {
		return ""
	}
	neg := map[uint32]bool{}
	markNegated(len(units), func(i int) (string, float32) {
		t := &v.terms[units[i].id]
		return t.text, ix.says(t.kind, units[i].row)
	}, func(i int) { neg[units[i].id] = true })
	for _, u := range units {
		i, ok := q.first[u.id]
		if ok && q.units[i].says >= contentSays && q.units[i].neg != neg[u.id] {
			return "negation"
		}
	}
	return ""
}
