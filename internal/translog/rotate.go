package translog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"example.org/hearback"
)

// A Handover says that one key of a log gave its place to the next. The entry
// that says so is the last one of Checkpoint, which both keys signed.
type Handover struct {
	Checkpoint Checkpoint
	From, To   string // verifier keys
}

// maxKeys is how many keys a log may have had, as far as we follow them.
const maxKeys = 100

func handoverName(n int) string { return "handover/" + strconv.Itoa(n) }

// A Rotation is a person's decision that another key signs the log from now
// on.
type Rotation struct {
	By     hearback.Actor
	At     time.Time
	Reason string // public
	// Write appends the record to the store.
	Write func(ctx context.Context, r hearback.Record) error
}

// Rotate makes next the key of the log in dir. The old key signs for the last
// time, over the entry that names the new one; the new key signs the same
// checkpoint. Whoever knows the old key can follow from there: see
// [Handovers]. A rotation that was cut off is finished by calling Rotate again
// with the same keys.
func Rotate(ctx context.Context, dir string, old, next Key, src Entries, o Rotation) error {
	if err := rotate(ctx, dir, old, next, src, o); err != nil {
		return fmt.Errorf("change the key of the log: %w", err)
	}
	return nil
}

func rotate(ctx context.Context, dir string, old, next Key, src Entries, o Rotation) error {
	switch {
	case strings.TrimSpace(o.Reason) == "":
		return fmt.Errorf("%w: say why the key is changed; the public will read it", hearback.ErrInvalid)
	case old.Origin() != next.Origin():
		return fmt.Errorf("%w: the new key is for the log %q, not %q", ErrKey, next.Origin(), old.Origin())
	case old.VKey() == next.VKey():
		return fmt.Errorf("%w: the new key is the old one", ErrKey)
	}
	keys, err := readKeys(ctx, Dir(dir))
	if err != nil {
		return err
	}
	if slices.Contains(keys, next.VKey()) {
		if keys[len(keys)-1] == next.VKey() {
			return nil // all of it was done
		}
		return fmt.Errorf("%w: the new key signed this log before", ErrKey)
	}
	if len(keys) == 0 {
		keys = []string{old.VKey()}
	}
	l, err := open(ctx, dir, old, src)
	if err != nil {
		return err
	}
	last, err := lastEntry(ctx, src)
	if err != nil {
		return err
	}
	if from, to := rotatedBy(last); from != old.VKey() || to != next.VKey() {
		err := o.Write(ctx, hearback.Record{Type: hearback.KeyRotated, At: o.At, Actor: o.By, Subject: "log", Pub: map[string]any{
			"from": old.VKey(), "to": next.VKey(), "fingerprint": next.Fingerprint(), "reason": o.Reason,
		}})
		if err != nil {
			return err
		}
	}
	if err := l.Publish(ctx); err != nil {
		return err
	}
	c := l.state.Load().Checkpoint
	both, err := note.Sign(&note.Note{Text: c.text()}, old.signer, next.signer)
	if err != nil {
		return err
	}
	var w writing
	w.add(handoverName(len(keys)), both)
	w.add("checkpoint", both)
	if err := w.write(dir); err != nil {
		return err
	}
	// The list of keys comes last: what it names is there.
	w = writing{}
	w.add("keys", []byte(strings.Join(append(keys, next.VKey()), "\n")+"\n"))
	return w.write(dir)
}

func lastEntry(ctx context.Context, src Entries) ([]byte, error) {
	n, err := src.LogSize(ctx)
	if err != nil || n == 0 {
		return nil, err
	}
	list, err := src.Entries(ctx, n-1, 1)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0].Leaf, nil
}

// rotatedBy reads which key an entry hands over to which; "" if it does not.
func rotatedBy(entry []byte) (from, to string) {
	x, err := parseLeaf(entry)
	if err != nil || x.Type != hearback.KeyRotated {
		return "", ""
	}
	var pub struct{ From, To string }
	if json.Unmarshal(x.Pub, &pub) != nil {
		return "", ""
	}
	return pub.From, pub.To
}

// readKeys reads the list of keys that a log has had, oldest first. A log that
// never changed its key has no such list.
func readKeys(ctx context.Context, f Files) ([]string, error) {
	b, err := f.ReadFile(ctx, "keys")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	keys := strings.Fields(string(b))
	if len(keys) > maxKeys || len(b) > maxCheckpoint {
		return nil, fmt.Errorf("%w: the log names more than %d keys", hearback.ErrInvalid, maxKeys)
	}
	return keys, nil
}

// Handovers follows a log from a key that the caller knows to the one that
// signs now. Each step is shown by the key before: it signed a checkpoint whose
// last entry names the next. It returns nothing if the key was never changed
// or is the newest, and [ErrKey] if the steps do not hold.
func Handovers(ctx context.Context, f Files, vkey string) (list []Handover, err error) {
	keys, err := readKeys(ctx, f)
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	i := slices.Index(keys, vkey)
	if i < 0 {
		return nil, fmt.Errorf("%w: the log does not name this key among those it has had", ErrKey)
	}
	for ; i < len(keys)-1; i++ {
		h := Handover{From: keys[i], To: keys[i+1]}
		signed, err := f.ReadFile(ctx, handoverName(i+1))
		if err != nil {
			return nil, fmt.Errorf("%w: the log does not show how its key %d was handed over: %w", ErrKey, i+1, err)
		}
		if h.Checkpoint, err = ParseCheckpoint(signed, h.From); err == nil {
			_, err = ParseCheckpoint(signed, h.To)
		}
		if err != nil {
			return nil, fmt.Errorf("key %d was not handed over by the one before: %w", i+2, err)
		}
		if h.Checkpoint.Size == 0 {
			return nil, fmt.Errorf("%w: the handover of key %d names no entry", ErrKey, i+1)
		}
		index := h.Checkpoint.Size - 1
		leaves, err := readBundle(ctx, f, index/tileWidth, int(index%tileWidth)+1)
		if err != nil {
			return nil, err
		}
		entry := leaves[index%tileWidth]
		proof, err := tlog.ProveRecord(h.Checkpoint.Size, index, hashReader(ctx, f, h.Checkpoint))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
		}
		from, to := rotatedBy(entry)
		if tlog.CheckRecord(proof, h.Checkpoint.Size, h.Checkpoint.Root, index, tlog.RecordHash(entry)) != nil || from != h.From || to != h.To {
			return nil, fmt.Errorf("%w: entry %d does not hand the log over to key %d", ErrKey, index, i+2)
		}
		list = append(list, h)
	}
	return list, nil
}

// parseUnder reads a checkpoint signed with a key or with one that it handed
// the log over to, the newest first.
func parseUnder(msg []byte, vkey string, over []Handover) (Checkpoint, string, error) {
	for i := len(over) - 1; i >= 0; i-- {
		if c, err := ParseCheckpoint(msg, over[i].To); err == nil {
			return c, over[i].To, nil
		}
	}
	c, err := ParseCheckpoint(msg, vkey)
	return c, vkey, err
}

// ReplaceKey puts the key at next into the place of the one at path, which
// stays beside it under the name kept. After a crash one of the two is whole
// at path.
func ReplaceKey(path, next, kept string) error {
	if err := os.Link(path, kept); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("keep the old key: %w", err)
	}
	if err := os.Rename(next, path); err != nil {
		return fmt.Errorf("put the new key in its place: %w", err)
	}
	return syncDir(filepath.Dir(path))
}
