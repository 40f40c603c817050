package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/unicode/norm"

	"example.org/hearback"
	"example.org/hearback/internal/app"
	"example.org/hearback/internal/deident/canary"
	"example.org/hearback/internal/store"
)

// A needle is one way in which a secret could be told from bytes.
type needle struct {
	bytes  string
	number bool // digits only: it is not one inside a longer number
	form   string
	secret canary.Secret
}

// needles are all the needles of many secrets, to be looked for in one pass.
type needles struct {
	begins  []uint64 // a bit for every three bytes that one may begin with
	byStart map[[3]byte][]needle
	hits    map[string]int
	t       *testing.T // where hits are shown, or nil
}

func newNeedles(t *testing.T, secrets []canary.Secret) *needles {
	t.Helper()
	n := &needles{make([]uint64, 1<<18), map[[3]byte][]needle{}, map[string]int{}, t}
	seen := map[string]bool{}
	add := func(form, what string, s canary.Secret) {
		if len(what) < 4 || seen[what] {
			return
		}
		seen[what] = true
		start := [3]byte([]byte(what[:3]))
		n.byStart[start] = append(n.byStart[start], needle{what, strings.Trim(what, "0123456789") == "" && len(what) < 9, form, s})
		at := int(start[0])<<16 | int(start[1])<<8 | int(start[2])
		n.begins[at/64] |= 1 << (at % 64)
	}
	escaped := func(s string) string {
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Trim(string(b), `"`)
	}
	for _, s := range secrets {
		add("account", s.Account, s)
		add("post", s.Post, s)
		add("text", s.Text, s)
		add("folded", strings.ToLower(norm.NFKC.String(s.Text)), s)
		add("escaped", escaped(s.Text), s)
		add("in an address", url.QueryEscape(s.Text), s)
		digits := strings.Map(func(r rune) rune {
			if '0' <= r && r <= '9' {
				return r
			}
			return -1
		}, norm.NFKC.String(s.Text))
		switch s.Kind {
		case "phone", "id", "card", "handle":
			if len(digits) >= 7 {
				add("digits", digits, s)
			}
		}
	}
	return n
}

// look counts every needle in b, which stands under a name.
func (n *needles) look(where string, b []byte) {
	digit := func(i int) bool { return i >= 0 && i < len(b) && '0' <= b[i] && b[i] <= '9' }
	for i := 0; i+4 <= len(b); i++ {
		at := int(b[i])<<16 | int(b[i+1])<<8 | int(b[i+2])
		if n.begins[at/64]&(1<<(at%64)) == 0 {
			continue
		}
		for _, x := range n.byStart[[3]byte(b[i:])] {
			if !bytes.HasPrefix(b[i:], []byte(x.bytes)) || x.number && (digit(i-1) || digit(i+len(x.bytes))) {
				continue
			}
			key := x.secret.Kind + ", " + x.form + ", in " + where
			if n.hits[key]++; n.t != nil && n.hits[key] <= 3 {
				n.t.Logf("%s: %q of %q: …%q…", key, x.bytes, x.secret.Sentence, b[max(0, i-30):min(len(b), i+len(x.bytes)+30)])
			}
		}
	}
}

// report fails the test for everything found.
func (n *needles) report() {
	n.t.Helper()
	for key, count := range n.hits {
		n.t.Errorf("%d times: %s", count, key)
	}
}

// leakFeeds serves the secrets as feeds of three formats, n entries each.
func leakFeeds(t *testing.T, secrets []canary.Secret, n int) (feeds *httptest.Server, paths []string) {
	t.Helper()
	at := time.Now().UTC().Add(-time.Hour)
	esc := func(s string) string {
		var b strings.Builder
		xml.EscapeText(&b, []byte(s))
		return b.String()
	}
	formats := map[string]struct {
		kind, begin, each, end string
	}{
		"atom": {"application/atom+xml", `<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:x</id><title>x</title>`,
			`<entry><id>%[1]s</id><title>%[2]s</title><updated>%[5]s</updated><author><name>%[3]s</name><uri>https://example.org/u/%[3]s</uri></author><link href="https://example.org/p/%[1]s"/><category term="%[4]s"/></entry>`, `</feed>`},
		"rss": {"application/rss+xml", `<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>x</title>`,
			`<item><guid>%[1]s</guid><description>%[2]s</description><pubDate>%[6]s</pubDate><dc:creator>%[3]s</dc:creator><author>%[3]s</author><link>https://example.org/p/%[1]s</link><category>%[4]s</category></item>`, `</channel></rss>`},
	}
	documents := map[string][]byte{}
	kinds := map[string]string{}
	for part := 0; part*n < len(secrets); part++ {
		some := secrets[part*n : min(len(secrets), (part+1)*n)]
		for name, f := range formats {
			b := bytes.NewBufferString(f.begin)
			for _, s := range some {
				fmt.Fprintf(b, f.each, esc(s.Post), esc(s.Sentence), esc(s.Account), esc(s.Text), at.Format(time.RFC3339), at.Format(time.RFC1123Z))
			}
			b.WriteString(f.end)
			path := fmt.Sprintf("/%s/%d", name, part)
			documents[path], kinds[path] = b.Bytes(), f.kind
			paths = append(paths, path)
		}
		var items []map[string]any
		for _, s := range some {
			items = append(items, map[string]any{
				"id": s.Post, "content_text": s.Sentence, "date_published": at.Format(time.RFC3339), "url": "https://example.org/p/" + s.Post,
				"author": map[string]string{"name": s.Account, "url": "https://example.org/u/" + s.Account}, "authors": []map[string]string{{"name": s.Account}},
				"tags": []string{s.Text}, "_owner": s.Text,
			})
		}
		b, err := json.Marshal(map[string]any{"version": "https://jsonfeed.org/version/1.1", "title": "x", "items": items})
		if err != nil {
			t.Fatal(err)
		}
		path := fmt.Sprintf("/json/%d", part)
		documents[path], kinds[path] = b, "application/feed+json"
		paths = append(paths, path)
	}
	feeds = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, ok := documents[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", kinds[r.URL.Path])
		w.Write(b)
	}))
	t.Cleanup(feeds.Close)
	return feeds, paths
}

// leakTables writes the secrets as a CSV file and as a workbook, with columns
// that nothing should be read from.
func leakTables(t *testing.T, dir string, secrets []canary.Secret) (files []string) {
	t.Helper()
	rows := [][]string{{"id", "time", "text", "account", "area", "phone", "note"}}
	for i, s := range secrets {
		at := time.Now().UTC().Add(-time.Duration(i) * time.Second).Format(time.RFC3339)
		if i%100 == 99 {
			at = s.Text // a fault that must be told without its words
		}
		rows = append(rows, []string{s.Post, at, s.Sentence, s.Account, "Riverside", s.Text, s.Sentence})
	}
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	files = []string{filepath.Join(dir, "hotline.csv"), filepath.Join(dir, "hotline.xlsx")}
	if err := os.WriteFile(files[0], b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	book := excelize.NewFile()
	defer book.Close()
	sheet, err := book.NewStreamWriter("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		cells := make([]any, len(row))
		for j, c := range row {
			cells[j] = c
		}
		if err := sheet.SetRow("A"+strconv.Itoa(i+1), cells); err != nil {
			t.Fatal(err)
		}
	}
	if err := sheet.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := book.SaveAs(files[1]); err != nil {
		t.Fatal(err)
	}
	return files
}

// perQuestion is how many secrets one question holds: the form takes 500
// questions in ten minutes.
const perQuestion = 5

// ask sends the secrets through the form on the public site, from as many
// addresses of this machine as the limit for each of them asks for. It returns
// how many questions were taken.
func ask(t *testing.T, public string, secrets []canary.Secret) int {
	t.Helper()
	var questions []string
	for part := range slices.Chunk(secrets, perQuestion) {
		var b strings.Builder
		for _, x := range part {
			b.WriteString(x.Sentence + "\n")
		}
		questions = append(questions, b.String()+"请问 is the water safe?")
	}
	var asked atomic.Int64
	var wg sync.WaitGroup
	for i, part := range slices.Collect(slices.Chunk(questions, 5)) {
		wg.Go(func() {
			from := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, byte(1+i/200), byte(1+i%200))}}
			client := &http.Client{Transport: &http.Transport{DialContext: from.DialContext}}
			defer client.CloseIdleConnections()
			for _, text := range part {
				req, err := http.NewRequest("POST", public+"/ask", strings.NewReader(url.Values{"text": {text}}.Encode()))
				if err != nil {
					t.Error(err)
					return
				}
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				req.Header.Set("Sec-Fetch-Site", "same-origin")
				res, err := client.Do(req)
				if err != nil {
					t.Error(err)
					return
				}
				io.Copy(io.Discard, res.Body)
				res.Body.Close()
				if res.StatusCode >= 400 {
					t.Errorf("the form says %s to %.100q", res.Status, text)
					return
				}
				asked.Add(1)
			}
		})
	}
	wg.Wait()
	return int(asked.Load())
}

// TestLeak sends two thousand made-up secrets through every kind of source and
// looks for them in every byte that the program has written since.
func TestLeak(t *testing.T) {
	began := time.Now()
	const n = 2000
	secrets := canary.Secrets(11, n)
	outside, dir := t.TempDir(), t.TempDir()
	temp := filepath.Join(outside, "tmp")
	if err := os.Mkdir(temp, 0o700); err != nil {
		t.Fatal(err)
	}
	program := built(t)
	t.Setenv("TMPDIR", temp)
	t.Setenv("SQLITE_TMPDIR", temp)
	feeds, paths := leakFeeds(t, secrets, 1000)
	data := filepath.Join(dir, "data")
	find := newNeedles(t, secrets)
	run := func(args ...string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		out, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
		find.look("what "+args[0]+" says", out)
		if err != nil {
			t.Fatalf("%s: %v\n%s", args, err, out)
		}
	}

	// Tables are imported while the service does not run.
	for i, file := range leakTables(t, outside, secrets) {
		run("import", file, "--data", data, "--log-level", "debug", "--source", "table-"+strconv.Itoa(i), "--reason", "A test for leaks.", "--all")
	}

	c := app.Defaults()
	c.Data = data
	ctx := context.Background()
	a, err := app.New(ctx, c, app.Options{Now: time.Now, Log: slog.New(slog.DiscardHandler), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	by := hearback.Actor{ID: 1, Role: "administrator", Number: 1}
	_, token, err := a.Registry.Add(ctx, by, hearback.Source{Slug: "crisis", Kind: hearback.Webhook, Title: "Crisis", Reason: "A test for leaks.", Basis: "test", All: true})
	if err != nil {
		t.Fatal(err)
	}
	for i, path := range paths {
		_, _, err := a.Registry.Add(ctx, by, hearback.Source{Slug: "feed-" + strconv.Itoa(i), Kind: hearback.Feed, Title: "Feed " + strconv.Itoa(i), URL: feeds.URL + path, Reason: "A test for leaks.", Basis: "test", All: true})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}

	s := serve(t, data, "--network-allow", "127.0.0.1", "--log-level", "debug")
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	for i, x := range secrets {
		line := map[string]any{
			"id": x.Post, "text": x.Sentence, "account": x.Account, "time": time.Now().UTC().Format(time.RFC3339), "lang": x.Text, "area": "Riverside",
			"phone": x.Text, "user": map[string]string{"name": x.Account, "note": x.Sentence},
		}
		switch i % 100 {
		case 97:
			line["time"] = x.Text
		case 98:
			line["text"] = []string{x.Sentence}
		}
		if err := enc.Encode(line); err != nil {
			t.Fatal(err)
		}
		if i%100 == 99 {
			fmt.Fprintf(&body, "{\"id\":%q,\"text\":%q\n", x.Post, x.Sentence)
		}
	}
	y, err := send(s.console, token, body.Bytes())
	if err != nil || y.Kept+y.Copies < n*9/10 {
		t.Errorf("the webhook took %+v, %v", y, err)
	}
	for i, x := range secrets { // an edit, and a deletion, of some
		if i%50 == 0 {
			edit, err := json.Marshal(map[string]any{"id": x.Post, "text": "changed: " + x.Sentence, "account": x.Account})
			if err != nil {
				t.Fatal(err)
			}
			gone, err := json.Marshal(map[string]any{"id": secrets[i+1].Post, "deleted": true})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := send(s.console, token, append(append(edit, '\n'), gone...)); err != nil {
				t.Error(err)
			}
		}
	}
	asked := ask(t, s.public, secrets)
	if asked*perQuestion < n {
		t.Errorf("the form took %d questions of %d secrets each, want all %d secrets", asked, perQuestion, n)
	}

	// The feeds are read by the clock of the service.
	db, err := store.Open(ctx, filepath.Join(data, "hearback.db"))
	if err != nil {
		t.Fatal(err)
	}
	look, late := time.NewTicker(50*time.Millisecond), time.After(15*time.Second)
	defer look.Stop()
	for i := 0; i < len(paths); {
		src, err := db.SourceBySlug(ctx, "feed-"+strconv.Itoa(i))
		if err != nil {
			t.Fatal(err)
		}
		y, err := db.Total(ctx, src.ID)
		if err != nil {
			t.Fatal(err)
		}
		if y.Kept+y.Copies > 900 {
			i++
			continue
		}
		select {
		case <-look.C:
		case <-late:
			t.Fatalf("%s was read as %+v\n%s", paths[i], y, s.log)
		}
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	admin := s.join(t, s.link, "admin")
	for _, path := range []string{"/", "/concerns", "/sources", s.public + "/", s.public + "/ask"} {
		find.look("the page "+strings.TrimPrefix(path, s.public), []byte(admin.get(path)))
	}

	// While it runs: the store, its log of writes, and the files of the log.
	wal, size := int64(0), int64(0)
	everything := func(when string) {
		t.Helper()
		for _, root := range []string{data, temp} {
			err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				b, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				size += int64(len(b))
				if strings.HasSuffix(path, "-wal") {
					wal = max(wal, int64(len(b)))
				}
				if root == temp {
					t.Errorf("%s: the program left %s in the temporary directory", when, filepath.Base(path))
				}
				name, _ := filepath.Rel(dir, path)
				find.look(name+" "+when, b)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		}
	}
	everything("while it runs")
	if wal == 0 {
		t.Error("there was no -wal file to look into")
	}
	backup := filepath.Join(dir, "backup.db")
	run("backup", backup, "--data", data, "--log-level", "debug")
	s.stop(t)
	find.look("the log of the program", s.log.Bytes())
	find.look("what the program says", s.said.Bytes())
	if !bytes.Contains(s.log.Bytes(), []byte("level=DEBUG")) {
		t.Errorf("the log holds no details to look into:\n%.2000s", s.log)
	}
	everything("after it stopped")
	files := []string{backup}
	for _, what := range []string{"concerns", "answers", "log"} {
		out := filepath.Join(dir, what+".out")
		run("export", what, "--data", data, "--log-level", "debug", "--purpose", "A test for leaks.", "--out", out)
		files = append(files, out)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		find.look(filepath.Base(file), b)
	}
	everything("after the exports")
	find.report()

	// What was looked for can be found at all.
	y = totals(t, data, "")
	if want := int64(n) * (int64(len(paths))/2 + 2); y.Kept+y.Copies+y.Edited < want {
		t.Errorf("the program took in %+v, want %d at least", y, want)
	}
	check := newNeedles(t, secrets)
	check.t = nil
	for _, x := range secrets {
		check.hits = map[string]int{}
		check.look("itself", []byte(x.Sentence+" "+x.Account+" "+x.Post))
		if len(check.hits) < 3 {
			t.Errorf("%q is not found in its own sentence: %v", x.Text, check.hits)
		}
	}
	t.Logf("%d MB looked through, %d kB of -wal, %d questions asked, in %s", size>>20, wal>>10, asked, time.Since(began).Round(time.Millisecond))
}
