package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"example.org/hearback/internal/access"
)

const unrelated = "several unrelated words 7"

// Whoever approves or makes accounts does so with a second factor only.
func TestSecondFactor(t *testing.T) {
	w := newWorld(t)
	o := w.fill(plain)
	opt := w.options()
	first := w.join(opt, "First", access.Administrator)
	if first.cookie["hb_half"] != "" || first.cookie["hb_session"] == "" {
		t.Fatalf("cookies after setting up: %v", first.cookie)
	}

	// An invited reviewer is led to the second factor, and may look before.
	token, err := w.accounts.Invite(t.Context(), w.account("first@office.example"), access.Invitation{Roles: []access.Role{access.Reviewer}, Lang: "en"})
	w.must(err)
	b := w.console(opt)
	rec := b.post("/invite", "token", token, "name", "Rev", "login", "rev@office.example", "password", unrelated, "again", unrelated, "lang", "en")
	if to := rec.Header().Get("Location"); !strings.HasPrefix(to, "/account/second?first=1") {
		t.Errorf("after joining, a reviewer is sent to %s", to)
	}
	if rec := b.get("/"); rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), "waits for a second factor") {
		t.Errorf("first page = %d, want 200 with a note about the second factor", rec.Code)
	}
	rec = b.post("/answers/"+o.draft.String()+"/approve", "note", "")
	if rec.Code != http.StatusForbidden || !strings.Contains(rec.Body.String(), "Your role for this waits") || !strings.Contains(rec.Body.String(), `href="/account/second"`) {
		t.Errorf("approving with one factor = %d %s", rec.Code, rec.Body)
	}
	b.lang = "zh"
	b.cookie["hb_lang"] = "zh"
	secret := w.enrol(b)
	if body := b.get("/account/second?lang=zh").Body.String(); !strings.Contains(body, "验证器动态码") || !strings.Contains(body, "还剩10个") {
		t.Error("the page of second factors does not say in Chinese what there is")
	}

	// Signing in asks for it; a code is good once.
	w.pass(time.Minute)
	b = w.console(opt)
	rec = b.post("/signin", "login", "rev@office.example", "password", unrelated, "to", "/alerts")
	if to := rec.Header().Get("Location"); to != "/signin/second?to=%2Falerts" || b.cookie["hb_session"] != "" {
		t.Fatalf("after the password: %s, cookies %v", to, b.cookie)
	}
	if rec := b.get("/alerts"); rec.Code != http.StatusSeeOther {
		t.Errorf("a page with the password alone = %d", rec.Code)
	}
	if rec := b.get("/signin/second?to=%2Falerts"); rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), `autocomplete="one-time-code"`) {
		t.Errorf("the page that asks = %d", rec.Code)
	}
	half := b.cookie["hb_half"]
	if rec := b.post("/signin/second", "code", "000000", "to", "/alerts"); rec.Code != http.StatusForbidden || !strings.Contains(rec.Body.String(), "not right") {
		t.Errorf("a wrong code = %d", rec.Code)
	}
	code := w.code(secret)
	if rec := b.post("/signin/second", "code", code, "to", "/alerts"); rec.Header().Get("Location") != "/alerts" || b.cookie["hb_half"] != "" {
		t.Errorf("after the code: %d %s, cookies %v", rec.Code, rec.Header().Get("Location"), b.cookie)
	}
	if rec := b.get("/alerts"); rec.Code != http.StatusOK {
		t.Errorf("signed in: %d", rec.Code)
	}
	thief := w.console(opt)
	thief.cookie["hb_half"] = half
	if rec := thief.post("/signin/second", "code", code); rec.Header().Get("Location") != "/signin?done=second_late" {
		t.Errorf("a used half session = %d %s", rec.Code, rec.Header().Get("Location"))
	}
	thief.post("/signin", "login", "rev@office.example", "password", unrelated)
	if rec := thief.post("/signin/second", "code", code); rec.Code != http.StatusForbidden || !strings.Contains(rec.Body.String(), "used already") {
		t.Errorf("a code for the second time = %d", rec.Code)
	}

	// Later the password is asked for again, and a failed form keeps its secret.
	w.pass(time.Hour)
	body := b.get("/account/second").Body.String()
	if !strings.Contains(body, "Once more, because you signed in a while ago") {
		t.Error("the password is not asked for after an hour")
	}
	fresh := regexp.MustCompile(`name="secret" value="([A-Z2-7]{32})"`).FindStringSubmatch(body)[1]
	rec = b.post("/account/second", "secret", fresh, "code", w.code(fresh), "password", "wrong")
	if rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), fresh) {
		t.Errorf("with a wrong password = %d, want 422 with the same secret", rec.Code)
	}

	// The security log is for the administrator and the auditor.
	if rec := b.get("/security"); rec.Code != http.StatusForbidden {
		t.Errorf("the security log for a reviewer = %d", rec.Code)
	}
	admin := first.get("/security").Body.String()
	for _, want := range []string{"Right password, wrong second factor", "Second factor added: authenticator code", "Signed in (authenticator code)", "Tried what the roles do not allow: view security log", "The password, asked for once more, was wrong", "Rev", "192.0.2.0/24"} {
		if !strings.Contains(admin, want) {
			t.Errorf("the security log lacks %q", want)
		}
	}
	if strings.Contains(admin, "192.0.2.1<") {
		t.Error("the security log shows an address")
	}
	if own := b.get("/account").Body.String(); !strings.Contains(own, "Signed in (authenticator code)") || strings.Contains(own, "Joined</th") && strings.Contains(own, "First") {
		t.Error("the own page does not show what happened with the account, or shows that of others")
	}

	// Lost: an administrator takes it away, on the public log.
	rev := w.account("rev@office.example")
	if rec := first.post("/accounts/" + rev.ID.String() + "/second"); rec.Header().Get("Location") != "/accounts?done=factors_forgotten" {
		t.Errorf("forgetting = %d %s", rec.Code, rec.Body)
	}
	if rec := b.get("/"); rec.Code != http.StatusSeeOther {
		t.Error("the session of somebody whose second factor was taken away lives on")
	}
}
