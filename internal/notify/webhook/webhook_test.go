package webhook

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.org/hearback/internal/notify"
	"example.org/hearback/internal/source/safedial"
)

var (
	at  = time.Date(2026, 3, 18, 9, 0, 0, 0, time.UTC)
	msg = notify.Message{Key: "hb_1k3x", Kind: notify.Alert, Urgent: true, Lang: "zh", At: at, Text: notify.Text{Subject: "P1 评定为紧急", Body: "正文\n", Link: "https://console.test/concerns/1z"}}
)

// secret, id, time, body and signature of the reference implementations of
// Standard Webhooks.
const (
	vectorSecret    = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	vectorID        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	vectorTime      = 1614265330
	vectorBody      = `{"test": 2432232314}`
	vectorSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

func TestSignVector(t *testing.T) {
	key, err := notify.WebhookKey(vectorSecret)
	if err != nil {
		t.Fatal(err)
	}
	if got := Sign(key, vectorID, time.Unix(vectorTime, 0), []byte(vectorBody)); got != vectorSignature {
		t.Errorf("Sign = %s, want %s", got, vectorSignature)
	}
}

// A receiver keeps the requests it got and answers as it is told.
type receiver struct {
	*httptest.Server
	got    []*http.Request
	bodies []string
}

func receive(t *testing.T, answer http.HandlerFunc) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		b, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		r.got, r.bodies = append(r.got, req), append(r.bodies, string(b))
		if answer != nil {
			answer(w, req)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// hook returns a hook that may reach this machine, if allow says so.
func hook(t *testing.T, form Form, allow ...string) *Hook {
	t.Helper()
	c, err := safedial.New(safedial.Options{Allow: allow})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return &Hook{Form: form, Client: c, Explain: safedial.Explain}
}

func TestSigned(t *testing.T) {
	r := receive(t, nil)
	h := hook(t, Signed, "127.0.0.1")
	to := notify.Address{To: r.URL + "/hook?x=1", Secret: vectorSecret}
	later := msg
	later.At = at.Add(time.Hour) // the same message, tried again
	for _, m := range []notify.Message{msg, later} {
		if err := h.Send(t.Context(), to, m); err != nil {
			t.Fatal(err)
		}
	}
	key, _ := notify.WebhookKey(vectorSecret)
	for i, req := range r.got {
		sec, err := strconv.ParseInt(req.Header.Get("webhook-timestamp"), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := req.Header.Get("webhook-signature"), Sign(key, req.Header.Get("webhook-id"), time.Unix(sec, 0), []byte(r.bodies[i])); got != want {
			t.Errorf("signature %s, want %s", got, want)
		}
		if req.Header.Get("webhook-id") != "hb_1k3x" || req.URL.RequestURI() != "/hook?x=1" || req.Method != http.MethodPost {
			t.Errorf("%s %s, id %s", req.Method, req.URL.RequestURI(), req.Header.Get("webhook-id"))
		}
	}
	var body struct {
		Type, Timestamp string
		Data            struct {
			Subject, Text, URL, Lang string
			Urgent                   bool
		}
	}
	if err := json.Unmarshal([]byte(r.bodies[0]), &body); err != nil {
		t.Fatal(err)
	}
	if body.Type != "hearback.alert" || body.Timestamp != "2026-03-18T09:00:00Z" || body.Data.URL != msg.Link || body.Data.Subject != msg.Subject || body.Data.Text != msg.Body || !body.Data.Urgent || body.Data.Lang != "zh" {
		t.Errorf("body %s", r.bodies[0])
	}
}

func TestNtfy(t *testing.T) {
	r := receive(t, nil)
	long := msg
	long.Body = strings.Repeat("一行文字\n", 1000)
	for _, m := range []notify.Message{msg, long} {
		if err := hook(t, Ntfy, "127.0.0.1").Send(t.Context(), notify.Address{To: r.URL + "/linmere", Secret: "tk_1"}, m); err != nil {
			t.Fatal(err)
		}
	}
	if req := r.got[0]; req.URL.Path != "/" || req.Header.Get("Authorization") != "Bearer tk_1" {
		t.Errorf("%s, %s", req.URL.Path, req.Header.Get("Authorization"))
	}
	var body struct {
		Topic, Title, Message, Click string
		Priority                     int
	}
	if err := json.Unmarshal([]byte(r.bodies[0]), &body); err != nil || body.Topic != "linmere" || body.Title != msg.Subject || body.Message != msg.Body || body.Click != msg.Link || body.Priority != 5 {
		t.Errorf("body %s, %v", r.bodies[0], err)
	}
	if err := json.Unmarshal([]byte(r.bodies[1]), &body); err != nil || len(body.Message) > ntfyLimit+len("…") || !strings.HasSuffix(body.Message, "文字\n…") {
		t.Errorf("a long message has %d bytes and ends in %q, %v", len(body.Message), body.Message[max(0, len(body.Message)-20):], err)
	}
}

func TestMatrix(t *testing.T) {
	r := receive(t, nil)
	if err := hook(t, Matrix, "127.0.0.1").Send(t.Context(), notify.Address{To: r.URL + "/!room:linmere.example", Secret: "syt_1"}, msg); err != nil {
		t.Fatal(err)
	}
	req := r.got[0]
	if want := "/_matrix/client/v3/rooms/%21room:linmere.example/send/m.room.message/hb_1k3x"; req.Method != http.MethodPut || req.URL.EscapedPath() != want || req.Header.Get("Authorization") != "Bearer syt_1" {
		t.Errorf("%s %s, want PUT %s", req.Method, req.URL.EscapedPath(), want)
	}
	if want := `{"body":"P1 评定为紧急\n\n正文\n","msgtype":"m.text"}`; r.bodies[0] != want {
		t.Errorf("body %s, want %s", r.bodies[0], want)
	}
}

// TestAnswers: what the other side answers decides whether it is tried again,
// and when.
func TestAnswers(t *testing.T) {
	elsewhere := receive(t, nil)
	for _, tt := range []struct {
		code  int
		after string
		wait  time.Duration
		final bool
	}{
		{200, "", 0, false}, {204, "", 0, false},
		{301, "", 0, true}, {307, "", 0, true},
		{400, "", 0, true}, {401, "", 0, true}, {404, "", 0, true}, {410, "", 0, true}, {413, "", 0, true},
		{408, "", 0, false}, {429, "120", 2 * time.Minute, false}, {503, "Wed, 18 Mar 2026 09:05:00 GMT", 5 * time.Minute, false}, {500, "soon", 0, false}, {502, "-3", 0, false},
	} {
		r := receive(t, func(w http.ResponseWriter, _ *http.Request) {
			if tt.after != "" {
				w.Header().Set("Retry-After", tt.after)
			}
			w.Header().Set("Location", elsewhere.URL)
			w.WriteHeader(tt.code)
		})
		err := hook(t, Signed, "127.0.0.1").Send(t.Context(), notify.Address{To: r.URL + "/T0PS3CRET", Secret: vectorSecret}, msg)
		if tt.code < 300 {
			if err != nil {
				t.Errorf("%d: %v", tt.code, err)
			}
			continue
		}
		var f *notify.Fault
		if !errors.As(err, &f) || f.Final != tt.final || f.After != tt.wait || strings.Contains(f.Sentence, "T0PS3CRET") {
			t.Errorf("%d: %+v, want final %t, after %s", tt.code, f, tt.final, tt.wait)
		}
	}
	if len(elsewhere.got) > 0 {
		t.Error("a redirect was followed")
	}
}

// TestUnreachable: private addresses are refused, and no sentence holds more
// of an address than its host.
func TestUnreachable(t *testing.T) {
	r := receive(t, nil)
	gone := httptest.NewServer(nil)
	gone.Close()
	for _, tt := range []struct {
		name, to, say string
		allow         []string
	}{
		{"a private address", r.URL, "add it to network.allow", nil},
		{"nobody listens", gone.URL, "refuses connections", []string{"127.0.0.1"}},
		{"the metadata of a cloud", "http://169.254.169.254", "add it to network.allow", nil},
	} {
		err := hook(t, Signed, tt.allow...).Send(t.Context(), notify.Address{To: tt.to + "/T0PS3CRET", Secret: vectorSecret}, msg)
		var f *notify.Fault
		if !errors.As(err, &f) || !strings.Contains(f.Sentence, tt.say) || f.Final || strings.Contains(f.Sentence+f.Err.Error(), "T0PS3CRET") {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.say)
		}
	}
	if len(r.got) > 0 {
		t.Error("a private address was reached")
	}
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("120")
	f.Add("Wed, 18 Mar 2026 09:05:00 GMT")
	f.Add("一会儿")
	f.Fuzz(func(t *testing.T, s string) {
		if d := retryAfter(s, at); d < 0 || d > 1<<31*time.Second {
			t.Errorf("retryAfter(%q) = %s", s, d)
		}
	})
}

func FuzzForms(f *testing.F) {
	f.Add("https://ntfy.example.org/topic", "tk_1")
	f.Add("https://m.example.org/!房间:example.org", "syt_1")
	f.Fuzz(func(t *testing.T, to, secret string) {
		for way, form := range map[notify.Way]Form{notify.Webhook: Signed, notify.Ntfy: Ntfy, notify.Matrix: Matrix} {
			a, _, err := notify.ParseAddress(way, to, secret)
			if err != nil {
				continue
			}
			req, err := form(t.Context(), a, msg)
			if err != nil {
				continue // refused when it is to be sent
			}
			if u, err := url.Parse(a.To); err != nil || req.URL.Host != u.Host || req.URL.Scheme != u.Scheme {
				t.Errorf("%s: %q became %s", way, to, req.URL)
			}
		}
	})
}
