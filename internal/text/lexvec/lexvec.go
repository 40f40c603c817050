// Package lexvec says how alike two texts are in meaning, also when one is
// Chinese and the other English, with nothing but open dictionaries: every
// word has a vector learnt from CC-CEDICT and WordNet, and every Chinese word
// the English words that gloss it. Both can be shown: which words met, and how.
//
// It is no neural model. It does not see word order, negation, numbers or
// places, and it knows what dictionaries know: that a shelter is for staying,
// not that mobile towers stand for fear of cancer. Callers look for conflicts
// of number and negation themselves.
package lexvec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
	"math"
	"slices"

	"example.org/hearback/internal/text"
)

// Vectors is a pack of word vectors. It does not change after Load and is safe
// for many goroutines.
type Vectors struct {
	id      string
	dim     int
	hashes  []uint64 // ascending
	slots   []uint32 // open addressing over hashes: index+1
	weight  []byte   // uint16 each: how much a word says, as of 65,535
	scale   []byte   // uint16 each: largest component of its row, as of 65,535
	rows    []byte   // int8, dim each
	from    []uint32 // of its glosses, and the end of the last
	glosses []byte   // 3 bytes each: indices of terms
	upTo    []uint32 // of the words that each glosses, and the end of the last
	glossOf []uint32 // those words
	mean    [2][]float32
}

// The pack, little-endian: magic; dim, terms, glosses, length of id as uint32;
// id; two means as float32 (English, Chinese); hashes as uint64, ascending;
// weights and scales as uint16; number of glosses of each as a byte; glosses
// in 3 bytes; rows of int8; CRC-32C of all before.
const (
	magic   = "HBLEXV1\n"
	maxDim  = 1024
	maxPack = 256 << 20
)

// Load reads a pack. The vectors go on using b, which must not change.
func Load(b []byte) (*Vectors, error) {
	if len(b) > maxPack || len(b) < len(magic)+20 || string(b[:len(magic)]) != magic {
		return nil, errors.New("this is not a pack of word vectors: it must begin with HBLEXV1")
	}
	body, sum := b[:len(b)-4], binary.LittleEndian.Uint32(b[len(b)-4:])
	if crc32.Checksum(body, crc32.MakeTable(crc32.Castagnoli)) != sum {
		return nil, errors.New("the pack of word vectors is damaged: its checksum is wrong; fetch or build it again")
	}
	return parse(body[len(magic):])
}

func parse(b []byte) (*Vectors, error) {
	cut := errors.New("the pack of word vectors is cut short")
	take := func(n int) []byte {
		if n < 0 || n > len(b) {
			b = nil
			return nil
		}
		t := b[:n]
		b = b[n:]
		return t
	}
	head := take(16)
	if head == nil {
		return nil, cut
	}
	dim, n := int(binary.LittleEndian.Uint32(head)), int(binary.LittleEndian.Uint32(head[4:]))
	glosses, idLen := int(binary.LittleEndian.Uint32(head[8:])), int(binary.LittleEndian.Uint32(head[12:]))
	if dim < 1 || dim > maxDim || n > len(b)/(dim+13) || glosses > len(b)/3 || idLen > 200 {
		return nil, errors.New("the pack of word vectors states sizes that it does not have")
	}
	v := &Vectors{dim: dim, id: string(take(idLen))}
	for i := range v.mean {
		raw := take(4 * dim)
		if raw == nil {
			return nil, cut
		}
		v.mean[i] = make([]float32, dim)
		for j := range v.mean[i] {
			v.mean[i][j] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*j:]))
		}
	}
	rawHashes := take(8 * n)
	v.weight, v.scale = take(2*n), take(2*n)
	counts := take(n)
	v.glosses = take(3 * glosses)
	v.rows = take(dim * n)
	if v.rows == nil || len(b) != 0 {
		return nil, cut
	}
	v.hashes = make([]uint64, n)
	v.from = make([]uint32, n+1)
	size := 16
	for size < 2*n {
		size *= 2
	}
	v.slots = make([]uint32, size)
	for i := range n {
		h := binary.LittleEndian.Uint64(rawHashes[8*i:])
		if i > 0 && h <= v.hashes[i-1] {
			return nil, errors.New("the pack of word vectors is not sorted")
		}
		v.hashes[i] = h
		v.from[i+1] = v.from[i] + uint32(counts[i])
		s := h & uint64(size-1)
		for v.slots[s] != 0 {
			s = (s + 1) & uint64(size-1)
		}
		v.slots[s] = uint32(i + 1)
	}
	if int(v.from[n]) != glosses {
		return nil, errors.New("the pack of word vectors has other glosses than it states")
	}
	for i := range glosses {
		if v.gloss(i) >= n {
			return nil, fmt.Errorf("the pack of word vectors glosses a word with number %d, which it lacks", v.gloss(i))
		}
	}
	v.turn()
	return v, nil
}

// turn lists the words that each word glosses.
func (v *Vectors) turn() {
	n := len(v.hashes)
	v.upTo = make([]uint32, n+1)
	v.glossOf = make([]uint32, len(v.glosses)/3)
	for k := range v.glossOf {
		v.upTo[v.gloss(k)+1]++
	}
	for i := range n {
		v.upTo[i+1] += v.upTo[i]
	}
	next := slices.Clone(v.upTo)
	for i := range n {
		for k := v.from[i]; k < v.from[i+1]; k++ {
			h := v.gloss(int(k))
			v.glossOf[next[h]] = uint32(i)
			next[h]++
		}
	}
}

// Dim returns the number of components of a vector.
func (v *Vectors) Dim() int { return v.dim }

// ID names the space: vectors of packs with different IDs must not be compared.
func (v *Vectors) ID() string { return v.id }

// find returns the number of a term, or -1.
func (v *Vectors) find(h uint64) int {
	m := uint64(len(v.slots) - 1)
	for s := h & m; ; s = (s + 1) & m {
		i := v.slots[s]
		if i == 0 {
			return -1
		}
		if v.hashes[i-1] == h {
			return int(i - 1)
		}
	}
}

func (v *Vectors) gloss(i int) int {
	g := v.glosses[3*i : 3*i+3]
	return int(g[0]) | int(g[1])<<8 | int(g[2])<<16
}

func (v *Vectors) weightOf(i int) float32 {
	return float32(binary.LittleEndian.Uint16(v.weight[2*i:])) / 65535
}

// add adds w times the unit vector of term i to dst.
func (v *Vectors) add(dst []float32, i int, w float32) {
	w *= float32(binary.LittleEndian.Uint16(v.scale[2*i:])) / (65535 * 127)
	r := v.rows[i*v.dim : (i+1)*v.dim]
	for ; len(r) >= 4 && len(dst) >= 4; r, dst = r[4:], dst[4:] { // half the time of one by one
		dst[0] += w * float32(int8(r[0]))
		dst[1] += w * float32(int8(r[1]))
		dst[2] += w * float32(int8(r[2]))
		dst[3] += w * float32(int8(r[3]))
	}
	for j, x := range r {
		dst[j] += w * float32(int8(x))
	}
}

// Row returns the number of the row of a term, given its hash, or -1.
func (v *Vectors) Row(hash uint64) int32 { return int32(v.find(hash)) }

// Weight returns how much the word of a row says, from 0 to 1: little if it is
// common in its language.
func (v *Vectors) Weight(row int32) float32 { return v.weightOf(int(row)) }

// Word adds w times the unit vector of a row to dst, which must have room for
// Dim components.
func (v *Vectors) Word(dst []float32, row int32, w float32) { v.add(dst[:v.dim], int(row), w) }

// Centre takes out of dst what all texts of a language have in common, given
// the share of its weight that is Chinese, and makes dst of length one. It
// reports false if nothing is left.
func (v *Vectors) Centre(dst []float32, chinese float32) bool {
	dst = dst[:v.dim]
	if !unit(dst) {
		return false
	}
	for l, share := range [2]float32{1 - chinese, chinese} {
		if share == 0 {
			continue
		}
		c := dot(dst, v.mean[l]) * share
		for j, x := range v.mean[l] {
			dst[j] -= c * x
		}
	}
	return unit(dst)
}

// Near returns the cosine of the word of a row and a unit vector.
func (v *Vectors) Near(x []float32, row int32) float32 {
	r := v.rows[int(row)*v.dim:][:v.dim]
	x = x[:v.dim]
	var a, b float32
	for j := 0; j+1 < len(r); j += 2 {
		a += x[j] * float32(int8(r[j]))
		b += x[j+1] * float32(int8(r[j+1]))
	}
	if len(r)%2 == 1 {
		a += x[len(r)-1] * float32(int8(r[len(r)-1]))
	}
	return (a + b) * float32(binary.LittleEndian.Uint16(v.scale[2*row:])) / (65535 * 127)
}

// Explains reports whether the word of row b is among the glosses of row a.
func (v *Vectors) Explains(a, b int32) bool { return v.glossed(int(a), int(b)) }

// Glosses yields the rows of the English words that gloss a row; none if it is
// negative.
func (v *Vectors) Glosses(row int32) iter.Seq[int32] {
	return func(yield func(gloss int32) bool) {
		if row < 0 {
			return
		}
		for k := v.from[row]; k < v.from[row+1]; k++ {
			if !yield(int32(v.gloss(int(k)))) {
				return
			}
		}
	}
}

// GlossedBy yields the rows of the Chinese words that the English word of a row
// glosses; none if it is negative.
func (v *Vectors) GlossedBy(row int32) iter.Seq[int32] {
	return func(yield func(word int32) bool) {
		if row < 0 {
			return
		}
		for _, x := range v.glossOf[v.upTo[row]:v.upTo[row+1]] {
			if !yield(int32(x)) {
				return
			}
		}
	}
}

// GlossCount returns how many English words gloss a row.
func (v *Vectors) GlossCount(row int32) int { return int(v.from[row+1] - v.from[row]) }

// Rows returns how many rows there are.
func (v *Vectors) Rows() int { return len(v.hashes) }

// Hash returns the hash of the term of a row.
func (v *Vectors) Hash(row int32) uint64 { return v.hashes[row] }

// each calls f with the terms of d that carry meaning, each with its row or -1.
// A Chinese word that the pack lacks falls back to its characters; characters
// inside known words are left out.
func (v *Vectors) each(d *text.Doc, f func(t *text.Term, i int)) {
	covered := int32(-1)
	for i := range d.Terms {
		t := &d.Terms[i]
		switch t.Kind {
		case text.Word, text.Number:
			f(t, v.find(t.Hash))
		case text.Han:
			if i := v.find(t.Hash); i >= 0 {
				f(t, i)
				covered = t.Pos + int32(len(t.Text)/3)
			}
		case text.Char:
			if t.Pos >= covered {
				if i := v.find(t.Hash); i >= 0 {
					f(t, i)
				}
			}
		}
	}
}

// Embed writes the unit vector of a text to dst, which must have room for Dim
// components, and reports whether any of its words is known. It is the mean of
// its words' vectors, each weighted by how much the word says, without what
// all texts of its language have in common (after Arora, Liang and Ma 2017).
func (v *Vectors) Embed(d *text.Doc, dst []float32) bool {
	dst = dst[:v.dim]
	clear(dst)
	var share [2]float32
	v.each(d, func(t *text.Term, i int) {
		if i < 0 {
			return
		}
		w := v.weightOf(i)
		v.add(dst, i, w)
		share[language(t.Kind)] += w
	})
	return v.Centre(dst, share[1]/max(share[0]+share[1], 1e-9))
}

func language(k text.TermKind) int {
	if k == text.Han || k == text.Char {
		return 1
	}
	return 0
}

// dot adds in four sums, which need not wait for each other.
func dot(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	for ; len(a) >= 4 && len(b) >= 4; a, b = a[4:], b[4:] {
		s0 += a[0] * b[0]
		s1 += a[1] * b[1]
		s2 += a[2] * b[2]
		s3 += a[3] * b[3]
	}
	for i, x := range a {
		s0 += x * b[i]
	}
	return s0 + s1 + s2 + s3
}

// unit makes v of length one. It reports false if v is zero.
func unit(v []float32) bool {
	n := float32(math.Sqrt(float64(dot(v, v))))
	if n < 1e-12 {
		clear(v)
		return false
	}
	for i := range v {
		v[i] /= n
	}
	return true
}

// A Sketch is what Similarity needs of a text.
type Sketch struct {
	Vector []float32 // nil if no word is known
	Bag    []Weighted
}

// Weighted is an English word, its hash as of [text.Word], or a number, with
// its weight in a text. A bag is sorted by hash and of length one.
type Weighted struct {
	Hash   uint64
	Weight float32
}

const (
	strange = 1.0 // weight of a word the pack lacks: mostly a name
	number  = 0.5 // weight of a number
)

// Sketch returns what Similarity needs of d.
func (v *Vectors) Sketch(d *text.Doc) Sketch {
	s := Sketch{Vector: make([]float32, v.dim), Bag: v.bag(d)}
	if !v.Embed(d, s.Vector) {
		s.Vector = nil
	}
	return s
}

// bag turns a text into English words: its own, and the glosses of its Chinese
// words, which share the weight of the word.
func (v *Vectors) bag(d *text.Doc) []Weighted {
	var bag []Weighted
	v.each(d, func(t *text.Term, i int) {
		switch {
		case t.Kind == text.Number:
			bag = append(bag, Weighted{t.Hash, number})
		case i < 0:
			bag = append(bag, Weighted{t.Hash, strange})
		case t.Kind == text.Word:
			bag = append(bag, Weighted{t.Hash, v.weightOf(i)})
		default:
			n := v.from[i+1] - v.from[i]
			if n == 0 {
				return
			}
			w := v.weightOf(i) / float32(math.Sqrt(float64(n)))
			for k := v.from[i]; k < v.from[i+1]; k++ {
				g := v.gloss(int(k))
				bag = append(bag, Weighted{v.hashes[g], w * v.weightOf(g)})
			}
		}
	})
	slices.SortFunc(bag, func(a, b Weighted) int {
		switch {
		case a.Hash < b.Hash:
			return -1
		case a.Hash > b.Hash:
			return 1
		case a.Weight < b.Weight: // so that sums do not depend on the order
			return -1
		case a.Weight > b.Weight:
			return 1
		}
		return 0
	})
	out := bag[:0]
	for _, x := range bag {
		if n := len(out); n > 0 && out[n-1].Hash == x.Hash {
			out[n-1].Weight += x.Weight
		} else {
			out = append(out, x)
		}
	}
	var sum float64
	for _, x := range out {
		sum += float64(x.Weight) * float64(x.Weight)
	}
	if sum == 0 {
		return nil
	}
	for i := range out {
		out[i].Weight /= float32(math.Sqrt(sum))
	}
	return out
}

// Similarity returns how alike two texts are, from about 0 to 1: the mean of
// the cosine of their English words and the cosine of their vectors.
func (v *Vectors) Similarity(a, b *Sketch) float64 {
	words, vectors := v.Parts(a, b)
	return (words + vectors) / 2
}

// Parts returns the two cosines that Similarity is the mean of.
func (v *Vectors) Parts(a, b *Sketch) (words, vectors float64) {
	for i, j := 0, 0; i < len(a.Bag) && j < len(b.Bag); {
		switch x, y := a.Bag[i], b.Bag[j]; {
		case x.Hash < y.Hash:
			i++
		case x.Hash > y.Hash:
			j++
		default:
			words += float64(x.Weight) * float64(y.Weight)
			i++
			j++
		}
	}
	if a.Vector != nil && b.Vector != nil {
		vectors = float64(dot(a.Vector, b.Vector))
	}
	return words, vectors
}

// A Meeting is a pair of words, one of each text, that speak for a match.
type Meeting struct {
	A, B  text.Term
	Value float64 // weight of the pair, in descending order over a result
	How   string  // "same", "gloss" (one explains the other), or "near" (their vectors are close)
}

// nearEnough is the cosine above which two words are said to have met.
const nearEnough = 0.45

// Met returns the words that met, the weightiest first, at most n: for people
// who want to know why two texts were matched. It compares every word with
// every other and is meant for the few matches that are shown.
func (v *Vectors) Met(a, b *text.Doc, n int) []Meeting {
	type unit struct {
		t *text.Term
		i int
		x []float32
	}
	units := func(d *text.Doc) (out []unit) {
		v.each(d, func(t *text.Term, i int) {
			if len(out) == 200 {
				return
			}
			u := unit{t: t, i: i}
			if i >= 0 {
				u.x = make([]float32, v.dim)
				v.add(u.x, i, 1)
			}
			out = append(out, u)
		})
		return out
	}
	ua, ub := units(a), units(b)
	var all []Meeting
	for _, x := range ua {
		for _, y := range ub {
			m := Meeting{A: *x.t, B: *y.t}
			wx, wy := float32(strange), float32(strange)
			if x.i >= 0 {
				wx = v.weightOf(x.i)
			}
			if y.i >= 0 {
				wy = v.weightOf(y.i)
			}
			switch {
			case x.t.Hash == y.t.Hash:
				m.How, m.Value = "same", 1
			case x.i < 0 || y.i < 0:
				continue
			case v.glossed(x.i, y.i) || v.glossed(y.i, x.i):
				m.How, m.Value = "gloss", 0.9
			default:
				if c := dot(x.x, y.x); c >= nearEnough {
					m.How, m.Value = "near", float64(c)*0.9
				} else {
					continue
				}
			}
			m.Value *= float64(wx * wy)
			all = append(all, m)
		}
	}
	slices.SortStableFunc(all, func(x, y Meeting) int {
		switch {
		case x.Value > y.Value:
			return -1
		case x.Value < y.Value:
			return 1
		}
		return 0
	})
	// Each word meets once.
	var out []Meeting
	seenA, seenB := map[uint64]bool{}, map[uint64]bool{}
	for _, m := range all {
		if len(out) < n && !seenA[m.A.Hash] && !seenB[m.B.Hash] && m.Value > 0.02 {
			seenA[m.A.Hash], seenB[m.B.Hash] = true, true
			out = append(out, m)
		}
	}
	return out
}

// glossed reports whether term b glosses term a.
func (v *Vectors) glossed(a, b int) bool {
	for k := v.from[a]; k < v.from[a+1]; k++ {
		if v.gloss(int(k)) == b {
			return true
		}
	}
	return false
}

// Cosine returns the cosine of two vectors, -1 to 1; 0 if either is zero.
func Cosine(a, b []float32) float64 { return NewSum(a).Cosine(NewSum(b)) }

// A Sum is a vector whose length is known, for one that is compared with many.
type Sum struct {
	Vector []float32
	square float32
}

// NewSum returns the Sum of a vector, which must not change.
func NewSum(v []float32) Sum { return Sum{v, dot(v, v)} }

// Cosine returns the cosine of two vectors, -1 to 1; 0 if either is zero.
func (a Sum) Cosine(b Sum) float64 {
	if a.square == 0 || b.square == 0 {
		return 0
	}
	return float64(dot(a.Vector, b.Vector)) / math.Sqrt(float64(a.square)*float64(b.square))
}
