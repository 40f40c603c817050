package store

import (
	"encoding/json"
	"reflect"
	"testing"

	"example.org/hearback"
)

// TestConcernDoc holds the hand-written JSON to what encoding/json reads.
func TestConcernDoc(t *testing.T) {
	for _, c := range []hearback.Concern{
		{},
		{Medoid: 7},
		{Recent: []hearback.ID{9007199254740993, 2}},
		{
			Phrases: []string{"停水", `a "quoted" \ word`, "tab\tand \x01"}, Langs: map[string]int64{"zh": 2, "en": -1},
			Kinds: map[hearback.Kind]int64{hearback.Question: 3}, Areas: map[string]int64{"": 1, "河东": 4, `"`: 1, "<b>&": 2},
			Recent: []hearback.ID{3, 2, 1}, Medoid: 1 << 60,
		},
	} {
		b := appendConcernDoc(nil, &c)
		var got concernDoc
		if err := json.Unmarshal(b, &got); err != nil {
			t.Errorf("%s: %v", b, err)
			continue
		}
		want := concernDoc{Phrases: c.Phrases, Langs: c.Langs, Kinds: c.Kinds, Areas: c.Areas, Medoid: int64(c.Medoid)}
		for _, id := range c.Recent {
			want.Recent = append(want.Recent, int64(id))
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s reads as %+v, want %+v", b, got, want)
		}
	}
	if got := appendJSON(nil, "not \xff UTF-8"); !json.Valid(got) {
		t.Errorf("%q is no JSON", got)
	}
}
