package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Piece is a word of a text as it stands there, with the term that it is
// compared by: vaccines, and vaccin. Chinese pieces are the words of the
// dictionary, and the characters between them.
type Piece struct {
	Term
	Written string // as normalised, without what clings to it: school of school's
	Begin   int    // where it begins in Doc.Norm, in bytes
}

// End returns where p ends in Doc.Norm.
func (p *Piece) End() int { return p.Begin + len(p.Written) }

// wrote notes that the newest term stands in the text at i as w.
func (c *cutter) wrote(i int, w string) {
	if c.pieces != nil {
		*c.pieces = append(*c.pieces, Piece{c.out[len(c.out)-1], w, i})
	}
}

// Pieces returns the words of a text in the order in which they stand there,
// each once. It cuts the text again, so it is for the few texts that are shown
// to people.
func (a *Analyzer) Pieces(d *Doc) []Piece {
	sc := a.pool.Get().(*scratch)
	defer a.pool.Put(sc)
	list := make([]Piece, 0, len(d.Terms))
	sc.terms = a.terms(sc, sc.terms[:0], d.Norm, d.Lang, &list)
	clear(sc.terms)
	return list
}

// Written returns how a word that is compared as stem stands in a text, or
// stem itself if it does not stand there.
func (a *Analyzer) Written(d *Doc, stem string) string {
	code := stemmerOf(d.Lang, d.Norm)
	if code == stemNone || stem == "" {
		return stem
	}
	for w := range strings.FieldsFuncSeq(d.Norm, between) {
		if w == stem {
			return w
		}
		if w[0] == stem[0] && a.stems.get(code, w).stem == stem {
			return w
		}
	}
	return stem
}

// between reports whether a character stands between words.
func between(r rune) bool {
	if r < utf8.RuneSelf {
		return asciiClass[r] != letter && asciiClass[r] != digit
	}
	return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r)
}

// AsTyped returns a normalised phrase in the letters in which it stands in the
// text s that it was taken from: WhatsApp, 自來水. It reports false if it cannot
// be found there.
func (a *Analyzer) AsTyped(s, phrase string) (string, bool) {
	if strings.Contains(s, phrase) && allHan(phrase) {
		return phrase, true
	}
	low := strings.ToLower(s)
	if len(low) == len(s) {
		for from := 0; ; {
			i := strings.Index(low[from:], phrase)
			if i < 0 {
				break
			}
			i += from
			if end := i + len(phrase); !joined(low[:i], phrase, low[end:]) {
				return s[i:end], true
			}
			from = i + 1
		}
	}
	if !allHan(phrase) {
		return "", false
	}
	want := len([]rune(phrase))
	r := []rune(clip(s, 2000))
	for i := 0; i+want <= len(r); i++ {
		if window := string(r[i : i+want]); allHan(window) && a.prepare(window, false) == phrase {
			return window, true
		}
	}
	return "", false
}

// joined reports whether letters cling to a phrase on either side.
func joined(before, phrase, after string) bool {
	b, a := []rune(before[max(0, len(before)-4):]), []rune(after[:min(len(after), 4)])
	first, last := []rune(phrase)[0], []rune(phrase)[len([]rune(phrase))-1]
	spaced := func(r rune) bool { c := classOf(r); return c == letter || c == mark || c == digit }
	return len(b) > 0 && spaced(b[len(b)-1]) && spaced(first) || len(a) > 0 && spaced(a[0]) && spaced(last)
}
