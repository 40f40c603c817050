package web

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/access/passkey"
)

// The kinds of attempt that begin in a browser with a passkey.
const (
	attemptNewKey = "passkey.new"
	attemptKey    = "passkey"
)

// passkeyOrigin is the address at which passkeys work, or "".
func (q *request) passkeyOrigin() string {
	if q.o.Passkeys == nil || q.o.Drill {
		return ""
	}
	return q.o.Passkeys.Origin
}

// askDevice sends a browser what it is to ask its device, with the token of the
// attempt.
func (q *request) askDevice(kind string, a passkey.Asked, err error) error {
	if err != nil {
		return err
	}
	token, err := q.o.Accounts.Begin(q.ctx(), kind, a.State, address(q.r))
	if err != nil {
		return err
	}
	q.w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(q.w).Encode(map[string]any{"attempt": token, "options": a.Options})
}

func (q *request) askKey() error {
	if q.passkeyOrigin() == "" {
		return hearback.ErrNotFound
	}
	a, err := q.o.Passkeys.Ask()
	return q.askDevice(attemptKey, a, err)
}

// owner is the person at the console, with their passkeys.
func (q *request) owner() (passkey.Owner, error) {
	o := passkey.Owner{ID: q.Account.ID, Name: q.Account.Login}
	list, err := q.o.Accounts.Passkeys(q.ctx(), q.Account.ID)
	for _, f := range list {
		o.Keys = append(o.Keys, passkey.Key{Ref: f.Ref, Doc: f.Doc})
	}
	return o, err
}

func (q *request) askNewKey() error {
	if q.passkeyOrigin() == "" {
		return hearback.ErrNotFound
	}
	o, err := q.owner()
	if err != nil {
		return err
	}
	a, err := q.o.Passkeys.AskNew(o)
	return q.askDevice(attemptNewKey, a, err)
}

func (q *request) addKey() error {
	if q.passkeyOrigin() == "" {
		return hearback.ErrNotFound
	}
	o, err := q.owner()
	if err != nil {
		return err
	}
	state, err := q.o.Accounts.Resume(q.ctx(), attemptNewKey, q.form("attempt"))
	if err != nil {
		return q.factorFault(err)
	}
	key, err := q.o.Passkeys.New(o, state, q.form("answer"))
	if err != nil {
		q.o.Log.WarnContext(q.ctx(), "a new passkey was refused", slog.String("component", "web"), slog.Any("err", err))
		return q.factorFault(err)
	}
	e, err := q.o.Accounts.AddPasskey(q.ctx(), q.session, q.r.PostFormValue("password"), q.form("name"), key.Ref, key.Doc)
	if err != nil {
		return q.factorFault(err)
	}
	return q.enrolled(e)
}

// signInKey lets the owner of a passkey in. It stands for both factors, so it
// is taken in place of the password and in place of the second factor.
func (q *request) signInKey() error {
	if q.passkeyOrigin() == "" {
		return hearback.ErrNotFound
	}
	token, account, err := q.checkKey()
	if errors.Is(err, hearback.ErrRefused) || errors.Is(err, hearback.ErrNotFound) {
		p := &gatePage{frame: q.frame("", ""), To: local(q.form("to")), Passkeys: q.passkeyOrigin(), SSO: q.ssoName()}
		p.Fault = q.Say(err)
		return q.gate(http.StatusForbidden, "signin", q.t("signin.title"), p)
	}
	if err != nil {
		return err
	}
	return q.in(token, account, local(q.form("to")), "")
}

func (q *request) checkKey() (token string, account *access.Account, err error) {
	state, err := q.o.Accounts.Resume(q.ctx(), attemptKey, q.form("attempt"))
	if err != nil {
		return "", nil, err
	}
	key, err := q.o.Passkeys.Check(state, q.form("answer"), func(ref []byte) (passkey.Owner, error) {
		f, a, err := q.o.Accounts.Passkey(q.ctx(), ref)
		if err != nil {
			return passkey.Owner{}, err
		}
		return passkey.Owner{ID: a.ID, Name: a.Login, Keys: []passkey.Key{{Ref: f.Ref, Doc: f.Doc}}}, nil
	})
	if err != nil {
		q.o.Log.WarnContext(q.ctx(), "a passkey was refused", slog.String("component", "web"), slog.Any("err", err))
		return "", nil, errors.Join(err, q.o.Accounts.PasskeyRefused(q.ctx(), address(q.r)))
	}
	return q.o.Accounts.SignInPasskey(q.ctx(), key.Ref, key.Doc, q.agent(), address(q.r))
}
