// Package app puts the parts together: it opens the store, the log and the
// sources, starts the service and stops it again. The way of a message is in
// pipeline.go, what happens by the clock in steps.go, what people do through
// pages in console.go. It holds no rule of its own about any of them.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"example.org/hearback"
	"example.org/hearback/data"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/answer"
	"example.org/hearback/internal/cluster"
	"example.org/hearback/internal/deident"
	"example.org/hearback/internal/desk"
	"example.org/hearback/internal/notify"
	"example.org/hearback/internal/notify/follow"
	"example.org/hearback/internal/place"
	"example.org/hearback/internal/publish"
	"example.org/hearback/internal/publish/activitypub"
	"example.org/hearback/internal/source"
	"example.org/hearback/internal/source/feed"
	"example.org/hearback/internal/source/safedial"
	"example.org/hearback/internal/source/webhook"
	"example.org/hearback/internal/store"
	"example.org/hearback/internal/text"
	"example.org/hearback/internal/text/lexvec"
	"example.org/hearback/internal/topic"
	"example.org/hearback/internal/translog"
	"example.org/hearback/internal/web"
	"example.org/hearback/internal/web/office"
)

// Options is what a program gives an [App] besides its configuration.
type Options struct {
	Now     func() time.Time // the clock; a drill sets a simulated one
	Log     *slog.Logger
	Version string
	// Drill says that this instance replays a drill: everything in it is
	// invented, nobody signs in, and only the player moves the clock.
	Drill bool
	// Room is what steers the drill that this instance replays, for its page.
	Room office.DrillRoom
	// DrillURL is where a drill runs beside this instance, for a link, and Drills
	// lists those that can be started.
	DrillURL string
	Drills   []office.DrillOffer
}

// An App is one instance: a store, its log, and what works on them.
type App struct {
	Config   Config
	Store    *store.DB
	Log      *translog.Log
	Pipeline *Pipeline
	Accounts *access.Accounts
	Registry *source.Registry
	Topics   *source.Topics
	Desks    *desk.Desks
	Cases    *desk.Cases
	Answers  *answer.Answers
	Notify   *notify.Service

	opt       Options
	now       func() time.Time
	log       *slog.Logger
	ids       *hearback.IDs
	dir       *dataDir
	text      *text.Analyzer
	vectors   *lexvec.Vectors
	place     *place.Gazetteer
	common    map[uint64]float32 // terms that say nothing by themselves
	zone      *time.Location
	client    *http.Client
	scheduler *source.Scheduler
	listeners []net.Listener
	steps     steps
	finder    finder
	search    *searcher
	learner   learner
	fediverse *activitypub.Server // nil if the office has no actor there
	follow    *follow.Service     // nil if nobody can follow by e-mail
	face      atomic.Pointer[publish.Site]
	spreading chan struct{} // something was published
	posting   chan struct{} // there are letters to send
	spreadMu  sync.Mutex    // one delivery is sent by one
	postMu    sync.Mutex    // and one letter

	running sync.WaitGroup
	alive   context.Context
	cancel  context.CancelFunc
	closers []func() error // last in, first out
}

// New opens an instance. Nothing is served and nothing is read until Start.
func New(ctx context.Context, c Config, o Options) (_ *App, err error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	a := &App{Config: c, opt: o, now: o.Now, log: o.Log, ids: &hearback.IDs{}, spreading: make(chan struct{}, 1), posting: make(chan struct{}, 1)}
	if a.now == nil {
		a.now = time.Now
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.close())
		}
	}()
	if a.zone, err = time.LoadLocation(c.Office.Zone); err != nil {
		return nil, err
	}
	if a.dir, err = openDataDir(c.Data); err != nil {
		return nil, err
	}
	a.closers = append(a.closers, a.dir.close)
	if a.Store, err = store.Open(ctx, StoreDSN(c)); err != nil {
		return nil, err
	}
	a.closers = append(a.closers, a.Store.Close)
	if a.text, err = text.New(); err != nil {
		return nil, err
	}
	if a.vectors, err = lexvec.Load(data.LexVec()); err != nil {
		return nil, err
	}
	if a.place, err = openPlaces(a.text, c.Places); err != nil {
		return nil, err
	}
	a.common = cluster.CommonWords()
	if err := a.openLog(ctx); err != nil {
		return nil, err
	}
	if err := a.openPipeline(ctx); err != nil {
		return nil, err
	}
	next := func() hearback.ID { return a.ids.Next(a.now()) }
	factorKey, err := a.dir.secret("factor.key")
	if err != nil {
		return nil, err
	}
	a.Accounts = &access.Accounts{Store: a.Store, Now: a.now, NextID: next, Idle: c.Session.Idle, Life: c.Session.Life, Key: factorKey, Log: a.log.With(slog.String("component", "access"))}
	a.Registry = &source.Registry{Store: a.Store, Now: a.now, NextID: next, Retention: c.Privacy.Retention}
	a.Topics = &source.Topics{Store: a.Store, Now: a.now, NextID: next, Check: func(q string) error { _, err := topic.Parse(q); return err }}
	a.Desks = &desk.Desks{Store: a.Store, Now: a.now, Leak: leaks}
	a.Cases = &desk.Cases{Store: a.Store, Now: a.now, NextID: next, Leak: leaks, Allowed: a.allowed}
	a.Cases.Blind = a.Desks.Estimates
	a.Answers = &answer.Answers{Store: a.Store, Now: a.now, NextID: next, Leak: leaks, Allowed: a.allowed}
	if a.client, err = safedial.New(safedial.Options{Allow: c.Network.Allow, Contact: c.Network.Contact, Version: o.Version}); err != nil {
		return nil, fmt.Errorf("network.allow: %w", err)
	}
	if err := a.openFediverse(); err != nil {
		return nil, err
	}
	if err := a.openNotify(); err != nil {
		return nil, err
	}
	if err := a.openFollow(ctx); err != nil {
		return nil, err
	}
	if err := a.firstStart(ctx); err != nil {
		return nil, fmt.Errorf("first start: %w", err)
	}
	if err := a.steps.load(ctx, a); err != nil {
		return nil, err
	}
	return a, a.Reload(ctx)
}

// openPlaces loads the gazetteer with the areas of the office.
func openPlaces(a *text.Analyzer, c PlacesConfig) (*place.Gazetteer, error) {
	o := place.Options{Home: c.Home}
	for _, x := range c.Areas {
		o.Areas = append(o.Areas, place.ServiceArea{Name: x.Name, Aliases: x.Aliases, Parent: x.Parent})
	}
	g, err := place.New(a, o)
	if err != nil {
		return nil, fmt.Errorf("places: %w", err)
	}
	return g, nil
}

// StoreDSN returns where the store of a configuration is.
func StoreDSN(c Config) string {
	if c.DB != "" {
		return c.DB
	}
	return filepath.Join(c.Data, "hearback.db")
}

// leaks reports whether a text that would go on the public log holds
// something that could lead to a person.
func leaks(s string) bool {
	_, kinds := deident.Text(s)
	return len(kinds) > 0
}

// asks names what somebody must be allowed to do for an act. Acts that are not
// listed were asked about by whoever called.
func asks(act hearback.RecordType) (access.Action, bool) {
	x, ok := map[hearback.RecordType]access.Action{
		hearback.CaseOpened: access.OpenCase, hearback.AnswerDrafted: access.Draft, hearback.AnswerSubmitted: access.Submit,
		hearback.AnswerApproved: access.Approve, hearback.AnswerReturned: access.Approve,
		hearback.AnswerRatified: access.Approve, hearback.AnswerOut: access.Publish, hearback.AnswerCorrected: access.Publish, hearback.AnswerRetracted: access.Withdraw,
	}[act]
	return x, ok
}

// allowed asks again, right before an act is written, whether the account may
// still do it: a role may have been taken away since the page was opened, and
// the approval of somebody who is no reviewer any more lapses.
func (a *App) allowed(ctx context.Context, by hearback.Actor, act hearback.RecordType) error {
	need, listed := asks(act)
	if !listed || a.opt.Drill || by == Operator() || !by.Person() {
		return nil
	}
	account, err := a.Store.Account(ctx, by.ID)
	if err != nil {
		return err
	}
	if !account.May(need) {
		return fmt.Errorf("%w: %s may not %s any more", hearback.ErrRefused, by, need)
	}
	return nil
}

// origin names the log: the host that people verify it at, and the instance.
func (a *App) origin(ctx context.Context) (string, error) {
	name, err := a.Store.Setting(ctx, "log.origin")
	if err != nil || name != "" {
		return name, err
	}
	host := "localhost"
	if _, rest, ok := strings.Cut(a.Config.Public.URL, "://"); ok {
		host, _, _ = strings.Cut(rest, "/")
	}
	name = fmt.Sprintf("%s/hearback/%s", host, a.ids.Next(a.now()))
	return name, a.Store.SetSetting(ctx, "log.origin", name)
}

func (a *App) openLog(ctx context.Context) error {
	origin, err := a.origin(ctx)
	if err != nil {
		return err
	}
	if _, err := os.Stat(a.dir.file("keys", nextKey)); err == nil {
		return fmt.Errorf("%w: a change of the log's key was begun and not finished; finish it with: hearback log rotate-key --reason \"…\" --data %s", hearback.ErrRefused, a.Config.Data)
	}
	key, err := translog.LoadOrCreateKey(a.dir.file("keys", "log.key"), origin)
	if err != nil {
		return err
	}
	a.Log, err = translog.Open(a.dir.file("log"), key, a.Store)
	if errors.Is(err, translog.ErrRestored) {
		return fmt.Errorf("%w\nAcknowledge that with: hearback restore --acknowledge --reason \"…\" --data %s", err, a.Config.Data)
	}
	return err
}

func (a *App) openPipeline(ctx context.Context) error {
	post, err := a.dir.secret("post.key")
	if err != nil {
		return err
	}
	w, err := a.dir.window(a.now())
	if err != nil {
		return err
	}
	p := &Pipeline{
		store: a.Store, text: a.text, place: a.place, ids: a.ids, now: a.now, log: a.log.With(slog.String("component", "pipeline")),
		jobs: make(chan *job, 64), asks: make(chan ask), looks: make(chan ask), ready: make(chan struct{}), workers: newWorkers(), waiting: newWaiting(),
	}
	last, err := a.Store.LastID(ctx)
	if err != nil {
		return err
	}
	a.search = &searcher{text: a.text, before: last + 1}
	p.stored = a.search.note
	p.group = cluster.New(cluster.Options{NextID: func() hearback.ID { return a.ids.Next(a.now()) }, Vectors: a.vectors})
	p.keys.Store(&keys{post, w})
	p.listening.Store(&listening{})
	a.Pipeline = p
	// A window that was rolled just before a crash may have left sketches of the
	// window before it.
	kept, err := a.Store.Setting(ctx, "privacy.window")
	if err != nil {
		return err
	}
	if kept != w.Start.Format(time.RFC3339) {
		if err := a.Store.CloseWindow(ctx); err != nil {
			return err
		}
		return a.Store.SetSetting(ctx, "privacy.window", w.Start.Format(time.RFC3339))
	}
	return nil
}

// firstStart writes what every instance begins with: the first entry of the
// log, a desk that takes what no other takes, and the form on its own site.
func (a *App) firstStart(ctx context.Context) error {
	n, err := a.Store.LogSize(ctx)
	if err != nil || n > 0 {
		return err
	}
	err = a.Store.AppendRecords(ctx, hearback.Record{
		Type: hearback.LogCreated, At: a.now(), Actor: hearback.System, Subject: "log",
		Pub: map[string]any{"drill": a.opt.Drill, "version": a.opt.Version, "reviewers": hearback.Reviewers},
	})
	if err != nil || a.opt.Drill {
		return err
	}
	if err := a.PutDesk(ctx, Operator(), hearback.Desk{Slug: "front", Name: "Front desk", NameZH: "综合受理", Fallback: true}); err != nil {
		return err
	}
	_, _, err = a.Registry.Add(ctx, Operator(), hearback.Source{
		Slug: askSlug, Kind: hearback.Ask, Title: "Questions asked on our site", All: true, Weight: 3,
		Reason: "People ask us here directly.", Basis: "public task",
	})
	return err
}

// Operator is who acts when somebody with access to the machine, not to an
// account, sets up or administers an instance.
func Operator() hearback.Actor { return hearback.Actor{ID: 1, Role: "operator"} }

// webhookRate is how many requests a second one webhook may make: senders that
// post each message alone should not have to wait.
const webhookRate = 500

// askSlug is the source behind the form on the public site.
const askSlug = "ask"

// Reload makes the pipeline listen to what the store says.
func (a *App) Reload(ctx context.Context) error {
	sources, err := a.Store.Sources(ctx)
	if err != nil {
		return fmt.Errorf("read the sources: %w", err)
	}
	topics, err := a.Store.Topics(ctx)
	if err != nil {
		return fmt.Errorf("read the topics: %w", err)
	}
	l := &listening{sources: map[hearback.ID]hearback.Source{}}
	for _, s := range sources {
		l.sources[s.ID] = s
	}
	topics = slices.DeleteFunc(topics, func(t hearback.Topic) bool { return t.State != hearback.TopicActive })
	if l.topics, err = topic.Compile(a.text, topics); err != nil {
		return fmt.Errorf("read the topics: %w", err)
	}
	a.Pipeline.listening.Store(l)
	a.Log.Kick()
	return a.finder.load(ctx, a) // what an answer is about depends on the topics
}

// Start begins to read, to group, to publish the log, and to serve pages. It
// returns once the addresses are taken.
func (a *App) Start(ctx context.Context) error {
	ctx = a.living(ctx)
	// The addresses are taken first: pages name them.
	if err := a.listen(a.Config.Console.Listen, "console.listen"); err != nil {
		return err
	}
	if err := a.listen(a.Config.Public.Listen, "public.listen"); err != nil {
		return err
	}
	webOptions, err := a.web(ctx)
	if err != nil {
		return err
	}
	console, err := web.Console(webOptions)
	if err != nil {
		return err
	}
	public, err := web.Public(webOptions)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/ingest/", &webhook.Handler{Store: a.Store, Sink: a.Pipeline, Now: a.now, Rate: webhookRate, Log: a.log.With(slog.String("component", "webhook"))})
	mux.Handle("/", console)
	a.serve(a.listeners[0], mux)
	a.serve(a.listeners[1], public)
	a.run(func() { a.readWords(ctx) })
	a.StartPipeline(ctx)
	a.run(func() {
		if err := a.Log.Run(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("the public log cannot be published", slog.Any("err", err))
		}
	})
	if a.opt.Drill {
		return nil
	}
	a.scheduler = &source.Scheduler{
		Registry: a.Registry, Store: a.Store, Sink: a.Pipeline, Now: a.now, Log: a.log.With(slog.String("component", "source")),
		Poller: feed.New(a.client, a.now), Rand: rand.Float64,
	}
	a.run(func() {
		if err := a.scheduler.Run(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("feeds are not read any more", slog.Any("err", err))
		}
	})
	a.run(func() { a.tick(ctx) })
	a.run(func() { a.runSpread(ctx) })
	a.run(func() { a.runLetters(ctx) })
	if len(a.Config.Witness.Ask) > 0 {
		a.run(func() { a.askWitnesses(ctx) })
	}
	a.run(func() { a.notify(ctx) })
	return nil
}

// StartPipeline lets messages in. Start calls it; a program that serves no
// pages calls it alone.
func (a *App) StartPipeline(ctx context.Context) {
	ctx = a.living(ctx)
	a.run(func() {
		if err := a.Pipeline.Run(ctx); err != nil {
			a.log.Error("messages cannot be taken in until this is put right and the service started again", slog.Any("err", err))
			a.Pipeline.refuseAll(ctx, fmt.Errorf("%w: messages cannot be taken in: %w", hearback.ErrRefused, err))
		}
	})
}

// living returns the context of everything that runs until Stop. It does not
// end with ctx: what was taken in is committed first.
func (a *App) living(ctx context.Context) context.Context {
	if a.alive == nil {
		a.alive, a.cancel = context.WithCancel(context.WithoutCancel(ctx))
	}
	return a.alive
}

// run starts a part of the service that Stop waits for.
func (a *App) run(f func()) { a.running.Go(f) }

// tick runs the steps by the wall clock.
func (a *App) tick(ctx context.Context) {
	t := time.NewTicker(20 * time.Second)
	defer t.Stop()
	for {
		if err := a.Step(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("a periodic step failed and will be tried again", slog.Any("err", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// listen takes an address.
func (a *App) listen(addr, setting string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("%w: %s cannot be listened on (%s); stop what uses it, or set %s to another address", hearback.ErrConflict, addr, lastCause(err), setting)
	}
	a.listeners = append(a.listeners, l)
	a.closers = append(a.closers, func() error {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
	return nil
}

// serve serves h on a listener until Stop.
func (a *App) serve(l net.Listener, h http.Handler) {
	s := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 5 * time.Minute, WriteTimeout: 5 * time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 32 << 10, ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	a.run(func() {
		if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			a.log.Error("pages are not served any more", slog.String("listen", l.Addr().String()), slog.Any("err", err))
		}
	})
	a.closers = append(a.closers, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			return s.Close() // whoever still holds a line had five seconds
		}
		return nil
	})
}

// lastCause returns the innermost error, which names what the machine said.
func lastCause(err error) error {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err
		}
		err = next
	}
}

// Addr returns where the console and the public site are served, which a port
// of 0 leaves to the machine.
func (a *App) Addr() (console, public string) {
	return "http://" + a.listeners[0].Addr().String(), "http://" + a.listeners[1].Addr().String()
}

// Stop ends everything within ten seconds: pages first, so that nothing new
// comes in; then what was taken in is committed and the log published.
func (a *App) Stop() error {
	pages := a.closers[min(len(a.closers), 2):]
	a.closers = a.closers[:min(len(a.closers), 2)]
	var errs []error
	for _, f := range slices.Backward(pages) {
		errs = append(errs, f())
	}
	if a.cancel != nil {
		a.cancel()
	}
	a.running.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	errs = append(errs, a.Log.Publish(ctx), a.close())
	return errors.Join(errs...)
}

// close gives back what New opened, last first.
func (a *App) close() error {
	var errs []error
	for _, f := range slices.Backward(a.closers) {
		errs = append(errs, f())
	}
	a.closers = nil
	return errors.Join(errs...)
}

// PutDesk adds a desk, or changes it if there is one of that name.
func (a *App) PutDesk(ctx context.Context, by hearback.Actor, d hearback.Desk) error {
	list, err := a.Desks.List(ctx)
	if err != nil {
		return err
	}
	for _, old := range list {
		if old.Slug == d.Slug {
			d.Version = old.Version
			return a.Desks.Change(ctx, by, d, "set up")
		}
	}
	return a.Desks.Add(ctx, by, d, "set up")
}

// SetUpLink returns the one-time link with which the first administrator
// joins, or "" if there is one already.
func (a *App) SetUpLink(ctx context.Context) (string, error) {
	token, err := a.Accounts.FirstAdmin(ctx)
	if err != nil || token == "" {
		return "", err
	}
	return a.ConsoleURL() + "/setup?token=" + token, nil
}

// ConsoleURL and PublicURL return where people reach the pages.
func (a *App) ConsoleURL() string { return siteURL(a.Config.Console, a.listeners, 0) }
func (a *App) PublicURL() string  { return siteURL(a.Config.Public, a.listeners, 1) }

func siteURL(c ListenConfig, at []net.Listener, i int) string {
	if c.URL != "" {
		return strings.TrimSuffix(c.URL, "/")
	}
	if i < len(at) {
		return "http://" + at[i].Addr().String()
	}
	return "http://" + c.Listen
}

// DataFile returns the path of a file of the instance.
func (a *App) DataFile(name ...string) string { return a.dir.file(name...) }
