package score

import (
	"math"
	"math/rand/v2"
	"slices"

	"example.org/hearback"
)

// draws is how many times the voices are drawn again for an interval.
const (
	draws   = 200
	columns = 64 // buckets that are weighted independently
)

// weights are draws from a Poisson distribution of mean 1, one for each draw
// and bucket (the Poisson bootstrap of Chamandy and others, 2012); quantiles
// are those of the normal curve in a shuffled order, for draws of the
// forecast. Both are the same for ever, so that a score can be computed again.
var weights, quantiles = func() (w [columns][draws]float32, q [draws]float64) {
	r := rand.New(rand.NewPCG(20, 26))
	for c := range w {
		for d := range w[c] {
			n, p := 0, 1.0
			for p *= r.Float64(); p > 1/math.E; p *= r.Float64() {
				n++
			}
			w[c][d] = float32(n)
		}
	}
	for i, j := range r.Perm(draws) {
		q[i] = math.Sqrt2 * math.Erfinv(2*(float64(j)+0.5)/draws-1)
	}
	return w, q
}()

// interval returns the 80 % intervals of heat and priority: the buckets of
// voices are drawn again with Poisson weights, and the chance that the concern
// persists from its own interval. Harm is left as people rated it.
func interval(in Input, w *warm, s *hearback.Score) (heatLow, heatHigh, low, high float64) {
	var sums [draws]float32
	shift := int(uint64(in.Concern) * 0x9e3779b97f4a7c15 >> 58)
	var parts [columns]float32
	for i, a := range w.parts {
		parts[(i+shift)%columns] += float32(a)
	}
	for i, a := range parts {
		if a == 0 {
			continue
		}
		col := &weights[i]
		for d := range sums {
			sums[d] += col[d] * a
		}
	}
	base, sd := 0.0, 0.0
	if p := in.Persist; s.Persistence.Known && in.PersistLow > 0 && in.PersistHigh > in.PersistLow && in.PersistHigh < 1 {
		logit := func(p float64) float64 { return math.Log(p / (1 - p)) }
		base = logit(min(max(*p, 1e-4), 1-1e-4))
		sd = (logit(in.PersistHigh) - logit(in.PersistLow)) / 2.5631 // 80 % of the normal curve
	}
	// A part that does not vary keeps its value through all draws.
	var terms [2]float64
	var weight float64
	if s.Reach.Known {
		terms[0], weight = weightReach*s.Reach.Value, weight+weightReach
	}
	if s.Persistence.Known {
		terms[1], weight = weightPersistence*s.Persistence.Value, weight+weightPersistence
	}
	sigma := 0.0
	if in.Sigma != nil && !math.IsNaN(*in.Sigma) {
		sigma = heatSigma * (min(max(*in.Sigma, sigmaLow), sigmaHigh) - sigmaBase)
	}
	heat := func(a float32) float64 {
		return 100 * logistic(heatVoices*(math.Log2(1+float64(a))-heatBase)+sigma)
	}
	const lo, hi = draws / 10, draws - 1 - draws/10
	var spreadLow, spreadHigh float64
	if sd > 0 {
		var spreads [draws]float64
		for d, a := range sums {
			spreads[d] = (weightHeat*heat(a) + terms[0] + 100*weightPersistence*logistic(base+sd*quantiles[d])) / (weightHeat + weight)
		}
		slices.Sort(spreads[:])
		spreadLow, spreadHigh = spreads[lo], spreads[hi]
	}
	slices.Sort(sums[:])
	heatLow, heatHigh = heat(sums[lo]), heat(sums[hi])
	if sd == 0 {
		spreadLow = (weightHeat*heatLow + terms[0] + terms[1]) / (weightHeat + weight)
		spreadHigh = (weightHeat*heatHigh + terms[0] + terms[1]) / (weightHeat + weight)
	}
	low, high = math.Sqrt(s.Harm.Value*spreadLow), math.Sqrt(s.Harm.Value*spreadHigh)
	// The draws know less than the point: it lies within in any case.
	return min(heatLow, s.Heat.Value), max(heatHigh, s.Heat.Value), min(low, s.Priority), max(high, s.Priority)
}

// Interval returns the 80 % interval of the heat of a concern.
func Interval(in Input) (low, high float64) {
	w := warmth(in)
	s := hearback.Score{Heat: heat(w.warm, in.Sigma), Persistence: persistence(in)}
	low, high, _, _ = interval(in, &w, &s)
	return low, high
}
