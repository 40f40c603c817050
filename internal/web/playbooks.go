package web

import (
	"strconv"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/desk"
)

type playbooksPage struct {
	frame
	List   []desk.Playbook
	Manage bool
}

func (q *request) playbooks() error {
	p := &playbooksPage{frame: q.frame(q.t("playbooks.title"), "desks"), Manage: q.may(access.ManageDesks)}
	var err error
	if p.List, err = q.o.Desks.Playbooks(q.ctx()); err != nil {
		return err
	}
	return q.page("playbooks", p)
}

type playbookPage struct {
	frame
	P       *desk.Playbook
	Name    string
	Manage  bool
	Holding []hearback.Text
	Answers []hearback.Text
}

// playbook shows one playbook to be read and printed, and its text to be
// changed.
func (q *request) playbook() error {
	x, err := q.o.Desks.Playbook(q.ctx(), q.r.PathValue("slug"))
	if err != nil {
		return err
	}
	if x.Source == "" {
		return hearback.ErrNotFound
	}
	p := &playbookPage{P: x, Name: x.Name.In(q.l.Lang), Manage: q.may(access.ManageDesks)}
	p.frame = q.frame(p.Name, "desks")
	for _, lang := range draftLangs {
		if t, ok := x.Holding[lang]; ok {
			p.Holding = append(p.Holding, t)
		}
		p.Answers = append(p.Answers, x.Answers[lang]...)
	}
	return q.page("playbook", p)
}

func (q *request) addPlaybook() error { return q.savePlaybook(q.form("slug")) }

func (q *request) changePlaybook() error { return q.savePlaybook(q.r.PathValue("slug")) }

func (q *request) savePlaybook(slug string) error {
	version, _ := strconv.Atoi(q.form("version"))
	text, done, to := q.form("text"), "playbook_saved", "/playbooks/"+slug
	if q.form("act") == "remove" {
		text, done, to = "", "playbook_removed", "/playbooks"
	}
	if err := q.o.Desks.SetPlaybook(q.ctx(), q.by(access.ManageDesks), slug, text, version, q.form("reason")); err != nil {
		return err
	}
	return q.see(to, done)
}

func (q *request) usePlaybook() error {
	x, err := q.o.Desks.Playbook(q.ctx(), q.form("playbook"))
	if err != nil {
		return err
	}
	return q.caseAct(access.Route, "playbook_used", func(by hearback.Actor, id hearback.ID) error {
		_, err := q.o.Cases.UsePlaybook(q.ctx(), by, id, x)
		return err
	})
}

func (q *request) tickStep() error {
	return q.caseAct(access.CheckEvidence, "ticked", func(by hearback.Actor, id hearback.ID) error {
		step, _ := strconv.Atoi(q.form("step"))
		_, err := q.o.Cases.TickStep(q.ctx(), by, id, step, q.form("done") == "1")
		return err
	})
}

// A stepRow is one line of the checklist of a case.
type stepRow struct {
	N    int
	Text string
	Tick *hearback.Tick
}

// following gathers what a case shows of its playbook.
func (q *request) following(p *casePage) error {
	list, err := q.o.Desks.Playbooks(q.ctx())
	if err != nil {
		return err
	}
	for i := range list {
		p.Playbooks = append(p.Playbooks, option{list[i].Slug, list[i].Name.In(q.l.Lang)})
	}
	f := p.C.Playbook
	if f == nil {
		if x := desk.SuggestPlaybook(list, append([]string{p.Concern.Title}, p.Concern.Phrases...)...); x != nil {
			p.PlaybookHint = x.Slug
		}
		return nil
	}
	p.PlaybookHint = f.Slug
	for i := range list {
		if list[i].Slug != f.Slug {
			continue
		}
		p.Book = &list[i]
		p.BookName, p.BookOld = list[i].Name.In(q.l.Lang), list[i].Version != f.Version
		if p.BookOld {
			break
		}
		for n, s := range list[i].Steps {
			row := stepRow{N: n + 1, Text: s.In(q.l.Lang)}
			if t := f.Ticked(n + 1); t != nil && t.Done {
				row.Tick = t
			}
			p.BookSteps = append(p.BookSteps, row)
		}
		for _, s := range list[i].Evidence {
			p.BookEvidence = append(p.BookEvidence, s.In(q.l.Lang))
		}
		for _, s := range list[i].Call {
			p.BookCall = append(p.BookCall, s.In(q.l.Lang))
		}
	}
	return nil
}

// holdingTexts are the texts of a holding statement for a case: those of its
// playbook, or what may be said of anything.
func (q *request) holdingTexts(c *hearback.Case, concern *hearback.Concern) (map[string]hearback.Text, error) {
	if c.Playbook != nil {
		x, err := q.o.Desks.Playbook(q.ctx(), c.Playbook.Slug)
		if err != nil {
			return nil, err
		}
		if len(x.Holding) > 0 {
			return x.Holding, nil
		}
	}
	texts := map[string]hearback.Text{}
	for lang, l := range q.locales {
		texts[lang] = hearback.Text{Lang: lang, Verdict: hearback.NotYetKnown, Title: l.T("holding.title"), Lead: l.T("holding.lead"), Known: l.T("holding.known"), Next: l.T("holding.next")}
	}
	return texts, nil
}
