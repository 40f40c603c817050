package translog_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"example.org/hearback"
	"example.org/hearback/internal/translog"
)

// rotate gives a log a new key.
func rotate(t testing.TB, dir string, old translog.Key, m *memory) translog.Key {
	t.Helper()
	next := key(t)
	err := translog.Rotate(t.Context(), dir, old, next, m, translog.Rotation{By: hearback.Actor{ID: 1, Role: "operator"}, At: start, Reason: "yearly change",
		Write: func(_ context.Context, r hearback.Record) error { m.add(t, r); return nil }})
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func TestRotate(t *testing.T) {
	dir, first, m, l := logOf(t, 300)
	kept := l.Checkpoint()
	old, err := l.Bundle(t.Context(), 7, nil)
	if err != nil {
		t.Fatal(err)
	}
	second := rotate(t, dir, first, m)
	m.grow(t, 400, "water")
	publish(t, mustOpen(t, dir, second, m))
	third := rotate(t, dir, second, m)
	m.grow(t, 50, "water")
	l = mustOpen(t, dir, third, m)
	publish(t, l)
	if _, err := translog.Open(dir, first, m); !errors.Is(err, translog.ErrKey) {
		t.Errorf("Open with a key that was handed over = %v, want %v", err, translog.ErrKey)
	}

	// Whoever knows any of the keys gets to the newest one.
	for i, k := range []translog.Key{first, second, third} {
		r, err := translog.Audit(t.Context(), translog.Dir(dir), translog.AuditOptions{VKey: k.VKey()})
		if err != nil || r.VKey != third.VKey() || len(r.Handovers) != 2-i {
			t.Errorf("Audit with key %d = %d handovers to %s, %v", i+1, len(r.Handovers), r.VKey, err)
		}
	}
	if r, err := translog.Audit(t.Context(), translog.Dir(dir), translog.AuditOptions{VKey: first.VKey(), Since: kept}); err != nil || !r.Compared {
		t.Errorf("Audit with what was kept under the first key = %+v, %v", r, err)
	}
	if _, err := translog.Audit(t.Context(), translog.Dir(dir), translog.AuditOptions{VKey: key(t).VKey()}); !errors.Is(err, translog.ErrKey) {
		t.Errorf("Audit with a stranger's key = %v, want %v", err, translog.ErrKey)
	}

	// Proofs from before the change hold with the new key, and the other way.
	now, err := l.Bundle(t.Context(), 7, nil)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(l.Handler())
	defer srv.Close()
	for _, tt := range []struct {
		name  string
		proof []byte
		key   translog.Key
		log   translog.Files
		ok    bool
	}{
		{"an old proof, its own key", old, first, nil, true},
		{"an old proof, the newest key, the log at hand", old, third, translog.Dir(dir), true},
		{"an old proof, the newest key, the log on the web", old, third, translog.Remote{Client: srv.Client(), URL: srv.URL + "/log"}, true},
		{"an old proof, its own key, the log at hand", old, first, translog.Dir(dir), true},
		{"a new proof, the first key, the log at hand", now, first, translog.Dir(dir), true},
		{"a new proof, the first key, no log", now, first, nil, false},
		{"a new proof, a stranger's key, the log at hand", now, key(t), translog.Dir(dir), false},
	} {
		r, err := translog.VerifyBundle(tt.proof, translog.VerifyOptions{Key: tt.key.VKey(), Log: tt.log})
		if err != nil || r.OK() != tt.ok {
			t.Errorf("%s: %v %s", tt.name, err, r.Text("en"))
		}
	}

	// Doing it again changes nothing, and a key does not come back.
	n := len(m.list)
	if err := translog.Rotate(t.Context(), dir, second, third, m, translog.Rotation{Reason: "again", Write: func(context.Context, hearback.Record) error { return errors.New("written twice") }}); err != nil || len(m.list) != n {
		t.Errorf("Rotate again = %v", err)
	}
	for name, o := range map[string]struct {
		old, next translog.Key
		reason    string
	}{"no reason": {third, key(t), " "}, "the same key": {third, third, "x"}, "a key that comes back": {third, first, "x"}} {
		if err := translog.Rotate(t.Context(), dir, o.old, o.next, m, translog.Rotation{Reason: o.reason, Write: func(context.Context, hearback.Record) error { return errors.New("written") }}); !errors.Is(err, hearback.ErrRefused) && !errors.Is(err, hearback.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A change of the key may be cut off after any of its steps; calling Rotate
// again finishes it, with one entry.
func TestRotateCutOff(t *testing.T) {
	for _, cut := range []string{"after the entry", "after the checkpoint", "before the list of keys"} {
		t.Run(cut, func(t *testing.T) {
			dir, old, m, _ := logOf(t, 300)
			next := key(t)
			o := translog.Rotation{By: hearback.System, At: start, Reason: "x", Write: func(_ context.Context, r hearback.Record) error { m.add(t, r); return nil }}
			if cut == "after the entry" {
				write := o.Write
				o.Write = func(ctx context.Context, r hearback.Record) error {
					return errors.Join(write(ctx, r), errors.New("the power went"))
				}
				if translog.Rotate(t.Context(), dir, old, next, m, o) == nil {
					t.Fatal("it was not cut off")
				}
				o.Write = write
			} else {
				block := filepath.Join(dir, "handover")
				if cut == "before the list of keys" {
					block = filepath.Join(dir, "keys.tmp")
				}
				// A directory in the place of the file makes the write fail.
				if cut == "after the checkpoint" {
					os.WriteFile(block, nil, 0o600)
				} else {
					os.Mkdir(block, 0o700)
				}
				if translog.Rotate(t.Context(), dir, old, next, m, o) == nil {
					t.Fatal("it was not cut off")
				}
				os.Remove(block)
			}
			if err := translog.Rotate(t.Context(), dir, old, next, m, o); err != nil {
				t.Fatalf("Rotate again = %v", err)
			}
			r, err := translog.Audit(t.Context(), translog.Dir(dir), translog.AuditOptions{VKey: old.VKey()})
			if err != nil || r.Types[hearback.KeyRotated] != 1 {
				t.Errorf("Audit = %v, %v", r.Types, err)
			}
			publish(t, mustOpen(t, dir, next, m))
			r, err = translog.Audit(t.Context(), translog.Dir(dir), translog.AuditOptions{VKey: old.VKey()})
			if err != nil || r.VKey != next.VKey() && r.VKey != old.VKey() {
				t.Errorf("Audit with the old key = %+v, %v", r.VKey, err)
			}
		})
	}
}

// A thief of the new key cannot make a log that the old key seems to have
// handed over.
func TestForgedHandover(t *testing.T) {
	dir, old, m, _ := logOf(t, 300)
	next := rotate(t, dir, old, m)
	m.grow(t, 10, "water")
	publish(t, mustOpen(t, dir, next, m))

	forged, fm := filepath.Join(t.TempDir(), "forged"), &memory{}
	fm.grow(t, 300, "forged")
	fm.add(t, hearback.Record{Type: hearback.KeyRotated, At: start, Actor: hearback.System, Subject: "log", Pub: map[string]any{"from": old.VKey(), "to": next.VKey()}})
	l := mustOpen(t, forged, next, fm)
	publish(t, l)
	copyFile := func(name string) {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err == nil {
			os.MkdirAll(filepath.Dir(filepath.Join(forged, name)), 0o755)
			err = os.WriteFile(filepath.Join(forged, name), b, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	copyFile("keys")
	copyFile("handover/1") // the true one, which does not fit the forged entries
	if err := audit(t, forged, old, nil); !errors.Is(err, hearback.ErrRefused) {
		t.Errorf("Audit of a forged log with the true handover = %v", err)
	}
	os.WriteFile(filepath.Join(forged, "handover/1"), l.Checkpoint(), 0o644) // signed by the new key alone
	if err := audit(t, forged, old, nil); !errors.Is(err, translog.ErrKey) {
		t.Errorf("Audit of a forged log with a handover of its own = %v, want %v", err, translog.ErrKey)
	}
}

func TestLook(t *testing.T) {
	dir, k, m, l := logOf(t, 300)
	look := func(kept translog.Kept) (translog.Sighting, error) {
		return translog.Look(t.Context(), translog.Dir(dir), kept, start)
	}
	s, err := look(translog.Kept{})
	if err != nil || !s.First || s.To != 300 || s.Kept.VKey != k.VKey() && s.Kept.VKey != "" {
		t.Fatalf("first look = %+v, %v", s, err)
	}
	file := filepath.Join(t.TempDir(), "kept.json")
	if err := s.Kept.Save(file); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, 255, 256, 1000} { // over the borders of tiles
		m.grow(t, n, "water")
		publish(t, l)
		kept, err := translog.LoadKept(file)
		if err != nil {
			t.Fatal(err)
		}
		s, err := look(kept)
		if err != nil || s.First || s.To-s.From != int64(n) || s.Types[hearback.CaseOpened] != int64(n) {
			t.Fatalf("look after %d more = %+v, %v", n, s, err)
		}
		if err := s.Kept.Save(file); err != nil {
			t.Fatal(err)
		}
	}
	kept, _ := translog.LoadKept(file)
	next := rotate(t, dir, k, m)
	m.grow(t, 30, "water")
	publish(t, mustOpen(t, dir, next, m))
	s, err = look(kept)
	if err != nil || len(s.Handovers) != 1 || s.Kept.VKey != next.VKey() || s.Types[hearback.KeyRotated] != 1 {
		t.Fatalf("look after a change of the key = %+v, %v", s, err)
	}
	kept = s.Kept
	if _, err := look(translog.Kept{VKey: key(t).VKey(), Checkpoint: kept.Checkpoint}); !errors.Is(err, translog.ErrKey) {
		t.Errorf("look with a wrong key = %v", err)
	}
	edit(t, filepath.Join(dir, "tile/entries/007.p", entriesLeft(t, dir)))
	if _, err := look(translog.Kept{VKey: kept.VKey, Checkpoint: kept.Checkpoint}); err != nil {
		t.Errorf("an edited entry before what was kept is for an audit to find, but look = %v", err)
	}
	for name, text := range map[string]string{"empty": "", "not JSON": "kept", "no key": `{"checkpoint":"x"}`} {
		os.WriteFile(file, []byte(text), 0o600)
		if _, err := translog.LoadKept(file); !errors.Is(err, hearback.ErrInvalid) {
			t.Errorf("LoadKept of %s = %v", name, err)
		}
	}
}

// entriesLeft returns the name of the widest partial bundle.
func entriesLeft(t *testing.T, dir string) string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, "tile/entries/007.p/*"))
	if err != nil || len(list) == 0 {
		t.Fatal(err, "no partial bundle")
	}
	return filepath.Base(list[len(list)-1])
}

// Every way of tampering that a watcher can meet, each by its name.
func TestLookTampered(t *testing.T) {
	rewrite := func(t *testing.T, dir string, k translog.Key, n int) {
		t.Helper()
		m := &memory{}
		m.grow(t, n, "rewritten")
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		publish(t, mustOpen(t, dir, k, m))
	}
	for _, tt := range []struct {
		name string
		do   func(t *testing.T, dir string, k translog.Key, m *memory)
		want error
	}{
		{"edited entry", func(t *testing.T, dir string, k translog.Key, m *memory) {
			edit(t, filepath.Join(dir, "tile/entries/001"))
		}, translog.ErrDamaged},
		{"edited tile", func(t *testing.T, dir string, k translog.Key, m *memory) {
			edit(t, filepath.Join(dir, "tile/0/002.p/88"))
		}, translog.ErrDamaged},
		{"edited tile at the edge that was kept", func(t *testing.T, dir string, k translog.Key, m *memory) { edit(t, filepath.Join(dir, "tile/0/001")) }, translog.ErrDamaged},
		{"rewritten and signed again", func(t *testing.T, dir string, k translog.Key, m *memory) { rewrite(t, dir, k, 700) }, translog.ErrFork},
		{"fork at the same size", func(t *testing.T, dir string, k translog.Key, m *memory) { rewrite(t, dir, k, 300) }, translog.ErrFork},
		{"rolled back", func(t *testing.T, dir string, k translog.Key, m *memory) { rewrite(t, dir, k, 299) }, translog.ErrShrank},
		{"wrong key", func(t *testing.T, dir string, k translog.Key, m *memory) { rewrite(t, dir, key(t), 700) }, translog.ErrKey},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir, k, m, l := logOf(t, 300)
			kept := translog.Kept{VKey: k.VKey(), Checkpoint: string(l.Checkpoint())}
			m.grow(t, 300, "water")
			publish(t, l)
			tt.do(t, dir, k, m)
			if _, err := translog.Look(t.Context(), translog.Dir(dir), kept, start); !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Errorf("Look = %v, want %v", err, tt.want)
			}
		})
	}
}

// A witness that lies: it signs with another key, or something else, or says
// that it knows more than there is.
func TestLyingWitness(t *testing.T) {
	_, _, _, l := logOf(t, 300)
	honest, client := witness(t, t.TempDir(), l.Key().VKey())
	_ = honest
	other, _ := witness(t, t.TempDir(), l.Key().VKey())
	client.VKey = other.VKey() // another witness of the same name answers
	before := string(l.Checkpoint())
	if err := l.Confirm(t.Context(), []translog.WitnessClient{client}); !errors.Is(err, translog.ErrKey) {
		t.Errorf("Confirm by an impostor = %v, want %v", err, translog.ErrKey)
	}
	if string(l.Checkpoint()) != before || len(l.Confirmations()) != 0 {
		t.Error("an impostor's signature was taken")
	}
}

// A cosigned checkpoint outlives the publishing that follows it: pages carry
// the proof that a witness confirmed.
func TestCosignedProof(t *testing.T) {
	dir, k, m, l := logOf(t, 300)
	_, client := witness(t, t.TempDir(), k.VKey())
	if err := l.Confirm(t.Context(), []translog.WitnessClient{client}); err != nil {
		t.Fatal(err)
	}
	m.grow(t, 700, "later") // fills the tile that the proof lies in
	publish(t, l)
	for i, l := range []*translog.Log{l, mustOpen(t, dir, k, m)} {
		for index, confirmed := range map[int64]bool{0: true, 299: true, 300: false, 999: false} {
			b, err := l.Bundle(t.Context(), index, nil)
			if err != nil {
				t.Fatal(err)
			}
			r, err := translog.VerifyBundle(b, translog.VerifyOptions{Key: k.VKey(), Witnesses: []string{client.VKey}})
			if err != nil || (len(r.Witnesses) == 1) != confirmed || r.OK() != confirmed {
				t.Errorf("opened %d times: entry %d: %v\n%s", i+1, index, err, r.Text("en"))
			}
		}
		if c := l.Confirmations()[client.VKey]; c.Size != 300 {
			t.Errorf("opened %d times: Confirmations = %+v", i+1, c)
		}
	}
	for _, name := range []string{"witnesses", "cosigned"} {
		os.WriteFile(filepath.Join(dir, name), []byte("damaged"), 0o644)
	}
	if l := mustOpen(t, dir, k, m); len(l.Confirmations()) != 0 {
		t.Errorf("Confirmations from a damaged file = %v", l.Confirmations())
	}
}

// FuzzHandover: whatever a log says about its keys, nobody is led from a key
// to one that it did not sign for.
func FuzzHandover(f *testing.F) {
	dir, k, m, _ := logOf(f, 20)
	next := rotate(f, dir, k, m)
	keys, _ := os.ReadFile(filepath.Join(dir, "keys"))
	over, _ := os.ReadFile(filepath.Join(dir, "handover/1"))
	f.Add(keys, over)
	f.Add([]byte("a b c"), []byte("— x y"))
	seed := base64.StdEncoding.EncodeToString(make([]byte, 33))
	skey := fmt.Sprintf("PRIVATE+KEY+x+00000000+%s", seed)
	if _, err := note.NewSigner(skey); err == nil {
		f.Fatal("a malformed key was read")
	}
	f.Fuzz(func(t *testing.T, keys, over []byte) {
		files := overlay{translog.Dir(dir), map[string][]byte{"keys": keys, "handover/1": over}}
		list, err := translog.Handovers(context.Background(), files, k.VKey())
		if err == nil && len(list) > 0 && (len(list) != 1 || list[0].To != next.VKey()) {
			t.Errorf("led to %v by %q and %q", list, keys, over)
		}
	})
}

// overlay is a log with some of its files replaced.
type overlay struct {
	translog.Files
	files map[string][]byte
}

func (o overlay) ReadFile(ctx context.Context, name string) ([]byte, error) {
	if b, ok := o.files[name]; ok {
		return b, nil
	}
	if strings.HasPrefix(name, "handover/") {
		return nil, os.ErrNotExist
	}
	return o.Files.ReadFile(ctx, name)
}
