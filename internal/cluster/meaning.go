package cluster

import (
	"example.org/hearback/internal/text"
	"example.org/hearback/internal/text/lexvec"
)

// What messages and concerns mean is summed up only when it may decide
// something: most messages are like nothing else, or like one concern alone.

// meantBy returns what a message means, not normalised; without a vector if none
// of its words is known.
func (g *Grouper) meantBy(m *said) lexvec.Sum {
	if !m.read {
		m.read = true
		var vec []float32
		known, strange := float32(0), float32(0)
		for i := range m.list {
			p := &g.lexicon.list[m.list[i].term]
			switch {
			case p.row >= 0:
				if vec == nil {
					vec = make([]float32, g.o.Vectors.Dim())
				}
				w := g.o.Vectors.Weight(p.row)
				g.o.Vectors.Word(vec, p.row, w)
				known += w
			case p.kind == text.Word || p.kind == text.Number:
				strange++
			}
		}
		m.known = float64(known / max(known+strange, 1e-9))
		m.meant = lexvec.NewSum(vec)
	}
	return m.meant
}

// meantIn returns what the messages of a concern mean together, not normalised;
// without a vector if none of its words is known.
func (g *Grouper) meantIn(gr *group) lexvec.Sum {
	if !gr.read {
		gr.read = true
		var vec []float32
		for i, t := range gr.terms {
			if p := &g.lexicon.list[t]; p.row >= 0 {
				if vec == nil {
					vec = make([]float32, g.o.Vectors.Dim())
				}
				g.o.Vectors.Word(vec, p.row, gr.held[i].n*g.o.Vectors.Weight(p.row))
			}
		}
		gr.meant = lexvec.NewSum(vec)
	}
	return gr.meant
}

// mean adds what a message means to its concern, if that has been summed up.
func (g *Grouper) mean(gr *group, m *said) {
	if !gr.read {
		return
	}
	if v := g.meantBy(m).Vector; v != nil {
		sum := gr.meant.Vector
		if sum == nil {
			sum = make([]float32, len(v))
		}
		for i, x := range v {
			sum[i] += x
		}
		gr.meant = lexvec.NewSum(sum)
	}
}

// agree sets the likeness of the words of a message and a concern right by how
// alike their meaning is, as far as that is known.
func (g *Grouper) agree(m *said, gr *group) float64 {
	a, b := g.meantBy(m), g.meantIn(gr)
	if a.Vector == nil || b.Vector == nil {
		return 0
	}
	return meaning * min(1, m.known/enoughKnown) * (a.Cosine(b) - meaningMid)
}

// agreement is the most that agree can give.
const agreement = meaning * (1 - meaningMid)
