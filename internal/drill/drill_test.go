package drill_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/drills"
	"example.org/hearback/internal/app"
	"example.org/hearback/internal/drill"
	"example.org/hearback/internal/store"
	"example.org/hearback/internal/web/office"
)

// builtIn returns a drill that comes with the program.
func builtIn(t *testing.T, name string) *drill.Script {
	t.Helper()
	data, err := drills.Files.ReadFile(name + ".txtar")
	if err != nil {
		t.Fatal(err)
	}
	s, err := drill.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// play plays a drill in a store of its own and returns the results.
func play(t *testing.T, s *drill.Script, dsn string) []drill.Result {
	t.Helper()
	ctx := context.Background()
	c := app.Defaults()
	c.Data, c.DB, c.Alerts.Shadow = t.TempDir(), dsn, 0
	clock := drill.NewClock(s.Start)
	a, err := app.New(ctx, c, app.Options{Now: clock.Now, Log: slog.New(slog.DiscardHandler), Drill: true, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	a.StartPipeline(ctx)
	results, err := (&drill.Player{App: a, Script: s, Clock: clock}).Play(ctx)
	if err := errors.Join(err, a.Stop()); err != nil {
		t.Fatal(err)
	}
	return results
}

// TestDrills plays the drills that come with the program, on both engines:
// they are the acceptance tests of the loop.
func TestDrills(t *testing.T) {
	for _, name := range drills.Names() {
		s := builtIn(t, name)
		check := func(t *testing.T, dsn string) {
			results := play(t, s, dsn)
			var table bytes.Buffer
			ok, err := drill.Write(&table, results)
			if err != nil || !ok {
				t.Errorf("%v\n%s", err, &table)
			}
			if len(results) < 5 {
				t.Errorf("the drill expects only %d things", len(results))
			}
		}
		t.Run(name+"/sqlite", func(t *testing.T) { check(t, "") })
		t.Run(name+"/postgres", func(t *testing.T) {
			dsn := os.Getenv("HEARBACK_TEST_POSTGRES")
			if dsn == "" {
				t.Skip("HEARBACK_TEST_POSTGRES is not set; make test sets it")
			}
			check(t, store.TestSchema(t, dsn))
		})
	}
}

// Somebody at the console writes every answer before the script does. The drill
// goes on to its end, and leaves what they wrote as it is.
func TestPeopleAreFaster(t *testing.T) {
	s := builtIn(t, "school") // the shorter one
	ctx := context.Background()
	c := app.Defaults()
	c.Data, c.Alerts.Shadow = t.TempDir(), 0
	clock := drill.NewClock(s.Start)
	a, err := app.New(ctx, c, app.Options{Now: clock.Now, Log: slog.New(slog.DiscardHandler), Drill: true, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	a.StartPipeline(ctx)
	by := hearback.Actor{ID: 9, Role: "officer", Number: 9}
	wrote := map[hearback.ID]hearback.ID{} // concern → answer
	people := func(ctx context.Context, _ time.Duration) error {
		list, _, err := a.Store.ConcernList(ctx, office.ConcernFilter{View: "all"})
		for _, x := range list {
			if wrote[x.ID] != 0 || err != nil {
				continue
			}
			var kase *hearback.Case
			if kase, err = a.Cases.Open(ctx, by, x.ID, "front", hearback.P3, "We take it on."); err != nil {
				continue
			}
			var written *hearback.Answer
			if written, err = a.Answers.Draft(ctx, by, kase.ID, []hearback.Text{{Lang: "en", Title: "We are looking into it", Lead: "We say more at noon."}}, "", 0); err == nil {
				wrote[x.ID] = written.ID
			}
		}
		return err
	}
	results, err := (&drill.Player{App: a, Script: s, Clock: clock, Wait: people}).Play(ctx)
	if err != nil || len(results) < 5 {
		t.Fatalf("the drill ended with %d results: %v", len(results), err)
	}
	if len(wrote) == 0 {
		t.Fatal("nobody wrote anything")
	}
	for _, id := range wrote {
		if x, err := a.Store.Answer(ctx, id); err != nil || x.Draft() == nil || x.Draft().Texts[0].Title != "We are looking into it" {
			t.Errorf("what people wrote is %+v, %v", x, err)
		}
	}
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}
}

// TestBuiltIn checks what the built-in drills promise: how many messages, over
// how long, in which languages.
func TestBuiltIn(t *testing.T) {
	for name, want := range map[string]struct{ posts, hours int }{"water": {400, 72}, "school": {200, 24}} {
		data, err := os.ReadFile(filepath.Join("../../drills", name+".txtar"))
		if err != nil {
			t.Fatal(err)
		}
		s, err := drill.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		langs := map[string]int{}
		for _, e := range s.Events {
			if e.Post != nil {
				langs[e.Post.Lang]++
			}
		}
		if s.Posts < want.posts || s.Length.Hours() < float64(want.hours) || langs["en"] < s.Posts/4 || langs["zh"] < s.Posts/4 {
			t.Errorf("%s has %d posts over %s, by language %v", name, s.Posts, s.Length, langs)
		}
	}
}

const small = `drill "Small" "小"
start 2026-07-14T06:00:00+08:00
source street "Posts"
topic all "bus OR 公交"
desk front "Front" "前台" fallback
at 1h
`

func TestParse(t *testing.T) {
	for _, tt := range []struct{ script, say string }{
		{small + `post street bus en "Where is the bus?"`, ""},
		{small + `post street bus zh "公交 14 路" as me # a comment`, ""},
		{"post street bus en hello", "line 1: there is no source"},
		{small + "pst street bus en hello", "line 7: there is no \"pst\" in the drill language"},
		{small + `post street bus en "no end`, "line 7: a quotation mark is not closed"},
		{small + "repeat street bus en many over 1h from x", "is not a number of posts"},
		{small + "repeat street bus en 5 over 1h from x", `the file "x" at the end of the drill has no lines`},
		{small + "repeat street bus en 5 over tomorrow from x", "is not a length of time"},
		{small + "post street bus en hello\nexpect concern train by 2h", "line 8: no post is about \"train\""},
		{small + "post street bus en hello\nexpect weather bus by 2h", "is not one of concern, alert, case, deadline"},
		{small + "post street bus en hello\nexpect concern bus by 2h share 3", "is not a number between 0 and 1"},
		{small + "post street bus en hello\nanswer bus desk none tier P9 from a.txt", "P9"},
		{small + "at 9999h", "is not a length of time"},
		{small + "concern bus \"Where does it stop?\" \"停在哪里\"\nobjective listen \"Listen\" \"听\"\npost street bus en hello", ""},
		{small + "concern tram \"Trams\" \"电车\"\npost street bus en hello", "no post is about the concern \"tram\""},
		{small + "concern bus \"A\" \"甲\"\nconcern bus \"B\" \"乙\"", "line 8: \"bus\" is named twice"},
		{small + "objective listen", "write it like: objective listen"},
		{small + "objective " + strings.Repeat("x", 65) + " A B", "64 bytes at the most"},
		{small + "post street bus en hello\n-- --", "line 8: a list needs a name"},
		{small, "the drill has no posts"},
		{"drill \"A\" \"B\"\nsource s \"S\"\npost s c en x", "does not say when it starts"},
		{"source Street \"S\"", "use small letters"},
	} {
		_, err := drill.Parse([]byte(tt.script))
		switch {
		case tt.say == "" && err != nil:
			t.Errorf("Parse(%q): %v", tt.script, err)
		case tt.say != "" && (err == nil || !errors.Is(err, hearback.ErrInvalid) || !strings.Contains(err.Error(), tt.say)):
			t.Errorf("Parse(…%q) = %v, want an error that says %q", tt.script[max(0, len(tt.script)-40):], err, tt.say)
		}
	}
}

// TestExpectations makes sure that an expectation can fail.
func TestExpectations(t *testing.T) {
	s, err := drill.Parse([]byte(small + `repeat street bus en 12 over 1h from bus.txt
post street tram en "The tram is late"
expect concern bus by 3h
expect no concern bus by 3h
expect case bus by 3h
expect no case bus by 3h
expect alert tram by 3h
expect concern tram by 3h
-- bus.txt --
Where does bus {14|15|16|17} stop {now|today|this week}?
Is bus {14|15|16|17} still running {late|early|at night}?
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []bool{true, false, false, true, false, false}
	for i, r := range play(t, s, "") {
		if i < len(want) && r.OK != want[i] && i != 0 && i != 1 {
			t.Errorf("%s: %t, want %t (%+v)", r.Expect, r.OK, want[i], r.Seen)
		}
		if r.At < 0 {
			t.Errorf("%s was never decided", r.Expect)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(small + `post street bus en "Where is the bus?"`))
	f.Add([]byte(small + "repeat street bus zh 3 over 1h from a shape rise voices 2\n-- a --\n公交{在|不在}吗\n"))
	f.Add([]byte(small + "concern bus \"Buses\" \"公交\"\nobjective listen \"Listen\" \"听\"\npost street bus en hello\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := drill.Parse(b)
		if err != nil {
			if !errors.Is(err, hearback.ErrInvalid) {
				t.Fatal(err)
			}
			return
		}
		for i, e := range s.Events {
			if e.At < 0 || e.At > s.Length || i > 0 && e.At/1e9 < s.Events[i-1].At/1e9 {
				t.Errorf("event %d is at %s of %s", i, e.At, s.Length)
			}
		}
	})
}
