package suggest_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"example.org/hearback"
	"example.org/hearback/data"
	"example.org/hearback/internal/suggest"
	"example.org/hearback/internal/text"
	"example.org/hearback/internal/text/lexvec"
)

var analyzer = sync.OnceValue(func() *text.Analyzer {
	a, err := text.New()
	if err != nil {
		panic(err)
	}
	return a
})

var vectors = sync.OnceValue(func() *lexvec.Vectors {
	v, err := lexvec.Load(data.LexVec())
	if err != nil {
		panic(err)
	}
	return v
})

// decided are past decisions of a small city, written for these tests.
var decided = map[string][]string{
	"water": {
		"the tap water is brown again", "no water pressure on the third floor", "a water pipe burst in mill lane", "is the tap water safe to drink",
		"水管爆了，满街都是水", "自来水发黄，不敢喝", "三楼水压太低，没有水", "自来水有异味",
	},
	"transport": {
		"the bus was late again this morning", "please add more buses on line five", "the tram stop has no roof", "the bus driver did not stop for us",
		"公交车又晚点了", "5路公交能不能多几班", "地铁站没有电梯", "公交司机不停车",
	},
	"schools": {
		"when does enrolment for primary school begin", "the teacher has been ill and there are no lessons", "the school kitchen is dirty", "my child got no place at the school",
		"小学什么时候开始报名", "老师生病一直没有人上课", "学校食堂不卫生", "孩子没有分到学位",
	},
	"waste": {
		"the rubbish has not been collected for two weeks", "the bins behind the market overflow", "rats at the rubbish bins", "somebody dumped old tyres in the wood",
		"垃圾两周没有人收", "市场后面的垃圾桶满了", "垃圾堆里有老鼠", "有人在树林里倒垃圾",
	},
}

func examples() (rows []suggest.Example) {
	for i := range 8 {
		for _, label := range []string{"waste", "water", "schools", "transport"} {
			rows = append(rows, suggest.Example{Text: decided[label][i], Label: label})
		}
	}
	return rows
}

func train(t testing.TB, rows []suggest.Example) *suggest.Model {
	t.Helper()
	m, err := suggest.Train(analyzer(), vectors(), rows)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestPredict(t *testing.T) {
	m := train(t, examples())
	for _, tt := range []struct{ text, want string }{
		{"there is no water in our house", "water"},
		{"brown water comes from the tap", "water"},
		{"我家自来水是黄的", "water"},
		{"buses are always late", "transport"},
		{"希望公交增加班次", "transport"},
		{"the school has no teacher for maths", "schools"},
		{"学校老师不够", "schools"},
		{"nobody collects the rubbish", "waste"},
		{"楼下垃圾没人清理", "waste"},
	} {
		if got := m.Predict(tt.text, ""); got.Label != tt.want || got.P <= 0 || got.P >= 1 {
			t.Errorf("Predict(%q) = %s (%.2f), want %s", tt.text, got.Label, got.P, tt.want)
		}
	}
}

// TestAcross holds that decisions on English messages help with Chinese ones.
func TestAcross(t *testing.T) {
	var rows []suggest.Example
	for _, r := range examples() {
		if r.Text[0] < 0x80 && r.Text[0] != '5' {
			rows = append(rows, r)
		}
	}
	m := train(t, rows)
	for _, tt := range []struct{ text, want string }{
		{"自来水水管", "water"},
		{"公共汽车司机", "transport"},
		{"小学老师", "schools"},
		{"垃圾桶", "waste"},
	} {
		if got := m.Predict(tt.text, ""); got.Label != tt.want {
			t.Errorf("Predict(%q) = %s, want %s", tt.text, got.Label, tt.want)
		}
	}
}

func TestTrainRefuses(t *testing.T) {
	many := make([]suggest.Example, 0, 2001)
	for i := range 2001 {
		many = append(many, suggest.Example{Text: "x", Label: fmt.Sprint(i)})
	}
	for _, tt := range []struct {
		name string
		rows []suggest.Example
		want string
	}{
		{"no rows", nil, "no examples"},
		{"one label", []suggest.Example{{Text: "a", Label: "water"}, {Text: "b", Label: "water"}}, `"water"`},
		{"too many labels", many, "2001 labels"},
	} {
		_, err := suggest.Train(analyzer(), vectors(), tt.rows)
		if !errors.Is(err, hearback.ErrInvalid) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: Train() = %v, want an invalid error with %q", tt.name, err, tt.want)
		}
	}
}

// TestOddTexts holds that texts of no use are answered, quickly and alike.
func TestOddTexts(t *testing.T) {
	rows := examples()
	rows = append(rows, suggest.Example{Label: "water"}, suggest.Example{Text: "😡😡", Label: "waste"},
		suggest.Example{Text: strings.Repeat("bus tram train ", 7000), Label: "transport"})
	m := train(t, rows)
	for _, s := range []string{"", " ", "😡", "???", "\xff\xfe", "\u200b\u200f", strings.Repeat("水", 40_000), strings.Repeat("late bus ", 12_000)} {
		got, again := m.Predict(s, ""), m.Predict(s, "zh")
		if got.Label == "" || !(got.P > 0 && got.P < 1) || again.Label == "" {
			t.Errorf("Predict(%.20q) = %+v", s, got)
		}
		m.Why(s, "", got.Label, 5)
	}
	if got := m.Predict(strings.Repeat("late bus ", 12_000), "").Label; got != "transport" {
		t.Errorf("Predict(many late buses) = %s, want transport", got)
	}
}

// TestDeterministic holds that the same decisions in the same order give the
// same model, to the last bit, also after learning more.
func TestDeterministic(t *testing.T) {
	a, b := train(t, examples()), train(t, examples())
	for _, m := range []*suggest.Model{a, b} {
		for range 3 {
			if err := m.Learn(suggest.Example{Text: "the lamp in our street is dark", Label: "light"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, texts := range decided {
		for _, s := range texts {
			if x, y := a.Predict(s, ""), b.Predict(s, ""); x != y {
				t.Errorf("Predict(%q) = %v and %v by two equal models", s, x, y)
			}
		}
	}
}

func TestWithoutVectors(t *testing.T) {
	m, err := suggest.Train(analyzer(), nil, examples())
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Predict("the bus is late", "").Label; got != "transport" {
		t.Errorf("Predict() = %s without vectors, want transport", got)
	}
	if why := m.Why("the bus is late", "", "transport", 1); len(why) != 1 || why[0].Word != "bus" {
		t.Errorf("Why() = %v without vectors, want bus", why)
	}
}

func TestLearn(t *testing.T) {
	m := train(t, examples())
	if got := m.Labels(); len(got) != 4 {
		t.Fatalf("Labels() = %v", got)
	}
	lamps := []string{
		"the street lamp in front of number nine is dark", "two lamps in the park are out", "street lights on oak road do not work", "the lamp at the crossing flickers all night",
		"路灯坏了，晚上很黑", "公园里两盏路灯不亮", "路口的灯整夜闪", "巷子里没有路灯",
	}
	for _, s := range lamps {
		if err := m.Learn(suggest.Example{Text: s, Label: "light"}); err != nil {
			t.Fatal(err)
		}
	}
	if got := m.Labels(); len(got) != 5 || got[4] != "light" {
		t.Errorf("Labels() = %v after a new label, want it last", got)
	}
	for _, s := range []string{"the lamps in our street are dark", "our street lamp does not work", "小区路灯不亮"} {
		if got := m.Predict(s, ""); got.Label != "light" {
			t.Errorf("Predict(%q) = %s (%.2f) after learning, want light", s, got.Label, got.P)
		}
	}
	wrong := 0
	for label, texts := range decided {
		for _, s := range texts {
			if got := m.Predict(s, ""); got.Label != label {
				wrong++
			}
		}
	}
	if wrong > 1 {
		t.Errorf("%d of 32 old decisions are forgotten after eight new ones", wrong)
	}
	// A correction is learned.
	before := m.Predict("old tyres on the tram line", "").P
	for range 3 {
		if err := m.Learn(suggest.Example{Text: "old tyres on the tram line", Label: "transport"}); err != nil {
			t.Fatal(err)
		}
	}
	if got := m.Predict("old tyres on the tram line", ""); got.Label != "transport" {
		t.Errorf("Predict() = %s (%.2f, %.2f before) after three corrections, want transport", got.Label, got.P, before)
	}
	if err := m.Learn(suggest.Example{Text: "x"}); !errors.Is(err, hearback.ErrInvalid) {
		t.Errorf("Learn without a label = %v, want an invalid error", err)
	}
}

// TestLearnMany holds that labels can be added up to the bound and not beyond.
func TestLearnMany(t *testing.T) {
	m := train(t, examples())
	var err error
	n := 4
	for ; err == nil && n < 3000; n++ {
		err = m.Learn(suggest.Example{Text: fmt.Sprintf("desk number %d", n), Label: fmt.Sprintf("desk %d", n)})
	}
	if !errors.Is(err, hearback.ErrInvalid) || n != 2001 {
		t.Errorf("adding labels ended at %d with %v", n, err)
	}
	if got := m.Predict("brown water comes from the tap", "").Label; !strings.HasPrefix(got, "desk") && got != "water" {
		t.Errorf("Predict() = %s", got)
	}
}

func TestWhy(t *testing.T) {
	m := train(t, examples())
	for _, tt := range []struct{ text, label, want string }{
		{"the bus was late again", "transport", "bus"},
		{"brown tap water in my kitchen", "water", "water"},
		{"楼下的垃圾没有人收", "waste", "垃圾"},
		{"公交车晚点了", "transport", "公交"},
	} {
		why := m.Why(tt.text, "", tt.label, 3)
		if len(why) == 0 || len(why) > 3 || !strings.Contains(tt.want, why[0].Word) && !strings.Contains(why[0].Word, tt.want) {
			t.Errorf("Why(%q) = %v, want %s first", tt.text, why, tt.want)
		}
		sum := 0.0
		for i, r := range why {
			sum += r.Value
			if r.Value <= 0 || i > 0 && r.Value > why[i-1].Value {
				t.Errorf("Why(%q) = %v: not positive and falling", tt.text, why)
			}
		}
		if sum > 1+1e-9 {
			t.Errorf("Why(%q): shares add up to %.3f", tt.text, sum)
		}
	}
	if why := m.Why("bus", "", "no such desk", 3); why != nil {
		t.Errorf("Why of an unknown label = %v", why)
	}
	if why := m.Why("", "", "water", 3); len(why) != 0 {
		t.Errorf("Why of an empty text = %v", why)
	}
}

// made writes messages of desks whose words overlap, a share of them decided
// wrongly, from a fixed seed: text of nobody, for measuring.
func made(n, desks int, noise float64, seed uint64) (rows []suggest.Example) {
	rnd := rand.New(rand.NewPCG(seed, 7))
	word := func(k int) string {
		const c, v = "bdfgklmnprstvz", "aeiou"
		w := make([]byte, 0, 6)
		for _, s := range []int{k, k / 70, 31*k + 7} {
			w = append(w, c[s%len(c)], v[s/len(c)%len(v)])
		}
		return string(w)
	}
	for range n {
		desk := rnd.IntN(desks)
		var b strings.Builder
		for range 6 + rnd.IntN(16) {
			k := rnd.IntN(400) // words of everybody
			if rnd.Float64() < 0.25 {
				k = 400 + desk*10 + rnd.IntN(12) // words of the desk, some of the next one's
			}
			b.WriteString(word(k))
			b.WriteByte(' ')
		}
		label := desk
		if rnd.Float64() < noise {
			label = rnd.IntN(desks)
		}
		rows = append(rows, suggest.Example{Text: b.String(), Label: fmt.Sprintf("desk %02d", label), Lang: "en"})
	}
	return rows
}

// TestCalibrated holds that what the model says of its certainty comes true:
// of the messages that it was, say, 70 % sure of, about 70 % are right.
func TestCalibrated(t *testing.T) {
	rows := made(6000, 12, 0.15, 3)
	m := train(t, rows[:4000])
	var sure, right, n [5]float64
	hits := 0.0
	for _, r := range rows[4000:] {
		got := m.Predict(r.Text, r.Lang)
		k := min(int(got.P*5), 4)
		n[k]++
		sure[k] += got.P
		if got.Label == r.Label {
			right[k]++
			hits++
		}
	}
	off := 0.0
	for k := range n {
		if n[k] == 0 {
			continue
		}
		off += math.Abs(sure[k] - right[k])
		t.Logf("%4.0f messages: said %.2f, was %.2f", n[k], sure[k]/n[k], right[k]/n[k])
		if n[k] >= 100 && math.Abs(sure[k]-right[k])/n[k] > 0.12 {
			t.Errorf("of %.0f messages it was %.2f sure of, %.2f were right", n[k], sure[k]/n[k], right[k]/n[k])
		}
	}
	t.Logf("accuracy %.3f, mean distance %.3f", hits/2000, off/2000)
	if off/2000 > 0.04 {
		t.Errorf("certainty and truth are %.3f apart, want at most .04", off/2000)
	}
	if hits/2000 < 0.5 {
		t.Errorf("accuracy %.3f; the messages are no test of certainty", hits/2000)
	}
}

// TestManyLabels holds that training stays small with very many labels.
func TestManyLabels(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	rows := made(1500, 1200, 0, 9)
	m := train(t, rows)
	if n := len(m.Labels()); n < 700 {
		t.Fatalf("%d labels", n)
	}
	m.Predict("fabade gilomu", "en")
}

func FuzzPredict(f *testing.F) {
	m := train(f, examples())
	f.Add("the bus was late", "", "light")
	f.Add("路灯坏了", "zh", "照明")
	f.Add("\xff#@user http://x.y <url> ５路", "xx", "water")
	f.Fuzz(func(t *testing.T, s, lang, label string) {
		got := m.Predict(s, lang)
		if !(got.P > 0 && got.P < 1) || got.Label == "" {
			t.Fatalf("Predict(%q) = %+v", s, got)
		}
		if again := m.Predict(s, lang); again != got {
			t.Fatalf("Predict(%q) = %v, then %v", s, got, again)
		}
		sum := 0.0
		for _, r := range m.Why(s, lang, got.Label, 10) {
			if !(r.Value > 0) {
				t.Fatalf("Why(%q): %v", s, r)
			}
			sum += r.Value
		}
		if sum > 1.000001 {
			t.Fatalf("Why(%q): shares add up to %v", s, sum)
		}
		if err := m.Learn(suggest.Example{Text: s, Lang: lang, Label: label}); err != nil && !errors.Is(err, hearback.ErrInvalid) {
			t.Fatal(err)
		}
	})
}

func BenchmarkTrain10000(b *testing.B) {
	rows := made(10_000, 77, 0, 5)
	for b.Loop() {
		train(b, rows)
	}
}

func BenchmarkPredict(b *testing.B) {
	m := train(b, examples())
	for b.Loop() {
		m.Predict("the bus was late again this morning and nobody knows why", "")
	}
}

func BenchmarkLearn(b *testing.B) {
	m := train(b, examples())
	for b.Loop() {
		if err := m.Learn(suggest.Example{Text: "the bus was late again this morning and nobody knows why", Label: "transport"}); err != nil {
			b.Fatal(err)
		}
	}
}
