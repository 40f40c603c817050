package suggest

import "math"

// An input is a document as the weights see it: features the model knows, with
// tf-idf values of length one together, and the vector.
type input struct {
	at     []int32
	x      []float32
	vector []float32
}

// vector returns what the model knows of a document.
func (m *Model) vector(d document) input {
	x := input{at: make([]int32, 0, len(d.features)), vector: d.vector}
	x.x = make([]float32, 0, len(d.features))
	sum := float32(0)
	for _, f := range d.features {
		i, ok := m.vocab[f.hash]
		if !ok {
			continue
		}
		v := m.idf[i]
		x.at = append(x.at, i)
		x.x = append(x.x, v)
		sum += v * v
	}
	if sum > 0 {
		norm := 1 / float32(math.Sqrt(float64(sum)))
		for i := range x.x {
			x.x[i] *= norm
		}
	}
	return x
}

// row returns the weights of feature i.
func (m *Model) row(i int32) []float32 {
	n := int(i) * m.stride
	return m.w[n : n+len(m.labels)]
}

// component returns the weights of component j of the vector; the one after
// the last has the biases.
func (m *Model) component(j int) []float32 {
	n := j * m.stride
	return m.dense[n : n+len(m.labels)]
}

// scores writes the score of every label to z.
func (m *Model) scores(x *input, z []float32) {
	copy(z, m.component(m.reader.dim))
	k := 0
	for ; k+4 <= len(x.at); k += 4 {
		add4(z, x.x[k:k+4], m.row(x.at[k]), m.row(x.at[k+1]), m.row(x.at[k+2]), m.row(x.at[k+3]))
	}
	for ; k < len(x.at); k++ {
		add(z, x.x[k], m.row(x.at[k]))
	}
	k = 0
	for ; k+4 <= len(x.vector); k += 4 {
		add4(z, x.vector[k:k+4], m.component(k), m.component(k+1), m.component(k+2), m.component(k+3))
	}
	for ; k < len(x.vector); k++ {
		add(z, x.vector[k], m.component(k))
	}
}

func add(z []float32, a float32, r []float32) {
	r = r[:len(z)]
	for c := range z {
		z[c] += a * r[c]
	}
}

// add4 is add for four rows at once: most of the time of training goes here,
// and z is read and written a quarter as often.
func add4(z, a, r0, r1, r2, r3 []float32) {
	a0, a1, a2, a3 := a[0], a[1], a[2], a[3]
	r0, r1, r2, r3 = r0[:len(z)], r1[:len(z)], r2[:len(z)], r3[:len(z)]
	for c := range z {
		z[c] += a0*r0[c] + a1*r1[c] + (a2*r2[c] + a3*r3[c])
	}
}

func softmax(z []float32) {
	top := z[0]
	for _, v := range z {
		top = max(top, v)
	}
	sum := float32(0)
	for c, v := range z {
		z[c] = float32(math.Exp(float64(v - top)))
		sum += z[c]
	}
	for c := range z {
		z[c] /= sum
	}
}

// A stepper moves weights along gradients, by AdaGrad (Duchi, Hazan and Singer
// 2011) with one step for all labels of a feature: a fifth of the memory of
// one each, and as good here.
type stepper struct {
	m     *Model
	z     []float32
	which []int32 // labels whose error counts
	e     []float32
}

// least is the error of a label below which its weights stay: most labels are
// out of the question for most texts.
const least = 3e-3

// step moves the model towards one example and returns its probability before.
// weight is how much the example counts.
func (s *stepper) step(x *input, label int, rate, weight float32) float32 {
	m := s.m
	m.scores(x, s.z)
	softmax(s.z)
	before := s.z[label]
	s.z[label]--
	s.which, s.e = s.which[:0], s.e[:0]
	square := float32(0)
	for c, e := range s.z {
		if e > least || e < -least {
			e *= weight
			s.which, s.e = append(s.which, int32(c)), append(s.e, e)
			square += e * e
		}
	}
	if square == 0 {
		return before
	}
	for k, i := range x.at {
		v := x.x[k]
		m.grad[i] += square * v * v
		s.move(m.row(i), v*rate/root(m.grad[i]))
	}
	for j, v := range x.vector {
		m.gradD[j] += square * v * v
		s.move(m.component(j), v*rate/root(m.gradD[j]))
	}
	bias := m.reader.dim
	m.gradD[bias] += square
	s.move(m.component(bias), 0.3*rate/root(m.gradD[bias]))
	return before
}

func root(g float32) float32 { return float32(math.Sqrt(float64(g) + 1e-6)) }

func (s *stepper) move(w []float32, by float32) {
	for k, c := range s.which {
		w[c] -= by * s.e[k]
	}
}
