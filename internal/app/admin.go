package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/store"
	"example.org/hearback/internal/translog"
)

// AcknowledgeRestore lets the public log of a restored instance go on, with an
// entry that tells why. The service must not run.
func AcknowledgeRestore(ctx context.Context, c Config, by hearback.Actor, reason string) error {
	dir, err := openDataDir(c.Data)
	if err != nil {
		return err
	}
	defer dir.close()
	db, err := store.Open(ctx, StoreDSN(c))
	if err != nil {
		return err
	}
	defer db.Close()
	if pending, err := db.RestorePending(ctx); err != nil || !pending {
		return errors.Join(err, fmt.Errorf("%w: this store was not restored from a backup", hearback.ErrRefused))
	}
	origin, err := db.Setting(ctx, "log.origin")
	if err != nil {
		return err
	}
	key, err := translog.LoadOrCreateKey(dir.file("keys", "log.key"), origin)
	if err != nil {
		return err
	}
	_, err = translog.AckRestore(ctx, dir.file("log"), key, db, translog.Restore{By: by, At: time.Now(), Reason: reason, Write: db.AcknowledgeRestore})
	return err
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
