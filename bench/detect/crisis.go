package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"example.org/hearback/bench/counts"
	"example.org/hearback/bench/report"
	"example.org/hearback/internal/alert"
)

// crisisFrom is the hour of a made-up concern from which on it is judged every
// quarter of an hour; bursts begin later.
const crisisFrom = 8 * 168

// crisis measures what an office gains and pays by judging every quarter of an
// hour, with the limits an instance begins with.
func (b *bench) crisis() error {
	const n, times = 100, 8
	sudden := func(h float64) float64 {
		if h < 36 {
			return times
		}
		return 1
	}
	for _, rate := range []float64{0.2, 1, 5, 20} {
		var delay [2]float64
		var found, wrong [2]int
		for i, length := range []time.Duration{time.Hour, 15 * time.Minute} {
			var delays []float64
			for seed, m := range counts.Risen(n, rate, sudden) {
				onset := time.Duration(m.Onset) * time.Hour
				told := crisisAlarms(m, uint64(seed), length)
				if j := slices.IndexFunc(told, func(at time.Duration) bool { return at > onset && at <= onset+36*time.Hour }); j >= 0 {
					delays = append(delays, (told[j] - onset).Minutes())
				}
			}
			for seed, m := range counts.Calm(n, rate) {
				wrong[i] += len(crisisAlarms(m, uint64(seed), length))
			}
			delay[i], found[i] = counts.Median(delays), len(delays)
		}
		const days = n * (counts.Weeks*168 - crisisFrom) / 24
		b.rows = append(b.rows, report.Row{
			What: fmt.Sprintf("judged every quarter of an hour: %g voices an hour, at once times %d: median delay", rate, times), AtMost: true, Unit: "%.0f min", Got: delay[1],
			Note: fmt.Sprintf("%d %% found; by the hour %.0f min, %d %%; false alarms in %d days of a concern: %d, by the hour %d", found[1], delay[0], found[0], days, wrong[1], wrong[0]),
		})
	}
	return nil
}

// crisisAlarms returns when the detector alarms from crisisFrom on, in buckets
// of a length from then on.
func crisisAlarms(m counts.Made, seed uint64, length time.Duration) (told []time.Duration) {
	start := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	rng := rand.New(rand.NewPCG(seed, 3))
	var d alert.Detector
	var v alert.Volume
	step := func(at time.Time, length time.Duration, voices, exposure float64, count bool) {
		r := d.Step(alert.Bucket{At: at, Length: length, Voices: voices, Exposure: exposure})
		if fast, _ := d.Fires(r, alert.DefaultLimits()); fast && count {
			told = append(told, r.At.Sub(start))
		}
	}
	for h, voices := range m.Voices {
		at := start.Add(time.Duration(h) * time.Hour)
		if h < crisisFrom || length == time.Hour {
			step(at, time.Hour, voices, v.Exposure(at, m.Messages[h]), h >= crisisFrom)
			continue
		}
		// How busy an hour is, is not known before it is over.
		parts := make([]float64, time.Hour/length)
		for range int(voices) {
			parts[rng.IntN(len(parts))]++
		}
		for i, n := range parts {
			step(at.Add(time.Duration(i)*length), length, n, v.Usual(at), true)
		}
		v.Exposure(at, m.Messages[h])
	}
	return told
}
