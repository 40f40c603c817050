package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/store"
	"example.org/hearback/internal/translog"
)

var sketch = []byte("\x00sketch of the voices of an open window\xff")

// fill puts something into every kind of table.
func fill(t *testing.T, db *store.DB) {
	t.Helper()
	ctx := context.Background()
	for i := range 300 {
		r := hearback.Record{Type: hearback.ThresholdChanged, At: start, Actor: hearback.Actor{Role: "administrator", Number: 7},
			Subject: fmt.Sprintf("setting:%d", i), Pub: map[string]any{"reason": "两人办公室 <&> 'quoted'", "number": i % 5}}
		if err := db.SetSetting(ctx, fmt.Sprintf("s%d", i), "值", r); err != nil {
			t.Fatal(err)
		}
	}
	s := &access.Accounts{Store: db, Key: make([]byte, 32), Now: clock(start), NextID: ids()}
	token, err := s.FirstAdmin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	a, err := s.Join(ctx, token, access.Joining{Login: "lin@example.org", Name: "林", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.SignIn(ctx, access.SignIn{Login: a.Login, Password: password}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Invite(ctx, a, access.Invitation{Roles: []access.Role{access.Officer}}); err != nil {
		t.Fatal(err)
	}
	if err := db.FillTables(ctx, 130, sketch); err != nil {
		t.Fatal(err)
	}
}

func entries(t *testing.T, db *store.DB) []hearback.Entry {
	t.Helper()
	list, err := db.Entries(context.Background(), 0, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func sameEntries(t *testing.T, got, want []hearback.Entry) {
	t.Helper()
	if !slices.EqualFunc(got, want, func(a, b hearback.Entry) bool {
		return a.Seq == b.Seq && a.At.Equal(b.At) && a.Type == b.Type && a.Subject == b.Subject && bytes.Equal(a.Leaf, b.Leaf)
	}) {
		t.Errorf("the entries of the log are not the same: %d and %d of them", len(got), len(want))
	}
}

// A table that is added to the schema must be added to the list of those that
// copies carry, or be named as derived.
func TestTablesComplete(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		left, err := db.Forgotten(context.Background())
		if err != nil || len(left) > 0 {
			t.Errorf("backups and migrations would forget the tables %v, %v: add them to tables in backup.go", left, err)
		}
		if _, err := db.Counts(context.Background()); err != nil {
			t.Errorf("a listed table is not in the schema: %v", err)
		}
	})
}

func TestBackup(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		fill(t, db)
		want, err := db.Counts(ctx)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "backup.db")

		// Others write while the copy is made.
		stop, done := make(chan struct{}), make(chan error, 1)
		var once sync.Once
		began := make(chan struct{})
		go func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					done <- nil
					return
				default:
				}
				if err := db.AppendRecords(ctx, hearback.Record{Type: hearback.TierChanged, At: start, Actor: hearback.System, Subject: "busy"}); err != nil {
					done <- err
					return
				}
				once.Do(func() { close(began) })
			}
		}()
		<-began
		err = db.Backup(ctx, path)
		close(stop)
		if werr := <-done; err != nil || werr != nil {
			t.Fatal(err, werr)
		}

		if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("backup has mode %v, %v, want 0600", st.Mode(), err)
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(raw, sketch[:20]) {
			t.Error("the sketches of voices are still in the bytes of the backup")
		}
		if beside, _ := filepath.Glob(path + "?*"); len(beside) > 0 {
			t.Errorf("left beside the backup: %v", beside)
		}
		if err := db.Backup(ctx, path); !errors.Is(err, hearback.ErrConflict) {
			t.Errorf("a second backup to the same path = %v, want %v", err, hearback.ErrConflict)
		}
		if again, _ := os.ReadFile(path); !bytes.Equal(raw, again) {
			t.Error("the refused backup changed the file")
		}

		// What was committed before the copy began is in it, and the log has no gap.
		cp := open(t, path)
		got, err := cp.Counts(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for name, n := range want {
			switch name {
			case "session", "link", "attempt", "token":
				n = 0
			case "entry":
				n = got[name] // grew meanwhile
			}
			if got[name] != n {
				t.Errorf("table %s: the backup has %d rows, want %d", name, got[name], n)
			}
		}
		list := entries(t, cp)
		sameEntries(t, list, entries(t, db)[:len(list)])
		if n, _ := cp.LogSize(ctx); n != int64(len(list)) || n < want["entry"] {
			t.Errorf("the backup has log size %d and %d entries, want the same, at least %d", n, len(list), want["entry"])
		}
	})
}

func TestBackupErrors(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "a.db"))
	ctx := context.Background()
	if err := db.Backup(ctx, filepath.Join(t.TempDir(), "no", "such", "dir.db")); err == nil {
		t.Error("a backup into a directory that does not exist was made")
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	path := filepath.Join(t.TempDir(), "b.db")
	if err := db.Backup(cancelled, path); err == nil {
		t.Error("a cancelled backup was made")
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a failed backup left its file")
	}
}

// targets runs a test with an empty place to copy into, of each engine.
func targets(t *testing.T, test func(t *testing.T, dsn string)) {
	t.Run("to sqlite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "target.db")) })
	t.Run("to postgres", func(t *testing.T) {
		dsn := os.Getenv("HEARBACK_TEST_POSTGRES")
		if dsn == "" {
			t.Skip("HEARBACK_TEST_POSTGRES is not set; make test sets it")
		}
		test(t, store.TestSchema(t, dsn))
	})
}

func TestCopyTo(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		fill(t, db)
		ctx := context.Background()
		want, err := db.Counts(ctx)
		if err != nil {
			t.Fatal(err)
		}
		targets(t, func(t *testing.T, dsn string) {
			dst := open(t, dsn)
			counts, err := db.CopyTo(ctx, dst)
			if err != nil {
				t.Fatal(err)
			}
			got, err := dst.Counts(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for name, n := range want {
				if got[name] != n || counts[name] != n {
					t.Errorf("table %s: %d rows copied, %d there, want %d", name, counts[name], got[name], n)
				}
			}
			sameEntries(t, entries(t, dst), entries(t, db))
			a, err := dst.AccountByLogin(ctx, "lin@example.org")
			if err != nil || a.Name != "林" || a.Number != 1 {
				t.Errorf("account = %+v, %v", a, err)
			}
			found := 0
			for id := range hearback.ID(130) {
				if b, err := dst.Sketch(ctx, id+1); err == nil && bytes.Equal(b, sketch) {
					found++
				}
			}
			if found != 130 {
				t.Errorf("%d sketches, want 130: moving an instance keeps its open window", found)
			}
			// It goes on where the other was.
			if err := dst.AppendRecords(ctx, hearback.Record{Type: hearback.InstanceMoved, At: start, Actor: hearback.System}); err != nil {
				t.Fatal(err)
			}
			if n, _ := dst.LogSize(ctx); n != want["entry"]+1 {
				t.Errorf("LogSize = %d, want %d", n, want["entry"]+1)
			}
			// And is not overwritten.
			if _, err := db.CopyTo(ctx, dst); !errors.Is(err, hearback.ErrRefused) {
				t.Errorf("CopyTo into a used store = %v, want %v", err, hearback.ErrRefused)
			}
			if n, _ := dst.LogSize(ctx); n != want["entry"]+1 {
				t.Errorf("a refused copy changed the log to %d entries", n)
			}
		})
	})
}

// The whole way: a published log, a backup, more entries, a lost store, a
// restored one, a refusal, an acknowledgement, and a log that contradicts
// nothing that was seen.
func TestRestore(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		fill(t, db)
		ctx := context.Background()
		dir := filepath.Join(t.TempDir(), "log")
		key, err := translog.LoadOrCreateKey(filepath.Join(t.TempDir(), "log.key"), "example.org/hearback/restore")
		if err != nil {
			t.Fatal(err)
		}
		log, err := translog.Open(dir, key, db)
		if err != nil {
			t.Fatal(err)
		}
		backup := filepath.Join(t.TempDir(), "backup.db")
		if err := db.Backup(ctx, backup); err != nil {
			t.Fatal(err)
		}
		kept, err := os.ReadFile(backup)
		if err != nil {
			t.Fatal(err)
		}
		later := hearback.Record{Type: hearback.CaseOpened, At: start, Actor: hearback.Actor{Role: "listener", Number: 41}, Subject: "case:lost"}
		if err := db.AppendRecords(ctx, later, later); err != nil {
			t.Fatal(err)
		}
		if err := log.Publish(ctx); err != nil {
			t.Fatal(err)
		}
		seen, size := log.Checkpoint(), log.Size()
		whole := entries(t, db)

		targets(t, func(t *testing.T, dsn string) {
			files := filepath.Join(t.TempDir(), "log")
			if err := os.CopyFS(files, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			if err := store.Restore(ctx, backup, dsn); err != nil {
				t.Fatal(err)
			}
			if again, _ := os.ReadFile(backup); !bytes.Equal(kept, again) {
				t.Error("restoring changed the backup")
			}
			if p := store.File(dsn); p != "" {
				if st, err := os.Stat(p); err != nil || st.Mode().Perm() != 0o600 {
					t.Errorf("the restored store has mode %v, %v, want 0600", st.Mode(), err)
				}
				if err := store.Restore(ctx, backup, dsn); !errors.Is(err, hearback.ErrConflict) {
					t.Errorf("restoring over a store = %v, want %v", err, hearback.ErrConflict)
				}
			} else if err := store.Restore(ctx, backup, dsn); !errors.Is(err, hearback.ErrRefused) {
				t.Errorf("restoring over a store = %v, want %v", err, hearback.ErrRefused)
			}
			back := open(t, dsn)
			sameEntries(t, entries(t, back), whole[:len(whole)-2])
			if _, err := translog.Open(files, key, back); !errors.Is(err, translog.ErrRestored) {
				t.Fatalf("Open = %v, want %v", err, translog.ErrRestored)
			}
			log, err := translog.AckRestore(ctx, files, key, back, translog.Restore{
				By: hearback.Actor{Role: "administrator", Number: 1}, At: start, Reason: "磁盘损坏 disk failed", Write: back.AcknowledgeRestore})
			if err != nil {
				t.Fatal(err)
			}
			if err := log.Publish(ctx); err != nil {
				t.Fatal(err)
			}
			if log.Size() != size+1 {
				t.Errorf("the log has %d entries, want %d and one that tells of it", log.Size(), size)
			}
			list := entries(t, back)
			sameEntries(t, list[:len(whole)], whole)
			if last := list[len(list)-1]; last.Type != hearback.LogRestored || !strings.Contains(string(last.Leaf), `"put_back":2`) {
				t.Errorf("the last entry is %s", last.Leaf)
			}
			if _, err := log.Audit(ctx, seen); err != nil {
				t.Errorf("Audit against what was seen before = %v", err)
			}
			// The lost entries named listener#41: nobody else gets that number.
			next := start.Add(time.Hour)
			var g hearback.IDs
			s := &access.Accounts{Store: back, Key: make([]byte, 32), Now: clock(next), NextID: func() hearback.ID { return g.Next(next) }}
			admin, err := back.AccountByLogin(ctx, "lin@example.org")
			if err != nil {
				t.Fatal(err)
			}
			if a := invite(t, s, admin, "new", access.Listener); a.Number <= 41 {
				t.Errorf("a new account got the number %d", a.Number)
			}
		})
	})
}

func TestRestoreRefuses(t *testing.T) {
	ctx := context.Background()
	good := filepath.Join(t.TempDir(), "good.db")
	if err := open(t, filepath.Join(t.TempDir(), "a.db")).Backup(ctx, good); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	damaged := slices.Clone(raw)
	for i := range damaged[4096:] {
		damaged[4096+i] ^= 0x55
	}
	for _, tt := range []struct {
		name string
		data []byte
		want error
	}{
		{"missing", nil, hearback.ErrNotFound},
		{"empty", []byte{}, hearback.ErrNotFound},
		{"text", []byte("this is no database, 这不是数据库"), hearback.ErrInvalid},
		{"damaged", damaged, hearback.ErrInvalid},
		{"cut", raw[:len(raw)/2], hearback.ErrInvalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "backup.db")
			if tt.data != nil {
				if err := os.WriteFile(file, tt.data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			target := filepath.Join(t.TempDir(), "target.db")
			if err := store.Restore(ctx, file, target); !errors.Is(err, tt.want) {
				t.Errorf("Restore = %v, want %v", err, tt.want)
			}
			if left, _ := filepath.Glob(filepath.Join(filepath.Dir(target), "*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}
