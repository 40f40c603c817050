package web

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/web/office"
)

// gatePage is a page in front of the door: set-up, sign-in, invitation.
type gatePage struct {
	frame
	Token string
	Link  *access.Link
	Login string
	Name  string
	Lang  string
	To    string
	Kinds []access.FactorKind // what the second factor may be

	Passkeys string // the address at which passkeys work, or ""
	SSO      string // what the sign-on service is called, or ""
	First    bool   // nobody has an account yet
}

func (q *request) gate(status int, name, title string, p *gatePage) error {
	p.frame.Title = title
	return q.render(status, "gate", name, p)
}

// signInPage shows the form, or why there is none yet.
func (q *request) signInPage() error {
	if q.Account != nil {
		return q.see("/", "")
	}
	q.cookie(doorCookie, "1", time.Hour)
	return q.gate(http.StatusOK, "signin", q.t("signin.title"), &gatePage{frame: q.frame("", ""), To: q.r.URL.Query().Get("to"), Passkeys: q.passkeyOrigin(), SSO: q.ssoName()})
}

func (q *request) signIn() error {
	if q.o.Drill {
		return q.see("/", "")
	}
	if q.cookiesOff() {
		p := &gatePage{frame: q.frame("", ""), Login: q.form("login"), To: q.r.PostFormValue("to"), Passkeys: q.passkeyOrigin(), SSO: q.ssoName()}
		p.Fault = q.t("error.cookies")
		return q.gate(http.StatusForbidden, "signin", q.t("signin.title"), p)
	}
	token, account, err := q.o.Accounts.SignIn(q.ctx(), access.SignIn{
		Login: q.r.PostFormValue("login"), Password: q.r.PostFormValue("password"),
		Address: address(q.r), Agent: q.agent(),
	})
	if err != nil {
		if !errors.Is(err, hearback.ErrRefused) {
			return err
		}
		p := &gatePage{frame: q.frame("", ""), Login: q.form("login"), To: q.r.PostFormValue("to"), Passkeys: q.passkeyOrigin(), SSO: q.ssoName()}
		p.Fault = q.Say(err)
		return q.gate(http.StatusForbidden, "signin", q.t("signin.title"), p)
	}
	return q.enter(token, account, local(q.r.PostFormValue("to")), "")
}

func (q *request) signOut() error {
	if c, err := q.r.Cookie(office.SessionCookie); err == nil && !q.o.Drill {
		if err := q.o.Accounts.SignOut(q.ctx(), c.Value); err != nil {
			return err
		}
	}
	q.cookie(office.SessionCookie, "", 0)
	return q.see("/signin", "signed_out")
}

// joinPage shows what a one-time link is good for. A link that has ended says
// so instead of showing a form that cannot work.
func (q *request) joinPage(page string, kind access.LinkKind, p *gatePage, status int) error {
	if q.o.Drill {
		return hearback.ErrNotFound
	}
	if p == nil {
		p = &gatePage{Token: q.r.URL.Query().Get("token"), Lang: q.l.Lang}
	}
	fault := p.Fault
	p.frame = q.frame("", "")
	p.Fault = fault
	link, err := q.o.Accounts.Link(q.ctx(), p.Token)
	switch {
	case err == nil && link.Kind == kind:
		p.Link = link
	case err == nil || errors.Is(err, hearback.ErrNotFound):
		status = http.StatusNotFound
	default:
		return err
	}
	// The token stands in the address: the page tells nobody where it came from.
	q.w.Header().Set("Referrer-Policy", "no-referrer")
	p.SwitchURL += "&token=" + url.QueryEscape(p.Token)
	return q.gate(status, page, q.t(page+".title"), p)
}

func (q *request) setupPage() error {
	return q.joinPage("setup", access.LinkFirst, nil, http.StatusOK)
}
func (q *request) invitePage() error {
	return q.joinPage("invite", access.LinkInvite, nil, http.StatusOK)
}
func (q *request) passwordPage() error {
	return q.joinPage("password", access.LinkPassword, nil, http.StatusOK)
}

func (q *request) setup() error  { return q.join("setup", access.LinkFirst) }
func (q *request) invite() error { return q.join("invite", access.LinkInvite) }

func (q *request) join(page string, kind access.LinkKind) error {
	if q.o.Drill {
		return hearback.ErrNotFound
	}
	p := &gatePage{Token: q.form("token"), Login: q.form("login"), Name: q.form("name"), Lang: q.form("lang")}
	again := func(say string) error {
		p.Fault = say
		return q.joinPage(page, kind, p, http.StatusUnprocessableEntity)
	}
	if q.r.PostFormValue("password") != q.r.PostFormValue("again") {
		return again(q.t("error.password_twice"))
	}
	account, err := q.o.Accounts.Join(q.ctx(), p.Token, access.Joining{Login: p.Login, Name: p.Name, Lang: p.Lang, Password: q.r.PostFormValue("password")})
	switch {
	case errors.Is(err, hearback.ErrInvalid), errors.Is(err, hearback.ErrConflict):
		return again(q.Say(err))
	case err != nil:
		return err
	}
	token, _, err := q.o.Accounts.SignIn(q.ctx(), access.SignIn{Login: account.Login, Password: q.r.PostFormValue("password"), Address: address(q.r), Agent: q.agent()})
	if err != nil {
		return q.see("/signin", "joined")
	}
	to := "/"
	switch {
	case access.NeedsSecond(account.Roles):
		to = "/account/second?first=1"
	case kind == access.LinkFirst:
		to = "/help"
	}
	return q.in(token, account, to, "joined")
}

// password sets a new password through a link of an administrator.
func (q *request) password() error {
	if q.o.Drill {
		return hearback.ErrNotFound
	}
	p := &gatePage{Token: q.form("token")}
	if q.r.PostFormValue("password") != q.r.PostFormValue("again") {
		p.Fault = q.t("error.password_twice")
		return q.joinPage("password", access.LinkPassword, p, http.StatusUnprocessableEntity)
	}
	err := q.o.Accounts.NewPassword(q.ctx(), p.Token, q.r.PostFormValue("password"))
	if errors.Is(err, hearback.ErrInvalid) {
		p.Fault = q.Say(err)
		return q.joinPage("password", access.LinkPassword, p, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return err
	}
	return q.see("/signin", "password_set")
}
