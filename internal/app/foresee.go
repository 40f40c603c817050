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
	sum, err := a.hours(ctx, start, hour, hearback.VisibleVoices)
	if err != nil {
		return err
	}
	parents, err := a.Store.Parents(ctx)
	if err != nil {
		return err
	}
	came := func(c hearback.ID, from, to time.Time) (voices float64, ok bool) {
		if _, merged := parents[c]; merged || from.Before(start) {
			return 0, false // it is counted with another now, or the service was stopped for so long that the counts are not at hand
		}
		for _, h := range sum[c] {
			if at, silent := a.steps.silent[h.source]; silent && at.Before(to) {
				return 0, false
			}
			if !h.at.Before(from) && h.at.Before(to) {
				voices += float64(h.voices)
			}
		}
		return voices, true
	}
	if _, err := a.steps.forecaster.Settle(ctx, a.Store, hour.Add(-lateBy), came); err != nil {
		return err
	}
	err = a.eachLiving(ctx, start, hearback.VisibleVoices, func(list []hearback.Concern) error {
		var made []forecast.Forecast
		for _, c := range list {
			turn := (hour.Unix()/3600-int64(c.ID)%foreseeEvery)%foreseeEvery == 0
			if !turn || hour.Sub(c.First) < foreseeFrom || len(sum[c.ID]) == 0 {
				continue
			}
			f := a.steps.forecaster.Make(c.ID, hour, row(sum[c.ID], start, int(detectBack/bucket)))
			made = append(made, f[:]...)
		}
		return a.Store.SaveForecasts(ctx, made)
	})
	if err != nil {
		return err
	}
	if _, err := a.Store.ForgetForecasts(ctx, hour.Add(-forgetAfter)); err != nil {
		return err
	}
	a.steps.foreseen = hour
	return nil
}
