package web_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"example.org/hearback"
	"example.org/hearback/internal/access"
)

// elsewhere is a sign-on service that is down, refuses, or vouches.
type elsewhere struct {
	who  access.Outsider
	err  error
	keep string
}

func (e *elsewhere) Address(_ context.Context, state, keep string) (string, error) {
	e.keep = keep
	return "https://login.example/auth?state=" + state, e.err
}

func (e *elsewhere) Person(_ context.Context, keep, code string) (access.Outsider, string, error) {
	if keep != e.keep || code != "good" {
		return access.Outsider{}, "", hearback.ErrRefused
	}
	return e.who, "//evil.example/", e.err
}

func TestSignOnPages(t *testing.T) {
	w := newWorld(t)
	opt := w.options()
	b := w.console(opt)
	for _, path := range []string{"/signin/sso", "/signin/sso/back"} {
		if rec := b.get(path); rec.Code != http.StatusNotFound {
			t.Errorf("%s without a service = %d, want 404", path, rec.Code)
		}
	}
	e := &elsewhere{who: access.Outsider{Issuer: "https://login.example", Subject: "1", Login: "wei", Name: "Wei", Roles: []access.Role{access.Listener}}}
	opt.SignOn, opt.SignOnName = e, "City <account>"
	b = w.console(opt)
	if body := b.get("/signin?to=/alerts").Body.String(); !strings.Contains(body, `href="/signin/sso?to=/alerts"`) && !strings.Contains(body, `href="/signin/sso?to=%2falerts"`) || !strings.Contains(body, "Use City &lt;account&gt;") {
		t.Errorf("the sign-in page offers no service: %s", body)
	}
	rec := b.get("/signin/sso?to=/alerts")
	u, err := url.Parse(rec.Header().Get("Location"))
	if err != nil || rec.Code != http.StatusSeeOther || u.Host != "login.example" || b.cookie["hb_sso"] != u.Query().Get("state") {
		t.Fatalf("begun: %d %s, cookies %v", rec.Code, u, b.cookie)
	}
	state := u.Query().Get("state")

	thief := w.console(opt)
	if rec := thief.get("/signin/sso/back?code=good&state=" + state); rec.Code != http.StatusForbidden || thief.cookie["hb_session"] != "" {
		t.Errorf("in another browser = %d", rec.Code)
	}
	rec = b.get("/signin/sso/back?code=good&state=" + state)
	if rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != "/" || b.cookie["hb_session"] == "" {
		t.Errorf("back = %d %s, cookies %v", rec.Code, rec.Header().Get("Location"), b.cookie)
	}
	b.cookie["hb_sso"] = state
	if rec := b.get("/signin/sso/back?code=good&state=" + state); rec.Code != http.StatusForbidden {
		t.Errorf("back for the second time = %d", rec.Code)
	}
	e.err = errors.New("connection refused")
	rec = w.console(opt).get("/signin/sso")
	if rec.Code != http.StatusBadGateway || !strings.Contains(rec.Body.String(), "does not answer") || strings.Contains(rec.Body.String(), "connection") {
		t.Errorf("a service that is down = %d %s", rec.Code, rec.Body)
	}
}
