package web

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/desk"
	"example.org/hearback/internal/evidence"
	"example.org/hearback/internal/publish/open311"
)

type casesPage struct {
	frame
	Rows  []caseRow
	Tabs  []tab
	Desks []option
	Desk  string
	View  string

	CanBulk bool
	Self    string
}

// A caseRow is one line of a list of cases.
type caseRow struct {
	Case      hearback.Case
	Title     string
	TitleLang string // if it is not that of the page
	Desk      string
	Next      *hearback.Deadline
	Late      bool
	Soon      bool // the last fifth of its clock has begun
	Left      time.Duration
	Class     string
	State     string
	Tick      bool // it can be ticked for an act on many
}

func (q *request) caseRows(list []hearback.Case) ([]caseRow, error) {
	desks, err := q.deskNames()
	if err != nil {
		return nil, err
	}
	now := q.o.Now()
	all, err := q.o.Store.Desks(q.ctx())
	if err != nil {
		return nil, err
	}
	rows := make([]caseRow, len(list))
	for i, c := range list {
		r := caseRow{Case: c, Desk: desks[c.Desk], Next: c.Next(), Late: c.Late(now), Class: stateClass(c.State), State: q.caseState(&c)}
		if r.Desk == "" {
			r.Desk = c.Desk
		}
		concern, err := q.o.Store.Concern(q.ctx(), c.Concern)
		if err != nil {
			return nil, err
		}
		r.Title, r.TitleLang = q.concernTitle(concern), q.titleLang(concern)
		if r.Next != nil {
			at := now
			if c.Paused() {
				at = c.Pauses[len(c.Pauses)-1].From
			}
			r.Left = r.Next.Due.Sub(at)
			r.Soon = !r.Late && desk.Read(&c, *r.Next, desk.Find(all, c.Desk), now).Share() > .8
		}
		rows[i] = r
	}
	return rows, nil
}

// caseState says where a case stands, and why if it is closed.
func (q *request) caseState(c *hearback.Case) string {
	switch {
	case c.State == hearback.CaseClosed:
		return q.t("case.closed_because", q.l.label("closereason", c.Reason))
	case c.Paused():
		return q.t("case.paused")
	}
	return q.l.label("casestate", c.State)
}

// stateClass is the shape that stands before the name of a state.
func stateClass(s any) string {
	switch s {
	case hearback.CaseOpen, hearback.AnswerDraft:
		return "open"
	case hearback.CasePublished, hearback.AnswerPublished:
		return "done"
	case hearback.CaseClosed:
		return "off"
	case hearback.AnswerWithdrawn:
		return "bad"
	default:
		return "busy"
	}
}

// caseViews are the views of the list.
var caseViews = []string{"open", "late", "review", "published", "closed"}

// listed returns the cases that a list asks for, of every view, and the view.
func (q *request) listed(v url.Values) (rows []caseRow, view string, err error) {
	view = v.Get("view")
	if !slices.Contains(caseViews, view) {
		view = caseViews[0]
	}
	list, err := q.o.Store.CaseList(q.ctx(), CaseFilter{Closed: view == "closed", Desk: v.Get("desk"), Limit: maxBulk})
	if err != nil {
		return nil, view, err
	}
	rows, err = q.caseRows(list)
	return rows, view, err
}

// inView reports whether a view shows a case.
func inView(view string, r caseRow) bool {
	switch view {
	case "late":
		return r.Late
	case "review":
		return r.Case.State == hearback.CaseReview
	case "published":
		return r.Case.State == hearback.CasePublished
	case "open":
		return r.Case.State != hearback.CasePublished || r.Late
	}
	return true
}

func (q *request) cases() error {
	v := q.r.URL.Query()
	p := &casesPage{frame: q.frame(q.t("nav.cases"), "cases"), Desk: v.Get("desk"), CanBulk: q.may(access.Route), Self: q.r.URL.RequestURI()}
	var err error
	if p.Rows, p.View, err = q.listed(v); err != nil {
		return err
	}
	for _, view := range caseViews {
		t := tab{Label: q.t("caseview." + view), URL: "/cases?view=" + view, On: view == p.View, Count: -1}
		if p.Desk != "" {
			t.URL += "&desk=" + template.URLQueryEscaper(p.Desk)
		}
		if p.View != "closed" && view != "closed" {
			t.Count = 0
			for _, r := range p.Rows {
				if inView(view, r) {
					t.Count++
				}
			}
		}
		p.Tabs = append(p.Tabs, t)
	}
	p.Rows = slices.DeleteFunc(p.Rows, func(r caseRow) bool { return !inView(p.View, r) })
	p.CanBulk = p.CanBulk && p.View != "closed"
	for i := range p.Rows {
		p.Rows[i].Tick = p.CanBulk
	}
	desks, err := q.liveDesks()
	if err != nil {
		return err
	}
	for _, d := range desks {
		p.Desks = append(p.Desks, option{d.Slug, q.deskName(d)})
	}
	return q.page("cases", p)
}

// A caseDeed is what one does to many cases at once.
type caseDeed func(ctx context.Context, by hearback.Actor, id hearback.ID) error

// caseActs are these acts by their names. People who work for some desks act on
// the cases of these.
func (q *request) caseActs(to, note string) map[string]caseDeed {
	acts := map[string]caseDeed{
		"ack": func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
			_, err := q.o.Cases.Acknowledge(ctx, by, id)
			return err
		},
		"route": func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
			_, err := q.o.Cases.Route(ctx, by, id, to, note)
			return err
		},
		"pause": func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
			_, err := q.o.Cases.Pause(ctx, by, id, note)
			return err
		},
		"resume": func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
			_, err := q.o.Cases.Resume(ctx, by, id)
			return err
		},
	}
	for name, do := range acts {
		acts[name] = func(ctx context.Context, by hearback.Actor, id hearback.ID) error {
			c, err := q.o.Store.Case(ctx, id)
			if err != nil {
				return err
			}
			if !q.account.Serves(c.Desk) {
				return otherDesk(c.Desk)
			}
			return do(ctx, by, id)
		}
	}
	return acts
}

// bulkCases does one thing to every case that was ticked, or to the whole
// list.
func (q *request) bulkCases() error {
	act := q.form("act")
	do := q.caseActs(q.form("to"), q.form("reason"))[act]
	ids, err := q.ticked(func(v url.Values) (ids []hearback.ID, err error) {
		rows, view, err := q.listed(v)
		for _, r := range rows {
			if inView(view, r) && len(ids) < maxBulk {
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
	case len(ids) > maxBulk:
		return fmt.Errorf("%w: tick at most %d cases", hearback.ErrInvalid, maxBulk)
	}
	if ok, err := q.sure(act, len(ids)); !ok {
		return err
	}
	by := q.by(access.Route)
	done, last := q.each(ids, func(ctx context.Context, id hearback.ID) error { return do(ctx, by, id) })
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

type casePage struct {
	frame
	Row          caseRow
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
	Matches      []Match
	Desks        []option
	Checks       []evidence.Check
	Steps        []hearback.Step
	Entries      []entryRow
	Reasons      []hearback.CaseReason
	DeskNames    map[string]string
	Why          string
	Suggested    string
	Hint         string
	Do           string

	MayRoute, MayCheck, MayDraft bool

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
	rows, err := q.caseRows([]hearback.Case{*c})
	if err != nil {
		return err
	}
	concern, err := q.o.Store.Concern(ctx, c.Concern)
	if err != nil {
		return err
	}
	p := &casePage{
		C: c, Row: rows[0], Concern: concern, Title: rows[0].Title, Checks: evidence.Checks(c), Why: q.whyNow(concern.Score),
		Gross: now.Sub(c.Since), Do: q.r.URL.Query().Get("do"),
		Estimates: c.Visible(q.account.ID), Gave: c.Estimated(q.account.ID), Archives: q.o.Archive != nil,
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
		for _, m := range q.o.Match(ctx, concern.Title, most1(concern.Langs), 5) {
			if m.Answer != c.Answer {
				p.Matches = append(p.Matches, m)
			}
		}
	}
	owner, err := q.deskOf(c.Desk)
	if err != nil {
		return err
	}
	p.Duty, p.Helps = desk.OnShift(owner, now), map[string]bool{}
	for _, slug := range c.With {
		p.Helps[slug] = true
		p.With = append(p.With, q.told([]string{"desk:" + slug}))
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
	if p.DeskNames, err = q.deskNames(); err != nil {
		return err
	}
	desks, err := q.liveDesks()
	if err != nil {
		return err
	}
	for _, d := range desks {
		p.Desks = append(p.Desks, option{d.Slug, q.deskName(d)})
	}
	if p.Suggested, p.Hint, err = q.suggestDesk(concern, nil); err != nil {
		return err
	}
	blind, err := q.o.Desks.Estimates(ctx)
	if err != nil {
		return err
	}
	p.Blind = blind[c.Tier]
	if p.Named, p.NamedAll, err = q.namedDesks(c, concern, desks); err != nil {
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
	p.Entries = q.entryRows(entries)
	return q.page("case", p)
}

// namedDesks finds the desks that the rules of routing name to help with a case
// and that do not help yet, and the slugs of all that would help then.
func (q *request) namedDesks(c *hearback.Case, concern *hearback.Concern, desks []hearback.Desk) (names, slugs []string, err error) {
	_, tree, err := q.o.Desks.Routing(q.ctx())
	if err != nil {
		return nil, nil, err
	}
	facts := desk.FactsOf(concern)
	facts.Tier = c.Tier
	way := desk.Follow(tree, facts, desks)
	slugs = slices.Clone(c.With)
	for _, slug := range way.With {
		i := slices.IndexFunc(desks, func(d hearback.Desk) bool { return d.Slug == slug })
		if i >= 0 && slug != c.Desk && !slices.Contains(slugs, slug) {
			names, slugs = append(names, q.deskName(desks[i])), append(slugs, slug)
		}
	}
	return names, slugs, nil
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
		list = append(list, chainRow{s.At, q.told(desk.Told(d, d.Chain[s.N-1].To, s.At))})
	}
	return list
}

// told names those whom a step of a chain tells.
func (q *request) told(to []string) string {
	var list []string
	for _, s := range to {
		if slug, ok := strings.CutPrefix(s, "desk:"); ok {
			s = slug
			if d, err := q.deskOf(slug); err == nil && d.Slug != "" {
				s = q.deskName(d)
			}
		} else {
			s = q.t("staff.number", strings.TrimPrefix(s, "#"))
		}
		list = append(list, s)
	}
	return q.l.list(list)
}

func (q *request) deskOf(slug string) (hearback.Desk, error) {
	all, err := q.o.Store.Desks(q.ctx())
	return desk.Find(all, slug), err
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
		return errCaseClosed
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
			return errNoCopies
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
		return q.closeOne(q.ctx(), by, id, q.formID("existing"), hearback.CaseReason(q.form("why")), q.form("note"))
	})
}

// closeOne closes a case: for a reason, or because an answer serves it.
func (q *request) closeOne(ctx context.Context, by hearback.Actor, id, existing hearback.ID, why hearback.CaseReason, note string) error {
	if existing != 0 {
		_, err := q.o.Cases.CloseByExisting(ctx, by, id, existing, note)
		return err
	}
	_, err := q.o.Cases.Close(ctx, by, id, why, note)
	return err
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
