package cluster

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"iter"
	"math"
	"slices"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/text"
)

// Options tunes a [Grouper]. Zero values mean the defaults.
type Options struct {
	// NextID makes the ids of concerns.
	NextID func() hearback.ID
	Join   float64 // likeness from which a message joins a concern; default DefaultJoin
	Link   float64 // likeness from which concerns share a theme; default DefaultLink
}

// The thresholds, as cosines of tf-idf vectors.
const (
	DefaultJoin = 0.30
	DefaultLink = 0.14
	// ProposeMerge is the likeness of two concerns from which a merge is proposed.
	ProposeMerge = 0.5
)

const (
	maxTerms    = 64      // a concern keeps its strongest terms
	maxDocTerms = 200     // of one message
	maxPostings = 300     // a term that stands in more concerns finds none by itself
	maxScan     = 2000    // concerns that are looked at when all terms are common
	maxExact    = 12      // concerns whose likeness is computed exactly
	maxLive     = 30_000  // concerns in memory; beyond, the oldest small ones leave it
	maxDF       = 400_000 // terms whose commonness is remembered
	priorDocs   = 200     // messages that the guess about common words weighs
	fade        = 7 * 24 * time.Hour
	saveEvery   = 20_000 // messages between two records of the term statistics
)

// A Grouper groups messages. It is deterministic: the same messages in the same
// order give the same groups. One goroutine owns it; only Sign may be called
// by others at the same time.
type Grouper struct {
	o     Options
	stop  map[uint64]float64
	docs  float64
	logN  float64 // of docs with the prior
	df    map[uint64]uint32
	live  map[hearback.ID]*group
	index map[uint64][]int32 // term → slots of the concerns that hold it
	slots []*group
	free  []int32
	small []hearback.ID // concerns in the order they began, to find the oldest
	dirty map[hearback.ID]bool
	logs  [1 << 12]float64

	// Scratch of nearest: what each slot has in common with the message.
	common []float32
	hit    []int32
	since  int // messages since the term statistics were recorded

	copies copies
	merges map[hearback.ID][]hearback.ID // into → from, in order
	parent map[hearback.ID]hearback.ID   // from → into
}

// A group is one concern.
type group struct {
	id, theme hearback.ID
	slot      int32
	n         float64  // messages, without copies
	last      int64    // µs
	terms     []term   // by hash
	hashes    []uint64 // of terms, apart because they are searched for every message
	numbers   map[uint64]float64
	norm      float64
	normAt    float64 // n when norm was computed
	purity    float64 // mean likeness of what joined
	medoid    hearback.ID
	best      float64
	frozen    bool // merged into another: out of the index
}

// A term is one term of a concern, and how many of its messages hold it.
type term struct {
	hash uint64
	n    float64
	word string
	kind text.TermKind
}

// feature is a term of a message with its weight.
type feature struct {
	hash uint64
	w    float64 // in the vector of length one
	raw  float64 // before that: kind and idf
	word string
	kind text.TermKind
}

// New returns an empty Grouper.
func New(o Options) *Grouper {
	o.Join, o.Link = cmp.Or(o.Join, DefaultJoin), cmp.Or(o.Link, DefaultLink)
	g := &Grouper{o: o, stop: stopWords()}
	for i := range g.logs {
		g.logs[i] = math.Log(float64(i + 1))
	}
	g.Reset()
	return g
}

// Reset forgets everything, as before Load.
func (g *Grouper) Reset() {
	g.docs, g.logN, g.df = 0, math.Log(priorDocs+1), map[uint64]uint32{}
	g.live, g.index, g.dirty = map[hearback.ID]*group{}, map[uint64][]int32{}, map[hearback.ID]bool{}
	g.slots, g.free, g.small, g.common, g.hit = nil, nil, nil, nil, nil
	g.merges, g.parent = map[hearback.ID][]hearback.ID{}, map[hearback.ID]hearback.ID{}
	g.copies = newCopies()
	g.since = 0
}

// kindWeight says how much a view of the text counts. The views of Chinese
// overlap, so each counts less.
func kindWeight(k text.TermKind) float64 {
	switch k {
	case text.Word, text.Number:
		return 1
	case text.Han:
		return 0.8
	case text.Bigram:
		return 0.6
	}
	return 0
}

// features returns the terms of a message that carry it, each once, and its
// numbers.
func (g *Grouper) features(d *text.Doc) (list []feature, numbers []uint64) {
	list = make([]feature, 0, min(len(d.Terms), 2*maxDocTerms))
	for i := range d.Terms {
		t := &d.Terms[i]
		if kindWeight(t.Kind) > 0 {
			list = append(list, feature{hash: t.Hash, word: t.Text, kind: t.Kind})
			if len(list) == 2*maxDocTerms {
				break
			}
		}
	}
	// Sorted by hash, so that what follows does not hang on the order of words.
	slices.SortFunc(list, func(a, b feature) int { return cmp.Compare(a.hash, b.hash) })
	list = slices.CompactFunc(list, func(a, b feature) bool { return a.hash == b.hash })
	list = list[:min(len(list), maxDocTerms)]
	sum := 0.0
	for i := range list {
		f := &list[i]
		f.raw = kindWeight(f.kind) * g.idf(f.hash)
		sum += f.raw * f.raw
		if f.kind == text.Number {
			numbers = append(numbers, f.hash)
		}
	}
	if sum > 0 {
		n := 1 / math.Sqrt(sum)
		for i := range list {
			list[i].w = list[i].raw * n
		}
	}
	return list, numbers
}

// idf is ln((N+p+1)/(df+1)), with a prior p that knows the commonest words
// before the first message.
func (g *Grouper) idf(hash uint64) float64 {
	df := int(g.df[hash])
	if share, ok := g.stop[hash]; ok {
		df += int(share * priorDocs)
	}
	if df < len(g.logs) {
		return max(g.logN-g.logs[df], 0.01)
	}
	return max(g.logN-math.Log(float64(df+1)), 0.01)
}

// count adds a message to the term statistics.
func (g *Grouper) count(list []feature) {
	g.docs++
	g.logN = math.Log(g.docs + priorDocs + 1)
	for _, f := range list {
		g.df[f.hash]++
	}
	if len(g.df) > maxDF {
		for h, n := range g.df {
			if n <= 1 {
				delete(g.df, h)
			} else {
				g.df[h] = n / 2
			}
		}
		g.docs /= 2
		g.logN = math.Log(g.docs + priorDocs + 1)
	}
}

// Add groups a message, in the order of calling.
func (g *Grouper) Add(id hearback.ID, at time.Time, lang string, d *text.Doc, sig []byte) Assignment {
	now := at.UnixMicro()
	if c, like, ok := g.copies.find(sig, now); ok {
		// A copy is a copy whether or not its concern is still at hand.
		into := g.home(c.concern)
		a := Assignment{Concern: into, Theme: into, CopyOf: c.msg, Score: 1, Why: []Reason{{WhyCopy, c.msg.String(), like}}}
		if gr := g.live[into]; gr != nil {
			gr.last = max(gr.last, now)
			g.dirty[into] = true
			a.Theme = gr.theme
		}
		return a
	}
	list, numbers := g.features(d)
	g.since++
	best, next, apart := g.nearest(list, numbers, now)
	g.count(list)
	a := Assignment{}
	switch {
	case best.g != nil && best.like >= g.o.Join:
		a.Concern, a.Theme, a.Score = best.g.id, best.g.theme, best.like
		a.Why = g.shared(list, best.g)
		g.join(best.g, id, list, numbers, now, best.like)
	default:
		gr := &group{id: g.o.NextID(), last: now, numbers: map[uint64]float64{}, medoid: id, best: -1}
		gr.theme = gr.id
		if best.g != nil && best.like >= g.o.Link {
			gr.theme = best.g.theme
			a.Why = append(a.Why, Reason{WhyTheme, gr.theme.String(), best.like})
		}
		g.enter(gr)
		g.small = append(g.small, gr.id)
		g.join(gr, id, list, numbers, now, 1)
		a.Concern, a.Theme, a.New, a.Score = gr.id, gr.theme, true, 1
		next = best
	}
	if next.g != nil {
		a.Why = append(a.Why, Reason{WhyNearest, next.g.id.String(), next.like})
	}
	if apart != "" {
		a.Why = append(a.Why, Reason{WhyConflict, apart, 0})
	}
	g.copies.add(copied{id, a.Concern, now}, sig)
	return a
}

// enter gives a concern a slot in the index.
func (g *Grouper) enter(gr *group) {
	g.live[gr.id] = gr
	if n := len(g.free); n > 0 {
		gr.slot, g.free = g.free[n-1], g.free[:n-1]
		g.slots[gr.slot] = gr
		return
	}
	gr.slot = int32(len(g.slots))
	g.slots = append(g.slots, gr)
	g.common = append(g.common, 0)
}

// evict takes the oldest concerns of one or two messages out of memory, a
// tenth of all. Their states are stored; what would have joined them begins a
// new concern, which can be merged.
func (g *Grouper) evict() {
	goal := maxLive * 9 / 10
	keep := g.small[:0]
	for i, id := range g.small {
		gr := g.live[id]
		switch {
		case gr == nil:
		case len(g.live) <= goal:
			keep = append(keep, g.small[i])
		case gr.n > 2 || gr.frozen || len(g.merges[id]) > 0 || g.dirty[id]:
			keep = append(keep, id)
		default:
			for _, t := range gr.terms {
				g.unpost(t.hash, gr)
			}
			g.slots[gr.slot] = nil
			g.free = append(g.free, gr.slot)
			delete(g.live, id)
		}
	}
	g.small = keep
}

type candidate struct {
	g    *group
	like float64
}

// nearest returns the two concerns most like a message, and what kept the
// message from a concern that was more like it, if anything did.
func (g *Grouper) nearest(list []feature, numbers []uint64, now int64) (best, next candidate, apart string) {
	var held candidate
	for _, gr := range g.candidates(list) {
		like := g.likeness(list, gr)
		gap := time.Duration(max(0, now-gr.last)) * time.Microsecond
		like *= math.Exp(-float64(gap) / float64(fade))
		c := candidate{gr, like}
		if like >= g.o.Join && differ(numbers, gr) {
			if better(c, held) {
				held = c
			}
			continue
		}
		switch {
		case better(c, best):
			best, next = c, best
		case better(c, next):
			next = c
		}
	}
	if held.g != nil && better(held, best) {
		apart = "number"
	}
	return best, next, apart
}

// candidates returns the concerns that share the most with a message, by the
// terms that are not common.
func (g *Grouper) candidates(list []feature) []*group {
	hit := g.hit[:0]
	scan := func(f *feature, posts []int32) {
		for _, slot := range posts {
			if g.common[slot] == 0 {
				hit = append(hit, slot)
			}
			g.common[slot] += float32(f.w)
		}
	}
	rarest := -1
	for i := range list {
		posts := g.index[list[i].hash]
		if len(posts) == 0 {
			continue
		}
		if len(posts) <= maxPostings {
			scan(&list[i], posts)
		} else if rarest < 0 || len(posts) < len(g.index[list[rarest].hash]) {
			rarest = i
		}
	}
	if len(hit) == 0 && rarest >= 0 {
		posts := g.index[list[rarest].hash]
		scan(&list[rarest], posts[max(0, len(posts)-maxScan):])
	}
	// The best few, by what they share, then by age.
	var top []*group
	for _, slot := range hit {
		gr := g.slots[slot]
		if len(top) == maxExact && !g.before(gr, top[maxExact-1]) {
			continue
		}
		i, _ := slices.BinarySearchFunc(top, gr, func(a, b *group) int {
			if g.before(a, b) {
				return -1
			}
			return 1
		})
		if len(top) == maxExact {
			top = top[:maxExact-1]
		}
		top = slices.Insert(top, i, gr)
	}
	for _, slot := range hit {
		g.common[slot] = 0
	}
	g.hit = hit
	return top
}

func (g *Grouper) before(a, b *group) bool {
	if x, y := g.common[a.slot], g.common[b.slot]; x != y {
		return x > y
	}
	return a.id < b.id
}

// better orders candidates by likeness, then by age.
func better(a, b candidate) bool {
	if b.g == nil || a.like != b.like {
		return b.g == nil || a.like > b.like
	}
	return a.g.id < b.g.id
}

// differ reports whether a message names numbers and the concern nearly always
// names others: bus 14 is not bus 15.
func differ(numbers []uint64, gr *group) bool {
	if len(numbers) == 0 || gr.n < 1 {
		return false
	}
	most := 0.0
	for _, n := range gr.numbers {
		most = max(most, n)
	}
	if most < 0.6*gr.n {
		return false
	}
	for _, h := range numbers {
		if gr.numbers[h] > 0 {
			return false
		}
	}
	return true
}

// likeness is the cosine of a message and a concern.
func (g *Grouper) likeness(list []feature, gr *group) float64 {
	if gr.norm == 0 {
		return 0
	}
	dot := 0.0
	for _, f := range list {
		if i, ok := gr.find(f.hash); ok {
			dot += f.w * f.raw * gr.terms[i].n
		}
	}
	return dot / gr.n / gr.norm
}

// weight is how much a term counts in a concern.
func (g *Grouper) weight(t *term, gr *group) float64 {
	return kindWeight(t.kind) * t.n / gr.n * g.idf(t.hash)
}

func (gr *group) find(hash uint64) (int, bool) {
	lo, hi := 0, len(gr.hashes)
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); gr.hashes[mid] < hash {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo, lo < len(gr.hashes) && gr.hashes[lo] == hash
}

// join adds a message to a concern.
func (g *Grouper) join(gr *group, id hearback.ID, list []feature, numbers []uint64, now int64, like float64) {
	gr.n++
	gr.last = max(gr.last, now)
	gr.purity += (like - gr.purity) / gr.n
	if gr.n > 1 && like > gr.best {
		gr.best, gr.medoid = like, id
	}
	for _, h := range numbers {
		gr.numbers[h]++
	}
	if gr.terms == nil { // the features are sorted already
		gr.terms, gr.hashes = make([]term, len(list)), make([]uint64, len(list))
		for i, f := range list {
			gr.terms[i], gr.hashes[i] = term{f.hash, 1, f.word, f.kind}, f.hash
			g.index[f.hash] = append(g.index[f.hash], gr.slot)
		}
		list = nil
	}
	for _, f := range list {
		if i, ok := gr.find(f.hash); ok {
			gr.terms[i].n++
		} else {
			gr.terms = slices.Insert(gr.terms, i, term{f.hash, 1, f.word, f.kind})
			gr.hashes = slices.Insert(gr.hashes, i, f.hash)
			g.index[f.hash] = append(g.index[f.hash], gr.slot)
		}
	}
	if len(gr.terms) > 2*maxTerms {
		g.trim(gr)
		gr.normAt = 0
	}
	// The norm of a large concern hardly moves with one message.
	if gr.n >= 1.05*gr.normAt {
		g.renorm(gr)
	}
	g.dirty[gr.id] = true
}

func (g *Grouper) renorm(gr *group) {
	sum := 0.0
	for i := range gr.terms {
		w := g.weight(&gr.terms[i], gr)
		sum += w * w
	}
	gr.norm, gr.normAt = math.Sqrt(sum), gr.n
}

// trim keeps the strongest terms.
func (g *Grouper) trim(gr *group) {
	slices.SortFunc(gr.terms, func(a, b term) int {
		return cmp.Or(cmp.Compare(g.weight(&b, gr), g.weight(&a, gr)), cmp.Compare(a.hash, b.hash))
	})
	for _, t := range gr.terms[maxTerms:] {
		g.unpost(t.hash, gr)
	}
	gr.terms = slices.Clone(gr.terms[:maxTerms])
	slices.SortFunc(gr.terms, func(a, b term) int { return cmp.Compare(a.hash, b.hash) })
	gr.rehash()
	for h, n := range gr.numbers {
		if n < 0.05*gr.n {
			delete(gr.numbers, h)
		}
	}
}

// rehash makes hashes anew.
func (gr *group) rehash() {
	gr.hashes = make([]uint64, len(gr.terms))
	for i := range gr.terms {
		gr.hashes[i] = gr.terms[i].hash
	}
}

func (g *Grouper) unpost(hash uint64, gr *group) {
	list := g.index[hash]
	if i := slices.Index(list, gr.slot); i >= 0 {
		if list = slices.Delete(list, i, i+1); len(list) == 0 {
			delete(g.index, hash)
		} else {
			g.index[hash] = list
		}
	}
}

// shared says which terms a message shares with a concern, strongest first.
func (g *Grouper) shared(list []feature, gr *group) []Reason {
	var rs []Reason
	total := 0.0
	for _, f := range list {
		if i, ok := gr.find(f.hash); ok {
			if _, plain := g.stop[f.hash]; plain {
				continue
			}
			v := f.w * f.raw * gr.terms[i].n / gr.n
			rs = append(rs, Reason{WhyShared, f.word, v})
			total += v
		}
	}
	slices.SortStableFunc(rs, func(a, b Reason) int { return cmp.Compare(b.Value, a.Value) })
	rs = rs[:min(len(rs), 5)]
	for i := range rs {
		rs[i].Value /= max(total, 1e-9)
	}
	return rs
}

// home follows merges to the concern that a concern is now part of.
func (g *Grouper) home(id hearback.ID) hearback.ID {
	for range 64 {
		into, ok := g.parent[id]
		if !ok {
			break
		}
		id = into
	}
	return id
}

// Label names a concern: its strongest phrases, its most central message, and
// how alike its messages are, from 0 to 1.
func (g *Grouper) Label(id hearback.ID) (phrases []string, medoid hearback.ID, purity float64) {
	gr := g.live[id]
	if gr == nil {
		return nil, 0, 0
	}
	terms := slices.Clone(gr.terms)
	slices.SortFunc(terms, func(a, b term) int {
		return cmp.Or(cmp.Compare(g.weight(&b, gr), g.weight(&a, gr)), cmp.Compare(a.hash, b.hash))
	})
	for _, t := range terms {
		if len(phrases) == 5 {
			break
		}
		if t.kind == text.Bigram || t.kind == text.Number || len([]rune(t.word)) < 2 {
			continue
		}
		if _, common := g.stop[t.hash]; common {
			continue
		}
		phrases = append(phrases, t.word)
	}
	return phrases, gr.medoid, gr.purity
}

// A Near is a concern like another one.
type Near struct {
	Concern hearback.ID
	Score   float64
	Shared  []string
	Apart   []string
}

// Nearest returns the concerns most like one, best first.
func (g *Grouper) Nearest(id hearback.ID, k int) []Near {
	gr := g.live[id]
	if gr == nil || gr.frozen {
		return nil
	}
	self := make([]feature, 0, len(gr.terms))
	for i := range gr.terms {
		t := &gr.terms[i]
		raw := kindWeight(t.kind) * g.idf(t.hash)
		self = append(self, feature{t.hash, raw * t.n / gr.n / max(gr.norm, 1e-9), raw, t.word, t.kind})
	}
	var list []candidate
	for _, other := range g.candidates(self) {
		if other != gr {
			list = append(list, candidate{other, g.likeness(self, other)})
		}
	}
	slices.SortFunc(list, func(a, b candidate) int { return cmp.Or(cmp.Compare(b.like, a.like), cmp.Compare(a.g.id, b.g.id)) })
	var out []Near
	for _, c := range list[:min(k, len(list))] {
		n := Near{Concern: c.g.id, Score: c.like}
		for _, r := range g.shared(self, c.g) {
			n.Shared = append(n.Shared, r.Text)
		}
		for _, f := range self {
			if _, ok := c.g.find(f.hash); !ok && f.kind != text.Bigram && len(n.Apart) < 5 {
				n.Apart = append(n.Apart, f.word)
			}
		}
		out = append(out, n)
	}
	return out
}

// A Proposal is a merge that a person may decide on.
type Proposal struct {
	Into, From hearback.ID
	Score      float64
	Shared     []string
	Apart      []string
}

// Proposals returns the merges that seem right for the concerns given, best
// first.
func (g *Grouper) Proposals(ids []hearback.ID) []Proposal {
	var list []Proposal
	seen := map[[2]hearback.ID]bool{}
	for _, id := range ids {
		for _, n := range g.Nearest(id, 3) {
			into, from := min(id, n.Concern), max(id, n.Concern)
			if n.Score < ProposeMerge || seen[[2]hearback.ID{into, from}] {
				continue
			}
			seen[[2]hearback.ID{into, from}] = true
			list = append(list, Proposal{into, from, n.Score, n.Shared, n.Apart})
		}
	}
	slices.SortFunc(list, func(a, b Proposal) int { return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.From, b.From)) })
	return list
}

// Merge makes from a part of into: what would join it joins into.
func (g *Grouper) Merge(into, from hearback.ID) error {
	a, b := g.live[into], g.live[from]
	if a == nil || b == nil || a == b || a.frozen || b.frozen {
		return fmt.Errorf("%w: these concerns cannot be merged: one of them is closed or merged already", hearback.ErrRefused)
	}
	for i := range b.terms {
		g.unpost(b.terms[i].hash, b)
	}
	b.frozen = true
	g.add(a, b, 1)
	g.parent[from] = into
	g.merges[into] = append(g.merges[into], from)
	g.dirty[into], g.dirty[from] = true, true
	return nil
}

// add adds the counts of b to a, or takes them away if sign is -1.
func (g *Grouper) add(a, b *group, sign float64) {
	a.n = max(1, a.n+sign*b.n)
	a.last = max(a.last, b.last)
	for _, t := range b.terms {
		if i, ok := a.find(t.hash); ok {
			a.terms[i].n = max(0, a.terms[i].n+sign*t.n)
		} else if sign > 0 {
			a.terms = slices.Insert(a.terms, i, t)
			a.hashes = slices.Insert(a.hashes, i, t.hash)
			g.index[t.hash] = append(g.index[t.hash], a.slot)
		}
	}
	if sign < 0 {
		a.terms = slices.DeleteFunc(a.terms, func(t term) bool {
			if t.n <= 0 {
				g.unpost(t.hash, a)
			}
			return t.n <= 0
		})
		a.rehash()
	}
	for h, n := range b.numbers {
		if a.numbers[h] += sign * n; a.numbers[h] <= 0 {
			delete(a.numbers, h)
		}
	}
	if len(a.terms) > 2*maxTerms {
		g.trim(a)
	}
	g.renorm(a)
}

// Undo takes back the newest merge into a concern.
func (g *Grouper) Undo(into hearback.ID) error {
	list := g.merges[into]
	a := g.live[into]
	if len(list) == 0 || a == nil {
		return fmt.Errorf("%w: there is no merge to take back", hearback.ErrRefused)
	}
	from := list[len(list)-1]
	g.merges[into] = list[:len(list)-1]
	delete(g.parent, from)
	b := g.live[from]
	if b == nil {
		return fmt.Errorf("%w: the concern that was merged is closed", hearback.ErrRefused)
	}
	g.add(a, b, -1)
	b.frozen = false
	for i := range b.terms {
		g.index[b.terms[i].hash] = append(g.index[b.terms[i].hash], b.slot)
	}
	g.dirty[into], g.dirty[from] = true, true
	return nil
}

// Changed returns the states touched since it was last called, to be stored.
// Key 0 holds the term statistics, when they are due.
func (g *Grouper) Changed() map[hearback.ID][]byte {
	out := make(map[hearback.ID][]byte, len(g.dirty)+1)
	for id := range g.dirty {
		if gr := g.live[id]; gr != nil {
			out[id] = g.encode(gr)
		}
	}
	clear(g.dirty)
	if len(g.live) > maxLive {
		g.evict()
	}
	if g.since >= saveEvery || g.docs < saveEvery && g.since > 200 {
		g.since = 0
		out[0] = g.encodeStatistics()
	}
	return out
}

// The form of a stored state: a version byte, then numbers as varints and
// floats in 32 bits.
const stateVersion = 1

func (g *Grouper) encode(gr *group) []byte {
	b := make([]byte, 0, 24*len(gr.terms)+64)
	b = append(b, stateVersion, 0)
	if gr.frozen {
		b[1] = 1
	}
	b = binary.AppendVarint(b, int64(gr.theme))
	b = binary.AppendVarint(b, int64(g.parent[gr.id]))
	b = binary.AppendVarint(b, gr.last)
	b = binary.AppendVarint(b, int64(gr.medoid))
	b = float(b, gr.n)
	b = float(b, gr.purity)
	b = float(b, gr.best)
	b = binary.AppendUvarint(b, uint64(len(gr.terms)))
	for _, t := range gr.terms {
		b = binary.LittleEndian.AppendUint64(b, t.hash)
		b = float(b, t.n)
		b = append(b, byte(t.kind))
		b = binary.AppendUvarint(b, uint64(len(t.word)))
		b = append(b, t.word...)
	}
	b = binary.AppendUvarint(b, uint64(len(gr.numbers)))
	for _, h := range slices.Sorted(mapKeys(gr.numbers)) {
		b = binary.LittleEndian.AppendUint64(b, h)
		b = float(b, gr.numbers[h])
	}
	return b
}

func mapKeys[V any](m map[uint64]V) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func float(b []byte, f float64) []byte {
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
}

func (g *Grouper) encodeStatistics() []byte {
	b := []byte{stateVersion}
	b = float(b, g.docs)
	b = binary.AppendUvarint(b, uint64(len(g.df)))
	for _, h := range slices.Sorted(mapKeys(g.df)) {
		b = binary.LittleEndian.AppendUint64(b, h)
		b = binary.AppendUvarint(b, uint64(g.df[h]))
	}
	return b
}

// reader reads a stored state; bad is set when it ends too early.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.bad, r.b = true, nil
		return make([]byte, min(max(n, 0), 64))
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) u64() uint64    { return binary.LittleEndian.Uint64(r.take(8)) }
func (r *reader) float() float64 { return math.Float64frombits(r.u64()) }

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

// size reads a length that the rest can hold.
func (r *reader) size(each int) int {
	v := r.uvarint()
	if v > uint64(len(r.b)/each) || v > 1<<24 {
		r.bad, r.b = true, nil
		return 0
	}
	return int(v)
}

// Load reads states that Changed returned. It returns [hearback.ErrInvalid]
// for a state that cannot be read.
func (g *Grouper) Load(states iter.Seq2[hearback.ID, []byte]) error {
	for id, b := range states {
		if len(b) == 0 {
			continue
		}
		r := &reader{b: b}
		if r.take(1)[0] != stateVersion {
			return fmt.Errorf("%w: the stored grouping of concern %s has another version", hearback.ErrInvalid, id)
		}
		if id == 0 {
			g.docs = r.float()
			g.logN = math.Log(max(g.docs, 0) + priorDocs + 1)
			for range r.size(9) {
				h := r.u64()
				g.df[h] = uint32(r.uvarint())
			}
		} else {
			g.loadGroup(id, r)
		}
		if r.bad {
			return fmt.Errorf("%w: the stored grouping of concern %s is damaged", hearback.ErrInvalid, id)
		}
	}
	for _, gr := range g.live {
		g.renorm(gr)
	}
	return nil
}

func (g *Grouper) loadGroup(id hearback.ID, r *reader) {
	gr := &group{id: id, frozen: r.take(1)[0] == 1, theme: hearback.ID(r.varint()), numbers: map[uint64]float64{}}
	if into := hearback.ID(r.varint()); into != 0 {
		g.parent[id] = into
		g.merges[into] = append(g.merges[into], id)
	}
	gr.last, gr.medoid = r.varint(), hearback.ID(r.varint())
	gr.n, gr.purity, gr.best = r.float(), r.float(), r.float()
	g.enter(gr)
	g.small = append(g.small, id)
	for range r.size(18) {
		t := term{hash: r.u64(), n: r.float(), kind: text.TermKind(r.take(1)[0])}
		t.word = string(r.take(r.size(1)))
		gr.terms = append(gr.terms, t)
		if !gr.frozen && !r.bad {
			g.index[t.hash] = append(g.index[t.hash], gr.slot)
		}
	}
	gr.rehash()
	for range r.size(16) {
		h := r.u64()
		gr.numbers[h] = r.float()
	}
}
