package api

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/evidence"
	"example.org/hearback/internal/web/office"
)

// apiBy is who did something, as the log shows it.
type apiBy struct {
	Number int    `json:"number,omitempty" doc:"Of the account; not there if the program did it."`
	Role   string `json:"role"`
}

func viewBy(a hearback.Actor) apiBy { return apiBy{a.Number, a.Role} }

// apiCase is one line of a list of cases.
type apiCase struct {
	ID       hearback.ID         `json:"id"`
	Concern  hearback.ID         `json:"concern"`
	Title    quote               `json:"title"`
	Desk     string              `json:"desk,omitempty" doc:"Slug of the desk that owns it."`
	With     []string            `json:"with" doc:"Desks that help."`
	Tier     hearback.Tier       `json:"tier"`
	State    hearback.CaseState  `json:"state"`
	Reason   hearback.CaseReason `json:"reason,omitempty" doc:"Why it is closed."`
	Opened   time.Time           `json:"opened"`
	Since    time.Time           `json:"since" doc:"When its clocks started."`
	Due      *time.Time          `json:"due,omitempty" doc:"When the next clock ends."`
	Clock    string              `json:"clock,omitempty" doc:"Which clock that is: route, holding or answer."`
	Late     bool                `json:"late"`
	Paused   bool                `json:"paused"`
	Verdict  hearback.Verdict    `json:"verdict,omitempty"`
	Answer   hearback.ID         `json:"answer,omitempty"`
	Existing hearback.ID         `json:"existing,omitempty" doc:"The published answer of another case that serves it."`
	Version  int                 `json:"version"`
}

func viewCase(r office.CaseRow) apiCase {
	c := &r.Case
	v := apiCase{ID: c.ID, Concern: c.Concern, Title: quote(r.Title), Desk: c.Desk, With: c.With, Tier: c.Tier, State: c.State, Reason: c.Reason, Opened: c.Opened, Since: c.Since,
		Late: r.Late, Paused: c.Paused(), Verdict: c.Verdict, Answer: c.Answer, Existing: c.Existing, Version: c.Version}
	if r.Next != nil {
		v.Due, v.Clock = &r.Next.Due, string(r.Next.Kind)
	}
	return v
}

type caseQuery struct {
	paging
	View string `json:"view,omitempty" doc:"open, late, review, published or closed."`
	Desk string `json:"desk,omitempty" doc:"Slug."`
}

func (q *request) apiCases(in caseQuery) (out page[apiCase], err error) {
	if err := oneOf("view", in.View, office.CaseViews()...); err != nil {
		return out, err
	}
	view := cmp.Or(in.View, "open")
	now := q.o.Now()
	read := func(after hearback.ID, limit int) ([]hearback.Case, error) {
		return q.o.Store.CaseList(q.ctx(), office.CaseFilter{Closed: view == "closed", Desk: in.Desk, After: after, Limit: limit})
	}
	shows := func(c *hearback.Case) bool {
		return office.InView(view, office.CaseRow{Case: *c, Late: c.Late(now)})
	}
	return fill(in.paging, read, shows, func(c *hearback.Case) hearback.ID { return c.ID }, func(list []hearback.Case) (out []apiCase, err error) {
		rows, err := q.CaseRows(q.ctx(), list)
		for _, r := range rows {
			out = append(out, viewCase(r))
		}
		return out, err
	})
}

type apiDeadline struct {
	Kind    hearback.DeadlineKind `json:"kind"`
	Due     time.Time             `json:"due"`
	Met     time.Time             `json:"met,omitempty"`
	Stopped time.Time             `json:"stopped,omitempty"`
	Late    bool                  `json:"late"`
}

type apiEvidence struct {
	ID        hearback.ID `json:"id"`
	URL       string      `json:"url,omitempty"`
	Title     string      `json:"title"`
	Note      string      `json:"note,omitempty"`
	Hash      string      `json:"hash,omitempty" doc:"SHA-256 of the archived copy."`
	Primary   bool        `json:"primary"`
	Added     time.Time   `json:"added"`
	By        apiBy       `json:"by"`
	Retracted time.Time   `json:"retracted,omitempty"`
	Why       string      `json:"why,omitempty" doc:"Why it was retracted."`
}

type apiStep struct {
	At   time.Time          `json:"at"`
	By   apiBy              `json:"by"`
	From hearback.CaseState `json:"from,omitempty"`
	To   hearback.CaseState `json:"to"`
	Note string             `json:"note,omitempty"`
}

type apiEstimate struct {
	By      apiBy            `json:"by"`
	At      time.Time        `json:"at"`
	Verdict hearback.Verdict `json:"verdict"`
	Sure    int              `json:"sure" doc:"Percent."`
	Note    string           `json:"note,omitempty"`
}

type apiDissent struct {
	By      apiBy            `json:"by"`
	At      time.Time        `json:"at"`
	Against hearback.Verdict `json:"against"`
	For     hearback.Verdict `json:"for"`
	Reason  string           `json:"reason"`
}

type apiCheck struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
}

type apiTick struct {
	Step int       `json:"step"`
	Done bool      `json:"done"`
	By   apiBy     `json:"by"`
	At   time.Time `json:"at"`
}

type apiFollowing struct {
	Playbook string    `json:"playbook"`
	Version  int       `json:"version"`
	Steps    int       `json:"steps"`
	Ticks    []apiTick `json:"ticks"`
}

// apiCaseFull is one case with what it rests on.
type apiCaseFull struct {
	apiCase
	OpenedBy  apiBy         `json:"opened_by"`
	Deadlines []apiDeadline `json:"deadlines"`
	Evidence  []apiEvidence `json:"evidence"`
	Checks    []apiCheck    `json:"checks"`
	Estimates []apiEstimate `json:"estimates" doc:"Those that you may see: of this round only once you have given yours."`
	Hidden    int           `json:"hidden" doc:"How many more there are."`
	Dissents  []apiDissent  `json:"dissents"`
	Following *apiFollowing `json:"following,omitempty" doc:"How far it has come with a playbook."`
	Named     []string      `json:"named" doc:"Slugs of desks that the rules of routing name to help, and that do not yet; share_case adds them."`
	Past      []hearback.ID `json:"past" doc:"Its withdrawn answers."`
	Steps     []apiStep     `json:"steps"`
	Drafts    *apiAnswer    `json:"drafts,omitempty" doc:"Its answer, with drafts and reviews."`
	Console   string        `json:"console" doc:"Its page for people."`
}

// apiCaseMade is a case that was just opened.
type apiCaseMade struct{ apiCaseFull }

func (c apiCaseMade) where() string { return "/api/v1/cases/" + c.ID.String() }

func (q *request) fullCase(id hearback.ID) (v apiCaseFull, err error) {
	c, err := q.o.Store.Case(q.ctx(), id)
	if err != nil {
		return v, err
	}
	rows, err := q.CaseRows(q.ctx(), []hearback.Case{*c})
	if err != nil {
		return v, err
	}
	now := q.o.Now()
	v = apiCaseFull{apiCase: viewCase(rows[0]), OpenedBy: viewBy(c.OpenedBy), Past: c.Past, Console: q.o.ConsoleURL + "/cases/" + id.String()}
	for _, d := range c.Deadlines {
		v.Deadlines = append(v.Deadlines, apiDeadline{d.Kind, d.Due, d.Met, d.Stopped, d.Late(now)})
	}
	for _, e := range c.Evidence {
		v.Evidence = append(v.Evidence, apiEvidence{e.ID, e.URL, e.Title, e.Note, e.Hash, e.Primary, e.Added, viewBy(e.By), e.Retracted, e.Why})
	}
	for _, x := range evidence.Checks(c) {
		v.Checks = append(v.Checks, apiCheck{strings.TrimPrefix(x.Key, "evidence."), x.OK})
	}
	if c.State != hearback.CaseClosed {
		if v.Named, err = q.namedSlugs(c); err != nil {
			return v, err
		}
	}
	seen := c.Visible(q.Account.ID)
	v.Hidden = len(c.Estimates) - len(seen)
	for _, e := range seen {
		v.Estimates = append(v.Estimates, apiEstimate{viewBy(e.By), e.At, e.Verdict, e.Sure, e.Note})
	}
	for _, d := range c.Dissents {
		v.Dissents = append(v.Dissents, apiDissent{viewBy(d.By), d.At, d.Against, d.For, d.Reason})
	}
	if f := c.Playbook; f != nil {
		v.Following = &apiFollowing{Playbook: f.Slug, Version: f.Version, Steps: f.Steps}
		for _, t := range f.Done {
			v.Following.Ticks = append(v.Following.Ticks, apiTick{t.Step, t.Done, viewBy(t.By), t.At})
		}
	}
	for _, s := range c.Steps {
		v.Steps = append(v.Steps, apiStep{s.At, viewBy(s.By), s.From, s.To, s.Note})
	}
	if c.Answer != 0 {
		a, err := q.o.Store.Answer(q.ctx(), c.Answer)
		if err != nil {
			return v, err
		}
		w := q.viewAnswer(a)
		v.Drafts = &w
	}
	return v, nil
}

// namedSlugs are the desks that the rules name to help with a case, without
// those that do.
func (q *request) namedSlugs(c *hearback.Case) ([]string, error) {
	concern, err := q.o.Store.Concern(q.ctx(), c.Concern)
	if err != nil {
		return nil, err
	}
	desks, err := q.LiveDesks(q.ctx())
	if err != nil {
		return nil, err
	}
	_, slugs, err := q.NamedDesks(q.ctx(), c, concern, desks)
	if err != nil {
		return nil, err
	}
	return slugs[len(c.With):], nil
}

func (q *request) apiCase(nothing) (v apiCaseFull, err error) {
	id, err := q.id()
	if err != nil {
		return v, err
	}
	return q.fullCase(id)
}

// actCase runs an act on the case in the path and gives what it is then.
func (q *request) actCase(need access.Action, f func(ctx context.Context, by hearback.Actor, id hearback.ID) error) (v apiCaseFull, err error) {
	id, err := q.id()
	if err == nil {
		err = f(q.ctx(), q.By(need), id)
	}
	if err != nil {
		return v, err
	}
	return q.fullCase(id)
}

type routeBody struct {
	Desk string `json:"desk" doc:"Slug."`
	Note string `json:"note,omitempty" doc:"Stays in the office."`
}

func (q *request) apiRouteCase(in routeBody) (apiCaseFull, error) {
	return q.actCase(access.Route, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Cases.Route(ctx, by, id, in.Desk, in.Note)
		return err
	})
}

func (q *request) apiAckCase(nothing) (apiCaseFull, error) {
	return q.actCase(access.Route, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Cases.Acknowledge(ctx, by, id)
		return err
	})
}

type briefBody struct {
	Note string `json:"note,omitempty" doc:"Who was told, and how. Stays in the office."`
}

func (q *request) apiBriefCase(in briefBody) (apiCaseFull, error) {
	return q.actCase(access.Route, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Cases.Brief(ctx, by, id, in.Note)
		return err
	})
}

type shareBody struct {
	With []string `json:"with" doc:"Slugs of all desks that help."`
	Note string   `json:"note,omitempty" doc:"Stays in the office."`
}

func (q *request) apiShareCase(in shareBody) (apiCaseFull, error) {
	return q.actCase(access.Route, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Cases.Share(ctx, by, id, in.With, in.Note)
		return err
	})
}

type declineBody struct {
	Why    hearback.Refusal `json:"why"`
	Desk   string           `json:"desk,omitempty" doc:"Slug of the desk that takes it; the fallback desk unless said."`
	Reason string           `json:"reason" doc:"Stays in the office."`
}

func (q *request) apiDeclineCase(in declineBody) (apiCaseFull, error) {
	return q.actCase(access.Route, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Cases.Decline(ctx, by, id, in.Why, in.Desk, in.Reason)
		return err
	})
}

func (q *request) apiCaseTier(in tierBody) (apiCaseFull, error) {
	return q.actCase(access.Route, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Cases.SetTier(ctx, by, id, in.Tier, in.Reason)
		return err
	})
}

func (q *request) apiPauseCase(in reasonBody) (apiCaseFull, error) {
	return q.actCase(access.Route, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Cases.Pause(ctx, by, id, in.Reason)
		return err
	})
}

func (q *request) apiResumeCase(nothing) (apiCaseFull, error) {
	return q.actCase(access.Route, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Cases.Resume(ctx, by, id)
		return err
	})
}

type closeBody struct {
	Why      hearback.CaseReason `json:"why,omitempty" doc:"Needed unless existing is given."`
	Existing hearback.ID         `json:"existing,omitempty" doc:"The published answer that serves it."`
	Note     string              `json:"note,omitempty" doc:"Stays in the office."`
}

func (q *request) apiCloseCase(in closeBody) (apiCaseFull, error) {
	return q.actCase(access.Route, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		return q.CloseOne(ctx, by, id, in.Existing, in.Why, in.Note)
	})
}

func (q *request) apiReopenCase(in noteBody) (apiCaseFull, error) {
	return q.actCase(access.Route, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Cases.Reopen(ctx, by, id, in.Note)
		return err
	})
}

type sendBody struct {
	Text string `json:"text" doc:"What the other desk is told, in your words."`
}

func (q *request) apiSendCase(in sendBody) (v apiCaseFull, err error) {
	if q.o.SendCase == nil {
		return v, hearback.ErrNotFound
	}
	return q.actCase(access.Route, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		return q.o.SendCase(ctx, by, id, in.Text)
	})
}

type useBody struct {
	Playbook string `json:"playbook" doc:"Slug."`
}

func (q *request) apiUsePlaybook(in useBody) (v apiCaseFull, err error) {
	x, err := q.o.Desks.Playbook(q.ctx(), in.Playbook)
	if err != nil {
		return v, err
	}
	return q.actCase(access.Route, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Cases.UsePlaybook(ctx, by, id, x)
		return err
	})
}

type tickBody struct {
	Step int  `json:"step" doc:"From 1."`
	Done bool `json:"done"`
}

func (q *request) apiTickStep(in tickBody) (apiCaseFull, error) {
	return q.actCase(access.CheckEvidence, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Cases.TickStep(ctx, by, id, in.Step, in.Done)
		return err
	})
}

func (q *request) apiStartChecking(in noteBody) (apiCaseFull, error) {
	return q.actCase(access.CheckEvidence, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Cases.StartChecking(ctx, by, id, in.Note)
		return err
	})
}

type evidenceBody struct {
	URL     string `json:"url,omitempty"`
	Title   string `json:"title"`
	Note    string `json:"note,omitempty" doc:"What it shows; stays in the office."`
	Hash    string `json:"hash,omitempty" doc:"SHA-256 of a copy that you keep, in hex."`
	Primary bool   `json:"primary,omitempty" doc:"It is the origin, not a report of it."`
	Copy    bool   `json:"copy,omitempty" doc:"Take an archived copy of the page; if that fails, nothing is added."`
}

func (q *request) apiAddEvidence(in evidenceBody) (apiCaseFull, error) {
	return q.actCase(access.CheckEvidence, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		e, err := evidence.New(evidence.Input{URL: in.URL, Title: in.Title, Note: in.Note, Hash: in.Hash, Primary: in.Primary})
		if err != nil {
			return err
		}
		c, err := q.o.Store.Case(ctx, id)
		if err != nil {
			return err
		}
		if c.State == hearback.CaseClosed {
			return office.ErrCaseClosed
		}
		if in.Copy {
			if err := q.archive(ctx, &e); err != nil {
				return err
			}
		}
		_, err = q.o.Cases.AddEvidence(ctx, by, id, e)
		return err
	})
}

// archive takes a copy of the page that a piece of evidence is.
func (q *request) archive(ctx context.Context, e *hearback.Evidence) error {
	switch {
	case e.URL == "":
		return fmt.Errorf("%w: the field %q is needed", hearback.ErrInvalid, "url")
	case q.o.Archive == nil:
		return office.ErrNoCopies
	}
	x, err := q.o.Archive(ctx, e.URL)
	if err != nil {
		return err
	}
	e.Hash = x.Hash
	return q.o.Store.SaveCopy(ctx, x)
}

type retractBody struct {
	Evidence hearback.ID `json:"evidence"`
	Reason   string      `json:"reason" doc:"Stays in the office."`
}

func (q *request) apiRetract(in retractBody) (apiCaseFull, error) {
	return q.actCase(access.CheckEvidence, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Cases.RetractEvidence(ctx, by, id, in.Evidence, in.Reason)
		return err
	})
}

type estimateBody struct {
	Verdict hearback.Verdict `json:"verdict"`
	Sure    int              `json:"sure" doc:"Percent."`
	Note    string           `json:"note,omitempty" doc:"Stays in the office."`
}

func (q *request) apiEstimate(in estimateBody) (apiCaseFull, error) {
	return q.actCase(access.CheckEvidence, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Cases.Estimate(ctx, by, id, in.Verdict, in.Sure, in.Note)
		return err
	})
}

type dissentBody struct {
	Verdict hearback.Verdict `json:"verdict" doc:"What you hold to be right."`
	Reason  string           `json:"reason" doc:"Stays in the office."`
}

func (q *request) apiDissent(in dissentBody) (apiCaseFull, error) {
	return q.actCase(access.CheckEvidence, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Cases.Dissent(ctx, by, id, in.Verdict, in.Reason)
		return err
	})
}

type verdictBody struct {
	Verdict hearback.Verdict `json:"verdict"`
	Note    string           `json:"note,omitempty" doc:"Stays in the office."`
}

func (q *request) apiVerdict(in verdictBody) (apiCaseFull, error) {
	return q.actCase(access.CheckEvidence, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Cases.SetVerdict(ctx, by, id, in.Verdict, in.Note)
		return err
	})
}

// apiDraft is the text of an answer as it is being written.
type apiDraft struct {
	Case    hearback.ID `json:"case"`
	Answer  hearback.ID `json:"answer,omitempty"`
	Version int         `json:"version" doc:"Its ETag; 0 while there is none."`
	State   string      `json:"state" doc:"none, draft or review."`
	Hash    string      `json:"hash,omitempty" doc:"What reviewers approve."`
	Reason  string      `json:"reason,omitempty" doc:"Why a published answer is corrected; public."`
	Texts   []apiText   `json:"texts"`
}

func (d apiDraft) version() string { return fmt.Sprint(d.Version) }

func (q *request) draftNow(id hearback.ID) (d apiDraft, err error) {
	c, err := q.o.Store.Case(q.ctx(), id)
	if err != nil || c.Answer == 0 {
		return apiDraft{Case: id, State: "none"}, err
	}
	a, err := q.o.Store.Answer(q.ctx(), c.Answer)
	if err != nil {
		return d, err
	}
	d = apiDraft{Case: id, Answer: a.ID, Version: a.Version, State: "none"}
	if r := a.Draft(); r != nil {
		d.State, d.Hash, d.Reason, d.Texts = "draft", r.Hash(), r.Reason, viewTexts(r.Texts)
		if !r.Submitted.IsZero() {
			d.State = "review"
		}
	}
	return d, nil
}

func (q *request) apiDraft(nothing) (d apiDraft, err error) {
	id, err := q.id()
	if err != nil {
		return d, err
	}
	return q.draftNow(id)
}

type draftBody struct {
	Texts  []apiTextBody `json:"texts" doc:"One for each language, the first language of the office first."`
	Reason string        `json:"reason,omitempty" doc:"Why a published answer is corrected; public."`
}

// apiSaveDraft writes the draft of a case, or a correction once its answer is
// public.
func (q *request) apiSaveDraft(in draftBody) (d apiDraft, err error) {
	id, err := q.id()
	if err != nil {
		return d, err
	}
	if d, err = q.draftNow(id); err != nil {
		return d, err
	}
	if err := q.edits(d); err != nil {
		return d, err
	}
	var texts []hearback.Text
	for _, t := range in.Texts {
		texts = append(texts, hearback.Text{Lang: t.Lang, Title: t.Title, Lead: t.Lead, Do: t.Do, Known: t.Known, Going: t.Going, Why: t.Why, Next: t.Next, Verdict: t.Verdict})
	}
	if _, err := q.o.Answers.Draft(q.ctx(), q.By(access.Draft), id, texts, in.Reason, d.Version); err != nil {
		return d, err
	}
	return q.draftNow(id)
}

// apiReady is an answer that the playbook of a case has prepared.
type apiReady struct {
	N     int       `json:"n" doc:"From 1."`
	Title string    `json:"title"`
	Texts []apiText `json:"texts"`
}

type apiReadyList struct {
	Items []apiReady `json:"items"`
}

func (q *request) readyInPath() (c *hearback.Case, list []office.ReadyAnswer, err error) {
	id, err := q.id()
	if err != nil {
		return nil, nil, err
	}
	if c, err = q.o.Store.Case(q.ctx(), id); err != nil {
		return nil, nil, err
	}
	list, err = q.Ready(q.ctx(), c)
	return c, list, err
}

func (q *request) apiPrepared(nothing) (out apiReadyList, err error) {
	_, list, err := q.readyInPath()
	for _, r := range list {
		out.Items = append(out.Items, apiReady{r.N, r.Title, viewTexts(r.Texts)})
	}
	return out, err
}

type putReadyBody struct {
	N      int    `json:"n" doc:"Which of list_prepared, in the same language."`
	Reason string `json:"reason,omitempty" doc:"Why a published answer is corrected; public."`
}

// apiPutReady puts a prepared answer into the draft and saves it.
func (q *request) apiPutReady(in putReadyBody) (d apiDraft, err error) {
	c, list, err := q.readyInPath()
	if err != nil {
		return d, err
	}
	if d, err = q.draftNow(c.ID); err != nil {
		return d, err
	}
	if err := q.edits(d); err != nil {
		return d, err
	}
	if in.N < 1 || in.N > len(list) {
		return d, office.ErrReadyGone
	}
	var texts []hearback.Text
	reason := in.Reason
	if c.Answer != 0 {
		a, err := q.o.Store.Answer(q.ctx(), c.Answer)
		if err != nil {
			return d, err
		}
		r := a.Draft()
		if r == nil {
			r = a.Current()
		} else {
			reason = cmp.Or(reason, r.Reason)
		}
		if r != nil {
			texts = slices.Clone(r.Texts)
		}
	}
	verdict := list[in.N-1].Texts[0].Verdict
	if len(texts) > 0 {
		verdict = texts[0].Verdict
	}
	texts = office.PutIn(texts, list[in.N-1].Texts)
	for i := range texts {
		texts[i].Verdict = verdict
	}
	if _, err := q.o.Answers.Draft(q.ctx(), q.By(access.Draft), c.ID, texts, reason, d.Version); err != nil {
		return d, err
	}
	return q.draftNow(c.ID)
}
