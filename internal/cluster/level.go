package cluster

import (
	"math"
	"slices"
)

// The two levels of grouping.
const (
	concerns = iota
	themes
)

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

// A spot is what finding needs to know of a slot.
type spot struct {
	length float32 // by which what was found in common is divided
	common float32 // scratch: what it has in common with the message
}

// near is a slot, and how like a message its centroid is.
type near struct {
	slot int32
	like float32
}

// damping is the power of the share of a centroid's messages that hold a term:
// words of one message in ten still say what a group is about.
const damping = 0.6

// pow is a count to the power of damping.
func (g *Grouper) pow(n float32) float32 {
	if n < powers {
		return g.powers[int(n)]
	}
	return float32(math.Pow(float64(n), damping))
}

const powers = 4096

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
	l := &g.levels[lv]
	order := g.order[:0]
	for i, t := range c.terms { // see lexicon.touch
		if in := g.lexicon.list[t].in[lv]; c.held[i].at >= 0 {
			last := in[len(in)-1]
			order = append(order, uint64(last.slot)<<32|uint64(last.back))
			g.touched += in[c.held[i].at].back
		}
	}
	for _, x := range order {
		g.touched += l.slots[x>>32].held[uint32(x)].at
	}
	g.order = order
	for i := range c.terms {
		g.unpost(lv, c, i)
	}
	l.slots[c.slot] = nil
	l.free = append(l.free, c.slot)
	g.resize(lv, -1)
}

func (g *Grouper) resize(lv, by int) {
	l := &g.levels[lv]
	l.live += by
	l.logN = g.log(l.live + 1 + prior)
}

// hold adds a term that a centroid does not hold yet, with the number of its
// messages that do.
func (g *Grouper) hold(lv int, c *centroid, t int32, n float32) {
	p := &g.lexicon.list[t]
	p.n[lv]++
	h := held{n, -1}
	if len(p.in[lv]) < maxPosted {
		h.at = int32(len(p.in[lv]))
		p.in[lv] = append(p.in[lv], entry{c.slot, int32(len(c.terms)), g.pow(n)})
	}
	c.append(t, h)
}

// count sets in how many of its messages a centroid holds its i-th term.
func (g *Grouper) count(lv int, c *centroid, i int, n float32) {
	h := &c.held[i]
	h.n = n
	if h.at >= 0 {
		g.lexicon.list[c.terms[i]].in[lv][h.at].pow = g.pow(n)
	}
}

// unpost takes the i-th term of a centroid out of its posting. Another centroid
// moves to the place in the posting that becomes free.
func (g *Grouper) unpost(lv int, c *centroid, i int) {
	t, h := c.terms[i], &c.held[i]
	p := &g.lexicon.list[t]
	p.n[lv]--
	if h.at >= 0 {
		list := p.in[lv]
		last := len(list) - 1
		if moved := list[last]; int(h.at) < last {
			list[h.at] = moved
			g.levels[lv].slots[moved.slot].held[moved.back].at = h.at
		}
		p.in[lv] = list[:last]
		h.at = -1
	}
	if p.n == [2]int32{} {
		g.orphans = append(g.orphans, t)
	}
}

// take adds a message to a centroid.
func (g *Grouper) take(lv int, c *centroid, list []feature, now int64) {
	c.mass, c.at = g.massOf(lv, c)+1, g.seen
	c.last = max(c.last, now)
	c.n++
	if c.terms == nil {
		c.terms, c.held = make([]int32, 0, len(list)), make([]held, 0, len(list))
	}
	for k := range list {
		f := &list[k]
		n := float32(1)
		if i := c.find(f.term); i >= 0 {
			n += c.held[i].n
			g.count(lv, c, i, n)
		} else {
			g.hold(lv, c, f.term, 1)
		}
		w := float64(f.raw[lv])
		c.square += w * w * float64(g.pow(n)*g.pow(n)-g.pow(n-1)*g.pow(n-1))
	}
	g.settle(lv, c)
}

// settle trims a centroid and computes its length anew where that is due.
func (g *Grouper) settle(lv int, c *centroid) {
	if len(c.terms) > 2*g.levels[lv].keep {
		g.trim(lv, c)
		c.normAt = 0
	}
	// In the meantime words have become rarer or more common elsewhere.
	if c.n+2*c.left >= renorm*c.normAt {
		c.square, c.left = 0, 0
		for i := range c.terms {
			w := float64(g.weight(lv, c, i))
			c.square += w * w
		}
		c.normAt = c.n
	}
	g.levels[lv].at[c.slot].length = float32(1 / max(math.Sqrt(c.square), 1e-9))
}

// renorm is how many times the messages of which a length was computed may have
// come or gone before it is computed anew.
const renorm = 1.5

// weight is how much a centroid's i-th term counts in it, beside its others.
func (g *Grouper) weight(lv int, c *centroid, i int) float32 {
	p := &g.lexicon.list[c.terms[i]]
	return p.weight * g.pow(c.held[i].n) * g.idf(lv, p)
}

// trim keeps the terms that the most messages hold, and of those that equally
// many hold the newest.
func (g *Grouper) trim(lv int, c *centroid) {
	counts := make([]float32, len(c.terms))
	for i := range c.terms {
		counts[i] = c.held[i].n
	}
	slices.Sort(counts)
	drop := len(counts) - g.levels[lv].keep
	least := counts[drop]                          // that is kept
	below, _ := slices.BinarySearch(counts, least) // terms that fewer hold
	drop -= below                                  // of those that least hold, the oldest
	for i := range c.terms {
		h := &c.held[i]
		if weak := h.n < least; weak || h.n == least && drop > 0 {
			if !weak {
				drop--
			}
			g.unpost(lv, c, i)
			h.n = 0
		}
	}
	g.sweep(lv, c)
	if c.ofGroup != nil {
		c.ofGroup.read = false
	}
}

// sweep drops the terms that no message holds, which have been taken out of
// their postings.
func (g *Grouper) sweep(lv int, c *centroid) {
	n := 0
	for i, t := range c.terms {
		if c.held[i].n <= 0 {
			continue
		}
		if n < i {
			c.terms[n], c.held[n] = t, c.held[i]
			if at := c.held[i].at; at >= 0 {
				g.lexicon.list[t].in[lv][at].back = int32(n)
			}
		}
		n++
	}
	c.terms, c.held = c.terms[:n], c.held[:n]
	c.index()
}

// add adds the counts of b to a. Settling a is left to the caller.
func (g *Grouper) add(lv int, a, b *centroid) {
	a.n = max(1, a.n+b.n)
	a.mass += b.mass
	a.last = max(a.last, b.last)
	a.at = max(a.at, b.at)
	for j, t := range b.terms {
		if i := a.find(t); i >= 0 {
			g.count(lv, a, i, a.held[i].n+b.held[j].n)
		} else {
			g.hold(lv, a, t, b.held[j].n)
		}
	}
	a.normAt = 0
}

// subtract takes the counts of b, which were added to a message by message,
// away from a. Tidying a is left to the caller.
func (g *Grouper) subtract(lv int, a, b *centroid) {
	a.n = max(1, a.n-b.n)
	a.left += b.n
	a.mass = max(0, a.mass-b.mass)
	for j, t := range b.terms {
		i := a.find(t)
		if i < 0 {
			continue // trimmed
		}
		p, n := &g.lexicon.list[t], a.held[i].n
		less := max(0, n-b.held[j].n)
		w := float64(p.weight * g.idf(lv, p))
		a.square = max(0, a.square-w*w*float64(g.pow(n)*g.pow(n)-g.pow(less)*g.pow(less)))
		g.count(lv, a, i, less)
	}
}

// tidy drops the terms that no message of a centroid holds any more.
func (g *Grouper) tidy(lv int, c *centroid) {
	for i := range c.terms {
		if c.held[i].n <= 0 {
			g.unpost(lv, c, i)
		}
	}
	g.sweep(lv, c)
	g.settle(lv, c)
}

// massOf returns how many of the messages of late belong to a group.
func (g *Grouper) massOf(lv int, c *centroid) float32 {
	if c.mass == 0 {
		return 0
	}
	return c.mass * float32(math.Exp2(-float64(g.seen-c.at)/g.levels[lv].halfLife))
}

// candidates returns the few centroids that have most in common with a message
// in its rarest words, which make up most of it. What they have in common in
// the others finish adds, where atMost says that it may decide. What candidates
// returns is good until it is called again.
func (g *Grouper) candidates(lv int, list []feature) []near {
	l, terms := &g.levels[lv], g.lexicon.list
	l.hit = l.hit[:0]
	order := g.order[:0] // rarest first
	for i := range list {
		p := &terms[list[i].term]
		if n := p.n[lv]; n > 0 {
			order = append(order, uint64(n)<<32|uint64(i))
			if in := p.in[lv]; len(in) > 0 {
				g.touched += in[0].slot // see lexicon.touch
			}
		}
	}
	slices.Sort(order)
	g.order = order
	left := float32(1)
	for len(order) > 0 && (len(l.hit) == 0 || left > unscanned && order[0]>>32 <= maxPostings) {
		f := &list[uint32(order[0])]
		order = order[1:]
		left -= f.w[lv] * f.w[lv]
		w := f.w[lv] * f.raw[lv]
		for _, e := range terms[f.term].in[lv] {
			l.strike(e.slot, w*e.pow*l.at[e.slot].length)
		}
	}
	g.rest, g.most = order, 0
	for _, k := range order {
		f := &list[uint32(k)]
		g.most += f.w[lv] * f.raw[lv]
	}
	return l.best()
}

// atMost returns the most that finish can return for a candidate.
func (g *Grouper) atMost(lv int, x near) float32 {
	l := &g.levels[lv]
	return min(1, x.like+g.most*g.pow(l.slots[x.slot].n)*l.at[x.slot].length)
}

// finish returns how like a message a candidate of it is: the cosine of their
// words.
func (g *Grouper) finish(lv int, list []feature, x near) float32 {
	l := &g.levels[lv]
	c, sum := l.slots[x.slot], float32(0)
	for _, k := range g.rest {
		f := &list[uint32(k)]
		if j := c.find(f.term); j >= 0 {
			sum += f.w[lv] * f.raw[lv] * g.pow(c.held[j].n)
		}
	}
	return min(1, x.like+sum*l.at[x.slot].length)
}

func (l *level) strike(slot int32, w float32) {
	at := &l.at[slot]
	if at.common == 0 {
		l.hit = append(l.hit, slot)
	}
	at.common += w
}

// strikeAll strikes all that hold a term.
func (l *level) strikeAll(in []entry, w float32) {
	for i := range in {
		l.strike(in[i].slot, w)
	}
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
