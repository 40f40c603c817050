// Package translog publishes the entries of the store as a transparency log
// that anyone can check: the tiles and signed checkpoints of C2SP tlog-tiles,
// tlog-checkpoint and signed-note, written as plain files.
//
// The order of things is the guarantee. An act and its entry are one
// transaction of the store; [Log.Publish] reads entries from the store into
// tiles, makes those durable, and only then signs a checkpoint over them. So
// every act that was confirmed gets into the log exactly once, and a crash
// leaves at most tiles that the next run writes again, byte for byte.
//
// The package knows bytes, not concerns. A log proves nothing against its own
// operator while nobody else keeps its checkpoints: [Audit] compares with a
// kept one, and a [Witness] run by others confirms new ones.
package translog

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"example.org/hearback"
)

// What can be wrong with a log. Each is an [hearback.ErrRefused] as well: the
// program does not sign until a person has decided.
var (
	// ErrShrank says that a log is shorter than a checkpoint it has signed, as
	// after an old copy of the store was put back.
	ErrShrank = refusal("the log is shorter than what was signed")
	// ErrFork says that a log contradicts a checkpoint it has signed: entries
	// that were public have been changed.
	ErrFork = refusal("the log contradicts what was signed")
	// ErrKey says that a key is not the one that signed, or cannot be used.
	ErrKey = refusal("the key does not fit")
	// ErrDamaged says that files of the log are lost or changed.
	ErrDamaged = refusal("the files of the log are damaged")
	// ErrRestored says that the store was restored from a backup and nobody
	// has acknowledged that yet.
	ErrRestored = refusal("the store was restored from a backup")
)

type refusal string

func (r refusal) Error() string        { return string(r) }
func (r refusal) Is(target error) bool { return target == hearback.ErrRefused }

// ErrPending says that an entry is not published yet.
var ErrPending = errors.New("not published yet: wait a few seconds")

// Entries is the record of truth: the entries in the store.
type Entries interface {
	// LogSize returns how many entries there are.
	LogSize(ctx context.Context) (int64, error)
	// Entries returns the entries from index from on, at most limit of them, in
	// order, without gaps.
	Entries(ctx context.Context, from int64, limit int) ([]hearback.Entry, error)
}

// A Restorable store remembers that it was restored from a backup. [Open]
// asks any [Entries] that can tell.
type Restorable interface {
	RestorePending(ctx context.Context) (bool, error)
}

// A Checkpoint is the state of a log that somebody signed.
type Checkpoint struct {
	Origin string
	Size   int64
	Root   tlog.Hash
}

// text returns what is signed.
func (c Checkpoint) text() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, c.Root)
}

// ParseCheckpoint returns the checkpoint in a signed note if the key vkey
// signed it. It returns [ErrKey] if that key did not, and
// [hearback.ErrInvalid] for what is no checkpoint.
func ParseCheckpoint(msg []byte, vkey string) (Checkpoint, error) {
	v, err := note.NewVerifier(vkey)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %.60q is not a verifier key", ErrKey, vkey)
	}
	n, err := openNote(msg, v)
	if err != nil {
		return Checkpoint{}, err
	}
	c, err := parseCheckpoint(n.Text)
	if err != nil {
		return c, err
	}
	if c.Origin != v.Name() {
		return c, fmt.Errorf("%w: the checkpoint is of the log %.80q, and the key of %.80q", ErrKey, c.Origin, v.Name())
	}
	return c, nil
}

// maxCheckpoint is the longest signed checkpoint we read, in bytes.
const maxCheckpoint = 64 << 10

func openNote(msg []byte, v note.Verifier) (*note.Note, error) {
	if len(msg) > maxCheckpoint {
		return nil, fmt.Errorf("%w: a checkpoint of %d bytes is too long", hearback.ErrInvalid, len(msg))
	}
	n, err := note.Open(msg, note.VerifierList(v))
	var unverified *note.UnverifiedNoteError
	var wrong *note.InvalidSignatureError
	switch {
	case errors.As(err, &unverified), errors.As(err, &wrong):
		return nil, fmt.Errorf("%w: the checkpoint does not carry a good signature of %s+%08x", ErrKey, v.Name(), v.KeyHash())
	case err != nil:
		return nil, fmt.Errorf("%w: this is not a signed checkpoint", hearback.ErrInvalid)
	}
	return n, nil
}

func parseCheckpoint(text string) (Checkpoint, error) {
	bad := fmt.Errorf("%w: this is not a checkpoint: it needs a name, a size and a root, one a line", hearback.ErrInvalid)
	f := strings.SplitN(text, "\n", 4)
	if len(f) < 4 || f[0] == "" {
		return Checkpoint{}, bad
	}
	size, err := strconv.ParseInt(f[1], 10, 64)
	root, err2 := base64.StdEncoding.DecodeString(f[2])
	if err != nil || err2 != nil || size < 0 || strconv.FormatInt(size, 10) != f[1] || len(root) != tlog.HashSize {
		return Checkpoint{}, bad
	}
	return Checkpoint{Origin: f[0], Size: size, Root: tlog.Hash(root)}, nil
}

// same compares two checkpoints of one log, the earlier first, as far as that
// goes without a proof.
func (c Checkpoint) same(earlier Checkpoint) error {
	switch {
	case c.Origin != earlier.Origin:
		return fmt.Errorf("%w: one checkpoint is of the log %.80q, the other of %.80q", ErrKey, earlier.Origin, c.Origin)
	case c.Size < earlier.Size:
		return fmt.Errorf("%w: it had %d entries and now has %d", ErrShrank, earlier.Size, c.Size)
	case c.Size == earlier.Size && c.Root != earlier.Root:
		return fmt.Errorf("%w: there are two different logs of %d entries", ErrFork, c.Size)
	}
	return nil
}
