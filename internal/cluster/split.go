package cluster

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/text"
	"example.org/hearback/internal/text/lexvec"
)

// A Cut is a split of a concern that a person may decide on: some of its
// newest messages, sorted into two.
type Cut struct {
	Why   string // one of the Cut constants: what the two differ in
	Score float64
	There []hearback.ID // the messages that would be a concern of their own
	Here  []hearback.ID // those that would stay
	// Words that tell the sides from each other, as people wrote them, and
	// those that both have.
	HereWords, ThereWords, Shared []string
}

// What the two sides of a cut differ in.
const (
	CutWords  = "words"
	CutNumber = "number"
	CutPlace  = "place"
	CutLang   = "language"
)

// The thresholds of a cut. TestCutQuality measures what they reach.
const (
	cutLeast    = 4    // messages of a side, and
	cutShare    = 0.2  // the share of all messages that a side is
	cutWithin   = 1.8  // each side is so many times more alike in itself than to the other
	cutRounds   = 12   // of assigning messages to sides
	cutWords    = 5    // words of a side that are shown
	cutFacet    = 0.75 // share of the messages that name a number or place
	cutMeanings = 0.25 // two languages at most so alike in meaning are two things: of 9,900 pairs of different concerns 99 in 100 are, of 100 pairs of the same concern 4
)

// MaxCut is how many messages Bisect looks at.
const MaxCut = 60

// point is a message as Bisect compares it.
type point struct {
	s     *Said
	words map[uint64]float32 // of length one
	vec   []float32          // of length one, or nil
}

// Bisect proposes to split a concern by some of its messages, or returns nil
// if they speak of one thing. It looks for two numbers or places of which
// each message names one, then for two languages that say different things,
// then for two sides whose words differ: spherical 2-means (Dhillon and Modha
// 2001) from the two messages that are least alike. The same messages give the
// same cut, in whatever order.
func Bisect(a *text.Analyzer, v *lexvec.Vectors, said []Said, rare map[uint64]float32) *Cut {
	said = slices.Clone(said)
	slices.SortFunc(said, func(x, y Said) int { return cmp.Compare(x.ID, y.ID) })
	said = said[max(0, len(said)-MaxCut):]
	points := make([]point, 0, len(said))
	for i := range said {
		if p := pointOf(v, &said[i], rare); len(p.words) > 0 {
			points = append(points, p)
		}
	}
	if len(points) < 2*cutLeast {
		return nil
	}
	side, why := byFacet(points)
	if side == nil {
		side, why = byLang(v, points), CutLang
	}
	var within, between float64
	if side == nil {
		side, why = byWords(points), CutWords
		if side == nil || byTongue(points, side) {
			return nil
		}
		if within, between = spread(points, side); within < cutWithin*between {
			return nil
		}
	} else {
		within, between = spread(points, side)
	}
	there := 0
	for _, s := range side {
		there += s
	}
	if least := max(cutLeast, int(math.Ceil(cutShare*float64(len(points))))); there < least || len(points)-there < least {
		return nil
	}
	// The smaller side leaves, or if they are equal that which began later.
	leaves := 1
	if 2*there > len(points) || 2*there == len(points) && side[0] == 1 {
		leaves = 0
	}
	c := &Cut{Why: why, Score: 1 - between/max(within, 1e-9)}
	var here, gone []*Said
	for i, p := range points {
		if side[i] == leaves {
			c.There, gone = append(c.There, p.s.ID), append(gone, p.s)
		} else {
			c.Here, here = append(c.Here, p.s.ID), append(here, p.s)
		}
	}
	c.HereWords, c.ThereWords, c.Shared = apart(a, here, gone, rare)
	return c
}

// pointOf weighs the words of a message.
func pointOf(v *lexvec.Vectors, s *Said, rare map[uint64]float32) point {
	p := point{s: s, words: map[uint64]float32{}}
	for i := range s.Pieces {
		x := &s.Pieces[i]
		if x.Kind == text.Char {
			continue
		}
		if w := rare[x.Hash]; w > 0 {
			p.words[x.Hash] = w
		}
	}
	normalise(p.words)
	if v != nil {
		vec := make([]float32, v.Dim())
		if v.Embed(&s.Doc, vec) {
			p.vec = vec
		}
	}
	return p
}

func normalise(words map[uint64]float32) {
	sum := 0.0
	for _, h := range sorted(words) {
		sum += float64(words[h]) * float64(words[h])
	}
	if sum == 0 {
		clear(words)
		return
	}
	for h := range words {
		words[h] /= float32(math.Sqrt(sum))
	}
}

// sorted returns the hashes in order, so that sums are the same every time.
func sorted(words map[uint64]float32) []uint64 {
	list := make([]uint64, 0, len(words))
	for h := range words {
		list = append(list, h)
	}
	slices.Sort(list)
	return list
}

// meant is how much the meaning of two messages counts beside their words.
const meant = 0.35

func (p *point) like(q *point) float64 {
	few, many := p.words, q.words
	if len(few) > len(many) {
		few, many = many, few
	}
	x := 0.0
	for _, h := range sorted(few) {
		x += float64(few[h]) * float64(many[h])
	}
	if p.vec != nil && q.vec != nil {
		x = (1-meant)*x + meant*max(0, lexvec.Cosine(p.vec, q.vec))
	}
	return x
}

// byWords sorts points into two by 2-means, or returns nil if they do not fall
// apart.
func byWords(points []point) []int {
	// The two least alike of those that are like anything at all: a message
	// that is like no other is a stray, and not half of a concern.
	n := len(points)
	likes := make([][]float64, n)
	total := make([]float64, n)
	for i := range points {
		likes[i] = make([]float64, n)
	}
	for i := range points {
		for j := range i {
			x := points[i].like(&points[j])
			likes[i][j], likes[j][i] = x, x
			total[i] += x
			total[j] += x
		}
	}
	first, second, least := -1, -1, math.Inf(1)
	for i := range points {
		for j := range i {
			// Far from each other, and near to others.
			if x := likes[i][j] - 0.5*(total[i]+total[j])/float64(n); x < least {
				first, second, least = j, i, x
			}
		}
	}
	if first < 0 {
		return nil
	}
	side := make([]int, n)
	for i := range points {
		if likes[i][second] > likes[i][first] {
			side[i] = 1
		}
	}
	side[first], side[second] = 0, 1
	for range cutRounds {
		// The mean likeness to the others of a side is that to its centroid.
		moved := false
		next := slices.Clone(side)
		for i := range points {
			var sum, count [2]float64
			for j := range points {
				if j != i {
					sum[side[j]] += likes[i][j]
					count[side[j]]++
				}
			}
			if count[0] == 0 || count[1] == 0 {
				return nil
			}
			next[i] = 0
			if sum[1]/count[1] > sum[0]/count[0] {
				next[i] = 1
			}
			moved = moved || next[i] != side[i]
		}
		side = next
		if !moved {
			break
		}
	}
	return side
}

// spread returns how alike messages of one side are, the less alike of the two
// sides, and how alike those of different sides.
func spread(points []point, side []int) (within, between float64) {
	var in, n [2]float64
	m := 0.0
	for i := range points {
		for j := range i {
			x := points[i].like(&points[j])
			if side[i] == side[j] {
				in[side[i]] += x
				n[side[i]]++
			} else {
				between += x
				m++
			}
		}
	}
	return min(in[0]/max(n[0], 1), in[1]/max(n[1], 1)), between / max(m, 1)
}

// byFacet sorts points by two numbers or two places of which nearly every
// message names one, and none both. Messages that name neither go with those
// they are more like.
func byFacet(points []point) ([]int, string) {
	for _, kind := range []byte{facetPlace, facetNumber} {
		names := make([]map[uint64]bool, len(points))
		count := map[uint64]int{}
		for i := range points {
			names[i] = map[uint64]bool{}
			list, _ := facets(&points[i].s.Doc)
			for _, f := range list {
				if f.kind == kind {
					names[i][f.hash] = true
					count[f.hash]++
				}
			}
		}
		var top []uint64
		for h := range count {
			top = append(top, h)
		}
		slices.SortFunc(top, func(a, b uint64) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b)) })
		if len(top) < 2 {
			continue
		}
		side, named, both := make([]int, len(points)), 0, 0
		var sure []int
		for i := range points {
			x, y := names[i][top[0]], names[i][top[1]]
			switch {
			case x && y:
				both++
			case x || y:
				named++
				sure = append(sure, i)
				if y {
					side[i] = 1
				}
			}
		}
		if both > 0 || float64(named) < cutFacet*float64(len(points)) {
			continue
		}
		known := map[int]bool{}
		for _, i := range sure {
			known[i] = true
		}
		for i := range points {
			if known[i] {
				continue
			}
			var sum, n [2]float64
			for _, j := range sure {
				sum[side[j]] += points[i].like(&points[j])
				n[side[j]]++
			}
			if sum[1]/max(n[1], 1) > sum[0]/max(n[0], 1) {
				side[i] = 1
			}
		}
		if kind == facetNumber {
			return side, CutNumber
		}
		return side, CutPlace
	}
	return nil, ""
}

// byLang sorts points into Chinese and other languages if the two say
// different things, and returns nil if not.
func byLang(v *lexvec.Vectors, points []point) []int {
	if v == nil {
		return nil
	}
	side := make([]int, len(points))
	var docs [2]text.Doc
	var n [2]int
	for i, p := range points {
		switch p.s.Doc.Lang {
		case "zh":
			side[i] = 1
		case "en", "und":
		default:
			return nil
		}
		n[side[i]]++
		docs[side[i]].Terms = append(docs[side[i]].Terms, p.s.Doc.Terms...)
	}
	if n[0] < cutLeast || n[1] < cutLeast {
		return nil
	}
	x, y := v.Sketch(&docs[0]), v.Sketch(&docs[1])
	if v.Similarity(&x, &y) > cutMeanings {
		return nil
	}
	return side
}

// byTongue reports whether two sides differ in their language: then they share
// no words, which says nothing of what they are about.
func byTongue(points []point, side []int) bool {
	share := map[string]*[2]float64{}
	var n [2]float64
	for i, p := range points {
		if p.s.Doc.Lang == "und" {
			continue
		}
		if share[p.s.Doc.Lang] == nil {
			share[p.s.Doc.Lang] = &[2]float64{}
		}
		share[p.s.Doc.Lang][side[i]]++
		n[side[i]]++
	}
	for _, x := range share {
		if math.Abs(x[0]/max(n[0], 1)-x[1]/max(n[1], 1)) > tongues {
			return true
		}
	}
	return false
}

// tongues is how much the shares of a language may differ between two sides.
const tongues = 0.6

// apart returns the words that most tell each side from the other, and those
// that both have.
func apart(a *text.Analyzer, here, there []*Said, rare map[uint64]float32) (h, t, shared []string) {
	x, y := count(a, here, rare), count(a, there, rare)
	share := func(g *gram, n int) float64 {
		if g == nil {
			return 0
		}
		return float64(g.n) / float64(n)
	}
	both := map[string]*gram{}
	for key, g := range x {
		other := y[key]
		p, q := share(g, len(here)), share(other, len(there))
		if p >= 0.3 && q >= 0.3 {
			both[key] = &gram{terms: g.terms, forms: g.forms, score: min(p, q) * g.score}
		}
		if p <= 2*q {
			delete(x, key)
		}
		if other != nil && q <= 2*p {
			delete(y, key)
		}
	}
	forms := func(grams map[string]*gram) (words []string) {
		for _, g := range strongest(grams, cutWords) {
			words = append(words, g.form())
		}
		return words
	}
	return forms(x), forms(y), forms(both)
}

// A Moved is a message that leaves a concern with a split.
type Moved struct {
	ID  hearback.ID
	Doc text.Doc
}

// Split begins a new concern with some messages of one, and returns its id. The
// centroid of the old one is left as it is, as with [Grouper.Merge]: what is
// like the new one finds it first, because it is nothing else. Taking a split
// back is merging the new concern into the old.
func (g *Grouper) Split(id hearback.ID, at time.Time, moved []Moved) (hearback.ID, error) {
	gr := g.live[id]
	if gr == nil || g.parent[id] != 0 {
		return 0, fmt.Errorf("%w: this concern cannot be split: it is closed or part of another", hearback.ErrRefused)
	}
	if len(moved) == 0 {
		return 0, fmt.Errorf("%w: the messages that would leave are gone", hearback.ErrRefused)
	}
	now := at.UnixMicro()
	th := gr.theme
	var part *group
	gone := map[hearback.ID]bool{}
	for i := range moved {
		m := g.read(&moved[i].Doc)
		if part == nil {
			part = g.begin(&m, now, th, nil, false)
		}
		g.join(part, th, moved[i].ID, &m, now, gr.best)
		gone[moved[i].ID] = true
	}
	g.follow(gone, part.id)
	g.dirty[id] = true
	return part.id, nil
}

// Return gives messages that left with a split back to the concern that they
// left, which the part was merged into.
func (g *Grouper) Return(id hearback.ID, messages []hearback.ID) {
	back := map[hearback.ID]bool{}
	for _, m := range messages {
		back[m] = true
	}
	g.follow(back, id)
}

// follow has later copies of messages go to a concern.
func (g *Grouper) follow(messages map[hearback.ID]bool, id hearback.ID) {
	for i := range g.copies.list {
		if x := &g.copies.list[i]; messages[x.msg] {
			x.concern = id
		}
	}
}
