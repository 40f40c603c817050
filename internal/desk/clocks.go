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
	hearback.P2: {{hearback.DeadlineRoute, 2 * time.Hour}, {hearback.DeadlineHolding, 5 * time.Hour}, {hearback.DeadlineAnswer, 24 * time.Hour}},
	hearback.P3: {{hearback.DeadlineRoute, 24 * time.Hour}, {hearback.DeadlineAnswer, 48 * time.Hour}},
	hearback.P4: {{hearback.DeadlineRoute, 24 * time.Hour}, {hearback.DeadlineAnswer, 7 * 24 * time.Hour}},
}

type clock struct {
	kind hearback.DeadlineKind
	in   time.Duration
}

// Clocks returns the deadlines of a case of a tier whose clocks start at
// start. P1 and P2 run on the wall clock; P3 and P4 stand still on the days
// that the desk does not work.
func Clocks(tier hearback.Tier, start time.Time, d hearback.Desk) []hearback.Deadline {
	var list []hearback.Deadline
	for _, k := range tierClocks[tier] {
		due := start.Add(k.in)
		if tier.Rank() > hearback.P2.Rank() {
			due = add(start, k.in, d)
		}
		list = append(list, hearback.Deadline{Kind: k.kind, Due: due})
	}
	return list
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

// retime gives c the clocks of another tier. What was met in this round stays
// met; a clock that the new tier does not have is stopped.
func retime(c *hearback.Case, clocks []hearback.Deadline, at time.Time) {
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
		d.Due = clocks[j].Due.Add(d.Paused)
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

// add returns when a clock of length in that starts at start runs out, if it
// stands still on the days the desk does not work. A working day counts whole,
// 24 hours: a clock of 48 hours is two working days.
func add(start time.Time, in time.Duration, d hearback.Desk) time.Time {
	zone, err := time.LoadLocation(d.Zone)
	if err != nil || len(d.Off) == 0 && len(d.Holidays) == 0 {
		return start.Add(in) // a desk's zone is checked when it is set
	}
	// After so many days something is wrong with the calendar, and the wall
	// clock is the safer reading.
	const limit = 400
	t := start.In(zone)
	for range limit {
		y, m, day := t.Date()
		midnight := time.Date(y, m, day+1, 0, 0, 0, 0, zone)
		if !free(t, d) {
			if left := midnight.Sub(t); in > left {
				in -= left
			} else {
				return t.Add(in).UTC()
			}
		}
		t = midnight
	}
	return start.Add(in)
}

// free reports whether the desk does not work on the day of t, which is in its
// zone.
func free(t time.Time, d hearback.Desk) bool {
	return slices.Contains(d.Off, t.Weekday()) || slices.Contains(d.Holidays, t.Format(time.DateOnly))
}
