package alert

import (
	"cmp"
	"math"
	"slices"
	"time"

	"example.org/hearback"
)

// Limits are the thresholds that move with what officers say of alerts.
type Limits struct {
	Fast float64 // of the fast statistic, in spreads
	Slow float64 // of the slow statistic, a log likelihood ratio
}

// DefaultLimits are where an instance begins. On simulated independent counts
// a fast limit of 5 already gives one false alarm in 300 days of a concern;
// real streams have heavier tails, so an instance begins higher and moves.
func DefaultLimits() Limits { return Limits{Fast: 7.5, Slow: 12} }

// Thresholds move by this much, and stay between these.
const (
	limitStep = 0.25
	limitLow  = 5
	limitHigh = 14
)

// Move returns the limits after a verdict on an alert: one that was noise raises
// the limit of its statistic by a step, one that was worth it lowers it by a
// quarter of one, so that it settles where one alert in five is noise. While
// there is more noise than the stated number a day, noise moves it twice as far
// and nothing lowers it. What is no statistic moves nothing.
func (l Limits) Move(kind hearback.AlertKind, v hearback.AlertVerdict, noisy bool) Limits {
	step := 0.0
	switch {
	case v == hearback.AlertNoise && noisy:
		step = 2 * limitStep
	case v == hearback.AlertNoise:
		step = limitStep
	case v == hearback.AlertWorth && !noisy:
		step = -limitStep / 4
	}
	return l.Shift(kind, step)
}

// Shift returns the limits with that of a kind so much higher, within what a
// limit may be.
func (l Limits) Shift(kind hearback.AlertKind, by float64) Limits {
	move := func(x float64) float64 { return min(max(x+by, limitLow), limitHigh) }
	switch {
	case by == 0:
	case kind == hearback.AlertRising:
		l.Fast = move(l.Fast)
	case kind == hearback.AlertSlowBurn:
		l.Slow = move(l.Slow)
	}
	return l
}

// Of returns the limit that alerts of a kind pass; ok is false for those that no
// limit can move.
func (l Limits) Of(kind hearback.AlertKind) (limit float64, ok bool) {
	switch kind {
	case hearback.AlertRising:
		return l.Fast, true
	case hearback.AlertSlowBurn:
		return l.Slow, true
	}
	return 0, false
}

// A Budget keeps alerts to a number a day, and to a number in eight hours for
// each desk. Harm and deadlines stand outside.
type Budget struct {
	PerDay   int
	PerShift int            // of one desk; 0 is no limit
	Sent     int            // today, so far
	Shift    map[string]int // by desk, in the last eight hours
	Shadow   bool           // the first days: statistical alerts only go to the digest
}

// ShiftLength is the time that the budget of a desk is for.
const ShiftLength = 8 * time.Hour

// A Due is an alert, and what decides whether it is told now.
type Due struct {
	*hearback.Alert
	Harm  float64     // of its concern as people rated it; 0 if nobody has
	Theme hearback.ID // of its concern
	Told  bool        // its concern was told of within a day, and nobody has looked yet
}

// seriousHarm is the harm that people rated from which on an alert is sent in
// the first days too.
const seriousHarm = 50

// order lists the kinds by how much they say: of several alerts about one
// concern the first speaks for all.
var order = []hearback.AlertKind{
	hearback.AlertHarm, hearback.AlertDeadline, hearback.AlertRising, hearback.AlertSpreading, hearback.AlertRecurring, hearback.AlertNovel, hearback.AlertNoEffect,
	hearback.AlertVoid, hearback.AlertSlowBurn, hearback.AlertSilent,
}

// Outside reports whether alerts of a kind are sent whatever the budget.
func Outside(kind hearback.AlertKind) bool {
	return kind == hearback.AlertHarm || kind == hearback.AlertDeadline
}

// Spend says of each alert whether it is sent or waits in the digest, and why:
// Digest, Held, Lead, Nth and PerDay. Those of the highest priority come first.
// Nothing is dropped. Alerts about one concern, and about concerns of one theme,
// are told once.
func (b *Budget) Spend(list []Due) {
	slices.SortStableFunc(list, func(x, y Due) int {
		return cmp.Or(cmp.Compare(y.Priority, x.Priority), cmp.Compare(x.Concern, y.Concern), slices.Index(order, x.Kind)-slices.Index(order, y.Kind))
	})
	leads, themes := map[hearback.ID]hearback.ID{}, map[hearback.ID]hearback.ID{}
	for _, a := range list {
		if a.Kind == hearback.AlertHarm && a.Concern != 0 {
			leads[a.Concern] = a.ID
		}
	}
	for _, a := range list {
		if Outside(a.Kind) {
			continue
		}
		hold := func(why hearback.HeldReason, lead hearback.ID) {
			a.Digest, a.Held, a.Lead, a.Nth, a.PerDay = true, why, lead, b.Sent, b.PerDay
		}
		switch lead, theme := leads[a.Concern], themes[a.Theme]; {
		case b.Shadow && a.Harm < seriousHarm:
			hold(hearback.HeldShadow, 0)
		case a.Concern != 0 && lead != 0:
			hold(hearback.HeldSame, lead)
		case a.Told && a.Kind != hearback.AlertRising:
			hold(hearback.HeldTold, 0)
		case a.Theme != 0 && theme != 0:
			hold(hearback.HeldTheme, theme)
		case a.Desk != "" && b.PerShift > 0 && b.Shift[a.Desk] >= b.PerShift:
			hold(hearback.HeldDesk, 0)
		case b.Sent >= b.PerDay:
			hold(hearback.HeldDay, 0)
		default:
			b.Sent++
			a.Nth, a.PerDay = b.Sent, b.PerDay
			if a.Desk != "" {
				if b.Shift == nil {
					b.Shift = map[string]int{}
				}
				b.Shift[a.Desk]++
			}
			leads[a.Concern], themes[a.Theme] = a.ID, a.ID
		}
	}
}

// Quality says how good alerts were, by what officers said of them.
type Quality struct {
	Sent, Digest               int // statistical alerts
	Worth, Known, Noise, Merge int
	Open                       int // sent, and not judged yet
	Days                       float64
	// Of concerns that were drawn at random among those nothing was told of:
	Drawn, Missed, Right int // Missed should have been told
	Quiet                int // how many they were drawn from
}

// Add takes in one alert. Harm and deadlines are no statistics, and are left out.
func (q *Quality) Add(a *hearback.Alert) {
	if Outside(a.Kind) {
		return
	}
	if a.Digest {
		q.Digest++
	} else {
		q.Sent++
	}
	switch a.Verdict {
	case hearback.AlertWorth:
		q.Worth++
	case hearback.AlertKnown:
		q.Known++
	case hearback.AlertNoise:
		q.Noise++
	case hearback.AlertMerge:
		q.Merge++
	default:
		if !a.Digest {
			q.Open++
		}
	}
}

// AddSample takes in one concern that was drawn.
func (q *Quality) AddSample(s *hearback.Sample) {
	q.Drawn++
	switch s.Finding {
	case hearback.SampleMissed:
		q.Missed++
	case hearback.SampleRight:
		q.Right++
	}
}

// Precision is the share of alerts that were worth it among those that were
// worth it or noise; n is how many those are. What was known or belonged to
// another concern is neither.
func (q *Quality) Precision() (share, low, high float64, n int) {
	n = q.Worth + q.Noise
	low, high = Wilson(q.Worth, n)
	return float64(q.Worth) / math.Max(float64(n), 1), low, high, n
}

// MissedRate is the share of the drawn concerns that should have been told of;
// n is how many were judged.
func (q *Quality) MissedRate() (share, low, high float64, n int) {
	n = q.Missed + q.Right
	low, high = Wilson(q.Missed, n)
	return float64(q.Missed) / math.Max(float64(n), 1), low, high, n
}

// NoiseADay is how many alerts a day were noise.
func (q *Quality) NoiseADay() float64 { return float64(q.Noise) / math.Max(q.Days, 1) }

// Wilson is the 95 % interval of a share of k in n (Wilson, 1927).
func Wilson(k, n int) (low, high float64) {
	if n <= 0 {
		return 0, 1
	}
	const z = 1.959964
	p, m := float64(k)/float64(n), float64(n)
	mid := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z * math.Sqrt(p*(1-p)/m+z*z/(4*m*m)) / (1 + z*z/m)
	return math.Max(0, mid-half), math.Min(1, mid+half)
}
