package office

import (
	"context"
	"errors"
	"io"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/answer"
	"example.org/hearback/internal/desk"
	"example.org/hearback/internal/notify"
)

// A Witness confirms our log from outside.
type Witness struct {
	Name  string
	Size  int64     // of the log when it last confirmed; 0 if it never did
	At    time.Time // when it did
	Stale bool      // that is too long ago, or never was
}

// Found is what a search in messages found, newest first.
type Found struct {
	Messages []hearback.Message
	More     hearback.ID // older ones may be found before this; 0 if there are none
	Loading  bool        // older messages are not known to the search yet
}

// A Match is a published answer that may serve.
type Match struct {
	Answer hearback.ID
	Title  string
	Lang   string // of Title
	Score  float64
	Same   bool     // probably the same question; otherwise only suggested
	Shared []string // the words that met
}

// Sources administers the places that messages come from; *source.Registry is
// one. Every act is on the public log with it.
type Sources interface {
	// Add starts listening to s. For a webhook it returns the bearer token,
	// which nobody can read again. It returns [hearback.ErrInvalid] with a
	// sentence when s cannot be used.
	Add(ctx context.Context, by hearback.Actor, s hearback.Source) (*hearback.Source, string, error)
	// Change returns [hearback.ErrConflict] if s.Version is not the stored one.
	Change(ctx context.Context, by hearback.Actor, s hearback.Source) (*hearback.Source, error)
	Pause(ctx context.Context, by hearback.Actor, id hearback.ID, reason string) (*hearback.Source, error)
	Resume(ctx context.Context, by hearback.Actor, id hearback.ID, reason string) (*hearback.Source, error)
	Remove(ctx context.Context, by hearback.Actor, id hearback.ID, reason string) (*hearback.Source, error)
	// NewToken replaces the token of a webhook; it works until ends, or for
	// ever if ends is zero.
	NewToken(ctx context.Context, by hearback.Actor, id hearback.ID, ends time.Time) (string, error)
	// Healths says how every source is doing. Pages keep it for a while.
	Healths(ctx context.Context, now time.Time) (map[hearback.ID]hearback.Health, error)
}

// Intake reads places on demand. It is apart from [Sources] because it sees
// what they send; what it returns is de-identified.
type Intake interface {
	// TryFeed reads a feed once and keeps nothing.
	TryFeed(ctx context.Context, url string) (FeedTrial, error)
	// PreviewTable looks at an uploaded table and keeps nothing. mapping is
	// JSON of field → column, or "" to use the one saved with the source or,
	// if there is none, to guess from the names of the columns.
	PreviewTable(ctx context.Context, src hearback.ID, name string, data []byte, mapping string) (TablePreview, error)
	// ImportTable takes a table in through the pipeline and saves the mapping
	// with the source.
	ImportTable(ctx context.Context, by hearback.Actor, src hearback.ID, name string, data []byte, mapping string) (hearback.Tally, error)
	// ImportOPML adds the feeds of an OPML list, each with the same reason and
	// basis, and says what became of each.
	ImportOPML(ctx context.Context, by hearback.Actor, list []byte, reason, basis string) ([]OPMLResult, error)
	// ExportOPML writes the feeds that are not removed as an OPML list.
	ExportOPML(ctx context.Context, w io.Writer) error
}

// A FeedTrial is what one look at a feed found.
type FeedTrial struct {
	URL    string // where it was found: a page may have named its feed
	Title  string
	Items  int
	Newest time.Time
	Every  time.Duration // the usual time between items
	Sample []string      // titles or beginnings of items, de-identified
}

// A TablePreview is what a table looks like under a mapping.
type TablePreview struct {
	Columns []string
	Rows    int
	Usable  int               // rows that would be taken in
	Mapping map[string]string // field → column: text, time, id, account, lang, area
	Saved   bool              // the mapping was saved with the source, not guessed
	Sample  []hearback.Message
	Fault   string // why nothing can be taken in, or ""
}

// An OPMLResult is what became of one line of an OPML list.
type OPMLResult struct {
	Title, URL string
	Fault      string // "" if it was added
}

// Topics administers the saved queries that decide what is kept;
// *source.Topics is one.
type Topics interface {
	// Add returns [hearback.ErrInvalid] with a sentence for a query that
	// cannot be read.
	Add(ctx context.Context, by hearback.Actor, t hearback.Topic) (*hearback.Topic, error)
	// Change returns [hearback.ErrConflict] if t.Version is not the stored one.
	Change(ctx context.Context, by hearback.Actor, t hearback.Topic) (*hearback.Topic, error)
	Remove(ctx context.Context, by hearback.Actor, id hearback.ID, reason string) error
}

// Concerns does what people decide about concerns, with its record.
type Concerns interface {
	// Mute silences a concern until it is resolved, or ends that.
	Mute(ctx context.Context, by hearback.Actor, id hearback.ID, on bool, reason string) error
	// SetTier sets the tier of a concern until its matrix rises.
	SetTier(ctx context.Context, by hearback.Actor, id hearback.ID, tier hearback.Tier, reason string) error
	// Retitle gives a concern a title that machines leave alone.
	Retitle(ctx context.Context, by hearback.Actor, id hearback.ID, title string) error
	// RateHarm keeps what one person found, and scores the concern again.
	RateHarm(ctx context.Context, by hearback.Actor, r hearback.HarmRating) error
	// HarmRatings lists the ratings of a concern, newest first.
	HarmRatings(ctx context.Context, id hearback.ID) ([]hearback.HarmRating, error)
	// Proposals lists the merges and splits that the grouping proposes for a
	// concern, or for all when id is 0.
	Proposals(ctx context.Context, id hearback.ID) ([]Proposal, error)
	// Decide accepts or rejects a proposal.
	Decide(ctx context.Context, by hearback.Actor, proposal string, accept bool, reason string) error
	// Merge makes each of from a part of into, all in one transaction, and returns
	// for each what kept it apart, or nil.
	Merge(ctx context.Context, by hearback.Actor, into hearback.ID, from []hearback.ID, reason string) ([]error, error)
	// Undo takes back the newest merge or split of a concern.
	Undo(ctx context.Context, by hearback.Actor, id hearback.ID, reason string) error
	// Nearest lists the concerns that are most like one, best first, and what
	// keeps them apart. Like Proposals it returns [ErrLoading] right after a
	// start.
	Nearest(ctx context.Context, id hearback.ID, k int) ([]Nearest, error)
	// Why says why a message stands in its concern: the words it shares.
	Why(ctx context.Context, m hearback.Message) ([]string, error)
}

// ErrLoading says that the service has just started and what was asked for is
// still being read.
var ErrLoading = errors.New("still being read")

// A Proposal is a merge or a split that the grouping proposes and a person
// decides.
type Proposal struct {
	Key     string // names it in [Concerns.Decide]
	Kind    string // "merge" or "split"
	Concern hearback.ID
	Other   hearback.ID // for a merge: what would become a part of Concern
	Title   string      // of Other, or of the part that would be split off
	Lang    string      // of Title, if it is not that of the page
	Voices  int64       // of Other or of that part
	Score   float64
	Shared  []string
	Apart   []string // words that only one side has

	Why         string // for a split: what the sides differ in: "words", "number", "place" or "language"
	Here, There Side   // for a split: what stays, and what leaves
}

// A Side is one of the two things that a concern would be split into.
type Side struct {
	Messages int // of the newest ones
	Words    []string
	Said     []hearback.Message // some of them
}

// A Nearest is a concern like another one.
type Nearest struct {
	Concern hearback.ID
	Title   string
	Lang    string // of Title, if it is not that of the page
	Score   float64
	Shared  []string
	Kept    string // what keeps them apart: "number", "place", "negation", or ""
}

// Alerts takes what people say about alerts.
type Alerts interface {
	// SetAlertVerdict keeps an officer's opinion of an alert.
	SetAlertVerdict(ctx context.Context, by hearback.Actor, id hearback.ID, v hearback.AlertVerdict) error
	// AckAlert says that somebody looks after an alert.
	AckAlert(ctx context.Context, by hearback.Actor, id hearback.ID) error
	// JudgeSample keeps whether a concern that was drawn for a week should have
	// been told of.
	JudgeSample(ctx context.Context, by hearback.Actor, week time.Time, concern hearback.ID, f hearback.SampleFinding) error
	// Crisis returns until when the office is in a crisis; zero or past if it
	// is in none.
	Crisis(ctx context.Context) (time.Time, error)
	// SetCrisis says that there is a crisis for so long, at most
	// [LongestCrisis]; 0 ends it. The reason is public.
	SetCrisis(ctx context.Context, by hearback.Actor, long time.Duration, reason string) error
}

// LongestCrisis is how long a crisis can be said to last; it can be prolonged.
const LongestCrisis = 7 * 24 * time.Hour

// Notices keeps where people are told of things outside the console, and what
// was delivered; *notify.Service is one. Acts on the channel of another owner
// than the one named return [hearback.ErrNotFound].
type Notices interface {
	// Channels returns the channels of one owner, or all for "".
	Channels(ctx context.Context, o notify.Owner) ([]notify.Channel, error)
	// Put adds or changes a channel; an empty address keeps the one it has. It
	// returns its id, and the signing secret if it had to make one.
	Put(ctx context.Context, by hearback.Actor, c notify.Channel, to, secret string) (id hearback.ID, made string, err error)
	Pause(ctx context.Context, by hearback.Actor, o notify.Owner, id hearback.ID, on bool) error
	Remove(ctx context.Context, by hearback.Actor, o notify.Owner, id hearback.ID) error
	// Test sends a test and returns a [*notify.Fault] if it did not arrive.
	Test(ctx context.Context, o notify.Owner, id hearback.ID) error
	// Deliveries returns deliveries, newest first.
	Deliveries(ctx context.Context, f notify.DeliveryFilter) ([]notify.Delivery, error)
	// Retry tries again what was given up.
	Retry(ctx context.Context, id hearback.ID) error
}

// Cases is what people do with cases; *desk.Cases is one.
type Cases interface {
	Open(ctx context.Context, by hearback.Actor, concern hearback.ID, desk string, tier hearback.Tier, note string) (*hearback.Case, error)
	Route(ctx context.Context, by hearback.Actor, id hearback.ID, desk, note string) (*hearback.Case, error)
	StartChecking(ctx context.Context, by hearback.Actor, id hearback.ID, note string) (*hearback.Case, error)
	AddEvidence(ctx context.Context, by hearback.Actor, id hearback.ID, e hearback.Evidence) (*hearback.Case, error)
	RetractEvidence(ctx context.Context, by hearback.Actor, id, evidence hearback.ID, why string) (*hearback.Case, error)
	SetVerdict(ctx context.Context, by hearback.Actor, id hearback.ID, v hearback.Verdict, note string) (*hearback.Case, error)
	SetTier(ctx context.Context, by hearback.Actor, id hearback.ID, tier hearback.Tier, reason string) (*hearback.Case, error)
	Decline(ctx context.Context, by hearback.Actor, id hearback.ID, why hearback.Refusal, to, reason string) (*hearback.Case, error)
	Share(ctx context.Context, by hearback.Actor, id hearback.ID, with []string, note string) (*hearback.Case, error)
	Estimate(ctx context.Context, by hearback.Actor, id hearback.ID, v hearback.Verdict, sure int, note string) (*hearback.Case, error)
	Dissent(ctx context.Context, by hearback.Actor, id hearback.ID, v hearback.Verdict, reason string) (*hearback.Case, error)
	UsePlaybook(ctx context.Context, by hearback.Actor, id hearback.ID, p *desk.Playbook) (*hearback.Case, error)
	TickStep(ctx context.Context, by hearback.Actor, id hearback.ID, step int, done bool) (*hearback.Case, error)
	Acknowledge(ctx context.Context, by hearback.Actor, id hearback.ID) (*hearback.Case, error)
	Brief(ctx context.Context, by hearback.Actor, id hearback.ID, note string) (*hearback.Case, error)
	Pause(ctx context.Context, by hearback.Actor, id hearback.ID, reason string) (*hearback.Case, error)
	Resume(ctx context.Context, by hearback.Actor, id hearback.ID) (*hearback.Case, error)
	Close(ctx context.Context, by hearback.Actor, id hearback.ID, why hearback.CaseReason, note string) (*hearback.Case, error)
	CloseByExisting(ctx context.Context, by hearback.Actor, id, answer hearback.ID, note string) (*hearback.Case, error)
	Reopen(ctx context.Context, by hearback.Actor, id hearback.ID, note string) (*hearback.Case, error)
}

// Answers takes an answer from draft to the public; *answer.Answers is one.
type Answers interface {
	Draft(ctx context.Context, by hearback.Actor, caseID hearback.ID, texts []hearback.Text, reason string, version int) (*hearback.Answer, error)
	Submit(ctx context.Context, by hearback.Actor, id hearback.ID) (*hearback.Answer, error)
	Approve(ctx context.Context, by hearback.Actor, id hearback.ID, hash, note string) (*hearback.Answer, error)
	Return(ctx context.Context, by hearback.Actor, id hearback.ID, note string) (*hearback.Answer, error)
	Drop(ctx context.Context, by hearback.Actor, id hearback.ID, note string) (*hearback.Answer, error)
	PublishUrgent(ctx context.Context, by hearback.Actor, id hearback.ID, reason string) (*hearback.Answer, error)
	Ratify(ctx context.Context, by hearback.Actor, id hearback.ID, hash, note string) (*hearback.Answer, error)
	Rechecked(ctx context.Context, by hearback.Actor, id hearback.ID, next time.Time) (*hearback.Answer, error)
	SetUntil(ctx context.Context, by hearback.Actor, id hearback.ID, until time.Time) (*hearback.Answer, error)
	Publish(ctx context.Context, by hearback.Actor, id hearback.ID) (*hearback.Answer, error)
	Withdraw(ctx context.Context, by hearback.Actor, id hearback.ID, reason string) (*hearback.Answer, error)
	// Needed is how many approvals an answer needs.
	Needed(ctx context.Context) (int, error)
	SetReviewers(ctx context.Context, by hearback.Actor, n int, reason string) error
	// Check returns what plain checks find in the newest text.
	Check(ctx context.Context, id hearback.ID) ([]answer.Warning, error)
}

// Desks keeps the list of desks; *desk.Desks is one.
type Desks interface {
	// Estimates returns how many blind estimates a verdict asks for, by tier;
	// SetEstimates changes that.
	Estimates(ctx context.Context) (map[hearback.Tier]int, error)
	SetEstimates(ctx context.Context, by hearback.Actor, need map[hearback.Tier]int, reason string) error
	Add(ctx context.Context, by hearback.Actor, d hearback.Desk, reason string) error
	Change(ctx context.Context, by hearback.Actor, d hearback.Desk, reason string) error
	Remove(ctx context.Context, by hearback.Actor, slug, reason string) error
	// Routing returns the tree by which concerns look for their desk, as it was
	// written, and read.
	Routing(ctx context.Context) (text string, tree []desk.Rule, err error)
	Playbooks(ctx context.Context) ([]desk.Playbook, error)
	Playbook(ctx context.Context, slug string) (*desk.Playbook, error)
	SetPlaybook(ctx context.Context, by hearback.Actor, slug, text string, version int, reason string) error
	SetRouting(ctx context.Context, by hearback.Actor, text, reason string) error
}
