package web_test

import (
	"context"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.org/hearback/internal/access"
)

// A session ends while somebody writes: what they typed comes back, and can be
// sent once they are in again.
func TestSignedOutKeepsText(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	opt := w.options()
	b := w.join(opt, "Officer", access.Officer)
	w.pass(access.SessionIdle + time.Minute)
	lead := "自来水煮沸后放凉即可。\n\n" + strings.Repeat("A long text that took an hour. <b>&amp;</b> ", 200)
	form := []string{"lang", "en", "title-en", "Boil it", "lead-en", lead, "verdict", "false", "version", "1", "act", "save"}
	path := "/cases/" + o.damCase.String() + "/draft"
	rec := b.post(path, form...)
	body := rec.Body.String()
	if rec.Code != http.StatusUnauthorized || !strings.Contains(body, "nothing is lost") || !strings.Contains(body, `action="`+path+`"`) {
		t.Fatalf("after the session = %d %.300s", rec.Code, body)
	}
	again := url.Values{}
	for _, m := range regexp.MustCompile(`(?s)<textarea name="([^"]+)"[^>]*>\n(.*?)</textarea>`).FindAllStringSubmatch(body, -1) {
		again.Add(m[1], html.UnescapeString(m[2]))
	}
	if again.Get("lead-en") != lead || again.Get("version") != "1" || len(again) != 6 {
		t.Errorf("the page keeps %d fields; the long one has %d bytes, want 6 and %d", len(again), len(again.Get("lead-en")), len(lead))
	}
	// Secrets do not come back.
	rec = b.post("/account/password", "old", unrelated, "password", "another secret of mine", "again", "another secret of mine")
	if rec.Code != http.StatusSeeOther || strings.Contains(rec.Body.String(), "secret of mine") {
		t.Errorf("a password form after the session = %d", rec.Code)
	}
	if rec = b.post("/cases/"+o.damCase.String()+"/evidence", "note", "what we found <i>", "password", "hidden word 77"); strings.Contains(rec.Body.String(), "hidden word") || !strings.Contains(rec.Body.String(), "what we found &lt;i&gt;") {
		t.Errorf("a form with a secret = %d %s", rec.Code, rec.Body)
	}
	b.post("/signin", "login", "officer@office.example", "password", unrelated)
	if rec := b.post(path, "lang", "en", "title-en", again.Get("title-en"), "lead-en", again.Get("lead-en"), "verdict", "false", "version", "99", "act", "save"); rec.Code != http.StatusConflict || !strings.Contains(rec.Body.String(), "took an hour") {
		t.Errorf("a draft that somebody changed meanwhile = %d; want 409 with the text kept", rec.Code)
	}
}

// A page that is left open asks for news by itself; that keeps no session alive.
func TestNewsIsNoUse(t *testing.T) {
	w := newWorld(t)
	b := w.join(w.options(), "Officer", access.Officer)
	if body := b.get("/help").Body.String(); !strings.Contains(body, `data-ends="43200"`) {
		t.Error("the page does not know when the session ends")
	}
	for range 13 {
		w.pass(time.Hour)
		r := httptest.NewRequest("GET", "http://console.test/live", nil)
		ctx, stop := context.WithCancel(r.Context())
		stop() // the stream ends at once
		b.do(r.WithContext(ctx))
	}
	if rec := b.get("/help"); rec.Code != http.StatusSeeOther {
		t.Errorf("a page that was open for 13 hours kept the session: %d", rec.Code)
	}
}

func TestCookiesOff(t *testing.T) {
	w := newWorld(t)
	opt := w.options()
	w.join(opt, "Officer", access.Officer)
	b := w.console(opt)
	b.get("/signin")
	form := url.Values{"login": {"officer@office.example"}, "password": {unrelated}}.Encode()
	post := func() *httptest.ResponseRecorder {
		r := httptest.NewRequest("POST", "http://console.test/signin", strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Referer", "http://console.test/signin")
		return b.do(r)
	}
	kept := b.cookie
	b.cookie = map[string]string{}
	if rec := post(); rec.Code != http.StatusForbidden || !strings.Contains(rec.Body.String(), "keeps no cookies") {
		t.Errorf("without cookies = %d", rec.Code)
	}
	b.cookie = kept
	if rec := post(); rec.Code != http.StatusSeeOther {
		t.Errorf("with cookies = %d", rec.Code)
	}
}

// Every answer of both sites carries the headers that hold browsers back.
func TestHeaders(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	opt := w.options()
	opt.ConsoleURL, opt.PublicURL = "https://console.test", "https://public.test"
	secure := map[string]*browser{"console": w.console(opt), "public": w.public(opt)}
	opt.ConsoleURL, opt.PublicURL = "http://console.test", "http://public.test"
	bare := map[string]*browser{"console": w.console(opt), "public": w.public(opt)}
	want := map[string]string{
		"Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'",
		"X-Content-Type-Options":  "nosniff", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY", "Cross-Origin-Opener-Policy": "same-origin",
	}
	asset := regexp.MustCompile(`/static/[^"]+`).FindString(bare["console"].get("/signin").Body.String())
	for site, b := range secure {
		for _, path := range []string{"/", "/signin", "/nothing", "/answers/" + o.answer.String(), "/answers/%00", "/api/v1/me", "/feed.atom", asset, "/log/checkpoint"} {
			for i, rec := range []*httptest.ResponseRecorder{b.get(path), bare[site].get(path)} {
				if corp := rec.Header().Get("Cross-Origin-Resource-Policy"); corp != "same-origin" && (corp != "cross-origin" || strings.HasPrefix(rec.Header().Get("Content-Type"), "text/html")) {
					t.Errorf("%s %s: Cross-Origin-Resource-Policy = %q", site, path, corp)
				}
				for k, v := range want {
					if got := rec.Header().Get(k); got != v {
						t.Errorf("%s %s: %s = %q, want %q", site, path, k, got, v)
					}
				}
				if got := rec.Header().Get("Strict-Transport-Security"); (got != "") != (i == 0) {
					t.Errorf("%s %s: Strict-Transport-Security = %q with TLS %t", site, path, got, i == 0)
				}
				for _, c := range rec.Result().Cookies() {
					if c.Secure != (i == 0) || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
						t.Errorf("%s %s: cookie %s, with TLS %t", site, path, c, i == 0)
					}
				}
			}
		}
	}
	// Too much is refused before it is read.
	rec := bare["console"].post("/signin", "login", strings.Repeat("x", 1<<20+1))
	if rec.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("a form of more than 1 MB = %d", rec.Code)
	}
}

// What a page may weigh with its style and script, in bytes before compression.
// A page with a time series loads uPlot, too, and no other does. The answer has
// a budget of its own in TestBudget.
func TestPageBudgets(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	opt := w.options()
	console, public := w.join(opt, "Everything", access.Roles()...), w.public(opt)
	pagesC, pagesP := paths(o)
	heaviest := ""
	most := 0
	for i, b := range []*browser{console, public} {
		for _, path := range [][]string{pagesC, pagesP}[i] {
			rec := b.get(path)
			if !strings.HasPrefix(rec.Header().Get("Content-Type"), "text/html") {
				continue
			}
			page := rec.Body.String()
			total, requests := len(page), 1
			for _, m := range regexp.MustCompile(`(?:href|src)="(/static/[^"]+)"`).FindAllStringSubmatch(page, -1) {
				total += b.get(m[1]).Body.Len()
				requests++
			}
			limit := []int{130_000, 90_000}[i]
			if strings.Contains(page, `class="plot-data"`) {
				limit += 45_000
			} else if strings.Contains(page, "uPlot") {
				t.Errorf("%s loads uPlot and has nothing to draw with it", path)
			}
			if total > limit || requests > 8 {
				t.Errorf("%s weighs %d bytes in %d requests, want at most %d in 8", path, total, requests, limit)
			}
			if total > most {
				most, heaviest = total, path
			}
		}
	}
	t.Log("the heaviest page is " + heaviest + ": " + strconv.Itoa(most) + " bytes before compression")
}
