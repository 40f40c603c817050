package match

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"example.org/hearback/internal/hash"
	"example.org/hearback/internal/text"
	"example.org/hearback/internal/text/lexvec"
)

// What one answer may bring into the index, so that none costs more than some
// ten short ones.
const (
	maxWordings = 12   // claim, title and aliases
	maxUnits    = 64   // words of one wording
	maxBody     = 400  // words of the text
	maxClip     = 2048 // bytes of one wording; four times as many of the text
)

// Weights of a word by where it stands, in quarters, and the most that is
// counted of one word.
const (
	wordingTF = 4
	bodyTF    = 1
	maxTF     = 15
)

// The views of a text.
const (
	words  = iota // stems, Chinese words and lone characters, numbers
	pieces        // four characters in a row; two of Chinese
	bridge        // English words that gloss the words of a Chinese answer
	views
)

// An Index finds answers. Find may run in many goroutines at once; Add and
// Remove must run alone.
type Index struct {
	text *text.Analyzer
	vec  *lexvec.Vectors
	opt  Options

	light  map[int32]bool    // rows of words that say little
	office map[int32][]int32 // English words for Chinese ones, beside the glosses
	docs   []doc
	place  map[string]uint32 // ID → its place in docs
	view   [views]view
	marks  []mark
	sigs   []signature
	dims   []int8 // vectors of the answers, one after another
	pool   scratchPool
}

// A doc is an answer, as it is compared.
type doc struct {
	id, group string   // id is "" when removed
	norm      string   // its wordings, one a line
	lang      string   // of the first of them
	units     []unit   // of its wordings, in order
	ends      []uint16 // of each wording, in units
	body      []uint32 // words that stand in its text
	length    [views]int32
	han       bool    // mostly Chinese
	scale     float32 // what makes its vector one of length one; 0 if it has none
}

// A mark is what a scan over all answers must know of each, close together in
// memory.
type mark struct {
	bag   float32 // length of its bag of English words
	flags uint8
}

const (
	alive  = 1 << iota // not removed
	isHan              // mostly Chinese
	hasVec             // has a vector
)

// A unit is a word of a text: its number in the dictionary of words and its
// row in the pack of vectors, or -1.
type unit struct {
	id  uint32
	row int32
}

// A view is one way to cut texts into features, with which answer has which.
type view struct {
	ids    map[uint64]uint32 // hash → number of the feature
	terms  []term
	length []uint8 // of each answer, in quarters of four
	total  int     // length of all that are alive, in quarters
}

// A term is a feature of a view. Text, row and kind are known of words only.
type term struct {
	hash uint64
	list []uint32 // place of the answer << 4 | how often, in quarters
	df   int32    // answers alive that have it
	row  int32
	kind text.TermKind
	text string
}

// number returns the number of a feature, a new one if it has none.
func (v *view) number(hash uint64) uint32 {
	n, ok := v.ids[hash]
	if !ok {
		n = uint32(len(v.terms))
		v.ids[hash] = n
		v.terms = append(v.terms, term{hash: hash, row: -1})
	}
	return n
}

// put files the features of the answer that comes next and returns its length.
func (v *view) put(place uint32, tf map[uint32]int) int32 {
	length := 0
	for id, n := range tf {
		t := &v.terms[id]
		t.list = append(t.list, place<<4|uint32(min(n, maxTF)))
		t.df++
		length += n
	}
	v.total += length
	v.length = append(v.length, uint8(min(length/4, 255)))
	return int32(length)
}

// Len returns how many answers the index holds.
func (ix *Index) Len() int { return len(ix.place) }

// Add puts an answer into the index, in place of an earlier one with its ID.
func (ix *Index) Add(x Answer) {
	ix.Remove(x.ID)
	place := uint32(len(ix.docs))
	d := doc{id: x.ID, group: x.Group}
	if d.group == "" {
		d.group = x.ID
	}
	var norm strings.Builder
	for _, s := range slices.Concat([]string{x.Claim, x.Title}, x.Aliases) {
		if len(d.ends) == maxWordings {
			break
		}
		t := ix.text.Analyze(clip(s, maxClip), x.Lang)
		from := len(d.units)
		if d.units = ix.units(d.units, &t); len(d.units) > from+maxUnits {
			d.units = d.units[:from+maxUnits]
		}
		if len(d.units) > from {
			d.lang = cmp.Or(d.lang, t.Lang)
			d.ends = append(d.ends, uint16(len(d.units)))
			norm.WriteString(t.Norm)
			norm.WriteByte('\n')
		}
	}
	d.norm = norm.String()
	if x.Text != "" {
		t := ix.text.Analyze(clip(x.Text, 4*maxClip), x.Lang)
		for _, u := range ix.units(nil, &t) {
			if len(d.body) < maxBody {
				d.body = append(d.body, u.id)
			}
		}
	}
	d.units, d.body = slices.Clip(d.units), slices.Clip(d.body)
	ix.sketch(&d)
	for i := range ix.view {
		d.length[i] = ix.view[i].put(place, ix.features(&d, i))
	}
	ix.docs = append(ix.docs, d)
	ix.place[x.ID] = place
}

// Remove takes an answer out of the index.
func (ix *Index) Remove(id string) {
	place, ok := ix.place[id]
	if !ok {
		return
	}
	delete(ix.place, id)
	d := &ix.docs[place]
	for i := range ix.view {
		v := &ix.view[i]
		v.total -= int(d.length[i])
		for n := range ix.features(d, i) {
			v.terms[n].df--
		}
	}
	*d = doc{}
	ix.marks[place] = mark{}
	if dead := len(ix.docs) - len(ix.place); dead > 64+len(ix.place)/2 {
		ix.compact()
	}
}

// compact forgets the places of removed answers.
func (ix *Index) compact() {
	const gone = ^uint32(0)
	to := make([]uint32, len(ix.docs))
	n := uint32(0)
	dim := ix.dim()
	for i := range ix.docs {
		if to[i] = gone; ix.docs[i].id == "" {
			continue
		}
		to[i] = n
		ix.docs[n] = ix.docs[i]
		ix.sigs[n] = ix.sigs[i]
		ix.marks[n] = ix.marks[i]
		copy(ix.dims[int(n)*dim:], ix.dims[i*dim:(i+1)*dim])
		for k := range ix.view {
			ix.view[k].length[n] = ix.view[k].length[i]
		}
		ix.place[ix.docs[n].id] = n
		n++
	}
	clear(ix.docs[n:])
	ix.docs, ix.sigs, ix.marks, ix.dims = ix.docs[:n], ix.sigs[:n], ix.marks[:n], ix.dims[:int(n)*dim]
	for k := range ix.view {
		v := &ix.view[k]
		v.length = v.length[:n]
		for i := range v.terms {
			list := v.terms[i].list[:0]
			for _, p := range v.terms[i].list {
				if m := to[p>>4]; m != gone {
					list = append(list, m<<4|p&15)
				}
			}
			v.terms[i].list = slices.Clip(list)
		}
	}
}

// units appends the words of a text to dst, new ones entering the dictionary.
// A Chinese word that the pack of vectors lacks is followed by its characters.
func (ix *Index) units(dst []unit, d *text.Doc) []unit {
	v := &ix.view[words]
	ix.eachUnit(d, func(t *text.Term, row int32) {
		n := v.number(t.Hash)
		if x := &v.terms[n]; x.text == "" {
			x.row, x.kind, x.text = row, t.Kind, strings.Clone(t.Text)
		}
		dst = append(dst, unit{n, row})
	})
	return dst
}

// eachUnit calls f with the words of a text and their rows.
func (ix *Index) eachUnit(d *text.Doc, f func(t *text.Term, row int32)) {
	covered := int32(-1)
	for i := range d.Terms {
		t := &d.Terms[i]
		switch t.Kind {
		case text.Word, text.Number:
			f(t, ix.vec.Row(t.Hash))
		case text.Han:
			row := ix.vec.Row(t.Hash)
			if f(t, row); row >= 0 {
				covered = t.Pos + int32(len(t.Text)/3)
			}
		case text.Char:
			if t.Pos >= covered {
				f(t, ix.vec.Row(t.Hash))
			}
		}
	}
}

// features returns what an answer holds of a view, with how often in quarters.
func (ix *Index) features(d *doc, view int) map[uint32]int {
	tf := map[uint32]int{}
	v := &ix.view[view]
	switch view {
	case words:
		for _, u := range d.units {
			tf[u.id] += wordingTF
		}
		for _, id := range d.body {
			if tf[id] < wordingTF {
				tf[id] += bodyTF
			}
		}
	case pieces:
		for line := range strings.Lines(d.norm) {
			eachPiece(strings.TrimSuffix(line, "\n"), func(h uint64) { tf[v.number(h)] += wordingTF })
		}
	case bridge:
		if d.han {
			for _, w := range ix.english(nil, d.units) {
				if n := int(w.weight*maxTF + .5); n > 0 {
					tf[v.number(w.hash)] = min(n, maxTF)
				}
			}
		}
	}
	return tf
}

// eachPiece calls f with a hash of every piece of a normalised text: four
// characters in a row, spaces too, so that they also tell which words stand
// side by side; two where they are Chinese, Japanese or Korean, whose
// characters say as much as syllables.
func eachPiece(s string, f func(hash uint64)) {
	last := [4]rune{0, 0, 0, ' '}
	n := 1
	push := func(r rune) {
		last = [4]rune{last[1], last[2], last[3], r}
		n++
		switch {
		case dense(r):
			if dense(last[2]) {
				f(hash.Mix(uint64(last[2])<<21 | uint64(r)))
			}
		case n >= 4 && !dense(last[0]) && !dense(last[1]) && !dense(last[2]):
			f(hash.Mix(uint64(last[0])<<42 ^ uint64(last[1])<<28 ^ uint64(last[2])<<14 ^ uint64(r) | 1<<63))
		}
	}
	for _, r := range s {
		// Signs are no part of it: quotation marks come in too many forms.
		if r < 0x80 && !('a' <= r && r <= 'z' || '0' <= r && r <= '9') || r >= 0x2000 && r < 0x2E80 || r >= 0x3000 && r < 0x3040 {
			r = ' '
		}
		if r == ' ' && last[3] == ' ' {
			continue
		}
		push(r)
	}
	if last[3] != ' ' {
		push(' ')
	}
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

func dense(r rune) bool {
	return r >= 0x2E80 && r <= 0x9FFF || r >= 0xAC00 && r < 0xD7B0 || r >= 0x20000
}
