package cluster

import (
	"example.org/hearback/internal/text"
	"example.org/hearback/internal/text/lexvec"
)

// What messages and concerns mean is summed up only when it may decide
// something: most messages are like nothing else, or like one concern alone.

// meantBy returns what a message means, not normalised, or nil if none of its
// words is known.
func (g *Grouper) meantBy(m *said) []float32 {
	if !m.read {
		m.read = true
		known, strange := float32(0), float32(0)
		for i := range m.list {
			p := &g.lexicon.list[m.list[i].term]
			switch {
			case p.row >= 0:
				if m.vec == nil {
					m.vec = make([]float32, g.o.Vectors.Dim())
				}
				w := g.o.Vectors.Weight(p.row)
				g.o.Vectors.Word(m.vec, p.row, w)
				known += w
			case p.kind == text.Word || p.kind == text.Number:
				strange++
			}
		}
		m.known = float64(known / max(known+strange, 1e-9))
	}
	return m.vec
}

// meantIn returns what the messages of a concern mean together, not
// normalised, or nil if none of its words is known.
func (g *Grouper) meantIn(gr *group) []float32 {
	if !gr.read {
		gr.read, gr.vec = true, nil
		for i, t := range gr.terms {
			if p := &g.lexicon.list[t]; p.row >= 0 {
				if gr.vec == nil {
					gr.vec = make([]float32, g.o.Vectors.Dim())
				}
				g.o.Vectors.Word(gr.vec, p.row, gr.held[i].n*g.o.Vectors.Weight(p.row))
			}
		}
	}
	return gr.vec
}

// mean adds what a message means to its concern, if that has been summed up.
func (g *Grouper) mean(gr *group, m *said) {
	if !gr.read {
		return
	}
	if v := g.meantBy(m); v != nil {
		if gr.vec == nil {
			gr.vec = make([]float32, len(v))
		}
		for i, x := range v {
			gr.vec[i] += x
		}
	}
}

// agree sets the likeness of the words of a message and a concern right by how
// alike their meaning is, as far as that is known.
func (g *Grouper) agree(m *said, gr *group) float64 {
	a, b := g.meantBy(m), g.meantIn(gr)
	if a == nil || b == nil {
		return 0
	}
	return meaning * min(1, m.known/enoughKnown) * (lexvec.Cosine(a, b) - meaningMid)
}

// agreement is the most that agree can give.
const agreement = meaning * (1 - meaningMid)
