package app

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/notify"
	"example.org/hearback/internal/notify/webhook"
)

// A receiver is a program outside that is told of answers.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	answer int
	got    []received
}

type received struct {
	header http.Header
	body   []byte
	Type   string
	Data   struct {
		State, URL, Reason, SHA256 string
		Revision                   int
		Topics                     []string
		Words                      json.RawMessage
	}
}

func (r received) String() string { return string(r.body) }

func newReceiver(t *testing.T) *receiver {
	r := &receiver{answer: http.StatusNoContent}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		b, _ := io.ReadAll(q.Body)
		x := received{header: q.Header, body: b}
		if err := json.Unmarshal(b, &x); err != nil {
			t.Errorf("%s: %v", b, err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.got = append(r.got, x)
		w.WriteHeader(r.answer)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) take() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	got := r.got
	r.got = nil
	return got
}

// TestReceivers: those who asked are told of an answer, its correction and its
// withdrawal, signed, again until it arrives, and only of what they asked for.
func TestReceivers(t *testing.T) {
	a, clock := serving(t, nil)
	ctx := t.Context()
	topic, err := a.Topics.Add(ctx, Operator(), hearback.Topic{Name: "Drinking water", Query: `"tap water" OR 自来水`, Reason: "We owe answers about it."})
	if err == nil {
		err = a.Reload(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	all, some := newReceiver(t), newReceiver(t)
	add := func(name, to string, w notify.Wants) string {
		t.Helper()
		_, secret, err := a.Notify.Put(ctx, Operator(), notify.Channel{Owner: notify.Outside, Way: notify.Webhook, Name: name, Lang: "en", Wants: w}, to, "")
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	secret := add("Newsroom", all.URL+"/T0P", notify.Wants{})
	add("Water map", some.URL, notify.Wants{Topics: []hearback.ID{topic.ID}, Lang: "zh"})
	add("A private host", "http://10.9.8.7/", notify.Wants{})
	if _, _, err := a.Notify.Put(ctx, Operator(), notify.Channel{Owner: notify.Outside, Way: notify.Mail, Name: "x", Lang: "en"}, "x@example.org", ""); err == nil {
		t.Error("a receiver outside by e-mail was taken")
	}
	tick := func(d time.Duration) {
		t.Helper()
		clock.pass(d)
		if err := a.Notify.Tick(ctx); err != nil {
			t.Fatal(err)
		}
	}

	x := say(t, a, "Is the tap water safe to drink after the flood?", water...)
	say(t, a, "Where does bus 14 stop while the bridge is closed?", hearback.Text{Lang: "en", Title: "Bus 14 stops at the market", Lead: "While the bridge is closed, bus 14 stops at the market.", Next: "Until Friday."})
	all.answer = http.StatusServiceUnavailable
	tick(time.Second)
	first := all.take()
	if len(first) != 1 { // the second waits for the first
		t.Fatalf("%d tries while the receiver is away, want 1", len(first))
	}
	if got := some.take(); len(got) != 1 || got[0].Data.URL != a.PublicURL()+x.Path() {
		t.Fatalf("who asked for a topic got %+v", got)
	}
	all.mu.Lock()
	all.answer = http.StatusNoContent
	all.mu.Unlock()
	tick(time.Minute)
	got := all.take()
	if len(got) != 2 {
		t.Fatalf("%d deliveries after the receiver came back, want 2", len(got))
	}
	g := got[0]
	if g.Type != "hearback.answer.published" && got[1].Type != "hearback.answer.published" || g.header.Get("webhook-id") == "" {
		t.Errorf("got %s", g.body)
	}
	for _, g := range got {
		if g.Data.URL == first[0].Data.URL && g.header.Get("webhook-id") != first[0].header.Get("webhook-id") {
			t.Error("another try has another id")
		}
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	sec, err := strconv.ParseInt(g.header.Get("webhook-timestamp"), 10, 64)
	if want := webhook.Sign(key, g.header.Get("webhook-id"), time.Unix(sec, 0), g.body); err != nil || g.header.Get("webhook-signature") != want {
		t.Errorf("webhook-signature %q, want %q", g.header.Get("webhook-signature"), want)
	}

	// The words are those that the log vouches for.
	for _, g := range got {
		if g.Data.URL != a.PublicURL()+x.Path() {
			continue
		}
		body, _ := get(t, a, x.Path()+"/data", 200)
		sum := sha256.Sum256([]byte(body))
		var sent, page any
		if json.Unmarshal(g.Data.Words, &sent) != nil || json.Unmarshal([]byte(body), &page) != nil || hex.EncodeToString(sum[:]) != g.Data.SHA256 {
			t.Errorf("hash of %s is not %s", body, g.Data.SHA256)
		}
		one, _ := json.Marshal(sent)
		two, _ := json.Marshal(page)
		if string(one) != string(two) || len(g.Data.Topics) != 1 || g.Data.Topics[0] != "Drinking water" {
			t.Errorf("sent %s about %v, the page has %s", one, g.Data.Topics, two)
		}
	}

	// A correction that leaves the topic still reaches who was told.
	a.Answers.Reviewers = func(context.Context) (int, error) { return 1, nil }
	correct(t, a, x, "We had the wrong pipe.", hearback.Text{Lang: "zh", Title: "请先烧开再饮用", Lead: "一处水样不合格。", Next: "周五。"})
	tick(time.Minute)
	for name, r := range map[string]*receiver{"all": all, "topic": some} {
		if got := r.take(); len(got) != 1 || got[0].Type != "hearback.answer.corrected" || got[0].Data.State != "corrected" || got[0].Data.Revision != 2 || got[0].Data.Reason != "We had the wrong pipe." {
			t.Errorf("%s: after the correction %d: %s", name, len(got), got)
		}
	}
	if _, err := a.Answers.Withdraw(ctx, reviewer1, x.ID, "It was not so."); err != nil {
		t.Fatal(err)
	}
	tick(time.Minute)
	if got := all.take(); len(got) != 1 || got[0].Type != "hearback.answer.withdrawn" || got[0].Data.Reason != "It was not so." || got[0].Data.Words != nil {
		t.Errorf("after the withdrawal %s", got)
	}
	list, err := a.Notify.Deliveries(ctx, notify.DeliveryFilter{Limit: 50})
	states := map[string]map[notify.State]int{}
	for _, d := range list {
		if states[d.Name] == nil {
			states[d.Name] = map[notify.State]int{}
		}
		states[d.Name][d.State]++
		if d.Name == "A private host" && (d.State == notify.Sent || d.State == notify.Waiting && !strings.Contains(d.Reason, "network.allow")) {
			t.Errorf("a private host was reached: %s %q", d.State, d.Reason)
		}
	}
	if err != nil || states["Newsroom"][notify.Sent] != 4 || states["Water map"][notify.Sent] != 3 {
		t.Errorf("the log of deliveries is %v, %v", states, err)
	}
	for _, d := range list {
		if strings.Contains(d.Text.Body+d.Reason, "T0P") {
			t.Error("the log holds the address")
		}
	}
}

// correct publishes a correction, as an office of two does.
func correct(t *testing.T, a *App, x *hearback.Answer, reason string, texts ...hearback.Text) {
	t.Helper()
	ctx := t.Context()
	now := mustAnswer(t, a, x.ID)
	now, err := a.Answers.Draft(ctx, officer, x.Case, texts, reason, now.Version)
	if err == nil {
		_, err = a.Answers.Submit(ctx, officer, x.ID)
	}
	if err == nil {
		_, err = a.Answers.Approve(ctx, reviewer1, x.ID, now.Draft().Hash(), "")
	}
	if err == nil {
		_, err = liveAnswers{a.Answers, a}.Publish(ctx, reviewer1, x.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
}
