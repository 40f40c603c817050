package suggest

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"example.org/hearback/internal/hash"
	"example.org/hearback/internal/text"
	"example.org/hearback/internal/text/lexvec"
)

// The groups of features. Each has a weight beside its idf: pairs of words and
// parts of words say again what words said already, and the form of a message
// (has it a link, does it ask, how long is it) speaks for its category
// whatever it is about.
const (
	word  = iota // words, numbers, Chinese words
	pair         // two words side by side, or with one between
	part         // four or five letters of a word
	char         // Chinese bigrams and characters
	shape        // the form of the message
	groups
)

// groupWeight was chosen on labelled messages of service desks and crises in
// English, Chinese, Spanish and Italian.
var groupWeight = [groups]float32{1, 1, 0.5, 1, 2}

const (
	maxTerms = 4000   // of one text; nobody's desk is decided by what comes after
	dims     = 200    // components of the vector that are used: the first say most
	dimWork  = 40_000 // components × labels: with many labels fewer are used
	vecScale = 0.6    // length of the vector beside the words, which have length one
)

// A reader turns texts into features.
type reader struct {
	text *text.Analyzer
	vec  *lexvec.Vectors
	dim  int
}

func newReader(a *text.Analyzer, v *lexvec.Vectors, labels int) reader {
	r := reader{text: a, vec: v}
	if v != nil {
		r.dim = min(dims, v.Dim(), dimWork/labels)
	}
	return r
}

// A feature is one thing that may speak for a label.
type feature struct {
	hash  uint64
	group uint8
}

// A document is a text as the model reads it.
type document struct {
	features []feature // by hash, each once
	vector   []float32 // nil if no word is known
}

// read returns what the model sees of a text.
func (r *reader) read(s, lang string) document {
	d := r.text.Analyze(s, lang)
	if len(d.Terms) > maxTerms {
		d.Terms = d.Terms[:maxTerms]
	}
	list := make([]feature, 0, 8*len(d.Terms)+16)
	r.each(&d, s, func(h uint64, g uint8, from, to int) { list = append(list, feature{h, g}) })
	slices.SortFunc(list, func(a, b feature) int { return cmp.Compare(a.hash, b.hash) })
	doc := document{features: slices.CompactFunc(list, func(a, b feature) bool { return a.hash == b.hash })}
	if r.vec != nil {
		v := make([]float32, r.vec.Dim())
		if r.vec.Embed(&d, v) {
			v = slices.Clip(v[:r.dim])
			for i := range v {
				v[i] *= vecScale
			}
			doc.vector = v
		}
	}
	return doc
}

// each calls f with every feature of a text, which may come several times, and
// the terms it is made of, from the first to before the last; none for the
// form of the message.
func (r *reader) each(d *text.Doc, s string, f func(hash uint64, group uint8, from, to int)) {
	last, before := -1, -1 // words of spaced scripts
	for i := range d.Terms {
		t := &d.Terms[i]
		switch t.Kind {
		case text.Han:
			f(hash.Mix(t.Hash), word, i, i+1)
		case text.Bigram, text.Char:
			f(hash.Mix(t.Hash), char, i, i+1)
		case text.Word, text.Number:
			f(hash.Mix(t.Hash), word, i, i+1)
			if last >= 0 {
				f(hash.Mix(d.Terms[last].Hash*31+t.Hash), pair, last, i+1)
			}
			if before >= 0 {
				f(hash.Mix(d.Terms[before].Hash*37+t.Hash+1), pair, before, i+1)
			}
			before, last = last, i
			if t.Kind == text.Word {
				parts(t.Text, func(h uint64) { f(h, part, i, i+1) })
			}
		}
	}
	for _, name := range r.shape(s, d) {
		f(hash.Mix(fnv(name)*7), shape, 0, 0)
	}
}

// parts calls f with the hash of every four and five letters of a word, whose
// ends count as letters.
func parts(w string, f func(h uint64)) {
	w = "<" + w + ">"
	var offs [64]int
	n := 0
	for i := range w {
		if n == len(offs)-1 {
			break
		}
		offs[n] = i
		n++
	}
	if n < len(offs)-1 {
		offs[n] = len(w)
	} else {
		n--
	}
	for k := 4; k <= 5; k++ {
		for i := 0; i+k <= n; i++ {
			f(hash.Mix(fnv(w[offs[i]:offs[i+k]]) + uint64(k)))
		}
	}
}

// shape names what is noticed of the form of a message.
func (r *reader) shape(s string, d *text.Doc) []string {
	const most = 4000
	if len(s) > most {
		for cut := most; ; cut-- {
			if utf8.RuneStart(s[cut]) {
				s = s[:cut]
				break
			}
		}
	}
	names := make([]string, 0, 16)
	note := func(is bool, name string) {
		if is {
			names = append(names, name)
		}
	}
	upper, lower, digits, emoji := 0, 0, 0, false
	for _, c := range s {
		switch {
		case 'A' <= c && c <= 'Z':
			upper++
		case 'a' <= c && c <= 'z':
			lower++
		case 0x1F300 <= c && c < 0x1FB00 || 0x2600 <= c && c < 0x27C0:
			emoji = true
			if len(names) < 8 {
				names = append(names, string(c))
			}
		}
	}
	for i := range d.Terms {
		if d.Terms[i].Kind == text.Number {
			digits++
		}
	}
	note(emoji, "emoji")
	note(strings.Contains(s, "://") || strings.Contains(s, "<url>") || strings.Contains(s, "[link") || strings.Contains(s, "t.co"), "link")
	note(strings.HasPrefix(s, "RT "), "passed on")
	note(strings.Contains(s, "@") || strings.Contains(s, "[handle]"), "mention")
	note(strings.HasPrefix(s, "@") || strings.HasPrefix(s, "[handle]"), "reply")
	note(strings.Contains(s, "#"), "tag")
	note(strings.ContainsAny(s, "!！"), "!")
	note(strings.Contains(s, "!!") || strings.Contains(s, "！！"), "!!")
	note(strings.ContainsAny(s, "?？"), "?")
	note(strings.Contains(s, "...") || strings.Contains(s, "…"), "...")
	note(strings.ContainsAny(s, "\"“”「《"), "quotes")
	note(strings.ContainsAny(s, ":："), "colon")
	note(strings.ContainsAny(s, "$€£¥￥"), "money")
	note(strings.ContainsAny(s, "%％"), "percent")
	note(digits > 0, "number")
	note(digits > 1, "numbers")
	note(lower > 0 && upper == 0, "small letters")
	note(upper > lower, "capitals")
	names = append(names, "kind "+string(r.text.Kind(s, d)))
	size := byte('0')
	for n := len(d.Norm); n > 20 && size < '9'; n = n * 2 / 3 {
		size++
	}
	return append(names, "size "+string(size))
}

func fnv(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}
