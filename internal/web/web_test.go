package web_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
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
	"example.org/hearback/internal/score"
	"example.org/hearback/internal/source"
	"example.org/hearback/internal/store"
	"example.org/hearback/internal/translog"
	"example.org/hearback/internal/web"
	"example.org/hearback/internal/web/office"
)

// start is the time at which tests happen: a Wednesday.
var start = time.Date(2026, 3, 18, 13, 5, 0, 0, time.UTC)

// A world is a whole office on a real store, with a clock that stands still.
type world struct {
	t        testing.TB
	db       *store.DB
	path     string // of the store
	ids      hearback.IDs
	mu       sync.Mutex
	now      time.Time
	cases    *desk.Cases
	answers  *answer.Answers
	desks    *desk.Desks
	accounts *access.Accounts
	registry *source.Registry
	notices  *notify.Service
	topics   *source.Topics
	log      *translog.Log
	asked    []string
}

func (w *world) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	w.now = w.now.Add(d)
	w.mu.Unlock()
}

func (w *world) id() hearback.ID { return w.ids.Next(w.Now()) }

func newWorld(t testing.TB) *world {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hearback.db")
	db, err := store.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	w := &world{t: t, db: db, path: path, now: start}
	w.cases = &desk.Cases{Store: db, Now: w.Now, NextID: w.id}
	w.answers = &answer.Answers{Store: db, Now: w.Now, NextID: w.id}
	w.desks = &desk.Desks{Store: db, Now: w.Now}
	w.accounts = &access.Accounts{Store: db, Now: w.Now, NextID: w.id, Key: make([]byte, 32), HashMemory: 64}
	w.registry = &source.Registry{Store: db, Now: w.Now, NextID: w.id}
	w.topics = &source.Topics{Store: db, Now: w.Now, NextID: w.id}
	w.notices = &notify.Service{Store: db, Now: w.Now, NextID: w.id, Log: slog.New(slog.DiscardHandler), Key: make([]byte, 32), Zone: time.UTC,
		Office: map[string]string{"en": "Linmere Information Desk", "zh": "临湄市信息服务台"}, Console: func() string { return "http://console.test" }}
	dir := t.TempDir()
	key, err := translog.LoadOrCreateKey(filepath.Join(dir, "key"), "example.org/hearback/test")
	w.must(err)
	w.log, err = translog.Open(filepath.Join(dir, "log"), key, db)
	w.must(err)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// options wires the pages as the service does.
func (w *world) options() web.Options {
	return web.Options{
		Options: office.Options{
			Office: "Linmere Information Desk", OfficeZH: "临湄市信息服务台",
			ConsoleURL: "http://console.test", PublicURL: "http://public.test", Version: "test",
			Zone: time.UTC, Window: 24 * time.Hour, Retention: 30 * 24 * time.Hour, AlertsPerDay: 12, NoisePerDay: 1,
			Now: w.Now, NextID: w.id, Log: slog.New(slog.DiscardHandler),
			Store: w.db, Cases: w.cases, Answers: w.answers, Desks: w.desks, Accounts: w.accounts,
			Sources: sources{w.registry}, Topics: w.topics, Concerns: concerns{w}, Alerts: alerts{w}, Notices: w.notices,
			TestTopic: func(_ context.Context, query, text string) (bool, error) {
				if strings.Contains(query, "(") {
					return false, fmt.Errorf("%w: at character 1: this ( is never closed; write a ) where it should end", hearback.ErrInvalid)
				}
				return strings.Contains(text, query), nil
			},
		},
		Contact: "desk@linmere.example", AlertsPerShift: 3, Mail: true, Entries: w.log,
		HarmHints: func(list []hearback.Message) score.Suggestion {
			var texts []string
			for _, m := range list {
				texts = append(texts, m.Text)
			}
			return score.Suggest(texts)
		},
		Ask: func(_ context.Context, text, _ string) error {
			w.asked = append(w.asked, text)
			return nil
		},
		Bundle: func(ctx context.Context, a *hearback.Answer, index int64) ([]byte, error) {
			if err := w.log.Publish(ctx); err != nil {
				return nil, err
			}
			if a.Withdrawn != nil {
				return w.log.Bundle(ctx, index, nil)
			}
			b, err := a.Canonical(a.Current())
			if err != nil {
				return nil, err
			}
			return w.log.Bundle(ctx, index, b)
		},
	}
}

// sources adapts the registry: pages ask for health without a clock of theirs.
type sources struct{ *source.Registry }

// concerns does on the store what the service does around its grouping.
type concerns struct{ w *world }

func (c concerns) change(ctx context.Context, id hearback.ID, f func(*hearback.Concern), r hearback.Record) error {
	x, err := c.w.db.Concern(ctx, id)
	if err != nil {
		return err
	}
	f(x)
	r.At, r.Subject = c.w.Now(), "concern:"+id.String()
	return c.w.db.SetConcern(ctx, x, r)
}

func (c concerns) Mute(ctx context.Context, by hearback.Actor, id hearback.ID, on bool, reason string) error {
	if reason == "" {
		return fmt.Errorf("%w: say why, in a sentence the public may read", hearback.ErrInvalid)
	}
	return c.change(ctx, id, func(x *hearback.Concern) {
		x.State = hearback.Open
		if on {
			x.State = hearback.Muted
		}
	}, hearback.Record{Type: hearback.ConcernMuted, Actor: by, Pub: map[string]any{"muted": on, "reason": reason}})
}

func (c concerns) SetTier(ctx context.Context, by hearback.Actor, id hearback.ID, tier hearback.Tier, reason string) error {
	x, err := c.w.db.Concern(ctx, id)
	if err != nil {
		return err
	}
	x.Score.Tier = tier
	return c.w.db.SaveScores(ctx, map[hearback.ID]hearback.Score{id: x.Score}, hearback.Record{Type: hearback.TierChanged, At: c.w.Now(), Actor: by, Subject: "concern:" + id.String(), Pub: map[string]any{"reason": reason}})
}

func (c concerns) Retitle(ctx context.Context, by hearback.Actor, id hearback.ID, title string) error {
	return c.change(ctx, id, func(x *hearback.Concern) { x.Title, x.Titled = title, true }, hearback.Record{Type: hearback.ConcernUndone, Actor: by})
}

func (c concerns) RateHarm(ctx context.Context, by hearback.Actor, r hearback.HarmRating) error {
	return c.w.db.RateHarm(ctx, r, hearback.Record{Type: hearback.HarmRated, At: c.w.Now(), Actor: by, Subject: "concern:" + r.Concern.String(), Pub: map[string]any{"severity": r.Severity}})
}

func (c concerns) HarmRatings(ctx context.Context, id hearback.ID) ([]hearback.HarmRating, error) {
	return c.w.db.HarmRatings(ctx, id)
}

func (c concerns) Proposals(ctx context.Context, id hearback.ID) ([]office.Proposal, error) {
	list, _, err := c.w.db.ConcernList(ctx, office.ConcernFilter{View: "all"})
	if err != nil || len(list) < 2 || id != list[0].ID {
		return nil, err
	}
	return []office.Proposal{{Key: "p1", Kind: "merge", Concern: id, Other: list[1].ID, Title: list[1].Title, Voices: 82, Score: .4, Shared: []string{"water", "tap"}, Apart: []string{"pipe", "rust"}},
		{Key: "split-" + id.String(), Kind: "split", Concern: id, Why: "words", Shared: []string{"water"},
			Here:  office.Side{Messages: 20, Words: []string{"gates", "tonight"}, Said: []hearback.Message{{Text: "Do they open the gates tonight? [phone]", Lang: "en"}, {Text: "今晚真的要开闸放水吗", Lang: "zh"}}},
			There: office.Side{Messages: 7, Words: []string{"refund", "water bill"}, Said: []hearback.Message{{Text: "Where do I apply for a refund of the water bill?", Lang: "en"}}}}}, nil
}

func (c concerns) Decide(ctx context.Context, by hearback.Actor, key string, accept bool, reason string) error {
	if key != "p1" {
		return hearback.ErrNotFound
	}
	return nil
}

func (c concerns) Merge(ctx context.Context, by hearback.Actor, into hearback.ID, from []hearback.ID, reason string) (each []error, _ error) {
	for _, id := range from {
		each = append(each, c.change(ctx, id, func(x *hearback.Concern) { x.State, x.Into = hearback.Merged, into },
			hearback.Record{Type: hearback.ConcernMerged, Actor: by, Pub: map[string]any{"into": into.String(), "reason": reason}}))
	}
	return each, nil
}

func (c concerns) Undo(ctx context.Context, by hearback.Actor, id hearback.ID, reason string) error {
	return fmt.Errorf("%w: nothing was merged into this concern", hearback.ErrRefused)
}

func (c concerns) Nearest(ctx context.Context, id hearback.ID, k int) ([]office.Nearest, error) {
	list, _, err := c.w.db.ConcernList(ctx, office.ConcernFilter{View: "all"})
	var out []office.Nearest
	for i, x := range list {
		if x.ID != id && len(out) < 2 {
			out = append(out, office.Nearest{Concern: x.ID, Title: x.Title, Score: .41 - float64(i)/20, Shared: []string{"water"}, Kept: []string{"", "number", "place", "negation"}[i%4]})
		}
	}
	return out, err
}

func (c concerns) Why(context.Context, hearback.Message) ([]string, error) { return nil, nil }

type alerts struct{ w *world }

func (a alerts) SetAlertVerdict(ctx context.Context, by hearback.Actor, id hearback.ID, v hearback.AlertVerdict) error {
	x, err := a.w.db.Alert(ctx, id)
	if err != nil {
		return err
	}
	x.Verdict = v
	return a.w.db.SetAlert(ctx, x)
}

func (a alerts) Crisis(ctx context.Context) (time.Time, error) {
	v, err := a.w.db.Setting(ctx, "alert.crisis")
	if err != nil || v == "" {
		return time.Time{}, err
	}
	return time.Parse(time.RFC3339, v)
}

func (a alerts) SetCrisis(ctx context.Context, by hearback.Actor, long time.Duration, reason string) error {
	r := hearback.Record{Type: hearback.CrisisBegan, At: a.w.Now(), Actor: by, Subject: "setting:alert.crisis", Pub: map[string]any{"reason": reason}}
	return a.w.db.SetSetting(ctx, "alert.crisis", a.w.Now().Add(long).UTC().Format(time.RFC3339), r)
}

func (a alerts) JudgeSample(ctx context.Context, by hearback.Actor, week time.Time, concern hearback.ID, f hearback.SampleFinding) error {
	return a.w.db.JudgeSample(ctx, hearback.Sample{Week: week, Concern: concern, Finding: f, By: by.ID, At: a.w.Now()})
}

func (a alerts) AckAlert(ctx context.Context, by hearback.Actor, id hearback.ID) error {
	x, err := a.w.db.Alert(ctx, id)
	if err != nil {
		return err
	}
	x.Acked = a.w.Now()
	return a.w.db.SetAlert(ctx, x)
}

// things are what an office has: what the pages show on a bad day.
type things struct {
	water, dam, pension, bus   hearback.ID // concerns
	damCase, waterCase         hearback.ID
	answer, draft, gone        hearback.ID
	feed, hotline, hook, topic hearback.ID
	alert                      hearback.ID
}

var (
	listener = hearback.Actor{ID: 91, Role: "listener", Number: 3}
	officer  = hearback.Actor{ID: 92, Role: "officer", Number: 4}
	second   = hearback.Actor{ID: 93, Role: "reviewer", Number: 2}
	third    = hearback.Actor{ID: 94, Role: "reviewer", Number: 5}
)

// say fills every text of the office; tests of escaping give it markup.
func (w *world) fill(say func(string) string) (o things) {
	w.t.Helper()
	ctx := context.Background()
	w.pass(-30 * time.Hour)
	add := func(s hearback.Source) hearback.ID {
		got, _, err := w.registry.Add(ctx, listener, s)
		w.must(err)
		return got.ID
	}
	o.feed = add(hearback.Source{Slug: "gazette", Kind: hearback.Feed, Title: say("Linmere Gazette, comments"), URL: "https://gazette.example/feed.xml?key=secret", Reason: say("Residents comment here."), Basis: say("public task"), Audience: 20000})
	o.hotline = add(hearback.Source{Slug: "hotline", Kind: hearback.Table, Title: say("12345 hotline"), Reason: say("Calls without names."), Basis: "public task", All: true, Area: say("Riverside")})
	o.hook = add(hearback.Source{Slug: "forum", Kind: hearback.Webhook, Title: say("City forum"), Reason: "Public threads only.", Basis: "public task"})
	t, err := w.topics.Add(ctx, listener, hearback.Topic{Name: say("Flood"), Query: "flood OR 洪水", Reason: say("The river rose on Tuesday.")})
	w.must(err)
	o.topic = t.ID
	w.must(w.desks.Add(ctx, officer, hearback.Desk{Slug: "front", Name: say("Front desk"), NameZH: say("综合受理"), Fallback: true}, "first desk"))
	w.must(w.desks.Add(ctx, officer, hearback.Desk{Slug: "water", Name: say("Water"), NameZH: say("供水"), Keywords: []string{"tap water", "自来水"}}, "second desk"))
	w.pass(2 * time.Hour)

	concern := func(title string, s hearback.Score, voices int64, langs map[string]int64, texts ...string) hearback.ID {
		c := &hearback.Concern{ID: w.id(), Title: say(title), Phrases: []string{say("tap water"), say("chlorine"), say("自来水")}, First: w.Now(), Last: start.Add(-4 * time.Minute),
			Messages: voices + 120, Copies: 40, Voices: voices, Langs: langs,
			Kinds: map[hearback.Kind]int64{hearback.Question: voices, hearback.Claim: 80, hearback.Complaint: 40}, Areas: map[string]int64{say("Riverside"): voices / 2, "Old Town": voices / 4, "": 40}}
		c.Theme = c.ID
		var batch store.Batch
		for i, text := range texts {
			m := hearback.Message{ID: w.id(), Source: []hearback.ID{o.feed, o.hotline, o.hook}[i%3], At: start.Add(-time.Duration(i*17+24) * time.Minute), Seen: start, Text: say(text), Lang: "en", Kind: []hearback.Kind{hearback.Question, hearback.Claim}[i%2], Area: []string{say("Riverside"), "Old Town", ""}[i%3], Concern: c.ID}
			if strings.ContainsAny(text, "的水是") {
				m.Lang = "zh"
			}
			batch.New = append(batch.New, store.NewMessage{Message: m})
			c.Recent = append(c.Recent, m.ID)
		}
		if len(c.Recent) > 0 {
			c.Medoid = c.Recent[0]
		}
		for i := range 28 * 4 {
			at := start.Add(-28*time.Hour + time.Duration(i)*15*time.Minute).Truncate(15 * time.Minute)
			if h := at.Hour(); h == 2 || h == 3 {
				continue // every source was down
			}
			v := voices * int64(3+i%9+i*i/500) / 2400
			batch.Rolls = append(batch.Rolls, store.Roll{Bucket: at, Concern: c.ID, Source: []hearback.ID{o.feed, o.hotline, o.hook}[i%3], Messages: v + 1, Voices: v, Questions: v / 2})
		}
		batch.Concerns = []*hearback.Concern{c}
		w.must(w.db.Take(ctx, &batch))
		s.At, s.Rules = start.Add(-5*time.Minute), "score/2"
		w.must(w.db.SaveScores(ctx, map[hearback.ID]hearback.Score{c.ID: s}))
		return c.ID
	}
	part := func(v float64, terms ...hearback.Term) hearback.Part {
		return hearback.Part{Value: v, Known: true, Terms: terms}
	}
	var tallies store.Batch
	for i := range 28 * 4 {
		at := start.Add(-28*time.Hour + time.Duration(i)*15*time.Minute).Truncate(15 * time.Minute)
		if h := at.Hour(); h == 2 || h == 3 {
			continue
		}
		for j, id := range []hearback.ID{o.feed, o.hotline} {
			n := int64(20 + 7*(i%11))
			if j == 0 && i > 90 {
				continue // the feed has gone silent
			}
			tallies.Sources = append(tallies.Sources, store.SourceBatch{Source: id, Bucket: at, Newest: at, Tally: hearback.Tally{Received: n, Kept: n / 4, Dropped: n - n/4}})
		}
	}
	w.must(w.db.Take(ctx, &tallies))
	o.water = concern("Is tap water in Riverside safe to drink after the flood?", hearback.Score{
		Heat: part(88, hearback.Term{Name: "voices_decayed", Value: 412, Unit: "voices"}, hearback.Term{Name: "residual", Value: 5.1, Unit: "sigma"}), Reach: part(61, hearback.Term{Name: "people", Value: 20000, Unit: "people"}),
		Persistence: part(74, hearback.Term{Name: "persist_probability", Value: .74, Unit: "probability"}), Harm: part(69, hearback.Term{Name: "severity", Value: 3, Unit: "anchor"}),
		Spread: 78, Priority: 74, Low: 69, High: 79, Grade: "B", Tier: hearback.P2, Why: say("Since 08:00 about 66 voices an hour came in; 4 would be usual."), WhyZH: say("今天8点以来每小时约66个声音，平常为4个。"), Flags: []string{"copied", "one_source"},
	}, 1320, map[string]int64{"en": 742, "zh": 486, "vi": 78, "ar": 14},
		"They say boil it for a minute, fine, but it smells of chlorine now. Can I still make formula with tap water?", "家里自来水是黄的，烧开了还有氯味，老人孩子能不能喝？打 [phone] 没人接。",
		"Nước máy có mùi clo, đun sôi một phút đã đủ chưa?", "Boiling makes the flood chemicals stronger. My neighbour [name] works there and says drink only bottled.")
	o.dam = concern("Will the Hollin dam gates be opened tonight?", hearback.Score{Heat: part(71), Reach: part(48), Persistence: part(55), Harm: part(85), Spread: 62, Priority: 72, Low: 64, High: 80, Grade: "A", Tier: hearback.P1, Why: say("A claim of a release at 22:00 reached Saltmarsh; 9 voices expected, 88 came."), WhyZH: "22点放水的说法传到盐沼镇。"}, 214, map[string]int64{"en": 150, "zh": 64}, "Is it true that they open the gates at 22:00?")
	o.pension = concern("3月养老金未到账", hearback.Score{Heat: part(52), Reach: part(34), Persistence: part(71), Harm: part(47), Spread: 54, Priority: 50, Low: 44, High: 57, Grade: "B", Tier: hearback.P3, Why: "Slow burn since Monday.", WhyZH: "周一起缓慢累积。"}, 186, map[string]int64{"zh": 186}, "三月的养老金怎么还没到？")
	o.bus = concern("Does bus 14 run to the hospital?", hearback.Score{Heat: part(34), Reach: part(18), Persistence: part(47), Harm: hearback.Part{Value: 30}, Spread: 30, Priority: 27, Low: 15, High: 41, Grade: "D", Tier: hearback.Watch, Why: "New; harm not rated yet.", WhyZH: "新出现；危害未评。", Flags: []string{"unrated"}}, 26, map[string]int64{"en": 26})
	w.must(w.db.RateHarm(ctx, hearback.HarmRating{Concern: o.water, By: 91, Severity: 3, Believable: 3, Immediate: 2, CallToAction: 1, Vulnerable: 4, Reason: say("Avoidable illness; infants."), At: w.Now()}))
	w.must(concerns{w}.Retitle(ctx, listener, o.water, say("Is tap water in Riverside safe to drink after the flood?")))

	list := []hearback.Alert{
		{ID: w.id(), Concern: o.dam, Kind: hearback.AlertHarm, At: start.Add(-time.Hour)},
		{ID: w.id(), Concern: o.water, Kind: hearback.AlertRising, At: start.Add(-7 * time.Hour), Observed: 66, Expected: 4, Window: time.Hour, Stat: 9.1, Limit: 7.5, Words: []string{say("chlorine"), "formula"}, Unless: 31},
		{ID: w.id(), Source: o.feed, Kind: hearback.AlertSilent, At: start.Add(-2 * time.Hour)},
		{ID: w.id(), Concern: o.bus, Kind: hearback.AlertNovel, At: start.Add(-3 * time.Hour), Digest: true, Verdict: hearback.AlertNoise},
		// One of every rule, with all that it keeps.
		{ID: w.id(), Concern: o.dam, Kind: hearback.AlertHarm, Rules: alert.Rules, At: start.Add(-2 * time.Hour), Since: start.Add(-3 * time.Hour), Observed: 88, Expected: 9, Stat: 85, Limit: 75, Window: 24 * time.Hour},
		{ID: w.id(), Concern: o.water, Kind: hearback.AlertSlowBurn, Rules: alert.Rules, At: start.Add(-2 * time.Hour), Since: start.Add(-60 * time.Hour), Observed: 40, Expected: 20, Spread: 5, Stat: 13, Limit: 12, Unless: 30, Window: 24 * time.Hour, Sources: 3, Words: []string{say("chlorine"), "来水", "自来水"}, Nth: 3, PerDay: 12},
		{ID: w.id(), Concern: o.water, Kind: hearback.AlertSpreading, Rules: alert.Rules, At: start.Add(-2 * time.Hour), Since: start.Add(-9 * time.Hour), Observed: 4, Stat: 4, Limit: 3, Unless: 2, Window: 24 * time.Hour, Nth: 12, PerDay: 12, Digest: true,
			Reached: []hearback.Place{{What: "area", Name: say("Saltmarsh"), Voices: 4}, {What: "lang", Name: "vi", Voices: 3}, {What: "source", Name: o.hook.String(), Voices: 3}}},
		{ID: w.id(), Concern: o.bus, Kind: hearback.AlertRecurring, Rules: alert.Rules, Like: o.pension, At: start.Add(-2 * time.Hour), Since: start.Add(-3 * time.Hour), Observed: 5, Stat: .4, Limit: .3, Unless: 4, Window: 6 * time.Hour, Nth: 1, PerDay: 12, Digest: true},
		{ID: w.id(), Concern: o.pension, Kind: hearback.AlertRecurring, Rules: alert.Rules, Idle: 9 * 24 * time.Hour, At: start.Add(-2 * time.Hour), Since: start.Add(-8 * time.Hour), Observed: 5, Stat: 5, Limit: 5, Unless: 4, Window: 6 * time.Hour, Nth: 4, PerDay: 12},
		{ID: w.id(), Concern: o.pension, Kind: hearback.AlertVoid, Rules: alert.Rules, At: start.Add(-2 * time.Hour), Since: start.Add(-50 * time.Hour), Observed: 186, Stat: .6, Limit: .4, Unless: 14, Window: 50 * time.Hour, Nth: 5, PerDay: 12},
		{ID: w.id(), Concern: o.water, Kind: hearback.AlertNoEffect, Rules: alert.Rules, At: start.Add(-2 * time.Hour), Since: start.Add(-50 * time.Hour), Observed: 400, Expected: 390, Stat: 400, Limit: 390, Window: 24 * time.Hour, Nth: 6, PerDay: 12},
		{ID: w.id(), Concern: o.water, Kind: hearback.AlertNoEffect, Rules: alert.Rules, At: start.Add(-2 * time.Hour), Since: start.Add(-50 * time.Hour), Observed: 400, Expected: 390, Stat: .7, Limit: .5, Window: 24 * time.Hour, Nth: 7, PerDay: 12},
		{ID: w.id(), Source: o.feed, Kind: hearback.AlertSilent, Rules: alert.Rules, At: start.Add(-2 * time.Hour), Since: start.Add(-4 * time.Hour), Expected: 30, Spread: 8, Stat: 4, Limit: 3, Unless: 7, Window: 2 * time.Hour, Nth: 8, PerDay: 12},
		{ID: w.id(), Source: o.feed, Kind: hearback.AlertSilent, Rules: alert.Rules, At: start.Add(-2 * time.Hour), Since: start.Add(-4 * time.Hour), Expected: 4, Stat: 4, Limit: 3, Unless: 1, Window: 4 * time.Hour, Idle: time.Hour, Nth: 9, PerDay: 12},
		{ID: w.id(), Concern: o.dam, Kind: hearback.AlertDeadline, Rules: alert.Rules, At: start.Add(-2 * time.Hour), Since: start.Add(-4 * time.Hour), Stat: .8, Limit: .8, Clock: hearback.DeadlineHolding, Due: start},
	}
	w.must(w.db.AddAlerts(ctx, list, nil))
	o.alert = list[1].ID

	publish := func(concern hearback.ID, title string) (hearback.ID, hearback.ID) {
		k, err := w.cases.Open(ctx, listener, concern, "water", hearback.P2, say("many ask"))
		w.must(err)
		_, err = w.cases.AddEvidence(ctx, officer, k.ID, hearback.Evidence{Title: say("Laboratory sheet, 6 samples"), URL: "https://lab.example/sheet?a=1&b=2", Note: say("nothing above the limit"), Primary: true})
		w.must(err)
		_, err = w.cases.SetVerdict(ctx, officer, k.ID, hearback.False, say("six samples"))
		w.must(err)
		a, err := w.answers.Draft(ctx, officer, k.ID, texts(say, title, "three minutes"), "", 0)
		w.must(err)
		w.out(a)
		return k.ID, a.ID
	}
	o.waterCase, o.answer = publish(o.water, "Tap water in Riverside: boil it before drinking")
	w.pass(20 * time.Hour)
	a, err := w.db.Answer(ctx, o.answer)
	w.must(err)
	a, err = w.answers.Draft(ctx, officer, o.waterCase, texts(say, "Tap water in Riverside: boil it before drinking", "one minute"), say("We first said three minutes. One minute is enough."), a.Version)
	w.must(err)
	w.out(a)
	_, o.gone = publish(o.bus, "Bus 14 runs")
	_, err = w.answers.Withdraw(ctx, officer, o.gone, say("The timetable was the old one."))
	w.must(err)
	w.pass(start.Add(-90 * time.Minute).Sub(w.Now()))
	k, err := w.cases.Open(ctx, listener, o.dam, "front", hearback.P1, say("urgent"))
	w.must(err)
	o.damCase = k.ID
	_, err = w.cases.Route(ctx, listener, k.ID, "water", "")
	w.must(err)
	d, err := w.answers.Draft(ctx, officer, k.ID, []hearback.Text{{Lang: "en", Title: say("The gates stay closed tonight"), Lead: say("The dam has room for two more days of rain."), Verdict: hearback.NotYetKnown}}, "", 0)
	w.must(err)
	o.draft = d.ID
	_, err = w.answers.Submit(ctx, officer, d.ID)
	w.must(err)
	got, err := w.db.Answer(ctx, d.ID)
	w.must(err)
	_, err = w.answers.Approve(ctx, second, d.ID, got.Draft().Hash(), say("checked the gauge"))
	w.must(err)
	w.must(w.db.SaveOutcomes(ctx, []hearback.Outcome{{Answer: o.answer, Concern: o.water, At: start, From: start.Add(-26 * time.Hour), Window: 24 * time.Hour, Before: 410, After: 260, Complete: true, Donors: 12, Text: say("After the answer, voices fell by 37% (they often fall by themselves)."), TextZH: say("答复之后，声音减少了37%（常会自行减少）。")}}))
	w.pass(start.Sub(w.Now()))
	return o
}

func texts(say func(string) string, title, minutes string) []hearback.Text {
	return []hearback.Text{
		{Lang: "en", Title: say(title), Lead: say("Boil tap water for " + minutes + " and let it cool. The smell of chlorine is harmless."), Do: say("Boil the water for "+minutes+".") + "\n" + say("Let it cool with a lid on.") + "\nUse it within a day.",
			Known: say("The flood let river water into two mains."), Going: say("Some people say that boiling makes chemicals stronger."), Why: say("Six samples were tested; nothing was above the limit."), Next: say("Saturday 12:00, or sooner."), Verdict: hearback.False},
		{Lang: "zh", Title: say("河滨区自来水：煮沸后再饮用"), Lead: say("自来水煮沸后放凉即可。氯味无害。"), Do: say("把水煮沸。") + "\n" + say("加盖放凉。"), Known: say("洪水使河水进入两条主管。"), Going: say("有人说煮沸会使化学物质变浓。"), Why: say("六个样本均未超标。"), Next: say("周六12:00。"), Verdict: hearback.False},
	}
}

// out takes a draft through review to the public.
func (w *world) out(a *hearback.Answer) {
	w.t.Helper()
	ctx := context.Background()
	_, err := w.answers.Submit(ctx, officer, a.ID)
	w.must(err)
	got, err := w.db.Answer(ctx, a.ID)
	w.must(err)
	for _, by := range []hearback.Actor{second, third} {
		_, err = w.answers.Approve(ctx, by, a.ID, got.Draft().Hash(), "")
		w.must(err)
	}
	_, err = w.answers.Publish(ctx, officer, a.ID)
	w.must(err)
}

func plain(s string) string { return s }

// A browser keeps cookies and follows nothing.
type browser struct {
	t      testing.TB
	h      http.Handler
	base   string
	lang   string
	cookie map[string]string
}

func (w *world) console(o web.Options) *browser {
	w.t.Helper()
	h, err := web.Console(o)
	w.must(err)
	return &browser{w.t, h, "http://console.test", "en", map[string]string{}}
}

func (w *world) public(o web.Options) *browser {
	w.t.Helper()
	h, err := web.Public(o)
	w.must(err)
	return &browser{w.t, h, "http://public.test", "en", map[string]string{}}
}

func (b *browser) do(r *http.Request) *httptest.ResponseRecorder {
	b.t.Helper()
	if r.Header.Get("Accept-Language") == "" {
		r.Header.Set("Accept-Language", b.lang)
	}
	for k, v := range b.cookie {
		r.AddCookie(&http.Cookie{Name: k, Value: v})
	}
	rec := httptest.NewRecorder()
	b.h.ServeHTTP(rec, r)
	for _, c := range rec.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookie, c.Name)
		} else {
			b.cookie[c.Name] = c.Value
		}
	}
	return rec
}

func (b *browser) get(path string) *httptest.ResponseRecorder {
	b.t.Helper()
	return b.do(httptest.NewRequest("GET", b.base+path, nil))
}

// post sends a form as a browser does from a page of the same site.
func (b *browser) post(path string, kv ...string) *httptest.ResponseRecorder {
	b.t.Helper()
	form := url.Values{}
	for i := 0; i < len(kv); i += 2 {
		form.Add(kv[i], kv[i+1])
	}
	r := httptest.NewRequest("POST", b.base+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.do(r)
}

// join makes an account with roles and signs in with it.
func (w *world) join(o web.Options, name string, roles ...access.Role) *browser {
	w.t.Helper()
	ctx := context.Background()
	b := w.console(o)
	token, err := w.accounts.FirstAdmin(ctx)
	w.must(err)
	if token != "" {
		rec := b.post("/setup", "token", token, "name", "First", "login", "first@office.example", "password", "several unrelated words 7", "again", "several unrelated words 7", "lang", "en")
		if rec.Code != http.StatusSeeOther {
			w.t.Fatalf("set-up = %d %s", rec.Code, rec.Body)
		}
		w.enrol(b)
		if slices.Equal(roles, []access.Role{access.Administrator}) {
			return b
		}
	}
	admin, err := w.db.AccountByLogin(ctx, "first@office.example")
	w.must(err)
	token, err = w.accounts.Invite(ctx, admin, access.Invitation{Roles: roles, Lang: "en"})
	w.must(err)
	b = w.console(o)
	rec := b.post("/invite", "token", token, "name", name, "login", strings.ToLower(name)+"@office.example", "password", "several unrelated words 7", "again", "several unrelated words 7", "lang", "en")
	if rec.Code != http.StatusSeeOther {
		w.t.Fatalf("join = %d %s", rec.Code, rec.Body)
	}
	if access.NeedsSecond(roles) {
		w.enrol(b)
	}
	return b
}

// enrol gives whoever is signed in an authenticator and returns its secret.
func (w *world) enrol(b *browser) (secret string) {
	w.t.Helper()
	m := regexp.MustCompile(`name="secret" value="([A-Z2-7]{32})"`).FindStringSubmatch(b.get("/account/second").Body.String())
	if m == nil {
		w.t.Fatal("the page of second factors has no secret")
	}
	rec := b.post("/account/second", "secret", m[1], "code", w.code(m[1]))
	if rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), `<ol class="codes">`) {
		w.t.Fatalf("enrol = %d %s", rec.Code, rec.Body)
	}
	return m[1]
}

// code is what an authenticator shows now.
func (w *world) code(secret string) string {
	w.t.Helper()
	code, err := access.Code(secret, w.Now())
	w.must(err)
	return code
}

// account is the account of a login.
func (w *world) account(login string) *access.Account {
	w.t.Helper()
	a, err := w.db.AccountByLogin(context.Background(), login)
	w.must(err)
	return a
}
