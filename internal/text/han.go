package text

import (
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A hanDict cuts Chinese into the words that make a run of characters most
// likely, each word by how often it occurs (a unigram model over the graph of
// dictionary words). Words it does not know fall into characters; bigrams
// carry those.
//
// Words and all their beginnings stand in one open-addressing table: 48 bits
// of hash and 16 of cost, so that a look-up touches one cache line.
type hanDict struct {
	slots  []uint64
	mask   uint64
	simple [0x9FFF + 1 - 0x3400]bool  // characters that occur in dictionary words
	reach  [0x9FFF + 1 - 0x3400]uint8 // length of the longest word that begins so
	single [0x9FFF + 1 - 0x3400]uint16
}

const (
	costScale   = 1000 // cost is −ln p × costScale, at most 16 bits
	costUnknown = 18500
	rareCount   = 4 // what a word without a count counts as
)

func parseHanDict(counted, bare string) (*hanDict, error) {
	total := 0.0
	n := 0
	for line := range strings.Lines(counted) {
		_, count, err := countedWord(line)
		if err != nil {
			return nil, err
		}
		total += float64(count)
		n++
	}
	size := 1 << bits.Len(uint(4*n+2*strings.Count(bare, "\n")))
	d := &hanDict{slots: make([]uint64, size), mask: uint64(size - 1)}
	for line := range strings.Lines(counted) {
		word, count, _ := countedWord(line)
		d.add(word, cost(float64(count)/total))
	}
	rare := cost(rareCount / total)
	for line := range strings.Lines(bare) {
		d.add(strings.TrimSuffix(line, "\n"), rare)
	}
	return d, nil
}

func cost(p float64) uint16 { return uint16(min(max(-math.Log(p)*costScale, 1), 65000)) }

func countedWord(line string) (string, int, error) {
	word, count, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
	n, err := strconv.Atoi(count)
	if !ok || err != nil || n <= 0 || word == "" {
		return "", 0, fmt.Errorf("line %q is not a word and how often it occurs", line)
	}
	return word, n, nil
}

const hanSeed = 0x9E3779B97F4A7C15

func hanStep(h uint64, r rune) uint64 {
	h = (h ^ uint64(r)) * 0xff51afd7ed558ccd
	return h ^ h>>32
}

func (d *hanDict) add(word string, cost uint16) {
	first, n := utf8.DecodeRuneInString(word)
	f := int(first) - 0x3400
	if f < 0 || f >= len(d.reach) {
		return
	}
	count := utf8.RuneCountInString(word)
	d.reach[f] = max(d.reach[f], uint8(min(count, 255)))
	if n == len(word) {
		d.single[f] = cost
	}
	h := uint64(hanSeed)
	i := 0
	for _, r := range word {
		if k := int(r) - 0x3400; k >= 0 && k < len(d.simple) {
			d.simple[k] = true
		}
		h = hanStep(h, r)
		if i++; i == 1 {
			continue
		}
		slot := d.find(h)
		if d.slots[slot] == 0 {
			d.slots[slot] = h &^ 0xffff
		}
		if i == count {
			d.slots[slot] |= uint64(cost)
		}
	}
}

// find returns the slot of h, or the empty one where it would stand.
func (d *hanDict) find(h uint64) uint64 {
	i := h >> 20 & d.mask
	for d.slots[i] != 0 && (d.slots[i]^h)&^0xffff != 0 {
		i = (i + 1) & d.mask
	}
	return i
}

// hanCut is room for cutting.
type hanCut struct {
	best []int32
	next []int32
}

// cut returns, for every position where a word begins on the best path, where
// it ends. The result is valid until the next call.
func (d *hanDict) cut(c *hanCut, run []rune) []int32 {
	n := len(run)
	if cap(c.best) < n+1 {
		c.best, c.next = make([]int32, n+1, 2*n+64), make([]int32, n+1, 2*n+64)
	}
	best, next := c.best[:n+1], c.next[:n+1]
	best[n] = 0
	// maxRun keeps the sum of costs far below 2³¹.
	for i := n - 1; i >= 0; i-- {
		f := int(run[i]) - 0x3400
		b, to := int32(costUnknown), int32(i+1)
		reach := 1
		if f >= 0 && f < len(d.reach) {
			reach = int(d.reach[f])
			if s := d.single[f]; s > 0 {
				b = int32(s)
			}
		}
		b += best[i+1]
		h := hanStep(hanSeed, run[i])
		for j := i + 1; j < n && j < i+reach; j++ {
			h = hanStep(h, run[j])
			e := d.slots[d.find(h)]
			if e == 0 {
				break
			}
			if w := int32(e & 0xffff); w > 0 && w+best[j+1] < b {
				b, to = w+best[j+1], int32(j+1)
			}
		}
		best[i], next[i] = b, to
	}
	return next
}
