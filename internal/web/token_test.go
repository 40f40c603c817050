package web_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"example.org/hearback/internal/access"
)

func TestTokens(t *testing.T) {
	w := newWorld(t)
	w.fill(plain)
	opt := w.options()
	admin := w.join(opt, "First", access.Administrator)
	officer := w.join(opt, "Officer", access.Officer)
	program := w.console(opt)
	ask := func(token, path string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "http://console.test"+path, nil)
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		return program.do(r)
	}
	make := func(b *browser, days string, scopes ...string) string {
		t.Helper()
		form := []string{"name", "Collector", "days", days}
		for _, s := range scopes {
			form = append(form, "scope", s)
		}
		rec := b.post("/account/tokens", form...)
		m := regexp.MustCompile(`hb_[0-9a-z]+_[0-9a-z]{40}`).FindString(rec.Body.String())
		if rec.Code != http.StatusOK || m == "" {
			t.Fatalf("making a token = %d %s", rec.Code, rec.Body)
		}
		return m
	}

	all := make(admin, "30", "read", "security", "export")
	if strings.Contains(admin.get("/account/tokens").Body.String(), all) {
		t.Error("a token is shown twice")
	}
	rec := ask(all, "/api/v1/me")
	var me struct {
		Number int
		May    []string
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &me); err != nil || me.Number != 1 || strings.Join(me.May, ",") != "view console,export,view log,view security log" {
		t.Errorf("me = %s, %v", rec.Body, err)
	}
	rec = ask(all, "/api/v1/security")
	if rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), `"event":"token_made"`) || strings.Contains(rec.Body.String(), "first@") {
		t.Errorf("security = %d %s", rec.Code, rec.Body)
	}
	// Allowed; there is nothing in this office that could read places.
	if rec := ask(all, "/api/v1/sources.opml"); !strings.Contains(rec.Body.String(), "cannot look at places") {
		t.Errorf("opml = %d %.100s", rec.Code, rec.Body)
	}

	// Scopes and roles bound it, whichever is narrower.
	read := make(admin, "30", "read")
	theirs := make(officer, "30", "read")
	for _, tt := range []struct {
		token, path string
		want        int
	}{
		{read, "/api/v1/me", 200}, {read, "/api/v1/security", 403}, {read, "/api/v1/sources.opml", 403},
		{theirs, "/api/v1/me", 200}, {theirs, "/api/v1/security", 403}, {theirs, "/api/v1/sources.opml", 403},
		{"", "/api/v1/me", 401}, {"x", "/api/v1/me", 401}, {all[:len(all)-1] + "x", "/api/v1/me", 401}, {all + "0", "/api/v1/me", 401},
		{all, "/", 303}, {all, "/accounts", 303}, {all, "/api/v1/nothing", 404},
	} {
		rec := ask(tt.token, tt.path)
		if rec.Code != tt.want {
			t.Errorf("%.12s %s = %d, want %d", tt.token, tt.path, rec.Code, tt.want)
		}
		if tt.want >= 400 && rec.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s: %s, want problem+json", tt.path, rec.Header().Get("Content-Type"))
		}
	}
	if ask("", "/api/v1/me").Header().Get("WWW-Authenticate") == "" {
		t.Error("401 does not say how")
	}
	// Somebody asks for a scope that the role lacks: the token does not widen it.
	wide := make(officer, "30", "security", "export")
	if rec := ask(wide, "/api/v1/security"); rec.Code != http.StatusForbidden {
		t.Errorf("an officer's token reads the security log: %d", rec.Code)
	}
	for _, bad := range [][]string{{"name", "", "days", "3", "scope", "read"}, {"name", "x", "days", "0", "scope", "read"}, {"name", "x", "days", "366", "scope", "read"}, {"name", "x", "days", "3"}, {"name", "x", "days", "3", "scope", "write"}} {
		if rec := officer.post("/account/tokens", bad...); rec.Code != http.StatusUnprocessableEntity {
			t.Errorf("making a token with %v = %d, want 422", bad, rec.Code)
		}
	}

	// Ended, over, disabled, too fast.
	id := regexp.MustCompile(`/account/tokens/([0-9a-z]+)/end`).FindStringSubmatch(admin.get("/account/tokens").Body.String())[1]
	officer.post("/account/tokens/" + id + "/end")
	if rec := ask(all, "/api/v1/me"); rec.Code != http.StatusOK {
		t.Errorf("somebody else ended a token: %d", rec.Code)
	}
	admin.post("/account/tokens/" + id + "/end")
	if rec := ask(all, "/api/v1/me"); rec.Code != http.StatusUnauthorized {
		t.Errorf("an ended token = %d", rec.Code)
	}
	n, last := 0, http.StatusOK
	for ; n < 300 && last == http.StatusOK; n++ {
		last = ask(read, "/api/v1/me").Code
	}
	if last != http.StatusTooManyRequests || n < 100 || n > 125 {
		t.Errorf("after %d requests at once = %d, want 429 after 120", n, last)
	}
	if rec := ask(theirs, "/api/v1/me"); rec.Code != http.StatusOK {
		t.Errorf("another token suffers: %d", rec.Code)
	}
	admin.post("/accounts/" + w.account("officer@office.example").ID.String() + "/disable")
	if rec := ask(theirs, "/api/v1/me"); rec.Code != http.StatusUnauthorized {
		t.Errorf("the token of a disabled account = %d", rec.Code)
	}
	w.pass(30*24*time.Hour + time.Second)
	if rec := ask(read, "/api/v1/me"); rec.Code != http.StatusUnauthorized {
		t.Errorf("a token that is over = %d", rec.Code)
	}
}
