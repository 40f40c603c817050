package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/web/locale"
	"example.org/hearback/internal/web/office"
)

type accountsPage struct {
	frame
	List    []access.Account
	Links   []access.Link
	Roles   []access.Role
	Desks   []option
	Manage  bool
	Watch   bool   // may see the security log
	Fresh   string // a link that was just made, shown once
	FreshOf string // what it is for
	Me      hearback.ID
}

func (q *request) accountsPage() (*accountsPage, error) {
	p := &accountsPage{frame: q.frame(q.t("accounts.title"), "accounts"), Roles: access.Roles(), Manage: q.may(access.ManageAccounts) && !q.o.Drill, Watch: q.may(access.ViewSecurity) && !q.o.Drill, Me: q.Account.ID}
	desks, err := q.LiveDesks(q.ctx())
	if err != nil {
		return nil, err
	}
	for _, d := range desks {
		p.Desks = append(p.Desks, option{d.Slug, q.DeskName(d)})
	}
	if q.o.Drill {
		for _, as := range drillActors {
			p.List = append(p.List, *drillAccount(as, q.l.Lang))
		}
		return p, nil
	}
	if p.List, err = q.o.Accounts.List(q.ctx(), q.Account); err != nil {
		return nil, err
	}
	if p.Manage {
		if p.Links, err = q.o.Accounts.Links(q.ctx(), q.Account); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (q *request) accounts() error {
	p, err := q.accountsPage()
	if err != nil {
		return err
	}
	return q.page("accounts", p)
}

// fresh shows a link that works once. It is in the answer to the form and
// nowhere else, so nobody finds it in a history or a log.
func (q *request) fresh(path, token, of string) error {
	p, err := q.accountsPage()
	if err != nil {
		return err
	}
	base := q.o.ConsoleURL
	if base == "" {
		base = "http://" + q.r.Host
	}
	p.Fresh, p.FreshOf = base+path+"?token="+token, of
	return q.page("accounts", p)
}

func (q *request) inviteSomebody() error {
	if q.o.Drill {
		return hearback.ErrNotFound
	}
	in := access.Invitation{Lang: q.form("lang"), Note: q.form("note"), Desks: slices.DeleteFunc(slices.Clone(q.r.PostForm["desk"]), func(s string) bool { return s == "" })}
	for _, r := range q.r.PostForm["role"] {
		in.Roles = append(in.Roles, access.Role(r))
	}
	token, err := q.o.Accounts.Invite(q.ctx(), q.Account, in)
	if err != nil {
		return err
	}
	return q.fresh("/invite", token, "invite")
}

// accountAct runs an act on the account in the path.
func (q *request) accountAct(done string, f func(id hearback.ID) error) error {
	id, err := q.id()
	if err == nil && q.o.Drill {
		err = hearback.ErrNotFound
	}
	if err == nil {
		err = f(id)
	}
	if err != nil {
		return err
	}
	return q.see("/accounts", done)
}

func (q *request) cancelLink() error {
	return q.accountAct("link_cancelled", func(id hearback.ID) error { return q.o.Accounts.Cancel(q.ctx(), q.Account, id) })
}

func (q *request) changeRole() error {
	return q.accountAct("role_changed", func(id hearback.ID) error {
		role := access.Role(q.form("role"))
		if q.form("act") == "revoke" {
			return q.o.Accounts.Revoke(q.ctx(), q.Account, id, role)
		}
		return q.o.Accounts.Grant(q.ctx(), q.Account, id, role)
	})
}

func (q *request) changeDesks() error {
	return q.accountAct("desks_changed", func(id hearback.ID) error {
		return q.o.Accounts.SetDesks(q.ctx(), q.Account, id, slices.DeleteFunc(slices.Clone(q.r.PostForm["desk"]), func(s string) bool { return s == "" }))
	})
}

func (q *request) disableAccount() error {
	return q.accountAct("account_disabled", func(id hearback.ID) error { return q.o.Accounts.Disable(q.ctx(), q.Account, id) })
}

func (q *request) enableAccount() error {
	return q.accountAct("account_enabled", func(id hearback.ID) error { return q.o.Accounts.Enable(q.ctx(), q.Account, id) })
}

func (q *request) resetAccount() error {
	id, err := q.id()
	if err == nil && q.o.Drill {
		err = hearback.ErrNotFound
	}
	if err != nil {
		return err
	}
	token, err := q.o.Accounts.Reset(q.ctx(), q.Account, id)
	if err != nil {
		return err
	}
	return q.fresh("/password", token, "password")
}

type ownPage struct {
	frame
	Account  *access.Account
	Sessions []access.Session
	Session  hearback.ID
	Langs    []string
	Keys     []keyRow
	Second   bool
	Events   []securityEvent
	Channels *channels
}

func (q *request) ownPage() (*ownPage, error) {
	p := &ownPage{frame: q.frame(q.t("account.title"), ""), Account: q.Account, Langs: locale.Langs, Keys: q.keyRows()}
	if q.o.Drill {
		return p, nil
	}
	p.Session = q.session.ID
	var err error
	if p.Channels, err = q.channelsOf(q.ownChannels()); err != nil {
		return nil, err
	}
	if p.Sessions, err = q.o.Accounts.Sessions(q.ctx(), q.Account.ID); err != nil {
		return nil, err
	}
	factors, err := q.o.Accounts.Factors(q.ctx(), q.Account.ID)
	if err != nil {
		return nil, err
	}
	p.Second = len(factors) > 0
	events, err := q.o.Accounts.OwnSecurity(q.ctx(), q.Account.ID, 12)
	p.Events = q.securityEvents(events, nil)
	return p, err
}

func (q *request) ownAccount() error {
	p, err := q.ownPage()
	if err != nil {
		return err
	}
	return q.page("account", p)
}

func (q *request) changePassword() error {
	if q.o.Drill {
		return hearback.ErrNotFound
	}
	err := error(nil)
	token := ""
	if q.r.PostFormValue("password") != q.r.PostFormValue("again") {
		err = errTwice
	} else {
		token, err = q.o.Accounts.ChangePassword(q.ctx(), q.session, q.r.PostFormValue("old"), q.r.PostFormValue("password"))
	}
	switch {
	case errors.Is(err, hearback.ErrInvalid), errors.Is(err, hearback.ErrRefused):
		p, perr := q.ownPage()
		if perr != nil {
			return perr
		}
		p.Fault = q.Say(err)
		return q.render(http.StatusUnprocessableEntity, "console", "account", p)
	case err != nil:
		return err
	}
	q.cookie(office.SessionCookie, token, q.o.Accounts.MaxAge())
	return q.see("/account", "password_set")
}

// display keeps how somebody likes the pages: language with the account,
// theme and keys in this browser.
func (q *request) display() error {
	if lang := q.form("lang"); slices.Contains(locale.Langs, lang) {
		if !q.o.Drill && lang != q.Account.Lang {
			if err := q.o.Accounts.SetLang(q.ctx(), q.Account.ID, lang); err != nil {
				return err
			}
		}
		q.cookie("hb_lang", lang, 365*24*time.Hour)
	}
	if theme := q.form("theme"); theme == "light" || theme == "dark" {
		q.cookie("hb_theme", theme, 365*24*time.Hour)
	} else {
		q.cookie("hb_theme", "", 0)
	}
	if q.form("keys") == "off" {
		q.cookie("hb_keys", "off", 365*24*time.Hour)
	} else {
		q.cookie("hb_keys", "", 0)
	}
	return q.see("/account", "saved")
}

func (q *request) endSession() error {
	if q.o.Drill {
		return hearback.ErrNotFound
	}
	var err error
	if q.form("id") == "others" {
		err = q.o.Accounts.EndOthers(q.ctx(), q.Account.ID, q.session.ID)
	} else {
		err = q.o.Accounts.EndSession(q.ctx(), q.Account.ID, q.formID("id"))
	}
	if err != nil {
		return err
	}
	return q.see("/account", "session_ended")
}

// words splits what was typed into one field, with commas or new lines.
func words(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == '，' || r == '、' || r == '\n' || r == ';' || r == '；' })
}
