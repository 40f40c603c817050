package translog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"example.org/hearback"
	"example.org/hearback/internal/translog"
)

var start = time.Date(2026, 3, 18, 9, 0, 0, 0, time.UTC)

const origin = "answers.example.org/hearback/test"

// memory is a store of entries that a test can also tamper with.
type memory struct {
	mu      sync.Mutex
	list    []hearback.Entry
	pending bool
	fault   error
}

func (m *memory) LogSize(context.Context) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return int64(len(m.list)), m.fault
}

func (m *memory) Entries(_ context.Context, from int64, limit int) ([]hearback.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fault != nil || from >= int64(len(m.list)) {
		return nil, m.fault
	}
	return slices.Clone(m.list[from:min(from+int64(limit), int64(len(m.list)))]), nil
}

func (m *memory) RestorePending(context.Context) (bool, error) { return m.pending, nil }

func (m *memory) add(t testing.TB, r hearback.Record) int64 {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	seq := int64(len(m.list))
	leaf, err := r.Leaf(seq)
	if err != nil {
		t.Fatal(err)
	}
	m.list = append(m.list, hearback.Entry{Seq: seq, At: r.At, Type: r.Type, Subject: r.Subject, Leaf: leaf})
	return seq
}

// grow adds n entries whose words come from salt.
func (m *memory) grow(t testing.TB, n int, salt string) {
	t.Helper()
	for range n {
		i := len(m.list)
		m.add(t, hearback.Record{
			Type: hearback.CaseOpened, At: start.Add(time.Duration(i) * time.Second), Actor: hearback.Actor{Role: "listener", Number: 1 + i%7},
			Subject: fmt.Sprintf("case:%d", i), Pub: map[string]any{"tier": "P2", "note": salt, "desk": "供水"},
		})
	}
}

func key(t testing.TB) translog.Key {
	t.Helper()
	k, err := translog.LoadOrCreateKey(filepath.Join(t.TempDir(), "log.key"), origin)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func mustOpen(t testing.TB, dir string, k translog.Key, src translog.Entries) *translog.Log {
	t.Helper()
	l, err := translog.Open(dir, k, src)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func publish(t testing.TB, l *translog.Log) {
	t.Helper()
	if err := l.Publish(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// a log of n published entries.
func logOf(t testing.TB, n int) (dir string, k translog.Key, m *memory, l *translog.Log) {
	t.Helper()
	dir, k, m = filepath.Join(t.TempDir(), "log"), key(t), &memory{}
	m.grow(t, n, "water")
	l = mustOpen(t, dir, k, m)
	publish(t, l)
	return dir, k, m, l
}

// audit checks the directory as an outsider with the key would.
func audit(t testing.TB, dir string, k translog.Key, since []byte) error {
	t.Helper()
	_, err := translog.Audit(t.Context(), translog.Dir(dir), translog.AuditOptions{VKey: k.VKey(), Since: since})
	return err
}

// TestRoot compares our right edge with the reference implementation at every
// size around the borders of tiles.
func TestRoot(t *testing.T) {
	dir, k, m := t.TempDir(), key(t), &memory{}
	l := mustOpen(t, dir, k, m)
	var stored []tlog.Hash
	read := tlog.HashReaderFunc(func(idx []int64) (list []tlog.Hash, err error) {
		for _, i := range idx {
			list = append(list, stored[i])
		}
		return list, nil
	})
	total := 0
	for total < 66_000 {
		n := 1
		switch {
		case total > 600 && total < 65_500:
			n = min(9_999, 65_500-total)
		case total >= 65_500:
			n = 53
		}
		m.grow(t, n, "root")
		for _, x := range m.list[total:] {
			h, err := tlog.StoredHashes(x.Seq, x.Leaf, read)
			if err != nil {
				t.Fatal(err)
			}
			stored = append(stored, h...)
		}
		total += n
		// Every size at the borders of tiles, and some between.
		if d := (total + 3) % 256; total < 600 && d > 6 && total%90 != 0 {
			continue
		}
		if total > 65_500 && total < 65_520 {
			continue
		}
		publish(t, l)
		want, err := tlog.TreeHash(int64(total), read)
		if err != nil {
			t.Fatal(err)
		}
		c, err := translog.ParseCheckpoint(l.Checkpoint(), k.VKey())
		if err != nil || c.Root != want || c.Size != int64(total) || c.Origin != origin {
			t.Fatalf("at %d: checkpoint %v, %v, want root %v", total, c, err, want)
		}
	}
	if err := audit(t, dir, k, nil); err != nil {
		t.Error(err)
	}
	if got := mustOpen(t, dir, k, m).Size(); got != int64(total) {
		t.Errorf("reopened with %d entries, want %d", got, total)
	}
}

// TestRoundTrip grows, reopens and audits logs by random steps, each time
// against the checkpoint before.
func TestRoundTrip(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	dir, k, m := t.TempDir(), key(t), &memory{}
	var kept []byte
	for range 20 {
		l := mustOpen(t, dir, k, m)
		for range rnd.IntN(3) {
			m.grow(t, rnd.IntN(300), "step")
			publish(t, l)
		}
		publish(t, l)
		if r, err := l.Audit(t.Context(), kept); err != nil || r.Compared != (kept != nil) {
			t.Fatalf("Audit at %d = %+v, %v", l.Size(), r, err)
		}
		kept = l.Checkpoint()
	}
}

// Partial tiles go when the tile is full, and nothing half written stays.
func TestFilesLeft(t *testing.T) {
	dir, k, m, l := logOf(t, 1)
	for range 300 {
		m.grow(t, 1, "one")
		publish(t, l)
	}
	if err := os.WriteFile(filepath.Join(dir, "tile", "0", "001.p", "44.tmp"), []byte("half"), 0o644); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, dir, k, m)
	files := 0
	filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if strings.HasSuffix(p, ".tmp") {
			t.Errorf("%s is left", p)
		}
		if !d.IsDir() {
			files++
		}
		return nil
	})
	if _, err := os.Stat(filepath.Join(dir, "tile", "0", "000.p")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("partial tiles of a full tile are left: %v", err)
	}
	if files > 2*(1+45)+3 {
		t.Errorf("%d files for 301 entries", files)
	}
}

func TestKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "log.key")
	a, err := translog.LoadOrCreateKey(path, origin)
	if err != nil {
		t.Fatal(err)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the key file has mode %v, %v, want 0600", st.Mode(), err)
	}
	b, err := translog.LoadOrCreateKey(path, origin)
	if err != nil || a.VKey() != b.VKey() || a.Origin() != origin || len(a.Fingerprint()) != 39 {
		t.Errorf("second load: %v, %v, fingerprint %q", b.VKey(), err, a.Fingerprint())
	}
	for _, tt := range []struct {
		name   string
		do     func() error
		origin string
		want   error
	}{
		{"another origin", func() error { return nil }, "other.example.org/hearback", translog.ErrKey},
		{"readable by others", func() error { return os.Chmod(path, 0o644) }, origin, translog.ErrKey},
		{"damaged", func() error {
			return errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, []byte("PRIVATE+KEY+x"), 0o600))
		}, origin, translog.ErrKey},
		{"no name", func() error { return os.Remove(path) }, "two words", hearback.ErrInvalid},
	} {
		if err := tt.do(); err != nil {
			t.Fatal(err)
		}
		if _, err := translog.LoadOrCreateKey(path, tt.origin); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

// edit changes one byte of a file.
func edit(t *testing.T, p string) {
	t.Helper()
	b, err := os.ReadFile(p)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(p, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestTamper(t *testing.T) {
	const n = 600
	type world struct {
		dir  string
		k    translog.Key
		m    *memory
		kept []byte // checkpoint of the first 300 entries
	}
	// rewrite makes a log of its own from other entries with the real key.
	rewrite := func(t *testing.T, w *world, size int) {
		w.m = &memory{}
		w.m.grow(t, size, "rewritten")
		if err := os.RemoveAll(w.dir); err != nil {
			t.Fatal(err)
		}
		publish(t, mustOpen(t, w.dir, w.k, w.m))
	}
	leaf := func(e hearback.Entry) []byte { return bytes.Replace(e.Leaf, []byte("water"), []byte("wager"), 1) }
	for _, tt := range []struct {
		name  string
		do    func(t *testing.T, w *world)
		open  error // what the owner's program says at start
		audit error // what an outsider with a kept checkpoint says
	}{
		{"nothing", func(*testing.T, *world) {}, nil, nil},
		{"edited entry in the store", func(t *testing.T, w *world) { w.m.list[17].Leaf = leaf(w.m.list[17]) }, translog.ErrFork, nil},
		{"edited entry in the store, unpublished tail kept", func(t *testing.T, w *world) { w.m.list[n-1].Leaf = leaf(w.m.list[n-1]) }, translog.ErrFork, nil},
		{"edited entry in a bundle", func(t *testing.T, w *world) { edit(t, filepath.Join(w.dir, "tile/entries/000")) }, nil, translog.ErrDamaged},
		{"edited entry in the last bundle", func(t *testing.T, w *world) { edit(t, filepath.Join(w.dir, "tile/entries/002.p/88")) }, translog.ErrDamaged, translog.ErrDamaged},
		{"edited hash tile", func(t *testing.T, w *world) { edit(t, filepath.Join(w.dir, "tile/0/001")) }, nil, translog.ErrDamaged},
		{"edited hash tile at the edge", func(t *testing.T, w *world) { edit(t, filepath.Join(w.dir, "tile/0/002.p/88")) }, translog.ErrDamaged, translog.ErrDamaged},
		{"history rewritten and signed again", func(t *testing.T, w *world) { rewrite(t, w, n+50) }, nil, translog.ErrFork},
		{"same size, other root", func(t *testing.T, w *world) { rewrite(t, w, 300) }, nil, translog.ErrFork},
		{"rolled back", func(t *testing.T, w *world) { rewrite(t, w, 200) }, nil, translog.ErrShrank},
		{"store rolled back", func(t *testing.T, w *world) { w.m.list = w.m.list[:200] }, translog.ErrShrank, nil},
		{"store rolled back and grown again", func(t *testing.T, w *world) { w.m.list = w.m.list[:200]; w.m.grow(t, 500, "other") }, translog.ErrFork, nil},
		{"wrong key", func(t *testing.T, w *world) {
			other := filepath.Join(t.TempDir(), "k")
			k, err := translog.LoadOrCreateKey(other, origin)
			if err != nil {
				t.Fatal(err)
			}
			w.k = k
		}, translog.ErrKey, translog.ErrKey},
		{"checkpoint edited", func(t *testing.T, w *world) {
			p := filepath.Join(w.dir, "checkpoint")
			b, _ := os.ReadFile(p)
			os.WriteFile(p, bytes.Replace(b, []byte("\n600\n"), []byte("\n599\n"), 1), 0o644)
		}, translog.ErrKey, translog.ErrKey},
		{"lost tile at the right edge", func(t *testing.T, w *world) { os.RemoveAll(filepath.Join(w.dir, "tile/0/002.p")) }, translog.ErrDamaged, translog.ErrDamaged},
		{"lost upper tile at the right edge", func(t *testing.T, w *world) { os.RemoveAll(filepath.Join(w.dir, "tile/1")) }, translog.ErrDamaged, translog.ErrDamaged},
		{"lost bundle", func(t *testing.T, w *world) { os.RemoveAll(filepath.Join(w.dir, "tile/entries/001")) }, nil, translog.ErrDamaged},
		{"restored backup", func(t *testing.T, w *world) { w.m.pending = true }, translog.ErrRestored, nil},
		{"entry missing in the store", func(t *testing.T, w *world) { w.m.list = slices.Delete(w.m.list, 100, 101) }, translog.ErrShrank, nil},
		{"gap in the store", func(t *testing.T, w *world) { w.m.list = slices.Delete(w.m.list, 100, 101); w.m.grow(t, 5, "more") }, translog.ErrDamaged, nil},
		{"crash leftovers past the checkpoint", func(t *testing.T, w *world) {
			for _, p := range []string{"tile/0/002.p/99", "tile/entries/002.p/99", "tile/0/002", "tile/0/003.p/4.tmp"} {
				p = filepath.Join(w.dir, p)
				os.MkdirAll(filepath.Dir(p), 0o755)
				os.WriteFile(p, []byte("left by a crash"), 0o644)
			}
		}, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := &world{dir: filepath.Join(t.TempDir(), "log"), k: key(t), m: &memory{}}
			w.m.grow(t, 300, "water")
			l := mustOpen(t, w.dir, w.k, w.m)
			publish(t, l)
			w.kept = l.Checkpoint()
			w.m.grow(t, n-300, "water")
			publish(t, l)
			outsider := w.k

			tt.do(t, w)
			if err := audit(t, w.dir, w.k, w.kept); !errors.Is(err, tt.audit) || (err == nil) != (tt.audit == nil) {
				t.Errorf("Audit = %v, want %v", err, tt.audit)
			}
			l, err := translog.Open(w.dir, w.k, w.m)
			if !errors.Is(err, tt.open) || (err == nil) != (tt.open == nil) {
				t.Fatalf("Open = %v, want %v", err, tt.open)
			}
			if err != nil {
				if !errors.Is(err, hearback.ErrRefused) {
					t.Errorf("Open = %v, which is not a refusal", err)
				}
				if b, _ := os.ReadFile(filepath.Join(w.dir, "checkpoint")); tt.name != "checkpoint edited" && !bytes.Contains(b, []byte("\n600\n")) {
					t.Errorf("a refusal changed the checkpoint to %s", b)
				}
				return
			}
			if tt.audit == nil {
				// The log goes on, and consistently.
				w.m.grow(t, 500, "later")
				publish(t, l)
				if err := audit(t, w.dir, outsider, w.kept); err != nil {
					t.Errorf("Audit after going on = %v", err)
				}
			}
		})
	}
}

// The log as served must agree with the store: the owner's own audit sees it
// when somebody edits rows behind its back.
func TestAuditAgainstStore(t *testing.T) {
	_, _, m, l := logOf(t, 700)
	r, err := l.Audit(t.Context(), nil)
	if err != nil || r.Types[hearback.CaseOpened] != 700 || !r.First.Equal(start) || !r.Pinned {
		t.Fatalf("Audit = %+v, %v", r, err)
	}
	m.list[512].Leaf = bytes.Replace(m.list[512].Leaf, []byte("P2"), []byte("P4"), 1)
	if _, err := l.Audit(t.Context(), nil); !errors.Is(err, translog.ErrFork) {
		t.Errorf("Audit = %v, want %v", err, translog.ErrFork)
	}
}

func TestRebuild(t *testing.T) {
	dir, k, m, l := logOf(t, 900)
	want := l.Checkpoint()
	os.RemoveAll(filepath.Join(dir, "tile", "0"))
	edit(t, filepath.Join(dir, "tile/entries/001"))
	m.grow(t, 40, "not published yet")
	if _, err := translog.Open(dir, k, m); !errors.Is(err, translog.ErrDamaged) {
		t.Fatalf("Open = %v, want %v", err, translog.ErrDamaged)
	}
	if err := translog.Rebuild(t.Context(), dir, k, m); err != nil {
		t.Fatal(err)
	}
	l = mustOpen(t, dir, k, m)
	if !bytes.Equal(l.Checkpoint(), want) {
		t.Error("Rebuild changed the checkpoint")
	}
	publish(t, l)
	if err := audit(t, dir, k, want); err != nil {
		t.Error(err)
	}
	m.list[3].Leaf = []byte(`{"v":1,"seq":3}`)
	if err := translog.Rebuild(t.Context(), dir, k, m); !errors.Is(err, translog.ErrFork) {
		t.Errorf("Rebuild from an edited store = %v, want %v", err, translog.ErrFork)
	}
}

func TestAckRestore(t *testing.T) {
	ack := func(m *memory) translog.Restore {
		return translog.Restore{By: hearback.Actor{Role: "administrator", Number: 1}, At: start, Reason: "disk failed 磁盘损坏",
			Write: func(_ context.Context, lost []hearback.Entry, r hearback.Record) error {
				m.list = append(m.list, lost...)
				m.pending = false
				m.add(t, r)
				return nil
			}}
	}
	t.Run("older store", func(t *testing.T) {
		for _, back := range []int{0, 1, 255, 256, 300, 599, 600} {
			dir, k, m, l := logOf(t, 600)
			kept := l.Checkpoint()
			whole := slices.Clone(m.list)
			m.list, m.pending = m.list[:back:back], true
			if _, err := translog.Open(dir, k, m); !errors.Is(err, translog.ErrRestored) {
				t.Fatalf("Open = %v, want %v", err, translog.ErrRestored)
			}
			l, err := translog.AckRestore(t.Context(), dir, k, m, ack(m))
			if err != nil {
				t.Fatalf("back to %d: %v", back, err)
			}
			for i, x := range whole {
				if got := m.list[i]; !bytes.Equal(got.Leaf, x.Leaf) || got.Seq != x.Seq || got.Type != x.Type || got.Subject != x.Subject || !got.At.Equal(x.At) {
					t.Fatalf("back to %d: entry %d is %+v, want %+v", back, i, got, x)
				}
			}
			want := fmt.Sprintf(`"put_back":%d,"reason":"disk failed 磁盘损坏","signed":600,"store":%d`, 600-back, back)
			if last := m.list[len(m.list)-1]; last.Type != hearback.LogRestored || !bytes.Contains(last.Leaf, []byte(want)) {
				t.Errorf("the last entry is %s, want %s in it", last.Leaf, want)
			}
			publish(t, l)
			if err := audit(t, dir, k, kept); err != nil {
				t.Error(err)
			}
		}
	})
	t.Run("store that went on by itself", func(t *testing.T) {
		dir, k, m, _ := logOf(t, 600)
		m.list = m.list[:400]
		m.grow(t, 10, "other")
		if _, err := translog.AckRestore(t.Context(), dir, k, m, ack(m)); !errors.Is(err, translog.ErrFork) {
			t.Errorf("AckRestore = %v, want %v", err, translog.ErrFork)
		}
	})
	t.Run("tiles lost too", func(t *testing.T) {
		dir, k, m, _ := logOf(t, 600)
		os.RemoveAll(dir)
		m.list, m.pending = m.list[:400], true
		l, err := translog.AckRestore(t.Context(), dir, k, m, ack(m))
		if err != nil {
			t.Fatal(err)
		}
		publish(t, l)
		if l.Size() != 401 {
			t.Errorf("Size = %d, want 401", l.Size())
		}
	})
	t.Run("no reason", func(t *testing.T) {
		dir, k, m, _ := logOf(t, 1)
		if _, err := translog.AckRestore(t.Context(), dir, k, m, translog.Restore{}); !errors.Is(err, hearback.ErrInvalid) {
			t.Errorf("AckRestore = %v, want %v", err, hearback.ErrInvalid)
		}
	})
}

func TestRun(t *testing.T) {
	dir, k, m := t.TempDir(), key(t), &memory{}
	synctest.Test(t, func(t *testing.T) {
		l := mustOpen(t, dir, k, m)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- l.Run(ctx) }()
		synctest.Wait()
		if l.Size() != 0 || l.Checkpoint() == nil {
			t.Errorf("an empty log has size %d, checkpoint %q", l.Size(), l.Checkpoint())
		}
		m.grow(t, 3, "kick")
		l.Kick()
		l.Kick()
		synctest.Wait()
		if l.Size() != 3 {
			t.Errorf("after a kick Size = %d, want 3", l.Size())
		}
		m.grow(t, 2, "tick")
		time.Sleep(l.Every)
		synctest.Wait()
		if l.Size() != 5 {
			t.Errorf("after %v Size = %d, want 5", l.Every, l.Size())
		}
		m.mu.Lock()
		m.fault = errors.New("the store is away")
		m.mu.Unlock()
		time.Sleep(3 * l.Every)
		synctest.Wait()
		m.mu.Lock()
		m.fault = nil
		m.mu.Unlock()
		m.grow(t, 1, "last")
		cancel()
		if err := <-done; err != nil || l.Size() != 6 {
			t.Errorf("Run = %v with %d entries, want nil with 6", err, l.Size())
		}
	})
}

// After a failed write nothing is signed.
func TestFailedWrite(t *testing.T) {
	dir, _, m, l := logOf(t, 10)
	// A file where a directory must be: works for root too.
	os.RemoveAll(filepath.Join(dir, "tile", "entries"))
	if err := os.WriteFile(filepath.Join(dir, "tile", "entries"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	m.grow(t, 1, "more")
	if err := l.Publish(t.Context()); err == nil {
		t.Fatal("Publish did not fail")
	}
	os.Remove(filepath.Join(dir, "tile", "entries"))
	if err := l.Publish(t.Context()); err == nil || l.Size() != 10 {
		t.Errorf("Publish after a failed write = %v with %d entries, want the error and 10", err, l.Size())
	}
	if err := l.Run(t.Context()); err == nil {
		t.Error("Run goes on after a failed write")
	}
}

func TestHandler(t *testing.T) {
	dir, k, m, l := logOf(t, 300)
	srv := httptest.NewServer(l.Handler())
	defer srv.Close()
	os.WriteFile(filepath.Join(dir, "tile/0/001.p/77"), []byte("left by a crash"), 0o644)
	os.WriteFile(filepath.Join(dir, "secret"), []byte("x"), 0o644)
	for _, tt := range []struct {
		method, path string
		code         int
		cache        string
	}{
		{"GET", "/log/checkpoint", 200, "no-cache"},
		{"HEAD", "/log/checkpoint", 200, "no-cache"},
		{"GET", "/log/key", 200, "no-cache"},
		{"GET", "/log/tile/0/000", 200, "public, max-age=31536000, immutable"},
		{"GET", "/log/tile/0/001.p/44", 200, "public, max-age=600, immutable"},
		{"GET", "/log/tile/1/000.p/1", 200, "public, max-age=600, immutable"},
		{"GET", "/log/tile/entries/000", 200, "public, max-age=31536000, immutable"},
		{"GET", "/log/tile/entries/001.p/44", 200, "public, max-age=600, immutable"},
		{"GET", "/log/tile/0/001.p/77", 404, ""}, // past the checkpoint
		{"GET", "/log/tile/0/001", 404, ""},
		{"GET", "/log/tile/data/000", 404, ""},
		{"GET", "/log/tile/8/0/000", 404, ""},
		{"GET", "/log/tile/0/../../secret", 404, ""},
		{"GET", "/log/tile/0/%2e%2e/%2e%2e/secret", 404, ""},
		{"GET", "/log/tile/0/x999/x999/x999/x999/x999/x999/999", 404, ""},
		{"GET", "/log/tile/", 404, ""},
		{"GET", "/log/", 404, ""},
		{"POST", "/log/checkpoint", 405, ""},
	} {
		req, err := http.NewRequest(tt.method, srv.URL+tt.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != tt.code || tt.code == 200 && res.Header.Get("Cache-Control") != tt.cache {
			t.Errorf("%s %s = %d, cache %q, want %d, %q", tt.method, tt.path, res.StatusCode, res.Header.Get("Cache-Control"), tt.code, tt.cache)
		}
	}
	remote := translog.Remote{Client: srv.Client(), URL: srv.URL + "/log"}
	r, err := translog.Audit(t.Context(), remote, translog.AuditOptions{})
	if err != nil || r.Pinned || r.VKey != k.VKey() || r.Checkpoint.Size != 300 {
		t.Errorf("Audit over HTTP = %+v, %v", r, err)
	}
	m.grow(t, 700, "more")
	publish(t, l)
	if _, err := translog.Audit(t.Context(), remote, translog.AuditOptions{VKey: k.VKey(), Since: r.Signed}); err != nil {
		t.Errorf("Audit since the kept checkpoint = %v", err)
	}
}
