package cluster

import (
	"math/bits"

	"example.org/hearback"
)

// A centroid is what the messages of a group have in common: terms, each with
// how many of the messages hold it.
type centroid struct {
	id      hearback.ID
	ofGroup *group // whose centroid it is, if that of a concern
	ofTheme *theme // or of a theme
	slot    int32
	n       float32 // messages, without copies

	terms []int32  // their numbers, in the order they came
	held  []held   // of each
	table []uint16 // open addressing over terms: index+1; nil while there are few

	square float64 // sum of the squared weights of the terms, times n to the power that damps
	normAt float32 // n when square was last computed from all terms
	left   float32 // messages taken away since
	mass   float32 // messages, fading as others come
	at     int64   // count of messages when mass was last right
	last   int64   // µs
}

// held says how a centroid holds a term.
type held struct {
	n  float32 // messages
	at int32   // where the centroid stands in the posting, or -1
}

// few terms are found by looking at all of them.
const few = 24

// find returns the place of a term in a centroid, or -1.
func (c *centroid) find(t int32) int {
	if c.table == nil {
		for i, x := range c.terms {
			if x == t {
				return i
			}
		}
		return -1
	}
	m := uint32(len(c.table) - 1)
	for s := home(t, m); ; s = (s + 1) & m {
		i := int(c.table[s]) - 1
		if i < 0 || c.terms[i] == t {
			return i
		}
	}
}

func home(t int32, m uint32) uint32 { return uint32(t) * 0x9e3779b1 >> 8 & m }

// append adds a term that the centroid does not hold.
func (c *centroid) append(t int32, h held) {
	c.terms, c.held = append(c.terms, t), append(c.held, h)
	if n := len(c.terms); n > few && n*2 > len(c.table) {
		c.index()
	} else if c.table != nil {
		c.put(n - 1)
	}
}

func (c *centroid) put(i int) {
	m := uint32(len(c.table) - 1)
	s := home(c.terms[i], m)
	for c.table[s] != 0 {
		s = (s + 1) & m
	}
	c.table[s] = uint16(i + 1)
}

// index makes the table anew.
func (c *centroid) index() {
	if c.table = nil; len(c.terms) > few {
		c.table = make([]uint16, 1<<bits.Len(uint(3*len(c.terms))))
		for i := range c.terms {
			c.put(i)
		}
	}
}
