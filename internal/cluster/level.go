package cluster

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"example.org/hearback"
	"example.org/hearback/internal/text"
)

// The two levels of grouping.
const (
	concerns = iota
	themes
)

// A posting is one term and the centroids that hold it.
type posting struct {
	hash   uint64
	word   string
	kind   text.TermKind
	weight float32    // of its kind
	share  float32    // of all messages that are assumed to hold the word
	n      [2]int32   // centroids that hold it, at each level
	in     [2][]entry // the first maxPosted of them
}

// An entry says that a centroid holds a term, in n of its messages.
type entry struct {
	slot int32
	n    float32
}

// maxPosted is how many centroids a term lists. A term that stands in more
// says too little to find one by.
const maxPosted = 2000

// A level holds the centroids of concerns or of themes.
type level struct {
	slots []*centroid
	free  []int32
	live  int
	logN  float32 // of live with the prior
	keep  int     // terms that a centroid keeps

	logGap   float64 // mean logarithm of the messages between two of one centroid
	halfLife float64 // messages in which the mass of a centroid halves

	at []spot // of each slot what scanning needs, side by side in memory

	// Scratch of candidates.
	hit []int32
	top []near
}

// A spot is what scanning needs to know of a slot.
type spot struct {
	size   float32 // messages
	length float32 // one by the length of the centroid
	common float32 // scratch: what it has in common with the message
}

// near is a slot, and how like a message its centroid is.
type near struct {
	slot int32
	like float32
}

// A centroid is what the messages of a group have in common.
type centroid struct {
	id     hearback.ID
	slot   int32
	n      float32  // messages, without copies
	hashes []uint64 // of terms, ascending
	terms  []term
	normAt float32 // n when the length was computed
	mass   float32 // messages, fading as others come
	at     int64   // count of messages when mass was last right
	last   int64   // µs
}

// A term of a centroid, and how many of its messages hold it.
type term struct {
	p  *posting
	n  float32
	at int32 // where it stands in the posting, or -1
}

func (c *centroid) find(hash uint64) (int, bool) {
	lo, hi := 0, len(c.hashes)
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); c.hashes[mid] < hash {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, lo < len(c.hashes) && c.hashes[lo] == hash
}

// damp raises the share of a centroid's messages that hold a term to 0.6:
// words of one message in ten still say what a group is about.
func (g *Grouper) damp(share float32) float32 {
	return g.powers[min(int(share*(powers-1)+0.5), powers-1)]
}

const powers = 1024

// enter gives a centroid a slot.
func (g *Grouper) enter(lv int, c *centroid) {
	l := &g.levels[lv]
	if n := len(l.free); n > 0 {
		c.slot, l.free = l.free[n-1], l.free[:n-1]
		l.slots[c.slot] = c
	} else {
		c.slot = int32(len(l.slots))
		l.slots = append(l.slots, c)
		l.at = append(l.at, spot{})
	}
	g.resize(lv, 1)
}

// leave takes a centroid out of the index.
func (g *Grouper) leave(lv int, c *centroid) {
	for i := range c.terms {
		g.unpost(lv, &c.terms[i], c.slot)
	}
	l := &g.levels[lv]
	l.slots[c.slot] = nil
	l.free = append(l.free, c.slot)
	g.resize(lv, -1)
}

func (g *Grouper) resize(lv, by int) {
	l := &g.levels[lv]
	l.live += by
	l.logN = g.log(l.live + 1 + prior)
}

// posting returns the posting of a term, made if need be.
func (g *Grouper) posting(hash uint64, word string, kind text.TermKind) *posting {
	p := g.index[hash]
	if p == nil {
		// word is part of a message, which must not be held on to.
		p = &posting{hash: hash, word: strings.Clone(word), kind: kind, weight: kindWeight(kind), share: g.stop[hash]}
		g.index[hash] = p
	}
	return p
}

// post notes that a centroid holds a term in n of its messages.
func (g *Grouper) post(lv int, p *posting, slot int32, n float32) term {
	t := term{p, n, -1}
	p.n[lv]++
	if len(p.in[lv]) < maxPosted {
		t.at = int32(len(p.in[lv]))
		p.in[lv] = append(p.in[lv], entry{slot, n})
	}
	if lv == concerns && p.kind == text.Han && g.o.Vectors != nil {
		for h := range g.o.Vectors.GlossesOf(p.hash) {
			if list := g.glossed[h]; len(list) < maxPostings {
				g.glossed[h] = append(list, slot)
			}
		}
	}
	return t
}

// count sets in how many of its messages a centroid holds a term.
func (t *term) count(lv int, n float32) {
	t.n = n
	if t.at >= 0 {
		t.p.in[lv][t.at].n = n
	}
}

// unpost takes back what post noted. Another centroid moves to the place in
// the posting that becomes free.
func (g *Grouper) unpost(lv int, t *term, slot int32) {
	p := t.p
	p.n[lv]--
	if t.at >= 0 {
		list := p.in[lv]
		last := len(list) - 1
		if moved := list[last]; int(t.at) < last {
			list[t.at] = moved
			c := g.levels[lv].slots[moved.slot]
			if i, ok := c.find(p.hash); ok {
				c.terms[i].at = t.at
			}
		}
		p.in[lv] = list[:last]
		t.at = -1
	}
	if p.n == [2]int32{} {
		delete(g.index, p.hash)
	}
	if lv == concerns && p.kind == text.Han && g.o.Vectors != nil {
		for h := range g.o.Vectors.GlossesOf(p.hash) {
			if list := without(g.glossed[h], slot); len(list) > 0 {
				g.glossed[h] = list
			} else {
				delete(g.glossed, h)
			}
		}
	}
}

func without(list []int32, slot int32) []int32 {
	if i := slices.Index(list, slot); i >= 0 {
		list[i] = list[len(list)-1]
		list = list[:len(list)-1]
	}
	return list
}

// take adds a message to a centroid.
func (g *Grouper) take(lv int, c *centroid, list []feature, now int64) {
	c.mass, c.at = g.massOf(lv, c)+1, g.seen
	c.last = max(c.last, now)
	c.n++
	if c.terms == nil { // the features are sorted already
		c.terms, c.hashes = make([]term, len(list)), make([]uint64, len(list))
		for i := range list {
			f := &list[i]
			f.p = g.posting(f.hash, f.word, f.kind)
			c.terms[i], c.hashes[i] = g.post(lv, f.p, c.slot, 1), f.hash
		}
	} else {
		for i := range list {
			f := &list[i]
			if j, ok := c.find(f.hash); ok {
				c.terms[j].count(lv, c.terms[j].n+1)
			} else {
				f.p = g.posting(f.hash, f.word, f.kind)
				c.terms = slices.Insert(c.terms, j, g.post(lv, f.p, c.slot, 1))
				c.hashes = slices.Insert(c.hashes, j, f.hash)
			}
		}
	}
	g.settle(lv, c)
}

// settle trims a centroid and computes its length anew where that is due.
func (g *Grouper) settle(lv int, c *centroid) {
	g.levels[lv].at[c.slot].size = c.n
	if len(c.terms) > 2*g.levels[lv].keep {
		g.trim(lv, c)
		c.normAt = 0
	}
	// The length of a large centroid hardly moves with one message.
	if c.n >= 1.05*c.normAt {
		g.renorm(lv, c)
	}
}

// weight is how much a term counts in a centroid.
func (g *Grouper) weight(lv int, t *term, n float32) float32 {
	return t.p.weight * g.damp(t.n/n) * g.idf(lv, t.p.hash, t.p)
}

func (g *Grouper) renorm(lv int, c *centroid) {
	sum := float32(0)
	for i := range c.terms {
		w := g.weight(lv, &c.terms[i], c.n)
		sum += w * w
	}
	g.levels[lv].at[c.slot].length, c.normAt = float32(1/max(math.Sqrt(float64(sum)), 1e-9)), c.n
}

// trim keeps the strongest terms.
func (g *Grouper) trim(lv int, c *centroid) {
	keep := g.levels[lv].keep
	order := make([]weighed, len(c.terms))
	for i := range c.terms {
		order[i] = weighed{i, g.weight(lv, &c.terms[i], c.n)}
	}
	slices.SortFunc(order, func(a, b weighed) int { return cmp.Or(cmp.Compare(b.w, a.w), cmp.Compare(a.i, b.i)) })
	weak := make([]bool, len(c.terms))
	for _, x := range order[keep:] {
		weak[x.i] = true
		g.unpost(lv, &c.terms[x.i], c.slot)
	}
	c.keep(func(i int) bool { return !weak[i] })
}

// weighed is the place of a term in a centroid, with its weight.
type weighed struct {
	i int
	w float32
}

// keep drops the terms for whose place f is false.
func (c *centroid) keep(f func(i int) bool) {
	n := 0
	for i := range c.terms {
		if f(i) {
			c.terms[n], c.hashes[n] = c.terms[i], c.hashes[i]
			n++
		}
	}
	clear(c.terms[n:])
	c.terms, c.hashes = c.terms[:n], c.hashes[:n]
}

// add adds the counts of b to a, or takes them away if sign is -1.
func (g *Grouper) add(lv int, a, b *centroid, sign float32) {
	a.n = max(1, a.n+sign*b.n)
	a.mass = max(0, a.mass+sign*b.mass)
	a.last = max(a.last, b.last)
	a.at = max(a.at, b.at)
	for _, t := range b.terms {
		if i, ok := a.find(t.p.hash); ok {
			a.terms[i].count(lv, max(0, a.terms[i].n+sign*t.n))
		} else if sign > 0 {
			// b may be out of the index, and its postings with it.
			p := g.posting(t.p.hash, t.p.word, t.p.kind)
			a.terms = slices.Insert(a.terms, i, g.post(lv, p, a.slot, t.n))
			a.hashes = slices.Insert(a.hashes, i, p.hash)
		}
	}
	if sign < 0 {
		for i := range a.terms {
			if a.terms[i].n <= 0 {
				g.unpost(lv, &a.terms[i], a.slot)
			}
		}
		a.keep(func(i int) bool { return a.terms[i].n > 0 })
	}
	a.normAt = 0
	g.settle(lv, a)
}

// massOf returns how many of the messages of late belong to a group.
func (g *Grouper) massOf(lv int, c *centroid) float32 {
	if c.mass == 0 {
		return 0
	}
	return c.mass * float32(math.Exp2(-float64(g.seen-c.at)/g.levels[lv].halfLife))
}

// candidates returns the few centroids most like a message, the likest first,
// and how like each is: the cosine. They are found by the message's rarest
// words, which make up most of it; the others only add to the likeness of what
// was found. What candidates returns is good until it is called again.
func (g *Grouper) candidates(lv int, list []feature) []near {
	l := &g.levels[lv]
	l.hit = l.hit[:0]
	order := g.order[:0]
	for i := range list {
		if f := &list[i]; f.p != nil && f.p.n[lv] > 0 {
			order = append(order, int32(i))
		}
	}
	slices.SortFunc(order, func(a, b int32) int {
		return cmp.Or(cmp.Compare(list[a].p.n[lv], list[b].p.n[lv]), cmp.Compare(a, b))
	})
	g.order = order
	left := float32(1)
	for len(order) > 0 && (len(l.hit) == 0 || left > unscanned && list[order[0]].p.n[lv] <= maxPostings) {
		f := &list[order[0]]
		order = order[1:]
		left -= f.w[lv] * f.w[lv]
		g.scan(lv, f)
	}
	top := l.best()
	for i := range top {
		x := &top[i]
		c := l.slots[x.slot]
		for _, k := range order {
			f := &list[k]
			if j, ok := c.find(f.hash); ok {
				x.like += f.w[lv] * f.raw[lv] * g.damp(c.terms[j].n/c.n) * l.at[x.slot].length
			}
		}
		x.like = min(x.like, 1)
	}
	return top
}

// scan adds what a term contributes to the cosine with every centroid that
// holds it.
func (g *Grouper) scan(lv int, f *feature) {
	l := &g.levels[lv]
	w := f.w[lv] * f.raw[lv]
	for _, e := range f.p.in[lv] {
		at := &l.at[e.slot]
		x := w * at.length
		if e.n != at.size { // most concerns are of one message
			x *= g.damp(e.n / at.size)
		}
		if at.common == 0 {
			l.hit = append(l.hit, e.slot)
		}
		at.common += x
	}
}

func (l *level) strike(slot int32, w float32) {
	at := &l.at[slot]
	if at.common == 0 {
		l.hit = append(l.hit, slot)
	}
	at.common += w
}

// best returns the few that were struck hardest, and clears the scratch.
func (l *level) best() []near {
	top := l.top[:0]
	for _, slot := range l.hit {
		x := near{slot, l.at[slot].common}
		l.at[slot].common = 0
		n := len(top)
		if n == maxExact {
			if x.like < top[n-1].like || x.like == top[n-1].like && l.slots[slot].id > l.slots[top[n-1].slot].id {
				continue
			}
			n--
		} else {
			top = append(top, near{})
		}
		for ; n > 0 && (x.like > top[n-1].like || x.like == top[n-1].like && l.slots[slot].id < l.slots[top[n-1].slot].id); n-- {
			top[n] = top[n-1]
		}
		top[n] = x
	}
	l.top = top
	return top
}
