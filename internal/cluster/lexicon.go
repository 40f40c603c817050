package cluster

import (
	"strings"

	"example.org/hearback/internal/text"
	"example.org/hearback/internal/text/lexvec"
)

// A lexicon numbers the terms that centroids hold. Numbers are small and are
// used again, so that centroids and messages are lists of numbers.
type lexicon struct {
	list  []posting // by number
	free  []int32   // numbers that no term has
	slots []int32   // open addressing by hash: number+1, or 0
	ofRow []int32   // the term of each row of the vectors: number+1, or 0
	stop  map[uint64]float32
	row   func(hash uint64) int32 // in the vectors, or -1
}

// A posting is one term and the centroids that hold it.
type posting struct {
	hash   uint64
	n      [2]int32   // centroids that hold it, at each level
	in     [2][]entry // the first maxPosted centroids
	mark   int64      // the last reading that met it
	weight float32    // of its kind
	share  float32    // of all messages that are assumed to hold the word
	word   string
	row    int32 // in the vectors, or -1
	kind   text.TermKind
}

// An entry says that a centroid holds a term.
type entry struct {
	slot int32
	back int32   // which of its terms it is
	pow  float32 // of how many of its messages hold the term (see damping)
}

// maxPosted is how many centroids a term lists. One that stands in more says too
// little to find any by; it may do so again when half of them are gone.
const maxPosted = 2 * maxPostings

func newLexicon(v *lexvec.Vectors) lexicon {
	x := lexicon{slots: make([]int32, 1<<10), stop: stopWords(), row: func(uint64) int32 { return -1 }}
	if v != nil {
		x.row, x.ofRow = v.Row, make([]int32, v.Rows())
	}
	return x
}

// find returns the number of a term, or -1.
func (x *lexicon) find(hash uint64) int32 {
	m := uint64(len(x.slots) - 1)
	for s := hash & m; ; s = (s + 1) & m {
		t := x.slots[s] - 1
		if t < 0 || x.list[t].hash == hash {
			return t
		}
	}
}

// touch asks memory for what finding the terms of a text will look at. They lie
// far apart, and waiting for all of them at once takes little longer than for
// one. What it returns means nothing, but keeps the compiler from leaving out
// the work.
func (x *lexicon) touch(terms []text.Term) int32 {
	m, sum := uint64(len(x.slots)-1), int32(0)
	var at [64]int32
	for ; len(terms) > 0; terms = terms[min(len(terms), len(at)):] {
		n := min(len(terms), len(at))
		for i := range n {
			at[i] = x.slots[terms[i].Hash&m]
		}
		for _, t := range at[:n] {
			if t > 0 {
				sum += x.list[t-1].row
			}
		}
	}
	return sum
}

// number returns the number of a term, a new one if need be.
func (x *lexicon) number(hash uint64, word string, kind text.TermKind) int32 {
	if t := x.find(hash); t >= 0 {
		return t
	}
	// word is part of a message, which must not be held on to.
	p := posting{hash: hash, word: strings.Clone(word), kind: kind, weight: kindWeight(kind), share: x.stop[hash], row: -1}
	if kind != text.Bigram {
		p.row = x.row(hash)
	}
	t := int32(len(x.list))
	if n := len(x.free); n > 0 {
		t, x.free = x.free[n-1], x.free[:n-1]
		x.list[t] = p
	} else {
		x.list = append(x.list, p)
	}
	if p.row >= 0 {
		x.ofRow[p.row] = t + 1
	}
	if 2*(len(x.list)-len(x.free)) > len(x.slots) {
		x.slots = make([]int32, 2*len(x.slots))
		for i := range x.list {
			if x.list[i].kind != 0 {
				x.enter(int32(i))
			}
		}
	} else {
		x.enter(t)
	}
	return t
}

func (x *lexicon) enter(t int32) {
	m := uint64(len(x.slots) - 1)
	s := x.list[t].hash & m
	for x.slots[s] != 0 {
		s = (s + 1) & m
	}
	x.slots[s] = t + 1
}

// drop gives the number of a term that no centroid holds free.
func (x *lexicon) drop(t int32) {
	m := uint64(len(x.slots) - 1)
	s := x.list[t].hash & m
	for x.slots[s] != t+1 {
		s = (s + 1) & m
	}
	// What was pushed on by the term moves up (Knuth 6.4, algorithm R).
	for hole, next := s, (s+1)&m; ; next = (next + 1) & m {
		x.slots[hole] = 0
		if x.slots[next] == 0 {
			break
		}
		if home := x.list[x.slots[next]-1].hash & m; (next-home)&m >= (next-hole)&m {
			x.slots[hole] = x.slots[next]
			hole = next
		}
	}
	if row := x.list[t].row; row >= 0 {
		x.ofRow[row] = 0
	}
	x.list[t] = posting{}
	x.free = append(x.free, t)
}
