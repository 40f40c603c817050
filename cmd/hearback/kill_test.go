package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"example.org/hearback"
	"example.org/hearback/internal/app"
	"example.org/hearback/internal/store"
)

// TestMain runs the tests. Under the name of hearback, which is on their path,
// the test binary is the program itself: nothing has to be built again.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"hearback": main})
}

// built returns the path of the program.
func built(t *testing.T) string {
	t.Helper()
	file, err := exec.LookPath("hearback")
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// A server is a started program.
type server struct {
	cmd             *exec.Cmd
	console, public string
	link            string // to make the first administrator, or ""
	log             *bytes.Buffer
	said            bytes.Buffer // on standard output; to be read once it has stopped
	drained         chan struct{}
}

// serve starts the program on dir and waits until it has said where it is.
func serve(t *testing.T, dir string, args ...string) *server {
	t.Helper()
	return start(t, exec.Command(built(t), serveArgs(dir, args...)...))
}

func serveArgs(dir string, more ...string) []string {
	return append([]string{"serve", "--data", dir, "--console-listen", "127.0.0.1:0", "--public-listen", "127.0.0.1:0", "--log-level", "warn"}, more...)
}

// start runs a command that becomes the program, and waits as serve does.
func start(t *testing.T, cmd *exec.Cmd) *server {
	t.Helper()
	s := &server{cmd: cmd, log: &bytes.Buffer{}, drained: make(chan struct{})}
	s.cmd.Stderr = s.log
	pipe, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	out := io.TeeReader(pipe, &s.said)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		switch {
		case strings.HasPrefix(line, "Console"):
			s.console = strings.Fields(line)[1]
		case strings.HasPrefix(line, "Public site"):
			s.public = strings.Fields(line)[2]
		case strings.Contains(line, "/setup?token="):
			s.link = line
		case strings.HasPrefix(line, "Press Ctrl-C"):
			go func() {
				defer close(s.drained)
				io.Copy(io.Discard, out)
			}()
			return s
		}
	}
	s.cmd.Wait()
	t.Fatalf("the program did not start:\n%s", s.log)
	return nil
}

// stop ends the program as an operator does, and fails if it takes too long
// or does not end well.
func (s *server) stop(t *testing.T) {
	t.Helper()
	began := time.Now()
	s.cmd.Process.Signal(os.Interrupt)
	<-s.drained
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("the program ended with %v:\n%s", err, s.log)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the program took %s to stop", took)
	}
}

// labelled is where labelled data lies when the checkout stands beside it.
const labelled = "../../../shared/data"

// eachRow calls f for every line of a gzip file of the labelled data, and
// skips the test if it is not there.
func eachRow(t *testing.T, name string, f func(line []byte)) {
	t.Helper()
	file, err := os.Open(filepath.Join(labelled, name))
	if err != nil {
		t.Skip("the labelled data is not here: ", err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		f(lines.Bytes())
	}
}

// crisisBodies returns the crisis messages as bodies for a webhook.
func crisisBodies(t *testing.T, perBody, most int) (bodies [][]byte, n int) {
	var b bytes.Buffer
	in := 0
	eachRow(t, "crisis-t26/messages.jsonl.gz", func(line []byte) {
		if n == most {
			return
		}
		var row struct{ ID, Time, Text string }
		if err := json.Unmarshal(line, &row); err != nil {
			t.Fatal(err)
		}
		out, err := json.Marshal(map[string]string{"id": row.ID, "time": row.Time, "text": row.Text, "account": "a" + strconv.Itoa(n%977)})
		if err != nil {
			t.Fatal(err)
		}
		b.Write(out)
		b.WriteByte('\n')
		n++
		if in++; in == perBody {
			bodies, in = append(bodies, bytes.Clone(b.Bytes())), 0
			b.Reset()
		}
	})
	if in > 0 {
		bodies = append(bodies, b.Bytes())
	}
	return bodies, n
}

// preparedInstance makes an instance with a webhook and a topic, and returns
// the token.
func preparedInstance(t *testing.T, dir string) string { return preparedOn(t, dir, "") }

// preparedOn does so with the store at a URL of PostgreSQL, if there is one.
func preparedOn(t *testing.T, dir, db string) string {
	t.Helper()
	c := app.Defaults()
	c.Data, c.DB = dir, db
	ctx := context.Background()
	a, err := app.New(ctx, c, app.Options{Now: time.Now, Log: slog.New(slog.DiscardHandler), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	by := hearback.Actor{ID: 1, Role: "administrator", Number: 1}
	_, token, err := a.Registry.Add(ctx, by, hearback.Source{Slug: "crisis", Kind: hearback.Webhook, Title: "Crisis", Reason: "A test.", Basis: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Topics.Add(ctx, by, hearback.Topic{Name: "crisis", Query: "fire OR wildfire OR flood OR quake OR earthquake OR rain OR explosion OR help OR victims", Reason: "A test."}); err != nil {
		t.Fatal(err)
	}
	if err := a.Stop(); err != nil {
		t.Fatal(err)
	}
	return token
}

// send posts a body and returns the reply, or an error if the line broke.
func send(console, token string, body []byte) (hearback.Tally, error) {
	var y hearback.Tally
	req, err := http.NewRequest("POST", console+"/ingest/crisis", bytes.NewReader(body))
	if err != nil {
		return y, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/x-ndjson")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return y, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return y, err
	}
	if res.StatusCode != http.StatusAccepted {
		return y, fmt.Errorf("%s: %.200s", res.Status, text)
	}
	return y, json.Unmarshal(text, &y)
}

// totals reads what an instance that is not running has kept.
func totals(t *testing.T, dir, dsn string) hearback.Tally {
	t.Helper()
	if dsn == "" {
		dsn = filepath.Join(dir, "hearback.db")
	}
	db, err := store.Open(context.Background(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	y, err := db.Total(context.Background(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return y
}

// TestKill kills the program at random while it takes messages in, starts it
// again and goes on, on both engines. The totals must be those of a run that
// nobody disturbed, and each start verifies that the log and its files agree.
func TestKill(t *testing.T) {
	kills := 6
	if n, err := strconv.Atoi(os.Getenv("HEARBACK_TEST_KILLS")); err == nil {
		kills = n
	}
	bodies, n := crisisBodies(t, 30, 1500+75*kills)

	calm := filepath.Join(t.TempDir(), "calm")
	token := preparedInstance(t, calm)
	s := serve(t, calm)
	for _, b := range bodies {
		if _, err := send(s.console, token, b); err != nil {
			t.Fatal(err)
		}
	}
	s.stop(t)
	want := totals(t, calm, "")
	if want.Received != int64(n) || want.Kept+want.Copies+want.Dropped != int64(n) || want.Kept == 0 || want.Copies == 0 || want.Dropped == 0 {
		t.Fatalf("undisturbed, %d messages were counted as %+v", n, want)
	}
	t.Run("sqlite", func(t *testing.T) { killed(t, "", bodies, kills, want) })
	t.Run("postgres", func(t *testing.T) {
		dsn := os.Getenv("HEARBACK_TEST_POSTGRES")
		if dsn == "" {
			t.Skip("HEARBACK_TEST_POSTGRES is not set; make test sets it")
		}
		killed(t, store.TestSchema(t, dsn), bodies, kills, want)
	})
}

// killed sends bodies to a program that is killed so many times, with its store
// at a URL, or in its directory if that is empty.
func killed(t *testing.T, dsn string, bodies [][]byte, kills int, want hearback.Tally) {
	rough := filepath.Join(t.TempDir(), "rough")
	token := preparedOn(t, rough, dsn)
	rng := rand.New(rand.NewPCG(1, 2))
	next, killed := 0, 0
	for next < len(bodies) {
		s := serve(t, rough, "--db", dsn)
		done := make(chan struct{})
		last := killed >= kills
		if !last {
			after := time.Duration(rng.IntN(90)+5) * time.Millisecond
			go func() {
				select {
				case <-time.After(after):
				case <-done:
				}
				s.cmd.Process.Kill()
			}()
		}
		goal := len(bodies)
		if !last { // leave something for the kills that are to come
			goal = min(goal, next+max(1, (len(bodies)-next)/(kills-killed)))
		}
		for next < goal {
			if _, err := send(s.console, token, bodies[next]); err != nil {
				break
			}
			next++
		}
		close(done)
		if last {
			s.stop(t)
			continue
		}
		s.cmd.Wait()
		killed++
		if strings.Contains(s.log.String(), "panic") {
			t.Fatalf("after %d kills:\n%s", killed, s.log)
		}
	}
	got := totals(t, rough, dsn)
	got.Received -= got.Repeats
	got.Repeats = 0
	if got != want {
		t.Errorf("after %d kills the totals are %+v, want %+v", killed, got, want)
	}
	if killed < kills && next < len(bodies) {
		t.Errorf("killed %d times, want %d", killed, kills)
	}
}
