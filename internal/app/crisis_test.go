package app

import (
	"errors"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/web/office"
)

// wait lets minutes go by, one at a time.
func (s *street) wait(minutes int) {
	s.t.Helper()
	for range minutes {
		s.set(time.Unix(0, s.at.Load()).Add(time.Minute))
		if err := s.Step(s.t.Context()); err != nil {
			s.t.Fatal(err)
		}
	}
}

// TestCrisis: in a crisis a rise is told at the end of its quarter of an hour,
// over a restart too; no voice is counted twice when it ends amid an hour, and
// it ends by itself, with a record.
func TestCrisis(t *testing.T) {
	s := newStreet(t)
	ctx := t.Context()
	by := hearback.Actor{ID: 7, Role: "listener", Number: 1}
	const asks = "Is the tap water safe to drink?" // too short for an echo
	s.pass(4*24, func() { s.hears(s.src, 2, "", "en", asks) })
	id := s.concernOf("p1").ID

	for _, bad := range []struct {
		long time.Duration
		why  string
		want error
	}{{-time.Hour, "x", hearback.ErrInvalid}, {office.LongestCrisis + 1, "x", hearback.ErrInvalid}, {time.Hour, " ", hearback.ErrInvalid}, {time.Hour, "Call +86 138 1234 5678", hearback.ErrRefused}} {
		if err := s.SetCrisis(ctx, by, bad.long, bad.why); !errors.Is(err, bad.want) {
			t.Errorf("%v because %q: %v, want %v", bad.long, bad.why, err, bad.want)
		}
	}
	if n := len(s.records(hearback.CrisisBegan)); n != 0 {
		t.Fatalf("%d records of a crisis that was refused", n)
	}

	if err := s.SetCrisis(ctx, by, 130*time.Minute, "The river is over its banks."); err != nil {
		t.Fatal(err)
	}
	s.wait(1)
	s.again()
	s.hears(s.src, 40, "", "en", asks)
	s.wait(13)
	if got := s.told(hearback.AlertRising); len(got) != 0 {
		t.Errorf("told before the quarter was over: %+v", got)
	}
	s.wait(1)
	got := s.told(hearback.AlertRising)
	if len(got) != 1 || got[0].Window != quarter || got[0].Observed != 40 || got[0].Expected > 3 {
		t.Fatalf("forty voices in a quarter of an hour raised %+v, want one alert with its numbers", got)
	}
	s.wait(40) // five minutes short of the hour
	s.hears(s.src, 3, "", "en", asks)
	s.wait(6)
	if r := s.steps.readings[id]; r.Observed != 3 || r.Length != quarter || r.Day != 40+3+2*23 {
		t.Errorf("the last quarter of the hour brought %v in %v, the day %v; want 3 in a quarter and %d", r.Observed, r.Length, r.Day, 40+3+2*23)
	}
	s.wait(70) // it ended at 130 minutes, ten after the second hour
	if c, err := s.Crisis(ctx); err != nil || !c.IsZero() {
		t.Errorf("the crisis lasts until %v, %v; want it over", c, err)
	}
	if r := s.records(hearback.CrisisEnded); len(r) != 1 {
		t.Errorf("%d records of its end, want 1", len(r))
	}
	s.hears(s.src, 5, "", "en", asks)
	s.wait(50)
	if r := s.steps.readings[id]; r.Length != time.Hour || r.Observed != 5 {
		t.Errorf("after it %v came in %v, want 5 in the hour", r.Observed, r.Length)
	}

	// Ended by hand ten minutes after a quarter: the rest of the hour is one
	// bucket.
	if err := s.SetCrisis(ctx, by, time.Hour, "Once more."); err != nil {
		t.Fatal(err)
	}
	s.hears(s.src, 2, "", "en", asks)
	s.wait(25)
	if err := s.SetCrisis(ctx, by, 0, "It was a drain."); err != nil {
		t.Fatal(err)
	}
	s.hears(s.src, 1, "", "en", asks)
	s.wait(36)
	if r := s.steps.readings[id]; r.Length != 45*time.Minute || r.Observed != 1 {
		t.Errorf("the rest of the hour brought %v in %v, want 1 in 45 minutes", r.Observed, r.Length)
	}
}

// TestDangerAtOnce: what people find dangerous is told when they say so, though
// the hour is not over and few speak of it, and once a day.
func TestDangerAtOnce(t *testing.T) {
	s := newStreet(t)
	s.hears(s.src, 2, "", "en", "Somebody poured poison into the tap water of the old quarter.")
	s.wait(3)
	id := s.concernOf("p1").ID
	rate := func(by hearback.ID) {
		t.Helper()
		err := (concerns{s.App}).RateHarm(t.Context(), hearback.Actor{ID: by, Role: "listener", Number: 1}, hearback.HarmRating{Concern: id, Severity: 4, Believable: 3, Immediate: 4, CallToAction: 4, Vulnerable: 3, Reason: "If it is true, people die."})
		if err != nil {
			t.Fatal(err)
		}
	}
	rate(7)
	got := s.told(hearback.AlertHarm)
	if len(got) != 1 || got[0].Digest || got[0].Observed != 2 || got[0].Stat < 75 || got[0].Sources != 1 || !got[0].Since.Equal(s.concernOf("p1").First) {
		t.Fatalf("danger to life raised %+v, want one alert with its numbers, sent", got)
	}
	rate(8)
	s.wait(120)
	if got := s.told(hearback.AlertHarm); len(got) != 1 {
		t.Errorf("%d alerts about one danger within two hours, want 1", len(got))
	}
}

// TestClocksByTheMinute: a clock is told of when half of it is over, not when the
// hour is.
func TestClocksByTheMinute(t *testing.T) {
	s := newStreet(t)
	s.hears(s.src, 3, "", "en", "The water in our street is brown.")
	s.wait(2)
	if _, err := s.Cases.Open(t.Context(), Operator(), s.concernOf("p1").ID, "", hearback.P1, ""); err != nil {
		t.Fatal(err)
	}
	marks := func() (list []float64) {
		for _, a := range s.told(hearback.AlertDeadline) {
			if a.Clock == hearback.DeadlineHolding && a.Step == 0 {
				list = append(list, a.Limit)
			}
		}
		return list
	}
	for _, tt := range []struct {
		after int
		want  int
	}{{59, 0}, {2, 1}, {34, 1}, {2, 2}, {24, 3}} {
		if s.wait(tt.after); len(marks()) != tt.want {
			t.Errorf("%d min later: marks %v, want %d", tt.after, marks(), tt.want)
		}
	}
}
