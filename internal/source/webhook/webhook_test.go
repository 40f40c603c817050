package webhook_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/source"
	"example.org/hearback/internal/source/webhook"
	"example.org/hearback/internal/store"
)

var (
	start   = time.Date(2026, 3, 18, 9, 0, 0, 0, time.UTC)
	officer = hearback.Actor{Role: "administrator", Number: 2}
)

// A sink counts what it takes.
type sink struct {
	got   []source.Raw
	calls int
	fail  error
}

func (s *sink) Take(_ context.Context, _ hearback.ID, items []source.Raw, cursor []byte) (hearback.Tally, error) {
	if s.fail != nil {
		return hearback.Tally{}, s.fail
	}
	if cursor != nil {
		return hearback.Tally{}, errors.New("a webhook has no cursor")
	}
	s.calls++
	y := hearback.Tally{Received: int64(len(items))}
	for _, i := range items {
		if i.Unread == 0 {
			s.got = append(s.got, i)
		}
		switch {
		case i.Unread > 0:
			y.Received += i.Unread - 1
			y.Refused += i.Unread
		case i.Deleted:
			y.Deleted++
		case strings.Contains(i.Text, "spam"):
			y.Dropped++
		default:
			y.Kept++
		}
	}
	return y, nil
}

// An office has one webhook, at /ingest/hook.
type office struct {
	http.Handler
	hook  *webhook.Handler
	sink  *sink
	reg   *source.Registry
	src   *hearback.Source
	token string
	now   time.Time
}

func newOffice(t *testing.T) *office {
	t.Helper()
	ctx := context.Background()
	db, err := store.Open(ctx, filepath.Join(t.TempDir(), "hearback.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	var ids hearback.IDs
	o := &office{sink: &sink{}, now: start}
	clock := func() time.Time { return o.now }
	o.reg = &source.Registry{Store: db, Now: clock, NextID: func() hearback.ID { return ids.Next(o.now) }}
	if o.src, o.token, err = o.reg.Add(ctx, officer, hearback.Source{Slug: "hook", Kind: hearback.Webhook, Title: "311", Reason: "the service desk"}); err != nil {
		t.Fatal(err)
	}
	if _, _, err = o.reg.Add(ctx, officer, hearback.Source{Slug: "feed", Kind: hearback.Feed, Title: "x", Reason: "x", URL: "https://example.org/"}); err != nil {
		t.Fatal(err)
	}
	o.hook = &webhook.Handler{Store: db, Sink: o.sink, Now: clock, Log: slog.New(slog.DiscardHandler), Rate: 5}
	mux := http.NewServeMux()
	mux.Handle("/ingest/{source}", o.hook)
	o.Handler = mux
	return o
}

// post sends a body and returns the answer.
func (o *office) post(body string, set func(*http.Request)) (status int, head http.Header, answer string) {
	r := httptest.NewRequest(http.MethodPost, "/ingest/hook", strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+o.token)
	r.Header.Set("Content-Type", "application/json")
	if set != nil {
		set(r)
	}
	w := httptest.NewRecorder()
	o.ServeHTTP(w, r)
	return w.Code, w.Header(), w.Body.String()
}

func TestTake(t *testing.T) {
	o := newOffice(t)
	status, head, body := o.post(`{"id":7,"text":"停水了吗","time":1709647500,"account":"li"}
{"text":"buy my spam"}
{"text":5,"time":"never"}
{"id":7,"deleted":true}
`, nil)
	if status != http.StatusAccepted || head.Get("Content-Type") != "application/json; charset=utf-8" || head.Get("Cache-Control") != "no-store" {
		t.Errorf("status %d, %v", status, head)
	}
	want := `{"received":4,"kept":1,"copies":0,"dropped":1,"repeats":0,"edited":0,"deleted":1,"refused":1,"errors":[{"line":3,"error":"This is not a time; write it as 2024-03-05 14:05 or 2024-03-05T14:05:00+08:00."}]}` + "\n"
	if body != want {
		t.Errorf("got  %s\nwant %s", body, want)
	}
	wantRaw := []source.Raw{{Post: "7", Text: "停水了吗", Account: "li", At: time.Date(2024, 3, 5, 14, 5, 0, 0, time.UTC)}, {Text: "buy my spam"}, {Post: "7", Deleted: true}}
	if !slices.Equal(o.sink.got, wantRaw) || o.sink.calls != 1 {
		t.Errorf("taken %+v in %d calls, want %+v in one", o.sink.got, o.sink.calls, wantRaw)
	}
	if _, _, body := o.post(`[{"text":"x"}]`, nil); !strings.Contains(body, `"errors":[]`) {
		t.Errorf("no error: %s", body)
	}
	if _, _, body := o.post(`{"text":"ok"}`+strings.Repeat("\n{}", 300), nil); !strings.Contains(body, `"refused":300`) || strings.Count(body, `"line"`) != 100 {
		t.Errorf("many errors: %.200s", body)
	}
}

// What is sent before the commit is an acknowledgement that can be wrong.
func TestNothingBeforeCommit(t *testing.T) {
	o := newOffice(t)
	o.sink.fail = errors.New("disk full: secret path")
	status, head, body := o.post(`{"text":"x"}`, nil)
	if status != http.StatusServiceUnavailable || head.Get("Retry-After") != "30" || strings.Contains(body, "secret") || !strings.Contains(body, "Nothing is lost if you send them again.") {
		t.Errorf("%d %v %s", status, head, body)
	}
}

func gzipped(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, s)
	z.Close()
	return b.String()
}

func TestGzip(t *testing.T) {
	o := newOffice(t)
	zipped := func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }
	if status, _, body := o.post(gzipped(`{"text":"停水了吗"}`), zipped); status != 202 || o.sink.got[0].Text != "停水了吗" {
		t.Errorf("%d %s", status, body)
	}
	// Just as much as is allowed, and one byte more.
	for n, want := range map[int]int{webhook.MaxBody: 202, webhook.MaxBody + 1: 413, 32 << 20: 413} {
		o := newOffice(t)
		text := `{"text":"x"}`
		if status, _, body := o.post(gzipped(text+strings.Repeat(" ", n-len(text))), zipped); status != want {
			t.Errorf("%d bytes in gzip: %d %s, want %d", n, status, body, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		name   string
		body   string
		set    func(o *office, r *http.Request)
		status int
		en, zh string
	}{
		{"no such source", `{"text":"x"}`, func(o *office, r *http.Request) { r.URL.Path = "/ingest/nosuch" }, 404, "There is no webhook source with this name.", "没有这个名称的 Webhook 来源"},
		{"a feed", `{"text":"x"}`, func(o *office, r *http.Request) { r.URL.Path = "/ingest/feed" }, 404, "There is no webhook source with this name.", "没有这个名称"},
		{"GET", ``, func(o *office, r *http.Request) { r.Method = "GET" }, 405, "Messages are posted", "POST"},
		{"no token", `{"text":"x"}`, func(o *office, r *http.Request) { r.Header.Del("Authorization") }, 401, "The request has no token.", "请求没有带令牌"},
		{"basic", `{"text":"x"}`, func(o *office, r *http.Request) { r.SetBasicAuth("a", o.token) }, 401, "The request has no token.", "请求没有带令牌"},
		{"wrong token", `{"text":"x"}`, func(o *office, r *http.Request) { r.Header.Set("Authorization", "Bearer "+o.token+"x") }, 401, "The token is wrong", "令牌不对"},
		{"expired token", `{"text":"x"}`, func(o *office, r *http.Request) {
			token, err := o.reg.NewToken(r.Context(), officer, o.src.ID, start.Add(time.Hour))
			if err != nil {
				panic(err)
			}
			r.Header.Set("Authorization", "bearer  "+token)
			o.now = start.Add(time.Hour)
		}, 401, "The token has expired.", "令牌已过期"},
		{"another source's token", `{"text":"x"}`, func(o *office, r *http.Request) { r.Header.Set("Authorization", "Bearer hb_zzzz_secret") }, 403, "belongs to another source", "属于另一个来源"},
		{"paused", `{"text":"x"}`, func(o *office, r *http.Request) { o.reg.Pause(r.Context(), officer, o.src.ID, "x") }, 403, "This source is paused", "已暂停"},
		{"removed", `{"text":"x"}`, func(o *office, r *http.Request) { o.reg.Remove(r.Context(), officer, o.src.ID, "x") }, 404, "There is no webhook source", "没有这个名称"},
		{"a form", `text=x`, func(o *office, r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }, 415, "The body must be JSON", "正文必须是 JSON"},
		{"broken type", `{"text":"x"}`, func(o *office, r *http.Request) { r.Header.Set("Content-Type", "a/b/c;") }, 415, "The body must be JSON", "正文必须是 JSON"},
		{"latin-1", `{"text":"x"}`, func(o *office, r *http.Request) { r.Header.Set("Content-Type", "application/json; charset=latin1") }, 415, "has to be UTF-8", "必须用 UTF-8"},
		{"brotli", `{"text":"x"}`, func(o *office, r *http.Request) { r.Header.Set("Content-Encoding", "br") }, 415, "Only gzip", "只支持 gzip"},
		{"no gzip", `{"text":"x"}`, func(o *office, r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, 400, "cannot be unpacked", "无法解压"},
		{"cut gzip", gzipped(`{"text":"停水了吗"}`)[:30], func(o *office, r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }, 400, "cannot be unpacked", "无法解压"},
		{"large", strings.Repeat(" ", webhook.MaxBody+1), nil, 413, "larger than 8 MiB once it is unpacked", "超过 8 MiB"},
		{"large, of unknown length", strings.Repeat(" ", webhook.MaxBody+1), func(o *office, r *http.Request) { r.ContentLength = -1 }, 413, "larger than 8 MiB", "超过 8 MiB"},
		{"empty", ` `, nil, 400, "The body holds no message.", "正文里没有消息"},
		{"nothing good", "{\"text\":1.5,\"time\":[]}\nhello", nil, 400, "None of the messages could be read", "没有一条消息可以读取"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for lang, want := range map[string]string{"en-GB,en;q=0.8": tt.en, "zh-CN,zh;q=0.9,en;q=0.5": tt.zh, "": tt.en} {
				o := newOffice(t)
				status, head, body := o.post(tt.body, func(r *http.Request) {
					r.Header.Set("Accept-Language", lang)
					if tt.set != nil {
						tt.set(o, r)
					}
				})
				var p struct {
					Title, Detail string
					Status        int
					Errors        []struct{ Line int }
				}
				if err := json.Unmarshal([]byte(body), &p); err != nil || head.Get("Content-Type") != "application/problem+json" {
					t.Fatalf("%s: %v in %s", head.Get("Content-Type"), err, body)
				}
				if status != tt.status || p.Status != status || !strings.Contains(p.Detail, want) || p.Title == "" {
					t.Errorf("%s: %d %+v, want %d and %q", lang, status, p, tt.status, want)
				}
				if (status == 401) != (head.Get("WWW-Authenticate") != "") {
					t.Errorf("WWW-Authenticate = %q with %d", head.Get("WWW-Authenticate"), status)
				}
				if tt.name == "nothing good" && len(p.Errors) != 2 {
					t.Errorf("errors = %+v, want both", p.Errors)
				}
				if len(o.sink.got) > 0 {
					t.Errorf("taken all the same: %+v", o.sink.got)
				}
			}
		})
	}
}

func TestRate(t *testing.T) {
	o := newOffice(t)
	var codes []int
	for range 12 {
		status, head, _ := o.post(`{"text":"x"}`, nil)
		codes = append(codes, status)
		if status == 429 && head.Get("Retry-After") != "1" {
			t.Errorf("Retry-After = %q", head.Get("Retry-After"))
		}
	}
	if want := append(slices.Repeat([]int{202}, 10), 429, 429); !slices.Equal(codes, want) {
		t.Errorf("codes = %v, want %v", codes, want)
	}
	// A wrong token does not use up what the right one may.
	o.now = start.Add(200 * time.Millisecond)
	if status, _, _ := o.post(`{"text":"x"}`, func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }); status != 401 {
		t.Errorf("a wrong token: %d", status)
	}
	if status, _, _ := o.post(`{"text":"x"}`, nil); status != 202 {
		t.Errorf("after a pause: %d, want 202", status)
	}
}

func FuzzLines(f *testing.F) {
	f.Add("{\"text\":\"停水了吗\"}\n{\"text\":\"is it safe?\",\"id\":1}")
	f.Add("[{\"deleted\":true}]")
	now := time.Date(2026, 3, 18, 9, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, body string) {
		s := &sink{}
		token, src := fixedToken()
		h := &webhook.Handler{Store: one{src}, Sink: s, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)}
		r := httptest.NewRequest(http.MethodPost, "/ingest/hook", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		var got map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatalf("%q: %v in %s", body, err, w.Body)
		}
		if w.Code != 202 {
			return
		}
		var sum float64
		for _, k := range []string{"kept", "copies", "dropped", "repeats", "edited", "deleted", "refused"} {
			sum += got[k].(float64)
		}
		if got["received"] != sum {
			t.Errorf("%q: %v, and the parts make %v", body, got, sum)
		}
	})
}

// one is a store of one source.
type one struct{ src *hearback.Source }

func (o one) SourceBySlug(_ context.Context, slug string) (*hearback.Source, error) {
	if slug != o.src.Slug {
		return nil, fmt.Errorf("%w: %s", hearback.ErrNotFound, slug)
	}
	return o.src, nil
}

func fixedToken() (string, *hearback.Source) {
	return "hb_1_x", &hearback.Source{
		ID: 1, Slug: "hook", Kind: hearback.Webhook, State: hearback.SourceActive,
		TokenHash: "22007ee9b9b11947b92adf5a365b8358535498b9ebc8397b90d42c4227dfd5cd",
	}
}
