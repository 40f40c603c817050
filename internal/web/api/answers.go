package api

import (
	"cmp"
	"context"
	"slices"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/web/office"
)

// apiText is an answer in one language.
type apiText struct {
	Lang    string           `json:"lang"`
	Title   string           `json:"title"`
	Lead    string           `json:"lead"`
	Do      string           `json:"do"`
	Known   string           `json:"known"`
	Going   string           `json:"going"`
	Why     string           `json:"why"`
	Next    string           `json:"next"`
	Verdict hearback.Verdict `json:"verdict,omitempty"`
}

// apiTextBody is an answer in one language as it is written.
type apiTextBody struct {
	Lang    string           `json:"lang" doc:"BCP 47."`
	Title   string           `json:"title" doc:"The fact, never the rumour."`
	Lead    string           `json:"lead" doc:"The whole answer in three sentences."`
	Do      string           `json:"do,omitempty" doc:"What to do."`
	Known   string           `json:"known,omitempty" doc:"What we know, and how."`
	Going   string           `json:"going,omitempty" doc:"What is going round, in our words."`
	Why     string           `json:"why,omitempty" doc:"Why that is wrong, or right."`
	Next    string           `json:"next,omitempty" doc:"When we say more."`
	Verdict hearback.Verdict `json:"verdict,omitempty" doc:"The same in every language."`
}

func viewTexts(list []hearback.Text) (out []apiText) {
	for _, t := range list {
		out = append(out, apiText{t.Lang, t.Title, t.Lead, t.Do, t.Known, t.Going, t.Why, t.Next, t.Verdict})
	}
	return out
}

type apiApproval struct {
	By    apiBy     `json:"by"`
	At    time.Time `json:"at"`
	Note  string    `json:"note,omitempty"`
	Valid bool      `json:"valid" doc:"It is of exactly these texts, by somebody who wrote none of them."`
}

type apiUrgent struct {
	By       apiBy     `json:"by"`
	At       time.Time `json:"at"`
	Reason   string    `json:"reason"`
	Due      time.Time `json:"due"`
	Reviewed time.Time `json:"reviewed,omitempty"`
}

type apiRevision struct {
	N         int           `json:"n"`
	Hash      string        `json:"hash" doc:"What reviewers approve."`
	By        apiBy         `json:"by"`
	Writers   []apiBy       `json:"writers" doc:"None of them may approve it."`
	Reason    string        `json:"reason,omitempty" doc:"Why the published text had to change."`
	At        time.Time     `json:"at"`
	Submitted time.Time     `json:"submitted,omitempty"`
	Published time.Time     `json:"published,omitempty"`
	Record    *int64        `json:"record,omitempty" doc:"Index of its entry in the public log."`
	Dropped   time.Time     `json:"dropped,omitempty"`
	Urgent    *apiUrgent    `json:"urgent,omitempty" doc:"It went out in an emergency, with one approval."`
	Approvals []apiApproval `json:"approvals"`
	Texts     []apiText     `json:"texts"`
}

func viewRevision(r *hearback.Revision) apiRevision {
	v := apiRevision{N: r.N, Hash: r.Hash(), By: viewBy(r.Author), Reason: r.Reason, At: r.At, Submitted: r.Submitted, Published: r.Published, Dropped: r.Dropped, Texts: viewTexts(r.Texts)}
	for _, w := range r.Writers {
		v.Writers = append(v.Writers, viewBy(w))
	}
	valid := r.Valid()
	for _, x := range r.Approvals {
		v.Approvals = append(v.Approvals, apiApproval{viewBy(x.By), x.At, x.Note, slices.Contains(valid, x)})
	}
	if !r.Published.IsZero() {
		v.Record = &r.Record
	}
	if u := r.Urgent; u != nil {
		v.Urgent = &apiUrgent{viewBy(u.By), u.At, u.Reason, u.Due, u.Reviewed}
	}
	return v
}

// apiAnswerRow is one line of a list of answers.
type apiAnswerRow struct {
	ID      hearback.ID          `json:"id"`
	Case    hearback.ID          `json:"case"`
	Concern hearback.ID          `json:"concern"`
	State   hearback.AnswerState `json:"state"`
	Title   string               `json:"title" doc:"Of the draft if there is one, in the language of the reader if it has that."`
	Lang    string               `json:"lang,omitempty" doc:"Of the title."`
	Drafted bool                 `json:"drafted" doc:"There is a draft, or a correction under way."`
	Review  bool                 `json:"review" doc:"The draft waits for approvals."`
	Changed time.Time            `json:"changed,omitempty" doc:"When the public last saw something new."`
	Recheck time.Time            `json:"recheck,omitempty" doc:"When somebody must look again."`
	Until   time.Time            `json:"until,omitempty" doc:"Until when it is valid; not there if it has no end."`
	Expired bool                 `json:"expired" doc:"It is published and that time has passed."`
	Public  string               `json:"public,omitempty" doc:"Address of its public page."`
	Version int                  `json:"version"`
}

func (q *request) viewAnswerRow(a *hearback.Answer) apiAnswerRow {
	r := q.AnswerRow(*a)
	v := apiAnswerRow{ID: a.ID, Case: a.Case, Concern: a.Concern, State: a.State, Title: r.Title, Lang: r.TitleLang, Changed: a.Changed(), Recheck: a.Recheck, Until: a.Until, Expired: a.Expired(q.o.Now()), Version: a.Version}
	if d := a.Draft(); d != nil {
		v.Drafted, v.Review = true, !d.Submitted.IsZero()
	}
	if a.Current() != nil {
		v.Public = q.o.PublicURL + a.Path()
	}
	return v
}

type apiWithdrawal struct {
	By     apiBy     `json:"by"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
	Record int64     `json:"record"`
}

// apiAnswer is one answer with its revisions and reviews.
type apiAnswer struct {
	apiAnswerRow
	Revisions []apiRevision  `json:"revisions" doc:"In order; the last one may be a draft."`
	Withdrawn *apiWithdrawal `json:"withdrawn,omitempty"`
}

func (q *request) viewAnswer(a *hearback.Answer) apiAnswer {
	v := apiAnswer{apiAnswerRow: q.viewAnswerRow(a)}
	for i := range a.Revisions {
		v.Revisions = append(v.Revisions, viewRevision(&a.Revisions[i]))
	}
	if w := a.Withdrawn; w != nil {
		v.Withdrawn = &apiWithdrawal{viewBy(w.By), w.At, w.Reason, w.Record}
	}
	return v
}

type apiFeedback struct {
	Revision int                     `json:"revision"`
	Said     hearback.Said           `json:"said"`
	Reason   hearback.FeedbackReason `json:"reason,omitempty"`
	N        voices                  `json:"n"`
}

// apiAnswerFull is one answer with what stands in its way and what became of it.
type apiAnswerFull struct {
	apiAnswer
	Needed    int           `json:"needed" doc:"Approvals that an answer needs."`
	Ready     bool          `json:"ready" doc:"The draft has them."`
	Urgent    bool          `json:"urgent" doc:"The published text went out in an emergency and still lacks approvals."`
	MayNot    string        `json:"may_not,omitempty" doc:"Why you may not approve the draft."`
	Warnings  []string      `json:"warnings" doc:"What plain checks find in the newest text."`
	Feedback  []apiFeedback `json:"feedback" doc:"What readers said."`
	Outcome   *apiOutcome   `json:"outcome,omitempty"`
	Console   string        `json:"console" doc:"Its page for people."`
	Published string        `json:"published,omitempty" doc:"The title that is public."`
}

func (q *request) fullAnswer(id hearback.ID) (v apiAnswerFull, err error) {
	a, err := q.o.Store.Answer(q.ctx(), id)
	if err != nil {
		return v, err
	}
	v = apiAnswerFull{apiAnswer: q.viewAnswer(a), Urgent: a.Unreviewed(), Console: q.o.ConsoleURL + "/answers/" + id.String()}
	if v.Needed, err = q.o.Answers.Needed(q.ctx()); err != nil {
		return v, err
	}
	if a.Draft() != nil {
		v.Ready = a.Ready(v.Needed)
		if !q.May(access.Approve) {
			v.MayNot = q.Say(office.NotAllowed{Action: access.Approve, Asleep: q.Account.Sleeps(access.Approve)})
		} else if err := a.MayApprove(q.By(access.Approve)); err != nil {
			v.MayNot = q.Say(err)
		}
	}
	if len(a.Revisions) > 0 && a.State != hearback.AnswerWithdrawn {
		found, err := q.o.Answers.Check(q.ctx(), id)
		if err != nil {
			return v, err
		}
		v.Warnings = q.Warnings(found)
	}
	if r := a.Current(); r != nil {
		v.Published = q.TextOf(r).Title
		said, err := q.o.Store.Feedback(q.ctx(), id)
		if err != nil {
			return v, err
		}
		for _, f := range said {
			v.Feedback = append(v.Feedback, apiFeedback{f.Revision, f.Said, f.Reason, voices(f.N)})
		}
		outcomes, err := q.o.Store.OutcomeList(q.ctx(), id, 1)
		if err != nil {
			return v, err
		}
		if len(outcomes) > 0 {
			o := q.viewOutcome(&outcomes[0])
			v.Outcome = &o
		}
	}
	return v, nil
}

type answerQuery struct {
	paging
	View string `json:"view,omitempty" doc:"all, draft, published or withdrawn."`
}

func (q *request) apiAnswers(in answerQuery) (out page[apiAnswerRow], err error) {
	if err := oneOf("view", in.View, office.AnswerViews()...); err != nil {
		return out, err
	}
	view := cmp.Or(in.View, office.AnswerViews()[0])
	read := func(after hearback.ID, limit int) ([]hearback.Answer, error) {
		return q.o.Store.AnswerList(q.ctx(), office.AnswerFilter{After: after, Limit: limit})
	}
	shows := func(a *hearback.Answer) bool { return office.InAnswers(view, a) }
	return fill(in.paging, read, shows, func(a *hearback.Answer) hearback.ID { return a.ID }, func(list []hearback.Answer) (out []apiAnswerRow, err error) {
		for i := range list {
			out = append(out, q.viewAnswerRow(&list[i]))
		}
		return out, nil
	})
}

func (q *request) apiAnswer(nothing) (v apiAnswerFull, err error) {
	id, err := q.id()
	if err != nil {
		return v, err
	}
	return q.fullAnswer(id)
}

// actAnswer runs an act on the answer in the path and gives what it is then.
func (q *request) actAnswer(need access.Action, f func(ctx context.Context, by hearback.Actor, id hearback.ID) error) (v apiAnswerFull, err error) {
	id, err := q.id()
	if err == nil {
		err = f(q.ctx(), q.By(need), id)
	}
	if err != nil {
		return v, err
	}
	return q.fullAnswer(id)
}

func (q *request) apiSubmit(nothing) (apiAnswerFull, error) {
	return q.actAnswer(access.Submit, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Answers.Submit(ctx, by, id)
		return err
	})
}

type approveBody struct {
	Hash string `json:"hash" doc:"Of the text that you read."`
	Note string `json:"note,omitempty" doc:"Stays in the office."`
}

func (q *request) apiApprove(in approveBody) (apiAnswerFull, error) {
	return q.actAnswer(access.Approve, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Answers.Approve(ctx, by, id, in.Hash, in.Note)
		return err
	})
}

func (q *request) apiReturn(in noteBody) (apiAnswerFull, error) {
	return q.actAnswer(access.Approve, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Answers.Return(ctx, by, id, in.Note)
		return err
	})
}

func (q *request) apiPublish(nothing) (apiAnswerFull, error) {
	return q.actAnswer(access.Publish, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Answers.Publish(ctx, by, id)
		return err
	})
}

func (q *request) apiPublishUrgent(in reasonBody) (apiAnswerFull, error) {
	return q.actAnswer(access.Publish, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Answers.PublishUrgent(ctx, by, id, in.Reason)
		return err
	})
}

func (q *request) apiRatify(in approveBody) (apiAnswerFull, error) {
	return q.actAnswer(access.Approve, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Answers.Ratify(ctx, by, id, in.Hash, in.Note)
		return err
	})
}

type recheckBody struct {
	Days int `json:"days" doc:"When to look again: in 1 to 366 days."`
}

func (q *request) apiRecheck(in recheckBody) (apiAnswerFull, error) {
	return q.actAnswer(access.Draft, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		return q.RecheckIn(ctx, by, id, in.Days)
	})
}

type untilBody struct {
	Until time.Time `json:"until,omitempty" doc:"Until when it is valid; it has no end unless said."`
}

func (q *request) apiSetUntil(in untilBody) (apiAnswerFull, error) {
	return q.actAnswer(access.Draft, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Answers.SetUntil(ctx, by, id, in.Until)
		return err
	})
}

func (q *request) apiDrop(in noteBody) (apiAnswerFull, error) {
	return q.actAnswer(access.Draft, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Answers.Drop(ctx, by, id, in.Note)
		return err
	})
}

func (q *request) apiWithdraw(in reasonBody) (apiAnswerFull, error) {
	return q.actAnswer(access.Withdraw, func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Answers.Withdraw(ctx, by, id, in.Reason)
		return err
	})
}

// apiOutcome is what happened after an answer.
type apiOutcome struct {
	Answer   hearback.ID `json:"answer"`
	Concern  hearback.ID `json:"concern"`
	At       time.Time   `json:"at"`
	From     time.Time   `json:"from" doc:"When the answer was published."`
	Hours    float64     `json:"hours" doc:"How long before and after are compared."`
	Before   voices      `json:"before"`
	After    voices      `json:"after"`
	Complete bool        `json:"complete" doc:"The time after the answer has passed."`
	Donors   int         `json:"donors" doc:"Comparable concerns without an answer."`
	Level    int         `json:"level" doc:"0 to 3: the strongest claim that this allows. Software alone never goes above 1."`
	Say      string      `json:"say" inside:"" doc:"The sentence that the level allows."`
}

func (q *request) viewOutcome(o *hearback.Outcome) apiOutcome {
	return apiOutcome{o.Answer, o.Concern, o.At, o.From, o.Window.Hours(), voices(o.Before), voices(o.After), o.Complete, o.Donors, o.Level, q.OutcomeText(o)}
}

func (q *request) apiOutcomes(in paging) (out page[apiOutcome], err error) {
	list, err := q.o.Store.OutcomeList(q.ctx(), 0, apiRows)
	if err != nil {
		return out, err
	}
	return cut(list, in, func(o *hearback.Outcome) string { return o.Answer.String() }, func(list []hearback.Outcome) (out []apiOutcome, err error) {
		for i := range list {
			out = append(out, q.viewOutcome(&list[i]))
		}
		return out, nil
	})
}
