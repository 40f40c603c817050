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
	"example.org/hearback/internal/text"
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

type hourRow struct {
	At       time.Time
	Voices   float64
	Missing  bool
	SoFar    bool // it is not over
	Expected string
}

// An aheadRow is what is expected of a stretch of time.
type aheadRow struct {
	From, To time.Time
	Say      string
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

type wordRow struct {
	Word   string
	N      int
	Of     int
	Now    float64 // share of the messages lately, and before that
	Before float64
	Bar    template.HTML
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

// series is the timeline of a concern: three days by the hour beside the usual
// level, or a month by the day, with what was raised and said. It has no points
// if nothing was counted.
func (q *request) series(c *hearback.Concern, alerts []hearback.Alert, said *hearback.Answer, band []foreseen, daily bool) (tl timeline, err error) {
	now := q.o.Now()
	tl.now, tl.daily = now, daily
	if daily {
		if tl.points, err = q.days(c, now); err != nil {
			return tl, err
		}
		tl.running = true
	} else {
		to := now.Truncate(time.Hour)
		from := to.Add(-72 * time.Hour)
		if first := c.First.Truncate(time.Hour); first.After(from) {
			from = first.Add(-2 * time.Hour)
		}
		if to.Sub(from) < 12*time.Hour {
			from = to.Add(-12 * time.Hour)
		}
		all, err := q.o.Store.Hourly(q.ctx(), c.ID, from.Add(-7*24*time.Hour), now)
		if err != nil || len(all) == 0 {
			return tl, err
		}
		cut := 0
		for cut < len(all) && all[cut].At.Before(from) {
			cut++
		}
		tl.points, tl.band = all[cut:], band
		tl.expected = usual(all[:cut], tl.points, c.First)
		tl.running = len(tl.points) > 0 && tl.points[len(tl.points)-1].At.Add(time.Hour).After(now)
	}
	for _, a := range alerts {
		tl.marks = append(tl.marks, mark{a.At, "alert"})
	}
	if said != nil {
		for i, r := range said.Public() {
			kind := "answer"
			if i > 0 {
				kind = "correction"
			}
			tl.marks = append(tl.marks, mark{r.Published, kind})
		}
	}
	return tl, nil
}

// days adds the hours of a concern up to days of the office, the last of which
// is going on. A day of which more than half was not heard is one without data.
func (q *request) days(c *hearback.Concern, now time.Time) ([]hearback.Point, error) {
	local := now.In(q.l.Zone)
	midnight := func(back int) time.Time {
		return time.Date(local.Year(), local.Month(), local.Day()-back, 0, 0, 0, 0, q.l.Zone)
	}
	most := 6 // a week at least, and no further back than the concern
	for most < daySpan-1 && midnight(most).After(c.First) {
		most++
	}
	hours, err := q.o.Store.Hourly(q.ctx(), c.ID, midnight(most), now)
	if err != nil {
		return nil, err
	}
	var days []hearback.Point
	for back := most; back >= 0; back-- {
		p := hearback.Point{At: midnight(back)}
		heard, all := 0, 0
		for len(hours) > 0 && (back == 0 || hours[0].At.Before(midnight(back-1))) {
			if all++; !hours[0].Missing {
				heard++
				p.Voices += hours[0].Voices
			}
			hours = hours[1:]
		}
		p.Missing = back > 0 && 2*heard < all
		days = append(days, p)
	}
	return days, nil
}

// concernHistory fills in the timeline and what is said with it.
func (q *request) concernHistory(p *concernPage, alerts []hearback.Alert, band []foreseen) error {
	p.Take.Path = "/concerns/" + p.C.ID.String() + "/timeline"
	if p.Daily = q.r.URL.Query().Get("by") == "day"; p.Daily {
		p.Take.Query = "?by=day"
	}
	tl, err := q.series(p.C, alerts, p.Answer, band, p.Daily)
	if err != nil || len(tl.points) < 2 {
		return err
	}
	p.Usual, p.Foreseen = tl.expected != nil, len(tl.band) > 0
	p.Timeline, p.Plot = q.l.timeline(tl, "tlt"), q.l.plot(tl)
	p.Finding, p.SoFar = q.finding(tl)
	p.Kinded, p.Gaps = tl.kinds(), tl.gaps()
	for i, pt := range tl.points {
		row := hourRow{At: pt.At, Voices: pt.Voices, Missing: pt.Missing, SoFar: tl.running && i == len(tl.points)-1}
		if tl.expected != nil {
			row.Expected = q.l.Dec(tl.expected[i])
		}
		p.Points = append(p.Points, row)
	}
	slices.Reverse(p.Points)
	for _, f := range tl.band {
		p.Ahead = append(p.Ahead, aheadRow{f.from, f.to, q.t("chart.ahead", q.l.Dec(f.mid), q.l.Dec(f.low), q.l.Dec(f.high))})
	}
	slices.Reverse(p.Ahead)
	key := "chart.text"
	if p.Daily {
		key = "chart.text_day"
	}
	p.ChartText = q.t(key, int64(len(tl.points)), q.l.When(tl.points[0].At), int64(len(tl.marks)))
	return nil
}

// finding says what a timeline shows: the last hour or day that is over beside
// the highest, and how far the one that is going on has come.
func (q *request) finding(tl timeline) (say, soFar string) {
	var top, last hearback.Point
	for _, pt := range tl.over() {
		if !pt.Missing {
			last = pt
			if pt.Voices >= top.Voices {
				top = pt
			}
		}
	}
	at, unit := q.l.When, ""
	if tl.daily {
		at, unit = q.l.Weekday, "_day"
	}
	switch {
	case last.At.IsZero():
		say = q.t("chart.finding_none" + unit)
	case top.At.Equal(last.At):
		say = q.t("chart.finding_most"+unit, int64(last.Voices+.5), at(last.At))
	default:
		say = q.t("chart.finding"+unit, int64(last.Voices+.5), at(last.At), int64(top.Voices+.5), at(top.At))
	}
	if tl.running {
		p := tl.points[len(tl.points)-1]
		soFar = q.t("chart.so_far"+unit, int64(p.Voices+.5), at(p.At))
	}
	return say, soFar
}

// usual returns the level to expect in every hour: the median of the same
// hour of the day on the days before, from when the concern was first heard.
// With fewer than three such days there is nothing to expect by.
func usual(before, points []hearback.Point, first time.Time) []float64 {
	byHour := map[int][]float64{}
	for _, p := range before {
		if !p.Missing && !p.At.Before(first.Truncate(time.Hour)) {
			byHour[p.At.UTC().Hour()] = append(byHour[p.At.UTC().Hour()], p.Voices)
		}
	}
	out := make([]float64, len(points))
	for i, p := range points {
		list := byHour[p.At.UTC().Hour()]
		if len(list) < 3 {
			return nil
		}
		slices.Sort(list)
		out[i] = list[len(list)/2]
	}
	return out
}

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

// choose picks messages that differ from each other: the most central one
// first, then each time the one that brings most that is new (a language, a
// kind, a source, an area), and no copies.
func choose(list []hearback.Message, medoid hearback.ID, n int) []hearback.Message {
	var picked []hearback.Message
	left := slices.DeleteFunc(slices.Clone(list), func(m hearback.Message) bool { return m.CopyOf != 0 || m.Text == "" })
	seen := map[string]bool{}
	news := func(m hearback.Message) (k int) {
		for _, f := range []string{"l" + m.Lang, "k" + string(m.Kind), "s" + m.Source.String(), "a" + m.Area} {
			if !seen[f] {
				k++
			}
		}
		return k
	}
	for len(picked) < n && len(left) > 0 {
		best := 0
		for i, m := range left {
			if m.ID == medoid {
				best = i
				break
			}
			if len(picked) > 0 && news(m) > news(left[best]) {
				best = i
			}
		}
		m := left[best]
		left = slices.Delete(left, best, best+1)
		if slices.ContainsFunc(picked, func(x hearback.Message) bool { return x.Text == m.Text }) {
			continue
		}
		for _, f := range []string{"l" + m.Lang, "k" + string(m.Kind), "s" + m.Source.String(), "a" + m.Area} {
			seen[f] = true
		}
		picked = append(picked, m)
	}
	return picked
}

// allPhrases lists the phrases of a concern in all its languages.
func allPhrases(c *hearback.Concern) []string {
	list := slices.Clone(c.Phrases)
	for _, l := range c.Labels {
		for _, ph := range l.Phrases {
			if !slices.Contains(list, ph) {
				list = append(list, ph)
			}
		}
	}
	return list
}

// phraseCounts says in how many of the newest messages each phrase stands.
func phraseCounts(phrases []string, messages []hearback.Message) []wordRow {
	var list []wordRow
	for _, ph := range text.Spare(phrases) {
		r := wordRow{Word: ph, Of: len(messages)}
		for _, m := range messages {
			if strings.Contains(strings.ToLower(m.Text), strings.ToLower(ph)) {
				r.N++
			}
		}
		if r.N == 0 {
			continue
		}
		r.Bar = meter("f-reach", 100*float64(r.N)/float64(max(r.Of, 1)), 0, 0)
		list = append(list, r)
	}
	slices.SortStableFunc(list, func(a, b wordRow) int { return b.N - a.N })
	return list[:min(8, len(list))]
}

// growthHours is the stretch that words are compared over with what came before,
// and growthLeast how many messages either side needs for that.
const (
	growthHours = 12
	growthLeast = 6
)

// wordsThatGrew says how large the share of each phrase is among the newest
// messages, and what it was before; where there is too little to compare it
// counts them all, as phraseCounts does.
func wordsThatGrew(phrases []string, messages []hearback.Message, now time.Time) ([]wordRow, bool) {
	var lately, before []hearback.Message
	for _, m := range messages {
		if m.At.After(now.Add(-growthHours * time.Hour)) {
			lately = append(lately, m)
		} else {
			before = append(before, m)
		}
	}
	if len(lately) < growthLeast || len(before) < growthLeast {
		return phraseCounts(phrases, messages), false
	}
	share := func(ph string, list []hearback.Message) (n int) {
		for _, m := range list {
			if strings.Contains(strings.ToLower(m.Text), strings.ToLower(ph)) {
				n++
			}
		}
		return n
	}
	var rows []wordRow
	for _, ph := range text.Spare(phrases) {
		a, b := share(ph, lately), share(ph, before)
		if a+b == 0 {
			continue
		}
		r := wordRow{Word: ph, N: a, Of: len(lately), Now: float64(a) / float64(len(lately)), Before: float64(b) / float64(len(before))}
		r.Bar = meterTick("f-reach", 100*r.Now, 100*r.Before)
		rows = append(rows, r)
	}
	slices.SortStableFunc(rows, func(a, b wordRow) int { return cmp.Compare(b.Now-b.Before, a.Now-a.Before) })
	return rows[:min(8, len(rows))], true
}

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

// concernAct runs an act on the concern in the path and goes back to it.
func (q *request) concernAct(need access.Action, done string, f func(by hearback.Actor, id hearback.ID) error) error {
	id, err := q.id()
	if err == nil {
		err = f(q.by(need), id)
	}
	if err != nil {
		return err
	}
	return q.see("/concerns/"+id.String(), done)
}

func (q *request) mute() error {
	on := q.form("on") != "0"
	done := "muted"
	if !on {
		done = "unmuted"
	}
	id, err := q.id()
	if err == nil {
		err = q.o.Concerns.Mute(q.ctx(), q.by(access.Triage), id, on, q.form("reason"))
	}
	if err != nil {
		return err
	}
	act := "unmute"
	if on {
		act = "mute"
	}
	return q.seeUndo("/concerns/"+id.String(), done, act, []hearback.ID{id})
}

func (q *request) concernTier() error {
	return q.concernAct(access.Triage, "concern_tier", func(by hearback.Actor, id hearback.ID) error {
		return q.o.Concerns.SetTier(q.ctx(), by, id, hearback.Tier(q.form("tier")), q.form("reason"))
	})
}

func (q *request) retitle() error {
	return q.concernAct(access.Triage, "retitled", func(by hearback.Actor, id hearback.ID) error {
		return q.o.Concerns.Retitle(q.ctx(), by, id, q.form("title"))
	})
}

func (q *request) rateHarm() error {
	return q.concernAct(access.RateHarm, "rated", func(by hearback.Actor, id hearback.ID) error {
		n := func(name string) int {
			v, err := strconv.Atoi(q.form(name))
			if err != nil {
				return -1 // refused as out of range
			}
			return v
		}
		return q.o.Concerns.RateHarm(q.ctx(), by, hearback.HarmRating{
			Concern: id, By: by.ID, Severity: n("severity"), Believable: n("believable"), Immediate: n("immediate"),
			CallToAction: n("call"), Vulnerable: n("vulnerable"), Reason: q.form("reason"), At: q.o.Now(),
		})
	})
}

func (q *request) openCase() error {
	id, err := q.id()
	if err != nil {
		return err
	}
	tier := hearback.Tier(q.form("tier"))
	if tier != "" {
		if tier, err = hearback.ParseTier(string(tier)); err != nil {
			return err
		}
	}
	if err := q.OpenOne(q.ctx(), q.by(access.OpenCase), id, q.form("desk"), tier, q.form("note")); err != nil {
		return err
	}
	c, err := q.o.Store.Concern(q.ctx(), id)
	if err != nil {
		return err
	}
	if c.Case == 0 {
		return q.see("/concerns/"+id.String(), "case_opened")
	}
	return q.see("/cases/"+c.Case.String(), "case_opened")
}

func (q *request) merge() error {
	other, err := hearback.ParseID(strings.TrimPrefix(lastPart(q.form("other")), "#"))
	if err != nil {
		return err
	}
	return q.concernAct(access.Triage, "merged", func(by hearback.Actor, id hearback.ID) error {
		return q.MergeOne(q.ctx(), by, id, other, q.form("reason"))
	})
}

// lastPart lets one paste the address of a concern instead of its number.
func lastPart(s string) string {
	s, _, _ = strings.Cut(s, "?")
	return s[strings.LastIndexByte(s, '/')+1:]
}

func (q *request) proposal() error {
	accept := q.form("act") == "accept"
	done := "proposal_rejected"
	if accept {
		done = "proposal_accepted"
	}
	return q.concernAct(access.Triage, done, func(by hearback.Actor, _ hearback.ID) error {
		return q.o.Concerns.Decide(q.ctx(), by, q.form("key"), accept, q.form("reason"))
	})
}

func (q *request) undo() error {
	return q.concernAct(access.Triage, "undone", func(by hearback.Actor, id hearback.ID) error {
		return q.o.Concerns.Undo(q.ctx(), by, id, q.form("reason"))
	})
}
