package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"example.org/hearback"
	"example.org/hearback/internal/access"
)

type tokensPage struct {
	frame
	List   []access.Token
	Scopes []access.Scope
	Fresh  string // a token that was just made, shown once
	Proved bool
	Base   string
	Name   string
	Days   string
	Max    int
}

func (q *request) tokensPage() (*tokensPage, error) {
	if q.o.Drill {
		return nil, hearback.ErrNotFound
	}
	p := &tokensPage{frame: q.frame(q.t("token.title"), ""), Proved: q.o.Accounts.Proved(q.session), Base: q.o.ConsoleURL, Days: "90", Max: access.MaxTokenDays}
	for _, s := range access.Scopes() {
		if s.Of(q.Account) {
			p.Scopes = append(p.Scopes, s)
		}
	}
	var err error
	p.List, err = q.o.Accounts.Tokens(q.ctx(), q.Account.ID)
	return p, err
}

func (q *request) tokens() error {
	p, err := q.tokensPage()
	if err != nil {
		return err
	}
	return q.page("tokens", p)
}

func (q *request) newAPIToken() error {
	if q.o.Drill {
		return hearback.ErrNotFound
	}
	days, _ := strconv.Atoi(q.form("days")) // 0 is refused below
	var scopes []access.Scope
	for _, s := range q.r.PostForm["scope"] {
		scopes = append(scopes, access.Scope(s))
	}
	token, err := q.o.Accounts.NewToken(q.ctx(), q.session, q.r.PostFormValue("password"), q.form("name"), scopes, days)
	if err != nil && !errors.Is(err, hearback.ErrInvalid) && !errors.Is(err, hearback.ErrRefused) {
		return err
	}
	p, perr := q.tokensPage()
	if perr != nil {
		return perr
	}
	if err != nil {
		p.Fault, p.Name, p.Days = q.Say(err), q.form("name"), q.form("days")
		return q.render(http.StatusUnprocessableEntity, "console", "tokens", p)
	}
	p.Fresh = token
	return q.page("tokens", p)
}

func (q *request) endAPIToken() error {
	id, err := q.id()
	if err == nil && q.o.Drill {
		err = hearback.ErrNotFound
	}
	if err == nil {
		err = q.o.Accounts.EndToken(q.ctx(), q.Account.ID, id)
	}
	if err != nil {
		return err
	}
	return q.see("/account/tokens", "token_ended")
}

// isAPI reports whether the request is one of a program: those take a token
// as well as a session, and get JSON.
func (q *request) isAPI() bool {
	return q.console && (strings.HasPrefix(q.r.URL.Path, "/api/") || q.r.URL.Path == "/mcp")
}

// bearer finds out whose token came with a request.
func (q *request) bearer() error {
	kind, token, _ := strings.Cut(q.r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "Bearer") {
		return nil
	}
	t, a, err := q.o.Accounts.ByToken(q.ctx(), strings.TrimSpace(token), address(q.r))
	if err == nil {
		q.Token, q.Account = t, a
	} else if errors.Is(err, hearback.ErrNotFound) {
		return nil // as good as none
	}
	return err
}
