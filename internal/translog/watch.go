package translog

import (
	"context"
	"encoding/json"
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

// Kept is what somebody who looks at a log keeps from one time to the next: the
// key and the checkpoint that the log is held to.
type Kept struct {
	Log        string    `json:"log"` // address or directory
	VKey       string    `json:"vkey"`
	Checkpoint string    `json:"checkpoint"` // signed
	At         time.Time `json:"at"`         // when it was looked at
}

// LoadKept reads a file that [Kept.Save] wrote. It returns
// [hearback.ErrNotFound] if there is none, which is how every watch begins.
func LoadKept(path string) (k Kept, err error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return k, fmt.Errorf("%w: there is no %s yet", hearback.ErrNotFound, path)
	}
	if err != nil {
		return k, err
	}
	if len(b) > 2*maxCheckpoint || json.Unmarshal(b, &k) != nil || k.VKey == "" {
		return k, fmt.Errorf("%w: %s does not hold what an audit keeps; move it away if you mean to begin anew", hearback.ErrInvalid, path)
	}
	return k, nil
}

// Save replaces the file at path as a whole.
func (k Kept) Save(path string) error {
	b, err := json.MarshalIndent(k, "", " ")
	if err != nil {
		return err
	}
	w := writing{mode: 0o600}
	w.add(filepath.Base(path), append(b, '\n'))
	return w.write(filepath.Dir(path))
}

// A Sighting is what one look at a log found.
type Sighting struct {
	Kept      Kept // for the next look
	First     bool // nothing was kept before, so the whole log was replayed
	From, To  int64
	Types     map[hearback.RecordType]int64 // of the entries that are new
	Handovers []Handover                    // changes of the key since the last look
}

// Look checks that a log still continues what was kept of it, reads every
// entry that is new, and computes the root anew from both. At the first look,
// when k holds no checkpoint, it audits the whole log; a key that is not in k
// is taken from the log itself, and held to from then on.
func Look(ctx context.Context, f Files, k Kept, now time.Time) (s Sighting, err error) {
	s.Kept = k
	s.Kept.At = now.UTC()
	if k.Checkpoint == "" {
		r, err := Audit(ctx, f, AuditOptions{VKey: k.VKey})
		if err != nil {
			return s, err
		}
		s.First, s.To, s.Types, s.Handovers = true, r.Checkpoint.Size, r.Types, r.Handovers
		s.Kept.VKey, s.Kept.Checkpoint = r.VKey, string(r.Signed)
		return s, nil
	}
	old, err := ParseCheckpoint([]byte(k.Checkpoint), k.VKey)
	if err != nil {
		return s, fmt.Errorf("what was kept: %w", err)
	}
	signed, err := f.ReadFile(ctx, "checkpoint")
	if err != nil {
		return s, err
	}
	c, err := ParseCheckpoint(signed, k.VKey)
	if errors.Is(err, ErrKey) {
		if s.Handovers, err = Handovers(ctx, f, k.VKey); err == nil {
			c, s.Kept.VKey, err = parseUnder(signed, k.VKey, s.Handovers)
		}
	}
	if err != nil {
		return s, err
	}
	if err := c.same(old); err != nil {
		return s, err
	}
	s.From, s.To, s.Types = old.Size, c.Size, map[hearback.RecordType]int64{}
	if err := s.follow(ctx, f, old, c); err != nil {
		return s, err
	}
	s.Kept.Checkpoint = string(signed)
	return s, nil
}

// follow replays the entries between two checkpoints upon the right edge of
// the first.
func (s *Sighting) follow(ctx context.Context, f Files, old, now Checkpoint) error {
	if err := Continues(ctx, f, now, old); err != nil {
		return err
	}
	e, err := loadEdge(ctx, f, old.Size)
	if err != nil {
		return err
	}
	if e.root() != old.Root {
		return fmt.Errorf("%w: the first %d entries are not those that were kept: history was rewritten", ErrFork, old.Size)
	}
	check := tileChecker(ctx, f)
	var r AuditReport
	r.Types = s.Types
	for e.size < now.Size {
		bundle, skip := e.size/tileWidth, int(e.size%tileWidth)
		leaves, err := readBundle(ctx, f, bundle, int(min(tileWidth, now.Size-bundle*tileWidth)))
		if err != nil {
			return err
		}
		for _, leaf := range leaves[skip:] {
			if err := r.count(e.size, leaf); err != nil {
				return err
			}
			if err := e.add(tlog.RecordHash(leaf), check); err != nil {
				return err
			}
			for _, h := range s.Handovers {
				if e.size == h.Checkpoint.Size && e.root() != h.Checkpoint.Root {
					return fmt.Errorf("%w: the first %d entries are not those that the old key handed over", ErrFork, e.size)
				}
			}
		}
	}
	return e.close(now, check)
}

// Open returns the log at a web address or in a directory. A page of the log,
// such as https://answers.example.org/log/checkpoint, names its log too.
func (o VerifyOptions) Open(where string) Files {
	if !strings.HasPrefix(where, "http://") && !strings.HasPrefix(where, "https://") {
		return Dir(where)
	}
	return Remote{o.client(), strings.TrimSuffix(strings.TrimSuffix(where, "/"), "/checkpoint")}
}
