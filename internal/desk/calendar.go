package desk

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/data"
)

// A Calendar says on which days the clocks of a desk run, in its time zone. A
// working day counts whole, 24 hours: a clock of 48 hours is two working days.
// It may not be used by several goroutines.
type Calendar struct {
	zone     *time.Location // nil: clocks always run
	off      []time.Weekday
	holidays []string // days off of the desk itself, as 2026-10-01
	workdays []string // days of work of the desk itself
	country  string
	years    map[int]year
}

// A year holds what a country says about its days.
type year struct {
	off, work map[string]bool // by month and day, as 1001
	known     bool            // the country is in the data for that year
	announced bool            // and has announced its days
}

// CalendarOf returns the calendar of a desk. What the desk says of a day goes
// before what its country says, and that before the days of the week.
func CalendarOf(d hearback.Desk) *Calendar {
	c := &Calendar{off: d.Off, holidays: d.Holidays, workdays: d.Workdays, country: d.Country, years: map[int]year{}}
	zone, err := time.LoadLocation(d.Zone)
	if err != nil || len(d.Off) == 0 && len(d.Holidays) == 0 && d.Country == "" {
		return c // a desk's zone is checked when it is set
	}
	c.zone = zone
	return c
}

// calendarFor returns the calendar that the clocks of a tier run by: those of
// P1 and P2 never stand still.
func calendarFor(tier hearback.Tier, d hearback.Desk) *Calendar {
	if tier.Rank() <= hearback.P2.Rank() {
		return &Calendar{}
	}
	return CalendarOf(d)
}

// Works reports whether clocks run on the day of t.
func (c *Calendar) Works(t time.Time) bool {
	if c.zone == nil {
		return true
	}
	t = t.In(c.zone)
	switch day := t.Format(time.DateOnly); {
	case slices.Contains(c.workdays, day):
		return true
	case slices.Contains(c.holidays, day):
		return false
	}
	if y, day := c.year(t.Year()), t.Format("0102"); y.work[day] {
		return true
	} else if y.off[day] {
		return false
	}
	return !slices.Contains(c.off, t.Weekday())
}

// Announced reports whether the country has announced its days of a year. A
// calendar without a country needs no announcement.
func (c *Calendar) Announced(year int) bool { return c.country == "" || c.year(year).announced }

func (c *Calendar) year(n int) year {
	if c.country == "" {
		return year{}
	}
	y, ok := c.years[n]
	if !ok {
		y = readYear(data.Holidays(), c.country, n)
		c.years[n] = y
	}
	return y
}

// readYear finds the line of a country and year.
func readYear(table, country string, n int) year {
	head := fmt.Sprintf("%s %d", country, n)
	i := 0
	if !strings.HasPrefix(table, head) {
		if i = strings.Index(table, "\n"+head) + 1; i == 0 {
			return year{}
		}
	}
	line, _, _ := strings.Cut(table[i:], "\n")
	fields := strings.Fields(line)
	y := year{off: map[string]bool{}, work: map[string]bool{}, known: true, announced: !strings.HasSuffix(fields[1], "?")}
	for _, f := range fields[2:] {
		if f[0] == '+' {
			y.work[f[1:]] = true
		} else {
			y.off[f[1:]] = true
		}
	}
	return y
}

// Countries returns the codes of the countries whose holidays are known.
func Countries() []string {
	var list []string
	for line := range strings.Lines(data.Holidays()) {
		if code, _, _ := strings.Cut(line, " "); len(list) == 0 || list[len(list)-1] != code {
			list = append(list, code)
		}
	}
	return list
}

// maxDays is how many days a clock is followed. A clock that has not run out
// by then has a calendar that is wrong, and the wall clock is the safer
// reading.
const maxDays = 1200

// walk calls f with the stretches from start on in which clocks run, in order,
// each within one day and outside every pause, until f returns false. A pause
// that has not ended is none yet.
func (c *Calendar) walk(start time.Time, pauses []hearback.Pause, f func(from, to time.Time) bool) {
	t := start
	for range maxDays + 2*len(pauses) {
		end := t.Add(24 * time.Hour)
		if c.zone != nil {
			local := t.In(c.zone)
			y, m, day := local.Date()
			// A day may begin later than midnight where the clock is put forward.
			end = time.Date(y, m, day+1, 0, 0, 0, 0, c.zone)
			if !end.After(t) {
				end = t.Add(time.Hour)
			}
		}
		runs := c.Works(t)
		for _, p := range pauses {
			if p.To.IsZero() {
				continue
			}
			switch {
			case p.From.After(t):
				end = earlier(end, p.From)
			case p.To.After(t): // in the pause
				runs, end = false, p.To
			}
		}
		if runs && !f(t, end) {
			return
		}
		t = end
	}
}

// Add returns when a clock of length in that starts at start runs out. It
// stands still in the pauses and on days that are not worked.
func (c *Calendar) Add(start time.Time, in time.Duration, pauses ...hearback.Pause) time.Time {
	due := start.Add(in)
	left := in
	if in <= 0 {
		return due.UTC()
	}
	c.walk(start, pauses, func(from, to time.Time) bool {
		if d := to.Sub(from); d < left {
			left -= d
			return true
		}
		due = from.Add(left)
		return false
	})
	return due.UTC()
}

// Between returns how long a clock runs from one time to a later one.
func (c *Calendar) Between(from, to time.Time, pauses ...hearback.Pause) time.Duration {
	var sum time.Duration
	if !to.After(from) {
		return 0
	}
	c.walk(from, pauses, func(a, b time.Time) bool {
		if a.Before(to) {
			sum += earlier(b, to).Sub(a)
		}
		return b.Before(to)
	})
	return sum
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
