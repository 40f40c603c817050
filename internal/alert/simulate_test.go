package alert_test

import (
	"math"
	"testing"
	"time"

	"example.org/hearback/bench/counts"
	"example.org/hearback/internal/alert"
)

// followed returns the fast and the slow statistic of every hour of made-up
// concerns, beside the volume of their source.
func followed(list []counts.Made) (stats [2][][]float64) {
	start := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	for _, m := range list {
		var d alert.Detector
		var v alert.Volume
		var fast, slow []float64
		for h, voices := range m.Voices {
			at := start.Add(time.Duration(h) * time.Hour)
			r := d.Step(alert.Bucket{At: at, Length: time.Hour, Voices: voices, Exposure: v.Exposure(at, m.Messages[h])})
			fast, slow = append(fast, r.Fast), append(slow, r.Slow)
		}
		stats[0], stats[1] = append(stats[0], fast), append(stats[1], slow)
	}
	return stats
}

// TestSimulation holds, at one false alarm in a hundred days of a concern,
// how late bursts are told and how many are: within 7 h at one voice an hour
// times four, within 18 h at twenty times two, and a slow rise.
func TestSimulation(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates some hundred concern-years")
	}
	limits := map[float64][2]float64{}
	var all [2][][]float64
	byRate := map[float64][2][][]float64{}
	for _, rate := range []float64{0.1, 0.2, 1, 5, 20, 100} {
		calm := followed(counts.Calm(100, rate))
		byRate[rate] = calm
		all[0], all[1] = append(all[0], calm[0]...), append(all[1], calm[1]...)
		limits[rate] = [2]float64{counts.Limit(calm[0], 0.01), counts.Limit(calm[1], 0.01)}
		t.Logf("%g an hour: fast limit %.2f (%.2f for 3 in 1000 days), slow limit %.2f", rate, limits[rate][0], counts.Limit(calm[0], 0.003), limits[rate][1])
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
	// One limit for all volumes holds its rate of false alarms at each.
	for i, name := range []string{"fast", "slow"} {
		common := counts.Limit(all[i], 0.01)
		for rate, calm := range byRate {
			n := 0
			for _, s := range calm[i] {
				n += counts.Alarms(s, counts.LearnTo, common)
			}
			got := 100 * float64(n) / (float64(len(calm[i])) * (counts.Weeks*168 - counts.LearnTo) / 24)
			if got > 1.5 || got < 1/1.5 {
				t.Errorf("%g an hour: the %s statistic alarms falsely %.2f times in 100 days at the limit of all, want 1 within 1.5 times", rate, name, got)
			}
		}
	}
	for _, tt := range []struct {
		rate, times float64
		delay       float64
	}{{0.2, 8, 9}, {1, 4, 7}, {5, 3, 8}, {20, 2, 18}} {
		bursts := counts.Risen(150, tt.rate, counts.Burst(tt.times))
		delay, found := counts.Delay(bursts, followed(bursts)[0], limits[tt.rate][0], 36)
		t.Logf("%g an hour times %g: told after %.0f h (median), %.0f%% within 36 h", tt.rate, tt.times, delay, 100*found)
		if delay > tt.delay || found < 0.9 {
			t.Errorf("%g an hour times %g: %.0f h, %.2f found; want at most %.0f h and at least 0.9", tt.rate, tt.times, delay, found, tt.delay)
		}
		ramps := counts.Risen(100, tt.rate, counts.Ramp)
		delay, found = counts.Delay(ramps, followed(ramps)[1], limits[tt.rate][1], 120)
		t.Logf("%g an hour slowly to three times: told after %.0f h (median), %.0f%% within 120 h", tt.rate, delay, 100*found)
		if found < 0.85 {
			t.Errorf("%g an hour, slow rise: %.2f found, want at least 0.85", tt.rate, found)
		}
	}
}
