package app

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"example.org/hearback"
)

// A dataDir is the directory of one instance: store, keys and public log. It
// is locked while a process uses it.
type dataDir struct {
	path string
	lock *os.File
}

// openDataDir makes the directory if need be and locks it. It returns
// [hearback.ErrConflict] while another process holds it.
func openDataDir(path string) (*dataDir, error) {
	if err := os.MkdirAll(filepath.Join(path, "keys"), 0o700); err != nil {
		how := "made"
		if _, there := os.Stat(path); there == nil {
			how = "written"
		}
		return nil, fmt.Errorf("the data directory %s cannot be %s: %s; check who owns it, or choose another with --data", path, how, plainly(err))
	}
	f, err := os.OpenFile(filepath.Join(path, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the data directory %s cannot be written: %s; check who owns it, or choose another with --data", path, plainly(err))
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		pid, _ := os.ReadFile(f.Name())
		f.Close()
		return nil, fmt.Errorf("%w: another hearback (process %s) uses the data directory %s; stop it first, or choose another with --data", hearback.ErrConflict, strings.TrimSpace(string(pid)), path)
	}
	if err := errors.Join(f.Truncate(0), writeAt(f, fmt.Sprintln(os.Getpid()))); err != nil {
		f.Close()
		return nil, fmt.Errorf("the data directory %s cannot be written: %s; free some disk space or choose another with --data", path, plainly(err))
	}
	return &dataDir{path, f}, nil
}

func writeAt(f *os.File, s string) error {
	_, err := f.WriteAt([]byte(s), 0)
	return err
}

// close gives the directory free.
func (d *dataDir) close() error { return d.lock.Close() }

func (d *dataDir) file(name ...string) string {
	return filepath.Join(append([]string{d.path}, name...)...)
}

// plainly takes the names of system calls out of an error.
func plainly(err error) string {
	var perr *fs.PathError
	if errors.As(err, &perr) {
		return perr.Err.Error()
	}
	return err.Error()
}

// secret returns the 32 random bytes kept in a file of the directory, making
// them at first use.
func (d *dataDir) secret(name string) ([]byte, error) {
	file := d.file("keys", name)
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		key := make([]byte, 32)
		rand.Read(key) // never fails
		return key, writeFile(file, []byte(hex.EncodeToString(key)+"\n"))
	}
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", file, err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("%w: %s is damaged; put it back from where you keep your keys", hearback.ErrInvalid, file)
	}
	return key, nil
}

// A window is the time in which one speaker is told from another, with the key
// that does it. The key is never in the store nor in a backup.
type window struct {
	Start time.Time `json:"start"`
	Key   []byte    `json:"key"`
}

// window returns the open window, or a new one if there is none.
func (d *dataDir) window(now time.Time) (w window, err error) {
	text, err := os.ReadFile(d.file("keys", "window.key"))
	if err == nil && json.Unmarshal(text, &w) == nil && len(w.Key) == 32 {
		return w, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return w, fmt.Errorf("key of the window: %w", err)
	}
	return d.newWindow(now)
}

// newWindow destroys the key of the window and opens another.
func (d *dataDir) newWindow(now time.Time) (window, error) {
	w := window{Start: now.UTC().Truncate(time.Second), Key: make([]byte, 32)}
	rand.Read(w.Key)
	text, err := json.Marshal(w)
	if err != nil {
		return w, err
	}
	// The old bytes are overwritten before their file is replaced, so that they
	// do not stay on the disk under no name.
	file := d.file("keys", "window.key")
	if f, err := os.OpenFile(file, os.O_WRONLY, 0); err == nil {
		_, werr := f.Write(make([]byte, len(text)))
		if err := errors.Join(werr, f.Sync(), f.Close()); err != nil {
			return w, fmt.Errorf("destroy the key of the last window: %w", err)
		}
	}
	return w, writeFile(file, text)
}

// writeFile replaces a file as a whole: after a crash it is the old one or the
// new one.
func writeFile(name string, data []byte) error {
	tmp := name + ".new"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp, name); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
