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
	Spread   float64       // standard deviation of what was expected
	Sources  int           // places that the voices of the last six hours came from
	Reached  []Place       // spreading: where it was heard for the first time
	Like     ID            // recurring: the concern that it is like, 0 if it is the same one again
	Idle     time.Duration // recurring: how long nothing had been heard of it
	Answer   ID            // the answer that it is still asked after
	Case     ID            // deadline: whose
	Clock    DeadlineKind  // deadline: which
	Due      time.Time     // deadline: when it ends or ended
	Step     int           // deadline: which step of the chain of its desk; 0 for a reminder
	To       []string      // deadline: who is told, "#7" or "desk:water"
	Desk     string        // whose case its concern has, or ""
	Priority float64       // upper end of that of its concern when it was raised; ranks the digest
	Held     HeldReason    // why it is in the digest; "" if it was sent
	Lead     ID            // the alert that was sent instead, if it is in the digest for that
	Nth      int           // which alert of the day it was, 1 for the first; 0 outside the budget
	PerDay   int           // the budget of that day
	Digest   bool          // over budget or in the first days: in the digest, not sent
	Verdict  AlertVerdict
	Moved    float64   // by how much Verdict moved the limit
	Acked    time.Time // zero until a person acknowledged it
	Version  int
}

// A HeldReason says why an alert was kept for the digest.
type HeldReason string

// The reasons.
const (
	HeldShadow HeldReason = "shadow" // the first days
	HeldDay    HeldReason = "day"    // those of the day were sent
	HeldDesk   HeldReason = "desk"   // those of the desk's shift were sent
	HeldSame   HeldReason = "same"   // another alert about the same concern was sent
	HeldTheme  HeldReason = "theme"  // one about a concern of the same theme was sent
	HeldTold   HeldReason = "told"   // the concern was told of before, and nobody has looked yet
)

// A Sample is a concern that was drawn at random among those nothing was told of
// in a week, for a person to say whether that was right.
type Sample struct {
	Week    time.Time // Monday, 00:00 UTC
	Concern ID
	Of      int // how many it was drawn from
	Finding SampleFinding
	By      ID // account; 0 while it is open
	At      time.Time
}

// SampleFinding is what a person found of a [Sample].
type SampleFinding string

// The findings.
const (
	SampleOpen   SampleFinding = ""
	SampleMissed SampleFinding = "missed" // it should have been told of
	SampleRight  SampleFinding = "right"  // it was rightly quiet
)

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

// AlertVerdicts lists the verdicts that an officer may give.
func AlertVerdicts() []AlertVerdict {
	return []AlertVerdict{AlertWorth, AlertKnown, AlertNoise, AlertMerge}
}
