package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/web"
)

var (
	formTag = regexp.MustCompile(`(?s)<form[^>]*method="post"[^>]*>.{0,90}`)
	formNo  = regexp.MustCompile(`name="once" value="([A-Z2-7]{20,})"`)
)

// Every form of every page of the console that changes something has a number
// of its own.
func TestFormsAreNumbered(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	b := w.join(w.options(), "Everything", access.Roles()...)
	pages, _ := paths(o)
	seen, n := map[string]bool{}, 0
	for _, path := range append(pages, "/account/second", "/account/tokens", "/security") {
		for _, form := range formTag.FindAllString(b.get(path).Body.String(), -1) {
			m := formNo.FindStringSubmatch(form)
			if m == nil {
				t.Errorf("%s: a form has no number: %s", path, form)
			} else if n++; seen[m[1]] {
				t.Errorf("%s: two forms have one number", path)
			} else {
				seen[m[1]] = true
			}
		}
	}
	if n < 100 {
		t.Errorf("found %d forms", n)
	}
	t.Logf("%d forms", n)
}

// What is sent twice is done once, and both times the answer is the same.
func TestSentTwice(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	opt := w.options()
	b := w.join(opt, "Everything", access.Roles()...)
	ctx := context.Background()
	records := func() int64 {
		n, err := w.db.LogSize(ctx)
		w.must(err)
		return n
	}
	kase, dam := "/cases/"+o.damCase.String(), "/concerns/"+o.dam.String()
	for _, tt := range []struct {
		path string
		kv   []string
		many func() int // of what the act makes, if that is not on the log
	}{
		{"/concerns/" + o.pension.String() + "/case", []string{"desk", "front", "tier", "P3", "note", "ask them"}, nil},
		{dam + "/harm", []string{"severity", "4", "believable", "3", "immediate", "4", "call", "2", "vulnerable", "2", "reason", "people could drown"}, nil},
		{dam + "/mute", []string{"on", "1", "reason", "known"}, nil},
		{kase + "/evidence", []string{"title", "The gate log", "note", "All gates were shut."}, func() int { return evidenceOf(w, o.damCase) }},
		{kase + "/estimate", []string{"verdict", "false", "sure", "80", "note", "the log says so"}, nil},
		{kase + "/draft", []string{"version", strconv.Itoa(versionOf(w, o.damCase)), "verdict", "false", "lang", "en", "title-en", "The gates are shut", "lead-en", "Nobody opens them.", "act", "save"}, func() int { return versionOf(w, o.damCase) }},
		{"/topics", []string{"name", "Roads", "query", "road", "reason", "we mend them", "act", "save"}, nil},
		{"/sources", []string{"kind", "webhook", "title", "Another forum", "slug", "another", "reason", "people ask", "basis", "public task", "days", "30"}, nil},
		{"/desks", []string{"slug", "roads", "name", "Roads", "name_zh", "道路", "hours", "Mon-Fri 09:00-17:00", "reason", "a new desk"}, nil},
		{"/accounts/invite", []string{"role", "listener", "note", "for Wei", "lang", "en"}, func() int {
			links, err := w.db.Links(ctx)
			w.must(err)
			return len(links)
		}},
		{"/account/tokens", []string{"name", "A program", "scope", "read", "days", "30", "password", unrelated}, func() int {
			list, err := w.db.Tokens(ctx, w.account("everything@office.example").ID)
			w.must(err)
			return len(list)
		}},
	} {
		kv := append([]string{"once", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}, tt.kv...)
		was := records()
		made := 0
		if tt.many != nil {
			made = tt.many()
		}
		var answers [3]*httptest.ResponseRecorder
		answers[0] = b.post(tt.path, kv...)
		if answers[0].Code >= 400 {
			t.Errorf("%s = %d %s", tt.path, answers[0].Code, regexp.MustCompile(`(?s)role="alert".{0,300}`).FindString(answers[0].Body.String()))
			continue
		}
		after := records()
		var wg sync.WaitGroup
		var mu sync.Mutex
		for i := 1; i < 3; i++ {
			wg.Go(func() {
				rec := (&browser{t, b.h, b.base, b.lang, map[string]string{"hb_session": b.cookie["hb_session"]}}).post(tt.path, kv...)
				mu.Lock()
				defer mu.Unlock()
				answers[i] = rec
			})
		}
		wg.Wait()
		for _, rec := range answers[1:] {
			if rec.Code != answers[0].Code || rec.Header().Get("Location") != answers[0].Header().Get("Location") || rec.Body.String() != answers[0].Body.String() {
				t.Errorf("%s sent again = %d %s, want %d %s", tt.path, rec.Code, rec.Header().Get("Location"), answers[0].Code, answers[0].Header().Get("Location"))
			}
		}
		if records() != after {
			t.Errorf("%s sent three times left %d records, once %d", tt.path, records()-was, after-was)
		}
		if tt.many == nil && after == was {
			t.Errorf("%s left no record; the test sees nothing", tt.path)
		}
		if tt.many != nil && tt.many() != made+1 {
			t.Errorf("%s sent three times made %d things", tt.path, tt.many()-made)
		}

		// The service starts anew between the two.
		h, err := web.Console(opt)
		w.must(err)
		rec := (&browser{t, h, b.base, b.lang, b.cookie}).post(tt.path, kv...)
		if records() != after || rec.Code != http.StatusSeeOther && !(rec.Code == http.StatusConflict && strings.Contains(rec.Body.String(), "sent before")) {
			t.Errorf("%s sent again after a restart = %d, and %d records more", tt.path, rec.Code, records()-after)
		}
	}
}

// Two at once: one is done, and the other waits for its answer.
func TestSentTwiceAtOnce(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	b := w.join(w.options(), "Everything", access.Roles()...)
	before := evidenceOf(w, o.damCase)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			rec := (&browser{t, b.h, b.base, b.lang, map[string]string{"hb_session": b.cookie["hb_session"]}}).post("/cases/"+o.damCase.String()+"/evidence", "once", "QQQQQQQQQQQQQQQQQQQQQQQQQQ", "title", "The gate log", "note", "All shut.")
			if rec.Code != http.StatusSeeOther {
				t.Errorf("= %d", rec.Code)
			}
		})
	}
	wg.Wait()
	if n := evidenceOf(w, o.damCase) - before; n != 1 {
		t.Errorf("eight at once made %d pieces of evidence", n)
	}
}

// What was refused can be sent again, and so can the same words from a page
// that was opened anew.
func TestSentAgainOnPurpose(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	b := w.join(w.options(), "Everything", access.Roles()...)
	path := "/cases/" + o.damCase.String() + "/evidence"
	for range 2 {
		if rec := b.post(path, "once", "AAAAAAAAAAAAAAAAAAAAAAAAAA", "title", "", "note", "no title"); rec.Code != http.StatusUnprocessableEntity {
			t.Errorf("without a title = %d", rec.Code)
		}
	}
	// What was shown once is not shown again after some minutes, and not made again.
	token := []string{"once", "EEEEEEEEEEEEEEEEEEEEEEEEEE", "name", "A program", "scope", "read", "days", "30", "password", unrelated}
	first := b.post("/account/tokens", token...)
	if again := b.post("/account/tokens", token...); first.Code != http.StatusOK || again.Body.String() != first.Body.String() {
		t.Errorf("a new token = %d, pressed again = %d", first.Code, again.Code)
	}
	w.pass(11 * time.Minute)
	if rec := b.post("/account/tokens", token...); rec.Code != http.StatusConflict || strings.Contains(rec.Body.String(), "hb_") || !strings.Contains(rec.Body.String(), "sent before") {
		t.Errorf("pressed again after eleven minutes = %d", rec.Code)
	}
	before := evidenceOf(w, o.damCase)
	for _, n := range []string{"BBBBBBBBBBBBBBBBBBBBBBBBBB", "CCCCCCCCCCCCCCCCCCCCCCCCCC"} {
		b.post(path, "once", n, "title", "The gate log", "note", "All shut.")
	}
	b.post(path, "once", "CCCCCCCCCCCCCCCCCCCCCCCCCC", "title", "The gate log", "note", "All shut, again.")
	if n := evidenceOf(w, o.damCase) - before; n != 3 {
		t.Errorf("three acts made %d pieces of evidence", n)
	}
}

// Nobody gets the session of somebody else by sending a form of the door again.
func TestDoorRemembersNothing(t *testing.T) {
	w := newWorld(t)
	opt := w.options()
	w.join(opt, "Officer", access.Officer)
	h := w.console(opt).h
	seen := map[string]bool{}
	for range 3 {
		b := &browser{t, h, "http://console.test", "en", map[string]string{}}
		if rec := b.post("/signin", "once", "DDDDDDDDDDDDDDDDDDDDDDDDDD", "login", "officer@office.example", "password", unrelated); rec.Code != http.StatusSeeOther {
			t.Fatalf("= %d", rec.Code)
		}
		seen[b.cookie["hb_session"]] = true
	}
	if len(seen) != 3 {
		t.Errorf("three sign-ins share %d sessions", len(seen))
	}
}

func evidenceOf(w *world, id hearback.ID) int {
	w.t.Helper()
	c, err := w.db.Case(context.Background(), id)
	w.must(err)
	return len(c.Evidence)
}

// versionOf is the version of the answer to a case.
func versionOf(w *world, id hearback.ID) int {
	w.t.Helper()
	c, err := w.db.Case(context.Background(), id)
	w.must(err)
	a, err := w.db.Answer(context.Background(), c.Answer)
	w.must(err)
	return a.Version
}
