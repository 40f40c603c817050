// Package web serves the pages: the console for the people who listen and
// answer, and the public site for everybody else. Both are made on the server
// and work without JavaScript: forms, links and redirects. Scripts only save
// steps.
//
// It decides nothing. What may be done is in package access, what happens to
// a case or an answer in packages desk and answer, and what is kept in package
// store; a page reads, shows and passes on. It never sees text before it is
// de-identified, except a table that an operator uploads, which it hands on
// from memory without looking inside.
package web

import (
	"context"
	"io"
	"net/http"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access/passkey"
	"example.org/hearback/internal/notify/follow"
	"example.org/hearback/internal/publish"
	"example.org/hearback/internal/publish/activitypub"
	"example.org/hearback/internal/publish/open311"
	"example.org/hearback/internal/score"
	"example.org/hearback/internal/web/office"
)

// Options is all that the pages need: what they share with the interface for
// programs, and what only pages show. [Console] and [Public] read the same
// struct; fields that only one of them uses say so.
type Options struct {
	office.Options

	// Contact is an address or page for questions about privacy and
	// accessibility; "" if there is none.
	Contact string
	// Prove is how long the office can open to an auditor what entries of the log
	// only commit to, and MailHost the server that carries its e-mail, "" if there
	// is none; both are for the privacy notice.
	Prove    time.Duration
	MailHost string
	// Mail says that a mail server is set, so that e-mail can be sent.
	Mail bool
	// AlertsPerShift is the budget of a desk for eight hours.
	AlertsPerShift int
	// DrillURL is where the drill of this service runs, for a link; "" if none.
	// Drills lists those that can be started.
	DrillURL string
	Drills   []office.DrillOffer

	// Passkeys is the site that passkeys of the console are made for; nil if the
	// address of the console allows none.
	Passkeys *passkey.Site
	// SignOn is another service that says who somebody is; nil if there is none.
	// SignOnName is what its button says.
	SignOn     SignOn
	SignOnName string
	Entries    Entries // the public log

	// Map is the boundary layer that maps are drawn on; nil draws bars instead.
	Map *Layer
	// HarmHints looks for words that bear on harm in texts; nil shows none. It
	// only hints: people rate.
	HarmHints func(texts []hearback.Message) score.Suggestion
	// Ask delivers a question from the public form; nil takes the form off
	// the site. It de-identifies the text before anything is kept.
	Ask func(ctx context.Context, text, lang string) error
	// Confirmed says how many witnesses confirmed a state of the log that holds an
	// entry.
	Confirmed func(index int64) int
	// LogKey is the key that signs the log, and LogPrint its fingerprint for
	// people to compare.
	LogKey, LogPrint string
	// Bundle returns the proof block of a published answer as JSON; nil or an
	// empty result leaves it out. Index is the entry of its newest revision.
	Bundle func(ctx context.Context, a *hearback.Answer, index int64) ([]byte, error)
	// Feed writes a public feed in the format named, "atom" or "json".
	Feed func(ctx context.Context, w io.Writer, format string, sel publish.Selection) error
	// FeedAreas lists the areas that have a feed of their own.
	FeedAreas func() []string
	// Fediverse serves the office's actor under /ap/, and what leads to it; nil
	// if there is none. FediverseName is its name before the @.
	Fediverse     http.Handler
	FediverseName string
	// Follow keeps who is told of answers by e-mail; nil if nobody is. FollowOpen
	// says that more people may ask to be.
	Follow     Follow
	FollowOpen bool
	// Neighbours lists what other offices published, newest first.
	Neighbours func(ctx context.Context, limit int) ([]activitypub.Neighbour, error)
	// Open311 serves GeoReport v2 under /open311/; nil if the office does not.
	Open311 http.Handler
	// SentTo reports whether a case can be sent to a city's own desk, and what
	// was sent already.
	SentTo func(ctx context.Context, c *hearback.Case) (can bool, sent *open311.Sent, err error)
	// Hub is the WebSub hub that feeds name, or "".
	Hub string
	// CAP writes one message about an answer for warning systems, the newest if
	// message is 0; nil if the office sends none.
	CAP func(ctx context.Context, w io.Writer, a *hearback.Answer, message int) error
	// Aloud writes a text to be read out.
	Aloud func(t hearback.Text, at time.Time, withdrawn string) string
	// Data writes open data: what is "answers" or "questions", format "csv" or
	// "json".
	Data func(ctx context.Context, w io.Writer, what, format string, questions []publish.Question) error
	// ClaimReview returns the structured data of a published answer in one
	// language, or nil if it judges no claim.
	ClaimReview func(ctx context.Context, a *hearback.Answer, lang string) ([]byte, error)
}

// Follow keeps who is told of answers by e-mail. [follow.Service] implements
// it.
type Follow interface {
	// Ask sends a letter with a link to an address, whoever's it is, and says
	// nothing about it.
	Ask(ctx context.Context, address string, w follow.Wish) error
	// Asked returns what a link asks to confirm and Confirm does it; both return
	// [hearback.ErrNotFound] once it was used or its time is over. Confirm
	// returns the key of the pages where that is changed and ended.
	Asked(ctx context.Context, link string) (follow.Wish, error)
	Confirm(ctx context.Context, link string) (key string, err error)
	// Wish returns what is followed under a key, nil if nothing is any more.
	Wish(ctx context.Context, key string) (*follow.Wish, time.Time, error)
	Change(ctx context.Context, key string, w follow.Wish) error
	// Leave forgets an address and all that waits for it.
	Leave(ctx context.Context, key string) error
	// Count says how many addresses are told.
	Count(ctx context.Context) (int64, error)
}

// Entries is the public log as pages read it; *translog.Log is one.
type Entries interface {
	Size() int64
	Checkpoint() []byte
	// Handler serves the log for machines, under /log/.
	Handler() http.Handler
}
