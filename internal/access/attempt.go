package access

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"example.org/hearback"
)

// AttemptLife is how long something that was begun elsewhere, in a device or
// at another site, may take.
const AttemptLife = 10 * time.Minute

// Begin keeps what must not leave the office while somebody does their part
// elsewhere, and returns the token with which it is taken up again, once.
func (s *Accounts) Begin(ctx context.Context, kind, doc string, from netip.Addr) (token string, err error) {
	now := s.Now()
	if wait := s.guard.try.take(now, tryKey{"begin", network(from)}); wait > 0 {
		return "", Locked{Wait: wait.Round(time.Second)}
	}
	token, hash := newToken()
	return token, s.Store.PutAttempt(ctx, hash, kind, now.Add(AttemptLife), doc)
}

// Resume returns what Begin kept. It returns [hearback.ErrRefused] if it was
// taken up already, or is over.
func (s *Accounts) Resume(ctx context.Context, kind, token string) (doc string, err error) {
	hash, err := tokenHash(token)
	if err == nil {
		doc, err = s.Store.TakeAttempt(ctx, hash, kind, s.Now())
	}
	if errors.Is(err, hearback.ErrNotFound) {
		return "", fmt.Errorf("%w: too much time passed, or this was sent twice; begin again", hearback.ErrRefused)
	}
	return doc, err
}

// Passkeys lists the passkeys of an account.
func (s *Accounts) Passkeys(ctx context.Context, account hearback.ID) ([]Factor, error) {
	list, err := s.Store.Factors(ctx, account)
	return slices.DeleteFunc(list, func(f Factor) bool { return f.Kind != FactorPasskey }), err
}

// Passkey returns a passkey and whose it is. It returns [hearback.ErrNotFound]
// if nobody active has it.
func (s *Accounts) Passkey(ctx context.Context, ref []byte) (*Factor, *Account, error) {
	f, err := s.Store.FactorByRef(ctx, ref)
	if err != nil {
		return nil, nil, err
	}
	a, err := s.Store.Account(ctx, f.Account)
	if err != nil {
		return nil, nil, err
	}
	if f.Kind != FactorPasskey || a.State != Active {
		return nil, nil, hearback.ErrNotFound
	}
	return f, a, nil
}

// AddPasskey keeps a passkey that was checked, as a second factor of the
// account of a session.
func (s *Accounts) AddPasskey(ctx context.Context, x *Session, password, name string, ref []byte, doc string) (Enrolled, error) {
	if err := s.prove(ctx, x, password); err != nil {
		return Enrolled{}, err
	}
	name, err := shortName(name)
	if err != nil {
		return Enrolled{}, err
	}
	e, err := s.enrol(ctx, x, Factor{ID: s.NextID(), Kind: FactorPasskey, Name: name, Ref: ref, Doc: doc}, false)
	if errors.Is(err, hearback.ErrConflict) {
		return Enrolled{}, fmt.Errorf("%w: this passkey is known already", hearback.ErrRefused)
	}
	return e, err
}

// SignInPasskey begins a session for the owner of a passkey that was checked.
// It has two factors: the device, and the PIN or finger that it asked for.
func (s *Accounts) SignInPasskey(ctx context.Context, ref []byte, doc, agent string, from netip.Addr) (token string, a *Account, err error) {
	f, a, err := s.Passkey(ctx, ref)
	if err != nil {
		return "", nil, err
	}
	f.Doc, f.Used = doc, s.Now()
	f.Step = f.Used.UnixMicro()
	switch err := s.Store.UseFactor(ctx, *f); {
	case errors.Is(err, hearback.ErrConflict):
		return "", nil, errUsed
	case err != nil:
		return "", nil, err
	}
	return s.whole(ctx, &Session{Account: a.ID, Agent: agent}, FactorPasskey, from)
}

// PasskeyRefused notes that a passkey was not accepted.
func (s *Accounts) PasskeyRefused(ctx context.Context, from netip.Addr) error {
	return s.note(ctx, Event{Kind: EventSecondRefused, Network: network(from), Note: string(FactorPasskey)})
}
