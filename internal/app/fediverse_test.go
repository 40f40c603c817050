package app

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
)

// until lets two offices talk until a condition holds.
func until(t *testing.T, what string, offices []*App, ok func() bool) {
	t.Helper()
	for range 50 {
		if ok() {
			return
		}
		for _, a := range offices {
			if err := a.greet(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := a.spread(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	t.Fatalf("%s: it does not come", what)
}

// TestTwoOffices: two instances follow each other over loopback, and each sees
// what the other publishes, corrects and withdraws.
func TestTwoOffices(t *testing.T) {
	a, _ := serving(t, func(c *Config) { c.Publish.Fediverse = "answers" })
	b, _ := serving(t, func(c *Config) {
		c.Publish.Fediverse, c.Publish.Neighbours, c.Office.Name = "answers", []string{a.PublicURL()}, "Next Town Desk"
	})
	a.fediverse.Neighbours = []string{b.PublicURL() + "/ap/actor"} // its port was not known before
	both := []*App{a, b}
	audience := func(x *App) int64 {
		n, err := x.Store.Audience(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	until(t, "each follows the other", both, func() bool { return audience(a) == 1 && audience(b) == 1 })

	host := strings.TrimPrefix(a.PublicURL(), "http://")
	if body, h := get(t, a, "/.well-known/webfinger?resource=acct:answers@"+host, 200); !strings.Contains(body, a.PublicURL()+"/ap/actor") || !strings.HasPrefix(h.Get("Content-Type"), "application/jrd+json") {
		t.Errorf("webfinger = %s", body)
	}
	get(t, a, "/.well-known/webfinger?resource=acct:somebody@"+host, 404)
	if body, _ := get(t, a, "/nodeinfo/2.1", 200); !strings.Contains(body, "activitypub") {
		t.Errorf("nodeinfo = %s", body)
	}
	if body, _ := get(t, a, "/ap/audience", 200); !strings.Contains(body, `"totalItems":0`) || strings.Contains(body, b.PublicURL()) {
		t.Errorf("who follows is shown: %s", body)
	}

	heard := func(x *App) string {
		list, err := x.Store.Neighbours(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		var s []string
		for _, n := range list {
			s = append(s, n.Title)
		}
		return strings.Join(s, "|")
	}
	x := say(t, a, "Is the tap water safe to drink after the flood?", water...)
	y := say(t, b, "Where does bus 14 stop while the bridge is closed?", hearback.Text{Lang: "en", Title: "Bus 14 stops at the <market> & the school", Lead: "While the bridge is closed.", Next: "Until Friday."})
	until(t, "each hears the other", both, func() bool {
		return heard(b) == "The tap water is safe again" && heard(a) == "Bus 14 stops at the ‹market› & the school"
	})
	var note map[string]any
	if body, _ := get(t, a, "/ap/answers/"+x.ID.String(), 200); json.Unmarshal([]byte(body), &note) != nil || note["type"] != "Note" || note["attributedTo"] != a.PublicURL()+"/ap/actor" {
		t.Errorf("the note is %v", note)
	}
	if body, _ := get(t, b, "/ap/outbox", 200); !strings.Contains(body, "/ap/answers/"+y.ID.String()) || strings.Contains(body, "<market>") {
		t.Errorf("the outbox is %s", body)
	}
	if _, err := a.Answers.Draft(t.Context(), officer, x.Case, []hearback.Text{{Lang: "en", Title: "The tap water is safe in all streets", Lead: "All are tested.", Next: "Friday at 12:00."}}, "More streets were tested.", x.Version); err != nil {
		// The version moved on when it was published.
		now, gerr := a.Store.Answer(t.Context(), x.ID)
		if gerr != nil {
			t.Fatal(gerr)
		}
		if _, err = a.Answers.Draft(t.Context(), officer, x.Case, []hearback.Text{{Lang: "en", Title: "The tap water is safe in all streets", Lead: "All are tested.", Next: "Friday at 12:00."}}, "More streets were tested.", now.Version); err != nil {
			t.Fatal(err)
		}
	}
	d, err := a.Answers.Submit(t.Context(), officer, x.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, by := range []hearback.Actor{reviewer1, reviewer2} {
		if d, err = a.Answers.Approve(t.Context(), by, x.ID, d.Draft().Hash(), ""); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.Answers.Publish(t.Context(), reviewer1, x.ID); err != nil {
		t.Fatal(err)
	}
	until(t, "a correction is heard", both, func() bool { return heard(b) == "The tap water is safe in all streets" })
	if _, err := a.Answers.Withdraw(t.Context(), reviewer1, x.ID, "Superseded."); err != nil {
		t.Fatal(err)
	}
	until(t, "a withdrawal is heard", both, func() bool { return heard(b) == "" })
	if body, _ := get(t, a, "/ap/answers/"+x.ID.String(), 200); !strings.Contains(body, "Tombstone") {
		t.Errorf("after the withdrawal the note is %s", body)
	}
}

// A fan is somebody on another server, who may misbehave.
type fan struct {
	*httptest.Server
	key   *rsa.PrivateKey
	got   chan []byte // what was delivered to the inbox
	gone  bool
	owner string // whose key the actor shows, if not its own
	only9 bool   // the inbox reads RFC 9421 alone
}

func newFan(t *testing.T) *fan {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	f := &fan{key: key, got: make(chan []byte, 20)}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			if f.only9 && r.Header.Get("Signature-Input") == "" {
				http.Error(w, "sign as RFC 9421 has it", http.StatusUnauthorized)
				return
			}
			b, _ := io.ReadAll(r.Body)
			f.got <- b
			w.WriteHeader(http.StatusAccepted)
			return
		}
		if f.gone {
			w.WriteHeader(http.StatusGone)
			return
		}
		owner := f.actor()
		if f.owner != "" {
			owner = f.owner
		}
		json.NewEncoder(w).Encode(map[string]any{"id": f.actor(), "type": "Person", "inbox": f.URL + "/inbox",
			"publicKey": map[string]any{"id": f.actor() + "#main-key", "owner": owner, "publicKeyPem": pemOf(t, &f.key.PublicKey)}})
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *fan) actor() string { return f.URL + "/users/fan" }

// send signs an activity and posts it; change, if it is not nil, spoils the
// request after it was signed.
func (f *fan) send(t *testing.T, a *App, at time.Time, body string, change func(*http.Request)) int {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, a.PublicURL()+"/ap/inbox", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(body))
	req.Header.Set("Content-Type", "application/activity+json")
	req.Header.Set("Date", at.UTC().Format(http.TimeFormat))
	req.Header.Set("Digest", "SHA-256="+base64.StdEncoding.EncodeToString(sum[:]))
	text := fmt.Sprintf("(request-target): post /ap/inbox\nhost: %s\ndate: %s\ndigest: %s", req.URL.Host, req.Header.Get("Date"), req.Header.Get("Digest"))
	hash := sha256.Sum256([]byte(text))
	sig, err := rsa.SignPKCS1v15(rand.Reader, f.key, crypto.SHA256, hash[:])
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Signature", fmt.Sprintf(`keyId="%s#main-key",algorithm="rsa-sha256",headers="(request-target) host date digest",signature="%s"`, f.actor(), base64.StdEncoding.EncodeToString(sig)))
	if change != nil {
		change(req)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}

func (f *fan) follow(a *App, n int) string {
	return fmt.Sprintf(`{"@context":"https://www.w3.org/ns/activitystreams","id":"%s/f%d","type":"Follow","actor":"%s","object":"%s/ap/actor"}`, f.URL, n, f.actor(), a.PublicURL())
}

// TestFollowFromElsewhere: somebody follows, is told, and leaves; and nothing
// stored says who it was.
func TestFollowFromElsewhere(t *testing.T) {
	a, clock := serving(t, func(c *Config) { c.Publish.Fediverse = "answers" })
	f := newFan(t)
	f.only9 = true
	if code := f.send(t, a, clock.Now(), f.follow(a, 1), nil); code != http.StatusAccepted {
		t.Fatalf("Follow = %d", code)
	}
	if err := a.spread(t.Context()); err != nil {
		t.Fatal(err)
	}
	if b := <-f.got; !bytes.Contains(b, []byte(`"Accept"`)) || !bytes.Contains(b, []byte(f.URL+"/f1")) {
		t.Errorf("the answer to a Follow is %s", b)
	}
	say(t, a, "Is the tap water safe to drink after the flood?", water...)
	if err := a.spread(t.Context()); err != nil {
		t.Fatal(err)
	}
	if b := <-f.got; !bytes.Contains(b, []byte(`"Create"`)) || !bytes.Contains(b, []byte("自来水已恢复饮用安全")) {
		t.Errorf("what is delivered is %s", b)
	}
	list, err := a.Store.Inboxes(t.Context())
	if err != nil || len(list) != 1 || bytes.Contains(list[0], []byte("127.0.0.1")) || bytes.Contains(list[0], []byte("fan")) {
		t.Errorf("what is kept of who follows is %q, %v", list, err)
	}
	undo := fmt.Sprintf(`{"id":"%s/u1","type":"Undo","actor":"%s","object":%s}`, f.URL, f.actor(), f.follow(a, 1))
	if code := f.send(t, a, clock.Now(), undo, nil); code != http.StatusAccepted {
		t.Errorf("Undo = %d", code)
	}
	if n, _ := a.Store.Audience(t.Context()); n != 0 {
		t.Errorf("%d follow after the one has left", n)
	}

	// An account that was deleted leaves too, when its host says that it is gone.
	f.send(t, a, clock.Now(), f.follow(a, 2), nil)
	del := fmt.Sprintf(`{"id":"%s/d1","type":"Delete","actor":"%s","object":"%s"}`, f.URL, f.actor(), f.actor())
	f.gone = true
	if code := f.send(t, a, clock.Now(), del, nil); code != http.StatusAccepted {
		t.Errorf("Delete = %d", code)
	}
	if n, _ := a.Store.Audience(t.Context()); n != 0 {
		t.Errorf("%d follow after the account was deleted", n)
	}
}

// TestHostileInbox: what is huge, deep, badly signed, old, sent again or in
// somebody else's name is refused, and leaves nothing behind.
func TestHostileInbox(t *testing.T) {
	a, clock := serving(t, func(c *Config) { c.Publish.Fediverse = "answers" })
	f, other := newFan(t), newFan(t)
	now := clock.Now()
	n := 10
	next := func() string { n++; return f.follow(a, n) }
	deep := strings.Repeat(`{"a":`, 30) + "1" + strings.Repeat("}", 30)
	for _, tt := range []struct {
		name   string
		at     time.Time
		body   string
		change func(*http.Request)
		want   int
	}{
		{"huge", now, `{"type":"Follow","x":"` + strings.Repeat("x", 100<<10) + `"}`, nil, 413},
		{"deep", now, `{"type":"Follow","object":` + deep + `}`, nil, 400},
		{"deeper than a stack", now, strings.Repeat("[", 60000), nil, 400},
		{"not JSON", now, `<xml/>`, nil, 400},
		{"a list", now, `[1,2]`, nil, 400},
		{"no actor", now, `{"id":"x","type":"Follow"}`, nil, 400},
		{"actor that is no address", now, `{"id":"http://127.0.0.1/1","type":"Follow","actor":"file:///etc/passwd"}`, nil, 400},
		{"id of another host", now, strings.Replace(next(), f.URL+"/f", "http://elsewhere.example/f", 1), nil, 400},
		{"no signature", now, next(), func(r *http.Request) { r.Header.Del("Signature") }, 401},
		{"two signatures", now, next(), func(r *http.Request) { r.Header.Add("Signature", r.Header.Get("Signature")) }, 401},
		{"body changed", now, next(), func(r *http.Request) {
			b := strings.Replace(f.follow(a, n), "Follow", "Undo", 1)
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(b)), int64(len(b))
		}, 401},
		{"digest changed with the body", now, next(), func(r *http.Request) {
			b := f.follow(a, n) + " "
			sum := sha256.Sum256([]byte(b))
			r.Header.Set("Digest", "SHA-256="+base64.StdEncoding.EncodeToString(sum[:]))
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(b)), int64(len(b))
		}, 401},
		{"digest not signed", now, next(), func(r *http.Request) {
			r.Header.Set("Signature", strings.Replace(r.Header.Get("Signature"), " digest", "", 1))
		}, 401},
		{"old", now.Add(-13 * time.Hour), next(), nil, 401},
		{"of tomorrow", now.Add(24 * time.Hour), next(), nil, 401},
		{"another's key", now, strings.ReplaceAll(next(), f.URL, other.URL), nil, 401},
		{"a key of a host inside", now, next(), func(r *http.Request) {
			r.Header.Set("Signature", strings.Replace(r.Header.Get("Signature"), f.actor(), "http://10.0.0.1/x", 1))
		}, 401},
		{"another actor", now, strings.Replace(next(), a.PublicURL()+"/ap/actor", a.PublicURL()+"/ap/nobody", 1), nil, 404},
		{"a post of a stranger", now, `{"id":"` + f.URL + `/c1","type":"Create","actor":"` + f.actor() + `","object":{"type":"Note","content":"buy"}}`, nil, 202},
		{"a like", now, `{"id":"` + f.URL + `/l1","type":"Like","actor":"` + f.actor() + `"}`, nil, 202},
	} {
		if got := f.send(t, a, tt.at, tt.body, tt.change); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
	if n, _ := a.Store.Audience(t.Context()); n != 0 {
		t.Errorf("%d follow after all this", n)
	}
	if list, _ := a.Store.Neighbours(t.Context(), 5); len(list) != 0 {
		t.Errorf("a stranger is heard: %v", list)
	}

	// A key that its actor does not own.
	f.owner = other.actor()
	if got := f.send(t, a, now, next(), nil); got != 401 {
		t.Errorf("a key of another owner: %d", got)
	}
	f.owner = ""

	// A replay: after an unfollowing, the same Follow does nothing.
	follow := next()
	undo := fmt.Sprintf(`{"id":"%s/u9","type":"Undo","actor":"%s","object":%s}`, f.URL, f.actor(), follow)
	for _, body := range []string{follow, undo, follow} {
		if got := f.send(t, a, now, body, nil); got != 202 {
			t.Errorf("%.80s: %d", body, got)
		}
	}
	if n, _ := a.Store.Audience(t.Context()); n != 0 {
		t.Error("a Follow that was sent again is taken again")
	}
	// Who makes us fetch keys without end is told to stop.
	slow := 0
	for i := range 320 {
		if f.send(t, a, now.Add(-24*time.Hour), f.follow(a, 1000+i), nil) == http.StatusTooManyRequests {
			slow++
		}
	}
	if slow == 0 {
		t.Error("the inbox may be asked without end")
	}
}

func pemOf(t *testing.T, key *rsa.PublicKey) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}
