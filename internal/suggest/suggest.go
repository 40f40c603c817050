// Package suggest learns from past decisions which desk or category a message
// belongs to, says how sure it is and which words spoke for it. It only ever
// suggests: people decide, and what they decide teaches it.
//
// The model is linear, so that every suggestion can be taken apart into the
// words it rests on: a multinomial logistic regression over the terms of
// package text and the bilingual vectors of package lexvec. Two fits, one
// cautious and one close to the examples, are mixed in the proportion that
// does best on examples held back, and what it says of its own certainty is
// set right on the same examples.
package suggest

import (
	"fmt"
	"slices"

	"example.org/hearback"
	"example.org/hearback/internal/text"
	"example.org/hearback/internal/text/lexvec"
)

// An Example is one past decision.
type Example struct{ Text, Label, Lang string }

// Bounds on a model. Of more rows the newest are used, which are the last; of
// more features the commonest; and with very many labels training goes through
// the rows fewer times.
const (
	maxClass   = 2000
	maxRows    = 100_000
	maxFeature = 1 << 18
	maxWeight  = 16 << 20 // features × labels: 64 MiB
)

// A Model suggests labels. It is not safe for use by several goroutines while
// one of them calls Learn.
type Model struct {
	reader reader
	labels []string
	index  map[string]int

	vocab map[uint64]int32 // feature → row of w
	idf   []float32        // of each feature
	seen  float64          // examples learned from

	// Weights: a row of stride floats for each feature, the first of them for
	// the labels; then as many rows for the components of the vector; then the
	// row of biases.
	stride int
	w      []float32 // features
	dense  []float32 // components of the vector, and the biases
	grad   []float32 // sum of squared gradients of each feature
	gradD  []float32 // of each component and the biases

	count  []float64 // examples of each label
	sure   certainty
	replay []kept // past examples, gone over again when a new one is learned
	next   int    // the oldest of them
	turn   int    // the one to go over next
}

// Train learns from rows. Vectors may be nil; then it goes by words alone. The
// same rows in the same order give the same model. It returns
// [hearback.ErrInvalid] if there are fewer than two labels, since nothing can
// be told apart then.
func Train(a *text.Analyzer, v *lexvec.Vectors, rows []Example) (*Model, error) {
	if len(rows) > maxRows {
		rows = rows[len(rows)-maxRows:]
	}
	m := &Model{index: map[string]int{}}
	for _, r := range rows {
		if _, ok := m.index[r.Label]; !ok {
			m.index[r.Label] = 0
			m.labels = append(m.labels, r.Label)
		}
	}
	switch n := len(m.labels); {
	case n == 0:
		return nil, fmt.Errorf("%w: there are no examples; at least two labels with one each are needed", hearback.ErrInvalid)
	case n == 1:
		return nil, fmt.Errorf("%w: all examples have the label %.40q; at least two labels are needed to tell anything apart", hearback.ErrInvalid, m.labels[0])
	case n > maxClass:
		return nil, fmt.Errorf("%w: the examples have %d labels; at most %d can be told apart", hearback.ErrInvalid, n, maxClass)
	}
	m.reader = newReader(a, v, len(m.labels))
	slices.Sort(m.labels)
	for i, l := range m.labels {
		m.index[l] = i
	}
	m.train(rows)
	return m, nil
}

// A Suggestion is the likeliest label of a text and how likely it is right.
type Suggestion struct {
	Label string
	P     float64
}

// Predict returns the likeliest label of a text.
func (m *Model) Predict(s, lang string) Suggestion {
	x := m.vector(m.reader.read(s, lang))
	z := make([]float32, len(m.labels))
	best := m.best(&x, z)
	return Suggestion{m.labels[best], m.sure.p(z[best])}
}

// best returns the likeliest label; z has the probabilities of all labels
// afterwards.
func (m *Model) best(x *input, z []float32) int {
	m.scores(x, z)
	softmax(z)
	best := 0
	for c, p := range z {
		if p > z[best] {
			best = c
		}
	}
	return best
}

// Labels returns the labels the model can tell apart.
func (m *Model) Labels() []string { return slices.Clone(m.labels) }
