package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/web/office"
)

// A sourceRow is one line of the list.
type sourceRow struct {
	office.SourceRow
	Spark template.HTML
}

type sourcesPage struct {
	frame
	Rows    []sourceRow
	Worst   *sourceRow
	Tally   hearback.Tally
	Manage  bool
	Removed int
	Results []office.OPMLResult
	Export  bool
}

// sourceSpark draws messages by hour.
func (l *writer) sourceSpark(points []hearback.Point) template.HTML {
	return l.sparkTitled(points, nil, nil, "spark.messages")
}

func (q *request) sourcesPage() (*sourcesPage, error) {
	p := &sourcesPage{frame: q.frame(q.t("nav.sources"), "sources"), Manage: q.may(access.ManageSources), Export: q.may(access.Export)}
	rows, err := q.SourceRows(q.ctx(), q.o.Now().Add(-24*time.Hour))
	if err != nil {
		return nil, err
	}
	p.Rows = make([]sourceRow, len(rows))
	for i, r := range rows {
		p.Rows[i].SourceRow = r
		if len(r.Hours) > 0 {
			p.Rows[i].Spark = q.l.sourceSpark(r.Hours)
		}
		p.Tally = p.Tally.Add(r.Tally)
		if r.Class == "bad" && p.Worst == nil {
			p.Worst = &p.Rows[i]
		}
		if p.Rows[i].Record, err = q.firstRecord("source:" + r.ID.String()); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// firstRecord returns the index of the oldest entry about a subject, -1 if
// there is none.
func (q *request) firstRecord(subject string) (int64, error) {
	list, err := q.o.Store.EntriesAbout(q.ctx(), subject, 1000)
	if err != nil || len(list) == 0 {
		return -1, err
	}
	return list[len(list)-1].Seq, nil
}

func (q *request) sources() error {
	p, err := q.sourcesPage()
	if err != nil {
		return err
	}
	return q.page("sources", p)
}

type sourcePage struct {
	frame
	S       hearback.Source
	Row     office.SourceRow
	New     bool
	Manage  bool
	Kinds   []hearback.SourceKind
	Trial   *office.FeedTrial
	Token   string // of a webhook, shown once
	Total   hearback.Tally
	Entries []office.EntryRow
	Post    string // where a webhook is posted to
	Days    int    // retention
	Minutes int    // between two looks
}

func (q *request) sourceForm(s hearback.Source, fresh bool) *sourcePage {
	p := &sourcePage{S: s, New: fresh, Manage: q.may(access.ManageSources), Kinds: []hearback.SourceKind{hearback.Feed, hearback.Table, hearback.Webhook, hearback.Ask}}
	p.Days, p.Minutes = int(s.Retention/(24*time.Hour)), int(s.Every/time.Minute)
	title := q.l.Own(s.Title)
	if fresh {
		title = q.t("source.new")
	}
	p.frame = q.frame(title, "sources")
	return p
}

func (q *request) newSource() error {
	s := hearback.Source{Kind: hearback.Feed, Retention: q.o.Retention, Every: 15 * time.Minute, State: hearback.SourceActive}
	if k := hearback.SourceKind(q.r.URL.Query().Get("kind")); k == hearback.Table || k == hearback.Webhook || k == hearback.Ask {
		s.Kind = k
	}
	return q.page("source", q.sourceForm(s, true))
}

// readSource reads the form over s.
func (q *request) readSource(s hearback.Source) (hearback.Source, error) {
	bad := func(what string) error { return fmt.Errorf("%w: %s must be a number", hearback.ErrInvalid, what) }
	s.Title, s.URL, s.Reason, s.Basis = q.form("title"), q.form("url"), q.form("reason"), q.form("basis")
	s.Lang, s.Area, s.All = q.form("lang"), q.form("area"), q.form("all") == "1"
	if s.Kind != hearback.Feed {
		s.URL = ""
	}
	days, err := strconv.ParseFloat(q.form("days"), 64)
	if err != nil || days < 0 || days > 10000 {
		return s, bad("the number of days")
	}
	s.Retention = time.Duration(days * float64(24*time.Hour)).Round(time.Hour)
	if s.Kind == hearback.Feed {
		minutes, err := strconv.Atoi(q.form("minutes"))
		if err != nil || minutes < 0 || minutes > 1e6 {
			return s, bad("the number of minutes")
		}
		s.Every = time.Duration(minutes) * time.Minute
	}
	if v := q.form("weight"); v != "" {
		if s.Weight, err = strconv.ParseFloat(v, 64); err != nil {
			return s, bad("the weight")
		}
	} else {
		s.Weight = 0
	}
	if v := q.form("audience"); v != "" {
		if s.Audience, err = strconv.ParseInt(v, 10, 64); err != nil {
			return s, bad("the audience")
		}
	} else {
		s.Audience = 0
	}
	return s, nil
}

// again shows the form of a source as it was typed, with what to mend.
func (q *request) sourceAgain(s hearback.Source, fresh bool, err error) error {
	status := office.StatusOf(err)
	if status == http.StatusInternalServerError {
		return err
	}
	p := q.sourceForm(s, fresh)
	p.Fault = q.Say(err)
	if !fresh {
		if perr := q.fillSource(p); perr != nil {
			return perr
		}
	}
	return q.render(status, "console", "source", p)
}

func (q *request) addSource() error {
	s, err := q.readSource(hearback.Source{Slug: q.form("slug"), Kind: hearback.SourceKind(q.form("kind")), State: hearback.SourceActive})
	if err == nil && s.Kind == hearback.Replay {
		err = fmt.Errorf("%w: choose a kind of source", hearback.ErrInvalid)
	}
	if err != nil {
		return q.sourceAgain(s, true, err)
	}
	added, token, err := q.o.Sources.Add(q.ctx(), q.by(access.ManageSources), s)
	if err != nil {
		return q.sourceAgain(s, true, err)
	}
	if token != "" {
		return q.showToken(*added, token)
	}
	if added.Kind == hearback.Table {
		return q.see("/sources/"+added.ID.String()+"/table", "source_added")
	}
	return q.see("/sources/"+added.ID.String(), "source_added")
}

// showToken shows the token of a webhook in the answer to the form, and
// nowhere else.
func (q *request) showToken(s hearback.Source, token string) error {
	p := q.sourceForm(s, false)
	p.Token = token
	if err := q.fillSource(p); err != nil {
		return err
	}
	return q.page("source", p)
}

func (q *request) newToken() error {
	id, err := q.id()
	if err != nil {
		return err
	}
	token, err := q.o.Sources.NewToken(q.ctx(), q.by(access.ManageSources), id, time.Time{})
	if err != nil {
		return err
	}
	s, err := q.o.Store.Source(q.ctx(), id)
	if err != nil {
		return err
	}
	return q.showToken(*s, token)
}

// fillSource adds how a stored source is doing.
func (q *request) fillSource(p *sourcePage) error {
	rows, err := q.SourceRows(q.ctx(), q.o.Now().Add(-7*24*time.Hour))
	if err != nil {
		return err
	}
	p.Row = office.SourceRow{Source: p.S, Class: "off", Say: q.t("health.removed")}
	for _, r := range rows {
		if r.ID == p.S.ID {
			p.Row = r
		}
	}
	p.Post = q.o.ConsoleURL + "/ingest/" + p.S.Slug
	err = q.o.Store.Tallies(q.ctx(), p.S.ID, time.Time{}, func(_ hearback.ID, _ time.Time, y hearback.Tally) { p.Total = p.Total.Add(y) })
	if err != nil {
		return err
	}
	entries, err := q.o.Store.EntriesAbout(q.ctx(), "source:"+p.S.ID.String(), 50)
	p.Entries = q.EntryRows(entries)
	return err
}

func (q *request) source() error {
	id, err := q.id()
	if err != nil {
		return err
	}
	s, err := q.o.Store.Source(q.ctx(), id)
	if err != nil {
		return err
	}
	p := q.sourceForm(*s, false)
	if err := q.fillSource(p); err != nil {
		return err
	}
	return q.page("source", p)
}

func (q *request) changeSource() error {
	id, err := q.id()
	if err != nil {
		return err
	}
	s, err := q.o.Store.Source(q.ctx(), id)
	if err != nil {
		return err
	}
	changed, err := q.readSource(*s)
	if err == nil {
		changed.Version, _ = strconv.Atoi(q.form("version"))
		_, err = q.o.Sources.Change(q.ctx(), q.by(access.ManageSources), changed)
	}
	if err != nil {
		return q.sourceAgain(changed, false, err)
	}
	return q.see("/sources/"+id.String(), "saved")
}

// sourceAct runs an act on the source in the path.
func (q *request) sourceAct(done string, f func(by hearback.Actor, id hearback.ID, reason string) error) error {
	id, err := q.id()
	if err == nil {
		err = f(q.by(access.ManageSources), id, q.form("reason"))
	}
	if err != nil {
		return err
	}
	return q.see("/sources/"+id.String(), done)
}

func (q *request) pauseSource() error {
	return q.sourceAct("source_paused", func(by hearback.Actor, id hearback.ID, reason string) error {
		_, err := q.o.Sources.Pause(q.ctx(), by, id, reason)
		return err
	})
}

func (q *request) resumeSource() error {
	return q.sourceAct("source_resumed", func(by hearback.Actor, id hearback.ID, reason string) error {
		_, err := q.o.Sources.Resume(q.ctx(), by, id, reason)
		return err
	})
}

func (q *request) removeSource() error {
	return q.sourceAct("source_removed", func(by hearback.Actor, id hearback.ID, reason string) error {
		_, err := q.o.Sources.Remove(q.ctx(), by, id, reason)
		return err
	})
}

// tryFeed looks at a feed once and fills the form with what it found.
func (q *request) tryFeed() error {
	s := hearback.Source{Slug: q.form("slug"), Kind: hearback.Feed, Retention: q.o.Retention, Every: 15 * time.Minute, URL: q.form("url"), State: hearback.SourceActive}
	if typed, err := q.readSource(s); err == nil {
		s = typed
	}
	if q.o.Intake == nil {
		return q.sourceAgain(s, true, office.ErrNoIntake)
	}
	trial, err := q.o.Intake.TryFeed(q.ctx(), s.URL)
	if err != nil {
		return q.sourceAgain(s, true, err)
	}
	s.URL = trial.URL
	if s.Title == "" {
		s.Title = trial.Title
	}
	if s.Slug == "" {
		s.Slug = slugOf(trial.URL)
	}
	if trial.Every > 0 {
		s.Every = max(trial.Every.Round(time.Minute), 5*time.Minute)
	}
	p := q.sourceForm(s, true)
	p.Trial = &trial
	return q.page("source", p)
}

// slugOf proposes a short name from the host of an address.
func slugOf(address string) string {
	host, _, _ := strings.Cut(strings.TrimPrefix(strings.ToLower(hostOf(address)), "www."), ":")
	slug := strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, host), "-")
	if !hearback.ValidSlug(slug) {
		return ""
	}
	return slug
}

func (q *request) importOPML() error {
	if q.o.Intake == nil {
		return office.ErrNoIntake
	}
	_, data, err := q.upload()
	if err != nil {
		return err
	}
	results, err := q.o.Intake.ImportOPML(q.ctx(), q.by(access.ManageSources), data, q.form("reason"), q.form("basis"))
	if err != nil {
		return err
	}
	p, err := q.sourcesPage()
	if err != nil {
		return err
	}
	p.Results = results
	return q.page("sources", p)
}

func (q *request) exportOPML() error {
	if q.o.Intake == nil {
		return office.ErrNoIntake
	}
	var b bytes.Buffer
	if err := q.o.Intake.ExportOPML(q.ctx(), &b); err != nil {
		return err
	}
	q.w.Header().Set("Content-Type", "text/x-opml; charset=utf-8")
	q.w.Header().Set("Content-Disposition", `attachment; filename="sources.opml"`)
	_, err := q.w.Write(b.Bytes())
	return err
}

// upload reads the file of a form into memory.
func (q *request) upload() (name string, data []byte, err error) {
	f, head, err := q.r.FormFile("file")
	if err != nil {
		return "", nil, fmt.Errorf("%w: choose a file", hearback.ErrInvalid)
	}
	defer f.Close()
	data, err = io.ReadAll(f)
	if err != nil {
		return "", nil, readable(err)
	}
	if len(data) == 0 {
		return "", nil, fmt.Errorf("%w: the file is empty", hearback.ErrInvalid)
	}
	return filepath.Base(head.Filename), data, nil
}

// uploads keeps an uploaded table while its columns are being chosen: in
// memory, because it has not been de-identified, for a short time, one for
// each person and few in all.
type uploads struct {
	mu sync.Mutex
	m  map[hearback.ID]uploaded
}

type uploaded struct {
	source hearback.ID
	name   string
	data   []byte
	at     time.Time
}

const (
	uploadLife = 15 * time.Minute
	uploadMost = 4
)

func (u *uploads) put(who hearback.ID, x uploaded) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.m == nil {
		u.m = map[hearback.ID]uploaded{}
	}
	for id, old := range u.m {
		if x.at.Sub(old.at) > uploadLife {
			delete(u.m, id)
		}
	}
	if _, mine := u.m[who]; !mine && len(u.m) >= uploadMost {
		return fmt.Errorf("%w: other people are importing tables just now; try again in some minutes", hearback.ErrRefused)
	}
	u.m[who] = x
	return nil
}

func (u *uploads) get(who, source hearback.ID, now time.Time) (uploaded, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	x, ok := u.m[who]
	return x, ok && x.source == source && now.Sub(x.at) <= uploadLife
}

func (u *uploads) drop(who hearback.ID) {
	u.mu.Lock()
	delete(u.m, who)
	u.mu.Unlock()
}

type tablePage struct {
	frame
	S       *hearback.Source
	File    string
	Preview *office.TablePreview
	Fields  []string
	Result  *hearback.Tally
}

func (q *request) tableFor() (*tablePage, error) {
	id, err := q.id()
	if err != nil {
		return nil, err
	}
	s, err := q.o.Store.Source(q.ctx(), id)
	if err != nil {
		return nil, err
	}
	if s.Kind != hearback.Table {
		return nil, fmt.Errorf("%w: only a source of the kind “table” takes files", hearback.ErrRefused)
	}
	if q.o.Intake == nil {
		return nil, office.ErrNoIntake
	}
	return &tablePage{frame: q.frame(q.t("table.title", s.Title), "sources"), S: s, Fields: tableFields}, nil
}

func (q *request) tablePage() error {
	p, err := q.tableFor()
	if err != nil {
		return err
	}
	return q.page("table", p)
}

// table takes a table in three steps of one form: choose a file, say what its
// columns mean, import. Nothing is kept before the last.
func (q *request) table() error {
	p, err := q.tableFor()
	if err != nil {
		return err
	}
	who, ctx := q.Account.ID, q.ctx()
	if q.form("act") == "upload" {
		name, data, err := q.upload()
		if err == nil {
			err = q.uploads.put(who, uploaded{p.S.ID, name, data, time.Now()})
		}
		if err != nil {
			return q.tableAgain(p, err)
		}
	}
	file, ok := q.uploads.get(who, p.S.ID, time.Now())
	if !ok {
		return q.tableAgain(p, fmt.Errorf("%w: the file is no longer at hand; choose it again", hearback.ErrInvalid))
	}
	p.File = file.name
	mapping := ""
	if q.form("act") != "upload" {
		m := map[string]string{}
		for _, f := range tableFields {
			if c := q.r.PostFormValue("col-" + f); c != "" {
				m[f] = c
			}
		}
		b, err := json.Marshal(m)
		if err != nil {
			return err
		}
		mapping = string(b)
	}
	if q.form("act") == "import" {
		tally, err := q.o.Intake.ImportTable(ctx, q.by(access.ManageSources), p.S.ID, file.name, file.data, mapping)
		if err != nil {
			return q.tableAgain(p, err)
		}
		q.uploads.drop(who)
		p.Result = &tally
		return q.page("table", p)
	}
	preview, err := q.o.Intake.PreviewTable(ctx, p.S.ID, file.name, file.data, mapping)
	if err != nil {
		return q.tableAgain(p, err)
	}
	p.Preview = &preview
	return q.page("table", p)
}

func (q *request) tableAgain(p *tablePage, err error) error {
	status := office.StatusOf(err)
	if status == http.StatusInternalServerError {
		return err
	}
	p.Fault = q.Say(err)
	return q.render(status, "console", "table", p)
}

// tableFields are what a column of a table can mean, in the order of the form.
var tableFields = []string{"text", "time", "id", "account", "lang", "area"}
