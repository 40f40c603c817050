package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"example.org/hearback"
	"example.org/hearback/internal/access/seal"
)

// A Factor is a second way in which somebody proves who they are.
type Factor struct {
	ID      hearback.ID
	Account hearback.ID
	Kind    FactorKind
	Name    string // what its owner calls it; "" for codes
	Ref     []byte `json:"-"` // how it is found: the credential of a passkey, the hash of a recovery code
	Doc     string `json:"-"` // the secret of codes, the public key of a passkey
	Step    int64  `json:"-"` // of the newest code that was used; only a later one counts
	Since   time.Time
	Used    time.Time // zero if never
}

// FactorKind says what a second factor is.
type FactorKind string

// The kinds of second factor.
const (
	FactorCode     FactorKind = "code"     // six digits from an authenticator
	FactorPasskey  FactorKind = "passkey"  // a key in a device or password manager
	FactorRecovery FactorKind = "recovery" // a code on paper that works once
)

// Limits of second factors.
const (
	SecondLife    = 10 * time.Minute // to give the second factor after the password
	proveLife     = 10 * time.Minute // after signing in, to change factors without the password
	recoveryCodes = 10
	maxFactors    = 20 // passkeys of one account
)

// NeedsSecond reports whether any of the roles may only be used with a second
// factor: whoever approves what is published, and whoever makes accounts.
func NeedsSecond(roles []Role) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return r == Reviewer || r == Administrator })
}

// sleep puts the roles that need a second factor aside: in a session without
// one they only let their holder look.
func (a *Account) sleep() {
	var awake []Role
	for _, r := range a.Roles {
		if NeedsSecond([]Role{r}) {
			a.Asleep = append(a.Asleep, r)
		} else {
			awake = append(awake, r)
		}
	}
	a.Roles = awake
}

// Half returns the session of somebody who gave the right password and has yet
// to give the second factor, with the kinds they have. It returns
// [hearback.ErrNotFound] for any other token.
func (s *Accounts) Half(ctx context.Context, token string) (*Session, []FactorKind, error) {
	hash, err := tokenHash(token)
	if err != nil {
		return nil, nil, err
	}
	x, err := s.Store.Session(ctx, hash)
	if err != nil {
		return nil, nil, err
	}
	if x.Factors != 0 || s.Now().Sub(x.Begun) >= SecondLife {
		return nil, nil, hearback.ErrNotFound
	}
	list, err := s.Store.Factors(ctx, x.Account)
	if err != nil {
		return nil, nil, err
	}
	var kinds []FactorKind
	for _, f := range list {
		if !slices.Contains(kinds, f.Kind) {
			kinds = append(kinds, f.Kind)
		}
	}
	return x, kinds, nil
}

// Second finishes a half session with a code of an authenticator or a recovery
// code, and returns the token of a whole one. A code counts once.
func (s *Accounts) Second(ctx context.Context, half, code string, from netip.Addr) (token string, a *Account, err error) {
	x, _, err := s.Half(ctx, half)
	if err != nil {
		return "", nil, err
	}
	keys := []tryKey{{"second", x.Account.String()}, {"network", network(from)}}
	wait, err := s.take(ctx, keys...)
	if err != nil {
		return "", nil, err
	}
	if wait > 0 {
		if s.guard.try.tell(keys...) {
			err = s.note(ctx, Event{Kind: EventLocked, Account: x.Account, Network: network(from)})
		}
		return "", nil, errors.Join(Locked{Wait: wait.Round(time.Second)}, err)
	}
	kind, err := s.useCode(ctx, x.Account, code)
	if err != nil {
		if !errors.Is(err, hearback.ErrRefused) {
			return "", nil, errors.Join(err, s.give(ctx, keys...))
		}
		return "", nil, errors.Join(err, s.note(ctx, Event{Kind: EventSecondRefused, Account: x.Account, Network: network(from)}))
	}
	if err := s.give(ctx, keys...); err != nil {
		return "", nil, err
	}
	return s.whole(ctx, x, kind, from)
}

// whole makes a half session, or none, into one with two factors.
func (s *Accounts) whole(ctx context.Context, half *Session, kind FactorKind, from netip.Addr) (token string, a *Account, err error) {
	a, err = s.Store.Account(ctx, half.Account)
	if err != nil {
		return "", nil, err
	}
	if a.State != Active {
		return "", nil, fmt.Errorf("%w: login and password do not match", hearback.ErrRefused)
	}
	if half.ID != 0 {
		if err := s.Store.DropSessions(ctx, a.ID, half.ID, 0); err != nil {
			return "", nil, err
		}
	}
	if err := s.note(ctx, Event{Kind: EventSignIn, Account: a.ID, Network: network(from), Note: string(kind)}); err != nil {
		return "", nil, err
	}
	token, err = s.begin(ctx, a, half.Agent, 2)
	return token, a, err
}

// useCode uses up a code of an account, and says what it was.
func (s *Accounts) useCode(ctx context.Context, account hearback.ID, code string) (FactorKind, error) {
	code = plainCode(code)
	list, err := s.Store.Factors(ctx, account)
	if err != nil {
		return "", err
	}
	now := s.Now()
	var sealed error
	for _, f := range list {
		switch f.Kind {
		case FactorCode:
			secret, err := s.openSecret(f)
			if err != nil {
				sealed = err // a recovery code still opens
				continue
			}
			key, err := parseSecret(secret)
			if err != nil {
				return "", err
			}
			at, ok := findStep(key, code, now)
			if !ok {
				continue
			}
			if at <= f.Step {
				return "", errUsed
			}
			if f.Doc, err = s.sealSecret(f.ID, secret); err != nil { // older programs did not
				return "", err
			}
			f.Step, f.Used = at, now
			switch err := s.Store.UseFactor(ctx, f); {
			case errors.Is(err, hearback.ErrConflict):
				return "", errUsed
			case err != nil:
				return "", err
			}
			return f.Kind, nil
		case FactorRecovery:
			if string(recoveryRef(account, code)) != string(f.Ref) {
				continue
			}
			switch err := s.Store.DropFactor(ctx, account, f.ID); {
			case errors.Is(err, hearback.ErrNotFound):
				return "", errUsed
			case err != nil:
				return "", err
			}
			return f.Kind, s.note(ctx, Event{Kind: EventRecoveryUsed, Account: account})
		}
	}
	if sealed != nil {
		return "", sealed
	}
	return "", fmt.Errorf("%w: this code is not right; type the one that the authenticator shows now", hearback.ErrRefused)
}

var errUsed = fmt.Errorf("%w: this code was used already; wait for the next one", hearback.ErrRefused)

// plainCode takes away what people put between the characters of a code.
func plainCode(code string) string {
	if len(code) > 200 {
		return ""
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z':
			return r
		}
		return -1
	}, strings.ToLower(norm.NFKC.String(code)))
}

// recoveryRef is what is stored of a recovery code. The code has fifty random
// bits and its tries are limited, so a plain hash is enough; the account is in
// it so that one code of two people is stored as two things.
func recoveryRef(account hearback.ID, code string) []byte {
	sum := sha256.Sum256([]byte("recovery\x00" + account.String() + "\x00" + plainCode(code)))
	return sum[:]
}

// newRecovery makes a set of recovery codes.
func (s *Accounts) newRecovery(account hearback.ID, now time.Time) (codes []string, list []Factor) {
	const letters = "abcdefghjkmnpqrstuvwxyz23456789x" // 32, without those that look alike
	for range recoveryCodes {
		b := make([]byte, 10)
		rand.Read(b) // never fails
		for i := range b {
			b[i] = letters[b[i]&31]
		}
		code := string(b[:5]) + "-" + string(b[5:])
		codes = append(codes, code)
		list = append(list, Factor{ID: s.NextID(), Account: account, Kind: FactorRecovery, Ref: recoveryRef(account, code), Since: now})
	}
	return codes, list
}

// Factors lists the second factors of an account.
func (s *Accounts) Factors(ctx context.Context, account hearback.ID) ([]Factor, error) {
	return s.Store.Factors(ctx, account)
}

// Enrolled is what somebody gets for a new second factor.
type Enrolled struct {
	Token    string   // of the session that goes on, now with two factors
	Recovery []string // shown once; empty if there were some already
}

// AddCode makes an authenticator the second factor of the account of a
// session, in place of an earlier one, when it shows the right code.
func (s *Accounts) AddCode(ctx context.Context, x *Session, password, secret, code string) (Enrolled, error) {
	if err := s.prove(ctx, x, password); err != nil {
		return Enrolled{}, err
	}
	key, err := parseSecret(secret)
	if err != nil {
		return Enrolled{}, err
	}
	at, ok := findStep(key, plainCode(code), s.Now())
	if !ok {
		return Enrolled{}, fmt.Errorf("%w: this code is not right; type the one that the authenticator shows now", hearback.ErrInvalid)
	}
	id := s.NextID()
	doc, err := s.sealSecret(id, secret)
	if err != nil {
		return Enrolled{}, err
	}
	return s.enrol(ctx, x, Factor{
		ID: id, Kind: FactorCode, Ref: []byte("code:" + id.String()), Doc: doc, Step: at,
	}, true)
}

// sealedSecret begins a secret that is sealed. What a secret of an older program
// is written in has no such sign.
const sealedSecret = "sealed:"

// sealSecret seals the secret of an authenticator to the factor it belongs to.
func (s *Accounts) sealSecret(id hearback.ID, secret string) (string, error) {
	b, err := seal.Seal(s.Key, []byte(secret), []byte("factor:"+id.String()))
	if err != nil {
		return "", fmt.Errorf("the secret of an authenticator cannot be sealed: %w", err)
	}
	return sealedSecret + base64.RawStdEncoding.EncodeToString(b), nil
}

// openSecret returns the secret of an authenticator.
func (s *Accounts) openSecret(f Factor) (string, error) {
	text, is := strings.CutPrefix(f.Doc, sealedSecret)
	if !is {
		return f.Doc, nil
	}
	b, err := base64.RawStdEncoding.DecodeString(text)
	if err == nil {
		b, err = seal.Open(s.Key, b, []byte("factor:"+f.ID.String()))
	}
	if err != nil {
		return "", fmt.Errorf("%w: codes cannot be checked, because keys/factor.key is not the one they were sealed with; use a recovery code or a passkey, or ask an administrator", hearback.ErrConflict)
	}
	return string(b), nil
}

// enrol keeps a new factor, with recovery codes if there are none, and gives
// the session two factors. Every other session of the account ends.
func (s *Accounts) enrol(ctx context.Context, x *Session, f Factor, replace bool) (Enrolled, error) {
	now := s.Now()
	f.Account, f.Since, f.Used = x.Account, now, now
	have, err := s.Store.Factors(ctx, x.Account)
	if err != nil {
		return Enrolled{}, err
	}
	if len(have) >= maxFactors+recoveryCodes+1 {
		return Enrolled{}, fmt.Errorf("%w: there are %d passkeys already; remove one first", hearback.ErrRefused, maxFactors)
	}
	add, drop := []Factor{f}, []hearback.ID(nil)
	for _, old := range have {
		if replace && old.Kind == f.Kind {
			drop = append(drop, old.ID)
		}
	}
	var e Enrolled
	if !slices.ContainsFunc(have, func(f Factor) bool { return f.Kind == FactorRecovery }) {
		codes, list := s.newRecovery(x.Account, now)
		e.Recovery, add = codes, append(add, list...)
	}
	if err := s.Store.PutFactors(ctx, x.Account, add, drop); err != nil {
		return Enrolled{}, err
	}
	if err := s.note(ctx, Event{Kind: EventFactorAdded, Account: x.Account, Note: string(f.Kind)}); err != nil {
		return Enrolled{}, err
	}
	e.Token, err = s.again(ctx, x, 2)
	return e, err
}

// again ends every session of an account and begins one anew in the browser of
// x, with its age.
func (s *Accounts) again(ctx context.Context, x *Session, factors int) (string, error) {
	if err := s.Store.DropSessions(ctx, x.Account, 0, 0); err != nil {
		return "", err
	}
	a, err := s.Store.Account(ctx, x.Account)
	if err != nil {
		return "", err
	}
	return s.begin(ctx, a, x.Agent, factors)
}

// NewRecovery replaces the recovery codes of the account of a session and
// returns the new ones. There must be another second factor.
func (s *Accounts) NewRecovery(ctx context.Context, x *Session, password string) ([]string, error) {
	if err := s.prove(ctx, x, password); err != nil {
		return nil, err
	}
	have, err := s.Store.Factors(ctx, x.Account)
	if err != nil {
		return nil, err
	}
	var drop []hearback.ID
	for _, f := range have {
		if f.Kind == FactorRecovery {
			drop = append(drop, f.ID)
		}
	}
	if len(have) == len(drop) {
		return nil, fmt.Errorf("%w: recovery codes stand in for a second factor; set one up first", hearback.ErrRefused)
	}
	codes, list := s.newRecovery(x.Account, s.Now())
	if err := s.Store.PutFactors(ctx, x.Account, list, drop); err != nil {
		return nil, err
	}
	return codes, s.note(ctx, Event{Kind: EventFactorAdded, Account: x.Account, Note: string(FactorRecovery)})
}

// RemoveFactor takes a second factor away from the account of a session and
// returns the token of the session that goes on. With the last of them go the
// recovery codes.
func (s *Accounts) RemoveFactor(ctx context.Context, x *Session, id hearback.ID, password string) (token string, err error) {
	if err := s.prove(ctx, x, password); err != nil {
		return "", err
	}
	have, err := s.Store.Factors(ctx, x.Account)
	if err != nil {
		return "", err
	}
	var kind FactorKind
	var drop []hearback.ID
	left := 0
	for _, f := range have {
		switch {
		case f.ID == id && f.Kind != FactorRecovery:
			kind, drop = f.Kind, append(drop, id)
		case f.Kind != FactorRecovery:
			left++
		}
	}
	if kind == "" {
		return "", fmt.Errorf("%w: there is no such second factor", hearback.ErrNotFound)
	}
	factors := x.Factors
	if left == 0 {
		factors, drop = 1, nil
		for _, f := range have {
			drop = append(drop, f.ID)
		}
	}
	if err := s.Store.PutFactors(ctx, x.Account, nil, drop); err != nil {
		return "", err
	}
	if err := s.note(ctx, Event{Kind: EventFactorRemoved, Account: x.Account, Note: string(kind)}); err != nil {
		return "", err
	}
	return s.again(ctx, x, factors)
}

// ForgetFactors takes every second factor from an account whose owner lost
// them, and ends its sessions. Whoever does that could then take the account
// over, so it is on the public log.
func (s *Accounts) ForgetFactors(ctx context.Context, by *Account, id hearback.ID) error {
	actor, err := by.Do(ManageAccounts)
	if err != nil {
		return err
	}
	a, err := s.Store.Account(ctx, id)
	if err != nil {
		return err
	}
	n, err := s.forget(ctx, actor, by.ID, a)
	if err == nil && n == 0 {
		return fmt.Errorf("%w: this account has no second factor", hearback.ErrRefused)
	}
	if err != nil {
		return err
	}
	return s.Store.DropSessions(ctx, id, 0, 0)
}

// forget takes every second factor from an account and says how many it had.
func (s *Accounts) forget(ctx context.Context, actor hearback.Actor, by hearback.ID, a *Account) (int, error) {
	have, err := s.Store.Factors(ctx, a.ID)
	if err != nil || len(have) == 0 {
		return 0, err
	}
	var drop []hearback.ID
	for _, f := range have {
		drop = append(drop, f.ID)
	}
	if err := s.Store.PutFactors(ctx, a.ID, nil, drop, resetRecord(actor, a, s.Now(), "second factor")); err != nil {
		return 0, err
	}
	return len(have), s.note(ctx, Event{Kind: EventFactorsForgotten, Account: a.ID, By: by})
}

// Rescue lets somebody back in who lost everything when there is nobody to
// ask: it takes the second factor away and returns the token of a link for a
// new password. It is for whoever runs the program, and is on the public log.
func (s *Accounts) Rescue(ctx context.Context, login string) (token string, err error) {
	login, err = checkLogin(login)
	if err != nil {
		return "", err
	}
	a, err := s.Store.AccountByLogin(ctx, login)
	if err != nil {
		return "", err
	}
	if _, err := s.forget(ctx, hearback.System, 0, a); err != nil {
		return "", err
	}
	return s.passwordLink(ctx, hearback.System, 0, a)
}

// prove asks for the password before the ways in are changed, unless whoever
// is there has just signed in.
func (s *Accounts) prove(ctx context.Context, x *Session, password string) error {
	if s.Now().Sub(x.Begun) < proveLife {
		return nil
	}
	a, err := s.Store.Account(ctx, x.Account)
	if err != nil {
		return err
	}
	return s.checkPassword(ctx, a, password)
}

// Proved reports whether the session is so young that its owner need not give
// the password to change the ways in.
func (s *Accounts) Proved(x *Session) bool { return s.Now().Sub(x.Begun) < proveLife }

// checkPassword asks for the password once more, a few times at the most.
func (s *Accounts) checkPassword(ctx context.Context, a *Account, password string) error {
	keys := []tryKey{{"change", a.ID.String()}}
	wait, err := s.take(ctx, keys...)
	if err != nil {
		return err
	}
	if wait > 0 {
		if s.guard.try.tell(keys...) {
			err = s.note(ctx, Event{Kind: EventLocked, Account: a.ID})
		}
		return errors.Join(Locked{Wait: wait.Round(time.Second)}, err)
	}
	ok, err := s.guard.match(ctx, s.hashMemory(), a.Hash, password)
	if err != nil {
		return err
	}
	if !ok || a.State != Active {
		return errors.Join(fmt.Errorf("%w: the password is not right", hearback.ErrRefused), s.note(ctx, Event{Kind: EventPasswordRefused, Account: a.ID}))
	}
	return s.give(ctx, keys...)
}

// shortName returns what somebody calls a thing of theirs.
func shortName(name string) (string, error) {
	name = strings.TrimSpace(norm.NFC.String(name))
	if n := utf8.RuneCountInString(name); n == 0 || n > 60 || !utf8.ValidString(name) {
		return "", fmt.Errorf("%w: give it a name of 1 to 60 characters", hearback.ErrInvalid)
	}
	return name, nil
}
