package desk

import (
	"slices"
	"time"

	"example.org/hearback"
)

// ComplexAnswer is how long the answer of a P4 case may take when its matter
// is complex and the reason is published.
const ComplexAnswer = 15 * 24 * time.Hour

// The times of the tiers. They follow clocks that public services publish:
// dispatch within 1 h, 2 h or 24 h by urgency and first feedback within 2 h
// (Beijing's 12345 hotline), authoritative information within 5 h in major
// emergencies and an answer to other public concerns within 48 h (State Council
// Office, 2016).
var tierClocks = map[hearback.Tier][]clock{
	hearback.P1: {{hearback.DeadlineRoute, time.Hour}, {hearback.DeadlineHolding, 2 * time.Hour}, {hearback.DeadlineAnswer, 5 * time.Hour}},
	hearback.P2: {{hearback.DeadlineRoute, 2 * time.Hour}, {hearback.DeadlineHolding, 5 * time.Hour}, {hearback.DeadlineBrief, 12 * time.Hour}, {hearback.DeadlineAnswer, 24 * time.Hour}},
	hearback.P3: {{hearback.DeadlineRoute, 24 * time.Hour}, {hearback.DeadlineAnswer, 48 * time.Hour}},
	hearback.P4: {{hearback.DeadlineRoute, 24 * time.Hour}, {hearback.DeadlineAnswer, 7 * 24 * time.Hour}},
}

type clock struct {
	kind hearback.DeadlineKind
	in   time.Duration
}

// triageClocks say how long a concern of a tier may wait until somebody opens a
// case for it, mutes it, merges it or lets an answer that there is serve it. They
// run on the wall clock: no desk has it yet. (Proposed.)
var triageClocks = map[hearback.Tier]time.Duration{
	hearback.P1: 30 * time.Minute, hearback.P2: time.Hour, hearback.P3: 4 * time.Hour, hearback.P4: 24 * time.Hour, hearback.Watch: 72 * time.Hour,
}

// TriageBy returns by when somebody must have decided what becomes of a concern;
// zero if somebody has, or if it has no tier yet.
func TriageBy(c *hearback.Concern) time.Time {
	in := triageClocks[c.Score.Tier]
	if in == 0 || c.State != hearback.Open || c.Case != 0 || c.Answer != 0 || c.Score.Since.IsZero() {
		return time.Time{}
	}
	return c.Score.Since.Add(in)
}

// Clocks returns the deadlines of a case of a tier whose clocks start at
// start. P1 and P2 run on the wall clock; P3 and P4 stand still on the days
// that the desk does not work.
func Clocks(tier hearback.Tier, start time.Time, d hearback.Desk) []hearback.Deadline {
	return clocksOf(tier, start, calendarFor(tier, d), nil)
}

func clocksOf(tier hearback.Tier, start time.Time, cal *Calendar, pauses []hearback.Pause) []hearback.Deadline {
	var list []hearback.Deadline
	for _, k := range tierClocks[tier] {
		list = append(list, hearback.Deadline{Kind: k.kind, Due: cal.Add(start, k.in, pauses...)})
	}
	return list
}

// A Reading is how far one clock of a case has come.
type Reading struct {
	Net   time.Duration // how long it has run: without pauses and days off
	Gross time.Duration // how long ago it started
	Total time.Duration // how long it runs in all
}

// Share returns the part of the clock that is over: 1 when it runs out.
func (r Reading) Share() float64 { return r.Net.Seconds() / max(r.Total.Seconds(), 1) }

// Read reads a running clock of c, whose desk is d, at now.
func Read(c *hearback.Case, k hearback.Deadline, d hearback.Desk, now time.Time) Reading {
	cal, pauses, at := calendarFor(c.Tier, d), closed(c.Pauses, now), now
	if c.Paused() {
		at = c.Pauses[len(c.Pauses)-1].From
	}
	return Reading{Net: cal.Between(c.Since, at, pauses...), Gross: now.Sub(c.Since), Total: cal.Between(c.Since, k.Due, pauses...)}
}

// Reaches returns when a running clock of c has run for a share of its time,
// if it is not paused again.
func Reaches(c *hearback.Case, k hearback.Deadline, d hearback.Desk, share float64) time.Time {
	cal := calendarFor(c.Tier, d)
	total := cal.Between(c.Since, k.Due, c.Pauses...)
	return cal.Add(c.Since, time.Duration(share*float64(total)), c.Pauses...)
}

// closed returns the pauses, the last one ended at now if it still lasts.
func closed(pauses []hearback.Pause, now time.Time) []hearback.Pause {
	n := len(pauses)
	if n == 0 || !pauses[n-1].To.IsZero() {
		return pauses
	}
	pauses = slices.Clone(pauses)
	pauses[n-1].To = now
	return pauses
}

// Resume ends the pause of c, if there is one: what is due moves back so far
// that each clock still has the working time that it had when it was stopped.
func Resume(c *hearback.Case, d hearback.Desk, at time.Time) error {
	if !c.Paused() {
		return nil
	}
	from, cal, was := c.Pauses[len(c.Pauses)-1].From, calendarFor(c.Tier, d), slices.Clone(c.Deadlines)
	if err := c.Resume(at); err != nil {
		return err
	}
	for i := range c.Deadlines {
		k := &c.Deadlines[i]
		if k.Due.Equal(was[i].Due) {
			continue // had run out before, or does not run
		}
		k.Due = cal.Add(at, cal.Between(from, was[i].Due))
		k.Paused = was[i].Paused + k.Due.Sub(was[i].Due)
	}
	return nil
}

// Recheck returns how soon somebody must look again at an answer to a concern
// of a tier.
func Recheck(tier hearback.Tier) time.Duration {
	switch tier {
	case hearback.P1:
		return time.Hour
	case hearback.P2:
		return 4 * time.Hour
	case hearback.P3:
		return 24 * time.Hour
	case hearback.P4:
		return 3 * 24 * time.Hour
	}
	return 7 * 24 * time.Hour
}

// Start starts the clocks of c anew at at, when its desk has it again. The
// clock of routing is met at once, since the desk is known.
func Start(c *hearback.Case, at time.Time, d hearback.Desk) {
	clocks := Clocks(c.Tier, at, d)
	for i := range clocks {
		if clocks[i].Kind == hearback.DeadlineRoute {
			clocks[i].Met = at
		}
	}
	c.Restart(at, clocks)
}

// retime gives c, whose desk is desk, the clocks of its new tier. What was met
// in this round stays met; a clock that the new tier does not have is stopped.
func retime(c *hearback.Case, desk hearback.Desk, at time.Time) {
	cal := calendarFor(c.Tier, desk)
	clocks := clocksOf(c.Tier, c.Since, cal, closed(c.Pauses, at))
	plain := clocksOf(c.Tier, c.Since, cal, nil)
	done := map[hearback.DeadlineKind]bool{}
	for i := range c.Deadlines {
		d := &c.Deadlines[i]
		if !d.Running() {
			if !d.Met.IsZero() && !d.Met.Before(c.Since) {
				done[d.Kind] = true
			}
			continue
		}
		j := slices.IndexFunc(clocks, func(n hearback.Deadline) bool { return n.Kind == d.Kind })
		if j < 0 {
			d.Stopped = at
			continue
		}
		d.Due, d.Paused = clocks[j].Due, clocks[j].Due.Sub(plain[j].Due)
		done[d.Kind] = true
	}
	for _, n := range clocks {
		// After the full answer no holding statement is due any more.
		if !done[n.Kind] && (n.Kind == hearback.DeadlineAnswer || !answered(c)) {
			c.Deadlines = append(c.Deadlines, n)
		}
	}
}

func answered(c *hearback.Case) bool {
	return slices.ContainsFunc(c.Deadlines, func(d hearback.Deadline) bool {
		return d.Kind == hearback.DeadlineAnswer && !d.Met.IsZero() && !d.Met.Before(c.Since)
	})
}
