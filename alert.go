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
	Digest   bool     // over budget or in the first days: in the digest, not sent
	Verdict  AlertVerdict
	Acked    time.Time // zero until a person acknowledged it
	Version  int
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
