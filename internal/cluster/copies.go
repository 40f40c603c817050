package cluster

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/hash"
	"example.org/hearback/internal/text"
)

// A signature finds copies: one-permutation minhash (Li, Owen, Zhang, 2012) of
// the terms with their neighbours, 16 bins of 8 bits, then a hash of the
// numbers and the negations, which must agree.
const (
	bins    = 16
	sigSize = bins + 4
	// sameBins is how many bins two copies share at least.
	sameBins = 13
)

// Sign returns the copy signature of a text, to be stored with the message. It
// is nil for a text without terms, which is a copy of nothing.
func (g *Grouper) Sign(d *text.Doc) []byte {
	if len(d.Terms) == 0 {
		return nil
	}
	var least [bins]uint64
	for i := range least {
		least[i] = ^uint64(0)
	}
	var prev, facets uint64
	put := func(h uint64) {
		h = hash.Step(h)
		if b := h >> 60; h < least[b] {
			least[b] = h
		}
	}
	for i := range d.Terms {
		t := &d.Terms[i]
		if denies(t) {
			facets += hash.Step(t.Hash ^ 0x6e6f74)
		}
		switch t.Kind {
		case text.Char, text.Han:
			continue // characters and their pairs say the same
		case text.Number:
			facets += hash.Step(t.Hash)
		}
		put(t.Hash)
		put(prev*31 + t.Hash)
		prev = t.Hash
	}
	sig := make([]byte, sigSize)
	// An empty bin takes the value of the next one that is not (rotation,
	// Shrivastava and Li, 2014).
	for i := range least {
		for j := range bins {
			if v := least[(i+j)%bins]; v != ^uint64(0) {
				sig[i] = byte(v>>8) + byte(j)*37
				break
			}
		}
	}
	binary.LittleEndian.PutUint32(sig[bins:], uint32(facets>>16))
	return sig
}

// copied is a message that others may repeat.
type copied struct {
	msg, concern hearback.ID
	at           int64
}

// copies remembers the messages of the last days by two halves of their
// signatures: a copy shares at least one.
type copies struct {
	list   []copied
	sigs   [][sigSize]byte
	halves [2][]uint32 // open addressing by half: index+1 of the first message that has it
}

// maxCopies is how many messages are remembered at the most: 70 MB.
const maxCopies = 1 << 20

func newCopies() copies {
	return copies{halves: [2][]uint32{make([]uint32, 1<<10), make([]uint32, 1<<10)}}
}

// keyOf hashes one half of a signature with what must agree.
func keyOf(sig []byte, half int) uint64 {
	return hash.Step(binary.LittleEndian.Uint64(sig[8*half:])+uint64(half)) ^ uint64(binary.LittleEndian.Uint32(sig[bins:]))
}

// first returns the place in the table of the first message that has a half in
// common with sig, or where it would be.
func (c *copies) first(sig []byte, half int) *uint32 {
	table := c.halves[half]
	m := uint64(len(table) - 1)
	for s := keyOf(sig, half) & m; ; s = (s + 1) & m {
		at := &table[s]
		if *at == 0 {
			return at
		}
		other := c.sigs[*at-1][:]
		if bytes.Equal(other[8*half:8*half+8], sig[8*half:8*half+8]) && bytes.Equal(other[bins:], sig[bins:]) {
			return at
		}
	}
}

// find returns the message that a text repeats, and the share of bins they
// have in common.
func (c *copies) find(sig []byte, now int64) (copied, float64, bool) {
	if len(sig) != sigSize {
		return copied{}, 0, false
	}
	for half := range c.halves {
		at := *c.first(sig, half)
		if at == 0 || now-c.list[at-1].at > CopyWindow.Microseconds() {
			continue
		}
		same := 0
		for b := range bins {
			if c.sigs[at-1][b] == sig[b] {
				same++
			}
		}
		if same >= sameBins {
			return c.list[at-1], float64(same) / bins, true
		}
	}
	return copied{}, 0, false
}

// add remembers a message. When the list is long, what is older than the
// window is forgotten, and the oldest quarter if that is not enough.
func (c *copies) add(x copied, sig []byte) {
	if len(sig) != sigSize {
		return
	}
	c.insert(x, sig)
	if n := len(c.list); n >= 1<<16 && bits.OnesCount(uint(n)) == 1 {
		from := 0
		if n == maxCopies {
			from = maxCopies / 4
		}
		c.forget(from, x.at)
	}
}

func (c *copies) insert(x copied, sig []byte) {
	c.list = append(c.list, x)
	c.sigs = append(c.sigs, [sigSize]byte(sig))
	grow := 2*len(c.list) > len(c.halves[0])
	for half := range c.halves {
		if grow {
			c.halves[half] = make([]uint32, 2*len(c.halves[half]))
			for i := range c.list {
				c.enter(i, half)
			}
		} else {
			c.enter(len(c.list)-1, half)
		}
	}
}

func (c *copies) enter(i, half int) {
	at := c.first(c.sigs[i][:], half)
	if *at == 0 || c.list[i].at-c.list[*at-1].at > CopyWindow.Microseconds() {
		*at = uint32(i + 1)
	}
}

// forget drops the messages before one, and those older than the window.
func (c *copies) forget(from int, now int64) {
	keep := newCopies()
	for i, x := range c.list {
		if i >= from && now-x.at <= CopyWindow.Microseconds() {
			keep.insert(x, c.sigs[i][:])
		}
	}
	if len(keep.list) < len(c.list) {
		*c = keep
	}
}

// Restore tells of a message that was grouped before a restart, in the order
// of the messages. It may run beside Load.
func (g *Grouper) Restore(msg, concern hearback.ID, at time.Time, sig []byte) {
	g.copies.add(copied{msg, concern, at.UnixMicro()}, sig)
}
