package translog

import (
	"bytes"
	"net/http"
	"os"
	"strings"
	"time"
)

// Handler serves the log to anyone: /log/checkpoint, /log/tile/…, /log/key,
// which is the verifier key, and where there are some, /log/keys and
// /log/handover/… with the keys before it, and /log/cosigned and
// /log/witnesses with what witnesses confirmed. Everything may be read from scripts of other
// sites, because others should check us from their own pages.
func (l *Log) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /log/checkpoint", func(w http.ResponseWriter, r *http.Request) {
		signed := l.Checkpoint()
		if signed == nil {
			http.NotFound(w, r)
			return
		}
		allow(w, "text/plain; charset=utf-8", "no-cache")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(signed))
	})
	mux.HandleFunc("GET /log/key", func(w http.ResponseWriter, r *http.Request) {
		allow(w, "text/plain; charset=utf-8", "no-cache")
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader(l.key.VKey()+"\n"))
	})
	for _, name := range []string{"keys", "handover/{n}", "cosigned", "witnesses"} {
		mux.HandleFunc("GET /log/"+name, func(w http.ResponseWriter, r *http.Request) {
			// The pattern lets one part of a path through; only a number may be it.
			if n := r.PathValue("n"); n != "" && strings.Trim(n, "0123456789") != "" {
				http.NotFound(w, r)
				return
			}
			b, err := os.ReadFile(l.path(strings.TrimPrefix(r.URL.Path, "/log/")))
			if err != nil {
				http.NotFound(w, r)
				return
			}
			kind := "text/plain; charset=utf-8"
			if name == "witnesses" {
				kind = "application/json"
			}
			allow(w, kind, "no-cache")
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b))
		})
	}
	mux.HandleFunc("GET /log/tile/", func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/log/")
		t, err := parseTilePath(name)
		// What a crash left past the checkpoint is not public yet.
		if err != nil || !covered(t, l.Size()) {
			http.NotFound(w, r)
			return
		}
		f, err := os.Open(l.path(name))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		defer f.Close()
		// A tile never changes. A partial one goes when it is full, so caches
		// need not keep it long.
		keep := "public, max-age=31536000, immutable"
		if t.W < tileWidth {
			keep = "public, max-age=600, immutable"
		}
		allow(w, "application/octet-stream", keep)
		http.ServeContent(w, r, "", time.Time{}, f)
	})
	return mux
}

func allow(w http.ResponseWriter, kind, cache string) {
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", cache)
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("X-Content-Type-Options", "nosniff")
}
