// Package text turns what people write into terms that the rest of the system
// counts, groups, searches and matches: once, in Go, the same for everything.
// It normalises (NFKC, width, case, elongation, traditional to simplified
// Chinese), leaves out what is nobody's words (addresses of pages, mentions,
// emoji, masks), names the language, cuts words, and sorts a message by need.
//
// It keeps nothing, fetches nothing, and never judges what a message thinks of
// anybody. It does not mask: it expects text that package deident has been
// through, though it works on any text.
package text

import (
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"example.org/hearback/data"
)

// MaxBytes is how much of one text is read. What follows is ignored: nobody
// says in one message more than this, and work stays bounded.
const MaxBytes = 256 << 10

// An Analyzer analyses texts. It is made once, holds its dictionaries and a
// bounded cache of stems, and is safe for many goroutines.
type Analyzer struct {
	lid           *langModel
	guide         *langGuide
	han           *hanDict
	conv          *simplifier
	stems         *stemCache
	inert         *inertSet
	cues, hanCues cues
	pool          sync.Pool // of *scratch
}

// scratch is what one Analyze needs and the next can use again.
type scratch struct {
	norm  []byte
	runes []rune
	offs  []int32
	cut   hanCut
	terms []Term
}

// A Doc is one text, analysed.
type Doc struct {
	Lang  string  // base language, ISO 639-1 where there is one, or "und"
	P     float64 // how sure Lang is, 0 to 1
	Norm  string  // the normalised text, words separated as written
	Terms []Term  // in order of position
}

// Words returns how many words and numbers a text has. Of Chinese it counts those
// of the dictionary and the characters between them, and of scripts without
// spaces that have no dictionary every second pair of characters.
func (d *Doc) Words() int {
	n, pairs, covered := 0, 0, int32(-1)
	for i := range d.Terms {
		switch t := &d.Terms[i]; t.Kind {
		case Word, Number:
			n++
		case Han:
			n++
			covered = t.Pos + int32(len(t.Text)/3)
		case Char:
			if t.Pos >= covered {
				n++
			}
		case Bigram:
			pairs++
		}
	}
	if n == 0 {
		n = pairs / 2
	}
	return n
}

// A Term is one unit of a text.
type Term struct {
	Text string   // as compared: a stem, a dictionary word, characters, a number
	Hash uint64   // of Kind and Text; the same in every run and on every machine
	Kind TermKind //
	// Pos is where the term stands, for phrases. A word of a spaced script
	// takes one position. In scripts written without spaces each character
	// takes one, and a term of several characters has that of its first.
	Pos int32
}

// TermKind says what sort of unit a term is.
type TermKind uint8

// The kinds of term. Chinese text gives three overlapping views of itself:
// Han, Bigram and Char; a reader picks those it needs.
const (
	Word   TermKind = iota + 1 // a word of a spaced script, stemmed
	Han                        // a word of two characters or more found in the Chinese dictionary
	Bigram                     // two neighbouring characters of a script written without spaces
	Char                       // one Han character, or a lone one of another such script
	Number                     // a number, in ASCII digits
)

// String returns the name of k.
func (k TermKind) String() string {
	switch k {
	case Word:
		return "word"
	case Han:
		return "han"
	case Bigram:
		return "bigram"
	case Char:
		return "char"
	case Number:
		return "number"
	}
	return "unknown"
}

// New loads the embedded data.
func New() (*Analyzer, error) {
	lid, err := parseLangModel(data.LangID())
	if err != nil {
		return nil, fmt.Errorf("read the embedded language model: %w", err)
	}
	han, err := parseHanDict(data.HanWords(), data.CedictWords())
	if err != nil {
		return nil, fmt.Errorf("read the embedded Chinese dictionary: %w", err)
	}
	chars, phrases, taiwan := data.Simplify()
	conv, err := parseSimplifier(chars, phrases, taiwan, han)
	if err != nil {
		return nil, fmt.Errorf("read the embedded table of simplified characters: %w", err)
	}
	a := &Analyzer{lid: lid, guide: newLangGuide(lid), han: han, conv: conv, stems: newStemCache(), inert: newInertSet(),
		cues: parseCues(cueLines), hanCues: parseCues(hanCues)}
	a.pool.New = func() any { return new(scratch) }
	return a, nil
}

// Analyze analyses s. lang is what the source states about its language, or
// "". A stated language is believed unless the script or a confident model
// says otherwise.
func (a *Analyzer) Analyze(s, lang string) Doc {
	s = clip(s, MaxBytes)
	sc := a.pool.Get().(*scratch)
	defer a.pool.Put(sc)

	sc.norm = a.normalise(sc.norm[:0], s, japanese(s, lang))
	d := Doc{Norm: string(sc.norm)}
	d.Lang, d.P = a.decide(d.Norm, lang)
	sc.terms = a.terms(sc, sc.terms[:0], d.Norm, d.Lang, nil)
	d.Terms = append(make([]Term, 0, len(sc.terms)), sc.terms...)
	clear(sc.terms) // do not hold on to the text
	return d
}

// clip cuts s to at most n bytes, at a rune.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// baseLang returns the base language of a tag such as "zh-Hant" or "pt_BR",
// in lower case, or "".
func baseLang(tag string) string {
	if i := strings.IndexAny(tag, "-_"); i >= 0 {
		tag = tag[:i]
	}
	tag = strings.ToLower(strings.TrimSpace(tag))
	switch tag {
	case "und", "mul", "zxx", "xx":
		return ""
	case "cmn", "yue", "wuu", "zho", "chi":
		return "zh"
	case "eng":
		return "en"
	case "in":
		return "id"
	case "iw":
		return "he"
	case "no":
		return "nb"
	case "tl", "fil":
		return "tl"
	}
	return tag
}
