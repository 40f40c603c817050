package cluster

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"example.org/hearback"
	"example.org/hearback/internal/text"
)

// A Said is one message of a concern, as far as naming and splitting need it.
type Said struct {
	ID     hearback.ID
	Text   string // de-identified
	Doc    text.Doc
	Pieces []text.Piece
}

// Read reads a message for naming and splitting.
func Read(a *text.Analyzer, m *hearback.Message) Said {
	s := Said{ID: m.ID, Text: m.Text, Doc: a.Analyze(m.Text, m.Lang)}
	s.Pieces = a.Pieces(&s.Doc)
	s.Pieces = s.Pieces[:min(len(s.Pieces), maxPieces)]
	return s
}

const (
	maxPieces  = 60   // of one message
	maxGram    = 3    // words of a phrase
	maxHan     = 10   // characters of a Chinese one
	maxPhrases = 5    // of a label
	gramShare  = 0.12 // of the messages that a phrase must stand in
)

// Rarity returns how much each of some terms tells one concern from others (its
// idf among concerns), by hash; 0 for words that stand everywhere.
func (g *Grouper) Rarity(hashes map[uint64]float32) {
	for h := range hashes {
		if _, common := g.lexicon.stop[h]; common {
			continue
		}
		p := posting{}
		if t := g.lexicon.find(h); t >= 0 {
			p = g.lexicon.list[t]
		}
		hashes[h] = g.idf(concerns, &p)
	}
}

// gram is a phrase that messages have in common.
type gram struct {
	terms []uint64
	n     int            // messages
	forms map[string]int // as people wrote it, and how often
	score float64
}

// Name names a concern by some of its messages, once in the language that most
// of them are in, which comes first, and once in each of the languages given
// that any of them is in: phrases of one to three words that most tell
// it from others (c-TF-IDF after Grootendorst 2022: how many of the messages
// hold a phrase, times how rare its words are among concerns), as most people
// wrote them, and the most central message, that which shares most with the
// others. central are messages that are kept as the most central ones of their
// language if they are given among said.
func Name(a *text.Analyzer, said []Said, rare map[uint64]float32, central []hearback.ID, langs ...string) []hearback.Label {
	byLang := map[string][]*Said{}
	for i := range said {
		byLang[said[i].Doc.Lang] = append(byLang[said[i].Doc.Lang], &said[i])
	}
	main := ""
	for l, list := range byLang {
		if n := len(list) - len(byLang[main]); l != "und" && (n > 0 || n == 0 && l < main) {
			main = l
		}
	}
	if main == "" {
		main = "und"
	} else { // too short to tell: mostly in the language of the others
		byLang[main] = append(byLang[main], byLang["und"]...)
	}
	var labels []hearback.Label
	for i, lang := range append([]string{main}, langs...) {
		if i > 0 && lang == main || len(byLang[lang]) == 0 {
			continue
		}
		list := byLang[lang]
		grams := count(a, list, rare)
		l := hearback.Label{Lang: lang, Messages: len(list)}
		for _, x := range strongest(grams, maxPhrases) {
			l.Phrases = append(l.Phrases, x.form())
		}
		m := mostCentral(list, grams)
		for _, s := range list {
			if slices.Contains(central, s.ID) {
				m = s
				break
			}
		}
		l.Medoid, l.Title = m.ID, m.Text
		labels = append(labels, l)
	}
	return labels
}

// count counts the phrases of some messages: those that a share of them hold,
// and that neither begin nor end with a word that says nothing.
func count(a *text.Analyzer, list []*Said, rare map[uint64]float32) map[string]*gram {
	grams := map[string]*gram{}
	here := map[string]string{} // the phrases of one message, as written
	for _, s := range list {
		clear(here)
		for i := range s.Pieces {
			for n := 1; n <= maxGram && i+n <= len(s.Pieces); n++ {
				run := s.Pieces[i : i+n]
				if n > 1 && !adjoin(s.Doc.Norm, &run[n-2], &run[n-1]) {
					break
				}
				if !tells(run, rare) || cuts(s, i, n) {
					continue
				}
				key := keyOfRun(run)
				if _, ok := here[key]; !ok {
					here[key] = s.Doc.Norm[run[0].Begin:run[n-1].Begin] + run[n-1].Written
					if grams[key] == nil {
						x := &gram{forms: map[string]int{}}
						for _, p := range run {
							x.terms = append(x.terms, p.Hash)
						}
						grams[key] = x
					}
					grams[key].n++
				}
			}
		}
		for key, form := range here {
			if typed, ok := a.AsTyped(s.Text, form); ok {
				form = typed
			}
			if x := grams[key]; len(x.forms) < 16 || x.forms[form] > 0 {
				x.forms[form]++
			}
		}
	}
	least := max(1, int(math.Ceil(gramShare*float64(len(list)))))
	if len(list) > 3 {
		least = max(2, least)
	}
	for key, x := range grams {
		if x.n < least {
			delete(grams, key)
			continue
		}
		sum := 0.0
		for _, h := range x.terms {
			sum += float64(rare[h])
		}
		x.score = math.Sqrt(float64(x.n)/float64(len(list))) * sum / math.Sqrt(float64(len(x.terms)))
	}
	return grams
}

func keyOfRun(run []text.Piece) string {
	var b strings.Builder
	for i := range run {
		b.WriteString(run[i].Text)
		b.WriteByte(0)
	}
	return b.String()
}

// adjoin reports whether nothing but a space or a hyphen stands between two
// words.
func adjoin(s string, a, b *text.Piece) bool {
	if a.End() > b.Begin {
		return false
	}
	switch s[a.End():b.Begin] {
	case "", " ", "-":
		return true
	}
	return false
}

// cuts reports whether n words from i on are a part of a Chinese name that the
// dictionary does not know: 人普 of 聚利人普惠.
func cuts(s *Said, i, n int) bool {
	lone := func(k int) bool {
		return k >= 0 && k < len(s.Pieces) && s.Pieces[k].Kind == text.Char && !strings.Contains(particles, s.Pieces[k].Text)
	}
	join := func(k int) bool { return lone(k) && lone(k+1) && s.Pieces[k].End() == s.Pieces[k+1].Begin }
	return join(i-1) || join(i+n-1)
}

// tells reports whether a run of words can stand as a phrase: it begins and
// ends with a word that says something, and is no lone number or Chinese
// character.
func tells(run []text.Piece, rare map[uint64]float32) bool {
	content, han := false, 0
	for i := range run {
		p := &run[i]
		edge := i == 0 || i == len(run)-1
		switch p.Kind {
		case text.Number:
			continue
		case text.Char:
			han++
			if edge && strings.Contains(particles, p.Text) {
				return false
			}
			continue
		case text.Han:
			han += len(p.Text) / 3
		}
		if rare[p.Hash] == 0 {
			if edge {
				return false
			}
			continue
		}
		content = content || p.Kind == text.Han || len([]rune(p.Written)) > 1
	}
	return content && han <= maxHan
}

// particles are Chinese characters that do not begin or end a phrase.
const particles = "的了着过吗呢吧啊呀么地得是在有和与及就都也还很太又再被把给让向从到对为以于之其此该这那哪谁几个些们我你他她它您咱不没别会能可要想来去说啦哦嘛哈请将但而或若因所一"

// strongest returns the phrases of the highest score that do not repeat each
// other's words.
func strongest(grams map[string]*gram, n int) []*gram {
	list := make([]*gram, 0, len(grams))
	for _, x := range grams {
		list = append(list, x)
	}
	slices.SortFunc(list, func(a, b *gram) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(len(b.terms), len(a.terms)), slices.Compare(a.terms, b.terms))
	})
	used := map[uint64]bool{}
	var out []*gram
	for _, x := range list {
		if len(out) == n {
			break
		}
		if slices.ContainsFunc(x.terms, func(h uint64) bool { return used[h] }) {
			continue
		}
		for _, h := range x.terms {
			used[h] = true
		}
		out = append(out, x)
	}
	return out
}

// form returns the phrase as most people wrote it.
func (x *gram) form() string {
	best := ""
	for f, n := range x.forms {
		// Of two, that in small letters.
		if m := x.forms[best]; n > m || n == m && f > best {
			best = f
		}
	}
	return best
}

// mostCentral returns the message that shares most with the others, for its
// length.
func mostCentral(list []*Said, grams map[string]*gram) *Said {
	one := map[uint64]float64{}
	for _, x := range grams {
		if len(x.terms) == 1 && x.n > 1 {
			one[x.terms[0]] = x.score
		}
	}
	best, top := list[0], -1.0
	seen := map[uint64]bool{}
	for _, s := range list {
		clear(seen)
		sum := 0.0
		for i := range s.Pieces {
			if h := s.Pieces[i].Hash; !seen[h] {
				seen[h] = true
				sum += one[h]
			}
		}
		// A message of a few words is easily all about the concern, and says
		// little of it.
		if x := sum / math.Sqrt(float64(len(seen)+6)); x > top || x == top && s.ID < best.ID {
			best, top = s, x
		}
	}
	return best
}
