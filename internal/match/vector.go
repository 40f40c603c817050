package match

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"example.org/hearback/internal/text"
)

// A signature holds the signs of the components of a vector. Vectors that
// point the same way have most signs in common (Charikar 2002), which is
// counted in a few nanoseconds, so that every answer can be looked at.
type signature [4]uint64

// apart counts the signs in which two signatures differ.
func (s *signature) apart(t *signature) int {
	return bits.OnesCount64(s[0]^t[0]) + bits.OnesCount64(s[1]^t[1]) + bits.OnesCount64(s[2]^t[2]) + bits.OnesCount64(s[3]^t[3])
}

func sign(x []float32) (s signature) {
	for i, v := range x {
		if v > 0 {
			s[i/64%4] |= 1 << (i % 64)
		}
	}
	return s
}

func (ix *Index) dim() int { return ix.vec.Dim() }

// embed writes the vector of some words to x and reports whether it has one,
// and whether the words are mostly Chinese.
func (ix *Index) embed(units []unit, x []float32) (ok, han bool) {
	clear(x)
	var all, chinese float32
	hans, others := 0, 0
	for _, u := range units {
		k := ix.view[words].terms[u.id].kind
		isHan := k == text.Han || k == text.Char
		if isHan {
			hans++
		} else if k == text.Word {
			others++
		}
		if u.row < 0 {
			continue
		}
		w := ix.weight(u.row)
		ix.vec.Word(x, u.row, w)
		if all += w; isHan {
			chinese += w
		}
	}
	return ix.vec.Centre(x, chinese/max(all, 1e-9)), hans > others
}

// sketch gives an answer its vector and its signature.
func (ix *Index) sketch(d *doc) {
	x := make([]float32, ix.dim())
	_, d.han = ix.embed(d.units, x)
	ix.sigs = append(ix.sigs, sign(x))
	var most float32
	for _, v := range x {
		most = max(most, v, -v)
	}
	// Components of a unit vector: the largest becomes 127, and the length is
	// found again when two are compared.
	for _, v := range x {
		ix.dims = append(ix.dims, int8(math.Round(float64(v/max(most, 1e-9)*127))))
	}
	var n float64
	for _, v := range ix.dims[len(ix.dims)-len(x):] {
		n += float64(v) * float64(v)
	}
	m := mark{bag: length(ix.english(nil, d.units)), flags: alive}
	if n > 0 {
		d.scale = float32(1 / math.Sqrt(n))
		m.flags |= hasVec
	}
	if d.han {
		m.flags |= isHan
	}
	ix.marks = append(ix.marks, m)
}

// cosine returns how alike a unit vector and that of an answer point.
func (ix *Index) cosine(x []float32, place uint32) float32 {
	row := ix.dims[int(place)*len(x):][:len(x)]
	var s float32
	for i, v := range row {
		s += x[i] * float32(v)
	}
	return s * ix.docs[place].scale
}

// A weighted is an English word, or a number, by its hash, and how much it
// says in a text.
type weighted struct {
	hash   uint64
	weight float32
}

// english appends the English words of a text to bag: its own, and the glosses
// of its Chinese words, which share the weight of the word; by hash, each once.
func (ix *Index) english(bag []weighted, units []unit) []weighted {
	for _, u := range units {
		t := &ix.view[words].terms[u.id]
		bag = ix.addEnglish(bag, t.kind, t.hash, u.row)
	}
	return merge(bag)
}

func (ix *Index) addEnglish(bag []weighted, kind text.TermKind, hash uint64, row int32) []weighted {
	switch {
	case kind == text.Number:
		bag = append(bag, weighted{hash, numberSays})
	case kind == text.Word && row < 0:
		bag = append(bag, weighted{hash, strangeSays})
	case kind == text.Word:
		bag = append(bag, weighted{hash, ix.weight(row)})
	case row >= 0:
		office := ix.office[row]
		n := ix.vec.GlossCount(row) + len(office)
		w := ix.weight(row) / float32(math.Sqrt(float64(max(n, 1))))
		add := func(g int32) { bag = append(bag, weighted{ix.vec.Hash(g), w * ix.weight(g)}) }
		for g := range ix.vec.Glosses(row) {
			add(g)
		}
		for _, g := range office {
			add(g)
		}
	}
	return bag
}

// merge sorts a bag and adds up the weights of what stands in it twice.
func merge(bag []weighted) []weighted {
	// By weight too, so that sums do not depend on the order of words.
	slices.SortFunc(bag, func(a, b weighted) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.weight, b.weight))
	})
	out := bag[:0]
	for _, x := range bag {
		if n := len(out); n > 0 && out[n-1].hash == x.hash {
			out[n-1].weight += x.weight
		} else {
			out = append(out, x)
		}
	}
	return out
}

func length(bag []weighted) float32 {
	var sum float64
	for _, w := range bag {
		sum += float64(w.weight) * float64(w.weight)
	}
	return float32(math.Sqrt(sum))
}

// How much words say that the pack of vectors lacks: these are mostly names.
const (
	strangeSays = 1
	numberSays  = 0.5
)
