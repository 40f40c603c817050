package text

import (
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxWord   = 48   // runes of one word that are compared
	maxNumber = 15   // digits; longer ones are no quantity
	maxRun    = 4096 // Han characters cut at once
)

// cutter walks one normalised text and collects its terms.
type cutter struct {
	a    *Analyzer
	sc   *scratch
	out  []Term
	s    string
	lang string
	code uint8 // of the stemmer
	pos  int32

	afterName bool // the last word was one that numbers follow: "line two"
	ordinal   byte // the last word was "second" and the like, at position pos-1

	pieces *[]Piece // where to note what stands in the text, or nil
}

// terms appends the terms of the normalised text s to out, and if pieces is not
// nil, the words as they stand in s to that.
func (a *Analyzer) terms(sc *scratch, out []Term, s, lang string, pieces *[]Piece) []Term {
	c := cutter{a: a, sc: sc, out: out, s: s, lang: lang, code: stemmerOf(lang, s), pieces: pieces}
	for i := 0; i < len(s); {
		b := s[i]
		if b < utf8.RuneSelf {
			switch asciiClass[b] {
			case letter:
				i = c.word(i)
			case digit:
				i = c.number(i)
			default:
				if b != ' ' {
					c.afterName, c.ordinal = false, 0
				}
				i++
			}
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch classOf(r) {
		case letter:
			i = c.word(i)
		case han, kana:
			i = c.cjk(i)
		case hangul:
			i = c.korean(i)
		case dense:
			i = c.dense(i)
		case digit: // none is left after normalise
			i = c.number(i)
		default:
			i += n
		}
	}
	return c.out
}

func (c *cutter) emit(kind TermKind, text string, pos int32) {
	c.out = append(c.out, Term{Text: text, Hash: hashTerm(kind, text), Kind: kind, Pos: pos})
}

// word cuts a word of a spaced script: letters, marks, digits after letters,
// apostrophes between letters, and the dots of u.s.a.
func (c *cutter) word(i int) int {
	s := c.s
	j, runes, apostrophe, letters, end := i, 0, -1, 0, -1
	acronym := false
	for j < len(s) {
		b := s[j]
		if b < utf8.RuneSelf {
			cl := asciiClass[b]
			if cl == letter {
				letters++
			} else if cl == digit {
				if letters >= 3 && letters == runes {
					break // covid19, line2: a word and a number
				}
			} else if b == '\'' && j+1 < len(s) && isLetterAt(s, j+1) {
				if apostrophe < 0 {
					apostrophe = j
				}
			} else if b == '.' && (runes == 1 || acronym) && j+1 < len(s) && s[j+1] < 0x80 && asciiClass[s[j+1]] == letter &&
				(j+2 == len(s) || s[j+2] >= 0x80 || asciiClass[s[j+2]] != letter) {
				acronym = true
			} else {
				break
			}
			j++
		} else {
			r, n := utf8.DecodeRuneInString(s[j:])
			if cl := classOf(r); cl != letter && cl != mark && cl != digit {
				break
			} else if cl == letter {
				letters++
			}
			j += n
		}
		if runes++; runes == maxWord {
			end = j
		}
	}
	if end < 0 {
		end = j
	}
	w := s[i:end]
	if acronym {
		w = strings.ReplaceAll(w, ".", "")
		if j < len(s) && s[j] == '.' {
			j++
		}
	} else if apostrophe >= 0 && apostrophe < end {
		w = clitic(w, apostrophe-i, c.code)
	}
	if w == "" {
		return j
	}
	c.spelt(w)
	e := c.a.stems.get(c.code, w)
	c.out = append(c.out, Term{Text: e.stem, Hash: e.hash, Kind: Word, Pos: c.pos})
	c.wrote(i, w)
	c.pos++
	return j
}

func isLetterAt(s string, i int) bool {
	if s[i] < utf8.RuneSelf {
		return asciiClass[s[i]] == letter
	}
	r, _ := utf8.DecodeRuneInString(s[i:])
	return classOf(r) == letter
}

// cjk cuts a run of Han characters and kana.
func (c *cutter) cjk(i int) int {
	s, sc := c.s, c.sc
	sc.runes, sc.offs = sc.runes[:0], sc.offs[:0]
	j := i
	kanas := 0
	for j < len(s) && len(sc.runes) < maxRun {
		r, n := utf8.DecodeRuneInString(s[j:])
		switch classOf(r) {
		case han:
		case kana:
			kanas++
		default:
			n = 0
		}
		if n == 0 {
			break
		}
		sc.runes = append(sc.runes, r)
		sc.offs = append(sc.offs, int32(j))
		j += n
	}
	sc.offs = append(sc.offs, int32(j))
	runes, offs, n := sc.runes, sc.offs, len(sc.runes)
	if kanas == 0 {
		c.chinese(runes, offs)
		c.pos += int32(n)
		return j
	}
	from := len(c.out)
	for k := 0; k < n; {
		e := k + 1
		cl := kanaClass(runes[k])
		for e < n && kanaClass(runes[e]) == cl {
			e++
		}
		switch {
		case cl == 'k' && e-k > 1: // katakana writes words
			c.emit(Word, s[offs[k]:offs[e]], c.pos+int32(k))
			c.wrote(int(offs[k]), s[offs[k]:offs[e]])
		case cl == 'h':
			if c.lang == "ja" || c.lang == "und" {
				if e-k >= 2 && e-k <= 4 {
					c.emit(Han, s[offs[k]:offs[e]], c.pos+int32(k))
					c.wrote(int(offs[k]), s[offs[k]:offs[e]])
				}
				for x := k; x < e; x++ {
					c.emit(Char, s[offs[x]:offs[x+1]], c.pos+int32(x))
				}
			} else {
				c.chinese(runes[k:e], offs[k:e+1])
				k = e
				continue
			}
		case e-k == 1 && n == 1:
			c.emit(Char, s[offs[k]:offs[e]], c.pos+int32(k))
		}
		k = e
	}
	for k := 0; k+1 < n; k++ {
		c.emit(Bigram, s[offs[k]:offs[k+2]], c.pos+int32(k))
	}
	slices.SortStableFunc(c.out[from:], func(a, b Term) int { return int(a.Pos - b.Pos) })
	c.pos += int32(n)
	return j
}

func kanaClass(r rune) byte {
	switch {
	case isHan(r):
		return 'h'
	case r >= 0x30A0 || r == 'ー':
		return 'k'
	}
	return 'g' // hiragana
}

// chinese emits words, bigrams, characters and numbers of a run of Han
// characters that begins at the current position.
func (c *cutter) chinese(runes []rune, offs []int32) {
	s, n := c.s, len(runes)
	base := c.pos
	var next []int32
	if n > 1 && c.lang != "ja" {
		next = c.a.han.cut(&c.sc.cut, runes)
	} else if n >= 2 && n <= 4 {
		c.emit(Han, s[offs[0]:offs[n]], base)
		c.wrote(int(offs[0]), s[offs[0]:offs[n]])
	}
	begin, numeral := 0, 0 // where the next word begins, where the last numeral ended
	for k, r := range runes {
		alone := false // no word begins here
		if k == begin && next != nil {
			if begin = int(next[k]); begin > k+1 {
				c.emit(Han, s[offs[k]:offs[begin]], base+int32(k))
				c.wrote(int(offs[k]), s[offs[k]:offs[begin]])
			} else {
				alone = true
			}
		}
		if k >= numeral && next != nil && isNumeral(r) {
			numeral = c.hanNumber(runes, offs, k)
		}
		c.emit(Char, s[offs[k]:offs[k+1]], base+int32(k))
		if alone {
			c.wrote(int(offs[k]), s[offs[k]:offs[k+1]])
		}
		if k+1 < n {
			c.emit(Bigram, s[offs[k]:offs[k+2]], base+int32(k))
		}
	}
}

// particles end Korean words and say what part they play.
var particles = []string{
	"으로부터", "에서는", "에게서", "이라는", "까지", "부터", "에서", "에게", "으로", "이나", "라고", "처럼", "보다", "마다", "조차", "밖에",
	"하고", "은", "는", "이", "가", "을", "를", "에", "의", "도", "로", "와", "과", "만", "요", "나",
}

// korean cuts a run of Hangul: the word without its particle, and bigrams.
func (c *cutter) korean(i int) int {
	s := c.s
	j, n := i, 0
	c.sc.offs = c.sc.offs[:0]
	for j < len(s) {
		r, k := utf8.DecodeRuneInString(s[j:])
		if classOf(r) != hangul || n == maxWord {
			break
		}
		c.sc.offs = append(c.sc.offs, int32(j))
		j += k
		n++
	}
	w := s[i:j]
	for _, p := range particles {
		if len(w) >= len(p)+6 && strings.HasSuffix(w, p) {
			w = w[:len(w)-len(p)]
			n -= len(p) / 3
			break
		}
	}
	c.emit(Word, w, c.pos)
	c.wrote(i, w)
	offs := append(c.sc.offs[:n], int32(i+len(w)))
	if n > 2 {
		for k := 0; k+2 <= n; k++ {
			c.emit(Bigram, s[offs[k]:offs[k+2]], c.pos)
		}
	}
	c.pos++
	return j
}

// dense cuts a run of Thai, Lao, Khmer or Burmese: bigrams of characters, a
// character being a base with its marks.
func (c *cutter) dense(i int) int {
	s := c.s
	offs := c.sc.offs[:0]
	j := i
	for j < len(s) && len(offs) < maxRun {
		r, n := utf8.DecodeRuneInString(s[j:])
		cl := classOf(r)
		if cl != dense && cl != mark {
			break
		}
		if cl == dense || len(offs) == 0 {
			offs = append(offs, int32(j))
		}
		j += n
	}
	n := len(offs)
	offs = append(offs, int32(j))
	c.sc.offs = offs
	if n == 1 {
		c.emit(Char, s[i:j], c.pos)
	}
	for k := 0; k+2 <= n; k++ {
		c.emit(Bigram, s[offs[k]:offs[k+2]], c.pos+int32(k))
	}
	c.pos += int32(n)
	return j
}
