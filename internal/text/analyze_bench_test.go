package text_test

import (
	"testing"

	"example.org/hearback/internal/text"
)

// Texts of the usual lengths: 140 characters of English, 60 of Chinese.
const (
	english140 = "Heard the jab makes women unable to have children, is it true? My sister was told by her doctor that it is safe, but people keep saying no."
	chinese60  = "听说打了疫苗以后女的怀不上孩子，是真的吗？我姐姐问过医生，医生说很安全，可是小区里大家都在传，二号线旁边的医院也没人回答。"
	tradition  = "聽說打了疫苗以後女的懷不上孩子，是真的嗎？我姐姐問過醫生，醫生說很安全，可是小區裡大家都在傳，二號線旁邊的醫院也沒人回答。"
)

func bench(b *testing.B, s, lang string) {
	a, err := text.New()
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(s)))
	b.ReportAllocs()
	for b.Loop() {
		d := a.Analyze(s, lang)
		if len(d.Terms) == 0 {
			b.Fatal("no terms")
		}
	}
}

func BenchmarkEnglish(b *testing.B)     { bench(b, english140, "") }
func BenchmarkChinese(b *testing.B)     { bench(b, chinese60, "") }
func BenchmarkTraditional(b *testing.B) { bench(b, tradition, "") }

func BenchmarkKind(b *testing.B) {
	a, err := text.New()
	if err != nil {
		b.Fatal(err)
	}
	d := a.Analyze(english140, "")
	b.ReportAllocs()
	for b.Loop() {
		a.Kind(english140, &d)
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		if _, err := text.New(); err != nil {
			b.Fatal(err)
		}
	}
}
