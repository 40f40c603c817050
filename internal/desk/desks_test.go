package desk_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/desk"
)

func TestDesks(t *testing.T) {
	o := newOffice(t)
	add := func(d hearback.Desk) error { return o.desks.Add(o.ctx, lin, d, "") }
	if err := add(hearback.Desk{Slug: "front", Name: "Front desk", NameZH: "总台"}); err != nil {
		t.Fatal(err)
	}
	if typ, pub := o.last(); typ != "desk.changed" || pub["act"] != "added" || pub["fallback"] != true {
		t.Errorf("record %s %v: the first desk is the fallback", typ, pub)
	}
	if err := add(hearback.Desk{Slug: "water", Name: "Water", Keywords: []string{" Tap  Water ", "tap water", "", "水压"}, Off: []time.Weekday{0, 6}, Holidays: []string{"2026-10-01"}, Zone: "Asia/Shanghai"}); err != nil {
		t.Fatal(err)
	}
	if _, pub := o.last(); pub["fallback"] != false || !reflect.DeepEqual(pub["keywords"], []any{"tap water", "水压"}) || !reflect.DeepEqual(pub["off"], []any{0.0, 6.0}) {
		t.Errorf("record %v", pub)
	}
	if err := add(hearback.Desk{Slug: "water", Name: "again"}); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("a desk twice: %v, want ErrRefused", err)
	}
	list, err := o.desks.List(o.ctx)
	if err != nil || len(list) != 2 || !list[0].Fallback || list[1].Fallback {
		t.Fatalf("List = %+v, %v", list, err)
	}
	front, water := list[0], list[1]

	// There is always exactly one fallback.
	front.Fallback = false
	if err := o.desks.Change(o.ctx, lin, front, ""); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("no fallback: %v, want ErrRefused", err)
	}
	if err := o.desks.Remove(o.ctx, lin, "front", ""); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("removing the fallback: %v, want ErrRefused", err)
	}
	water.Fallback = true
	if err := o.desks.Change(o.ctx, lin, water, "the front desk closes"); err != nil {
		t.Fatal(err)
	}
	if _, pub := o.last(); pub["fallback_from"] != "front" || pub["reason"] != "the front desk closes" {
		t.Errorf("record %v", pub)
	}
	if err := o.desks.Change(o.ctx, lin, water, ""); !errors.Is(err, hearback.ErrConflict) {
		t.Errorf("a stale version: %v, want ErrConflict", err)
	}

	// A desk with open cases stays.
	c := o.must(o.cases.Open(o.ctx, lin, 100, "front", hearback.P3, ""))
	if err := o.desks.Remove(o.ctx, lin, "front", ""); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("removing a desk with a case: %v, want ErrRefused", err)
	}
	o.must(o.cases.Route(o.ctx, lin, c.ID, "water", ""))
	if err := o.desks.Remove(o.ctx, lin, "front", "closed"); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"removed twice": o.desks.Remove(o.ctx, lin, "front", ""),
		"never there":   o.desks.Remove(o.ctx, lin, "nowhere", ""),
		"changed":       o.desks.Change(o.ctx, lin, front, ""),
	} {
		if !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", name, err)
		}
	}
	o.wants(o.cases.Route(o.ctx, lin, c.ID, "front", ""))(hearback.ErrInvalid)
	if err := add(hearback.Desk{Slug: "front", Name: "Front again", Fallback: true}); err != nil {
		t.Errorf("the slug of a removed desk: %v", err)
	}
	all, err := o.db.Desks(o.ctx)
	n := 0
	for _, d := range all {
		if d.Fallback && !d.Removed {
			n++
		}
	}
	if n != 1 || err != nil {
		t.Errorf("%d desks are the fallback (%v): %+v", n, err, all)
	}
}

func TestDeskRefuses(t *testing.T) {
	o := newOffice(t)
	good := func() hearback.Desk { return hearback.Desk{Slug: "water", Name: "Water"} }
	for _, tt := range []struct {
		name   string
		change func(d *hearback.Desk)
		err    error
	}{
		{"no slug", func(d *hearback.Desk) { d.Slug = "" }, hearback.ErrInvalid},
		{"a slug with a space", func(d *hearback.Desk) { d.Slug = "the desk" }, hearback.ErrInvalid},
		{"no name", func(d *hearback.Desk) { d.Name = " " }, hearback.ErrInvalid},
		{"a long name", func(d *hearback.Desk) { d.Name = strings.Repeat("水", 101) }, hearback.ErrInvalid},
		{"a long keyword", func(d *hearback.Desk) { d.Keywords = []string{strings.Repeat("水", 61)} }, hearback.ErrInvalid},
		{"too many keywords", func(d *hearback.Desk) {
			for i := range 201 {
				d.Keywords = append(d.Keywords, fmt.Sprint("w", i))
			}
		}, hearback.ErrInvalid},
		{"a zone that is none", func(d *hearback.Desk) { d.Zone = "Mars/Base" }, hearback.ErrInvalid},
		{"the machine's zone", func(d *hearback.Desk) { d.Zone = "Local" }, hearback.ErrInvalid},
		{"no working day", func(d *hearback.Desk) { d.Off = []time.Weekday{0, 1, 2, 3, 4, 5, 6} }, hearback.ErrInvalid},
		{"an eighth day", func(d *hearback.Desk) { d.Off = []time.Weekday{7} }, hearback.ErrInvalid},
		{"a holiday that is none", func(d *hearback.Desk) { d.Holidays = []string{"2026-02-30"} }, hearback.ErrInvalid},
		{"broken UTF-8", func(d *hearback.Desk) { d.NameZH = "\xff" }, hearback.ErrInvalid},
		{"a person's address in the name", func(d *hearback.Desk) { d.Name = "ask zhang@example.org" }, hearback.ErrRefused},
		{"a person's number as a keyword", func(d *hearback.Desk) { d.Keywords = []string{"13912345678"} }, hearback.ErrRefused},
	} {
		d := good()
		tt.change(&d)
		if err := o.desks.Add(o.ctx, lin, d, ""); !errors.Is(err, tt.err) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.err)
		}
	}
	if err := o.desks.Add(o.ctx, hearback.System, good(), ""); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("a desk added by a machine: %v, want ErrRefused", err)
	}
	if err := o.desks.Add(o.ctx, lin, good(), "as zhang@example.org wished"); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("a person in the reason: %v, want ErrRefused", err)
	}
	if n, _ := o.db.LogSize(o.ctx); n != 0 {
		t.Errorf("%d refused acts are on the log", n)
	}
}

func TestSuggest(t *testing.T) {
	desks := []hearback.Desk{
		{Slug: "front", Fallback: true},
		{Slug: "water", Keywords: []string{"tap water", "boil*", "pipe", "水", "停水"}},
		{Slug: "transit", Keywords: []string{"bus", "14路", "公交"}},
		{Slug: "old", Keywords: []string{"bus", "water"}, Removed: true},
	}
	for _, tt := range []struct {
		texts []string
		want  string
	}{
		{[]string{"Is it safe to drink TAP   WATER?", "boiling"}, "water:tap water,boil*"},
		{[]string{"The bus to the pipe works"}, "water:pipe transit:bus"},
		{[]string{"business as usual, pipes everywhere, reboil"}, "front:"},
		{[]string{"Bus14 stops; bus."}, "transit:bus"},
		{[]string{"停水了，14路公交也不开"}, "water:水,停水 transit:14路,公交"},
		{[]string{"坐114路"}, "front:"},
		{nil, "front:"},
	} {
		var got []string
		for _, s := range desk.Suggest(desks, tt.texts...) {
			got = append(got, s.Desk.Slug+":"+strings.Join(s.Words, ","))
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("Suggest(%q) = %q, want %q", tt.texts, s, tt.want)
		}
	}
	if got := desk.Suggest(nil, "water"); got != nil {
		t.Errorf("Suggest without desks = %v", got)
	}
}

func FuzzSuggest(f *testing.F) {
	f.Add("Is tap water safe?", "water")
	f.Add("停水了吗", "水*")
	f.Add("\xff\xfe", "\xff")
	f.Fuzz(func(t *testing.T, text, word string) {
		got := desk.Suggest([]hearback.Desk{{Slug: "a", Fallback: true}, {Slug: "b", Keywords: []string{word}}}, text)
		if len(got) != 1 {
			t.Fatalf("Suggest(%q, %q) = %v, want one desk", text, word, got)
		}
		if got[0].Desk.Slug == "b" {
			plain := strings.Join(strings.Fields(strings.ToLower(strings.TrimSuffix(word, "*"))), " ")
			if !strings.Contains(strings.Join(strings.Fields(strings.ToLower(text)), " "), plain) {
				t.Errorf("%q does not occur in %q", word, text)
			}
		}
	})
}
