package web

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"example.org/hearback"
	"example.org/hearback/internal/web/office"
)

type logPage struct {
	frame
	Rows       []office.EntryRow
	Group      string
	Groups     []tab
	Size       int64
	Next       string
	Checkpoint string
	Origin     string
	Machine    string // address of the log for machines
	About      string
	Witnesses  []office.Witness
	Fresh      int // witnesses that confirmed of late
	Key, Print string
}

// logPage shows the public log in words, the newest entry first, on both
// sites.
func (q *request) logPage() error {
	v := q.r.URL.Query()
	p := &logPage{frame: q.frame(q.t("nav.log"), "log"), Group: v.Get("type"), About: v.Get("about")}
	size, err := q.o.Store.LogSize(q.ctx())
	if err != nil {
		return err
	}
	p.Size = size
	groups := []string{"", "answer", "case", "concern", "source", "topic", "role", "privacy"}
	if !slices.Contains(groups, p.Group) {
		p.Group = ""
	}
	for _, g := range groups {
		t := tab{Label: q.t("loggroup." + g), URL: "/log", On: g == p.Group && p.About == ""}
		if g != "" {
			t.URL += "?type=" + g
		}
		p.Groups = append(p.Groups, t)
	}
	before := size
	if n, err := strconv.ParseInt(v.Get("before"), 10, 64); err == nil && n >= 0 && n < size {
		before = n
	}
	var list []hearback.Entry
	if p.About != "" && len(p.About) < 100 {
		list, err = q.o.Store.EntriesAbout(q.ctx(), p.About, 500)
	} else {
		list, err = q.o.Store.EntriesBefore(q.ctx(), before, p.Group, office.PageSize)
	}
	if err != nil {
		return err
	}
	p.Rows = q.EntryRows(list)
	if p.About == "" && len(list) == office.PageSize && list[len(list)-1].Seq > 0 {
		p.Next = fmt.Sprintf("/log?before=%d", list[len(list)-1].Seq)
		if p.Group != "" {
			p.Next += "&type=" + p.Group
		}
	}
	if q.o.Entries != nil {
		p.Checkpoint = string(q.o.Entries.Checkpoint())
		p.Origin, _, _ = strings.Cut(p.Checkpoint, "\n")
	}
	p.Key, p.Print = q.o.LogKey, q.o.LogPrint
	if q.o.Witnesses != nil {
		p.Witnesses = q.o.Witnesses()
	}
	for _, w := range p.Witnesses {
		if !w.Stale {
			p.Fresh++
		}
	}
	p.Machine = "/log"
	p.Machine = q.o.PublicURL + p.Machine
	return q.page("log", p)
}

type entryPage struct {
	frame
	Row    office.EntryRow
	Size   int64
	Signed bool // the last checkpoint covers it
	Tile   string
}

func (q *request) entryPage() error {
	e, err := q.EntryInPath(q.r)
	if err != nil {
		return err
	}
	seq := e.Seq
	p := &entryPage{frame: q.frame(q.t("record", seq), "log"), Row: q.EntryRows([]hearback.Entry{e})[0]}
	if q.o.Entries != nil {
		p.Size = q.o.Entries.Size()
		p.Signed = seq < p.Size
	}
	return q.page("entry", p)
}
