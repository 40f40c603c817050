package access

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"example.org/hearback"
)

// How long the things that open a door stay good.
const (
	LinkLife     = 24 * time.Hour     // the first administrator's link, and one for a new password
	InviteLife   = 72 * time.Hour     // an invitation
	SessionIdle  = 12 * time.Hour     // a session nobody uses, if nothing else is set
	SessionLife  = 7 * 24 * time.Hour // any session, if nothing else is set
	sessionTouch = 5 * time.Minute    // how exactly the last use is remembered
)

// A Store keeps accounts, links and sessions. Tokens reach it only as the
// SHA-256 of their bytes.
type Store interface {
	// Accounts returns every account by number.
	Accounts(ctx context.Context) ([]Account, error)

	// Account and AccountByLogin return [hearback.ErrNotFound] if there is none.
	Account(ctx context.Context, id hearback.ID) (*Account, error)
	AccountByLogin(ctx context.Context, login string) (*Account, error)

	// JoinAccount uses up a link and adds an account in one transaction. It
	// gives the account the next free number before it calls records. It
	// returns [hearback.ErrNotFound] if the link is gone and
	// [hearback.ErrConflict] if the login is taken.
	JoinAccount(ctx context.Context, link []byte, a *Account, records func(*Account) []hearback.Record) error

	// AccountBySignOn returns the account of somebody at a sign-on service, or
	// [hearback.ErrNotFound].
	AccountBySignOn(ctx context.Context, issuer, subject string) (*Account, error)
	// AdoptAccount is JoinAccount for somebody from a sign-on service: no link
	// is used up.
	AdoptAccount(ctx context.Context, issuer, subject string, a *Account, records func(*Account) []hearback.Record) error

	// PutAccount writes a changed account and increments a.Version. It returns
	// [hearback.ErrConflict] if the stored version is not a.Version, and
	// [hearback.ErrRefused] if no active administrator would be left.
	PutAccount(ctx context.Context, a *Account, rs ...hearback.Record) error

	// PutLink keeps a link, in place of earlier ones of the same kind for the
	// same account if only is set.
	PutLink(ctx context.Context, l Link, only bool, rs ...hearback.Record) error
	// Link returns [hearback.ErrNotFound] if there is none.
	Link(ctx context.Context, hash []byte) (*Link, error)
	Links(ctx context.Context) ([]Link, error)
	// DropLink returns [hearback.ErrNotFound] if there is none.
	DropLink(ctx context.Context, id hearback.ID) error
	// UseLink uses up a link and sets the password hash of its account, and
	// ends the sessions of that account, in one transaction.
	UseLink(ctx context.Context, hash []byte, account hearback.ID, password string) error

	PutSession(ctx context.Context, s Session) error
	// Session returns [hearback.ErrNotFound] if there is none.
	Session(ctx context.Context, hash []byte) (*Session, error)
	// Sessions returns the sessions of an account, newest use first.
	Sessions(ctx context.Context, account hearback.ID) ([]Session, error)
	TouchSession(ctx context.Context, id hearback.ID, at time.Time) error
	// DropSessions ends the sessions of an account: all but keep if id is 0,
	// otherwise that one.
	DropSessions(ctx context.Context, account, id, keep hearback.ID) error
	// SweepAccess forgets what has ended.
	SweepAccess(ctx context.Context, e Ended) error

	// Factors returns the second factors of an account, oldest first.
	Factors(ctx context.Context, account hearback.ID) ([]Factor, error)
	// FactorByRef returns [hearback.ErrNotFound] if there is none.
	FactorByRef(ctx context.Context, ref []byte) (*Factor, error)
	// PutFactors adds factors to an account and takes others away, in one
	// transaction. It returns [hearback.ErrConflict] if one to add is known
	// already, and [hearback.ErrNotFound] if one to take away is not there.
	PutFactors(ctx context.Context, account hearback.ID, add []Factor, drop []hearback.ID, rs ...hearback.Record) error
	// UseFactor writes the doc, the step and the time of use of a factor. It
	// returns [hearback.ErrConflict] unless the stored step is before f.Step.
	UseFactor(ctx context.Context, f Factor) error
	// DropFactor returns [hearback.ErrNotFound] if there is none.
	DropFactor(ctx context.Context, account, id hearback.ID) error

	PutAttempt(ctx context.Context, hash []byte, kind string, ends time.Time, doc string) error
	// TakeAttempt uses up an attempt and returns its doc. It returns
	// [hearback.ErrNotFound] if there is none of the kind that ends after now.
	TakeAttempt(ctx context.Context, hash []byte, kind string, now time.Time) (doc string, err error)

	// LoginTries returns how many tries were left of what a hash names, and when.
	// It returns [hearback.ErrNotFound] if none was ever used.
	LoginTries(ctx context.Context, hash []byte) (rest float64, at time.Time, err error)
	PutLoginTries(ctx context.Context, hash []byte, rest float64, at time.Time) error

	PutToken(ctx context.Context, t Token) error
	// Token returns [hearback.ErrNotFound] if there is none.
	Token(ctx context.Context, hash []byte) (*Token, error)
	// Tokens returns the tokens of an account, oldest first.
	Tokens(ctx context.Context, account hearback.ID) ([]Token, error)
	TouchToken(ctx context.Context, id hearback.ID, at time.Time) error
	// DropToken returns [hearback.ErrNotFound] if there is none.
	DropToken(ctx context.Context, account, id hearback.ID) error

	AddEvent(ctx context.Context, e Event) error
	// Events returns events of an account, or of all if account is 0, newest
	// first, that are older than before if that is not 0.
	Events(ctx context.Context, account, before hearback.ID, limit int) ([]Event, error)
}

// Ended says what is over: sessions used last before Idle or begun before
// Begun, or before Half if they still wait for the second factor; events before
// Security; tries before Tries; everything else that ended before Now.
type Ended struct{ Now, Idle, Begun, Half, Security, Tries time.Time }

// Accounts applies the rules about accounts.
type Accounts struct {
	Store  Store
	Now    func() time.Time
	NextID func() hearback.ID
	// Idle and Life are after how long a session ends that nobody uses, and that
	// somebody uses; 0 means [SessionIdle] and [SessionLife].
	Idle, Life time.Duration
	// Key seals the secrets of authenticators. It has 32 bytes and lies beside the
	// store.
	Key []byte
	Log *slog.Logger // has every event of the security log as well; nil for none
	// HashMemory is how much memory hashing a password takes, in KiB; 0 means what
	// is safe, and nothing else is for a service. Tests, which make hundreds of
	// accounts, take less.
	HashMemory uint32

	guard guard
}

func (s *Accounts) hashMemory() uint32 { return cmp.Or(s.HashMemory, hashMemory) }

// A Link is an address that works once: whoever holds its token may do one
// thing.
type Link struct {
	ID      hearback.ID
	Hash    []byte `json:"-"` // SHA-256 of the token
	Kind    LinkKind
	Account hearback.ID // whose password it sets, for [LinkPassword]
	Roles   []Role      // what the new account may do
	Desks   []string
	Lang    string
	Note    string // who it is for, in the inviter's words; private
	By      hearback.Actor
	Made    time.Time
	Until   time.Time
}

// LinkKind says what a link is good for.
type LinkKind string

// The kinds of link.
const (
	LinkFirst    LinkKind = "first"    // makes the first administrator
	LinkInvite   LinkKind = "invite"   // makes an account with stated roles
	LinkPassword LinkKind = "password" // sets a new password
)

// FirstAdmin returns the token of a link with which the first administrator
// joins, or "" if there is an active administrator. Call it at start and show
// the token to whoever started the program, once. Each call makes a new link
// and ends the one before.
func (s *Accounts) FirstAdmin(ctx context.Context) (token string, err error) {
	list, err := s.Store.Accounts(ctx)
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(list, func(a Account) bool { return a.State == Active && slices.Contains(a.Roles, Administrator) }) {
		return "", nil
	}
	token, hash := newToken()
	now := s.Now()
	return token, s.Store.PutLink(ctx, Link{
		ID: s.NextID(), Hash: hash, Kind: LinkFirst, Roles: []Role{Administrator}, By: hearback.System,
		Made: now, Until: now.Add(LinkLife),
	}, true)
}

// An Invitation is what an administrator decides before somebody joins.
type Invitation struct {
	Roles []Role
	Desks []string
	Lang  string
	Note  string
}

// Invite returns the token of a link with which one person joins. The roles
// are on the public log from the moment the person joins.
func (s *Accounts) Invite(ctx context.Context, by *Account, in Invitation) (token string, err error) {
	actor, err := by.Do(ManageAccounts)
	if err != nil {
		return "", err
	}
	roles, err := checkRoles(in.Roles)
	if err != nil {
		return "", err
	}
	if len(roles) == 0 {
		return "", fmt.Errorf("%w: choose at least one role", hearback.ErrInvalid)
	}
	desks, err := checkDesks(in.Desks)
	if err != nil {
		return "", err
	}
	if utf8.RuneCountInString(in.Note) > 200 {
		return "", fmt.Errorf("%w: the note has more than 200 characters", hearback.ErrInvalid)
	}
	token, hash := newToken()
	now := s.Now()
	if err := s.Store.PutLink(ctx, Link{
		ID: s.NextID(), Hash: hash, Kind: LinkInvite, Roles: roles, Desks: desks, Lang: lang(in.Lang),
		Note: in.Note, By: actor, Made: now, Until: now.Add(InviteLife),
	}, false); err != nil {
		return "", err
	}
	return token, s.note(ctx, Event{Kind: EventInvited, By: by.ID, Note: words(roles)})
}

// words writes roles into a note.
func words(roles []Role) string {
	var list []string
	for _, r := range roles {
		list = append(list, string(r))
	}
	return strings.Join(list, " ")
}

// Links lists the invitations and other links that still work.
func (s *Accounts) Links(ctx context.Context, by *Account) ([]Link, error) {
	if _, err := by.Do(ManageAccounts); err != nil {
		return nil, err
	}
	list, err := s.Store.Links(ctx)
	now := s.Now()
	return slices.DeleteFunc(list, func(l Link) bool { return !now.Before(l.Until) }), err
}

// Cancel ends a link that nobody has used.
func (s *Accounts) Cancel(ctx context.Context, by *Account, id hearback.ID) error {
	if _, err := by.Do(ManageAccounts); err != nil {
		return err
	}
	if err := s.Store.DropLink(ctx, id); err != nil {
		return err
	}
	return s.note(ctx, Event{Kind: EventInviteCancelled, By: by.ID})
}

// Link returns what a token is good for. It returns [hearback.ErrNotFound] if
// it was used, has ended or never was.
func (s *Accounts) Link(ctx context.Context, token string) (*Link, error) {
	hash, err := tokenHash(token)
	if err != nil {
		return nil, gone(err)
	}
	l, err := s.Store.Link(ctx, hash)
	if err != nil {
		return nil, gone(err)
	}
	if !s.Now().Before(l.Until) {
		return nil, gone(hearback.ErrNotFound)
	}
	return l, nil
}

func gone(err error) error {
	if errors.Is(err, hearback.ErrNotFound) {
		return fmt.Errorf("%w: this link was used or has ended; ask an administrator for a new one", hearback.ErrNotFound)
	}
	return err
}

// Joining is what a person says about themselves when they join.
type Joining struct {
	Login    string
	Name     string
	Lang     string // "" keeps that of the invitation
	Password string
}

// Join uses an invitation, or the first administrator's link, and returns the
// new account. The roles go on the public log with a number, never a name.
func (s *Accounts) Join(ctx context.Context, token string, j Joining) (*Account, error) {
	l, err := s.Link(ctx, token)
	if err != nil {
		return nil, err
	}
	if l.Kind != LinkFirst && l.Kind != LinkInvite {
		return nil, gone(hearback.ErrNotFound)
	}
	login, err := checkLogin(j.Login)
	if err != nil {
		return nil, err
	}
	name := strings.TrimSpace(norm.NFC.String(j.Name))
	if n := utf8.RuneCountInString(name); n == 0 || n > 100 || strings.ContainsFunc(name, unicode.IsControl) {
		return nil, fmt.Errorf("%w: a name has 1 to 100 characters", hearback.ErrInvalid)
	}
	if err := CheckPassword(j.Password, login, name); err != nil {
		return nil, err
	}
	if j.Lang == "" {
		j.Lang = l.Lang
	}
	hash, err := s.guard.hash(ctx, s.hashMemory(), j.Password)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	a := &Account{
		ID: s.NextID(), Login: login, Name: name, Lang: lang(j.Lang), Roles: l.Roles, Desks: l.Desks,
		State: Active, Since: now, Hash: hash,
	}
	err = s.Store.JoinAccount(ctx, l.Hash, a, func(a *Account) (rs []hearback.Record) {
		for _, r := range a.Roles {
			rs = append(rs, roleRecord(hearback.RoleGranted, l.By, a, r, now))
		}
		return rs
	})
	switch {
	case errors.Is(err, hearback.ErrConflict):
		return nil, fmt.Errorf("%w: there is an account with this login; choose another", hearback.ErrConflict)
	case err != nil:
		return nil, gone(err)
	}
	return a, s.note(ctx, Event{Kind: EventJoined, Account: a.ID, Note: string(l.Kind)})
}

// Grant gives an account a role, on the public log.
func (s *Accounts) Grant(ctx context.Context, by *Account, id hearback.ID, r Role) error {
	return s.change(ctx, by, id, EventRoleGranted, string(r), func(a *Account, actor hearback.Actor, now time.Time) ([]hearback.Record, error) {
		roles, err := checkRoles(append(slices.Clone(a.Roles), r))
		if err != nil {
			return nil, err
		}
		if slices.Contains(a.Roles, r) {
			return nil, fmt.Errorf("%w: this account has the role %s already", hearback.ErrRefused, r)
		}
		a.Roles = roles
		return []hearback.Record{roleRecord(hearback.RoleGranted, actor, a, r, now)}, nil
	})
}

// Revoke takes a role from an account, on the public log. The last active
// administrator stays one.
func (s *Accounts) Revoke(ctx context.Context, by *Account, id hearback.ID, r Role) error {
	return s.change(ctx, by, id, EventRoleRevoked, string(r), func(a *Account, actor hearback.Actor, now time.Time) ([]hearback.Record, error) {
		i := slices.Index(a.Roles, r)
		if i < 0 {
			return nil, fmt.Errorf("%w: this account does not have the role %s", hearback.ErrRefused, r)
		}
		a.Roles = slices.Delete(slices.Clone(a.Roles), i, i+1)
		return []hearback.Record{roleRecord(hearback.RoleRevoked, actor, a, r, now)}, nil
	})
}

// SetDesks says which desks an account works for; none means every desk. The
// public log shows its roles with the new scope.
func (s *Accounts) SetDesks(ctx context.Context, by *Account, id hearback.ID, desks []string) error {
	desks, err := checkDesks(desks)
	if err != nil {
		return err
	}
	return s.change(ctx, by, id, EventRoleGranted, strings.Join(desks, " "), func(a *Account, actor hearback.Actor, now time.Time) (rs []hearback.Record, err error) {
		a.Desks = desks
		for _, r := range a.Roles {
			rs = append(rs, roleRecord(hearback.RoleGranted, actor, a, r, now))
		}
		return rs, nil
	})
}

// Disable ends an account: its sessions stop and its roles are revoked on the
// public log. Its number stays its own.
func (s *Accounts) Disable(ctx context.Context, by *Account, id hearback.ID) error {
	err := s.change(ctx, by, id, EventDisabled, "", func(a *Account, actor hearback.Actor, now time.Time) (rs []hearback.Record, err error) {
		if a.State == Disabled {
			return nil, fmt.Errorf("%w: this account is disabled already", hearback.ErrRefused)
		}
		for _, r := range a.Roles {
			rs = append(rs, roleRecord(hearback.RoleRevoked, actor, a, r, now))
		}
		a.State, a.Roles = Disabled, nil
		return rs, nil
	})
	if err != nil {
		return err
	}
	return s.Store.DropSessions(ctx, id, 0, 0)
}

// Enable lets a disabled account sign in again. It has no roles until some are
// granted.
func (s *Accounts) Enable(ctx context.Context, by *Account, id hearback.ID) error {
	return s.change(ctx, by, id, EventEnabled, "", func(a *Account, _ hearback.Actor, _ time.Time) ([]hearback.Record, error) {
		a.State = Active
		return nil, nil
	})
}

// change writes what f makes of an account, with its records and an event.
func (s *Accounts) change(ctx context.Context, by *Account, id hearback.ID, what EventKind, note string, f func(*Account, hearback.Actor, time.Time) ([]hearback.Record, error)) error {
	actor, err := by.Do(ManageAccounts)
	if err != nil {
		return err
	}
	a, err := s.Store.Account(ctx, id)
	if err != nil {
		return err
	}
	rs, err := f(a, actor, s.Now())
	if err != nil {
		return err
	}
	if err := s.Store.PutAccount(ctx, a, rs...); err != nil {
		return err
	}
	return s.note(ctx, Event{Kind: what, Account: a.ID, By: by.ID, Note: note})
}

// Reset returns the token of a link that sets a new password for an account.
// Whoever makes such a link could use it, so making one is on the public log.
func (s *Accounts) Reset(ctx context.Context, by *Account, id hearback.ID) (token string, err error) {
	actor, err := by.Do(ManageAccounts)
	if err != nil {
		return "", err
	}
	a, err := s.Store.Account(ctx, id)
	if err != nil {
		return "", err
	}
	return s.passwordLink(ctx, actor, by.ID, a)
}

func (s *Accounts) passwordLink(ctx context.Context, actor hearback.Actor, by hearback.ID, a *Account) (token string, err error) {
	if a.State != Active {
		return "", fmt.Errorf("%w: this account is disabled", hearback.ErrRefused)
	}
	token, hash := newToken()
	now := s.Now()
	if err := s.note(ctx, Event{Kind: EventPasswordLink, Account: a.ID, By: by}); err != nil {
		return "", err
	}
	return token, s.Store.PutLink(ctx, Link{
		ID: s.NextID(), Hash: hash, Kind: LinkPassword, Account: a.ID, By: actor, Made: now, Until: now.Add(LinkLife),
	}, true, resetRecord(actor, a, now, "password"))
}

// resetRecord tells that one way into an account was opened by another person.
func resetRecord(by hearback.Actor, a *Account, at time.Time, what string) hearback.Record {
	return hearback.Record{Type: hearback.AccountReset, At: at, Actor: by, Subject: subject(a), Pub: map[string]any{"number": a.Number, "what": what}}
}

// NewPassword uses a link of [Accounts.Reset]. Every session of the account
// ends.
func (s *Accounts) NewPassword(ctx context.Context, token, password string) error {
	l, err := s.Link(ctx, token)
	if err != nil {
		return err
	}
	if l.Kind != LinkPassword {
		return gone(hearback.ErrNotFound)
	}
	a, err := s.Store.Account(ctx, l.Account)
	if err != nil {
		return err
	}
	if err := CheckPassword(password, a.Login, a.Name); err != nil {
		return err
	}
	hash, err := s.guard.hash(ctx, s.hashMemory(), password)
	if err != nil {
		return err
	}
	if err := s.Store.UseLink(ctx, l.Hash, a.ID, hash); err != nil {
		return gone(err)
	}
	return s.note(ctx, Event{Kind: EventPasswordSet, Account: a.ID})
}

// Numbers says by which number the log knows each account.
func (s *Accounts) Numbers(ctx context.Context) (map[hearback.ID]int, error) {
	list, err := s.Store.Accounts(ctx)
	numbers := map[hearback.ID]int{}
	for _, a := range list {
		numbers[a.ID] = a.Number
	}
	return numbers, err
}

// List returns every account by number.
func (s *Accounts) List(ctx context.Context, by *Account) ([]Account, error) {
	if !by.May(ManageAccounts) && !by.May(ViewLog) {
		_, err := by.Do(ManageAccounts)
		return nil, err
	}
	return s.Store.Accounts(ctx)
}

// SetLang changes the language in which the console speaks to an account.
func (s *Accounts) SetLang(ctx context.Context, id hearback.ID, to string) error {
	a, err := s.Store.Account(ctx, id)
	if err != nil {
		return err
	}
	if to != lang(to) {
		return fmt.Errorf("%w: the console speaks en and zh, not %.20q", hearback.ErrInvalid, to)
	}
	a.Lang = to
	return s.Store.PutAccount(ctx, a)
}

// roleRecord tells of a role: its name, its scope and the number of the
// account, and nothing that leads to a person.
func roleRecord(t hearback.RecordType, by hearback.Actor, a *Account, r Role, at time.Time) hearback.Record {
	scope := "office"
	if len(a.Desks) > 0 {
		scope = "desks:" + strings.Join(a.Desks, ",")
	}
	return hearback.Record{Type: t, At: at, Actor: by, Subject: subject(a),
		Pub:     map[string]any{"role": string(r), "scope": scope, "number": a.Number},
		Private: map[string]any{"account": a.ID.String(), "login": a.Login}}
}

func subject(a *Account) string { return fmt.Sprintf("account:%d", a.Number) }

func checkRoles(in []Role) (out []Role, err error) {
	for _, r := range in {
		if !slices.Contains(Roles(), r) {
			return nil, fmt.Errorf("%w: %.40q is not a role", hearback.ErrInvalid, r)
		}
	}
	for _, r := range Roles() {
		if slices.Contains(in, r) {
			out = append(out, r)
		}
	}
	return out, nil
}

func checkDesks(in []string) ([]string, error) {
	for _, d := range in {
		if !hearback.ValidSlug(d) {
			return nil, fmt.Errorf("%w: %.40q is not the short name of a desk", hearback.ErrInvalid, d)
		}
	}
	if len(in) > 100 {
		return nil, fmt.Errorf("%w: more than 100 desks; leave the list empty to mean all", hearback.ErrInvalid)
	}
	out := slices.Clone(in)
	slices.Sort(out)
	return slices.Compact(out), nil
}

// checkLogin returns the one form of a login.
func checkLogin(s string) (string, error) {
	s = strings.ToLower(strings.TrimSpace(norm.NFKC.String(s)))
	if n := utf8.RuneCountInString(s); n < 2 || n > 100 || strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == utf8.RuneError
	}) {
		return "", fmt.Errorf("%w: a login has 2 to 100 characters and no spaces; an e-mail address is good", hearback.ErrInvalid)
	}
	return s, nil
}

func lang(s string) string {
	if strings.HasPrefix(strings.ToLower(s), "zh") {
		return "zh"
	}
	return "en"
}
