package cluster

import (
	"encoding/binary"
	"fmt"
	"iter"
	"math"

	"example.org/hearback"
	"example.org/hearback/internal/text"
)

// Changed returns the states touched since it was last called, to be stored.
// Key 0 holds how busy the stream is.
func (g *Grouper) Changed() map[hearback.ID][]byte {
	if len(g.dirty) == 0 {
		return nil
	}
	out := make(map[hearback.ID][]byte, len(g.dirty)+1)
	for id := range g.dirty {
		if gr := g.live[id]; gr != nil {
			out[id] = g.encode(gr)
		}
	}
	clear(g.dirty)
	g.forget(true)
	b := binary.AppendVarint([]byte{stateVersion}, g.seen)
	for _, l := range g.levels {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(l.logGap))
	}
	out[0] = b
	return out
}

// The form of a stored state: a version byte, then numbers as varints and
// floats in 32 bits.
const stateVersion = 4

func (g *Grouper) encode(gr *group) []byte {
	b := make([]byte, 0, 16*len(gr.terms)+128)
	b = append(b, stateVersion)
	for _, n := range []int64{int64(gr.theme.id), int64(gr.votes), int64(g.parent[gr.id]), gr.last, gr.at, int64(gr.medoid)} {
		b = binary.AppendVarint(b, n)
	}
	for _, f := range []float32{gr.n, gr.normAt, gr.mass, gr.negated, float32(gr.best)} {
		b = float(b, f)
	}
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(gr.square))
	b = binary.AppendUvarint(b, uint64(len(gr.terms)))
	for i, t := range gr.terms {
		p := &g.lexicon.list[t]
		b = append(b, byte(p.kind))
		b = binary.AppendUvarint(b, uint64(gr.held[i].n))
		b = binary.AppendUvarint(b, uint64(len(p.word)))
		b = append(b, p.word...) // its hash follows from it
	}
	b = binary.AppendUvarint(b, uint64(len(gr.facets)))
	for _, x := range gr.facets {
		b = append(b, x.kind)
		b = binary.LittleEndian.AppendUint64(b, x.hash)
		b = float(b, x.n)
	}
	return b
}

func float(b []byte, f float32) []byte {
	return binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
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

func (r *reader) u64() uint64 { return binary.LittleEndian.Uint64(r.take(8)) }

// float reads a number that is finite.
func (r *reader) float() float32 {
	f := math.Float32frombits(binary.LittleEndian.Uint32(r.take(4)))
	if f != f || f > math.MaxFloat32 || f < -math.MaxFloat32 {
		r.bad = true
		return 0
	}
	return f
}

func (r *reader) float64() float64 {
	f := math.Float64frombits(r.u64())
	if r.bad = r.bad || !(f >= 0 && f < 1e30); r.bad {
		return 0
	}
	return f
}

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
// for a state that cannot be read, and is of no use then until Reset. Themes are
// put together from the concerns. Restore may run beside it.
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
			g.seen = max(r.varint(), 0)
			for lv := range g.levels {
				gap := r.float64()
				g.levels[lv].logGap = gap
				r.bad = r.bad || gap >= 50
			}
		} else {
			g.load(id, r)
		}
		if r.bad {
			return fmt.Errorf("%w: the stored grouping of concern %s is damaged", hearback.ErrInvalid, id)
		}
	}
	g.pace(concerns, 0)
	g.pace(themes, 0)
	for _, gr := range g.began {
		g.settle(concerns, &gr.centroid)
		th := &gr.theme.centroid
		if g.add(themes, th, &gr.centroid); len(th.terms) > 2*keepThemes {
			g.settle(themes, th)
		}
	}
	for _, th := range g.levels[themes].slots {
		g.settle(themes, th)
	}
	return nil
}

func (g *Grouper) load(id hearback.ID, r *reader) {
	gr := newGroup(id)
	in := hearback.ID(r.varint())
	gr.votes = int32(min(max(r.varint(), 0), 1<<30))
	if into := hearback.ID(r.varint()); into != 0 {
		g.parent[id] = into
		g.merges[into] = append(g.merges[into], id)
	}
	gr.last, gr.at, gr.medoid = r.varint(), r.varint(), hearback.ID(r.varint())
	gr.n, gr.normAt, gr.mass, gr.negated = max(r.float(), 1), r.float(), r.float(), r.float()
	gr.best = float64(r.float())
	gr.square = r.float64()
	g.enter(concerns, &gr.centroid)
	for range r.size(3) {
		kind, n := text.TermKind(r.take(1)[0]), r.uvarint()
		word := string(r.take(r.size(1)))
		if r.bad || kind == 0 || n > 1<<24 {
			r.bad = true
			return
		}
		if t := g.lexicon.number(text.Hash(kind, word), word, kind); gr.find(t) < 0 {
			g.hold(concerns, &gr.centroid, t, float32(n))
		}
	}
	for range r.size(13) {
		f := facet{r.take(1)[0], r.u64()}
		*gr.facets.at(f) = r.float()
	}
	if gr.theme = g.themes[in]; gr.theme == nil {
		gr.theme = newTheme(in)
		g.themes[in] = gr.theme
		g.enter(themes, &gr.theme.centroid)
	}
	gr.theme.members++
	g.live[id] = gr
	g.began = append(g.began, gr)
}
