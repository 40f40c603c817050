// Package suggest learns from past decisions which desk or category a message
// belongs to, and says how sure it is. It only ever suggests.
package suggest

import (
	"fmt"
	"math"
	"slices"

	"example.org/hearback"
	"example.org/hearback/internal/text"
)

// An Example is one past decision.
type Example struct{ Text, Label, Lang string }

// Limits on training, and the constants of the learner.
const (
	// dims is the size of the hashed feature space.
	dims     = 1 << 18
	epochs   = 12
	rate     = 0.5  // first step of AdaGrad (Duchi, Hazan, Singer, 2011)
	decay    = 1e-5 // L2
	maxClass = 2000
)

// A Model is a linear classifier over the terms of a text: one logistic
// regression for each label against the rest, made into probabilities that
// sum to one.
type Model struct {
	text   *text.Analyzer
	labels []string
	index  map[string]int
	w      [][]float32 // label → feature
	g      [][]float32 // sum of squared gradients
	idf    map[uint32]float32
	n      int
}

// Train learns from rows. It returns [hearback.ErrInvalid] if there are fewer
// than two labels, since nothing can be told apart then.
func Train(a *text.Analyzer, rows []Example) (*Model, error) {
	m := &Model{text: a, index: map[string]int{}, idf: map[uint32]float32{}}
	for _, r := range rows {
		if _, ok := m.index[r.Label]; !ok {
			m.index[r.Label] = 0
			m.labels = append(m.labels, r.Label)
		}
	}
	if len(m.labels) < 2 {
		return nil, fmt.Errorf("%w: the examples have %d label; at least two are needed", hearback.ErrInvalid, len(m.labels))
	}
	if len(m.labels) > maxClass {
		return nil, fmt.Errorf("%w: the examples have %d labels; at most %d can be told apart", hearback.ErrInvalid, len(m.labels), maxClass)
	}
	slices.Sort(m.labels)
	for i, l := range m.labels {
		m.index[l] = i
		m.w, m.g = append(m.w, nil), append(m.g, nil)
	}
	docs := make([][]uint32, len(rows))
	df := map[uint32]int{}
	for i, r := range rows {
		docs[i] = m.features(r.Text, r.Lang)
		for _, f := range docs[i] {
			df[f]++
		}
	}
	m.n = len(rows)
	for f, n := range df {
		m.idf[f] = float32(math.Log(float64(len(rows)+1)/float64(n+1)) + 1)
	}
	for i := range m.w {
		m.w[i], m.g[i] = make([]float32, dims+1), make([]float32, dims+1)
	}
	// A fixed stride visits every row once an epoch in a scattered order, so
	// that training gives the same model every time.
	stride := 7919
	for len(rows)%stride == 0 {
		stride += 2
	}
	for range epochs {
		for i := range rows {
			k := (i * stride) % len(rows)
			m.step(docs[k], m.index[rows[k].Label])
		}
	}
	return m, nil
}

// features returns the hashed terms and pairs of neighbours of a text, each
// once.
func (m *Model) features(s, lang string) []uint32 {
	d := m.text.Analyze(s, lang)
	var list []uint32
	prev := uint64(0)
	for _, t := range d.Terms {
		list = append(list, uint32(mix(t.Hash)%dims))
		if t.Kind == text.Word || t.Kind == text.Number {
			if prev != 0 {
				list = append(list, uint32(mix(prev*31+t.Hash)%dims))
			}
			prev = t.Hash
			for i := 0; t.Kind == text.Word && i+4 < len(t.Text); i++ {
				list = append(list, uint32(mix(fnv(t.Text[i:i+4]))%dims))
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func fnv(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// weights returns the tf-idf values of features, with length one.
func (m *Model) weights(feats []uint32) []float32 {
	x := make([]float32, len(feats))
	sum := float32(0)
	unseen := float32(math.Log(float64(m.n+1)) + 1)
	for i, f := range feats {
		v, ok := m.idf[f]
		if !ok {
			v = unseen
		}
		x[i] = v
		sum += v * v
	}
	if sum > 0 {
		norm := 1 / float32(math.Sqrt(float64(sum)))
		for i := range x {
			x[i] *= norm
		}
	}
	return x
}

// probs returns the softmax of the labels' scores.
func (m *Model) probs(feats []uint32, x []float32) []float64 {
	p := make([]float64, len(m.labels))
	top := math.Inf(-1)
	for c := range p {
		w, sum := m.w[c], m.w[c][dims]
		for i, f := range feats {
			sum += w[f] * x[i]
		}
		p[c] = float64(sum)
		top = max(top, p[c])
	}
	total := 0.0
	for c := range p {
		p[c] = math.Exp(p[c] - top)
		total += p[c]
	}
	for c := range p {
		p[c] /= total
	}
	return p
}

// step moves the model towards one example.
func (m *Model) step(feats []uint32, label int) {
	x := m.weights(feats)
	for c, p := range m.probs(feats, x) {
		e := float32(p)
		if c == label {
			e--
		}
		if e > -1e-3 && e < 1e-3 {
			continue
		}
		w, g := m.w[c], m.g[c]
		up := func(f uint32, x float32) {
			d := e*x + decay*w[f]
			g[f] += d * d
			w[f] -= rate * d / float32(math.Sqrt(float64(g[f])+1e-8))
		}
		for i, f := range feats {
			up(f, x[i])
		}
		up(dims, 1)
	}
}

// Predict returns the likeliest label of a text and how likely it is.
func (m *Model) Predict(s, lang string) (label string, p float64) {
	feats := m.features(s, lang)
	probs := m.probs(feats, m.weights(feats))
	best := 0
	for c := range probs {
		if probs[c] > probs[best] {
			best = c
		}
	}
	return m.labels[best], probs[best]
}

// Learn moves the model towards one more decision. It returns
// [hearback.ErrInvalid] for a label that the model was not trained on.
func (m *Model) Learn(e Example) error {
	c, ok := m.index[e.Label]
	if !ok {
		return fmt.Errorf("%w: %.40q is not among the labels learned; train again", hearback.ErrInvalid, e.Label)
	}
	feats := m.features(e.Text, e.Lang)
	for range epochs / 4 {
		m.step(feats, c)
	}
	return nil
}

// Labels returns the labels the model can tell apart.
func (m *Model) Labels() []string { return slices.Clone(m.labels) }
