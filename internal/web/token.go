package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

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
		if s.Of(q.account) {
			p.Scopes = append(p.Scopes, s)
		}
	}
	var err error
	p.List, err = q.o.Accounts.Tokens(q.ctx(), q.account.ID)
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
		p.Fault, p.Name, p.Days = q.fault(err), q.form("name"), q.form("days")
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
		err = q.o.Accounts.EndToken(q.ctx(), q.account.ID, id)
	}
	if err != nil {
		return err
	}
	return q.see("/account/tokens", "token_ended")
}

// isAPI reports whether the request is one of a program: those take a token
// as well as a session, and get JSON.
func (q *request) isAPI() bool { return q.console && strings.HasPrefix(q.r.URL.Path, "/api/") }

// bearer finds out whose token came with a request.
func (q *request) bearer() error {
	kind, token, _ := strings.Cut(q.r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "Bearer") {
		return nil
	}
	t, a, err := q.o.Accounts.ByToken(q.ctx(), strings.TrimSpace(token), q.address())
	if err == nil {
		q.token, q.account = t, a
	} else if errors.Is(err, hearback.ErrNotFound) {
		return nil // as good as none
	}
	return err
}

// problem writes an error for a program (RFC 9457).
func (q *request) problem(status int, detail string) {
	q.w.Header().Set("Content-Type", "application/problem+json")
	q.w.Header().Set("Cache-Control", "no-store")
	if status == http.StatusUnauthorized {
		q.w.Header().Set("WWW-Authenticate", `Bearer realm="hearback"`)
	}
	q.w.WriteHeader(status)
	_ = json.NewEncoder(q.w).Encode(map[string]any{"status": status, "title": http.StatusText(status), "detail": detail})
}

func (q *request) reply(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("%s: %w", q.r.URL.Path, err)
	}
	q.w.Header().Set("Content-Type", "application/json")
	_, _ = q.w.Write(append(b, '\n'))
	return nil
}

// apiMe says whose token this is and what it may do.
func (q *request) apiMe() error {
	type me struct {
		Number int             `json:"number"`
		Roles  []access.Role   `json:"roles"`
		Desks  []string        `json:"desks"`
		May    []access.Action `json:"may"`
		Scopes []access.Scope  `json:"scopes,omitempty"`
		Until  *time.Time      `json:"until,omitempty"`
	}
	m := me{Number: q.account.Number, Roles: q.account.Roles, Desks: append([]string{}, q.account.Desks...)}
	for _, x := range access.Actions() {
		if q.may(x) {
			m.May = append(m.May, x)
		}
	}
	if q.token != nil {
		m.Scopes, m.Until = q.token.Scopes, &q.token.Until
	}
	return q.reply(m)
}

// apiSecurity gives the security log to a collector: the events before one,
// newest first. Staff are named by number.
func (q *request) apiSecurity() error {
	if q.o.Drill {
		return hearback.ErrNotFound
	}
	before, _ := hearback.ParseID(q.r.URL.Query().Get("before"))
	list, err := q.o.Accounts.Security(q.ctx(), q.account, before, securityRows)
	if err != nil {
		return err
	}
	people, err := q.o.Accounts.Numbers(q.ctx())
	if err != nil {
		return err
	}
	type event struct {
		ID      hearback.ID      `json:"id"`
		At      time.Time        `json:"at"`
		Event   access.EventKind `json:"event"`
		Account int              `json:"account,omitempty"`
		By      int              `json:"by,omitempty"`
		Network string           `json:"network,omitempty"`
		Note    string           `json:"note,omitempty"`
	}
	out := struct {
		Events []event `json:"events"`
		Next   string  `json:"next,omitempty"`
	}{Events: []event{}}
	for _, e := range list {
		out.Events = append(out.Events, event{e.ID, e.At, e.Kind, people[e.Account], people[e.By], e.Network, e.Note})
	}
	if len(list) == securityRows {
		out.Next = "/api/v1/security?before=" + list[len(list)-1].ID.String()
	}
	return q.reply(out)
}
