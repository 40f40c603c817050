package web

import (
	"cmp"
	"errors"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/desk"
	"example.org/hearback/internal/web/office"
)

type concernPage struct {
	frame
	C           *hearback.Concern
	Title       string
	TitleLang   string // if it is not that of the page
	Phrases     []string
	PhrasesLang string
	Why         string
	Alerts      []office.AlertRow
	Timeline    template.HTML
	Plot        *plotted // the same, for whoever wants to look closer
	Daily       bool     // it goes by the day
	Points      []hourRow
	Ahead       []aheadRow
	Finding     string
	Kinded      []string // the kinds of marks in the timeline
	Gaps        bool     // it has hours without data
	SoFar       string   // what the hour or the day that is going on has
	Take        take
	TakeMap     take
	ChartText   string
	Usual       bool
	Foreseen    bool     // the timeline goes on into what is expected
	Outlook     []string // what is expected
	OutlookNote string   // why there is nothing, or not all
	Excerpts    []excerpt
	Forgotten   bool // text was kept once and has been forgotten
	Parts       []partRow
	Spread      string // the formula with its numbers
	Matches     []office.Match
	Nearest     []office.Nearest
	Loading     bool // the nearest are not known yet
	Flags       []string
	Words       []wordRow
	Areas       []countRow
	Nowhere     float64
	HasLayer    bool
	Map         template.HTML // on the boundary layer, if there is one
	MapText     string
	MapFinding  string
	MapRows     []mapRow
	MapFew      bool // areas with under ten messages are on it,
	MapNone     bool // with none,
	MapSilent   bool // and such that no source brings anything from
	layer       []layerCount
	Shades      []shadeRow
	Tongues     []tongueRow // what they say, language by language
	Grew        bool        // Words compares lately with before
	With        *mergeWith  // what a merge would do, before it is done
	Langs       []countRow
	Kinds       []countRow
	Sources     []countRow
	Ratings     []hearback.HarmRating
	office.Harm
	Hints      map[string]hint
	Proposals  []office.Proposal
	SplitAt    int // which of them is the first split; -1 if none is
	Case       *hearback.Case
	CaseDesk   string
	Next       *hearback.Deadline
	Late       bool
	Triage     time.Time // by when somebody must decide what becomes of it; zero if somebody has
	Untriaged  bool
	Answer     *hearback.Answer
	Into       *hearback.Concern
	IntoLang   string // of its title, if that is not the language of the page
	Desks      []option
	Desk, Hint string // the desk that it looks like, and why
	Tier       hearback.Tier
	Do         string // the form that stands open
	Entries    []office.EntryRow
	MayTriage  bool
	MayCase    bool
	Undoable   bool
}

type excerpt struct {
	hearback.Message
	Source string
	HTML   template.HTML
	Why    string
}

type partRow struct {
	namedPart
	Bar   template.HTML
	Terms []string
}

// A hint is what words suggest for one item of the harm form. It marks an
// anchor; it chooses none.
type hint struct {
	Anchor int
	Words  []string
}

// harmHints reads the words of the newest messages.
func (q *request) harmHints(messages []hearback.Message) map[string]hint {
	if q.o.HarmHints == nil {
		return nil
	}
	s := q.o.HarmHints(messages)
	hints := map[string]hint{}
	for item, anchor := range map[string]int{"severity": s.Severity, "immediate": s.Immediate, "call": s.CallToAction, "vulnerable": s.Vulnerable} {
		if words := s.Words[item]; len(words) > 0 {
			hints[item] = hint{anchor, words}
		}
	}
	return hints
}

type countRow struct {
	Label string
	Lang  string // for the lang attribute, if the label is in another language
	N     int64
	Share float64
	Bar   template.HTML
	URL   string
}

// A mapRow is an area of a map.
type mapRow struct {
	countRow
	Silent bool // no source brings anything from there
}

// A tongueRow is what people say in one language.
type tongueRow struct {
	Lang    string
	Title   string
	Phrases []string
	N       int64
}

// mergeWith is what would become of two concerns that are made one.
type mergeWith struct {
	ID             hearback.ID
	Title, Lang    string
	Voices, Sum    int64
	Messages       int64
	Priority       float64
	Tier           hearback.Tier
	Shared         []string
	Here, There    []string // words of only one side
	Case, Answered bool
}

func (q *request) concern() error {
	id, err := q.id()
	if err != nil {
		return err
	}
	ctx, now := q.ctx(), q.o.Now()
	c, err := q.o.Store.Concern(ctx, id)
	if err != nil {
		return err
	}
	p := &concernPage{
		C: c, Title: q.ConcernTitle(c), TitleLang: q.TitleLang(c), Why: q.WhyNow(c.Score), Do: q.r.URL.Query().Get("do"), Tier: office.ReplyTier(c.Score.Tier),
		MayTriage: q.may(access.Triage), MayCase: q.may(access.OpenCase), Harm: q.Harm(nil),
	}
	p.frame = q.frame(p.Title, "concerns")
	p.Phrases, p.PhrasesLang = q.words(c, 5)
	if c.Into != 0 {
		if p.Into, err = q.o.Store.Concern(ctx, c.Into); err != nil {
			return err
		}
		p.IntoLang = q.TitleLang(p.Into)
	}
	alerts, err := q.o.Store.AlertList(ctx, office.AlertFilter{Concern: id, Limit: 50})
	if err != nil {
		return err
	}
	if p.Alerts, err = q.AlertRows(q.ctx(), alerts); err != nil {
		return err
	}
	desks, err := q.DeskNames(q.ctx())
	if err != nil {
		return err
	}
	p.Triage = desk.TriageBy(c)
	p.Untriaged = !p.Triage.IsZero() && now.After(p.Triage)
	if c.Case != 0 {
		if p.Case, err = q.o.Store.Case(ctx, c.Case); err != nil {
			return err
		}
		p.CaseDesk, p.Next, p.Late = desks[p.Case.Desk], p.Case.Next(), p.Case.Late(now)
	}
	if c.Answer != 0 {
		if p.Answer, err = q.o.Store.Answer(ctx, c.Answer); err != nil {
			return err
		}
	}
	var band []foreseen
	if p.Outlook, band, p.OutlookNote, err = q.outlook(c); err != nil {
		return err
	}
	if err := q.concernHistory(p, alerts, band); err != nil {
		return err
	}
	messages, err := q.o.Store.Messages(ctx, office.RecentOf(c))
	if err != nil {
		return err
	}
	sources, err := q.Named(ctx)
	if err != nil {
		return err
	}
	titles := map[hearback.ID]string{}
	for _, s := range sources {
		titles[s.ID] = s.Title
	}
	p.Forgotten = len(messages) == 0 && c.Messages > 0
	for _, m := range choose(messages, c.Medoid, 6) {
		p.Excerpts = append(p.Excerpts, excerpt{m, titles[m.Source], q.l.marked(m.Text), q.Belongs(q.ctx(), c, m)})
	}
	p.Words, p.Grew = wordsThatGrew(allPhrases(c), messages, now)
	for _, l := range c.Labels {
		if l.Title != "" || len(l.Phrases) > 0 {
			p.Tongues = append(p.Tongues, tongueRow{l.Lang, l.Title, l.Phrases[:min(4, len(l.Phrases))], c.Langs[l.Lang]})
		}
	}
	if other := q.r.URL.Query().Get("other"); other != "" && p.MayTriage {
		if p.With, err = q.mergeWith(c, other); err != nil {
			return err
		}
	}
	for _, part := range parts(c.Score) {
		r := partRow{namedPart: part}
		if part.Known {
			r.Bar = meter(part.Class(), part.Value, 0, 0)
		}
		for _, t := range part.Terms {
			r.Terms = append(r.Terms, q.term(t))
		}
		p.Parts = append(p.Parts, r)
	}
	p.Spread = q.formula(c.Score)
	for _, f := range c.Score.Flags {
		say := q.l.Label("flag", f)
		if f == "coverage" {
			var names []string
			for _, x := range c.Score.Unreached {
				if name := q.l.Place(x.Name); x.What == "area" {
					names = append(names, name)
				} else {
					names = append(names, q.l.LangName(x.Name))
				}
			}
			say = q.t("flag.coverage_of", q.l.List(names))
		}
		p.Flags = append(p.Flags, say)
	}
	if q.o.Match != nil {
		p.Matches = q.o.Match(ctx, strings.Join(append([]string{c.Title}, c.Phrases...), "\n"), office.Most1(c.Langs), 5)
	}
	if q.o.Concerns != nil {
		if p.Nearest, err = q.o.Concerns.Nearest(ctx, id, 5); err == nil {
			p.Proposals, err = q.o.Concerns.Proposals(ctx, id)
		}
		if p.Loading = errors.Is(err, office.ErrLoading); err != nil && !p.Loading {
			return err
		}
		for i := range p.Nearest {
			n := &p.Nearest[i]
			if c, err := q.o.Store.Concern(ctx, n.Concern); err == nil {
				n.Title, n.Lang = q.ConcernTitle(c), q.TitleLang(c)
			}
		}
		for i := range p.Proposals {
			x := &p.Proposals[i]
			if c, err := q.o.Store.Concern(ctx, x.Other); err == nil {
				x.Title, x.Lang = q.ConcernTitle(c), q.TitleLang(c)
			}
		}
		if p.Ratings, err = q.o.Concerns.HarmRatings(ctx, id); err != nil {
			return err
		}
	}
	p.Harm = q.Harm(p.Ratings)
	p.SplitAt = slices.IndexFunc(p.Proposals, func(x office.Proposal) bool { return x.Kind == "split" })
	if p.MayRate {
		p.Hints = q.harmHints(messages)
	}
	if err := q.concernCounts(p, titles); err != nil {
		return err
	}
	live, err := q.LiveDesks(q.ctx())
	if err != nil {
		return err
	}
	for _, d := range live {
		p.Desks = append(p.Desks, option{d.Slug, q.DeskName(d)})
	}
	if p.Desk, p.Hint, err = q.SuggestDesk(q.ctx(), c, messages[:min(len(messages), 5)]); err != nil {
		return err
	}
	entries, err := q.o.Store.EntriesAbout(ctx, "concern:"+id.String(), 20)
	if err != nil {
		return err
	}
	p.Entries = q.EntryRows(entries)
	p.Undoable = slices.ContainsFunc(entries, func(e hearback.Entry) bool {
		return e.Type == hearback.ConcernMerged || e.Type == hearback.ConcernSplit
	})
	return q.page("concern", p)
}

// daySpan is how many days the timeline shows when it goes by the day.
const daySpan = 30

// concernCounts fills the tables of where, in which language and how.
func (q *request) concernCounts(p *concernPage, titles map[hearback.ID]string) error {
	c := p.C
	rows := func(m map[string]int64, n int, label func(string) countRow) []countRow {
		var sum, top int64
		for _, k := range m {
			sum += k
			top = max(top, k)
		}
		var list []countRow
		for _, key := range office.Most(m, n) {
			r := label(key)
			r.N, r.Share = m[key], float64(m[key])/float64(max(sum, 1))
			r.Bar = meter("f-reach", 100*float64(m[key])/float64(max(top, 1)), 0, 0)
			list = append(list, r)
		}
		return list
	}
	named := map[string]int64{}
	var all int64
	for a, n := range c.Areas {
		all += n
		if a != "" {
			named[a] = n
		}
	}
	if all > 0 {
		p.Nowhere = float64(c.Areas[""]) / float64(all)
	}
	q.concernMap(p, named)
	p.Areas = rows(named, 10, func(k string) countRow {
		return countRow{Label: q.l.Place(k), URL: "/concerns?view=all&area=" + template.URLQueryEscaper(k)}
	})
	p.Langs = rows(c.Langs, 10, func(k string) countRow {
		return countRow{Label: q.l.LangName(k), URL: "/concerns?view=all&speech=" + template.URLQueryEscaper(k)}
	})
	kinds := map[string]int64{}
	for k, n := range c.Kinds {
		kinds[string(k)] = n
	}
	p.Kinds = rows(kinds, 10, func(k string) countRow { return countRow{Label: q.l.Label("kind", k)} })
	bySource, err := q.o.Store.BySource(q.ctx(), c.ID, time.Time{})
	if err != nil {
		return err
	}
	m := map[string]int64{}
	for id, n := range bySource {
		m[id.String()] = n
	}
	p.Sources = rows(m, 10, func(k string) countRow {
		id, _ := hearback.ParseID(k)
		return countRow{Label: cmp.Or(titles[id], k), URL: "/sources/" + k}
	})
	return nil
}

// growthHours is the stretch that words are compared over with what came before,
// and growthLeast how many messages either side needs for that.
const (
	growthHours = 12
	growthLeast = 6
)

// mergeWith says what a merge of another concern into c would do.
func (q *request) mergeWith(c *hearback.Concern, other string) (*mergeWith, error) {
	id, err := hearback.ParseID(strings.TrimPrefix(lastPart(other), "#"))
	if err != nil {
		return nil, err
	}
	o, err := q.o.Store.Concern(q.ctx(), id)
	if err != nil {
		return nil, err
	}
	if o.ID == c.ID || o.State == hearback.Merged {
		return nil, fmt.Errorf("%w: choose another concern that stands for itself", hearback.ErrInvalid)
	}
	w := &mergeWith{ID: o.ID, Title: q.ConcernTitle(o), Lang: q.TitleLang(o), Voices: o.Voices, Sum: o.Voices + c.Voices, Messages: o.Messages + c.Messages,
		Priority: o.Score.Priority, Tier: o.Score.Tier, Case: o.Case != 0, Answered: o.Answer != 0}
	here, there := allPhrases(c), allPhrases(o)
	for _, ph := range there {
		if slices.Contains(here, ph) {
			w.Shared = append(w.Shared, ph)
		} else {
			w.There = append(w.There, ph)
		}
	}
	for _, ph := range here {
		if !slices.Contains(there, ph) {
			w.Here = append(w.Here, ph)
		}
	}
	w.Here, w.There = w.Here[:min(6, len(w.Here))], w.There[:min(6, len(w.There))]
	return w, nil
}

// concernMap draws where messages come from, on the boundary layer.
func (q *request) concernMap(p *concernPage, named map[string]int64) {
	p.HasLayer = len(q.maps) > 0
	if len(q.maps) == 0 || len(named) == 0 {
		return
	}
	list, rest := q.maps[0].onLayer(named)
	top := list[0].N
	if top < fewMessages {
		return // nothing but hatch
	}
	from := shades(top)
	var named10, few, none, silent []string
	for i := range list {
		c := &list[i]
		c.Silent = c.N == 0 && slices.ContainsFunc(p.C.Score.Unreached, func(x hearback.Place) bool {
			return x.What == "area" && (c.Area == x.Name || strings.HasSuffix(c.Area, "/"+x.Name))
		})
		name := q.l.Place(c.Area)
		switch {
		case c.Silent:
			silent = append(silent, name)
		case c.N == 0:
			none = append(none, name)
		case c.N < fewMessages:
			few = append(few, name)
		default:
			named10 = append(named10, name+" "+q.l.Num(c.N))
		}
		p.MapRows = append(p.MapRows, mapRow{countRow{Label: name, N: c.N, URL: "/concerns?view=all&area=" + template.URLQueryEscaper(c.Area)}, c.Silent})
	}
	p.Map, p.Shades = q.l.areaMap(q.maps, list, from, "maptext"), q.l.shadeLegend(from, top)
	p.MapFew, p.MapNone, p.MapSilent = len(few) > 0, len(none) > 0, len(silent) > 0
	p.TakeMap.Path = "/concerns/" + p.C.ID.String() + "/map"
	if rest > 0 {
		p.MapRows = append(p.MapRows, mapRow{countRow: countRow{Label: q.t("map.elsewhere"), N: rest}})
	}
	p.MapFinding = q.t("map.finding", q.l.Place(list[0].Area), top)
	p.MapText = q.t("map.text", q.l.List(named10))
	for _, x := range []struct {
		key   string
		areas []string
	}{{"map.text_few", few}, {"map.text_zero", none}, {"map.text_silent", silent}} {
		if len(x.areas) > 0 {
			p.MapText += q.t("sp") + q.t(x.key, q.l.List(x.areas))
		}
	}
	p.layer = list
}

// term writes one input of a formula with its unit.
func (q *request) term(t hearback.Term) string {
	v := q.l.Dec(t.Value)
	if t.Value != math.Trunc(t.Value) && math.Abs(t.Value) < 10 {
		v = strconv.FormatFloat(t.Value, 'f', 1, 64)
		if t.Value < 0 {
			v = q.l.Minus() + strings.TrimPrefix(v, "-")
		}
	}
	switch t.Unit {
	case "":
	case "probability":
		v = q.l.Dec(100*t.Value) + "%"
	default:
		unit := t.Unit
		if q.l.Has("unit." + unit) {
			unit = q.t("unit." + unit)
		}
		v += q.t("unit.gap") + unit
	}
	return q.t("term", q.l.Label("term", t.Name), v)
}

// formula writes the two formulae with the numbers that went in.
func (q *request) formula(s hearback.Score) string {
	if s.Rules == "" {
		return ""
	}
	var terms []string
	for _, x := range []struct {
		weight string
		part   hearback.Part
	}{{".5", s.Heat}, {".2", s.Reach}, {".3", s.Persistence}} {
		if x.part.Known {
			terms = append(terms, x.weight+" × "+strconv.Itoa(int(x.part.Value+.5)))
		}
	}
	return strings.Join(terms, " + ")
}

// marked shows the text of a message with what was masked set apart. The
// masks are words in brackets that de-identification put there.
func (l *writer) marked(s string) template.HTML {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "[")
		b.WriteString(template.HTMLEscapeString(before))
		if !found {
			return template.HTML(b.String())
		}
		name, after, closed := strings.Cut(rest, "]")
		if closed && l.Has("mask."+name) {
			b.WriteString(`<span class="masked">` + template.HTMLEscapeString(l.T("mask."+name)) + `</span>`)
			s = after
			continue
		}
		b.WriteByte('[')
		s = rest
	}
}
