package notify

import (
	"fmt"
	"time"

	"example.org/hearback"
)

// Quiet is a time of every day in which a channel is left alone, from one time
// of day to another; it may go over midnight. The zero Quiet is never.
type Quiet struct {
	From, To string // as 22:00
}

// ParseClock reads a time of day, as 07:30, and returns the minutes since
// midnight.
func ParseClock(s string) (minutes int, err error) {
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != 5 {
		return 0, fmt.Errorf("%w: %.20q is not a time of day; write it like 07:30", hearback.ErrInvalid, s)
	}
	return t.Hour()*60 + t.Minute(), nil
}

func (q Quiet) check() error {
	if q.From == "" && q.To == "" {
		return nil
	}
	from, err := ParseClock(q.From)
	if err != nil {
		return err
	}
	to, err := ParseClock(q.To)
	if err != nil {
		return err
	}
	if from == to {
		return fmt.Errorf("%w: quiet hours cannot begin and end at the same time; leave both empty for none, or pause the channel", hearback.ErrInvalid)
	}
	return nil
}

// At reports whether t falls into the quiet hours of a zone, by the clock on
// the wall there.
func (q Quiet) At(t time.Time, zone *time.Location) bool {
	if q.check() != nil || q.From == "" {
		return false
	}
	from, _ := ParseClock(q.From)
	to, _ := ParseClock(q.To)
	t = t.In(zone)
	now := t.Hour()*60 + t.Minute()
	if from < to {
		return from <= now && now < to
	}
	return now >= from || now < to
}

// End returns when the quiet hours that t falls into are over, or t if it
// falls into none. It asks the clock on the wall minute by minute, so that a
// night in which clocks are changed is as long as it is.
func (q Quiet) End(t time.Time, zone *time.Location) time.Time {
	if !q.At(t, zone) {
		return t
	}
	end := t.Truncate(time.Minute)
	for q.At(end, zone) {
		end = end.Add(time.Minute)
	}
	return end
}

// nextClock returns the first moment after t at which clocks in zone show a
// time of day. On a day on which clocks leave it out, it is as much later as
// they jump; on a day that has it twice it is one of them.
func nextClock(t time.Time, clock string, zone *time.Location) time.Time {
	minutes, err := ParseClock(clock)
	if err != nil {
		return t // it was checked when it was set
	}
	y, m, d := t.In(zone).Date()
	for day := d; ; day++ {
		if at := time.Date(y, m, day, minutes/60, minutes%60, 0, 0, zone); at.After(t) {
			return at.UTC()
		}
	}
}
