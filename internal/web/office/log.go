package office

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.org/hearback"
)

// Unwitnessed says that fewer witnesses confirm the log than must before an
// answer is published; "" if that is not so.
func (q *Caller) Unwitnessed() string {
	if q.o.WitnessesNeed == 0 || q.o.Witnesses == nil || !q.console || q.Account == nil {
		return ""
	}
	n := 0
	for _, w := range q.o.Witnesses() {
		if !w.Stale {
			n++
		}
	}
	if n >= q.o.WitnessesNeed {
		return ""
	}
	return q.T("witness.fewer", n, q.o.WitnessesNeed)
}

// SecurityRows is how many entries of the security log one page shows.
const SecurityRows = 100

// An EntryRow is an entry of the public log in words.
type EntryRow struct {
	Seq     int64
	At      time.Time
	Type    string
	Say     string // who did what
	About   string // what it is about
	URL     string // where that is, if it has a page here
	Details []Detail
	Leaf    string
	Hash    string // of the leaf, as RFC 6962 hashes it
}

// A Detail is one value of an entry, and what it is called.
type Detail struct{ Name, Value string }

// EntryRows sets entries out in words. What cannot be read is shown as it is:
// the log is evidence, and nothing of it is hidden.
func (q *Caller) EntryRows(list []hearback.Entry) []EntryRow {
	rows := make([]EntryRow, len(list))
	for i, e := range list {
		var leaf struct {
			Actor string         `json:"actor"`
			Pub   map[string]any `json:"pub"`
		}
		r := EntryRow{Seq: e.Seq, At: e.At, Type: string(e.Type), Leaf: string(e.Leaf)}
		_ = json.Unmarshal(e.Leaf, &leaf) // an unreadable leaf has no details, and its bytes are shown
		actor := q.Locale.ActorText(leaf.Actor)
		if key := "rec." + string(e.Type); q.Locale.Has(key) {
			r.Say = q.T(key, actor)
		} else {
			r.Say = q.T("rec.other", actor, string(e.Type))
		}
		r.About, r.URL = q.subject(e.Subject)
		for _, k := range slices.Sorted(maps.Keys(leaf.Pub)) {
			if v := q.plainValue(k, leaf.Pub[k]); v != "" {
				r.Details = append(r.Details, Detail{q.Locale.Label("pub", k), v})
			}
		}
		sum := sha256.Sum256(append([]byte{0}, e.Leaf...))
		r.Hash = hex.EncodeToString(sum[:])
		rows[i] = r
	}
	return rows
}

// plainValue writes a value of an entry for people.
func (q *Caller) plainValue(key string, v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		for _, kind := range map[string][]string{
			"from": {"casestate", "tier"}, "to": {"casestate", "tier"}, "tier": {"tier"}, "role": {"role"}, "verdict": {"verdict"},
			"state": {"casestate", "sourcestate"}, "connector": {"sourcekind"}, "why": {"closereason"}, "scope": {"scope"}, "reason": {"closereason"}, "act": {"act"}, "what": {"act"},
		}[key] {
			if q.Locale.Has(kind + "." + v) {
				return q.T(kind + "." + v)
			}
		}
		return q.Locale.Own(v)
	case bool:
		if v {
			return q.T("yes")
		}
		return q.T("no")
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any:
		var list []string
		for _, x := range v {
			if s := q.plainValue(key, x); s != "" {
				list = append(list, s)
			}
		}
		return q.Locale.List(list)
	case map[string]any:
		var list []string
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if s := q.plainValue(k, v[k]); s != "" {
				list = append(list, q.Locale.Label("pub", k)+" "+s)
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
func (q *Caller) subject(s string) (about, to string) {
	kind, id, _ := strings.Cut(s, ":")
	about = s
	if q.Locale.Has("subject." + kind) {
		about = q.T("subject."+kind, id)
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

// EntryInPath returns the entry whose index is in the path.
func (q *Caller) EntryInPath(r *http.Request) (e hearback.Entry, err error) {
	seq, err := strconv.ParseInt(r.PathValue("seq"), 10, 64)
	if err != nil || seq < 0 {
		return e, fmt.Errorf("%w: %s", hearback.ErrNotFound, r.URL.Path)
	}
	list, err := q.o.Store.Entries(r.Context(), seq, 1)
	if err != nil {
		return e, err
	}
	if len(list) == 0 || list[0].Seq != seq {
		return e, fmt.Errorf("%w: the log has no entry %d", hearback.ErrNotFound, seq)
	}
	return list[0], nil
}
