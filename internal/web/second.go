package web

import (
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"rsc.io/qr"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/web/office"
)

// halfCookie holds the token of a session that waits for its second factor.
const halfCookie = "hb_half"

// enter lets somebody in who has proved once who they are, or asks for the
// second factor.
func (q *request) enter(token string, account *access.Account, to, done string) error {
	_, _, err := q.o.Accounts.Half(q.ctx(), token)
	switch {
	case err == nil:
		q.cookie(halfCookie, token, access.SecondLife)
		return q.see("/signin/second?to="+template.URLQueryEscaper(to), "")
	case !errors.Is(err, hearback.ErrNotFound):
		return err
	}
	return q.in(token, account, to, done)
}

// in gives the browser its session.
func (q *request) in(token string, account *access.Account, to, done string) error {
	q.cookie(halfCookie, "", 0)
	q.cookie(office.SessionCookie, token, q.o.Accounts.MaxAge())
	q.cookie("hb_lang", account.Lang, 365*24*time.Hour)
	return q.see(to, done)
}

// half returns the token of the half session of this browser, or "".
func (q *request) half() string {
	if c, err := q.r.Cookie(halfCookie); err == nil {
		return c.Value
	}
	return ""
}

// secondPage asks for the second factor. Without a password before, or too
// long after, it begins again.
func (q *request) secondPage() error {
	return q.askSecond(http.StatusOK, "", q.r.URL.Query().Get("to"))
}

func (q *request) askSecond(status int, fault, to string) error {
	if q.o.Drill {
		return hearback.ErrNotFound
	}
	_, kinds, err := q.o.Accounts.Half(q.ctx(), q.half())
	if errors.Is(err, hearback.ErrNotFound) {
		return q.see("/signin", "second_late")
	}
	if err != nil {
		return err
	}
	p := &gatePage{frame: q.frame("", ""), To: local(to), Kinds: kinds, Passkeys: q.passkeyOrigin()}
	p.Fault = fault
	return q.gate(status, "signin2", q.t("second.ask_title"), p)
}

func (q *request) second() error {
	if q.o.Drill {
		return hearback.ErrNotFound
	}
	to := q.form("to")
	token, account, err := q.o.Accounts.Second(q.ctx(), q.half(), q.form("code"), address(q.r))
	switch {
	case errors.Is(err, hearback.ErrNotFound):
		return q.see("/signin", "second_late")
	case errors.Is(err, hearback.ErrRefused):
		return q.askSecond(http.StatusForbidden, q.Say(err), to)
	case err != nil:
		return err
	}
	return q.in(token, account, local(to), "")
}

type factorPage struct {
	frame
	Factors  []access.Factor // without recovery codes
	Code     bool            // there is an authenticator among them
	Left     int             // recovery codes that are left
	Recovery []string        // new ones, shown once
	Secret   string
	QR       template.HTML
	Asleep   []access.Role
	Proved   bool   // the password need not be given again
	First    bool   // the account is brand new
	Passkeys string // the address at which they work, or ""
}

func (q *request) factorPage() (*factorPage, error) {
	if q.o.Drill {
		return nil, hearback.ErrNotFound
	}
	p := &factorPage{frame: q.frame(q.t("second.title"), ""), Asleep: q.Account.Asleep, Proved: q.o.Accounts.Proved(q.session), First: q.r.URL.Query().Get("first") != "", Passkeys: q.passkeyOrigin()}
	list, err := q.o.Accounts.Factors(q.ctx(), q.Account.ID)
	if err != nil {
		return nil, err
	}
	for _, f := range list {
		if f.Kind == access.FactorRecovery {
			p.Left++
		} else {
			p.Factors = append(p.Factors, f)
			p.Code = p.Code || f.Kind == access.FactorCode
		}
	}
	p.Secret = access.NewSecret()
	p.QR, err = q.qrCode(access.SecretURL("Hearback "+q.officeName(q.l.Lang), q.Account.Login, p.Secret))
	return p, err
}

// factors is where somebody sets up their second factors. The secret goes with
// the form and is kept only when the right code comes back.
func (q *request) factors() error {
	p, err := q.factorPage()
	if err != nil {
		return err
	}
	return q.page("second", p)
}

// factorFault shows the page of factors again with what went wrong; the secret
// stays, because it is in the authenticator by now.
func (q *request) factorFault(err error) error {
	if !errors.Is(err, hearback.ErrInvalid) && !errors.Is(err, hearback.ErrRefused) {
		return err
	}
	p, perr := q.factorPage()
	if perr != nil {
		return perr
	}
	if secret := q.form("secret"); secret != "" {
		if _, cerr := access.Code(secret, q.o.Now()); cerr == nil {
			p.Secret = secret
			if p.QR, perr = q.qrCode(access.SecretURL("Hearback "+q.officeName(q.l.Lang), q.Account.Login, secret)); perr != nil {
				return perr
			}
		}
	}
	p.Fault = q.Say(err)
	return q.render(http.StatusUnprocessableEntity, "console", "second", p)
}

// enrolled goes on in a session with two factors, and shows the recovery codes
// if there are new ones.
func (q *request) enrolled(e access.Enrolled) error {
	q.cookie(office.SessionCookie, e.Token, q.o.Accounts.MaxAge())
	if len(e.Recovery) == 0 {
		return q.see("/account/second", "factor_added")
	}
	var err error
	if q.session, q.Account, err = q.o.Accounts.Session(q.ctx(), e.Token); err != nil {
		return err
	}
	return q.showRecovery(e.Recovery, "factor_added")
}

func (q *request) showRecovery(codes []string, done string) error {
	p, err := q.factorPage()
	if err != nil {
		return err
	}
	p.Recovery, p.Done = codes, q.t("done."+done)
	return q.page("second", p)
}

func (q *request) addCode() error {
	if q.o.Drill {
		return hearback.ErrNotFound
	}
	e, err := q.o.Accounts.AddCode(q.ctx(), q.session, q.r.PostFormValue("password"), q.form("secret"), q.form("code"))
	if err != nil {
		return q.factorFault(err)
	}
	return q.enrolled(e)
}

func (q *request) newRecovery() error {
	if q.o.Drill {
		return hearback.ErrNotFound
	}
	codes, err := q.o.Accounts.NewRecovery(q.ctx(), q.session, q.r.PostFormValue("password"))
	if err != nil {
		return q.factorFault(err)
	}
	return q.showRecovery(codes, "recovery_new")
}

func (q *request) removeFactor() error {
	id, err := q.id()
	if err == nil && q.o.Drill {
		err = hearback.ErrNotFound
	}
	if err != nil {
		return err
	}
	token, err := q.o.Accounts.RemoveFactor(q.ctx(), q.session, id, q.r.PostFormValue("password"))
	if err != nil {
		return q.factorFault(err)
	}
	q.cookie(office.SessionCookie, token, q.o.Accounts.MaxAge())
	return q.see("/account/second", "factor_removed")
}

// forgetFactors helps somebody who lost them all.
func (q *request) forgetFactors() error {
	return q.accountAct("factors_forgotten", func(id hearback.ID) error { return q.o.Accounts.ForgetFactors(q.ctx(), q.Account, id) })
}

// agent says in a few words which browser this is, for its owner, who must
// tell one of their sessions from another.
func (q *request) agent() string {
	ua := q.r.UserAgent()
	first := func(pairs ...string) string {
		for i := 0; i < len(pairs); i += 2 {
			if strings.Contains(ua, pairs[i]) {
				return pairs[i+1]
			}
		}
		return ""
	}
	browser := first("Edg/", "Edge", "OPR/", "Opera", "MicroMessenger/", "WeChat", "Firefox/", "Firefox", "FxiOS/", "Firefox", "CriOS/", "Chrome", "Chrome/", "Chrome", "Safari/", "Safari")
	system := first("Android", "Android", "iPhone", "iPhone", "iPad", "iPad", "Windows", "Windows", "Mac OS X", "macOS", "CrOS", "ChromeOS", "Linux", "Linux")
	switch {
	case browser == "": // a program; what it calls itself is short
		return ua
	case system == "":
		return browser
	}
	return browser + " · " + system
}

// qrCode draws what an authenticator reads. It is black on white in every
// theme, because many cannot read it the other way round.
func (q *request) qrCode(s string) (template.HTML, error) {
	code, err := qr.Encode(s, qr.M)
	if err != nil {
		return "", fmt.Errorf("draw the picture for the authenticator: %w", err)
	}
	var path strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			n := 0
			for x+n < code.Size && code.Black(x+n, y) {
				n++
			}
			if n > 0 {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", x+4, y+4, n, n)
				x += n
			}
		}
	}
	size := strconv.Itoa(code.Size + 8)
	return template.HTML(`<svg class="qr" role="img" aria-label="` + template.HTMLEscapeString(q.t("second.picture")) + `" viewBox="0 0 ` + size + " " + size +
		`" shape-rendering="crispEdges"><rect width="` + size + `" height="` + size + `" fill="#fff"/><path fill="#000" d="` + path.String() + `"/></svg>`), nil
}

// securityEvent is one line of the security log, as pages show it.
type securityEvent struct {
	access.Event
	Say, Who, By string
}

type securityPage struct {
	frame
	List []securityEvent
	Next hearback.ID // the page before this one ends here; 0 if there is none
}

// security is the security log of the office.
func (q *request) security() error {
	p := &securityPage{frame: q.frame(q.t("security.title"), "accounts")}
	if q.o.Drill {
		return q.page("security", p)
	}
	before, _ := hearback.ParseID(q.r.URL.Query().Get("before"))
	list, err := q.o.Accounts.Security(q.ctx(), q.Account, before, office.SecurityRows)
	if err != nil {
		return err
	}
	people, err := q.o.Accounts.List(q.ctx(), q.Account)
	if err != nil {
		return err
	}
	names := map[hearback.ID]string{}
	for _, a := range people {
		names[a.ID] = a.Name
	}
	p.List = q.securityEvents(list, names)
	if len(list) == office.SecurityRows {
		p.Next = list[len(list)-1].ID
	}
	return q.page("security", p)
}

func (q *request) securityEvents(list []access.Event, names map[hearback.ID]string) (out []securityEvent) {
	for _, e := range list {
		note, whole := q.noteWord(e.Note)
		if words := strings.Fields(e.Note); !whole && len(words) > 1 { // several roles
			for i, w := range words {
				words[i], _ = q.noteWord(w)
			}
			note = q.l.List(words)
		}
		out = append(out, securityEvent{e, q.t("event."+string(e.Kind), note), names[e.Account], names[e.By]})
	}
	return out
}

// noteWord says a word of the security log in the language of the reader, and
// whether it is one of ours.
func (q *request) noteWord(note string) (string, bool) {
	for _, kind := range []string{"role.", "factor.", "may.", "scope."} {
		if q.l.Has(kind + note) {
			return q.t(kind + note), true
		}
	}
	return note, false
}
