// Package webhook delivers notices over HTTP: to any receiver that speaks
// Standard Webhooks, to ntfy, and to Matrix. The three differ in their form,
// one function each; what is sent, how answers are read and what counts as a
// failure is the same.
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"example.org/hearback/internal/notify"
)

// A Hook sends over HTTP in one form.
type Hook struct {
	Form Form
	// Client makes the request; it refuses private addresses that the operator
	// did not allow.
	Client *http.Client
	// Explain says in a sentence why a request failed, with no more of its
	// address than the host.
	Explain func(err error, host string) string
}

var _ notify.Sender = (*Hook)(nil)

// A Form writes the request of a message.
type Form func(ctx context.Context, to notify.Address, m notify.Message) (*http.Request, error)

// Send implements [notify.Sender].
func (h *Hook) Send(ctx context.Context, to notify.Address, m notify.Message) error {
	req, err := h.Form(ctx, to, m)
	if err != nil {
		return &notify.Fault{Sentence: "The address of the channel cannot be used. Enter it again.", Final: true, Err: err}
	}
	// A redirect is not followed: it would carry what is signed for one address
	// to another, or lose it on the way.
	client := *h.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	host := req.URL.Hostname()
	resp, err := client.Do(req)
	if err != nil {
		var in *url.Error
		if errors.As(err, &in) {
			err = in.Err // the outer one holds the whole address
		}
		return &notify.Fault{Sentence: h.Explain(err, host), Err: err}
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection can be used again
	return read(resp, host, m.At)
}

// read turns an answer into a fault, or nil if the message was taken.
func read(resp *http.Response, host string, now time.Time) error {
	code := resp.StatusCode
	f := &notify.Fault{}
	switch {
	case code >= 200 && code < 300:
		return nil
	case code >= 300 && code < 400:
		f.Sentence, f.Final = fmt.Sprintf("%s sends us on to another address. Enter the address it sends us to.", host), true
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		f.Sentence, f.Final = fmt.Sprintf("%s does not let us in (it answered %d). Enter the address again with a valid secret.", host, code), true
	case code == http.StatusNotFound, code == http.StatusGone:
		f.Sentence, f.Final = fmt.Sprintf("%s knows no such address (it answered %d). Check the address.", host, code), true
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests, code >= 500:
		f.Sentence, f.After = fmt.Sprintf("%s cannot take the notice now (it answered %d).", host, code), retryAfter(resp.Header.Get("Retry-After"), now)
	default:
		f.Sentence, f.Final = fmt.Sprintf("%s does not take the notice (it answered %d). Check the address and what it expects.", host, code), true
	}
	return f
}

// retryAfter reads how long the other side asks us to wait, in seconds or as
// a date; 0 if it says nothing that can be read, or a time that is over.
func retryAfter(s string, now time.Time) time.Duration {
	s = strings.TrimSpace(s)
	if n, err := strconv.ParseInt(s, 10, 32); err == nil && n > 0 {
		return time.Duration(n) * time.Second
	}
	if t, err := http.ParseTime(s); err == nil && t.After(now) && t.Sub(now) < 366*24*time.Hour {
		return t.Sub(now)
	}
	return 0
}

// post makes a request with a JSON body. webhook-id is the same at every try
// of a message; the Idempotency-Key says so to those who look for that name.
func post(ctx context.Context, method, address string, m notify.Message, body any) (*http.Request, []byte, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return nil, nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(b))
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", m.Key)
	return req, b, nil
}

// Signed writes a message as Standard Webhooks asks: a type, a time and data,
// signed with the secret of the channel. The data of an answer is what
// [publish.Event] writes.
func Signed(ctx context.Context, to notify.Address, m notify.Message) (*http.Request, error) {
	key, err := notify.WebhookKey(to.Secret)
	if err != nil {
		return nil, err
	}
	event := map[string]any{
		"type": "hearback." + string(m.Kind), "timestamp": m.At.UTC().Format(time.RFC3339),
		"data": map[string]any{"subject": m.Subject, "text": m.Body, "url": m.Link, "urgent": m.Urgent, "lang": m.Lang},
	}
	if m.Kind.Outward() {
		event["data"] = json.RawMessage(m.Body) // an answer, for programs
	}
	req, body, err := post(ctx, http.MethodPost, to.To, m, event)
	if err != nil {
		return nil, err
	}
	req.Header.Set("webhook-id", m.Key)
	req.Header.Set("webhook-timestamp", strconv.FormatInt(m.At.Unix(), 10))
	req.Header.Set("webhook-signature", Sign(key, m.Key, m.At, body))
	return req, nil
}

// Sign returns the signature of a body under scheme v1 of Standard Webhooks:
// HMAC-SHA256 over the id, the time in seconds and the body, with points
// between them.
func Sign(key []byte, id string, at time.Time, body []byte) string {
	h := hmac.New(sha256.New, key)
	fmt.Fprintf(h, "%s.%d.", id, at.Unix())
	h.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// Ntfy writes a message for a topic of an ntfy server, as JSON to its root.
func Ntfy(ctx context.Context, to notify.Address, m notify.Message) (*http.Request, error) {
	u, err := url.Parse(to.To)
	if err != nil {
		return nil, err
	}
	topic := strings.Trim(u.Path, "/")
	u.Path = "/"
	priority := 3
	if m.Urgent {
		priority = 5
	}
	req, _, err := post(ctx, http.MethodPost, u.String(), m, map[string]any{
		"topic": topic, "title": m.Subject, "message": clip(m.Body, ntfyLimit), "priority": priority, "click": m.Link,
	})
	if err == nil && to.Secret != "" {
		req.Header.Set("Authorization", "Bearer "+to.Secret)
	}
	return req, err
}

// ntfyLimit is how long a message may be, in bytes, before ntfy makes a file
// of it.
const ntfyLimit = 4000

// Matrix writes a message for a Matrix room. The key is the transaction id, so
// the server itself drops a repeat.
func Matrix(ctx context.Context, to notify.Address, m notify.Message) (*http.Request, error) {
	u, err := url.Parse(to.To)
	if err != nil {
		return nil, err
	}
	room := notify.MatrixRoom(u)
	u.Path, u.RawPath = "/", ""
	u = u.JoinPath("_matrix", "client", "v3", "rooms", url.PathEscape(room), "send", "m.room.message", url.PathEscape(m.Key))
	req, _, err := post(ctx, http.MethodPut, u.String(), m, map[string]any{"msgtype": "m.text", "body": m.Subject + "\n\n" + clip(m.Body, 30<<10)})
	if err == nil {
		req.Header.Set("Authorization", "Bearer "+to.Secret)
	}
	return req, err
}

// clip returns the whole lines of s that fit into n bytes.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	if i := strings.LastIndexByte(s[:n], '\n'); i > 0 {
		return s[:i+1] + "…"
	}
	return strings.ToValidUTF8(s[:n], "")
}
