package web

import (
	"fmt"
	"net/http"
	"net/url"

	"example.org/hearback"
	"example.org/hearback/internal/web/office"
)

// helpedView is the question at the end of an answer and what others said.
type helpedView struct {
	Ask     bool // the question itself; otherwise the reader has answered it
	Why     hearback.Said
	Reasons []hearback.FeedbackReason
	Yes     string // counts as the public may read them
	Part    string
	No      string
	Some    bool // there is something to show
	Exact   []hearback.Feedback
}

// helped reads what readers said about the published revision.
func (q *request) helped(a *hearback.Answer) (*helpedView, error) {
	list, err := q.o.Store.Feedback(q.ctx(), a.ID)
	if err != nil {
		return nil, err
	}
	v := &helpedView{Ask: true, Reasons: hearback.FeedbackReasons(), Exact: list}
	sums := map[hearback.Said]int64{}
	for _, f := range list {
		if f.Revision == a.Current().N {
			sums[f.Said] += f.N
		}
	}
	v.Some = sums[hearback.SaidYes]+sums[hearback.SaidPart]+sums[hearback.SaidNo] > 0
	v.Yes, v.Part, v.No = q.people(sums[hearback.SaidYes]), q.people(sums[hearback.SaidPart]), q.people(sums[hearback.SaidNo])
	switch why := hearback.Said(q.r.URL.Query().Get("why")); {
	case why == hearback.SaidPart || why == hearback.SaidNo:
		v.Ask, v.Why = false, why
	case q.r.URL.Query().Get("done") == "helped":
		v.Ask = false
	}
	return v, nil
}

// sayHelped counts what a reader says. Nothing is kept of who it was; each
// network may say so a few times.
func (q *request) sayHelped() error {
	a, err := q.answerInPath()
	if err != nil {
		return err
	}
	if a.State != hearback.AnswerPublished {
		return fmt.Errorf("%w: this answer was withdrawn", hearback.ErrRefused)
	}
	said, reason := hearback.Said(q.form("h")), hearback.FeedbackReason(q.form("reason"))
	if err := hearback.CheckFeedback(said, reason); err != nil {
		return err
	}
	if twice, forget := q.recent.again(q.o.Now(), recentVote, "helped", address(q.r).String(), a.ID.String(), string(said), string(reason)); !twice {
		if !q.votes.take(q.o.Now(), address(q.r)) {
			forget()
			return q.render(http.StatusTooManyRequests, "public", "pub_slow", q.slow())
		}
		if err := q.o.Store.CountFeedback(q.ctx(), a.ID, a.Current().N, said, reason); err != nil {
			forget()
			return err
		}
	}
	v := url.Values{}
	if t := q.form("text"); a.Current().Text(t) != nil {
		v.Set("text", t)
	}
	if said != hearback.SaidYes && reason == "" {
		v.Set("why", string(said))
	} else {
		v.Set("done", "helped")
	}
	http.Redirect(q.w, q.r, a.Path()+"?"+v.Encode()+"#helped", http.StatusSeeOther)
	return nil
}

type slowPage struct{ frame }

func (q *request) slow() *slowPage {
	q.w.Header().Set("Cache-Control", "no-store")
	return &slowPage{q.frame(q.t("slow.title"), "")}
}

// A nearRow is one answer in the file that the form for questions is compared
// with in the reader's own browser.
type nearRow struct {
	Title string `json:"t"`
	Words string `json:"w"` // what else it speaks of
	Lang  string `json:"l"`
	URL   string `json:"u"`
}

// nearAnswers is how many answers that file holds, the newest.
const nearAnswers = 400

// near serves the answers that are shown to somebody who types a question. What
// is typed is compared in the browser and never sent: that is why this is a
// file, the same for everybody.
func (q *request) near() error {
	list, err := q.o.Store.AnswerList(q.ctx(), office.AnswerFilter{Public: true, Limit: nearAnswers})
	if err != nil {
		return err
	}
	rows := []nearRow{}
	for i := range list {
		a := &list[i]
		if a.State != hearback.AnswerPublished || a.Expired(q.o.Now()) {
			continue
		}
		for _, t := range a.Current().Texts {
			rows = append(rows, nearRow{t.Title, shorten(t.Lead+" "+t.Going, 300), t.Lang, a.Path() + "?text=" + url.QueryEscape(t.Lang)})
		}
	}
	q.w.Header().Set("Cache-Control", "public, max-age=60")
	return q.json(rows)
}
