package answer_test

import (
	"strings"
	"testing"

	"example.org/hearback"
	"example.org/hearback/internal/answer"
)

func TestLint(t *testing.T) {
	good := func() *hearback.Revision {
		return &hearback.Revision{N: 1, Texts: []hearback.Text{
			{
				Lang: "en", Title: "Tap water in Riverside: boil it for one minute before drinking", Lead: "Boil it.", Do: "Boil it for a minute.",
				Known: "Two of six samples had germs.", Going: "Some people say that boiling makes chemicals from the flood stronger.",
				Why: "All six samples were tested for solvents.", Next: "Saturday 12:00", Verdict: hearback.False,
			},
			{
				Lang: "zh-Hans", Title: "河滨区自来水：请烧开一分钟再喝", Lead: "请烧开。", Do: "烧开一分钟。", Known: "六个样品中两个有细菌。",
				Going: "有人说烧开会让洪水里的化学物质更强。", Why: "六个样品都做了检测。", Next: "周六中午十二点", Verdict: hearback.False,
			},
		}}
	}
	for _, tt := range []struct {
		name   string
		change func(r *hearback.Revision)
		asked  map[string]int64
		want   string // keys with language, in order
	}{
		{"nothing to say", nil, map[string]int64{"en": 300, "zh": 80, "und": 900, "": 40, "vi": 9}, ""},
		{"the myth in the title", func(r *hearback.Revision) { r.Texts[0].Title = "Boiling makes flood chemicals stronger: false" }, nil, "myth/en"},
		{"the same in Chinese", func(r *hearback.Revision) { r.Texts[1].Title = "烧开会让洪水里的化学物质更强是假的" }, nil, "myth/zh-Hans"},
		{"what is true may stand in the title", func(r *hearback.Revision) {
			for i := range r.Texts {
				r.Texts[i].Verdict = hearback.TrueWarning
			}
			r.Texts[0].Title = "Boiling makes flood chemicals stronger"
		}, nil, ""},
		{"speaking of a rumour", func(r *hearback.Revision) { r.Texts[1].Title = "辟谣：水可以喝" }, nil, "rumour/zh-Hans"},
		{"a question", func(r *hearback.Revision) { r.Texts[0].Title = "Is the water safe?" }, nil, "question/en"},
		{"no next update", func(r *hearback.Revision) { r.Texts[0].Next = ""; r.Texts[1].Next = "" }, nil, "next/en next/zh-Hans"},
		{"no time", func(r *hearback.Revision) { r.Texts[0].Next = "as soon as we can" }, nil, "next_time/en"},
		{"hard to read", func(r *hearback.Revision) {
			r.Texts[0].Known = strings.Repeat("Comprehensive bacteriological examinations necessitate additional deliberation. ", 6)
			r.Texts[1].Known = strings.Repeat("有关供水水质综合检测评估结论须经相关主管部门会同研究确认。", 14)
		}, nil, "level/en pause/zh-Hans"},
		{"no why", func(r *hearback.Revision) { r.Texts[0].Why, r.Texts[1].Why = "", "" }, nil, "why/en why/zh-Hans"},
		{"one language says less", func(r *hearback.Revision) { r.Texts[1].Do = "" }, nil, "uneven/zh-Hans"},
		{"nobody is told what to do", func(r *hearback.Revision) { r.Texts[0].Do, r.Texts[1].Do = "", "" }, nil, "do/"},
		{"nor how we know", func(r *hearback.Revision) { r.Texts[0].Known, r.Texts[1].Known = "", "" }, nil, "instead/"},
		{"personal data", func(r *hearback.Revision) { r.Texts[0].Known = "Zhang told us." }, nil, "leak/en"},
		{"languages people asked in", nil, map[string]int64{"en": 100, "vi": 78, "ug": 10, "fr": 9}, "lang/vi lang/ug"},
		{"few people, one language", nil, map[string]int64{"en": 8, "fr": 2}, "lang/fr"},
		{"too few to say", nil, map[string]int64{"en": 4, "fr": 3}, ""},
		{"a region of a language we have", nil, map[string]int64{"zh-Hant": 50, "EN-gb": 50}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := good()
			if tt.change != nil {
				tt.change(r)
			}
			var got []string
			for _, w := range answer.Lint(r, tt.asked, func(s string) bool { return strings.Contains(s, "Zhang") }) {
				got = append(got, strings.TrimPrefix(w.Key, "answer.warn.")+"/"+w.Lang)
			}
			if s := strings.Join(got, " "); s != tt.want {
				t.Errorf("Lint = %q, want %q", s, tt.want)
			}
		})
	}
	if got := answer.Lint(&hearback.Revision{}, nil, nil); len(got) != 2 {
		t.Errorf("Lint of nothing = %v", got)
	}
}

func TestCheck(t *testing.T) {
	o := newOffice(t)
	a := o.must(o.answers.Draft(o.ctx, lin, o.c.ID, text("Is it safe?"), "", 0))
	list, err := o.answers.Check(o.ctx, a.ID)
	var keys []string
	for _, w := range list {
		keys = append(keys, w.Key+"/"+w.Lang)
	}
	want := "answer.warn.question/en answer.warn.do/ answer.warn.known/ answer.warn.lang/vi"
	if got := strings.Join(keys, " "); got != want || err != nil {
		t.Errorf("Check = %q, %v, want %q", got, err, want)
	}
	a = o.must(o.answers.Drop(o.ctx, lin, a.ID, ""))
	if list, err := o.answers.Check(o.ctx, a.ID); list != nil || err != nil {
		t.Errorf("Check of an answer without texts = %v, %v", list, err)
	}
}

func FuzzLint(f *testing.F) {
	f.Add("Boiling makes chemicals stronger", "Some say boiling makes chemicals stronger", "Friday")
	f.Add("烧开会让化学物质更强", "有人说烧开会让化学物质更强", "周五")
	f.Fuzz(func(t *testing.T, title, going, next string) {
		r := &hearback.Revision{Texts: []hearback.Text{{Lang: "en", Title: title, Going: going, Next: next}}}
		for _, w := range answer.Lint(r, map[string]int64{title: 20}, nil) {
			if !strings.HasPrefix(w.Key, "answer.warn.") {
				t.Errorf("a warning without a sentence: %+v", w)
			}
		}
	})
}
