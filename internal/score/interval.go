package score

import (
	"math"
	"math/rand/v2"

	"example.org/hearback"
)

// How voices are drawn again for an interval.
const (
	z80     = 1.2816 // quantiles of the normal curve that hold 80 %
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
	// The chance to persist is drawn from two halves of normal curves, which
	// meet at what was forecast.
	chance, down, up := s.Persistence.Value/100, 0.0, 0.0
	if s.Persistence.Known && in.PersistLow >= 0 && in.PersistLow <= chance && chance <= in.PersistHigh && in.PersistHigh <= 1 {
		down, up = (chance-in.PersistLow)/z80, (in.PersistHigh-chance)/z80
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
	if down+up > 0 {
		var spreads [draws]float64
		for d, a := range sums {
			z := quantiles[d]
			if z < 0 {
				z *= down
			} else {
				z *= up
			}
			spreads[d] = (weightHeat*heat(a) + terms[0] + 100*weightPersistence*min(max(chance+z, 0), 1)) / (weightHeat + weight)
		}
		spreadLow, spreadHigh = nth(spreads[:], lo), nth(spreads[:], hi)
	}
	heatLow, heatHigh = heat(nth(sums[:], lo)), heat(nth(sums[:], hi))
	if down+up == 0 {
		spreadLow = (weightHeat*heatLow + terms[0] + terms[1]) / (weightHeat + weight)
		spreadHigh = (weightHeat*heatHigh + terms[0] + terms[1]) / (weightHeat + weight)
	}
	low, high = math.Sqrt(s.Harm.Value*spreadLow), math.Sqrt(s.Harm.Value*spreadHigh)
	// The draws know less than the point: it lies within in any case.
	return min(heatLow, s.Heat.Value), max(heatHigh, s.Heat.Value), min(low, s.Priority), max(high, s.Priority)
}

// nth returns the value that would stand at place k if list were sorted, and
// reorders list on the way (Hoare's selection).
func nth[T float32 | float64](list []T, k int) T {
	lo, hi := 0, len(list)-1
	for lo < hi {
		pivot := list[(lo+hi)/2]
		i, j := lo, hi
		for i <= j {
			for list[i] < pivot {
				i++
			}
			for list[j] > pivot {
				j--
			}
			if i <= j {
				list[i], list[j] = list[j], list[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case k <= j:
			hi = j
		case k >= i:
			lo = i
		default:
			return list[k]
		}
	}
	return list[k]
}

// Interval returns the 80 % interval of the heat of a concern.
func Interval(in Input) (low, high float64) {
	w := warmth(in)
	s := hearback.Score{Heat: heat(w.warm, in.Sigma), Persistence: persistence(in)}
	low, high, _, _ = interval(in, &w, &s)
	return low, high
}
