package drill_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/app"
	"example.org/hearback/internal/drill"
	"example.org/hearback/internal/web/office"
)

// The room of a drill shows what the table of results says, and what became of
// everything that was hidden.
func TestRoom(t *testing.T) {
	s := builtIn(t, "school")
	ctx := context.Background()
	c := app.Defaults()
	c.Data, c.Alerts.Shadow = t.TempDir(), 0
	clock := drill.NewClock(s.Start)
	p := &drill.Player{Script: s, Clock: clock, Pace: drill.NewPace(720)}
	begun := p.Drill()
	if begun.Ended || begun.At != 0 || begun.Hidden != 1 || len(begun.Concerns) != 0 {
		t.Errorf("before it begins it stands at %+v", begun)
	}
	// Three hours and a half before the end somebody ends it.
	var err error
	var seen []office.DrillState
	p.Wait = func(context.Context, time.Duration) error {
		if d := p.Drill(); d.At%time.Hour == 0 {
			seen = append(seen, d)
			if d.At == 30*time.Hour {
				p.EndDrill(hearback.Actor{ID: 5, Role: "evaluator", Number: 1})
			}
		}
		return nil
	}
	if p.App, err = app.New(ctx, c, app.Options{Now: clock.Now, Log: slog.New(slog.DiscardHandler), Drill: true, Version: "test", Room: p}); err != nil {
		t.Fatal(err)
	}
	p.App.StartPipeline(ctx)
	results, err := p.Play(ctx)
	size, serr := p.App.Store.LogSize(ctx)
	last, lerr := p.App.Store.EntriesBefore(ctx, size, "drill", 10)
	if err := errors.Join(err, serr, lerr, p.App.Stop()); err != nil {
		t.Fatal(err)
	}
	if len(last) != 2 || last[0].Type != hearback.DrillEnded || last[1].Type != hearback.DrillStarted {
		t.Errorf("the log says of the drill %+v", last)
	}
	end := p.Drill()
	if !end.Ended || end.At > 30*time.Hour+time.Minute || end.Sent == 0 || end.Sent > end.Posts {
		t.Errorf("it ended %t at %s with %d of %d messages", end.Ended, end.At, end.Sent, end.Posts)
	}
	for i, r := range results {
		x := end.Expects[i]
		want := "waits"
		switch {
		case r.At >= 0 && r.OK:
			want = "met"
		case r.At >= 0:
			want = "missed"
		}
		if x.State != want || x.Line != r.Expect.Line {
			t.Errorf("line %d stands as %q, the table says %q", r.Expect.Line, x.State, want)
		}
	}
	if len(end.Concerns) != 1 {
		t.Fatalf("the room knows %+v", end.Concerns)
	}
	k := end.Concerns[0]
	if k.Title != "Do all schools close tomorrow?" || k.Onset < 3*time.Hour || k.Onset > 4*time.Hour || k.Found < k.Onset || k.Found > 7*time.Hour || k.Opened < k.Found || k.Answered != 7*time.Hour || k.VoiceHours < 20 {
		t.Errorf("the fate of %q: %+v", k.Name, k)
	}
	points := map[string]office.DrillPoints{}
	for _, x := range end.Points {
		points[x.Name] = x
		if x.Got < 0 || x.Got > x.Of {
			t.Errorf("%s has %d of %d points", x.Name, x.Got, x.Of)
		}
	}
	for name, got := range map[string]int{"coverage": 10, "routing": 6, "clocks": 12, "review": 5} {
		if points[name].Got != got || points[name].State != "given" {
			t.Errorf("%s has %+v, want %d points", name, points[name], got)
		}
	}
	for _, name := range []string{"harm", "verification", "answers", "correction"} {
		if points[name].State == "given" {
			t.Errorf("%s was given points that no program can give", name)
		}
	}
	// On the way it showed no more than had happened.
	for _, d := range seen {
		for _, c := range d.Concerns {
			if c.Onset > d.At || c.Answered > d.At {
				t.Errorf("at %s it shows %+v", d.At, c)
			}
		}
	}
	if len(seen) < 29 {
		t.Errorf("it was looked at %d times", len(seen))
	}
}

// What comes true after its time is late, not lost.
func TestLate(t *testing.T) {
	s, err := drill.Parse([]byte(small + `expect concern bus by 1h
at 2h
repeat street bus en 12 over 1h from bus.txt
expect no alert bus by 5h
-- bus.txt --
Where does the bus to the station stop now?
Where does the bus to the station stop today?
Where does the bus to the station stop, please?
`))
	if err != nil {
		t.Fatal(err)
	}
	c := app.Defaults()
	c.Data, c.Alerts.Shadow = t.TempDir(), 0
	clock := drill.NewClock(s.Start)
	p := &drill.Player{Script: s, Clock: clock, Pace: drill.NewPace(1)}
	ctx := context.Background()
	if p.App, err = app.New(ctx, c, app.Options{Now: clock.Now, Log: slog.New(slog.DiscardHandler), Drill: true, Version: "test"}); err != nil {
		t.Fatal(err)
	}
	p.App.StartPipeline(ctx)
	results, err := p.Play(ctx)
	if err := errors.Join(err, p.App.Stop()); err != nil {
		t.Fatal(err)
	}
	x := p.Drill().Expects[0]
	if results[0].OK || x.State != "late" || x.At < 2*time.Hour || x.At > 4*time.Hour {
		t.Errorf("it stands as %q at %s, the table says %t", x.State, x.At, results[0].OK)
	}
}
