package source

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"example.org/hearback"
)

// Limits of what an operator can set.
const (
	MinRetention     = time.Hour
	MaxRetention     = 400 * 24 * time.Hour
	DefaultRetention = 30 * 24 * time.Hour
	MinEvery         = time.Minute
	MaxEvery         = 7 * 24 * time.Hour
	DefaultEvery     = 15 * time.Minute
)

// A Registry adds, changes and removes sources. Each act is an entry of the
// public log, written with it.
type Registry struct {
	Store  Store
	Now    func() time.Time
	NextID func() hearback.ID

	Retention time.Duration // of a source that states none; 0 means DefaultRetention
	Rand      io.Reader     // for tokens; nil means crypto/rand
}

// Add adds a source and returns it as stored. For a webhook it returns its
// bearer token too: nobody can read that again.
func (r *Registry) Add(ctx context.Context, by hearback.Actor, s hearback.Source) (*hearback.Source, string, error) {
	now := r.Now()
	s.ID, s.State, s.Added, s.Version, s.TokenHash = r.NextID(), hearback.SourceActive, now, 1, ""
	if s.Retention == 0 {
		s.Retention = r.Retention
	}
	if s.Retention == 0 {
		s.Retention = DefaultRetention
	}
	if s.Kind == hearback.Feed && s.Every == 0 {
		s.Every = DefaultEvery
	}
	if err := check(&s); err != nil {
		return nil, "", err
	}
	token := ""
	if s.Kind == hearback.Webhook {
		var err error
		if token, err = newToken(r.Rand, s.ID); err != nil {
			return nil, "", err
		}
		s.TokenHash = hashToken(token)
	}
	err := r.Store.AddSource(ctx, &s, record(hearback.SourceAdded, now, by, &s, pub(&s)))
	if errors.Is(err, hearback.ErrConflict) {
		return nil, "", fmt.Errorf("%w: the short name %q is taken, or was once; choose another", hearback.ErrConflict, s.Slug)
	}
	if err != nil {
		return nil, "", fmt.Errorf("add source %q: %w", s.Slug, err)
	}
	return &s, token, nil
}

// Change changes what people can set of a source: all but its slug, kind,
// state and token. s.Version is the version that the change was based on.
func (r *Registry) Change(ctx context.Context, by hearback.Actor, s hearback.Source) (*hearback.Source, error) {
	old, err := r.live(ctx, s.ID)
	if err != nil {
		return nil, err
	}
	if s.Version != old.Version {
		return nil, fmt.Errorf("%w: source %q was changed since this page was loaded; load it again", hearback.ErrConflict, old.Slug)
	}
	s.Slug, s.Kind, s.State, s.Added = old.Slug, old.Kind, old.State, old.Added
	s.TokenHash, s.TokenEnds = old.TokenHash, old.TokenEnds
	return r.change(ctx, by, old, &s, "")
}

// Moved changes the address of a feed that says it has moved for good.
func (r *Registry) Moved(ctx context.Context, id hearback.ID, to string) (*hearback.Source, error) {
	old, err := r.live(ctx, id)
	if err != nil {
		return nil, err
	}
	s := *old
	s.URL = to
	return r.change(ctx, hearback.System, old, &s, "The feed says that it has moved for good.")
}

func (r *Registry) change(ctx context.Context, by hearback.Actor, old, s *hearback.Source, why string) (*hearback.Source, error) {
	if err := check(s); err != nil {
		return nil, err
	}
	now := r.Now()
	var rs []hearback.Record
	if what := differences(old, s); len(what) > 0 {
		p := pub(s)
		p["changed"] = what
		if why != "" {
			p["note"] = why
		}
		rs = append(rs, record(hearback.SourceChanged, now, by, s, p))
	}
	if old.Retention != s.Retention {
		rs = append(rs, record(hearback.RetentionChanged, now, by, s, map[string]any{
			"slug": s.Slug, "from": Span(old.Retention), "to": Span(s.Retention),
		}))
	}
	if len(rs) == 0 {
		return old, nil // nothing changes, so nothing is logged
	}
	if err := r.Store.ChangeSource(ctx, s, rs...); err != nil {
		return nil, fmt.Errorf("change source %q: %w", s.Slug, err)
	}
	return s, nil
}

// Pause stops a source from being read until [Registry.Resume].
func (r *Registry) Pause(ctx context.Context, by hearback.Actor, id hearback.ID, reason string) (*hearback.Source, error) {
	return r.move(ctx, by, id, reason, hearback.SourceActive, hearback.SourcePaused, hearback.SourcePausedRec)
}

// Resume lets a paused source be read again.
func (r *Registry) Resume(ctx context.Context, by hearback.Actor, id hearback.ID, reason string) (*hearback.Source, error) {
	return r.move(ctx, by, id, reason, hearback.SourcePaused, hearback.SourceActive, hearback.SourceResumed)
}

// Remove ends a source: it is kept for the record and never read again.
func (r *Registry) Remove(ctx context.Context, by hearback.Actor, id hearback.ID, reason string) (*hearback.Source, error) {
	return r.move(ctx, by, id, reason, "", hearback.SourceRemoved, hearback.SourceRemovedRec)
}

// move changes the state of a source; from is the state it must be in, or ""
// for any but removed.
func (r *Registry) move(ctx context.Context, by hearback.Actor, id hearback.ID, reason string, from, to hearback.SourceState, t hearback.RecordType) (*hearback.Source, error) {
	s, err := r.live(ctx, id)
	if err != nil {
		return nil, err
	}
	if from != "" && s.State != from {
		return nil, fmt.Errorf("%w: source %q is %s already", hearback.ErrRefused, s.Slug, s.State)
	}
	if err := checkReason(reason); err != nil {
		return nil, err
	}
	s.State = to
	if to == hearback.SourceRemoved {
		s.TokenHash = "" // a token that opens nothing need not be kept
	}
	p := map[string]any{"slug": s.Slug, "connector": string(s.Kind), "reason": reason}
	if err := r.Store.ChangeSource(ctx, s, record(t, r.Now(), by, s, p)); err != nil {
		return nil, fmt.Errorf("source %q: %w", s.Slug, err)
	}
	return s, nil
}

// NewToken replaces the bearer token of a webhook, so that the old one stops
// working, and returns the new one: nobody can read it again. It works until
// ends, or for ever if ends is zero.
func (r *Registry) NewToken(ctx context.Context, by hearback.Actor, id hearback.ID, ends time.Time) (string, error) {
	s, err := r.live(ctx, id)
	if err != nil {
		return "", err
	}
	if s.Kind != hearback.Webhook {
		return "", fmt.Errorf("%w: source %q is a %s, and only a webhook has a token", hearback.ErrRefused, s.Slug, s.Kind)
	}
	now := r.Now()
	if !ends.IsZero() && !ends.After(now) {
		return "", fmt.Errorf("%w: the token would have ended already; choose a later day", hearback.ErrInvalid)
	}
	token, err := newToken(r.Rand, id)
	if err != nil {
		return "", err
	}
	s.TokenHash, s.TokenEnds = hashToken(token), ends
	p := pub(s)
	p["changed"] = []string{"token"}
	if err := r.Store.ChangeSource(ctx, s, record(hearback.SourceChanged, now, by, s, p)); err != nil {
		return "", fmt.Errorf("source %q: %w", s.Slug, err)
	}
	return token, nil
}

// live returns a source that is not removed.
func (r *Registry) live(ctx context.Context, id hearback.ID) (*hearback.Source, error) {
	s, err := r.Store.Source(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("source %s: %w", id, err)
	}
	if s.State == hearback.SourceRemoved {
		return nil, fmt.Errorf("%w: source %q was removed; add a new one instead", hearback.ErrRefused, s.Slug)
	}
	return s, nil
}

// record builds the record of an act on a source.
func record(t hearback.RecordType, at time.Time, by hearback.Actor, s *hearback.Source, p map[string]any) hearback.Record {
	return hearback.Record{Type: t, At: at, Actor: by, Subject: "source:" + s.ID.String(), Pub: p}
}

// pub is what the public reads of a source: never a password, a token, or the
// part of an address after the question mark, where keys are often put.
func pub(s *hearback.Source) map[string]any {
	p := map[string]any{
		"slug": s.Slug, "connector": string(s.Kind), "title": s.Title,
		"reason": s.Reason, "basis": s.Basis, "retention": Span(s.Retention), "all": s.All,
	}
	if s.URL != "" {
		p["url"] = PublicURL(s.URL)
	}
	if s.Lang != "" {
		p["lang"] = s.Lang
	}
	if s.Area != "" {
		p["area"] = s.Area
	}
	if s.Weight != 0 {
		// A record holds no floats: they have no one canonical form.
		p["weight"] = strconv.FormatFloat(s.Weight, 'g', -1, 64)
	}
	if s.Audience != 0 {
		p["audience"] = s.Audience
	}
	return p
}

// differences names what differs between two versions of a source, but for
// the retention, which has a record of its own.
func differences(a, b *hearback.Source) (list []string) {
	for _, x := range []struct {
		name    string
		differs bool
	}{
		{"title", a.Title != b.Title},
		{"url", a.URL != b.URL},
		{"reason", a.Reason != b.Reason},
		{"basis", a.Basis != b.Basis},
		{"all", a.All != b.All},
		{"lang", a.Lang != b.Lang},
		{"area", a.Area != b.Area},
		{"every", a.Every != b.Every},
		{"weight", a.Weight != b.Weight},
		{"audience", a.Audience != b.Audience},
		{"mapping", a.Mapping != b.Mapping},
	} {
		if x.differs {
			list = append(list, x.name)
		}
	}
	return list
}

// check puts the text of s in order and reports the first thing wrong with it.
func check(s *hearback.Source) error {
	for _, f := range []*string{&s.Title, &s.URL, &s.Reason, &s.Basis, &s.Lang, &s.Area} {
		*f = strings.TrimSpace(*f)
	}
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: "+format, append([]any{hearback.ErrInvalid}, args...)...)
	}
	kinds := []hearback.SourceKind{hearback.Feed, hearback.Table, hearback.Webhook, hearback.Ask, hearback.Replay}
	switch {
	case !hearback.ValidSlug(s.Slug):
		return bad("the short name %.70q may hold only small letters a to z, digits and hyphens inside, 64 at the most", s.Slug)
	case !slices.Contains(kinds, s.Kind):
		return bad("there is no kind of source %.20q", s.Kind)
	case s.Title == "":
		return bad("the source needs a title")
	case s.Retention < MinRetention || s.Retention > MaxRetention:
		return bad("text can be kept for 1 hour to 400 days, not for %s", Span(s.Retention))
	case s.Kind == hearback.Feed && s.URL == "":
		return bad("a feed needs its address")
	case s.Kind != hearback.Feed && s.URL != "":
		return bad("only a feed has an address to read from")
	case s.Kind == hearback.Feed && (s.Every < MinEvery || s.Every > MaxEvery):
		return bad("a feed can be looked at once a minute to once a week, not every %s", Span(s.Every))
	case s.Weight < 0 || s.Weight > 100 || math.IsNaN(s.Weight):
		return bad("the weight of a voice must be from 0 to 100")
	case s.Audience < 0:
		return bad("the audience cannot be less than none")
	case len(s.Mapping) > 64<<10 || s.Mapping != "" && !json.Valid([]byte(s.Mapping)):
		return bad("the column mapping is no JSON, or is longer than 64 KiB")
	}
	if err := checkReason(s.Reason); err != nil {
		return err
	}
	for _, f := range []struct {
		name, text string
		most       int
	}{{"title", s.Title, 200}, {"legal basis", s.Basis, 2000}, {"area", s.Area, 100}, {"language", s.Lang, 35}, {"address", s.URL, 2000}} {
		if err := checkText(f.name, f.text, f.most); err != nil {
			return err
		}
	}
	if s.URL != "" {
		return CheckURL(s.URL)
	}
	return nil
}

func checkReason(reason string) error {
	if strings.TrimSpace(reason) == "" {
		return fmt.Errorf("%w: say why, in a sentence the public may read", hearback.ErrInvalid)
	}
	return checkText("reason", reason, 2000)
}

func checkText(name, text string, most int) error {
	if !utf8.ValidString(text) {
		return fmt.Errorf("%w: the %s is not UTF-8", hearback.ErrInvalid, name)
	}
	if n := utf8.RuneCountInString(text); n > most {
		return fmt.Errorf("%w: the %s has %d characters, and %d are the most", hearback.ErrInvalid, name, n, most)
	}
	return nil
}

// CheckURL reports why an address cannot be read from: it must be an http or
// https URL with a host.
func CheckURL(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		// The error of net/url holds the address, which may hold a password.
		return fmt.Errorf("%w: this address cannot be read; it should look like https://example.org/feed.xml", hearback.ErrInvalid)
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("%w: the address must begin with https:// or http://", hearback.ErrInvalid)
	case u.Hostname() == "" || u.Opaque != "":
		return fmt.Errorf("%w: the address names no host; it should look like https://example.org/feed.xml", hearback.ErrInvalid)
	}
	return nil
}

// PublicURL returns an address as the public may read it: scheme, host and
// path, without what may hold a password or a key.
func PublicURL(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

// WithoutPassword returns an address without the name and password in it. What
// follows the question mark stays: without it many feeds cannot be found. It
// is for the operator's own eyes and lists, not for the public.
func WithoutPassword(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	u.User = nil
	return u.String()
}

// Span writes a length of time as an operator does: "30 d", "36 h", "15 min".
func Span(d time.Duration) string {
	switch {
	case d >= 48*time.Hour && d%(24*time.Hour) == 0:
		return strconv.FormatInt(int64(d/(24*time.Hour)), 10) + " d"
	case d >= time.Hour && d%time.Hour == 0:
		return strconv.FormatInt(int64(d/time.Hour), 10) + " h"
	case d >= time.Minute && d%time.Minute == 0:
		return strconv.FormatInt(int64(d/time.Minute), 10) + " min"
	}
	return d.String()
}
