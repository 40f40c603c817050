package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"net/netip"
	"slices"
	"strings"
	"time"

	"example.org/hearback"
)

// A Token lets a program read and act in the name of an account: what its
// scopes name and its owner may, never more. What it does is its owner's act,
// in the log under their number, and counts as that one person wherever two are
// needed.
type Token struct {
	ID      hearback.ID
	Hash    []byte `json:"-"` // SHA-256 of the token
	Account hearback.ID
	Name    string
	Scopes  []Scope
	Since   time.Time
	Until   time.Time
	Used    time.Time // zero if never
	Factors int       // 2 if it was made in a session with a second factor
}

// A Scope is a part of what one may read or do.
type Scope string

// The scopes.
const (
	ScopeRead       Scope = "read"       // what the console shows
	ScopeExport     Scope = "export"     // lists as files
	ScopeSecurity   Scope = "security"   // the security log
	ScopeTriage     Scope = "triage"     // concerns, alerts, and where cases go
	ScopeAnswer     Scope = "answer"     // evidence, drafts, publishing what has its approvals
	ScopeApprove    Scope = "approve"    // approvals; apart, so that nobody gives it by the way
	ScopeAdminister Scope = "administer" // sources, topics, desks, settings
)

// Scopes lists every scope.
func Scopes() []Scope {
	return []Scope{ScopeRead, ScopeExport, ScopeSecurity, ScopeTriage, ScopeAnswer, ScopeApprove, ScopeAdminister}
}

// scopeActions is what each scope lets a token do, if its owner may. Accounts
// and backups are in none: a token that is lost must not make accounts.
var scopeActions = map[Scope][]Action{
	ScopeRead: {ViewConsole, ViewLog}, ScopeExport: {Export}, ScopeSecurity: {ViewSecurity},
	ScopeTriage:     {Triage, OpenCase, Route, RateHarm},
	ScopeAnswer:     {CheckEvidence, Draft, Submit, Publish, Withdraw},
	ScopeApprove:    {Approve},
	ScopeAdminister: {ManageSources, ManageTopics, ManageDesks, ChangeSettings},
}

// Of reports whether somebody with these roles could use any of a scope.
func (c Scope) Of(a *Account) bool { return slices.ContainsFunc(scopeActions[c], a.May) }

// ScopeOf returns the scope that lets a token do x, or "" if none does.
func ScopeOf(x Action) Scope {
	for _, c := range Scopes() {
		if slices.Contains(scopeActions[c], x) {
			return c
		}
	}
	return ""
}

// Limits of tokens.
const (
	MaxTokenDays = 365
	maxTokens    = 20              // of one account
	tokenTouch   = 5 * time.Minute // how exactly the last use is remembered
	tokenBurst   = 120             // requests at once
	tokenEvery   = time.Second / 2 // one more
	tokenPrefix  = "hb_"           // known to scanners for secrets
	tokenLetters = "0123456789abcdefghijkmnpqrstvwxz"
)

// newAPIToken writes a token: the prefix, the id, 160 random bits, and a sum
// by which a mistyped or cut one is known without asking the store.
func newAPIToken(id hearback.ID) (token string, hash []byte) {
	b := make([]byte, 32)
	rand.Read(b) // never fails
	for i := range b {
		b[i] = tokenLetters[b[i]&31]
	}
	token = tokenPrefix + id.String() + "_" + string(b)
	token += tokenSum(token)
	sum := sha256.Sum256([]byte(token))
	return token, sum[:]
}

func tokenSum(s string) string {
	c := crc32.ChecksumIEEE([]byte(s))
	return hex.EncodeToString([]byte{byte(c >> 24), byte(c >> 16), byte(c >> 8), byte(c)})
}

// apiTokenHash returns [hearback.ErrNotFound] for what cannot be a token.
func apiTokenHash(token string) ([]byte, error) {
	if len(token) < 44 || len(token) > 80 || !strings.HasPrefix(token, tokenPrefix) || tokenSum(token[:len(token)-8]) != token[len(token)-8:] {
		return nil, hearback.ErrNotFound
	}
	sum := sha256.Sum256([]byte(token))
	return sum[:], nil
}

// Tokens lists the tokens of an account that still work.
func (s *Accounts) Tokens(ctx context.Context, account hearback.ID) ([]Token, error) {
	list, err := s.Store.Tokens(ctx, account)
	now := s.Now()
	return slices.DeleteFunc(list, func(t Token) bool { return !now.Before(t.Until) }), err
}

// NewToken makes a token for the account of a session, and returns its text,
// which nobody can read again.
func (s *Accounts) NewToken(ctx context.Context, x *Session, password, name string, scopes []Scope, days int) (string, error) {
	if err := s.prove(ctx, x, password); err != nil {
		return "", err
	}
	name, err := shortName(name)
	if err != nil {
		return "", err
	}
	if days < 1 || days > MaxTokenDays {
		return "", fmt.Errorf("%w: a token lasts 1 to %d days", hearback.ErrInvalid, MaxTokenDays)
	}
	var chosen []Scope
	for _, c := range Scopes() {
		if slices.Contains(scopes, c) {
			chosen = append(chosen, c)
		}
	}
	if len(chosen) == 0 || len(chosen) != len(scopes) {
		return "", fmt.Errorf("%w: choose what the token may do", hearback.ErrInvalid)
	}
	have, err := s.Tokens(ctx, x.Account)
	if err != nil {
		return "", err
	}
	if len(have) >= maxTokens {
		return "", fmt.Errorf("%w: there are %d tokens already; end one first", hearback.ErrRefused, maxTokens)
	}
	id, now := s.NextID(), s.Now()
	token, hash := newAPIToken(id)
	if err := s.note(ctx, Event{Kind: EventTokenMade, Account: x.Account, Note: string(chosen[len(chosen)-1])}); err != nil {
		return "", err
	}
	return token, s.Store.PutToken(ctx, Token{
		ID: id, Hash: hash, Account: x.Account, Name: name, Scopes: chosen, Since: now, Until: now.AddDate(0, 0, days), Factors: x.Factors,
	})
}

// EndToken ends a token of an account.
func (s *Accounts) EndToken(ctx context.Context, account, id hearback.ID) error {
	if err := s.Store.DropToken(ctx, account, id); err != nil {
		return err
	}
	return s.note(ctx, Event{Kind: EventTokenEnded, Account: account})
}

// ByToken returns whose token it is, able to do no more than its scopes. It
// returns [hearback.ErrNotFound] if there is none, and [Locked] if it is used
// too fast, or if too many wrong ones came from one network.
func (s *Accounts) ByToken(ctx context.Context, token string, from netip.Addr) (*Token, *Account, error) {
	now := s.Now()
	wrong := tryKey{"network", network(from)}
	if wait := s.guard.try.take(now, wrong); wait > 0 {
		return nil, nil, Locked{wait.Round(time.Second), true}
	}
	hash, err := apiTokenHash(token)
	if err != nil {
		return nil, nil, err
	}
	t, err := s.Store.Token(ctx, hash)
	if err != nil {
		if !errors.Is(err, hearback.ErrNotFound) {
			s.guard.try.give(wrong)
		}
		return nil, nil, err
	}
	s.guard.try.give(wrong)
	a, err := s.Store.Account(ctx, t.Account)
	if err != nil {
		return nil, nil, err
	}
	if !now.Before(t.Until) || a.State != Active {
		return nil, nil, hearback.ErrNotFound
	}
	if wait := s.guard.try.take(now, tryKey{"token", t.ID.String()}); wait > 0 {
		return nil, nil, Locked{wait.Round(time.Second), true}
	}
	if t.Factors < 2 {
		a.sleep()
	}
	a.Only = []Action{}
	for _, c := range t.Scopes {
		a.Only = append(a.Only, scopeActions[c]...)
	}
	if now.Sub(t.Used) >= tokenTouch {
		if err := s.Store.TouchToken(ctx, t.ID, now); err != nil {
			return nil, nil, err
		}
	}
	return t, a, nil
}
