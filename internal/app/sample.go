package app

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/web/office"
)

// weeklySample is how many concerns are drawn each week: enough that a month tells
// a share of 10 % from one of 25 %, and few enough for a quarter of an hour.
const weeklySample = 20

// monday returns the beginning of the week of a time, in UTC.
func monday(t time.Time) time.Time {
	day := t.UTC().Truncate(24 * time.Hour)
	return day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
}

// drawSample draws, once a week, concerns that were heard of in the week before
// and that nothing was told of, neither by an alert nor in the digest, and that
// have no case. People then say which of them should have been told of.
func (a *App) drawSample(ctx context.Context, now time.Time) error {
	to := monday(now)
	from := to.AddDate(0, 0, -7)
	if !a.steps.sampled.Before(to) {
		return nil
	}
	list, err := a.Store.AlertList(ctx, office.AlertFilter{Since: from, Limit: 100_000})
	if err != nil {
		return err
	}
	told := map[hearback.ID]bool{}
	for _, x := range list {
		told[x.Concern] = true
	}
	var quiet []hearback.ID
	err = a.eachLiving(ctx, from, hearback.VisibleVoices, func(list []hearback.Concern) error {
		for i := range list {
			if c := &list[i]; !told[c.ID] && c.Case == 0 && c.First.Before(to) {
				quiet = append(quiet, c.ID)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	n := len(quiet)
	slices.Sort(quiet)
	// The week is the seed: a draw that failed is drawn alike again.
	r := rand.New(rand.NewPCG(uint64(to.Unix()), 20))
	r.Shuffle(n, func(i, j int) { quiet[i], quiet[j] = quiet[j], quiet[i] })
	if err := a.Store.AddSample(ctx, from, n, quiet[:min(n, weeklySample)]); err != nil {
		return err
	}
	a.steps.sampled = to
	return nil
}

// JudgeSample keeps whether a concern that was drawn should have been told of.
func (a *App) JudgeSample(ctx context.Context, by hearback.Actor, week time.Time, concern hearback.ID, f hearback.SampleFinding) error {
	if f != hearback.SampleMissed && f != hearback.SampleRight {
		return fmt.Errorf("%w: %.20q is not a finding", hearback.ErrInvalid, f)
	}
	return a.Store.JudgeSample(ctx, hearback.Sample{Week: week, Concern: concern, Finding: f, By: by.ID, At: a.now()})
}
