package desk_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/desk"
	"example.org/hearback/internal/store"
)

var (
	start = time.Date(2026, 3, 18, 9, 0, 0, 0, time.UTC) // a Wednesday
	lin   = hearback.Actor{ID: 1, Role: "officer", Number: 1}
)

// An office is both services on a store with two concerns.
type office struct {
	t     *testing.T
	ctx   context.Context
	db    *store.DB
	now   time.Time
	cases *desk.Cases
	desks *desk.Desks
}

func newOffice(t *testing.T, slugs ...string) *office {
	t.Helper()
	o := &office{t: t, ctx: context.Background(), now: start}
	var err error
	if o.db, err = store.Open(o.ctx, filepath.Join(t.TempDir(), "hearback.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.db.Close() })
	var b store.Batch
	for _, id := range []hearback.ID{100, 200} {
		b.Concerns = append(b.Concerns, &hearback.Concern{ID: id, Theme: id, First: start, Last: start})
	}
	if err := o.db.Take(o.ctx, &b); err != nil {
		t.Fatal(err)
	}
	var ids hearback.IDs
	clock := func() time.Time { return o.now }
	o.cases = &desk.Cases{Store: o.db, Now: clock, NextID: func() hearback.ID { return ids.Next(o.now) }}
	o.desks = &desk.Desks{Store: o.db, Now: clock}
	for _, s := range slugs {
		if err := o.desks.Add(o.ctx, lin, hearback.Desk{Slug: s, Name: s}, ""); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

func (o *office) must(c *hearback.Case, err error) *hearback.Case {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
	return c
}

// wants is written wants(act)(error), because an act has two results.
func (o *office) wants(_ *hearback.Case, err error) func(want error) {
	return func(want error) {
		o.t.Helper()
		if !errors.Is(err, want) {
			o.t.Errorf("got %v, want %v", err, want)
		}
	}
}

// last returns the newest entry of the log.
func (o *office) last() (typ string, pub map[string]any) {
	o.t.Helper()
	size, err := o.db.LogSize(o.ctx)
	if err != nil {
		o.t.Fatal(err)
	}
	list, err := o.db.Entries(o.ctx, size-1, 1)
	if err != nil || len(list) != 1 {
		o.t.Fatal(list, err)
	}
	var leaf struct {
		Type string         `json:"type"`
		Pub  map[string]any `json:"pub"`
	}
	if err := json.Unmarshal(list[0].Leaf, &leaf); err != nil {
		o.t.Fatal(err)
	}
	return leaf.Type, leaf.Pub
}

func TestOpen(t *testing.T) {
	o := newOffice(t)
	o.wants(o.cases.Open(o.ctx, lin, 100, "", hearback.P2, ""))(hearback.ErrRefused) // no desk yet
	if err := o.desks.Add(o.ctx, lin, hearback.Desk{Slug: "front", Name: "Front"}, ""); err != nil {
		t.Fatal(err)
	}
	if err := o.desks.Add(o.ctx, lin, hearback.Desk{Slug: "water", Name: "Water"}, ""); err != nil {
		t.Fatal(err)
	}
	o.wants(o.cases.Open(o.ctx, lin, 100, "nowhere", hearback.P2, ""))(hearback.ErrInvalid)
	o.wants(o.cases.Open(o.ctx, lin, 100, "", hearback.Watch, ""))(hearback.ErrInvalid)
	o.wants(o.cases.Open(o.ctx, lin, 100, "", "P0", ""))(hearback.ErrInvalid)
	o.wants(o.cases.Open(o.ctx, lin, 9, "", hearback.P2, ""))(hearback.ErrNotFound)
	o.wants(o.cases.Open(o.ctx, hearback.System, 100, "", hearback.P2, ""))(hearback.ErrRefused)

	c := o.must(o.cases.Open(o.ctx, lin, 100, "", hearback.P2, "Zhang called"))
	if c.State != hearback.CaseOpen || c.Desk != "front" || c.Version != 1 || c.Next().Kind != hearback.DeadlineRoute {
		t.Errorf("a case without a desk named: %+v", c)
	}
	typ, pub := o.last()
	if typ != "case.opened" || !reflect.DeepEqual(pub, map[string]any{"concern": "2s", "desk": "front", "tier": "P2", "state": "open"}) {
		t.Errorf("record %s %v", typ, pub)
	}
	o.wants(o.cases.Open(o.ctx, lin, 100, "", hearback.P2, ""))(hearback.ErrRefused)
	if k, err := o.db.Concern(o.ctx, 100); err != nil || k.Case != c.ID {
		t.Errorf("the concern has case %s (%v)", k.Case, err)
	}
	d := o.must(o.cases.Open(o.ctx, lin, 200, "water", hearback.P1, ""))
	if d.State != hearback.CaseRouted || d.Desk != "water" || d.Next().Kind != hearback.DeadlineHolding || len(d.Steps) != 1 {
		t.Errorf("a case with a desk named: %+v", d)
	}
	// A closed one makes room; the newest is the concern's.
	o.must(o.cases.Close(o.ctx, lin, c.ID, hearback.ClosedNoConcern, "a joke"))
	o.now = o.now.Add(time.Hour)
	e := o.must(o.cases.Open(o.ctx, lin, 100, "", hearback.P3, ""))
	if got := o.must(o.db.CaseByConcern(o.ctx, 100)); got.ID != e.ID {
		t.Errorf("CaseByConcern = %s, want %s", got.ID, e.ID)
	}
	o.wants(o.cases.Reopen(o.ctx, lin, c.ID, "after all"))(hearback.ErrRefused)
	// What was merged gets no case.
	k, err := o.db.Concern(o.ctx, 200)
	if err != nil {
		t.Fatal(err)
	}
	o.must(o.cases.Close(o.ctx, lin, d.ID, hearback.ClosedActed, "mended"))
	k.State, k.Into = hearback.Merged, 100
	if err := o.db.SetConcern(o.ctx, k); err != nil {
		t.Fatal(err)
	}
	o.wants(o.cases.Open(o.ctx, lin, 200, "", hearback.P2, ""))(hearback.ErrRefused)
}

func TestOpenAtOnce(t *testing.T) {
	o := newOffice(t, "front")
	var mu sync.Mutex
	opened := 0
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			_, err := o.cases.Open(o.ctx, lin, 100, "", hearback.P2, "")
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				opened++
			} else if !errors.Is(err, hearback.ErrConflict) && !errors.Is(err, hearback.ErrRefused) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	size, _ := o.db.LogSize(o.ctx)
	if opened != 1 || size != 2 {
		t.Errorf("%d cases opened, %d entries, want 1 and 2", opened, size)
	}
}

func TestRouteAndCheck(t *testing.T) {
	o := newOffice(t, "front", "water")
	c := o.must(o.cases.Open(o.ctx, lin, 100, "", hearback.P2, ""))
	o.wants(o.cases.Route(o.ctx, lin, c.ID, "", ""))(hearback.ErrInvalid)
	o.wants(o.cases.Route(o.ctx, lin, c.ID, "nowhere", ""))(hearback.ErrInvalid)
	o.wants(o.cases.StartChecking(o.ctx, lin, c.ID, ""))(hearback.ErrRefused)
	o.now = o.now.Add(20 * time.Minute)
	c = o.must(o.cases.Route(o.ctx, lin, c.ID, "water", "ask Zhang in 5B"))
	typ, pub := o.last()
	if typ != "case.moved" || !reflect.DeepEqual(pub, map[string]any{"case": c.ID.String(), "from": "open", "to": "routed", "desk": "water", "from_desk": "front"}) {
		t.Errorf("record %s %v", typ, pub)
	}
	if c.Steps[0].Note != "ask Zhang in 5B" || !c.Deadlines[0].Met.Equal(o.now) {
		t.Errorf("case %+v", c)
	}
	o.wants(o.cases.Route(o.ctx, lin, c.ID, "water", ""))(hearback.ErrRefused)
	c = o.must(o.cases.StartChecking(o.ctx, lin, c.ID, ""))
	o.wants(o.cases.StartChecking(o.ctx, lin, c.ID, ""))(hearback.ErrRefused)
	o.must(o.cases.Route(o.ctx, lin, c.ID, "front", "not ours"))
	// Somebody else was faster.
	stale := *o.must(o.db.Case(o.ctx, c.ID))
	o.must(o.cases.StartChecking(o.ctx, lin, c.ID, ""))
	o.wants(nil, o.db.SaveCase(o.ctx, &stale, nil, hearback.Record{Type: hearback.CaseMoved, At: start}))(hearback.ErrConflict)
}

func TestEvidenceAndVerdict(t *testing.T) {
	o := newOffice(t, "front")
	c := o.must(o.cases.Open(o.ctx, lin, 100, "front", hearback.P2, ""))
	o.wants(o.cases.SetVerdict(o.ctx, lin, c.ID, hearback.False, ""))(hearback.ErrRefused)
	o.wants(o.cases.SetVerdict(o.ctx, lin, c.ID, "loyal", ""))(hearback.ErrInvalid)
	o.wants(o.cases.AddEvidence(o.ctx, lin, c.ID, hearback.Evidence{Title: "x", URL: "javascript:alert(1)"}))(hearback.ErrInvalid)
	hash := strings.Repeat("0a", 32)
	c = o.must(o.cases.AddEvidence(o.ctx, lin, c.ID, hearback.Evidence{
		ID: 7, Title: "Letter of Zhang", URL: "https://Social.example/zhang/status/1", Hash: hash, By: hearback.System, Retracted: start,
	}))
	e := c.Evidence[0]
	if e.ID == 7 || e.By != lin || !e.Retracted.IsZero() || !e.Added.Equal(start) {
		t.Errorf("evidence kept as it was sent: %+v", e)
	}
	typ, pub := o.last()
	if typ != "evidence.added" || !reflect.DeepEqual(pub, map[string]any{"case": c.ID.String(), "evidence": e.ID.String(), "host": "social.example", "primary": false, "sha256": hash}) {
		t.Errorf("record %s %v: the log holds the host, never the address or title", typ, pub)
	}
	o.wants(o.cases.SetVerdict(o.ctx, lin, c.ID, hearback.False, ""))(hearback.ErrRefused)
	c = o.must(o.cases.AddEvidence(o.ctx, lin, c.ID, hearback.Evidence{Title: "Sheet", Primary: true}))
	c = o.must(o.cases.SetVerdict(o.ctx, lin, c.ID, hearback.False, "two people agreed"))
	if typ, pub = o.last(); typ != "claim.assessed" || pub["verdict"] != "false" || pub["scheme"] != "nine/1" || len(pub["evidence"].([]any)) != 2 {
		t.Errorf("record %s %v", typ, pub)
	}
	o.wants(o.cases.SetVerdict(o.ctx, lin, c.ID, hearback.False, ""))(hearback.ErrRefused)
	c = o.must(o.cases.RetractEvidence(o.ctx, lin, c.ID, c.Evidence[1].ID, "mislabelled"))
	if typ, pub = o.last(); c.Verdict != "" || typ != "evidence.retracted" || pub["verdict_taken_back"] != "false" {
		t.Errorf("verdict %q, record %s %v", c.Verdict, typ, pub)
	}
	o.must(o.cases.SetVerdict(o.ctx, lin, c.ID, hearback.Unverifiable, ""))
}

func TestSetTier(t *testing.T) {
	o := newOffice(t, "front")
	c := o.must(o.cases.Open(o.ctx, lin, 100, "front", hearback.P3, ""))
	due := func(kind hearback.DeadlineKind) time.Duration {
		for _, d := range c.Deadlines {
			if d.Kind == kind && d.Running() {
				return d.Due.Sub(start)
			}
		}
		return 0
	}
	if due(hearback.DeadlineAnswer) != 48*time.Hour || due(hearback.DeadlineHolding) != 0 {
		t.Errorf("clocks of P3: %+v", c.Deadlines)
	}
	o.wants(o.cases.SetTier(o.ctx, lin, c.ID, hearback.P1, " "))(hearback.ErrInvalid)
	o.wants(o.cases.SetTier(o.ctx, lin, c.ID, hearback.P3, "same"))(hearback.ErrRefused)
	o.wants(o.cases.SetTier(o.ctx, lin, c.ID, hearback.Watch, "quiet"))(hearback.ErrInvalid)
	o.wants(o.cases.SetTier(o.ctx, lin, c.ID, hearback.P1, "call +44 20 7946 0958"))(hearback.ErrRefused)
	o.wants(o.cases.SetTier(o.ctx, hearback.System, c.ID, hearback.P4, "quiet"))(hearback.ErrRefused)
	o.must(o.cases.Pause(o.ctx, lin, c.ID, "the laboratory"))
	o.now = start.Add(2 * time.Hour)
	c = o.must(o.cases.SetTier(o.ctx, hearback.System, c.ID, hearback.P1, "harm 80"))
	if typ, pub := o.last(); typ != "tier.changed" || pub["from"] != "P3" || pub["to"] != "P1" || pub["reason"] != "harm 80" {
		t.Errorf("record %s %v", typ, pub)
	}
	if c.Paused() || due(hearback.DeadlineAnswer) != 7*time.Hour || due(hearback.DeadlineHolding) != 4*time.Hour || due(hearback.DeadlineRoute) != 0 {
		t.Errorf("an emergency does not wait: %+v", c.Deadlines)
	}
	c = o.must(o.cases.SetTier(o.ctx, lin, c.ID, hearback.P3, "rated again"))
	if due(hearback.DeadlineHolding) != 0 || due(hearback.DeadlineAnswer) != 50*time.Hour {
		t.Errorf("clocks after lowering: %+v", c.Deadlines)
	}
	c = o.must(o.cases.SetTier(o.ctx, lin, c.ID, hearback.P2, "and again"))
	if due(hearback.DeadlineHolding) != 7*time.Hour {
		t.Errorf("clocks after raising: %+v", c.Deadlines)
	}
}

func TestExtendAndPause(t *testing.T) {
	o := newOffice(t, "front")
	c := o.must(o.cases.Open(o.ctx, lin, 100, "front", hearback.P4, ""))
	o.wants(o.cases.Extend(o.ctx, lin, c.ID, ""))(hearback.ErrInvalid)
	o.wants(o.cases.Resume(o.ctx, lin, c.ID))(hearback.ErrRefused)
	o.must(o.cases.Pause(o.ctx, lin, c.ID, "Zhang is away"))
	if typ, pub := o.last(); typ != "case.paused" || len(pub) != 1 {
		t.Errorf("record %s %v", typ, pub)
	}
	if list, err := o.db.Cases(o.ctx, store.CaseFilter{LateAt: start.Add(9999 * time.Hour)}); err != nil || len(list) != 0 {
		t.Errorf("a paused case is late: %v, %v", list, err)
	}
	o.now = start.Add(90 * time.Minute)
	o.must(o.cases.Resume(o.ctx, lin, c.ID))
	if typ, pub := o.last(); typ != "case.resumed" || pub["minutes"] != 90.0 {
		t.Errorf("record %s %v", typ, pub)
	}
	c = o.must(o.cases.Extend(o.ctx, lin, c.ID, "three offices must agree"))
	if want := start.Add(15*24*time.Hour + 90*time.Minute); !c.Next().Due.Equal(want) {
		t.Errorf("due %s, want %s", c.Next().Due, want)
	}
	o.wants(o.cases.Extend(o.ctx, lin, c.ID, "again"))(hearback.ErrRefused)
	d := o.must(o.cases.Open(o.ctx, lin, 200, "front", hearback.P2, ""))
	o.wants(o.cases.Extend(o.ctx, lin, d.ID, "complex"))(hearback.ErrRefused)
}

func TestCloseAndReopen(t *testing.T) {
	o := newOffice(t, "front", "water")
	c := o.must(o.cases.Open(o.ctx, lin, 100, "water", hearback.P2, ""))
	o.wants(o.cases.Close(o.ctx, lin, c.ID, hearback.ClosedAnswered, ""))(hearback.ErrRefused)
	o.wants(o.cases.Close(o.ctx, lin, c.ID, hearback.ClosedByExisting, "note"))(hearback.ErrInvalid)
	o.wants(o.cases.Close(o.ctx, lin, c.ID, hearback.ClosedActed, ""))(hearback.ErrInvalid)
	o.wants(o.cases.Reopen(o.ctx, lin, c.ID, "why"))(hearback.ErrRefused)
	c = o.must(o.cases.Close(o.ctx, lin, c.ID, hearback.ClosedActed, "Zhang mended it"))
	if typ, pub := o.last(); typ != "case.moved" || pub["reason"] != "acted" || pub["to"] != "closed" || strings.Contains(asJSON(t, pub), "Zhang") {
		t.Errorf("record %s %v", typ, pub)
	}
	o.wants(o.cases.AddEvidence(o.ctx, lin, c.ID, hearback.Evidence{Title: "x"}))(hearback.ErrRefused)
	o.wants(o.cases.Pause(o.ctx, lin, c.ID, "x"))(hearback.ErrRefused)
	o.wants(o.cases.SetTier(o.ctx, lin, c.ID, hearback.P1, "x"))(hearback.ErrRefused)
	o.wants(o.cases.Route(o.ctx, lin, c.ID, "front", ""))(hearback.ErrRefused)
	o.wants(o.cases.Reopen(o.ctx, lin, c.ID, " "))(hearback.ErrInvalid)
	// Its desk is gone meanwhile: the fallback takes it.
	if err := o.desks.Remove(o.ctx, lin, "water", ""); err != nil {
		t.Fatal(err)
	}
	o.now = start.Add(30 * time.Hour)
	c = o.must(o.cases.Reopen(o.ctx, hearback.System, c.ID, "asked again after the answer"))
	if c.State != hearback.CaseRouted || c.Reason != "" || c.Desk != "front" || !c.Next().Due.Equal(o.now.Add(5*time.Hour)) {
		t.Errorf("reopened: %+v", c)
	}
}

func TestCloseByExisting(t *testing.T) {
	o := newOffice(t, "front")
	c := o.must(o.cases.Open(o.ctx, lin, 100, "front", hearback.P2, ""))
	d := o.must(o.cases.Open(o.ctx, lin, 200, "front", hearback.P2, ""))
	// An answer of the first case, drafted and published by hand.
	a := &hearback.Answer{ID: 555, Case: c.ID, Concern: 100}
	if err := a.Write([]hearback.Text{{Lang: "en", Title: "x", Lead: "y"}}, "", lin, start); err != nil {
		t.Fatal(err)
	}
	c.Answer = a.ID
	if err := o.db.SaveAnswer(o.ctx, a, c, hearback.Record{Type: hearback.AnswerDrafted, At: start}); err != nil {
		t.Fatal(err)
	}
	o.wants(o.cases.CloseByExisting(o.ctx, lin, d.ID, a.ID, "same question"))(hearback.ErrRefused) // not public
	o.wants(o.cases.CloseByExisting(o.ctx, lin, d.ID, 9, "same question"))(hearback.ErrNotFound)
	o.wants(o.cases.CloseByExisting(o.ctx, lin, c.ID, a.ID, "its own"))(hearback.ErrRefused)
	a.Draft().Published, a.State = start, hearback.AnswerPublished
	if err := o.db.SaveAnswer(o.ctx, a, nil, hearback.Record{Type: hearback.AnswerOut, At: start}); err != nil {
		t.Fatal(err)
	}
	o.wants(o.cases.CloseByExisting(o.ctx, lin, d.ID, a.ID, ""))(hearback.ErrInvalid)
	d = o.must(o.cases.CloseByExisting(o.ctx, lin, d.ID, a.ID, "same question"))
	if _, pub := o.last(); pub["answer"] != a.ID.String() || pub["reason"] != "answered_by_existing" {
		t.Errorf("record %v", pub)
	}
	if k, _ := o.db.Concern(o.ctx, 200); k.Answer != a.ID || d.Existing != a.ID {
		t.Errorf("the concern is served by %s, the case by %s", k.Answer, d.Existing)
	}
	d = o.must(o.cases.Reopen(o.ctx, lin, d.ID, "another question after all"))
	if k, _ := o.db.Concern(o.ctx, 200); k.Answer != 0 || d.Existing != 0 {
		t.Errorf("after reopening the concern is served by %s, the case by %s", k.Answer, d.Existing)
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAllowedIsAsked(t *testing.T) {
	o := newOffice(t, "front")
	c := o.must(o.cases.Open(o.ctx, lin, 100, "front", hearback.P2, ""))
	var asked []hearback.RecordType
	no := func(_ context.Context, by hearback.Actor, act hearback.RecordType) error {
		asked = append(asked, act)
		return hearback.ErrRefused
	}
	o.cases.Allowed, o.desks.Allowed = no, no
	o.wants(o.cases.Open(o.ctx, lin, 200, "", hearback.P2, ""))(hearback.ErrRefused)
	o.wants(o.cases.Route(o.ctx, lin, c.ID, "front", ""))(hearback.ErrRefused)
	o.wants(o.cases.StartChecking(o.ctx, lin, c.ID, ""))(hearback.ErrRefused)
	o.wants(o.cases.AddEvidence(o.ctx, lin, c.ID, hearback.Evidence{Title: "x"}))(hearback.ErrRefused)
	o.wants(o.cases.RetractEvidence(o.ctx, lin, c.ID, 1, "x"))(hearback.ErrRefused)
	o.wants(o.cases.SetVerdict(o.ctx, lin, c.ID, hearback.NotYetKnown, ""))(hearback.ErrRefused)
	o.wants(o.cases.SetTier(o.ctx, lin, c.ID, hearback.P1, "x"))(hearback.ErrRefused)
	o.wants(o.cases.Extend(o.ctx, lin, c.ID, "x"))(hearback.ErrRefused)
	o.wants(o.cases.Pause(o.ctx, lin, c.ID, "x"))(hearback.ErrRefused)
	o.wants(o.cases.Resume(o.ctx, lin, c.ID))(hearback.ErrRefused)
	o.wants(o.cases.Close(o.ctx, lin, c.ID, hearback.ClosedActed, "x"))(hearback.ErrRefused)
	o.wants(o.cases.CloseByExisting(o.ctx, lin, c.ID, 1, "x"))(hearback.ErrRefused)
	o.wants(o.cases.Reopen(o.ctx, lin, c.ID, "x"))(hearback.ErrRefused)
	o.wants(nil, o.desks.Add(o.ctx, lin, hearback.Desk{Slug: "b", Name: "b"}, ""))(hearback.ErrRefused)
	if size, _ := o.db.LogSize(o.ctx); size != 2 {
		t.Errorf("the log has %d entries, want 2: refused acts leave none", size)
	}
	want := []hearback.RecordType{
		hearback.CaseOpened, hearback.CaseMoved, hearback.CaseMoved, hearback.EvidenceAdded, hearback.EvidenceRetract, hearback.ClaimAssessed,
		hearback.TierChanged, hearback.TierChanged, hearback.CasePaused, hearback.CaseResumed, hearback.CaseMoved, hearback.CaseMoved, hearback.CaseMoved, hearback.DeskChanged,
	}
	if !slices.Equal(asked, want) {
		t.Errorf("asked %v, want %v", asked, want)
	}
}

func TestLeaks(t *testing.T) {
	for s, want := range map[string]bool{
		"": false, "the pipe was mended on 2026-03-18 at 14:05": false, "call 12345": false, "0.8 mg per litre": false, "三个单位需要协商": false,
		"write to zhang@example.org": true, "＠zhang": true, "13912345678": true, "+44 20 7946 0958": true, "１３９１２３４５６７８": true, "id 1234567": true,
	} {
		if got := desk.Leaks(s); got != want {
			t.Errorf("Leaks(%q) = %t, want %t", s, got, want)
		}
	}
	if _, err := desk.Public(nil, "the note", "a\x00b"); !errors.Is(err, hearback.ErrInvalid) {
		t.Errorf("Public of a null: %v, want ErrInvalid", err)
	}
}

func FuzzPublic(f *testing.F) {
	f.Add("an old guideline")
	f.Add("请联系张三 13912345678")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := desk.Public(nil, "the note", s)
		if err != nil {
			return
		}
		if _, err := (hearback.Record{Type: hearback.TierChanged, Pub: map[string]any{"reason": got}}).Leaf(1); err != nil {
			t.Errorf("Public let %q pass, which the log refuses: %v", s, err)
		}
	})
}
