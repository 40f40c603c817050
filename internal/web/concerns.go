package web

import (
	"cmp"
	"context"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/desk"
	"example.org/hearback/internal/text"
	"example.org/hearback/internal/web/office"
)

type concernsPage struct {
	frame
	Filter  office.ConcernFilter
	View    string
	Tabs    []tab
	Chips   []chip
	Rows    []concernRow
	Sources []hearback.Source
	Desks   []option
	Areas   []option
	LangSet []string
	Is      string // what the list is besides its view: "rising", "unhelped"
	Next    string // address of the next page
	Partial bool   // only a part of the small concerns was looked through
	First   string // address of the first page, unless this is it
	CanBulk bool
	Self    string
	Asked   string            // the filters of this list, as a view keeps them
	Saved   *office.SavedView // the saved view that this list is, if it is one
	Drop    bool              // whoever looks may delete it
	Serves  []option          // desks that a view may be shared with
	LiveURL string            // where its changes come from
}

type tab struct {
	Label, URL string
	Count      int64
	More       bool // there are more than Count
	On         bool
	Shared     bool // by a desk
}

// A chip is a filter that is set, and the address without it.
type chip struct{ Name, Value, URL string }

type option struct{ Value, Label string }

// A concernRow is one line of the list.
type concernRow struct {
	hearback.Concern
	Title     string
	TitleLang string // if it is not that of the page
	Words     []string
	WordsLang string
	Why       string
	Spark     template.HTML
	Day       int64 // voices of the last 24 hours
	Areas     []string
	Langs     []string
	Desk      string
	Next      *hearback.Deadline
	Late      bool
	Triage    time.Time // by when somebody must decide what becomes of it; zero if somebody has
	Untriaged bool      // and that time is over
}

func (q *request) concerns() error {
	ctx := q.ctx()
	f, keep := q.ConcernFilter(q.r.URL.Query())
	p := &concernsPage{frame: q.frame(q.t("nav.concerns"), "concerns"), Filter: f, View: f.View, CanBulk: q.may(access.Triage) || q.may(access.OpenCase)}
	list, next, err := q.o.Store.ConcernList(ctx, f)
	if err != nil {
		return err
	}
	if p.Rows, err = q.concernRows(list); err != nil {
		return err
	}
	at := func(change ...string) string {
		v := url.Values{}
		for k, x := range keep {
			v[k] = x
		}
		for i := 0; i < len(change); i += 2 {
			if change[i+1] == "" {
				v.Del(change[i])
			} else {
				v.Set(change[i], change[i+1])
			}
		}
		if len(v) == 0 {
			return "/concerns"
		}
		return "/concerns?" + v.Encode()
	}
	p.Self = at()
	p.LiveURL = "/live?" + url.Values{"list": {cmp.Or(keep.Encode(), "view="+f.View) + "&after=" + url.QueryEscape(f.After)}}.Encode()
	if next != "" {
		p.Next, p.Partial = at("after", next), len(list) < f.Limit
	}
	if f.After != "" {
		p.First = at()
	}
	totals, err := q.ConcernTotals(ctx)
	if err != nil {
		return err
	}
	for _, v := range []struct {
		view string
		n    int64
	}{{"triage", totals.Triage}, {"case", totals.Case}, {"void", totals.Void}, {"muted", totals.Muted}, {"all", totals.All}} {
		p.Tabs = append(p.Tabs, tab{Label: q.t("view." + v.view), URL: at("view", v.view), Count: v.n, On: v.view == f.View})
	}
	if p.Sources, err = q.Named(ctx); err != nil {
		return err
	}
	p.Sources = slices.DeleteFunc(p.Sources, func(s hearback.Source) bool { return s.State == hearback.SourceRemoved })
	desks, err := q.LiveDesks(q.ctx())
	if err != nil {
		return err
	}
	deskName := ""
	for _, d := range desks {
		p.Desks = append(p.Desks, option{d.Slug, q.DeskName(d)})
		if d.Slug == f.Desk {
			deskName = q.DeskName(d)
		}
	}
	for _, x := range []struct{ name, value string }{
		{"tier", q.l.Label("tier", f.Tier)}, {"kind", q.l.Label("kind", f.Kind)}, {"desk", cmp.Or(deskName, f.Desk)}, {"speech", q.l.LangName(f.Lang)},
		{"area", q.l.Place(f.Area)}, {"source", sourceTitle(p.Sources, f.Source)}, {"q", f.Text},
	} {
		if keep.Get(x.name) != "" {
			p.Chips = append(p.Chips, chip{q.t("filter." + x.name), x.value, at(x.name, "")})
		}
	}
	if !f.Since.IsZero() {
		p.Chips = append(p.Chips, chip{q.t("filter.since"), q.t("filter.today"), at("since", "")})
	}
	if !f.Rising.IsZero() || f.Failed {
		p.Is = keep.Get("is")
		p.Chips = append(p.Chips, chip{q.t("filter.is"), q.t("view." + p.Is), at("is", "")})
	}
	if f.Small {
		p.Chips = append(p.Chips, chip{q.t("filter.small"), q.t("filter.small_on"), at("small", "")})
	}
	if err := q.viewTabs(p, keep); err != nil {
		return err
	}
	seen := map[string]bool{}
	spoken := map[string]bool{"en": true, "zh": true}
	for _, r := range p.Rows {
		for a := range r.Concern.Areas {
			if a != "" && !seen[a] {
				seen[a] = true
				p.Areas = append(p.Areas, option{a, q.l.Place(a)})
			}
		}
		for lang := range r.Concern.Langs {
			spoken[lang] = true
		}
	}
	slices.SortFunc(p.Areas, func(a, b option) int {
		return cmp.Or(strings.Compare(a.Label, b.Label), strings.Compare(a.Value, b.Value))
	})
	for lang := range spoken {
		p.LangSet = append(p.LangSet, lang)
	}
	slices.Sort(p.LangSet)
	p.Query = f.Text
	return q.page("concerns", p)
}

func sourceTitle(list []hearback.Source, id hearback.ID) string {
	for _, s := range list {
		if s.ID == id {
			return s.Title
		}
	}
	return ""
}

// concernRows adds to concerns what a line of the list shows.
func (q *request) concernRows(list []hearback.Concern) ([]concernRow, error) {
	ctx, now := q.ctx(), q.o.Now()
	ids := make([]hearback.ID, len(list))
	for i := range list {
		ids[i] = list[i].ID
	}
	day := now.Add(-24 * time.Hour).Truncate(time.Hour)
	sparks, err := q.o.Store.Sparks(ctx, ids, day, now)
	if err != nil {
		return nil, err
	}
	alerts, err := q.o.Store.AlertList(ctx, office.AlertFilter{Since: day, Limit: 500})
	if err != nil {
		return nil, err
	}
	raised := map[hearback.ID][]time.Time{}
	for _, a := range alerts {
		raised[a.Concern] = append(raised[a.Concern], a.At)
	}
	answers, err := q.o.Store.AnswerList(ctx, office.AnswerFilter{Public: true, Since: day, Limit: 500})
	if err != nil {
		return nil, err
	}
	answered := map[hearback.ID][]time.Time{}
	for i := range answers {
		for _, r := range answers[i].Public() {
			answered[answers[i].Concern] = append(answered[answers[i].Concern], r.Published)
		}
	}
	desks, err := q.DeskNames(q.ctx())
	if err != nil {
		return nil, err
	}
	rows := make([]concernRow, len(list))
	for i, c := range list {
		r := concernRow{Concern: c, Title: q.ConcernTitle(&c), TitleLang: q.TitleLang(&c), Why: q.WhyNow(c.Score)}
		r.Words, r.WordsLang = q.words(&c, 4)
		points := sparks[c.ID]
		for _, p := range points {
			r.Day += int64(p.Voices + .5)
		}
		r.Spark = q.l.spark(points, raised[c.ID], answered[c.ID])
		r.Areas, r.Langs = q.topAreas(c.Areas, 2), office.Most(c.Langs, 3)
		r.Triage = desk.TriageBy(&c)
		r.Untriaged = !r.Triage.IsZero() && now.After(r.Triage)
		if c.Case != 0 {
			k, err := q.o.Store.Case(ctx, c.Case)
			if err != nil {
				return nil, err
			}
			if k.State != hearback.CaseClosed {
				r.Desk, r.Next, r.Late = desks[k.Desk], k.Next(), k.Late(now)
			}
		}
		rows[i] = r
	}
	return rows, nil
}

// dayVoices sums the voices of the last 24 hours as rows show them.
func (q *request) dayVoices(list []hearback.Concern) (map[hearback.ID]int64, error) {
	ids := make([]hearback.ID, len(list))
	for i := range list {
		ids[i] = list[i].ID
	}
	now := q.o.Now()
	sparks, err := q.o.Store.Sparks(q.ctx(), ids, now.Add(-24*time.Hour).Truncate(time.Hour), now)
	days := make(map[hearback.ID]int64, len(list))
	for id, points := range sparks {
		for _, p := range points {
			days[id] += int64(p.Voices + .5)
		}
	}
	return days, err
}

// words returns the phrases of a concern for whoever reads, each thing once,
// and their language if it is another.
func (q *request) words(c *hearback.Concern, n int) ([]string, string) {
	l := q.Label(c)
	if l.Lang == q.l.Lang {
		l.Lang = ""
	}
	words := text.Spare(l.Phrases)
	return words[:min(n, len(words))], l.Lang
}

// foreign marks words that are in another language than the page.
func (l *writer) foreign(s, lang string) template.HTML {
	if lang == "" {
		return template.HTML(template.HTMLEscapeString(s))
	}
	e := template.HTMLEscapeString
	return template.HTML(`<span lang="` + e(lang) + `" dir="` + textDir(lang) + `">` + e(s) + `</span> <small class="quiet">` + e(l.LangName(lang)) + `</small>`)
}

// said sets words that people wrote apart, so that they are spoken and set as
// their language is. Without one, their script says which it is.
func (l *writer) said(s, lang string) template.HTML {
	if lang == "" || lang == "und" {
		lang = office.ScriptLang(s)
	}
	e := template.HTMLEscapeString
	switch {
	case lang != "" && lang != l.Lang:
		return template.HTML(`<bdi lang="` + e(lang) + `" dir="` + textDir(lang) + `">` + e(s) + `</bdi>`)
	case lang == "":
		return template.HTML(`<bdi>` + e(s) + `</bdi>`)
	default:
		return template.HTML(e(s))
	}
}

// topAreas names the areas that a concern is most about.
func (q *request) topAreas(m map[string]int64, n int) []string {
	named := map[string]int64{}
	for a, k := range m {
		if a != "" {
			named[a] = k
		}
	}
	return office.Most(named, n)
}

// ticked returns the rows that an act is for: those ticked, or, with whole, as
// many of the list as an act takes.
func (q *request) ticked(whole func(v url.Values) ([]hearback.ID, error)) ([]hearback.ID, error) {
	if q.form("whole") == "1" {
		u, err := url.Parse(local(q.form("back")))
		if err != nil {
			return nil, fmt.Errorf("%w: this list is not there; begin again", hearback.ErrInvalid)
		}
		return whole(u.Query())
	}
	var ids []hearback.ID
	for _, s := range q.r.PostForm["id"] {
		id, err := hearback.ParseID(s)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// sureFrom is how many rows an act takes without saying first what it will do.
const sureFrom = 50

type surePage struct {
	frame
	Do     string // what will happen, in a sentence
	URL    string
	Fields []option // the form, as it came
	Back   string
}

// sure asks once before an act on many rows, and returns false if it has.
func (q *request) sure(act string, n int) (bool, error) {
	if n <= sureFrom || q.form("sure") == "1" {
		return true, nil
	}
	p := &surePage{frame: q.frame(q.t("sure.title"), ""), Do: q.t("sure."+act, int64(n)), URL: q.r.URL.Path, Back: local(q.form("back"))}
	for name, values := range q.r.PostForm {
		for _, v := range values {
			p.Fields = append(p.Fields, option{name, v})
		}
	}
	// Buttons are no part of the form twice; the order is that of the names.
	slices.SortStableFunc(p.Fields, func(a, b option) int { return strings.Compare(a.Value, b.Value) })
	return false, q.page("sure", p)
}

// bulk does one thing to every concern that was ticked, or to the whole list.
func (q *request) bulk() error {
	act, reason := q.form("act"), q.form("reason")
	need := map[string]access.Action{"mute": access.Triage, "unmute": access.Triage, "merge": access.Triage, "case": access.OpenCase}[act]
	ids, err := q.ticked(func(v url.Values) (ids []hearback.ID, err error) {
		f, _ := q.ConcernFilter(v)
		f.After, f.Limit = "", office.MaxBulk
		list, _, err := q.o.Store.ConcernList(q.ctx(), f)
		for i := range list {
			ids = append(ids, list[i].ID)
		}
		return ids, err
	})
	switch {
	case err != nil:
		return err
	case need == "":
		return fmt.Errorf("%w: choose what to do", hearback.ErrInvalid)
	case !q.may(need):
		return q.Refuse(q.ctx(), need)
	case len(ids) == 0:
		return fmt.Errorf("%w: tick at least one concern", hearback.ErrInvalid)
	case len(ids) > office.MaxBulk:
		return fmt.Errorf("%w: tick at most %d concerns", hearback.ErrInvalid, office.MaxBulk)
	case act == "merge" && len(ids) < 2:
		return fmt.Errorf("%w: tick two concerns or more to merge them", hearback.ErrInvalid)
	}
	if ok, err := q.sure(act, len(ids)); !ok {
		return err
	}
	by := q.by(need)
	var done int
	var last error
	switch act {
	case "mute", "unmute":
		done, last = q.Each(q.ctx(), ids, func(ctx context.Context, id hearback.ID) error {
			return q.o.Concerns.Mute(ctx, by, id, act == "mute", reason)
		})
	case "case":
		done, last = q.Each(q.ctx(), ids, func(ctx context.Context, id hearback.ID) error {
			return q.OpenOne(ctx, by, id, q.form("desk"), "", reason)
		})
	case "merge":
		each, err := q.o.Concerns.Merge(q.ctx(), by, ids[0], ids[1:], reason)
		if err != nil {
			return err
		}
		for _, err := range each {
			if err != nil {
				last = err
			} else {
				done++
			}
		}
	}
	if done == 0 {
		return last
	}
	to := local(q.form("back"))
	word := "bulk_"
	if last != nil {
		word = "some_"
	}
	return q.seeUndo(to, word+act, act, ids)
}
