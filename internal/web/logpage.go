package web

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/hearback"
)

// An entryRow is an entry of the public log in words.
type entryRow struct {
	Seq     int64
	At      time.Time
	Type    string
	Say     string // who did what
	About   string // what it is about
	URL     string // where that is, if it has a page here
	Details []detail
	Leaf    string
	Hash    string // of the leaf, as RFC 6962 hashes it
}

type detail struct{ Name, Value string }

// entryRows sets entries out in words. What cannot be read is shown as it is:
// the log is evidence, and nothing of it is hidden.
func (q *request) entryRows(list []hearback.Entry) []entryRow {
	rows := make([]entryRow, len(list))
	for i, e := range list {
		var leaf struct {
			Actor string         `json:"actor"`
			Pub   map[string]any `json:"pub"`
		}
		r := entryRow{Seq: e.Seq, At: e.At, Type: string(e.Type), Leaf: string(e.Leaf)}
		_ = json.Unmarshal(e.Leaf, &leaf) // an unreadable leaf has no details, and its bytes are shown
		actor := q.l.actorText(leaf.Actor)
		if key := "rec." + string(e.Type); q.l.has(key) {
			r.Say = q.t(key, actor)
		} else {
			r.Say = q.t("rec.other", actor, string(e.Type))
		}
		r.About, r.URL = q.subject(e.Subject)
		for _, k := range slices.Sorted(maps.Keys(leaf.Pub)) {
			if v := q.plainValue(k, leaf.Pub[k]); v != "" {
				r.Details = append(r.Details, detail{q.l.label("pub", k), v})
			}
		}
		sum := sha256.Sum256(append([]byte{0}, e.Leaf...))
		r.Hash = hex.EncodeToString(sum[:])
		rows[i] = r
	}
	return rows
}

// plainValue writes a value of an entry for people.
func (q *request) plainValue(key string, v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		for _, kind := range map[string][]string{
			"from": {"casestate", "tier"}, "to": {"casestate", "tier"}, "tier": {"tier"}, "role": {"role"}, "verdict": {"verdict"},
			"state": {"casestate", "sourcestate"}, "connector": {"sourcekind"}, "why": {"closereason"}, "scope": {"scope"}, "reason": {"closereason"}, "act": {"act"}, "what": {"act"},
		}[key] {
			if q.l.has(kind + "." + v) {
				return q.t(kind + "." + v)
			}
		}
		return q.l.own(v)
	case bool:
		if v {
			return q.t("yes")
		}
		return q.t("no")
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any:
		var list []string
		for _, x := range v {
			if s := q.plainValue(key, x); s != "" {
				list = append(list, s)
			}
		}
		return q.l.list(list)
	case map[string]any:
		var list []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if s := q.plainValue(k, v[k]); s != "" {
				list = append(list, q.l.label("pub", k)+" "+s)
			}
		}
		return strings.Join(list, ", ")
	}
	b, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(b)
}

// subject names what an entry is about, with a link where this site has a page
// for it.
func (q *request) subject(s string) (about, to string) {
	kind, id, _ := strings.Cut(s, ":")
	about = s
	if q.l.has("subject." + kind) {
		about = q.t("subject."+kind, id)
	}
	page := map[string]string{"answer": "/answers/", "concern": "/concerns/", "case": "/cases/", "source": "/sources/", "topic": "/topics/"}[kind]
	if _, err := hearback.ParseID(id); err != nil || page == "" {
		return about, ""
	}
	if q.console || kind == "answer" {
		return about, page + id
	}
	if kind == "source" || kind == "topic" {
		return about, "/sources#" + kind + "-" + id
	}
	return about, ""
}

type logPage struct {
	frame
	Rows       []entryRow
	Group      string
	Groups     []tab
	Size       int64
	Next       string
	Checkpoint string
	Origin     string
	Machine    string // address of the log for machines
	About      string
	Witnesses  []Witness
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
		list, err = q.o.Store.EntriesBefore(q.ctx(), before, p.Group, pageSize)
	}
	if err != nil {
		return err
	}
	p.Rows = q.entryRows(list)
	if p.About == "" && len(list) == pageSize && list[len(list)-1].Seq > 0 {
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
	Row    entryRow
	Size   int64
	Signed bool // the last checkpoint covers it
	Tile   string
}

// entryInPath returns the entry whose index is in the path.
func (q *request) entryInPath() (e hearback.Entry, err error) {
	seq, err := strconv.ParseInt(q.r.PathValue("seq"), 10, 64)
	if err != nil || seq < 0 {
		return e, fmt.Errorf("%w: %s", hearback.ErrNotFound, q.r.URL.Path)
	}
	list, err := q.o.Store.Entries(q.ctx(), seq, 1)
	if err != nil {
		return e, err
	}
	if len(list) == 0 || list[0].Seq != seq {
		return e, fmt.Errorf("%w: the log has no entry %d", hearback.ErrNotFound, seq)
	}
	return list[0], nil
}

func (q *request) entryPage() error {
	e, err := q.entryInPath()
	if err != nil {
		return err
	}
	seq := e.Seq
	p := &entryPage{frame: q.frame(q.t("record", seq), "log"), Row: q.entryRows([]hearback.Entry{e})[0]}
	if q.o.Entries != nil {
		p.Size = q.o.Entries.Size()
		p.Signed = seq < p.Size
	}
	return q.page("entry", p)
}
