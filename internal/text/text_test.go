package text_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"example.org/hearback/internal/text"
)

// analyzer is shared: New is slow beside the tests, and an Analyzer is meant
// to be shared.
var analyzer = sync.OnceValue(func() *text.Analyzer {
	a, err := text.New()
	if err != nil {
		panic(err)
	}
	return a
})

// terms writes the terms of a kind as "text@position …".
func terms(d text.Doc, kinds ...text.TermKind) string {
	var out []string
	for _, t := range d.Terms {
		if len(kinds) == 0 || slices.Contains(kinds, t.Kind) {
			out = append(out, fmt.Sprintf("%s@%d", t.Text, t.Pos))
		}
	}
	return strings.Join(out, " ")
}

func TestNorm(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"width and case", "ＷＡＴＥＲ①㎏ Safe", "water1kg safe"},
		{"Chinese signs", "停水了吗？！", "停水了吗?!"},
		{"traditional", "洪水過後自來水還能喝嗎", "洪水过后自来水还能喝吗"},
		{"words of Taiwan", "計程車軟體", "出租车软件"},
		{"simplified words with old characters", "著名的乾隆", "著名的乾隆"},
		{"elongation", "soooooo cooool 哈哈哈哈", "soo cool 哈哈"},
		{"digits are not elongation", "call 1000000", "call 1000000"},
		{"page address", "see https://example.org/a?b=1 now", "see now"},
		{"address in Chinese", "看http://t.cn/abc这个", "看 这个"},
		{"address without scheme", "see example.org/page and e.g. this", "see and e.g. this"},
		{"missing space after a full stop", "I saw the water.It is brown", "i saw the water.it is brown"},
		{"mail", "write to li.wei@example.org now", "write to now"},
		{"mention", "RT @some_user: no water", "rt : no water"},
		{"mention in Chinese", "@北京发布 停水了", "停水了"},
		{"mention without an end", "@你们好请问这个小区什么时候才可以恢复供水啊", "你们好请问这个小区什么时候才可以恢复供水啊"},
		{"hashtag", "#StopTheDam #COVIDVaccine #no_water", "stop the dam covid vaccine no water"},
		{"Chinese hashtag", "#大坝安全#真的吗", "大坝安全 真的吗"},
		{"masks", "call [phone] or <email>, 【电话】 [withheld]", "call or ,"},
		{"stickers", "停水了[泪][doge]", "停水了"},
		{"brackets that are words", "[urgent] no water", "[urgent] no water"},
		{"emoji", "no water 😡😡👨‍👩‍👧🇨🇳", "no water"},
		{"invisible", "wa\u200bter\u200d \ufeff停\u200b水", "water 停水"},
		{"other digits", "٣٠ ३०", "30 30"},
		{"escaped", "fish &amp; chips &lt;3", "fish & chips <3"},
		{"broken", "a\xffb 停\xe6\xb0", "a b 停"},
		{"nothing", " \t\n", ""},
		{"Japanese is left as written", "東京の大雨で地下鉄が止まった", "東京の大雨で地下鉄が止まった"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := analyzer().Analyze(tt.in, "").Norm; got != tt.want {
				t.Errorf("Norm(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestWords(t *testing.T) {
	for _, tt := range []struct{ name, in, lang, want string }{
		{"stems", "The vaccines are not vaccinating", "en", "the@0 vaccin@1 are@2 not@3 vaccin@4"},
		{"apostrophes", "Don't drink the city's water, we'll wait", "en", "dont@0 drink@1 the@2 citi@3 water@4 we@5 wait@6"},
		{"curly apostrophe", "isn’t it", "en", "isnt@0 it@1"},
		{"acronyms", "the U.S. army", "en", "the@0 us@1 armi@2"},
		{"French elision", "l'eau n'est pas d'ici aujourd'hui", "fr", "eau@0 est@1 pas@2 ici@3 aujourdhui@4"},
		{"Spanish accents", "vacunación vacunacion", "es", "vacun@0 vacun@1"},
		{"Arabic", "التطعيمات آمنة", "ar", "تطعيم@0 امن@1"},
		{"Russian", "вакцины вакцина ещё", "ru", "вакцин@0 вакцин@1 ещ@2"},
		{"codes", "5G and H5N1 and covid19", "en", "5g@0 and@1 h5n1@2 and@3 covid@4"},
		{"Korean particles", "지하철이 학교에서", "ko", "지하철@0 학교@1"},
		{"katakana", "ワクチンは安全", "ja", "ワクチン@0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := terms(analyzer().Analyze(tt.in, tt.lang), text.Word); got != tt.want {
				t.Errorf("words of %q = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestNumbers(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"line 2", "2"}, {"line two", "2"}, {"the two of us", ""}, {"second dose", "2"}, {"wait a second", ""},
		{"1,000 people", "1000"}, {"3.50 yuan", "3.5"}, {"007", "7"}, {"0", "0"}, {"0.5 mg", "0.5"}, {"2026.11.24", "2026 11 24"},
		{"30mg at 10am", "30 10"}, {"the 2nd shot", "2"}, {"covid-19", "19"}, {"5G", ""},
		{"12345", "12345"}, {"8:30", "8 30"}, {"50%", "50"},
		{"二号线停了", "2"}, {"2号线停了", "2"}, {"２号线", "2"}, {"第三针", "3"}, {"三十五岁", "35"}, {"两千块", "2000"}, {"一百二十人", "120"},
		{"房租涨了百分之三十", "30"}, {"二〇二六年", "2026"}, {"3万人", "30000"}, {"三万人", "30000"}, {"1.5亿元", "150000000"},
		{"一个人都没有", ""}, {"一下子", ""}, {"万一停电", ""}, {"十分满意", ""}, {"十分钟", "10"}, {"四川人", ""}, {"三峡大坝", ""}, {"一号楼", "1"},
		{"千万别喝", ""}, {"周五地震", ""},
		{"123456789012345678", ""}, // too long to be a quantity
	} {
		d := analyzer().Analyze(tt.in, "")
		var got []string
		for _, x := range d.Terms {
			if x.Kind == text.Number {
				got = append(got, x.Text)
			}
		}
		if g := strings.Join(got, " "); g != tt.want {
			t.Errorf("numbers of %q = %q, want %q", tt.in, g, tt.want)
		}
	}
}

func TestChinese(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"洪水过后自来水还能喝吗", "洪水@0 过后@2 自来水@4"},
		{"新疫苗会导致不孕吗", "疫苗@1 导致@4 不孕@6"},
		{"地铁二号线因故障停运", "地铁@0 二号线@2 故障@6 停运@8"},
		{"核酸检测点在哪里", "核酸@0 检测@2 哪里@6"},
		{"医疗保险报销手续太麻烦了", "医疗保险@0 报销@4 手续@6 麻烦@9"},
		{"微信上传的谣言", "微信@0 上传@2 谣言@5"},
		{"北區什麼時候恢復供電", "北区@0 什么@2 时候@4 恢复@6 供电@8"},
	} {
		if got := terms(analyzer().Analyze(tt.in, ""), text.Han); got != tt.want {
			t.Errorf("words of %q = %q, want %q", tt.in, got, tt.want)
		}
	}
	d := analyzer().Analyze("停水了", "zh")
	if got, want := terms(d, text.Bigram, text.Char), "停@0 停水@0 水@1 水了@1 了@2"; got != want {
		t.Errorf("characters of 停水了 = %q, want %q", got, want)
	}
}

func TestScriptsWithoutSpaces(t *testing.T) {
	for _, tt := range []struct{ in, lang, want string }{
		{"น้ำดื่ม", "th", ""}, {"ນ້ໍາດື່ມ", "lo", ""}, {"ទឹកស្អាត", "km", ""}, {"ရေသန့်", "my", ""},
	} {
		d := analyzer().Analyze(tt.in, "")
		if d.Lang != tt.lang {
			t.Errorf("language of %q = %s, want %s", tt.in, d.Lang, tt.lang)
		}
		if len(d.Terms) == 0 || d.Terms[0].Kind != text.Bigram {
			t.Errorf("%q has no bigrams", tt.in)
		}
	}
}

// TestHash holds the values of hashes: they are stored.
func TestHash(t *testing.T) {
	for _, tt := range []struct {
		kind text.TermKind
		text string
		want uint64
	}{
		{text.Word, "water", 0x38849e9c247aa200},
		{text.Han, "自来水", 0xc27c7f09782be03d},
		{text.Bigram, "停水", 0xe22fe82889634612},
		{text.Number, "2", 0xfa203a63d0641936},
	} {
		if got := text.Hash(tt.kind, tt.text); got != tt.want {
			t.Errorf("Hash(%v, %q) = %#x, want %#x", tt.kind, tt.text, got, tt.want)
		}
	}
	if text.Hash(text.Han, "停水") == text.Hash(text.Bigram, "停水") {
		t.Error("the kind is not in the hash")
	}
}

// check holds what is true of every text.
func check(t interface {
	Errorf(string, ...any)
}, s, lang string) {
	d := analyzer().Analyze(s, lang)
	if !utf8.ValidString(d.Norm) {
		t.Errorf("Analyze(%q).Norm = %q, not UTF-8", s, d.Norm)
	}
	if d.Lang == "" || d.P < 0 || d.P > 1 {
		t.Errorf("Analyze(%q) = language %q, %v", s, d.Lang, d.P)
	}
	if len(d.Terms) > 5*len(s)+16 {
		t.Errorf("Analyze(%.40q…) has %d terms for %d bytes", s, len(d.Terms), len(s))
	}
	numeral := numerals(s)
	last := int32(0)
	for _, x := range d.Terms {
		if x.Text == "" || !utf8.ValidString(x.Text) || strings.ContainsAny(x.Text, " \n@") {
			t.Errorf("Analyze(%q) has the term %q", s, x.Text)
		}
		if x.Hash != text.Hash(x.Kind, x.Text) {
			t.Errorf("Analyze(%q): hash of %q is not Hash", s, x.Text)
		}
		if x.Pos < last {
			t.Errorf("Analyze(%q): %q at %d stands behind %d", s, x.Text, x.Pos, last)
		}
		last = x.Pos
		if x.Kind == text.Number && !numeral {
			t.Errorf("Analyze(%q) invents the number %q", s, x.Text)
		}
	}
	again := analyzer().Analyze(s, lang)
	if again.Norm != d.Norm || len(again.Terms) != len(d.Terms) || again.Lang != d.Lang {
		t.Errorf("Analyze(%q) differs from one time to the next", s)
	}
	analyzer().Kind(s, &d)
}

// numerals reports whether anything in s writes a number.
func numerals(s string) bool {
	s = strings.ToLower(norm.NFKC.String(s))
	return strings.IndexFunc(s, unicode.IsNumber) >= 0 || strings.Contains(s, "&#") || strings.ContainsAny(s, "零〇一二两兩三四五六七八九十百千万萬亿億") ||
		slices.ContainsFunc(strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) }), func(w string) bool {
			return slices.Contains(strings.Fields("one two three four five six seven eight nine ten eleven twelve first second third fourth fifth sixth seventh eighth ninth tenth"), w)
		})
}

func TestAnyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.OneOf(
			rapid.String(),
			rapid.StringOfN(rapid.RuneFrom(nil, unicode.Han), 0, 40, -1),
			rapid.StringOfN(rapid.RuneFrom([]rune("停水吗？。，#@[]<>&;._-'’12３٣ABCabc \u200b\u202e\ufeff")), 0, 60, -1),
			rapid.SampledFrom([]string{"https://a.b/c", "@user", "#NoWater", "#停水#", "[phone]", "二号线", "第三针", "ｗ", "👨‍👩‍👧", "السلام", "น้ำ", "\xff\xfe", "東京タワー", "지하철이"}),
		)
		s := strings.Join(rapid.SliceOfN(part, 0, 6).Draw(t, "parts"), "")
		check(t, s, rapid.SampledFrom([]string{"", "en", "zh", "ja", "ar", "xx"}).Draw(t, "lang"))
	})
}

func TestLongTexts(t *testing.T) {
	for _, s := range []string{
		strings.Repeat("停水了吗", 9000), strings.Repeat("a", 100_000), strings.Repeat("no water ", 12_000), strings.Repeat("@", 100_000),
		strings.Repeat("#", 100_000), strings.Repeat("[", 100_000), strings.Repeat("a.", 50_000), strings.Repeat("1,", 50_000),
		strings.Repeat("\u200b", 40_000), strings.Repeat("一", 40_000), strings.Repeat("ก", 40_000), strings.Repeat("a@", 50_000),
		strings.Repeat("&#49;", 20_000), strings.Repeat("\u0301", 50_000), strings.Repeat("h", 60_000) + "ttp://", strings.Repeat("é", 400_000),
		strings.Repeat("計程車", 20_000), strings.Repeat("<a ", 30_000), strings.Repeat("a-", 50_000), strings.Repeat("http:", 20_000),
	} {
		check(t, s, "")
	}
}

// TestMasked holds that what deident masks leaves no term behind.
func TestMasked(t *testing.T) {
	for _, m := range []string{"[phone]", "[email]", "[handle]", "[id]", "[card]", "[plate]", "[address]", "[place]", "[name]", "[ip]", "[withheld]", "<url>", "@user", "<num>"} {
		if d := analyzer().Analyze(m, "en"); len(d.Terms) > 0 {
			t.Errorf("Analyze(%q) has terms %s", m, terms(d))
		}
	}
	a, b := analyzer().Analyze("我是[name]，电话[phone]，停水了", "zh"), analyzer().Analyze("我是，电话，停水了", "zh")
	if terms(a) != terms(b) {
		t.Errorf("masks leave terms: %s, want %s", terms(a), terms(b))
	}
}

func TestManyGoroutines(t *testing.T) {
	want := terms(analyzer().Analyze(english140, ""))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				if got := terms(analyzer().Analyze(english140, "")); got != want {
					t.Errorf("Analyze = %s, want %s", got, want)
					return
				}
				analyzer().Analyze(chinese60, "zh")
			}
		})
	}
	wg.Wait()
}

func FuzzAnalyze(f *testing.F) {
	f.Add("停水了吗? call +86 10 5555 0199 or li@example.org, via @li #NoWater", "zh")
	f.Add("Is the tap water safe?? https://example.org/x line two [phone]", "en")
	f.Add("計程車 第三针 ３万人 ٣٠ น้ำ 지하철이 ワクチン \xff", "")
	f.Fuzz(func(t *testing.T, s, lang string) { check(t, s, lang) })
}

// TestWordCount: a text has as many words in Chinese as a reader counts, and not as
// many as it has terms.
func TestWordCount(t *testing.T) {
	a := analyzer()
	for s, want := range map[string]int{
		"":    0,
		"🚰🚰🚰": 0,
		"Is the tap water safe? Line 14 says no.": 9,
		"自来水能喝吗":                                  4,
		"学校明天停课，请家长在家照看孩子":                        8,
		"น้ำประปาดื่มได้ไหม":                      6,
	} {
		d := a.Analyze(s, "")
		if got := d.Words(); got != want {
			t.Errorf("%q has %d words, want %d: %v", s, got, want, d.Terms)
		}
	}
}
