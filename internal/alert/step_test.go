package alert_test

import (
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/alert"
	"example.org/hearback/internal/forecast"
	"example.org/hearback/internal/score"
)

// BenchmarkHour is one hour of 20,000 concerns: detection, rules, forecasts
// and scores. Most concerns are quiet, as they are.
func BenchmarkHour(b *testing.B) {
	const concerns = 20_000
	now := monday.Add(14 * 24 * time.Hour)
	f := forecast.New()
	detectors := make([]alert.Detector, concerns)
	hours := make([][]float64, concerns)
	list := make([]hearback.Concern, concerns)
	points := make([][]hearback.Point, concerns)
	for c := range concerns {
		hours[c] = make([]float64, 24*14)
		every := 1 + c%17 // hours between voices
		for h := range hours[c] {
			at := monday.Add(time.Duration(h) * time.Hour)
			if h%every == 0 {
				hours[c][h] = float64(1 + (c+h)%3)
				if h >= 24*11 {
					points[c] = append(points[c], hearback.Point{At: at, Voices: hours[c][h]})
				}
			}
			if h > 24*11 {
				detectors[c].Step(alert.Bucket{At: at, Length: time.Hour, Voices: hours[c][h]})
			}
		}
		list[c] = hearback.Concern{ID: hearback.ID(c + 1), State: hearback.Open, First: monday, Voices: 40, Messages: 60}
	}
	limits := alert.DefaultLimits()
	for b.Loop() {
		for c := range concerns {
			r := detectors[c].Step(alert.Bucket{At: now, Length: time.Hour, Voices: 1})
			made := f.Make(list[c].ID, now, hours[c])
			p, low, high := forecast.Persistence(made[forecast.ThirdDay], r.Day)
			s := score.Of(score.Input{
				Concern: list[c].ID, At: now, Sigma: &r.Fast, Persist: &p, PersistLow: low, PersistHigh: high, Day: r.Day, Usual: r.Usual, First: monday,
				Messages: 60, Sources: []score.SourceVoices{{Voices: points[c]}},
			})
			alert.Judge(alert.Facts{Concern: &list[c], Reading: r, Detector: &detectors[c], Tier: s.Tier}, limits)
		}
		now = now.Add(time.Hour)
	}
}
