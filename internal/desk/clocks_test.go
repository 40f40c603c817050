package desk_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"example.org/hearback"
	"example.org/hearback/internal/desk"
)

func TestClocks(t *testing.T) {
	h := time.Hour
	for _, tt := range []struct {
		tier                   hearback.Tier
		route, holding, answer time.Duration
	}{
		{hearback.P1, h, 2 * h, 5 * h},
		{hearback.P2, 2 * h, 5 * h, 24 * h},
		{hearback.P3, 24 * h, 0, 48 * h},
		{hearback.P4, 24 * h, 0, 7 * 24 * h},
		{hearback.Watch, 0, 0, 0},
	} {
		got := map[hearback.DeadlineKind]time.Duration{}
		for _, d := range desk.Clocks(tt.tier, start, hearback.Desk{}) {
			got[d.Kind] = d.Due.Sub(start)
		}
		if want := map[hearback.Tier]time.Duration{hearback.P2: 12 * h}[tt.tier]; got[hearback.DeadlineBrief] != want {
			t.Errorf("Clocks(%s): the briefing is due after %s, want %s", tt.tier, got[hearback.DeadlineBrief], want)
		}
		if got[hearback.DeadlineRoute] != tt.route || got[hearback.DeadlineHolding] != tt.holding || got[hearback.DeadlineAnswer] != tt.answer {
			t.Errorf("Clocks(%s) = %v, want %v, %v, %v", tt.tier, got, tt.route, tt.holding, tt.answer)
		}
	}
}

// TestTriageBy: a concern has as long to be triaged as its tier allows, from when
// it got it, and no clock once somebody has decided what becomes of it.
func TestTriageBy(t *testing.T) {
	for tier, want := range map[hearback.Tier]time.Duration{hearback.P1: 30 * time.Minute, hearback.P2: time.Hour, hearback.P3: 4 * time.Hour, hearback.P4: 24 * time.Hour, hearback.Watch: 72 * time.Hour} {
		c := hearback.Concern{State: hearback.Open, Score: hearback.Score{Tier: tier, Since: start}}
		if got := desk.TriageBy(&c).Sub(start); got != want {
			t.Errorf("%s: %s, want %s", tier, got, want)
		}
		for name, done := range map[string]func(c *hearback.Concern){
			"a case": func(c *hearback.Concern) { c.Case = 1 }, "an answer": func(c *hearback.Concern) { c.Answer = 1 }, "muted": func(c *hearback.Concern) { c.State = hearback.Muted },
			"merged": func(c *hearback.Concern) { c.State = hearback.Merged }, "no tier": func(c *hearback.Concern) { c.Score.Tier = "" }, "scored before the time was kept": func(c *hearback.Concern) { c.Score.Since = time.Time{} },
		} {
			x := c
			if done(&x); !desk.TriageBy(&x).IsZero() {
				t.Errorf("%s with %s has a clock", tier, name)
			}
		}
	}
}

func TestClocksByCalendar(t *testing.T) {
	weekend := []time.Weekday{time.Saturday, time.Sunday}
	at := func(s string) time.Time {
		v, err := time.Parse("2006-01-02 15:04 -0700", s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, tt := range []struct {
		name       string
		d          hearback.Desk
		tier       hearback.Tier
		start, due string // of the answer
	}{
		{"no calendar", hearback.Desk{}, hearback.P3, "2026-03-20 10:00 +0000", "2026-03-22 10:00 +0000"},
		{"over a weekend", hearback.Desk{Off: weekend}, hearback.P3, "2026-03-20 10:00 +0000", "2026-03-24 10:00 +0000"},
		{"in a weekend", hearback.Desk{Off: weekend}, hearback.P3, "2026-03-21 10:00 +0000", "2026-03-25 00:00 +0000"},
		{"a holiday too", hearback.Desk{Off: weekend, Holidays: []string{"2026-03-23"}}, hearback.P3, "2026-03-20 10:00 +0000", "2026-03-25 10:00 +0000"},
		{"seven working days", hearback.Desk{Off: weekend}, hearback.P4, "2026-03-18 09:00 +0000", "2026-03-27 09:00 +0000"},
		{"the day is the desk's", hearback.Desk{Off: weekend, Zone: "Asia/Shanghai"}, hearback.P3, "2026-03-19 23:00 +0800", "2026-03-23 23:00 +0800"},
		{"Friday evening there, Friday noon here", hearback.Desk{Off: weekend, Zone: "Asia/Shanghai"}, hearback.P3, "2026-03-20 16:30 +0000", "2026-03-24 16:00 +0000"},
		{"summer time begins", hearback.Desk{Off: weekend, Zone: "Europe/London"}, hearback.P3, "2026-03-27 12:00 +0000", "2026-03-31 12:00 +0100"},
		{"an emergency has no weekend", hearback.Desk{Off: weekend}, hearback.P2, "2026-03-20 20:00 +0000", "2026-03-21 20:00 +0000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, d := range desk.Clocks(tt.tier, at(tt.start), tt.d) {
				if d.Kind == hearback.DeadlineAnswer && !d.Due.Equal(at(tt.due)) {
					t.Errorf("due %s, want %s", d.Due, tt.due)
				}
			}
		})
	}
}

// TestCalendarHolds checks, for any calendar, that days off only make a clock
// longer, and that a later start never ends it earlier.
func TestCalendarHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := hearback.Desk{Zone: rapid.SampledFrom([]string{"", "Asia/Shanghai", "America/New_York", "Asia/Kolkata"}).Draw(t, "zone")}
		for day := range time.Weekday(7) {
			if len(d.Off) < 6 && rapid.Bool().Draw(t, "off") {
				d.Off = append(d.Off, day)
			}
		}
		for range rapid.IntRange(0, 5).Draw(t, "holidays") {
			d.Holidays = append(d.Holidays, start.AddDate(0, 0, rapid.IntRange(0, 60).Draw(t, "day")).Format(time.DateOnly))
		}
		tier := rapid.SampledFrom([]hearback.Tier{hearback.P3, hearback.P4}).Draw(t, "tier")
		from := start.Add(time.Duration(rapid.IntRange(0, 60*24*60).Draw(t, "minutes")) * time.Minute)
		plain, got := desk.Clocks(tier, from, hearback.Desk{}), desk.Clocks(tier, from, d)
		later := desk.Clocks(tier, from.Add(time.Hour), d)
		for i := range got {
			if got[i].Due.Before(plain[i].Due) || later[i].Due.Before(got[i].Due) {
				t.Fatalf("%s: due %s, by the wall clock %s, an hour later %s", got[i].Kind, got[i].Due, plain[i].Due, later[i].Due)
			}
		}
	})
}

func TestRecheck(t *testing.T) {
	want := []time.Duration{time.Hour, 4 * time.Hour, 24 * time.Hour, 72 * time.Hour, 168 * time.Hour}
	for i, tier := range hearback.Tiers() {
		if got := desk.Recheck(tier); got != want[i] {
			t.Errorf("Recheck(%s) = %s, want %s", tier, got, want[i])
		}
	}
}
