package app

import (
	"context"
	"fmt"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/desk"
	"example.org/hearback/internal/web/office"
)

// A crisis is judged by the quarter of an hour, which is how fine counts are
// kept.
const quarter = 15 * time.Minute

// crisisSetting holds until when the office is in a crisis.
const crisisSetting = "alert.crisis"

// step is how long a bucket that begins at a time is.
func (s *steps) step(at time.Time) time.Duration {
	if at.Before(s.crisis) {
		return quarter
	}
	return bucket
}

// next is the end of the bucket that begins at a time. One that a crisis cut
// short runs to the end of its hour.
func (s *steps) next(at time.Time) time.Time {
	step := s.step(at)
	return at.Truncate(step).Add(step)
}

// Crisis returns until when the office is in a crisis; it is over if that is
// past.
func (a *App) Crisis(ctx context.Context) (time.Time, error) {
	v, err := a.Store.Setting(ctx, crisisSetting)
	if err != nil || v == "" {
		return time.Time{}, err
	}
	return time.Parse(time.RFC3339, v)
}

// SetCrisis says that there is a crisis for so long from now, and why; 0 ends
// it. While it lasts counts are checked every quarter of an hour.
func (a *App) SetCrisis(ctx context.Context, by hearback.Actor, long time.Duration, reason string) error {
	if long < 0 || long > office.LongestCrisis {
		return fmt.Errorf("%w: a crisis is set for seven days at most; it can be prolonged", hearback.ErrInvalid)
	}
	reason, err := desk.Public(leaks, "the reason", reason)
	if err != nil {
		return err
	}
	if reason == "" {
		return fmt.Errorf("%w: say why the pace of checking changes; the reason is public", hearback.ErrInvalid)
	}
	a.steps.mu.Lock()
	defer a.steps.mu.Unlock()
	now := a.now()
	return a.changeCrisis(ctx, by, now, now.Add(long), reason)
}

// changeCrisis keeps until when there is a crisis, with a record of it.
func (a *App) changeCrisis(ctx context.Context, by hearback.Actor, now, until time.Time, reason string) error {
	r := hearback.Record{Type: hearback.CrisisBegan, At: now, Actor: by, Subject: "setting:" + crisisSetting, Pub: map[string]any{"reason": reason}}
	value := ""
	if until.After(now) {
		value = until.UTC().Format(time.RFC3339)
		r.Pub["ends"] = value
	} else {
		r.Type, until = hearback.CrisisEnded, time.Time{}
	}
	if err := a.Store.SetSetting(ctx, crisisSetting, value, r); err != nil {
		return err
	}
	a.steps.crisis = until
	return nil
}

// endCrisis ends a crisis whose time is over.
func (a *App) endCrisis(ctx context.Context, now time.Time) error {
	if s := &a.steps; s.crisis.IsZero() || now.Before(s.crisis) {
		return nil
	}
	return a.changeCrisis(ctx, hearback.System, now, time.Time{}, "The time that was stated is over.")
}
