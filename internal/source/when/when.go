// Package when reads times as people and programs write them in feeds, tables
// and messages, in English and Chinese. It guesses no century and no calendar:
// what it cannot be sure of is an error that says so.
package when

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/width"

	"example.org/hearback"
)

// The years in which a message can have been said. A time outside is a slip:
// year 1 is a field that was never set, year 9999 one that means "for ever".
const (
	MinYear = 1990
	MaxYear = 2100
)

// Options say how to read what a time leaves open.
type Options struct {
	Zone     *time.Location // of times that state none; nil means UTC
	DayFirst bool           // 03/04/2024 is the third of April
	Excel    bool           // numbers from 20000 to 80000 are days as spreadsheets count them
	Excel04  bool           // those days are counted from 1904
}

// Parse reads one time. Its error is a sentence that wraps
// [hearback.ErrInvalid]. It does not quote s: in a table whose columns are
// mixed up, s may be anything, a telephone number too, and errors are logged.
func Parse(s string, o Options) (time.Time, error) {
	t, ok := parse(s, o)
	if !ok {
		return time.Time{}, fmt.Errorf("%w: this is not a time; write it as 2024-03-05 14:05 or 2024-03-05T14:05:00+08:00", hearback.ErrInvalid)
	}
	if y := t.Year(); y < MinYear || y > MaxYear {
		return time.Time{}, fmt.Errorf("%w: the time is in the year %d, and only %d to %d can be right", hearback.ErrInvalid, y, MinYear, MaxYear)
	}
	return t, nil
}

// Epoch reads a time given as a number of seconds, milli- or microseconds
// since 1970, told apart by size.
func Epoch(n float64) (time.Time, error) {
	t, ok := epoch(n)
	if !ok || t.Year() < MinYear || t.Year() > MaxYear {
		return time.Time{}, fmt.Errorf("%w: this is no time in seconds or milliseconds since 1970 between the years %d and %d", hearback.ErrInvalid, MinYear, MaxYear)
	}
	return t, nil
}

func epoch(n float64) (time.Time, bool) {
	switch {
	case n >= 1e8 && n < 1e11:
		return time.UnixMicro(int64(n * 1e6)).UTC(), true
	case n >= 1e11 && n < 1e14:
		return time.UnixMicro(int64(n * 1e3)).UTC(), true
	case n >= 1e14 && n < 1e17:
		return time.UnixMicro(int64(n)).UTC(), true
	case n >= 1e17 && n < 9e18:
		return time.UnixMicro(int64(n / 1e3)).UTC(), true
	}
	return time.Time{}, false
}

// named are forms with names of months or zones, which the scanner of numbers
// below does not read. Forms with a zone come first.
var named = []string{
	time.RFC1123Z, time.RFC1123, time.RFC822Z, time.RFC822, time.RFC850,
	"Mon, 2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05 MST", "Mon, 2 Jan 2006 15:04 -0700",
	"2 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05 MST", "2 Jan 2006 15:04:05", "2 Jan 2006 15:04", "2 Jan 2006",
	"2 January 2006 15:04:05", "2 January 2006 15:04", "2 January 2006", "2 January 2006, 15:04",
	"Jan 2, 2006 3:04:05 PM", "Jan 2, 2006 3:04 PM", "Jan 2, 2006, 3:04 PM", "Jan 2, 2006 15:04:05", "Jan 2, 2006 15:04", "Jan 2, 2006",
	"January 2, 2006 3:04:05 PM", "January 2, 2006 3:04 PM", "January 2, 2006, 3:04 PM", "January 2, 2006 at 3:04 PM", "January 2, 2006 15:04", "January 2, 2006",
	"Mon Jan 2 15:04:05 -0700 2006", "Mon Jan 2 15:04:05 MST 2006", "Mon Jan 2 15:04:05 2006",
	"2-Jan-2006 15:04:05", "2-Jan-2006 15:04", "2-Jan-2006", "2-Jan-06", "2006-Jan-02",
	"Monday, January 2, 2006 3:04 PM", "Monday, January 2, 2006", "Monday, 2 January 2006",
}

// zones are the abbreviations that mean one thing in feeds. Go reads an
// unknown one as UTC, which would be wrong by hours.
var zones = map[string]int{
	"UTC": 0, "GMT": 0, "UT": 0, "Z": 0, "EST": -5, "EDT": -4, "CDT": -5, "MST": -7, "MDT": -6,
	"PST": -8, "PDT": -7, "CET": 1, "CEST": 2, "JST": 9, "KST": 9, "HKT": 8,
}

func parse(s string, o Options) (time.Time, bool) {
	if len(s) > 100 {
		return time.Time{}, false
	}
	s = strings.TrimSpace(s)
	if !ascii(s) {
		s = strings.TrimSpace(width.Narrow.String(s))
	}
	if s == "" {
		return time.Time{}, false
	}
	zone := o.Zone
	if zone == nil {
		zone = time.UTC
	}
	if t, ok := number(s, zone, o); ok {
		return t, true
	}
	if t, ok := scan(s, zone, o); ok {
		return t, true
	}
	if s[0] >= '0' && s[0] <= '9' || s[0] >= 'A' && s[0] <= 'Z' || s[0] >= 'a' && s[0] <= 'z' {
		return words(s, zone)
	}
	return time.Time{}, false
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// words reads the forms with names in them.
func words(s string, zone *time.Location) (time.Time, bool) {
	// A zone by name at the end is taken off, because Go would take an
	// unknown one for UTC.
	if i := strings.LastIndexByte(s, ' '); i > 0 {
		if h, ok := zones[s[i+1:]]; ok {
			return words(s[:i], time.FixedZone(s[i+1:], h*3600))
		}
	}
	for _, form := range named {
		if strings.HasSuffix(form, "MST") || strings.Contains(form, "MST ") {
			continue
		}
		if t, err := time.ParseInLocation(form, s, zone); err == nil {
			return t, true
		}
	}
	// "Tue, 05 Mar 2024 14:05:00" with its zone taken off.
	if _, rest, ok := strings.Cut(s, ", "); ok && len(s)-len(rest) <= len("Wednesday, ") && s[0] > '9' {
		return words(rest, zone)
	}
	return time.Time{}, false
}

// number reads times that are one number: 20240305, 20240305140500, seconds
// or milliseconds since 1970, days as spreadsheets count them.
func number(s string, zone *time.Location, o Options) (time.Time, bool) {
	for i := range len(s) {
		if (s[i] < '0' || s[i] > '9') && (s[i] != '.' || i == 0) {
			return time.Time{}, false
		}
	}
	if !strings.Contains(s, ".") {
		for _, form := range []string{"20060102", "20060102150405", "200601021504"} {
			if len(s) == len(form) {
				if t, err := time.ParseInLocation(form, s, zone); err == nil && t.Year() >= MinYear && t.Year() <= MaxYear {
					return t, true
				}
			}
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return time.Time{}, false
	}
	if o.Excel && f >= 20000 && f < 80000 {
		base := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
		if o.Excel04 {
			base = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
		}
		t := base.Add(time.Duration(f*86400+0.5) * time.Second)
		return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, zone), true
	}
	return epoch(f)
}

// scan reads dates written in numbers, in any order of year, month and day
// that can be told, with or without a time and a zone:
// 2024-03-05T14:05:00.123Z, 2024/3/5 14:05, 5.3.2024, 3/5/2024 2:05 PM,
// 2024年3月5日 下午2点5分.
func scan(s string, zone *time.Location, o Options) (time.Time, bool) {
	p := scanner{s: s}
	a, na := p.digits()
	sep := p.dateSep()
	b, nb := p.digits()
	if na == 0 || nb == 0 || nb > 2 || sep == 0 || na != 4 && na > 2 {
		return time.Time{}, false
	}
	if next := p.dateSep(); next != sep {
		return time.Time{}, false
	}
	c, nc := p.digits()
	if nc == 0 {
		return time.Time{}, false
	}
	var year, month, day int
	switch {
	case na == 4 && nc <= 2:
		year, month, day = a, b, c
	case nc == 4 && sep == '.', nc == 4 && (o.DayFirst || a > 12) && b <= 12:
		day, month, year = a, b, c
	case nc == 4:
		month, day, year = a, b, c
	default:
		return time.Time{}, false // two digits could be any century
	}
	if sep == 'C' {
		p.eat("日", "号", "號")
	}
	var hour, minute, second, nano int
	p.space()
	// The day of the week is told by the date: "2024年3月5日 星期二".
	if p.eat("(") {
		p.weekday()
		if !p.eat(")") {
			return time.Time{}, false
		}
	} else {
		p.weekday()
	}
	p.space()
	if p.s != "" {
		half := p.half() // 下午 before the time
		p.space()
		var n int
		if hour, n = p.digits(); n == 0 || n > 2 {
			return time.Time{}, false
		}
		if p.eat(":", "时", "時", "点", "點") {
			p.space()
			if minute, n = p.digits(); n > 2 || n == 0 && p.s != "" {
				return time.Time{}, false
			}
			if p.eat(":", "分") {
				if second, n = p.digits(); n > 2 {
					return time.Time{}, false
				}
				if n > 0 && p.eat(".", ",") {
					if nano, n = p.fraction(); n == 0 {
						return time.Time{}, false
					}
				}
				p.eat("秒")
			}
		} else if half == 0 && !p.halfAhead() {
			return time.Time{}, false
		}
		p.space()
		if half == 0 {
			half = p.half()
			p.space()
		}
		switch {
		case half != 0 && hour > 12 && half == 'a':
			return time.Time{}, false
		case half == 'p' && hour < 12, half == 'n' && hour < 5:
			hour += 12
		case half == 'a' && hour == 12:
			hour = 0
		}
		if p.s != "" {
			if zone = p.zone(); zone == nil || p.s != "" {
				return time.Time{}, false
			}
		}
	}
	if month < 1 || month > 12 || day < 1 || hour > 24 || minute > 59 || second > 60 || hour == 24 && minute+second > 0 {
		return time.Time{}, false
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, nano, zone)
	if d := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC); d.Day() != day {
		return time.Time{}, false // 30 February
	}
	return t, true
}

// A scanner eats the front of s.
type scanner struct{ s string }

func (p *scanner) digits() (v, n int) {
	for n < len(p.s) && n < 9 && p.s[n] >= '0' && p.s[n] <= '9' {
		v = v*10 + int(p.s[n]-'0')
		n++
	}
	p.s = p.s[n:]
	return v, n
}

func (p *scanner) fraction() (nano, n int) {
	scale := 100_000_000
	for n < len(p.s) && p.s[n] >= '0' && p.s[n] <= '9' {
		nano += int(p.s[n]-'0') * scale
		scale /= 10
		n++
	}
	p.s = p.s[n:]
	return nano, n
}

// dateSep eats what stands between the parts of a date; 'C' stands for 年
// and 月.
func (p *scanner) dateSep() byte {
	if p.s == "" {
		return 0
	}
	if c := p.s[0]; c == '-' || c == '/' || c == '.' {
		p.s = p.s[1:]
		return c
	}
	p.space()
	if p.eat("年", "月") {
		p.space()
		return 'C'
	}
	return 0
}

func (p *scanner) eat(any ...string) bool {
	for _, x := range any {
		if strings.HasPrefix(p.s, x) {
			p.s = p.s[len(x):]
			return true
		}
	}
	return false
}

func (p *scanner) space() {
	p.s = strings.TrimLeft(p.s, " \t\u00a0\u202f")
	if len(p.s) > 1 && (p.s[0] == 'T' || p.s[0] == 't' || p.s[0] == ',') && (p.s[1] >= '0' && p.s[1] <= '9' || p.s[1] == ' ') {
		p.s = strings.TrimLeft(p.s[1:], " ")
	}
}

func (p *scanner) weekday() {
	if p.eat("星期", "周", "週", "礼拜") {
		p.eat("一", "二", "三", "四", "五", "六", "日", "天")
	}
}

// half eats the half of the day: 'a', 'p', 'n' for about noon, or 0 if none
// stands there.
func (p *scanner) half() byte {
	low := strings.ToLower(p.s)
	for _, x := range []struct {
		word string
		half byte
	}{
		{"上午", 'a'}, {"凌晨", 'a'}, {"早上", 'a'}, {"清晨", 'a'}, {"中午", 'n'}, {"下午", 'p'}, {"晚上", 'p'}, {"傍晚", 'p'},
		{"a.m.", 'a'}, {"p.m.", 'p'}, {"am", 'a'}, {"pm", 'p'},
	} {
		if strings.HasPrefix(low, x.word) {
			p.s = p.s[len(x.word):]
			return x.half
		}
	}
	return 0
}

func (p *scanner) halfAhead() bool {
	q := scanner{strings.TrimLeft(p.s, " ")}
	return q.half() != 0
}

// zone eats a zone, which must be the rest: Z, +08:00, +0800, +8, UTC+8, EST.
func (p *scanner) zone() *time.Location {
	p.s = strings.TrimSpace(p.s)
	if h, ok := zones[strings.ToUpper(p.s)]; ok {
		p.s = ""
		return time.FixedZone("", h*3600)
	}
	if !p.eat("UTC", "GMT") {
		p.eat("(UTC", "(GMT")
	}
	if p.s == "" || p.s[0] != '+' && p.s[0] != '-' {
		return nil
	}
	sign := 1
	if p.s[0] == '-' {
		sign = -1
	}
	p.s = p.s[1:]
	h, n := p.digits()
	m := 0
	switch {
	case n == 4:
		h, m = h/100, h%100
	case n == 0 || n > 2:
		return nil
	case p.eat(":"):
		if m, n = p.digits(); n != 2 {
			return nil
		}
	}
	p.eat(")")
	if h > 15 || m > 59 {
		return nil
	}
	return time.FixedZone("", sign*(h*3600+m*60))
}
