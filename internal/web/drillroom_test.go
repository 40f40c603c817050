package web_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/web"
	"example.org/hearback/internal/web/office"
)

// A room is a drill that stands where the test puts it.
type room struct {
	office.DrillState
	endedBy hearback.Actor
}

func (r *room) Drill() office.DrillState   { return r.DrillState }
func (r *room) SetSpeed(speed float64)     { r.Speed = speed }
func (r *room) PauseDrill(on bool)         { r.Paused = on }
func (r *room) EndDrill(by hearback.Actor) { r.Ended, r.endedBy = true, by }

func (w *world) room() (*room, web.Options) {
	at := func(h float64) time.Duration { return time.Duration(h * float64(time.Hour)) }
	r := &room{DrillState: office.DrillState{Title: "River flood", TitleZH: "河流洪灾", Seed: 1407, Start: w.Now().Add(-at(15.75)), Length: at(48), At: at(15.75), Speed: 30, Posts: 42_000, Sent: 1320, Hidden: 2, Median: at(2), VoiceHours: 1940,
		Names:    []office.DrillName{{Name: "tap", Title: "Tap water", TitleZH: "自来水"}, {Name: "insulin", Title: "Insulin", TitleZH: "胰岛素"}},
		Concerns: []office.DrillConcern{{DrillName: office.DrillName{Name: "tap", Title: "Tap water", TitleZH: "自来水"}, Onset: at(2), Found: at(3.5), Opened: at(4), Answered: at(6.2)}, {DrillName: office.DrillName{Name: "insulin", Title: "Insulin", TitleZH: "胰岛素"}, Onset: at(13), Found: -1, Opened: -1, Answered: -1}},
		Expects: []office.DrillExpect{
			{What: "alert", Concern: "tap", By: at(4), State: "met", At: at(3.5), Voices: 31, SeenAlert: hearback.AlertRising},
			{What: "concern", Concern: "tap", By: at(5), State: "late", At: at(6), Voices: 40, Together: .4, SeenLangs: []string{"en", "zh"}},
			{What: "case", Concern: "insulin", By: at(15), State: "missed", At: at(15), Voices: 9},
			{What: "deadline", Concern: "tap", Clock: hearback.DeadlineAnswer, By: at(20), State: "waits", At: -1},
			{What: "alert", Not: true, Concern: "insulin", By: at(10), State: "met", At: at(10), Voices: 9},
		},
		Injects: []office.DrillInject{{Line: 3, What: "post", At: at(1), End: at(12), Concern: "tap", Source: "Forum", Lang: "zh", N: 40, Sent: 40}, {Line: 9, What: "outage", At: at(17), End: at(20), Source: "Hotline"}},
		Points:  []office.DrillPoints{{Name: "coverage", State: "given", Got: 7, Of: 10, Value: .75}, {Name: "harm", State: "absent", Of: 10}, {Name: "verification", State: "rated", Of: 10}},
		Clocks:  office.DrillClocks{Met: 12, Late: 2, P1Met: 2, P1: 2},
	}}
	o := w.options()
	o.Drill, o.Room = true, r
	return r, o
}

func as(b *browser, who string) *browser {
	b.cookie["hb_as"] = who
	return b
}

// Those who practise see neither the key nor what comes, in no form, until the
// drill has ended.
func TestDrillKey(t *testing.T) {
	w := newWorld(t)
	w.fill(plain)
	r, o := w.room()
	b := w.console(o)
	secrets := []string{"Insulin", "Hotline”", "1,940", "31 voices", "Coverage of concerns", "Tap water"}
	look := func(who string, all bool) {
		t.Helper()
		for _, path := range []string{"/drill", "/drill/sheet", "/drill/sheet.csv", "/drill/sheet.json"} {
			rec := as(b, who).get(path)
			if rec.Code != http.StatusOK {
				t.Fatalf("%s for the %s = %d", path, who, rec.Code)
			}
			n := 0
			for _, s := range secrets {
				if strings.Contains(rec.Body.String(), s) {
					n++
					if !all {
						t.Errorf("%s shows the %s %q", path, who, s)
					}
				}
			}
			if all && n < 2 {
				t.Errorf("%s shows the %s %d of the secrets", path, who, n)
			}
		}
	}
	look("officer", false)
	look("reviewer1", false)
	look("evaluator", true)
	look("administrator", true)
	r.Ended = true
	look("officer", true)
}

// The room says of each expectation how it stands, and when.
func TestDrillStates(t *testing.T) {
	w := newWorld(t)
	r, o := w.room()
	page := as(w.console(o), "evaluator").get("/drill?lang=en").Body.String()
	for _, s := range []string{"Runs 30 times as fast as life.", "2 concerns are hidden among 42,000 messages; seed 1407", "86%", "12 of 14. P1: 2 of 2.", ">met at", ">late: at", "1 h after its time", ">past its time, and not yet<", ">not yet<", "did not happen, as expected", "40 voices; 40% of the messages together; English, Chinese", "7 of 10", "not in this drill", "the evaluator rates it", "“Hotline” is down for 3 h."} {
		if !strings.Contains(page, s) {
			t.Errorf("the room does not say %q", s)
		}
	}
	r.At, r.Ended = r.Length, true
	if page := as(w.console(o), "officer").get("/drill?lang=en").Body.String(); !strings.Contains(page, "Day 2, hour 48 of 48.") {
		t.Error("the last moment of the second day is said to be of another day")
	}
	r.At, r.Ended = 945*time.Minute, false
	page = as(w.console(o), "evaluator").get("/drill?lang=zh").Body.String()
	for _, s := range []string{"河流洪灾", "就“自来水”发出预警", "14个时限中有12个按时。", "尚未发现"} {
		if !strings.Contains(page, s) {
			t.Errorf("the room does not say %q", s)
		}
	}
}

func TestDrillPace(t *testing.T) {
	w := newWorld(t)
	r, o := w.room()
	b := w.console(o)
	if rec := as(b, "officer").post("/drill/pace", "act", "end"); !refused(rec) || r.Ended {
		t.Errorf("an officer ended the drill: %d", rec.Code)
	}
	as(b, "administrator").post("/drill/pace", "act", "pause")
	if !r.Paused {
		t.Error("it did not pause")
	}
	b.post("/drill/pace", "act", "speed", "speed", "60")
	if r.Speed != 60 || r.Paused {
		t.Errorf("it runs at %v, paused %t", r.Speed, r.Paused)
	}
	for _, speed := range []string{"0", "NaN", "-3", "1e9", ""} {
		if rec := b.post("/drill/pace", "act", "speed", "speed", speed); rec.Code != http.StatusUnprocessableEntity || r.Speed != 60 {
			t.Errorf("the speed %q = %d", speed, rec.Code)
		}
	}
	b.post("/drill/pace", "act", "end")
	if !r.Ended || r.endedBy.Role != "administrator" {
		t.Errorf("ended %t by %v", r.Ended, r.endedBy)
	}
	if rec := b.post("/drill/pace", "act", "resume"); rec.Code != http.StatusConflict {
		t.Errorf("a drill that has ended goes on: %d", rec.Code)
	}
}

// The evaluator writes what others read, and it stands on the sheet.
func TestDrillObservations(t *testing.T) {
	w := newWorld(t)
	w.fill(plain)
	_, o := w.room()
	b := as(w.console(o), "evaluator")
	b.post("/drill/observations", "sort", "strength", "objective", "listen", "text", "Heard within the hour.")
	b.post("/drill/observations", "sort", "improve", "objective", "answer", "text", "No holding statement.")
	b.post("/drill/ratings", "objective", "listen", "rating", "some_difficulty")
	list, err := w.db.Observations(context.Background())
	w.must(err)
	if len(list) != 2 || !list[1].Improve || list[1].By.Role != "evaluator" {
		t.Fatalf("observations %+v", list)
	}
	at := "/drill/observations/" + list[1].ID.String()
	b.post(at, "act", "save", "sort", "improve", "objective", "answer", "text", "No holding statement.", "action", "=Keep one ready.", "desk", "water", "due", "2026-08-01", "version", "1")
	if rec := b.post(at, "act", "save", "sort", "improve", "objective", "answer", "text", "Older.", "version", "1"); rec.Code != http.StatusConflict {
		t.Errorf("an old form = %d", rec.Code)
	}
	for _, bad := range [][]string{{"text", "x", "objective", "nothing"}, {"text", "", "objective", "listen"}, {"text", "x", "objective", "listen", "sort", "improve", "action", "y", "desk", "nosuch"}} {
		if rec := b.post("/drill/observations", bad...); rec.Code != http.StatusUnprocessableEntity && rec.Code != http.StatusNotFound {
			t.Errorf("%v = %d", bad, rec.Code)
		}
	}
	if rec := as(b, "officer").post("/drill/observations", "sort", "strength", "objective", "listen", "text", "We are good."); !refused(rec) {
		t.Errorf("an officer observes: %d", rec.Code)
	}
	page := b.get("/drill?lang=en").Body.String()
	for _, s := range []string{"Heard within the hour.", "No holding statement.", "=Keep one ready.", "1 August", "Performed with some difficulty"} {
		if !strings.Contains(page, s) {
			t.Errorf("an officer does not read %q", s)
		}
	}
	if strings.Contains(page, `action="/drill/observations`) {
		t.Error("an officer sees the form of the evaluator")
	}
	var sheet struct {
		Objectives   []struct{ Name, Rating string }
		Observations []struct{ Sort, Action, Desk, Due string }
	}
	w.must(json.Unmarshal(as(b, "evaluator").get("/drill/sheet.json").Body.Bytes(), &sheet))
	if len(sheet.Observations) != 2 || sheet.Observations[1].Desk != "water" || sheet.Objectives[0].Rating != "some_difficulty" {
		t.Errorf("the sheet is %+v", sheet)
	}
	if csv := b.get("/drill/sheet.csv").Body.String(); !strings.Contains(csv, "'=Keep one ready.") || !strings.Contains(csv, "2026-08-01") {
		t.Errorf("the sheet as CSV: %s", csv)
	}
	b.post(at, "act", "remove")
	if list, _ = w.db.Observations(context.Background()); len(list) != 1 {
		t.Errorf("%d observations are left", len(list))
	}
}

// Where no drill is played, the page says so and how to start one.
func TestNoDrill(t *testing.T) {
	w := newWorld(t)
	o := w.options()
	o.Drills = []office.DrillOffer{{Name: "water", Title: "Tap water after a flood", TitleZH: "洪水后的自来水", Posts: 414, Length: 72 * time.Hour}}
	b := w.join(o, "First", "administrator")
	page := b.get("/drill?lang=en").Body.String()
	for _, s := range []string{"No drill is running.", "Tap water after a flood", "414 messages over 3 days", "hearback serve --drill-file water", "hearback drill water"} {
		if !strings.Contains(page, s) {
			t.Errorf("the page does not say %q", s)
		}
	}
	if rec := b.get("/drill/sheet"); rec.Code != http.StatusNotFound {
		t.Errorf("a sheet of no drill = %d", rec.Code)
	}
}
