package hearback

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// DrillRating says how well an objective of a [Drill] was reached, in the words
// of the exercise guidance of HSEEP.
type DrillRating string

// The ratings of an objective.
const (
	DrillPerformed DrillRating = "performed"       // without difficulty
	DrillSome      DrillRating = "some_difficulty" // reached, with some difficulty
	DrillMajor     DrillRating = "major_difficulty"
	DrillUnable    DrillRating = "unable"
)

// DrillRatings lists the ratings from the best to the worst.
func DrillRatings() []DrillRating {
	return []DrillRating{DrillPerformed, DrillSome, DrillMajor, DrillUnable}
}

// RateShare proposes the rating for a share of the points that could be had, 0
// to 1. The limits are our own proposal.
func RateShare(share float64) DrillRating {
	switch {
	case share >= .85:
		return DrillPerformed
	case share >= .7:
		return DrillSome
	case share >= .5:
		return DrillMajor
	}
	return DrillUnable
}

// A Rated is what an evaluator says of an objective of a drill.
type Rated struct {
	Objective string
	Rating    DrillRating
	By        Actor
	At        time.Time // of the drill's clock
}

// An Observation is what an evaluator saw in a drill: something to keep, or
// something to improve and what is to be done about it.
type Observation struct {
	ID        ID
	Objective string // what it is about
	Improve   bool   // otherwise a strength
	Text      string
	Action    string // what is to be done; "" if nothing is yet
	Desk      string // slug of the desk that does it
	Due       string // the day by which it is done, as 2026-07-14
	By        Actor
	At        time.Time // of the drill's clock
	Version   int       // counts writes
}

// Check returns [ErrInvalid] with a sentence if o cannot be kept.
func (o Observation) Check() error {
	for name, s := range map[string]string{"the observation": o.Text, "the action": o.Action} {
		if n := utf8.RuneCountInString(s); n > MaxNote {
			return fmt.Errorf("%w: this text has more than %d characters; shorten it", ErrInvalid, MaxNote)
		}
		if err := checkPlain(name, s); err != nil {
			return err
		}
	}
	switch {
	case strings.TrimSpace(o.Text) == "":
		return fmt.Errorf("%w: write what you saw", ErrInvalid)
	case !o.Improve && (o.Action != "" || o.Desk != "" || o.Due != ""):
		return fmt.Errorf("%w: a plan belongs to something to improve, not to a strength", ErrInvalid)
	case o.Action == "" && (o.Desk != "" || o.Due != ""):
		return fmt.Errorf("%w: say what is to be done, then by which desk and when", ErrInvalid)
	}
	if o.Due != "" {
		if _, err := time.Parse(time.DateOnly, o.Due); err != nil {
			return fmt.Errorf("%w: %.20q is not a day; write it like 2026-07-14", ErrInvalid, o.Due)
		}
	}
	return nil
}

// Check returns [ErrInvalid] if r names no rating.
func (r Rated) Check() error {
	if !slices.Contains(DrillRatings(), r.Rating) {
		return fmt.Errorf("%w: %.20q is not a rating; choose performed, some_difficulty, major_difficulty or unable", ErrInvalid, string(r.Rating))
	}
	return nil
}
