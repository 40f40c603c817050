package store

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"example.org/hearback"
)

// TestConcernDoc holds the JSON that is written out to that of encoding/json,
// with every field set and with none.
func TestConcernDoc(t *testing.T) {
	full := concernDoc{
		Phrases: []string{"停水", `a "quoted" \ word`, "tab\tand \x01"}, Langs: map[string]int64{"zh": 2, "en": -1},
		Kinds: map[hearback.Kind]int64{hearback.Question: 3}, Areas: map[string]int64{"": 1, "河东": 4, `"`: 1, "<b>&": 2},
		Recent: []int64{9007199254740993, 2, 1}, Medoid: 1 << 60,
		Fresh:  []hearback.Place{{What: "area", Name: "河东", At: time.Unix(1, 0).UTC(), Voices: 3}},
		Labels: []concernLabel{{Lang: "zh", Title: "停水“了”", Phrases: []string{"停水", `"`}, Medoid: 5, Messages: 3}, {Lang: "en"}},
	}
	v := reflect.ValueOf(full)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Errorf("the test does not set %s", v.Type().Field(i).Name)
		}
	}
	for _, d := range []concernDoc{{}, {Medoid: 7}, {Recent: []int64{5}}, {Areas: map[string]int64{"not \xff UTF-8\u2028": 1}}, full} {
		want, err := json.Marshal(d)
		if got := d.json(); err != nil || string(got) != string(want) {
			t.Errorf("%s, want %s, %v", got, want, err)
		}
	}
}
