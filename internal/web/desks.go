package web

import (
	"strconv"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
)

type desksPage struct {
	frame
	List   []deskRow
	Manage bool
	Days   []time.Weekday
}

type deskRow struct {
	hearback.Desk
	Label string
	Open  int
	Off   map[time.Weekday]bool
}

func (q *request) desks() error {
	p := &desksPage{frame: q.frame(q.t("nav.desks"), "desks"), Manage: q.may(access.ManageDesks)}
	for i := range 7 {
		p.Days = append(p.Days, time.Weekday((i+1)%7))
	}
	list, err := q.liveDesks()
	if err != nil {
		return err
	}
	cases, err := q.o.Store.CaseList(q.ctx(), CaseFilter{Limit: 1000})
	if err != nil {
		return err
	}
	for _, d := range list {
		r := deskRow{Desk: d, Label: q.deskName(d), Off: map[time.Weekday]bool{}}
		for _, c := range cases {
			if c.Desk == d.Slug && c.State != hearback.CasePublished {
				r.Open++
			}
		}
		for _, day := range d.Off {
			r.Off[day] = true
		}
		p.List = append(p.List, r)
	}
	return q.page("desks", p)
}

func (q *request) readDesk(slug string) hearback.Desk {
	d := hearback.Desk{Slug: slug, Name: q.form("name"), NameZH: q.form("name_zh"), Keywords: words(q.form("keywords")),
		Fallback: q.form("fallback") == "1", Zone: q.form("zone"), Holidays: words(q.form("holidays"))}
	for i := range d.Holidays {
		d.Holidays[i] = trim(d.Holidays[i])
	}
	for _, s := range q.r.PostForm["off"] {
		if n, err := strconv.Atoi(s); err == nil && n >= 0 && n < 7 {
			d.Off = append(d.Off, time.Weekday(n))
		}
	}
	d.Version, _ = strconv.Atoi(q.form("version"))
	return d
}

func (q *request) addDesk() error {
	if err := q.o.Desks.Add(q.ctx(), q.by(access.ManageDesks), q.readDesk(q.form("slug")), q.form("reason")); err != nil {
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
	if err := q.o.Desks.Change(q.ctx(), by, q.readDesk(slug), q.form("reason")); err != nil {
		return err
	}
	return q.see("/desks", "saved")
}
