package cluster

import (
	"cmp"
	"math"
	"slices"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/text"
	"example.org/hearback/internal/text/lexvec"
)

// Options tunes a [Grouper]. Zero values mean the defaults.
type Options struct {
	// NextID makes the ids of concerns.
	NextID func() hearback.ID
	// Vectors let messages meet that share few words, or none because one is
	// Chinese and the other English. Without them only words count.
	Vectors *lexvec.Vectors
	Join    float64 // likeness from which a message joins a concern; default DefaultJoin
	Link    float64 // likeness from which a message belongs to a theme; default DefaultLink
	Explain bool    // say why; see [Assignment]
}

// The thresholds. They and the constants below were chosen together on streams
// of tweets, news titles, public questions and bank questions, alone, mixed
// into one, and shuffled, so that no order of arrival is taken for granted.
const (
	DefaultJoin = 0.45
	DefaultLink = 0.10
	// joinAcross is the likeness in meaning (see [lexvec.Vectors.Similarity])
	// from which a message joins a concern in another language: among 14,000
	// Chinese and English messages that have nothing to do with each other, one
	// in a thousand does. From linkAcross on a link is proposed.
	joinAcross = 0.50
	linkAcross = 0.38
	// unplaced is the likeness that a message which fits no theme needs to join
	// a concern all the same.
	unplaced = 0.4
)

const (
	keepTerms   = 64  // a concern keeps the terms that most of its messages hold
	keepThemes  = 512 // and so does a theme
	maxDocTerms = 200 // of one message
	maxPostings = 200 // a term that stands in more centroids finds none by itself
	maxExact    = 4   // centroids that are looked at closely
	unscanned   = 0.1 // of a message's squared length, that finds no centroid by itself
	prior       = 500 // groups that the guess about common words weighs
	fade        = 7 * 24 * time.Hour
)

// How much the vectors set the cosine of words right: by half of how far their
// cosine is from that which two texts of the same likeness in words have.
const (
	meaning     = 0.5
	meaningMid  = 0.7
	enoughKnown = 0.5 // share of a message that the vectors must know to count in full
)

// pacing says what is of late at a level: a group that m of the late messages
// belong to is boost·m/(m+half) likelier to get the next one, and late is
// the last gaps messages of its own, or the last least messages of all.
type pacing struct{ boost, half, gaps, least float64 }

var pacings = [2]pacing{
	concerns: {boost: 1.2, half: 1, gaps: 1, least: 30},
	themes:   {boost: 2.5, half: 50, gaps: 8, least: 100},
}

// A Grouper groups messages. It is deterministic: the same messages in the same
// order give the same groups. One goroutine owns it; only Sign may be called
// by others at the same time.
type Grouper struct {
	o      Options
	logs   [1 << 14]float32
	powers [powers]float32

	lexicon lexicon
	reads   int64 // messages read
	levels  [2]level
	live    map[hearback.ID]*group
	themes  map[hearback.ID]*theme
	began   []*group // those of live in the order they began, to find the oldest
	dirty   map[hearback.ID]bool

	seen int64 // messages so far, without copies

	scratch []feature // of read
	order   []uint64  // of candidates
	rest    []uint64  // terms of a message that candidates did not look for, by place in its list
	most    float32   // that these can add to a likeness, before the length of the centroid
	touched int32     // see lexicon.touch
	orphans []int32   // terms that no centroid held when last looked at
	copies  copies
	merges  map[hearback.ID][]hearback.ID // into → from, in order
	parent  map[hearback.ID]hearback.ID   // from → into
}

// A group is one concern.
type group struct {
	centroid
	theme   *theme  // in which most of its messages are
	votes   int32   // how firmly it is in its theme
	facets  tally   // messages that hold each
	negated float32 // messages that deny something
	read    bool    // see meantIn
	meant   lexvec.Sum
	medoid  hearback.ID
	best    float64
}

// A theme is a family of concerns. Its id is that of the first of them. It is
// the sum of its concerns in memory and is stored nowhere.
type theme struct {
	centroid
	members int
	touched bool // scratch of forget
}

func newGroup(id hearback.ID) *group {
	gr := &group{centroid: centroid{id: id}}
	gr.ofGroup = gr
	return gr
}

func newTheme(id hearback.ID) *theme {
	th := &theme{centroid: centroid{id: id}}
	th.ofTheme = th
	return th
}

// New returns an empty Grouper.
func New(o Options) *Grouper {
	o.Join, o.Link = cmp.Or(o.Join, DefaultJoin), cmp.Or(o.Link, DefaultLink)
	g := &Grouper{o: o}
	for i := range g.logs {
		g.logs[i] = float32(math.Log(float64(i)))
	}
	for i := range g.powers {
		g.powers[i] = float32(math.Pow(float64(i), damping))
	}
	g.Reset()
	return g
}

// Reset forgets everything, as before Load.
func (g *Grouper) Reset() {
	g.lexicon, g.reads, g.orphans = newLexicon(g.o.Vectors), 0, nil
	g.live, g.themes, g.dirty = map[hearback.ID]*group{}, map[hearback.ID]*theme{}, map[hearback.ID]bool{}
	g.levels = [2]level{{keep: keepTerms}, {keep: keepThemes}}
	g.resize(concerns, 0)
	g.resize(themes, 0)
	g.began = nil
	g.merges, g.parent = map[hearback.ID][]hearback.ID{}, map[hearback.ID]hearback.ID{}
	g.copies = newCopies()
	g.seen = 0
	g.pace(concerns, 0)
	g.pace(themes, 0)
}

// pace learns how many messages lie between two of one group. What is of late
// is measured by that, so that it means the same in the stream of a small
// office and of a large one.
func (g *Grouper) pace(lv int, gap int64) {
	l := &g.levels[lv]
	if gap > 0 {
		l.logGap += 0.01 * (math.Log(float64(gap)) - l.logGap)
	}
	p := &pacings[lv]
	l.halfLife = max(p.least, p.gaps*math.Exp(l.logGap))
}

// Add groups a message, in the order of calling.
func (g *Grouper) Add(id hearback.ID, at time.Time, lang string, d *text.Doc, sig []byte) Assignment {
	now := at.UnixMicro()
	if c, like, ok := g.copies.find(sig, now); ok {
		return g.addCopy(c, like, now)
	}
	g.seen++
	m := g.read(d)
	th, near := g.nearestTheme(&m, now)
	best, next, held := g.nearest(&m, now)
	a := Assignment{}
	var gr *group
	if best.g != nil && best.like >= g.o.Join && (th != nil || best.like >= unplaced) {
		gr = best.g
		a.Score = min(best.like, 1)
		if g.o.Explain {
			a.Why = g.shared(m.list, gr)
		}
	} else if x, met, how := g.across(&m); how >= joinAcross {
		gr, a.Score, a.Why, next = x, how, met, best
	} else {
		gr = g.begin(&m, now, th, x, how >= linkAcross)
		a.New, a.Score, next = true, 1, best
		if how >= linkAcross {
			a.Why = append(met, Reason{WhyLink, g.home(x.id).String(), how})
		}
		if g.o.Explain && th != nil {
			a.Why = append(a.Why, Reason{WhyTheme, th.id.String(), min(near, 1)})
		}
	}
	if th == nil {
		th = gr.theme
	}
	g.join(gr, th, id, &m, now, a.Score)
	a.Concern, a.Theme = g.home(gr.id), th.id
	if g.o.Explain && next.g != nil {
		a.Why = append(a.Why, Reason{WhyNearest, g.home(next.g.id).String(), next.like})
	}
	if g.o.Explain && held != "" {
		a.Why = append(a.Why, Reason{WhyConflict, held, 0})
	}
	g.copies.add(copied{id, a.Concern, now}, sig)
	return a
}

// addCopy assigns a copy to the concern of what it repeats, whether or not
// that is still at hand. A copy moves no centroid: saying the same thing a
// thousand times does not change what a concern is about.
func (g *Grouper) addCopy(c copied, like float64, now int64) Assignment {
	into := g.home(c.concern)
	a := Assignment{Concern: into, Theme: into, CopyOf: c.msg, Score: 1, Why: []Reason{{WhyCopy, c.msg.String(), like}}}
	if gr := g.live[into]; gr != nil {
		gr.last = max(gr.last, now)
		g.dirty[into] = true
		a.Theme = gr.theme.id
	}
	return a
}

// begin makes a new concern for a message, in the theme that is most like the
// message, or in that of a concern of another language that it is linked to.
func (g *Grouper) begin(m *said, now int64, th *theme, linked *group, link bool) *group {
	gr := newGroup(g.o.NextID())
	gr.last, gr.best = now, -1
	if th != nil {
		gr.theme = th
	} else if link {
		gr.theme = linked.theme
	} else {
		gr.theme = newTheme(gr.id)
		gr.theme.last = now
		g.themes[gr.id] = gr.theme
		g.enter(themes, &gr.theme.centroid)
	}
	gr.theme.members++
	g.live[gr.id] = gr
	g.enter(concerns, &gr.centroid)
	g.began = append(g.began, gr)
	return gr
}

// join adds a message to a concern and its theme.
func (g *Grouper) join(gr *group, th *theme, id hearback.ID, m *said, now int64, like float64) {
	if gr.n > 0 {
		g.pace(concerns, g.seen-gr.at)
	}
	if th.n > 0 {
		g.pace(themes, g.seen-th.at)
	}
	g.take(concerns, &gr.centroid, m.list, now)
	g.take(themes, &th.centroid, m.list, now)
	g.settleTheme(gr, th)
	if gr.medoid == 0 || gr.n > 1 && like > gr.best {
		gr.medoid = id
		if gr.n > 1 {
			gr.best = like
		}
	}
	for _, f := range m.facets {
		*gr.facets.at(f)++
	}
	if len(gr.facets) > 256 {
		gr.facets = slices.DeleteFunc(gr.facets, func(x tallied) bool { return x.n < 0.05*gr.n })
	}
	if m.negated {
		gr.negated++
	}
	g.mean(gr, m)
	g.dirty[gr.id] = true
}

// settleTheme moves a concern to the theme that most of its messages are in
// (Boyer and Moore's majority vote, 1981).
func (g *Grouper) settleTheme(gr *group, th *theme) {
	switch {
	case gr.theme == th:
		gr.votes++
	case gr.votes > 0:
		gr.votes--
	default:
		g.quit(gr)
		gr.theme = th
		th.members++
		gr.votes = 1
	}
}

// quit takes a concern out of its theme, and the theme out of memory if that
// was the last.
func (g *Grouper) quit(gr *group) {
	th := gr.theme
	if th.members--; th.members == 0 {
		g.leave(themes, &th.centroid)
		delete(g.themes, th.id)
	}
}

// concern returns the concern in a slot.
func (g *Grouper) concern(slot int32) *group { return g.levels[concerns].slots[slot].ofGroup }

// A candidate is a concern, and how like a message it is.
type candidate struct {
	g    *group
	like float64
}

// better orders candidates by likeness, then by age.
func better(a, b candidate) bool {
	if b.g == nil || a.like != b.like {
		return b.g == nil || a.like > b.like
	}
	return a.g.id < b.g.id
}

// nearest returns the two concerns most like a message, and what kept the
// message from a concern that was more like it, if anything did.
func (g *Grouper) nearest(m *said, now int64) (best, next candidate, held string) {
	var barred candidate
	var far *near // the first that cannot be joined
	top := g.candidates(concerns, m.list)
	for i := range top {
		gr := g.concern(top[i].slot)
		lively := g.lively(concerns, &gr.centroid, now)
		most := (float64(g.atMost(concerns, top[i])) + agreement) * lively
		if most < g.o.Join {
			if far == nil {
				far = &top[i]
			}
			continue
		}
		if !g.o.Explain && most < best.like { // only an explanation names the second
			continue
		}
		x := candidate{gr, g.likeness(m, gr, top[i], lively)}
		if x.like >= g.o.Join {
			if why := g.differ(m, gr, x.like); why != "" {
				if better(x, barred) {
					barred, held = x, why
				}
				continue
			}
		}
		switch {
		case better(x, best):
			best, next = x, best
		case better(x, next):
			next = x
		}
	}
	if barred.g == nil || !better(barred, best) {
		held = ""
	}
	if g.o.Explain && far != nil { // it is worth a word if nothing is nearer
		gr := g.concern(far.slot)
		switch x := (candidate{gr, g.likeness(m, gr, *far, g.lively(concerns, &gr.centroid, now))}); {
		case best.g == nil:
			best = x
		case next.g == nil:
			next = x
		}
	}
	return best, next, held
}

// likeness is how like a concern a message is: the cosine of their words, set
// right by the cosine of what the words mean as far as that is known, more for
// a concern that is talked about of late, less for one that fell silent.
func (g *Grouper) likeness(m *said, gr *group, c near, lively float64) float64 {
	like := float64(g.finish(concerns, m.list, c))
	if (like+agreement)*lively >= g.o.Join {
		like += g.agree(m, gr)
	}
	return like * lively
}

// lively is the factor for how much a group is talked about of late.
func (g *Grouper) lively(lv int, c *centroid, now int64) float64 {
	mass := float64(g.massOf(lv, c))
	f := 1 + pacings[lv].boost*mass/(mass+pacings[lv].half)
	if gap := now - c.last; gap > 0 {
		f *= math.Exp(-float64(gap) / float64(fade.Microseconds()))
	}
	return f
}

// nearestTheme returns the theme that a message belongs to, or nil.
func (g *Grouper) nearestTheme(m *said, now int64) (*theme, float64) {
	var best *centroid
	top := 0.0
	for _, x := range g.candidates(themes, m.list) {
		c := g.levels[themes].slots[x.slot]
		lively := g.lively(themes, c, now)
		if float64(g.atMost(themes, x))*lively < max(top, g.o.Link) {
			continue
		}
		like := float64(g.finish(themes, m.list, x)) * lively
		if like > top || like == top && best != nil && c.id < best.id {
			best, top = c, like
		}
	}
	if top < g.o.Link {
		return nil, 0
	}
	return best.ofTheme, top
}

// differ names what a message and a concern that are alike differ in, or
// returns "": the number or the place that the concern nearly always names, or
// that one says a thing and the other denies it in nearly the same words.
func (g *Grouper) differ(m *said, gr *group, like float64) string {
	for _, kind := range []byte{facetNumber, facetPlace} {
		most, named, met := float32(0), false, false
		for _, x := range gr.facets {
			if x.kind == kind {
				most = max(most, x.n)
			}
		}
		if most < 0.6*gr.n {
			continue
		}
		for _, f := range m.facets {
			if f.kind == kind {
				named = true
				met = met || gr.facets.of(f) > 0
			}
		}
		if named && !met {
			return conflict(kind)
		}
	}
	if share := gr.negated / gr.n; like >= contrary && (m.negated && share < 0.2 || !m.negated && share > 0.8) {
		return "negation"
	}
	return ""
}

// contrary is the likeness from which a negation is the difference between two
// texts, and not one of many.
const contrary = 0.75

// across looks for a concern in the other of the two languages that a message
// of which no concern in its own language is like may belong to.
func (g *Grouper) across(m *said) (best *group, met []Reason, how float64) {
	v := g.o.Vectors
	if v == nil {
		return nil, nil, 0
	}
	l := &g.levels[concerns]
	l.hit = l.hit[:0]
	for i := range m.list {
		f := &m.list[i]
		p := &g.lexicon.list[f.term]
		if p.n[concerns] > maxPostings {
			continue
		}
		switch p.kind {
		case text.Han:
			for row := range v.Glosses(p.row) {
				if q := g.wordOf(row); q != nil {
					l.strikeAll(q.in[concerns], f.w[concerns]*g.idf(concerns, q))
				}
			}
		case text.Word:
			for row := range v.GlossedBy(p.row) {
				if q := g.wordOf(row); q != nil && q.kind == text.Han {
					l.strikeAll(q.in[concerns], f.w[concerns]*f.raw[concerns])
				}
			}
		}
	}
	length := float32(0)
	for i := range m.list {
		length += m.list[i].w[concerns] * m.list[i].raw[concerns]
	}
	var a lexvec.Sketch
	for i, x := range l.best() {
		gr := g.concern(x.slot)
		if i == maxAcross || x.like < glossed*length {
			break
		}
		by, in := g.meantBy(m), g.meantIn(gr)
		if by.Vector == nil || in.Vector == nil || by.Cosine(in) < glance || g.differ(m, gr, 0) != "" {
			continue
		}
		if a.Vector == nil {
			a = v.Sketch(m.doc)
		}
		d := g.doc(gr)
		b := v.Sketch(&d)
		if like := v.Similarity(&a, &b); like > how {
			best, how = gr, like
		}
	}
	if how < linkAcross {
		return nil, nil, how
	}
	d := g.doc(best)
	for _, x := range v.Met(m.doc, &d, 4) {
		met = append(met, Reason{WhyMet, x.A.Text + " = " + x.B.Text, x.Value})
	}
	return best, met, how
}

// wordOf returns the posting of the word of a row, or nil if no concern holds it,
// or too many to tell one from another.
func (g *Grouper) wordOf(row int32) *posting {
	if t := g.lexicon.ofRow[row] - 1; t >= 0 {
		if p := &g.lexicon.list[t]; p.n[concerns] <= maxPostings {
			return p
		}
	}
	return nil
}

// maxAcross is how many concerns of another language are looked at closely.
const maxAcross = 4

// That is worth while if their words gloss so much of the message, and from
// this cosine of the vectors on.
const (
	glossed = 0.2
	glance  = 0.3
)

// doc returns the words of a concern as a text: those of a third of its
// messages or more, the commonest of them first.
func (g *Grouper) doc(gr *group) text.Doc {
	var order []int
	for i, t := range gr.terms {
		if gr.held[i].n >= gr.n/3 && g.lexicon.list[t].kind != text.Bigram {
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(gr.held[b].n, gr.held[a].n), cmp.Compare(g.lexicon.list[gr.terms[a]].hash, g.lexicon.list[gr.terms[b]].hash))
	})
	order = order[:min(len(order), 24)]
	var d text.Doc
	for at, i := range order {
		p := &g.lexicon.list[gr.terms[i]]
		d.Terms = append(d.Terms, text.Term{Text: p.word, Hash: p.hash, Kind: p.kind, Pos: int32(at * 8)})
	}
	return d
}

// Forget takes concerns out of memory as Changed does, for one who stores none.
func (g *Grouper) Forget() { g.forget(false) }

// forget takes the oldest concerns of one or two messages out of memory, if
// there are more than MaxLive, until a tenth of the room is free. Those that
// were touched since Changed was last called stay, unless nothing is stored.
// What would have joined them begins a new concern, which can be merged.
func (g *Grouper) forget(stored bool) {
	if len(g.live) <= MaxLive {
		return
	}
	goal := MaxLive * 9 / 10
	keep := g.began[:0]
	var touched []*theme
	for _, gr := range g.began {
		switch {
		case len(g.live) <= goal, gr.n > 2, g.parent[gr.id] != 0, len(g.merges[gr.id]) > 0, stored && g.dirty[gr.id]:
			keep = append(keep, gr)
		default:
			g.leave(concerns, &gr.centroid)
			delete(g.live, gr.id)
			delete(g.dirty, gr.id)
			th := gr.theme
			if g.quit(gr); th.members > 0 {
				g.subtract(themes, &th.centroid, &gr.centroid)
				if !th.touched {
					th.touched = true
					touched = append(touched, th)
				}
			}
		}
	}
	g.began = keep
	for _, th := range touched {
		if th.touched = false; th.members > 0 {
			g.tidy(themes, &th.centroid)
		}
	}
}

// shared says which terms a message shares with a concern, strongest first.
func (g *Grouper) shared(list []feature, gr *group) []Reason {
	var rs []Reason
	total := 0.0
	for i := range list {
		f := &list[i]
		j, p := gr.find(f.term), &g.lexicon.list[f.term]
		if j < 0 || p.share > 0 {
			continue
		}
		v := float64(f.w[concerns] * f.raw[concerns] * g.pow(gr.held[j].n))
		rs = append(rs, Reason{WhyShared, p.word, v})
		total += v
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
