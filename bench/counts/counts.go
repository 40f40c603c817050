// Package counts holds series of counts that detectors are measured on, made up
// or labelled by people, and the measures: false alarms, delays, and the score
// of the Numenta benchmark. Tests and bench/detect use it; the service does not.
package counts

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// A Made is ten weeks of hourly counts of one made-up concern: negative binomial
// (k = 5) around a daily and weekly cycle with a drift that follows itself (AR
// 0.95), after which a burst may come (notes on methods 2.3).
type Made struct {
	Voices   []float64 // by hour
	Messages []float64 // that its source brought about anything
	Onset    int       // hour at which a burst begins, at any time of the week
}

// How made-up concerns go.
const (
	Weeks   = 10
	LearnTo = 4 * 168 // hour from which on false alarms are counted
	burstAt = 8 * 168
	driftSD = 0.25
	volume  = 2000 // messages an hour of the source
)

type world struct {
	rng *rand.Rand
	ar  float64 // of the whole stream, in logs
}

func (w *world) exposure(h int) float64 {
	w.ar = 0.95*w.ar + driftSD*math.Sqrt(1-0.95*0.95)*w.rng.NormFloat64()
	daily := 1 + 0.6*math.Sin(2*math.Pi*float64(h%24-9)/24)
	if d := (h / 24) % 7; d >= 5 {
		daily *= 0.75
	}
	return daily * math.Exp(w.ar)
}

// poisson draws by multiplication for small means and by normal for large.
func (w *world) poisson(mu float64) float64 {
	if mu > 50 {
		return math.Max(0, math.Round(mu+math.Sqrt(mu)*w.rng.NormFloat64()))
	}
	n, p, l := 0, 1.0, math.Exp(-mu)
	for {
		if p *= w.rng.Float64(); p <= l {
			return float64(n)
		}
		n++
	}
}

// gamma5 draws from a gamma distribution of shape 5 and mean 1.
func (w *world) gamma5() float64 {
	s := 0.0
	for range 5 {
		s += w.rng.ExpFloat64()
	}
	return s / 5
}

// Make makes up one concern of so many voices an hour. shape gives the factor of
// that rate by hours since the onset; nil for none. The same seed gives the same
// concern.
func Make(seed uint64, rate float64, shape func(h float64) float64) Made {
	w := &world{rng: rand.New(rand.NewPCG(seed, 7))}
	m := Made{Onset: burstAt + int(seed*2654435761%168)}
	for h := range Weeks * 168 {
		e := w.exposure(h)
		mu := rate * e
		if h >= m.Onset && shape != nil {
			mu *= shape(float64(h - m.Onset))
		}
		m.Messages = append(m.Messages, w.poisson(volume*e))
		m.Voices = append(m.Voices, w.poisson(mu*w.gamma5()))
	}
	return m
}

// Calm makes up n concerns without a burst. The weights of the detector were
// fitted to others, with seeds from 1000 on.
func Calm(n int, rate float64) (list []Made) {
	for i := range n {
		list = append(list, Make(uint64(i)+900000, rate, nil))
	}
	return list
}

// Risen makes up n concerns with a burst of that shape.
func Risen(n int, rate float64, shape func(h float64) float64) (list []Made) {
	for i := range n {
		list = append(list, Make(uint64(i)+50000, rate, shape))
	}
	return list
}

// Burst is a rise within six hours to so many times the rate, which lasts until
// 36 h after the onset.
func Burst(times float64) func(h float64) float64 {
	return func(h float64) float64 {
		switch {
		case h < 6:
			return 1 + (times-1)*(h+1)/6
		case h < 36:
			return times
		}
		return 1
	}
}

// Ramp is a slow rise to three times the rate within 120 hours.
func Ramp(h float64) float64 { return 1 + 2*math.Min(1, h/120) }

// Alarms counts how often a statistic rises over a limit from hour on, once a
// day at most and not before it has come down to half.
func Alarms(stat []float64, from int, limit float64) (n int) {
	quiet := 0
	armed := true
	for h := from; h < len(stat); h++ {
		if stat[h] < limit/2 {
			armed = true
		}
		if stat[h] >= limit && armed && h >= quiet {
			n, quiet, armed = n+1, h+24, false
		}
	}
	return n
}

// Limit returns the limit at which the statistics of concerns without a burst
// alarm so often a day.
func Limit(stats [][]float64, perDay float64) float64 {
	days := float64(len(stats)) * float64(Weeks*168-LearnTo) / 24
	lo, hi := 0.5, 1e4
	for range 40 {
		mid := math.Sqrt(lo * hi)
		n := 0
		for _, s := range stats {
			n += Alarms(s, LearnTo, mid)
		}
		if float64(n)/days > perDay {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

// Delay returns the median delay in hours and the share found within so many
// hours of the onset. What was not found counts as later than that: the median
// is infinite if half or more were missed.
func Delay(list []Made, stats [][]float64, limit float64, within int) (median, found float64) {
	var delays []float64
	for i, m := range list {
		delay := math.Inf(1)
		for h := m.Onset; h < m.Onset+within && h < len(stats[i]); h++ {
			if stats[i][h] >= limit {
				delay = float64(h - m.Onset + 1)
				break
			}
		}
		if !math.IsInf(delay, 1) {
			found++
		}
		delays = append(delays, delay)
	}
	return Median(delays), found / float64(len(list))
}

// Median returns the middle of a list, the greater of two.
func Median[T cmp.Ordered](list []T) T {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}
