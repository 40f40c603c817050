package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"example.org/hearback"
	"example.org/hearback/internal/app"
	"example.org/hearback/internal/store"
)

// badFeeds are feeds that cannot be read, each with a part of the sentence
// that says so.
var badFeeds = []struct{ path, say string }{
	{"/cut", "broken at line 1: it is no well-formed XML. Ask the site to mend it."},
	{"/page", "is no feed"},
	{"/bomb", "declares entities of its own, which could grow without end, so it is not read. Ask the site for a plain feed."},
	{"/zip", "sends more than 8 MiB, which is the most that is read. Ask for a shorter feed."},
	{"/charset", ""}, // it is read all the same
	{"/good", ""},
}

func serveBadFeeds(t *testing.T) *httptest.Server {
	item := func(n int, text string) string {
		return fmt.Sprintf("<item><guid>g%d</guid><title>%s</title><pubDate>%s</pubDate></item>", n, text, time.Now().UTC().Format(time.RFC1123Z))
	}
	rss := func(items string) string {
		return `<rss version="2.0"><channel><title>Feed</title>` + items + `</channel></rss>`
	}
	mux := http.NewServeMux()
	say := func(path, kind, body string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			io.WriteString(w, body)
		})
	}
	say("/cut", "application/rss+xml", strings.TrimSuffix(rss(item(1, "Is the water safe?")), "</item></channel></rss>"))
	say("/page", "text/html", "<!doctype html><title>Water</title><p>Nothing to read for a machine.")
	bomb := `<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "water water water water water water">`
	for c := 'b'; c <= 'i'; c++ {
		bomb += fmt.Sprintf(`<!ENTITY %c "%s">`, c, strings.Repeat(fmt.Sprintf("&%c;", c-1), 10))
	}
	say("/bomb", "application/rss+xml", bomb+"]>"+rss(item(1, "&i;")))
	mux.HandleFunc("/zip", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/rss+xml")
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		io.WriteString(z, "<rss>")
		zeros := bytes.Repeat([]byte(" "), 1<<20)
		for range 64 {
			if _, err := z.Write(zeros); err != nil {
				return // whoever reads has had enough
			}
		}
		z.Close()
	})
	// It says UTF-8 and is GB 18030.
	say("/charset", "application/rss+xml; charset=utf-8", `<?xml version="1.0" encoding="utf-8"?>`+rss(item(1, "\xd7\xd4\xc0\xb4\xcb\xae\xc4\xdc\xba\xc8\xc2\xf0\xa3\xbf\xcb\xae\xca\xc7\xbb\xc6\xb5\xc4")))
	say("/good", "application/rss+xml", rss(item(1, "Is the tap water safe to drink?")))
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s
}

// TestBadInput gives the built program what nobody should, all at once: each
// is answered in one clear sentence, and what is good beside it is taken.
func TestBadInput(t *testing.T) {
	t.Parallel()
	feeds, data := serveBadFeeds(t), filepath.Join(t.TempDir(), "data")
	ctx := context.Background()
	c := app.Defaults()
	c.Data = data
	a, err := app.New(ctx, c, app.Options{Now: time.Now, Log: slog.New(slog.DiscardHandler), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	by := hearback.Actor{ID: 1, Role: "administrator", Number: 1}
	add := func(s hearback.Source) (hearback.ID, string) {
		t.Helper()
		s.Title, s.Reason, s.Basis, s.All = s.Slug, "A test.", "test", true
		src, token, err := a.Registry.Add(ctx, by, s)
		if err != nil {
			t.Fatal(err)
		}
		return src.ID, token
	}
	ids := map[string]hearback.ID{}
	for _, f := range badFeeds {
		ids[f.path], _ = add(hearback.Source{Slug: strings.Trim(f.path, "/"), Kind: hearback.Feed, URL: feeds.URL + f.path})
	}
	_, token := add(hearback.Source{Slug: "crisis", Kind: hearback.Webhook})
	old, _ := add(hearback.Source{Slug: "old", Kind: hearback.Webhook})
	expired, err := a.Registry.NewToken(ctx, by, old, time.Now().Add(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}
	s := serve(t, data, "--network-allow", "127.0.0.1")

	// A webhook that is sent everything wrong with JSON, and two good lines.
	lines := []struct{ line, say string }{
		{`{"id":"ok-1","text":"Is the tap water safe to drink?"}`, ""},
		{`{"id":"t1","text":7}`, "text"},
		{`{"id":["x"],"text":"water"}`, "id"},
		{`{"id":"t3","text":{"a":"water"}}`, "text"},
		{`{"id":"t4","text":"water","time":true}`, "time"},
		{`{"id":"t5","text":"water","time":"0001-01-01T00:00:00Z"}`, "year 1"},
		{`{"id":"t6","text":"water","time":"9999-12-31T23:59:59Z"}`, "9999"},
		{`{"id":"t7","text":"` + strings.Repeat("water ", 175_000) + `"}`, "are the most; shorten it"},
		{`["water"]`, ""},
		{`{"id":"t9","text":"water`, ""},
		{"{\"id\":\"t10\",\"text\":\"water \xff\xfe\"}", ""},
		{`{"id":"ok-2","text":"学校什么时候开学"}`, ""},
	}
	var body strings.Builder
	for _, l := range lines {
		body.WriteString(l.line + "\n")
	}
	reply := post(t, s.console+"/ingest/crisis", token, "application/x-ndjson", strings.NewReader(body.String()))
	var got struct {
		Received, Kept, Copies, Refused int64
		Errors                          []struct {
			Line  int
			Error string
		}
	}
	if err := json.Unmarshal([]byte(reply.text), &got); err != nil || reply.status != http.StatusAccepted || got.Received != int64(len(lines)) || got.Kept < 2 || got.Refused < 8 {
		t.Errorf("bad lines: %d %s, %v; want two kept at least and eight refused", reply.status, reply.text, err)
	}
	for _, e := range got.Errors {
		if say := lines[e.Line-1].say; e.Error == "" || strings.Contains(e.Error, "\n") || !strings.Contains(e.Error, say) {
			t.Errorf("line %d: %q, want one sentence with %q", e.Line, e.Error, say)
		}
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	z.Write(bytes.Repeat([]byte(`{"text":"water"}`+"\n"), 1<<20))
	z.Close()
	for _, tt := range []struct {
		name, token, kind, coding string
		body                      io.Reader
		status                    int
		say                       string
	}{
		{"a gzip bomb", token, "application/json", "gzip", &zipped, 413, "larger than"},
		{"no gzip", token, "application/json", "gzip", strings.NewReader("water"), 400, "cannot be unpacked"},
		{"a wrong charset", token, "application/json; charset=gbk", "", strings.NewReader("{}"), 415, "UTF-8"},
		{"a wrong token", "hb_wrong", "application/json", "", strings.NewReader("{}"), 401, "token"},
	} {
		r := post(t, s.console+"/ingest/crisis", tt.token, tt.kind, tt.body, tt.coding)
		if r.status != tt.status || !strings.Contains(r.text, tt.say) {
			t.Errorf("%s: %d %s, want %d with %q", tt.name, r.status, r.text, tt.status, tt.say)
		}
	}
	for end := time.Now().Add(5 * time.Second); ; {
		r := post(t, s.console+"/ingest/old", expired, "application/json", strings.NewReader(`{"text":"water"}`))
		if r.status == http.StatusUnauthorized && strings.Contains(r.text, "The token has expired. Ask the administrator for a new one.") {
			break
		}
		if time.Now().After(end) {
			t.Errorf("an expired token: %d %s", r.status, r.text)
			break
		}
	}

	// Every feed is looked at soon; what is wrong stands on its page.
	db, err := store.Open(ctx, filepath.Join(data, "hearback.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tick, late := time.NewTicker(50*time.Millisecond), time.After(40*time.Second)
	defer tick.Stop()
	for _, f := range badFeeds {
		for done := false; !done; {
			var h hearback.Health
			if err := db.Tries(ctx, ids[f.path], func(_ hearback.ID, x hearback.Health) { h = x }); err != nil {
				t.Fatal(err)
			}
			switch {
			case h.LastTry.IsZero():
				select {
				case <-tick.C:
				case <-late:
					t.Fatalf("%s was not looked at\n%s", f.path, s.log)
				}
			case f.say == "" && h.Fault != "", f.say != "" && !strings.Contains(h.Fault, f.say), strings.Contains(h.Fault, "\n"):
				t.Errorf("%s: %q, want one sentence with %q", f.path, h.Fault, f.say)
				done = true
			default:
				t.Logf("%s: %s", f.path, h.Fault)
				done = true
			}
		}
	}
	for _, path := range []string{"/charset", "/good"} {
		if y, err := db.Total(ctx, ids[path]); err != nil || y.Kept+y.Copies != 1 {
			t.Errorf("%s was read as %+v, %v; want one message", path, y, err)
		}
	}
	// Pages are served as if nothing had been.
	if page := s.person(t).get(s.public + "/"); !strings.Contains(page, "<h1") {
		t.Error("the public site does not answer")
	}
	s.stop(t)
}

type answered struct {
	status int
	text   string
}

// post sends a body to a webhook.
func post(t *testing.T, to, token, kind string, body io.Reader, coding ...string) answered {
	t.Helper()
	req, err := http.NewRequest("POST", to, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", kind)
	if len(coding) > 0 && coding[0] != "" {
		req.Header.Set("Content-Encoding", coding[0])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answered{res.StatusCode, string(text)}
}

// TestHugeTable streams a table through import and holds that memory does not
// grow with it: 2 GB with HEARBACK_TEST_HUGE=1, a tenth of it without.
func TestHugeTable(t *testing.T) {
	file := built(t)
	if runtime.GOOS != "linux" {
		t.Skip("there is no /dev/stdin to import from")
	}
	rows := 800
	if os.Getenv("HEARBACK_TEST_HUGE") != "" {
		rows = 8200
	}
	const width = 250_000
	r, w := io.Pipe()
	go func() {
		text := strings.Repeat("the tap water in the old quarter is brown ", width/42+1)
		fmt.Fprintln(w, "id,time,text")
		for i := range rows {
			if _, err := fmt.Fprintf(w, "r%d,2026-11-01 10:00,%s\n", i, text[i%42:width]); err != nil {
				return
			}
		}
		w.Close()
	}()
	cmd := exec.Command(file, "import", "/dev/stdin", "--data", filepath.Join(t.TempDir(), "data"), "--source", "huge", "--reason", "A test.")
	cmd.Stdin = r
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), strconv.Itoa(rows)+" rows: ") {
		t.Fatalf("import: %v\n%s", err, out)
	}
	most := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss >> 10
	t.Logf("%d MB of rows, at most %d MB of memory", rows*width/1_000_000, most)
	if most > 600 {
		t.Errorf("import took %d MB of memory", most)
	}
}

// TestSparseTable: a file of 2 GB that holds nothing is refused at once.
func TestSparseTable(t *testing.T) {
	file := built(t)
	dir := t.TempDir()
	name := filepath.Join(dir, "zeros.csv")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(2 << 30); err != nil {
		t.Skip("no sparse file can be made here:", err)
	}
	f.Close()
	out, err := exec.Command(file, "import", name, "--data", filepath.Join(dir, "data"), "--source", "zeros", "--reason", "A test.").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "zeros.csv: not valid: this is no text; only CSV, TSV, XLSX and JSONL files can be imported") {
		t.Errorf("= %v, %.300s", err, out)
	}
}

// TestFormulas: a workbook whose cells are formulas is read by what they came
// to, and one whose formulas were never computed says so.
func TestFormulas(t *testing.T) {
	file := built(t)
	dir := t.TempDir()
	x := excelize.NewFile()
	defer x.Close()
	for cell, v := range map[string]any{"A1": "id", "B1": "time", "C1": "text", "A2": "r1", "B2": "2026-11-01 10:00", "C2": "Is the tap water safe to drink?", "A3": "r2", "B3": "2026-11-01 11:00"} {
		if err := x.SetCellValue("Sheet1", cell, v); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.SetCellFormula("Sheet1", "C3", `="Is the "&"water safe?"`); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "calls.xlsx")
	if err := x.SaveAs(name); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(file, "import", name, "--data", filepath.Join(dir, "data"), "--source", "calls", "--reason", "A test.", "--all").CombinedOutput()
	if !strings.Contains(string(out), "2 rows: 1 kept") || !strings.Contains(string(out), "1 unusable") || !strings.Contains(string(out), "line 3: The row has no text. If the cell is a formula, save the workbook in a spreadsheet program, so that it holds the result.") {
		t.Errorf("= %v, %s", err, out)
	}
}

// TestReadOnly runs the program as somebody who may not write its directory.
func TestReadOnly(t *testing.T) {
	file := built(t)
	dir := t.TempDir()
	var as *syscall.SysProcAttr
	if os.Geteuid() == 0 { // root may write anywhere: be nobody
		as = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		mine, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for d := dir; d != filepath.Dir(d) && d != os.TempDir(); d = filepath.Dir(d) {
			os.Chmod(d, 0o755)
		}
		file = filepath.Join(dir, "hearback")
		if err := os.WriteFile(file, mine, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(data, 0o755) })
	cmd := exec.Command(file, serveArgs(data)...)
	cmd.SysProcAttr = as
	out, err := cmd.CombinedOutput()
	if err == nil || strings.Count(string(out), "\n") != 1 || !strings.Contains(string(out), "data cannot be written: permission denied; check who owns it, or choose another with --data") {
		t.Errorf("= %v, %s", err, out)
	}
}

// TestFullDisk fills the disk under a running service. What was accepted stays,
// what cannot be stored is refused with a sentence, pages go on, and so does
// everything once there is room again.
func TestFullDisk(t *testing.T) {
	file := built(t)
	dir := t.TempDir()
	ready, disk := filepath.Join(dir, "ready"), filepath.Join(dir, "disk")
	token := preparedInstance(t, ready)
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	// A disk of its own, in a space of names of its own; it goes with the
	// process.
	const script = `mount -t tmpfs -o size=24m tmpfs "$1" && cp -r "$2" "$1/data" && head -c 6000000 /dev/zero >"$1/ballast" && shift 2 && exec "$@"`
	can := exec.Command("unshare", "-rm", "sh", "-c", `mount -t tmpfs tmpfs "$1"`, "sh", disk)
	if out, err := can.CombinedOutput(); err != nil {
		t.Skipf("no small disk can be made here: %v %s", err, out)
	}
	s := start(t, exec.Command("unshare", append([]string{"-rm", "sh", "-c", script, "sh", disk, ready, file}, serveArgs(filepath.Join(disk, "data"))...)...))
	inside := filepath.Join("/proc", strconv.Itoa(s.cmd.Process.Pid), "root", disk)

	line, n, accepted := strings.Repeat("fire and flood and rain near the old quarter, is there help? ", 20), 0, int64(0)
	body := func() []byte {
		var b bytes.Buffer
		for range 200 {
			n++
			fmt.Fprintf(&b, "{\"id\":\"m%d\",\"account\":\"a%d\",\"text\":\"%d %s\"}\n", n, n, n*7919, line)
		}
		return b.Bytes()
	}
	var refusal error
	var last []byte
	for refusal == nil && n < 100_000 {
		last = body()
		var y hearback.Tally
		if y, refusal = send(s.console, token, last); refusal == nil {
			accepted += y.Received
		}
	}
	if refusal == nil || accepted == 0 || !strings.Contains(refusal.Error(), "503") || !strings.Contains(refusal.Error(), "The messages could not be stored just now. Nothing is lost if you send them again.") {
		t.Errorf("on a full disk the webhook says %v after %d messages", refusal, accepted)
	}
	if page := s.person(t).get(s.public + "/"); !strings.Contains(page, "<h1") {
		t.Error("the public site does not answer on a full disk")
	}
	if err := os.Remove(filepath.Join(inside, "ballast")); err != nil {
		t.Skipf("the disk cannot be reached from here: %v", err)
	}
	y, err := send(s.console, token, last)
	if err != nil {
		t.Errorf("with room again the webhook says %v", err)
	}
	accepted += y.Received
	after := filepath.Join(dir, "after")
	// While it stops nothing changes: what is on the disk is copied before.
	if out, err := exec.Command("cp", "-r", filepath.Join(inside, "data"), after).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	if got := totals(t, after, ""); got.Received != accepted || got.Kept+got.Copies+got.Dropped != accepted {
		t.Errorf("%d messages were accepted, and %+v are there", accepted, got)
	}
	if !strings.Contains(s.log.String(), "disk is full") && !strings.Contains(s.log.String(), "no space left") {
		t.Errorf("the log does not say that the disk is full:\n%s", s.log)
	}
	s.stop(t)
	t.Logf("%d messages accepted; then: %v", accepted, refusal)
}
