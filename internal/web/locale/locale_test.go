package locale

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func load(t *testing.T) map[string]*Locale {
	t.Helper()
	all, err := Load(time.UTC, func() time.Time { return time.Date(2026, 3, 18, 13, 5, 0, 0, time.UTC) }, nil)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

var (
	place  = regexp.MustCompile(`\{\d\}`)
	spaced = regexp.MustCompile(`\p{Han} +[A-Za-z0-9{]|[A-Za-z0-9}] +\p{Han}`)
)

// TestLocales: both languages say the same things, with the same places.
func TestLocales(t *testing.T) {
	all := load(t)
	en, zh := all["en"], all["zh"]
	blank := []string{"sp", "list.sep", "trail.sep", "term.sep", "unit.gap", "time.join", "kind."}
	for key, p := range en.words {
		q, ok := zh.words[key]
		if !ok {
			t.Errorf("%s is not in zh", key)
			continue
		}
		if (p.other == "" || q.other == "") && !slices.Contains(blank, key) {
			t.Errorf("%s is empty", key)
		}
		places := func(s string) []string {
			list := place.FindAllString(s, -1)
			slices.Sort(list)
			return slices.Compact(list)
		}
		a, b := places(p.other), places(q.other)
		// A language may leave a place out only if the other form keeps it.
		if !slices.Equal(a, b) && !strings.HasPrefix(key, "answer.warn") && key != "pub.who_say" {
			t.Errorf("%s has the places %v in en and %v in zh", key, a, b)
		}
		if p.one != "" && !strings.Contains(p.other, "{") {
			t.Errorf("%s has two forms and no number", key)
		}
		if spaced.MatchString(q.other) {
			t.Errorf("%s has a space between Han and Latin characters: %q; the style sheet makes it", key, q.other)
		}
	}
	for key := range zh.words {
		if !en.Has(key) {
			t.Errorf("%s is not in en", key)
		}
	}
}

func TestWriting(t *testing.T) {
	all := load(t)
	en, zh := all["en"], all["zh"]
	now := time.Date(2026, 3, 18, 13, 5, 0, 0, time.UTC)
	for _, tt := range []struct{ got, want string }{
		{en.Num(1320), "1,320"}, {en.Num(-7), "−7"}, {zh.Num(-1234567), "-1,234,567"}, {en.Num(0), "0"}, {en.Num(999), "999"},
		{en.Dur(80 * time.Minute), "1 h 20 min"}, {zh.Dur(80 * time.Minute), "1小时20分钟"}, {en.Dur(30 * time.Hour), "30 h"}, {en.Dur(72 * time.Hour), "3 d"}, {zh.Dur(-35 * time.Minute), "35分钟"}, {en.Dur(24 * time.Hour), "1 d"},
		{en.When(now.Add(-time.Hour)), "12:05"}, {en.When(now.Add(-24 * time.Hour)), "17 March 13:05"}, {zh.When(now.Add(-24 * time.Hour)), "3月17日 13:05"}, {en.Day(now.AddDate(-1, 0, 0)), "18 March 2025"}, {zh.Weekday(now), "3月18日 星期三"}, {en.When(time.Time{}), "never"},
		{en.T("desks.open", 1), "1 open case"}, {en.T("desks.open", 2), "2 open cases"}, {zh.T("desks.open", 1), "1件在办个案"},
		{en.ActorText("reviewer#2"), "Reviewer 2"}, {zh.ActorText("reviewer#2"), "审核员2号"}, {zh.ActorText("system"), "系统"}, {en.ActorText("novelist#9"), "novelist 9"},
		{en.Dec(3.14159), "3.1"}, {en.Dec(412.4), "412"}, {en.Dec(-2.5), "−2.5"}, {en.T("no.such.key"), "no.such.key"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}
