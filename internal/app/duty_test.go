package app

import (
	"fmt"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/web/office"
)

// TestChainIsTold lets the clocks of a case run out: each mark and each step
// is told once, over a restart too, to those it names, until somebody takes
// the case on.
func TestChainIsTold(t *testing.T) {
	s := newStreet(t)
	by := hearback.Actor{ID: 1, Role: "operator"}
	s.hears(s.forum, 3, "", "en", "The water in our street is brown.")
	c0, _, err := s.Store.ConcernList(t.Context(), office.ConcernFilter{View: "all", Small: true})
	if err != nil || len(c0) == 0 {
		t.Fatal(c0, err)
	}
	if err := s.PutDesk(t.Context(), by, hearback.Desk{Slug: "water", Name: "Water", Chain: []hearback.Escalation{{To: "desk"}, {After: 2 * time.Hour, To: "#7"}, {After: 5 * time.Hour, To: "desk:front"}}}); err != nil {
		t.Fatal(err)
	}
	c, err := s.Cases.Open(t.Context(), by, c0[0].ID, "water", hearback.P2, "")
	if err != nil {
		t.Fatal(err)
	}
	told := func() (list []string) {
		for _, a := range s.told(hearback.AlertDeadline) {
			if a.Clock == hearback.DeadlineHolding {
				list = append(list, fmt.Sprintf("%g/%d%v", a.Limit, a.Step, a.To))
			}
		}
		return list
	}
	s.pass(4, nil) // the holding statement is due after five hours
	if got := fmt.Sprint(told()); got != "[0.8/0[desk:water] 0.5/0[desk:water]]" {
		t.Errorf("after four hours: %s", got)
	}
	s.pass(1, nil)
	s.again()
	s.pass(2, nil)
	want := "[1/2[#7] 1/1[desk:water] 1/0[desk:water] 0.8/0[desk:water] 0.5/0[desk:water]]"
	if got := fmt.Sprint(told()); got != want {
		t.Errorf("two hours after it ran out: %s, want %s", got, want)
	}
	alerts := s.told(hearback.AlertDeadline)
	if err := s.AckAlert(t.Context(), by, alerts[0].ID); err != nil {
		t.Fatal(err)
	}
	s.pass(6, nil)
	if got := fmt.Sprint(told()); got != want {
		t.Errorf("after somebody took it on: %s, want %s", got, want)
	}
	if c, err = s.Store.Case(t.Context(), c.ID); err != nil || len(c.Acks) != 1 {
		t.Errorf("the case keeps %v, %v", c.Acks, err)
	}
	for _, a := range s.told(hearback.AlertDeadline) {
		if a.Acked.IsZero() && a.At.Before(c.Acked()) {
			t.Errorf("alert %s still waits for somebody", a.ID)
		}
	}
}
