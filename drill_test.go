package hearback_test

import (
	"errors"
	"strings"
	"testing"

	"example.org/hearback"
)

func TestObservationCheck(t *testing.T) {
	for _, tt := range []struct {
		name string
		o    hearback.Observation
		say  string // "" if it can be kept
	}{
		{"a strength", hearback.Observation{Text: "The desk answered within the hour."}, ""},
		{"a plan", hearback.Observation{Improve: true, Text: "Nobody was on duty.", Action: "Write a roster.", Desk: "water", Due: "2026-08-01"}, ""},
		{"nothing seen", hearback.Observation{Text: "  "}, "write what you saw"},
		{"too long", hearback.Observation{Text: strings.Repeat("水", hearback.MaxNote+1)}, "shorten it"},
		{"a plan for a strength", hearback.Observation{Text: "Good.", Action: "Go on."}, "not to a strength"},
		{"a day and nothing to do", hearback.Observation{Improve: true, Text: "Late.", Due: "2026-08-01"}, "say what is to be done"},
		{"no such day", hearback.Observation{Improve: true, Text: "Late.", Action: "Train.", Due: "2026-02-30"}, "is not a day"},
		{"control characters", hearback.Observation{Text: "a\x00b"}, "invisible character"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			switch err := tt.o.Check(); {
			case tt.say == "" && err != nil:
				t.Error(err)
			case tt.say != "" && (!errors.Is(err, hearback.ErrInvalid) || !strings.Contains(err.Error(), tt.say)):
				t.Errorf("Check() = %v, want an error that says %q", err, tt.say)
			}
		})
	}
}

func TestRateShare(t *testing.T) {
	for share, want := range map[float64]hearback.DrillRating{1: hearback.DrillPerformed, .85: hearback.DrillPerformed, .84: hearback.DrillSome, .7: hearback.DrillSome, .5: hearback.DrillMajor, .49: hearback.DrillUnable, 0: hearback.DrillUnable} {
		if got := hearback.RateShare(share); got != want {
			t.Errorf("RateShare(%v) = %s, want %s", share, got, want)
		}
	}
	if (hearback.Rated{Rating: "fine"}).Check() == nil {
		t.Error("any word is a rating")
	}
}
