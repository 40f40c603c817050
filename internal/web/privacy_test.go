package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"example.org/hearback/internal/web"
	"example.org/hearback/internal/web/office"
)

// The privacy notice is made from what is set: what is not set is not said,
// and what is set cannot be left out.
func TestPrivacyNotice(t *testing.T) {
	w := newWorld(t)
	w.fill(plain)
	opt := w.options()
	opt.Prove = 365 * 24 * time.Hour
	notice := func(o web.Options, lang string) string {
		b := w.public(o)
		b.lang = lang
		return b.get("/privacy").Body.String()
	}
	bare := opt
	bare.Window, bare.Retention = 12*time.Hour, 90*24*time.Hour
	page := notice(bare, "en")
	for _, say := range []string{"12 h", "90 days", "365 days", "180 days", "Linmere Gazette, comments", "12345 hotline", "public task", "http://public.test/log", "Nobody else gets anything", "desk@linmere.example"} {
		if !strings.Contains(page, say) {
			t.Errorf("the notice lacks %q", say)
		}
	}
	if strings.Contains(page, "key=secret") {
		t.Error("the notice shows the key of a source")
	}
	full := opt
	full.MailHost, full.Hub, full.SignOnName, full.SignOn = "smtp.example.org", "https://hub.example.org/x?key=1", "City account", &elsewhere{}
	full.Fediverse, full.Open311 = http.NotFoundHandler(), http.NotFoundHandler()
	full.Witnesses = func() []office.Witness {
		return []office.Witness{{Name: "newsroom.example.org"}, {Name: "ngo.example.org"}}
	}
	for lang, nobody := range map[string]string{"en": "Nobody else", "zh": "不向任何其他方"} {
		page := notice(full, lang)
		for _, say := range []string{"smtp.example.org", "hub.example.org", "City account", "newsroom.example.org", "ngo.example.org", "Mastodon"} {
			if !strings.Contains(page, say) {
				t.Errorf("the notice in %s lacks %q", lang, say)
			}
			if strings.Contains(notice(bare, lang), say) {
				t.Errorf("the notice in %s says %q where it is not set", lang, say)
			}
		}
		if strings.Contains(page, nobody) || strings.Contains(page, "key=1") {
			t.Errorf("the notice in %s says that nobody takes part, or shows a key", lang)
		}
	}
}
