package access

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"example.org/hearback"
)

// An Outsider is somebody for whom another sign-on service vouches.
type Outsider struct {
	Issuer, Subject string // who vouches, and what it calls them for ever
	Login, Name     string
	Lang            string // of the pages that they see, for a new account
	Roles           []Role // what the groups they are in mean here
	Second          bool   // the service asked for two factors
}

// SignInOutsider begins a session for somebody for whom a sign-on service
// vouches. Their first time makes the account. The service decides about
// their roles: each sign-in sets them as its groups say, on the public log.
// A second factor that they have here is asked for; if the service asked for
// two factors itself, its word counts.
func (s *Accounts) SignInOutsider(ctx context.Context, who Outsider, agent string, from netip.Addr) (token string, a *Account, err error) {
	roles, err := checkRoles(who.Roles)
	if err != nil {
		return "", nil, err
	}
	if who.Subject == "" || len(who.Subject) > 255 || len(who.Issuer) > 2000 {
		return "", nil, fmt.Errorf("%w: the sign-on service did not say who you are", hearback.ErrRefused)
	}
	a, err = s.Store.AccountBySignOn(ctx, who.Issuer, who.Subject)
	switch {
	case errors.Is(err, hearback.ErrNotFound):
		if len(roles) == 0 {
			return "", nil, errors.Join(errNoGroup, s.note(ctx, Event{Kind: EventSignInRefused, Network: network(from), Note: "sso"}))
		}
		a, err = s.adopt(ctx, who, roles)
	case err == nil && a.State != Active:
		return "", nil, errors.Join(fmt.Errorf("%w: this account is disabled", hearback.ErrRefused), s.note(ctx, Event{Kind: EventSignInRefused, Account: a.ID, Network: network(from), Note: "sso"}))
	case err == nil:
		err = s.follow(ctx, a, roles)
		if err == nil && len(roles) == 0 {
			err = errors.Join(errNoGroup, s.note(ctx, Event{Kind: EventSignInRefused, Account: a.ID, Network: network(from), Note: "sso"}))
		}
	}
	if err != nil {
		return "", nil, err
	}
	have, err := s.Store.Factors(ctx, a.ID)
	if err != nil {
		return "", nil, err
	}
	if len(have) == 0 && who.Second {
		return s.whole(ctx, &Session{Account: a.ID, Agent: agent}, "sso", from)
	}
	return s.enter(ctx, a, agent, from, "sso")
}

var errNoGroup = fmt.Errorf("%w: the sign-on service puts you in no group that has a role here; ask an administrator", hearback.ErrRefused)

// adopt makes the account of an outsider. It never takes over one that is
// there: whoever may choose an e-mail address at the service could become
// anybody.
func (s *Accounts) adopt(ctx context.Context, who Outsider, roles []Role) (*Account, error) {
	login, err := checkLogin(who.Login)
	if err != nil {
		return nil, err
	}
	name := strings.TrimSpace(norm.NFC.String(who.Name))
	if r := []rune(name); len(r) > 100 {
		name = string(r[:100])
	}
	if name == "" {
		name = login
	}
	now := s.Now()
	a := &Account{ID: s.NextID(), Login: login, Name: name, Lang: lang(who.Lang), Roles: roles, State: Active, Since: now}
	err = s.Store.AdoptAccount(ctx, who.Issuer, who.Subject, a, func(a *Account) (rs []hearback.Record) {
		for _, r := range a.Roles {
			rs = append(rs, roleRecord(hearback.RoleGranted, hearback.System, a, r, now))
		}
		return rs
	})
	if errors.Is(err, hearback.ErrConflict) {
		return nil, fmt.Errorf("%w: there is an account with the login %s that has nothing to do with the sign-on service; sign in with its password, or ask an administrator", hearback.ErrConflict, login)
	}
	if err != nil {
		return nil, err
	}
	return a, s.note(ctx, Event{Kind: EventJoined, Account: a.ID, Note: "sso"})
}

// follow gives an account the roles that its groups mean now.
func (s *Accounts) follow(ctx context.Context, a *Account, roles []Role) error {
	if slices.Equal(a.Roles, roles) {
		return nil
	}
	now := s.Now()
	var rs []hearback.Record
	var events []Event
	for _, r := range Roles() {
		had, has := slices.Contains(a.Roles, r), slices.Contains(roles, r)
		switch {
		case had && !has:
			rs = append(rs, roleRecord(hearback.RoleRevoked, hearback.System, a, r, now))
			events = append(events, Event{Kind: EventRoleRevoked, Account: a.ID, Note: string(r)})
		case has && !had:
			rs = append(rs, roleRecord(hearback.RoleGranted, hearback.System, a, r, now))
			events = append(events, Event{Kind: EventRoleGranted, Account: a.ID, Note: string(r)})
		}
	}
	a.Roles = roles
	if err := s.Store.PutAccount(ctx, a, rs...); err != nil {
		return err
	}
	for _, e := range events {
		if err := s.note(ctx, e); err != nil {
			return err
		}
	}
	return nil
}
