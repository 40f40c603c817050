package desk

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/hearback"
)

// OnShift returns the numbers of the accounts that are on duty at a desk, in
// order; none if nobody is, or if the desk keeps no shifts.
func OnShift(d hearback.Desk, now time.Time) []int {
	zone, err := time.LoadLocation(d.Zone)
	if err != nil {
		zone = time.UTC
	}
	now = now.In(zone)
	var on []int
	for back := range 2 { // a shift may have begun yesterday
		y, m, n := now.Date()
		midnight := time.Date(y, m, n-back, 0, 0, 0, 0, zone)
		date := midnight.Format(time.DateOnly)
		dated := slices.ContainsFunc(d.Shifts, func(s hearback.Shift) bool { return s.Date == date })
		for _, s := range d.Shifts {
			if s.Date != date && (dated || !slices.Contains(s.Days, midnight.Weekday())) {
				continue
			}
			from, to := wall(midnight, s.From), wall(midnight, s.To)
			if s.To <= s.From {
				to = wall(midnight.AddDate(0, 0, 1), s.To)
			}
			if !now.Before(from) && now.Before(to) {
				on = append(on, s.Staff...)
			}
		}
	}
	slices.Sort(on)
	return slices.Compact(on)
}

// wall returns the time at which clocks on the wall show minutes after
// midnight of a day.
func wall(midnight time.Time, minutes int) time.Time {
	y, m, d := midnight.Date()
	return time.Date(y, m, d, 0, minutes, 0, 0, midnight.Location())
}

// Told resolves whom a step of a chain names at a time: "#7" for an account,
// "desk:water" for whoever works for a desk. A shift without anybody on duty is
// the whole desk, so that nothing falls between two shifts.
func Told(d hearback.Desk, to string, now time.Time) []string {
	switch to {
	case "desk":
		return []string{"desk:" + d.Slug}
	case "shift":
		var list []string
		for _, n := range OnShift(d, now) {
			list = append(list, "#"+strconv.Itoa(n))
		}
		if list == nil {
			return []string{"desk:" + d.Slug}
		}
		return list
	}
	return []string{to}
}

// A Step is one step of a chain that has come.
type Step struct {
	N  int // from 1
	At time.Time
	To []string // as [Told] returns it
}

// emergencyMark is the share of a clock after which the chain of an emergency
// begins; others begin when a clock has run out.
const emergencyMark = .5

// Escalated returns the steps of the chain of desk d that have come for a
// running clock of c at now. There are none once somebody has taken the case
// on after the chain began.
func Escalated(c *hearback.Case, k hearback.Deadline, d hearback.Desk, now time.Time) []Step {
	if len(d.Chain) == 0 || !k.Running() || c.Paused() || c.State == hearback.CaseClosed {
		return nil
	}
	begin := k.Due
	if c.Tier == hearback.P1 {
		begin = Reaches(c, k, d, emergencyMark)
	}
	if now.Before(begin) || c.Acked().After(begin) || c.Acked().Equal(begin) {
		return nil
	}
	var list []Step
	for i, e := range d.Chain {
		if at := begin.Add(e.After); !at.After(now) {
			list = append(list, Step{N: i + 1, At: at, To: Told(d, e.To, now)})
		}
	}
	return list
}

// Acknowledge says that somebody has taken a case on: its open reminders end,
// and its chain stops at once.
func (s *Cases) Acknowledge(ctx context.Context, by hearback.Actor, id hearback.ID) (*hearback.Case, error) {
	if err := s.allow(ctx, by, hearback.CaseAcked, false); err != nil {
		return nil, fmt.Errorf("case %s: %w", id, err)
	}
	c, err := s.Store.Case(ctx, id)
	if err != nil {
		return nil, err
	}
	at := s.now()
	if err := c.Acknowledge(by, at); err != nil {
		return nil, fmt.Errorf("case %s: %w", id, err)
	}
	if err := s.Store.AckCase(ctx, c, recordOf(hearback.CaseAcked, c, by, at, pub{"case": c.ID.String()})); err != nil {
		return nil, err
	}
	return c, nil
}

// Brief says that those who lead the office were told of a case. The note, who
// was told and how, stays in the office.
func (s *Cases) Brief(ctx context.Context, by hearback.Actor, id hearback.ID, note string) (*hearback.Case, error) {
	return s.change(ctx, by, id, hearback.CaseBriefed, false, func(c *hearback.Case, at time.Time) (pub, error) {
		return pub{"case": c.ID.String()}, c.Brief(by, at, note)
	})
}

// Limits of shifts and chains.
const (
	maxShifts = 100
	maxStaff  = 20
	maxChain  = 10
	maxAfter  = 30 * 24 * time.Hour
)

// weekdays are the names of days in shifts, as people write them.
func weekdays() map[string]time.Weekday {
	names := map[string]time.Weekday{"周天": time.Sunday, "星期天": time.Sunday, "星期日": time.Sunday}
	for i, s := range []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} {
		names[s] = time.Weekday(i)
		names["周"+string([]rune("日一二三四五六")[i])] = time.Weekday(i)
		names["星期"+string([]rune("日一二三四五六")[i])] = time.Weekday(i)
	}
	return names
}

// ParseShifts reads shifts, one a line: days or a date, from and to, and the
// numbers of accounts.
//
//	Mon-Fri 08:00-20:00 #3 #5
//	Sat,Sun 20:00-08:00 #4
//	2026-10-01 00:00-24:00 #7
//	周一至周五 08:00-20:00 #3
//
// Signs may be those of a Chinese keyboard.
func ParseShifts(text string) ([]hearback.Shift, error) {
	var list []hearback.Shift
	chinese := strings.NewReplacer("至", "-", "－", "-", "–", "-", "—", "-", "，", ",", "、", ",", "：", ":", "＃", "#")
	for i, line := range lines(text) {
		s, err := parseShift(strings.Fields(chinese.Replace(line)))
		if err != nil {
			return nil, fmt.Errorf("line %d of the shifts: %w", i+1, err)
		}
		list = append(list, s)
	}
	return list, nil
}

func parseShift(f []string) (s hearback.Shift, err error) {
	if len(f) < 3 {
		return s, fmt.Errorf("%w: write days, times and who is on duty, as in: Mon-Fri 08:00-20:00 #3 #5", hearback.ErrInvalid)
	}
	if _, err := time.Parse(time.DateOnly, f[0]); err == nil {
		s.Date = f[0]
	} else if s.Days, err = parseDays(f[0]); err != nil {
		return s, err
	}
	from, to, _ := strings.Cut(f[1], "-")
	if s.From, err = parseMinutes(from); err != nil {
		return s, err
	}
	if s.To, err = parseMinutes(to); err != nil {
		return s, err
	}
	for _, w := range f[2:] {
		n, err := strconv.Atoi(strings.TrimPrefix(w, "#"))
		if err != nil || n < 1 || !strings.HasPrefix(w, "#") {
			return s, fmt.Errorf("%w: %.20q is not the number of an account; write it as #3", hearback.ErrInvalid, w)
		}
		s.Staff = append(s.Staff, n)
	}
	return s, nil
}

func parseDays(s string) (days []time.Weekday, err error) {
	names := weekdays()
	day := func(w string) (time.Weekday, error) {
		d, ok := names[strings.ToLower(w)]
		if !ok {
			return 0, fmt.Errorf("%w: %.20q is not a day; write Mon, Tue, Wed, Thu, Fri, Sat or Sun, or a date as 2026-10-01", hearback.ErrInvalid, w)
		}
		return d, nil
	}
	for part := range strings.SplitSeq(s, ",") {
		a, b, span := strings.Cut(part, "-")
		first, err := day(a)
		if err != nil {
			return nil, err
		}
		last := first
		if span {
			if last, err = day(b); err != nil {
				return nil, err
			}
		}
		for d := first; ; d = (d + 1) % 7 {
			if !slices.Contains(days, d) {
				days = append(days, d)
			}
			if d == last {
				break
			}
		}
	}
	return days, nil
}

func parseMinutes(s string) (int, error) {
	h, m, ok := strings.Cut(s, ":")
	hh, err1 := strconv.Atoi(h)
	mm, err2 := strconv.Atoi(m)
	if !ok || len(h) > 2 || len(m) != 2 || err1 != nil || err2 != nil || hh < 0 || hh > 24 || mm < 0 || mm > 59 || hh == 24 && mm > 0 {
		return 0, fmt.Errorf("%w: %.20q is not a time; write 08:00-20:00", hearback.ErrInvalid, s)
	}
	return hh*60 + mm, nil
}

// WriteShifts writes shifts as [ParseShifts] reads them.
func WriteShifts(list []hearback.Shift) string {
	var b strings.Builder
	for _, s := range list {
		when := s.Date
		if when == "" {
			var days []string
			for _, d := range s.Days {
				days = append(days, d.String()[:3])
			}
			when = strings.Join(days, ",")
		}
		fmt.Fprintf(&b, "%s %02d:%02d-%02d:%02d", when, s.From/60, s.From%60, s.To/60, s.To%60)
		for _, n := range s.Staff {
			fmt.Fprintf(&b, " #%d", n)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// ParseChain reads a chain, one step a line: how long after the clock ran out,
// and who is told.
//
//	0m shift
//	30m desk
//	1h30m desk:front
//	2h #7
func ParseChain(text string) ([]hearback.Escalation, error) {
	var list []hearback.Escalation
	for i, line := range lines(text) {
		after, to, ok := strings.Cut(strings.Join(strings.Fields(line), " "), " ")
		d, err := time.ParseDuration(after)
		if !ok || err != nil {
			return nil, fmt.Errorf("line %d of the chain: %w: write how long after, and who is told, as in: 30m desk", i+1, hearback.ErrInvalid)
		}
		list = append(list, hearback.Escalation{After: d, To: to})
	}
	return list, nil
}

// WriteChain writes a chain as [ParseChain] reads it.
func WriteChain(list []hearback.Escalation) string {
	var b strings.Builder
	for _, e := range list {
		s := e.After.String() // 1h30m0s
		if strings.HasSuffix(s, "m0s") {
			s = s[:len(s)-2]
		}
		if strings.HasSuffix(s, "h0m") {
			s = s[:len(s)-2]
		}
		fmt.Fprintf(&b, "%s %s\n", s, e.To)
	}
	return b.String()
}

func lines(text string) (list []string) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}

// checkDuty returns [hearback.ErrInvalid] for shifts and chains that cannot be.
func checkDuty(d hearback.Desk) error {
	if len(d.Shifts) > maxShifts || len(d.Chain) > maxChain {
		return fmt.Errorf("%w: a desk keeps at most %d shifts and a chain of at most %d steps", hearback.ErrInvalid, maxShifts, maxChain)
	}
	for _, s := range d.Shifts {
		switch {
		case len(s.Days) == 0 && s.Date == "" || len(s.Staff) == 0:
			return fmt.Errorf("%w: a shift has days and somebody who is on duty", hearback.ErrInvalid)
		case len(s.Staff) > maxStaff:
			return fmt.Errorf("%w: a shift has at most %d people", hearback.ErrInvalid, maxStaff)
		case s.From < 0 || s.From >= 24*60 || s.To < 0 || s.To > 24*60:
			return fmt.Errorf("%w: a shift begins and ends at a time of day, as 08:00-20:00", hearback.ErrInvalid)
		}
	}
	var last time.Duration
	for _, e := range d.Chain {
		slug, other := strings.CutPrefix(e.To, "desk:")
		number, staff := strings.CutPrefix(e.To, "#")
		_, err := strconv.ParseUint(number, 10, 31)
		switch {
		case e.After < last || e.After > maxAfter:
			return fmt.Errorf("%w: the steps of a chain follow each other in time and end within 30 days", hearback.ErrInvalid)
		case e.To == "shift" || e.To == "desk" || other && hearback.ValidSlug(slug) || staff && err == nil:
		default:
			return fmt.Errorf("%w: %.40q cannot be told; write shift, desk, desk: and the short name of a desk, or # and the number of an account", hearback.ErrInvalid, e.To)
		}
		last = e.After
	}
	return nil
}
