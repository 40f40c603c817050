package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/access/sso"
	"example.org/hearback/internal/web/office"
)

// SignOn is another service that says who somebody is; *sso.Service is one.
type SignOn interface {
	// Address returns where to send the browser.
	Address(ctx context.Context, state, keep string) (string, error)
	// Person returns who came back with a code, and where they wanted to go. It
	// returns [hearback.ErrRefused] if the service does not vouch for them.
	Person(ctx context.Context, keep, code string) (access.Outsider, string, error)
}

// attemptSSO is somebody who is away at the sign-on service. The cookie holds
// the same token as the address that they come back with, so that nobody can
// be signed in as somebody else by following a link.
const (
	attemptSSO = "sso"
	ssoCookie  = "hb_sso"
)

func (q *request) toSSO() error {
	if q.o.SignOn == nil || q.o.Drill {
		return hearback.ErrNotFound
	}
	keep := sso.Keep(local(q.r.URL.Query().Get("to")))
	token, err := q.o.Accounts.Begin(q.ctx(), attemptSSO, keep, address(q.r))
	if err != nil {
		return err
	}
	to, err := q.o.SignOn.Address(q.ctx(), token, keep)
	if err != nil {
		return q.ssoFault(err)
	}
	q.cookie(ssoCookie, token, access.AttemptLife)
	http.Redirect(q.w, q.r, to, http.StatusSeeOther)
	return nil
}

func (q *request) fromSSO() error {
	if q.o.SignOn == nil || q.o.Drill {
		return hearback.ErrNotFound
	}
	query := q.r.URL.Query()
	c, err := q.r.Cookie(ssoCookie)
	if err != nil || c.Value == "" || c.Value != query.Get("state") {
		return q.ssoFault(errForeign)
	}
	q.cookie(ssoCookie, "", 0)
	keep, err := q.o.Accounts.Resume(q.ctx(), attemptSSO, c.Value)
	if err != nil {
		return q.ssoFault(err)
	}
	who, to, err := q.o.SignOn.Person(q.ctx(), keep, query.Get("code"))
	if err != nil {
		return q.ssoFault(err)
	}
	who.Lang = q.l.Lang
	token, account, err := q.o.Accounts.SignInOutsider(q.ctx(), who, q.agent(), address(q.r))
	if err != nil {
		return q.ssoFault(err)
	}
	return q.enter(token, account, local(to), "")
}

// ssoFault shows the door again with what went wrong. That the service is down
// is for the operator's log; people can still use a password.
func (q *request) ssoFault(err error) error {
	status := office.StatusOf(err)
	fault := q.Say(err)
	if status == http.StatusInternalServerError {
		q.o.Log.ErrorContext(q.ctx(), "single sign-on failed", slog.String("component", "web"), slog.Any("err", err))
		status, fault = http.StatusBadGateway, q.t("sso.down")
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	p := &gatePage{frame: q.frame("", ""), To: "/", Passkeys: q.passkeyOrigin(), SSO: q.ssoName()}
	p.Fault = fault
	return q.gate(status, "signin", q.t("signin.title"), p)
}

// ssoName is what the sign-on service is called on the button, or "".
func (q *request) ssoName() string {
	if q.o.SignOn == nil || q.o.Drill {
		return ""
	}
	return q.o.SignOnName
}
