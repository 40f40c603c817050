package notify

import (
	"strings"
	"testing"
	"time"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// TestQuietEnd: quiet hours over midnight and over nights in which clocks are
// changed. Clocks in New York went forward on 8 March 2026 at 02:00 and go
// back on 1 November at 02:00; Lord Howe changes by half an hour.
func TestQuietEnd(t *testing.T) {
	for _, tt := range []struct {
		name, zone, from, to, at, want string // want "" where it is not quiet
	}{
		{"by day", "Asia/Shanghai", "12:00", "14:00", "2026-03-18 12:00", "2026-03-18 14:00"},
		{"at its end", "Asia/Shanghai", "12:00", "14:00", "2026-03-18 14:00", ""},
		{"a minute before", "Asia/Shanghai", "12:00", "14:00", "2026-03-18 11:59", ""},
		{"before midnight", "Asia/Shanghai", "22:00", "07:00", "2026-03-18 23:59", "2026-03-19 07:00"},
		{"at midnight", "Asia/Shanghai", "22:00", "07:00", "2026-03-18 00:00", "2026-03-18 07:00"},
		{"after midnight", "Asia/Shanghai", "22:00", "07:00", "2026-12-31 23:30", "2027-01-01 07:00"},
		{"in the evening", "Asia/Shanghai", "22:00", "07:00", "2026-03-18 21:59", ""},
		{"to midnight", "Asia/Shanghai", "22:00", "00:00", "2026-03-18 22:00", "2026-03-19 00:00"},
		{"clocks go forward", "America/New_York", "22:00", "07:00", "2026-03-07 23:00", "2026-03-08 07:00"},
		{"it would end in the hour that is left out", "America/New_York", "22:00", "02:30", "2026-03-07 23:00", "2026-03-08 03:00"},
		{"clocks go back", "America/New_York", "22:00", "07:00", "2026-10-31 23:00", "2026-11-01 07:00"},
		{"by half an hour", "Australia/Lord_Howe", "22:00", "02:15", "2026-10-03 23:00", "2026-10-04 02:30"},
	} {
		z := zone(t, tt.zone)
		at, err := time.ParseInLocation("2006-01-02 15:04", tt.at, z)
		if err != nil {
			t.Fatal(err)
		}
		q := Quiet{tt.from, tt.to}
		end := q.End(at.UTC(), z)
		got := end.In(z).Format("2006-01-02 15:04")
		if end.Equal(at) {
			got = ""
		}
		if got != tt.want {
			t.Errorf("%s: quiet from %s to %s, at %s until %q, want %q", tt.name, tt.from, tt.to, tt.at, got, tt.want)
		}
	}
	// A night has as many hours as it has.
	z := zone(t, "America/New_York")
	for day, want := range map[string]time.Duration{"2026-03-07 22:00": 8 * time.Hour, "2026-10-31 22:00": 10 * time.Hour, "2026-03-18 22:00": 9 * time.Hour} {
		at, _ := time.ParseInLocation("2006-01-02 15:04", day, z)
		if got := (Quiet{"22:00", "07:00"}).End(at, z).Sub(at); got != want {
			t.Errorf("the night of %s has %s, want %s", day, got, want)
		}
	}
}

// TestNextClock: one digest on every day, whatever clocks do.
func TestNextClock(t *testing.T) {
	for _, name := range []string{"America/New_York", "Europe/Berlin", "Asia/Shanghai", "Australia/Lord_Howe", "UTC"} {
		z := zone(t, name)
		for _, clock := range []string{"08:00", "02:30", "01:30", "00:00", "23:59"} {
			now := time.Date(2026, 1, 1, 12, 0, 0, 0, z)
			for day := range 365 {
				next := nextClock(now, clock, z)
				if !next.After(now) {
					t.Fatalf("%s at %s: %s is not after %s", name, clock, next, now)
				}
				if next.Sub(now) > 26*time.Hour {
					t.Fatalf("%s at %s: %s after %s, day %d", name, clock, next.Sub(now), now, day)
				}
				a, b := now.In(z), next.In(z)
				if day > 0 && (a.YearDay()+1 != b.YearDay() && b.YearDay() != 1) {
					t.Fatalf("%s at %s: after %s comes %s, not on the day after", name, clock, a, b)
				}
				if got := b.Format("15:04"); got != clock && clock != "02:30" && clock != "01:30" && clock != "00:00" {
					t.Fatalf("%s at %s: %s", name, clock, b)
				}
				now = next
			}
		}
	}
}

func FuzzParseClock(f *testing.F) {
	f.Add("22:00")
	f.Add("7:30")
	f.Add("二十二点")
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseClock(s)
		if err == nil && (n < 0 || n >= 24*60 || len(s) != 5) {
			t.Errorf("ParseClock(%q) = %d", s, n)
		}
		q := Quiet{s, "06:00"}
		if q.check() == nil {
			if at := time.Date(2026, 3, 8, 6, 59, 0, 0, time.UTC); q.End(at, time.UTC).Sub(at) > 24*time.Hour {
				t.Errorf("quiet from %q has no end", s)
			}
		}
	})
}

func FuzzParseAddress(f *testing.F) {
	for _, way := range Ways() {
		for _, to := range []string{"desk@linmere.example", "https://hooks.example.org/T0P", "https://ntfy.example.org/topic", "https://m.example.org/!room:example.org", "供水@例子.公司", "https://u:p@example.org/", "a\r\nBcc: b@example.org"} {
			f.Add(string(way), to, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
		}
	}
	f.Fuzz(func(t *testing.T, way, to, secret string) {
		a, shown, err := ParseAddress(Way(way), to, secret)
		if err != nil {
			if s := strings.TrimSpace(to); len(s) > 12 && strings.Contains(err.Error(), s) && !strings.Contains("https://matrix.example.org/!room:example.org https://ntfy.example.org/topic https://example.org/hook name@example.org", s) {
				t.Errorf("the refusal repeats the address: %v", err)
			}
			return
		}
		if strings.ContainsAny(a.To+a.Secret+shown, "\r\n\x00") {
			t.Errorf("ParseAddress(%q, %q) = %q, %q: control characters", way, to, a.To, shown)
		}
		if shown == "" || len(shown) >= len(a.To)+len("…") {
			t.Errorf("ParseAddress(%q, %q) shows %q", way, to, shown)
		}
	})
}
