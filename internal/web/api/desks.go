package api

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/desk"
)

// apiDesk is a desk as it is set.
type apiDesk struct {
	Slug     string   `json:"slug"`
	Name     string   `json:"name"`
	NameZH   string   `json:"name_zh,omitempty"`
	Keywords []string `json:"keywords" doc:"Words that suggest it."`
	Fallback bool     `json:"fallback" doc:"It takes what no other desk takes."`
	Zone     string   `json:"zone,omitempty"`
	Off      []int    `json:"off" doc:"Days of every week on which clocks of P3 and P4 stand still: 0 Sunday to 6."`
	Country  string   `json:"country,omitempty" doc:"Whose public holidays are such days too."`
	Holidays []string `json:"holidays"`
	Workdays []string `json:"workdays" doc:"Days on which they run all the same."`
	Shifts   string   `json:"shifts" doc:"Who is on duty when, as the page of desks writes it."`
	Chain    string   `json:"chain" doc:"Who is told when nobody takes a case on, as the page of desks writes it."`
	Version  int      `json:"version"`
}

func (d apiDesk) version() string { return fmt.Sprint(d.Version) }

// apiDeskMade is a desk that was just added.
type apiDeskMade struct{ apiDesk }

func (d apiDeskMade) where() string { return "/api/v1/desks/" + d.Slug }

func viewDesk(d *hearback.Desk) apiDesk {
	v := apiDesk{Slug: d.Slug, Name: d.Name, NameZH: d.NameZH, Keywords: d.Keywords, Fallback: d.Fallback, Zone: d.Zone, Country: d.Country, Holidays: d.Holidays, Workdays: d.Workdays,
		Shifts: desk.WriteShifts(d.Shifts), Chain: desk.WriteChain(d.Chain), Version: d.Version}
	for _, day := range d.Off {
		v.Off = append(v.Off, int(day))
	}
	return v
}

func (q *request) apiDesks(in paging) (out page[apiDesk], err error) {
	list, err := q.LiveDesks(q.ctx())
	if err != nil {
		return out, err
	}
	return cut(list, in, func(d *hearback.Desk) string { return d.Slug }, func(list []hearback.Desk) (out []apiDesk, err error) {
		for i := range list {
			out = append(out, viewDesk(&list[i]))
		}
		return out, nil
	})
}

func (q *request) deskNow(slug string) (v apiDesk, err error) {
	list, err := q.LiveDesks(q.ctx())
	if err != nil {
		return v, err
	}
	i := slices.IndexFunc(list, func(d hearback.Desk) bool { return d.Slug == slug })
	if i < 0 {
		return v, hearback.ErrNotFound
	}
	return viewDesk(&list[i]), nil
}

func (q *request) apiDesk(nothing) (apiDesk, error) { return q.deskNow(q.r.PathValue("slug")) }

// deskBody is what may be set on a desk.
type deskBody struct {
	Name     string   `json:"name"`
	NameZH   string   `json:"name_zh,omitempty"`
	Keywords []string `json:"keywords,omitempty"`
	Fallback bool     `json:"fallback,omitempty"`
	Zone     string   `json:"zone,omitempty"`
	Off      []int    `json:"off,omitempty" doc:"0 Sunday to 6."`
	Country  string   `json:"country,omitempty"`
	Holidays []string `json:"holidays,omitempty"`
	Workdays []string `json:"workdays,omitempty"`
	Shifts   string   `json:"shifts,omitempty"`
	Chain    string   `json:"chain,omitempty"`
	Reason   string   `json:"reason" doc:"Public."`
}

type newDeskBody struct {
	Slug string `json:"slug"`
	deskBody
}

func (b deskBody) desk(slug string, version int) (d hearback.Desk, err error) {
	d = hearback.Desk{Slug: slug, Name: b.Name, NameZH: b.NameZH, Keywords: b.Keywords, Fallback: b.Fallback, Zone: b.Zone, Country: b.Country, Holidays: b.Holidays, Workdays: b.Workdays, Version: version}
	if d.Shifts, err = desk.ParseShifts(b.Shifts); err != nil {
		return d, err
	}
	if d.Chain, err = desk.ParseChain(b.Chain); err != nil {
		return d, err
	}
	for _, n := range b.Off {
		if n < 0 || n > 6 {
			return d, fmt.Errorf("%w: the field %q is not as the document says", hearback.ErrInvalid, "off")
		}
		d.Off = append(d.Off, time.Weekday(n))
	}
	return d, nil
}

func (q *request) apiAddDesk(in newDeskBody) (v apiDeskMade, err error) {
	d, err := in.desk(in.Slug, 0)
	if err != nil {
		return v, err
	}
	if err := q.o.Desks.Add(q.ctx(), q.By(access.ManageDesks), d, in.Reason); err != nil {
		return v, err
	}
	v.apiDesk, err = q.deskNow(in.Slug)
	return v, err
}

func (q *request) apiChangeDesk(in deskBody) (v apiDesk, err error) {
	slug := q.r.PathValue("slug")
	if v, err = q.deskNow(slug); err != nil {
		return v, err
	}
	if err := q.edits(v); err != nil {
		return v, err
	}
	d, err := in.desk(slug, v.Version)
	if err != nil {
		return v, err
	}
	if err := q.o.Desks.Change(q.ctx(), q.By(access.ManageDesks), d, in.Reason); err != nil {
		return v, err
	}
	return q.deskNow(slug)
}

// done says that an act was done and left nothing to show.
type apiDone struct {
	Done bool `json:"done"`
}

func (q *request) apiRemoveDesk(in reasonBody) (apiDone, error) {
	err := q.o.Desks.Remove(q.ctx(), q.By(access.ManageDesks), q.r.PathValue("slug"), in.Reason)
	return apiDone{err == nil}, err
}

// apiRouting is the tree by which concerns look for their desk.
type apiRouting struct {
	Rules string `json:"rules" doc:"As it was written; see the page of desks."`
}

func (r apiRouting) version() string { return strings.Trim(tagOf([]byte(r.Rules)), `"`) }

func (q *request) routingNow() (v apiRouting, err error) {
	v.Rules, _, err = q.o.Desks.Routing(q.ctx())
	return v, err
}

func (q *request) apiRouting(nothing) (apiRouting, error) { return q.routingNow() }

type routingBody struct {
	Rules  string `json:"rules"`
	Reason string `json:"reason" doc:"Public."`
}

func (q *request) apiSetRouting(in routingBody) (v apiRouting, err error) {
	if v, err = q.routingNow(); err != nil {
		return v, err
	}
	if err := q.edits(v); err != nil {
		return v, err
	}
	if err := q.o.Desks.SetRouting(q.ctx(), q.By(access.ManageDesks), in.Rules, in.Reason); err != nil {
		return v, err
	}
	return q.routingNow()
}

// apiPlaybook is a playbook as it was written.
type apiPlaybook struct {
	Slug     string   `json:"slug"`
	Name     string   `json:"name"`
	Match    []string `json:"match" doc:"Words that suggest it."`
	Steps    []string `json:"steps"`
	Evidence []string `json:"evidence"`
	Call     []string `json:"call"`
	Text     string   `json:"text" doc:"As it was written."`
	Version  int      `json:"version" doc:"0 for one that came with the program and nobody has changed."`
}

func (p apiPlaybook) version() string { return fmt.Sprint(p.Version) }

func (q *request) viewPlaybook(p *desk.Playbook) apiPlaybook {
	say := func(list []desk.Words) (out []string) {
		for _, w := range list {
			out = append(out, w.In(q.Locale.Lang))
		}
		return out
	}
	return apiPlaybook{p.Slug, p.Name.In(q.Locale.Lang), p.Match, say(p.Steps), say(p.Evidence), say(p.Call), p.Source, p.Version}
}

func (q *request) apiPlaybooks(in paging) (out page[apiPlaybook], err error) {
	list, err := q.o.Desks.Playbooks(q.ctx())
	if err != nil {
		return out, err
	}
	return cut(list, in, func(p *desk.Playbook) string { return p.Slug }, func(list []desk.Playbook) (out []apiPlaybook, err error) {
		for i := range list {
			out = append(out, q.viewPlaybook(&list[i]))
		}
		return out, nil
	})
}

func (q *request) playbookNow() (v apiPlaybook, err error) {
	p, err := q.o.Desks.Playbook(q.ctx(), q.r.PathValue("slug"))
	if err != nil {
		return v, err
	}
	return q.viewPlaybook(p), nil
}

func (q *request) apiPlaybook(nothing) (v apiPlaybook, err error) {
	if v, err = q.playbookNow(); err == nil && v.Text == "" {
		err = hearback.ErrNotFound
	}
	return v, err
}

type playbookBody struct {
	Text   string `json:"text"`
	Reason string `json:"reason" doc:"Public."`
}

// apiSetPlaybook adds a playbook or changes one.
func (q *request) apiSetPlaybook(in playbookBody) (v apiPlaybook, err error) {
	slug := q.r.PathValue("slug")
	if v, err = q.playbookNow(); err != nil {
		return v, err
	}
	if err := q.edits(v); err != nil {
		return v, err
	}
	if strings.TrimSpace(in.Text) == "" {
		return v, fmt.Errorf("%w: the field %q is needed", hearback.ErrInvalid, "text")
	}
	if err := q.o.Desks.SetPlaybook(q.ctx(), q.By(access.ManageDesks), slug, in.Text, v.Version, in.Reason); err != nil {
		return v, err
	}
	return q.playbookNow()
}

func (q *request) apiRemovePlaybook(in reasonBody) (v apiDone, err error) {
	p, err := q.playbookNow()
	if err == nil {
		err = q.o.Desks.SetPlaybook(q.ctx(), q.By(access.ManageDesks), p.Slug, "", p.Version, in.Reason)
	}
	return apiDone{err == nil}, err
}

// apiSettings is what the office has set.
type apiSettings struct {
	Office    string  `json:"office"`
	OfficeZH  string  `json:"office_zh,omitempty"`
	Zone      string  `json:"zone"`
	Public    string  `json:"public" doc:"Address of the public site."`
	Reviewers int     `json:"reviewers" doc:"Approvals that an answer needs."`
	Days      float64 `json:"days" doc:"How long text is kept where a source says nothing else."`
	Window    float64 `json:"window" doc:"Hours in which one voice is told from another."`
	PerDay    int     `json:"per_day" doc:"Alerts that may be sent on a day."`
}

func (s apiSettings) version() string { return fmt.Sprint(s.Reviewers) }

func (q *request) settingsNow() (v apiSettings, err error) {
	n, err := q.o.Answers.Needed(q.ctx())
	return apiSettings{q.o.Office, q.o.OfficeZH, q.o.Zone.String(), q.o.PublicURL, n, q.o.Retention.Hours() / 24, q.o.Window.Hours(), q.o.AlertsPerDay}, err
}

func (q *request) apiSettings(nothing) (apiSettings, error) { return q.settingsNow() }

type settingsBody struct {
	Reviewers int    `json:"reviewers"`
	Reason    string `json:"reason" doc:"Public."`
}

func (q *request) apiChangeSettings(in settingsBody) (v apiSettings, err error) {
	if v, err = q.settingsNow(); err != nil {
		return v, err
	}
	if err := q.edits(v); err != nil {
		return v, err
	}
	if err := q.o.Answers.SetReviewers(q.ctx(), q.By(access.ChangeSettings), in.Reviewers, in.Reason); err != nil {
		return v, err
	}
	return q.settingsNow()
}

// apiNeeds is how many estimates a verdict asks for.
type apiNeeds struct {
	Tiers map[hearback.Tier]int `json:"tiers" doc:"By tier, P1 to P4: how many people estimate before a verdict is given."`
}

func (n apiNeeds) version() string {
	v := ""
	for _, t := range hearback.Tiers()[:4] {
		v += fmt.Sprintf("%d.", n.Tiers[t])
	}
	return v
}

func (q *request) needsNow() (n apiNeeds, err error) {
	need, err := q.o.Desks.Estimates(q.ctx())
	n.Tiers = map[hearback.Tier]int{}
	for _, t := range hearback.Tiers()[:4] {
		n.Tiers[t] = need[t]
	}
	return n, err
}

func (q *request) apiEstimatesNeeded(nothing) (apiNeeds, error) { return q.needsNow() }

type needsBody struct {
	Tiers  map[hearback.Tier]int `json:"tiers" doc:"P1 to P4; one that is not there stays as it is."`
	Reason string                `json:"reason" doc:"Public."`
}

func (q *request) apiSetEstimates(in needsBody) (n apiNeeds, err error) {
	if n, err = q.needsNow(); err != nil {
		return n, err
	}
	if err := q.edits(n); err != nil {
		return n, err
	}
	for t, want := range in.Tiers {
		if _, ok := n.Tiers[t]; !ok {
			return n, fmt.Errorf("%w: the field %q is not as the document says", hearback.ErrInvalid, "tiers")
		}
		n.Tiers[t] = want
	}
	if err := q.o.Desks.SetEstimates(q.ctx(), q.By(access.ChangeSettings), n.Tiers, in.Reason); err != nil {
		return n, err
	}
	return q.needsNow()
}
