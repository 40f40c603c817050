package main

import (
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/alert"
	"example.org/hearback/internal/forecast"
	"example.org/hearback/internal/score"
)

// An hour is what one hourly step has at hand, the store left out. Most
// concerns are quiet, as they are.
type hour struct {
	now       time.Time
	f         *forecast.Forecaster
	detectors []alert.Detector
	hours     [][]float64
	list      []hearback.Concern
	points    [][]hearback.Point
}

func newHour(concerns int) *hour {
	const days, scored = 14, 3
	start := time.Date(2026, 3, 16, 0, 0, 0, 0, time.UTC)
	h := &hour{
		now: start.Add(days * 24 * time.Hour), f: forecast.New(), detectors: make([]alert.Detector, concerns),
		hours: make([][]float64, concerns), list: make([]hearback.Concern, concerns), points: make([][]hearback.Point, concerns),
	}
	for c := range concerns {
		h.hours[c] = make([]float64, 24*days)
		every := 1 + c%17 // hours between voices
		for i := range h.hours[c] {
			at := start.Add(time.Duration(i) * time.Hour)
			if i%every == 0 {
				h.hours[c][i] = float64(1 + (c+i)%3)
				if i >= 24*(days-scored) {
					h.points[c] = append(h.points[c], hearback.Point{At: at, Voices: h.hours[c][i]})
				}
			}
			h.detectors[c].Step(alert.Bucket{At: at, Length: time.Hour, Voices: h.hours[c][i]})
		}
		h.list[c] = hearback.Concern{ID: hearback.ID(c + 1), State: hearback.Open, First: start, Voices: 40, Messages: 60}
	}
	return h
}

func (h *hour) step() {
	limits := alert.DefaultLimits()
	for c := range h.list {
		d := &h.detectors[c]
		r := d.Step(alert.Bucket{At: h.now, Length: time.Hour, Voices: 1})
		made := h.f.Make(h.list[c].ID, h.now, h.hours[c])
		p, low, high := forecast.Persistence(made[forecast.ThirdDay], r.Day)
		s := score.Of(score.Input{
			Concern: h.list[c].ID, At: h.now, Sigma: &r.Fast, Persist: &p, PersistLow: low, PersistHigh: high, Day: r.Day, Usual: r.Usual, First: h.list[c].First,
			Messages: h.list[c].Messages, Sources: []score.SourceVoices{{Voices: h.points[c]}},
		})
		alert.Judge(alert.Facts{Concern: &h.list[c], Reading: r, Detector: d, Tier: s.Tier}, limits)
	}
	h.now = h.now.Add(time.Hour)
}
