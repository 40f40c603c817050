package alert

import (
	"math"
	"time"

	"example.org/hearback"
)

// Limits are the thresholds that move with what officers say of alerts.
type Limits struct {
	Fast float64 // of the fast statistic, in spreads
	Slow float64 // of the slow statistic
}

// DefaultLimits are where an instance begins.
func DefaultLimits() Limits { return Limits{Fast: 6, Slow: 12} }

// Thresholds move by this much, and stay between these.
const (
	limitStep = 0.25
	limitLow  = 5
	limitHigh = 14
)

// Move returns the limits after a verdict: an alert that was not worth it
// raises them, one that was lowers them a little.
func (l Limits) Move(v hearback.AlertVerdict) Limits {
	switch v {
	case hearback.AlertNoise:
		l.Fast = min(l.Fast+limitStep, limitHigh)
	case hearback.AlertWorth:
		l.Fast = max(l.Fast-limitStep/4, limitLow)
	}
	return l
}

// The constants of the rules that need no statistics.
const (
	leastVoices  = 5  // fewer in 24 h never alert
	novelVoices  = 3  // from two sources within novelWithin
	novelAlone   = 5  // from one source
	novelWithin  = 6  // hours
	voidVoices   = 15 // before unanswered questions are a void
	voidShare    = 0.4
	refractory   = 24 * time.Hour
	repeatVoid   = 72 * time.Hour
	repeatHarm   = 24 * time.Hour
	repeatSilent = 24 * time.Hour
)

// Facts is what the rules look at, for one concern at the end of an hour.
type Facts struct {
	Concern   *hearback.Concern
	Reading   Reading
	Sources   int     // that it came from in the last six hours
	Six       float64 // voices of the last six hours
	Tier      hearback.Tier
	Answered  bool
	Last      map[hearback.AlertKind]time.Time // when each kind was last raised for it
	AnswerAt  time.Time                        // when its answer went out; zero if none
	NoEffect  bool                             // still asked as much as before, 48 h after the answer
	Words     []string
	OneSource bool // the deployment listens to one source only
}

// Judge returns the alerts that the facts ask for, at most one of each kind.
// A muted concern only alerts for harm.
func Judge(f Facts, l Limits) []hearback.Alert {
	var list []hearback.Alert
	r := f.Reading
	raise := func(kind hearback.AlertKind, again time.Duration, a hearback.Alert) {
		if last, ok := f.Last[kind]; ok && r.At.Sub(last) < again {
			return
		}
		a.Kind, a.Concern, a.At, a.Words = kind, f.Concern.ID, r.At, f.Words
		if a.Since.IsZero() {
			a.Since = r.At.Add(-r.Length)
		}
		list = append(list, a)
	}
	if f.Tier == hearback.P1 {
		raise(hearback.AlertHarm, repeatHarm, hearback.Alert{Observed: r.Day, Expected: r.Usual, Window: 24 * time.Hour})
	}
	if f.Concern.State == hearback.Muted || r.Missing {
		return list
	}
	old := r.Age >= youngHours*time.Hour
	if old && r.Day >= leastVoices && r.Fast >= l.Fast {
		raise(hearback.AlertRising, refractory, hearback.Alert{
			Observed: r.Observed, Expected: r.Expected, Stat: r.Fast, Limit: l.Fast, Window: r.Length, Unless: r.unlessFast(l.Fast),
		})
	}
	if old && r.Day >= leastVoices && r.Slow >= l.Slow && r.Fast < l.Fast {
		raise(hearback.AlertSlowBurn, 7*refractory, hearback.Alert{
			Observed: r.Day, Expected: r.Usual, Stat: r.Slow, Limit: l.Slow, Window: 24 * time.Hour, Since: r.Since, Unless: r.Usual,
		})
	}
	if need := novelNeed(f); !old && f.Six >= need {
		raise(hearback.AlertNovel, 1<<62, hearback.Alert{
			Observed: f.Six, Expected: 0, Stat: f.Six, Limit: need, Window: novelWithin * time.Hour, Since: f.Concern.First, Unless: need - 1,
		})
	}
	if q := float64(f.Concern.Kinds[hearback.Question]); !f.Answered && f.Concern.Voices >= voidVoices && q >= voidShare*float64(f.Concern.Messages) {
		raise(hearback.AlertVoid, repeatVoid, hearback.Alert{
			Observed: float64(f.Concern.Voices), Stat: q / float64(f.Concern.Messages), Limit: voidShare, Since: f.Concern.First, Unless: voidVoices - 1,
		})
	}
	if f.NoEffect {
		raise(hearback.AlertNoEffect, 7*refractory, hearback.Alert{Observed: r.Day, Expected: r.Usual, Window: 24 * time.Hour, Since: f.AnswerAt})
	}
	return list
}

// novelNeed is how many voices make a new concern worth an alert: fewer when
// two sources agree.
func novelNeed(f Facts) float64 {
	if f.Sources >= 2 {
		return novelVoices
	}
	return novelAlone
}

// unlessFast returns the most voices in the bucket with which the fast
// statistic would have stayed below limit.
func (r Reading) unlessFast(limit float64) float64 {
	z := (limit*r.scale - (1-lambda)*r.before) / lambda
	return math.Max(0, math.Ceil(r.Expected+z*r.Spread)-1)
}

// A Budget keeps alerts to a number a day. Harm and deadlines stand outside.
type Budget struct {
	PerDay int
	Sent   int  // today, so far
	Shadow bool // the first days: statistical alerts only go to the digest
}

// Spend marks the alerts that must wait for the digest: nothing is dropped.
func (b *Budget) Spend(list []hearback.Alert) {
	for i := range list {
		a := &list[i]
		if a.Kind == hearback.AlertHarm || a.Kind == hearback.AlertDeadline {
			continue
		}
		if b.Shadow || b.Sent >= b.PerDay {
			a.Digest = true
			continue
		}
		b.Sent++
	}
}
