package hearback

import "time"

// An Alert says that a concern needs a look now, by which rule, and what would
// have kept it silent.
type Alert struct {
	ID       ID
	Concern  ID // 0 for an alert about a source
	Source   ID // set for a silent source
	Kind     AlertKind
	At       time.Time
	Since    time.Time // when the change began, as the detector sees it
	Observed float64   // voices in the window
	Expected float64   // voices expected in the window
	Stat     float64   // the detector's statistic
	Limit    float64   // the threshold it passed
	Window   time.Duration
	Words    []string // terms that are new or grew
	Unless   float64  // it would not have alerted at or below this many voices
	Rules    string   // version of the rules that raised it, for example "alert/1"
	// What else the rule looked at; each is zero where it does not apply.
	Spread  float64       // standard deviation of what was expected
	Sources int           // places that the voices of the last six hours came from
	Reached []Place       // spreading: where it was heard for the first time
	Like    ID            // recurring: the concern that it is like, 0 if it is the same one again
	Idle    time.Duration // recurring: how long nothing had been heard of it
	Answer  ID            // the answer that it is still asked after
	Case    ID            // deadline: whose
	Clock   DeadlineKind  // deadline: which
	Due     time.Time     // deadline: when it ends or ended
	Step    int           // deadline: which step of the chain of its desk; 0 for a reminder
	To      []string      // deadline: who is told, "#7" or "desk:water"
	Nth     int           // which alert of the day it was, 1 for the first; 0 outside the budget
	PerDay  int           // the budget of that day
	Digest  bool          // over budget or in the first days: in the digest, not sent
	Verdict AlertVerdict
	Acked   time.Time // zero until a person acknowledged it
	Version int
}

// A Place is an area, a source or a language in which a concern was heard for
// the first time.
type Place struct {
	What   string // "area", "source" or "lang"
	Name   string // of the area, id of the source, or code of the language
	At     time.Time
	Voices int64 // distinct voices there since then, for a day
}

// AlertKind says which rule raised an alert.
type AlertKind string

// The kinds of alert.
const (
	AlertHarm      AlertKind = "harm"       // P1 by harm alone: no statistics needed
	AlertRising    AlertKind = "rising"     // EWMA of residuals
	AlertSlowBurn  AlertKind = "slow_burn"  // CUSUM
	AlertNovel     AlertKind = "novel"      // new and corroborated
	AlertRecurring AlertKind = "recurring"  // like a closed concern
	AlertSpreading AlertKind = "spreading"  // new area, source or language
	AlertVoid      AlertKind = "void"       // many questions, no answer
	AlertNoEffect  AlertKind = "not_helped" // still asked 48 h after the answer
	AlertDeadline  AlertKind = "deadline"   // 50, 80, 100 % of a clock
	AlertSilent    AlertKind = "silent"     // a source says nothing
)

// AlertVerdict is an officer's one-click opinion of an alert.
type AlertVerdict string

// The verdicts on an alert.
const (
	AlertOpen  AlertVerdict = ""
	AlertWorth AlertVerdict = "worth"
	AlertKnown AlertVerdict = "known"
	AlertNoise AlertVerdict = "noise"
	AlertMerge AlertVerdict = "merge"
)
