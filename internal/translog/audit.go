package translog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"example.org/hearback"
)

// AuditOptions say what an audit compares a log with.
type AuditOptions struct {
	// VKey is the verifier key the log must be signed with. If it is empty the
	// key that the log itself names is used, and the report says so.
	VKey string
	// Since is a signed checkpoint kept from an earlier audit, or nil.
	Since []byte
	// Each, if it is not nil, is called with every entry; an error from it ends
	// the audit.
	Each func(index int64, leaf []byte) error
}

// An AuditReport is what an audit found.
type AuditReport struct {
	Checkpoint Checkpoint
	Signed     []byte // the checkpoint as it was signed: keep it for the next audit
	VKey       string
	Pinned     bool       // the key was given, not taken from the log
	Handovers  []Handover // from the key that was given to VKey; none if they are the same
	Since      Checkpoint // what was compared with; size 0 if nothing was
	Compared   bool       // the log still begins with what Since names
	Types      map[hearback.RecordType]int64
	First      time.Time // when the first entry says it was made
	Last       time.Time
}

// Audit replays a whole log: every entry, every tile, the root and its
// signature, and that it still begins with what was kept. It returns
// [ErrDamaged], [ErrFork], [ErrShrank] or [ErrKey] with the first fault.
func Audit(ctx context.Context, f Files, o AuditOptions) (AuditReport, error) {
	r := AuditReport{VKey: o.VKey, Pinned: o.VKey != "", Types: map[hearback.RecordType]int64{}}
	if !r.Pinned {
		key, err := f.ReadFile(ctx, "key")
		if err != nil {
			return r, fmt.Errorf("audit: the log does not name its key, so give one: %w", err)
		}
		r.VKey = strings.TrimSpace(string(key))
	}
	var err error
	if r.Signed, err = f.ReadFile(ctx, "checkpoint"); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w: there is no checkpoint", hearback.ErrNotFound)
		}
		return r, fmt.Errorf("audit: %w", err)
	}
	given := r.VKey
	r.Checkpoint, err = ParseCheckpoint(r.Signed, given)
	if errors.Is(err, ErrKey) && r.Pinned {
		// Perhaps the log has another key by now, and the one we know says so.
		over, herr := Handovers(ctx, f, given)
		if herr != nil {
			return r, fmt.Errorf("audit: %w; %w", err, herr)
		}
		r.Handovers = over
		r.Checkpoint, r.VKey, err = parseUnder(r.Signed, given, over)
	}
	if err != nil {
		return r, fmt.Errorf("audit: %w", err)
	}
	if o.Since != nil {
		if r.Since, _, err = parseUnder(o.Since, given, r.Handovers); err != nil {
			return r, fmt.Errorf("audit: the checkpoint that was kept: %w", err)
		}
		if err := r.Checkpoint.same(r.Since); err != nil {
			return r, fmt.Errorf("audit: %w", err)
		}
	}
	if err := r.replay(ctx, f, o); err != nil {
		return r, fmt.Errorf("audit: %w", err)
	}
	return r, nil
}

func (r *AuditReport) replay(ctx context.Context, f Files, o AuditOptions) error {
	var e edge
	check := tileChecker(ctx, f)
	size := r.Checkpoint.Size
	for e.size < size {
		width := int(min(tileWidth, size-e.size))
		leaves, err := readBundle(ctx, f, e.size/tileWidth, width)
		if err != nil {
			return err
		}
		for _, leaf := range leaves {
			if err := r.count(e.size, leaf); err != nil {
				return err
			}
			if o.Each != nil {
				if err := o.Each(e.size, leaf); err != nil {
					return err
				}
			}
			if err := e.add(tlog.RecordHash(leaf), check); err != nil {
				return err
			}
			if o.Since != nil && e.size == r.Since.Size && e.root() != r.Since.Root {
				return fmt.Errorf("%w: the first %d entries are not those that were kept: history was rewritten", ErrFork, e.size)
			}
			for _, h := range r.Handovers {
				if e.size == h.Checkpoint.Size && e.root() != h.Checkpoint.Root {
					return fmt.Errorf("%w: the first %d entries are not those that the old key handed over", ErrFork, e.size)
				}
			}
		}
	}
	for _, h := range r.Handovers {
		if err := r.Checkpoint.same(h.Checkpoint); err != nil {
			return err
		}
	}
	r.Compared = o.Since != nil
	return e.close(r.Checkpoint, check)
}

// tileChecker returns a function that compares a tile as it is served with what
// follows from the entries.
func tileChecker(ctx context.Context, f Files) func(int, int64, []tlog.Hash) error {
	return func(level int, n int64, want []tlog.Hash) error {
		got, err := readTile(ctx, f, level, n, len(want))
		if err != nil {
			return err
		}
		if !bytes.Equal(hashBytes(got), hashBytes(want)) {
			return fmt.Errorf("%w: %s does not follow from the entries: one of them was changed", ErrDamaged, tilePath(level, n, len(want)))
		}
		return nil
	}
}

// close compares the tiles that are not full, and the root, with what was
// signed, when every entry has been added.
func (e *edge) close(c Checkpoint, check func(int, int64, []tlog.Hash) error) error {
	for level, tile := range e.levels {
		if len(tile) > 0 {
			if err := check(level, c.Size>>(tileHeight*(level+1)), tile); err != nil {
				return err
			}
		}
	}
	if e.root() != c.Root {
		return fmt.Errorf("%w: the root of the entries is not the one that was signed", ErrFork)
	}
	return nil
}

// count reads what every leaf must say.
func (r *AuditReport) count(index int64, leaf []byte) error {
	x, err := parseLeaf(leaf)
	if err != nil || x.Seq != index {
		return fmt.Errorf("%w: entry %d does not say that it is entry %d", ErrDamaged, index, index)
	}
	r.Types[x.Type]++
	if r.First.IsZero() {
		r.First = x.At
	}
	r.Last = x.At
	return nil
}

// A leaf is the part of an entry that the log itself reads.
type leaf struct {
	Version int                 `json:"v"`
	Seq     int64               `json:"seq"`
	Type    hearback.RecordType `json:"type"`
	At      time.Time           `json:"at"`
	Actor   string              `json:"actor"`
	Subject string              `json:"subject"`
	Pub     json.RawMessage     `json:"pub"`
}

func parseLeaf(b []byte) (x leaf, err error) {
	x.Seq = -1
	if err := json.Unmarshal(b, &x); err != nil || x.Version != 1 {
		return x, fmt.Errorf("%w: this is not an entry of a log", hearback.ErrInvalid)
	}
	return x, nil
}

// Audit compares the published log with the store, entry by entry, besides
// everything that [Audit] does.
func (l *Log) Audit(ctx context.Context, since []byte) (AuditReport, error) {
	var list []hearback.Entry
	return Audit(ctx, Dir(l.dir), AuditOptions{VKey: l.key.VKey(), Since: since, Each: func(index int64, leaf []byte) error {
		if len(list) == 0 {
			var err error
			if list, err = l.src.Entries(ctx, index, batch); err != nil {
				return err
			}
		}
		if len(list) == 0 || list[0].Seq != index || !bytes.Equal(list[0].Leaf, leaf) {
			return fmt.Errorf("%w: entry %d of the store is not the one that is published", ErrFork, index)
		}
		list = list[1:]
		return nil
	}})
}
