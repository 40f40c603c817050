package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/store"
	"example.org/hearback/internal/translog"
)

// AcknowledgeRestore lets the public log of a restored instance go on, with an
// entry that tells why. The service must not run.
func AcknowledgeRestore(ctx context.Context, c Config, by hearback.Actor, reason string) error {
	x, err := openClosed(ctx, c)
	if err != nil {
		return err
	}
	defer x.close()
	if pending, err := x.db.RestorePending(ctx); err != nil || !pending {
		return errors.Join(err, fmt.Errorf("%w: this store was not restored from a backup", hearback.ErrRefused))
	}
	_, err = translog.AckRestore(ctx, x.dir.file("log"), x.key, x.db, translog.Restore{By: by, At: time.Now(), Reason: reason, Write: x.db.AcknowledgeRestore})
	return err
}

// A closed instance is one that no service runs on: its store and its keys.
type closed struct {
	dir *dataDir
	db  *store.DB
	key translog.Key
}

func (x closed) close() error { return errors.Join(x.db.Close(), x.dir.close()) }

// openClosed opens an instance for one act of an operator. The service must not
// run.
func openClosed(ctx context.Context, c Config) (x closed, err error) {
	if x.dir, err = openDataDir(c.Data); err != nil {
		return x, err
	}
	if x.db, err = store.Open(ctx, StoreDSN(c)); err != nil {
		return x, errors.Join(err, x.dir.close())
	}
	origin, err := x.db.Setting(ctx, "log.origin")
	if err == nil && origin == "" {
		err = fmt.Errorf("%w: there is no log in %s yet", hearback.ErrNotFound, c.Data)
	}
	if err == nil {
		x.key, err = translog.LoadOrCreateKey(x.dir.file("keys", "log.key"), origin)
	}
	if err != nil {
		return x, errors.Join(err, x.close())
	}
	return x, nil
}

// nextKey is the file of a key that is about to take the place of the old one.
const nextKey = "log.next.key"

// RotateKey lets a new key sign the log of an instance from now on. If it is cut
// off, the service refuses to start until it is called again.
func RotateKey(ctx context.Context, c Config, by hearback.Actor, reason string) (old, next translog.Key, err error) {
	x, err := openClosed(ctx, c)
	if err != nil {
		return old, next, err
	}
	defer x.close()
	old = x.key
	if next, err = translog.LoadOrCreateKey(x.dir.file("keys", nextKey), old.Origin()); err != nil {
		return old, next, err
	}
	err = translog.Rotate(ctx, x.dir.file("log"), old, next, x.db, translog.Rotation{By: by, At: time.Now(), Reason: reason,
		Write: func(ctx context.Context, r hearback.Record) error { return x.db.AppendRecords(ctx, r) }})
	if err != nil {
		return old, next, err
	}
	kept := "log." + strings.ReplaceAll(old.Fingerprint()[:9], " ", "") + ".key"
	return old, next, translog.ReplaceKey(x.dir.file("keys", "log.key"), x.dir.file("keys", nextKey), x.dir.file("keys", kept))
}

// RebuildLog writes the files of the log again from the store.
func RebuildLog(ctx context.Context, c Config) error {
	x, err := openClosed(ctx, c)
	if err != nil {
		return err
	}
	defer x.close()
	return translog.Rebuild(ctx, x.dir.file("log"), x.key, x.db)
}

// Reveal returns what opens the commitment of an entry.
func Reveal(ctx context.Context, c Config, seq int64) (hearback.Commitment, error) {
	db, err := store.Open(ctx, StoreDSN(c))
	if err != nil {
		return hearback.Commitment{}, err
	}
	defer db.Close()
	return db.Commitment(ctx, seq)
}

// Moved says what a migration moved.
type Moved struct {
	Tables int
	Rows   int64
	Log    int64 // entries of the log, the same on both sides
}

// Migrate copies the store of an instance into another, empty one, and
// compares both: every row is counted and every entry of the log is compared
// byte by byte, so that the root of the log is the same. The service must not
// run.
func Migrate(ctx context.Context, c Config, to string) (Moved, error) {
	dir, err := openDataDir(c.Data)
	if err != nil {
		return Moved{}, err
	}
	defer dir.close()
	src, err := store.Open(ctx, StoreDSN(c))
	if err != nil {
		return Moved{}, err
	}
	defer src.Close()
	dst, err := store.Open(ctx, to)
	if err != nil {
		return Moved{}, err
	}
	defer dst.Close()
	counts, err := src.CopyTo(ctx, dst)
	if err != nil {
		return Moved{}, err
	}
	m := Moved{Tables: len(counts)}
	for _, n := range counts {
		m.Rows += n
	}
	for {
		a, err := src.Entries(ctx, m.Log, 1000)
		if err != nil {
			return m, err
		}
		b, err := dst.Entries(ctx, m.Log, 1000)
		if err != nil {
			return m, err
		}
		if len(a) != len(b) {
			return m, fmt.Errorf("%w: the logs differ after entry %d; the old store is untouched, keep using it", hearback.ErrConflict, m.Log)
		}
		if len(a) == 0 {
			return m, nil
		}
		for i := range a {
			if a[i].Seq != b[i].Seq || !bytes.Equal(a[i].Leaf, b[i].Leaf) {
				return m, fmt.Errorf("%w: entry %d of the log differs; the old store is untouched, keep using it", hearback.ErrConflict, a[i].Seq)
			}
		}
		m.Log += int64(len(a))
	}
}
