package web

import (
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/answer"
	"example.org/hearback/internal/publish/activitypub"
	"example.org/hearback/internal/web/office"
)

type draftPage struct {
	frame
	Case    *hearback.Case
	Concern *hearback.Concern
	Title   string
	Answer  *hearback.Answer
	Texts   []hearback.Text
	Verdict hearback.Verdict
	Reason  string
	Version int
	Current *hearback.Revision // what is public now
	Rev     int
	Newer   bool // somebody else saved meanwhile
	By      string
	SavedAt time.Time
	Clash   []langView // what differs between their text and the one typed
	Asked   []countRow
	Matches []office.Match
	Samples []excerpt
	Limit   int
	Extra   []string // languages that people asked in besides those on the form
	Ready   []office.ReadyAnswer
	Put     int // which of them was just put in, from 1; 0 for none
}

// draftLangs are the languages that the form always offers; more are offered
// when the draft has them.
var draftLangs = []string{"en", "zh"}

// draftOf collects what the form for an answer shows, before anything that was
// typed.
func (q *request) draftOf(id hearback.ID) (*draftPage, error) {
	ctx := q.ctx()
	c, err := q.o.Store.Case(ctx, id)
	if err != nil {
		return nil, err
	}
	concern, err := q.o.Store.Concern(ctx, c.Concern)
	if err != nil {
		return nil, err
	}
	p := &draftPage{Case: c, Concern: concern, Title: q.ConcernTitle(concern), Rev: 1, Limit: hearback.MaxTitle}
	p.frame = q.frame(q.t("draft.title", p.Title), "cases")
	have := map[string]hearback.Text{}
	if c.Answer != 0 {
		if p.Answer, err = q.o.Store.Answer(ctx, c.Answer); err != nil {
			return nil, err
		}
		p.Version, p.Current = p.Answer.Version, p.Answer.Current()
		from := p.Answer.Draft()
		if from == nil {
			from = p.Current
			p.Rev = len(p.Answer.Revisions) + 1
		} else {
			p.Rev, p.Reason = from.N, from.Reason
		}
		if from != nil {
			for _, t := range from.Texts {
				have[t.Lang] = t
			}
			p.Verdict = from.Verdict()
		}
	}
	if p.Verdict == "" {
		p.Verdict = c.Verdict
	}
	order := slices.Clone(draftLangs)
	if q.l.Lang == "zh" {
		slices.Reverse(order)
	}
	for lang := range have {
		if !slices.Contains(order, lang) {
			order = append(order, lang)
		}
	}
	slices.Sort(order[len(draftLangs):])
	for _, lang := range order {
		t := have[lang]
		t.Lang = lang
		p.Texts = append(p.Texts, t)
	}
	if p.Ready, err = q.Ready(q.ctx(), c); err != nil {
		return nil, err
	}
	var all int64
	for _, n := range concern.Langs {
		all += n
	}
	for _, lang := range office.Most(concern.Langs, 6) {
		p.Asked = append(p.Asked, countRow{Label: q.l.LangName(lang), N: concern.Langs[lang], Share: float64(concern.Langs[lang]) / float64(max(all, 1))})
		if !slices.Contains(order, lang) && lang != "und" {
			p.Extra = append(p.Extra, lang)
		}
	}
	messages, err := q.o.Store.Messages(ctx, office.RecentOf(concern))
	if err != nil {
		return nil, err
	}
	for _, m := range choose(messages, concern.Medoid, 3) {
		p.Samples = append(p.Samples, excerpt{Message: m, HTML: q.l.marked(m.Text)})
	}
	return p, nil
}

func (q *request) draftPage() error {
	id, err := q.id()
	if err != nil {
		return err
	}
	p, err := q.draftOf(id)
	if err != nil {
		return err
	}
	if q.r.URL.Query().Get("holding") == "1" && p.Version == 0 {
		texts, err := q.holdingTexts(p.Case, p.Concern)
		if err != nil {
			return err
		}
		for i := range p.Texts {
			if t, ok := texts[p.Texts[i].Lang]; ok {
				p.Texts[i] = t
			}
		}
		p.Verdict = hearback.NotYetKnown
	}
	if add := q.r.URL.Query().Get("add"); hearback.ValidLang(add) && !slices.ContainsFunc(p.Texts, func(t hearback.Text) bool { return t.Lang == add }) {
		p.Texts = append(p.Texts, hearback.Text{Lang: add})
	}
	return q.page("draft", p)
}

// draft saves the draft, and sends it to review if that button was pressed.
// When it cannot be saved the form comes back as it was typed.
func (q *request) draft() error {
	id, err := q.id()
	if err != nil {
		return err
	}
	if put := q.form("put"); put != "" {
		return q.putReady(id, put)
	}
	verdict, typed, texts := q.typedTexts()
	version, _ := strconv.Atoi(q.form("version"))
	by := q.by(access.Draft)
	a, err := q.o.Answers.Draft(q.ctx(), by, id, texts, q.form("reason"), version)
	if err == nil && q.form("act") == "submit" {
		if !q.may(access.Submit) {
			return q.Refuse(q.ctx(), access.Submit)
		}
		if a, err = q.o.Answers.Submit(q.ctx(), q.by(access.Submit), a.ID); err == nil {
			return q.see("/answers/"+a.ID.String(), "submitted")
		}
	}
	if err == nil {
		return q.see("/answers/"+a.ID.String(), "draft_saved")
	}
	if status := office.StatusOf(err); status != http.StatusInternalServerError && status != http.StatusNotFound {
		p, perr := q.draftOf(id)
		if perr != nil {
			return perr
		}
		p.Fault = q.Say(err)
		if p.Newer = errors.Is(err, hearback.ErrConflict) && p.Answer != nil; p.Newer {
			p.Fault = q.t("draft.newer")
			q.clash(p, texts)
		}
		p.Texts, p.Verdict, p.Reason = typed, verdict, q.form("reason")
		return q.render(status, "console", "draft", p)
	}
	return err
}

// typedTexts reads the texts of the form: all of them, and those that say
// something.
func (q *request) typedTexts() (verdict hearback.Verdict, typed, texts []hearback.Text) {
	verdict = hearback.Verdict(q.form("verdict"))
	for _, lang := range q.r.PostForm["lang"] {
		t := hearback.Text{Lang: lang, Title: q.form("title-" + lang), Lead: q.form("lead-" + lang), Do: q.form("do-" + lang),
			Known: q.form("known-" + lang), Going: q.form("going-" + lang), Why: q.form("why-" + lang), Next: q.form("next-" + lang), Verdict: verdict}
		typed = append(typed, t)
		if t.Title != "" || slices.ContainsFunc(t.Parts(), func(s string) bool { return s != "" }) {
			texts = append(texts, t)
		}
	}
	return verdict, typed, texts
}

// putReady shows the form again with a prepared answer put in. Nothing is
// saved, and nothing that was typed is lost: a part that says something already
// gets the prepared words below it.
func (q *request) putReady(id hearback.ID, put string) error {
	p, err := q.draftOf(id)
	if err != nil {
		return err
	}
	n, _ := strconv.Atoi(put)
	if n < 1 || n > len(p.Ready) {
		return office.ErrReadyGone
	}
	verdict, typed, _ := q.typedTexts()
	typed = office.PutIn(typed, p.Ready[n-1].Texts)
	p.Texts, p.Verdict, p.Reason, p.Put = typed, verdict, q.form("reason"), n
	p.Version, _ = strconv.Atoi(q.form("version"))
	p.Done = q.t("draft.put_done", p.Ready[n-1].Title)
	return q.page("draft", p)
}

// clash sets the draft that somebody else saved beside the one that was typed:
// the parts in which they differ, with what only one of them says marked.
func (q *request) clash(p *draftPage, typed []hearback.Text) {
	theirs := p.Answer.Draft()
	if theirs == nil {
		theirs = p.Current
	}
	if theirs == nil {
		return
	}
	p.By, p.SavedAt = q.l.Actor(theirs.Author), theirs.At
	for _, t := range theirs.Texts { // what they wrote in a language that was not typed
		if !slices.ContainsFunc(typed, func(x hearback.Text) bool { return x.Lang == t.Lang }) {
			typed = append(typed, hearback.Text{Lang: t.Lang, Verdict: t.Verdict})
		}
	}
	for _, v := range langViews(&hearback.Revision{Texts: typed}, theirs) {
		v.Parts = slices.DeleteFunc(v.Parts, func(x partView) bool {
			return !strings.Contains(string(x.HTML), "<ins") && !strings.Contains(string(x.HTML), "<del")
		})
		if len(v.Parts) > 0 {
			p.Clash = append(p.Clash, v)
		}
	}
	sortLangs(p.Clash, q.l.Lang)
}

type answersPage struct {
	frame
	Rows    []office.AnswerRow
	View    string
	Tabs    []tab
	Near    []activitypub.Neighbour // what other offices answered
	Follows int64                   // addresses that are told by e-mail
}

func (q *request) answers() error {
	p := &answersPage{frame: q.frame(q.t("nav.answers"), "answers"), View: q.r.URL.Query().Get("view")}
	if !slices.Contains(office.AnswerViews(), p.View) {
		p.View = office.AnswerViews()[0]
	}
	if q.o.Neighbours != nil {
		var err error
		if p.Near, err = q.o.Neighbours(q.ctx(), 20); err != nil {
			return err
		}
	}
	if q.o.Follow != nil {
		var err error
		if p.Follows, err = q.o.Follow.Count(q.ctx()); err != nil {
			return err
		}
	}
	f := office.AnswerFilter{Limit: 500}
	if q.r.URL.Query().Get("since") == "week" {
		f.Since, f.Public, p.View = q.o.Now().Add(-7*24*time.Hour), true, "published"
	}
	list, err := q.o.Store.AnswerList(q.ctx(), f)
	if err != nil {
		return err
	}
	for _, view := range office.AnswerViews() {
		t := tab{Label: q.t("answerview." + view), URL: "/answers?view=" + view, On: view == p.View}
		for i := range list {
			if office.InAnswers(view, &list[i]) {
				t.Count++
			}
		}
		p.Tabs = append(p.Tabs, t)
	}
	for i := range list {
		if office.InAnswers(p.View, &list[i]) {
			p.Rows = append(p.Rows, q.AnswerRow(list[i]))
		}
	}
	return q.page("answers", p)
}

type reviewPage struct {
	frame
	Expired  bool
	Until    string // as its field has it
	A        *hearback.Answer
	Row      office.AnswerRow
	Case     *hearback.Case
	Desk     string
	Draft    *hearback.Revision
	Current  *hearback.Revision
	Shown    *hearback.Revision // the text on the page
	Langs    []langView
	Hash     string
	Needed   int
	Valid    int
	Ready    bool
	MayAct   bool   // this person may approve this text
	WhyNot   string // or why not
	Warnings []string
	Levels   []string // how hard each text is to read, where that can be said
	Evidence []hearback.Evidence
	Entries  []office.EntryRow
	Outcome  *hearback.Outcome
	Readers  []hearback.Feedback
	PublicAt string

	Urgent     bool   // it may go out now with one approval
	RatifyHash string // of the published text that lacks approvals, if this person may add one
	RatifyNot  string // or why not

	MayDraft, MayPublish, MayWithdraw, MayApprove bool
	InReview                                      bool
}

// A langView is one language of a revision, each part with what changed.
type langView struct {
	Lang    string
	Verdict hearback.Verdict
	Parts   []partView
}

type partView struct {
	Name string // key of its heading
	HTML template.HTML
}

// langViews sets out a revision part by part, and marks what differs from the
// published one.
func langViews(r, was *hearback.Revision) []langView {
	var list []langView
	for _, t := range r.Texts {
		v := langView{Lang: t.Lang, Verdict: t.Verdict}
		var old hearback.Text
		compare := false
		if was != nil && was != r {
			compare = true
			if o := was.Text(t.Lang); o != nil {
				old = *o
			}
		}
		for _, x := range []struct{ name, old, now string }{
			{"title", old.Title, t.Title}, {"lead", old.Lead, t.Lead}, {"do", old.Do, t.Do}, {"known", old.Known, t.Known},
			{"going", old.Going, t.Going}, {"why", old.Why, t.Why}, {"next", old.Next, t.Next},
		} {
			if x.now == "" && x.old == "" {
				continue
			}
			html := template.HTML(template.HTMLEscapeString(x.now))
			if compare {
				html = diff(x.old, x.now)
			}
			v.Parts = append(v.Parts, partView{x.name, html})
		}
		list = append(list, v)
	}
	return list
}

// review shows the exact text, what changed, and who vouches for it.
func (q *request) review() error {
	id, err := q.id()
	if err != nil {
		return err
	}
	ctx := q.ctx()
	a, err := q.o.Store.Answer(ctx, id)
	if err != nil {
		return err
	}
	p := &reviewPage{A: a, Row: q.AnswerRow(*a), Draft: a.Draft(), Current: a.Current(),
		MayDraft: q.may(access.Draft), MayPublish: q.may(access.Publish), MayWithdraw: q.may(access.Withdraw), MayApprove: q.may(access.Approve)}
	p.frame = q.frame(p.Row.Title, "answers")
	if p.Expired = a.Expired(q.o.Now()); !a.Until.IsZero() {
		p.Until = a.Until.In(q.o.Zone).Format(untilForm)
	}
	if p.Case, err = q.o.Store.Case(ctx, a.Case); err != nil {
		return err
	}
	desks, err := q.DeskNames(q.ctx())
	if err != nil {
		return err
	}
	p.Desk, p.Evidence = desks[p.Case.Desk], p.Case.Evidence
	if p.Needed, err = q.o.Answers.Needed(ctx); err != nil {
		return err
	}
	if p.Shown = p.Draft; p.Shown == nil {
		p.Shown = p.Current
	}
	if p.Shown != nil {
		p.Hash = p.Shown.Hash()
		p.Valid = len(p.Shown.Valid())
		p.Langs = langViews(p.Shown, p.Current)
		sortLangs(p.Langs, q.l.Lang)
		found, err := q.o.Answers.Check(ctx, id)
		if err != nil {
			return err
		}
		p.Warnings, p.Levels = q.Warnings(found), q.levels(p.Shown)
	}
	if p.Draft != nil {
		p.Ready = a.Ready(p.Needed)
		p.InReview = !p.Draft.Submitted.IsZero()
		p.Urgent = p.Case.Tier == hearback.P1 && !p.Ready && a.Ready(1) && p.MayPublish
		if !q.may(access.Approve) {
			p.WhyNot = q.Say(office.NotAllowed{Action: access.Approve, Asleep: q.Account.Sleeps(access.Approve)})
		} else if err := a.MayApprove(q.by(access.Approve)); err != nil {
			p.WhyNot = q.Say(err)
		} else {
			p.MayAct = true
		}
	}
	if p.Current != nil {
		if p.Readers, err = q.o.Store.Feedback(ctx, id); err != nil {
			return err
		}
		outcomes, err := q.o.Store.OutcomeList(ctx, id, 1)
		if err != nil {
			return err
		}
		if len(outcomes) > 0 {
			p.Outcome = &outcomes[0]
		}
		p.PublicAt = q.o.PublicURL + a.Path()
		if a.Unreviewed() {
			if !q.may(access.Approve) {
				p.RatifyNot = q.Say(office.NotAllowed{Action: access.Approve, Asleep: q.Account.Sleeps(access.Approve)})
			} else if err := a.MayRatify(q.by(access.Approve)); err != nil {
				p.RatifyNot = q.Say(err)
			} else {
				p.RatifyHash = p.Current.Hash()
			}
		}
	}
	entries, err := q.o.Store.EntriesAbout(ctx, "answer:"+id.String(), 50)
	if err != nil {
		return err
	}
	p.Entries = q.EntryRows(entries)
	return q.page("review", p)
}

// sortLangs puts the language of the reader first.
func sortLangs(list []langView, lang string) {
	slices.SortStableFunc(list, func(a, b langView) int {
		switch {
		case a.Lang == lang && b.Lang != lang:
			return -1
		case b.Lang == lang && a.Lang != lang:
			return 1
		}
		return 0
	})
}

// levels says how hard the texts of a revision are to read.
func (q *request) levels(r *hearback.Revision) (list []string) {
	for i := range r.Texts {
		l, ok := answer.LevelOf(&r.Texts[i])
		switch {
		case !ok:
		case l.Pause > 0:
			list = append(list, q.t("review.level_pause", q.l.LangName(l.Lang), l.Pause))
		default:
			list = append(list, q.t("review.level_grade", q.l.LangName(l.Lang), l.Grade))
		}
	}
	return list
}

// answerAct runs an act on the answer in the path and goes back to it.
func (q *request) answerAct(need access.Action, done string, f func(by hearback.Actor, id hearback.ID) error) error {
	id, err := q.id()
	if err == nil {
		err = f(q.by(need), id)
	}
	if err != nil {
		return err
	}
	return q.see("/answers/"+id.String(), done)
}

func (q *request) submit() error {
	return q.answerAct(access.Submit, "submitted", func(by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Answers.Submit(q.ctx(), by, id)
		return err
	})
}

func (q *request) approve() error {
	return q.answerAct(access.Approve, "approved", func(by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Answers.Approve(q.ctx(), by, id, q.form("hash"), q.form("note"))
		return err
	})
}

func (q *request) sendBack() error {
	return q.answerAct(access.Approve, "returned", func(by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Answers.Return(q.ctx(), by, id, q.form("note"))
		return err
	})
}

func (q *request) publish() error {
	return q.answerAct(access.Publish, "published", func(by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Answers.Publish(q.ctx(), by, id)
		return err
	})
}

func (q *request) publishUrgent() error {
	return q.answerAct(access.Publish, "published_urgent", func(by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Answers.PublishUrgent(q.ctx(), by, id, q.form("reason"))
		return err
	})
}

func (q *request) ratify() error {
	return q.answerAct(access.Approve, "ratified", func(by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Answers.Ratify(q.ctx(), by, id, q.form("hash"), q.form("note"))
		return err
	})
}

// recheck says that a published answer still stands, and when to look again.
func (q *request) recheck() error {
	return q.answerAct(access.Draft, "rechecked", func(by hearback.Actor, id hearback.ID) error {
		days, _ := strconv.Atoi(q.form("days")) // 0 is refused
		return q.RecheckIn(q.ctx(), by, id, days)
	})
}

// untilForm is how a browser writes a time of day.
const untilForm = "2006-01-02T15:04"

// setUntil says until when an answer is valid; an empty field, that it has no
// end.
func (q *request) setUntil() error {
	return q.answerAct(access.Draft, "until_set", func(by hearback.Actor, id hearback.ID) error {
		var until time.Time
		if v := q.form("until"); v != "" {
			var err error
			if until, err = time.ParseInLocation(untilForm, v, q.o.Zone); err != nil {
				return fmt.Errorf("%w: write the time like 2026-03-18T17:00", hearback.ErrInvalid)
			}
		}
		_, err := q.o.Answers.SetUntil(q.ctx(), by, id, until)
		return err
	})
}

func (q *request) dropDraft() error {
	return q.answerAct(access.Draft, "dropped", func(by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Answers.Drop(q.ctx(), by, id, q.form("note"))
		return err
	})
}

func (q *request) withdraw() error {
	return q.answerAct(access.Withdraw, "withdrawn", func(by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Answers.Withdraw(q.ctx(), by, id, q.form("reason"))
		return err
	})
}

type resultsPage struct {
	frame
	Rows    []resultRow
	Helped  int
	Waiting int
}

type resultRow struct {
	hearback.Outcome
	Answer office.AnswerRow
	Text   string
	Before string
	After  string
}

// results lists what happened after each answer, whatever it is.
func (q *request) results() error {
	p := &resultsPage{frame: q.frame(q.t("nav.results"), "results")}
	list, err := q.o.Store.OutcomeList(q.ctx(), 0, 200)
	if err != nil {
		return err
	}
	for _, o := range list {
		a, err := q.o.Store.Answer(q.ctx(), o.Answer)
		if err != nil {
			return err
		}
		p.Rows = append(p.Rows, resultRow{Outcome: o, Answer: q.AnswerRow(*a), Text: q.OutcomeText(&o)})
		if o.Level >= 2 {
			p.Helped++
		}
		if !o.Complete {
			p.Waiting++
		}
	}
	return q.page("results", p)
}

// diff marks what changed from one text to another, word by word, and
// character by character where words have no spaces between them.
func diff(old, now string) template.HTML {
	a, b := pieces(old), pieces(now)
	if len(a)*len(b) > 4_000_000 { // too long to compare finely: show both
		return template.HTML("<del>" + template.HTMLEscapeString(old) + "</del> <ins>" + template.HTMLEscapeString(now) + "</ins>")
	}
	// The longest common subsequence, by length from every pair of places on.
	common := make([][]int32, len(a)+1)
	for i := range common {
		common[i] = make([]int32, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out strings.Builder
	var gone, come strings.Builder
	flush := func() {
		if gone.Len() > 0 {
			out.WriteString("<del>" + template.HTMLEscapeString(gone.String()) + "</del>")
			if come.Len() > 0 {
				out.WriteByte(' ')
			}
		}
		if come.Len() > 0 {
			out.WriteString("<ins>" + template.HTMLEscapeString(come.String()) + "</ins>")
		}
		gone.Reset()
		come.Reset()
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			flush()
			out.WriteString(template.HTMLEscapeString(a[i]))
			i++
			j++
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			gone.WriteString(a[i])
			i++
		default:
			come.WriteString(b[j])
			j++
		}
	}
	flush()
	return template.HTML(out.String())
}

// pieces cuts a text into words with the space after them; Han characters are
// pieces of their own.
func pieces(s string) []string {
	var list []string
	var word strings.Builder
	flush := func() {
		if word.Len() > 0 {
			list = append(list, word.String())
			word.Reset()
		}
	}
	for _, r := range s {
		switch {
		case r >= 0x2e80:
			flush()
			list = append(list, string(r))
		case r == ' ' || r == '\n' || r == '\t':
			word.WriteRune(r)
			flush()
		default:
			word.WriteRune(r)
		}
	}
	flush()
	return list
}
