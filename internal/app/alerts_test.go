package app

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/alert"
	"example.org/hearback/internal/source"
	"example.org/hearback/internal/web/office"
)

// A street is an instance whose hours pass, with a second source.
type street struct {
	*instance
	forum hearback.ID
	hour  int
	n     int
}

// tails keep messages from being copies of each other.
var tails = []string{"Anybody know?", "My mother lives there.", "We have a baby.", "It smells too.", "Since the rain.", "Nobody answers the phone.", "Thank you.", "Third day now."}

func newStreet(t *testing.T) *street {
	t.Helper()
	s := &street{instance: begin(t)}
	src, _, err := s.Registry.Add(t.Context(), Operator(), hearback.Source{Slug: "forum", Kind: hearback.Webhook, Title: "Forum", Reason: "A test.", Basis: "test"})
	if err != nil {
		t.Fatal(err)
	}
	s.forum = src.ID
	if err := s.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// hears takes in one message each of n new voices.
func (s *street) hears(src hearback.ID, n int, area, lang, text string) {
	s.t.Helper()
	for range n {
		s.n++
		raw := s.say(fmt.Sprint("p", s.n), fmt.Sprint("account ", s.n), tails[s.n%len(tails)]+" "+text)
		raw.Area, raw.Lang = area, lang
		if _, err := s.Pipeline.Take(s.t.Context(), src, []source.Raw{raw}, nil); err != nil {
			s.t.Fatal(err)
		}
	}
}

// pass lets hours go by.
func (s *street) pass(hours int, each func()) {
	s.t.Helper()
	for range hours {
		if each != nil {
			each()
		}
		s.hour++
		s.set(morning.Add(time.Duration(s.hour) * time.Hour))
		if err := s.Step(s.t.Context()); err != nil {
			s.t.Fatal(err)
		}
	}
}

// told returns the alerts of one kind, newest first.
func (s *street) told(kind hearback.AlertKind) (list []hearback.Alert) {
	s.t.Helper()
	all, err := s.Store.AlertList(s.t.Context(), office.AlertFilter{Limit: 1000})
	if err != nil {
		s.t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(a hearback.Alert) bool { return a.Kind != kind })
}

// TestAlertKinds lets three weeks pass on a street and holds that each rule
// speaks when it should, once, with what it rests on, over restarts too.
func TestAlertKinds(t *testing.T) {
	s := newStreet(t)
	const asks = "Is the tap water in the old quarter safe to drink? Can I give it to the children?"
	const board = "The water works notice board says nothing today about water"
	s.hears(s.src, 6, "", "en", asks)
	s.pass(1, nil)
	if got := s.told(hearback.AlertNovel); len(got) != 1 || got[0].Rules != alert.Rules || got[0].Observed < 5 || len(got[0].Words) == 0 {
		t.Fatalf("six new voices raised %+v, want one alert of something new, with its words", got)
	}
	// Four days in which somebody asks every hour.
	s.pass(96, func() {
		s.hears(s.src, 1, "", "en", asks)
		s.hears(s.forum, 1, "", "en", board)
	})
	if got := s.told(hearback.AlertVoid); len(got) == 0 || got[0].Stat < .4 || got[0].Unless != 14 {
		t.Errorf("a hundred questions without an answer raised %+v, want a void", got)
	}
	for _, kind := range []hearback.AlertKind{hearback.AlertSpreading, hearback.AlertSilent, hearback.AlertRecurring} {
		if got := s.told(kind); len(got) != 0 {
			t.Errorf("an even week raised %+v", got)
		}
	}

	s.hears(s.src, 2, "Hilltop", "en", asks)
	s.hears(s.src, 4, "Saltmarsh", "en", asks)
	s.pass(2, func() {
		s.hears(s.src, 1, "", "en", asks)
		s.hears(s.forum, 1, "", "en", board)
	})
	got := s.told(hearback.AlertSpreading)
	if len(got) != 1 || len(got[0].Reached) != 1 || got[0].Reached[0].What != "area" || got[0].Reached[0].Voices != 4 {
		t.Fatalf("four voices of one area and two of another raised %+v, want an alert about the first", got)
	}
	// The same again through the other source, a day later; what it said so far
	// was a concern of its own.
	s.pass(25, func() {
		s.hears(s.src, 1, "", "en", asks)
		s.hears(s.forum, 1, "", "en", board)
	})
	s.hears(s.forum, 4, "", "en", asks)
	s.pass(1, nil)
	if got := s.told(hearback.AlertSpreading); len(got) != 2 || got[0].Reached[0] != (hearback.Place{What: "source", Name: s.forum.String(), At: got[0].Reached[0].At, Voices: 4}) {
		t.Errorf("four voices of a new source raised %+v", got)
	}

	// The forum falls silent, and then everything does.
	s.pass(12, func() { s.hears(s.src, 1, "", "en", asks) })
	silent := s.told(hearback.AlertSilent)
	if len(silent) != 1 || silent[0].Source != s.forum || silent[0].Since.IsZero() || silent[0].Unless == 0 {
		t.Errorf("a source that stopped raised %+v, want one alert", silent)
	}
	s.again()
	s.pass(8*24, nil)
	if n := len(s.told(hearback.AlertSilent)); n != 2 {
		t.Errorf("%d alerts of silent sources, want one more, of the other source", n)
	}
	if got := s.told(hearback.AlertRecurring); len(got) != 0 {
		t.Fatalf("silence raised %+v", got)
	}
	s.again()
	s.hears(s.src, 6, "", "en", asks)
	s.pass(2, nil)
	got = s.told(hearback.AlertRecurring)
	if len(got) != 1 || got[0].Idle < 7*24*time.Hour && got[0].Like == 0 || got[0].Observed < 5 || got[0].Unless != 4 {
		t.Errorf("a concern that came back after a week raised %+v, want one alert that says so", got)
	}
	for _, kind := range []hearback.AlertKind{hearback.AlertNovel, hearback.AlertVoid, hearback.AlertSpreading, hearback.AlertRecurring} {
		before := len(s.told(kind))
		s.again()
		s.pass(2, nil)
		if after := len(s.told(kind)); after != before {
			t.Errorf("a restart told %d alerts of %s again", after-before, kind)
		}
	}
}

// TestWatchedLate: a concern that had too few voices to be watched is judged
// with all that was said of it before, once it has enough.
func TestWatchedLate(t *testing.T) {
	s := newStreet(t)
	const asks = "Is the tap water in the old quarter safe to drink? Can I give it to the children?"
	s.hears(s.src, 2, "", "en", asks)
	s.pass(1, nil)
	if n := len(s.steps.detectors); n != 0 {
		t.Errorf("%d detectors watch two voices", n)
	}
	const away = 8 * 24
	s.hour += away
	s.set(morning.Add(time.Duration(s.hour) * time.Hour))
	s.hears(s.src, 6, "", "en", asks)
	s.pass(1, nil)
	id := s.concernOf("p1").ID
	if s.concernOf("p8").ID != id {
		t.Fatal("what came later is another concern")
	}
	got := s.told(hearback.AlertRecurring)
	if len(got) != 1 || got[0].Idle != away*time.Hour {
		t.Errorf("what came back after %d hours raised %+v, want one alert that says so", away, got)
	}
	if age := s.steps.readings[id].Age; age < away*time.Hour {
		t.Errorf("its detector has looked on for %v", age)
	}
}

// TestVerdictsMoveLimits: what officers say of a rise or of a slow burn moves
// its limit, with a record, and the limit outlives a restart.
func TestVerdictsMoveLimits(t *testing.T) {
	s := newStreet(t)
	ctx := t.Context()
	by := hearback.Actor{ID: 7, Role: "officer", Number: 1}
	list := []hearback.Alert{
		{ID: 101, Concern: 1, Kind: hearback.AlertRising, At: morning}, {ID: 102, Concern: 1, Kind: hearback.AlertSlowBurn, At: morning}, {ID: 103, Concern: 1, Kind: hearback.AlertVoid, At: morning},
	}
	if err := s.Store.AddAlerts(ctx, list, nil); err != nil {
		t.Fatal(err)
	}
	for _, x := range list {
		if err := s.SetAlertVerdict(ctx, by, x.ID, hearback.AlertNoise); err != nil {
			t.Fatal(err)
		}
	}
	want := alert.DefaultLimits().Move(hearback.AlertRising, hearback.AlertNoise, false).Move(hearback.AlertSlowBurn, hearback.AlertNoise, true)
	if s.steps.limits != want || want == alert.DefaultLimits() {
		t.Errorf("limits %+v, want %+v", s.steps.limits, want)
	}
	if got := s.records(hearback.ThresholdChanged); len(got) != 2 {
		t.Errorf("%d moves are on the log, want 2: %v", len(got), got)
	}
	s.again()
	if s.steps.limits != want {
		t.Errorf("after a restart the limits are %+v, want %+v", s.steps.limits, want)
	}
}
