package topic_test

import (
	"errors"
	"strings"
	"testing"

	"example.org/hearback"
	"example.org/hearback/internal/text"
	"example.org/hearback/internal/topic"
)

func analyzer(t testing.TB) *text.Analyzer {
	t.Helper()
	a, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestMatch(t *testing.T) {
	a := analyzer(t)
	for _, tt := range []struct {
		query, text string
		want        bool
	}{
		{"water", "Is the water safe?", true},
		{"school", "The schools are closed", true},
		{"schools", "which school is closed", true},
		{"flooded", "heavy flooding near the bridge", true},
		{"water", "the waiter was slow", false},
		{"停水", "今天又停水了", true},
		{"停水", "我们小区停电停水三天", true},
		{"停水", "停下来喝水", false},
		{"停水", "今天又停水了嗎", true},
		{"台風", "台风要来了", true},
		{"水", "水好喝吗", true},
		{"公交 14", "14路公交改道", true},
		{"公交 14", "15路公交改道", false},
		{`"tap water"`, "is tap water safe", true},
		{`"tap water"`, "water from the tap", false},
		{`“自来水厂”`, "自来水厂在哪", true},
		{"water AND safe", "safe water", true},
		{"water AND safe", "dirty water", false},
		{"water OR 水", "水很脏", true},
		{"water NOT bottled", "bottled water", false},
		{"water NOT bottled", "tap water", true},
		{"(water OR 水) NOT (price OR 涨价)", "水涨价了", false},
		{"(water OR 水) NOT (price OR 涨价)", "自来水有味道", true},
		{"水 或 电", "停电了", true},
		{"wildfir*", "wildfires everywhere", true},
		{"vaccin*", "is the vaccination free", true},
		{"vaccin*", "vacation", false},
	} {
		s, err := topic.Compile(a, []hearback.Topic{{ID: 7, Name: "t", Query: tt.query}})
		if err != nil {
			t.Errorf("%s: %v", tt.query, err)
			continue
		}
		d := a.Analyze(tt.text, "")
		if got := len(s.Match(&d)) == 1; got != tt.want {
			t.Errorf("%q matches %q: %t, want %t", tt.query, tt.text, got, tt.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, tt := range []struct{ query, say string }{
		{"", "a word is missing at the end"},
		{"water OR", "a word is missing at the end"},
		{"(water", "a closing parenthesis is missing; it was opened at character 1"},
		{"water)", "is an opening parenthesis missing"},
		{`水 "tap`, "at character 3: the quotation mark is not closed"},
		{"NOT water", "would keep every message"},
		{"water OR NOT safe", "would keep every message"},
		{"OR water", "a word is missing before OR"},
		{"???", "holds no letter"},
		{"w*", "at least two letters"},
		{strings.Repeat("水 ", 1100), "characters"},
		{strings.Repeat("(", 40) + "水" + strings.Repeat(")", 40), "deep"},
		{strings.Repeat("a1 ", 201), "200 words"},
	} {
		_, err := topic.Parse(tt.query)
		if err == nil || !errors.Is(err, hearback.ErrInvalid) || !strings.Contains(err.Error(), tt.say) {
			t.Errorf("Parse(%.20q) = %v, want an error that says %q", tt.query, err, tt.say)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`(water OR 水) NOT "bottled water"`)
	f.Add(`“自来水” 且 非 涨价`)
	f.Add("((((")
	a := analyzer(f)
	d := a.Analyze("Is the tap water safe? 自来水还能喝吗", "")
	f.Fuzz(func(t *testing.T, query string) {
		q, err := topic.Parse(query)
		if err != nil {
			if !errors.Is(err, hearback.ErrInvalid) {
				t.Fatal(err)
			}
			return
		}
		s, err := topic.Compile(a, []hearback.Topic{{ID: 1, Query: query}})
		if err != nil {
			return
		}
		empty := a.Analyze("", "")
		if len(s.Match(&empty)) != 0 {
			t.Errorf("%q matches an empty text", query)
		}
		s.Match(&d)
		if len(q.Explain()) == 0 {
			t.Errorf("%q has no words", query)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	a := analyzer(b)
	var topics []hearback.Topic
	for i := range 200 {
		topics = append(topics, hearback.Topic{ID: hearback.ID(i + 1), Query: "water" + string(rune('a'+i%26)) + " OR 自来水" + string(rune(0x4e00+i))})
	}
	s, err := topic.Compile(a, topics)
	if err != nil {
		b.Fatal(err)
	}
	d := a.Analyze("The tap water in Millbrook has been brown since the flood and nobody says when it will be safe to drink again for the children", "")
	for b.Loop() {
		s.Match(&d)
	}
}
