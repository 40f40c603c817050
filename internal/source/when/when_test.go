package when_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/source/when"
)

func TestParse(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		in   string
		o    when.Options
		want string
	}{
		{in: "2024-03-05", want: "2024-03-05T00:00:00Z"},
		{in: "2024-03-05 14:05", want: "2024-03-05T14:05:00Z"},
		{in: "2024-03-05T14:05:00Z", want: "2024-03-05T14:05:00Z"},
		{in: "2024-03-05T14:05:00.123+08:00", want: "2024-03-05T06:05:00.123Z"},
		{in: "2024-03-05 14:05:00 +0800", want: "2024-03-05T06:05:00Z"},
		{in: "2024-03-05 14:05:00 UTC+8", want: "2024-03-05T06:05:00Z"},
		{in: "2024-03-05 14:05:00 EST", want: "2024-03-05T19:05:00Z"},
		{in: "2024/3/5 14:05:06", want: "2024-03-05T14:05:06Z"},
		{in: "2024.3.5", want: "2024-03-05T00:00:00Z"},
		{in: "5.3.2024 14:05", want: "2024-03-05T14:05:00Z"},
		{in: "03/05/2024 02:05:00 PM", want: "2024-03-05T14:05:00Z"},
		{in: "3/5/2024 12:05 am", want: "2024-03-05T00:05:00Z"},
		{in: "03/05/2024", o: when.Options{DayFirst: true}, want: "2024-05-03T00:00:00Z"},
		{in: "25/12/2024", want: "2024-12-25T00:00:00Z"},
		{in: "2024年3月5日 14:05", want: "2024-03-05T14:05:00Z"},
		{in: "2024年3月5日 14:05", o: when.Options{Zone: shanghai}, want: "2024-03-05T06:05:00Z"},
		{in: "2024年03月05日14时05分09秒", want: "2024-03-05T14:05:09Z"},
		{in: "2024年3月5日 星期二 下午2点5分", want: "2024-03-05T14:05:00Z"},
		{in: "2024年3月5日(周二) 上午9:30", want: "2024-03-05T09:30:00Z"},
		{in: "2024年3月5日 中午12:30", want: "2024-03-05T12:30:00Z"},
		{in: "2024年3月5日 中午11:30", want: "2024-03-05T11:30:00Z"},
		{in: "2024年3月5日 凌晨12点", want: "2024-03-05T00:00:00Z"},
		{in: "２０２４年３月５日　１４：０５", want: "2024-03-05T14:05:00Z"},
		{in: "20240305", want: "2024-03-05T00:00:00Z"},
		{in: "20240305140506", want: "2024-03-05T14:05:06Z"},
		{in: "1709647500", want: "2024-03-05T14:05:00Z"},
		{in: "1709647500.5", want: "2024-03-05T14:05:00.5Z"},
		{in: "1709647500123", want: "2024-03-05T14:05:00.123Z"},
		{in: "1709647500123456", want: "2024-03-05T14:05:00.123456Z"},
		{in: "45356.586805555555", o: when.Options{Excel: true}, want: "2024-03-05T14:05:00Z"},
		{in: "43894", o: when.Options{Excel: true, Excel04: true}, want: "2024-03-05T00:00:00Z"},
		{in: "Tue, 05 Mar 2024 14:05:00 +0800", want: "2024-03-05T06:05:00Z"},
		{in: "Tue, 05 Mar 2024 14:05:00 GMT", want: "2024-03-05T14:05:00Z"},
		{in: "Tue, 05 Mar 2024 14:05:00 PST", want: "2024-03-05T22:05:00Z"},
		{in: "Tue Mar 05 14:05:00 +0000 2024", want: "2024-03-05T14:05:00Z"},
		{in: "Mar 5, 2024 2:05 PM", want: "2024-03-05T14:05:00Z"},
		{in: "5 March 2024", want: "2024-03-05T00:00:00Z"},
		{in: " 2024-03-05 \t", want: "2024-03-05T00:00:00Z"},
	} {
		got, err := when.Parse(tt.in, tt.o)
		if err != nil {
			t.Errorf("Parse(%q): %v", tt.in, err)
		} else if s := got.UTC().Format(time.RFC3339Nano); s != tt.want {
			t.Errorf("Parse(%q) = %s, want %s", tt.in, s, tt.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", "is not a time"},
		{"tomorrow", "is not a time"},
		{"明天", "is not a time"},
		{"2024-02-30", "is not a time"},
		{"2024-13-01", "is not a time"},
		{"2024-03", "is not a time"},
		{"05/03/24", "is not a time"},
		{"2024-03-05 25:00", "is not a time"},
		{"2024-03-05 14:05 nonsense", "is not a time"},
		{"12", "is not a time"},
		{"45356", "is not a time"},
		{"2024-03-05T14:05:00 CST", "is not a time"}, // China's or Chicago's
		{"0001-01-01T00:00:00Z", "in the year 1,"},
		{"9999-12-31", "in the year 9999"},
		{strings.Repeat("9", 90), "is not a time"},
		{strings.Repeat("时", 60), "is not a time"},
	} {
		_, err := when.Parse(tt.in, when.Options{})
		if !errors.Is(err, hearback.ErrInvalid) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Parse(%.20q) = %v, want one that says %q", tt.in, err, tt.want)
		}
	}
	for _, n := range []float64{0, -5, 1, 1e20, 5e9} {
		if got, err := when.Epoch(n); err == nil {
			t.Errorf("Epoch(%v) = %v, want an error", n, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"2024年3月5日 下午2点5分", "Tue, 05 Mar 2024 14:05:00 +0800", "2024-03-05T14:05:00.123+08:00", "45356.58", "03/04/2024 2:05 PM"} {
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, s string, first bool) {
		got, err := when.Parse(s, when.Options{DayFirst: first, Excel: first})
		if err == nil && (got.Year() < when.MinYear || got.Year() > when.MaxYear) {
			t.Errorf("Parse(%q) = %v, outside the years", s, got)
		}
		if err != nil && len(err.Error()) > 300 {
			t.Errorf("Parse(%q): an error of %d bytes", s, len(err.Error()))
		}
	})
}
