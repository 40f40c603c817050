package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/forecast"
	"example.org/hearback/internal/publish"
	"example.org/hearback/internal/score"
	"example.org/hearback/internal/store"
	"example.org/hearback/internal/translog"
	"example.org/hearback/internal/web/office"
)

// paths lists the pages of both sites, given an office with everything.
func paths(o things) (console, public []string) {
	console = []string{
		"/", "/concerns", "/concerns?view=all&tier=P2&speech=en&area=Riverside&q=water", "/concerns?view=case", "/concerns?view=void&small=1", "/concerns?view=muted", "/concerns?since=today", "/heat", "/heat?by=theme&hours=48", "/search?q=water", "/search",
		"/cases", "/cases?view=late", "/cases?view=closed&desk=water", "/answers", "/answers?view=draft", "/answers?since=week", "/results", "/calibration", "/scoring",
		"/alerts", "/alerts?view=digest", "/alerts?view=all", "/sources", "/sources/new", "/sources/new?kind=table", "/sources/new?kind=webhook", "/topics", "/desks", "/playbooks", "/log", "/log?type=answer", "/log?before=3", "/log/entry/0",
		"/accounts", "/account", "/settings", "/notifications", "/notifications?view=failed", "/help",
	}
	public = []string{"/", "/?q=water", "/answers", "/questions", "/sources", "/accountability", "/calibration", "/scoring", "/log", "/log/entry/0", "/ask", "/feeds", "/privacy", "/accessibility", "/robots.txt"}
	if o.water == 0 {
		return console, public
	}
	console = append(console, "/desks/front/handover", "/desks?try=tap+water", "/playbooks/water", "/cases/"+o.damCase.String()+"/draft?holding=1")
	for _, id := range []hearback.ID{o.water, o.dam, o.pension, o.bus} {
		console = append(console, "/concerns/"+id.String(), "/concerns/"+id.String()+"?do=case")
	}
	for _, id := range []hearback.ID{o.waterCase, o.damCase} {
		console = append(console, "/cases/"+id.String(), "/cases/"+id.String()+"/draft", "/cases/"+id.String()+"/draft?add=vi")
	}
	for _, id := range []hearback.ID{o.answer, o.draft, o.gone} {
		console = append(console, "/answers/"+id.String())
	}
	console = append(console, "/sources/"+o.feed.String(), "/sources/"+o.hook.String(), "/topics/"+o.topic.String(), "/concerns?view=all&source="+o.feed.String())
	public = append(public, "/answers/"+o.answer.String(), "/answers/"+o.answer.String()+"?text=zh", "/answers/"+o.answer.String()+"/print", "/answers/"+o.gone.String())
	return console, public
}

var (
	inline  = regexp.MustCompile(`(?i)<[^>]+\s(style|on[a-z]+)\s*=|<style|<script(?: type="(?:module|application/(?:ld\+)?json)"[^>]*)?>`)
	dataTag = regexp.MustCompile(`<script type="application/(?:ld\+)?json"[^>]*>`)
	rawKey  = regexp.MustCompile(`>\s*(?:[a-z_]+\.)+[a-z_0-9]+\s*<`)
)

// checkPage holds what is true of every page.
func checkPage(t *testing.T, path string, rec *httptest.ResponseRecorder) string {
	t.Helper()
	body := rec.Body.String()
	h := rec.Header()
	if csp := h.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "require-trusted-types-for 'script'") || strings.Contains(csp, "unsafe") {
		t.Errorf("%s: Content-Security-Policy = %q", path, csp)
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin"} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %s = %q, want %q", path, name, got, want)
		}
	}
	if !strings.HasPrefix(h.Get("Content-Type"), "text/html") {
		return body
	}
	if m := inline.FindString(dataTag.ReplaceAllString(body, "")); m != "" && !strings.HasPrefix(m, `<script type="module"`) {
		t.Errorf("%s: the content policy forbids %q", path, m)
	}
	for _, bad := range []string{"ZgotmplZ", "%!", "<no value>", "&lt;nil&gt;"} {
		if strings.Contains(body, bad) {
			t.Errorf("%s holds %q", path, bad)
		}
	}
	if m := rawKey.FindString(body); m != "" && !strings.Contains(m, "example") && !strings.Contains(body, "<code>"+strings.Trim(m, "><")+"</code>") {
		t.Errorf("%s shows the key of a sentence: %q", path, m)
	}
	if n := strings.Count(body, "<h1"); n != 1 {
		t.Errorf("%s has %d h1, want 1", path, n)
	}
	for _, tag := range []string{"section", "div", "table", "form", "ul", "ol", "li", "p", "details", "dl", "svg", "article", "aside"} {
		if open, shut := len(regexp.MustCompile(`<`+tag+`[ >]`).FindAllString(body, -1)), strings.Count(body, "</"+tag+">"); open != shut {
			t.Errorf("%s opens <%s> %d times and closes it %d times", path, tag, open, shut)
		}
	}
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(`\sid="([^"]+)"`).FindAllStringSubmatch(body, -1) {
		if ids[m[1]] {
			t.Errorf("%s has the id %q twice", path, m[1])
		}
		ids[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`<label[^>]*\sfor="([^"]+)"`).FindAllStringSubmatch(body, -1) {
		if !ids[m[1]] {
			t.Errorf("%s labels %q, which is not there", path, m[1])
		}
	}
	return body
}

// latin are words that a Chinese page may hold.
var latin = regexp.MustCompile(`(?i)^(hearback|english|webhook|opml|rss|atom|json|feed|jsonl|csv|tsv|xlsx|html|https?|utf|merkle|csp|c2sp|rfc|sha|wcag|javascript|cookie|asia|shanghai|riverside|evacuat|water|flood|tap|bus|school|not|and|audit|verify|office|name|zone|console|public|url|alerts|per|day|log|checkpoint|everything|listener|first|created|test|leaf|enter|esc|desk|linmere|example|utc|drill|account|role|granted|number|scope|version|reviewers|false|true|type|seq|actor|system|subject|pub|records?|administrator|source|answers?|data|lang|ntfy|matrix|score)$`)

func TestPages(t *testing.T) {
	empty := newWorld(t)
	full := newWorld(t)
	o := full.fill(plain)
	for _, tt := range []struct {
		name string
		w    *world
		o    things
	}{{"empty", empty, things{}}, {"full", full, o}} {
		t.Run(tt.name, func(t *testing.T) {
			opt := tt.w.options()
			console := tt.w.join(opt, "Everything", access.Roles()...)
			drill := opt
			drill.Drill, drill.DrillURL, drill.Ask = true, "", nil
			pagesC, pagesP := paths(tt.o)
			for _, site := range []struct {
				name  string
				b     *browser
				pages []string
			}{{"console", console, pagesC}, {"drill", tt.w.console(drill), pagesC}, {"public", tt.w.public(opt), pagesP}} {
				for _, lang := range []string{"en", "zh"} {
					for _, path := range site.pages {
						sep := "?"
						if strings.Contains(path, "?") {
							sep = "&"
						}
						rec := site.b.get(path + sep + "lang=" + lang)
						want := http.StatusOK
						switch {
						case site.name == "public" && path == "/answers/"+tt.o.gone.String():
							want = http.StatusGone
						case tt.name == "empty" && strings.HasPrefix(path, "/log/entry") && site.name != "console" && rec.Code == http.StatusNotFound:
							want = http.StatusNotFound
						case site.name == "drill" && rec.Code == http.StatusForbidden:
							want = http.StatusForbidden // an officer may not do everything
						}
						if rec.Code != want {
							t.Errorf("%s %s (%s) = %d, want %d", site.name, path, lang, rec.Code, want)
						}
						body := checkPage(t, site.name+" "+path+" "+lang, rec)
						if strings.HasPrefix(rec.Header().Get("Content-Type"), "text/html") && !strings.Contains(body, `<html lang="`+map[string]string{"en": "en", "zh": "zh-Hans"}[lang]+`"`) {
							t.Errorf("%s %s is not in %s", site.name, path, lang)
						}
						if tt.name == "empty" && lang == "zh" && site.name != "drill" && path != "/robots.txt" && !strings.HasPrefix(path, "/log/entry") {
							noEnglish(t, site.name+" "+path, body)
						}
						if site.name == "drill" && rec.Code == 200 && !strings.Contains(body, `class="drillmark"`) {
							t.Errorf("drill %s wears no band", path)
						}
					}
				}
			}
		})
	}
}

// TestAreaNames holds that areas have their names in the language of the
// reader, and that the filter takes a name.
func TestAreaNames(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	opt := w.options()
	opt.AreaName = func(area, lang string) string {
		if area == "Old Town" && lang == "zh" {
			return "老城片区"
		}
		return area
	}
	opt.FindArea = func(name string) string {
		if name == "老城片区" {
			return "Old Town"
		}
		return name
	}
	b := w.join(opt, "Everything", access.Roles()...)
	for _, tt := range []struct{ path, want, not string }{
		{"/concerns?view=all&lang=zh", "老城片区", ">Old Town<"},
		{"/concerns?view=all&lang=en", "Old Town", "老城片区"},
		{"/concerns/" + o.water.String() + "?lang=zh", "老城片区", ">Old Town<"},
		{"/concerns?view=all&lang=zh&area=%E8%80%81%E5%9F%8E%E7%89%87%E5%8C%BA", "/concerns/" + o.water.String(), ""},
		{"/concerns?view=all&lang=zh&area=nowhere", "", "/concerns/" + o.water.String()},
	} {
		body := b.get(tt.path).Body.String()
		if !strings.Contains(body, tt.want) || tt.not != "" && strings.Contains(body, tt.not) {
			t.Errorf("%s lacks %q or has %q", tt.path, tt.want, tt.not)
		}
	}
}

// TestAlertsExplain: every alert says in both languages what was expected,
// what came, since when, by which rule, and what would have kept it silent.
func TestAlertsExplain(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	b := w.join(w.options(), "Everything", access.Roles()...)
	for lang, says := range map[string][]string{
		"en": {
			"The evidence for a doubled rate, summed over days, passed 12 (rules alert/2)", "40 voices in 1 d", "About 20, give or take 5", "30 voices or fewer had come in the last 24 hours", "3 sources in the last six hours", "Number 3 of the day; the budget is 12",
			"Saltmarsh (4), Vietnamese (3), City forum (3)", "similarity 0.4", "after 9 d in which nothing was heard of it", "60% of the messages are questions", "Fewer than the 390 of the day before", "7 messages or more had come in one of the hours", "one message had come",
			"80% of the time has passed", "its harm had been rated below 75", "Kept for the digest: the 12 of the day were sent", "Kept for the digest: in the first days",
		},
		"zh": {
			"“速率翻倍”的证据逐日累加，超过12（规则alert/2）", "1天内40个声音", "约20个，上下5", "最近24小时的声音不超过30个", "最近六小时有3个来源", "当日第3条；限额12条", "越南语（3）", "相似度0.4", "此前9天无人提及",
			"消息中60%是提问", "少于前一天的390个", "其中一小时有7条以上消息", "来过一条消息", "时间已过80%", "危害评定低于75", "列入汇总：当日12条已发完",
		},
	} {
		body := b.get("/alerts?view=all&lang=" + lang).Body.String()
		for _, say := range says {
			if !strings.Contains(body, say) {
				t.Errorf("the alerts in %s do not say %q", lang, say)
			}
		}
		if n := strings.Count(body, `<dl class="whys">`); n < 13 {
			t.Errorf("%d alerts in %s explain themselves, want all", n, lang)
		}
		if strings.Contains(body, "来水、自来水") || strings.Contains(body, "来水, 自来水") {
			t.Errorf("the words in %s overlap", lang)
		}
		if page := b.get("/concerns/" + o.water.String() + "?lang=" + lang).Body.String(); strings.Count(page, `<dl class="whys">`) != 5 {
			t.Errorf("the page of the concern in %s does not explain its 5 alerts", lang)
		}
	}
}

// TestOutlook: what is expected of a concern is shown while such forecasts
// have been better than a plain rule, and otherwise the reason stands there.
func TestOutlook(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	ctx := context.Background()
	b := w.join(w.options(), "Listener", access.Listener)
	public := w.public(w.options())
	page := func(lang string) string {
		return b.get("/concerns/" + o.water.String() + "?lang=" + lang).Body.String()
	}
	if body := page("en"); !strings.Contains(body, "No forecast yet: two days of counts are needed.") {
		t.Error("a concern without forecasts does not say so")
	}
	made := func(target forecast.Target, at time.Time, concern hearback.ID) forecast.Forecast {
		return forecast.Forecast{Concern: concern, Made: at, Target: target, Q: [7]float64{70, 80, 90, 100, 110, 120, 130}, Naive: [7]float64{1, 2, 3, 4, 5, 6, 7}}
	}
	w.must(w.db.SaveForecasts(ctx, []forecast.Forecast{made(forecast.Next24, w.Now(), o.water), made(forecast.Next72, w.Now(), o.water)}))
	if body := page("en"); strings.Contains(body, `class="b80"`) || !strings.Contains(body, "0 of the 30 that must be checked first have been") || strings.Contains(body, "about 100 voices") {
		t.Error("forecasts that nobody checked are shown, or the reason is not")
	}
	// The next 24 hours were forecast well 40 times, the next 72 badly.
	for i := range 40 {
		at := w.Now().Add(-time.Duration(100+i) * time.Hour)
		good, bad := made(forecast.Next24, at, o.bus), made(forecast.Next72, at, o.bus)
		good.Came, bad.Came = 101, 4
		good.Scored, bad.Scored = w.Now(), w.Now()
		w.must(w.db.SaveForecasts(ctx, []forecast.Forecast{good, bad}))
		w.must(w.db.ScoreForecasts(ctx, []forecast.Forecast{good, bad}, nil))
	}
	if body := page("en"); !strings.Contains(body, "Next 24 hours: about 100 voices (80%: 80 to 120; made") || strings.Contains(body, "Next 72 hours: about") || !strings.Contains(body, "lately they were no better than") {
		t.Error("what was forecast well is not shown, or what was not is")
	}
	if body := page("en"); strings.Count(body, `class="b80" x=`) != 2 || !strings.Contains(body, "expected, 80%") { // one for a wide column, one for a phone
		t.Errorf("the timeline has %d bands", strings.Count(body, `class="b80" x=`))
	}
	if body := page("zh"); !strings.Contains(body, "今后24小时：约100个声音（80%区间80至120；") {
		t.Error("it is not said in Chinese")
	}
	body := public.get("/calibration").Body.String()
	for _, say := range []string{"80 forecasts were checked", "1 of the 4 kinds", "No: no better than", "Not yet: 0 of 30 checked", "100%"} {
		if !strings.Contains(body, say) {
			t.Errorf("the public page does not say %q", say)
		}
	}
	if body := public.get("/accountability").Body.String(); !strings.Contains(body, `href="/calibration"`) {
		t.Error("nothing leads to the page")
	}
}

// TestHarmHints: words in the messages mark steps of the form and choose none,
// and who must rate second does not see what the first found.
func TestHarmHints(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	b := w.join(w.options(), "Listener", access.Listener)
	path := "/concerns/" + o.dam.String()
	form := regexp.MustCompile(`(?s)id="do-harm".*?</details>`)
	page := form.FindString(b.get(path + "?do=harm").Body.String())
	for _, bad := range []string{" checked", " selected"} {
		if strings.Contains(page, bad) {
			t.Errorf("the form chooses for people: it holds %q", bad)
		}
	}
	water := b.get("/concerns/" + o.water.String()).Body.String()
	if f := form.FindString(water); !strings.Contains(f, "Words hint at") || !strings.Contains(f, "now") || strings.Contains(f, " checked") || strings.Contains(f, " selected") {
		t.Errorf("the form does not show the words that hint, or chooses: %s", f)
	}
	if strings.Contains(water, "Avoidable illness; infants.") || !strings.Contains(water, "A second person must rate its harm.") || !strings.Contains(water, "What others found is shown once you have rated") {
		t.Error("whoever must rate second sees what the first found")
	}
	if rec := b.post("/concerns/"+o.water.String()+"/harm", "severity", "3", "believable", "2", "immediate", "1", "call", "1", "vulnerable", "1", "reason", "Infants drink it."); rec.Code != http.StatusSeeOther {
		t.Fatalf("rating = %d", rec.Code)
	}
	water = b.get("/concerns/" + o.water.String()).Body.String()
	if !strings.Contains(water, "Avoidable illness; infants.") || strings.Contains(water, "A second person must rate its harm.") {
		t.Error("after the second rating the first is still hidden")
	}
}

// starting is a service that is still reading what it has grouped.
type starting struct{ office.Concerns }

func (starting) Nearest(context.Context, hearback.ID, int) ([]office.Nearest, error) {
	return nil, office.ErrLoading
}

// TestStarting: right after a start the page of a concern says what is not
// there yet, and shows the rest.
func TestStarting(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	options := w.options()
	options.Concerns = starting{options.Concerns}
	b := w.join(options, "Listener", access.Listener)
	for lang, want := range map[string]string{"en": "still reading what it has grouped", "zh": "归类记录还在读取"} {
		rec := b.get("/concerns/" + o.water.String() + "?lang=" + lang)
		if rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), want) {
			t.Errorf("%s: status %d, and the page does not say %q", lang, rec.Code, want)
		}
	}
}

// noEnglish fails on words that were left in English on a Chinese page.
func noEnglish(t *testing.T, path, body string) {
	t.Helper()
	body = regexp.MustCompile(`(?s)<head>.*?</head>|<(script|code|pre|kbd|option|svg)[^>]*>.*?</(script|code|pre|kbd|option|svg)>|<[a-z0-9]+[^>]* lang="en"[^>]*>[^<]*|<[^>]+>`).ReplaceAllString(body, " ")
	for _, w := range regexp.MustCompile(`[A-Za-z]{4,}`).FindAllString(body, -1) {
		if !latin.MatchString(w) {
			t.Errorf("%s says %q in Chinese", path, w)
		}
	}
}

// TestEscaping puts markup into every text that people can write. None of it
// may come out as markup.
func TestEscaping(t *testing.T) {
	w := newWorld(t)
	const attack = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>{{.}}</title></textarea>`
	o := w.fill(func(s string) string { return s + attack })
	opt := w.options()
	console, public := w.join(opt, "Everything", access.Roles()...), w.public(opt)
	pagesC, pagesP := paths(o)
	seen := 0
	for i, b := range []*browser{console, public} {
		for _, path := range [][]string{pagesC, pagesP}[i] {
			body := b.get(path).Body.String()
			for _, bad := range []string{"<script>alert", "<img src=x", `"'><img`} {
				if strings.Contains(body, bad) {
					t.Errorf("%s holds %q", path, bad)
				}
			}
			seen += strings.Count(body, "alert(1)") + strings.Count(body, "alert(1")
		}
	}
	if seen < 100 {
		t.Errorf("the attack was seen %d times; does the test still reach the pages?", seen)
	}
	// What comes back from a form is escaped as well.
	rec := console.post("/topics", "act", "test", "name", attack, "query", "("+attack, "text", attack)
	if body := rec.Body.String(); strings.Contains(body, "<script>alert") || !strings.Contains(body, "alert(1)") {
		t.Error("a form that comes back does not escape what was typed")
	}
	rec = public.post("/ask", "text", strings.Repeat(attack, 40))
	if body := rec.Body.String(); rec.Code != http.StatusUnprocessableEntity || strings.Contains(body, "<script>alert") {
		t.Errorf("ask = %d, or does not escape", rec.Code)
	}
}

// TestPublicSilence: the public site quotes no message and shows no small
// count, and sets no cookie that was not asked for.
func TestPublicSilence(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	ctx := context.Background()
	small := &hearback.Concern{ID: w.id(), Title: "My neighbour at number 7 coughs", Phrases: []string{"neighbour", "coughs"}, First: w.Now(), Last: w.Now(), Messages: 3, Voices: 3, Langs: map[string]int64{"en": 3}}
	w.must(w.db.Take(ctx, &store.Batch{Concerns: []*hearback.Concern{small}}))
	_, err := w.cases.Open(ctx, listener, small.ID, "front", hearback.P1, "")
	w.must(err)
	opt := w.options()
	public := w.public(opt)
	_, pages := paths(o)
	for _, path := range append(pages, "/answers/"+o.answer.String()+"/data") {
		rec := public.get(path)
		body := rec.Body.String()
		for _, bad := range []string{"Can I still make formula", "家里自来水是黄的", "Nước máy", "open the gates at 22:00", "number 7 coughs", "coughs", "first@office", "nothing above the limit", "key=secret"} {
			if strings.Contains(body, bad) {
				t.Errorf("%s shows %q", path, bad)
			}
		}
		if regexp.MustCompile(`\b[1-9] (people|voices)\b`).MatchString(body) {
			t.Errorf("%s shows a count under the floor", path)
		}
		if c := rec.Header()["Set-Cookie"]; c != nil {
			t.Errorf("%s sets %q", path, c)
		}
	}
	if body := public.get("/questions").Body.String(); !strings.Contains(body, "Fewer than 10 people") || !strings.Contains(body, "A matter that is being looked at") {
		t.Error("the small matter is not on the page of open questions without its number")
	}
	if rec := public.get("/?lang=zh"); !strings.HasPrefix(strings.Join(rec.Header()["Set-Cookie"], ""), "hb_lang=zh") {
		t.Error("a language that was chosen is not remembered")
	}
	if public.get("/answers/"+o.draft.String()).Code != http.StatusNotFound {
		t.Error("a draft is public")
	}
}

// TestProof: the words that a reader sees are the words that the log vouches
// for, in both languages, and stop being so when one is changed.
func TestProof(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	public := w.public(w.options())
	for _, path := range []string{"/answers/" + o.answer.String(), "/answers/" + o.answer.String() + "?lang=zh", "/answers/" + o.gone.String()} {
		page := public.get(path).Body.Bytes()
		report, err := translog.VerifyPage(page, translog.VerifyOptions{})
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, c := range report.Checks {
			if c.State == translog.CheckFailed {
				t.Errorf("%s: %+v", path, c)
			}
		}
		if strings.Contains(path, o.gone.String()) {
			continue
		}
		for _, swap := range [][2]string{{"harmless", "harmful"}, {"无害", "有害"}} {
			head, body, _ := bytes.Cut(page, []byte("<h1"))
			forged := append(append(bytes.Clone(head), "<h1"...), bytes.Replace(body, []byte(swap[0]), []byte(swap[1]), 1)...)
			if bytes.Equal(forged, page) || !bytes.Contains(bytes.SplitN(body, []byte("<h2"), 2)[0], []byte(swap[0])) {
				continue
			}
			report, err := translog.VerifyPage(forged, translog.VerifyOptions{})
			if err == nil && !slices.ContainsFunc(report.Checks, func(c translog.Check) bool { return c.State == translog.CheckFailed }) {
				t.Errorf("%s: a changed page passes", path)
			}
		}
	}
	rec := public.get("/answers/" + o.answer.String() + "/data")
	a, err := w.db.Answer(context.Background(), o.answer)
	w.must(err)
	want, err := publish.Canonical(a, a.Current())
	w.must(err)
	if !bytes.Equal(rec.Body.Bytes(), want) || !json.Valid(want) {
		t.Error("the data is not the canonical JSON")
	}
}

// TestBudget: the first view of an answer stays light, plain and unzipped.
func TestBudget(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	public := w.public(w.options())
	page := public.get("/answers/" + o.answer.String()).Body.String()
	total := len(page)
	for _, m := range regexp.MustCompile(`(?:href|src)="(/static/[^"]+)"`).FindAllStringSubmatch(page, -1) {
		rec := public.get(m[1])
		if rec.Code != 200 || !strings.Contains(rec.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s = %d, %q", m[1], rec.Code, rec.Header().Get("Cache-Control"))
		}
		total += rec.Body.Len()
	}
	if total > 60_000 {
		t.Errorf("the first view of an answer has %d bytes, want at most 60,000", total)
	}
	t.Logf("first view of an answer: %d bytes, of which %d are the page", total, len(page))
}

// TestFlow takes a concern to a public answer through forms alone.
func TestFlow(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	opt := w.options()
	officer := w.join(opt, "Officer", access.Officer, access.Listener)
	one, two := w.join(opt, "Reviewer1", access.Reviewer), w.join(opt, "Reviewer2", access.Reviewer)
	ok := func(rec *httptest.ResponseRecorder) string {
		t.Helper()
		if rec.Code != http.StatusSeeOther {
			t.Fatalf("= %d %s", rec.Code, regexp.MustCompile(`(?s)<main.*</main>`).FindString(rec.Body.String()))
		}
		to, _, _ := strings.Cut(rec.Header().Get("Location"), "?")
		return to
	}
	refused := func(rec *httptest.ResponseRecorder, say string) {
		t.Helper()
		if rec.Code != http.StatusForbidden || !strings.Contains(rec.Body.String(), say) {
			t.Fatalf("= %d, want 403 with %q: %s", rec.Code, say, regexp.MustCompile(`(?s)role="alert".*?</div>`).FindString(rec.Body.String()))
		}
	}
	ok(officer.post("/concerns/"+o.pension.String()+"/title", "title", "March pensions"))
	ok(officer.post("/concerns/"+o.pension.String()+"/mute", "on", "1", "reason", "known to the pension office"))
	ok(officer.post("/concerns/"+o.pension.String()+"/mute", "on", "0", "reason", "it grows"))
	kase := ok(officer.post("/concerns/"+o.pension.String()+"/case", "desk", "front", "tier", "P3", "note", "ask the pension office"))
	ok(officer.post(kase+"/check", "note", ""))
	ok(officer.post(kase+"/evidence", "title", "Letter of the pension office", "url", "https://pension.example/letter", "primary", "1"))
	ok(officer.post(kase+"/verdict", "verdict", "true", "note", ""))
	ok(officer.post(kase+"/tier", "tier", "P2", "reason", "more people than thought"))
	// What cannot be saved comes back as it was typed.
	rec := officer.post(kase+"/draft", "version", "0", "verdict", "true", "lang", "en", "title-en", "", "lead-en", "typed with care", "act", "save")
	if rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), "typed with care") || !strings.Contains(rec.Body.String(), "no title") {
		t.Fatalf("a draft without a title = %d", rec.Code)
	}
	ans := ok(officer.post(kase+"/draft", "version", "0", "verdict", "true", "lang", "en", "title-en", "Pensions come on Friday", "lead-en", "The bank was late.", "lang", "zh", "title-zh", "养老金周五到账", "lead-zh", "银行延误。", "act", "submit"))
	// Two tabs: the second one to save is told, and loses nothing.
	rec = officer.post(kase+"/draft", "version", "0", "verdict", "true", "lang", "en", "title-en", "Another", "lead-en", "another text", "act", "save")
	if rec.Code != http.StatusConflict || !strings.Contains(rec.Body.String(), "another text") {
		t.Fatalf("a stale draft = %d", rec.Code)
	}
	// What both wrote is set side by side, and what they typed goes on from there.
	for _, say := range []string{"Somebody else saved this draft", "<del>The bank was late.</del>", "<ins>another text</ins>", "<del>养老金周五到账</del>", ">another text</textarea>", `name="version" value="2"`} {
		if !strings.Contains(rec.Body.String(), say) {
			t.Errorf("two officers at one draft: the page lacks %q", say)
		}
	}
	page := one.get(ans).Body.String()
	hash := regexp.MustCompile(`name="hash" value="([0-9a-f]{64})"`).FindStringSubmatch(page)
	if hash == nil {
		t.Fatal("the reviewer is not offered to approve")
	}
	refused(officer.post(ans+"/approve", "hash", hash[1], "note", ""), "Reviewer")
	refused(officer.post(ans+"/publish"), "approvals")
	if rec := one.post(ans+"/approve", "hash", strings.Repeat("0", 64)); rec.Code != http.StatusConflict {
		t.Errorf("approving another text = %d, want 409", rec.Code)
	}
	ok(one.post(ans+"/approve", "hash", hash[1], "note", "asked the bank"))
	refused(one.post(ans+"/approve", "hash", hash[1]), "approved this text already")
	ok(two.post(ans+"/return", "note", "say which Friday"))
	ok(officer.post(ans + "/submit"))
	for _, b := range []*browser{one, two} {
		ok(b.post(ans+"/approve", "hash", hash[1], "note", ""))
	}
	ok(two.post(ans + "/publish"))
	public := w.public(opt)
	if rec := public.get(ans); rec.Code != 200 || !strings.Contains(rec.Body.String(), "Pensions come on Friday") || !strings.Contains(rec.Body.String(), `id="hearback-proof"`) {
		t.Fatalf("the answer is not public: %d", rec.Code)
	}
	public.lang = "zh-CN,zh;q=0.9,en;q=0.5"
	if rec := public.get(ans); !strings.Contains(rec.Body.String(), "养老金周五到账") {
		t.Error("the browser’s language is not heeded")
	}
	if rec := two.post(ans+"/withdraw", "reason", ""); rec.Code != http.StatusUnprocessableEntity {
		t.Errorf("withdrawing without a reason = %d, want 422", rec.Code)
	}
	ok(two.post(ans+"/withdraw", "reason", "The bank was wrong about the day."))
	if rec := public.get(ans); rec.Code != http.StatusGone || !strings.Contains(rec.Body.String(), "The bank was wrong") || strings.Contains(rec.Body.String(), "银行延误") {
		t.Errorf("a withdrawn answer = %d", rec.Code)
	}
	ok(officer.post(kase+"/close", "why", "unresolved", "note", "the office must speak first"))
	// Bulk acts, alerts and harm.
	ok(officer.post("/concerns", "act", "mute", "id", o.dam.String(), "id", o.bus.String(), "reason", "a test", "back", "/concerns?view=all"))
	ok(officer.post("/alerts/"+o.alert.String()+"/verdict", "verdict", "worth", "back", "/alerts"))
	ok(officer.post("/alerts/"+o.alert.String()+"/ack", "back", "/alerts"))
	ok(one.post("/concerns/"+o.dam.String()+"/harm", "severity", "4", "believable", "3", "immediate", "4", "call", "2", "vulnerable", "2", "reason", "people could drown"))
	ok(officer.post("/signout"))
	if rec := officer.get("/"); rec.Code != http.StatusSeeOther || !strings.HasPrefix(rec.Header().Get("Location"), "/signin") {
		t.Error("signing out does not")
	}
}

// TestAccess: who is not signed in sees the door, and who may not act is told
// which role could.
func TestAccess(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	opt := w.options()
	auditor := w.join(opt, "Auditor", access.Auditor)
	stranger := w.console(opt)
	b, err := os.ReadFile("routes.go")
	w.must(err)
	table := regexp.MustCompile(`\{"(GET|POST) ([^"]+)", (open|access\.(\w+)),`).FindAllStringSubmatch(string(b), -1)
	posts := 0
	for _, m := range table {
		path := strings.NewReplacer("{$}", "", "{id}", o.water.String(), "{slug}", "water", "{seq}", "0").Replace(m[2])
		if m[3] == "open" {
			continue
		}
		if m[1] == "GET" {
			rec := stranger.get(path)
			if strings.HasPrefix(path, "/api/") {
				if rec.Code != http.StatusUnauthorized {
					t.Errorf("GET %s for a stranger = %d, want 401", path, rec.Code)
				}
				continue
			}
			if path != "/live" && (rec.Code != http.StatusSeeOther || !strings.HasPrefix(rec.Header().Get("Location"), "/signin")) {
				t.Errorf("GET %s for a stranger = %d %s", path, rec.Code, rec.Header().Get("Location"))
			}
			continue
		}
		posts++
		if rec := stranger.post(path); rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != "/signin" {
			t.Errorf("POST %s for a stranger = %d", path, rec.Code)
		}
		if m[4] == "ViewConsole" {
			continue
		}
		rec := auditor.post(path, "reason", "x")
		if rec.Code != http.StatusForbidden || !strings.Contains(rec.Body.String(), "you need one of these roles") {
			t.Errorf("POST %s for an auditor = %d", path, rec.Code)
		}
	}
	if posts < 50 {
		t.Errorf("found %d acts in the table; is the pattern still right?", posts)
	}
	if rec := auditor.post("/concerns", "act", "mute", "id", o.water.String(), "reason", "x"); rec.Code != http.StatusForbidden {
		t.Errorf("a bulk act for an auditor = %d", rec.Code)
	}
	// A form on another site.
	r := httptest.NewRequest("POST", "http://console.test/signout", nil)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if rec := auditor.do(r); rec.Code != http.StatusForbidden || !strings.Contains(rec.Body.String(), "sent from another site") {
		t.Errorf("a form of another site = %d", rec.Code)
	}
	// The door.
	for range 6 {
		stranger.post("/signin", "login", "first@office.example", "password", "not the password 1")
	}
	rec := stranger.post("/signin", "login", "first@office.example", "password", "several unrelated words 7")
	if rec.Code != http.StatusForbidden || !strings.Contains(rec.Body.String(), "Too many wrong passwords") {
		t.Errorf("after six wrong passwords = %d", rec.Code)
	}
	if body := stranger.get("/setup?token=nonsense").Body.String(); !strings.Contains(body, "time is over") {
		t.Error("a used link shows a form")
	}
	stranger.lang = "zh"
	if rec := stranger.post("/signin", "login", "nobody", "password", "not the password 1"); !strings.Contains(rec.Body.String(), "登录名与密码不匹配") {
		t.Error("a fault is not said in Chinese")
	}
}

// TestDrill: in a drill one chooses whom to act as, and nobody signs in.
func TestDrill(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	opt := w.options()
	opt.Drill, opt.Accounts = true, nil
	b := w.console(opt)
	if body := b.get("/").Body.String(); !strings.Contains(body, "You act as") {
		t.Fatal("the drill does not ask whom to act as")
	}
	ans := "/answers/" + o.draft.String()
	if rec := b.post("/answers/"+o.draft.String()+"/approve", "hash", "x"); rec.Code != http.StatusForbidden {
		t.Errorf("an officer approves: %d", rec.Code)
	}
	if rec := b.post("/act", "as", "reviewer1", "back", ans); rec.Header().Get("Location") != ans {
		t.Errorf("act goes to %q", rec.Header().Get("Location"))
	}
	hash := regexp.MustCompile(`name="hash" value="([0-9a-f]{64})"`).FindStringSubmatch(b.get(ans).Body.String())
	if hash == nil {
		t.Fatal("reviewer 1 is not offered to approve")
	}
	if rec := b.post(ans+"/approve", "hash", hash[1]); rec.Code != http.StatusSeeOther {
		t.Errorf("reviewer 1 approves: %d", rec.Code)
	}
	if rec := b.post("/act", "as", "king", "back", "/"); rec.Code != http.StatusNotFound {
		t.Errorf("act as a king = %d", rec.Code)
	}
	if rec := w.console(w.options()).post("/act", "as", "officer"); rec.Code != http.StatusNotFound {
		t.Errorf("act outside a drill = %d", rec.Code)
	}
}

// recentLife is how long the same question from one network is one.
const recentLife = 10 * time.Minute

// TestAsk: questions come in, programs and floods do not.
func TestAsk(t *testing.T) {
	w := newWorld(t)
	opt := w.options()
	b := w.public(opt)
	if rec := b.post("/ask", "text", "Is the water safe?"); rec.Code != http.StatusSeeOther || len(w.asked) != 1 {
		t.Fatalf("ask = %d, %q", rec.Code, w.asked)
	}
	if rec := b.post("/ask", "text", "Is the water safe?"); rec.Code != http.StatusSeeOther || len(w.asked) != 1 {
		t.Errorf("a question sent twice = %d, and came in %d times", rec.Code, len(w.asked))
	}
	b.post("/ask", "text", "Buy now", "website", "http://spam.example")
	if rec := b.post("/ask", "text", "?"); rec.Code != http.StatusUnprocessableEntity || len(w.asked) != 1 {
		t.Errorf("a short question = %d, %q", rec.Code, w.asked)
	}
	code := 0
	for range 6 {
		w.pass(recentLife)
		code = b.post("/ask", "text", "Is the water safe now?").Code
	}
	if code != http.StatusTooManyRequests || len(w.asked) != 5 {
		t.Errorf("the seventh question = %d, and %d came in, want 429 and 5", code, len(w.asked))
	}
	if rec := b.post("/ask", "text", strings.Repeat("x", 2<<20)); rec.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("two megabytes = %d, want 413", rec.Code)
	}
	opt.Ask = nil
	b = w.public(opt)
	if b.get("/ask").Code != http.StatusNotFound || strings.Contains(b.get("/").Body.String(), `href="/ask"`) {
		t.Error("the form is there without anybody to take it")
	}
}

// FuzzPath: no address makes a page fail.
func FuzzPath(f *testing.F) {
	w := newWorld(f)
	o := w.fill(plain)
	opt := w.options()
	console, public := w.join(opt, "Everything", access.Roles()...), w.public(opt)
	pagesC, pagesP := paths(o)
	for _, p := range append(pagesC, pagesP...) {
		f.Add(p)
	}
	for _, p := range []string{"/concerns?after=0_NaN_1", "/concerns?after=%00", "/concerns/zzzzzzzzzzzzz", "/answers/-1", "/log/entry/99999999999999999999", "/log?before=-5", "/static/x/y", "/concerns?q=%25_%5C&area=水&speech=%22", "/cases/1/draft?add=../../x", "/?lang=xx&q=洪水", "/log?about=%27"} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, path string) {
		r, err := http.NewRequest("GET", "http://console.test/", nil)
		if err != nil {
			t.Fatal(err)
		}
		u, err := r.URL.Parse(path)
		if err != nil || !strings.HasPrefix(u.Path, "/") || u.Path == "/live" {
			return
		}
		u.Scheme, u.Host = "http", "console.test"
		for _, b := range []*browser{console, public} {
			b.t = t
			r := httptest.NewRequest("GET", "http://console.test/", nil)
			r.URL = u
			if rec := b.do(r); rec.Code >= 500 {
				t.Errorf("%q = %d", path, rec.Code)
			}
		}
	})
}

// BenchmarkConcerns is the list of concerns as a browser asks for it.
func BenchmarkConcerns(b *testing.B) {
	w := newWorld(b)
	w.fill(plain)
	br := w.join(w.options(), "Everything", access.Roles()...)
	for b.Loop() {
		if rec := br.get("/concerns?view=all"); rec.Code != 200 {
			b.Fatal(rec.Code)
		}
	}
}

// TestCrisisShown: whoever may triage declares a crisis, with a reason; the pages
// of alerts and of today say until when it lasts.
func TestCrisisShown(t *testing.T) {
	w := newWorld(t)
	listener, reader := w.join(w.options(), "Listener", access.Listener), w.join(w.options(), "Auditor", access.Auditor)
	if got := reader.post("/alerts/crisis", "hours", "6", "reason", "The river rises.").Code; got != http.StatusForbidden {
		t.Errorf("an auditor declares a crisis: %d", got)
	}
	for _, hours := range []string{"", "-1", "169", "1000000000000"} {
		if got := listener.post("/alerts/crisis", "hours", hours, "reason", "The river rises.").Code; got == http.StatusSeeOther {
			t.Errorf("%q hours are taken", hours)
		}
	}
	if body := listener.get("/alerts").Body.String(); !strings.Contains(body, "Counts are checked every hour.") {
		t.Error("the page of alerts does not say that there is no crisis")
	}
	if got := listener.post("/alerts/crisis", "hours", "6", "reason", "The river rises.").Code; got != http.StatusSeeOther {
		t.Fatalf("a crisis of six hours: %d", got)
	}
	for path, b := range map[string]*browser{"/alerts": listener, "/": reader} {
		body := b.get(path).Body.String()
		if !strings.Contains(body, "Crisis until ") || strings.Contains(body, "Crisis until &lt;") {
			t.Errorf("%s does not say until when the crisis lasts", path)
		}
	}
}

// TestAlertQuality: what officers said of alerts and what the sample found can
// be read, with intervals, in the console and by the public, and opened to the
// alerts that are counted.
func TestAlertQuality(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	ctx := t.Context()
	b, public := w.join(w.options(), "Listener", access.Listener), w.public(w.options())
	if body := public.get("/calibration").Body.String(); !strings.Contains(body, "too few for a rate") || !strings.Contains(body, "None have been drawn yet") {
		t.Error("an office without verdicts does not say so")
	}
	var list []hearback.Alert
	for i := range 14 { // and the office has judged one to be noise
		v := hearback.AlertWorth
		if i%7 == 0 {
			v = hearback.AlertNoise
		}
		list = append(list, hearback.Alert{ID: hearback.ID(9000 + i), Concern: o.bus, Kind: hearback.AlertRising, At: w.Now().Add(-time.Hour), Verdict: v, Rules: "alert/1", Nth: 1, PerDay: 12})
	}
	high := hearback.Alert{ID: 9100, Concern: o.dam, Kind: hearback.AlertVoid, At: w.Now().Add(-time.Hour), Digest: true, Held: hearback.HeldTheme, Priority: 90, Rules: "alert/1"}
	low := hearback.Alert{ID: 9101, Concern: o.bus, Kind: hearback.AlertVoid, At: w.Now().Add(-time.Minute), Digest: true, Held: hearback.HeldDesk, Priority: 10, Rules: "alert/1"}
	w.must(w.db.AddAlerts(ctx, append(list, high, low), nil))
	week := time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC)
	if now := w.Now(); now.Sub(week) > 20*24*time.Hour || now.Before(week) {
		week = now.UTC().Truncate(24 * time.Hour)
	}
	w.must(w.db.AddSample(ctx, week, 31, []hearback.ID{o.dam, o.water}))
	for site, body := range map[string]string{"console": b.get("/alerts").Body.String(), "public": public.get("/calibration").Body.String()} {
		for _, say := range []string{"12 of the 15 alerts", "80%", "55–93%", "2 concerns were drawn at random from 31"} {
			if !strings.Contains(body, say) {
				t.Errorf("%s: the page does not say %q", site, say)
			}
		}
	}
	if body := b.get("/alerts?view=all&verdict=noise").Body.String(); strings.Count(body, `<li id="alert-`) != 3 {
		t.Errorf("the noise opens to %d alerts, want 3", strings.Count(body, `<li id="alert-`))
	}
	digest := b.get("/alerts?view=digest").Body.String()
	if i, j := strings.Index(digest, "alert-"+high.ID.String()), strings.Index(digest, "alert-"+low.ID.String()); i < 0 || j < 0 || i > j {
		t.Error("the digest is not ranked by priority")
	}
	for _, say := range []string{"an alert about a related concern was sent", "the desk had its alerts of this shift"} {
		if !strings.Contains(digest, say) {
			t.Errorf("the digest does not say %q", say)
		}
	}
	if body := b.get("/alerts?view=sample").Body.String(); strings.Count(body, `value="missed"`) != 2 {
		t.Error("the sample cannot be judged")
	}
	b.post("/alerts/sample", "week", week.Format(time.DateOnly), "concern", o.dam.String(), "finding", "missed")
	if s, err := w.db.Samples(ctx, week); err != nil || len(s) != 2 || s[0].Finding == s[1].Finding {
		t.Errorf("after a finding: %+v, %v", s, err)
	}
	if body := b.get("/alerts?view=sample").Body.String(); strings.Count(body, `value="missed"`) != 1 || !strings.Contains(body, "We should have been told") {
		t.Error("what was found is not shown")
	}
}

// TestTerms: every term of a score and every flag has words in both languages.
func TestTerms(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	ctx := t.Context()
	at, sigma, persist := w.Now(), 2.0, 0.4
	voices := []hearback.Point{{At: at.Add(-time.Hour), Voices: 40}}
	s := score.Of(score.Input{
		At: at, Sigma: &sigma, Persist: &persist, HalfLife: 20 * time.Hour, Reignitions: 2, First: at.Add(-50 * time.Hour), Areas: map[string]int64{"A": 3}, Messages: 900, Copies: 800, Questions: 800,
		Sources: []score.SourceVoices{{Name: "a", Audience: 900, Voices: voices}}, Listening: 3, Outage: true, Mixed: true, Unreached: []hearback.Place{{What: "area", Name: "Hilltop"}, {What: "lang", Name: "vi"}},
		Ratings: []hearback.HarmRating{{Severity: 3, Believable: 3, Immediate: 3, CallToAction: 3, Vulnerable: 4}},
	})
	w.must(w.db.SaveScores(ctx, map[hearback.ID]hearback.Score{o.bus: s}))
	b := w.join(w.options(), "Listener", access.Listener)
	for lang, says := range map[string][]string{"en": {"halves in: 20 h", "known for: 2.1 days", "came back: 2", "Hilltop, Vietnamese"}, "zh": {"减半需：20小时", "再起次数：2", "Hilltop、越南语"}} {
		body := b.get("/concerns/" + o.bus.String() + "?lang=" + lang).Body.String()
		for _, p := range []hearback.Part{s.Heat, s.Reach, s.Persistence, s.Harm} {
			for _, x := range p.Terms {
				if strings.Contains(x.Name, "_") && strings.Contains(body, x.Name) {
					t.Errorf("%s: the page shows the key %s", lang, x.Name)
				}
			}
		}
		for _, f := range s.Flags {
			if strings.Contains(body, ">"+f+"<") {
				t.Errorf("%s: the page shows the key of the flag %s", lang, f)
			}
		}
		for _, say := range says {
			if !strings.Contains(body, say) {
				t.Errorf("%s: the page does not say %q", lang, say)
			}
		}
	}
	if len(s.Flags) < 6 {
		t.Errorf("only %v are flagged", s.Flags)
	}
}

// A Chinese sentence brings its own space: none stands between it and the next
// one.
func TestNoHoles(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	b := w.join(w.options(), "Everything", access.Roles()...)
	hole := regexp.MustCompile(`[。；，：！？](?:</(?:b|span|a)>)? (?:<(?:b|span|a)[ >]|\p{Han})[^<]{0,20}`)
	for _, path := range []string{"/desks", "/cases/" + o.damCase.String(), "/concerns/" + o.dam.String(), "/log", "/settings", "/drill"} {
		page := b.get(path + "?lang=zh").Body.String()
		if found := hole.FindAllString(page, 5); found != nil {
			t.Errorf("%s has holes: %q", path, found)
		}
	}
}
