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
)

type concernsPage struct {
	frame
	Filter  ConcernFilter
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
	Asked   string     // the filters of this list, as a view keeps them
	Saved   *SavedView // the saved view that this list is, if it is one
	Drop    bool       // whoever looks may delete it
	Serves  []option   // desks that a view may be shared with
	LiveURL string     // where its changes come from
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
}

const pageSize = 50

// concernViews are the views of the list.
var concernViews = []string{"triage", "case", "void", "muted", "all"}

// filterNames are the filters that an address of the list may hold.
var filterNames = []string{"view", "tier", "kind", "desk", "speech", "area", "source", "q", "since", "is", "small"}

// concernFilter reads the filter out of the address.
func (q *request) concernFilter(v url.Values) (ConcernFilter, url.Values) {
	f := ConcernFilter{View: v.Get("view"), Lang: v.Get("speech"), Area: v.Get("area"), Text: v.Get("q"), Small: v.Get("small") == "1", After: v.Get("after"), Limit: pageSize}
	if !slices.Contains(concernViews, f.View) {
		f.View = "triage"
		if f.Text != "" || v.Get("since") != "" {
			f.View = "all"
		}
	}
	if q.o.FindArea != nil && f.Area != "" {
		f.Area = q.o.FindArea(shortenTo(f.Area, 200))
	}
	f.Tier, _ = hearback.ParseTier(v.Get("tier"))
	f.Source, _ = hearback.ParseID(v.Get("source"))
	if k := hearback.Kind(v.Get("kind")); slices.Contains(hearback.Kinds(), k) {
		f.Kind = k
	}
	f.Desk = shortenTo(v.Get("desk"), 80)
	if v.Get("since") == "today" {
		f.Since = q.midnight()
	}
	switch v.Get("is") {
	case "rising":
		f.Rising = q.o.Now().Add(-24 * time.Hour)
	case "unhelped":
		f.Failed = true
	}
	if (!f.Rising.IsZero() || f.Failed) && v.Get("view") == "" {
		f.View = "" // all that are open
	}
	f.Text = shortenTo(f.Text, 200)
	keep := url.Values{}
	for _, name := range filterNames {
		if x := v.Get(name); x != "" {
			keep.Set(name, x)
		}
	}
	return f, keep
}

func (q *request) concerns() error {
	ctx := q.ctx()
	f, keep := q.concernFilter(q.r.URL.Query())
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
	totals, err := q.concernTotals(ctx)
	if err != nil {
		return err
	}
	for _, v := range []struct {
		view string
		n    int64
	}{{"triage", totals.Triage}, {"case", totals.Case}, {"void", totals.Void}, {"muted", totals.Muted}, {"all", totals.All}} {
		p.Tabs = append(p.Tabs, tab{Label: q.t("view." + v.view), URL: at("view", v.view), Count: v.n, On: v.view == f.View})
	}
	if p.Sources, err = q.named(ctx); err != nil {
		return err
	}
	p.Sources = slices.DeleteFunc(p.Sources, func(s hearback.Source) bool { return s.State == hearback.SourceRemoved })
	desks, err := q.liveDesks()
	if err != nil {
		return err
	}
	deskName := ""
	for _, d := range desks {
		p.Desks = append(p.Desks, option{d.Slug, q.deskName(d)})
		if d.Slug == f.Desk {
			deskName = q.deskName(d)
		}
	}
	for _, x := range []struct{ name, value string }{
		{"tier", q.l.label("tier", f.Tier)}, {"kind", q.l.label("kind", f.Kind)}, {"desk", cmp.Or(deskName, f.Desk)}, {"speech", q.l.langName(f.Lang)},
		{"area", q.l.place(f.Area)}, {"source", sourceTitle(p.Sources, f.Source)}, {"q", f.Text},
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
				p.Areas = append(p.Areas, option{a, q.l.place(a)})
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
	alerts, err := q.o.Store.AlertList(ctx, AlertFilter{Since: day, Limit: 500})
	if err != nil {
		return nil, err
	}
	raised := map[hearback.ID][]time.Time{}
	for _, a := range alerts {
		raised[a.Concern] = append(raised[a.Concern], a.At)
	}
	answers, err := q.o.Store.AnswerList(ctx, AnswerFilter{Public: true, Since: day, Limit: 500})
	if err != nil {
		return nil, err
	}
	answered := map[hearback.ID][]time.Time{}
	for i := range answers {
		for _, r := range answers[i].Public() {
			answered[answers[i].Concern] = append(answered[answers[i].Concern], r.Published)
		}
	}
	desks, err := q.deskNames()
	if err != nil {
		return nil, err
	}
	rows := make([]concernRow, len(list))
	for i, c := range list {
		r := concernRow{Concern: c, Title: q.concernTitle(&c), TitleLang: q.titleLang(&c), Why: q.whyNow(c.Score)}
		r.Words, r.WordsLang = q.words(&c, 4)
		points := sparks[c.ID]
		for _, p := range points {
			r.Day += int64(p.Voices + .5)
		}
		r.Spark = q.l.spark(points, raised[c.ID], answered[c.ID])
		r.Areas, r.Langs = q.topAreas(c.Areas, 2), most(c.Langs, 3)
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

// label returns the name of a concern in the language of whoever reads, if
// people speak of it in that, or in the commonest of its languages.
func (q *request) label(c *hearback.Concern) hearback.Label {
	if l := c.In(q.l.lang); l != nil {
		return *l
	}
	l := hearback.Label{Title: c.Title, Phrases: c.Phrases}
	if l.Lang = most1(c.Langs); len(c.Labels) > 0 { // one that is too small for labels has the words of its first message
		l.Lang = c.Labels[0].Lang
	}
	if l.Lang == "und" {
		l.Lang = ""
	}
	return l
}

// concernTitle is the title of a concern, or its words while it has none.
func (q *request) concernTitle(c *hearback.Concern) string {
	l := q.label(c)
	if c.Titled {
		l.Title = c.Title
	}
	switch {
	case strings.TrimSpace(l.Title) != "":
		return l.Title
	case len(l.Phrases) > 0:
		words := text.Spare(l.Phrases)
		return q.l.list(words[:min(3, len(words))])
	}
	return q.t("concern.untitled", c.ID.String())
}

// titleLang is the language of a title that is not in that of whoever reads,
// or "". What a person wrote is in the language of the office.
func (q *request) titleLang(c *hearback.Concern) string {
	if lang := q.label(c).Lang; !c.Titled && lang != q.l.lang {
		return lang
	}
	return ""
}

// words returns the phrases of a concern for whoever reads, each thing once,
// and their language if it is another.
func (q *request) words(c *hearback.Concern, n int) ([]string, string) {
	l := q.label(c)
	if l.Lang == q.l.lang {
		l.Lang = ""
	}
	words := text.Spare(l.Phrases)
	return words[:min(n, len(words))], l.Lang
}

// foreign marks words that are in another language than the page.
func (l *locale) foreign(s, lang string) template.HTML {
	if lang == "" {
		return template.HTML(template.HTMLEscapeString(s))
	}
	e := template.HTMLEscapeString
	return template.HTML(`<span lang="` + e(lang) + `" dir="` + textDir(lang) + `">` + e(s) + `</span> <small class="quiet">` + e(l.langName(lang)) + `</small>`)
}

// whyNow is the sentence that says why a concern stands where it stands.
func (q *request) whyNow(s hearback.Score) string {
	if q.l.lang == "zh" && s.WhyZH != "" {
		return s.WhyZH
	}
	if s.Why != "" {
		return s.Why
	}
	return q.t("why.none")
}

// topAreas names the areas that a concern is most about.
func (q *request) topAreas(m map[string]int64, n int) []string {
	named := map[string]int64{}
	for a, k := range m {
		if a != "" {
			named[a] = k
		}
	}
	return most(named, n)
}

// most returns the keys with the largest counts, at most n.
func most(m map[string]int64, n int) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		if m[a] != m[b] {
			return int(min(max(m[b]-m[a], -1), 1))
		}
		return strings.Compare(a, b)
	})
	return keys[:min(n, len(keys))]
}

func shortenTo(s string, n int) string {
	r := []rune(s)
	return string(r[:min(n, len(r))])
}

// maxBulk is how many rows one act takes.
const maxBulk = 500

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

// each does one act to every row, all in one transaction. One that cannot be
// done does not keep the others from it.
func (q *request) each(ids []hearback.ID, do func(ctx context.Context, id hearback.ID) error) (done int, last error) {
	err := q.o.Store.Together(q.ctx(), func(ctx context.Context) error {
		for _, id := range ids {
			if err := do(ctx, id); err != nil {
				last = err
			} else {
				done++
			}
		}
		return ctx.Err()
	})
	if err != nil {
		return 0, err
	}
	return done, last
}

// bulk does one thing to every concern that was ticked, or to the whole list.
func (q *request) bulk() error {
	act, reason := q.form("act"), q.form("reason")
	need := map[string]access.Action{"mute": access.Triage, "unmute": access.Triage, "merge": access.Triage, "case": access.OpenCase}[act]
	ids, err := q.ticked(func(v url.Values) (ids []hearback.ID, err error) {
		f, _ := q.concernFilter(v)
		f.After, f.Limit = "", maxBulk
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
		return q.refuse(need)
	case len(ids) == 0:
		return fmt.Errorf("%w: tick at least one concern", hearback.ErrInvalid)
	case len(ids) > maxBulk:
		return fmt.Errorf("%w: tick at most %d concerns", hearback.ErrInvalid, maxBulk)
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
		done, last = q.each(ids, func(ctx context.Context, id hearback.ID) error {
			return q.o.Concerns.Mute(ctx, by, id, act == "mute", reason)
		})
	case "case":
		done, last = q.each(ids, func(ctx context.Context, id hearback.ID) error {
			return q.openOne(ctx, by, id, q.form("desk"), "", reason)
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

// mergeOne makes one concern a part of another.
func (q *request) mergeOne(ctx context.Context, by hearback.Actor, into, from hearback.ID, reason string) error {
	each, err := q.o.Concerns.Merge(ctx, by, into, []hearback.ID{from}, reason)
	if err != nil {
		return err
	}
	return each[0]
}

// openOne opens a case for a concern, with the desk that it looks like and
// the tier of its score unless others are chosen.
func (q *request) openOne(ctx context.Context, by hearback.Actor, id hearback.ID, slug string, tier hearback.Tier, note string) error {
	c, err := q.o.Store.Concern(ctx, id)
	if err != nil {
		return err
	}
	if slug == "" {
		if slug, _, err = q.suggestDesk(c, nil); err != nil {
			return err
		}
	}
	if tier == "" {
		tier = replyTier(c.Score.Tier)
	}
	_, err = q.o.Cases.Open(ctx, by, id, slug, tier, note)
	return err
}

// replyTier is the tier that a case starts with: a concern that is only
// watched becomes routine once somebody decides that it needs a reply.
func replyTier(t hearback.Tier) hearback.Tier {
	if t == "" || t == hearback.Watch {
		return hearback.P4
	}
	return t
}

// suggestDesk names the desk that a concern looks like, and the words or the
// certainty that say so.
func (q *request) suggestDesk(c *hearback.Concern, samples []hearback.Message) (slug, because string, err error) {
	desks, err := q.liveDesks()
	if err != nil {
		return "", "", err
	}
	texts := append([]string{c.Title}, c.Phrases...)
	_, tree, err := q.o.Desks.Routing(q.ctx())
	if err != nil {
		return "", "", err
	}
	if way := desk.Follow(tree, desk.FactsOf(c), desks); !way.Fallback {
		because := q.t("suggest.rule", q.l.list(way.Because), way.Lines[len(way.Lines)-1])
		if len(way.With) > 0 {
			because += q.t("suggest.with", q.l.list(way.With))
		}
		return way.Desk, because, nil
	}
	for _, m := range samples {
		texts = append(texts, m.Text)
	}
	if q.o.Suggest != nil {
		name, p, words := q.o.Suggest(q.ctx(), strings.Join(texts, "\n"), most1(c.Langs))
		if p >= .5 && len(words) > 0 && slices.ContainsFunc(desks, func(d hearback.Desk) bool { return d.Slug == name }) {
			return name, q.t("suggest.learned", q.l.dec(p*100), q.l.list(words)), nil
		}
	}
	for _, s := range desk.Suggest(desks, texts...) {
		if len(s.Words) > 0 {
			return s.Desk.Slug, q.t("suggest.words", q.l.list(s.Words[:min(4, len(s.Words))])), nil
		}
		return s.Desk.Slug, q.t("suggest.fallback"), nil
	}
	return "", "", nil
}

func most1(m map[string]int64) string {
	if top := most(m, 1); len(top) == 1 {
		return top[0]
	}
	return ""
}
