package alert_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"example.org/hearback/internal/alert"
)

// A world is a simulated concern: ten weeks of hourly counts, negative
// binomial (k = 5) around a daily and weekly cycle with a drift that follows
// itself (AR 0.95), after which a burst may come.
type world struct {
	rng *rand.Rand
	ar  float64 // of the whole stream, in logs
}

const (
	weeks   = 10
	learnTo = 4 * 168 // false alarms are counted from here on
	burstAt = 8 * 168
	driftSD = 0.25
)

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

// simulate follows one concern and returns the statistics of every hour.
// shape gives the factor of the rate by hours since its onset.
func simulate(seed uint64, rate float64, shape func(h float64) float64) (fast, slow []float64) {
	w := &world{rng: rand.New(rand.NewPCG(seed, 7))}
	onset := onsetOf(seed)
	var d alert.Detector
	start := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	for h := range weeks * 168 {
		e := w.exposure(h)
		mu := rate * e
		if h >= onset && shape != nil {
			mu *= shape(float64(h - onset))
		}
		// The source's own volume, 2000 an hour, is the exposure.
		n := w.poisson(2000*e) / 2000
		r := d.Step(alert.Bucket{At: start.Add(time.Duration(h) * time.Hour), Length: time.Hour, Voices: w.poisson(mu * w.gamma5()), Exposure: n})
		fast, slow = append(fast, r.Fast), append(slow, r.Slow)
	}
	return fast, slow
}

// alarms counts crossings of a limit, one a day at most.
func alarms(stat []float64, limit float64) (n int) {
	quiet := 0
	armed := true
	for h := learnTo; h < len(stat); h++ {
		if stat[h] < limit/2 {
			armed = true
		}
		if stat[h] >= limit && armed && h >= quiet {
			n, quiet, armed = n+1, h+24, false
		}
	}
	return n
}

// calibrate returns the limit at which concerns of a rate alarm falsely so
// often a day.
func calibrate(pick func(fast, slow []float64) []float64, rate, perDay float64, concerns int) float64 {
	var runs [][]float64
	for c := range concerns {
		runs = append(runs, pick(simulate(uint64(c)+1000, rate, nil)))
	}
	days := float64(concerns) * float64(weeks*168-learnTo) / 24
	lo, hi := 1.0, 60.0
	for range 24 {
		mid := (lo + hi) / 2
		n := 0
		for _, s := range runs {
			n += alarms(s, mid)
		}
		if float64(n)/days > perDay {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

// detectBursts returns the median delay in hours and the share found within
// the time given. What was not found counts as later than that.
func detectBursts(pick func(fast, slow []float64) []float64, rate, limit float64, within int, shape func(float64) float64, runs int) (median, found float64) {
	var delays []float64
	for i := range runs {
		seed := uint64(i) + 50000
		onset := onsetOf(seed)
		stat := pick(simulate(seed, rate, shape))
		delay := math.Inf(1)
		for h := onset; h < onset+within && h < len(stat); h++ {
			if stat[h] >= limit {
				delay = float64(h - onset + 1)
				break
			}
		}
		if !math.IsInf(delay, 1) {
			found++
		}
		delays = append(delays, delay)
	}
	slices.Sort(delays)
	return delays[len(delays)/2], found / float64(runs)
}

// onsetOf is the hour at which a simulated burst begins, at any time of the
// week.
func onsetOf(seed uint64) int { return burstAt + int(seed*2654435761%168) }

func burst(times float64) func(float64) float64 {
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

func ramp(h float64) float64 { return 1 + 2*math.Min(1, h/120) }

func pickFast(fast, slow []float64) []float64 { return fast }
func pickSlow(fast, slow []float64) []float64 { return slow }

// TestSimulation holds, at one false alarm in a hundred days of a concern,
// how late bursts are told and how many are: within 7 h at one voice an hour
// times four, within 18 h at twenty times two, and a slow rise.
func TestSimulation(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates some hundred concern-years")
	}
	limits := map[float64][2]float64{}
	for _, rate := range []float64{0.1, 0.2, 1, 5, 20, 100} {
		limits[rate] = [2]float64{calibrate(pickFast, rate, 0.01, 100), calibrate(pickSlow, rate, 0.01, 100)}
		t.Logf("%g an hour: fast limit %.2f (%.2f for 3 in 1000 days), slow limit %.2f", rate, limits[rate][0], calibrate(pickFast, rate, 0.003, 100), limits[rate][1])
	}
	for i, name := range []string{"fast", "slow"} {
		low, high := math.Inf(1), 0.0
		for _, l := range limits {
			low, high = min(low, l[i]), max(high, l[i])
		}
		if nominal := math.Sqrt(low * high); high/nominal > 1.5 {
			t.Errorf("%s limits from %.2f to %.2f: more than 1.5 times off the nominal %.2f", name, low, high, nominal)
		}
	}
	for _, tt := range []struct {
		rate, times float64
		delay       float64
	}{{0.2, 8, 9}, {1, 4, 7}, {5, 3, 8}, {20, 2, 18}} {
		delay, found := detectBursts(pickFast, tt.rate, limits[tt.rate][0], 36, burst(tt.times), 150)
		t.Logf("%g an hour times %g: told after %.0f h (median), %.0f%% within 36 h", tt.rate, tt.times, delay, 100*found)
		if delay > tt.delay || found < 0.9 {
			t.Errorf("%g an hour times %g: %.0f h, %.2f found; want at most %.0f h and at least 0.9", tt.rate, tt.times, delay, found, tt.delay)
		}
		delay, found = detectBursts(pickSlow, tt.rate, limits[tt.rate][1], 120, ramp, 100)
		t.Logf("%g an hour slowly to three times: told after %.0f h (median), %.0f%% within 120 h", tt.rate, delay, 100*found)
		if found < 0.85 {
			t.Errorf("%g an hour, slow rise: %.2f found, want at least 0.85", tt.rate, found)
		}
	}
}
