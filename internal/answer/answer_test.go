package answer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/answer"
	"example.org/hearback/internal/desk"
	"example.org/hearback/internal/store"
)

var (
	lin  = hearback.Actor{ID: 1, Role: "officer", Number: 1}
	omar = hearback.Actor{ID: 2, Role: "reviewer", Number: 2}
	ada  = hearback.Actor{ID: 3, Role: "reviewer", Number: 3}
	mei  = hearback.Actor{ID: 4, Role: "officer", Number: 4}
)

// An office is both services on a store with one concern, and a case for it.
type office struct {
	t       *testing.T
	ctx     context.Context
	db      *memory
	now     time.Time
	cases   *desk.Cases
	answers *answer.Answers
	c       *hearback.Case
	revoked map[hearback.ID]bool
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, ctx: context.Background(), db: newMemory(), now: start, revoked: map[hearback.ID]bool{}}
	o.db.concerns[100] = hearback.Concern{ID: 100, State: hearback.Open, Langs: map[string]int64{"en": 90, "vi": 30, "und": 50}}
	o.db.desks = []hearback.Desk{{Slug: "water", Name: "Water", Fallback: true}}
	var ids hearback.IDs
	clock, next := func() time.Time { return o.now }, func() hearback.ID { return ids.Next(o.now) }
	o.cases = &desk.Cases{Store: o.db, Now: clock, NextID: next}
	o.answers = &answer.Answers{Store: o.db, Now: clock, NextID: next}
	o.answers.Allowed = func(_ context.Context, by hearback.Actor, act hearback.RecordType) error {
		if o.revoked[by.ID] {
			return fmt.Errorf("%w: %s may not (%s)", hearback.ErrRefused, by, act)
		}
		return nil
	}
	var err error
	if o.c, err = o.cases.Open(o.ctx, lin, 100, "water", hearback.P2, ""); err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *office) must(a *hearback.Answer, err error) *hearback.Answer {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
	return a
}

// wants is written wants(act)(error), because an act has two results.
func (o *office) wants(_ *hearback.Answer, err error) func(want error) {
	return func(want error) {
		o.t.Helper()
		if !errors.Is(err, want) {
			o.t.Errorf("got %v, want %v", err, want)
		}
	}
}

func text(title string) []hearback.Text {
	return []hearback.Text{{Lang: "en", Title: title, Lead: "One minute is enough.", Next: "Friday 17:00"}}
}

// reviewed writes a draft as lin and has omar and ada approve it.
func (o *office) reviewed(title, reason string) *hearback.Answer {
	o.t.Helper()
	c, err := o.db.Case(o.ctx, o.c.ID)
	if err != nil {
		o.t.Fatal(err)
	}
	version := 0
	if c.Answer != 0 {
		version = o.must(o.db.Answer(o.ctx, c.Answer)).Version
	}
	a := o.must(o.answers.Draft(o.ctx, lin, c.ID, text(title), reason, version))
	a = o.must(o.answers.Submit(o.ctx, lin, a.ID))
	o.must(o.answers.Approve(o.ctx, omar, a.ID, a.Draft().Hash(), ""))
	return o.must(o.answers.Approve(o.ctx, ada, a.ID, a.Draft().Hash(), "Checked against the table."))
}

func TestPublishAndCorrect(t *testing.T) {
	o := newOffice(t)
	a := o.reviewed("Boil tap water for three minutes", "")
	o.now = o.now.Add(time.Hour)
	a = o.must(o.answers.Publish(o.ctx, mei, a.ID))
	first := o.db.last()
	if first.Type != hearback.AnswerOut || first.Subject != "answer:"+a.ID.String() || first.Actor != mei {
		t.Errorf("record %+v", first)
	}
	want := map[string]any{
		"answer": a.ID.String(), "rev": 1, "langs": []string{"en"}, "url": "/answers/" + a.ID.String(), "concern": hearback.ID(100).String(),
		"author": "officer#1", "reviews": []string{"reviewer#2", "reviewer#3"}, "text": a.Current().Hash(), "sha256": first.Pub["sha256"],
		"next": a.Recheck.Format(time.RFC3339),
	}
	if got := first.Pub; asJSON(got) != asJSON(want) {
		t.Errorf("record of publication\n%s, want\n%s", asJSON(got), asJSON(want))
	}
	if k := o.db.concerns[100]; k.Answer != a.ID || !a.Recheck.Equal(o.now.Add(4*time.Hour)) {
		t.Errorf("the concern has answer %s, the next look is at %s", k.Answer, a.Recheck)
	}
	prev := a.Current().Record

	a = o.reviewed("Boil tap water for one minute", "We had used an old guideline.")
	if o.must(o.db.Answer(o.ctx, a.ID)).Current().N != 1 || o.db.concerns[100].Answer != a.ID {
		t.Error("a correction under way changed what is public")
	}
	a = o.must(o.answers.Publish(o.ctx, mei, a.ID))
	second := o.db.last()
	if second.Type != hearback.AnswerCorrected || second.Pub["prev"] != prev || second.Pub["reason"] != "We had used an old guideline." || second.Pub["rev"] != 2 {
		t.Errorf("record of the correction: %v", second)
	}
	if len(a.Public()) != 2 || a.Current().N != 2 {
		t.Errorf("%d public revisions, the current is %d", len(a.Public()), a.Current().N)
	}
	c, _ := o.db.Case(o.ctx, o.c.ID)
	if c.State != hearback.CasePublished || c.Next() != nil {
		t.Errorf("case %s, next clock %v", c.State, c.Next())
	}
}

func TestNothingPublishesUnapproved(t *testing.T) {
	o := newOffice(t)
	a := o.reviewed("x", "")
	read := a.Draft().Hash()

	// Somebody edits between the publisher's look and the write.
	o.db.before = func() {
		now := o.must(o.db.Answer(o.ctx, a.ID))
		o.must(o.answers.Draft(o.ctx, mei, o.c.ID, text("y"), "", now.Version))
	}
	o.wants(o.answers.Publish(o.ctx, lin, a.ID))(hearback.ErrConflict)
	a = o.must(o.db.Answer(o.ctx, a.ID))
	if a.Current() != nil || len(a.Draft().Approvals) != 0 || o.db.concerns[100].Answer != 0 {
		t.Fatalf("published while it was edited: %+v", a)
	}
	o.wants(o.answers.Publish(o.ctx, lin, a.ID))(hearback.ErrRefused)

	// A reviewer who read the old text does not approve the new one.
	o.must(o.answers.Submit(o.ctx, mei, a.ID))
	o.wants(o.answers.Approve(o.ctx, omar, a.ID, read, ""))(hearback.ErrConflict)
	// Nor while it changes under the approval.
	a = o.must(o.db.Answer(o.ctx, a.ID))
	o.db.before = func() {
		o.must(o.answers.Draft(o.ctx, mei, o.c.ID, text("z"), "", a.Version))
		o.must(o.answers.Submit(o.ctx, mei, a.ID))
	}
	o.wants(o.answers.Approve(o.ctx, omar, a.ID, a.Draft().Hash(), ""))(hearback.ErrConflict)
	// Lin wrote an earlier text of this revision, and so does not approve.
	a = o.must(o.db.Answer(o.ctx, a.ID))
	o.wants(o.answers.Approve(o.ctx, lin, a.ID, a.Draft().Hash(), ""))(hearback.ErrRefused)
	// A withdrawal or a closing of the case while it is published wins or loses
	// whole.
	o.must(o.answers.Approve(o.ctx, omar, a.ID, a.Draft().Hash(), ""))
	o.must(o.answers.Approve(o.ctx, ada, a.ID, a.Draft().Hash(), ""))
	o.db.before = func() {
		if _, err := o.cases.Close(o.ctx, lin, o.c.ID, hearback.ClosedActed, "the pipe is mended"); err != nil {
			t.Error(err)
		}
	}
	o.wants(o.answers.Publish(o.ctx, lin, a.ID))(hearback.ErrConflict)
	a = o.must(o.db.Answer(o.ctx, a.ID))
	if a.Current() != nil || a.Draft() != nil || a.Revisions[0].Dropped.IsZero() {
		t.Errorf("after the case was closed: %+v", a)
	}
	o.wants(o.answers.Publish(o.ctx, lin, a.ID))(hearback.ErrRefused)
	o.wants(o.answers.Draft(o.ctx, lin, o.c.ID, text("x"), "", a.Version))(hearback.ErrRefused)
}

func TestRoleTakenAwayInReview(t *testing.T) {
	o := newOffice(t)
	a := o.reviewed("x", "")
	o.revoked[omar.ID] = true
	_, err := o.answers.Publish(o.ctx, lin, a.ID)
	if !errors.Is(err, hearback.ErrRefused) || !strings.Contains(err.Error(), "reviewer#2") {
		t.Errorf("Publish with a lapsed approval: %v, want ErrRefused that names reviewer#2", err)
	}
	o.wants(o.answers.Approve(o.ctx, omar, a.ID, a.Draft().Hash(), ""))(hearback.ErrRefused)
	o.must(o.answers.Approve(o.ctx, mei, a.ID, a.Draft().Hash(), ""))
	o.must(o.answers.Publish(o.ctx, lin, a.ID))
	if got := o.db.last().Pub["reviews"]; !slices.Equal(got.([]string), []string{"reviewer#3", "officer#4"}) {
		t.Errorf("reviews on the log: %v", got)
	}
	// Whose role is gone does nothing at all.
	size := len(o.db.log)
	for name, err := range map[string]error{
		"draft":     second(o.answers.Draft(o.ctx, omar, o.c.ID, text("y"), "r", 9)),
		"submit":    second(o.answers.Submit(o.ctx, omar, a.ID)),
		"return":    second(o.answers.Return(o.ctx, omar, a.ID, "n")),
		"drop":      second(o.answers.Drop(o.ctx, omar, a.ID, "n")),
		"publish":   second(o.answers.Publish(o.ctx, omar, a.ID)),
		"withdraw":  second(o.answers.Withdraw(o.ctx, omar, a.ID, "r")),
		"recheck":   second(o.answers.Rechecked(o.ctx, omar, a.ID, time.Time{})),
		"reviewers": o.answers.SetReviewers(o.ctx, omar, 1, "r"),
	} {
		if !errors.Is(err, hearback.ErrRefused) || len(o.db.log) != size {
			t.Errorf("%s: %v, and %d entries, want ErrRefused and %d", name, err, len(o.db.log), size)
		}
	}
	// A fault of the check is not an approval.
	o = newOffice(t)
	a = o.reviewed("x", "")
	broken := errors.New("no accounts")
	o.answers.Allowed = func(_ context.Context, by hearback.Actor, _ hearback.RecordType) error {
		if by == omar {
			return broken
		}
		return nil
	}
	o.wants(o.answers.Publish(o.ctx, lin, a.ID))(broken)
}

func second(_ *hearback.Answer, err error) error { return err }

func TestWithdraw(t *testing.T) {
	o := newOffice(t)
	a := o.reviewed("x", "")
	a = o.must(o.answers.Publish(o.ctx, lin, a.ID))
	o.wants(o.answers.Withdraw(o.ctx, lin, a.ID, " "))(hearback.ErrInvalid)
	o.now = o.now.Add(time.Hour)
	a = o.must(o.answers.Withdraw(o.ctx, lin, a.ID, "The sample was mislabelled."))
	r := o.db.last()
	if r.Type != hearback.AnswerRetracted || r.Pub["reason"] != "The sample was mislabelled." || r.Pub["prev"] != a.Current().Record || a.Withdrawn.Record != int64(len(o.db.log)-1) {
		t.Errorf("record %+v, stands at %d", r, a.Withdrawn.Record)
	}
	c, _ := o.db.Case(o.ctx, o.c.ID)
	if c.State != hearback.CaseRouted || c.Answer != 0 || !slices.Equal(c.Past, []hearback.ID{a.ID}) || o.db.concerns[100].Answer != 0 {
		t.Errorf("case %+v, concern served by %s", c, o.db.concerns[100].Answer)
	}
	if d := c.Next(); d == nil || !c.Since.Equal(o.now) || d.Kind != hearback.DeadlineHolding || !d.Due.Equal(o.now.Add(5*time.Hour)) {
		t.Errorf("the clocks after a withdrawal: %+v", c.Deadlines)
	}
	// It is not corrected, but the case gets a new answer.
	for _, err := range []error{second(o.answers.Submit(o.ctx, lin, a.ID)), second(o.answers.Publish(o.ctx, lin, a.ID)), second(o.answers.Withdraw(o.ctx, lin, a.ID, "r"))} {
		if !errors.Is(err, hearback.ErrRefused) {
			t.Errorf("an act on a withdrawn answer: %v, want ErrRefused", err)
		}
	}
	b := o.reviewed("y", "")
	b = o.must(o.answers.Publish(o.ctx, lin, b.ID))
	if b.ID == a.ID || o.db.last().Type != hearback.AnswerOut || o.db.concerns[100].Answer != b.ID {
		t.Errorf("the new answer is %s, was %s; %v", b.ID, a.ID, o.db.last())
	}
	if old := o.must(o.db.Answer(o.ctx, a.ID)); len(old.Public()) != 1 || old.State != hearback.AnswerWithdrawn {
		t.Errorf("the withdrawn answer is %+v", old)
	}
}

func TestWithdrawUnderANewerCase(t *testing.T) {
	o := newOffice(t)
	a := o.reviewed("x", "")
	o.must(o.answers.Publish(o.ctx, lin, a.ID))
	if _, err := o.cases.Close(o.ctx, lin, o.c.ID, hearback.ClosedAnswered, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := o.cases.Open(o.ctx, lin, 100, "", hearback.P3, ""); err != nil {
		t.Fatal(err)
	}
	o.must(o.answers.Withdraw(o.ctx, lin, a.ID, "wrong"))
	if c, _ := o.db.Case(o.ctx, o.c.ID); c.State != hearback.CaseClosed || c.Answer != 0 {
		t.Errorf("the old case is %s with answer %s, want closed with none", c.State, c.Answer)
	}
	if o.db.last().Pub["reopened"] != false {
		t.Errorf("record %v", o.db.last())
	}
}

func TestVerdictMustRest(t *testing.T) {
	o := newOffice(t)
	rated := text("x")
	rated[0].Verdict = hearback.False
	a := o.must(o.answers.Draft(o.ctx, lin, o.c.ID, rated, "", 0))
	o.wants(o.answers.Submit(o.ctx, lin, a.ID))(hearback.ErrRefused)
	if _, err := o.cases.AddEvidence(o.ctx, lin, o.c.ID, hearback.Evidence{Title: "sheet", Primary: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := o.cases.SetVerdict(o.ctx, lin, o.c.ID, hearback.Misleading, ""); err != nil {
		t.Fatal(err)
	}
	o.wants(o.answers.Submit(o.ctx, lin, a.ID))(hearback.ErrRefused)
	if _, err := o.cases.SetVerdict(o.ctx, lin, o.c.ID, hearback.False, ""); err != nil {
		t.Fatal(err)
	}
	a = o.must(o.answers.Submit(o.ctx, lin, a.ID))
	o.must(o.answers.Approve(o.ctx, omar, a.ID, a.Draft().Hash(), ""))
	o.must(o.answers.Approve(o.ctx, ada, a.ID, a.Draft().Hash(), ""))
	// The evidence goes while the answer is in review: it cannot go out.
	c, err := o.db.Case(o.ctx, o.c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.cases.RetractEvidence(o.ctx, lin, c.ID, c.Evidence[0].ID, "misread"); err != nil {
		t.Fatal(err)
	}
	o.wants(o.answers.Publish(o.ctx, lin, a.ID))(hearback.ErrRefused)
	// That something is not yet known may always be said.
	rated[0].Verdict = hearback.NotYetKnown
	a = o.must(o.answers.Draft(o.ctx, lin, c.ID, rated, "", o.must(o.db.Answer(o.ctx, a.ID)).Version))
	o.must(o.answers.Submit(o.ctx, lin, a.ID))
}

func TestReviewersSetting(t *testing.T) {
	o := newOffice(t)
	a := o.must(o.answers.Draft(o.ctx, lin, o.c.ID, text("x"), "", 0))
	a = o.must(o.answers.Submit(o.ctx, lin, a.ID))
	o.must(o.answers.Approve(o.ctx, omar, a.ID, a.Draft().Hash(), ""))
	o.wants(o.answers.Publish(o.ctx, lin, a.ID))(hearback.ErrRefused)
	for _, bad := range []struct {
		by     hearback.Actor
		n      int
		reason string
		err    error
	}{
		{lin, 0, "why", hearback.ErrInvalid}, {lin, 10, "why", hearback.ErrInvalid}, {lin, 1, "", hearback.ErrInvalid},
		{lin, 1, "ask zhang@example.org", hearback.ErrRefused}, {hearback.System, 1, "why", hearback.ErrRefused},
	} {
		if err := o.answers.SetReviewers(o.ctx, bad.by, bad.n, bad.reason); !errors.Is(err, bad.err) {
			t.Errorf("SetReviewers(%d, %q) = %v, want %v", bad.n, bad.reason, err, bad.err)
		}
	}
	if err := o.answers.SetReviewers(o.ctx, lin, 1, "两人办公室"); err != nil {
		t.Fatal(err)
	}
	if r := o.db.last(); r.Type != hearback.ReviewersChanged || asJSON(r.Pub) != `{"from":2,"reason":"两人办公室","to":1}` {
		t.Errorf("record %+v", r)
	}
	o.must(o.answers.Publish(o.ctx, lin, a.ID))
	// A setting that cannot be read stops publishing; it is not taken for one.
	for _, v := range []string{"0", "-1", "many", "99"} {
		o.db.settings["reviewers"] = v
		if _, err := o.answers.Needed(o.ctx); !errors.Is(err, hearback.ErrInvalid) {
			t.Errorf("Needed with %q = %v, want ErrInvalid", v, err)
		}
	}
	if err := o.answers.SetReviewers(o.ctx, lin, 2, "three people work here now"); err != nil {
		t.Errorf("a broken setting cannot be mended: %v", err)
	}
	o.answers.Reviewers = func(context.Context) (int, error) { return 0, nil }
	if n, err := o.answers.Needed(o.ctx); n != 1 || err != nil {
		t.Errorf("Needed of a caller that says 0 = %d, %v, want 1", n, err)
	}
}

func TestNotesStayOffTheLog(t *testing.T) {
	o := newOffice(t)
	secret := "Zhang of 5 Elm Street called"
	a := o.must(o.answers.Draft(o.ctx, lin, o.c.ID, text("x"), "", 0))
	o.must(o.answers.Submit(o.ctx, lin, a.ID))
	o.must(o.answers.Return(o.ctx, omar, a.ID, secret))
	o.wants(o.answers.Return(o.ctx, omar, a.ID, ""))(hearback.ErrInvalid)
	a = o.must(o.answers.Submit(o.ctx, lin, a.ID))
	o.must(o.answers.Drop(o.ctx, lin, a.ID, secret))
	for _, r := range o.db.log {
		if strings.Contains(asJSON(r), "Zhang") {
			t.Errorf("the log holds a note: %+v", r)
		}
	}
	c, _ := o.db.Case(o.ctx, o.c.ID)
	if n := strings.Count(asJSON(c.Steps), "Zhang"); n != 2 {
		t.Errorf("the history of the case holds %d notes, want 2", n)
	}
	// What must go to the log is checked first.
	o.answers.Leak = func(s string) bool { return strings.Contains(s, "Zhang") }
	a = o.reviewed("x", "")
	a = o.must(o.answers.Publish(o.ctx, lin, a.ID))
	size := len(o.db.log)
	o.wants(o.answers.Draft(o.ctx, lin, o.c.ID, text("y"), secret, a.Version))(hearback.ErrRefused)
	o.wants(o.answers.Approve(o.ctx, omar, a.ID, "", secret))(hearback.ErrRefused)
	o.wants(o.answers.Withdraw(o.ctx, lin, a.ID, secret))(hearback.ErrRefused)
	if len(o.db.log) != size {
		t.Error("a refused act is on the log")
	}
}

func TestMarkupStaysText(t *testing.T) {
	o := newOffice(t)
	evil := `<script>alert("1")</script> & </title><!--`
	t1 := hearback.Text{Lang: "en", Title: evil, Lead: evil, Do: evil, Known: evil, Going: evil, Why: evil, Next: evil}
	a := o.must(o.answers.Draft(o.ctx, lin, o.c.ID, []hearback.Text{t1}, "", 0))
	a = o.must(o.answers.Submit(o.ctx, lin, a.ID))
	o.must(o.answers.Approve(o.ctx, omar, a.ID, a.Draft().Hash(), evil))
	o.must(o.answers.Approve(o.ctx, ada, a.ID, a.Draft().Hash(), ""))
	a = o.must(o.answers.Publish(o.ctx, lin, a.ID))
	a = o.must(o.answers.Withdraw(o.ctx, lin, a.ID, evil))
	if got := o.must(o.db.Answer(o.ctx, a.ID)); got.Current().Texts[0] != t1 || got.Withdrawn.Reason != evil {
		t.Errorf("the words changed: %+v", got.Current().Texts[0])
	}
	for i, r := range o.db.log {
		leaf, err := r.Leaf(int64(i))
		if err != nil || !json.Valid(leaf) {
			t.Errorf("leaf %s, %v", leaf, err)
		}
	}
}

func TestRechecked(t *testing.T) {
	o := newOffice(t)
	a := o.reviewed("x", "")
	o.wants(o.answers.Rechecked(o.ctx, lin, a.ID, time.Time{}))(hearback.ErrRefused)
	o.must(o.answers.Publish(o.ctx, lin, a.ID))
	o.wants(o.answers.Rechecked(o.ctx, lin, a.ID, o.now))(hearback.ErrInvalid)
	next := o.now.Add(24 * time.Hour)
	if a = o.must(o.answers.Rechecked(o.ctx, lin, a.ID, next)); !a.Recheck.Equal(next) || o.db.last().Pub["next"] != "2026-03-19T09:00:00Z" {
		t.Errorf("next look %s, record %v", a.Recheck, o.db.last())
	}
}

// TestManyAtOnce lets reviewers, writers and publishers act at the same moment
// on the real store: whatever goes out was approved word for word.
func TestManyAtOnce(t *testing.T) {
	ctx := context.Background()
	db, err := store.Open(ctx, filepath.Join(t.TempDir(), "hearback.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Take(ctx, &store.Batch{Concerns: []*hearback.Concern{{ID: 100, Theme: 100, First: start, Last: start}}}); err != nil {
		t.Fatal(err)
	}
	var ids hearback.IDs
	clock, next := func() time.Time { return start }, func() hearback.ID { return ids.Next(start) }
	desks := &desk.Desks{Store: db, Now: clock}
	if err := desks.Add(ctx, lin, hearback.Desk{Slug: "water", Name: "Water"}, ""); err != nil {
		t.Fatal(err)
	}
	cases, answers := &desk.Cases{Store: db, Now: clock, NextID: next}, &answer.Answers{Store: db, Now: clock, NextID: next}
	c, err := cases.Open(ctx, lin, 100, "water", hearback.P2, "")
	if err != nil {
		t.Fatal(err)
	}
	a, err := answers.Draft(ctx, lin, c.ID, text("0"), "", 0)
	if err != nil {
		t.Fatal(err)
	}
	begun, err := db.LogSize(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var out atomic.Int64
	var worked sync.Map // how many acts each person had through
	var wg sync.WaitGroup
	for i := range 8 {
		by := hearback.Actor{ID: hearback.ID(i + 1), Role: "reviewer", Number: i + 1}
		wg.Go(func() {
			n := int64(0)
			for round := 0; out.Load() < 6 && round < 20_000; round++ {
				now, err := db.Answer(ctx, a.ID)
				if err != nil {
					t.Error(err)
					return
				}
				switch {
				case i < 2 && (now.Draft() == nil || round%200 == i): // two people keep writing
					_, err = answers.Draft(ctx, by, c.ID, text(fmt.Sprint(i, round)), "again", now.Version)
				case i < 2:
					_, err = answers.Submit(ctx, by, a.ID)
				case i == 7:
					if _, err = answers.Publish(ctx, by, a.ID); err == nil {
						out.Add(1)
					}
				default:
					hash := ""
					if d := now.Draft(); d != nil {
						hash = d.Hash()
					}
					_, err = answers.Approve(ctx, by, a.ID, hash, "")
				}
				if err == nil {
					n++
				} else if !errors.Is(err, hearback.ErrRefused) && !errors.Is(err, hearback.ErrConflict) {
					t.Error(err)
				}
			}
			worked.Store(i, n)
		})
	}
	wg.Wait()
	total := begun
	worked.Range(func(_, n any) bool { total += n.(int64); return true })
	if size, err := db.LogSize(ctx); size != total || err != nil {
		t.Errorf("the log has %d entries after %d acts (%v)", size, total, err)
	}
	if a, err = db.Answer(ctx, a.ID); err != nil {
		t.Fatal(err)
	}
	for _, r := range a.Public() {
		if len(r.Valid()) < hearback.Reviewers {
			t.Errorf("revision %d went out with %v", r.N, r.Approvals)
		}
	}
	if n := out.Load(); n == 0 || int(n) != len(a.Public()) {
		t.Errorf("%d revisions are public, %d went out", len(a.Public()), n)
	}
	t.Logf("%d acts, %d revisions went out", total-begun, len(a.Public()))
}
