package notify_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/alert"
	"example.org/hearback/internal/answer"
	"example.org/hearback/internal/desk"
	"example.org/hearback/internal/notify"
	"example.org/hearback/internal/store"
)

// start is the time at which tests begin: a Wednesday, nine in the morning.
var start = time.Date(2026, 3, 18, 9, 0, 0, 0, time.UTC)

var (
	officer = hearback.Actor{ID: 11, Number: 1, Role: "officer"}
	admin   = hearback.Actor{ID: 14, Number: 4, Role: "administrator"}
)

// spoken is what somebody posted; it must not leave the console.
const spoken = "my mother on Hill Street drank the brown water"

// An office is a store with two desks, a concern, and a clock that a test
// moves.
type office struct {
	t    *testing.T
	db   *store.DB
	file string
	ids  hearback.IDs
	mu   sync.Mutex
	now  time.Time
	post *post
	*notify.Service
	cases   *desk.Cases
	answers *answer.Answers
}

// A post is a way that keeps what it was given.
type post struct {
	mu    sync.Mutex
	got   []notify.Message
	fail  error // what it answers
	after func(notify.Message)
}

func (p *post) Send(_ context.Context, _ notify.Address, m notify.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail == nil {
		p.got = append(p.got, m)
	}
	if p.after != nil {
		p.after(m)
	}
	return p.fail
}

// take returns what came since the last time.
func (p *post) take() []notify.Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	got := p.got
	p.got = nil
	return got
}

func (o *office) Now() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.now
}

func (o *office) id() hearback.ID { return o.ids.Next(o.Now()) }

// pass lets time go by and takes the steps that are due then.
func (o *office) pass(d time.Duration) []notify.Message {
	o.t.Helper()
	o.mu.Lock()
	o.now = o.now.Add(d)
	o.mu.Unlock()
	o.must(o.Tick(o.t.Context()))
	return o.post.take()
}

func (o *office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

const concern = hearback.ID(71)

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, now: start, post: &post{}, file: filepath.Join(t.TempDir(), "hearback.db")}
	db, err := store.Open(t.Context(), o.file)
	o.must(err)
	t.Cleanup(func() { db.Close() })
	o.db = db
	o.Service = o.service(db)
	o.cases = &desk.Cases{Store: db, Now: o.Now, NextID: o.id}
	o.answers = &answer.Answers{Store: db, Now: o.Now, NextID: o.id}
	desks := &desk.Desks{Store: db, Now: o.Now}
	o.must(desks.Add(t.Context(), admin, hearback.Desk{Slug: "front", Name: "Front desk", NameZH: "综合受理", Fallback: true}, "A test."))
	o.must(desks.Add(t.Context(), admin, hearback.Desk{Slug: "water", Name: "Water", NameZH: "供水"}, "A test."))
	o.must(db.Take(t.Context(), &store.Batch{Concerns: []*hearback.Concern{{
		ID: concern, Theme: concern, Title: spoken, Phrases: []string{"brown water", "Hill Street"}, State: hearback.Open,
		First: start, Last: start, Messages: 90, Voices: 88,
	}}}))
	o.must(db.SaveScores(t.Context(), map[hearback.ID]hearback.Score{concern: {Tier: hearback.P2, High: 60}}))
	return o
}

// service makes a service as after a start.
func (o *office) service(db notify.Store) *notify.Service {
	return &notify.Service{
		Store: db, Now: o.Now, NextID: o.id, Log: slog.New(slog.DiscardHandler), Key: bytes.Repeat([]byte{7}, 32), Zone: time.UTC,
		Senders: map[notify.Way]notify.Sender{notify.Mail: o.post, notify.Webhook: o.post},
		Office:  map[string]string{"en": "Linmere Desk", "zh": "临湄服务台"}, Console: func() string { return "https://console.test" },
	}
}

// channel adds a channel that is told of everything at once.
func (o *office) channel(owner notify.Owner, change func(*notify.Channel)) hearback.ID {
	o.t.Helper()
	c := notify.Channel{Owner: owner, Way: notify.Mail, Name: "Mail of " + string(owner), Lang: "en", Modes: map[notify.Kind]notify.Mode{}, Through: true}
	for _, k := range notify.Kinds() {
		c.Modes[k] = notify.Now
	}
	if change != nil {
		change(&c)
	}
	_, _, err := o.Put(o.t.Context(), admin, c, "desk@linmere.example", "")
	o.must(err)
	list, err := o.Channels(o.t.Context(), owner)
	o.must(err)
	return list[len(list)-1].ID
}

// raise writes an alert of a kind about the concern.
func (o *office) raise(kind hearback.AlertKind, change func(*hearback.Alert)) hearback.ID {
	o.t.Helper()
	a := hearback.Alert{
		ID: o.id(), Concern: concern, Kind: kind, At: o.Now(), Since: o.Now().Add(-2 * time.Hour), Observed: 88, Expected: 9, Unless: 31, Window: 3 * time.Hour,
		Words: []string{"chlorine"}, Rules: alert.Rules, Nth: 5, PerDay: 12,
	}
	if change != nil {
		change(&a)
	}
	o.must(o.db.AddAlerts(o.t.Context(), []hearback.Alert{a}, nil))
	return a.ID
}

func (o *office) ack(id hearback.ID) {
	o.t.Helper()
	a, err := o.db.Alert(o.t.Context(), id)
	o.must(err)
	a.Acked = o.Now()
	o.must(o.db.SetAlert(o.t.Context(), a))
}

// states counts the deliveries by state.
func (o *office) states() string {
	o.t.Helper()
	list, err := o.Deliveries(o.t.Context(), notify.DeliveryFilter{Limit: 1000})
	o.must(err)
	n := map[notify.State]int{}
	for _, d := range list {
		n[d.State]++
	}
	var parts []string
	for _, s := range []notify.State{notify.Waiting, notify.Held, notify.Bundled, notify.Sent, notify.Failed, notify.Stopped} {
		if n[s] > 0 {
			parts = append(parts, fmt.Sprint(n[s], " ", s))
		}
	}
	return strings.Join(parts, ", ")
}

func subjects(list []notify.Message) string {
	var all []string
	for _, m := range list {
		all = append(all, m.Subject)
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

func TestAlertOnce(t *testing.T) {
	o := newOffice(t)
	o.channel(notify.Office, nil)
	o.raise(hearback.AlertRising, nil)
	got := o.pass(time.Second)
	if len(got) != 1 {
		t.Fatalf("%d messages, want 1:\n%s", len(got), subjects(got))
	}
	if got := o.pass(24 * time.Hour); len(got) != 0 {
		t.Errorf("a rising alert was told again:\n%s", subjects(got))
	}
	if got, want := o.states(), "1 sent"; got != want {
		t.Errorf("deliveries: %s, want %s", got, want)
	}
}

// TestRepeatsUntilAck: what is urgent is said again after one, two and four
// hours more, and not once somebody acknowledged it.
func TestRepeatsUntilAck(t *testing.T) {
	o := newOffice(t)
	o.channel(notify.Office, nil)
	o.raise(hearback.AlertHarm, nil)
	for _, step := range []struct {
		wait time.Duration
		want int
	}{{0, 1}, {59 * time.Minute, 0}, {2 * time.Minute, 1}, {118 * time.Minute, 0}, {3 * time.Minute, 1}, {4 * time.Hour, 1}, {48 * time.Hour, 0}} {
		if got := o.pass(step.wait); len(got) != step.want {
			t.Errorf("%s later: %d messages, want %d:\n%s", step.wait, len(got), step.want, subjects(got))
		}
	}
	id := o.raise(hearback.AlertHarm, nil)
	if got := o.pass(0); len(got) != 1 {
		t.Fatalf("%d messages, want 1", len(got))
	}
	o.ack(id)
	if got := o.states(); !strings.Contains(got, "1 stopped") || strings.Contains(got, "waiting") {
		t.Errorf("at the acknowledgement: %s, want the repeat stopped at once", got)
	}
	if got := o.pass(48 * time.Hour); len(got) != 0 {
		t.Errorf("told after it was acknowledged:\n%s", subjects(got))
	}
	// Acknowledged before anybody was told: nobody is.
	o.ack(o.raise(hearback.AlertHarm, nil))
	if got := o.pass(time.Hour); len(got) != 0 {
		t.Errorf("told of what was acknowledged:\n%s", subjects(got))
	}
}

// TestAckWhileSending: whoever acknowledges while a message is on its way gets
// no repeat.
func TestAckWhileSending(t *testing.T) {
	o := newOffice(t)
	o.channel(notify.Office, nil)
	id := o.raise(hearback.AlertHarm, nil)
	o.post.after = func(notify.Message) { o.ack(id) }
	if got := o.pass(0); len(got) != 1 {
		t.Fatalf("%d messages, want 1", len(got))
	}
	o.post.after = nil
	if got := o.pass(48 * time.Hour); len(got) != 0 {
		t.Errorf("told after it was acknowledged:\n%s", subjects(got))
	}
	if got, want := o.states(), "1 sent"; got != want {
		t.Errorf("deliveries: %s, want %s", got, want)
	}
}

// TestCase follows a case: its desk is told, reminded, told that it is late
// until somebody says that they look after it, and its review is asked.
func TestCase(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	o.channel(notify.OfDesk("water"), nil)
	o.channel(notify.OfDesk("front"), nil)
	k, err := o.cases.Open(ctx, officer, concern, "water", hearback.P2, "")
	o.must(err)
	if got, want := subjects(o.pass(0)), "P2 New case for Water: brown water · Hill Street"; got != want {
		t.Fatalf("opened: %q, want %q", got, want)
	}
	due := k.Next().Due
	clock := func(share float64) {
		o.raise(hearback.AlertDeadline, func(a *hearback.Alert) {
			a.Stat, a.Case, a.Clock, a.Due = share, k.ID, k.Next().Kind, due
		})
	}
	clock(.5)
	if got, want := subjects(o.pass(0)), "P2 First word due 18 Mar 14:00: brown water · Hill Street"; got != want {
		t.Errorf("half: %q, want %q", got, want)
	}
	clock(1)
	if got := o.pass(0); len(got) != 1 || !strings.Contains(got[0].Subject, "P2 OVERDUE: First word") {
		t.Errorf("late:\n%s", subjects(got))
	}
	if got := o.pass(61 * time.Minute); len(got) != 1 || !strings.HasPrefix(got[0].Subject, "Reminder 1: P2 OVERDUE") {
		t.Errorf("an hour after it was late:\n%s", subjects(got))
	}
	k, err = o.db.Case(ctx, k.ID)
	o.must(err)
	_, err = o.cases.Acknowledge(ctx, officer, k.ID)
	o.must(err)
	if got := o.pass(48 * time.Hour); len(got) != 0 {
		t.Errorf("told after the case was acknowledged:\n%s", subjects(got))
	}
	_, err = o.cases.Route(ctx, officer, k.ID, "front", "")
	o.must(err)
	if got, want := subjects(o.pass(0)), "P2 New case for Front desk: brown water · Hill Street"; got != want {
		t.Errorf("routed: %q, want %q", got, want)
	}
	// Closed before anybody was told: nothing is left to tell.
	_, err = o.cases.Route(ctx, officer, k.ID, "water", "")
	o.must(err)
	_, err = o.cases.Close(ctx, officer, k.ID, hearback.ClosedNoConcern, "A mistake.")
	o.must(err)
	if got := o.pass(0); len(got) != 0 {
		t.Errorf("told of a closed case:\n%s", subjects(got))
	}
}

// account adds a member of staff.
func (o *office) account(id hearback.ID, desks []string, roles ...access.Role) {
	o.t.Helper()
	link := access.Link{ID: o.id(), Hash: fmt.Appendf(nil, "link %d", id), Kind: access.LinkInvite, Until: o.Now().Add(time.Hour)}
	o.must(o.db.PutLink(o.t.Context(), link, false))
	a := &access.Account{ID: id, Login: fmt.Sprint("a", id), Name: "Somebody", Lang: "en", Roles: roles, Desks: desks, State: access.Active, Since: o.Now()}
	o.must(o.db.JoinAccount(o.t.Context(), link.Hash, a, func(*access.Account) []hearback.Record { return nil }))
}

// TestWho: who is told of what. The first account is an administrator, who
// keeps the office open.
func TestWho(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	o.account(20, nil, access.Administrator)
	o.account(21, []string{"water"}, access.Officer)
	o.account(22, []string{"front"}, access.Officer)
	o.account(23, nil, access.Reviewer)
	o.account(24, nil, access.Reviewer) // is disabled below
	name := func(s string) func(*notify.Channel) { return func(c *notify.Channel) { c.Name = s } }
	o.channel(notify.Office, name("office"))
	o.channel(notify.OfDesk("water"), name("water"))
	o.channel(notify.OfDesk("front"), name("front"))
	for _, id := range []hearback.ID{20, 21, 22, 23, 24, 25} {
		o.channel(notify.OfStaff(id), name(fmt.Sprint("staff", int(id))))
	}
	off, err := o.db.Account(ctx, 24)
	o.must(err)
	off.State = access.Disabled
	o.must(o.db.PutAccount(ctx, off))
	told := func() string {
		t.Helper()
		since := o.Now()
		o.pass(0)
		list, err := o.Deliveries(ctx, notify.DeliveryFilter{Since: since})
		o.must(err)
		var names []string
		for _, d := range list {
			names = append(names, d.Name)
		}
		slices.Sort(names)
		o.pass(time.Second)
		return strings.Join(names, " ")
	}
	o.raise(hearback.AlertRising, nil)
	if got, want := told(), "front office staff20 staff21 staff22 staff23"; got != want {
		t.Errorf("an alert without a case: %s, want %s", got, want)
	}
	k, err := o.cases.Open(ctx, officer, concern, "water", hearback.P2, "")
	o.must(err)
	if got, want := told(), "office staff20 staff21 staff23 water"; got != want {
		t.Errorf("a case: %s, want %s", got, want)
	}
	o.raise(hearback.AlertSpreading, nil)
	if got, want := told(), "office staff20 staff21 staff23 water"; got != want {
		t.Errorf("an alert with a case: %s, want %s", got, want)
	}
	// A clock is told to those whom its alert names.
	for _, tt := range []struct {
		to   []string
		want string
	}{{[]string{"#2"}, "office staff21"}, {[]string{"#2", "desk:front"}, "front office staff20 staff21 staff22 staff23"}, {nil, "office staff20 staff21 staff23 water"}} {
		o.raise(hearback.AlertDeadline, func(a *hearback.Alert) {
			a.Stat, a.Case, a.Clock, a.Due, a.To = .5, k.ID, k.Next().Kind, k.Next().Due, tt.to
		})
		if got := told(); got != tt.want {
			t.Errorf("a clock told to %q: %s, want %s", tt.to, got, tt.want)
		}
	}
	_, err = o.cases.AddEvidence(ctx, officer, k.ID, hearback.Evidence{Title: "Measurements", URL: "https://example.org/m", Primary: true})
	o.must(err)
	texts := []hearback.Text{{Lang: "en", Title: "The water is safe", Lead: "It is safe.", Do: "Let it run.", Known: "We measured.", Going: "It is brown.", Next: "Tomorrow."}}
	reviewer := hearback.Actor{ID: 23, Number: 3, Role: "officer"}
	x, err := o.answers.Draft(ctx, reviewer, k.ID, texts, "", 0)
	o.must(err)
	_, err = o.answers.Submit(ctx, reviewer, x.ID)
	o.must(err)
	if got, want := told(), "office water"; got != want {
		t.Errorf("a review: %s, want %s: the only reviewer wrote it", got, want)
	}
}

// TestSource: a source that failed for half an hour is told of, one that came
// back before is not.
func TestSource(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	o.channel(notify.Office, nil)
	o.channel(notify.OfDesk("front"), nil)
	src := &hearback.Source{ID: 31, Slug: "news", Kind: hearback.Feed, Title: "City news", State: hearback.SourceActive, Reason: "A test.", Basis: "test"}
	o.must(o.db.AddSource(ctx, src))
	try := func(fault string) { o.must(o.db.NoteTry(ctx, 31, o.Now(), fault, time.Time{})) }
	try("It is down.")
	o.pass(20 * time.Minute)
	try("")
	o.pass(5 * time.Minute)
	try("It is gone.")
	if got := o.pass(20 * time.Minute); len(got) != 0 {
		t.Errorf("told of a failure that was over:\n%s", subjects(got))
	}
	try("It is gone for good.")
	got := o.pass(11 * time.Minute)
	if len(got) != 1 || got[0].Subject != "Source City news: cannot be read" || !strings.Contains(got[0].Body, "It is gone for good.") {
		t.Errorf("after half an hour: %+v", got)
	}
	if got := o.pass(24 * time.Hour); len(got) != 0 {
		t.Errorf("told again:\n%s", subjects(got))
	}
}

// TestCrash: a crash between sending and noting it sends the same message
// again under the same key, and nothing else.
func TestCrash(t *testing.T) {
	o := newOffice(t)
	o.channel(notify.Office, nil)
	o.raise(hearback.AlertRising, nil)
	broken := &brokenStore{Store: o.db}
	crashed := o.service(broken)
	if err := crashed.Tick(t.Context()); !errors.Is(err, errBroken) {
		t.Fatalf("Tick on a store that fails: %v", err)
	}
	first := o.post.take()
	second := o.pass(time.Minute)
	if len(first) != 1 || len(second) != 1 || first[0].Key != second[0].Key || first[0].Body != second[0].Body || first[0].Key == "" {
		t.Fatalf("before %+v\nafter %+v\nwant the same once each", first, second)
	}
	if got := o.pass(time.Hour); len(got) != 0 || o.states() != "1 sent" {
		t.Errorf("afterwards %d messages, %s", len(got), o.states())
	}
}

var errBroken = errors.New("the machine lost power")

// A brokenStore fails when it is to note what was sent.
type brokenStore struct{ notify.Store }

func (brokenStore) SaveDelivery(context.Context, *notify.Delivery, *notify.Delivery) error {
	return errBroken
}

// TestDigest: what is over the budget comes at the hour of the digest, the
// most urgent first, once, in the order of priority, over a crash too.
func TestDigest(t *testing.T) {
	o := newOffice(t)
	o.channel(notify.Office, func(c *notify.Channel) { c.Digest, c.Zone = "18:00", "Asia/Shanghai" })
	o.channel(notify.OfDesk("front"), nil) // without a digest
	o.must(o.db.Take(t.Context(), &store.Batch{Concerns: []*hearback.Concern{{
		ID: concern + 1, Theme: concern + 1, State: hearback.Open, First: start, Last: start,
	}}}))
	o.must(o.db.SaveScores(t.Context(), map[hearback.ID]hearback.Score{concern + 1: {Tier: hearback.P1, High: 90}}))
	c, err := o.db.Concern(t.Context(), concern+1)
	o.must(err)
	c.Title, c.Titled = "Who pays?", true
	o.must(o.db.SetConcern(t.Context(), c))
	o.raise(hearback.AlertRising, func(a *hearback.Alert) { a.Digest = true })
	high := o.raise(hearback.AlertVoid, func(a *hearback.Alert) { a.Digest, a.Concern = true, concern+1 })
	gone := o.raise(hearback.AlertNovel, func(a *hearback.Alert) { a.Digest = true })
	if got := o.pass(59 * time.Minute); len(got) != 0 { // 17:59 in Shanghai
		t.Fatalf("before the hour of the digest:\n%s", subjects(got))
	}
	o.ack(gone)
	broken := o.service(&brokenStore{Store: o.db})
	o.mu.Lock()
	o.now = o.now.Add(2 * time.Minute)
	o.mu.Unlock()
	if err := broken.Tick(t.Context()); !errors.Is(err, errBroken) {
		t.Fatal(err)
	}
	first := o.post.take()
	o.raise(hearback.AlertSlowBurn, func(a *hearback.Alert) { a.Digest = true }) // for tomorrow
	second := o.pass(time.Minute)
	if len(first) != 1 || len(second) != 1 || first[0].Key != second[0].Key || first[0].Body != second[0].Body {
		t.Fatalf("before %+v\nafter %+v\nwant the same digest", first, second)
	}
	m := second[0]
	if m.Subject != "2 notices: P1 Many ask, no answer: Who pays?, …" || strings.Index(m.Body, "Who pays?") > strings.Index(m.Body, "brown water") {
		t.Errorf("digest:\n%s\n%s\nalert %s should lead", m.Subject, m.Body, high)
	}
	if got := o.pass(22 * time.Hour); len(got) != 0 {
		t.Errorf("before the next digest:\n%s", subjects(got))
	}
	if got := o.pass(2 * time.Hour); len(got) != 1 || !strings.Contains(got[0].Subject, "Growing slowly") {
		t.Errorf("the next digest:\n%s", subjects(got))
	}
	if got, want := o.states(), "3 bundled, 2 sent, 1 stopped"; got != want {
		t.Errorf("deliveries: %s, want %s", got, want)
	}
}

// TestQuiet: quiet hours hold what is not urgent, gather it, and let through
// what is.
func TestQuiet(t *testing.T) {
	o := newOffice(t)
	o.channel(notify.Office, func(c *notify.Channel) { c.Quiet, c.Zone = notify.Quiet{From: "16:30", To: "07:00"}, "Asia/Shanghai" })
	o.raise(hearback.AlertRising, nil)
	o.raise(hearback.AlertSpreading, nil)
	o.raise(hearback.AlertHarm, nil)
	if got := o.pass(0); len(got) != 1 || !got[0].Urgent {
		t.Fatalf("in quiet hours:\n%s\nwant what is urgent alone", subjects(got))
	}
	var night []notify.Message
	for range 13 {
		night = append(night, o.pass(time.Hour)...)
	}
	if len(night) != 3 {
		t.Errorf("in the night:\n%s\nwant three reminders", subjects(night))
	}
	if got := o.pass(time.Hour); len(got) != 1 || !strings.HasPrefix(got[0].Subject, "2 notices: ") {
		t.Errorf("in the morning:\n%s\nwant both in one", subjects(got))
	}
}

// TestGiveUp: tries grow apart, heed what the other side asks, end, and can be
// begun again with the same key.
func TestGiveUp(t *testing.T) {
	o := newOffice(t)
	o.channel(notify.Office, nil)
	o.raise(hearback.AlertRising, nil)
	var keys []string
	o.post.after = func(m notify.Message) { keys = append(keys, m.Key) }
	o.post.fail = &notify.Fault{Sentence: "It is down.", After: 2 * time.Hour}
	o.pass(0)
	o.pass(119 * time.Minute)
	if len(keys) != 1 {
		t.Fatalf("tried %d times before the two hours it asked for were over, want 1", len(keys))
	}
	o.post.fail = &notify.Fault{Sentence: "It is down."}
	o.pass(2 * time.Minute)
	for range 60 * 24 {
		o.pass(time.Minute)
	}
	if len(keys) != 9 {
		t.Errorf("tried %d times, want 9", len(keys))
	}
	list, err := o.Deliveries(t.Context(), notify.DeliveryFilter{States: []notify.State{notify.Failed}})
	o.must(err)
	if len(list) != 1 || list[0].Reason != "It is down." {
		t.Fatalf("given up: %+v", list)
	}
	o.post.fail = nil
	o.must(o.Retry(t.Context(), list[0].ID))
	if got := o.pass(0); len(got) != 1 {
		t.Errorf("tried again: %d messages, want 1", len(got))
	}
	for _, k := range keys {
		if k != keys[0] {
			t.Errorf("keys %v differ", keys)
			break
		}
	}
	if err := o.Retry(t.Context(), list[0].ID); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("Retry of what was sent: %v, want ErrRefused", err)
	}
	// What cannot help is not tried again.
	o.post.fail = &notify.Fault{Sentence: "No such address.", Final: true}
	keys = nil
	o.raise(hearback.AlertVoid, nil)
	o.pass(0)
	o.pass(24 * time.Hour)
	if len(keys) != 1 {
		t.Errorf("tried %d times after a final refusal, want 1", len(keys))
	}
}

// TestForget: what is over is forgotten after thirty days, what waits is not.
func TestForget(t *testing.T) {
	o := newOffice(t)
	id := o.channel(notify.Office, nil)
	o.raise(hearback.AlertRising, nil)
	o.pass(0)
	o.pass(31 * 24 * time.Hour)
	o.raise(hearback.AlertVoid, nil)
	o.pass(0)
	o.must(o.Forget(t.Context()))
	if got, want := o.states(), "1 sent"; got != want {
		t.Errorf("after thirty days: %s, want %s", got, want)
	}
	o.raise(hearback.AlertHarm, nil)
	o.pass(0)
	o.must(o.Remove(t.Context(), admin, notify.Office, id))
	if got, want := o.states(), "2 sent, 1 stopped"; got != want {
		t.Errorf("after the channel was removed: %s, want %s", got, want)
	}
}

// TestSecrets: neither an address nor a secret stands in the store or on the
// log, and a sealed address is of no use to another channel.
func TestSecrets(t *testing.T) {
	o := newOffice(t)
	ctx := t.Context()
	const path, own = "/hooks/T0PS3CRET", "desk.head"
	_, made, err := o.Put(ctx, admin, notify.Channel{Owner: notify.Office, Way: notify.Webhook, Name: "Hook", Lang: "zh"}, "https://hooks.example.org"+path, "")
	o.must(err)
	if key, err := notify.WebhookKey(made); err != nil || len(key) != 32 {
		t.Errorf("the secret that was made: %d bytes, %v", len(key), err)
	}
	_, _, err = o.Put(ctx, admin, notify.Channel{Owner: notify.OfStaff(21), Way: notify.Mail, Name: "Mine", Lang: "en"}, own+"@example.org", "")
	o.must(err)
	list, err := o.Channels(ctx, "")
	o.must(err)
	if list[0].Shown != "hooks.example.org" || list[1].Shown != "d…@example.org" {
		t.Errorf("shown are %q and %q", list[0].Shown, list[1].Shown)
	}
	entries, err := o.db.Entries(ctx, 0, 100)
	o.must(err)
	channels := 0
	for _, e := range entries {
		if e.Type == hearback.ChannelChanged {
			channels++
		}
	}
	if channels != 1 {
		t.Errorf("%d entries about channels, want 1: what staff set for themselves is theirs", channels)
	}
	o.must(o.db.Close())
	for _, file := range []string{o.file, o.file + "-wal"} {
		b, err := os.ReadFile(file)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		for _, secret := range []string{path, own, strings.TrimPrefix(made, "whsec_")} {
			if bytes.Contains(b, []byte(secret)) {
				t.Errorf("%s holds %q", filepath.Base(file), secret)
			}
		}
	}
}

// TestWrongKey: an address that was sealed with another key cannot be used,
// and says what to do.
func TestWrongKey(t *testing.T) {
	o := newOffice(t)
	id := o.channel(notify.Office, nil)
	o.Key = bytes.Repeat([]byte{8}, 32)
	var f *notify.Fault
	if err := o.Test(t.Context(), notify.Office, id); !errors.As(err, &f) || !strings.Contains(f.Sentence, "Enter the address again") {
		t.Errorf("Test with another key: %v", err)
	}
	if got := o.post.take(); len(got) != 0 {
		t.Errorf("%d messages went out", len(got))
	}
	if err := o.Test(t.Context(), notify.Office, id); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("a second test at once: %v, want ErrRefused", err)
	}
	if err := o.Test(t.Context(), notify.OfDesk("water"), id); !errors.Is(err, hearback.ErrNotFound) {
		t.Errorf("a test of somebody else's channel: %v, want ErrNotFound", err)
	}
}
