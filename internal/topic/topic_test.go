package topic_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"example.org/hearback"
	"example.org/hearback/internal/text"
	"example.org/hearback/internal/topic"
)

// analyzer reads its dictionaries once for all tests: that takes a while.
var analyzer = sync.OnceValues(text.New)

func analyze(t testing.TB) *text.Analyzer {
	t.Helper()
	a, err := analyzer()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func one(t testing.TB, query string) *topic.Set {
	t.Helper()
	s, err := topic.Compile(analyze(t), []hearback.Topic{{ID: 7, Name: "t", Query: query}})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return s
}

func TestMatch(t *testing.T) {
	a := analyze(t)
	for _, tt := range []struct {
		query, text string
		want        bool
	}{
		// Words and their forms.
		{"water", "Is the water safe?", true},
		{"WATER", "Is the water safe?", true},
		{"school", "The schools are closed", true},
		{"schools", "which school is closed", true},
		{"flooded", "heavy flooding near the bridge", true},
		{"vaccinations", "when is my vaccination", true},
		{"water", "the waiter was slow", false},
		{"vacunas", "¿Cuándo llega la vacuna a mi barrio?", true},
		{"школы", "В школе нет воды уже неделю", true},
		{"covid-19", "cases of COVID-19 rise", true},
		{"covid-19", "19 cases of something", false},
		{"12345", "打12345没人接", true},
		// Chinese: by characters side by side.
		{"停水", "今天又停水了", true},
		{"停水", "我们小区停电停水三天", true},
		{"停水", "停下来喝水", false},
		{"停水", "先停，水后来", false},
		{"停水", "停 水", false},
		{"停水", "今天又停水了嗎", true},
		{"台風", "台风要来了", true},
		{"自來水", "自来水有味道", true},
		{"疫苗", "疫苗接種點在哪", true},
		{"接种点", "疫苗接種點在哪", true},
		{"大坝决堤", "听说大坝决堤了", true},
		{"大坝决堤", "决堤的大坝", false},
		{"水", "水好喝吗", true},
		{"水", "电也没了", false},
		{"５Ｇ基站", "楼顶的5g基站有辐射吗", true},
		{"公交 14", "14路公交改道", true},
		{"公交 14", "15路公交改道", false},
		{"14路", "14路公交改道", true},
		// Mixed.
		{"WhatsApp群", "whatsapp群里传的", true},
		{"water OR 水", "水很脏", true},
		{"停水 OR \"no water\"", "there is no water in block 5", true},
		// Phrases.
		{`"tap water"`, "is tap water safe", true},
		{`"tap water"`, "Tap  Water?", true},
		{`"tap water"`, "water from the tap", false},
		{`"tap water"`, "tap the water", false},
		{`“自来水厂”`, "自来水厂在哪", true},
		{`“tap water”`, "tap water", true},
		{`「停水」`, "停水了", true},
		{`"停水 通知"`, "停水通知", true},
		// Operators.
		{"water AND safe", "safe water", true},
		{"water safe", "dirty water", false},
		{"water, safe", "safe water", true},
		{"water NOT bottled", "bottled water", false},
		{"water NOT bottled", "tap water", true},
		{"water AND NOT (bottled OR sparkling)", "sparkling water", false},
		{"a1 OR water AND safe", "a1", true},
		{"a1 OR water AND safe", "water", false},
		{"(water OR 水) NOT (price OR 涨价)", "水涨价了", false},
		{"(water OR 水) NOT (price OR 涨价)", "自来水有味道", true},
		{"（water OR 水） 且 非 涨价", "自来水有味道", true},
		{"水 或 电", "停电了", true},
		{"NOT NOT water", "water", true},
		// Beginnings.
		{"wildfir*", "wildfires everywhere", true},
		{"vaccin*", "is the vaccination free", true},
		{"vaccinat*", "is the vaccination free", true},
		{"vaccination*", "vaccinations are free", true},
		{"vaccin*", "vacation", false},
		{"vaccin*", "Antivaccine posts", false},
		{"FLOOD*", "flooding", true},
		{"école*", "les écoles sont fermées", true},
		{"停水*", "又停水了", true},
		{"вакцин*", "Где вакцинация?", true},
		{"covid*", "covid19 again", true},
	} {
		d := a.Analyze(tt.text, "")
		s := one(t, tt.query)
		if got := len(s.Match(&d)) == 1; got != tt.want {
			t.Errorf("%q matches %q: %t, want %t", tt.query, tt.text, got, tt.want)
		}
		if got := len(s.Explain(&d)[7]) > 0; got != tt.want && tt.query != "NOT NOT water" {
			t.Errorf("%q explains %q: %t, want %t", tt.query, tt.text, got, tt.want)
		}
	}
}

func TestExplain(t *testing.T) {
	a := analyze(t)
	for _, tt := range []struct {
		query, text string
		want        []string
	}{
		{"停水 OR 停电 OR \"no  water\"", "停电了，no water", []string{"停电", `"no water"`}},
		{"water NOT bottled", "tap water", []string{"water"}},
		{"(water safe) OR tap", "tap water", []string{"tap"}},
		{"flood* OR water", "floods, dirty water and more water", []string{"flood*", "water"}},
		{"water", "gas", nil},
	} {
		d := a.Analyze(tt.text, "")
		if got := one(t, tt.query).Explain(&d)[7]; !slices.Equal(got, tt.want) {
			t.Errorf("%q keeps %q because of %q, want %q", tt.query, tt.text, got, tt.want)
		}
	}
	q, err := topic.Parse("a1 OR (b2 NOT \"c 3\") OR a1")
	if err != nil {
		t.Fatal(err)
	}
	if got := q.Explain(); !slices.Equal(got, []string{"a1", "b2", `"c 3"`}) {
		t.Errorf("the query listens for %q", got)
	}
}

func TestParseErrors(t *testing.T) {
	for _, tt := range []struct{ query, say string }{
		{"", "the query is empty"},
		{" 　", "the query is empty"},
		{"water OR", "at character 9: the query ends where a word"},
		{"(water", "at character 1: this ( is never closed"},
		{"(water OR (safe)", "at character 1: this ( is never closed"},
		{"water)", "at character 6: this ) closes nothing"},
		{"water () safe", "at character 7: there is nothing between"},
		{`水 "tap`, "at character 3: this quote is never closed"},
		{"NOT water", "would match every message"},
		{"water OR NOT safe", "would match every message"},
		{"NOT (a1 b2) c3 OR NOT d4", "would match every message"},
		{"OR water", "at character 1: expected a word, a \"phrase\", NOT or ( but found OR"},
		{"water OR OR safe", "at character 10: expected a word"},
		{"water or gas", "at character 7: write OR in capitals"},
		{"???", "at character 1: expected a word with letters or digits"},
		{"w*", "at least two letters"},
		{"co-vid*", "only letters and digits may stand"},
		{"fl*od", "only stand at the end"},
		{`"tap wat*"`, "cannot stand inside quotes"},
		{"water -bottled", "at character 7: to leave out a word write NOT bottled"},
		{"@mayor", "so that nobody can be listened for"},
		{"https://example.org", "so that nobody can be listened for"},
		{"water [phone]", "cannot hold brackets"},
		{"bad \xff", "not text"},
		{strings.Repeat("水 ", 1100), "has 2200 characters; the most is 2000"},
		{strings.Repeat("(", 40) + "水" + strings.Repeat(")", 40), "at character 33: more than 32 parentheses"},
		{strings.Repeat("NOT ", 40) + "水", "inside one another"},
		{strings.Repeat("a1 ", 201), "more than 200 words"},
	} {
		_, err := topic.Parse(tt.query)
		if err == nil || !errors.Is(err, hearback.ErrInvalid) || !strings.Contains(err.Error(), tt.say) {
			t.Errorf("Parse(%.30q) = %v, want an error that says %q", tt.query, err, tt.say)
		}
	}
}

func TestCompile(t *testing.T) {
	a := analyze(t)
	topics := []hearback.Topic{
		{ID: 3, Name: "water", Query: "water OR 水", State: hearback.TopicActive},
		{ID: 1, Name: "dirty water", Query: "water dirty", State: hearback.TopicActive},
		{ID: 2, Name: "gone", Query: "(not a query", State: hearback.TopicRemoved},
		{ID: 9, Name: "power", Query: "power OR 停电"},
	}
	s, err := topic.Compile(a, topics)
	if err != nil {
		t.Fatal(err)
	}
	for words, want := range map[string]string{
		"dirty water": "[3 1]", "水": "[3]", "no power, no water": "[3 9]", "gas": "[]", "": "[]",
	} {
		d := a.Analyze(words, "")
		if got := fmt.Sprint(s.Match(&d)); got != want {
			t.Errorf("%q matches %s, want %s", words, got, want)
		}
	}
	topics[0].Query = "(water"
	if _, err := topic.Compile(a, topics); err == nil || !strings.Contains(err.Error(), `"water"`) || !errors.Is(err, hearback.ErrInvalid) {
		t.Errorf("a topic that cannot be read gave %v", err)
	}
	none, err := topic.Compile(a, nil)
	if err != nil {
		t.Fatal(err)
	}
	d := a.Analyze("water", "")
	if got := none.Match(&d); got != nil || len(none.Explain(&d)) != 0 {
		t.Errorf("no topics match %v", got)
	}
}

// The naive side of TestNaive knows nothing of terms: it knows which forms
// are of one word, and looks Chinese up by substring.
var lemmas = [][]string{
	{"school", "schools"}, {"flood", "floods", "flooded", "flooding"}, {"bridge", "bridges"}, {"doctor", "doctors"},
	{"window", "windows"}, {"train", "trains"}, {"river", "rivers"},
}

var chars = []rune("停水电坝路桥药")

type expr struct {
	op   byte // 'w' word, 'h' Han, 'p' phrase, '*' prefix, '&', '|', '!'
	ids  []int
	han  string
	kids []expr
}

func (e expr) query(r *rand.Rand) string {
	form := func(id int) string { return lemmas[id][r.IntN(len(lemmas[id]))] }
	switch e.op {
	case 'w':
		return form(e.ids[0])
	case '*':
		return lemmas[e.ids[0]][0] + "*"
	case 'p':
		return `"` + form(e.ids[0]) + " " + form(e.ids[1]) + `"`
	case 'h':
		return e.han
	case '!':
		return "NOT (" + e.kids[0].query(r) + ")"
	}
	var parts []string
	for _, k := range e.kids {
		parts = append(parts, "("+k.query(r)+")")
	}
	if e.op == '|' {
		return strings.Join(parts, " OR ")
	}
	return strings.Join(parts, []string{" AND ", " "}[r.IntN(2)])
}

func (e expr) holds(doc []any) bool {
	switch e.op {
	case 'w', '*':
		return slices.Contains(doc, any(e.ids[0]))
	case 'p':
		for i := 0; i+1 < len(doc); i++ {
			if doc[i] == any(e.ids[0]) && doc[i+1] == any(e.ids[1]) {
				return true
			}
		}
		return false
	case 'h':
		return slices.ContainsFunc(doc, func(x any) bool { s, ok := x.(string); return ok && strings.Contains(s, e.han) })
	case '!':
		return !e.kids[0].holds(doc)
	}
	for _, k := range e.kids {
		if k.holds(doc) == (e.op == '|') {
			return e.op == '|'
		}
	}
	return e.op == '&'
}

func randomHan(r *rand.Rand, n int) string {
	var b strings.Builder
	at := r.IntN(len(chars))
	for range n { // none twice in a row: 桥桥桥 is read as 桥桥
		at = (at + 1 + r.IntN(len(chars)-1)) % len(chars)
		b.WriteRune(chars[at])
	}
	return b.String()
}

func randomExpr(r *rand.Rand, depth int) expr {
	if depth == 0 || r.IntN(3) == 0 {
		switch r.IntN(5) {
		case 0:
			return expr{op: 'p', ids: []int{r.IntN(len(lemmas)), r.IntN(len(lemmas))}}
		case 1, 2:
			return expr{op: 'h', han: randomHan(r, 1+r.IntN(3))}
		case 3:
			return expr{op: '*', ids: []int{r.IntN(len(lemmas))}}
		}
		return expr{op: 'w', ids: []int{r.IntN(len(lemmas))}}
	}
	op := []byte{'&', '|', '!', '|'}[r.IntN(4)]
	if op == '!' {
		return expr{op: op, kids: []expr{randomExpr(r, depth-1)}}
	}
	e := expr{op: op}
	for range 2 + r.IntN(2) {
		e.kids = append(e.kids, randomExpr(r, depth-1))
	}
	return e
}

// TestNaive compares the index with a naive reading of random queries over
// random texts in two languages.
func TestNaive(t *testing.T) {
	a := analyze(t)
	r := rand.New(rand.NewPCG(1, 2))
	matched, checked := 0, 0
	for range 30 {
		var topics []hearback.Topic
		exprs := map[hearback.ID]expr{}
		for len(topics) < 40 {
			e := randomExpr(r, 3)
			id := hearback.ID(len(topics) + 1)
			topics = append(topics, hearback.Topic{ID: id, Query: e.query(r)})
			if _, err := topic.Parse(topics[id-1].Query); err != nil {
				if e.holds(nil) != strings.Contains(err.Error(), "every message") {
					t.Fatalf("%s: %v", topics[id-1].Query, err)
				}
				topics = topics[:id-1]
				continue
			}
			exprs[id] = e
		}
		s, err := topic.Compile(a, topics)
		if err != nil {
			t.Fatal(err)
		}
		for range 40 {
			var doc []any
			var words []string
			for range 1 + r.IntN(6) {
				if r.IntN(2) == 0 {
					h := randomHan(r, 1+r.IntN(5))
					doc, words = append(doc, h), append(words, h)
				} else {
					id := r.IntN(len(lemmas))
					doc, words = append(doc, id), append(words, lemmas[id][r.IntN(len(lemmas[id]))])
				}
			}
			written := strings.Join(words, " ")
			d := a.Analyze(written, "en")
			if d.Lang == "und" {
				continue // words of no known language are not stemmed
			}
			got, why := s.Match(&d), s.Explain(&d)
			for _, tp := range topics {
				checked++
				want := exprs[tp.ID].holds(doc)
				if slices.Contains(got, tp.ID) != want {
					t.Fatalf("%s matches %q: %t, want %t", tp.Query, written, !want, want)
				}
				if want {
					matched++
				} else if len(why[tp.ID]) > 0 {
					t.Fatalf("%s does not match %q, but because of %q", tp.Query, written, why[tp.ID])
				}
			}
		}
	}
	if matched*20 < checked || matched*20 > 19*checked {
		t.Errorf("%d of %d match: the test proves little", matched, checked)
	}
}

func TestManyGoroutines(t *testing.T) {
	a := analyze(t)
	s := one(t, `water OR "tap water" OR 停水 OR flood*`)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			words, want := "停水了", 1
			if i%2 == 0 {
				words, want = "nothing here", 0
			}
			d := a.Analyze(words, "")
			for range 500 {
				if got := len(s.Match(&d)); got != want {
					t.Errorf("%q matches %d topics", words, got)
					return
				}
			}
		})
	}
	wg.Wait()
}

func FuzzParse(f *testing.F) {
	for _, q := range []string{`(water OR 水) NOT "bottled water"`, `“自来水” 且 非 涨价`, "((((", "停水* flood* covid-19", "a1 NOT (b2 OR NOT c3)", "「停水 通知」、５Ｇ"} {
		f.Add(q, "Is the tap water safe? 自来水还能喝吗 停水通知 covid-19 5g")
	}
	a := analyze(f)
	empty := a.Analyze("", "")
	f.Fuzz(func(t *testing.T, query, words string) {
		q, err := topic.Parse(query)
		if err != nil {
			if !errors.Is(err, hearback.ErrInvalid) {
				t.Fatal(err)
			}
			return
		}
		if len(q.Explain()) == 0 || q.String() != query {
			t.Errorf("%q has no words", query)
		}
		s, err := topic.Compile(a, []hearback.Topic{{ID: 1, Query: query}})
		if err != nil {
			return
		}
		if len(s.Match(&empty)) != 0 {
			t.Errorf("%q matches an empty text", query)
		}
		d := a.Analyze(words, "")
		if yes, why := len(s.Match(&d)) > 0, s.Explain(&d)[1]; !yes && len(why) > 0 {
			t.Errorf("%q does not match %q, but because of %q", query, words, why)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	a := analyze(b)
	r := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{10, 200, 2000} {
		topics := []hearback.Topic{{ID: 1, Query: `("tap water" OR 自来水) NOT price`}, {ID: 2, Query: "vaccin* OR 疫苗"}}
		for i := len(topics); i < n; i++ {
			topics = append(topics, hearback.Topic{ID: hearback.ID(i + 1), Query: fmt.Sprintf(`(place%d OR "street %d") AND (water OR 水 OR %c%c%c) NOT spam%d`,
				i, i, 0x4e00+r.IntN(5000), 0x4e00+r.IntN(5000), 0x4e00+r.IntN(5000), i)})
		}
		s, err := topic.Compile(a, topics)
		if err != nil {
			b.Fatal(err)
		}
		for lang, words := range map[string]string{
			"en": "The tap water in Millbrook has been brown since the flood and nobody says when it will be safe to drink again for the children",
			"zh": "请问我们这边从昨天下午三点就停水了，物业说要等到后天才能恢复，家里有老人和小孩，能不能安排送水车？大坝要决堤是真的吗，希望官方尽快出来说一下",
		} {
			d := a.Analyze(words, "")
			b.Run(fmt.Sprintf("%s/%d", lang, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					s.Match(&d)
				}
			})
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	a := analyze(b)
	var topics []hearback.Topic
	for i := range 200 {
		topics = append(topics, hearback.Topic{ID: hearback.ID(i + 1), Query: fmt.Sprintf(`(water%d OR "tap water" OR 停水) NOT price%d`, i, i)})
	}
	for b.Loop() {
		if _, err := topic.Compile(a, topics); err != nil {
			b.Fatal(err)
		}
	}
}
