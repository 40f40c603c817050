package translog_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"example.org/hearback"
	"example.org/hearback/internal/translog"
)

// witness is one that runs, and how to reach it.
func witness(t testing.TB, dir string, logs ...string) (*translog.Witness, translog.WitnessClient) {
	t.Helper()
	w, err := translog.OpenWitness(dir, "newsroom.example.org/witness", logs)
	if err != nil {
		t.Fatal(err)
	}
	w.Now = func() time.Time { return start.Add(time.Hour) }
	srv := httptest.NewServer(w.Handler())
	t.Cleanup(srv.Close)
	return w, translog.WitnessClient{URL: srv.URL + "/", VKey: w.VKey(), Client: srv.Client()}
}

func TestWitness(t *testing.T) {
	dir, k, m, l := logOf(t, 300)
	wdir := t.TempDir()
	_, client := witness(t, wdir, k.VKey())
	bundle := func() translog.Report {
		t.Helper()
		b, err := l.Bundle(t.Context(), 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := translog.VerifyBundle(b, translog.VerifyOptions{Key: k.VKey(), Witnesses: []string{client.VKey}})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if r := bundle(); r.OK() || states(r, translog.CheckFailed) != "witness" {
		t.Errorf("before a confirmation: failed %q", states(r, translog.CheckFailed))
	}
	for range 3 {
		if err := l.Confirm(t.Context(), []translog.WitnessClient{client}); err != nil {
			t.Fatal(err)
		}
		if r := bundle(); !r.OK() || len(r.Witnesses) != 1 {
			t.Errorf("after a confirmation: %s", r.Text("en"))
		}
		c := l.Confirmations()[client.VKey]
		if c.Size != l.Size() || !c.At.Equal(start.Add(time.Hour)) || c.Witness != "newsroom.example.org/witness" {
			t.Errorf("Confirmations = %+v at size %d", c, l.Size())
		}
		m.grow(t, 211, "more")
		publish(t, l)
	}
	if err := audit(t, dir, k, nil); err != nil {
		t.Error(err)
	}

	// After a restart of both, the witness says where to go on from.
	l = mustOpen(t, dir, k, m)
	again, client := witness(t, wdir, k.VKey())
	if again.VKey() != client.VKey {
		t.Fatal("the witness has another key after a restart")
	}
	if err := l.Confirm(t.Context(), []translog.WitnessClient{client}); err != nil {
		t.Errorf("after a restart: %v", err)
	}
	l = mustOpen(t, dir, k, m)
	if !bytes.Contains(l.Checkpoint(), []byte("newsroom.example.org/witness")) {
		t.Error("the confirmation is lost when the log is opened again")
	}

	// The office rewrites its history, or cuts it: no confirmation.
	for _, tt := range []struct {
		name string
		size int
		want string
	}{{"rewritten and signed again", 2000, "422"}, {"fork at the same size", int(l.Size()), "another log"}, {"rolled back", 100, "it has confirmed"}} {
		t.Run(tt.name, func(t *testing.T) {
			forged := &memory{}
			forged.grow(t, tt.size, "forged")
			f := mustOpen(t, filepath.Join(t.TempDir(), "forged"), k, forged)
			publish(t, f)
			if err := f.Confirm(t.Context(), []translog.WitnessClient{client}); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("a rewritten log of %d entries: %v, want %q", tt.size, err, tt.want)
			}
			if strings.Contains(string(f.Checkpoint()), "newsroom") {
				t.Errorf("a rewritten log of %d entries was confirmed", tt.size)
			}
		})
	}
	// A witness that is away does not stop the log, nor the other witnesses.
	away := translog.WitnessClient{URL: "http://127.0.0.1:1", VKey: client.VKey, Client: client.Client}
	m.grow(t, 1, "x")
	publish(t, l)
	if err := l.Confirm(t.Context(), []translog.WitnessClient{away, client}); err == nil || l.Confirmations()[client.VKey].Size != l.Size() {
		t.Errorf("with one of two away: %v, %+v", err, l.Confirmations())
	}
}

// The statuses that C2SP tlog-witness asks for.
func TestWitnessProtocol(t *testing.T) {
	_, k, m, l := logOf(t, 10)
	ten := string(l.Checkpoint())
	m.grow(t, 10, "more")
	publish(t, l)
	twenty := string(l.Checkpoint())
	other, err := translog.LoadOrCreateKey(filepath.Join(t.TempDir(), "k"), origin)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := translog.LoadOrCreateKey(filepath.Join(t.TempDir(), "k"), "unknown.example.org/log")
	if err != nil {
		t.Fatal(err)
	}
	signedBy := func(k translog.Key) string {
		l := mustOpen(t, filepath.Join(t.TempDir(), "l"), k, m)
		publish(t, l)
		return string(l.Checkpoint())
	}
	hash := strings.Repeat("A", 43) + "="
	w, client := witness(t, t.TempDir(), k.VKey())
	for _, tt := range []struct {
		name, body string
		code       int
		says       string
	}{
		{"empty", "", 400, ""},
		{"no checkpoint", "old 0\n\n", 404, ""},
		{"words", "hello\n\n" + ten, 400, ""},
		{"leading zero", "old 00\n\n" + ten, 400, ""},
		{"negative", "old -1\n\n" + ten, 400, ""},
		{"bad hash", "old 0\nx\n\n" + ten, 400, ""},
		{"too many hashes", "old 0\n" + strings.Repeat(hash+"\n", 64) + "\n" + ten, 400, ""},
		{"unknown log", "old 0\n\n" + signedBy(stranger), 404, ""},
		{"wrong key", "old 0\n\n" + signedBy(other), 403, ""},
		{"old above new", "old 11\n\n" + ten, 400, ""},
		{"first, wrong old", "old 5\n" + hash + "\n\n" + ten, 409, "0\n"},
		{"first, with a proof", "old 0\n" + hash + "\n\n" + ten, 422, ""},
		{"first", "old 0\n\n" + ten, 200, "— newsroom.example.org/witness "},
		{"same again, stale", "old 0\n\n" + ten, 409, "10\n"},
		{"same again", "old 10\n\n" + ten, 200, "— newsroom"},
		{"no proof", "old 10\n\n" + twenty, 422, ""},
		{"false proof", "old 10\n" + hash + "\n\n" + twenty, 422, ""},
		{"too long", "old 0\n\n" + strings.Repeat("x", 1<<17), 413, ""},
	} {
		res, err := client.Client.Post(client.URL+"add-checkpoint", "text/plain", strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || res.StatusCode != tt.code || !strings.HasPrefix(string(got), tt.says) {
			t.Errorf("%s: %d %q, %v, want %d %q", tt.name, res.StatusCode, got, err, tt.code, tt.says)
		}
		if tt.code == 409 && res.Header.Get("Content-Type") != "text/x.tlog.size" {
			t.Errorf("%s: Content-Type %q", tt.name, res.Header.Get("Content-Type"))
		}
		if tt.code == 200 {
			v, err := translog.NewWitnessVerifier(w.VKey())
			if err != nil {
				t.Fatal(err)
			}
			_, text, _ := strings.Cut(tt.body, "\n\n")
			if n, err := note.Open(append([]byte(text), got...), note.VerifierList(v)); err != nil || len(n.Sigs) != 1 {
				t.Errorf("%s: the answer is no cosignature: %v", tt.name, err)
			}
		}
	}
}

// Keys that are not of a witness are refused.
func TestWitnessKey(t *testing.T) {
	w, _ := witness(t, t.TempDir())
	for _, bad := range []string{"", "a+b", w.VKey() + "A", strings.Replace(w.VKey(), "newsroom", "newsdesk", 1), "x+00000000+AAAA"} {
		if _, err := translog.NewWitnessVerifier(bad); !errors.Is(err, translog.ErrKey) {
			t.Errorf("NewWitnessVerifier(%q) = %v, want %v", bad, err, translog.ErrKey)
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "witness.key"), []byte("zz"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := translog.OpenWitness(dir, "w", nil); !errors.Is(err, translog.ErrKey) {
		t.Errorf("OpenWitness with a damaged key = %v", err)
	}
	if _, err := translog.OpenWitness(t.TempDir(), "two words", nil); !errors.Is(err, hearback.ErrInvalid) {
		t.Errorf("OpenWitness with a bad name = %v", err)
	}
	if st, err := os.Stat(dir); err != nil || !st.IsDir() {
		t.Fatal(err)
	}
}

func FuzzWitness(f *testing.F) {
	_, k, _, l := logOf(f, 10)
	w, err := translog.OpenWitness(f.TempDir(), "见证.example.org", []string{k.VKey()})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(fmt.Appendf(nil, "old 0\n\n%s", l.Checkpoint()))
	f.Add([]byte("old 3\nAAAA\n\n日志\n3\n"))
	h := w.Handler()
	f.Fuzz(func(t *testing.T, body []byte) {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(http.MethodPost, "/add-checkpoint", bytes.NewReader(body)))
		if rec.Code == http.StatusOK && !bytes.Contains(body, []byte(origin+"\n10\n")) || rec.Code == http.StatusInternalServerError {
			t.Errorf("%q gets %d", body, rec.Code)
		}
	})
}
