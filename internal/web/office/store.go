package office

import (
	"context"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/evidence"
	"example.org/hearback/internal/forecast"
)

// A Store is what pages read. Package store implements it; the lists that only
// pages need are in its file console.go.
type Store interface {
	// Concern returns [hearback.ErrNotFound] if there is none.
	Concern(ctx context.Context, id hearback.ID) (*hearback.Concern, error)
	// ConcernList returns the concerns that pass the filter, the most urgent
	// first, and the cursor of the next page, "" on the last one. A page may be
	// short, and even empty, before the last one: small concerns are looked
	// through some thousands at a time.
	ConcernList(ctx context.Context, f ConcernFilter) (list []hearback.Concern, next string, err error)
	// ConcernTotals counts the concerns of each view.
	ConcernTotals(ctx context.Context, since time.Time) (ConcernTotals, error)
	// Messages returns the messages named, leaving out those whose text was
	// forgotten.
	Messages(ctx context.Context, ids []hearback.ID) ([]hearback.Message, error)

	// Hourly returns the voices of a concern by hour from a time to another,
	// one point for every hour, oldest first. An hour in which no source sent
	// anything at all is Missing.
	Hourly(ctx context.Context, concern hearback.ID, from, to time.Time) ([]hearback.Point, error)
	// AreaHours returns the voices of each area, "" for none, in every hour from
	// a time on in which it was heard, the oldest first.
	AreaHours(ctx context.Context, from time.Time) (map[string][]hearback.Point, error)
	// Sparks does the same for several concerns.
	Sparks(ctx context.Context, concerns []hearback.ID, from, to time.Time) (map[hearback.ID][]hearback.Point, error)
	// BySource counts the messages of a concern by source from a time on.
	BySource(ctx context.Context, concern hearback.ID, from time.Time) (map[hearback.ID]int64, error)

	// Sources and Topics return all, removed ones too, in the order added.
	Sources(ctx context.Context) ([]hearback.Source, error)
	Source(ctx context.Context, id hearback.ID) (*hearback.Source, error)
	Topics(ctx context.Context) ([]hearback.Topic, error)
	Topic(ctx context.Context, id hearback.ID) (*hearback.Topic, error)
	// Tallies calls f with the counts of one source, or of all if id is 0.
	Tallies(ctx context.Context, id hearback.ID, from time.Time, f func(id hearback.ID, bucket time.Time, y hearback.Tally)) error

	// SaveCopy keeps an archived copy; one that is kept already stays as it is.
	SaveCopy(ctx context.Context, c evidence.Archived) error
	// Copy returns an archived copy by the hash of what it holds.
	Copy(ctx context.Context, hash string) (*evidence.Archived, error)

	Case(ctx context.Context, id hearback.ID) (*hearback.Case, error)
	// CaseList returns the cases that pass the filter, the one whose clock
	// ends first at the top, closed ones newest first. This list, and the two
	// below, go on after a row that is named, wherever it stands now; they return
	// [hearback.ErrNotFound] if there is no such row.
	CaseList(ctx context.Context, f CaseFilter) ([]hearback.Case, error)
	Answer(ctx context.Context, id hearback.ID) (*hearback.Answer, error)
	// AnswerList returns answers in a state, or in any, the newest change
	// first.
	AnswerList(ctx context.Context, f AnswerFilter) ([]hearback.Answer, error)
	// AlertList returns alerts, newest first.
	AlertList(ctx context.Context, f AlertFilter) ([]hearback.Alert, error)
	// Alert returns [hearback.ErrNotFound] if there is none.
	Alert(ctx context.Context, id hearback.ID) (*hearback.Alert, error)
	// Samples returns the concerns that were drawn for weeks that began at a time
	// or later, newest week first.
	Samples(ctx context.Context, since time.Time) ([]hearback.Sample, error)
	// Outcomes returns the newest outcome of each answer, newest answer first,
	// or of one answer.
	OutcomeList(ctx context.Context, answer hearback.ID, limit int) ([]hearback.Outcome, error)
	// Forecasts returns the forecasts for a concern that were made since a
	// time, newest first.
	Forecasts(ctx context.Context, concern hearback.ID, since time.Time, limit int) ([]forecast.Forecast, error)
	// ForecastSums adds up the scores of forecasts that were due since a time.
	ForecastSums(ctx context.Context, since time.Time) (map[forecast.Target]forecast.Sums, error)
	// Desks returns all desks, removed ones too, in the order of their slugs.
	Desks(ctx context.Context) ([]hearback.Desk, error)

	// Feedback returns what readers said about an answer, newest revision
	// first; CountFeedback counts what one says.
	Feedback(ctx context.Context, answer hearback.ID) ([]hearback.Feedback, error)
	CountFeedback(ctx context.Context, answer hearback.ID, rev int, said hearback.Said, reason hearback.FeedbackReason) error
	// Together runs f, and what it writes with its context, in one transaction;
	// an act that fails leaves no trace and does not undo the others.
	Together(ctx context.Context, f func(ctx context.Context) error) error

	LogSize(ctx context.Context) (int64, error)
	// Entries returns entries from an index on, in order.
	Entries(ctx context.Context, from int64, limit int) ([]hearback.Entry, error)
	// EntriesAbout returns the newest entries about a subject, newest first.
	EntriesAbout(ctx context.Context, subject string, limit int) ([]hearback.Entry, error)
	// EntriesBefore returns entries below an index, newest first; of one type
	// or group of types ("answer" means "answer.*"), or of all.
	EntriesBefore(ctx context.Context, before int64, types string, limit int) ([]hearback.Entry, error)

	// ClaimKey claims the key of an act for whoever is first, and forgets those
	// that were claimed before a time. It returns what is kept under the key if
	// somebody claimed it before.
	ClaimKey(ctx context.Context, k ActKey, before time.Time) (*ActKey, error)
	// KeepAct keeps the answer to the act whose key was claimed. It returns
	// [hearback.ErrNotFound] if nobody did, or an answer is kept already.
	KeepAct(ctx context.Context, k ActKey) error
	// FreeKey gives a key back, unless an answer is kept under it.
	FreeKey(ctx context.Context, key []byte) error

	// ThemeList returns themes with two or more open concerns that are worth a
	// row, the most urgent first.
	ThemeList(ctx context.Context, limit int) ([]Theme, error)

	// SavedViews returns the views that an account made and those that desks of
	// it share, or any desk if it works for all.
	SavedViews(ctx context.Context, account hearback.ID, desks []string) ([]SavedView, error)
	// SaveView keeps a new view. It returns [hearback.ErrInvalid] if the account
	// has [MostViews] already.
	SaveView(ctx context.Context, v SavedView) error
	// DropView deletes a view of an account, or of anybody if account is 0.
	DropView(ctx context.Context, id, account hearback.ID) error

	// Observations returns what evaluators saw in the drill, in the order
	// written, and RatedObjectives how they rated what was practised.
	Observations(ctx context.Context) ([]hearback.Observation, error)
	// AddObservation returns [hearback.ErrInvalid] if there are most already;
	// ChangeObservation [hearback.ErrConflict] if o.Version is not the stored one.
	AddObservation(ctx context.Context, o hearback.Observation, most int) error
	ChangeObservation(ctx context.Context, o hearback.Observation) error
	DropObservation(ctx context.Context, id hearback.ID) error
	RatedObjectives(ctx context.Context) ([]hearback.Rated, error)
	RateObjective(ctx context.Context, r hearback.Rated) error

	Setting(ctx context.Context, name string) (string, error)
	SetSetting(ctx context.Context, name, value string, rs ...hearback.Record) error
}

// A ConcernFilter says which concerns a list shows. The zero value shows open
// ones that are worth a row.
type ConcernFilter struct {
	View   string // "triage" (open, no case), "case", "void" (asked and not answered), "muted", "all"; "" is all but muted ones
	Tier   hearback.Tier
	Lang   string
	Area   string
	Source hearback.ID
	Kind   hearback.Kind
	Desk   string // of its newest case
	Theme  hearback.ID
	Text   string    // words in the title or the phrases
	Since  time.Time // first heard at or after
	Rising time.Time // an alert said since then that it rises
	Failed bool      // an alert said that its answer, as it stands, does not help
	Small  bool      // also those with fewer than [hearback.VisibleVoices] voices
	After  string    // cursor of the page before
	Limit  int
}

// A SavedView is a filter that somebody keeps under a name.
type SavedView struct {
	ID      hearback.ID
	Account hearback.ID
	Desk    string // that shares it; "" if it is only for who made it
	Name    string
	Query   string // as it stands in the address of the list
	Since   time.Time
}

// MostViews is how many views one account may keep.
const MostViews = 30

// ConcernTotals are the counts that stand beside the views.
type ConcernTotals struct {
	Triage, Case, Void, Muted, All int64
	New                            int64 // first heard since the time asked for
}

// A CaseFilter says which cases a list shows.
type CaseFilter struct {
	Closed  bool // closed ones instead of those that are not
	Desk    string
	Concern hearback.ID
	Since   time.Time   // opened at or after
	After   hearback.ID // go on after this one
	Limit   int
}

// An AnswerFilter says which answers a list shows.
type AnswerFilter struct {
	Public bool // published or withdrawn only
	Case   hearback.ID
	Since  time.Time   // changed at or after
	After  hearback.ID // go on after this one
	Limit  int
}

// An AlertFilter says which alerts a list shows.
type AlertFilter struct {
	Concern hearback.ID
	Open    bool        // neither acknowledged nor judged
	Since   time.Time   // raised at or after
	After   hearback.ID // go on after this one
	Limit   int
}

// A Theme is a looser family of concerns, as the grouping suggests it.
type Theme struct {
	ID       hearback.ID
	Concerns int64 // open ones that are worth a row
	Voices   int64
	Tier     hearback.Tier // of the most urgent one
	Last     time.Time
}

// An ActKey is the first answer to an act of a program, or to a form, so that
// an act that is sent twice is done once.
type ActKey struct {
	Key     []byte
	Request []byte // hash of what was sent
	Status  int    // of the answer; 0 while the act is being done
	Answer  []byte // sealed
	Since   time.Time
}
