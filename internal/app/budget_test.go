package app

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/web/office"
)

// TestBudgets holds that the first days go to the digest unless people found
// serious harm, that a desk and a day have their number, that nothing is lost,
// and that acknowledging stops all that waits about a concern.
func TestBudgets(t *testing.T) {
	s := newStreet(t)
	ctx := t.Context()
	now := time.Unix(0, s.at.Load())
	send := func(n int, harm float64) {
		t.Helper()
		var list []hearback.Alert
		about := map[hearback.ID]*hearback.Concern{}
		for i := range n {
			id := hearback.ID(1000 + len(s.told(hearback.AlertVoid)) + i)
			list = append(list, hearback.Alert{Concern: id, Kind: hearback.AlertVoid, At: now})
			about[id] = &hearback.Concern{ID: id, Theme: id, Score: hearback.Score{High: float64(i), Harm: hearback.Part{Value: harm, Known: harm > 0}}}
		}
		if err := s.send(ctx, now, list, about); err != nil {
			t.Fatal(err)
		}
	}
	held := func(why hearback.HeldReason) (n int) {
		for _, a := range s.told(hearback.AlertVoid) {
			if a.Held == why {
				n++
			}
		}
		return n
	}
	send(3, 0)
	if held(hearback.HeldShadow) != 3 {
		t.Errorf("%d of 3 are held on the first day", held(hearback.HeldShadow))
	}
	send(1, 60)
	if held("") != 1 {
		t.Errorf("%d alerts about serious harm were sent on the first day, want 1", held(""))
	}
	now = now.Add(15 * 24 * time.Hour)
	s.set(now)
	send(20, 0)
	if sent, over := held("")-1, held(hearback.HeldDay); sent != 12 || over != 8 {
		t.Errorf("%d sent and %d held of 20, want 12 and 8", sent, over)
	}
	if got := len(s.told(hearback.AlertVoid)); got != 24 {
		t.Errorf("%d alerts are kept of 24", got)
	}
	for _, a := range s.told(hearback.AlertVoid) {
		if a.Held == hearback.HeldDay && a.Priority > 7 {
			t.Errorf("priority %.0f is held, while lower ones were sent", a.Priority)
		}
	}
	// Everything about one concern.
	more := []hearback.Alert{{ID: 1, Concern: 77, Kind: hearback.AlertHarm, At: now}, {ID: 2, Concern: 77, Kind: hearback.AlertRising, At: now, Digest: true}, {ID: 3, Concern: 77, Kind: hearback.AlertSpreading, At: now}}
	if err := s.Store.AddAlerts(ctx, more, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.AckAlert(ctx, Operator(), 3); err != nil {
		t.Fatal(err)
	}
	open, err := s.Store.AlertList(ctx, office.AlertFilter{Concern: 77, Open: true})
	if err != nil || len(open) != 0 {
		t.Errorf("%d alerts wait although somebody looks after the concern, %v", len(open), err)
	}
}

// TestOpinionChanged: an officer who thinks again takes back what the first
// opinion moved, and clicking twice moves nothing twice.
func TestOpinionChanged(t *testing.T) {
	s := newStreet(t)
	ctx := t.Context()
	s.set(morning.Add(20 * 24 * time.Hour)) // with two days behind, one noise a day is not yet too much
	if err := s.Store.AddAlerts(ctx, []hearback.Alert{{ID: 101, Concern: 1, Kind: hearback.AlertRising, At: morning.Add(20 * 24 * time.Hour)}}, nil); err != nil {
		t.Fatal(err)
	}
	was := s.steps.limits.Fast
	for _, tt := range []struct {
		v    hearback.AlertVerdict
		want float64
	}{{hearback.AlertNoise, .25}, {hearback.AlertNoise, .25}, {hearback.AlertWorth, -.0625}, {hearback.AlertKnown, 0}} {
		if err := s.SetAlertVerdict(ctx, Operator(), 101, tt.v); err != nil {
			t.Fatal(err)
		}
		if got := s.steps.limits.Fast - was; got != tt.want {
			t.Errorf("after %q the limit has moved by %g, want %g", tt.v, got, tt.want)
		}
	}
	if got := len(s.records(hearback.ThresholdChanged)); got != 3 {
		t.Errorf("%d moves are on the log, want 3", got)
	}
}

// TestWeeklySample: on a Monday concerns that nothing was told of are drawn,
// once, and a person judges them.
func TestWeeklySample(t *testing.T) {
	s := newStreet(t)
	ctx := t.Context()
	// One concern that is told of, and one of five voices over days that is not.
	s.hears(s.src, 6, "", "en", "Is the tap water in the old quarter safe to drink? Can I give it to the children?")
	s.pass(2, nil)
	told := s.concernOf("p1").ID
	const slow = "Who pays for the broken water meter in my cellar? The bill is three times as high as last year"
	first := s.n + 1
	for range 2 { // too few at a time to be news
		s.hears(s.src, 4, "", "en", slow)
		s.pass(27, nil)
	}
	quiet := s.message(fmt.Sprint("p", first)).Concern
	if got := s.told(hearback.AlertNovel); !slices.ContainsFunc(got, func(a hearback.Alert) bool { return a.Concern == told }) || slices.ContainsFunc(got, func(a hearback.Alert) bool { return a.Concern == quiet }) {
		t.Fatalf("the alerts are %+v", got)
	}
	s.pass(70, nil) // past Monday
	list, err := s.Store.Samples(ctx, morning.AddDate(0, 0, -7))
	if err != nil || len(list) != 1 || list[0].Concern != quiet || list[0].Of != 1 || list[0].Week.Weekday() != time.Monday {
		t.Fatalf("drawn: %+v, %v; want the concern nothing was told of", list, err)
	}
	if err := s.JudgeSample(ctx, Operator(), list[0].Week, quiet, hearback.SampleMissed); err != nil {
		t.Fatal(err)
	}
	if err := s.JudgeSample(ctx, Operator(), list[0].Week, told, hearback.SampleMissed); err == nil {
		t.Error("a concern that was not drawn was judged")
	}
	s.again()
	s.pass(1, nil)
	if list, err := s.Store.Samples(ctx, morning.AddDate(0, 0, -7)); err != nil || len(list) != 1 || list[0].Finding != hearback.SampleMissed {
		t.Errorf("after a restart: %+v, %v", list, err)
	}
}

// TestMutedUntilResolved: a muted concern is silent until it was gone for a week
// and comes back.
func TestMutedUntilResolved(t *testing.T) {
	s := newStreet(t)
	ctx := t.Context()
	const asks = "Is the tap water in the old quarter safe to drink? Can I give it to the children?"
	s.hears(s.src, 6, "", "en", asks)
	s.pass(1, nil)
	id := s.concernOf("p1").ID
	if err := (concerns{s.App}).Mute(ctx, Operator(), id, true, "Known to the water works."); err != nil {
		t.Fatal(err)
	}
	state := func() hearback.ConcernState {
		t.Helper()
		c, err := s.Store.Concern(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		return c.State
	}
	s.pass(48, func() { s.hears(s.src, 1, "", "en", asks) })
	if got := state(); got != hearback.Muted {
		t.Fatalf("while people speak of it the concern is %s", got)
	}
	s.pass(8*24, nil)
	s.pass(1, func() { s.hears(s.src, 6, "", "en", asks) })
	if got := state(); got != hearback.Open {
		t.Errorf("after eight days without a word it is %s", got)
	}
	if got := s.told(hearback.AlertRecurring); len(got) != 1 {
		t.Errorf("its return raised %d alerts, want 1", len(got))
	}
	if got := len(s.records(hearback.ConcernMuted)); got != 2 {
		t.Errorf("%d records of muting, want two", got)
	}
}
