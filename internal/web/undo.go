package web

import (
	"net/url"
	"strings"

	"example.org/hearback"
	"example.org/hearback/internal/access"
)

// An undo is the form that takes back what was just done.
type undo struct {
	URL    string
	Act    string
	IDs    []hearback.ID
	Reason string
	Back   string
}

// undoes says by which act of the list another one is taken back.
var undoes = map[string]string{"mute": "unmute", "unmute": "mute"}

// mostUndone is how many rows the way back in an address names.
const mostUndone = 40

// seeUndo is see after an act on concerns that can be taken back in one step.
func (q *request) seeUndo(to, done, act string, ids []hearback.ID) error {
	way := ""
	switch {
	case act == "merge" && len(ids) > 1:
		way = "merge." + ids[0].String()
	case undoes[act] != "" && len(ids) <= mostUndone:
		way = undoes[act]
		for _, id := range ids {
			way += "." + id.String()
		}
	}
	if way != "" {
		u, err := url.Parse(to)
		if err != nil {
			return err
		}
		v := u.Query()
		v.Set("undo", way)
		u.RawQuery = v.Encode()
		to = u.String()
	}
	return q.see(to, done)
}

// undoOf reads the way back from an address; nil if it names none.
func (q *request) undoOf(way string) *undo {
	act, list, ok := strings.Cut(way, ".")
	if !ok || q.Account == nil || !q.may(access.Triage) {
		return nil
	}
	u := &undo{URL: "/concerns", Act: act, Reason: q.t("undo.reason")}
	for s := range strings.SplitSeq(list, ".") {
		id, err := hearback.ParseID(s)
		if err != nil || len(u.IDs) == mostUndone {
			return nil
		}
		u.IDs = append(u.IDs, id)
	}
	v := q.r.URL.Query()
	v.Del("undo")
	v.Del("done")
	u.Back = q.r.URL.Path
	if len(v) > 0 {
		u.Back += "?" + v.Encode()
	}
	switch {
	case act == "merge":
		u.URL = "/concerns/" + u.IDs[0].String() + "/undo"
	case act != "mute" && act != "unmute":
		return nil
	}
	return u
}
