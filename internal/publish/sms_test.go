package publish_test

import (
	"strings"
	"testing"
	"unicode/utf16"

	"pgregory.net/rapid"

	"example.org/hearback"
	"example.org/hearback/internal/publish"
)

func TestSMS(t *testing.T) {
	const link = "https://lm.example/a1"
	for _, tt := range []struct {
		name  string
		text  hearback.Text
		want  string
		used  int
		limit int
	}{
		{"all of it", hearback.Text{Lang: "en", Title: "Tap water in Riverside: boil it for one minute", Do: "Boil it, let it cool. Use it within a day.", Next: "Saturday 12:00"},
			"Tap water in Riverside: boil it for one minute. Boil it, let it cool. Next update: Saturday 12:00. https://lm.example/a1", 120, 160},
		{"what to do before the next update", hearback.Text{Lang: "en", Title: "Tap water in Riverside: boil it for one minute before drinking", Do: "Boil it for one full minute, let it cool and keep it covered.", Next: "Saturday 20 March, 12:00, or sooner"},
			"Tap water in Riverside: boil it for one minute before drinking. Boil it for one full minute, let it cool and keep it covered. https://lm.example/a1", 147, 160},
		{"what to do is too long", hearback.Text{Lang: "en", Title: "Boil tap water for one minute", Do: strings.Repeat("very ", 40) + "long.", Next: "Friday"},
			"Boil tap water for one minute. Next update: Friday. https://lm.example/a1", 73, 160},
		{"a long title", hearback.Text{Lang: "en", Title: strings.Repeat("water ", 33)},
			strings.Repeat("water ", 22) + "wat... https://lm.example/a1", 160, 160},
		{"a word processor's marks", hearback.Text{Lang: "en", Title: "Don’t drink it – “boil” it…"}, "Don't drink it - \"boil\" it... https://lm.example/a1", 51, 160},
		{"in Chinese", hearback.Text{Lang: "zh", Title: "河滨区自来水：烧开一分钟再喝", Do: "烧开一分钟。当天用完。", Next: "周六12:00"},
			"河滨区自来水：烧开一分钟再喝。烧开一分钟。下次更新：周六12:00。https://lm.example/a1", 55, 70},
		{"a long one in Chinese", hearback.Text{Lang: "zh", Title: strings.Repeat("河滨区自来水", 12)},
			strings.Repeat("河滨区自来水", 8)[:48*3] + "…https://lm.example/a1", 70, 70},
		{"two places for a euro", hearback.Text{Lang: "en", Title: "It costs 5 €"}, "It costs 5 €. https://lm.example/a1", 36, 160},
		{"Vietnamese", hearback.Text{Lang: "vi", Title: "Đun sôi nước một phút"}, "Đun sôi nước một phút. https://lm.example/a1", 44, 70},
	} {
		got, used, limit := publish.SMS(tt.text, link)
		if got != tt.want || used != tt.used || limit != tt.limit {
			t.Errorf("%s: SMS =\n%q, %d of %d, want\n%q, %d of %d", tt.name, got, used, limit, tt.want, tt.used, tt.limit)
		}
	}
}

func TestSMSFits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.OneOf(rapid.StringMatching(`[a-z €{}]{0,90}`), rapid.StringN(0, 60, -1), rapid.StringMatching(`[一-龥。 ]{0,80}`))
		text := hearback.Text{Lang: "en", Title: word.Draw(t, "title"), Do: word.Draw(t, "do"), Next: word.Draw(t, "next")}
		got, used, limit := publish.SMS(text, "https://lm.example/a1")
		if used > limit || !strings.HasSuffix(got, "https://lm.example/a1") {
			t.Fatalf("SMS = %q, %d of %d", got, used, limit)
		}
		if units := len(utf16.Encode([]rune(got))); limit == 70 && units > 70 || limit == 160 && len([]rune(got)) > 160 {
			t.Fatalf("SMS = %q has %d units, %d characters", got, units, len([]rune(got)))
		}
	})
}
