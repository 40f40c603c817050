package text

import (
	"slices"
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/arabic"
	"github.com/blevesearch/snowballstem/danish"
	"github.com/blevesearch/snowballstem/dutch"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/finnish"
	"github.com/blevesearch/snowballstem/french"
	"github.com/blevesearch/snowballstem/german"
	"github.com/blevesearch/snowballstem/hungarian"
	"github.com/blevesearch/snowballstem/irish"
	"github.com/blevesearch/snowballstem/italian"
	"github.com/blevesearch/snowballstem/norwegian"
	"github.com/blevesearch/snowballstem/portuguese"
	"github.com/blevesearch/snowballstem/romanian"
	"github.com/blevesearch/snowballstem/russian"
	"github.com/blevesearch/snowballstem/spanish"
	"github.com/blevesearch/snowballstem/swedish"
	"github.com/blevesearch/snowballstem/tamil"
	"github.com/blevesearch/snowballstem/turkish"
	"golang.org/x/text/unicode/norm"
)

const (
	stemNone    = 0
	stemEnglish = 1
)

// stemmers holds the stemmer of each language; its place is its code.
var stemmers = []struct {
	lang string
	stem func(*snowballstem.Env) bool
	bare bool // people leave out its accents, and no two words differ by them alone
}{
	stemNone:    {"", nil, false},
	stemEnglish: {"en", english.Stem, true},
	2:           {"ar", arabic.Stem, false},
	3:           {"da", danish.Stem, false},
	4:           {"de", german.Stem, false},
	5:           {"es", spanish.Stem, true},
	6:           {"fi", finnish.Stem, false},
	7:           {"fr", french.Stem, true},
	8:           {"ga", irish.Stem, false},
	9:           {"hu", hungarian.Stem, false},
	10:          {"it", italian.Stem, true},
	11:          {"nl", dutch.Stem, true},
	12:          {"nb", norwegian.Stem, false},
	13:          {"pt", portuguese.Stem, true},
	14:          {"ro", romanian.Stem, true},
	15:          {"ru", russian.Stem, false},
	16:          {"sv", swedish.Stem, false},
	17:          {"ta", tamil.Stem, false},
	18:          {"tr", turkish.Stem, false},
	19:          {"ca", nil, true},
	20:          {"gl", nil, true},
	21:          {"fa", nil, false},
	22:          {"ur", nil, false},
	23:          {"nn", norwegian.Stem, false},
}

// stemmerOf returns the code of the stemmer for a text. Text in an unknown
// language that is all ASCII is stemmed as English, which does little harm
// elsewhere.
func stemmerOf(lang, s string) uint8 {
	for i, x := range stemmers {
		if x.lang == lang && i > 0 {
			return uint8(i)
		}
	}
	if lang == "und" || lang == "zh" || lang == "ja" || lang == "ko" { // English words inside
		for i := range len(s) {
			if s[i] >= 0x80 && lang == "und" {
				return stemNone
			}
		}
		return stemEnglish
	}
	return stemNone
}

// stemWord returns the stem of a normalised word.
func stemWord(code uint8, w string) string {
	x := stemmers[code]
	switch x.lang {
	case "ru":
		w = strings.ReplaceAll(w, "ё", "е")
	case "ar", "fa", "ur":
		w = arabicLetters(w)
	case "es": // the stemmers know endings only with their accents
		w = accented(w, "cion", "ción", "sion", "sión")
	case "pt":
		w = accented(w, "cao", "ção", "coes", "ções")
	}
	if x.stem != nil && len(w) < 4*maxWord {
		env := snowballstem.NewEnv(w)
		x.stem(env)
		if s := env.Current(); s != "" {
			w = s
		}
	}
	if x.bare {
		w = bare(w)
	}
	return w
}

// accented puts the accent on an ending that was written without.
func accented(w string, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		if t, ok := strings.CutSuffix(w, pairs[i]); ok && len(t) > 1 {
			return t + pairs[i+1]
		}
	}
	return w
}

// bare takes the accents off Latin letters.
func bare(w string) string {
	i := 0
	for i < len(w) && w[i] < utf8.RuneSelf {
		i++
	}
	if i == len(w) {
		return w
	}
	d := []rune(norm.NFD.String(w))
	out := d[:0]
	for i, r := range d {
		if unicode.Is(unicode.Mn, r) && i > 0 && (d[0] < 0x250) {
			continue
		}
		out = append(out, r)
	}
	if len(out) == 0 {
		return w
	}
	return norm.NFC.String(string(out))
}

// arabicLetters gives letters that Arabic, Persian and Urdu keyboards write in
// different ways one form, and takes vowel marks off.
func arabicLetters(w string) string {
	t := strings.Map(func(r rune) rune {
		switch r {
		case 'ی', 'ى':
			return 'ي'
		case 'ک':
			return 'ك'
		case 'ہ', 'ۀ', 'ە':
			return 'ه'
		}
		if 0x064B <= r && r <= 0x065F || r == 0x0670 {
			return -1
		}
		return r
	}, w)
	if t == "" {
		return w
	}
	return t
}

// elided are the words that French, Italian and Catalan write against the
// next: l'eau, dell'acqua.
var elided = []string{
	"all", "c", "coll", "d", "dall", "dell", "j", "jusqu", "l", "lorsqu", "m", "n", "nell", "puisqu", "qu", "quell", "quest", "quoiqu",
	"s", "sull", "t", "un",
}

// clitic takes off what an apostrophe ties to a word: it's → it, we'll → we,
// l'eau → eau. Otherwise the apostrophe alone goes: don't → dont, as many
// write it.
func clitic(w string, at int, code uint8) string {
	switch stemmers[code].lang {
	case "en":
		switch w[at+1:] {
		case "s", "re", "ll", "ve", "d", "m":
			return w[:at]
		}
	case "fr", "it", "ca":
		if slices.Contains(elided, w[:at]) && at+1 < len(w) {
			w = w[at+1:]
		}
	}
	return strings.ReplaceAll(w, "'", "")
}

// A stemCache remembers stems. It is bounded: each word has one place, and a
// word that comes later takes it.
type stemCache [1 << 15]atomic.Pointer[stemEntry]

type stemEntry struct {
	key  uint64 // hash of the word and the stemmer; terms are told apart by such hashes too
	hash uint64 // of the stem as a Word
	stem string
}

func newStemCache() *stemCache { return new(stemCache) }

func (c *stemCache) get(code uint8, w string) *stemEntry {
	key := hashTerm(TermKind(code), w)
	at := &c[(key>>7)%uint64(len(c))]
	if e := at.Load(); e != nil && e.key == key {
		return e
	}
	stem := stemWord(code, strings.Clone(w)) // w is part of the text
	e := &stemEntry{key: key, hash: hashTerm(Word, stem), stem: stem}
	at.Store(e)
	return e
}
