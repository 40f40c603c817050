package web

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/text"
)

//go:embed templates/*.html
var templateFiles embed.FS

// A server is one of the two sites.
type server struct {
	o       Options
	console bool
	locales map[string]*locale
	assets  *assets
	pages   map[string]map[string]*template.Template // language → page
	counts  cached[counts]
	totals  cached[ConcernTotals]
	heat    cached[heatCount]
	health  cached[map[hearback.ID]hearback.Health]
	views   viewCounts
	maps    []mapDrawing
	palette *palette
	uploads uploads
	taken   forms
	recent  recent
	asks    *throttle
	votes   *throttle
	reports *throttle // by Open311
	follows *throttle // by e-mail
	faults  []sentence
	ops     []operation // of the interface for programs
	doc     []byte      // that describes them
}

func newServer(o Options, console bool) (*server, error) {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &server{o: o, console: console, asks: newThrottle(throttleEach), votes: newThrottle(votesEach), reports: newThrottle(votesEach), follows: newThrottle(throttleEach)}
	var err error
	if s.locales, err = loadLocales(o.Zone, o.Now, o.AreaName); err != nil {
		return nil, err
	}
	if o.Map != nil {
		s.maps = o.Map.drawings(o.FindArea)
	}
	s.faults = sentences(s.locales["en"])
	if s.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if s.palette, err = loadPalette(); err != nil {
		return nil, err
	}
	return s, s.parse()
}

// parse reads the templates once for each language, because the functions
// that write words and times belong to one.
func (s *server) parse() error {
	files, err := templateFiles.ReadDir("templates")
	if err != nil {
		return err
	}
	shared := []string{"templates/console.html", "templates/public.html", "templates/parts.html"}
	s.pages = map[string]map[string]*template.Template{}
	for lang, l := range s.locales {
		base, err := template.New("").Funcs(s.funcs(l)).ParseFS(templateFiles, shared...)
		if err != nil {
			return err
		}
		s.pages[lang] = map[string]*template.Template{}
		for _, f := range files {
			if slices.Contains(shared, "templates/"+f.Name()) {
				continue
			}
			page, err := base.Clone()
			if err != nil {
				return err
			}
			if page, err = page.ParseFS(templateFiles, "templates/"+f.Name()); err != nil {
				return err
			}
			s.pages[lang][strings.TrimSuffix(f.Name(), ".html")] = page
		}
	}
	return nil
}

func (s *server) funcs(l *locale) template.FuncMap {
	return template.FuncMap{
		"t": l.t, "has": l.has, "num": func(n any) string { return l.word(n) }, "dec": l.dec, "dec2": l.dec2,
		"when": l.when, "moment": l.moment, "rfc": func(t time.Time) string { return t.UTC().Format(time.RFC3339) }, "stamp": l.stamp, "day": l.day, "weekday": l.weekday, "clock": l.clock, "own": l.own, "dur": l.dur, "span": l.span, "ago": l.ago,
		"actor": l.actor, "label": l.label, "langname": l.langName, "foreign": l.foreign, "place": l.place, "area": l.area, "list": l.list,
		"four": l.four, "meter": meter, "glyph": glyph, "asset": s.assets.url, "version": func() string { return s.assets.hash }, "record": l.record,
		"lower": func(v any) string { return strings.ToLower(fmt.Sprint(v)) },
		"str":   func(v any) string { return fmt.Sprint(v) },
		"labels": func(kind string, list []access.Role) string {
			var words []string
			for _, v := range list {
				words = append(words, l.label(kind, v))
			}
			return l.list(words)
		},
		"strs": func(list []access.FactorKind) (out []string) {
			for _, v := range list {
				out = append(out, string(v))
			}
			return out
		},
		"chunks": chunks, "short": shorten, "dir": textDir, "lines": lines, "pct": func(f float64) string { return l.dec(f*100) + "%" },
		"round":    func(f float64) string { return l.dec(float64(int64(f + .5))) },
		"verdicts": hearback.Verdicts, "tiers": hearback.Tiers, "kinds": hearback.Kinds,
		"words":     func(list []string) string { return l.list(text.Spare(list)) },
		"anchors":   func() []int { return []int{0, 1, 2, 3, 4} }, // of a harm rating
		"modifiers": func() []string { return []string{"believable", "immediate", "call", "vulnerable"} },
		"staff":     l.staff,
		"marked":    l.marked, "stateclass": stateClass, "has_": slices.Contains[[]string],
		"sub": func(a, b int) int { return a - b }, "add": func(a, b int) int { return a + b },
	}
}

// staff names accounts by their numbers.
func (l *locale) staff(list []int) string {
	names := make([]string, len(list))
	for i, n := range list {
		names[i] = l.t("staff.number", n)
	}
	return l.list(names)
}

// record writes a link to an entry of the public log.
func (l *locale) record(seq int64) template.HTML {
	return template.HTML(fmt.Sprintf(`<a class="record" href="/log/entry/%d">%s</a>`, seq, template.HTMLEscapeString(l.t("record", seq))))
}

// textDir is the direction in which a language is written.
func textDir(lang string) string {
	base, _, _ := strings.Cut(lang, "-")
	if slices.Contains([]string{"ar", "he", "fa", "ur", "ps", "ug", "yi", "dv", "sd", "ckb"}, base) {
		return "rtl"
	}
	return "auto"
}

// chunks cuts s into pieces of n bytes.
func chunks(s string, n int) (list []string) {
	for len(s) > n {
		list, s = append(list, s[:n]), s[n:]
	}
	return append(list, s)
}

// lines splits text into the lines that are not empty.
func lines(s string) []string {
	var list []string
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}

// frame is what every page has.
type frame struct {
	Title, Summary        string
	Lang, HTMLLang        string
	Other, OtherHTML      string
	OfficeName            string
	Nav, Path, SwitchURL  string
	Query, Script, Theme  string
	Done                  string
	Undo                  *undo
	Fault                 string
	Drill, CanAsk, NoKeys bool
	CanFollow             bool   // by e-mail
	Unwitnessed           string // why answers wait for witnesses, for the console
	DrillURL, Acting, Who string
	EndsIn                int           // seconds until the session ends if nothing is done; 0 if there is none
	Keymap                string        // keys that whoever looks has changed
	Sleeping              []access.Role // roles that wait for a second factor
	Actors                []string
	Counts                counts
}

// A request is one request under way.
type request struct {
	*server
	w       http.ResponseWriter
	r       *http.Request
	l       *locale
	account *access.Account
	session *access.Session
	token   *access.Token // of a program; then there is no session
	acting  string        // in a drill
	begun   *head         // what an upload began with
	match   string        // the version that an edit through the API knows
}

func (q *request) ctx() context.Context { return q.r.Context() }

// t returns a sentence in the language of the reader.
func (q *request) t(key string, args ...any) string { return q.l.t(key, args...) }

// frame starts a page.
func (q *request) frame(title, nav string) frame {
	f := frame{
		Title: title, Nav: nav, Lang: q.l.lang, HTMLLang: q.l.html,
		Other: q.l.other(), OtherHTML: q.locales[q.l.other()].html,
		OfficeName: q.office(q.l.lang), Path: q.r.URL.Path, Drill: q.o.Drill, DrillURL: q.o.DrillURL,
		CanAsk: q.o.Ask != nil, CanFollow: q.o.Follow != nil && q.o.FollowOpen, Counts: q.navCounts(),
	}
	f.Unwitnessed = q.unwitnessed()
	if f.Path == "" || q.r.Method != http.MethodGet {
		f.Path = "/"
	}
	query := q.r.URL.Query()
	if done := "done." + query.Get("done"); q.l.has(done) {
		f.Done = q.t(done)
		f.Undo = q.undoOf(query.Get("undo"))
	}
	query.Del("done")
	query.Del("undo")
	query.Del("token")
	query.Set("lang", f.Other)
	f.SwitchURL = "?" + query.Encode()
	if c, err := q.r.Cookie("hb_theme"); err == nil && (c.Value == "light" || c.Value == "dark") {
		f.Theme = c.Value
	}
	if c, err := q.r.Cookie("hb_keys"); err == nil && c.Value == "off" {
		f.NoKeys = true
	}
	f.Keymap = keymapOf(q.r).String()
	if q.o.Drill {
		f.Acting, f.Actors = q.acting, drillActors
	}
	if q.account != nil {
		f.Who, f.Sleeping = q.account.Name, q.account.Asleep
	}
	if q.session != nil {
		f.EndsIn = int(q.o.Accounts.Ends(q.session).Sub(q.o.Now()) / time.Second)
	}
	return f
}

// unwitnessed says that fewer witnesses confirm the log than must before an
// answer is published; "" if that is not so.
func (q *request) unwitnessed() string {
	if q.o.WitnessesNeed == 0 || q.o.Witnesses == nil || !q.console || q.account == nil {
		return ""
	}
	n := 0
	for _, w := range q.o.Witnesses() {
		if !w.Stale {
			n++
		}
	}
	if n >= q.o.WitnessesNeed {
		return ""
	}
	return q.t("witness.fewer", n, q.o.WitnessesNeed)
}

// office is the name of the office in one language.
func (s *server) office(lang string) string {
	if lang == "zh" && s.o.OfficeZH != "" {
		return s.o.OfficeZH
	}
	return s.o.Office
}

// render writes a page. Nothing is sent before the whole page is made, so
// that a fault never leaves half of one.
func (q *request) render(status int, layout, page string, data any) error {
	tmpl := q.pages[q.l.lang][page]
	if tmpl == nil {
		return fmt.Errorf("there is no page %q", page)
	}
	var b bytes.Buffer
	if err := tmpl.ExecuteTemplate(&b, layout, data); err != nil {
		return fmt.Errorf("page %q: %w", page, err)
	}
	body := b.Bytes()
	if q.console {
		body = numbered(body)
	}
	q.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	q.w.WriteHeader(status)
	if q.r.Method != http.MethodHead {
		_, _ = q.w.Write(body)
	}
	return nil
}

// page writes a page of the console or of the public site.
func (q *request) page(name string, data any) error {
	layout := "public"
	if q.console {
		layout = "console"
	}
	return q.render(http.StatusOK, layout, name, data)
}

// see sends the browser on after a form was taken in; done names a sentence
// that says so.
func (q *request) see(to, done string) error {
	if done != "" {
		sep := "?"
		if strings.Contains(to, "?") {
			sep = "&"
		}
		to += sep + "done=" + url.QueryEscape(done)
	}
	http.Redirect(q.w, q.r, to, http.StatusSeeOther)
	return nil
}

// id reads the id in the path.
func (q *request) id() (hearback.ID, error) {
	id, err := hearback.ParseID(q.r.PathValue("id"))
	if err != nil {
		return 0, fmt.Errorf("%w: %s", hearback.ErrNotFound, q.r.URL.Path)
	}
	return id, nil
}

// form reads one field of a form, without spaces around it.
func (q *request) form(name string) string {
	return strings.TrimSpace(strings.ReplaceAll(q.r.PostFormValue(name), "\r\n", "\n"))
}

// formID reads a field that holds an id; 0 if it holds none.
func (q *request) formID(name string) hearback.ID {
	id, err := hearback.ParseID(q.form(name))
	if err != nil {
		return 0
	}
	return id
}

// statusOf is the one place where an error becomes a status.
func statusOf(err error) int {
	var large *http.MaxBytesError
	var locked access.Locked
	switch {
	case errors.As(err, &locked) && locked.Program:
		return http.StatusTooManyRequests
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge
	case errors.Is(err, errMalformed):
		return http.StatusBadRequest
	case errors.Is(err, errMediaType):
		return http.StatusUnsupportedMediaType
	case errors.Is(err, errChanged):
		return http.StatusPreconditionFailed
	case errors.Is(err, errMethod):
		return http.StatusMethodNotAllowed
	case errors.Is(err, errNoVersion):
		return http.StatusPreconditionRequired
	case errors.Is(err, hearback.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, hearback.ErrRefused):
		return http.StatusForbidden
	case errors.Is(err, hearback.ErrConflict):
		return http.StatusConflict
	case errors.Is(err, hearback.ErrInvalid):
		return http.StatusUnprocessableEntity
	case errors.Is(err, errTooMany):
		return http.StatusTooManyRequests
	default:
		return http.StatusInternalServerError
	}
}

var errTooMany = errors.New("too many requests")

type faultPage struct {
	frame
	Status   int
	Sentence string
	Kept     []kept // what was typed, so that nothing is lost
	Back     string
	Asleep   bool // a second factor would help
}

type kept struct{ Name, Value string }

// fail shows an error as a page: what is so, why, and what to do.
func (q *request) fail(err error) {
	if errors.Is(err, context.Canceled) && q.r.Context().Err() != nil {
		return // nobody is waiting
	}
	status := statusOf(err)
	if status == http.StatusInternalServerError {
		q.logFault(err)
	}
	if q.isAPI() {
		q.problem(problemOf(err), status, q.fault(err))
		return
	}
	q.w.Header().Set("Cache-Control", "no-store") // what is not there now may be there in a moment
	title := q.t(fmt.Sprintf("error.%d", status))
	p := &faultPage{frame: q.frame(title, ""), Status: status, Sentence: q.fault(err), Back: "/"}
	if q.r.Method == http.MethodPost && (status != http.StatusRequestEntityTooLarge || q.begun != nil) {
		p.Kept = q.typed()
	}
	if q.r.Method == http.MethodPost {
		p.Back = q.back()
	}
	var roles notAllowed
	p.Asleep = errors.As(err, &roles) && roles.asleep
	layout := "public"
	switch {
	case q.console && q.account == nil:
		layout = "gate"
	case q.console:
		layout = "console"
	}
	if rerr := q.render(status, layout, "fault", p); rerr != nil {
		q.o.Log.ErrorContext(q.ctx(), "error page failed", slog.String("component", "web"), slog.Any("err", rerr))
		http.Error(q.w, http.StatusText(status), status)
	}
}

// back is the page of this site that a form was sent from, or the first one.
func (q *request) back() string {
	ref, err := url.Parse(q.r.Referer())
	if err != nil || ref.Host != q.r.Host || !strings.HasPrefix(ref.Path, "/") {
		return "/"
	}
	to := path.Clean(ref.Path)
	if ref.RawQuery != "" && !strings.Contains(ref.RawQuery, "token=") {
		to += "?" + ref.RawQuery
	}
	return to
}

// logFault writes down what failed, for the operator.
func (q *request) logFault(err error) {
	q.o.Log.ErrorContext(q.ctx(), "request failed", slog.String("component", "web"), slog.String("path", q.r.URL.Path), slog.Any("err", err))
}

// cached keeps a value for a while, so that pages may ask for it often.
type cached[T any] struct {
	mu     sync.Mutex
	at     time.Time
	have   bool
	making bool // somebody makes a new one while others read the old
	round  int  // of forget
	v      T
}

// get returns the value, made anew by f if it is older than age. Where it is
// not much older the reader gets the old one at once and f runs beside, so f
// must not end with the request. A failure keeps the old value.
func (c *cached[T]) get(age time.Duration, f func() (T, error)) (T, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	switch {
	case c.have && now.Sub(c.at) <= age:
	case c.have && now.Sub(c.at) <= 10*age:
		if !c.making {
			c.making = true
			go c.renew(f, c.round)
		}
	default:
		v, err := f()
		if err != nil {
			return c.v, err
		}
		c.v, c.at, c.have = v, now, true
	}
	return c.v, nil
}

// renew makes the value anew. It is of no use if it was forgotten meanwhile:
// f may have looked before what was done.
func (c *cached[T]) renew(f func() (T, error), round int) {
	now := time.Now()
	v, err := f()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.making = false
	if err == nil && round == c.round {
		c.v, c.at = v, now
	}
}

// forget makes the next reader look again: something was just done.
func (c *cached[T]) forget() {
	c.mu.Lock()
	c.have = false
	c.round++
	c.mu.Unlock()
}

// counts are the numbers in the rail, on every page of the console.
type counts struct {
	Triage, Cases, Late, Review, Alerts, Silent int64
	Records                                     int64
	Last                                        time.Time // when the newest message came in
	Stale                                       bool
}

// navCounts returns the counts of the rail. A page is worth more than its
// rail, so a failure shows old counts.
func (q *request) navCounts() counts {
	c, err := q.counts.get(2*time.Second, func() (counts, error) { return q.count(context.WithoutCancel(q.ctx())) })
	if err != nil {
		q.o.Log.WarnContext(q.ctx(), "counts are stale", slog.String("component", "web"), slog.Any("err", err))
	}
	return c
}

func (s *server) count(ctx context.Context) (c counts, err error) {
	if c.Records, err = s.o.Store.LogSize(ctx); err != nil || !s.console {
		return c, err
	}
	now := s.o.Now()
	totals, err := s.concernTotals(ctx)
	if err != nil {
		return c, err
	}
	c.Triage = totals.Triage
	cases, err := s.o.Store.CaseList(ctx, CaseFilter{Limit: 1000})
	if err != nil {
		return c, err
	}
	for i := range cases {
		if cases[i].State == hearback.CasePublished && !cases[i].Late(now) {
			continue
		}
		c.Cases++
		if cases[i].Late(now) {
			c.Late++
		}
		if cases[i].State == hearback.CaseReview {
			c.Review++
		}
	}
	alerts, err := s.o.Store.AlertList(ctx, AlertFilter{Open: true, Limit: 1000})
	if err != nil {
		return c, err
	}
	for _, a := range alerts {
		if !a.Digest {
			c.Alerts++
		}
	}
	health, err := s.healths(ctx)
	if err != nil {
		return c, err
	}
	sources, err := s.o.Store.Sources(ctx)
	if err != nil {
		return c, err
	}
	for _, src := range sources {
		h := health[src.ID]
		if src.State == hearback.SourceActive && (h.Silent(now) || h.Fault != "") {
			c.Silent++
		}
		if h.LastMessage.After(c.Last) {
			c.Last = h.LastMessage
		}
	}
	c.Stale = !c.Last.IsZero() && now.Sub(c.Last) > time.Hour
	return c, nil
}

// concernTotals counts concerns, with those since midnight as the new ones.
// It looks at every concern, so it is asked for at most every few seconds.
func (s *server) concernTotals(ctx context.Context) (ConcernTotals, error) {
	ctx = context.WithoutCancel(ctx)
	return s.totals.get(5*time.Second, func() (ConcernTotals, error) { return s.o.Store.ConcernTotals(ctx, s.midnight()) })
}

// midnight is the beginning of the day where the office is.
func (s *server) midnight() time.Time {
	now := s.o.Now().In(s.o.Zone)
	return time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, s.o.Zone)
}

// healths says how every source is doing, at most some seconds old.
func (s *server) healths(ctx context.Context) (map[hearback.ID]hearback.Health, error) {
	ctx = context.WithoutCancel(ctx)
	return s.health.get(15*time.Second, func() (map[hearback.ID]hearback.Health, error) {
		if s.o.Sources == nil {
			return map[hearback.ID]hearback.Health{}, nil
		}
		return s.o.Sources.Healths(ctx, s.o.Now())
	})
}
