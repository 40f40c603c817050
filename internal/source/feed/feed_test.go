package feed_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/source"
	"example.org/hearback/internal/source/feed"
	"example.org/hearback/internal/source/safedial"
)

var now = time.Date(2026, 3, 18, 9, 0, 0, 0, time.UTC)

func reader(t *testing.T) *feed.Reader {
	t.Helper()
	c, err := safedial.New(safedial.Options{Allow: []string{"127.0.0.1"}, Contact: "press@example.org", Timeout: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return feed.New(c, func() time.Time { return now })
}

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

func poll(t *testing.T, r *feed.Reader, address string, cursor []byte) *source.Poll {
	t.Helper()
	p, err := r.Poll(context.Background(), hearback.Source{URL: address}, cursor)
	if err != nil {
		t.Fatalf("Poll: %v", err)
	}
	return p
}

func TestConditional(t *testing.T) {
	var asked []string
	body := rss2
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Header.Get("If-None-Match")+"|"+r.Header.Get("If-Modified-Since"))
		w.Header().Set("Cache-Control", "public, max-age=7200")
		if r.Header.Get("If-None-Match") == `"v1"` && body == rss2 {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("Last-Modified", "Tue, 05 Mar 2024 14:05:00 GMT")
		io.WriteString(w, body)
	})
	r := reader(t)
	first := poll(t, r, address, nil)
	if first.Unchanged || len(first.Items) != 3 || first.Every != 2*time.Hour || first.Title != "河东论坛" {
		t.Fatalf("first = %+v", first)
	}
	second := poll(t, r, address, first.Cursor)
	if !second.Unchanged || len(second.Items) != 0 || !bytes.Equal(second.Cursor, first.Cursor) {
		t.Errorf("second = %+v, want unchanged", second)
	}
	body = strings.Replace(rss2, "什么时候", "几点", 1)
	third := poll(t, r, address, second.Cursor)
	if third.Unchanged || len(third.Items) != 3 || third.Items[0].Post != "p1" {
		t.Errorf("third = %+v, want the entry with other words", third)
	}
	// The marks of one address are not sent to another.
	poll(t, r, address+"/?other", third.Cursor)
	want := []string{"|", `"v1"|Tue, 05 Mar 2024 14:05:00 GMT`, `"v1"|Tue, 05 Mar 2024 14:05:00 GMT`, "|"}
	if !reflect.DeepEqual(asked, want) {
		t.Errorf("asked %q, want %q", asked, want)
	}
}

// A server that knows neither ETag nor Last-Modified sends the same again.
func TestSameBody(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, rss2) })
	r := reader(t)
	first := poll(t, r, address, nil)
	if second := poll(t, r, address, first.Cursor); !second.Unchanged {
		t.Error("the same body is read again")
	}
	if again := poll(t, r, address, []byte("{broken")); len(again.Items) != 3 {
		t.Error("a broken cursor keeps the feed from being read")
	}
}

func TestCompressed(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	io.WriteString(z, rss2)
	z.Close()
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/encoded":
			if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
				t.Error("gzip is not asked for")
			}
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(packed.Bytes())
		case "/file.gz":
			w.Header().Set("Content-Type", "application/octet-stream")
			w.Write(packed.Bytes())
		case "/cut.gz":
			w.Write(packed.Bytes()[:packed.Len()/2])
		case "/bomb", "/bomb.gz":
			if r.URL.Path == "/bomb" {
				w.Header().Set("Content-Encoding", "gzip")
			}
			z := gzip.NewWriter(w)
			z.Write([]byte("<rss>"))
			block := bytes.Repeat([]byte(" "), 1<<20)
			for range 64 {
				z.Write(block)
			}
			z.Close()
		}
	})
	r := reader(t)
	for _, path := range []string{"/encoded", "/file.gz"} {
		if p := poll(t, r, address+path, nil); len(p.Items) != 3 {
			t.Errorf("%s: %d items, want 3", path, len(p.Items))
		}
	}
	for path, want := range map[string]string{"/bomb": "more than 8 MiB", "/bomb.gz": "larger than 8 MiB", "/cut.gz": "breaks off"} {
		_, err := r.Poll(context.Background(), hearback.Source{URL: address + path}, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want one that says %q", path, err, want)
		}
	}
}

func TestMoved(t *testing.T) {
	var address string
	address = serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/301":
			http.Redirect(w, r, "/308", http.StatusMovedPermanently)
		case "/308":
			http.Redirect(w, r, "/new", http.StatusPermanentRedirect)
		case "/302":
			http.Redirect(w, r, "/new", http.StatusFound)
		case "/mixed":
			http.Redirect(w, r, "/302", http.StatusMovedPermanently)
		case "/new":
			io.WriteString(w, rss2)
		}
	})
	r := reader(t)
	for path, want := range map[string]string{"/301": address + "/new", "/308": address + "/new", "/302": "", "/mixed": "", "/new": ""} {
		p := poll(t, r, address+path, nil)
		if p.Moved != want || len(p.Items) != 3 {
			t.Errorf("%s: moved to %q with %d items, want %q", path, p.Moved, len(p.Items), want)
		}
	}
	// After the move the marks of the feed still hold.
	p := poll(t, r, address+"/301", nil)
	if again := poll(t, r, p.Moved, p.Cursor); !again.Unchanged {
		t.Error("the feed is read again after it moved")
	}
	if p := poll(t, r, strings.Replace(address, "http://", "http://user:secret@", 1)+"/301", nil); p.Moved != "" {
		t.Errorf("an address with a password moved to %q", p.Moved)
	}
}

func TestStatus(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/429":
			w.Header().Set("Retry-After", "7200")
			w.WriteHeader(429)
		case "/503":
			w.Header().Set("Retry-After", now.Add(3*time.Hour).Format(http.TimeFormat))
			w.WriteHeader(503)
		case "/503/long":
			w.Header().Set("Retry-After", "99999999999")
			w.WriteHeader(503)
		case "/410":
			w.WriteHeader(410)
		case "/404":
			w.WriteHeader(404)
		case "/401":
			w.WriteHeader(401)
		case "/403":
			w.WriteHeader(403)
		case "/500":
			w.WriteHeader(500)
		case "/204":
			w.WriteHeader(204)
		case "/300":
			w.WriteHeader(300)
		}
	})
	r := reader(t)
	for _, tt := range []struct {
		path, want string
		after      time.Duration
		gone       bool
	}{
		{"/429", "come less often (429)", 2 * time.Hour, false},
		{"/503", "a fault of its own (503)", 3 * time.Hour, false},
		{"/503/long", "a fault of its own (503)", 24 * time.Hour, false},
		{"/500", "a fault of its own (500)", 0, false},
		{"/410", "gone for good (410)", 0, true},
		{"/404", "nothing at this address (404)", 0, false},
		{"/401", "asks for a password (401)", 0, false},
		{"/403", "does not let us read this feed (403)", 0, false},
		{"/204", "status 204", 0, false},
		{"/300", "without saying where (300)", 0, false},
	} {
		_, err := r.Poll(context.Background(), hearback.Source{URL: address + tt.path}, nil)
		var f *source.Fault
		if !errors.As(err, &f) || !strings.Contains(f.Sentence, tt.want) || f.After != tt.after || f.Gone != tt.gone || strings.Contains(f.Sentence, "http") {
			t.Errorf("%s: %+v, want %+v", tt.path, f, tt)
		}
	}
	// Errors of the network are sentences too, and hold no password.
	for _, bad := range []string{"http://user:secret@10.0.0.5/feed", "http://user:secret@127.0.0.1:1/feed", "http://user:sec%zzret@x/"} {
		_, err := r.Poll(context.Background(), hearback.Source{URL: bad}, nil)
		var f *source.Fault
		if !errors.As(err, &f) || strings.Contains(f.Sentence, "sec") || f.Err != nil && strings.Contains(f.Err.Error(), "secret") {
			t.Errorf("%s: %v, %v", bad, f, f.Err)
		}
	}
}

func TestDeclaredCharset(t *testing.T) {
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/xml; charset=GB2312")
		w.Write([]byte("<rss version='2.0'><channel><item><guid>1</guid><title>\xcd\xa3\xcb\xae\xc1\xcb</title></item></channel></rss>"))
	})
	if p := poll(t, reader(t), address, nil); p.Items[0].Text != "停水了" {
		t.Errorf("text = %q", p.Items[0].Text)
	}
}

const opml = `<?xml version="1.0" encoding="UTF-8"?><opml version="2.0"><head><title>t</title></head><body>
<outline text="水务"><outline text="News" title="Water news" type="rss" xmlUrl="https://example.org/a.xml?key=1" htmlUrl="https://example.org/"/>
<outline text="deeper"><outline type="rss" text="" xmlUrl="https://example.org/b"/></outline></outline>
<outline text="twice" xmlUrl="https://example.org/b"/><outline text="file" xmlUrl="file:///etc/passwd"/>
</body></opml>`

func TestOPML(t *testing.T) {
	got, left, err := feed.ReadOPML(strings.NewReader(opml))
	want := []feed.Entry{
		{Title: "Water news", URL: "https://example.org/a.xml?key=1", Page: "https://example.org/", Group: "水务"},
		{Title: "https://example.org/b", URL: "https://example.org/b", Group: "水务 / deeper"},
	}
	if err != nil || left != 2 || !reflect.DeepEqual(got, want) {
		t.Errorf("ReadOPML = %+v, %d left, %v, want %+v, 2 left", got, left, err, want)
	}

	var b bytes.Buffer
	err = feed.WriteOPML(&b, "河东 & co", []hearback.Source{
		{Kind: hearback.Feed, Title: "Water <news>", URL: "https://user:secret@example.org/a.xml?key=1"},
		{Kind: hearback.Feed, Title: "removed", URL: "https://example.org/x", State: hearback.SourceRemoved},
		{Kind: hearback.Webhook, Title: "hook"},
	}, now)
	if err != nil || strings.Contains(b.String(), "secret") {
		t.Fatalf("WriteOPML: %v\n%s", err, b.String())
	}
	got, left, err = feed.ReadOPML(&b)
	if err != nil || left != 0 || !reflect.DeepEqual(got, []feed.Entry{{Title: "Water <news>", URL: "https://example.org/a.xml?key=1"}}) {
		t.Errorf("what was written reads as %+v, %v", got, err)
	}

	for _, tt := range []struct{ in, want string }{
		{"", "no XML"},
		{"id,text", "no XML"},
		{"<rss/>", "first element is <rss>"},
		{"<html></html>", "web page"},
		{`<!DOCTYPE opml [<!ENTITY a "b">]><opml/>`, "declares entities"},
		{"<opml><body>" + strings.Repeat("<outline>", 300), "nested too deeply"},
		{"<opml>" + strings.Repeat(" ", feed.MaxBody), "larger than 8 MiB"},
		{`<opml><body><outline xmlUrl="https://example.org/"`, "broken"},
	} {
		if _, _, err := feed.ReadOPML(strings.NewReader(tt.in)); !errors.Is(err, hearback.ErrInvalid) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("ReadOPML(%.40q): %v, want one that says %q", tt.in, err, tt.want)
		}
	}
}
