package suggest

import (
	"cmp"
	"slices"

	"example.org/hearback/internal/text"
)

// A Reason is a word of a text and how much it spoke for a label.
type Reason struct {
	Word  string  // as package text cuts words: a stem, or a Chinese word
	Value float64 // share of what spoke for the label, above 0 to 1
}

// Why returns the words of a text that spoke for a label rather than for the
// others, the strongest first, at most n. What pairs and parts of words say
// counts for the words they are made of, and so does what a word adds to the
// meaning of the whole; what the form of the message says has no word and is
// left out. It returns nil for a label that the model does not know.
func (m *Model) Why(s, lang, label string, n int) []Reason {
	c, ok := m.index[label]
	if !ok || n <= 0 {
		return nil
	}
	d := m.reader.text.Analyze(s, lang)
	if len(d.Terms) > maxTerms {
		d.Terms = d.Terms[:maxTerms]
	}
	x := m.vector(m.reader.read(s, lang))
	value := make(map[int32]float64, len(x.at))
	for k, i := range x.at {
		value[i] = float64(x.x[k]) * against(m.row(i), c)
	}
	said := make([]float64, len(d.Terms))
	done := map[uint64]bool{}
	m.reader.each(&d, s, func(h uint64, g uint8, from, to int) {
		i, ok := m.vocab[h]
		if !ok || done[h] || from == to {
			return
		}
		done[h] = true
		ends := []int{from, to - 1}
		if g == char {
			ends = covering(d.Terms, from)
		} else if from == to-1 {
			ends = ends[:1]
		}
		for _, e := range ends {
			said[e] += value[i] / float64(len(ends))
		}
	})
	sum := map[string]float64{}
	total := 0.0
	for i, v := range said {
		switch t := &d.Terms[i]; t.Kind {
		case text.Word, text.Number, text.Han, text.Char:
			sum[t.Text] += v + m.meaning(&d.Terms[i], c)
		}
	}
	var out []Reason
	for w, v := range sum {
		if v > 0 {
			out = append(out, Reason{w, v})
			total += v
		}
	}
	slices.SortFunc(out, func(a, b Reason) int {
		return cmp.Or(cmp.Compare(b.Value, a.Value), cmp.Compare(a.Word, b.Word))
	})
	for i := range out {
		out[i].Value /= total
	}
	return out[:min(n, len(out))]
}

// against returns how much more a row of weights speaks for label c than for
// the mean of all.
func against(row []float32, c int) float64 {
	mean := 0.0
	for _, w := range row {
		mean += float64(w)
	}
	return float64(row[c]) - mean/float64(len(row))
}

// meaning returns what a word's own vector says for label c. The vector of a
// text is about the mean of those of its words.
func (m *Model) meaning(t *text.Term, c int) float64 {
	if m.reader.vec == nil {
		return 0
	}
	one := text.Doc{Terms: []text.Term{*t}}
	v := make([]float32, m.reader.vec.Dim())
	if !m.reader.vec.Embed(&one, v) {
		return 0
	}
	sum := 0.0
	for j := range m.reader.dim {
		sum += vecScale * float64(v[j]) * against(m.component(j), c)
	}
	return sum
}

// covering returns the Chinese words that contain the bigram or character at
// term i, or itself.
func covering(terms []text.Term, i int) []int {
	at := terms[i].Pos
	for k := i; k >= 0 && terms[k].Pos > at-8; k-- {
		if terms[k].Kind == text.Han && int(terms[k].Pos)+len([]rune(terms[k].Text)) > int(at) {
			return []int{k}
		}
	}
	if terms[i].Kind == text.Char {
		return []int{i}
	}
	for k := i - 1; k >= 0 && terms[k].Pos == at; k-- {
		if terms[k].Kind == text.Char {
			return []int{k}
		}
	}
	return []int{i}
}
