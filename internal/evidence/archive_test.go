package evidence_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/evidence"
	"example.org/hearback/internal/source/safedial"
)

var taken = time.Date(2026, 3, 18, 9, 0, 0, 0, time.UTC)

func archiver(t *testing.T, allow ...string) evidence.Archiver {
	t.Helper()
	client, err := safedial.New(safedial.Options{Allow: allow, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return evidence.Archiver{Client: client, Now: func() time.Time { return taken }, Explain: safedial.Explain}
}

func TestTake(t *testing.T) {
	big := strings.Repeat("x", evidence.MaxArchive)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/page":
			w.Header().Set("Content-Type", "text/html; charset=gb18030")
			io.WriteString(w, "<html><head><title>Notice</title><style>p{}</style></head><body><script>alert(1)</script><h1>Water</h1><p>\xd7\xd4\xc0\xb4\xcb\xae is <b>safe</b>.</p><p>Boil it.</p></body>")
		case "/big": // ten megabytes, and no length said
			w.Header().Set("Content-Type", "text/html")
			for range 10 {
				io.WriteString(w, big[:1<<20])
				w.(http.Flusher).Flush()
			}
		case "/said":
			w.Header().Set("Content-Length", "10485760")
			io.WriteString(w, big)
		case "/empty":
		case "/deep":
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, strings.Repeat("<div>", 200_000)+"bottom")
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	a := archiver(t, host)
	x, err := a.Take(context.Background(), server.URL+"/page")
	if err != nil {
		t.Fatal(err)
	}
	if x.Text != "Notice\nWater\n自来水 is safe.\nBoil it.\n" || !x.At.Equal(taken) || len(x.Hash) != 64 || x.URL != server.URL+"/page" {
		t.Errorf("%q %s %s", x.Text, x.At, x.Hash)
	}
	if x, err := a.Take(context.Background(), server.URL+"/deep"); err != nil || x.Text != "bottom\n" {
		t.Errorf("a deep page: %q, %v", x.Text, err)
	}
	for path, want := range map[string]string{"/big": "larger than 8 MB", "/said": "larger than 8 MB", "/empty": "empty", "/nosuch": "answered 404"} {
		if _, err := a.Take(context.Background(), server.URL+path); !errors.Is(err, hearback.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	// Without leave nothing of the private network is read.
	if _, err := archiver(t).Take(context.Background(), server.URL+"/page"); !errors.Is(err, hearback.ErrInvalid) || !strings.Contains(err.Error(), "no copy was taken") {
		t.Errorf("a private address: %v", err)
	}
}

func TestRead(t *testing.T) {
	x, err := evidence.Read(strings.NewReader("%PDF-1.7 ..."), "application/pdf", "", taken)
	if err != nil || x.Text != "" {
		t.Errorf("%+v, %v", x, err)
	}
	if _, err := evidence.Read(io.LimitReader(zeros{}, 10<<20), "text/plain", "", taken); !errors.Is(err, hearback.ErrInvalid) {
		t.Errorf("ten megabytes sent along: %v", err)
	}
	if x, err := evidence.Read(strings.NewReader("a\x00b\u202e c"), "text/plain\n", "", taken); err != nil || strings.ContainsAny(x.Text, "\x00\u202e") || strings.Contains(x.Type, "\n") {
		t.Errorf("%+v, %v", x, err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = 'x'
	}
	return len(b), nil
}

func FuzzWords(f *testing.F) {
	f.Add("<p>水<script>x</script><p>y", "text/html; charset=gbk")
	f.Add("plain \xff\xfe", "text/plain")
	f.Fuzz(func(t *testing.T, body, kind string) {
		got := evidence.Words([]byte(body), kind)
		if len(got) > 200<<10 || strings.ContainsAny(got, "\x00\r\u202e") {
			t.Errorf("Words(%q, %q) = %q", body, kind, got)
		}
	})
}
