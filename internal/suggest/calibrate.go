package suggest

import "math"

// A trial holds the scores that two fits gave to examples they had not seen.
type trial struct {
	gentle, close [][]float32
	ys            []int
}

// add has both fits score the rows that are out.
func (t *trial) add(m *Model, gentle, close fitted, xs []input, ys []int, out func(i int) bool) {
	for i := range xs {
		if !out(i) {
			continue
		}
		score := func(f fitted) []float32 {
			m.w, m.dense = f.w, f.dense
			z := make([]float32, len(m.labels))
			m.scores(&xs[i], z)
			return z
		}
		t.gentle, t.close = append(t.gentle, score(gentle)), append(t.close, score(close))
		t.ys = append(t.ys, ys[i])
	}
}

// settle finds the mix of the two fits under which the held-back examples are
// likeliest, and how often the label it then finds likeliest is right. The
// likelihood is concave in both; the prior keeps few examples from saying much.
func (t *trial) settle(weights []float32) (mix [2]float64, sure platt) {
	mix = [2]float64{0.5, 0.5}
	z := make([]float64, len(weights))
	const prior = 2
	for range 30 {
		g := [2]float64{prior * (mix[0] - 0.5), prior * (mix[1] - 0.5)}
		h := [3]float64{prior, 0, prior}
		for i, y := range t.ys {
			a, b := t.gentle[i], t.close[i]
			t.probs(i, mix, z)
			ma, mb := 0.0, 0.0
			for c, p := range z {
				ma += p * float64(a[c])
				mb += p * float64(b[c])
			}
			w := float64(weights[y])
			g[0] += w * (ma - float64(a[y]))
			g[1] += w * (mb - float64(b[y]))
			for c, p := range z {
				da, db := float64(a[c])-ma, float64(b[c])-mb
				h[0] += w * p * da * da
				h[1] += w * p * da * db
				h[2] += w * p * db * db
			}
		}
		det := h[0]*h[2] - h[1]*h[1]
		if det < 1e-9 {
			break
		}
		d0, d1 := (h[2]*g[0]-h[1]*g[1])/det, (h[0]*g[1]-h[1]*g[0])/det
		size := math.Max(math.Abs(d0), math.Abs(d1))
		damp := math.Min(1, 0.5/math.Max(size, 1e-12))
		mix[0] = math.Max(0, mix[0]-damp*d0)
		mix[1] = math.Max(0, mix[1]-damp*d1)
		if size < 1e-4 {
			break
		}
	}
	if mix[0]+mix[1] < 0.05 { // nothing can be learned from these examples
		mix = [2]float64{0.05, 0}
	}
	tops, right := make([]float64, len(t.ys)), make([]bool, len(t.ys))
	for i, y := range t.ys {
		t.probs(i, mix, z)
		best := 0
		for c, p := range z {
			if p > z[best] {
				best = c
			}
		}
		tops[i], right[i] = z[best], best == y
	}
	return mix, fitPlatt(tops, right)
}

// probs writes the probabilities of the labels of example i to z.
func (t *trial) probs(i int, mix [2]float64, z []float64) {
	top := math.Inf(-1)
	for c := range z {
		z[c] = mix[0]*float64(t.gentle[i][c]) + mix[1]*float64(t.close[i][c])
		top = max(top, z[c])
	}
	sum := 0.0
	for c := range z {
		z[c] = math.Exp(z[c] - top)
		sum += z[c]
	}
	for c := range z {
		z[c] /= sum
	}
}

// A platt turns what a model thinks of its likeliest label into how often it
// is right about it (Platt 1999): a logistic curve over the log-odds.
type platt struct{ slope, shift float64 }

func logOdds(p float64) float64 {
	p = min(max(p, 1e-6), 1-1e-6)
	return math.Log(p / (1 - p))
}

func (s platt) p(top float32) float64 {
	return 1 / (1 + math.Exp(-s.slope*logOdds(float64(top))-s.shift))
}

// fitPlatt fits by Newton's method, with a prior of ten examples' strength on
// leaving things as they are.
func fitPlatt(tops []float64, right []bool) platt {
	s := platt{1, 0}
	const prior = 5
	for range 30 {
		g0, g1 := prior*(s.slope-1), prior*s.shift
		h0, h1, h2 := float64(prior), 0.0, float64(prior)
		for i, top := range tops {
			x := logOdds(top)
			p := 1 / (1 + math.Exp(-s.slope*x-s.shift))
			e := p
			if right[i] {
				e--
			}
			v := p * (1 - p)
			g0 += e * x
			g1 += e
			h0 += v * x * x
			h1 += v * x
			h2 += v
		}
		det := h0*h2 - h1*h1
		d0, d1 := (h2*g0-h1*g1)/det, (h0*g1-h1*g0)/det
		s.slope -= min(max(d0, -1), 1)
		s.shift -= min(max(d1, -1), 1)
		if math.Abs(d0)+math.Abs(d1) < 1e-6 {
			break
		}
	}
	s.slope = max(s.slope, 0.05) // surer never means less often right
	return s
}
