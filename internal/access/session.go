package access

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"example.org/hearback"
)

// A Session is one browser in which somebody is signed in.
type Session struct {
	ID      hearback.ID
	Hash    []byte `json:"-"` // SHA-256 of the token
	Account hearback.ID
	Factors int    // 0 waits for the second factor, 1 has one, 2 has two
	Agent   string // what the browser calls itself, short; for its owner's eyes
	Begun   time.Time
	Used    time.Time
}

// A SignIn is somebody at the door.
type SignIn struct {
	Login    string
	Password string
	Address  netip.Addr // where the request came from; only its network is looked at, and it is not kept
	Agent    string
}

// How many wrong passwords are let pass, for one login and for one network
// (/24 or /56), and how fast further tries come back.
const (
	triesLogin   = 6
	triesNetwork = 30
	tryLogin     = 2*time.Minute + 30*time.Second
	tryNetwork   = 30 * time.Second
)

// SignIn returns a new session token and the account. If the account has a
// second factor, the token is only good for [Accounts.Half] and
// [Accounts.Second]. SignIn returns [hearback.ErrRefused] for a wrong login or
// password, without saying which, and a [Locked] error after too many of them.
func (s *Accounts) SignIn(ctx context.Context, in SignIn) (token string, a *Account, err error) {
	login := strings.ToLower(strings.TrimSpace(norm.NFKC.String(in.Login)))
	if len(login) > 400 {
		login = login[:400]
	}
	keys := []tryKey{{"login", login}, {"network", network(in.Address)}}
	wait, err := s.take(ctx, keys...)
	if err != nil {
		return "", nil, err
	}
	if wait > 0 {
		if s.guard.try.tell(keys...) {
			err = s.note(ctx, Event{Kind: EventLocked, Network: network(in.Address)})
		}
		return "", nil, errors.Join(Locked{Wait: wait.Round(time.Second)}, err)
	}
	a, err = s.Store.AccountByLogin(ctx, login)
	if err != nil && !errors.Is(err, hearback.ErrNotFound) {
		return "", nil, errors.Join(err, s.give(ctx, keys...))
	}
	var hash string
	if err == nil {
		hash = a.Hash
	}
	ok, err := s.guard.match(ctx, s.hashMemory(), hash, in.Password)
	if err != nil {
		return "", nil, errors.Join(err, s.give(ctx, keys...))
	}
	if !ok || a.State != Active {
		e := Event{Kind: EventSignInRefused, Network: network(in.Address)}
		if a != nil {
			e.Account = a.ID
		}
		return "", nil, errors.Join(fmt.Errorf("%w: login and password do not match", hearback.ErrRefused), s.note(ctx, e))
	}
	if err := s.give(ctx, keys...); err != nil {
		return "", nil, err
	}
	return s.enter(ctx, a, in.Agent, in.Address, "password")
}

// enter begins a session for somebody who has proved once who they are: half
// of one, if they have a second factor.
func (s *Accounts) enter(ctx context.Context, a *Account, agent string, from netip.Addr, how string) (token string, _ *Account, err error) {
	have, err := s.Store.Factors(ctx, a.ID)
	if err != nil {
		return "", nil, err
	}
	factors := 1
	if len(have) > 0 {
		factors = 0
	} else if err := s.note(ctx, Event{Kind: EventSignIn, Account: a.ID, Network: network(from), Note: how}); err != nil {
		return "", nil, err
	}
	token, err = s.begin(ctx, a, agent, factors)
	return token, a, err
}

func (s *Accounts) begin(ctx context.Context, a *Account, agent string, factors int) (token string, err error) {
	token, hash := newToken()
	now := s.Now()
	agent = strings.ToValidUTF8(agent, "")
	for i := range agent {
		if utf8.RuneCountInString(agent[:i]) >= 80 {
			agent = agent[:i]
			break
		}
	}
	return token, s.Store.PutSession(ctx, Session{
		ID: s.NextID(), Hash: hash, Account: a.ID, Factors: factors, Agent: agent, Begun: now, Used: now,
	})
}

// Locked says that there were too many wrong passwords, and how long to wait.
// It is an [hearback.ErrRefused].
type Locked struct {
	Wait    time.Duration
	Program bool // it is a program that was too fast
}

// Error implements error.
func (l Locked) Error() string {
	return fmt.Sprintf("refused: too many wrong passwords; try again in %s", l.Wait)
}

// Is makes errors.Is(err, hearback.ErrRefused) hold.
func (Locked) Is(target error) bool { return target == hearback.ErrRefused }

// Session returns who a token belongs to, and remembers that it was used. It
// returns [hearback.ErrNotFound] if the session has ended.
func (s *Accounts) Session(ctx context.Context, token string) (*Session, *Account, error) {
	return s.session(ctx, token, true)
}

// Watch is Session for what a page does by itself: that is no use, so a page
// that is left open does not keep a session alive.
func (s *Accounts) Watch(ctx context.Context, token string) (*Session, *Account, error) {
	return s.session(ctx, token, false)
}

func (s *Accounts) session(ctx context.Context, token string, use bool) (*Session, *Account, error) {
	hash, err := tokenHash(token)
	if err != nil {
		return nil, nil, err
	}
	x, err := s.Store.Session(ctx, hash)
	if err != nil {
		return nil, nil, err
	}
	if x.Factors == 0 {
		return nil, nil, hearback.ErrNotFound
	}
	now := s.Now()
	if now.Sub(x.Used) >= s.idle() || now.Sub(x.Begun) >= s.MaxAge() {
		return nil, nil, errors.Join(hearback.ErrNotFound, s.Store.DropSessions(ctx, x.Account, x.ID, 0))
	}
	a, err := s.Store.Account(ctx, x.Account)
	if err != nil {
		return nil, nil, err
	}
	if a.State != Active {
		return nil, nil, hearback.ErrNotFound
	}
	if x.Factors < 2 {
		a.sleep()
	}
	if use && now.Sub(x.Used) >= sessionTouch {
		if err := s.Store.TouchSession(ctx, x.ID, now); err != nil {
			return nil, nil, err
		}
		x.Used = now
	}
	return x, a, nil
}

// Ends returns when a session ends if it is not used again.
func (s *Accounts) Ends(x *Session) time.Time {
	if idle, life := x.Used.Add(s.idle()), x.Begun.Add(s.MaxAge()); idle.Before(life) {
		return idle
	}
	return x.Begun.Add(s.MaxAge())
}

// MaxAge is how long a session lives at the most.
func (s *Accounts) MaxAge() time.Duration { return cmp.Or(s.Life, SessionLife) }

func (s *Accounts) idle() time.Duration { return cmp.Or(s.Idle, SessionIdle) }

// SignOut ends the session of a token. It is no error if there is none.
func (s *Accounts) SignOut(ctx context.Context, token string) error {
	hash, err := tokenHash(token)
	if err != nil {
		return nil
	}
	x, err := s.Store.Session(ctx, hash)
	if errors.Is(err, hearback.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.Store.DropSessions(ctx, x.Account, x.ID, 0); err != nil || x.Factors == 0 {
		return err
	}
	return s.note(ctx, Event{Kind: EventSignedOut, Account: x.Account})
}

// Sessions lists where an account is signed in.
func (s *Accounts) Sessions(ctx context.Context, account hearback.ID) ([]Session, error) {
	return s.Store.Sessions(ctx, account)
}

// EndSession ends one session of an account; EndOthers every one but keep.
func (s *Accounts) EndSession(ctx context.Context, account, id hearback.ID) error {
	if id <= 0 {
		return fmt.Errorf("%w: there is no such session", hearback.ErrNotFound)
	}
	if err := s.Store.DropSessions(ctx, account, id, 0); err != nil {
		return err
	}
	return s.note(ctx, Event{Kind: EventSessionEnded, Account: account})
}

// EndOthers ends every session of an account but keep.
func (s *Accounts) EndOthers(ctx context.Context, account, keep hearback.ID) error {
	if err := s.Store.DropSessions(ctx, account, 0, keep); err != nil {
		return err
	}
	return s.note(ctx, Event{Kind: EventSessionEnded, Account: account})
}

// ChangePassword sets a new password for the account of a session, which knows
// its old one. Every session ends, and the returned token begins a new one.
func (s *Accounts) ChangePassword(ctx context.Context, x *Session, old, password string) (token string, err error) {
	a, err := s.Store.Account(ctx, x.Account)
	if err != nil {
		return "", err
	}
	if err := s.checkPassword(ctx, a, old); err != nil {
		return "", err
	}
	if err := CheckPassword(password, a.Login, a.Name); err != nil {
		return "", err
	}
	if a.Hash, err = s.guard.hash(ctx, s.hashMemory(), password); err != nil {
		return "", err
	}
	if err := s.Store.PutAccount(ctx, a); err != nil {
		return "", err
	}
	if err := s.note(ctx, Event{Kind: EventPasswordSet, Account: a.ID}); err != nil {
		return "", err
	}
	return s.again(ctx, x, x.Factors)
}

// Sweep forgets links, attempts, tokens and sessions that have ended, and what
// is old in the security log. Call it now and then.
func (s *Accounts) Sweep(ctx context.Context) error {
	now := s.Now()
	return s.Store.SweepAccess(ctx, Ended{
		Now: now, Idle: now.Add(-s.idle()), Begun: now.Add(-s.MaxAge()), Half: now.Add(-SecondLife), Security: now.Add(-SecurityLife), Tries: now.Add(-triesLogin * tryLogin),
	})
}

// newToken returns 32 random bytes as text, and the SHA-256 under which they
// are stored.
func newToken() (token string, hash []byte) {
	b := make([]byte, 32)
	rand.Read(b) // never fails
	sum := sha256.Sum256(b)
	return base64.RawURLEncoding.EncodeToString(b), sum[:]
}

// tokenHash returns [hearback.ErrNotFound] for what cannot be a token.
func tokenHash(token string) ([]byte, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) != 32 || !bytes.Equal([]byte(base64.RawURLEncoding.EncodeToString(b)), []byte(token)) {
		return nil, hearback.ErrNotFound
	}
	sum := sha256.Sum256(b)
	return sum[:], nil
}

// network returns the network of an address, which is all that is looked at.
func network(a netip.Addr) string {
	a = a.Unmap()
	bits := 56
	if a.Is4() {
		bits = 24
	}
	p, err := a.WithZone("").Prefix(bits)
	if err != nil {
		return "unknown"
	}
	return p.String()
}

// limits remembers who tried how often: a bucket of tries for each key, which
// fills up again with time. It holds at most maxTries keys; when there are
// more, full buckets go first and then the oldest.
type limits struct {
	mu sync.Mutex
	m  map[tryKey]*bucket
}

type tryKey struct{ kind, name string }

type bucket struct {
	left float64
	at   time.Time
	told bool // that it is empty
}

const maxTries = 20_000

func (k tryKey) size() (burst float64, every time.Duration) {
	switch k.kind {
	case "token":
		return tokenBurst, tokenEvery
	case "network", "begin":
		return triesNetwork, tryNetwork
	}
	return triesLogin, tryLogin
}

// kept reports whether the tries of a key outlive the program: those of one
// account do, so that a restart gives nobody new ones. Those of networks do
// not: where people came from is not kept.
func (k tryKey) kept() bool { return k.kind == "login" || k.kind == "second" || k.kind == "change" }

// triesHash names a key in the store. It is made with the key that lies beside
// it: what was typed as a login may be a password typed into the wrong field,
// and must not be found by guessing in a copy of the store.
func (s *Accounts) triesHash(k tryKey) []byte {
	m := hmac.New(sha256.New, s.Key)
	fmt.Fprintf(m, "tries %s\x00%s", k.kind, k.name)
	return m.Sum(nil)
}

// take takes one try from every key, or none and says how long to wait.
func (s *Accounts) take(ctx context.Context, keys ...tryKey) (wait time.Duration, err error) {
	for _, k := range keys {
		if !k.kept() || s.guard.try.knows(k) {
			continue
		}
		switch rest, at, err := s.Store.LoginTries(ctx, s.triesHash(k)); {
		case err == nil:
			s.guard.try.set(s.Now(), k, rest, at)
		case !errors.Is(err, hearback.ErrNotFound):
			return 0, err
		}
	}
	if wait = s.guard.try.take(s.Now(), keys...); wait > 0 {
		return wait, nil
	}
	return 0, s.keepTries(ctx, keys)
}

// give gives the tries back: they were right.
func (s *Accounts) give(ctx context.Context, keys ...tryKey) error {
	s.guard.try.give(keys...)
	return s.keepTries(ctx, keys)
}

func (s *Accounts) keepTries(ctx context.Context, keys []tryKey) error {
	for _, k := range keys {
		if !k.kept() {
			continue
		}
		if rest, at, ok := s.guard.try.get(k); ok {
			if err := s.Store.PutLoginTries(ctx, s.triesHash(k), rest, at); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *limits) knows(k tryKey) bool {
	_, _, ok := l.get(k)
	return ok
}

func (l *limits) get(k tryKey) (rest float64, at time.Time, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b := l.m[k]; b != nil {
		return b.left, b.at, true
	}
	return 0, time.Time{}, false
}

// set says what was left of a key before the program began.
func (l *limits) set(now time.Time, k tryKey, rest float64, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.m == nil {
		l.m = map[tryKey]*bucket{}
	}
	if l.m[k] == nil {
		l.room(now)
		l.m[k] = &bucket{left: rest, at: at}
	}
}

// take takes one try from every key, or none and says how long to wait.
func (l *limits) take(now time.Time, keys ...tryKey) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.m == nil {
		l.m = map[tryKey]*bucket{}
	}
	for _, k := range keys {
		burst, every := k.size()
		b := l.m[k]
		if b == nil {
			l.room(now)
			b = &bucket{left: burst, at: now}
			l.m[k] = b
		}
		if d := now.Sub(b.at); d > 0 {
			b.left = min(burst, b.left+float64(d)/float64(every))
			b.at = now
			b.told = b.told && b.left < 1
		}
		if b.left < 1 {
			wait = max(wait, time.Duration((1-b.left)*float64(every))+time.Second)
		}
	}
	if wait == 0 {
		for _, k := range keys {
			l.m[k].left--
		}
	}
	return wait
}

// tell reports whether that a bucket is empty has yet to be said: a flood of
// tries must not become a flood of events.
func (l *limits) tell(keys ...tryKey) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	fresh := false
	for _, k := range keys {
		if b := l.m[k]; b != nil && b.left < 1 && !b.told {
			b.told, fresh = true, true
		}
	}
	return fresh
}

// give gives the tries back: they were right.
func (l *limits) give(keys ...tryKey) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range keys {
		if b := l.m[k]; b != nil {
			burst, _ := k.size()
			b.left = min(burst, b.left+1)
		}
	}
}

// room makes room for one more key.
func (l *limits) room(now time.Time) {
	if len(l.m) < maxTries {
		return
	}
	var oldest tryKey
	var at time.Time
	for k, b := range l.m {
		burst, every := k.size()
		if b.left+float64(now.Sub(b.at))/float64(every) >= burst {
			delete(l.m, k)
			continue
		}
		if at.IsZero() || b.at.Before(at) {
			oldest, at = k, b.at
		}
	}
	if len(l.m) >= maxTries {
		delete(l.m, oldest)
	}
}
