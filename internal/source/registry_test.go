package source_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/source"
	"example.org/hearback/internal/store"
)

var (
	start   = time.Date(2026, 3, 18, 9, 0, 0, 0, time.UTC)
	officer = hearback.Actor{ID: 5, Role: "administrator", Number: 2}
)

// A desk is a registry on a real store, with a clock that tests move.
type desk struct {
	*store.DB
	*source.Registry
	Topics *source.Topics
	now    time.Time
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	db, err := store.Open(context.Background(), filepath.Join(t.TempDir(), "hearback.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	d := &desk{DB: db, now: start}
	var ids hearback.IDs
	clock := func() time.Time { return d.now }
	next := func() hearback.ID { return ids.Next(d.now) }
	d.Registry = &source.Registry{Store: db, Now: clock, NextID: next}
	d.Topics = &source.Topics{Store: db, Now: clock, NextID: next, Check: func(q string) error {
		if strings.Contains(q, "((") {
			return fmt.Errorf("%w: a bracket is not closed", hearback.ErrInvalid)
		}
		return nil
	}}
	return d
}

// lastEntry returns the newest entry of the log, its type and public part.
func (d *desk) lastEntry(t *testing.T) (hearback.RecordType, map[string]any) {
	t.Helper()
	n, err := d.LogSize(context.Background())
	if err != nil || n == 0 {
		t.Fatalf("the log has %d entries, %v", n, err)
	}
	es, err := d.Entries(context.Background(), n-1, 1)
	if err != nil {
		t.Fatal(err)
	}
	var leaf struct {
		Actor string
		Pub   map[string]any
	}
	if err := json.Unmarshal(es[0].Leaf, &leaf); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(es[0].Leaf), "secret") {
		t.Errorf("the public log holds a secret: %s", es[0].Leaf)
	}
	return es[0].Type, leaf.Pub
}

func feedSource() hearback.Source {
	return hearback.Source{
		Slug: "forum", Kind: hearback.Feed, Title: " 河东论坛 ", URL: "https://user:secret@example.org/feed.xml?token=secret#secret",
		Reason: "居民在那里提问", Basis: "Public task", Weight: 0.5,
	}
}

func TestRegistry(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t)
	s, token, err := d.Add(ctx, officer, feedSource())
	if err != nil || token != "" {
		t.Fatalf("Add: %v, token %q", err, token)
	}
	if s.Title != "河东论坛" || s.Retention != 30*24*time.Hour || s.Every != 15*time.Minute || s.State != hearback.SourceActive || s.Version != 1 {
		t.Errorf("added %+v", s)
	}
	typ, pub := d.lastEntry(t)
	if typ != hearback.SourceAdded || pub["url"] != "https://example.org/feed.xml" || pub["connector"] != "feed" || pub["reason"] != "居民在那里提问" || pub["basis"] != "Public task" || pub["retention"] != "30 d" || pub["weight"] != "0.5" {
		t.Errorf("logged %s %v", typ, pub)
	}

	change := *s
	change.Slug, change.Kind, change.TokenHash, change.State = "other", hearback.Webhook, "x", hearback.SourceRemoved // not ours to change
	change.Title, change.Retention = "Forum", 7*24*time.Hour
	s2, err := d.Change(ctx, officer, change)
	if err != nil || s2.Slug != "forum" || s2.Kind != hearback.Feed || s2.TokenHash != "" || s2.State != hearback.SourceActive || s2.Title != "Forum" || s2.Version != 2 {
		t.Fatalf("Change = %+v, %v", s2, err)
	}
	if typ, pub := d.lastEntry(t); typ != hearback.RetentionChanged || pub["from"] != "30 d" || pub["to"] != "7 d" {
		t.Errorf("logged %s %v", typ, pub)
	}
	es, _ := d.Entries(ctx, 1, 1)
	if es[0].Type != hearback.SourceChanged || !strings.Contains(string(es[0].Leaf), `"changed":["title"]`) {
		t.Errorf("logged %s", es[0].Leaf)
	}
	if _, err := d.Change(ctx, officer, change); !errors.Is(err, hearback.ErrConflict) {
		t.Errorf("a stale change: %v, want ErrConflict", err)
	}
	size, _ := d.LogSize(ctx)
	if same, err := d.Change(ctx, officer, *s2); err != nil || same.Version != 2 {
		t.Errorf("a change of nothing: %+v, %v", same, err)
	}
	if n, _ := d.LogSize(ctx); n != size {
		t.Error("a change of nothing is logged")
	}

	if _, err := d.Resume(ctx, officer, s.ID, "because"); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("Resume of an active source: %v, want ErrRefused", err)
	}
	if _, err := d.Pause(ctx, officer, s.ID, "  "); !errors.Is(err, hearback.ErrInvalid) {
		t.Errorf("Pause without a reason: %v, want ErrInvalid", err)
	}
	for _, step := range []struct {
		do    func(context.Context, hearback.Actor, hearback.ID, string) (*hearback.Source, error)
		state hearback.SourceState
		typ   hearback.RecordType
	}{
		{d.Pause, hearback.SourcePaused, hearback.SourcePausedRec},
		{d.Resume, hearback.SourceActive, hearback.SourceResumed},
		{d.Registry.Remove, hearback.SourceRemoved, hearback.SourceRemovedRec},
	} {
		got, err := step.do(ctx, officer, s.ID, "水管修好了")
		if err != nil || got.State != step.state {
			t.Fatalf("%s: %+v, %v", step.state, got, err)
		}
		if typ, pub := d.lastEntry(t); typ != step.typ || pub["reason"] != "水管修好了" || pub["slug"] != "forum" {
			t.Errorf("logged %s %v, want %s", typ, pub, step.typ)
		}
	}
	for name, err := range map[string]error{
		"Pause":  second(d.Pause(ctx, officer, s.ID, "x")),
		"Remove": second(d.Registry.Remove(ctx, officer, s.ID, "x")),
		"Change": second(d.Change(ctx, officer, *s2)),
	} {
		if !errors.Is(err, hearback.ErrRefused) {
			t.Errorf("%s of a removed source: %v, want ErrRefused", name, err)
		}
	}
	if _, err := d.Pause(ctx, officer, 1, "x"); !errors.Is(err, hearback.ErrNotFound) {
		t.Errorf("Pause of no source: %v", err)
	}
	if _, _, err := d.Add(ctx, officer, feedSource()); !errors.Is(err, hearback.ErrConflict) || !strings.Contains(err.Error(), "is taken, or was once") {
		t.Errorf("the short name again: %v", err)
	}
	moved, _, err := d.Add(ctx, officer, hearback.Source{Slug: "moved", Kind: hearback.Feed, Title: "x", Reason: "x", URL: "https://a.example.org/"})
	if err != nil {
		t.Fatal(err)
	}
	if moved, err = d.Moved(ctx, moved.ID, "https://b.example.org/f?x=secret"); err != nil || moved.URL != "https://b.example.org/f?x=secret" {
		t.Errorf("Moved = %+v, %v", moved, err)
	}
	if typ, pub := d.lastEntry(t); typ != hearback.SourceChanged || pub["url"] != "https://b.example.org/f" || pub["note"] == nil {
		t.Errorf("logged %s %v", typ, pub)
	}
}

func second[T any](_ T, err error) error { return err }

func TestRegistryChecks(t *testing.T) {
	d := newDesk(t)
	for _, tt := range []struct {
		name string
		set  func(*hearback.Source)
		want string
	}{
		{"slug", func(s *hearback.Source) { s.Slug = "Forum!" }, `short name "Forum!"`},
		{"kind", func(s *hearback.Source) { s.Kind = "telegram" }, `no kind of source "telegram"`},
		{"title", func(s *hearback.Source) { s.Title = " " }, "needs a title"},
		{"long title", func(s *hearback.Source) { s.Title = strings.Repeat("题", 201) }, "the title has 201 characters"},
		{"reason", func(s *hearback.Source) { s.Reason = "" }, "say why"},
		{"not UTF-8", func(s *hearback.Source) { s.Reason = "x\xff" }, "the reason is not UTF-8"},
		{"no URL", func(s *hearback.Source) { s.URL = "" }, "needs its address"},
		{"file URL", func(s *hearback.Source) { s.URL = "file:///etc/passwd" }, "must begin with https://"},
		{"no host", func(s *hearback.Source) { s.URL = "https:///x" }, "names no host"},
		{"broken URL", func(s *hearback.Source) { s.URL = "https://user:secret@%zz" }, "cannot be read"},
		{"short retention", func(s *hearback.Source) { s.Retention = time.Minute }, "not for 1 min"},
		{"long retention", func(s *hearback.Source) { s.Retention = 401 * 24 * time.Hour }, "not for 401 d"},
		{"often", func(s *hearback.Source) { s.Every = time.Second }, "not every 1s"},
		{"weight", func(s *hearback.Source) { s.Weight = math.NaN() }, "weight"},
		{"audience", func(s *hearback.Source) { s.Audience = -1 }, "audience"},
		{"mapping", func(s *hearback.Source) { s.Mapping = "{" }, "mapping"},
		{"address of a table", func(s *hearback.Source) { s.Kind = hearback.Table }, "only a feed has an address"},
	} {
		s := feedSource()
		tt.set(&s)
		_, _, err := d.Add(context.Background(), officer, s)
		if !errors.Is(err, hearback.ErrInvalid) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want one that says %q", tt.name, err, tt.want)
		}
	}
	for _, r := range []time.Duration{time.Hour, 400 * 24 * time.Hour} {
		s := feedSource()
		s.Slug, s.Retention = "r"+fmt.Sprint(int64(r)), r
		if _, _, err := d.Add(context.Background(), officer, s); err != nil {
			t.Errorf("retention %s: %v", source.Span(r), err)
		}
	}
}

func TestTokens(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t)
	d.Rand = strings.NewReader(strings.Repeat("停水了吗?", 20)) // 13 bytes, so that every secret differs
	s, token, err := d.Add(ctx, officer, hearback.Source{Slug: "hook", Kind: hearback.Webhook, Title: "311", Reason: "the city's own service desk"})
	if err != nil || !strings.HasPrefix(token, "hb_"+s.ID.String()+"_") || len(token) < 60 {
		t.Fatalf("Add: %v, token %q", err, token)
	}
	if strings.Contains(s.TokenHash, token) || len(s.TokenHash) != 64 {
		t.Errorf("stored %q of the token", s.TokenHash)
	}
	if es, _ := d.Entries(ctx, 0, 1); strings.Contains(string(es[0].Leaf), s.TokenHash) {
		t.Errorf("the log holds the hash of the token: %s", es[0].Leaf)
	}
	other := *s
	other.ID++
	forged := strings.Replace(token, s.ID.String(), other.ID.String(), 1)
	for _, tt := range []struct {
		name, token string
		src         *hearback.Source
		want        source.TokenState
	}{
		{"right", token, s, source.TokenGood},
		{"wrong secret", token[:len(token)-1] + "0", s, source.TokenWrong},
		{"cut", token[:20], s, source.TokenWrong},
		{"empty", "", s, source.TokenWrong},
		{"no id", "hb__x", s, source.TokenWrong},
		{"long", token + strings.Repeat("x", 500), s, source.TokenWrong},
		{"of another source", token, &other, source.TokenOther},
		{"with another id", forged, &other, source.TokenWrong},
		{"source without a token", token, &hearback.Source{ID: s.ID}, source.TokenWrong},
	} {
		if got := source.CheckToken(tt.src, tt.token, start); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}

	fresh, err := d.NewToken(ctx, officer, s.ID, start.Add(24*time.Hour))
	if err != nil || fresh == token {
		t.Fatalf("NewToken: %v", err)
	}
	s, _ = d.Source(ctx, s.ID)
	for _, tt := range []struct {
		token string
		after time.Duration
		want  source.TokenState
	}{
		{token, 0, source.TokenWrong}, {fresh, 0, source.TokenGood}, {fresh, 24*time.Hour - 1, source.TokenGood},
		{fresh, 24 * time.Hour, source.TokenExpired}, {token, 48 * time.Hour, source.TokenWrong},
	} {
		if got := source.CheckToken(s, tt.token, start.Add(tt.after)); got != tt.want {
			t.Errorf("after %s: %d, want %d", tt.after, got, tt.want)
		}
	}
	if typ, pub := d.lastEntry(t); typ != hearback.SourceChanged || fmt.Sprint(pub["changed"]) != "[token]" {
		t.Errorf("logged %s %v", typ, pub)
	}
	if _, err := d.NewToken(ctx, officer, s.ID, start); !errors.Is(err, hearback.ErrInvalid) {
		t.Errorf("a token that has ended: %v, want ErrInvalid", err)
	}
	f, _, err := d.Add(ctx, officer, feedSource())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.NewToken(ctx, officer, f.ID, time.Time{}); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("a token for a feed: %v, want ErrRefused", err)
	}
}

func TestTopicService(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t)
	w, err := d.Topics.Add(ctx, officer, hearback.Topic{Name: " Water ", Query: "water OR 停水", Reason: "we run the pipes"})
	if err != nil || w.Name != "Water" || w.State != hearback.TopicActive {
		t.Fatalf("Add = %+v, %v", w, err)
	}
	if typ, pub := d.lastEntry(t); typ != hearback.TopicAdded || pub["query"] != "water OR 停水" || pub["reason"] != "we run the pipes" {
		t.Errorf("logged %s %v", typ, pub)
	}
	for _, tt := range []struct {
		t    hearback.Topic
		want string
	}{
		{hearback.Topic{Query: "x", Reason: "x"}, "needs a name"},
		{hearback.Topic{Name: "x", Reason: "x"}, "needs words"},
		{hearback.Topic{Name: "x", Query: "x"}, "say why"},
		{hearback.Topic{Name: "x", Query: "((x", Reason: "x"}, "bracket"},
		{hearback.Topic{Name: "x", Query: strings.Repeat("x", 9000), Reason: "x"}, "the query has 9000 characters"},
	} {
		if _, err := d.Topics.Add(ctx, officer, tt.t); !errors.Is(err, hearback.ErrInvalid) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Add(%+v) = %v, want one that says %q", tt.t, err, tt.want)
		}
	}
	change := *w
	change.Query = "water"
	w2, err := d.Topics.Change(ctx, officer, change)
	if err != nil || w2.Version != 2 {
		t.Fatalf("Change = %+v, %v", w2, err)
	}
	if typ, pub := d.lastEntry(t); typ != hearback.TopicChanged || pub["query"] != "water" || pub["was"] != "water OR 停水" {
		t.Errorf("logged %s %v", typ, pub)
	}
	if _, err := d.Topics.Change(ctx, officer, change); !errors.Is(err, hearback.ErrConflict) {
		t.Errorf("a stale change: %v", err)
	}
	if err := d.Topics.Remove(ctx, officer, w.ID, ""); !errors.Is(err, hearback.ErrInvalid) {
		t.Errorf("Remove without a reason: %v", err)
	}
	if err := d.Topics.Remove(ctx, officer, w.ID, "no longer ours"); err != nil {
		t.Fatal(err)
	}
	if typ, pub := d.lastEntry(t); typ != hearback.TopicRemovedRec || pub["reason"] != "no longer ours" || pub["query"] != "water" {
		t.Errorf("logged %s %v", typ, pub)
	}
	if err := d.Topics.Remove(ctx, officer, w.ID, "again"); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("Remove again: %v, want ErrRefused", err)
	}
}

func TestHealth(t *testing.T) {
	ctx := context.Background()
	d := newDesk(t)
	add := func(slug string, hours []int, y hearback.Tally) hearback.ID {
		t.Helper()
		s := feedSource()
		s.Slug = slug
		got, _, err := d.Add(ctx, officer, s)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range hours {
			at := start.Add(time.Duration(h) * time.Hour)
			if err := d.Take(ctx, &store.Batch{Sources: []store.SourceBatch{{Source: got.ID, Bucket: at, Tally: y}}}); err != nil {
				t.Fatal(err)
			}
		}
		return got.ID
	}
	kept := hearback.Tally{Received: 12, Kept: 12}
	hourly := add("hourly", []int{-30, -5, -4, -3, -2, -1}, kept)
	// Three a day in one burst: the pause between days is what is usual.
	daily := add("daily", []int{-74, -73, -72, -50, -49, -48, -26, -25, -24}, kept)
	rare := add("rare", []int{-200, -100}, kept)
	repeats := add("repeats", []int{-3, -2, -1}, hearback.Tally{Received: 5, Repeats: 5})
	dropped := add("dropped", []int{-30, -4, -3, -2, -1}, hearback.Tally{Received: 2, Dropped: 2})
	never := add("never", nil, kept)
	if err := d.NoteTry(ctx, hourly, start, "It is down.", start.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	all, err := d.Healths(ctx, start)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		id    hearback.ID
		usual time.Duration
		per   float64
		last  int // hours
		quiet bool
	}{
		{hourly, 25 * time.Hour, 2.5, -1, false},
		{daily, 22 * time.Hour, 0.5, -24, false},
		{rare, 0, 0, -100, false},
		{repeats, 0, 0, 0, false},
		{dropped, 26 * time.Hour, 8.0 / 24, -1, false},
		{never, 0, 0, 0, false},
	} {
		h, err := d.Registry.Health(ctx, tt.id, start)
		if err != nil || h != all[tt.id] {
			t.Errorf("Health = %+v, %v, and Healths says %+v", h, err, all[tt.id])
		}
		last := time.Time{}
		if tt.last != 0 {
			last = start.Add(time.Duration(tt.last) * time.Hour)
		}
		if h.Usual != tt.usual || math.Abs(h.PerHour-tt.per) > 1e-9 || !h.LastMessage.Equal(last) || h.Silent(start) != tt.quiet {
			t.Errorf("source %s: %+v, want %+v", tt.id, h, tt)
		}
	}
	if h := all[hourly]; h.Fault != "It is down." || !h.LastTry.Equal(start) || !h.LastSuccess.IsZero() || !h.NextTry.Equal(start.Add(time.Hour)) {
		t.Errorf("the last try = %+v", h)
	}
	if h := all[daily]; h.Silent(start) || !h.Silent(start.Add(72*time.Hour)) {
		t.Errorf("%+v must be silent after three usual pauses, and not before", h)
	}
	if _, err := d.Registry.Health(ctx, 12345, start); !errors.Is(err, hearback.ErrNotFound) {
		t.Errorf("Health of no source: %v", err)
	}
}

func TestPublicURL(t *testing.T) {
	for in, want := range map[string]string{
		"https://user:pass@example.org:8443/a%2Fb/feed?key=1#x": "https://example.org:8443/a%2Fb/feed",
		"http://example.org":    "http://example.org",
		"https://user:pass@%zz": "",
	} {
		if got := source.PublicURL(in); got != want {
			t.Errorf("PublicURL(%q) = %q, want %q", in, got, want)
		}
	}
	if got := source.WithoutPassword("https://user:pass@example.org/?page=2"); got != "https://example.org/?page=2" {
		t.Errorf("WithoutPassword = %q", got)
	}
	var spans []string
	for _, d := range []time.Duration{30 * 24 * time.Hour, 36 * time.Hour, 24 * time.Hour, 15 * time.Minute, 90 * time.Second} {
		spans = append(spans, source.Span(d))
	}
	if want := []string{"30 d", "36 h", "24 h", "15 min", "1m30s"}; !slices.Equal(spans, want) {
		t.Errorf("Span = %q, want %q", spans, want)
	}
}
