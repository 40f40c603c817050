package app

import (
	"example.org/hearback/internal/hash"

	"context"
	"sync"
)

// A seen set answers "surely not" or "perhaps" for 64-bit keys, so that the
// store need not be asked about every new post. It is a row of Bloom filters
// (Bloom, 1970) of which each is twice as large as the one before and begun
// when that is full (Almeida and others, 2007).
type seen []filter

// A filter holds ten bits a key. The seven bits of a key lie in one cache line
// (Putze, Sanders, Singler, 2007), which gives about 2 % false alarms when it
// is full.
type filter struct {
	lines [][8]uint64
	room  int // keys that may still be added
}

const bitsAKey = 10

// newSeen makes a set for about n keys to begin with.
func newSeen(n int) seen { return seen{newFilter(n)} }

func newFilter(n int) filter {
	lines := n*bitsAKey/512 + 1
	return filter{make([][8]uint64, lines), lines * 512 / bitsAKey}
}

func (s *seen) add(key uint64) {
	last := &(*s)[len(*s)-1]
	if last.room == 0 {
		*s = append(*s, newFilter(2*len(last.lines)*512/bitsAKey))
		last = &(*s)[len(*s)-1]
	}
	last.room--
	line, bits := last.find(key)
	for range 7 {
		line[bits>>6&7] |= 1 << (bits & 63)
		bits >>= 9
	}
}

func (s seen) perhaps(key uint64) bool {
	for i := range s {
		line, bits := s[i].find(key)
		hit := true
		for range 7 {
			hit = hit && line[bits>>6&7]&(1<<(bits&63)) != 0
			bits >>= 9
		}
		if hit {
			return true
		}
	}
	return false
}

// find returns the line of a key and seven times nine bits that say which.
func (f *filter) find(key uint64) (line *[8]uint64, bits uint64) {
	h := hash.Step(key)
	return &f.lines[h%uint64(len(f.lines))], hash.Step(h)
}

// waiting bounds how many items are under way, so that many senders at once
// cannot fill the memory: a message that waits takes some kilobytes.
type waiting struct {
	turn  chan struct{} // held by the one who is next: first come, first served
	mu    sync.Mutex
	n     int
	freed chan struct{} // told when there is less
}

func newWaiting() *waiting {
	return &waiting{turn: make(chan struct{}, 1), freed: make(chan struct{}, 1)}
}

// enter waits until there is room for n items. More than fit at all go alone.
func (w *waiting) enter(ctx context.Context, n int) error {
	select {
	case w.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-w.turn }()
	for !w.fits(n) {
		select {
		case <-w.freed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (w *waiting) fits(n int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.n > 0 && w.n+n > maxWaiting {
		return false
	}
	w.n += n
	return true
}

func (w *waiting) leave(n int) {
	w.mu.Lock()
	w.n -= n
	w.mu.Unlock()
	select {
	case w.freed <- struct{}{}:
	default:
	}
}
