package web

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/desk"
	"example.org/hearback/internal/evidence"
	"example.org/hearback/internal/publish/open311"
	"example.org/hearback/internal/web/office"
)

type casesPage struct {
	frame
	Rows  []office.CaseRow
	Tabs  []tab
	Desks []option
	Desk  string
	View  string

	CanBulk bool
	Self    string
}

// listed returns the cases that a list asks for, of every view, and the view.
func (q *request) listed(v url.Values) (rows []office.CaseRow, view string, err error) {
	view = v.Get("view")
	if !slices.Contains(office.CaseViews(), view) {
		view = office.CaseViews()[0]
	}
	list, err := q.o.Store.CaseList(q.ctx(), office.CaseFilter{Closed: view == "closed", Desk: v.Get("desk"), Limit: office.MaxBulk})
	if err != nil {
		return nil, view, err
	}
	rows, err = q.CaseRows(q.ctx(), list)
	return rows, view, err
}

func (q *request) cases() error {
	v := q.r.URL.Query()
	p := &casesPage{frame: q.frame(q.t("nav.cases"), "cases"), Desk: v.Get("desk"), CanBulk: q.may(access.Route), Self: q.r.URL.RequestURI()}
	var err error
	if p.Rows, p.View, err = q.listed(v); err != nil {
		return err
	}
	for _, view := range office.CaseViews() {
		t := tab{Label: q.t("caseview." + view), URL: "/cases?view=" + view, On: view == p.View, Count: -1}
		if p.Desk != "" {
			t.URL += "&desk=" + template.URLQueryEscaper(p.Desk)
		}
		if p.View != "closed" && view != "closed" {
			t.Count = 0
			for _, r := range p.Rows {
				if office.InView(view, r) {
					t.Count++
				}
			}
		}
		p.Tabs = append(p.Tabs, t)
	}
	p.Rows = slices.DeleteFunc(p.Rows, func(r office.CaseRow) bool { return !office.InView(p.View, r) })
	p.CanBulk = p.CanBulk && p.View != "closed"
	for i := range p.Rows {
		p.Rows[i].Tick = p.CanBulk
	}
	desks, err := q.LiveDesks(q.ctx())
	if err != nil {
		return err
	}
	for _, d := range desks {
		p.Desks = append(p.Desks, option{d.Slug, q.DeskName(d)})
	}
	return q.page("cases", p)
}

// bulkCases does one thing to every case that was ticked, or to the whole
// list.
func (q *request) bulkCases() error {
	act := q.form("act")
	do := q.CaseActs(q.form("to"), q.form("reason"))[act]
	ids, err := q.ticked(func(v url.Values) (ids []hearback.ID, err error) {
		rows, view, err := q.listed(v)
		for _, r := range rows {
			if office.InView(view, r) && len(ids) < office.MaxBulk {
				ids = append(ids, r.Case.ID)
			}
		}
		return ids, err
	})
	switch {
	case err != nil:
		return err
	case do == nil:
		return fmt.Errorf("%w: choose what to do", hearback.ErrInvalid)
	case len(ids) == 0:
		return fmt.Errorf("%w: tick at least one case", hearback.ErrInvalid)
	case len(ids) > office.MaxBulk:
		return fmt.Errorf("%w: tick at most %d cases", hearback.ErrInvalid, office.MaxBulk)
	}
	if ok, err := q.sure(act, len(ids)); !ok {
		return err
	}
	by := q.by(access.Route)
	done, last := q.Each(q.ctx(), ids, func(ctx context.Context, id hearback.ID) error { return do(ctx, by, id) })
	if done == 0 {
		return last
	}
	if last != nil {
		return q.see(local(q.form("back")), "some_"+act)
	}
	return q.see(local(q.form("back")), "bulk_"+act)
}

func (q *request) declineCase() error {
	return q.caseAct(access.Route, "declined", func(by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Cases.Decline(q.ctx(), by, id, hearback.Refusal(q.form("why")), q.form("desk"), q.form("reason"))
		return err
	})
}

func (q *request) shareCase() error {
	return q.caseAct(access.Route, "shared", func(by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Cases.Share(q.ctx(), by, id, q.r.PostForm["with"], q.form("note"))
		return err
	})
}

func (q *request) ackCase() error {
	return q.caseAct(access.Route, "acked", func(by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Cases.Acknowledge(q.ctx(), by, id)
		return err
	})
}

func (q *request) briefCase() error {
	return q.caseAct(access.Route, "briefed", func(by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Cases.Brief(q.ctx(), by, id, q.form("note"))
		return err
	})
}

type casePage struct {
	frame
	Row          office.CaseRow
	C            *hearback.Case
	Concern      *hearback.Concern
	Title        string
	Clock        template.HTML
	End          time.Time
	Gross        time.Duration // since its clocks started
	Net          time.Duration // how long the next clock has run
	PausedFor    time.Duration
	Halves       []time.Time // when the next clock reaches half, four fifths and all of its time
	Duty         []int       // who is on duty
	Chain        []chainRow
	Acks         []hearback.Ack
	With         []string
	Playbooks    []option
	PlaybookHint string // the one that is followed or looks right
	Book         *desk.Playbook
	BookName     string
	BookOld      bool // it has been changed since the case began to follow it
	BookSteps    []stepRow
	BookEvidence []string
	BookCall     []string
	Estimates    []hearback.Estimate // those that this person may see
	Hidden       int                 // how many they may not see yet
	Gave         bool                // they have given theirs
	Archives     bool                // copies can be taken
	Helps        map[string]bool
	Blind        int      // estimates that a verdict asks for first
	Named        []string // desks that the rules name to help, and that do not yet
	NamedAll     []string // slugs of these and of those that help
	Answer       *hearback.Answer
	Existing     *hearback.Answer
	Matches      []office.Match
	Desks        []option
	Checks       []evidence.Check
	Steps        []hearback.Step
	Entries      []office.EntryRow
	Reasons      []hearback.CaseReason
	DeskNames    map[string]string
	Why          string
	Suggested    string
	Hint         string
	Do           string

	MayRoute, MayCheck, MayDraft bool
	Brief                        bool // those who lead the office must be told, and this person may say that they were

	CanSend bool          // to a city's own desk
	Sent    *open311.Sent // what was sent there
}

func (q *request) caseView() error {
	id, err := q.id()
	if err != nil {
		return err
	}
	ctx, now := q.ctx(), q.o.Now()
	c, err := q.o.Store.Case(ctx, id)
	if err != nil {
		return err
	}
	rows, err := q.CaseRows(q.ctx(), []hearback.Case{*c})
	if err != nil {
		return err
	}
	concern, err := q.o.Store.Concern(ctx, c.Concern)
	if err != nil {
		return err
	}
	p := &casePage{
		C: c, Row: rows[0], Concern: concern, Title: rows[0].Title, Checks: evidence.Checks(c), Why: q.WhyNow(concern.Score),
		Gross: now.Sub(c.Since), Do: q.r.URL.Query().Get("do"),
		Estimates: c.Visible(q.Account.ID), Gave: c.Estimated(q.Account.ID), Archives: q.o.Archive != nil,
		MayRoute: q.may(access.Route), MayCheck: q.may(access.CheckEvidence), MayDraft: q.may(access.Draft),
	}
	if q.o.SentTo != nil {
		if p.CanSend, p.Sent, err = q.o.SentTo(ctx, c); err != nil {
			return err
		}
	}
	p.frame = q.frame(p.Title, "cases")
	p.Hidden = len(c.Estimates) - len(p.Estimates)
	for _, r := range hearback.CaseReasons() {
		if r != hearback.ClosedByExisting {
			p.Reasons = append(p.Reasons, r)
		}
	}
	p.Brief = p.MayRoute && slices.ContainsFunc(c.Deadlines, func(d hearback.Deadline) bool { return d.Kind == hearback.DeadlineBrief && d.Running() })
	for _, x := range c.Pauses {
		to := x.To
		if to.IsZero() {
			to = now
		}
		p.PausedFor += to.Sub(x.From)
	}
	if p.Row.Next != nil {
		var running []hearback.Deadline
		for _, d := range c.Deadlines {
			if d.Stopped.IsZero() {
				running = append(running, d)
			}
			if d.Running() && d.Due.After(p.End) {
				p.End = d.Due
			}
		}
		p.Clock = q.l.clockLine(now, c.Since, p.End, running)
	}
	if c.Answer != 0 {
		if p.Answer, err = q.o.Store.Answer(ctx, c.Answer); err != nil {
			return err
		}
	}
	if c.Existing != 0 {
		if p.Existing, err = q.o.Store.Answer(ctx, c.Existing); err != nil {
			return err
		}
	}
	if q.o.Match != nil && c.State != hearback.CaseClosed && c.State != hearback.CasePublished {
		for _, m := range q.o.Match(ctx, concern.Title, office.Most1(concern.Langs), 5) {
			if m.Answer != c.Answer {
				p.Matches = append(p.Matches, m)
			}
		}
	}
	owner, err := q.DeskOf(q.ctx(), c.Desk)
	if err != nil {
		return err
	}
	p.Duty, p.Helps = desk.OnShift(owner, now), map[string]bool{}
	for _, slug := range c.With {
		p.Helps[slug] = true
		p.With = append(p.With, q.Told(q.ctx(), []string{"desk:" + slug}))
	}
	p.Acks = slices.Clone(c.Acks)
	slices.Reverse(p.Acks)
	if p.Row.Next != nil {
		p.Net = desk.Read(c, *p.Row.Next, owner, now).Net
		for _, share := range []float64{.5, .8, 1} {
			p.Halves = append(p.Halves, desk.Reaches(c, *p.Row.Next, owner, share))
		}
		p.Chain = q.chain(c, *p.Row.Next, owner)
	}
	if p.DeskNames, err = q.DeskNames(q.ctx()); err != nil {
		return err
	}
	desks, err := q.LiveDesks(q.ctx())
	if err != nil {
		return err
	}
	for _, d := range desks {
		p.Desks = append(p.Desks, option{d.Slug, q.DeskName(d)})
	}
	if p.Suggested, p.Hint, err = q.SuggestDesk(q.ctx(), concern, nil); err != nil {
		return err
	}
	blind, err := q.o.Desks.Estimates(ctx)
	if err != nil {
		return err
	}
	p.Blind = blind[c.Tier]
	if p.Named, p.NamedAll, err = q.NamedDesks(q.ctx(), c, concern, desks); err != nil {
		return err
	}
	if err := q.following(p); err != nil {
		return err
	}
	p.Steps = slices.Clone(c.Steps)
	slices.Reverse(p.Steps)
	entries, err := q.o.Store.EntriesAbout(ctx, "case:"+id.String(), 50)
	if err != nil {
		return err
	}
	p.Entries = q.EntryRows(entries)
	return q.page("case", p)
}

// A chainRow is one step of the chain of a desk, as a case shows it.
type chainRow struct {
	At time.Time
	To string
}

// chain says who will be told of a clock, and when, if nobody takes the case
// on.
func (q *request) chain(c *hearback.Case, k hearback.Deadline, d hearback.Desk) (list []chainRow) {
	far := k.Due.AddDate(1, 0, 0)
	for _, s := range desk.Escalated(c, k, d, far) {
		list = append(list, chainRow{s.At, q.Told(q.ctx(), desk.Told(d, d.Chain[s.N-1].To, s.At))})
	}
	return list
}

// caseAct runs an act on the case in the path and goes back to it.
func (q *request) caseAct(need access.Action, done string, f func(by hearback.Actor, id hearback.ID) error) error {
	id, err := q.id()
	if err == nil {
		err = f(q.by(need), id)
	}
	if err != nil {
		return err
	}
	return q.see("/cases/"+id.String(), done)
}

func (q *request) routeCase() error {
	return q.caseAct(access.Route, "routed", func(by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Cases.Route(q.ctx(), by, id, q.form("desk"), q.form("note"))
		return err
	})
}

func (q *request) startChecking() error {
	return q.caseAct(access.CheckEvidence, "checking", func(by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Cases.StartChecking(q.ctx(), by, id, q.form("note"))
		return err
	})
}

// addEvidence keeps a piece of evidence, with a copy if one was asked for or a
// document was sent along.
func (q *request) addEvidence() error {
	e, err := evidence.New(evidence.Input{URL: q.form("url"), Title: q.form("title"), Note: q.form("note"), Hash: q.form("hash"), Primary: q.form("primary") == "1"})
	if err != nil {
		return err
	}
	// Who may not add evidence makes us fetch nothing.
	id, err := q.id()
	if err != nil {
		return err
	}
	c, err := q.o.Store.Case(q.ctx(), id)
	if err != nil {
		return err
	}
	if c.State == hearback.CaseClosed {
		return office.ErrCaseClosed
	}
	var copied *evidence.Archived
	done := "evidence_added"
	if f, head, ferr := q.r.FormFile("document"); ferr == nil {
		defer f.Close()
		x, err := evidence.Read(f, head.Header.Get("Content-Type"), "", q.o.Now())
		if err != nil {
			return err
		}
		copied = &x
	} else if q.form("copy") == "1" && e.URL != "" {
		if q.o.Archive == nil {
			return office.ErrNoCopies
		}
		x, err := q.o.Archive(q.ctx(), e.URL)
		switch {
		case errors.Is(err, hearback.ErrInvalid): // what was typed is kept all the same
			done = "evidence_no_copy"
		case err != nil:
			return err
		default:
			copied = &x
		}
	}
	if copied != nil {
		if err := q.o.Store.SaveCopy(q.ctx(), *copied); err != nil {
			return err
		}
		e.Hash = copied.Hash
	}
	return q.caseAct(access.CheckEvidence, done, func(by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Cases.AddEvidence(q.ctx(), by, id, e)
		return err
	})
}

type copyPage struct {
	frame
	C     *hearback.Case
	Copy  *evidence.Archived
	Item  hearback.Evidence
	Lines []string
}

// copied returns the copy in the path, if the case in the path relies on it.
func (q *request) copied() (*hearback.Case, *evidence.Archived, hearback.Evidence, error) {
	id, err := q.id()
	if err != nil {
		return nil, nil, hearback.Evidence{}, err
	}
	c, err := q.o.Store.Case(q.ctx(), id)
	if err != nil {
		return nil, nil, hearback.Evidence{}, err
	}
	i := slices.IndexFunc(c.Evidence, func(e hearback.Evidence) bool { return e.Hash != "" && e.Hash == q.r.PathValue("hash") })
	if i < 0 {
		return nil, nil, hearback.Evidence{}, hearback.ErrNotFound
	}
	x, err := q.o.Store.Copy(q.ctx(), c.Evidence[i].Hash)
	return c, x, c.Evidence[i], err
}

// copyPage shows the words of an archived copy.
func (q *request) copyPage() error {
	c, x, e, err := q.copied()
	if err != nil {
		return err
	}
	return q.page("copy", &copyPage{frame: q.frame(e.Title, "cases"), C: c, Copy: x, Item: e, Lines: lines(x.Text)})
}

// copyFile gives the copy out to be kept, never to be shown: it may hold
// scripts of another site.
func (q *request) copyFile() error {
	_, x, _, err := q.copied()
	if err != nil {
		return err
	}
	h := q.w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", `attachment; filename="copy-`+x.Hash[:12]+`"`)
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	_, err = q.w.Write(x.Body)
	return err
}

func (q *request) estimate() error {
	return q.caseAct(access.CheckEvidence, "estimated", func(by hearback.Actor, id hearback.ID) error {
		sure, err := strconv.Atoi(q.form("sure"))
		if err != nil {
			return fmt.Errorf("%w: how sure you are is 0 to 100 percent", hearback.ErrInvalid)
		}
		_, err = q.o.Cases.Estimate(q.ctx(), by, id, hearback.Verdict(q.form("verdict")), sure, q.form("note"))
		return err
	})
}

func (q *request) dissent() error {
	return q.caseAct(access.CheckEvidence, "dissented", func(by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Cases.Dissent(q.ctx(), by, id, hearback.Verdict(q.form("verdict")), q.form("reason"))
		return err
	})
}

func (q *request) retractEvidence() error {
	return q.caseAct(access.CheckEvidence, "evidence_retracted", func(by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Cases.RetractEvidence(q.ctx(), by, id, q.formID("evidence"), q.form("reason"))
		return err
	})
}

func (q *request) setVerdict() error {
	return q.caseAct(access.CheckEvidence, "verdict_set", func(by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Cases.SetVerdict(q.ctx(), by, id, hearback.Verdict(q.form("verdict")), q.form("note"))
		return err
	})
}

func (q *request) setTier() error {
	return q.caseAct(access.Route, "tier_set", func(by hearback.Actor, id hearback.ID) error {
		tier, err := hearback.ParseTier(q.form("tier"))
		if err == nil {
			_, err = q.o.Cases.SetTier(q.ctx(), by, id, tier, q.form("reason"))
		}
		return err
	})
}

func (q *request) pauseCase() error {
	return q.caseAct(access.Route, "case_paused", func(by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Cases.Pause(q.ctx(), by, id, q.form("reason"))
		return err
	})
}

func (q *request) resumeCase() error {
	return q.caseAct(access.Route, "case_resumed", func(by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Cases.Resume(q.ctx(), by, id)
		return err
	})
}

func (q *request) closeCase() error {
	return q.caseAct(access.Route, "case_closed", func(by hearback.Actor, id hearback.ID) error {
		return q.CloseOne(q.ctx(), by, id, q.formID("existing"), hearback.CaseReason(q.form("why")), q.form("note"))
	})
}

// sendCase sends a case to a city's own desk.
func (q *request) sendCase() error {
	if q.o.SendCase == nil {
		return hearback.ErrNotFound
	}
	return q.caseAct(access.Route, "case_sent", func(by hearback.Actor, id hearback.ID) error {
		return q.o.SendCase(q.ctx(), by, id, q.form("text"))
	})
}

func (q *request) reopenCase() error {
	return q.caseAct(access.Route, "case_reopened", func(by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Cases.Reopen(q.ctx(), by, id, q.form("note"))
		return err
	})
}
