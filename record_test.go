package hearback_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"example.org/hearback"
)

func TestLeaf(t *testing.T) {
	r := hearback.Record{
		Type: hearback.AnswerOut, At: t0.In(t0.Location()), Actor: hearback.Actor{ID: 99, Role: "reviewer", Number: 7},
		Subject: "answer:1k3x",
		Pub: map[string]any{
			"url": "/answers/1k3x?a=1&b=2", "rev": 1, "prev": int64(7), "langs": []string{"en", "zh"}, "ok": true, "none": nil,
			"note": "<b>水是安全的</b>", "list": []any{1, map[string]any{"b": "y", "a": "x"}},
		},
	}
	got, err := r.Leaf(42)
	want := `{"actor":"reviewer#7","at":"2026-03-18T09:00:00.000000Z","pub":{"langs":["en","zh"],"list":[1,{"a":"x","b":"y"}],"none":null,"note":"<b>水是安全的</b>","ok":true,"prev":7,"rev":1,"url":"/answers/1k3x?a=1&b=2"},"seq":42,"subject":"answer:1k3x","type":"answer.published","v":1}`
	if err != nil || string(got) != want {
		t.Errorf("Leaf =\n%s, %v, want\n%s", got, err, want)
	}
	if strings.Contains(string(got), "99") {
		t.Error("the leaf holds the account, which is private")
	}
	empty, err := hearback.Record{Type: hearback.LogCreated, At: t0, Actor: hearback.System}.Leaf(0)
	if err != nil || !bytes.Contains(empty, []byte(`"pub":{}`)) || !bytes.Contains(empty, []byte(`"actor":"system"`)) {
		t.Errorf("Leaf of an empty record = %s, %v", empty, err)
	}
}

func TestLeafRefuses(t *testing.T) {
	for name, pub := range map[string]map[string]any{
		"a float":         {"x": 1.5},
		"a float inside":  {"x": []any{map[string]any{"y": float32(1)}}},
		"a time":          {"at": t0},
		"broken UTF-8":    {"x": "a\xff"},
		"a broken key":    {"\xff": "x"},
		"a broken list":   {"x": []string{"ok", "\xc0"}},
		"a struct":        {"x": struct{ A int }{1}},
		"more than fits":  {"x": strings.Repeat("水", 30000)},
		"another integer": {"x": uint8(1)},
	} {
		if leaf, err := (hearback.Record{Type: hearback.AnswerOut, Pub: pub}).Leaf(1); !errors.Is(err, hearback.ErrInvalid) {
			t.Errorf("%s: Leaf = %.60q, %v, want ErrInvalid", name, leaf, err)
		}
	}
}

func FuzzLeaf(f *testing.F) {
	f.Add("The tap water is safe to drink.", "答复", int64(3))
	f.Add("</script><!--\u2028", "\x00\"\\", int64(-1))
	f.Fuzz(func(t *testing.T, a, b string, n int64) {
		r := hearback.Record{Type: hearback.AnswerOut, At: t0, Actor: hearback.System, Subject: "answer:1", Pub: map[string]any{a: b, "n": n}}
		leaf, err := r.Leaf(1)
		if err != nil {
			return
		}
		again, err := r.Leaf(1)
		if err != nil || !bytes.Equal(leaf, again) {
			t.Fatalf("two leaves of one record: %q and %q, %v", leaf, again, err)
		}
		var got struct{ Pub map[string]json.RawMessage }
		if err := json.Unmarshal(leaf, &got); err != nil {
			t.Fatalf("%q is not JSON: %v", leaf, err)
		}
		if a != "n" {
			var back string
			if err := json.Unmarshal(got.Pub[a], &back); err != nil || back != b {
				t.Errorf("%q came back as %q, %v", b, back, err)
			}
		}
	})
}

func TestActor(t *testing.T) {
	for _, tt := range []struct {
		a      hearback.Actor
		want   string
		person bool
	}{
		{hearback.System, "system", false},
		{hearback.Actor{ID: 3, Role: "reviewer", Number: 7}, "reviewer#7", true},
		{hearback.Actor{Role: "reviewer", Number: 7}, "reviewer#7", false},
	} {
		if got := tt.a.String(); got != tt.want || tt.a.Person() != tt.person {
			t.Errorf("%+v = %q, person %t, want %q, %t", tt.a, got, tt.a.Person(), tt.want, tt.person)
		}
	}
}
