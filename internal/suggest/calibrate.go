package suggest

import (
	"math"
	"slices"
)

// A trial holds the scores that two fits gave to examples they had not seen.
type trial struct {
	gentle, close [][]float32
	ys            []int
}

// maxScores bounds the scores that a trial holds.
const maxScores = 2 << 20

// add has both fits score the rows that are out.
func (t *trial) add(m *Model, gentle, close fitted, xs []input, ys []int, out func(i int) bool) {
	for i := range xs {
		if !out(i) {
			continue
		}
		if len(t.ys)*len(m.labels) > maxScores {
			return
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
func (t *trial) settle(weights []float32) (mix [2]float64, sure certainty) {
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
	return mix, fitCertainty(tops, right)
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

// A certainty turns what a model thinks of its likeliest label into how often
// it is right about it: a logistic curve over the log-odds (Platt 1999), set
// right by steps that rise where there are examples enough to see that the
// truth is no such curve; wrong labels among the examples put a lid on it.
type certainty struct {
	slope, shift float64
	knots        []knot
}

// A knot is a point that a certainty goes through: where the curve says at,
// the truth is is.
type knot struct{ at, is float64 }

const (
	curvePrior = 5   // examples' worth of leaving things as they are
	stepSize   = 100 // examples of a step, at least
	stepPrior  = 10  // examples' worth of believing the curve
)

func logOdds(p float64) float64 {
	p = min(max(p, 1e-6), 1-1e-6)
	return math.Log(p / (1 - p))
}

func (s *certainty) curve(top float64) float64 {
	return 1 / (1 + math.Exp(-s.slope*logOdds(top)-s.shift))
}

// p returns how likely a label is right that the model gives the probability
// top.
func (s *certainty) p(top float32) float64 {
	x := s.curve(float64(top))
	n := len(s.knots)
	if n == 0 {
		return x
	}
	before, after := knot{0, 0}, knot{1, 1}
	k, _ := slices.BinarySearchFunc(s.knots, x, func(k knot, x float64) int {
		if k.at < x {
			return -1
		}
		return 1
	})
	if k > 0 {
		before = s.knots[k-1]
	}
	if k < n {
		after = s.knots[k]
	} else {
		return before.is // nothing is known of what lies beyond
	}
	if after.at-before.at < 1e-9 {
		return after.is
	}
	return before.is + (after.is-before.is)*(x-before.at)/(after.at-before.at)
}

// fitCertainty fits the curve by Newton's method, then the steps.
func fitCertainty(tops []float64, right []bool) certainty {
	s := certainty{slope: 1}
	for range 30 {
		g0, g1 := curvePrior*(s.slope-1), curvePrior*s.shift
		h0, h1, h2 := float64(curvePrior), 0.0, float64(curvePrior)
		for i, top := range tops {
			x, p := logOdds(top), s.curve(top)
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
	s.knots = steps(&s, tops, right)
	return s
}

// steps compares the curve with the truth on equal parts of the examples and
// pools neighbours that do not rise (Ayer and others 1955).
func steps(s *certainty, tops []float64, right []bool) []knot {
	parts := min(len(tops)/stepSize, 12)
	if parts < 3 {
		return nil
	}
	order := make([]int, len(tops))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case tops[a] < tops[b]:
			return -1
		case tops[a] > tops[b]:
			return 1
		}
		return 0
	})
	type pool struct{ n, at, is float64 }
	var pools []pool
	for k := range parts {
		var p pool
		for _, i := range order[k*len(order)/parts : (k+1)*len(order)/parts] {
			p.n++
			p.at += s.curve(tops[i])
			if right[i] {
				p.is++
			}
		}
		p.is += stepPrior * p.at / p.n
		p.at, p.is = p.at/p.n, p.is/(p.n+stepPrior)
		pools = append(pools, p)
		for len(pools) > 1 {
			a, b := pools[len(pools)-2], pools[len(pools)-1]
			if a.is < b.is {
				break
			}
			n := a.n + b.n
			pools = append(pools[:len(pools)-2], pool{n, (a.at*a.n + b.at*b.n) / n, (a.is*a.n + b.is*b.n) / n})
		}
	}
	knots := make([]knot, len(pools))
	for i, p := range pools {
		knots[i] = knot{p.at, min(max(p.is, 0.001), 0.999)}
	}
	return knots
}
