package app

import (
	"context"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/forecast"
)

// How forecasts are kept.
const (
	foreseeEvery = 6                   // hours between two forecasts for one concern: closer ones mostly repeat each other
	foreseeFrom  = 48 * time.Hour      // a forecast needs two days to look back on
	lateBy       = time.Hour           // messages come in so long after they were said
	forgetAfter  = 35 * 24 * time.Hour // the sums of the days stay
)

// foresee scores the forecasts whose time is over and makes new ones, once an
// hour. Each concern has its turn every six hours, so that the work is spread
// and every forecast stands in the store before what it is about begins.
func (a *App) foresee(ctx context.Context, now time.Time) error {
	hour := now.Truncate(bucket)
	if !a.steps.foreseen.Before(hour) {
		return nil
	}
	start := hour.Add(-detectBack)
	sum, err := a.hours(ctx, start, hour)
	if err != nil {
		return err
	}
	series := map[hearback.ID][]float64{}
	sources := map[hearback.ID]map[hearback.ID]bool{}
	for k, n := range sum {
		i := int(k.at.Sub(start) / bucket)
		if i < 0 || i >= int(detectBack/bucket) {
			continue
		}
		if series[k.concern] == nil {
			series[k.concern], sources[k.concern] = make([]float64, detectBack/bucket), map[hearback.ID]bool{}
		}
		series[k.concern][i] += float64(n)
		sources[k.concern][k.source] = true
	}
	parents, err := a.Store.Parents(ctx)
	if err != nil {
		return err
	}
	came := func(c hearback.ID, from, to time.Time) (voices float64, ok bool) {
		if _, merged := parents[c]; merged || from.Before(start) {
			return 0, false // it is counted with another now, or the service was stopped for so long that the counts are not at hand
		}
		for src := range sources[c] {
			if at, silent := a.steps.silent[src]; silent && at.Before(to) {
				return 0, false
			}
		}
		if hours := series[c]; hours != nil {
			for i := int(from.Sub(start) / bucket); i < int(to.Sub(start)/bucket); i++ {
				voices += hours[i]
			}
		}
		return voices, true
	}
	if _, err := a.steps.forecaster.Settle(ctx, a.Store, hour.Add(-lateBy), came); err != nil {
		return err
	}
	list, err := a.Store.Living(ctx, start, hearback.VisibleVoices, 0)
	if err != nil {
		return err
	}
	var made []forecast.Forecast
	for _, c := range list {
		turn := (hour.Unix()/3600-int64(c.ID)%foreseeEvery)%foreseeEvery == 0
		if !turn || hour.Sub(c.First) < foreseeFrom || series[c.ID] == nil {
			continue
		}
		f := a.steps.forecaster.Make(c.ID, hour, series[c.ID])
		made = append(made, f[:]...)
	}
	if err := a.Store.SaveForecasts(ctx, made); err != nil {
		return err
	}
	if _, err := a.Store.ForgetForecasts(ctx, hour.Add(-forgetAfter)); err != nil {
		return err
	}
	a.steps.foreseen = hour
	return nil
}
