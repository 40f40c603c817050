package cluster

import (
	"cmp"
	"fmt"
	"slices"

	"example.org/hearback"
	"example.org/hearback/internal/text"
)

// ProposeMerge is the likeness of two concerns from which a merge is proposed.
const ProposeMerge = 0.5

// Central returns the most central message of a concern, or 0. What a concern
// is called says [Name].
func (g *Grouper) Central(id hearback.ID) hearback.ID {
	gr := g.live[id]
	if gr == nil {
		return 0
	}
	return gr.medoid
}

// A Near is a concern like another one.
type Near struct {
	Concern hearback.ID
	Score   float64
	Shared  []string
	Apart   []string
}

// self returns a concern as if it were a message.
func (g *Grouper) self(gr *group) said {
	d := g.doc(gr)
	m := said{doc: &d, read: true, meant: g.meantIn(gr), known: 1}
	for i, t := range gr.terms {
		p := &g.lexicon.list[t]
		m.list = append(m.list, feature{term: t, raw: [2]float32{p.weight * g.idf(concerns, p)},
			w: [2]float32{g.weight(concerns, &gr.centroid, i) * g.levels[concerns].at[gr.slot].length}})
	}
	for _, x := range gr.facets {
		if x.n >= 0.6*gr.n {
			m.facets = append(m.facets, x.facet)
		}
	}
	m.negated = gr.negated > gr.n/2
	return m
}

// Nearest returns the concerns most like one, best first, those of the other
// language among them.
func (g *Grouper) Nearest(id hearback.ID, k int) []Near {
	gr := g.live[id]
	if gr == nil || g.parent[id] != 0 {
		return nil
	}
	m := g.self(gr)
	var list []Near
	for _, x := range slices.Clone(g.candidates(concerns, m.list)) {
		other := g.concern(x.slot)
		if other == gr || g.parent[other.id] != 0 {
			continue
		}
		n := Near{Concern: other.id, Score: float64(g.finish(concerns, m.list, x))}
		if a, b := m.meant, g.meantIn(other); a.Vector != nil && b.Vector != nil {
			n.Score = (n.Score + max(0, a.Cosine(b))) / 2
		}
		for _, r := range g.shared(m.list, other) {
			n.Shared = append(n.Shared, r.Text)
		}
		for i := range m.list {
			p := &g.lexicon.list[m.list[i].term]
			if other.find(m.list[i].term) < 0 && p.kind != text.Bigram && len(n.Apart) < 5 {
				n.Apart = append(n.Apart, p.word)
			}
		}
		list = append(list, n)
	}
	if other, met, how := g.across(&m); other != nil && other != gr && g.parent[other.id] == 0 && !slices.ContainsFunc(list, func(n Near) bool { return n.Concern == other.id }) {
		n := Near{Concern: other.id, Score: how}
		for _, r := range met {
			n.Shared = append(n.Shared, r.Text)
		}
		list = append(list, n)
	}
	slices.SortFunc(list, func(a, b Near) int { return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Concern, b.Concern)) })
	return list[:min(k, len(list))]
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

// Merge makes from a part of into. What is like from is still found by what
// from is about, and joins into; so that taking the merge back loses nothing.
func (g *Grouper) Merge(into, from hearback.ID) error {
	a, b := g.live[into], g.live[from]
	if a == nil || b == nil || a == b || g.parent[into] != 0 || g.parent[from] != 0 {
		return fmt.Errorf("%w: these concerns cannot be merged: one of them is closed or merged already", hearback.ErrRefused)
	}
	g.parent[from] = into
	g.merges[into] = append(g.merges[into], from)
	g.dirty[into], g.dirty[from] = true, true
	return nil
}

// Unmerge makes from a concern of its own again.
func (g *Grouper) Unmerge(into, from hearback.ID) error {
	i := slices.Index(g.merges[into], from)
	if i < 0 || g.live[into] == nil || g.live[from] == nil {
		return fmt.Errorf("%w: the concern that was merged is closed, or part of another", hearback.ErrRefused)
	}
	g.merges[into] = slices.Delete(g.merges[into], i, i+1)
	delete(g.parent, from)
	g.dirty[into], g.dirty[from] = true, true
	return nil
}

// Undo takes back the newest merge into a concern.
func (g *Grouper) Undo(into hearback.ID) error {
	list := g.merges[into]
	if len(list) == 0 || g.live[into] == nil {
		return fmt.Errorf("%w: there is no merge to take back", hearback.ErrRefused)
	}
	from := list[len(list)-1]
	if g.live[from] == nil {
		return fmt.Errorf("%w: the concern that was merged is closed", hearback.ErrRefused)
	}
	g.merges[into] = list[:len(list)-1]
	delete(g.parent, from)
	g.dirty[into], g.dirty[from] = true, true
	return nil
}
