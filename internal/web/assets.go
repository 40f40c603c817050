package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"

	"example.org/hearback/internal/translog"
)

//go:embed static
var staticFiles embed.FS

// assets are the files that pages link to. The hash of all of them is in
// their address, so that browsers keep them for ever and never a stale one.
type assets struct {
	hash  string
	files map[string]asset
}

type asset struct {
	kind   string
	body   []byte
	zipped func() []byte // made when it is first asked for
}

// bundles are the style sheets as they are served: one for each site.
var bundles = map[string][]string{
	"console.css": {"tokens.css", "base.css", "console.css", "small.css"},
	"public.css":  {"tokens.css", "base.css", "public.css", "small.css"},
	"chart.css":   {"vendor/uplot/uPlot.min.css", "chart.css"}, // for pages with a time series
}

// zip writes into memory, at a level that there is: it cannot fail.
func zip(body []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	_, _ = w.Write(body)
	_ = w.Close()
	return b.Bytes()
}

func loadAssets() (*assets, error) {
	a := &assets{files: map[string]asset{}}
	read := func(names ...string) ([]byte, error) {
		var b bytes.Buffer
		for _, name := range names {
			part, err := fs.ReadFile(staticFiles, "static/"+name)
			if err != nil {
				return nil, err
			}
			b.Write(part)
		}
		return b.Bytes(), nil
	}
	add := func(name string, body []byte) {
		if path.Ext(name) == ".css" {
			body = squeeze(body)
		}
		kind := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}[path.Ext(name)]
		a.files[name] = asset{kind, body, sync.OnceValue(func() []byte { return zip(body) })}
	}
	entries, err := fs.ReadDir(staticFiles, "static")
	if err != nil {
		return nil, err
	}
	vendor, err := fs.ReadDir(staticFiles, "static/vendor/uplot")
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	for _, e := range vendor { // as their makers release them: scripts/vendor.sh
		body, err := read("vendor/uplot/" + e.Name())
		if err != nil {
			return nil, err
		}
		sum.Write(body)
		if path.Ext(e.Name()) == ".js" {
			add(e.Name(), body)
		}
	}
	for _, e := range entries { // in the order of their names
		if e.IsDir() {
			continue
		}
		body, err := read(e.Name())
		if err != nil {
			return nil, err
		}
		sum.Write(body)
		if path.Ext(e.Name()) == ".js" {
			body = unindent(body)
		}
		if path.Ext(e.Name()) != ".css" {
			add(e.Name(), body)
		}
	}
	// The verifier that readers run is the log's own, and tested there.
	proof, err := translog.Script()
	if err != nil {
		return nil, err
	}
	sum.Write(proof)
	add("proof.js", proof)
	for name, parts := range bundles {
		body, err := read(parts...)
		if err != nil {
			return nil, err
		}
		add(name, body)
	}
	a.hash = hex.EncodeToString(sum.Sum(nil))[:16]
	return a, nil
}

// squeeze takes comments and needless white space out of a style sheet. None
// of ours has a string that holds a comment, or a space beside one of the signs
// that it draws together.
func squeeze(css []byte) []byte {
	var b bytes.Buffer
	for {
		before, after, found := bytes.Cut(css, []byte("/*"))
		b.Write(before)
		if !found {
			break
		}
		if _, css, found = bytes.Cut(after, []byte("*/")); !found {
			break
		}
	}
	var out bytes.Buffer
	tight := strings.NewReplacer(" {", "{", "{ ", "{", "; }", "}", ";}", "}", " }", "}", "} ", "}", "; ", ";", ": ", ":", ", ", ",")
	for line := range strings.Lines(b.String()) {
		if line = strings.TrimSpace(line); line != "" {
			out.WriteString(tight.Replace(line))
			out.WriteByte('\n')
		}
	}
	return out.Bytes()
}

// unindent takes the lines that are comments, and the white space that lines
// begin with, out of a script. None of ours has a text of several lines.
func unindent(js []byte) []byte {
	var out bytes.Buffer
	for line := range bytes.Lines(js) {
		if line = bytes.TrimLeft(line, " \t"); len(bytes.TrimSpace(line)) > 0 && !bytes.HasPrefix(line, []byte("//")) {
			out.Write(line)
		}
	}
	return out.Bytes()
}

// url returns the address of a file.
func (a *assets) url(name string) string { return "/static/" + a.hash + "/" + name }

// ServeHTTP serves /static/{hash}/{file}.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, ok := a.files[r.PathValue("file")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	if r.PathValue("hash") == a.hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else { // a page of an older program: serve ours, and let it be asked for again
		h.Set("Cache-Control", "no-cache")
	}
	h.Set("Vary", "Accept-Encoding")
	body := f.body
	if slices.ContainsFunc(strings.Split(r.Header.Get("Accept-Encoding"), ","), func(s string) bool {
		name, _, _ := strings.Cut(strings.TrimSpace(s), ";")
		return name == "gzip"
	}) {
		h.Set("Content-Encoding", "gzip")
		body = f.zipped()
	}
	_, _ = w.Write(body)
}
