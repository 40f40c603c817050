package hearback

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"
)

// A Record is one entry of the public log: something monitored, decided or
// said. It is written in the same transaction as the act it tells of.
type Record struct {
	Type    RecordType
	At      time.Time
	Actor   Actor
	Subject string         // what it is about, for example "answer:1k3x"
	Pub     map[string]any // what the public reads: strings, integers, booleans, lists and maps of these
	Private map[string]any // what the entry only commits to; the store keeps it apart and can forget it

	sealed string // the commitment to Private, set by Seal
}

// RecordType names the act that a record tells of.
type RecordType string

// The types of record.
const (
	SourceAdded      RecordType = "source.added"
	SourceChanged    RecordType = "source.changed"
	SourcePausedRec  RecordType = "source.paused"
	SourceResumed    RecordType = "source.resumed"
	SourceRemovedRec RecordType = "source.removed"
	TopicAdded       RecordType = "topic.added"
	TopicChanged     RecordType = "topic.changed"
	TopicRemovedRec  RecordType = "topic.removed"
	RetentionChanged RecordType = "retention.changed"
	ReviewersChanged RecordType = "reviewers.changed"
	EstimatesChanged RecordType = "estimates.changed" // how many blind estimates a verdict asks for
	ThresholdChanged RecordType = "threshold.changed"
	CrisisBegan      RecordType = "crisis.began" // or was prolonged: counts are checked every quarter of an hour
	CrisisEnded      RecordType = "crisis.ended"
	WindowRolled     RecordType = "privacy.window.rolled"
	RoleGranted      RecordType = "role.granted"
	RoleRevoked      RecordType = "role.revoked"
	DeskChanged      RecordType = "desk.changed"
	ChannelChanged   RecordType = "channel.changed" // where the office or a desk is told of things; never the address
	CaseOpened       RecordType = "case.opened"
	CaseMoved        RecordType = "case.moved"
	CaseSent         RecordType = "case.sent"  // to a city's own desk
	CaseHeard        RecordType = "case.heard" // what that desk says of it
	CasePaused       RecordType = "case.paused"
	CaseResumed      RecordType = "case.resumed"
	CaseDeclined     RecordType = "case.declined"
	CaseShared       RecordType = "case.shared"
	CasePlaybook     RecordType = "case.playbook"
	CaseTicked       RecordType = "case.ticked"
	PlaybookChanged  RecordType = "playbook.changed"
	RoutingChanged   RecordType = "routing.changed"
	CaseAcked        RecordType = "case.acknowledged"
	CaseBriefed      RecordType = "case.briefed" // those who lead the office were told
	EvidenceAdded    RecordType = "evidence.added"
	EvidenceRetract  RecordType = "evidence.retracted"
	ClaimAssessed    RecordType = "claim.assessed"
	ClaimEstimated   RecordType = "claim.estimated" // that one was given, never which
	ClaimDissented   RecordType = "claim.dissented"
	TierChanged      RecordType = "tier.changed"
	ConcernMerged    RecordType = "concern.merged"
	ConcernSplit     RecordType = "concern.split"
	ConcernUndone    RecordType = "concern.undone"
	ConcernMuted     RecordType = "concern.muted"
	HarmRated        RecordType = "harm.rated"
	AnswerDrafted    RecordType = "answer.drafted"
	AnswerSubmitted  RecordType = "answer.submitted"
	AnswerApproved   RecordType = "answer.approved"
	AnswerReturned   RecordType = "answer.returned"
	AnswerDropped    RecordType = "answer.dropped"
	AnswerRechecked  RecordType = "answer.rechecked"
	AnswerExpires    RecordType = "answer.expires" // until when it is valid
	AnswerOut        RecordType = "answer.published"
	AnswerCorrected  RecordType = "answer.corrected"
	AnswerRatified   RecordType = "answer.ratified" // an approval that followed an emergency
	AnswerRetracted  RecordType = "answer.withdrawn"
	ExportMade       RecordType = "export.made"
	DeletionHonoured RecordType = "deletion.honoured"
	KeyRotated       RecordType = "key.rotated"
	LogCreated       RecordType = "log.created"
	AccountReset     RecordType = "account.reset"         // a link for a new password was made for somebody else
	CommitmentsGone  RecordType = "commitments.destroyed" // what opened old commitments was deleted
	LogRestored      RecordType = "log.restored"
	InstanceMoved    RecordType = "instance.moved"
	DrillStarted     RecordType = "drill.started"
	DrillEnded       RecordType = "drill.ended"
)

// An Actor is who did something, as the log shows it: a role and a number that
// means nothing outside this office. ID is the account and stays private.
type Actor struct {
	ID     ID     `json:"id,omitempty"`
	Role   string `json:"role"`
	Number int    `json:"number,omitempty"`
}

// System is the actor of what the program does by itself.
var System = Actor{Role: "system"}

// Person reports whether the actor is an account, not the program.
func (a Actor) Person() bool { return a.ID > 0 }

// String returns the actor as the log shows it: "reviewer#7".
func (a Actor) String() string {
	if a.Number == 0 {
		return a.Role
	}
	return fmt.Sprintf("%s#%d", a.Role, a.Number)
}

// MaxLeaf is the longest leaf the log takes, in bytes: C2SP tlog-tiles writes
// its length in 16 bits.
const MaxLeaf = 1<<16 - 1

// Leaf returns the bytes of r as entry seq of the log: canonical JSON in the
// manner of RFC 8785 (sorted keys, no floats, no needless escapes).
func (r Record) Leaf(seq int64) ([]byte, error) {
	if err := plain(r.Pub); err != nil {
		return nil, fmt.Errorf("record %s: %w", r.Type, err)
	}
	pub := r.Pub
	if pub == nil {
		pub = map[string]any{}
	}
	entry := map[string]any{
		"v": 1, "type": r.Type, "at": r.At.UTC().Format("2006-01-02T15:04:05.000000Z"),
		"seq": seq, "actor": r.Actor.String(), "subject": r.Subject, "pub": pub,
	}
	switch {
	case r.sealed != "":
		entry["commit"] = map[string]any{"alg": "hmac-sha256", "c": r.sealed}
	case r.Private != nil:
		return nil, fmt.Errorf("%w: record %s has a private part and was not sealed", ErrInvalid, r.Type)
	}
	leaf, err := canonical(entry)
	if err != nil {
		return nil, fmt.Errorf("record %s: %w", r.Type, err)
	}
	if len(leaf) > MaxLeaf {
		return nil, fmt.Errorf("%w: record %s has %d bytes, more than %d", ErrInvalid, r.Type, len(leaf), MaxLeaf)
	}
	return leaf, nil
}

// canonical writes v, which holds only what plain lets pass, as JSON with one
// form: sorted keys, no spaces, no needless escapes.
func canonical(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// plain refuses values that have no one canonical form.
func plain(v any) error {
	switch v := v.(type) {
	case nil, bool, int, int64:
	case string:
		if !utf8.ValidString(v) {
			return fmt.Errorf("%w: %.20q is not UTF-8", ErrInvalid, v)
		}
	case []string:
		for _, s := range v {
			if err := plain(s); err != nil {
				return err
			}
		}
	case []any:
		for _, x := range v {
			if err := plain(x); err != nil {
				return err
			}
		}
	case map[string]any:
		for k, x := range v {
			if err := plain(k); err != nil {
				return err
			}
			if err := plain(x); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("%w: a record cannot hold a %T", ErrInvalid, v)
	}
	return nil
}

// An Entry is a record as it stands in the log.
type Entry struct {
	Seq     int64
	At      time.Time
	Type    RecordType
	Subject string
	Leaf    []byte // canonical JSON, exactly what was hashed
}
