package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/evidence"
	"example.org/hearback/internal/match"
	"example.org/hearback/internal/publish"
	"example.org/hearback/internal/score"
	"example.org/hearback/internal/source"
	"example.org/hearback/internal/source/safedial"
	"example.org/hearback/internal/store"
	"example.org/hearback/internal/topic"
	"example.org/hearback/internal/translog"
	"example.org/hearback/internal/web"
	"example.org/hearback/internal/web/office"
)

// web gathers all that the pages need.
func (a *App) web(ctx context.Context) (web.Options, error) {
	if err := a.openSite(ctx); err != nil {
		return web.Options{}, err
	}
	site := a.publicSite()
	layer, err := openLayer(a.Config.Places.Map)
	if err != nil {
		return web.Options{}, err
	}
	o := web.Options{
		Options: office.Options{
			Room:   a.opt.Room,
			Office: a.Config.Office.Name, OfficeZH: a.Config.Office.NameZH, ConsoleURL: a.ConsoleURL(), PublicURL: a.PublicURL(),
			Version: a.opt.Version, Zone: a.zone, Window: a.Config.Privacy.Window, Retention: a.Config.Privacy.Retention,
			AlertsPerDay: a.Config.Alerts.PerDay, NoisePerDay: a.Config.Alerts.FalsePerDay, Drill: a.opt.Drill,
			Now: a.now, NextID: func() hearback.ID { return a.ids.Next(a.now()) }, Log: a.log.With(slog.String("component", "web")),
			Store: a.Store, Cases: a.Cases, Answers: liveAnswers{a.Answers, a}, Desks: a.Desks, Accounts: a.Accounts,
			Sources: liveSources{a.Registry, a.Reload}, Intake: intake{a}, Topics: liveTopics{a.Topics, a.Reload},
			Concerns: concerns{a}, Alerts: a, Notices: a.Notify,
			TestTopic: a.testTopic, Match: a.match, Suggest: a.suggestDesk, FindMessages: a.findMessages,
			AreaName: a.place.Name, FindArea: a.place.Canonical,
			Witnesses: a.witnesses, WitnessesNeed: a.Config.Witness.Need,
		},
		Contact: a.Config.Network.Contact, AlertsPerShift: a.Config.Alerts.PerShift, DrillURL: a.opt.DrillURL, Drills: a.opt.Drills,
		Prove: a.Config.Privacy.Prove, MailHost: mailHost(a.Config.Mail.Server), Mail: a.Config.Mail.Server != "",
		Entries: a.Log, Confirmed: a.confirmations, LogKey: a.Log.Key().VKey(), LogPrint: a.Log.Key().Fingerprint(),
		HarmHints: a.harmHints, Bundle: a.bundle, Map: layer,
	}

	if a.opt.Drill {
		o.WitnessesNeed = 0
	}
	if !a.opt.Drill {
		o.Ask, o.Archive = a.ask, evidence.Archiver{Client: a.client, Now: a.now, Explain: safedial.Explain}.Take
		if err := a.doors(&o); err != nil {
			return web.Options{}, err
		}
	}
	o.Feed, o.FeedAreas, o.Data = a.feed, a.feedAreas, a.openData
	if site.CAP != publish.CAPOff {
		o.CAP = a.capMessage
	}
	o.Aloud = func(t hearback.Text, at time.Time, withdrawn string) string {
		return publish.Aloud(site, t, at, withdrawn)
	}
	o.Hub = site.Hub
	o.Open311, o.SentTo, o.SendCase = a.open311(), a.SentTo, a.SendCase
	if a.fediverse != nil {
		o.Fediverse, o.FediverseName, o.Neighbours = a.fediverse.Handler(), a.fediverse.Name, a.Store.Neighbours
	}
	if a.follow != nil {
		o.Follow, o.FollowOpen = a.follow, a.Config.Mail.Follow
	}
	o.ClaimReview = func(_ context.Context, x *hearback.Answer, lang string) ([]byte, error) {
		return publish.ClaimReview(site, x, lang)
	}
	return o, nil
}

// DrillSheet returns the after-action sheet of the drill that this instance
// replays, or nothing if there is nothing to keep.
func (a *App) DrillSheet(ctx context.Context) ([]byte, error) {
	o, err := a.web(ctx)
	if err != nil {
		return nil, err
	}
	return web.DrillSheet(ctx, o)
}

// mailHost is the host of a mail server, without its port.
func mailHost(server string) string {
	host, _, _ := net.SplitHostPort(server) // it was checked with the settings
	return host
}

// openLayer reads the boundaries that maps are drawn on, if a file is named.
func openLayer(file string) (*web.Layer, error) {
	if file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("places.map: %w", err)
	}
	layer, err := web.ParseLayer(data)
	if err != nil {
		return nil, fmt.Errorf("places.map: %s: %w", file, err)
	}
	return layer, nil
}

// openSite makes the public face of the office, once the addresses are known.
func (a *App) openSite(ctx context.Context) error {
	first, err := a.Store.Entries(ctx, 0, 1)
	if err != nil || len(first) == 0 {
		return fmt.Errorf("read the first entry of the log: %w", err)
	}
	office := map[string]string{"en": a.Config.Office.Name, "zh": a.Config.Office.NameZH}
	s := publish.Site{Base: a.PublicURL(), Name: office, Office: office, Started: first[0].At, Zone: a.zone, Hub: a.Config.Publish.Hub, CAP: publish.CAPStatus(a.Config.Publish.CAP)}
	if a.opt.Drill {
		s.CAP, s.Hub = publish.CAPExercise, "" // nothing of a drill is sent out, and what is fetched says what it is
	}
	a.face.Store(&s)
	return nil
}

// publicSite is the public face of the office.
func (a *App) publicSite() publish.Site {
	if s := a.face.Load(); s != nil {
		return *s
	}
	return publish.Site{}
}

// testTopic says whether a query keeps a text.
func (a *App) testTopic(_ context.Context, query, s string) (bool, error) {
	set, err := topic.Compile(a.text, []hearback.Topic{{ID: 1, Name: "test", Query: query, State: hearback.TopicActive}})
	if err != nil {
		return false, err
	}
	d := a.text.Analyze(s, "")
	return len(set.Match(&d)) > 0, nil
}

// ask takes a question from the form on the public site, like a message from
// any other source.
func (a *App) ask(ctx context.Context, s, lang string) error {
	src, err := a.Store.SourceBySlug(ctx, askSlug)
	if err != nil {
		return fmt.Errorf("the form for questions: %w", err)
	}
	_, err = a.Pipeline.Take(ctx, src.ID, []source.Raw{{Post: a.ids.Next(a.now()).String(), At: a.now(), Text: s, Lang: lang}}, nil)
	return err
}

// bundle returns the proof of an answer's entry, or nothing while the log has
// not been published that far.
func (a *App) bundle(ctx context.Context, x *hearback.Answer, index int64) ([]byte, error) {
	var canonical []byte
	if rev := x.Current(); rev != nil && (x.Withdrawn == nil || index == rev.Record) {
		var err error
		if canonical, err = x.Canonical(rev); err != nil {
			return nil, err
		}
	}
	b, err := a.Log.Bundle(ctx, index, canonical)
	if errors.Is(err, translog.ErrPending) {
		a.Log.Kick()
		return nil, nil
	}
	return b, err
}

// harmHints looks for words that bear on harm, in normalised text: the lexicon
// is in simplified Chinese.
func (a *App) harmHints(list []hearback.Message) score.Suggestion {
	texts := make([]string, 0, len(list))
	for _, m := range list {
		if m.Text != "" && m.CopyOf == 0 {
			texts = append(texts, a.text.Analyze(m.Text, m.Lang).Norm)
		}
	}
	return score.Suggest(texts)
}

// Published returns every answer that the public can see, withdrawn ones too,
// the newest change first.
func (a *App) Published(ctx context.Context) ([]hearback.Answer, error) {
	return a.Store.Answers(ctx, store.AnswerFilter{Public: true, Limit: 100_000})
}

// load reads every published answer into the index. It is called at start and
// whenever one goes out or is withdrawn.
func (f *finder) load(ctx context.Context, a *App) error {
	list, err := a.Published(ctx)
	if err != nil {
		return fmt.Errorf("read the answers: %w", err)
	}
	ix, titles, about := match.New(a.text, a.vectors, match.Options{}), map[string]string{}, map[hearback.ID]facets{}
	for _, x := range list {
		if about[x.ID], err = a.facetsOf(ctx, &x); err != nil {
			return fmt.Errorf("read the answers: %w", err)
		}
		rev := x.Current()
		if rev == nil || x.State != hearback.AnswerPublished {
			continue
		}
		for _, t := range rev.Texts {
			id := x.ID.String() + " " + t.Lang
			titles[id] = t.Title
			ix.Add(match.Answer{ID: id, Group: x.ID.String(), Claim: t.Going, Title: t.Title, Aliases: []string{t.Lead}, Lang: t.Lang})
		}
	}
	f.mu.Lock()
	f.index, f.titles, f.about = ix, titles, about
	f.mu.Unlock()
	return nil
}

// match finds published answers like a text, each once.
func (a *App) match(_ context.Context, s, lang string, k int) []office.Match {
	a.finder.mu.RLock()
	defer a.finder.mu.RUnlock()
	var list []office.Match
	seen := map[hearback.ID]bool{}
	for _, m := range a.finder.index.Find(s, lang, 3*k) {
		name, lang, _ := strings.Cut(m.Answer, " ")
		id, err := hearback.ParseID(name)
		if err != nil || seen[id] || m.Decision == "" || len(list) == k {
			continue
		}
		seen[id] = true
		list = append(list, office.Match{Answer: id, Title: a.finder.titles[m.Answer], Lang: lang, Score: m.Score, Same: m.Decision == match.Same, Shared: m.Shared})
	}
	return list
}
