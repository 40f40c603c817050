package hearback

import (
	"strings"
	"time"
)

// A Source is a public place that messages come from. Adding, changing,
// pausing and removing one are entries in the public log; a source that is
// not logged cannot run.
type Source struct {
	ID        ID
	Slug      string     // short name in URLs: lower-case letters, digits, hyphens
	Kind      SourceKind //
	Title     string
	URL       string        // for a feed: where it is; otherwise ""
	Reason    string        // why it is listened to, in the operator's words; public
	Basis     string        // legal basis; public
	Retention time.Duration // how long the text of its messages is kept
	All       bool          // keep every message, whether or not a topic asks for it
	Lang      string        // language to assume for short texts, or ""
	Area      string        // area to assume, or ""
	Every     time.Duration // for a feed: the usual time between two looks
	Weight    float64       // weight of one voice in Heat; 0 means 1
	Audience  int64         // people this source reaches, as the operator declares; 0 if not known
	State     SourceState
	TokenHash string    // for a webhook: SHA-256 of its bearer token in hex
	TokenEnds time.Time // for a webhook: when that token stops working; zero if it does not
	Mapping   string    // for a table: the saved column mapping as JSON
	Added     time.Time
	Version   int // counts writes
}

// SourceKind says how a source is read.
type SourceKind string

// The kinds of source.
const (
	Feed    SourceKind = "feed"    // RSS, Atom, RDF or JSON Feed, polled
	Table   SourceKind = "table"   // a CSV, TSV, XLSX or JSONL file, imported
	Webhook SourceKind = "webhook" // posted to us with a bearer token
	Ask     SourceKind = "ask"     // the form on our own public site
	Replay  SourceKind = "drill"   // a drill
)

// SourceState says whether a source is read.
type SourceState string

// The states of a source.
const (
	SourceActive  SourceState = "active"
	SourcePaused  SourceState = "paused"
	SourceRemoved SourceState = "removed" // kept for the record, never read again
)

// Health is how a source is doing.
type Health struct {
	LastTry     time.Time     // zero if never
	LastSuccess time.Time     // zero if never
	LastMessage time.Time     // when its newest message came in; zero if never
	Fault       string        // why the last try failed, one plain sentence; "" if it did not
	PerHour     float64       // messages per hour over the last 24 h
	Usual       time.Duration // its usual time between messages; 0 if not known yet
	NextTry     time.Time     // when it is looked at next; zero if not scheduled
}

// SilentAfter is how many usual intervals without a message make a source
// silent.
const SilentAfter = 3

// Silent reports whether the source has said nothing for [SilentAfter] times
// its usual interval.
func (h Health) Silent(now time.Time) bool {
	return h.Usual > 0 && !h.LastMessage.IsZero() && now.Sub(h.LastMessage) > SilentAfter*h.Usual
}

// Tally counts what became of the messages a source sent. Received is always
// the sum of the others.
type Tally struct {
	Received int64 // items that arrived
	Kept     int64 // stored as new messages
	Copies   int64 // stored as copies of another message
	Dropped  int64 // matched no topic: counted and forgotten
	Repeats  int64 // the same post again, unchanged
	Edited   int64 // the same post with other words: stored in place of the old text
	Deleted  int64 // deletions honoured
	Refused  int64 // could not be read or de-identified: forgotten
}

// Add returns the sum of t and u.
func (t Tally) Add(u Tally) Tally {
	return Tally{
		Received: t.Received + u.Received, Kept: t.Kept + u.Kept, Copies: t.Copies + u.Copies,
		Dropped: t.Dropped + u.Dropped, Repeats: t.Repeats + u.Repeats, Edited: t.Edited + u.Edited,
		Deleted: t.Deleted + u.Deleted, Refused: t.Refused + u.Refused,
	}
}

// A Topic is a public saved query that decides what is kept. Internal package
// topic parses and matches Query.
type Topic struct {
	ID      ID
	Name    string
	Query   string
	Reason  string // why it is listened for; public
	State   TopicState
	Added   time.Time
	Version int
}

// TopicState says whether a topic keeps messages.
type TopicState string

// The states of a topic.
const (
	TopicActive  TopicState = "active"
	TopicRemoved TopicState = "removed"
)

// ValidSlug reports whether s can name a source in a URL.
func ValidSlug(s string) bool {
	if s == "" || len(s) > 64 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	}) < 0
}
