package desk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"example.org/hearback"
	"example.org/hearback/internal/desk"
)

// clockCases are clocks by hand, one a line: what is special, the calendar (its
// country or -, its zone, days off), how long the clock runs, when it starts
// and when it runs out, and its pauses. Times without a day are those of the
// desk's zone.
const clockCases = `
# China: holidays, and the working days that are moved
an ordinary week            | CN Asia/Shanghai Sat,Sun | 24h  | 2026-03-18 09:00 | 2026-03-19 09:00
an ordinary weekend         | CN Asia/Shanghai Sat,Sun | 24h  | 2026-03-20 16:00 | 2026-03-23 16:00
starts on Saturday          | CN Asia/Shanghai Sat,Sun | 24h  | 2026-03-21 11:00 | 2026-03-24 00:00
New Year, three days        | CN Asia/Shanghai Sat,Sun | 24h  | 2025-12-31 10:00 | 2026-01-04 10:00
New Year's Sunday is worked | CN Asia/Shanghai Sat,Sun | 48h  | 2025-12-31 10:00 | 2026-01-05 10:00
Saturday before the Spring Festival is worked | CN Asia/Shanghai Sat,Sun | 24h | 2026-02-13 15:00 | 2026-02-14 15:00
over the Spring Festival    | CN Asia/Shanghai Sat,Sun | 24h  | 2026-02-14 15:00 | 2026-02-24 15:00
in the Spring Festival      | CN Asia/Shanghai Sat,Sun | 24h  | 2026-02-18 15:00 | 2026-02-25 00:00
seven days over the Spring Festival | CN Asia/Shanghai Sat,Sun | 168h | 2026-02-12 09:00 | 2026-02-28 09:00
Saturday after the Spring Festival is worked | CN Asia/Shanghai Sat,Sun | 24h | 2026-02-27 09:00 | 2026-02-28 09:00
the Sunday after that one is not | CN Asia/Shanghai Sat,Sun | 24h | 2026-02-28 09:00 | 2026-03-02 09:00
Qingming joins a weekend    | CN Asia/Shanghai Sat,Sun | 24h  | 2026-04-03 09:00 | 2026-04-07 09:00
1 May, five days            | CN Asia/Shanghai Sat,Sun | 24h  | 2026-04-30 12:00 | 2026-05-06 12:00
Saturday 9 May is worked    | CN Asia/Shanghai Sat,Sun | 48h  | 2026-05-07 12:00 | 2026-05-09 12:00
Saturday 9 May, and its Sunday not | CN Asia/Shanghai Sat,Sun | 72h | 2026-05-07 12:00 | 2026-05-11 12:00
Dragon Boat                 | CN Asia/Shanghai Sat,Sun | 48h  | 2026-06-17 08:00 | 2026-06-22 08:00
Sunday 20 September is worked | CN Asia/Shanghai Sat,Sun | 24h | 2026-09-19 10:00 | 2026-09-21 00:00
Mid-Autumn                  | CN Asia/Shanghai Sat,Sun | 24h  | 2026-09-24 18:30 | 2026-09-28 18:30
National Day, seven days    | CN Asia/Shanghai Sat,Sun | 24h  | 2026-09-30 17:00 | 2026-10-08 17:00
Saturday 10 October is worked | CN Asia/Shanghai Sat,Sun | 72h | 2026-10-07 10:00 | 2026-10-11 00:00
seven days from 30 September | CN Asia/Shanghai Sat,Sun | 168h | 2026-09-30 00:00 | 2026-10-15 00:00
2025: eight days of October | CN Asia/Shanghai Sat,Sun | 24h  | 2025-09-30 17:00 | 2025-10-09 17:00
2025: Sunday 28 September is worked | CN Asia/Shanghai Sat,Sun | 24h | 2025-09-27 09:00 | 2025-09-29 00:00
2025: Saturday 11 October is worked | CN Asia/Shanghai Sat,Sun | 48h | 2025-10-09 09:00 | 2025-10-11 09:00
2024: Sunday 4 February is worked | CN Asia/Shanghai Sat,Sun | 24h | 2024-02-02 09:00 | 2024-02-04 09:00
2027, by law: the New Year's Eve and three days | CN Asia/Shanghai Sat,Sun | 24h | 2027-02-04 09:00 | 2027-02-09 09:00
a desk in China that works on Saturdays | CN Asia/Shanghai Sun | 24h | 2026-03-20 16:00 | 2026-03-21 16:00
a Saturday that is off all the same | CN Asia/Shanghai Sun | 24h | 2026-04-03 16:00 | 2026-04-07 16:00
holidays of China, no days off of the week | CN Asia/Shanghai - | 24h | 2026-09-30 17:00 | 2026-10-08 17:00

# other countries
Britain: Good Friday to Easter Monday | GB Europe/London Sat,Sun | 24h | 2026-04-02 09:00 | 2026-04-07 09:00
Britain: Christmas and the day in its place | GB Europe/London Sat,Sun | 24h | 2026-12-24 09:00 | 2026-12-29 09:00
America: Independence Day is kept on Friday | US America/New_York Sat,Sun | 24h | 2026-07-02 09:00 | 2026-07-06 09:00
America: Thanksgiving       | US America/New_York Sat,Sun | 24h | 2026-11-25 15:00 | 2026-11-27 15:00
Japan: a week in September  | JP Asia/Tokyo Sat,Sun | 24h | 2026-09-18 10:00 | 2026-09-24 10:00
Japan: Golden Week          | JP Asia/Tokyo Sat,Sun | 24h | 2026-05-01 10:00 | 2026-05-07 10:00
Emirates: Sunday is off, Friday is not | AE Asia/Dubai Sat,Sun | 24h | 2026-04-03 10:00 | 2026-04-06 10:00
Spain: 12 October           | ES Europe/Madrid Sat,Sun | 24h | 2026-10-09 10:00 | 2026-10-13 10:00
India: Republic Day         | IN Asia/Kolkata Sun | 24h | 2026-01-24 10:00 | 2026-01-27 10:00
a year that is not in the data | GB Europe/London Sat,Sun | 24h | 2051-12-20 10:00 | 2051-12-21 10:00

# time zones and summer time
the day is the desk's       | - Asia/Shanghai Sat,Sun | 24h | 2026-03-19 23:00 | 2026-03-20 23:00
late on Friday              | - Asia/Shanghai Sat,Sun | 24h | 2026-03-20 23:59 | 2026-03-23 23:59
Friday in New York, Saturday in Shanghai | - Asia/Shanghai Sat,Sun | 24h | 2026-03-21T02:00Z | 2026-03-23T16:00Z
Friday in New York          | - America/New_York Sat,Sun | 24h | 2026-03-21T02:00Z | 2026-03-24T02:00Z
half hours of a zone        | - Asia/Kolkata Sun | 24h | 2026-03-21 23:45 | 2026-03-23 23:45
quarter hours of a zone     | - Asia/Kathmandu Sat | 24h | 2026-03-20 20:00 | 2026-03-22 20:00
summer time begins on the day off | - Europe/London Sat,Sun | 24h | 2026-03-27 12:00 | 2026-03-30 12:00
summer time ends on the day off | - Europe/London Sat,Sun | 24h | 2026-10-23 12:00 | 2026-10-26 12:00
summer time begins on a day of work: 23 hours | - Europe/London Fri | 24h | 2026-03-28 12:00 | 2026-03-29 13:00
summer time ends on a day of work: 25 hours | - Europe/London Fri | 24h | 2026-10-24 12:00 | 2026-10-25 11:00
America begins earlier      | - America/New_York Fri | 24h | 2026-03-07 12:00 | 2026-03-08 13:00
a day that begins at one o'clock | - America/Santiago Mon | 24h | 2026-09-05 12:00 | 2026-09-06 13:00
a day that the islands skipped | - Pacific/Apia Sun | 24h | 2011-12-29 12:00 | 2011-12-31 12:00
in the hour that comes twice | - Europe/London Mon | 1h | 2026-10-25T00:30Z | 2026-10-25T01:30Z
no zone is UTC              | - - Sat,Sun | 24h | 2026-03-20T16:00Z | 2026-03-23T16:00Z
29 February                 | - Asia/Shanghai Sat,Sun | 24h | 2028-02-28 09:00 | 2028-02-29 09:00
over the New Year           | - Asia/Shanghai Sat,Sun | 72h | 2026-12-30 09:00 | 2027-01-04 09:00
no time at all              | CN Asia/Shanghai Sat,Sun | 0s | 2026-10-02 09:00 | 2026-10-02 09:00
exactly at midnight: Friday is over | CN Asia/Shanghai Sat,Sun | 24h | 2026-03-20 00:00 | 2026-03-21 00:00

# pauses
a pause of two hours        | CN Asia/Shanghai Sat,Sun | 24h | 2026-03-18 09:00 | 2026-03-19 11:00 | 2026-03-18 10:00/2026-03-18 12:00
two pauses                  | CN Asia/Shanghai Sat,Sun | 24h | 2026-03-18 09:00 | 2026-03-19 12:00 | 2026-03-18 10:00/2026-03-18 12:00 2026-03-19 01:00/2026-03-19 02:00
a pause over a weekend costs only its working hours | CN Asia/Shanghai Sat,Sun | 24h | 2026-03-20 10:00 | 2026-03-24 10:00 | 2026-03-20 12:00/2026-03-23 12:00
a pause in a weekend costs nothing | CN Asia/Shanghai Sat,Sun | 24h | 2026-03-20 10:00 | 2026-03-23 10:00 | 2026-03-21 08:00/2026-03-22 20:00
a pause over National Day   | CN Asia/Shanghai Sat,Sun | 24h | 2026-09-30 12:00 | 2026-10-09 00:00 | 2026-09-30 12:00/2026-10-08 00:00
a pause ends in a holiday   | CN Asia/Shanghai Sat,Sun | 24h | 2026-09-30 12:00 | 2026-10-08 18:00 | 2026-09-30 18:00/2026-10-03 09:00
a pause after the clock ran out | CN Asia/Shanghai Sat,Sun | 24h | 2026-03-18 09:00 | 2026-03-19 09:00 | 2026-03-19 09:00/2026-03-20 09:00
a pause before it started   | CN Asia/Shanghai Sat,Sun | 24h | 2026-03-18 09:00 | 2026-03-19 09:00 | 2026-03-17 09:00/2026-03-18 09:00
a pause over the start      | CN Asia/Shanghai Sat,Sun | 24h | 2026-03-18 09:00 | 2026-03-19 12:00 | 2026-03-17 09:00/2026-03-18 12:00
a pause over the start of summer time | - Europe/London Fri | 24h | 2026-03-28 12:00 | 2026-03-29 15:00 | 2026-03-29 00:00/2026-03-29 03:00
no calendar, and a pause    | - - - | 24h | 2026-03-20T10:00Z | 2026-03-21T13:00Z | 2026-03-20T12:00Z/2026-03-20T15:00Z
`

var shortDays = map[string]time.Weekday{"Sun": 0, "Mon": 1, "Tue": 2, "Wed": 3, "Thu": 4, "Fri": 5, "Sat": 6}

func TestClockTable(t *testing.T) {
	n := 0
	for line := range strings.Lines(clockCases) {
		f := strings.Split(strings.TrimSpace(line), "|")
		for i := range f {
			f[i] = strings.TrimSpace(f[i])
		}
		if len(f) < 5 {
			continue
		}
		n++
		t.Run(f[0], func(t *testing.T) {
			var d hearback.Desk
			cal := strings.Fields(f[1])
			for i, s := range cal {
				if s == "-" {
					cal[i] = ""
				}
			}
			d.Country, d.Zone = cal[0], cal[1]
			for s := range strings.SplitSeq(cal[2], ",") {
				if day, ok := shortDays[s]; ok {
					d.Off = append(d.Off, day)
				}
			}
			zone, err := time.LoadLocation(d.Zone)
			if err != nil {
				t.Fatal(err)
			}
			at := func(s string) time.Time {
				v, err := time.Parse("2006-01-02T15:04Z", s)
				if err != nil {
					v, err = time.ParseInLocation("2006-01-02 15:04", s, zone)
				}
				if err != nil {
					t.Fatal(err)
				}
				return v
			}
			in, err := time.ParseDuration(f[2])
			if err != nil {
				t.Fatal(err)
			}
			var pauses []hearback.Pause
			if len(f) > 5 {
				w := strings.Fields(strings.ReplaceAll(f[5], "/", " "))
				step := 4
				if strings.Contains(f[5], "Z") {
					step = 2
				}
				for ; len(w) >= step; w = w[step:] {
					half := step / 2
					pauses = append(pauses, hearback.Pause{From: at(strings.Join(w[:half], " ")), To: at(strings.Join(w[half:step], " "))})
				}
			}
			c := desk.CalendarOf(d)
			due := c.Add(at(f[3]), in, pauses...)
			if !due.Equal(at(f[4])) {
				t.Errorf("due %s, want %s", due.In(zone), at(f[4]).In(zone))
			}
			if got := c.Between(at(f[3]), due, pauses...); got != in {
				t.Errorf("the clock ran %s until then, want %s", got, in)
			}
		})
	}
	if n < 60 {
		t.Errorf("%d cases, want 60 at least", n)
	}
}

// TestOwnDays: what a desk says of a day goes before what its country says.
func TestOwnDays(t *testing.T) {
	shanghai, _ := time.LoadLocation("Asia/Shanghai")
	d := hearback.Desk{Country: "CN", Zone: "Asia/Shanghai", Off: []time.Weekday{0, 6}, Workdays: []string{"2026-10-02", "2026-03-21", "2026-03-23"}, Holidays: []string{"2026-10-08", "2026-03-23", "2026-02-14"}}
	c := desk.CalendarOf(d)
	for day, want := range map[string]bool{
		"2026-10-01": false, "2026-10-02": true, "2026-10-03": false, "2026-10-08": false, "2026-10-09": true,
		"2026-03-21": true, "2026-03-22": false, "2026-03-23": true, "2026-02-14": false, "2026-02-28": true,
	} {
		at, err := time.ParseInLocation(time.DateOnly, day, shanghai)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Works(at.Add(12 * time.Hour)); got != want {
			t.Errorf("works on %s: %t, want %t", day, got, want)
		}
	}
	if !c.Announced(2026) || c.Announced(2027) || c.Announced(2050) {
		t.Error("2026 has been announced, 2027 and 2050 have not")
	}
	if got := desk.Countries(); len(got) < 200 || got[0] >= got[1] {
		t.Errorf("%d countries, from %v on", len(got), got[:2])
	}
}

// drawDesk draws a desk with some calendar.
func drawDesk(t *rapid.T) hearback.Desk {
	d := hearback.Desk{
		Zone:    rapid.SampledFrom([]string{"", "Asia/Shanghai", "America/New_York", "Asia/Kolkata", "America/Santiago", "Europe/London"}).Draw(t, "zone"),
		Country: rapid.SampledFrom([]string{"", "CN", "GB", "JP"}).Draw(t, "country"),
	}
	for day := range time.Weekday(7) {
		if len(d.Off) < 6 && rapid.Bool().Draw(t, "off") {
			d.Off = append(d.Off, day)
		}
	}
	for range rapid.IntRange(0, 5).Draw(t, "holidays") {
		d.Holidays = append(d.Holidays, start.AddDate(0, 0, rapid.IntRange(0, 60).Draw(t, "day")).Format(time.DateOnly))
	}
	return d
}

// drawPauses draws pauses that follow each other.
func drawPauses(t *rapid.T, from time.Time) (list []hearback.Pause) {
	for range rapid.IntRange(0, 3).Draw(t, "pauses") {
		from = from.Add(time.Duration(rapid.IntRange(1, 5000).Draw(t, "runs")) * time.Minute)
		to := from.Add(time.Duration(rapid.IntRange(1, 5000).Draw(t, "stands")) * time.Minute)
		list = append(list, hearback.Pause{From: from, To: to})
		from = to
	}
	return list
}

// TestClockLaws checks, for any calendar and any pauses, what must hold of
// clocks: they never run out sooner than on the wall, later starts never end
// sooner, one clock after another is one long clock, and how long a clock has
// run is what it was set to.
func TestClockLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDesk(t)
		c := desk.CalendarOf(d)
		from := start.Add(time.Duration(rapid.IntRange(0, 300*24*60).Draw(t, "start")) * time.Minute)
		pauses := drawPauses(t, from)
		in := time.Duration(rapid.IntRange(0, 15*24*60).Draw(t, "in")) * time.Minute
		more := time.Duration(rapid.IntRange(0, 5*24*60).Draw(t, "more")) * time.Minute
		due := c.Add(from, in, pauses...)
		switch {
		case due.Before(from.Add(in)):
			t.Fatalf("due %s, sooner than by the wall clock", due)
		case c.Between(from, due, pauses...) != in:
			t.Fatalf("the clock ran %s, want %s", c.Between(from, due, pauses...), in)
		case c.Add(from.Add(time.Hour), in, pauses...).Before(due):
			t.Fatal("started later, it ends sooner")
		case c.Add(from, in).After(due):
			t.Fatal("pauses made it end sooner")
		case in > 0 && more > 0 && !c.Add(due, more, pauses...).Equal(c.Add(from, in+more, pauses...)):
			t.Fatalf("%s and then %s are due %s, together %s", in, more, c.Add(due, more, pauses...), c.Add(from, in+more, pauses...))
		case in > 0 && !c.Works(due.Add(-1)):
			t.Fatalf("it ran out at %s, when it does not run", due)
		}
	})
}

// TestPauseLaws pauses and resumes a case at random times and checks that its
// clocks are due when one walk over all of its time says.
func TestPauseLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDesk(t)
		tier := rapid.SampledFrom([]hearback.Tier{hearback.P2, hearback.P3, hearback.P4}).Draw(t, "tier")
		c := &hearback.Case{Tier: tier, State: hearback.CaseRouted, Since: start, Deadlines: desk.Clocks(tier, start, d)}
		plain := desk.Clocks(tier, start, d)
		by := hearback.Actor{ID: 1}
		for _, p := range drawPauses(t, start) {
			if err := c.Pause(by, p.From, "the laboratory"); err != nil {
				t.Fatal(err)
			}
			if err := desk.Resume(c, d, p.To); err != nil {
				t.Fatal(err)
			}
		}
		cal := desk.CalendarOf(d)
		if tier == hearback.P2 {
			cal = desk.CalendarOf(hearback.Desk{})
		}
		for i, k := range c.Deadlines {
			want := cal.Add(start, cal.Between(start, plain[i].Due), c.Pauses...)
			if !k.Due.Equal(want) {
				t.Fatalf("%s: due %s, want %s; pauses %v", k.Kind, k.Due, want, c.Pauses)
			}
			now := start.Add(time.Duration(rapid.IntRange(0, 40*24*60).Draw(t, "now")) * time.Minute)
			r := desk.Read(c, k, d, now)
			if r.Net > r.Gross || r.Net < 0 || (r.Share() >= 1) != (!now.Before(k.Due)) && !k.Due.Equal(start) {
				t.Fatalf("at %s, due %s: %+v, share %g", now, k.Due, r, r.Share())
			}
			if half := desk.Reaches(c, k, d, .5); half.After(k.Due) || half.Before(start) {
				t.Fatalf("half at %s, due %s", half, k.Due)
			}
		}
	})
}

func TestShifts(t *testing.T) {
	text := "Mon-Fri 08:00-20:00 #3 #5\nsat,Sun 20:00-08:00 #4\n\n2026-03-20 10:00-24:00 #7\n周一-周五 20:00-8:00 #6\n"
	shifts, err := desk.ParseShifts(text)
	if err != nil {
		t.Fatal(err)
	}
	again, err := desk.ParseShifts(desk.WriteShifts(shifts))
	if err != nil || fmt.Sprint(again) != fmt.Sprint(shifts) {
		t.Errorf("read back %v, %v", again, err)
	}
	for _, same := range [][2]string{{"周一至周五　20：00－8：00　＃6", "Mon-Fri 20:00-08:00 #6"}, {"周六、星期日 08:00-20:00 #3", "Sat,Sun 08:00-20:00 #3"}, {"周一，周三 08:00—12:00 #3", "Mon,Wed 08:00-12:00 #3"}} {
		a, err1 := desk.ParseShifts(same[0])
		b, err2 := desk.ParseShifts(same[1])
		if err1 != nil || err2 != nil || fmt.Sprint(a) != fmt.Sprint(b) {
			t.Errorf("%q is read as %v, %v, and %q as %v, %v", same[0], a, err1, same[1], b, err2)
		}
	}
	d := hearback.Desk{Slug: "water", Zone: "Asia/Shanghai", Shifts: shifts}
	shanghai, _ := time.LoadLocation("Asia/Shanghai")
	for at, want := range map[string]string{
		"2026-03-18 08:00": "[3 5]", "2026-03-18 07:59": "[6]", "2026-03-18 20:00": "[6]",
		"2026-03-20 07:00": "[6]",                           // Thursday's night
		"2026-03-20 09:00": "[]",                            // Friday is a day of its own
		"2026-03-20 23:59": "[7]",                           //
		"2026-03-21 06:00": "[]", "2026-03-21 21:00": "[4]", // after the day of its own nobody is on duty
		"2026-03-22 06:00": "[4]", "2026-03-23 06:00": "[4]", // Sunday's night
	} {
		now, err := time.ParseInLocation("2006-01-02 15:04", at, shanghai)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(desk.OnShift(d, now)); got != want {
			t.Errorf("on duty at %s: %s, want %s", at, got, want)
		}
	}
	night := time.Date(2026, 3, 21, 6, 0, 0, 0, shanghai)
	if got := desk.Told(d, "shift", night); fmt.Sprint(got) != "[desk:water]" {
		t.Errorf("nobody is on duty: told %v", got)
	}
	for _, bad := range []string{"Mon 08:00 #3", "Mon 08:00-25:00 #3", "Mon 08:00-20:00", "Mon 08:00-20:00 3", "Moon 08:00-20:00 #3", "2026-02-30 08:00-20:00 #3", "Mon 08:00-20:00 #0", "Mon 08:00-20:60 #1"} {
		if _, err := desk.ParseShifts(bad); err == nil {
			t.Errorf("ParseShifts(%q) has no error", bad)
		}
	}
}

func TestChainText(t *testing.T) {
	chain, err := desk.ParseChain("0m shift\n30m desk\n1h30m desk:front\n2h #7\n")
	if err != nil || len(chain) != 4 || chain[2].After != 90*time.Minute || chain[2].To != "desk:front" {
		t.Fatalf("%v, %v", chain, err)
	}
	if got := desk.WriteChain(chain); got != "0s shift\n30m desk\n1h30m desk:front\n2h #7\n" {
		t.Errorf("written as %q", got)
	}
	for _, bad := range []string{"desk", "soon desk", "30m"} {
		if _, err := desk.ParseChain(bad); err == nil {
			t.Errorf("ParseChain(%q) has no error", bad)
		}
	}
}

func FuzzShifts(f *testing.F) {
	f.Add("Mon-Fri 08:00-20:00 #3 #5\n2026-10-01 00:00-24:00 #7", "0m shift\n30m desk")
	f.Add("周一-周五 20:00-08:00 #6", "1h30m desk:front\n2h #7")
	f.Fuzz(func(t *testing.T, shifts, chain string) {
		if s, err := desk.ParseShifts(shifts); err == nil {
			again, err := desk.ParseShifts(desk.WriteShifts(s))
			if err != nil || fmt.Sprint(again) != fmt.Sprint(s) {
				t.Errorf("shifts %q are read back as %v, %v; want %v", shifts, again, err, s)
			}
			desk.OnShift(hearback.Desk{Shifts: s}, start)
		}
		if c, err := desk.ParseChain(chain); err == nil {
			again, err := desk.ParseChain(desk.WriteChain(c))
			if err != nil || fmt.Sprint(again) != fmt.Sprint(c) {
				t.Errorf("chain %q is read back as %v, %v; want %v", chain, again, err, c)
			}
		}
	})
}
