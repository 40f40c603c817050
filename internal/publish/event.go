package publish

import (
	"encoding/json"
	"fmt"
	"strings"

	"example.org/hearback"
)

// An event is a change of an answer for other programs.
type event struct {
	Answer   string          `json:"answer"`
	URL      string          `json:"url"`
	State    string          `json:"state"` // published, corrected, withdrawn
	At       string          `json:"at"`
	Until    string          `json:"valid_until,omitempty"`
	Reason   string          `json:"reason,omitempty"` // of a correction or withdrawal
	Revision int             `json:"revision"`
	Record   int64           `json:"record"` // in the public log
	SHA256   string          `json:"sha256"` // of words
	Langs    []string        `json:"languages"`
	Verdict  string          `json:"verdict,omitempty"`
	Topics   []string        `json:"topics,omitempty"`
	Areas    []string        `json:"areas,omitempty"`
	Words    json.RawMessage `json:"words,omitempty"` // [Canonical]; not of what was withdrawn
}

// Event writes how an answer stands for other programs that are told of it: a
// JSON object with the words as the public log vouches for them, unless it was
// withdrawn.
func Event(s Site, a *hearback.Answer, topics, areas []string) ([]byte, error) {
	rev := a.Current()
	if rev == nil {
		return nil, fmt.Errorf("answer %s: %w", a.ID, hearback.ErrNotFound)
	}
	words, err := Canonical(a, rev)
	if err != nil {
		return nil, err
	}
	sum, err := Hash(a, rev)
	if err != nil {
		return nil, err
	}
	e := event{
		Answer: a.ID.String(), URL: strings.TrimSuffix(s.Base, "/") + a.Path(), State: "published", At: stamp(a.Changed()), Revision: rev.N, Record: rev.Record,
		SHA256: sum, Langs: rev.Langs(), Verdict: string(rev.Verdict()), Topics: topics, Areas: areas, Words: words,
	}
	if !a.Until.IsZero() {
		e.Until = stamp(a.Until)
	}
	switch {
	case a.Withdrawn != nil:
		e.State, e.Reason, e.Record, e.Words, e.Verdict = "withdrawn", a.Withdrawn.Reason, a.Withdrawn.Record, nil, ""
	case len(a.Public()) > 1:
		e.State, e.Reason = "corrected", rev.Reason
	}
	return json.Marshal(e)
}
