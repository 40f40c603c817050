package translog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A Log publishes entries into a directory. One process at a time may have it
// open; the owner of the directory sees to that. It may be used by many
// goroutines.
type Log struct {
	// Every is how often [Log.Run] looks for entries without being kicked.
	Every time.Duration
	// Logger gets faults that Run survives; nil drops them.
	Logger *slog.Logger
	// Now is the clock that [Log.Published] tells; a drill sets it.
	Now func() time.Time

	dir    string
	key    Key
	src    Entries
	kicked chan struct{}
	state  atomic.Pointer[state]

	confirmed sync.Map              // verifier key of a witness → Confirmation
	cosigned  atomic.Pointer[state] // the newest state that a witness confirmed

	mu     sync.Mutex // held while publishing
	edge   edge
	bundle []byte // entries of the bundle that is not full yet
	broken error  // a write failed: nothing may be signed any more
	laid   bool   // the public key lies beside what it signs, so that a copy of the directory can be checked
}

// state is what was signed last.
type state struct {
	Checkpoint
	signed []byte
	at     time.Time // when this process signed it; zero if another did
}

// defaultEvery is short enough that a reader who was told "in a few seconds"
// does not wait, and long enough that an idle office costs nothing.
const defaultEvery = 5 * time.Second

// batch is how many entries one checkpoint covers at the most.
const batch = 16 * tileWidth

// Open opens the log in dir, making it if need be. It signs nothing. It
// recomputes the root of what was signed last, once from the tiles and once
// from every entry of the store, and refuses to go on with
//   - [ErrShrank] if the store has fewer entries than were signed,
//   - [ErrFork] if an entry of the store is not what was signed,
//   - [ErrDamaged] if tiles at the right edge are lost or changed,
//   - [ErrKey] if another key signed,
//   - [ErrRestored] if the store was restored and nobody acknowledged it.
func Open(dir string, key Key, src Entries) (*Log, error) {
	ctx := context.Background()
	if r, ok := src.(Restorable); ok {
		pending, err := r.RestorePending(ctx)
		if err != nil {
			return nil, fmt.Errorf("open log: %w", err)
		}
		if pending {
			return nil, fmt.Errorf("%w: acknowledge that first, so that the public log says so", ErrRestored)
		}
	}
	l, err := open(ctx, dir, key, src)
	if err != nil {
		return nil, fmt.Errorf("open log %s: %w", dir, err)
	}
	return l, nil
}

func open(ctx context.Context, dir string, key Key, src Entries) (*Log, error) {
	l := &Log{Every: defaultEvery, Now: time.Now, dir: dir, key: key, src: src, kicked: make(chan struct{}, 1)}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	signed, err := os.ReadFile(l.path("checkpoint"))
	if errors.Is(err, fs.ErrNotExist) {
		l.state.Store(&state{Checkpoint: Checkpoint{Origin: key.Origin(), Root: l.edge.root()}})
		return l, nil
	}
	if err != nil {
		return nil, err
	}
	c, err := ParseCheckpoint(signed, key.VKey())
	if err != nil {
		return nil, err
	}
	l.state.Store(&state{Checkpoint: c, signed: signed})
	if l.edge, err = loadEdge(ctx, Dir(dir), c.Size); err != nil {
		return nil, err
	}
	if got := l.edge.root(); got != c.Root {
		return nil, fmt.Errorf("%w: a tile at the right edge is not what was signed; move the directory away for inspection and rebuild the tiles from the store", ErrDamaged)
	}
	n, err := src.LogSize(ctx)
	if err != nil {
		return nil, err
	}
	if n < c.Size {
		return nil, fmt.Errorf("%w: the store has %d entries, and %d were signed; if a backup was put back, acknowledge that", ErrShrank, n, c.Size)
	}
	replay, tail, err := replay(ctx, src, c.Size, nil)
	if err != nil {
		return nil, err
	}
	if replay.root() != c.Root {
		return nil, fmt.Errorf("%w: one of the first %d entries of the store has been changed; restore a backup that has not", ErrFork, c.Size)
	}
	if w := int(c.Size % tileWidth); w > 0 {
		leaves, err := readBundle(ctx, Dir(dir), c.Size/tileWidth, w)
		if err != nil {
			return nil, err
		}
		var have []byte
		for _, leaf := range leaves {
			have = appendEntry(have, leaf)
		}
		if !slices.Equal(have, tail) {
			return nil, fmt.Errorf("%w: the last bundle of entries is not what was signed; move the directory away for inspection and rebuild the tiles from the store", ErrDamaged)
		}
	}
	l.bundle = tail
	if err := l.loadConfirmed(c); err != nil {
		return nil, err
	}
	return l, l.clean(c.Size)
}

// replay computes the right edge of the first size entries of src, and returns
// it with the entries of the bundle that is not full.
func replay(ctx context.Context, src Entries, size int64, full func(int, int64, []tlog.Hash) error) (edge, []byte, error) {
	var e edge
	var tail []byte
	for e.size < size {
		list, err := src.Entries(ctx, e.size, int(min(batch, size-e.size)))
		if err != nil {
			return e, nil, err
		}
		if len(list) == 0 {
			return e, nil, fmt.Errorf("%w: the store has no entry %d", ErrDamaged, e.size)
		}
		for _, x := range list {
			if x.Seq != e.size {
				return e, nil, fmt.Errorf("%w: the store has no entry %d", ErrDamaged, e.size)
			}
			if e.size%tileWidth == 0 {
				tail = nil
			}
			tail = appendEntry(tail, x.Leaf)
			if err := e.add(tlog.RecordHash(x.Leaf), full); err != nil {
				return e, nil, err
			}
		}
	}
	if size%tileWidth == 0 {
		tail = nil
	}
	return e, tail, nil
}

func (l *Log) path(name string) string { return filepath.Join(l.dir, filepath.FromSlash(name)) }

// Size returns how many entries are published.
func (l *Log) Size() int64 { return l.state.Load().Size }

// Checkpoint returns the newest signed checkpoint, or nil if nothing was
// published yet.
func (l *Log) Checkpoint() []byte { return l.state.Load().signed }

// Published returns when this process signed last; zero if it has not.
func (l *Log) Published() time.Time { return l.state.Load().at }

// Key returns the key that signs.
func (l *Log) Key() Key { return l.key }

// Publish puts every entry of the store into tiles, makes them durable and
// signs a checkpoint. Callers wait for each other, and whoever comes second
// finds the work done: that is the group commit. After a failed write nothing
// is signed until the log is opened again, because what reached the disk is
// not known.
func (l *Log) Publish(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		n, err := l.publish(ctx)
		if err != nil {
			return fmt.Errorf("publish log: %w", err)
		}
		if n < batch {
			return nil
		}
	}
}

// A stopError is a fault after which the log must not go on.
type stopError struct{ error }

func (e stopError) Unwrap() error { return e.error }

func (l *Log) publish(ctx context.Context) (n int, err error) {
	if l.broken != nil {
		return 0, l.broken
	}
	old := l.state.Load()
	list, err := l.src.Entries(ctx, old.Size, batch)
	if err != nil || len(list) == 0 && old.signed != nil {
		return 0, err
	}
	e, bundle := l.edge.clone(), slices.Clone(l.bundle)
	var w writing
	for _, x := range list {
		if x.Seq != e.size {
			return 0, l.stop(fmt.Errorf("%w: the store has no entry %d", ErrDamaged, e.size))
		}
		bundle = appendEntry(bundle, x.Leaf)
		if err := e.add(tlog.RecordHash(x.Leaf), func(level int, n int64, hashes []tlog.Hash) error {
			w.tile(level, n, tileWidth, hashBytes(hashes))
			return nil
		}); err != nil {
			return 0, err
		}
		if e.size%tileWidth == 0 {
			w.tile(bundleLevel, e.size/tileWidth-1, tileWidth, bundle)
			bundle = nil
		}
	}
	for level, tile := range e.levels {
		// A level changes only when the one below filled a tile.
		if len(tile) > 0 && e.size>>(tileHeight*level) != old.Size>>(tileHeight*level) {
			w.tile(level, e.size>>(tileHeight*(level+1)), len(tile), hashBytes(tile))
		}
	}
	if len(bundle) > 0 && len(list) > 0 {
		w.tile(bundleLevel, e.size/tileWidth, int(e.size%tileWidth), bundle)
	}
	// The checkpoint is written and synced beside the tiles, and gets its name,
	// under which others read it, only when all of them are durable.
	c := Checkpoint{Origin: l.key.Origin(), Size: e.size, Root: e.root()}
	signed, err := note.Sign(&note.Note{Text: c.text()}, l.key.signer)
	if err != nil {
		return 0, l.stop(err)
	}
	w.add("checkpoint", signed)
	if !l.laid {
		w.add("key", []byte(l.key.VKey()+"\n"))
	}
	if err := w.write(l.dir); err != nil {
		return 0, l.stop(err)
	}
	l.laid = true
	l.edge, l.bundle = e, bundle
	l.state.Store(&state{c, signed, l.Now()})
	return len(list), l.prune(old.Size, c.Size)
}

func (l *Log) stop(err error) error {
	l.broken = stopError{err}
	return l.broken
}

func (l *Log) logger() *slog.Logger {
	if l.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l.Logger
}

// Kick makes [Log.Run] publish now. It never blocks.
func (l *Log) Kick() {
	select {
	case l.kicked <- struct{}{}:
	default:
	}
}

// Run publishes whenever it is kicked, and every [Log.Every], until ctx ends;
// then once more. It returns an error only if the log must not go on: a write
// failed, or the store contradicts what was signed. The program should stop
// then, because it promises that what was confirmed gets into the log.
func (l *Log) Run(ctx context.Context) error {
	tick := time.NewTicker(max(l.Every, time.Millisecond))
	defer tick.Stop()
	for {
		err := l.Publish(ctx)
		var stop stopError
		switch {
		case errors.As(err, &stop):
			return err
		case err != nil && ctx.Err() == nil:
			l.logger().ErrorContext(ctx, "the log was not published; it is tried again", slog.Any("err", err))
		}
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			return l.Publish(last)
		case <-l.kicked:
		case <-tick.C:
		}
	}
}

// prune removes the partial tiles of tiles that became full between two sizes.
// The first of each level is the only one that can have any.
func (l *Log) prune(from, to int64) error {
	for level := 0; to>>(tileHeight*(level+1)) > from>>(tileHeight*(level+1)); level++ {
		n := from >> (tileHeight * (level + 1))
		for _, p := range []string{tilePath(level, n, tileWidth), tilePath(bundleLevel, n, tileWidth)} {
			if level > 0 && strings.HasPrefix(p, "tile/entries/") {
				continue
			}
			if err := os.RemoveAll(l.path(p + ".p")); err != nil {
				return err
			}
		}
	}
	return nil
}

// clean removes what a crash left behind: files half written, and partial
// tiles of tiles that are full.
func (l *Log) clean(size int64) error {
	return filepath.WalkDir(l.path("tile"), func(p string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if !d.IsDir() {
			if strings.HasSuffix(p, tmpSuffix) {
				return os.Remove(p)
			}
			return nil
		}
		rel, err := filepath.Rel(l.dir, p)
		if err != nil {
			return err
		}
		name, partial := strings.CutSuffix(filepath.ToSlash(rel), ".p")
		if !partial {
			return nil
		}
		t, err := parseTilePath(name)
		if err != nil || !covered(t, size) {
			return nil // not ours to remove
		}
		if err := os.RemoveAll(p); err != nil {
			return err
		}
		return fs.SkipDir
	})
}

// A writing is a set of files that become durable together.
type writing struct {
	files []file
	mode  os.FileMode // 0 means that all may read
}

type file struct {
	name string
	data []byte
	// tile says that nobody reads the file before a checkpoint covers it: it is
	// written under its own name.
	tile bool
}

// add adds a file that others may be reading: it is replaced as a whole, after
// everything else that is written with it is durable.
func (w *writing) add(name string, data []byte) {
	w.files = append(w.files, file{name: name, data: data})
}

func (w *writing) tile(level int, n int64, width int, data []byte) {
	w.files = append(w.files, file{tilePath(level, n, width), data, true})
}

const tmpSuffix = ".tmp"

// write makes the files durable in two rounds. In the first every file is
// written and synced, and every directory that got a new name; the syncs run
// side by side, so that the file system may do them as one. In the second,
// files that others may be reading get their names.
func (w *writing) write(dir string) error {
	mode := w.mode
	if mode == 0 {
		mode = 0o644
	}
	first, second := map[string]bool{}, map[string]bool{}
	var open []*os.File
	defer func() {
		for _, f := range open {
			f.Close()
		}
	}()
	var renames []string
	for _, x := range w.files {
		p := filepath.Join(dir, filepath.FromSlash(x.name))
		made, err := makeDirs(filepath.Dir(p))
		if err != nil {
			return err
		}
		for _, d := range made {
			first[d] = true
		}
		at := p
		if x.tile {
			first[filepath.Dir(p)] = true
		} else {
			at += tmpSuffix
			renames = append(renames, p)
			second[filepath.Dir(p)] = true
		}
		f, err := os.OpenFile(at, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, mode)
		if err != nil {
			return err
		}
		open = append(open, f)
		if _, err := f.Write(x.data); err != nil {
			return err
		}
	}
	if err := syncAll(open, first); err != nil {
		return err
	}
	for _, p := range renames {
		if err := os.Rename(p+tmpSuffix, p); err != nil {
			return err
		}
	}
	return syncAll(nil, second)
}

// syncAll syncs open files and directories side by side.
func syncAll(files []*os.File, dirs map[string]bool) error {
	n := len(files) + len(dirs)
	errs := make(chan error, n)
	for _, f := range files {
		go func() { errs <- f.Sync() }()
	}
	for d := range dirs {
		go func() { errs <- syncDir(d) }()
	}
	var all []error
	for range n {
		all = append(all, <-errs)
	}
	return errors.Join(all...)
}

// makeDirs makes a directory with its parents and returns the directories that
// have a new name in them.
func makeDirs(p string) (changed []string, err error) {
	for q := p; ; q = filepath.Dir(q) {
		if _, err := os.Stat(q); err == nil || q == filepath.Dir(q) {
			break
		}
		changed = append(changed, filepath.Dir(q))
	}
	if len(changed) == 0 {
		return nil, nil
	}
	return changed, os.MkdirAll(p, 0o755)
}

func syncDir(p string) error {
	d, err := os.Open(p)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
