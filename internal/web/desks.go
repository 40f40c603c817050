package web

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/desk"
	"example.org/hearback/internal/web/office"
)

type desksPage struct {
	frame
	List    []deskRow
	New     deskRow // what the empty form holds
	Manage  bool
	Routing string
	Try     string // a text that was tried
	Tried   string // where it would go, in a sentence
}

type deskRow struct {
	hearback.Desk
	Key       string // of the fields of its form
	Label     string
	Open      int
	Off       map[time.Weekday]bool
	Days      []time.Weekday
	Countries []option
	Country   string // its name
	Waits     int    // the year whose days its country has not announced, or 0
	Duty      []int  // who is on duty now
	Shifts    string
	Chain     string
	Steps     []hearback.Escalation
	Told      *channels // who is told of its cases
}

func (q *request) desks() error { return q.desksPage(nil) }

// desksPage shows the desks; told, unless it is nil, is what just happened to
// the channels of one.
func (q *request) desksPage(told *channels) error {
	p := &desksPage{frame: q.frame(q.t("nav.desks"), "desks"), Manage: q.may(access.ManageDesks)}
	var days []time.Weekday
	for i := range 7 {
		days = append(days, time.Weekday((i+1)%7))
	}
	var countries []option
	for _, code := range desk.Countries() {
		countries = append(countries, option{code, q.country(code)})
	}
	slices.SortFunc(countries, func(a, b option) int {
		return cmp.Or(strings.Compare(a.Label, b.Label), strings.Compare(a.Value, b.Value))
	})
	p.New = deskRow{Key: "new", Days: days, Countries: countries}
	now := q.o.Now()
	list, err := q.LiveDesks(q.ctx())
	if err != nil {
		return err
	}
	var tree []desk.Rule
	if p.Routing, tree, err = q.o.Desks.Routing(q.ctx()); err != nil {
		return err
	}
	if v := q.r.URL.Query(); v.Get("try") != "" {
		p.Try = office.ShortenTo(v.Get("try"), 2000)
		f := desk.Facts{Texts: []string{p.Try}, Lang: v.Get("speech"), Area: v.Get("area"), Tier: hearback.Tier(v.Get("tier"))}
		if q.o.FindArea != nil {
			f.Area = q.o.FindArea(f.Area)
		}
		if way := desk.Follow(tree, f, list); way.Fallback {
			p.Tried = q.t("routing.fallback", q.Told(q.ctx(), []string{"desk:" + way.Desk}))
		} else {
			p.Tried = q.t("routing.found", q.Told(q.ctx(), []string{"desk:" + way.Desk}), q.l.List(way.Because), way.Lines[len(way.Lines)-1])
		}
	}
	cases, err := q.o.Store.CaseList(q.ctx(), office.CaseFilter{Limit: 1000})
	if err != nil {
		return err
	}
	for _, d := range list {
		r := deskRow{Desk: d, Key: d.Slug, Label: q.DeskName(d), Off: map[time.Weekday]bool{}, Days: days, Countries: countries,
			Duty: desk.OnShift(d, now), Shifts: desk.WriteShifts(d.Shifts), Chain: desk.WriteChain(d.Chain), Steps: d.Chain}
		if d.Country != "" {
			r.Country = q.country(d.Country)
			cal := desk.CalendarOf(d)
			for _, year := range []int{now.Year(), now.AddDate(0, 3, 0).Year()} {
				if !cal.Announced(year) {
					r.Waits = year
				}
			}
		}
		for _, c := range cases {
			if c.Desk == d.Slug && c.State != hearback.CasePublished {
				r.Open++
			}
		}
		for _, day := range d.Off {
			r.Off[day] = true
		}
		if r.Told, err = q.channelsOf(q.channelsOfDesk(d.Slug)); err != nil {
			return err
		}
		if told != nil && told.Key == r.Told.Key {
			r.Told = told
		}
		p.List = append(p.List, r)
	}
	return q.page("desks", p)
}

func (q *request) setRouting() error {
	if err := q.o.Desks.SetRouting(q.ctx(), q.by(access.ManageDesks), q.form("rules"), q.form("reason")); err != nil {
		return err
	}
	return q.see("/desks#routing", "routing_set")
}

type handoverPage struct {
	frame
	Desk string
	Slug string
	At   time.Time
	Duty []int
	Next []int // who is on duty eight hours later
	Rows []handoverRow
	Late int // cases past a deadline
	Free int // cases that nobody took on
}

type handoverRow struct {
	office.CaseRow
	Why   string // why it waits, or the newest note
	Acked *hearback.Ack
}

// handover is what one shift leaves to the next: the open cases of a desk with
// their clocks, who took them on and what was last noted. It prints.
func (q *request) handover() error {
	d, err := q.DeskOf(q.ctx(), q.r.PathValue("slug"))
	if err != nil {
		return err
	}
	if d.Slug == "" || d.Removed {
		return hearback.ErrNotFound
	}
	now := q.o.Now()
	p := &handoverPage{frame: q.frame(q.t("handover.title", q.DeskName(d)), "desks"), Desk: q.DeskName(d), Slug: d.Slug, At: now, Duty: desk.OnShift(d, now), Next: desk.OnShift(d, now.Add(8*time.Hour))}
	list, err := q.o.Store.CaseList(q.ctx(), office.CaseFilter{Limit: office.MaxBulk})
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(c hearback.Case) bool {
		return c.State == hearback.CasePublished || c.Desk != d.Slug && !slices.Contains(c.With, d.Slug)
	})
	rows, err := q.CaseRows(q.ctx(), list)
	if err != nil {
		return err
	}
	for _, r := range rows {
		h := handoverRow{CaseRow: r}
		if n := len(r.Case.Acks); n > 0 {
			h.Acked = &r.Case.Acks[n-1]
		} else {
			p.Free++
		}
		if r.Late {
			p.Late++
		}
		if r.Case.Paused() {
			h.Why = r.Case.Pauses[len(r.Case.Pauses)-1].Reason
		} else {
			for _, s := range slices.Backward(r.Case.Steps) {
				if h.Why = s.Note; h.Why != "" {
					break
				}
			}
		}
		p.Rows = append(p.Rows, h)
	}
	return q.page("handover", p)
}

// country names a country.
func (q *request) country(code string) string {
	if name := q.l.Place(code); name != code {
		return name
	}
	return q.t("country.code", code)
}

func (q *request) readDesk(slug string) (d hearback.Desk, err error) {
	d = hearback.Desk{Slug: slug, Name: q.form("name"), NameZH: q.form("name_zh"), Keywords: words(q.form("keywords")),
		Fallback: q.form("fallback") == "1", Zone: q.form("zone"), Country: q.form("country"), Holidays: words(q.form("holidays")), Workdays: words(q.form("workdays"))}
	for _, list := range [][]string{d.Holidays, d.Workdays} {
		for i := range list {
			list[i] = trim(list[i])
		}
	}
	if d.Shifts, err = desk.ParseShifts(q.form("shifts")); err != nil {
		return d, err
	}
	if d.Chain, err = desk.ParseChain(q.form("chain")); err != nil {
		return d, err
	}
	for _, s := range q.r.PostForm["off"] {
		if n, err := strconv.Atoi(s); err == nil && n >= 0 && n < 7 {
			d.Off = append(d.Off, time.Weekday(n))
		}
	}
	d.Version, _ = strconv.Atoi(q.form("version"))
	return d, nil
}

func (q *request) addDesk() error {
	d, err := q.readDesk(q.form("slug"))
	if err != nil {
		return err
	}
	if err := q.o.Desks.Add(q.ctx(), q.by(access.ManageDesks), d, q.form("reason")); err != nil {
		return err
	}
	return q.see("/desks", "desk_added")
}

func (q *request) changeDesk() error {
	slug, by := q.r.PathValue("slug"), q.by(access.ManageDesks)
	if q.form("act") == "remove" {
		if err := q.o.Desks.Remove(q.ctx(), by, slug, q.form("reason")); err != nil {
			return err
		}
		return q.see("/desks", "desk_removed")
	}
	d, err := q.readDesk(slug)
	if err != nil {
		return err
	}
	if err := q.o.Desks.Change(q.ctx(), by, d, q.form("reason")); err != nil {
		return err
	}
	return q.see("/desks", "saved")
}
