package web_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"example.org/hearback"
	"example.org/hearback/internal/access"
)

// A line is one line of the table of routes, as the test reads it.
type line struct {
	method, path string
	may          access.Action // "" if it is open
}

// actionNames are the actions as the tables write them.
var actionNames = map[string]access.Action{"open": "",
	"ViewConsole": access.ViewConsole, "Triage": access.Triage, "OpenCase": access.OpenCase, "Route": access.Route, "CheckEvidence": access.CheckEvidence,
	"Draft": access.Draft, "Submit": access.Submit, "Approve": access.Approve, "Publish": access.Publish, "Withdraw": access.Withdraw, "RateHarm": access.RateHarm,
	"ManageSources": access.ManageSources, "ManageTopics": access.ManageTopics, "ManageDesks": access.ManageDesks, "ManageAccounts": access.ManageAccounts,
	"ChangeSettings": access.ChangeSettings, "Export": access.Export, "Backup": access.Backup, "ViewLog": access.ViewLog, "Evaluate": access.Evaluate, "RunDrill": access.RunDrill, "ViewSecurity": access.ViewSecurity}

// consoleLines reads the table of the console from its source.
func consoleLines(t testing.TB) []line {
	t.Helper()
	lines := linesOf(t, "console")
	if len(lines) < 100 {
		t.Fatalf("found %d routes; is the pattern still right?", len(lines))
	}
	return lines
}

// linesOf reads the table of a site from its source.
func linesOf(t testing.TB, site string) (lines []line) {
	t.Helper()
	b, err := os.ReadFile("routes.go")
	if err != nil {
		t.Fatal(err)
	}
	table, public, found := strings.Cut(string(b), "var publicRoutes")
	if !found {
		t.Fatal("the tables of routes are not where they were")
	}
	if site == "public" {
		table = public
	}
	for _, m := range regexp.MustCompile(`\{"(GET|POST) ([^"]+)", (?:access\.)?(\w+),`).FindAllStringSubmatch(table, -1) {
		may, known := actionNames[m[3]]
		if !known {
			t.Fatalf("%s %s asks for access.%s, which the test does not know", m[1], m[2], m[3])
		}
		lines = append(lines, line{m[1], m[2], may})
	}
	return lines
}

// fill puts values into the path of a line.
func (l line) fill(id hearback.ID) string {
	return strings.NewReplacer("{$}", "", "{id}", id.String(), "{slug}", "water", "{seq}", "0").Replace(l.path)
}

// refused reports whether an answer says that the roles do not allow it.
func refused(rec *httptest.ResponseRecorder) bool {
	return rec.Code == http.StatusForbidden && strings.Contains(rec.Body.String(), "you need one of these roles")
}

// Every role at every address: what the table does not list is refused, and
// what it lists is not.
func TestRolesOverHTTP(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	opt := w.options()
	w.join(opt, "First", access.Administrator)
	lines := consoleLines(t)
	allowed, denied := 0, 0
	for _, role := range access.Roles() {
		b := w.join(opt, string(role), role)
		for _, l := range lines {
			if l.may == "" || l.path == "/live" {
				continue
			}
			var rec *httptest.ResponseRecorder
			if path := l.fill(o.bus); l.method == "GET" {
				rec = b.get(path)
			} else {
				rec = b.post(path, "reason", "x")
			}
			if rec.Code >= 500 {
				t.Errorf("%s %s for the %s = %d", l.method, l.path, role, rec.Code)
			}
			want := slices.Contains(access.Who(l.may), role)
			if got := !refused(rec); got != want {
				t.Errorf("%s %s for the %s: allowed %t, want %t (%d)", l.method, l.path, role, got, want, rec.Code)
			}
			if want {
				allowed++
			} else {
				denied++
			}
			if rec.Code == http.StatusSeeOther && strings.HasPrefix(rec.Header().Get("Location"), "/signin") {
				t.Fatalf("%s %s signed the %s out", l.method, l.path, role)
			}
		}
	}
	t.Logf("%d roles at %d addresses: %d pairs allowed, %d refused", len(access.Roles()), len(lines), allowed, denied)

	// The auditor changes nothing but what is their own.
	for _, l := range lines {
		if l.method == "POST" && slices.Contains(access.Who(l.may), access.Auditor) && !strings.HasPrefix(l.path, "/account/") && l.path != "/concerns" {
			t.Errorf("an auditor may %s %s", l.method, l.path)
		}
	}
}

// Somebody who works for one desk acts on its cases and answers only.
func TestDesksOverHTTP(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	opt := w.options()
	w.join(opt, "First", access.Administrator)
	people := map[string]*browser{}
	for _, desk := range []string{"front", "water"} {
		people[desk] = w.join(opt, "For"+desk, access.Listener, access.Officer, access.Reviewer)
		w.must(w.accounts.SetDesks(context.Background(), w.account("first@office.example"), w.account("for"+desk+"@office.example").ID, []string{desk}))
	}
	other := func(rec *httptest.ResponseRecorder) bool {
		return rec.Code == http.StatusForbidden && strings.Contains(rec.Body.String(), "with the desk water")
	}
	// Among many at once, too.
	for _, desk := range []string{"front", "water"} {
		before, err := w.db.Case(context.Background(), o.damCase)
		w.must(err)
		rec := people[desk].post("/cases", "act", "ack", "id", o.damCase.String(), "back", "/cases")
		after, err := w.db.Case(context.Background(), o.damCase)
		w.must(err)
		if changed := after.Version != before.Version; changed != (desk == "water") {
			t.Errorf("somebody of the desk %s acknowledged it among many: %t (%d)", desk, changed, rec.Code)
		}
	}
	n := 0
	for _, l := range consoleLines(t) {
		id := o.damCase
		switch {
		case strings.HasPrefix(l.path, "/answers/{id}"):
			id = o.draft
		case !strings.HasPrefix(l.path, "/cases/{id}"):
			continue
		}
		n++
		for desk, b := range people {
			var rec *httptest.ResponseRecorder
			if l.method == "GET" {
				rec = b.get(l.fill(id))
			} else {
				rec = b.post(l.fill(id))
			}
			want := desk != "water" && l.may != access.ViewConsole
			if got := other(rec); got != want {
				t.Errorf("%s %s for the desk %s: refused %t, want %t (%d)", l.method, l.path, desk, got, want, rec.Code)
			}
		}
	}
	if n < 18 {
		t.Errorf("found %d addresses of cases and answers", n)
	}
	// Who cannot act sees no buttons.
	if page := people["front"].get("/cases/" + o.damCase.String()).Body.String(); strings.Contains(page, `action="/cases/`) {
		t.Error("the page of a case of another desk has forms")
	}
	if page := people["water"].get("/cases/" + o.damCase.String()).Body.String(); !strings.Contains(page, `action="/cases/`) {
		t.Error("the page of a case of the own desk has no forms")
	}
}

// strangerFinds asks for something without a session. Nothing but the door and
// the files of pages may open, and nothing may break.
func strangerFinds(t *testing.T, h http.Handler, method, path, body string) {
	t.Helper()
	u, err := url.Parse("http://console.test")
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + strings.TrimPrefix(path, "/")
	r := httptest.NewRequest("GET", "http://console.test/", strings.NewReader(body))
	r.Method, r.URL = method, u
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	door := path == "/signin" || strings.HasPrefix(path, "/static/") || path == "/live"
	switch {
	case rec.Code >= 500 && rec.Code != http.StatusNotImplemented:
		t.Errorf("%s %q = %d %.200s", method, path, rec.Code, rec.Body)
	case rec.Code >= 200 && rec.Code < 300 && !door && path != "/signin/passkey/ask":
		t.Errorf("%s %q = %d without a session: %.200s", method, path, rec.Code, rec.Body)
	}
	for _, c := range rec.Result().Cookies() {
		if c.Name == "hb_session" && c.Value != "" {
			t.Errorf("%s %q gives a stranger a session", method, path)
		}
	}
}

var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"}

func TestStranger(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	h := w.console(w.options()).h
	lines := append(consoleLines(t), apiLines(t)...)
	lines = append(lines, line{"POST", "/mcp", access.ViewConsole})
	odd := []string{"0", "-1", "%00", "\x00", "..", "../../etc/passwd", "一", strings.Repeat("9", 400), "zzzzzzzzzzzzzzz", "<script>", "'--", "water", o.water.String(), o.damCase.String(), o.draft.String()}
	n := 0
	for _, l := range lines {
		for _, v := range odd {
			path := strings.NewReplacer("{$}", "", "{id}", v, "{slug}", v, "{seq}", v).Replace(l.path)
			for _, m := range methods {
				strangerFinds(t, h, m, path, "id="+v)
				n++
			}
			if path == l.path {
				break // nothing to fill in
			}
		}
	}
	// And what no line has: pieces of addresses in any order.
	rng := rand.New(rand.NewPCG(6, 5))
	var pieces []string
	for _, l := range lines {
		pieces = append(pieces, strings.Split(strings.Trim(l.path, "/"), "/")...)
	}
	pieces = append(pieces, odd...)
	for range 5000 {
		var path strings.Builder
		for range 1 + rng.IntN(5) {
			fmt.Fprintf(&path, "/%s", pieces[rng.IntN(len(pieces))])
		}
		strangerFinds(t, h, methods[rng.IntN(len(methods))], path.String(), "")
		n++
	}
	t.Logf("%d requests without a session", n)
}

// Nothing that somebody sends breaks a page, whoever they are: odd ids, odd
// forms and odd queries at every address of both sites.
func TestOddRequests(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	opt := w.options()
	w.join(opt, "First", access.Administrator)
	inside := w.join(opt, "Everything", access.Roles()...)
	_, drill := w.room()
	inDrill := as(w.console(drill), "evaluator")
	ids := []string{"0", "-1", "%00", "..", "一", strings.Repeat("9", 300), "<script>", "'--", "water", o.water.String(), o.damCase.String(), o.draft.String(), o.answer.String(), o.feed.String(), o.topic.String(), o.alert.String()}
	if testing.Short() {
		ids = []string{"0", "%00", o.dam.String(), o.damCase.String()}
	}
	long := strings.Repeat("长", 5000)
	bodies := []url.Values{nil,
		{"id": {"x", "-1", o.dam.String()}, "act": {"\x00"}, "version": {"99999999999999999999"}, "reason": {long}, "title": {long}, "tier": {"P9"}, "verdict": {"perhaps"}, "desk": {"nosuch"}, "lang": {"xx", "en", ""}, "back": {"//elsewhere.example"}, "once": {long}},
		{"act": {"save"}, "reason": {"\xff\xfe"}, "name": {"\xff"}, "title": {"\u202e<b>"}, "query": {strings.Repeat("(", 500)}, "text": {"\x00"}, "slug": {"../.."}, "severity": {"NaN"}, "sure": {"1e309"}, "days": {"-1"}, "hash": {strings.Repeat("0", 64)}, "h": {"yes"}, "hours": {"Mon-Xyz 99:99"}, "kind": {"drill"}, "url": {"javascript:alert(1)"}, "audience": {"-5"}, "into": {o.dam.String()}, "from": {o.dam.String()}, "on": {"1"}, "to": {"\n"}, "role": {"emperor"}, "scope": {"all"}, "proposal": {"p1"}, "setting": {"x"}, "minutes": {"-1"}, "until": {"0000-00-00T99:99"}, "lead-en": {long}, "title-en": {long}},
	}
	queries := []string{"", "?lang=xx&text=%00&why=%ff&done=x&view=%00&before=-1&type=%3Cb%3E&cursor=%00&since=never&tier=P9&area=" + url.QueryEscape(long) + "&q=" + url.QueryEscape(long), "?q=%22%28OR+NOT+&speech=zzz&source=x&add=..&holding=1&do=x&try=" + url.QueryEscape("(((") + "&message=-1&error=x&state=y&code=z"}
	// These end the session that the test needs.
	ends := []string{"/account/password", "/account/session"}
	n := 0
	for _, site := range []struct {
		name  string
		b     *browser
		lines []line
	}{{"console", inside, consoleLines(t)}, {"drill", inDrill, consoleLines(t)}, {"public", w.public(opt), linesOf(t, "public")}} {
		for _, l := range site.lines {
			if l.path == "/live" || site.name == "console" && (l.may == "" || slices.Contains(ends, l.path)) {
				continue
			}
			for at, v := range ids {
				path := strings.NewReplacer("{$}", "", "{id}", v, "{slug}", v, "{seq}", v, "{hash}", v, "{file}", v).Replace(l.path)
				try := func(r *http.Request, what string) {
					t.Helper()
					n++
					rec := site.b.do(r)
					if rec.Code >= 500 {
						t.Errorf("%s: %s %.80q with %s = %d", site.name, l.method, path, what, rec.Code)
					}
					if site.name == "console" && rec.Code == http.StatusSeeOther && strings.HasPrefix(rec.Header().Get("Location"), "/signin") {
						t.Fatalf("%s %q signed out", l.method, path)
					}
				}
				u := &url.URL{Scheme: "http", Host: strings.TrimPrefix(site.b.base, "http://"), Path: path}
				if l.method == "GET" {
					for _, query := range queries {
						r := httptest.NewRequest("GET", site.b.base+"/"+query, nil)
						r.URL.Path = u.Path
						try(r, "a query")
					}
				} else {
					for i, body := range bodies {
						r := httptest.NewRequest("POST", site.b.base+"/", strings.NewReader(body.Encode()))
						r.URL.Path = u.Path
						r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
						r.Header.Set("Sec-Fetch-Site", "same-origin")
						try(r, fmt.Sprintf("form %d", i))
					}
					sent := map[string]string{"multipart/form-data; boundary=x": "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\x00\"\r\n\r\nrubbish\r\n--x--\r\n"}
					if at == 0 { // these are refused, or are an empty form, before anybody looks at the id
						sent["multipart/form-data"], sent["application/json"], sent["application/x-www-form-urlencoded"] = "no boundary", `{"a":`, "%zz&=&;"
					}
					for kind, body := range sent {
						r := httptest.NewRequest("POST", site.b.base+"/", strings.NewReader(body))
						r.URL.Path = u.Path
						r.Header.Set("Content-Type", kind)
						r.Header.Set("Sec-Fetch-Site", "same-origin")
						try(r, kind)
					}
				}
				if path == l.path {
					break
				}
			}
		}
	}
	t.Logf("%d odd requests", n)
}

func FuzzStranger(f *testing.F) {
	w := newWorld(f)
	h := w.console(w.options()).h
	f.Add("GET", "/concerns/1", "")
	f.Add("POST", "/accounts/invite", "role=administrator&note=一")
	f.Add("POST", "/signin", "login=x&password=y")
	f.Fuzz(func(t *testing.T, method, path, body string) {
		if !slices.Contains(methods, method) || len(path) > 2000 {
			return
		}
		strangerFinds(t, h, method, path, body)
	})
}
