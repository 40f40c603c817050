package web

import (
	"html/template"
	"slices"

	"example.org/hearback"
	"example.org/hearback/internal/web/office"
)

type todayPage struct {
	frame
	office.Today
	Next  []office.CaseRow // the most urgent ones
	Ruler template.HTML
}

// today is the first screen: how things stand, in one sentence and four
// numbers, each of which opens.
func (q *request) today() error {
	now, err := q.Today(q.ctx())
	if err != nil {
		return err
	}
	p := &todayPage{frame: q.frame(q.t("nav.today"), "today"), Today: *now}
	var list []due
	for _, r := range p.Running {
		list = append(list, due{r.Next.Due, string(r.Case.Tier) + " " + r.Title, r.Case.Tier == hearback.P1})
	}
	soon := func(d due) bool { return d.at.Before(p.Now.Add(rulerSpan)) && !d.at.Before(p.Now) }
	if slices.ContainsFunc(list, soon) {
		p.Ruler = q.l.ruler(p.Now, list)
	}
	p.Next = append(slices.Clone(p.Late), p.Running...)
	p.Next = p.Next[:min(len(p.Next), 8)]
	return q.page("today", p)
}
