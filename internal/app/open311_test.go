package app

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/publish/open311"
)

// TestCaseToCityDesk: a case of one office goes to the desk of another by
// Open311, its status comes back, and both say so in public without a word of
// any message.
func TestCaseToCityDesk(t *testing.T) {
	city, _ := serving(t, func(c *Config) { c.Open311.Serve = true })
	a, clock := serving(t, func(c *Config) {
		c.Open311.Desks = []OpenDesk{{Desk: "front", URL: city.PublicURL() + "/open311/v2", Key: "k", Service: "front", Address: "City Hall"}}
	})
	x := say(t, a, "Where does bus 14 stop while the bridge is closed?", hearback.Text{Lang: "en", Title: "We ask the city when the bridge opens", Lead: "We do not know yet.", Next: "Friday at 12:00.", Verdict: hearback.NotYetKnown})
	c, err := a.Store.Case(t.Context(), x.Case)
	if err != nil {
		t.Fatal(err)
	}
	if can, sent, err := a.SentTo(t.Context(), c); !can || sent != nil || err != nil {
		t.Fatalf("SentTo = %t, %v, %v", can, sent, err)
	}
	if err := a.SendCase(t.Context(), officer, c.ID, "Call Mr Li on 13800138000 about the bridge."); err == nil {
		t.Error("a telephone number goes out")
	}
	if err := a.SendCase(t.Context(), officer, c.ID, "Please say when the harbour bridge opens again for buses."); err != nil {
		t.Fatal(err)
	}
	if err := a.SendCase(t.Context(), officer, c.ID, "Please say when the harbour bridge opens again for buses."); err == nil {
		t.Error("a case is sent twice")
	}
	if err := a.spread(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, err := a.Store.SentCase(t.Context(), c.ID)
	if err != nil || s.Status != "open" || s.Request == "" {
		t.Fatalf("SentCase = %+v, %v", s, err)
	}
	list, err := a.Store.EntriesAbout(t.Context(), "case:"+c.ID.String(), 1)
	if err != nil || list[0].Type != hearback.CaseSent || strings.Contains(string(list[0].Leaf), "bus 14") {
		t.Errorf("the newest entry about the case is %s, %v", list[0].Leaf, err)
	}

	// The city answers, and the office hears of it.
	src, err := city.Store.SourceBySlug(t.Context(), askSlug)
	if err != nil {
		t.Fatal(err)
	}
	concern, err := city.Where(t.Context(), src.ID, s.Request)
	if err != nil {
		t.Fatalf("the report is not a message of the city: %v", err)
	}
	if err := city.Rehearse(t.Context(), concern, "front", hearback.P3, []hearback.Text{{Lang: "en", Title: "The bridge opens on Saturday", Lead: "It opens on Saturday at 06:00.", Next: "Saturday at 06:00."}}, officer, reviewer1, reviewer2); err != nil {
		t.Fatal(err)
	}
	clock.pass(2 * time.Hour)
	if err := a.askDesks(t.Context(), clock.Now()); err != nil {
		t.Fatal(err)
	}
	if s, err = a.Store.SentCase(t.Context(), c.ID); err != nil || s.Status != open311.Closed || !strings.Contains(s.Note, "The bridge opens on Saturday") {
		t.Errorf("after the city answered: %+v, %v", s, err)
	}
	if list, err := a.Store.EntriesAbout(t.Context(), "case:"+c.ID.String(), 1); err != nil || list[0].Type != hearback.CaseHeard {
		t.Errorf("the newest entry is %s, %v", list[0].Leaf, err)
	}
	if body, _ := get(t, city, "/open311/v2/requests.xml", 200); !strings.Contains(body, "The bridge opens on Saturday") || strings.Contains(body, "harbour") {
		t.Errorf("the list of the city is %s", body)
	}
	if body, _ := get(t, city, "/open311/v2/services.json", 200); !strings.Contains(body, "Front desk") {
		t.Errorf("services = %s", body)
	}
	get(t, a, "/open311/v2/services.json", 404) // it takes no reports that way
	slow := false
	for range 40 {
		res, err := http.PostForm(city.PublicURL()+"/open311/v2/requests.xml", url.Values{"service_code": {"front"}, "description": {"x"}})
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		slow = slow || res.StatusCode == http.StatusTooManyRequests
	}
	if !slow {
		t.Error("one network may file reports without end")
	}
}

// TestCityDeskAsksForMore: a desk that asks for an attribute refuses a case, and
// the case says what to set; when it is set the desk takes the next, and what
// the desk says in its updates comes back when its state has no notes.
func TestCityDeskAsksForMore(t *testing.T) {
	updated := ""
	city := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method + " " + r.URL.Path {
		case "GET /services/POT.xml":
			io.WriteString(w, "<service_definition><attributes><attribute><code>depth</code><description>how deep it is</description><required>true</required></attribute></attributes></service_definition>")
		case "POST /requests.xml":
			if r.FormValue("attribute[depth]") == "" {
				w.WriteHeader(http.StatusBadRequest)
				io.WriteString(w, "<errors><error><code>400</code><description>something is missing</description></error></errors>")
				return
			}
			io.WriteString(w, "<service_requests><request><service_request_id>7</service_request_id></request></service_requests>")
		case "GET /requests/7.xml":
			io.WriteString(w, "<service_requests><request><service_request_id>7</service_request_id><status>open</status><updated_datetime>2026-03-01T00:00:00Z</updated_datetime></request></service_requests>")
		case "GET /servicerequestupdates.xml":
			io.WriteString(w, updated)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer city.Close()
	a, clock := serving(t, func(c *Config) {
		c.Open311.Desks = []OpenDesk{{Desk: "front", URL: city.URL, Service: "POT", Address: "City Hall"}}
	})
	send := func(question string) hearback.ID {
		t.Helper()
		x := say(t, a, question, hearback.Text{Lang: "en", Title: "We ask the city", Lead: "We do not know yet.", Next: "Friday at 12:00.", Verdict: hearback.NotYetKnown})
		if err := a.SendCase(t.Context(), officer, x.Case, "Please look at the hole in the road at the school gate."); err != nil {
			t.Fatal(err)
		}
		if err := a.spread(t.Context()); err != nil {
			t.Fatal(err)
		}
		return x.Case
	}
	first := send("When is the hole in the road at the school gate mended?")
	if s, err := a.Store.SentCase(t.Context(), first); err != nil || s.Status != open311.Refused || !strings.Contains(s.Note, "something is missing") || !strings.Contains(s.Note, "depth (how deep it is)") {
		t.Errorf("SentCase = %+v, %v", s, err)
	}
	a.Config.Open311.Desks[0].Attributes = map[string]string{"depth": "12"}
	second := send("Who repairs the broken swing on the playground in Dam Street?")
	if s, err := a.Store.SentCase(t.Context(), second); err != nil || s.Status != "open" || s.Request != "7" {
		t.Fatalf("SentCase = %+v, %v", s, err)
	}
	clock.pass(2 * time.Hour)
	updated = "<service_request_updates><request_update><service_request_id>7</service_request_id><status>ACTION_SCHEDULED</status><description>The crew comes on Friday.</description><updated_datetime>2026-03-19T02:00:00Z</updated_datetime></request_update></service_request_updates>"
	if err := a.askDesks(t.Context(), clock.Now()); err != nil {
		t.Fatal(err)
	}
	if s, err := a.Store.SentCase(t.Context(), second); err != nil || s.Status != "action_scheduled" || s.Note != "The crew comes on Friday." {
		t.Errorf("SentCase = %+v, %v", s, err)
	}
	// A desk without updates is asked all the same.
	clock.pass(2 * time.Hour)
	updated = "<html>"
	if err := a.askDesks(t.Context(), clock.Now()); err != nil {
		t.Fatal(err)
	}
	if s, err := a.Store.SentCase(t.Context(), second); err != nil || s.Status != "open" {
		t.Errorf("SentCase = %+v, %v", s, err)
	}
}
