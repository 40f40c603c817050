package access

import (
	"context"
	"log/slog"
	"time"

	"example.org/hearback"
)

// SecurityLife is how long the security log is kept.
const SecurityLife = 180 * 24 * time.Hour

// An Event is one line of the security log: what happened at the door. It
// never holds what somebody typed, since people type passwords into the wrong
// field, and of an address only the network.
type Event struct {
	ID      hearback.ID
	At      time.Time
	Kind    EventKind
	Account hearback.ID // whose, or 0 if nobody's
	By      hearback.ID // who did it, or 0 for its owner or the program
	Network string      // where from, or ""
	Note    string      // a word of the program: a kind of factor, a role
}

// EventKind says what happened.
type EventKind string

// The kinds of event.
const (
	EventSignIn           EventKind = "signin"
	EventSignInRefused    EventKind = "signin_refused"
	EventLocked           EventKind = "locked" // too many tries
	EventSecondRefused    EventKind = "second_refused"
	EventRecoveryUsed     EventKind = "recovery_used"
	EventFactorAdded      EventKind = "factor_added"
	EventFactorRemoved    EventKind = "factor_removed"
	EventFactorsForgotten EventKind = "factors_forgotten"
	EventPasswordSet      EventKind = "password_set"
	EventPasswordRefused  EventKind = "password_refused"
	EventPasswordLink     EventKind = "password_link"
	EventSignedOut        EventKind = "signed_out"
	EventSessionEnded     EventKind = "session_ended"
	EventInvited          EventKind = "invited"
	EventInviteCancelled  EventKind = "invite_cancelled"
	EventJoined           EventKind = "joined"
	EventRoleGranted      EventKind = "role_granted"
	EventRoleRevoked      EventKind = "role_revoked"
	EventDisabled         EventKind = "disabled"
	EventEnabled          EventKind = "enabled"
	EventTokenMade        EventKind = "token_made"
	EventTokenEnded       EventKind = "token_ended"
	EventRefused          EventKind = "refused" // something that the roles do not allow
)

// EventKinds lists every kind of event.
func EventKinds() []EventKind {
	return []EventKind{
		EventSignIn, EventSignInRefused, EventLocked, EventSecondRefused, EventRecoveryUsed, EventFactorAdded, EventFactorRemoved,
		EventFactorsForgotten, EventPasswordSet, EventPasswordRefused, EventPasswordLink, EventSignedOut, EventSessionEnded, EventInvited, EventInviteCancelled, EventJoined,
		EventRoleGranted, EventRoleRevoked, EventDisabled, EventEnabled, EventTokenMade, EventTokenEnded, EventRefused,
	}
}

// note writes an event to the security log, and to the program's own log, so
// that a collector elsewhere has it as well. What cannot be noted must not
// happen, so callers pass its error on.
func (s *Accounts) note(ctx context.Context, e Event) error {
	e.ID, e.At = s.NextID(), s.Now()
	if s.Log != nil {
		level := slog.LevelInfo
		switch e.Kind {
		case EventSignInRefused, EventLocked, EventSecondRefused, EventPasswordRefused, EventFactorsForgotten, EventRefused:
			level = slog.LevelWarn
		}
		s.Log.LogAttrs(ctx, level, "security", slog.String("event", string(e.Kind)), slog.String("account", e.Account.String()),
			slog.String("by", e.By.String()), slog.String("network", e.Network), slog.String("note", e.Note))
	}
	return s.Store.AddEvent(ctx, e)
}

// Refused notes that somebody tried what their roles do not allow.
func (s *Accounts) Refused(ctx context.Context, a *Account, x Action) error {
	return s.note(ctx, Event{Kind: EventRefused, Account: a.ID, Note: string(x)})
}

// Security returns the newest events before one, or the newest of all if
// before is 0.
func (s *Accounts) Security(ctx context.Context, by *Account, before hearback.ID, limit int) ([]Event, error) {
	if _, err := by.Do(ViewSecurity); err != nil {
		return nil, err
	}
	return s.Store.Events(ctx, 0, before, limit)
}

// OwnSecurity returns the newest events of one account.
func (s *Accounts) OwnSecurity(ctx context.Context, account hearback.ID, limit int) ([]Event, error) {
	return s.Store.Events(ctx, account, 0, limit)
}
