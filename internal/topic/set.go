package topic

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"example.org/hearback"
	"example.org/hearback/internal/text"
)

// A Set is all topics in one index, so that a message is read once however
// many topics there are. It does not change and is safe for many goroutines.
type Set struct {
	topics []compiled
	atoms  []atom

	filter   []uint64           // a bit for each hash that index may have, to reject most terms at once
	index    map[uint64][]int32 // hash of a term → needs it fulfils
	needs    []need
	needKey  map[string]int32 // while the set is built
	atomKey  map[string]int32 // while the set is built
	prefixes map[string]int32 // normalised prefix → atom
	lengths  []int            // lengths of the prefixes in bytes, ascending
	first    [256]bool        // bytes that prefixes begin with

	pool sync.Pool // of *state
}

// A compiled is one topic; atoms holds, for each term of its query, the atom
// that finds it.
type compiled struct {
	id    hearback.ID
	query *Query
	atoms []int32
}

// An atom is a word or phrase, in whatever topics it stands.
type atom struct {
	used   int     // how often it stands in a query
	topics []int32 // those that it triggers
}

// A need is a term of the text that a word or phrase asks for. Several hashes
// may fulfil one: the stems of a word in different languages.
type need struct {
	atoms []int32 // atoms that are fulfilled by this alone
	heads []chain // phrases that begin with it
}

// A chain is what else must stand in the text, and how far from the first.
type chain struct {
	atom int32
	rest []step
}

type step struct {
	need int32
	gap  int32
}

// Compile reads the queries of the topics that are not removed and puts them
// into one index. The error names the topic whose query cannot be read, or
// that asks for something no text can hold.
func Compile(a *text.Analyzer, topics []hearback.Topic) (*Set, error) {
	s := newSet()
	for _, t := range topics {
		if t.State == hearback.TopicRemoved {
			continue
		}
		q, err := Parse(t.Query)
		if err != nil {
			return nil, fmt.Errorf("topic %s (%.60q): %w", t.ID, t.Name, err)
		}
		if err := s.add(a, t.ID, q); err != nil {
			return nil, fmt.Errorf("topic %s (%.60q): %w", t.ID, t.Name, err)
		}
	}
	s.finish()
	return s, nil
}

// Len returns how many topics the set has.
func (s *Set) Len() int { return len(s.topics) }

func newSet() *Set {
	return &Set{index: map[uint64][]int32{}, needKey: map[string]int32{}, atomKey: map[string]int32{}, prefixes: map[string]int32{}}
}

func (s *Set) add(a *text.Analyzer, id hearback.ID, q *Query) error {
	c := compiled{id: id, query: q}
	for _, t := range q.terms {
		at, ok := s.atom(a, t)
		if !ok {
			return fmt.Errorf("%w: %q cannot be looked for: it holds only signs or words that are left out when a message is read", hearback.ErrInvalid, t.text)
		}
		c.atoms = append(c.atoms, at)
		s.atoms[at].used++
	}
	s.topics = append(s.topics, c)
	return nil
}

// finish builds what is derived from the rest.
func (s *Set) finish() {
	for n := range s.topics {
		c := &s.topics[n]
		atoms, _ := s.triggers(c, c.query.root, false)
		slices.Sort(atoms)
		for _, at := range slices.Compact(atoms) {
			s.atoms[at].topics = append(s.atoms[at].topics, int32(n))
		}
	}
	size := 1024
	for size < 32*len(s.index) {
		size *= 2
	}
	s.filter = make([]uint64, size/64)
	for h := range s.index {
		b := h & uint64(size-1)
		s.filter[b/64] |= 1 << (b % 64)
	}
	for p := range s.prefixes {
		s.first[p[0]] = true
		if !slices.Contains(s.lengths, len(p)) {
			s.lengths = append(s.lengths, len(p))
		}
	}
	slices.Sort(s.lengths)
	s.needKey, s.atomKey = nil, nil
	s.pool.New = func() any {
		return &state{atom: make([]uint32, len(s.atoms)), topic: make([]uint32, len(s.topics))}
	}
}

// never is the cost of triggers that do not exist.
const never = 1 << 40

// triggers returns atoms of which one must occur if n is to be true (or false,
// if not is set), and what they cost: a topic need not be looked at until one
// of them occurs. Of words that must all occur it takes those that fewest
// topics share, so that a word that every topic has, such as water, does not
// bring up every topic. [Parse] has made sure that the root has triggers.
func (s *Set) triggers(c *compiled, n *node, not bool) ([]int32, int) {
	switch {
	case n.op == opTerm && not:
		return nil, never
	case n.op == opTerm:
		at := c.atoms[n.term]
		return []int32{at}, s.atoms[at].used
	case n.op == opNot:
		return s.triggers(c, n.kids[0], !not)
	}
	any := (n.op == opOr) != not // one kid is enough
	var best []int32
	cost := never
	if any {
		cost = 0
	}
	for _, k := range n.kids {
		atoms, price := s.triggers(c, k, not)
		switch {
		case any && (price == never || cost == never):
			best, cost = nil, never
		case any:
			best, cost = append(best, atoms...), cost+price
		case price < cost:
			best, cost = atoms, price
		}
	}
	return best, cost
}

// languages are those whose rules of inflection a word of a query is tried
// under, because the language of a query is not known and the text of a
// message is stemmed by its own. "pl" stands for those without rules.
var languages = []string{"", "en", "es", "fr", "de", "it", "pt", "nl", "ru", "ar", "sv", "da", "nb", "fi", "tr", "ro", "hu", "ga", "ta", "fa", "ur", "ca", "pl", "ja", "zh"}

// atom returns the atom that finds t, making it if it is new, and false if
// nothing could.
func (s *Set) atom(a *text.Analyzer, t term) (int32, bool) {
	key := "w " + t.text
	if t.prefix {
		key = "p " + t.text
	}
	if at, ok := s.atomKey[key]; ok {
		return at, true
	}
	at := int32(len(s.atoms))
	s.atoms = append(s.atoms, atom{})
	s.atomKey[key] = at
	if t.prefix && spaced(t.text) {
		d := a.Analyze(t.text, "")
		if p := strings.TrimSpace(d.Norm); p != "" && !strings.Contains(p, " ") {
			if same, ok := s.prefixes[p]; ok { // FLOOD* after flood*
				s.atoms = s.atoms[:at]
				s.atomKey[key] = same
				return same, true
			}
			s.prefixes[p] = at
			return at, true
		}
	}
	seqs := sequences(a, t.text)
	for _, seq := range seqs {
		needs := make([]int32, len(seq))
		for i, p := range seq {
			needs[i] = s.need(p.hashes)
		}
		if len(seq) == 1 {
			n := &s.needs[needs[0]]
			n.atoms = append(n.atoms, at)
			continue
		}
		ch := chain{atom: at}
		for i := 1; i < len(seq); i++ {
			ch.rest = append(ch.rest, step{needs[i], seq[i].pos - seq[0].pos})
		}
		n := &s.needs[needs[0]]
		n.heads = append(n.heads, ch)
	}
	return at, len(seqs) > 0
}

// need returns the need that any of the hashes fulfils.
func (s *Set) need(hashes []uint64) int32 {
	slices.Sort(hashes)
	key := fmt.Sprint(hashes)
	if n, ok := s.needKey[key]; ok {
		return n
	}
	n := int32(len(s.needs))
	s.needs = append(s.needs, need{})
	s.needKey[key] = n
	for _, h := range hashes {
		s.index[h] = append(s.index[h], n)
	}
	return n
}

// spaced reports whether w is of a script that is written with spaces.
func spaced(w string) bool {
	for _, r := range w {
		if unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) {
			return false
		}
	}
	return true
}

// A place is what a query asks for at one position.
type place struct {
	kind   text.TermKind
	pos    int32
	hashes []uint64
}

// sequences returns the ways in which w may stand in a text: nearly always
// one, with the stems of several languages at each place.
func sequences(a *text.Analyzer, w string) [][]place {
	var all [][]place
	for _, lang := range languages {
		d := a.Analyze(w, lang)
		seq := places(d.Terms)
		if len(seq) == 0 {
			continue
		}
		// A text in a language that nobody recognised is not stemmed.
		if words := strings.Fields(d.Norm); len(words) == len(seq) {
			for i, p := range seq {
				if h := text.Hash(text.Word, words[i]); p.kind == text.Word && !slices.Contains(p.hashes, h) {
					seq[i].hashes = append(p.hashes, h)
				}
			}
		}
		merged := false
		for _, have := range all {
			if sameShape(have, seq) {
				for i := range have {
					for _, h := range seq[i].hashes {
						if !slices.Contains(have[i].hashes, h) {
							have[i].hashes = append(have[i].hashes, h)
						}
					}
				}
				merged = true
				break
			}
		}
		if !merged {
			all = append(all, seq)
		}
	}
	return all
}

func sameShape(a, b []place) bool {
	return slices.EqualFunc(a, b, func(x, y place) bool { return x.kind == y.kind && x.pos == y.pos })
}

// places picks the terms of a query that a text must have. Of the overlapping
// views of Chinese it takes the chain of bigrams, because that does not depend
// on how the text around is cut into words; a lone character stands for itself.
func places(terms []text.Term) []place {
	var seq []place
	chained := map[int32]bool{} // positions inside a bigram
	chars := map[int32]bool{}
	for _, t := range terms {
		switch t.Kind {
		case text.Bigram:
			chained[t.Pos], chained[t.Pos+1] = true, true
		case text.Char:
			chars[t.Pos] = true
		}
	}
	words := map[int32]bool{}
	for _, t := range terms {
		if t.Kind == text.Word {
			words[t.Pos] = true
		}
	}
	for _, t := range terms {
		switch t.Kind {
		case text.Han:
			continue
		case text.Char:
			if chained[t.Pos] {
				continue
			}
		case text.Bigram:
			if words[t.Pos] && !chars[t.Pos] {
				continue // inside a Korean word, which stands for itself
			}
		case text.Number:
			if chars[t.Pos] || words[t.Pos] {
				continue // what 二 or "two" means; the word itself is looked for
			}
		}
		if !slices.ContainsFunc(seq, func(p place) bool { return p.kind == t.Kind && p.pos == t.Pos }) {
			seq = append(seq, place{t.Kind, t.Pos, []uint64{t.Hash}})
		}
	}
	slices.SortStableFunc(seq, func(a, b place) int { return cmp.Compare(a.pos, b.pos) })
	if len(seq) > 0 {
		base := seq[0].pos
		for i := range seq {
			seq[i].pos -= base
		}
	}
	return seq
}

// state is what one Match needs and the next can use again. Marks are compared
// with round, so that nothing has to be cleared.
type state struct {
	round  uint32
	atom   []uint32
	topic  []uint32
	found  []int32 // topics that were triggered
	hits   []hit
	starts []start
}

type hit struct{ need, pos int32 }

type start struct {
	chain *chain
	pos   int32
}

// Match returns the topics that d matches, in the order of Compile.
func (s *Set) Match(d *text.Doc) []hearback.ID {
	if len(s.topics) == 0 {
		return nil
	}
	st := s.pool.Get().(*state)
	defer s.pool.Put(st)
	s.read(st, d)
	if len(st.found) == 0 {
		return nil
	}
	slices.Sort(st.found)
	var ids []hearback.ID
	for _, n := range st.found {
		c := &s.topics[n]
		if c.query.root.eval(func(term int) bool { return st.atom[c.atoms[term]] == st.round }) {
			ids = append(ids, c.id)
		}
	}
	return ids
}

// Explain returns, for every topic that d matches, the words and phrases of
// its query by which it does, as they are written there. What stands behind a
// NOT is never a reason.
func (s *Set) Explain(d *text.Doc) map[hearback.ID][]string {
	out := map[hearback.ID][]string{}
	if len(s.topics) == 0 {
		return out
	}
	st := s.pool.Get().(*state)
	defer s.pool.Put(st)
	s.read(st, d)
	for _, n := range st.found {
		c := &s.topics[n]
		is := func(term int) bool { return st.atom[c.atoms[term]] == st.round }
		for _, t := range c.query.root.reasons(is, nil) {
			if w := c.query.terms[t].shown; !slices.Contains(out[c.id], w) {
				out[c.id] = append(out[c.id], w)
			}
		}
	}
	return out
}

// read marks in st which atoms occur in d.
func (s *Set) read(st *state, d *text.Doc) {
	if st.round++; st.round == 0 { // after four thousand million messages
		clear(st.atom)
		clear(st.topic)
		st.round = 1
	}
	st.found, st.hits, st.starts = st.found[:0], st.hits[:0], st.starts[:0]
	mask := uint64(len(s.filter)*64 - 1)
	for i := range d.Terms {
		h := d.Terms[i].Hash
		if b := h & mask; s.filter[b/64]&(1<<(b%64)) == 0 {
			continue
		}
		pos := d.Terms[i].Pos
		for _, n := range s.index[h] {
			nd := &s.needs[n]
			st.hits = append(st.hits, hit{n, pos})
			for _, at := range nd.atoms {
				s.mark(st, at)
			}
			for k := range nd.heads {
				if st.atom[nd.heads[k].atom] != st.round {
					st.starts = append(st.starts, start{&nd.heads[k], pos})
				}
			}
		}
	}
	if len(st.starts) > 0 {
		slices.SortFunc(st.hits, func(a, b hit) int {
			if a.need != b.need {
				return cmp.Compare(a.need, b.need)
			}
			return cmp.Compare(a.pos, b.pos)
		})
		for _, b := range st.starts {
			if st.atom[b.chain.atom] != st.round && st.follows(b) {
				s.mark(st, b.chain.atom)
			}
		}
	}
	if len(s.lengths) > 0 {
		s.readPrefixes(st, d.Norm)
	}
}

// follows reports whether the rest of a chain stands behind its start.
func (st *state) follows(b start) bool {
	for _, r := range b.chain.rest {
		want := hit{r.need, b.pos + r.gap}
		if _, ok := slices.BinarySearchFunc(st.hits, want, func(a, b hit) int {
			if a.need != b.need {
				return cmp.Compare(a.need, b.need)
			}
			return cmp.Compare(a.pos, b.pos)
		}); !ok {
			return false
		}
	}
	return true
}

func (s *Set) mark(st *state, at int32) {
	if st.atom[at] == st.round {
		return
	}
	st.atom[at] = st.round
	for _, t := range s.atoms[at].topics {
		if st.topic[t] != st.round {
			st.topic[t] = st.round
			st.found = append(st.found, t)
		}
	}
}

// readPrefixes looks at the beginning of every word of the normalised text.
func (s *Set) readPrefixes(st *state, norm string) {
	inside := false
	for i := 0; i < len(norm); {
		b := norm[i]
		if 0xE3 <= b && b <= 0xE9 && i+3 <= len(norm) { // kana, Han and their signs: no word
			inside = false
			i += 3
			continue
		}
		n, in := 1, 'a' <= b && b <= 'z' || '0' <= b && b <= '9' || b == '\'' && inside
		if b >= utf8.RuneSelf {
			var r rune
			r, n = utf8.DecodeRuneInString(norm[i:])
			in = letter(r) && !unicode.Is(unicode.Han, r)
		}
		if in && !inside && s.first[b] {
			for _, l := range s.lengths {
				if i+l > len(norm) {
					break
				}
				if at, ok := s.prefixes[norm[i:i+l]]; ok {
					s.mark(st, at)
				}
			}
		}
		inside = in
		i += n
	}
}
