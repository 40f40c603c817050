package web

import (
	"fmt"
	"html/template"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/publish"
	"example.org/hearback/internal/text"
	"example.org/hearback/internal/web/office"
)

// people writes a count of people as the public may read it.
func (q *request) people(n int64) string {
	s, withheld := publish.Public(n)
	if withheld {
		return q.t("pub.few", publish.Floor)
	}
	return q.t("pub.about", s)
}

// messages writes a count of messages as the public may read it.
func (q *request) messages(n int64) string {
	s, withheld := publish.Public(n)
	if withheld {
		return q.t("pub.few_messages", publish.Floor)
	}
	return s
}

// publicTitle names a concern in public. What the machine drafted may be the
// words of one message, so only a title that a person wrote is shown; until
// there is one, the words that many messages share stand for it.
func (q *request) publicTitle(c *hearback.Concern) string {
	if c.Titled && strings.TrimSpace(c.Title) != "" {
		return c.Title
	}
	if _, withheld := publish.Public(c.Voices); !withheld && len(c.Phrases) > 0 {
		words := text.Spare(c.Phrases)
		// Those of the reader's language, if enough people spoke it.
		if l := c.In(q.l.Lang); l != nil && c.Langs[l.Lang] >= publish.Floor && l.Messages >= publish.Floor {
			words = text.Spare(l.Phrases)
		}
		return q.t("pub.untitled", q.l.List(words[:min(4, len(words))]))
	}
	return q.t("pub.unnamed")
}

// A question is a case that the public waits for.
type question struct {
	ID     hearback.ID
	Title  string
	People string
	Desk   string
	State  string
	Next   *hearback.Deadline
	Left   time.Duration
	Late   bool
	Soon   bool
	Paused bool
	Opened time.Time
	Age    time.Duration // since the office took it on
	Tier   hearback.Tier
	Stage  hearback.CaseState
	Voices int64            // never shown as it is
	Answer *hearback.Answer // a holding statement, if one is out
	Follow string           // where one asks to be told of it, or ""
}

// questions lists what is open, the clock that ends first at the top.
func (q *request) questions(limit int) (list []question, all int, err error) {
	cases, err := q.o.Store.CaseList(q.ctx(), office.CaseFilter{Limit: 1000})
	if err != nil {
		return nil, 0, err
	}
	for i := range cases {
		cases[i].Deadlines = cases[i].Outward()
	}
	cases = slices.DeleteFunc(cases, func(c hearback.Case) bool { return c.Next() == nil })
	all = len(cases)
	rows, err := q.CaseRows(q.ctx(), cases[:min(limit, len(cases))])
	if err != nil {
		return nil, 0, err
	}
	for _, r := range rows {
		c, err := q.o.Store.Concern(q.ctx(), r.Case.Concern)
		if err != nil {
			return nil, 0, err
		}
		x := question{ID: r.Case.ID, Title: q.publicTitle(c), People: q.people(c.Voices), Desk: r.Desk, State: q.t("pub.state." + string(r.Case.State)),
			Next: r.Next, Left: r.Left, Late: r.Late, Soon: r.Soon, Paused: r.Case.Paused(), Opened: r.Case.Opened, Age: q.o.Now().Sub(r.Case.Opened), Tier: r.Case.Tier, Stage: r.Case.State, Voices: c.Voices}
		if q.o.Follow != nil && q.o.FollowOpen {
			x.Follow = followURL(x.ID)
		}
		if r.Case.Answer != 0 {
			if x.Answer, err = q.o.Store.Answer(q.ctx(), r.Case.Answer); err != nil {
				return nil, 0, err
			}
			if x.Answer.State != hearback.AnswerPublished {
				x.Answer = nil
			}
		}
		list = append(list, x)
	}
	return list, all, nil
}

// A publicRow is one answer in a list.
type publicRow struct {
	ID        hearback.ID
	Title     string
	Lead      string
	Lang      string
	At        time.Time
	Corrected int
	Withdrawn bool
	Expired   bool // valid until a time that is over
	Record    int64
	Shared    []string // words that met a search
	Same      bool
}

func (q *request) publicRow(a *hearback.Answer) publicRow {
	t := q.TextOf(a.Current())
	r := publicRow{ID: a.ID, Title: t.Title, Lead: t.Lead, Lang: t.Lang, At: a.Changed(), Corrected: len(a.Public()) - 1, Withdrawn: a.State == hearback.AnswerWithdrawn, Expired: a.Expired(q.o.Now())}
	if cur := a.Current(); cur != nil {
		r.Record = cur.Record
	}
	if a.Withdrawn != nil {
		r.Record = a.Withdrawn.Record
	}
	return r
}

func (q *request) publicRows(limit int) ([]publicRow, error) {
	list, err := q.o.Store.AnswerList(q.ctx(), office.AnswerFilter{Public: true, Limit: limit})
	if err != nil {
		return nil, err
	}
	var rows []publicRow
	for i := range list {
		rows = append(rows, q.publicRow(&list[i]))
	}
	return rows, nil
}

type publicHome struct {
	frame
	Found     []publicRow
	Searched  bool
	Questions []question
	Open      int
	Answers   []publicRow
	Common    []publicRow
}

func (q *request) publicHome() error {
	text := office.ShortenTo(strings.TrimSpace(q.r.URL.Query().Get("q")), 300)
	p := &publicHome{frame: q.frame(q.t("pub.nav.home"), "home"), Searched: text != ""}
	p.Query = text
	var err error
	if p.Answers, err = q.publicRows(12); err != nil {
		return err
	}
	p.Answers = slices.DeleteFunc(p.Answers, func(r publicRow) bool { return r.Withdrawn || r.Expired })
	p.Answers = p.Answers[:min(6, len(p.Answers))]
	if p.Questions, p.Open, err = q.questions(4); err != nil {
		return err
	}
	if text != "" {
		if p.Found, err = q.find(text); err != nil {
			return err
		}
		q.w.Header().Set("Cache-Control", "no-store") // what one looks for is one's own
	}
	p.Common = p.Answers[:min(3, len(p.Answers))]
	return q.page("pub_home", p)
}

// find looks for published answers like a text.
func (q *request) find(text string) ([]publicRow, error) {
	var rows []publicRow
	if q.o.Match != nil {
		for _, m := range q.o.Match(q.ctx(), text, q.l.Lang, 10) {
			a, err := q.o.Store.Answer(q.ctx(), m.Answer)
			if err != nil || a.State != hearback.AnswerPublished {
				continue // the index is a little behind the store
			}
			r := q.publicRow(a)
			r.Shared, r.Same = m.Shared, m.Same
			rows = append(rows, r)
		}
		return rows, nil
	}
	list, err := q.publicRows(500)
	if err != nil {
		return nil, err
	}
	low := strings.ToLower(text)
	for _, r := range list {
		if strings.Contains(strings.ToLower(r.Title+"\n"+r.Lead), low) && len(rows) < 10 {
			rows = append(rows, r)
		}
	}
	return rows, nil
}

type publicList struct {
	frame
	Answers   []publicRow
	Questions []question
	Open      int
}

func (q *request) publicAnswers() error {
	p := &publicList{frame: q.frame(q.t("pub.answers"), "home")}
	var err error
	if p.Answers, err = q.publicRows(200); err != nil {
		return err
	}
	return q.page("pub_answers", p)
}

func (q *request) publicQuestions() error {
	p := &publicList{frame: q.frame(q.t("pub.questions"), "home")}
	var err error
	if p.Questions, p.Open, err = q.questions(200); err != nil {
		return err
	}
	return q.page("pub_questions", p)
}

type publicAnswer struct {
	frame
	A         *hearback.Answer
	T         *hearback.Text
	Rev       *hearback.Revision
	Langs     []string // other languages of the text
	Foreign   bool     // there is no text in the language of the page
	Desk      string
	Approvals int
	Evidence  []hearback.Evidence
	Outcome   string
	Revisions []revisionRow
	Corrected *revisionRow
	Hash      string
	Bundle    template.JS
	Review    template.JS
	Address   string
	SMS       string
	Holding   bool
	Expired   bool
	Confirmed int // witnesses that confirmed its entry
	Need      int // witnesses that the office asks for; 0 for none
	CAP       bool
	Helped    *helpedView
}

type revisionRow struct {
	N       int
	At      time.Time
	Reason  string
	Record  int64
	Changes []partView
}

// publicAnswer is the page of one answer: the fact first, what changed, who
// says so, and the proof. A withdrawn answer leaves a page that says why.
func (q *request) publicAnswer() error {
	a, err := q.answerInPath()
	if err != nil {
		return err
	}
	rev := a.Current()
	p := &publicAnswer{A: a, Rev: rev, T: q.TextOf(rev), Holding: rev.Holding(), Expired: a.Expired(q.o.Now()), Approvals: len(rev.Valid()), Address: q.o.PublicURL + a.Path()}
	if want := q.r.URL.Query().Get("text"); rev.Text(want) != nil {
		p.T = rev.Text(want)
	}
	p.Foreign = p.T.Lang != q.l.Lang && rev.Text(q.l.Lang) == nil
	for _, lang := range rev.Langs() {
		if lang != p.T.Lang {
			p.Langs = append(p.Langs, lang)
		}
	}
	p.frame = q.frame(p.T.Title, "home")
	p.Summary, p.Script = shorten(p.T.Lead, 200), "verify.js"
	c, err := q.o.Store.Case(q.ctx(), a.Case)
	if err != nil {
		return err
	}
	desks, err := q.DeskNames(q.ctx())
	if err != nil {
		return err
	}
	p.Desk = desks[c.Desk]
	for _, e := range c.Evidence {
		if e.Retracted.IsZero() {
			p.Evidence = append(p.Evidence, e)
		}
	}
	outcomes, err := q.o.Store.OutcomeList(q.ctx(), a.ID, 1)
	if err != nil {
		return err
	}
	p.Outcome = q.t("outcome.none")
	if len(outcomes) > 0 {
		p.Outcome = q.OutcomeText(&outcomes[0])
	}
	var was *hearback.Revision
	for _, r := range a.Public() {
		row := revisionRow{N: r.N, At: r.Published, Reason: r.Reason, Record: r.Record}
		if was != nil {
			row.Changes = changes(&r, was, p.T.Lang)
		}
		p.Revisions = append(p.Revisions, row)
		was = &r
	}
	slices.Reverse(p.Revisions)
	if len(p.Revisions) > 1 {
		p.Corrected = &p.Revisions[0]
	}
	index := rev.Record
	if a.Withdrawn != nil {
		index = a.Withdrawn.Record
	}
	if p.Need = q.o.WitnessesNeed; q.o.Confirmed != nil {
		p.Confirmed = q.o.Confirmed(index)
	}
	if q.o.Bundle != nil {
		b, err := q.o.Bundle(q.ctx(), a, index)
		if err != nil {
			return err
		}
		p.Bundle = template.JS(b)
	}
	if p.Hash, err = publish.Hash(a, rev); err != nil {
		return err
	}
	if a.Withdrawn != nil {
		p.frame.Title, p.Summary = q.t("pub.withdrawn.title"), ""
		return q.render(http.StatusGone, "public", "pub_withdrawn", p)
	}
	if q.o.ClaimReview != nil {
		b, err := q.o.ClaimReview(q.ctx(), a, p.T.Lang)
		if err != nil {
			return err
		}
		p.Review = template.JS(b)
	}
	p.CAP = q.o.CAP != nil
	if p.Helped, err = q.helped(a); err != nil {
		return err
	}
	p.SMS, _, _ = publish.SMS(*p.T, p.Address)
	return q.page("pub_answer", p)
}

// changes marks the parts of a text that differ between two revisions.
func changes(r, was *hearback.Revision, lang string) []partView {
	var list []partView
	now, old := r.Text(lang), was.Text(lang)
	if now == nil || old == nil {
		return nil
	}
	names := []string{"lead", "do", "known", "going", "why", "next"}
	before := append([]string{old.Title}, old.Parts()...)
	for i, s := range append([]string{now.Title}, now.Parts()...) {
		name := "title"
		if i > 0 {
			name = names[i-1]
		}
		if s != before[i] && len(s)+len(before[i]) < 6000 {
			list = append(list, partView{name, diff(before[i], s)})
		}
	}
	return list
}

// answerInPath returns the answer named in the path if it was ever public.
func (q *request) answerInPath() (*hearback.Answer, error) {
	id, err := q.id()
	if err != nil {
		return nil, err
	}
	a, err := q.o.Store.Answer(q.ctx(), id)
	if err != nil {
		return nil, err
	}
	if a.Current() == nil {
		return nil, fmt.Errorf("%w: %s", hearback.ErrNotFound, q.r.URL.Path)
	}
	return a, nil
}

// answerData returns the published words as the log vouches for them.
func (q *request) answerData() error {
	a, err := q.answerInPath()
	if err != nil {
		return err
	}
	b, err := publish.Canonical(a, a.Current())
	if err != nil {
		return err
	}
	q.w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if a.Withdrawn != nil {
		q.w.WriteHeader(http.StatusGone)
	}
	_, err = q.w.Write(b)
	return err
}

type publicSources struct {
	frame
	Topics  []topicRow
	Sources []publicSource
	Removed []publicSource
	All     []string // titles of sources from which everything is kept
}

type publicSource struct {
	hearback.Source
	Kept   string
	Record int64
	Host   string
}

func (q *request) publicSources() error {
	p := &publicSources{frame: q.frame(q.t("pub.nav.sources"), "sources")}
	topics, err := q.o.Store.Topics(q.ctx())
	if err != nil {
		return err
	}
	for _, t := range topics {
		if t.State == hearback.TopicRemoved {
			continue
		}
		r := topicRow{Topic: t}
		if r.Record, err = q.firstRecord("topic:" + t.ID.String()); err != nil {
			return err
		}
		p.Topics = append(p.Topics, r)
	}
	sources, err := q.Named(q.ctx())
	if err != nil {
		return err
	}
	kept := map[hearback.ID]int64{}
	err = q.o.Store.Tallies(q.ctx(), 0, q.o.Now().Add(-7*24*time.Hour), func(id hearback.ID, _ time.Time, y hearback.Tally) { kept[id] += y.Kept + y.Copies })
	if err != nil {
		return err
	}
	for _, s := range sources {
		x := publicSource{Source: s, Kept: q.messages(kept[s.ID]), Host: hostOf(s.URL)}
		if x.Record, err = q.firstRecord("source:" + s.ID.String()); err != nil {
			return err
		}
		if s.State == hearback.SourceRemoved {
			p.Removed = append(p.Removed, x)
			continue
		}
		if s.All && s.State == hearback.SourceActive {
			p.All = append(p.All, s.Title)
		}
		p.Sources = append(p.Sources, x)
	}
	return q.page("pub_sources", p)
}

// hostOf returns the host of an address: what stands behind it may hold a key.
func hostOf(address string) string {
	_, rest, found := strings.Cut(address, "://")
	if !found {
		return ""
	}
	rest, _, _ = strings.Cut(rest, "/")
	rest, _, _ = strings.Cut(rest, "?")
	return rest[strings.LastIndexByte(rest, '@')+1:]
}

type accountability struct {
	frame
	Days      int
	Heard     int64
	Answered  int
	InTime    int
	Due       int
	Rate      string
	Corrected int
	Withdrawn int
	Measured  int
	Measuring int
	Helped    int
	Tiers     []tierRow
	Outcomes  []publicOutcome
	Judged    int
	Worth     int
	Interval  string
	Budget    int
	Chart     template.HTML
}

type tierRow struct {
	Tier     hearback.Tier
	Cases    int
	InTime   int
	Rate     string
	Interval string
	Median   string
}

type publicOutcome struct {
	Answer publicRow
	Text   string
	Level  int
}

// accountability shows what was promised and what happened, whatever it is.
func (q *request) accountability() error {
	ctx, now := q.ctx(), q.o.Now()
	p := &accountability{frame: q.frame(q.t("pub.nav.accountability"), "accountability"), Days: 90, Budget: q.o.AlertsPerDay}
	since := now.Add(-90 * 24 * time.Hour)
	totals, err := q.o.Store.ConcernTotals(ctx, since)
	if err != nil {
		return err
	}
	p.Heard = totals.New
	var cases []hearback.Case
	for _, closed := range []bool{false, true} {
		list, err := q.o.Store.CaseList(ctx, office.CaseFilter{Closed: closed, Since: since, Limit: 10000})
		if err != nil {
			return err
		}
		cases = append(cases, list...)
	}
	times := map[hearback.Tier][]time.Duration{}
	sums := map[hearback.Tier]*tierRow{}
	for _, tier := range hearback.Tiers()[:4] {
		sums[tier] = &tierRow{Tier: tier}
	}
	for _, c := range cases {
		row := sums[c.Tier]
		if row == nil {
			continue
		}
		for _, d := range c.Deadlines {
			if d.Kind != hearback.DeadlineAnswer || d.Running() && !d.Late(now) {
				continue // its time is not over
			}
			row.Cases++
			if !d.Late(now) {
				row.InTime++
			}
			if !d.Met.IsZero() {
				times[c.Tier] = append(times[c.Tier], d.Met.Sub(c.Opened))
			}
		}
	}
	for _, tier := range hearback.Tiers()[:4] {
		row := sums[tier]
		row.Rate, row.Interval = q.Rate(row.InTime, row.Cases)
		row.Median = "–"
		if list := times[tier]; len(list) > 0 {
			slices.Sort(list)
			row.Median = q.l.Dur(list[len(list)/2])
		}
		p.Due += row.Cases
		p.InTime += row.InTime
		p.Tiers = append(p.Tiers, *row)
	}
	p.Rate, _ = q.Rate(p.InTime, p.Due)
	answers, err := q.o.Store.AnswerList(ctx, office.AnswerFilter{Public: true, Since: since, Limit: 10000})
	if err != nil {
		return err
	}
	byID := map[hearback.ID]*hearback.Answer{}
	for i := range answers {
		a := &answers[i]
		byID[a.ID] = a
		p.Answered++
		if len(a.Public()) > 1 {
			p.Corrected++
		}
		if a.State == hearback.AnswerWithdrawn {
			p.Withdrawn++
		}
	}
	outcomes, err := q.o.Store.OutcomeList(ctx, 0, 500)
	if err != nil {
		return err
	}
	for _, o := range outcomes {
		a := byID[o.Answer]
		if a == nil {
			continue
		}
		if !o.Complete {
			p.Measuring++
			continue
		}
		p.Measured++
		if o.Level >= 2 {
			p.Helped++
		}
		if len(p.Outcomes) < 20 {
			p.Outcomes = append(p.Outcomes, publicOutcome{q.publicRow(a), q.OutcomeText(&o), o.Level})
		}
	}
	alerts, err := q.o.Store.AlertList(ctx, office.AlertFilter{Since: since, Limit: 10000})
	if err != nil {
		return err
	}
	for _, a := range alerts {
		if a.Verdict != hearback.AlertOpen {
			p.Judged++
			if a.Verdict == hearback.AlertWorth {
				p.Worth++
			}
		}
	}
	_, p.Interval = q.Rate(p.Worth, p.Judged)
	if slices.ContainsFunc(p.Tiers, func(r tierRow) bool { return r.Cases >= office.FewCases }) {
		p.Chart = q.l.intervals(p.Tiers)
	}
	return q.page("pub_accountability", p)
}

type askForm struct {
	frame
	Text string
	Max  int
}

const maxAsk = 2000

func (q *request) askPage() error {
	if q.o.Ask == nil {
		return hearback.ErrNotFound
	}
	p := &askForm{frame: q.frame(q.t("pub.ask"), ""), Max: maxAsk}
	p.Script = "ask.js"
	return q.page("pub_ask", p)
}

// ask takes a question in. Nothing is kept of who asked; the text goes the way
// of every message.
func (q *request) ask() error {
	if q.o.Ask == nil {
		return hearback.ErrNotFound
	}
	text := q.form("text")
	again := func(status int, say string) error {
		q.w.Header().Set("Cache-Control", "no-store")
		p := &askForm{frame: q.frame(q.t("pub.ask"), ""), Text: text, Max: maxAsk}
		p.Fault, p.Script = say, "ask.js"
		return q.render(status, "public", "pub_ask", p)
	}
	n := len([]rune(text))
	switch {
	case q.form("website") != "":
		return q.see("/ask", "asked") // a program filled in what people do not see
	case n < 4:
		return again(http.StatusUnprocessableEntity, q.t("ask.short"))
	case n > maxAsk:
		return again(http.StatusUnprocessableEntity, q.t("ask.long", maxAsk))
	}
	twice, forget := q.recent.again(q.o.Now(), recentAsk, "ask", address(q.r).String(), text)
	switch {
	case twice:
		return q.see("/ask", "asked")
	case !q.asks.take(time.Now(), address(q.r)):
		forget()
		return again(http.StatusTooManyRequests, q.t("ask.slow"))
	}
	if err := q.o.Ask(q.ctx(), text, ""); err != nil {
		forget()
		if office.StatusOf(err) == http.StatusInternalServerError {
			return err
		}
		return again(office.StatusOf(err), q.Say(err))
	}
	return q.see("/ask", "asked")
}

// throttle lets each network send a few questions, and all together not too
// many. It keeps nothing but counts, in memory, for some minutes.
type throttle struct {
	mu    sync.Mutex
	limit int // for each network
	begun time.Time
	all   int
	each  map[netip.Prefix]int
}

const (
	throttleSpan = 10 * time.Minute
	throttleEach = 5
	throttleAll  = 500
)

// votesEach is how often a network may say whether answers helped: a household
// or an office reads several.
const votesEach = 20

func newThrottle(limit int) *throttle {
	return &throttle{limit: limit, each: map[netip.Prefix]int{}}
}

func (t *throttle) take(now time.Time, a netip.Addr) bool {
	a = a.Unmap()
	bits := 56
	if a.Is4() {
		bits = 32
	}
	net, _ := a.WithZone("").Prefix(bits) // an address that cannot be read shares one bucket
	t.mu.Lock()
	defer t.mu.Unlock()
	if now.Sub(t.begun) > throttleSpan || now.Before(t.begun) {
		t.begun, t.all, t.each = now, 0, map[netip.Prefix]int{}
	}
	if t.all >= throttleAll || t.each[net] >= t.limit {
		return false
	}
	t.all++
	t.each[net]++
	return true
}

type noticePage struct {
	frame
	Window    time.Duration
	Retention time.Duration
	Sources   []hearback.Source
	Contact   string
	Floor     int
	Topics    int
	Helpers   []string // who else takes part, each a sentence
	LogURL    string
	Prove     time.Duration
	Staff     time.Duration // how long sign-ins of the office's own people are kept
}

// privacy is made from what is set now, so that it cannot say what is not so.
func (q *request) privacy() error {
	p := &noticePage{frame: q.frame(q.t("pub.privacy"), ""), Window: q.o.Window, Retention: q.o.Retention, Contact: q.o.Contact, Floor: publish.Floor}
	list, err := q.Named(q.ctx())
	if err != nil {
		return err
	}
	for _, s := range list {
		if s.State != hearback.SourceRemoved {
			p.Sources = append(p.Sources, s)
		}
	}
	topics, err := q.o.Store.Topics(q.ctx())
	if err != nil {
		return err
	}
	for _, t := range topics {
		if t.State == hearback.TopicActive {
			p.Topics++
		}
	}
	p.Helpers, p.LogURL, p.Prove, p.Staff = q.helpers(), q.o.PublicURL+"/log", q.o.Prove, access.SecurityLife
	return q.page("pub_privacy", p)
}

// helpers says who else takes part in what the office does, as it is set now,
// and what each of them gets to know.
func (q *request) helpers() (list []string) {
	if q.o.MailHost != "" {
		list = append(list, q.t("privacy.mail", q.o.MailHost))
	}
	if q.o.Hub != "" {
		list = append(list, q.t("privacy.hub", hostOf(q.o.Hub)))
	}
	if q.o.Fediverse != nil {
		list = append(list, q.t("privacy.fediverse"))
	}
	if q.o.Witnesses != nil {
		var names []string
		for _, w := range q.o.Witnesses() {
			names = append(names, w.Name)
		}
		if len(names) > 0 {
			list = append(list, q.t("privacy.witnesses", q.l.List(names)))
		}
	}
	if q.o.SignOn != nil {
		list = append(list, q.t("privacy.signon", q.o.SignOnName))
	}
	if q.o.Open311 != nil {
		list = append(list, q.t("privacy.open311"))
	}
	return list
}

func (q *request) accessibility() error {
	return q.page("pub_accessibility", &noticePage{frame: q.frame(q.t("pub.accessibility"), ""), Contact: q.o.Contact})
}

func (q *request) robots() error {
	q.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	text := "User-agent: *\nAllow: /\n"
	if q.o.Drill {
		text = "User-agent: *\nDisallow: /\n" // what a drill says is invented
	}
	_, err := q.w.Write([]byte(text))
	return err
}
