package answer_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"example.org/hearback"
	"example.org/hearback/internal/answer"
	"example.org/hearback/internal/desk"
	"example.org/hearback/internal/store"
)

// replies is what both services need of a store, and what the model reads.
type replies interface {
	answer.Store
	desk.Store
	LogSize(ctx context.Context) (int64, error)
}

var (
	_ replies = (*memory)(nil)
	_ replies = (*store.DB)(nil)
)

// A model knows what must be true of every case and answer, from what it saw
// people do and not from the states it checks.
type model struct {
	t       *rapid.T
	ctx     context.Context
	db      replies
	now     time.Time
	cases   *desk.Cases
	answers *answer.Answers
	record  func() hearback.Record // the newest

	concerns []hearback.ID
	people   []hearback.Actor
	may      map[hearback.ID]bool // who may approve
	need     int
	log      int64

	caseIDs, answerIDs []hearback.ID
	busy               hearback.ID // the answer that people hurry with, or 0
	steps              map[hearback.ID][]hearback.Step
	drafts             map[hearback.ID]*seenDraft
	public             map[string]string // published revisions as JSON, by answer and number
	dropped            map[string]string
	withdrawn          map[hearback.ID]bool
	counts             map[string]int                      // acts that worked, by name
	kept               map[hearback.ID]map[string][]string // what cases keep, as JSON; it only grows
	alone              map[string]bool                     // published revisions that lack approvals
}

// seenDraft is what the model saw of one unpublished revision.
type seenDraft struct {
	n         int
	writers   map[hearback.ID]bool
	text      string // its words
	submitted bool
	approved  map[hearback.ID]string // who, and of which words
}

var start = time.Date(2026, 3, 18, 9, 0, 0, 0, time.UTC)

func newModel(t *rapid.T, db replies, record func() hearback.Record, concerns []hearback.ID) *model {
	m := &model{
		t: t, ctx: context.Background(), db: db, now: start, need: hearback.Reviewers, record: record, concerns: concerns,
		may: map[hearback.ID]bool{}, steps: map[hearback.ID][]hearback.Step{}, drafts: map[hearback.ID]*seenDraft{},
		public: map[string]string{}, dropped: map[string]string{}, withdrawn: map[hearback.ID]bool{}, counts: map[string]int{},
		kept: map[hearback.ID]map[string][]string{}, alone: map[string]bool{},
	}
	for i := range 6 {
		role := []string{"officer", "reviewer", "administrator"}[i%3]
		p := hearback.Actor{ID: hearback.ID(i + 1), Role: role, Number: i + 1}
		m.people, m.may[p.ID] = append(m.people, p), true
	}
	m.people = append(m.people, hearback.System)
	var ids hearback.IDs
	next := func() hearback.ID { return ids.Next(m.now) }
	clock := func() time.Time { return m.now }
	allowed := func(_ context.Context, by hearback.Actor, act hearback.RecordType) error {
		if act == hearback.AnswerApproved && !m.may[by.ID] {
			return fmt.Errorf("%w: %s is not a reviewer", hearback.ErrRefused, by)
		}
		return nil
	}
	m.cases = &desk.Cases{Store: db, Now: clock, NextID: next, Allowed: allowed}
	m.answers = &answer.Answers{Store: db, Now: clock, NextID: next, Allowed: allowed}
	m.log, _ = db.LogSize(m.ctx)
	return m
}

func (m *model) who() hearback.Actor { return rapid.SampledFrom(m.people).Draw(m.t, "who") }

func (m *model) aCase() hearback.ID {
	// Most acts need a case. To wait for one to be drawn would now and then end a
	// run with nothing that can be done.
	for tries := 0; len(m.caseIDs) == 0 && tries < 20; tries++ {
		m.open()
	}
	if len(m.caseIDs) == 0 {
		m.t.Skip("no case yet")
	}
	return rapid.SampledFrom(m.caseIDs).Draw(m.t, "case")
}

func (m *model) anAnswer() hearback.ID {
	if len(m.answerIDs) == 0 {
		m.t.Skip("no answer yet")
	}
	if m.busy != 0 {
		return m.busy
	}
	return rapid.SampledFrom(m.answerIDs).Draw(m.t, "answer")
}

// did checks what is true after every act: a refused one left no trace, one
// that worked left one entry.
func (m *model) did(name string, err error) {
	m.t.Helper()
	size, serr := m.db.LogSize(m.ctx)
	if serr != nil {
		m.t.Fatal(serr)
	}
	if err == nil {
		m.log++
		m.counts[name]++
	} else if !errors.Is(err, hearback.ErrRefused) && !errors.Is(err, hearback.ErrInvalid) && !errors.Is(err, hearback.ErrConflict) && !errors.Is(err, hearback.ErrNotFound) {
		m.t.Fatalf("%s: %v is no error a person can act on", name, err)
	}
	if size != m.log {
		m.t.Fatalf("%s (%v): the log has %d entries, want %d", name, err, size, m.log)
	}
}

func key(a *hearback.Answer, r *hearback.Revision) string { return fmt.Sprintf("%s/%d", a.ID, r.N) }

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// frozen is what nobody can change of a published revision: all of it, but
// that one which went out in an emergency gets the approvals that it lacked.
func frozen(r *hearback.Revision) string {
	x := *r
	if x.Urgent != nil {
		u := *x.Urgent
		u.Reviewed, x.Urgent, x.Approvals = time.Time{}, &u, nil
	}
	return asJSON(x)
}

// ratify adds an approval to what went out in an emergency.
func (m *model) ratify() {
	id, by := m.anAnswer(), m.who()
	before, err := m.db.Answer(m.ctx, id)
	if err != nil {
		m.t.Fatal(err)
	}
	r := before.Current()
	if r == nil {
		m.t.Skip("nothing is published")
	}
	a, err := m.answers.Ratify(m.ctx, by, id, r.Hash(), "")
	m.did("ratify", err)
	want := m.may[by.ID] && by.ID != 0 && before.State == hearback.AnswerPublished && r.Urgent != nil && r.Urgent.Reviewed.IsZero() &&
		!slices.ContainsFunc(r.Writers, func(w hearback.Actor) bool { return w.ID == by.ID }) &&
		!slices.ContainsFunc(r.Approvals, func(x hearback.Approval) bool { return x.By.ID == by.ID })
	if (err == nil) != want {
		m.t.Fatalf("%s ratifies %s: %v, want allowed %t", by, id, err, want)
	}
	if err == nil && (len(a.Current().Valid()) >= m.need) != !a.Unreviewed() {
		m.t.Fatalf("answer %s has %d of %d approvals, and lacks some: %t", id, len(a.Current().Valid()), m.need, a.Unreviewed())
	}
	m.checkOf(id, a)
}

func said(r *hearback.Revision) string { return asJSON([]any{r.Texts, r.Reason}) }

// check holds a case and its answers against what the model saw.
func (m *model) check(id hearback.ID) {
	m.t.Helper()
	c, err := m.db.Case(m.ctx, id)
	if err != nil {
		m.t.Fatal(err)
	}
	if old := m.steps[id]; len(c.Steps) < len(old) || !slices.Equal(c.Steps[:len(old)], old) {
		m.t.Fatalf("case %s lost history: %v, had %v", id, c.Steps, old)
	}
	m.steps[id] = c.Steps
	m.checkKept(c)
	if c.State != hearback.CaseOpen && c.Steps[len(c.Steps)-1].To != c.State {
		m.t.Fatalf("case %s is %s, but its last step led to %s", id, c.State, c.Steps[len(c.Steps)-1].To)
	}
	if (c.State == hearback.CaseClosed) != (c.Reason != "") {
		m.t.Fatalf("case %s is %s with the reason %q", id, c.State, c.Reason)
	}
	if c.State == hearback.CaseClosed && (c.Next() != nil || c.Paused()) {
		m.t.Fatalf("closed case %s has a clock", id)
	}
	if c.Verdict != "" {
		if err := hearback.Supports(c.Verdict, c.Evidence); err != nil {
			m.t.Fatalf("case %s: %v", id, err)
		}
	}
	submitted := false
	for _, aid := range append(c.Past, c.Answer) {
		if aid == 0 {
			continue
		}
		a, err := m.db.Answer(m.ctx, aid)
		if err != nil {
			m.t.Fatal(err)
		}
		m.checkAnswer(c, a)
		if d := a.Draft(); d != nil && !d.Submitted.IsZero() {
			submitted = true
		}
	}
	if submitted != (c.State == hearback.CaseReview) {
		m.t.Fatalf("case %s is %s, and a draft in review is %t", id, c.State, submitted)
	}
	k, err := m.db.Concern(m.ctx, c.Concern)
	if err != nil {
		m.t.Fatal(err)
	}
	if k.Answer != 0 {
		if a, err := m.db.Answer(m.ctx, k.Answer); err != nil || a.State != hearback.AnswerPublished {
			m.t.Fatalf("concern %s is served by answer %s, which is not public (%v)", k.ID, k.Answer, err)
		}
	}
}

// checkKept holds that what a case keeps only grows: who declined it, took it
// on, estimated, disagreed and ruled, what evidence it had, and when it waited.
func (m *model) checkKept(c *hearback.Case) {
	m.t.Helper()
	now := map[string][]string{}
	for _, x := range c.Declined {
		now["declined"] = append(now["declined"], asJSON(x))
	}
	for _, x := range c.Acks {
		now["acks"] = append(now["acks"], asJSON(x))
	}
	for _, x := range c.Estimates {
		now["estimates"] = append(now["estimates"], asJSON(x))
	}
	for _, x := range c.Dissents {
		now["dissents"] = append(now["dissents"], asJSON(x))
	}
	for _, x := range c.Rulings {
		now["rulings"] = append(now["rulings"], asJSON(x))
	}
	for _, x := range c.Evidence {
		x.Retracted, x.Why = time.Time{}, "" // which may come later
		now["evidence"] = append(now["evidence"], asJSON(x))
	}
	for _, x := range c.Pauses {
		now["pauses"] = append(now["pauses"], asJSON([]any{x.From, x.By, x.Reason}))
	}
	for what, old := range m.kept[c.ID] {
		if len(now[what]) < len(old) || !slices.Equal(now[what][:len(old)], old) {
			m.t.Fatalf("case %s lost %s: %v, had %v", c.ID, what, now[what], old)
		}
	}
	m.kept[c.ID] = now
	if n := len(c.Rulings); n > 0 && c.Rulings[n-1].Verdict != c.Verdict || n == 0 && c.Verdict != "" {
		m.t.Fatalf("the verdict of case %s is %q, the rulings are %v", c.ID, c.Verdict, c.Rulings)
	}
	if d, err := m.db.Desks(m.ctx); err != nil || desk.Find(d, c.Desk).Slug == "" {
		m.t.Fatalf("case %s has no owner: %q (%v)", c.ID, c.Desk, err)
	}
}

func (m *model) checkAnswer(c *hearback.Case, a *hearback.Answer) {
	m.t.Helper()
	if (a.State == hearback.AnswerWithdrawn) != m.withdrawn[a.ID] || m.withdrawn[a.ID] != (a.ID != c.Answer) {
		m.t.Fatalf("answer %s is %s, withdrawn %t, its case has %s", a.ID, a.State, m.withdrawn[a.ID], c.Answer)
	}
	seenPublic := 0
	for i := range a.Revisions {
		r := &a.Revisions[i]
		switch k := key(a, r); {
		case !r.Published.IsZero():
			seenPublic++
			if want, ok := m.public[k]; !ok || want != frozen(r) {
				m.t.Fatalf("published revision %s is\n%s\nwas\n%s", k, frozen(r), want)
			}
		case !r.Dropped.IsZero():
			if want, ok := m.dropped[k]; ok && want != said(r) {
				m.t.Fatalf("dropped revision %s changed", k)
			}
			m.dropped[k] = said(r)
		case i != len(a.Revisions)-1:
			m.t.Fatalf("revision %s is an open draft under a newer one", k)
		}
	}
	if want := m.publicCount(a); seenPublic != want {
		m.t.Fatalf("answer %s has %d published revisions, had %d", a.ID, seenPublic, want)
	}
	// The draft is the one the model saw, and nobody approved it in secret.
	d, s := a.Draft(), m.drafts[a.ID]
	if (d == nil) != (s == nil) {
		m.t.Fatalf("answer %s has the draft %v, the model %v", a.ID, d, s)
	}
	if d == nil {
		return
	}
	if d.N != s.n || said(d) != s.text || d.Submitted.IsZero() == s.submitted || len(d.Approvals) != len(s.approved) {
		m.t.Fatalf("draft of answer %s is %s, the model saw %+v", a.ID, asJSON(d), s)
	}
	for _, x := range d.Approvals {
		if s.approved[x.By.ID] != s.text || s.writers[x.By.ID] {
			m.t.Fatalf("answer %s has an approval by %s that counts for nothing", a.ID, x.By)
		}
	}
}

func (m *model) publicCount(a *hearback.Answer) (n int) {
	for k := range m.public {
		if strings.HasPrefix(k, a.ID.String()+"/") {
			n++
		}
	}
	return n
}

// approvals counts the approvals that count, as the model saw them.
func (s *seenDraft) approvals(may map[hearback.ID]bool) int {
	n := 0
	for id, text := range s.approved {
		if text == s.text && !s.writers[id] && may[id] {
			n++
		}
	}
	return n
}

func (m *model) draft() {
	id, by := m.aCase(), m.who()
	c, err := m.db.Case(m.ctx, id)
	if err != nil {
		m.t.Fatal(err)
	}
	version := 0
	if c.Answer != 0 {
		a, err := m.db.Answer(m.ctx, c.Answer)
		if err != nil {
			m.t.Fatal(err)
		}
		version = a.Version
	}
	stale := rapid.IntRange(0, 9).Draw(m.t, "stale") == 0
	if stale {
		version--
	}
	verdict := rapid.SampledFrom([]hearback.Verdict{"", "", "", c.Verdict, hearback.NotYetKnown, hearback.False}).Draw(m.t, "verdict")
	word := rapid.SampledFrom([]string{"one", "two", "三"}).Draw(m.t, "word")
	texts := []hearback.Text{{Lang: "en", Title: word, Lead: word, Verdict: verdict}}
	reason := rapid.SampledFrom([]string{"", "an old guideline", "call 13912345678"}).Draw(m.t, "reason")
	a, err := m.answers.Draft(m.ctx, by, id, texts, reason, version)
	m.did("draft", err)
	if err == nil {
		if stale || by.ID == 0 || strings.HasPrefix(reason, "call") {
			m.t.Fatalf("%s wrote with a stale version %t and the reason %q", by, stale, reason)
		}
		s := m.drafts[a.ID]
		if s == nil {
			s = &seenDraft{n: a.Draft().N, writers: map[hearback.ID]bool{}}
			m.drafts[a.ID] = s
		}
		if version == 0 {
			m.answerIDs = append(m.answerIDs, a.ID)
		}
		s.writers[by.ID], s.text, s.submitted, s.approved = true, said(a.Draft()), false, map[hearback.ID]string{}
	}
	m.check(id)
}

func (m *model) submit() {
	id := m.anAnswer()
	a, err := m.answers.Submit(m.ctx, m.who(), id)
	m.did("submit", err)
	if s := m.drafts[id]; err == nil {
		if s == nil || s.submitted {
			m.t.Fatalf("answer %s went to review twice or without a draft", id)
		}
		s.submitted, s.approved = true, map[hearback.ID]string{}
	}
	m.checkOf(id, a)
}

// checkOf checks the case of an answer.
func (m *model) checkOf(id hearback.ID, a *hearback.Answer) {
	m.t.Helper()
	if a == nil {
		var err error
		if a, err = m.db.Answer(m.ctx, id); err != nil {
			m.t.Fatal(err)
		}
	}
	m.check(a.Case)
}

func (m *model) approve() {
	id, by := m.anAnswer(), m.who()
	a, err := m.db.Answer(m.ctx, id)
	if err != nil {
		m.t.Fatal(err)
	}
	hash := strings.Repeat("0", 64)
	if d := a.Draft(); d != nil && rapid.IntRange(0, 9).Draw(m.t, "other text") > 0 {
		hash = d.Hash()
	}
	s := m.drafts[id]
	_, had := map[hearback.ID]string(nil)[0], false
	if s != nil {
		_, had = s.approved[by.ID]
	}
	want := s != nil && s.submitted && by.ID != 0 && m.may[by.ID] && !s.writers[by.ID] && !had && hash != strings.Repeat("0", 64)
	_, err = m.answers.Approve(m.ctx, by, id, hash, "")
	m.did("approve", err)
	if (err == nil) != want {
		m.t.Fatalf("%s approves %s: %v, want allowed %t", by, id, err, want)
	}
	if err == nil {
		s.approved[by.ID] = s.text
	}
	m.checkOf(id, nil)
}

func (m *model) giveBack() {
	id, by := m.anAnswer(), m.who()
	_, err := m.answers.Return(m.ctx, by, id, "clearer")
	m.did("return", err)
	s := m.drafts[id]
	if want := s != nil && s.submitted && by.ID != 0; (err == nil) != want {
		m.t.Fatalf("%s returns %s: %v, want allowed %t", by, id, err, want)
	}
	if err == nil {
		s.submitted, s.approved = false, map[hearback.ID]string{}
	}
	m.checkOf(id, nil)
}

func (m *model) drop() {
	if rapid.IntRange(0, 3).Draw(m.t, "really") > 0 {
		return // drafts would not live long enough
	}
	id, by := m.anAnswer(), m.who()
	_, err := m.answers.Drop(m.ctx, by, id, "")
	m.did("drop", err)
	if want := m.drafts[id] != nil && by.ID != 0; (err == nil) != want {
		m.t.Fatalf("%s drops %s: %v, want allowed %t", by, id, err, want)
	}
	if err == nil {
		delete(m.drafts, id)
	}
	m.checkOf(id, nil)
}

func (m *model) publish() { m.goOut(false) }

// urgent publishes with one approval, which only an emergency may.
func (m *model) urgent() { m.goOut(true) }

func (m *model) goOut(urgent bool) {
	id, by := m.anAnswer(), m.who()
	before, err := m.db.Answer(m.ctx, id)
	if err != nil {
		m.t.Fatal(err)
	}
	c, err := m.db.Case(m.ctx, before.Case)
	if err != nil {
		m.t.Fatal(err)
	}
	s := m.drafts[id]
	want := s != nil && s.submitted && s.approvals(m.may) >= m.need && by.ID != 0
	if d := before.Draft(); want && d.Verdict() != "" {
		want = d.Verdict() == c.Verdict || d.Holding() && c.Verdict == ""
	}
	var a *hearback.Answer
	if urgent {
		want = want || s != nil && s.submitted && s.approvals(m.may) >= 1 && by.ID != 0
		if d := before.Draft(); want && d.Verdict() != "" {
			want = d.Verdict() == c.Verdict || d.Holding() && c.Verdict == ""
		}
		want = want && c.Tier == hearback.P1 && m.need > 1
		a, err = m.answers.PublishUrgent(m.ctx, by, id, "the water is poisoned")
		m.did("urgent", err)
	} else {
		a, err = m.answers.Publish(m.ctx, by, id)
		m.did("publish", err)
	}
	if (err == nil) != want {
		m.t.Fatalf("%s publishes %s with %+v: %v, want allowed %t", by, id, s, err, want)
	}
	if err == nil {
		r, rec := a.Current(), m.record()
		doc, cerr := a.Canonical(r)
		sum := sha256.Sum256(doc)
		kind := hearback.AnswerOut
		if last := before.Current(); last != nil {
			kind = hearback.AnswerCorrected
			m.counts["correct"]++
			if rec.Pub["prev"] != last.Record || rec.Pub["reason"] != r.Reason || r.Reason == "" {
				m.t.Fatalf("the correction of %s is recorded as %v", id, rec.Pub)
			}
		}
		if cerr != nil || rec.Type != kind || r.Record != m.log-1 || rec.Pub["sha256"] != hex.EncodeToString(sum[:]) || len(rec.Pub["reviews"].([]string)) < 1 || !urgent && len(rec.Pub["reviews"].([]string)) < m.need {
			m.t.Fatalf("answer %s went out as %s, record %d of %d: %v", id, rec.Type, r.Record, m.log, rec.Pub)
		}
		// With one approval it goes out marked, and only so.
		lacks := len(r.Valid()) < m.need
		if lacks && !urgent || lacks != (r.Urgent != nil) && len(r.Valid()) == s.approvals(m.may) || lacks != (rec.Pub["urgent"] != nil) && lacks {
			m.t.Fatalf("answer %s went out with %d of %d approvals, marked %v, recorded as %v", id, len(r.Valid()), m.need, r.Urgent, rec.Pub)
		}
		m.alone[key(a, r)] = r.Urgent != nil
		m.public[key(a, r)] = frozen(r)
		delete(m.drafts, id)
	}
	m.checkOf(id, a)
}

func (m *model) withdraw() {
	if rapid.IntRange(0, 5).Draw(m.t, "really") > 0 {
		return // answers would not live long enough
	}
	id, by := m.anAnswer(), m.who()
	before, err := m.db.Answer(m.ctx, id)
	if err != nil {
		m.t.Fatal(err)
	}
	want := by.ID != 0 && m.publicCount(before) > 0 && !m.withdrawn[id]
	a, err := m.answers.Withdraw(m.ctx, by, id, "the sample was wrong")
	m.did("withdraw", err)
	if (err == nil) != want {
		m.t.Fatalf("%s withdraws %s: %v, want allowed %t", by, id, err, want)
	}
	if err == nil {
		m.withdrawn[id] = true
		delete(m.drafts, id)
		if a.Withdrawn.Record != m.log-1 {
			m.t.Fatalf("the withdrawal of %s stands at %d, want %d", id, a.Withdrawn.Record, m.log-1)
		}
	}
	m.checkOf(id, a)
}

func (m *model) open() {
	concern := rapid.SampledFrom(m.concerns).Draw(m.t, "concern")
	to := rapid.SampledFrom([]string{"", "water", "health", "nowhere"}).Draw(m.t, "desk")
	c, err := m.cases.Open(m.ctx, m.who(), concern, to, rapid.SampledFrom(hearback.Tiers()).Draw(m.t, "tier"), "")
	m.did("open", err)
	if err == nil {
		for _, id := range m.caseIDs {
			if old, err := m.db.Case(m.ctx, id); err != nil || old.Concern == concern && old.State != hearback.CaseClosed {
				m.t.Fatalf("concern %s has two open cases, %s and %s (%v)", concern, id, c.ID, err)
			}
		}
		m.caseIDs = append(m.caseIDs, c.ID)
		m.check(c.ID)
	}
}

func (m *model) caseAct(name string, f func(by hearback.Actor, id hearback.ID) (*hearback.Case, error)) func(*rapid.T) {
	return func(t *rapid.T) {
		m.t = t
		id := m.aCase()
		_, err := f(m.who(), id)
		m.did(name, err)
		m.check(id)
	}
}

func (m *model) close(by hearback.Actor, id hearback.ID) (*hearback.Case, error) {
	why := rapid.SampledFrom(hearback.CaseReasons()).Draw(m.t, "why")
	if rapid.IntRange(0, 9).Draw(m.t, "really") > 0 {
		why = hearback.ClosedAnswered // other reasons would end most cases early
	}
	c, err := m.cases.Close(m.ctx, by, id, why, "note")
	if err == nil && c.Answer != 0 {
		delete(m.drafts, c.Answer)
	}
	return c, err
}

func (m *model) actions() map[string]func(*rapid.T) {
	on := func(f func()) func(*rapid.T) {
		return func(t *rapid.T) {
			m.t = t
			m.now = m.now.Add(7*time.Minute + 1234567*time.Nanosecond)
			f()
		}
	}
	return map[string]func(*rapid.T){
		"open": on(m.open), "draft": on(m.draft), "draft2": on(m.draft), "draft3": on(m.draft), "submit": on(m.submit), "submit2": on(m.submit),
		"approve": on(m.approve), "approve2": on(m.approve), "approve3": on(m.approve), "approve4": on(m.approve),
		"return": on(m.giveBack), "drop": on(m.drop), "publish": on(m.publish), "publish2": on(m.publish), "urgent": on(m.urgent), "ratify": on(m.ratify), "ratify2": on(m.ratify),
		// Emergencies are rare; this is one, with a single approval.
		"alarm": on(func() {
			m.busy = m.anAnswer()
			if a, err := m.db.Answer(m.ctx, m.busy); err == nil {
				_, err = m.cases.SetTier(m.ctx, m.who(), a.Case, hearback.P1, "danger to life")
				m.did("tier", err)
			}
			m.submit()
			m.approve()
			m.urgent()
			m.busy = 0
		}),
		"withdraw": on(m.withdraw),
		// Chance alone rarely gets a draft through: sometimes people hurry.
		"hurry": on(func() {
			m.busy = m.anAnswer()
			m.submit()
			m.approve()
			m.approve()
			m.approve()
			m.publish()
			m.busy = 0
		}),
		"roles": on(func() {
			id := hearback.ID(rapid.IntRange(1, 6).Draw(m.t, "whose"))
			m.may[id] = !m.may[id] || rapid.Bool().Draw(m.t, "keep")
		}),
		"reviewers": on(func() {
			if rapid.IntRange(0, 4).Draw(m.t, "really") > 0 {
				return
			}
			n, by := rapid.IntRange(0, 3).Draw(m.t, "n"), m.who()
			err := m.answers.SetReviewers(m.ctx, by, n, "two people work here")
			m.did("reviewers", err)
			if (err == nil) != (n > 0 && by.ID != 0) {
				m.t.Fatalf("SetReviewers(%d) by %s: %v", n, by, err)
			}
			if err == nil {
				m.need = n
			}
		}),
		"route": m.caseAct("route", func(by hearback.Actor, id hearback.ID) (*hearback.Case, error) {
			return m.cases.Route(m.ctx, by, id, rapid.SampledFrom([]string{"water", "health"}).Draw(m.t, "desk"), "")
		}),
		"check": m.caseAct("check", func(by hearback.Actor, id hearback.ID) (*hearback.Case, error) {
			return m.cases.StartChecking(m.ctx, by, id, "")
		}),
		"evidence": m.caseAct("evidence", func(by hearback.Actor, id hearback.ID) (*hearback.Case, error) {
			return m.cases.AddEvidence(m.ctx, by, id, hearback.Evidence{Title: "sheet", URL: rapid.SampledFrom([]string{"https://a.example/", "https://b.example/"}).Draw(m.t, "url"), Primary: rapid.Bool().Draw(m.t, "primary")})
		}),
		"retract": m.caseAct("retract", func(by hearback.Actor, id hearback.ID) (*hearback.Case, error) {
			c, err := m.db.Case(m.ctx, id)
			if err != nil {
				return nil, err
			}
			which := hearback.Evidence{ID: 1} // there is none with this id
			if len(c.Evidence) > 0 {
				which = rapid.SampledFrom(c.Evidence).Draw(m.t, "evidence")
			}
			return m.cases.RetractEvidence(m.ctx, by, id, which.ID, "misread")
		}),
		"verdict": m.caseAct("verdict", func(by hearback.Actor, id hearback.ID) (*hearback.Case, error) {
			return m.cases.SetVerdict(m.ctx, by, id, rapid.SampledFrom(hearback.Verdicts()).Draw(m.t, "verdict"), "")
		}),
		"tier": m.caseAct("tier", func(by hearback.Actor, id hearback.ID) (*hearback.Case, error) {
			return m.cases.SetTier(m.ctx, by, id, rapid.SampledFrom(hearback.Tiers()).Draw(m.t, "tier"), "it spreads")
		}),
		"extend": m.caseAct("extend", func(by hearback.Actor, id hearback.ID) (*hearback.Case, error) {
			return m.cases.Extend(m.ctx, by, id, "three offices")
		}),
		"pause": m.caseAct("pause", func(by hearback.Actor, id hearback.ID) (*hearback.Case, error) {
			return m.cases.Pause(m.ctx, by, id, "the laboratory")
		}),
		"resume": m.caseAct("resume", func(by hearback.Actor, id hearback.ID) (*hearback.Case, error) {
			return m.cases.Resume(m.ctx, by, id)
		}),
		"decline": m.caseAct("decline", func(by hearback.Actor, id hearback.ID) (*hearback.Case, error) {
			return m.cases.Decline(m.ctx, by, id, rapid.SampledFrom(hearback.Refusals()).Draw(m.t, "why"), rapid.SampledFrom([]string{"", "water", "health", "nowhere"}).Draw(m.t, "to"), "not our pipes")
		}),
		"share": m.caseAct("share", func(by hearback.Actor, id hearback.ID) (*hearback.Case, error) {
			return m.cases.Share(m.ctx, by, id, rapid.SliceOfN(rapid.SampledFrom([]string{"water", "health"}), 0, 2).Draw(m.t, "with"), "")
		}),
		"acknowledge": m.caseAct("acknowledge", func(by hearback.Actor, id hearback.ID) (*hearback.Case, error) {
			return m.cases.Acknowledge(m.ctx, by, id)
		}),
		"brief": m.caseAct("brief", func(by hearback.Actor, id hearback.ID) (*hearback.Case, error) {
			return m.cases.Brief(m.ctx, by, id, "by telephone")
		}),
		"estimate": m.caseAct("estimate", func(by hearback.Actor, id hearback.ID) (*hearback.Case, error) {
			return m.cases.Estimate(m.ctx, by, id, rapid.SampledFrom(hearback.Verdicts()).Draw(m.t, "estimate"), rapid.IntRange(-1, 101).Draw(m.t, "sure"), "")
		}),
		"dissent": m.caseAct("dissent", func(by hearback.Actor, id hearback.ID) (*hearback.Case, error) {
			return m.cases.Dissent(m.ctx, by, id, rapid.SampledFrom(hearback.Verdicts()).Draw(m.t, "dissent"), "the meter")
		}),
		"playbook": m.caseAct("playbook", func(by hearback.Actor, id hearback.ID) (*hearback.Case, error) {
			return m.cases.UsePlaybook(m.ctx, by, id, &desk.Playbook{Slug: "water", Version: rapid.IntRange(0, 3).Draw(m.t, "version"), Steps: make([]desk.Words, 3)})
		}),
		"tick": m.caseAct("tick", func(by hearback.Actor, id hearback.ID) (*hearback.Case, error) {
			return m.cases.TickStep(m.ctx, by, id, rapid.IntRange(0, 4).Draw(m.t, "step"), rapid.Bool().Draw(m.t, "done"))
		}),
		"close": m.caseAct("close", m.close),
		"existing": m.caseAct("existing", func(by hearback.Actor, id hearback.ID) (*hearback.Case, error) {
			which := hearback.ID(1) // there is none with this id
			if len(m.answerIDs) > 0 && rapid.IntRange(0, 5).Draw(m.t, "really") == 0 {
				which = m.anAnswer()
			}
			return m.cases.CloseByExisting(m.ctx, by, id, which, "the same question")
		}),
		"reopen": m.caseAct("reopen", func(by hearback.Actor, id hearback.ID) (*hearback.Case, error) {
			return m.cases.Reopen(m.ctx, by, id, "they ask again")
		}),
	}
}

// steps makes rapid act n times a run on average, runs times, for the length
// of a test.
func steps(t *testing.T, runs, n int) {
	t.Helper()
	if testing.Short() { // rapid does less then by itself
		runs, n = 5*runs, 2*n
	}
	for name, v := range map[string]string{"rapid.checks": fmt.Sprint(runs), "rapid.steps": fmt.Sprint(n), "rapid.nofailfile": "true"} {
		f := flag.Lookup(name)
		old := f.Value.String()
		if err := flag.Set(name, v); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = flag.Set(name, old) })
	}
}

// TestModel lets random people act at random, more than a hundred thousand
// times: nothing is published without its approvals, nothing is lost, and
// every act has one entry in the log.
func TestModel(t *testing.T) {
	want := 100_000
	if testing.Short() {
		want = 5_000
	}
	steps(t, want/280+8, 400) // a run has 280 acts or so, and few runs vary
	acts, worked := 0, map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		db := newMemory()
		var concerns []hearback.ID
		for i := range 3 {
			id := hearback.ID(i + 100)
			db.concerns[id] = hearback.Concern{ID: id, State: hearback.Open}
			concerns = append(concerns, id)
		}
		db.desks = []hearback.Desk{{Slug: "health", Name: "Health", Fallback: true}, {Slug: "water", Name: "Water"}}
		m := newModel(t, db, db.last, concerns)
		list := m.actions()
		for name, f := range list {
			list[name] = func(t *rapid.T) { f(t); acts++ }
		}
		t.Repeat(list)
		for name, n := range m.counts {
			worked[name] += n
		}
	})
	t.Logf("%d acts, of which worked: %v", acts, worked)
	if acts < want {
		t.Errorf("only %d acts, want %d", acts, want)
	}
	for _, name := range []string{"open", "draft", "submit", "approve", "return", "drop", "publish", "correct", "withdraw", "close", "existing", "reopen", "verdict", "reviewers", "urgent", "ratify", "decline", "share", "acknowledge", "brief", "estimate", "dissent", "playbook", "tick"} {
		if worked[name] < want/5000 {
			t.Errorf("%s worked only %d times: the model tests little", name, worked[name])
		}
	}
}

// TestModelOnSQLite does the same on the real store, less often.
func TestModelOnSQLite(t *testing.T) {
	if testing.Short() {
		t.Skip("the real store is slow")
	}
	steps(t, 12, 250)
	n := 0
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		n++
		db, err := store.Open(ctx, filepath.Join(dir, fmt.Sprintf("%d.db", n)))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		var concerns []hearback.ID
		var batch store.Batch
		for i := range 3 {
			id := hearback.ID(i + 100)
			concerns = append(concerns, id)
			batch.Concerns = append(batch.Concerns, &hearback.Concern{ID: id, Theme: id, First: start, Last: start})
		}
		if err := db.Take(ctx, &batch); err != nil {
			t.Fatal(err)
		}
		desks := &desk.Desks{Store: db, Now: func() time.Time { return start }}
		lin := hearback.Actor{ID: 1, Role: "administrator", Number: 1}
		for _, slug := range []string{"health", "water"} {
			if err := desks.Add(ctx, lin, hearback.Desk{Slug: slug, Name: slug}, ""); err != nil {
				t.Fatal(err)
			}
		}
		m := newModel(t, db, func() hearback.Record { return newest(t, db) }, concerns)
		t.Repeat(m.actions())
	})
}

// newest reads the newest record back out of the log.
func newest(t *rapid.T, db *store.DB) hearback.Record {
	size, err := db.LogSize(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	list, err := db.Entries(context.Background(), size-1, 1)
	if err != nil || len(list) != 1 {
		t.Fatalf("entry %d: %v, %v", size-1, list, err)
	}
	r := hearback.Record{Type: list[0].Type, Subject: list[0].Subject}
	var leaf struct {
		Pub map[string]any `json:"pub"`
	}
	d := json.NewDecoder(bytes.NewReader(list[0].Leaf))
	d.UseNumber()
	if err := d.Decode(&leaf); err != nil {
		t.Fatal(err)
	}
	// As the services wrote it: integers and lists of strings.
	for k, v := range leaf.Pub {
		switch v := v.(type) {
		case json.Number:
			n, _ := v.Int64()
			leaf.Pub[k] = n
		case []any:
			var s []string
			for _, x := range v {
				s = append(s, fmt.Sprint(x))
			}
			leaf.Pub[k] = s
		}
	}
	r.Pub = leaf.Pub
	return r
}
