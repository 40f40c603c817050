package translog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"example.org/hearback"
)

// A Restore is a person's decision that the store was restored from a backup
// and the log shall go on from there.
type Restore struct {
	By     hearback.Actor
	At     time.Time
	Reason string // public
	// Write appends the entries that the store lost, then the record, and takes
	// back the mark that the store was restored; all in one transaction.
	Write func(ctx context.Context, lost []hearback.Entry, r hearback.Record) error
}

// AckRestore lets a log go on after its store was restored from a backup.
// Entries that were published after the backup was made are still in dir; they
// are put back into the store, because they were said, and a
// [hearback.LogRestored] record tells which of them tell of acts that the
// store has forgotten. So the public log loses nothing and contradicts
// nothing. Then it opens the log.
//
// It returns [ErrFork] if the store went on by itself after the backup: two
// histories cannot be made one. If dir is lost as well, the log goes on from
// what the store has, and those who kept a later checkpoint see that.
func AckRestore(ctx context.Context, dir string, key Key, src Entries, o Restore) (*Log, error) {
	if strings.TrimSpace(o.Reason) == "" {
		return nil, fmt.Errorf("%w: say why the store was restored; the public will read it", hearback.ErrInvalid)
	}
	n, err := src.LogSize(ctx)
	if err != nil {
		return nil, fmt.Errorf("restore log: %w", err)
	}
	pub := map[string]any{"reason": o.Reason, "store": n, "signed": int64(0), "put_back": int64(0)}
	var lost []hearback.Entry
	signed, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("restore log: %w", err)
	default:
		c, err := ParseCheckpoint(signed, key.VKey())
		if err != nil {
			return nil, fmt.Errorf("restore log: %w", err)
		}
		if lost, err = missing(ctx, dir, c, src, n); err != nil {
			return nil, fmt.Errorf("restore log: %w", err)
		}
		pub["signed"], pub["put_back"] = c.Size, int64(len(lost))
	}
	err = o.Write(ctx, lost, hearback.Record{Type: hearback.LogRestored, At: o.At, Actor: o.By, Subject: "log", Pub: pub})
	if err != nil {
		return nil, fmt.Errorf("restore log: %w", err)
	}
	return Open(dir, key, src)
}

// missing returns the entries from index n on that were signed, after checking
// that the store has every one before.
func missing(ctx context.Context, dir string, c Checkpoint, src Entries, n int64) (lost []hearback.Entry, err error) {
	have := min(n, c.Size)
	e, _, err := replay(ctx, src, have, nil)
	if err != nil {
		return nil, err
	}
	for e.size < c.Size {
		from := e.size
		leaves, err := readBundle(ctx, Dir(dir), from/tileWidth, int(min(tileWidth, c.Size-from/tileWidth*tileWidth)))
		if err != nil {
			return nil, err
		}
		for _, b := range leaves[from%tileWidth:] {
			x, err := parseLeaf(b)
			if err != nil || x.Seq != e.size {
				return nil, fmt.Errorf("%w: entry %d cannot be read", ErrDamaged, e.size)
			}
			lost = append(lost, hearback.Entry{Seq: x.Seq, At: x.At, Type: x.Type, Subject: x.Subject, Leaf: b})
			if err := e.add(tlog.RecordHash(b), nil); err != nil {
				return nil, err
			}
		}
	}
	if e.root() != c.Root {
		return nil, fmt.Errorf("%w: the store is not an earlier state of this log, or went on by itself after the backup; restore another backup, or begin a new log under a new name", ErrFork)
	}
	return lost, nil
}

// Rebuild writes every tile of a log again from the store, after tiles were
// lost. It signs nothing: the entries of the store must have the root that was
// signed last, and it returns [ErrFork] or [ErrShrank] if they do not.
func Rebuild(ctx context.Context, dir string, key Key, src Entries) error {
	signed, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return fmt.Errorf("rebuild log: %w", err)
	}
	c, err := ParseCheckpoint(signed, key.VKey())
	if err != nil {
		return fmt.Errorf("rebuild log: %w", err)
	}
	n, err := src.LogSize(ctx)
	if err != nil {
		return fmt.Errorf("rebuild log: %w", err)
	}
	if n < c.Size {
		return fmt.Errorf("rebuild log: %w: the store has %d entries, and %d were signed", ErrShrank, n, c.Size)
	}
	// Once to see that it is right, and only then to write.
	e, _, err := replay(ctx, src, c.Size, nil)
	if err != nil {
		return fmt.Errorf("rebuild log: %w", err)
	}
	if e.root() != c.Root {
		return fmt.Errorf("rebuild log: %w: one of the first %d entries of the store has been changed", ErrFork, c.Size)
	}
	tmp := dir + ".rebuild"
	if err := os.RemoveAll(tmp); err != nil {
		return fmt.Errorf("rebuild log: %w", err)
	}
	again, err := open(ctx, tmp, key, upTo{src, c.Size})
	if err != nil {
		return fmt.Errorf("rebuild log: %w", err)
	}
	if err := again.Publish(ctx); err != nil {
		return fmt.Errorf("rebuild log: %w", err)
	}
	// What was there is kept for inspection.
	old := filepath.Join(dir, "damaged")
	if err := os.RemoveAll(old); err != nil {
		return fmt.Errorf("rebuild log: %w", err)
	}
	if err := os.Rename(filepath.Join(dir, "tile"), old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("rebuild log: %w", err)
	}
	if err := os.Rename(filepath.Join(tmp, "tile"), filepath.Join(dir, "tile")); err != nil {
		return fmt.Errorf("rebuild log: %w", err)
	}
	return errors.Join(syncDir(dir), os.RemoveAll(tmp))
}

// upTo is a source cut off at a size.
type upTo struct {
	src  Entries
	size int64
}

func (u upTo) LogSize(context.Context) (int64, error) { return u.size, nil }

func (u upTo) Entries(ctx context.Context, from int64, limit int) ([]hearback.Entry, error) {
	if from >= u.size {
		return nil, nil
	}
	return u.src.Entries(ctx, from, int(min(int64(limit), u.size-from)))
}
