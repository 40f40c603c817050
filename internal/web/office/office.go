// Package office is what the people of an office see and may do, whichever way
// they ask: through the pages of package web, or through the interface for
// programs and assistants of package api. Who asks, what they are allowed, what
// their lists hold and how each thing is said in their language is decided
// here once, so that the two cannot differ.
//
// It knows nothing of pages, and reads no form: a page or an operation reads
// what was sent, asks here, and shows the answer.
package office

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/evidence"
	"example.org/hearback/internal/web/locale"
)

// Options is what both pages and programs need: what the office is called, and
// the services behind it.
type Options struct {
	// Office is the name of the office in English and in Chinese.
	Office, OfficeZH string
	// ConsoleURL and PublicURL are where people reach the two listeners, with
	// scheme and host and without a slash at the end. Cookies are Secure when
	// ConsoleURL is https.
	ConsoleURL, PublicURL string
	// Version is the version of the program, for the help page.
	Version string
	// Zone is the time zone of pages; nil means UTC.
	Zone *time.Location
	// AlertsPerDay is the alert budget, for the page of alerts.
	AlertsPerDay int
	// NoisePerDay is how many alerts a day may be noise.
	NoisePerDay float64
	// Window is how long one voice is told from another; Retention is how long
	// text is kept where a source says nothing else. Both are shown in the
	// privacy notice.
	Window, Retention time.Duration
	// Drill says that everything in this instance is invented: every page
	// wears a band, and instead of signing in one chooses whom to act as.
	Drill bool
	// Room is what steers the drill that this instance replays; nil if it
	// replays none.
	Room DrillRoom

	Now    func() time.Time
	NextID func() hearback.ID // of what is kept here alone: saved views, observations
	Log    *slog.Logger

	Store    Store
	Cases    Cases
	Answers  Answers
	Desks    Desks
	Accounts *access.Accounts // console only; not used in a drill
	Sources  Sources
	Intake   Intake
	Topics   Topics
	Concerns Concerns
	Alerts   Alerts
	Notices  Notices // console only; not used in a drill, which sends nothing

	// TestTopic says whether a query keeps a text, or why it cannot be read.
	TestTopic func(ctx context.Context, query, text string) (bool, error)

	// Match finds published answers like a text, best first; nil if there is
	// no index.
	Match func(ctx context.Context, text, lang string, k int) []Match
	// FindMessages finds the newest messages with words in them, older than
	// before unless that is 0.
	FindMessages func(ctx context.Context, words string, before hearback.ID, limit int) (Found, error)
	// AreaName returns the name of an area for readers of a language, and
	// FindArea the area that somebody means by a name; both return what they
	// do not know as it is. nil does so always.
	AreaName func(area, lang string) string
	FindArea func(name string) string
	// Suggest names the desk that past decisions speak for, how sure that is,
	// and the words it rests on; nil, or "" with 0, if it cannot tell.
	Suggest func(ctx context.Context, text, lang string) (desk string, p float64, words []string)
	// Archive takes a copy of a page; nil takes none. Its error is a sentence for
	// whoever asked.
	Archive func(ctx context.Context, url string) (evidence.Archived, error)
	// Witnesses says what those who confirm the public log confirmed last; nil
	// means that nobody is asked.
	Witnesses func() []Witness
	// WitnessesNeed is how many must confirm the log before an answer goes out; 0
	// asks for none.
	WitnessesNeed int
	// SendCase sends a case to a city's own desk, in words that an officer wrote;
	// nil if there is none.
	SendCase func(ctx context.Context, by hearback.Actor, id hearback.ID, text string) error
}

// An Office is one site of an office: its console, or its public site.
type Office struct {
	o       Options
	console bool
	totals  Cached[ConcernTotals]
	late    Cached[int]
	health  Cached[map[hearback.ID]hearback.Health]
}

// New makes the console or the public site of an office.
func New(o Options, console bool) *Office { return &Office{o: o, console: console} }

// Forget makes the next reader count again: something was just done.
func (s *Office) Forget() {
	s.totals.Forget()
	s.late.Forget()
	s.health.Forget()
}

// A Caller is whoever asks: with which account, and in which language.
type Caller struct {
	*Office
	Locale  *locale.Locale
	Account *access.Account // nil if nobody signed in
	Token   *access.Token   // of a program; then there is no session
}

// T returns a sentence in the language of the caller.
func (q *Caller) T(key string, args ...any) string { return q.Locale.T(key, args...) }

// May reports whether the caller may do x, for showing its button.
func (q *Caller) May(x access.Action) bool { return q.Account.May(x) }

// By returns the actor for x; whoever let the request in has asked already
// whether they may.
func (q *Caller) By(x access.Action) hearback.Actor { return q.Account.Actor(x) }

// LogFault writes down for the operator what failed.
func (q *Caller) LogFault(r *http.Request, err error) {
	q.o.Log.ErrorContext(r.Context(), "request failed", slog.String("component", "web"), slog.String("path", r.URL.Path), slog.Any("err", err))
}

// ID reads the id in the path of a request.
func ID(r *http.Request) (hearback.ID, error) {
	id, err := hearback.ParseID(r.PathValue("id"))
	if err != nil {
		return 0, fmt.Errorf("%w: %s", hearback.ErrNotFound, r.URL.Path)
	}
	return id, nil
}

// ConcernTotals counts concerns, with those since midnight as the new ones.
// It looks at every concern, so it is asked for at most every few seconds.
func (s *Office) ConcernTotals(ctx context.Context) (ConcernTotals, error) {
	ctx = context.WithoutCancel(ctx)
	return s.totals.Get(5*time.Second, func() (ConcernTotals, error) { return s.o.Store.ConcernTotals(ctx, s.Midnight()) })
}

// Midnight is the beginning of the day where the office is.
func (s *Office) Midnight() time.Time {
	now := s.o.Now().In(s.o.Zone)
	return time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, s.o.Zone)
}

// Healths says how every source is doing, at most some seconds old.
func (s *Office) Healths(ctx context.Context) (map[hearback.ID]hearback.Health, error) {
	ctx = context.WithoutCancel(ctx)
	return s.health.Get(15*time.Second, func() (map[hearback.ID]hearback.Health, error) {
		if s.o.Sources == nil {
			return map[hearback.ID]hearback.Health{}, nil
		}
		return s.o.Sources.Healths(ctx, s.o.Now())
	})
}

// MaxForm is how long what a browser or a program sends may be, but for files.
const MaxForm = 1 << 20

// SessionCookie is the cookie that holds the session of a browser.
const SessionCookie = "hb_session"

// KeepToDesks holds people who work for some desks to the cases of these: they
// may look at the others and do nothing there. It asks the same of every
// address of a case or of an answer, so that none can be forgotten.
func (q *Caller) KeepToDesks(r *http.Request, pattern string, may access.Action) error {
	if q.Account == nil || len(q.Account.Desks) == 0 || r.PathValue("id") == "" {
		return nil
	}
	id, err := ID(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	_, path, _ := strings.Cut(pattern, " ")
	switch path = strings.TrimPrefix(path, "/api/v1"); {
	case strings.HasPrefix(path, "/answers/{id}"):
		a, err := q.o.Store.Answer(ctx, id)
		if err != nil {
			return err
		}
		id = a.Case
	case !strings.HasPrefix(path, "/cases/{id}"):
		return nil
	}
	c, err := q.o.Store.Case(ctx, id)
	if err != nil || q.Account.Serves(c.Desk) {
		return err
	}
	if may != access.ViewConsole {
		return errors.Join(otherDesk(c.Desk), q.o.Accounts.Refused(ctx, q.Account, may))
	}
	q.Account = q.Account.Look()
	return nil
}

// Refuse says that the roles do not allow x, and notes it.
func (q *Caller) Refuse(ctx context.Context, x access.Action) error {
	if !q.o.Drill {
		if err := q.o.Accounts.Refused(ctx, q.Account, x); err != nil {
			return err
		}
	}
	if scope := access.ScopeOf(x); q.Token != nil && access.May(q.Account.Roles, x) && !slices.Contains(q.Token.Scopes, scope) {
		return NotScoped{scope}
	}
	return NotAllowed{x, q.Account.Sleeps(x)}
}
