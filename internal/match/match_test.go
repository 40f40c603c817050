package match_test

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"example.org/hearback/data"
	"example.org/hearback/internal/match"
	"example.org/hearback/internal/text"
	"example.org/hearback/internal/text/lexvec"
)

var parts = sync.OnceValues(func() (*text.Analyzer, *lexvec.Vectors) {
	a, err := text.New()
	if err != nil {
		panic(err)
	}
	v, err := lexvec.Load(data.LexVec())
	if err != nil {
		panic(err)
	}
	return a, v
})

func newIndex(testing.TB) *match.Index {
	a, v := parts()
	return match.New(a, v, match.Options{})
}

// concerns reads 40 concerns, each in two English and two Chinese wordings.
func concerns(tb testing.TB) [][]string { return table(tb, "testdata/concerns.tsv") }

func table(tb testing.TB, name string) (rows [][]string) {
	tb.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		tb.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		rows = append(rows, strings.Split(strings.TrimSpace(line), "\t"))
	}
	return rows
}

// desk is a small index in two languages, its answers written for this test.
func desk(tb testing.TB) *match.Index {
	ix := newIndex(tb)
	for _, x := range []match.Answer{
		{ID: "water en", Group: "water", Claim: "The tap water is not safe to drink after the flood", Title: "Is the tap water safe?", Aliases: []string{"Must I boil the water from the tap?"}, Lang: "en"},
		{ID: "water zh", Group: "water", Claim: "洪水过后自来水不能直接喝", Title: "自来水安全吗？", Aliases: []string{"水龙头里的水要烧开吗"}, Lang: "zh"},
		{ID: "line2", Claim: "Metro line 2 is closed until Friday", Title: "When does metro line 2 run again?", Lang: "en"},
		{ID: "line3", Claim: "Metro line 3 is closed until Monday", Title: "When does metro line 3 run again?", Lang: "en"},
		{ID: "school", Claim: "台风期间全市中小学停课", Title: "明天学校停课吗？", Lang: "zh"},
		{ID: "vote", Claim: "You can vote without an identity card", Title: "I lost my ID card, can I still vote?", Text: "Bring a passport or a driving licence to the polling station.", Lang: "en"},
		{ID: "chlorine", Claim: "Chlorinated drinking water does not cause cancer", Title: "Does chlorine in the water cause cancer?", Lang: "en"},
		{ID: "bus", Claim: "夜间公交车十月起停运", Title: "夜班公交还开吗", Lang: "zh"},
	} {
		ix.Add(x)
	}
	return ix
}

func TestFind(t *testing.T) {
	ix := desk(t)
	for _, tt := range []struct {
		name, query string
		want        string // the best answer; "" if nothing may be shown
		decision    string // "" if either will do
	}{
		{"own words", "is the tap water safe to drink after the flood?", "water en", match.Same},
		{"an alias", "must i boil the water from the tap", "water en", match.Same},
		{"a hashtag", "anyone know?? #MetroLine2 when does it run again", "line2", ""},
		{"Chinese", "洪水过后自来水能直接喝吗", "water zh", match.Same},
		{"Chinese, other words", "台风来了，明天孩子还用上学吗", "school", ""},
		{"traditional characters", "颱風期間學校停課嗎", "school", ""},
		{"Chinese for English", "没有身份证可以投票吗", "vote", ""},
		{"English for Chinese", "are the schools closed tomorrow because of the typhoon", "school", ""},
		{"another matter", "my cat is on the roof", "", ""},
		{"another matter in Chinese", "推荐一家好吃的火锅店", "", ""},
		{"nothing", "", "", ""},
		{"only signs", "🔥🔥 !!! ???", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found := ix.Find(tt.query, "", 3)
			for i, m := range found {
				if i > 0 && m.Decision == match.Same {
					t.Errorf("number %d is called the same", i+1)
				}
				if tt.want == "" && m.Decision != "" {
					t.Errorf("%s is shown at %.2f (%q), want nothing", m.Answer, m.Score, m.Shared)
				}
			}
			if tt.want == "" {
				return
			}
			if len(found) == 0 || found[0].Answer != tt.want || found[0].Decision == "" || tt.decision != "" && found[0].Decision != tt.decision {
				t.Errorf("Find(%q) = %+v, want %s first (%s)", tt.query, found, tt.want, tt.decision)
			}
		})
	}
}

// TestText holds that what an answer says counts, but less than its claim.
func TestText(t *testing.T) {
	ix := desk(t)
	ix.Add(match.Answer{ID: "passport", Claim: "A passport or a driving licence is asked for at the border"})
	with := ix.Find("passport or driving licence at the polling station", "", 9)
	at := slices.IndexFunc(with, func(m match.Match) bool { return m.Answer == "vote" })
	if with[0].Answer != "passport" || at != 1 {
		t.Errorf("found %+v, want passport and vote", with[:2])
	}
}

func TestConflict(t *testing.T) {
	ix := newIndex(t)
	ix.Add(match.Answer{ID: "line", Claim: "Metro line 2 is closed until further notice"})
	ix.Add(match.Answer{ID: "陈", Claim: "二号线因故障停运"})
	ix.Add(match.Answer{ID: "dam", Claim: "The new dam is safe in an earthquake"})
	for _, tt := range []struct{ query, answer, want string }{
		{"Metro line 2 is closed until further notice", "line", ""},
		{"Metro line 3 is closed until further notice", "line", "number"},
		{"Metro line two is closed until further notice", "line", ""},
		{"三号线因故障停运", "陈", "number"},
		{"地铁2号线因故障停运", "陈", ""},
		{"The new dam is not safe in an earthquake", "dam", "negation"},
		{"Is the new dam not safe in an earthquake?", "dam", ""}, // a question does not say which it is
		{"The new dam isn't safe in an earthquake.", "dam", "negation"},
	} {
		m := ix.Find(tt.query, "", 1)[0]
		if m.Answer != tt.answer || m.Conflict != tt.want {
			t.Errorf("Find(%q) = %s with conflict %q, want %s with %q", tt.query, m.Answer, m.Conflict, tt.answer, tt.want)
		}
		if m.Conflict != "" && m.Decision == match.Same {
			t.Errorf("Find(%q) is called the same in spite of its %s", tt.query, m.Conflict)
		}
	}
}

// TestTwins holds that one answer in two languages, and answers that say the
// same, do not take each other's chance away.
func TestTwins(t *testing.T) {
	ix := desk(t)
	before := ix.Find("is the tap water safe to drink after the flood", "en", 1)[0]
	ix.Remove("water zh")
	if after := ix.Find("is the tap water safe to drink after the flood", "en", 1)[0]; after.Score > before.Score+0.01 {
		t.Errorf("alone %.3f, beside its translation %.3f", after.Score, before.Score)
	}
	ix.Add(match.Answer{ID: "water en again", Claim: "The tap water is not safe to drink after the flood", Title: "Is the tap water safe?", Aliases: []string{"Must I boil the water from the tap?"}})
	found := ix.Find("is the tap water safe to drink after the flood", "en", 2)
	if found[0].Answer != "water en" || found[0].Decision != match.Same || found[1].Answer != "water en again" {
		t.Errorf("beside a copy: %+v, want the older first and called the same", found)
	}
}

func TestWhy(t *testing.T) {
	ix := desk(t)
	m := ix.Find("没有身份证可以投票吗", "", 1)[0]
	if m.Reason != "meaning" || !slices.ContainsFunc(m.Met, func(x match.Meeting) bool {
		return x.Query == "投票" && x.Answer == "vote" && x.How == "gloss"
	}) {
		t.Errorf("%s by %s, met %v, want 投票 glossed by vote", m.Answer, m.Reason, m.Met)
	}
	m = ix.Find("when does metro line 2 run again", "", 1)[0]
	if m.Reason == "" || !slices.Contains(m.Shared, "metro") {
		t.Errorf("%s by %s, shared %v, want metro", m.Answer, m.Reason, m.Shared)
	}
	for _, f := range m.Features {
		if f.Name == "" || f.Part == 0 && f.Value != 0 {
			t.Errorf("feature %+v says nothing", f)
		}
	}
}

// same reports whether two indexes say the same.
func same(x, y []match.Match) bool { return reflect.DeepEqual(x, y) }

// TestOrder holds that an index depends only on what is in it: not on the
// order of adding, nor on what was added and removed or replaced in between.
func TestOrder(t *testing.T) {
	rows := concerns(t)
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOfNDistinct(rapid.IntRange(0, 4*len(rows)-1), 2, 60, rapid.ID[int]).Draw(t, "texts")
		answer := func(n int) match.Answer {
			return match.Answer{ID: fmt.Sprint(n), Claim: rows[n/4][n%4], Title: rows[n%len(rows)][n%4]}
		}
		keep := rapid.IntRange(1, len(texts)-1).Draw(t, "keep")
		plain, other := newIndex(nil), newIndex(nil)
		for _, n := range texts[:keep] {
			plain.Add(answer(n))
		}
		order := rapid.Permutation(texts).Draw(t, "order")
		for _, n := range order {
			other.Add(match.Answer{ID: fmt.Sprint(n), Claim: rows[(n/4+1)%len(rows)][n%4]})
		}
		// So often that the places of removed answers are taken back.
		for range rapid.SampledFrom([]int{1, 1, 1, 12}).Draw(t, "rounds") {
			for _, n := range order {
				other.Add(answer(n))
			}
		}
		for _, n := range texts[keep:] {
			other.Remove(fmt.Sprint(n))
		}
		if plain.Len() != other.Len() {
			t.Fatalf("%d answers and %d", plain.Len(), other.Len())
		}
		q := rows[rapid.IntRange(0, len(rows)-1).Draw(t, "row")][rapid.IntRange(0, 3).Draw(t, "column")]
		if x, y := plain.Find(q, "", 10), other.Find(q, "", 10); !same(x, y) {
			t.Errorf("Find(%q) = %+v and %+v", q, x, y)
		}
	})
}

// TestParallel holds that many may ask at once, and get what one gets.
func TestParallel(t *testing.T) {
	ix := desk(t)
	rows := concerns(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for k := range 40 {
				q := rows[(i+k)%len(rows)][k%4]
				if x, y := ix.Find(q, "", 5), ix.Find(q, "", 5); !same(x, y) {
					t.Errorf("Find(%q) = %+v, then %+v", q, x, y)
				}
			}
		})
	}
	wg.Wait()
}

func TestRemove(t *testing.T) {
	ix := desk(t)
	ix.Remove("water en")
	ix.Remove("water en")
	ix.Remove("never there")
	for _, m := range ix.Find("is the tap water safe to drink after the flood", "", 10) {
		if m.Answer == "water en" {
			t.Error("a removed answer is found")
		}
	}
	if ix.Len() != 7 {
		t.Errorf("Len() = %d, want 7", ix.Len())
	}
	for range 10 {
		ix.Add(match.Answer{ID: "line2", Claim: "The ferry runs again"})
	}
	if ix.Len() != 7 {
		t.Errorf("Len() = %d after replacing, want 7", ix.Len())
	}
	if m := ix.Find("the ferry runs again", "", 1); m[0].Answer != "line2" || m[0].Decision != match.Same {
		t.Errorf("the answer put in its place: %+v", m)
	}
	if m := newIndex(t).Find("anything", "", 5); m != nil {
		t.Errorf("an empty index finds %v", m)
	}
}

// TestLong holds that texts far beyond any message are worked on within
// bounds: what is read of them, and so what is allocated, does not grow.
func TestLong(t *testing.T) {
	ix := desk(t)
	ix.Add(match.Answer{ID: "long", Claim: strings.Repeat("water tap flood 洪水 自来水 ", 40_000), Aliases: slices.Repeat([]string{"tap water safe flood drink after"}, 5000), Text: strings.Repeat("is the tap water safe to drink after the flood ", 10_000)})
	if m := ix.Find("is the tap water safe to drink after the flood?", "", 1)[0]; m.Answer != "water en" {
		t.Errorf("an answer that repeats every word comes first: %+v", m)
	}
	query := func(n int) string {
		return strings.Repeat("is the tap water safe 自来水能喝吗 number 12345 after flood. ", n)
	}
	allocs := func(n int) float64 { q := query(n); return testing.AllocsPerRun(3, func() { ix.Find(q, "", 5) }) }
	if short, long := allocs(250), allocs(2500); long > 1.5*short { // 17 kB, 170 kB
		t.Errorf("%.0f allocations for a query of 17 kB, %.0f for one of 170 kB", short, long)
	}
}

func FuzzFind(f *testing.F) {
	f.Add("Is the tap water safe?", "自来水安全吗", "tap water 自来水", "en")
	f.Add("", "\xff\xfe", "😡", "zh")
	f.Add("5G 5G 5G", "不 不 不", "not not 3.5 % \u200b", "")
	f.Fuzz(func(t *testing.T, claim, alias, query, lang string) {
		ix := newIndex(t)
		ix.Add(match.Answer{ID: "a", Claim: claim, Aliases: []string{alias, query}, Lang: lang})
		ix.Add(match.Answer{ID: "b", Claim: alias, Title: claim, Text: query})
		ix.Add(match.Answer{ID: "c", Claim: "The bridge is closed, 大桥封闭了"})
		found := ix.Find(query, lang, 3)
		for i, m := range found {
			if !(m.Score >= 0 && m.Score <= 1) || i > 0 && m.Score > found[i-1].Score {
				t.Errorf("Find(%q) has a score of %v at %d", query, m.Score, i)
			}
			if m.Decision == match.Same && (i > 0 || m.Conflict != "" || m.Score < match.DefaultSame) {
				t.Errorf("Find(%q) calls %+v the same", query, m)
			}
		}
		ix.Remove("a")
		for _, m := range ix.Find(query, lang, 3) {
			if m.Answer == "a" {
				t.Errorf("Find(%q) finds what was removed", query)
			}
		}
	})
}

// TestRepeatedClaim asks for a claim that was answered twice: the first answer
// leads, whatever the signs and titles around the claim.
func TestRepeatedClaim(t *testing.T) {
	for _, order := range [][]string{{"1", "2"}, {"2", "1"}} {
		ix := newIndex(t)
		for _, id := range order {
			claim, title := `The mayor said "the bridge is safe" on Monday.`, "Is the bridge safe?"
			if id == "2" {
				claim, title = "The mayor said 'the bridge is safe' on Monday", "Did the mayor say that the bridge is safe?"
			}
			ix.Add(match.Answer{ID: id, Claim: claim, Title: title})
		}
		got := ix.Find("did the mayor really say on Monday that the bridge is safe?", "en", 2)
		if len(got) != 2 || got[0].Answer != "1" || got[0].Decision != match.Same {
			t.Errorf("added as %q: %+v", order, got)
		}
	}
}
