// Package topic decides what is kept. A topic is a public saved query; what
// matches none is counted and forgotten before anything is written. All topics
// are compiled into one index over terms, so that the cost of a message does
// not grow with their number.
//
// Queries are matched on the terms that package text makes, so that a word
// also finds its other forms, and traditional Chinese finds simplified. A
// Chinese word is found wherever its characters stand side by side: how the
// text around it was cut into words does not matter.
package topic

import (
	"fmt"
	"slices"
	"strings"

	"example.org/hearback"
	"example.org/hearback/internal/text"
)

// A Set is topics, compiled. It is immutable and may be used by many
// goroutines.
type Set struct {
	topics   []compiled
	first    map[uint64][]chain // by the first step of a chain
	prefixes map[string][]prefix
	leaves   int
}

type compiled struct {
	id     hearback.ID
	root   *node
	from   int // its first leaf
	leaves []leaf
}

// A chain is one way that a leaf can stand in a text: terms at neighbouring
// positions.
type chain struct {
	leaf  int // over all topics
	topic int
	rest  []step
}

// A step is a term and how far after the first it stands.
type step struct {
	hash uint64
	off  int32
}

// A prefix finds every word that begins so.
type prefix struct {
	leaf, topic int
	text        string
}

// stemmed are the languages whose stems a word of a query may have: a query is
// too short to tell its language.
var stemmed = []string{"", "en", "es", "fr", "pt", "de", "it", "ru", "ar", "tr", "nl", "sv"}

// prefixKey is how many bytes of a prefix find it.
const prefixKey = 2

// Compile makes a set of topics. It returns [hearback.ErrInvalid] and names
// the topic if a query cannot be read.
func Compile(a *text.Analyzer, topics []hearback.Topic) (*Set, error) {
	s := &Set{first: map[uint64][]chain{}, prefixes: map[string][]prefix{}}
	for _, t := range topics {
		q, err := Parse(t.Query)
		if err != nil {
			return nil, fmt.Errorf("topic %q: %w", t.Name, err)
		}
		c := compiled{t.ID, q.root, s.leaves, q.leaves}
		for i, l := range q.leaves {
			if !s.add(a, l, s.leaves+i, len(s.topics)) {
				return nil, fmt.Errorf("topic %q: %w: %q cannot be looked for: it holds only signs or words that are left out", t.Name, hearback.ErrInvalid, l.text)
			}
		}
		s.leaves += len(q.leaves)
		s.topics = append(s.topics, c)
	}
	return s, nil
}

// add puts every way that a leaf can be written into the index, and reports
// whether there is one.
func (s *Set) add(a *text.Analyzer, l leaf, leaf, topic int) bool {
	if l.prefix {
		d := a.Analyze(l.text, "und")
		p := strings.TrimSpace(d.Norm)
		if len(p) < prefixKey {
			return false
		}
		s.prefixes[p[:prefixKey]] = append(s.prefixes[p[:prefixKey]], prefix{leaf, topic, p})
		return true
	}
	var seen [][]step
	for _, lang := range stemmed {
		d := a.Analyze(l.text, lang)
		steps := chainOf(&d)
		if len(steps) == 0 || slices.ContainsFunc(seen, func(x []step) bool { return slices.Equal(x, steps) }) {
			continue
		}
		seen = append(seen, steps)
		s.first[steps[0].hash] = append(s.first[steps[0].hash], chain{leaf, topic, steps[1:]})
	}
	return len(seen) > 0
}

// chainOf returns the terms that must stand in a text, with their distances:
// words and numbers, and for text without spaces every pair of neighbouring
// characters, or the character if it stands alone.
func chainOf(d *text.Doc) []step {
	var steps []step
	paired := map[int32]bool{} // positions that a pair covers
	for _, t := range d.Terms {
		if t.Kind == text.Bigram {
			paired[t.Pos], paired[t.Pos+1] = true, true
		}
	}
	start := int32(-1)
	for _, t := range d.Terms {
		switch t.Kind {
		case text.Word, text.Number, text.Bigram:
		case text.Char:
			if paired[t.Pos] {
				continue
			}
		default:
			continue
		}
		if start < 0 {
			start = t.Pos
		}
		steps = append(steps, step{t.Hash, t.Pos - start})
	}
	return steps
}

// Match returns the topics that ask for a text, in the order they were given.
func (s *Set) Match(d *text.Doc) []hearback.ID {
	hits := s.find(d)
	if len(hits) == 0 {
		return nil
	}
	var ids []hearback.ID
	for _, h := range hits {
		ids = append(ids, s.topics[h.topic].id)
	}
	return ids
}

// Explain returns, for every topic that asks for a text, the words of its
// query that were found.
func (s *Set) Explain(d *text.Doc) map[hearback.ID][]string {
	out := map[hearback.ID][]string{}
	for _, h := range s.find(d) {
		t := s.topics[h.topic]
		for i, l := range t.leaves {
			if h.found[i] {
				out[t.id] = append(out[t.id], l.text)
			}
		}
	}
	return out
}

// A hit is a topic that matched, and which of its leaves were found.
type hit struct {
	topic int
	found []bool
}

func (s *Set) find(d *text.Doc) []hit {
	var found []bool // by leaf, made at the first find
	var touched []int
	note := func(leaf, topic int) {
		if found == nil {
			found = make([]bool, s.leaves)
		}
		if !found[leaf] {
			found[leaf] = true
			touched = append(touched, topic)
		}
	}
	for i := range d.Terms {
		t := &d.Terms[i]
		for _, c := range s.first[t.Hash] {
			if follows(d.Terms[i:], t.Pos, c.rest) {
				note(c.leaf, c.topic)
			}
		}
		if len(s.prefixes) > 0 && len(t.Text) >= prefixKey && t.Kind == text.Word {
			for _, p := range s.prefixes[t.Text[:prefixKey]] {
				if strings.HasPrefix(t.Text, p.text) {
					note(p.leaf, p.topic)
				}
			}
		}
	}
	if touched == nil {
		return nil
	}
	slices.Sort(touched)
	var hits []hit
	for _, topic := range slices.Compact(touched) {
		t := s.topics[topic]
		mine := found[t.from : t.from+len(t.leaves)]
		if t.root.holds(mine) {
			hits = append(hits, hit{topic, mine})
		}
	}
	return hits
}

// follows reports whether each step stands in terms at its distance from pos.
func follows(terms []text.Term, pos int32, steps []step) bool {
	for _, s := range steps {
		ok := false
		for i := range terms {
			if terms[i].Pos > pos+s.off {
				break
			}
			if terms[i].Pos == pos+s.off && terms[i].Hash == s.hash {
				ok = true
				break
			}
		}
		if !ok {
			return false
		}
	}
	return true
}

// Explain returns the words and phrases of the query, in order.
func (q *Query) Explain() []string {
	var list []string
	for _, l := range q.leaves {
		list = append(list, l.text)
	}
	return list
}
