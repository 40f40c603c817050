package deident

import (
	"strings"
)

// A span is a run of cells to be replaced.
type span struct {
	lo, hi int
	kind   mark
	host   [2]int // for a link: the cells that stay
}

// A scan is the work on one text. The rules read cells from left to right;
// each rule that finds something adds a span and says where to go on.
type scan struct {
	text  string
	cells []cell
	most  int // cells that hold something since the last wipe
	spans []span
	keep  map[string]struct{}
	at    bool // there is an @ in the text
	dot   bool // there is a full stop in the text

	phoneTo   int // up to this cell, a bare number of seven digits is a telephone number
	addressTo int // up to this cell, an address has been announced
	coordTo   int // up to this cell, coordinates have been announced

	groups []group
	word   [32]byte
}

// load folds s into cells.
func (s *scan) load(text string) {
	s.text = text
	s.cells, s.spans = s.cells[:0], s.spans[:0]
	s.at, s.dot = false, false
	s.phoneTo, s.addressTo, s.coordTo = 0, 0, 0
	for i, r := range text {
		var c cell
		if r < 128 {
			a := &ascii[r]
			c = cell{a.r, a.f, int32(i)}
			if r == '@' {
				s.at = true
			} else if r == '.' {
				s.dot = true
			}
		} else if hanLo <= r && r <= hanHi {
			c = cell{r, han[r-hanLo], int32(i)}
		} else {
			f, fl, ok := foldRare(r)
			if !ok {
				continue
			}
			s.at = s.at || f == '@'
			s.dot = s.dot || f == '.'
			c = cell{f, fl, int32(i)}
		}
		s.cells = append(s.cells, c)
	}
	s.most = max(s.most, len(s.cells))
}

// wipe forgets the text. The cells stay allocated for the next one.
func (s *scan) wipe() {
	s.text = ""
	most := s.most
	s.most = 0
	if cap(s.cells) > 4096 {
		s.cells = nil // do not hold on to the memory of one long text
		return
	}
	clear(s.cells[:most])
	s.cells = s.cells[:0]
}

// run applies the rules.
func (s *scan) run() {
	n := len(s.cells)
	for i := 0; i < n; {
		c := &s.cells[i]
		var next int
		switch {
		case c.f&fDigit != 0:
			next = s.number(i)
		case c.f&fAlpha != 0:
			next = s.latin(i)
		case c.f&(fKey|fTitle|fUnit|fProv|fNum) != 0:
			next = s.chinese(i)
		case c.f != 0:
			if c.f&fLetter != 0 && s.at {
				next = s.letters(i)
			}
		case c.r == '@':
			next = s.atSign(i)
		case c.r == '[':
			next = s.skipToken(i)
		case c.r == '+' || c.r == '(':
			if s.is(i+1, fDigit) || c.r == '(' && s.r(i+1) == '+' && s.is(i+2, fDigit) {
				next = s.number(i)
			}
		case c.r == '/':
			next = s.slash(i)
		case c.r == ':':
			next = s.colon(i)
		}
		i = max(next, i+1)
	}
}

// r returns the folded character of cell i, or 0 outside the text.
func (s *scan) r(i int) rune {
	if i < 0 || i >= len(s.cells) {
		return 0
	}
	return s.cells[i].r
}

// is reports whether cell i has one of the flags.
func (s *scan) is(i int, f flags) bool {
	return i >= 0 && i < len(s.cells) && s.cells[i].f&f != 0
}

// floor is the first cell that is not yet masked: rules that look to the left
// stop there.
func (s *scan) floor() int {
	if len(s.spans) == 0 {
		return 0
	}
	return s.spans[len(s.spans)-1].hi
}

// add masks cells lo to hi and returns hi. Spans that lo reaches back into are
// swallowed.
func (s *scan) add(lo, hi int, kind mark) int {
	for len(s.spans) > 0 {
		last := &s.spans[len(s.spans)-1]
		if last.hi <= lo {
			break
		}
		lo, hi = min(lo, last.lo), max(hi, last.hi)
		s.spans = s.spans[:len(s.spans)-1]
	}
	s.spans = append(s.spans, span{lo: lo, hi: hi, kind: kind})
	return hi
}

// skipToken steps over a mask that is in the text already.
func (s *scan) skipToken(i int) int {
	rest := s.text[s.cells[i].off:]
	for _, t := range tokens {
		if t != "" && strings.HasPrefix(rest, t) {
			return i + len(t) // masks are ASCII: one cell a byte
		}
	}
	return 0
}

// write returns the text with its spans replaced, up to limit characters of
// the original and the end of the span that lies across it.
func (s *scan) write(text string, limit int) (string, mark) {
	end := len(text)
	if limit < len(s.cells) {
		end = int(s.cells[limit].off)
	}
	if len(s.spans) == 0 && end == len(text) {
		return text, 0
	}
	var b strings.Builder
	b.Grow(len(text) + 16)
	var did mark
	pos, lastToken := 0, ""
	for _, sp := range s.spans {
		lo, hi := s.offset(sp.lo), s.offset(sp.hi)
		if lo >= end {
			break
		}
		b.WriteString(text[pos:lo])
		if lo > pos {
			lastToken = ""
		}
		did |= sp.kind
		if sp.kind == mLink {
			for _, c := range s.cells[sp.host[0]:sp.host[1]] {
				b.WriteRune(c.r)
			}
			// What was a path must not grow together with what follows.
			if goesOn(text[hi:]) {
				b.WriteByte(' ')
			}
			lastToken = ""
		} else if t := tokens[bit(sp.kind)]; t != lastToken {
			// Two of a kind side by side are one: @a@b says no more than @a.
			b.WriteString(t)
			lastToken = t
		}
		pos = hi
	}
	if pos < end {
		b.WriteString(text[pos:end])
	}
	return b.String(), did
}

func (s *scan) offset(i int) int {
	if i >= len(s.cells) {
		return len(s.text)
	}
	return int(s.cells[i].off)
}

// goesOn reports whether rest would be read as part of a host before it. A
// full stop that closes the sentence would not.
func goesOn(rest string) bool {
	for i, r := range rest {
		f, fl, ok := fold(r)
		switch {
		case !ok:
			return true
		case fl&fWord != 0 || f == '/' || f == '?' || f == '#' || f == '@' || f == '_' || f == '%':
			return true
		case f == '.' || f == ':' || f == '-':
			if i > 8 {
				return true
			}
		default:
			return false
		}
	}
	return false
}

func bit(m mark) int {
	for i := range tokens {
		if m == 1<<i {
			return i
		}
	}
	return 0
}

// match returns the length of word in cells if it stands at cell i, or 0.
func (s *scan) match(i int, word string) int {
	n := 0
	for _, r := range word {
		if s.r(i+n) != r {
			return 0
		}
		n++
	}
	return n
}

// matchRunes is match for a word that is taken apart already.
func (s *scan) matchRunes(i int, word []rune) int {
	if i < 0 || i+len(word) > len(s.cells) {
		return 0
	}
	for n, r := range word {
		if s.cells[i+n].r != r {
			return 0
		}
	}
	return len(word)
}

// spaces returns the first cell from i on that is not a space. It does not go
// over a line break.
func (s *scan) spaces(i int) int {
	for s.is(i, fSpace) && !s.is(i, fBreak) {
		i++
	}
	return i
}
