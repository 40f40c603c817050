package deident_test

import (
	"strings"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/deident"
	"example.org/hearback/internal/deident/canary"
	"example.org/hearback/internal/source"
)

// ordinary are messages of about 140 characters with nothing to mask.
var ordinary = []string{
	"No water in our building since Tuesday morning and nobody picks up at the utility. Is it true that the treatment plant was closed until 30 November?",
	"Bus 42 did not come again, waited 45 minutes in the rain with two kids. When will the council answer? Fares went up to $2.75 and service went down.",
	"请问我们这边从昨天下午三点就停水了，打12345一直占线，物业说要等到后天才能恢复，家里有老人和小孩，能不能安排送水车？水价从2.8元涨到3.6元一吨，是真的吗，有没有正式的通知，大家都在问，微信群里传什么的都有，说大坝要决堤，希望官方尽快出来说一下到底怎么回事，不要让人心慌",
	"听说下周一开始疫苗要打第三针，间隔6个月，孕妇能不能打？我妈妈65岁，有高血压，社区医院让等通知，可是群里说月底就没有了，到底哪个是对的，麻烦给个准话，去年就是这样，排了三个小时队最后说没了，今年不要再这样了，谢谢，另外核酸检测点早上8:30开门吗，周末开不开，需要带什么证件",
}

func BenchmarkTextOrdinary(b *testing.B) {
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		deident.Text(ordinary[i%len(ordinary)])
	}
}

func BenchmarkTextSecrets(b *testing.B) {
	b.ReportAllocs()
	var texts []string
	for i, s := range canary.Secrets(3, 400) {
		texts = append(texts, ordinary[i%2+i%4/2*2][:60]+" "+s.Sentence)
	}
	for i := 0; b.Loop(); i++ {
		deident.Text(texts[i%len(texts)])
	}
}

func BenchmarkClean(b *testing.B) {
	b.ReportAllocs()
	k := deident.Keys{Window: []byte(strings.Repeat("w", 32)), Post: []byte(strings.Repeat("p", 32))}
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	src := hearback.Source{ID: 7}
	raw := source.Raw{Post: "at://did:plc:abcdefghijklmnop/app.bsky.feed.post/3kabc", Account: "did:plc:abcdefghijklmnop", At: now}
	for i := 0; b.Loop(); i++ {
		raw.Text = ordinary[i%len(ordinary)]
		if _, err := deident.Clean(src, raw, k, now); err != nil {
			b.Fatal(err)
		}
	}
}
