package suggest

import (
	"fmt"

	"example.org/hearback"
)

// How a decision is learned after training.
const (
	learnRate  = 0.5
	learnSteps = 3   // towards the new decision
	enough     = 0.9 // no further step once it is as likely as this
	maxReplay  = 1000
	replays    = 6 // past examples gone over for each new one
)

// A kept is a past example that is gone over again from time to time.
type kept struct {
	x     input
	label int
}

// keep keeps examples to go over, the newest of each label first.
func (m *Model) keep(xs []input, ys []int) {
	each := max(1, maxReplay/len(m.labels))
	have := make([]int, len(m.labels))
	for i := len(xs) - 1; i >= 0 && len(m.replay) < maxReplay; i-- {
		if y := ys[i]; have[y] < each {
			have[y]++
			m.replay = append(m.replay, kept{xs[i], y})
		}
	}
}

// Learn moves the model towards one more decision. Its label may be new, and
// so may its words. A few past decisions are gone over with it, so that the
// newest do not push out what was learned before. It returns
// [hearback.ErrInvalid] if the example has no label, or if there are already
// as many labels as can be told apart.
func (m *Model) Learn(e Example) error {
	if e.Label == "" {
		return fmt.Errorf("%w: an example without a label", hearback.ErrInvalid)
	}
	c, ok := m.index[e.Label]
	if !ok {
		if len(m.labels) >= maxClass {
			return fmt.Errorf("%w: %d labels are learned already; no more can be told apart", hearback.ErrInvalid, len(m.labels))
		}
		c = m.addLabel(e.Label)
	}
	d := m.reader.read(e.Text, e.Lang)
	m.count[c]++
	m.seen++
	for _, f := range d.features {
		m.addFeature(f)
	}
	x := m.vector(d)
	s := stepper{m: m, z: make([]float32, len(m.labels))}
	for range learnSteps {
		if s.step(&x, c, learnRate, 1) >= enough {
			break
		}
	}
	for range min(replays, len(m.replay)) {
		k := &m.replay[m.turn%len(m.replay)]
		m.turn += 7 // a neighbour is often of the same label
		s.step(&k.x, k.label, learnRate/2, 1)
	}
	if len(m.replay) < maxReplay {
		m.replay = append(m.replay, kept{x, c})
	} else {
		m.replay[m.next] = kept{x, c}
		m.next = (m.next + 1) % len(m.replay)
	}
	return nil
}

// addFeature makes room for a feature, if there is any left.
func (m *Model) addFeature(f feature) {
	n := len(m.idf)
	if _, ok := m.vocab[f.hash]; ok || n >= maxFeature || (n+1)*m.stride > maxWeight {
		return
	}
	m.vocab[f.hash] = int32(n)
	m.idf = append(m.idf, m.idfOf(1, f.group))
	m.grad = append(m.grad, 0)
	m.w = append(m.w, make([]float32, m.stride)...)
}

// addLabel makes room for a label and returns its number.
func (m *Model) addLabel(label string) int {
	c := len(m.labels)
	m.labels = append(m.labels, label)
	m.index[label] = c
	m.count = append(m.count, 0)
	if c >= m.stride {
		stride := m.stride + m.stride/4 + 4
		m.w = widen(m.w, m.stride, stride)
		m.dense = widen(m.dense, m.stride, stride)
		m.stride = stride
	}
	return c
}

// widen makes rows of n floats into rows of more.
func widen(w []float32, n, more int) []float32 {
	out := make([]float32, len(w)/n*more)
	for i := 0; i*n < len(w); i++ {
		copy(out[i*more:], w[i*n:(i+1)*n])
	}
	return out
}
