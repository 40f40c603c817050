package app

import (
	"fmt"
	"testing"
	"time"

	"example.org/hearback/internal/forecast"
)

// TestForesee holds that forecasts stand in the store before what they are
// about begins, are scored once it is over, stay as they were made, and that
// what was learned from them outlives a restart.
func TestForesee(t *testing.T) {
	s := newStreet(t)
	ctx := t.Context()
	const asks = "Is the tap water in the old quarter safe to drink? Can I give it to the children?"
	hour := func() { s.hears(s.src, 1+s.hour%3, "", "en", asks) }
	s.pass(47, hour)
	c := s.concernOf("p1")
	all := func() []forecast.Forecast {
		t.Helper()
		list, err := s.Store.Forecasts(ctx, c.ID, morning, 10000)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	if list := all(); len(list) != 0 {
		t.Fatalf("%d forecasts from less than two days", len(list))
	}
	s.pass(8, hour)
	early := all()
	if len(early) == 0 || len(early)%4 != 0 {
		t.Fatalf("%d forecasts after two days, want one for each target", len(early))
	}
	now := time.Unix(0, s.at.Load())
	for _, f := range early {
		if f.Made.After(now) || !f.Scored.IsZero() {
			t.Errorf("a forecast made at %s is scored at %s, now it is %s", f.Made, f.Scored, now)
		}
	}
	s.pass(100, hour)
	late := all()
	scored := 0
	for _, f := range late {
		if !f.Scored.IsZero() {
			scored++
			if f.Scored.Before(f.Due()) || f.Came == 0 || f.Down {
				t.Errorf("%+v: scored before it was due, or without what came", f)
			}
		}
		for _, was := range early {
			if was.Made.Equal(f.Made) && was.Target == f.Target && was.Q != f.Q {
				t.Errorf("the forecast made at %s has changed", f.Made)
			}
		}
	}
	sums, err := s.Store.ForecastSums(ctx, morning)
	if err != nil {
		t.Fatal(err)
	}
	got := 0
	for _, target := range forecast.Targets() {
		got += int(sums[target].Count + sums[target].Down)
	}
	if scored < 30 || got != scored {
		t.Errorf("%d forecasts scored and %d summed", scored, got)
	}
	before := s.steps.forecaster.Skill(forecast.Next6)
	s.again()
	if after := s.steps.forecaster.Skill(forecast.Next6); before.Count == 0 || after != before {
		t.Errorf("after a restart the skill is %+v, it was %+v", after, before)
	}
	// The concern that was merged away is neither right nor wrong any more.
	const books = "The library of the harbour sells old books about water colours on Sunday morning"
	s.hears(s.forum, 6, "", "en", books)
	other, err := s.Where(ctx, s.forum, fmt.Sprint("p", s.n))
	if err != nil || other == c.ID {
		t.Fatalf("the other concern is %s, %v", other, err)
	}
	s.pass(54, func() { s.hears(s.forum, 1, "", "en", books) })
	if err := (concerns{s.App}).mergeOne(ctx, Operator(), c.ID, other, "The same."); err != nil {
		t.Fatal(err)
	}
	s.pass(8, nil)
	list, err := s.Store.Forecasts(ctx, other, morning, 1000)
	if err != nil || len(list) == 0 {
		t.Fatalf("%d forecasts of the other concern, %v", len(list), err)
	}
	for _, f := range list {
		if f.Target == forecast.Next6 && !f.Scored.IsZero() && f.Due().After(time.Unix(0, s.at.Load()).Add(-7*time.Hour)) && !f.Down {
			t.Errorf("a forecast for a concern that was merged is scored with %g voices", f.Came)
		}
	}
}
