package app

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mmcdole/gofeed"

	"example.org/hearback"
	"example.org/hearback/internal/publish"
	"example.org/hearback/internal/source"
)

// An officeClock is a clock that a test moves.
type officeClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *officeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *officeClock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// serving is an office that serves its pages on loopback, and may connect
// there.
func serving(t testing.TB, set func(*Config)) (*App, *officeClock) {
	t.Helper()
	clock := &officeClock{now: time.Date(2026, 3, 18, 9, 0, 0, 0, time.UTC)}
	c := Defaults()
	c.Data, c.Office.Zone, c.Network.Allow = t.TempDir(), "UTC", []string{"127.0.0.1"}
	c.Office.Name, c.Office.NameZH = "Linmere Information Desk", "临湖市信息台"
	c.Console.Listen, c.Public.Listen = "127.0.0.1:0", "127.0.0.1:0"
	if set != nil {
		set(&c)
	}
	a, err := New(t.Context(), c, Options{Now: clock.Now, Log: slog.New(slog.DiscardHandler), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.Cases.Allowed, a.Answers.Allowed = nil, nil // who may do what is tested elsewhere
	return a, clock
}

var officer, reviewer1, reviewer2 = hearback.Actor{ID: 11, Role: "officer", Number: 1}, hearback.Actor{ID: 12, Role: "reviewer", Number: 1}, hearback.Actor{ID: 13, Role: "reviewer", Number: 2}

// say publishes an answer to something that is asked, as an office does.
func say(t *testing.T, a *App, question string, texts ...hearback.Text) *hearback.Answer {
	t.Helper()
	ctx := t.Context()
	src, err := a.Store.SourceBySlug(ctx, askSlug)
	if err != nil {
		t.Fatal(err)
	}
	post := a.ids.Next(a.now()).String()
	if _, err := a.Pipeline.Take(ctx, src.ID, []source.Raw{{Post: post, At: a.now(), Text: question}}, nil); err != nil {
		t.Fatal(err)
	}
	concern, err := a.Where(ctx, src.ID, post)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Rehearse(ctx, concern, "front", hearback.P3, texts, officer, reviewer1, reviewer2); err != nil {
		t.Fatal(err)
	}
	list, err := a.Published(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range list {
		if x.Concern == concern {
			return &x
		}
	}
	t.Fatal("the answer is not public")
	return nil
}

var water = []hearback.Text{
	{Lang: "en", Title: "The tap water is safe again", Lead: "We tested the water at six places. It is safe to drink.", Do: "Let the tap run for two minutes.", Next: "We test again on Friday at 12:00."},
	{Lang: "zh", Title: "自来水已恢复饮用安全", Lead: "我们检测了六处水样，均可放心饮用。", Do: "放水两分钟后再用。", Next: "周五12:00再次检测。"},
}

// get reads a page of the public site.
func get(t *testing.T, a *App, path string, want int) (string, http.Header) {
	t.Helper()
	res, err := http.Get(a.PublicURL() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != want {
		t.Fatalf("%s: %s, %v, want %d\n%.500s", path, res.Status, err, want, b)
	}
	return string(b), res.Header
}

// TestForms: one approved text, in every form, from a running office.
func TestForms(t *testing.T) {
	a, _ := serving(t, func(c *Config) { c.Publish.CAP = "test" })
	topic, err := a.Topics.Add(t.Context(), Operator(), hearback.Topic{Name: "Drinking water", Query: `"tap water" OR 自来水`, Reason: "We owe answers about it."})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	x := say(t, a, "Is the tap water safe to drink after the flood?", water...)
	say(t, a, "Where does bus 14 stop while the bridge is closed?", hearback.Text{Lang: "en", Title: "Bus 14 stops at the market", Lead: "While the bridge is closed, bus 14 stops at the market.", Next: "Until Friday."})

	// Feeds: of all, of a topic; with discovery in the headers.
	for path, want := range map[string]int{"/feed.atom?lang=en": 2, "/feed.json?lang=en": 2, "/feed.json?lang=zh": 1, "/feed.atom?lang=en&topic=" + topic.ID.String(): 1, "/feed.json?lang=en&area=nowhere": 0} {
		body, h := get(t, a, path, 200)
		f, err := gofeed.NewParser().ParseString(body)
		if err != nil || len(f.Items) != want {
			t.Errorf("%s: %v, %v items, want %d", path, err, f, want)
		}
		if link := h.Get("Link"); !strings.Contains(link, `rel="self"`) || strings.Contains(link, "hub") {
			t.Errorf("%s: Link = %q", path, link)
		}
	}
	if _, err := a.Topics.Add(t.Context(), Operator(), hearback.Topic{Name: "Buses", Query: "bus", Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	get(t, a, "/feed.atom?topic=0000", 404)

	at := x.Path()
	if body, h := get(t, a, at+"/cap", 200); !strings.Contains(body, "<status>Test</status>") || !strings.Contains(body, "<language>zh</language>") || !strings.HasPrefix(h.Get("Content-Type"), "application/cap+xml") {
		t.Errorf("CAP is %s", body)
	}
	get(t, a, at+"/cap?message=2", 404)
	if body, _ := get(t, a, at+"/aloud?text=zh", 200); !strings.Contains(body, "临湖市信息台，2026年3月18日。") {
		t.Errorf("to be read out: %s", body)
	}
	if body, _ := get(t, a, at+"/sms?text=en", 200); len(body) > 161 || !strings.Contains(body, "safe again") || !strings.Contains(body, a.PublicURL()+at) {
		t.Errorf("text message: %q", body)
	}
	if body, _ := get(t, a, at+"/print", 200); !strings.Contains(body, "自来水已恢复饮用安全") || !strings.Contains(body, "The tap water is safe again") || !strings.Contains(body, a.PublicURL()+at) {
		t.Error("the sheet for a notice board lacks a language or its address")
	}
	rows, err := csv.NewReader(strings.NewReader(first(get(t, a, "/data/answers.csv", 200)))).ReadAll()
	if err != nil || len(rows) != 4 || rows[1][11] != "" || rows[1][12] != "true" {
		t.Errorf("answers.csv = %v, %v; one voice must be withheld", rows, err)
	}
	var data []map[string]any
	if err := json.Unmarshal([]byte(first(get(t, a, "/data/answers.json", 200))), &data); err != nil || len(data) != 3 || data[0]["voices"] != nil {
		t.Errorf("answers.json = %v, %v", data, err)
	}
	get(t, a, "/data/questions.csv", 200)
	get(t, a, "/data/accounts.csv", 404)

	// A search finds what was just published.
	if m := a.match(t.Context(), "tap water safe", "en", 3); len(m) == 0 || m[0].Answer != x.ID {
		t.Errorf("match = %+v", m)
	}
	// What was withdrawn is not printed or sent, and its forms say so.
	if _, err := (liveAnswers{a.Answers, a}).Withdraw(t.Context(), reviewer1, x.ID, "Two of the samples were mixed up."); err != nil {
		t.Fatal(err)
	}
	if m := a.match(t.Context(), "tap water safe", "en", 3); len(m) > 0 && m[0].Answer == x.ID {
		t.Error("a withdrawn answer is found")
	}
	get(t, a, at+"/sms", 404)
	if body, _ := get(t, a, at+"/cap", 200); !strings.Contains(body, "<msgType>Cancel</msgType>") {
		t.Errorf("CAP after the withdrawal: %s", body)
	}
	if body, _ := get(t, a, at+"/aloud?text=en", 200); !strings.Contains(body, "Withdrawn") || strings.Contains(body, "two minutes") {
		t.Errorf("to be read out after the withdrawal: %s", body)
	}
}

func first(s string, _ http.Header) string { return s }

// TestWebSub: a hub hears of every feed that changed, once for each act, also
// if it was away when the act happened.
func TestWebSub(t *testing.T) {
	var mu sync.Mutex
	var heard []string
	away := true
	hub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.Method != http.MethodPost || r.FormValue("hub.mode") != "publish" {
			t.Errorf("the hub got %s %v", r.Method, r.Form)
		}
		if away {
			http.Error(w, "later", http.StatusServiceUnavailable)
			return
		}
		heard = append(heard, r.FormValue("hub.url"))
		w.WriteHeader(http.StatusNoContent)
	}))
	defer hub.Close()
	a, clock := serving(t, func(c *Config) { c.Publish.Hub = hub.URL })
	x := say(t, a, "Is the tap water safe to drink after the flood?", water...)
	if body, h := get(t, a, "/feed.atom?lang=en", 200); !strings.Contains(h.Get("Link"), fmt.Sprintf(`<%s>; rel="hub"`, hub.URL)) || !strings.Contains(body, `rel="hub"`) {
		t.Errorf("the feed does not name its hub: %s", h.Get("Link"))
	}
	spread := func() {
		t.Helper()
		// The service does the same beside us; whoever comes second finds it done.
		if err := a.spread(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	spread()
	mu.Lock()
	if len(heard) > 0 {
		t.Errorf("heard %v while the hub was away", heard)
	}
	away = false
	mu.Unlock()
	clock.pass(2 * time.Minute)
	spread()
	want := []string{"/feed.atom?lang=en", "/feed.json?lang=en", "/feed.atom?lang=zh", "/feed.json?lang=zh"}
	mu.Lock()
	got := strings.Join(heard, " ")
	for _, path := range want {
		if strings.Count(got+" ", a.PublicURL()+path+" ") != 1 {
			t.Errorf("the hub heard %s, want %s once", got, path)
		}
	}
	heard = nil
	mu.Unlock()
	clock.pass(24 * time.Hour)
	spread()
	mu.Lock()
	if len(heard) > 0 {
		t.Errorf("heard again without an act: %v", heard)
	}
	mu.Unlock()
	if _, err := a.Answers.Withdraw(t.Context(), reviewer1, x.ID, "The samples were mixed up."); err != nil {
		t.Fatal(err)
	}
	spread()
	mu.Lock()
	defer mu.Unlock()
	if len(heard) != 4 {
		t.Errorf("after a withdrawal the hub heard %v", heard)
	}
}

// A delivery that never arrives is given up, and one that cannot is at once.
func TestDeliveriesEnd(t *testing.T) {
	a, clock := serving(t, nil)
	dead := httptest.NewServer(nil)
	dead.Close()
	gone := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) }))
	defer gone.Close()
	for i, d := range []publish.Delivery{{Kind: "websub", Target: []byte(dead.URL)}, {Kind: "websub", Target: []byte(gone.URL)}, {Kind: "pigeon"}} {
		d.ID, d.Body, d.Made, d.Due = hearback.ID(i+1), []byte("x"), clock.Now(), clock.Now()
		if d.Target == nil {
			d.Target = []byte{}
		}
		if err := a.Store.SendLater(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	left := func() int {
		list, err := a.Store.DueOutgoing(context.Background(), false, clock.Now().Add(100*24*time.Hour), 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	if err := a.sendDue(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if n := left(); n != 1 {
		t.Errorf("%d deliveries are left, want the one that may arrive later", n)
	}
	for range publish.Tries {
		clock.pass(25 * time.Hour)
		if err := a.sendDue(t.Context(), false); err != nil {
			t.Fatal(err)
		}
	}
	if n := left(); n != 0 {
		t.Errorf("%d deliveries are left after %d tries", n, publish.Tries)
	}
}
