package cluster

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"time"

	"example.org/hearback"
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
		h = scatter(h)
		if b := h >> 60; h < least[b] {
			least[b] = h
		}
	}
	for i := range d.Terms {
		t := &d.Terms[i]
		if negative[t.Text] {
			facets += scatter(t.Hash ^ 0x6e6f74)
		}
		switch t.Kind {
		case text.Char, text.Han:
			continue // characters and their pairs say the same
		case text.Number:
			facets += scatter(t.Hash)
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

// scatter is the finaliser of SplitMix64 (Steele, Lea, Flood, 2014).
func scatter(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// copied is a message that others may repeat.
type copied struct {
	msg, concern hearback.ID
	at           int64
}

// copies remembers the messages of the last days by two halves of their
// signatures: a copy shares at least one.
type copies struct {
	halves [2]map[uint64]int32
	list   []copied
	sigs   [][sigSize]byte
}

func newCopies() copies {
	return copies{halves: [2]map[uint64]int32{{}, {}}}
}

func keysOf(sig []byte) [2]uint64 {
	f := uint64(binary.LittleEndian.Uint32(sig[bins:]))
	return [2]uint64{scatter(binary.LittleEndian.Uint64(sig)) ^ f, scatter(binary.LittleEndian.Uint64(sig[8:])+1) ^ f}
}

// find returns the message that a text repeats, and the share of bins they
// have in common.
func (c *copies) find(sig []byte, now int64) (copied, float64, bool) {
	if len(sig) != sigSize {
		return copied{}, 0, false
	}
	for half, key := range keysOf(sig) {
		i, ok := c.halves[half][key]
		if !ok {
			continue
		}
		x := c.list[i]
		if now-x.at > CopyWindow.Microseconds() || !slices.Equal(c.sigs[i][bins:], sig[bins:]) {
			continue
		}
		same := 0
		for b := range bins {
			if c.sigs[i][b] == sig[b] {
				same++
			}
		}
		if same >= sameBins {
			return x, float64(same) / bins, true
		}
	}
	return copied{}, 0, false
}

// add remembers a message. When the list is long, what is older than the
// window is forgotten.
func (c *copies) add(x copied, sig []byte) {
	if len(sig) != sigSize {
		return
	}
	c.insert(x, sig)
	if n := len(c.list); n >= 1<<16 && bits.OnesCount(uint(n)) == 1 {
		c.forget(x.at)
	}
}

func (c *copies) insert(x copied, sig []byte) {
	i := int32(len(c.list))
	c.list = append(c.list, x)
	c.sigs = append(c.sigs, [sigSize]byte(sig))
	for half, key := range keysOf(sig) {
		if _, ok := c.halves[half][key]; !ok {
			c.halves[half][key] = i
		}
	}
}

// forget drops what is older than the window at now.
func (c *copies) forget(now int64) {
	keep := newCopies()
	for i, x := range c.list {
		if now-x.at <= CopyWindow.Microseconds() {
			keep.insert(x, c.sigs[i][:])
		}
	}
	if len(keep.list) < len(c.list) {
		*c = keep
	}
}

// Restore tells of a message that was grouped before a restart, in the order
// of the messages.
func (g *Grouper) Restore(msg, concern hearback.ID, at time.Time, sig []byte) {
	g.copies.add(copied{msg, concern, at.UnixMicro()}, sig)
}
