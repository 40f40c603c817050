package suggest

import (
	"cmp"
	"math"
	"slices"
)

// How training goes. The figures were chosen together on labelled messages of
// a bank's service desk (77 labels), a city's hotline (7 labels, 354 rows, in
// Chinese) and crises (6 labels, tested on other crises), as the ones that
// serve all three.
const (
	idfPower  = 0.5 // a rare feature says more, but not as much more as idf has it
	balance   = 0.8 // examples count (1 / share of their label)^balance
	gently    = 4   // epochs of the cautious fit
	gentRate  = 0.2
	closely   = 8 // further epochs, to the close fit
	closeRate = 2.0
	fewRows   = 3000 // up to here every row is held back once, else a fifth of them
	folds     = 5
	work      = 3e9 // multiplications of one fit, about; more examples get fewer epochs
)

// train learns from rows, whose labels are known.
func (m *Model) train(rows []Example) {
	docs := make([]document, len(rows))
	ys := make([]int, len(rows))
	m.count = make([]float64, len(m.labels))
	for i, r := range rows {
		docs[i], ys[i] = m.reader.read(r.Text, r.Lang), m.index[r.Label]
		m.count[ys[i]]++
	}
	m.seen = float64(len(rows))
	m.know(docs)
	xs := make([]input, len(docs))
	size := 0
	for i, d := range docs {
		xs[i] = m.vector(d)
		size += len(xs[i].at) + len(xs[i].vector)
	}
	docs = nil
	epochs := work / (float64(size) * float64(len(m.labels)))
	weights := m.weights()

	// Held back: every fifth row of a label is in the same fold.
	fold, nth := make([]int, len(ys)), make([]int, len(m.labels))
	for i, y := range ys {
		fold[i] = nth[y] % folds
		nth[y]++
	}
	var held trial
	for k := range folds {
		if k > 0 && len(rows) > fewRows {
			break
		}
		gentle, close := m.fit(xs, ys, weights, epochs, func(i int) bool { return fold[i] != k })
		held.add(m, gentle, close, xs, ys, func(i int) bool { return fold[i] == k })
	}
	mix, sure := held.settle(weights)
	m.sure = sure
	gentle, close := m.fit(xs, ys, weights, epochs, func(int) bool { return true })
	m.w, m.dense = close.w, close.dense
	blend(m.w, gentle.w, mix)
	blend(m.dense, gentle.dense, mix)
	m.keep(xs, ys)
}

// know chooses the features that the model tells apart: those of two examples
// or more, the commonest first if there are too many.
func (m *Model) know(docs []document) {
	type seen struct {
		n     int
		group uint8
	}
	df := map[uint64]seen{}
	for _, d := range docs {
		for _, f := range d.features {
			df[f.hash] = seen{df[f.hash].n + 1, f.group}
		}
	}
	var known []uint64
	for h, s := range df {
		if s.n >= 2 || s.group == word && len(docs) < 200 {
			known = append(known, h)
		}
	}
	slices.SortFunc(known, func(a, b uint64) int {
		return cmp.Or(cmp.Compare(df[b].n, df[a].n), cmp.Compare(a, b))
	})
	m.stride = len(m.labels) + min(8, len(m.labels)/8+2) // room for labels to come
	known = known[:min(len(known), maxFeature, maxWeight/m.stride)]
	m.vocab = make(map[uint64]int32, len(known))
	m.idf = make([]float32, len(known))
	for i, h := range known {
		m.vocab[h] = int32(i)
		m.idf[i] = m.idfOf(float64(df[h].n), df[h].group)
	}
}

func (m *Model) idfOf(n float64, group uint8) float32 {
	return groupWeight[group] * float32(math.Pow(math.Log((m.seen+1)/(n+1))+1, idfPower))
}

// weights returns how much an example of each label counts, about one.
func (m *Model) weights() []float32 {
	w := make([]float32, len(m.labels))
	for c, n := range m.count {
		w[c] = float32(math.Pow(m.seen/float64(len(m.labels))/max(n, 1), balance))
	}
	return w
}

// A fitted is one fit's weights.
type fitted struct{ w, dense []float32 }

// fit fits the rows that are in and returns the weights after the gentle
// epochs and at the end. A fixed stride visits every row once an epoch in a
// scattered order, so that training gives the same model every time.
func (m *Model) fit(xs []input, ys []int, weights []float32, epochs float64, in func(i int) bool) (gentle, close fitted) {
	m.w, m.grad = make([]float32, len(m.idf)*m.stride), make([]float32, len(m.idf))
	m.dense, m.gradD = make([]float32, (m.reader.dim+1)*m.stride), make([]float32, m.reader.dim+1)
	first := int(min(gently, max(1, epochs/3)))
	second := int(min(closely, max(2, epochs*2/3)))
	stride := 7919
	for len(xs)%stride == 0 {
		stride += 2
	}
	s := stepper{m: m, z: make([]float32, len(m.labels))}
	for e := range first + second {
		if e == first {
			gentle = fitted{slices.Clone(m.w), slices.Clone(m.dense)}
		}
		for i := range xs {
			k := i * stride % len(xs)
			if !in(k) {
				continue
			}
			rate := float32(gentRate)
			if e >= first {
				done := (float32(e-first) + float32(i)/float32(len(xs))) / float32(second)
				rate = closeRate * (1 - done)
			}
			s.step(&xs[k], ys[k], rate, weights[ys[k]])
		}
	}
	return gentle, fitted{m.w, m.dense}
}

// blend makes dst mix[0] times a and mix[1] times itself.
func blend(dst, a []float32, mix [2]float64) {
	for i := range dst {
		dst[i] = float32(mix[0])*a[i] + float32(mix[1])*dst[i]
	}
}
