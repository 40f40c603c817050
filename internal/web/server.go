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
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/text"
	"example.org/hearback/internal/web/api"
	"example.org/hearback/internal/web/locale"
	"example.org/hearback/internal/web/office"
)

//go:embed templates/*.html
var templateFiles embed.FS

// A server is one of the two sites.
type server struct {
	o       Options
	console bool
	office  *office.Office
	locales map[string]*writer
	assets  *assets
	pages   map[string]map[string]pageMaker // language → page
	counts  office.Cached[counts]
	heat    office.Cached[heatCount]
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
	s.office = office.New(o.Options, console)
	all, err := locale.Load(o.Zone, o.Now, o.AreaName)
	if err != nil {
		return nil, err
	}
	s.locales = map[string]*writer{}
	for lang, l := range all {
		s.locales[lang] = &writer{l}
	}
	if o.Map != nil {
		s.maps = o.Map.drawings(o.FindArea)
	}
	if s.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if s.palette, err = loadPalette(); err != nil {
		return nil, err
	}
	return s, s.parse()
}

// A pageMaker returns the template of a page. It is put together when the page
// is first shown: there are sixty in each language, and few are looked at soon.
type pageMaker = func() (*template.Template, error)

// parse reads the templates once for each language, because the functions
// that write words and times belong to one.
func (s *server) parse() error {
	files, err := templateFiles.ReadDir("templates")
	if err != nil {
		return err
	}
	shared := []string{"templates/console.html", "templates/public.html", "templates/parts.html"}
	s.pages = map[string]map[string]pageMaker{}
	for lang, l := range s.locales {
		base, err := parse(l, template.New("").Funcs(s.funcs(l)), shared...)
		if err != nil {
			return err
		}
		s.pages[lang] = map[string]pageMaker{}
		for _, f := range files {
			if slices.Contains(shared, "templates/"+f.Name()) {
				continue
			}
			s.pages[lang][strings.TrimSuffix(f.Name(), ".html")] = sync.OnceValues(func() (*template.Template, error) {
				page, err := base.Clone()
				if err != nil {
					return nil, err
				}
				return parse(l, page, "templates/"+f.Name())
			})
		}
	}
	return nil
}

// gapAfter finds a sentence of a template with the space that parts it from the
// next one.
var gapAfter = regexp.MustCompile(`(\{\{t \x22([^\x22]+)\x22[^{}]*\}\}(?:</(?:b|a|span)>|\{\{end\}\})*) `)

// parse adds template files to t. Chinese sentences end in a mark that has its
// space inside; a second one would leave a hole, so it is taken out.
func parse(l *writer, t *template.Template, files ...string) (*template.Template, error) {
	for _, file := range files {
		b, err := templateFiles.ReadFile(file)
		if err != nil {
			return nil, err
		}
		src := string(b)
		if l.Lang == "zh" {
			src = gapAfter.ReplaceAllStringFunc(src, func(s string) string {
				said := l.T(gapAfter.FindStringSubmatch(s)[2])
				if last, _ := utf8.DecodeLastRuneInString(said); strings.ContainsRune("。；，：！？", last) {
					return s[:len(s)-1]
				}
				return s
			})
		}
		if t, err = t.New(file).Parse(src); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (s *server) funcs(l *writer) template.FuncMap {
	return template.FuncMap{
		"t": l.T, "has": l.Has, "num": func(n any) string { return l.Word(n) }, "dec": l.Dec, "dec2": l.Dec2,
		"when": l.When, "moment": l.Moment, "rfc": func(t time.Time) string { return t.UTC().Format(time.RFC3339) }, "stamp": l.Stamp, "day": l.Day, "weekday": l.Weekday, "clock": l.Clock, "own": l.Own, "dur": l.Dur, "span": l.Span, "ago": l.Ago,
		"actor": l.Actor, "label": l.Label, "langname": l.LangName, "foreign": l.foreign, "said": l.said, "place": l.Place, "area": l.Area, "list": l.List,
		"four": l.four, "meter": meter, "glyph": glyph, "asset": s.assets.url, "version": func() string { return s.assets.hash }, "record": l.record,
		"lower": func(v any) string { return strings.ToLower(fmt.Sprint(v)) },
		"str":   func(v any) string { return fmt.Sprint(v) },
		"labels": func(kind string, list []access.Role) string {
			var words []string
			for _, v := range list {
				words = append(words, l.Label(kind, v))
			}
			return l.List(words)
		},
		"strs": func(list []access.FactorKind) (out []string) {
			for _, v := range list {
				out = append(out, string(v))
			}
			return out
		},
		"chunks": chunks, "short": shorten, "dir": textDir, "lines": lines, "pct": func(f float64) string { return l.Dec(f*100) + "%" },
		"round":    func(f float64) string { return l.Dec(float64(int64(f + .5))) },
		"verdicts": hearback.Verdicts, "tiers": hearback.Tiers, "kinds": hearback.Kinds,
		"words":     func(list []string) string { return l.List(text.Spare(list)) },
		"anchors":   func() []int { return []int{0, 1, 2, 3, 4} }, // of a harm rating
		"modifiers": func() []string { return []string{"believable", "immediate", "call", "vulnerable"} },
		"staff":     l.staff,
		"marked":    l.marked, "stateclass": office.StateClass, "has_": slices.Contains[[]string],
		"sub": func(a, b int) int { return a - b }, "add": func(a, b int) int { return a + b },
	}
}

// staff names accounts by their numbers.
func (l *writer) staff(list []int) string {
	names := make([]string, len(list))
	for i, n := range list {
		names[i] = l.T("staff.number", n)
	}
	return l.List(names)
}

// record writes a link to an entry of the public log.
func (l *writer) record(seq int64) template.HTML {
	return template.HTML(fmt.Sprintf(`<a class="record" href="/log/entry/%d">%s</a>`, seq, template.HTMLEscapeString(l.T("record", seq))))
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

// A writer is one language of the pages: its words, and the pictures and parts
// of pages that hold them.
type writer struct{ *locale.Locale }

// A request is one request under way.
type request struct {
	*server
	*office.Caller
	w       http.ResponseWriter
	r       *http.Request
	l       *writer
	session *access.Session
	acting  string // in a drill
	begun   *head  // what an upload began with
}

// speak settles the language of the answer.
func (q *request) speak(lang string) {
	q.l = q.locales[lang]
	q.Locale = q.l.Locale
}

func (q *request) ctx() context.Context { return q.r.Context() }

func (q *request) may(x access.Action) bool { return q.May(x) }

func (q *request) by(x access.Action) hearback.Actor { return q.By(x) }

// t returns a sentence in the language of the reader.
func (q *request) t(key string, args ...any) string { return q.l.T(key, args...) }

// frame starts a page.
func (q *request) frame(title, nav string) frame {
	f := frame{
		Title: title, Nav: nav, Lang: q.l.Lang, HTMLLang: q.l.HTML,
		Other: q.l.Other(), OtherHTML: q.locales[q.l.Other()].HTML,
		OfficeName: q.officeName(q.l.Lang), Path: q.r.URL.Path, Drill: q.o.Drill, DrillURL: q.o.DrillURL,
		CanAsk: q.o.Ask != nil, CanFollow: q.o.Follow != nil && q.o.FollowOpen, Counts: q.navCounts(),
	}
	f.Unwitnessed = q.Unwitnessed()
	if f.Path == "" || q.r.Method != http.MethodGet {
		f.Path = "/"
	}
	query := q.r.URL.Query()
	if done := "done." + query.Get("done"); q.l.Has(done) {
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
	if q.Account != nil {
		f.Who, f.Sleeping = q.Account.Name, q.Account.Asleep
	}
	if q.session != nil {
		f.EndsIn = int(q.o.Accounts.Ends(q.session).Sub(q.o.Now()) / time.Second)
	}
	return f
}

// officeName is the name of the office in one language.
func (s *server) officeName(lang string) string {
	if lang == "zh" && s.o.OfficeZH != "" {
		return s.o.OfficeZH
	}
	return s.o.Office
}

// render writes a page. Nothing is sent before the whole page is made, so
// that a fault never leaves half of one.
func (q *request) render(status int, layout, page string, data any) error {
	maker := q.pages[q.l.Lang][page]
	if maker == nil {
		return fmt.Errorf("there is no page %q", page)
	}
	tmpl, err := maker()
	if err != nil {
		return fmt.Errorf("page %q: %w", page, err)
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
		at, place, found := strings.Cut(to, "#")
		sep := "?"
		if strings.Contains(at, "?") {
			sep = "&"
		}
		if to = at + sep + "done=" + url.QueryEscape(done); found {
			to += "#" + place
		}
	}
	http.Redirect(q.w, q.r, to, http.StatusSeeOther)
	return nil
}

// id reads the id in the path.
func (q *request) id() (hearback.ID, error) { return office.ID(q.r) }

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

var errTooMany = &office.Fault{Status: http.StatusTooManyRequests, Class: "too many requests"}

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
	status := office.StatusOf(err)
	if status == http.StatusInternalServerError {
		q.LogFault(q.r, err)
	}
	if q.isAPI() {
		api.Problem(q.Caller, q.w, q.r, err)
		return
	}
	q.w.Header().Set("Cache-Control", "no-store") // what is not there now may be there in a moment
	title := q.t(fmt.Sprintf("error.%d", status))
	p := &faultPage{frame: q.frame(title, ""), Status: status, Sentence: q.Say(err), Back: "/"}
	if q.r.Method == http.MethodPost && (status != http.StatusRequestEntityTooLarge || q.begun != nil) {
		p.Kept = q.typed()
	}
	if q.r.Method == http.MethodPost {
		p.Back = q.back()
	}
	var roles office.NotAllowed
	p.Asleep = errors.As(err, &roles) && roles.Asleep
	layout := "public"
	switch {
	case q.console && q.Account == nil:
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
	c, err := q.counts.Get(2*time.Second, func() (counts, error) { return q.count(context.WithoutCancel(q.ctx())) })
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
	totals, err := s.office.ConcernTotals(ctx)
	if err != nil {
		return c, err
	}
	c.Triage = totals.Triage
	cases, err := s.o.Store.CaseList(ctx, office.CaseFilter{Limit: 1000})
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
	alerts, err := s.o.Store.AlertList(ctx, office.AlertFilter{Open: true, Limit: 1000})
	if err != nil {
		return c, err
	}
	for _, a := range alerts {
		if !a.Digest {
			c.Alerts++
		}
	}
	health, err := s.office.Healths(ctx)
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
