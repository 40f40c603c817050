package api

import (
	"fmt"
	"strconv"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/web/office"
)

// apiMe is whose token this is and what it may do.
type apiMe struct {
	Number int             `json:"number" doc:"What the public log shows in place of a name."`
	Roles  []access.Role   `json:"roles"`
	Asleep []access.Role   `json:"asleep" doc:"Roles that wait for a second factor: make the token in a session that has one."`
	Desks  []string        `json:"desks" doc:"Slugs of the desks you work for; empty means every desk."`
	May    []access.Action `json:"may"`
	Scopes []access.Scope  `json:"scopes"`
	Until  *time.Time      `json:"until,omitempty" doc:"When the token ends."`
}

func (q *request) apiMe(nothing) (apiMe, error) {
	m := apiMe{Number: q.Account.Number, Roles: q.Account.Roles, Asleep: q.Account.Asleep, Desks: q.Account.Desks}
	for _, x := range access.Actions() {
		if q.May(x) {
			m.May = append(m.May, x)
		}
	}
	if q.Token != nil {
		m.Scopes, m.Until = q.Token.Scopes, &q.Token.Until
	}
	return m, nil
}

// apiEvent is one event of the security log. Staff are named by number.
type apiEvent struct {
	ID      hearback.ID `json:"id"`
	At      time.Time   `json:"at"`
	Event   string      `json:"event"`
	Account int         `json:"account,omitempty"`
	By      int         `json:"by,omitempty"`
	Network string      `json:"network,omitempty"`
	Note    string      `json:"note,omitempty"`
}

type apiEvents struct {
	Events []apiEvent `json:"events" doc:"Newest first."`
	Next   string     `json:"next,omitempty" doc:"Address of the events before these."`
}

type securityQuery struct {
	Before hearback.ID `json:"before,omitempty" doc:"Only events before this one."`
}

// apiSecurity gives the security log to a collector.
func (q *request) apiSecurity(in securityQuery) (out apiEvents, err error) {
	if q.o.Drill {
		return out, hearback.ErrNotFound
	}
	list, err := q.o.Accounts.Security(q.ctx(), q.Account, in.Before, office.SecurityRows)
	if err != nil {
		return out, err
	}
	people, err := q.o.Accounts.Numbers(q.ctx())
	for _, e := range list {
		out.Events = append(out.Events, apiEvent{e.ID, e.At, string(e.Kind), people[e.Account], people[e.By], e.Network, e.Note})
	}
	if len(list) == office.SecurityRows {
		out.Next = "/api/v1/security?before=" + list[len(list)-1].ID.String()
	}
	return out, err
}

// apiEntry is an entry of the public log.
type apiEntry struct {
	Seq     int64     `json:"seq"`
	At      time.Time `json:"at"`
	Type    string    `json:"type"`
	Subject string    `json:"subject"`
	Say     string    `json:"say" doc:"Who did what."`
	Leaf    string    `json:"leaf" doc:"Canonical JSON, exactly what was hashed."`
	Hash    string    `json:"hash" doc:"Of the leaf, as RFC 6962 hashes it, in hex."`
}

func (q *request) viewEntries(list []hearback.Entry) (out []apiEntry) {
	for i, r := range q.EntryRows(list) {
		out = append(out, apiEntry{r.Seq, r.At, r.Type, list[i].Subject, r.Say, r.Leaf, r.Hash})
	}
	return out
}

type logQuery struct {
	paging
	Type  string `json:"type,omitempty" doc:"A type or a group of them: answer means answer.*."`
	About string `json:"about,omitempty" doc:"A subject, as case:ID; the newest 200 about it, in one page."`
}

// apiLog lists entries, newest first.
func (q *request) apiLog(in logQuery) (out page[apiEntry], err error) {
	n, err := in.size()
	if err != nil {
		return out, err
	}
	if in.About != "" {
		list, err := q.o.Store.EntriesAbout(q.ctx(), office.ShortenTo(in.About, 100), pageRowsMax)
		out.Items = q.viewEntries(list)
		return out, err
	}
	before, err := q.o.Store.LogSize(q.ctx())
	if err != nil {
		return out, err
	}
	if in.After != "" {
		seq, perr := strconv.ParseInt(in.After, 10, 64)
		if perr != nil || seq < 0 || seq > before {
			return out, fmt.Errorf("%w: this page of the list is not there; begin again", hearback.ErrInvalid)
		}
		before = seq
	}
	list, err := q.o.Store.EntriesBefore(q.ctx(), before, in.Type, n)
	out.Items = q.viewEntries(list)
	if len(list) == n && list[n-1].Seq > 0 {
		out.Next = strconv.FormatInt(list[n-1].Seq, 10)
	}
	return out, err
}

func (q *request) apiEntry(nothing) (v apiEntry, err error) {
	e, err := q.EntryInPath(q.r)
	if err != nil {
		return v, err
	}
	return q.viewEntries([]hearback.Entry{e})[0], nil
}

// apiWitness confirms the public log from outside.
type apiWitness struct {
	Name  string    `json:"name"`
	Size  int64     `json:"size" doc:"Of the log when it last confirmed; 0 if it never did."`
	At    time.Time `json:"at,omitempty"`
	Stale bool      `json:"stale" doc:"That is too long ago, or never was."`
}

type apiWitnesses struct {
	Items []apiWitness `json:"items"`
	Need  int          `json:"need" doc:"How many must confirm before an answer is published."`
	Fewer string       `json:"fewer,omitempty" doc:"Says so if fewer do."`
}

func (q *request) apiWitnesses(nothing) (apiWitnesses, error) {
	out := apiWitnesses{Need: q.o.WitnessesNeed, Fewer: q.Unwitnessed()}
	if q.o.Witnesses != nil {
		for _, w := range q.o.Witnesses() {
			out.Items = append(out.Items, apiWitness{w.Name, w.Size, w.At, w.Stale})
		}
	}
	return out, nil
}
