// Package notify tells people outside the console what waits for them: by
// e-mail, webhook, ntfy and Matrix, for the office, a desk or one member of
// staff, at the hours they chose.
//
// A [Notice] is written in the transaction of what caused it, so neither is
// there without the other. [Service.Tick] then takes three steps, one file
// each: spread.go decides who gets a notice, digest.go gathers what was held
// for a digest or through quiet hours, send.go delivers and tries again. Each
// step ends in one transaction, so a crash repeats at most the step that was
// under way: a delivery may arrive twice, with the same idempotency key.
//
// A notice carries a link to the console and no text that anybody posted:
// concerns are named by the title that an officer wrote or by their phrases,
// and counts of people are rounded as everywhere outside the console.
package notify

import (
	"context"
	"strings"
	"time"

	"example.org/hearback"
)

// Kind says what a notice is about. Channels choose by kind.
type Kind string

// The kinds of notice.
const (
	Alert    Kind = "alert"    // a concern needs a look
	Deadline Kind = "deadline" // half or four fifths of a clock have passed
	Overdue  Kind = "overdue"  // a clock has run out
	Source   Kind = "source"   // a source is silent or cannot be read
	Case     Kind = "case"     // a desk has a new case
	Review   Kind = "review"   // an answer waits for approval
	Expiry   Kind = "expiry"   // an answer is valid for a day more, or not any more
	Recheck  Kind = "recheck"  // somebody must look at a published answer again

	// For receivers outside alone, see [Outside]: an answer went out, was
	// corrected or was withdrawn.
	Published Kind = "answer.published"
	Corrected Kind = "answer.corrected"
	Withdrawn Kind = "answer.withdrawn"

	// Not to be chosen: they come when asked for, and at the hour of the digest.
	Test   Kind = "test"
	Digest Kind = "digest"
)

// Kinds lists those that a channel chooses from, in the order of the form.
func Kinds() []Kind { return []Kind{Alert, Deadline, Overdue, Source, Case, Review, Expiry, Recheck} }

// A Notice is something that happened and that somebody may have to be told.
type Notice struct {
	ID      hearback.ID
	Kind    Kind
	Subject string    // what it is about: "alert:1k3x", "case:…", "answer:…", "source:…"
	At      time.Time // when it happened
	Due     time.Time // not told before: what mends itself by then is not told at all
	Why     string    // a source's fault, in a sentence
}

// faultSettles is how long a source must have failed before anybody is told:
// most failures are over by the next look.
const faultSettles = 30 * time.Minute

// expiryNotice is how long before an answer goes out of date its desk is told.
const expiryNotice = 24 * time.Hour

// OfAlert returns the notice of an alert.
func OfAlert(a *hearback.Alert) Notice {
	n := Notice{Kind: Alert, Subject: "alert:" + a.ID.String(), At: a.At, Due: a.At}
	switch {
	case a.Kind == hearback.AlertSilent:
		n.Kind = Source
	case a.Kind == hearback.AlertDeadline && a.Stat >= 1:
		n.Kind = Overdue
	case a.Kind == hearback.AlertDeadline:
		n.Kind = Deadline
	}
	return n
}

// OfRecord returns the notices of an act that is on the public log; none for
// acts that nobody is told of.
func OfRecord(r hearback.Record) []Notice {
	var list []Notice
	n := Notice{Subject: r.Subject, At: r.At, Due: r.At}
	if next, ok := named(r, "next"); ok {
		list = append(list, Notice{Kind: Recheck, Subject: r.Subject, At: r.At, Due: next})
	}
	switch r.Type {
	case hearback.CaseOpened:
		n.Kind = Case
	case hearback.CaseMoved:
		if from, _ := r.Pub["from_desk"].(string); from == "" {
			return list
		}
		n.Kind = Case // another desk has it now
	case hearback.AnswerSubmitted:
		n.Kind = Review
	case hearback.AnswerExpires:
		until, ok := named(r, "until")
		if !ok {
			return list // it has no end any more
		}
		n.Kind = Expiry
		if early := until.Add(-expiryNotice); early.After(n.Due) {
			n.Due = early
		}
	case hearback.AnswerOut:
		n.Kind = Published
	case hearback.AnswerCorrected:
		n.Kind = Corrected
	case hearback.AnswerRetracted:
		n.Kind = Withdrawn
	default:
		return list
	}
	return append(list, n)
}

// named returns a time that a record names.
func named(r hearback.Record, key string) (time.Time, bool) {
	s, _ := r.Pub[key].(string)
	t, err := time.Parse(time.RFC3339, s)
	return t, err == nil
}

// OfFault returns the notice of a source that could not be read.
func OfFault(id hearback.ID, at time.Time, why string) Notice {
	return Notice{Kind: Source, Subject: "source:" + id.String(), At: at, Due: at.Add(faultSettles), Why: why}
}

// Outward reports whether k is for receivers outside.
func (k Kind) Outward() bool { return k == Published || k == Corrected || k == Withdrawn }

// about takes the subject of a notice apart.
func about(subject string) (what string, id hearback.ID, err error) {
	what, rest, _ := strings.Cut(subject, ":")
	id, err = hearback.ParseID(rest)
	return what, id, err
}

// State says how far a delivery has come.
type State string

// The states of a delivery.
const (
	Waiting State = "waiting" // to be sent when it is due
	Held    State = "held"    // for the next digest, or until quiet hours end
	Bundled State = "bundled" // part of the digest in Batch
	Sent    State = "sent"
	Failed  State = "failed"  // given up; Reason says why, and it can be tried again
	Stopped State = "stopped" // not needed any more; Reason says why
)

// A Delivery is one notice, or one digest, on its way to one channel.
type Delivery struct {
	ID      hearback.ID // its text is the idempotency key: the same at every try
	Notice  hearback.ID // 0 for a digest or a test
	Channel hearback.ID
	Name    string // of the channel when it was made
	Kind    Kind
	Subject string // of the notice
	State   State
	Due     time.Time
	Made    time.Time
	Round   int         // 0 for the first time, 1 for the first repeat
	Batch   hearback.ID // the digest it went into
	Urgent  bool
	Rank    float64 // priority of its concern, for the order of a digest
	Text    Text
	Tries   int
	Tried   time.Time // when it was last tried
	Reason  string    // why the last try failed or why it was stopped, in a sentence
}

// Key is the idempotency key that whoever receives d can tell a repeat by.
func (d *Delivery) Key() string { return "hb_" + d.ID.String() }

// A Text is what a delivery says, in the language of its channel.
type Text struct {
	Subject string // one line
	Body    string // plain text, lines
	Link    string // the page of the console to open
}

// A Message is a text on its way out.
type Message struct {
	Key    string // idempotency key
	Kind   Kind
	Urgent bool
	Lang   string
	At     time.Time // of this try
	Text

	// Of a letter to somebody outside, by e-mail only.
	HTML  string // what Body says, as a page; "" for none
	Leave string // where one stops getting letters, with one click; "" for none
}

// An Address says where a channel leads. It is stored sealed and never shown
// or logged; see [Channel.Shown].
type Address struct {
	To     string // an e-mail address or a URL
	Secret string // of a webhook: its signing secret; of ntfy and Matrix: an access token
}

// A Sender delivers messages one way. It returns a [*Fault] for what went
// wrong; anything else counts as temporary.
type Sender interface {
	Send(ctx context.Context, to Address, m Message) error
}

// A Line is a [Sender] that keeps its connection for several messages. It is for
// one goroutine at a time.
type Line interface {
	Sender
	Close()
}

// An Opener is a [Sender] that can keep its connection.
type Opener interface {
	Sender
	Open() Line // connects at its first message
}

// OpenLine returns a line of s; where s keeps no connection, s itself.
func OpenLine(s Sender) Line {
	if o, ok := s.(Opener); ok {
		return o.Open()
	}
	return single{s}
}

// A single is a line that keeps nothing.
type single struct{ Sender }

func (single) Close() {}

// A Fault says why a message could not be delivered, in one plain sentence for
// the operator.
type Fault struct {
	Sentence string
	After    time.Duration // how long the other side asks us to wait; 0 if it does not
	Final    bool          // trying again will not help
	Gone     bool          // because there is no such address any more
	Away     bool          // the other side could not be spoken to at all, whoever the message is for
	Err      error         // what was underneath, or nil; for tests, never shown or logged
}

// Error returns the sentence.
func (f *Fault) Error() string { return f.Sentence }

// Unwrap returns what was underneath.
func (f *Fault) Unwrap() error { return f.Err }

// Langs lists the languages that notices are written in.
func Langs() []string { return []string{"en", "zh"} }
