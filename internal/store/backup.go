package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"example.org/hearback"
)

// RestoredPending is the setting that stands while nobody has acknowledged
// that the store was restored from a backup.
const RestoredPending = "log.restored_pending"

// A table is one that copies carry.
type table struct {
	name   string
	seeded bool // migrations put rows into it: they do not make a store used
}

// tables lists every table that holds something no other table can tell,
// ordered as they are copied. A test compares it with the schema, so that a
// new table cannot be forgotten.
var tables = []table{
	{"log_head", true}, {"entry", false}, {"setting", true},
	{"source", false}, {"topic", false}, {"tally", false}, {"message", false}, {"post", false},
	{"concern", false}, {"grouping", false}, {"roll", false}, {"area_hour", false}, {"split", false},
	{"desk", false}, {"kase", false}, {"evidence_copy", false}, {"answer", false},
	{"alert", false}, {"sample", false}, {"drill_observation", false}, {"drill_rating", false}, {"detector", false}, {"forecast", false}, {"forecast_day", false}, {"harm", false}, {"outcome", false},
	{"commitment", false}, {"outgoing", false}, {"feedback", false}, {"audience", false}, {"activity_seen", false}, {"neighbour", false}, {"sent311", false}, {"follow", false}, {"follow_ask", false},
	{"account_head", true}, {"account", false}, {"link", false}, {"session", false},
	{"factor", false}, {"attempt", false}, {"signon", false}, {"tries", false}, {"token", false}, {"act_key", false}, {"security", false}, {"saved_view", false},
	{"channel", false}, {"notice", false}, {"delivery", false},
}

// Tables returns the names of the tables that copies carry.
func Tables() []string {
	var names []string
	for _, t := range tables {
		names = append(names, t.name)
	}
	return names
}

// File returns the path of a SQLite store, or "" for another.
func File(dsn string) string {
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		return ""
	}
	return dsn
}

// CopyTo copies every row into dst, which must be empty, in one snapshot of db
// and one transaction of dst: the copy is whole or not at all. db may be in
// use. It returns how many rows each table had.
func (db *DB) CopyTo(ctx context.Context, dst *DB) (counts map[string]int64, err error) {
	conn, err := db.scans.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("copy store: %w", explain(err))
	}
	defer conn.Close()
	begin := "BEGIN"
	if db.dialect == postgres {
		begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	}
	if _, err := conn.ExecContext(ctx, begin); err != nil {
		return nil, fmt.Errorf("copy store: %w", explain(err))
	}
	defer conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK") // nothing was written
	counts = map[string]int64{}
	err = dst.write(ctx, func(tx *Tx) error {
		if err := tx.vacant(ctx); err != nil {
			return err
		}
		for _, t := range tables {
			n, err := copyTable(ctx, conn, tx, t.name)
			if err != nil {
				return fmt.Errorf("table %s: %w", t.name, err)
			}
			counts[t.name] = n
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("copy store: %w", err)
	}
	return counts, nil
}

// vacant empties the seeded tables of a store that is new, and refuses one that
// is not.
func (t *Tx) vacant(ctx context.Context) error {
	var next int64
	if err := t.row(ctx, "SELECT next FROM log_head WHERE one = 1").Scan(&next); err != nil {
		return err
	}
	used := next > 0
	for _, x := range tables {
		if used || x.seeded {
			continue
		}
		var n int
		if err := t.row(ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM "+x.name+" LIMIT 1) AS x").Scan(&n); err != nil {
			return err
		}
		used = n > 0
	}
	if used {
		return fmt.Errorf("%w: the target is in use: give an empty one", hearback.ErrRefused)
	}
	for _, x := range tables {
		if x.seeded {
			if err := t.exec(ctx, "DELETE FROM "+x.name); err != nil {
				return err
			}
		}
	}
	return nil
}

// copyRows is how many rows one statement inserts.
const copyRows = 40

// copyTable copies one table from an open snapshot.
func copyTable(ctx context.Context, from *sql.Conn, to *Tx, name string) (n int64, err error) {
	rows, err := from.QueryContext(ctx, "SELECT * FROM "+name)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return 0, err
	}
	one := "(" + strings.TrimSuffix(strings.Repeat("?, ", len(columns)), ", ") + ")"
	insert := "INSERT INTO " + name + " (" + strings.Join(columns, ", ") + ") VALUES "
	full := insert + strings.TrimSuffix(strings.Repeat(one+", ", copyRows), ", ")
	row := make([]any, len(columns))
	into := make([]any, len(columns))
	for i := range into {
		into[i] = &row[i]
	}
	var args []any
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return n, err
		}
		for i, v := range row {
			// The driver hands over an empty BLOB as a nil slice, which would be
			// written as NULL.
			if b, ok := v.([]byte); ok && b == nil {
				row[i] = []byte{}
			}
		}
		args = append(args, row...)
		n++
		if len(args) == copyRows*len(columns) {
			if err := to.exec(ctx, full, args...); err != nil {
				return n, err
			}
			args = args[:0]
		}
	}
	if err := rows.Err(); err != nil {
		return n, err
	}
	for part := range slices.Chunk(args, max(len(columns), 1)) {
		if err := to.exec(ctx, insert+one, part...); err != nil {
			return n, err
		}
	}
	return n, nil
}

// Backup writes a consistent copy of the store to path, as one SQLite file
// whichever engine the store uses, while others read and write. The copy has
// no sketches of voices, which die with their window, and no sessions and
// links, which a restored store must not bring back to life. It returns
// [hearback.ErrConflict] if path exists.
func (db *DB) Backup(ctx context.Context, path string) (err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: %s exists; name a file that does not", hearback.ErrConflict, path)
	}
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	// The name is ours now; the work is done beside it and put there whole.
	tmp := path + ".part"
	defer func() {
		if err != nil {
			os.Remove(path)
			err = fmt.Errorf("backup: %w", err)
		}
		removeStore(tmp)
	}()
	if err := f.Close(); err != nil {
		return err
	}
	removeStore(tmp)
	if err := create(tmp); err != nil {
		return err
	}
	if db.dialect == sqlite {
		err = db.vacuumInto(ctx, tmp)
	} else {
		err = db.copyInto(ctx, tmp)
	}
	if err != nil {
		return err
	}
	if err := strip(ctx, tmp); err != nil {
		return err
	}
	return settle(tmp, path)
}

// vacuumInto writes a copy of a SQLite store through a connection of its own,
// because VACUUM does not run in a transaction or on a connection that may
// only read.
func (db *DB) vacuumInto(ctx context.Context, path string) error {
	p, err := sql.Open("sqlite", fileURL(db.where, "_pragma=busy_timeout(10000)"))
	if err != nil {
		return err
	}
	_, err = p.ExecContext(ctx, "VACUUM INTO ?", path)
	return explain(errors.Join(err, p.Close()))
}

func (db *DB) copyInto(ctx context.Context, path string) error {
	dst, err := Open(ctx, path)
	if err != nil {
		return err
	}
	_, err = db.CopyTo(ctx, dst)
	return errors.Join(err, dst.Close())
}

// strip takes out of a copy what must not outlive the store. The file is
// written anew, because a deleted row leaves bytes behind.
func strip(ctx context.Context, path string) error {
	p, err := sql.Open("sqlite", fileURL(path, "_pragma=journal_mode(DELETE)"))
	if err != nil {
		return err
	}
	p.SetMaxOpenConns(1)
	for _, q := range []string{"UPDATE grouping SET sketch = NULL", "DELETE FROM session", "DELETE FROM link", "DELETE FROM attempt", "DELETE FROM token", "DELETE FROM follow_ask", "VACUUM"} {
		if _, err := p.ExecContext(ctx, q); err != nil {
			return explain(errors.Join(err, p.Close()))
		}
	}
	return explain(p.Close())
}

// Restore puts a backup into an empty place: a path that does not exist, or an
// empty database of PostgreSQL. The restored store remembers it, so that the
// public log does not go on before somebody acknowledges what was lost.
func Restore(ctx context.Context, backup, dsn string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("restore %s: %w", backup, err)
		}
	}()
	if st, err := os.Stat(backup); err != nil || !st.Mode().IsRegular() || st.Size() == 0 {
		return fmt.Errorf("%w: there is no backup at this path", hearback.ErrNotFound)
	}
	target := File(dsn)
	if target != "" {
		for _, p := range []string{target, target + "-wal"} {
			if _, err := os.Lstat(p); err == nil {
				return fmt.Errorf("%w: %s exists; move it away first", hearback.ErrConflict, p)
			}
		}
	}
	if target != "" {
		if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
			return err
		}
	}
	// All work is done on a copy: the backup stays as it is.
	tmp := target + ".restore"
	if target == "" {
		dir, err := os.MkdirTemp("", "hearback-restore-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		tmp = filepath.Join(dir, "store.db")
	}
	removeStore(tmp)
	defer removeStore(tmp)
	if err := copyFile(backup, tmp); err != nil {
		return err
	}
	if err := sound(ctx, tmp); err != nil {
		return err
	}
	src, err := Open(ctx, tmp) // brings an older backup up to date
	if err != nil {
		return err
	}
	err = src.SetSetting(ctx, RestoredPending, "1")
	if err == nil && target == "" {
		err = src.copyOver(ctx, dsn)
	}
	if err := errors.Join(err, src.Close()); err != nil || target == "" {
		return err
	}
	if err := strip(ctx, tmp); err != nil { // also leaves one file
		return err
	}
	return settle(tmp, target)
}

func (db *DB) copyOver(ctx context.Context, dsn string) error {
	dst, err := Open(ctx, dsn)
	if err != nil {
		return err
	}
	_, err = db.CopyTo(ctx, dst)
	return errors.Join(err, dst.Close())
}

// sound refuses a file that is damaged or no store of ours.
func sound(ctx context.Context, path string) error {
	p, err := sql.Open("sqlite", fileURL(path, "_pragma=query_only(ON)"))
	if err != nil {
		return err
	}
	defer p.Close()
	var verdict string
	if err := p.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil || verdict != "ok" {
		return fmt.Errorf("%w: the file is damaged or no backup (%v)", hearback.ErrInvalid, errors.Join(err, errors.New(verdict)))
	}
	var n int
	err = p.QueryRowContext(ctx, "SELECT COUNT(*) FROM sqlite_master WHERE name IN ('log_head', 'entry', 'schema_version')").Scan(&n)
	if err != nil || n != 3 {
		return fmt.Errorf("%w: the file is no backup of Hearback", hearback.ErrInvalid)
	}
	return nil
}

// RestorePending reports whether the store was restored and nobody has
// acknowledged that.
func (db *DB) RestorePending(ctx context.Context) (bool, error) {
	v, err := db.Setting(ctx, RestoredPending)
	return v != "", err
}

// AcknowledgeRestore puts back entries that were published and then lost,
// appends r, and takes the mark off, in one transaction. It returns
// [hearback.ErrConflict] if the entries do not continue the log.
func (db *DB) AcknowledgeRestore(ctx context.Context, lost []hearback.Entry, r hearback.Record) error {
	return db.write(ctx, func(tx *Tx) error {
		var next, number int64
		if err := tx.row(ctx, "SELECT next FROM log_head WHERE one = 1").Scan(&next); err != nil {
			return err
		}
		for _, e := range lost {
			if e.Seq != next {
				return fmt.Errorf("%w: the log goes on with entry %d, not %d", hearback.ErrConflict, next, e.Seq)
			}
			next++
			number = max(number, actorNumber(e.Leaf))
			if err := tx.exec(ctx, "INSERT INTO entry (seq, at, type, subject, leaf) VALUES (?, ?, ?, ?, ?)",
				e.Seq, micros(e.At), string(e.Type), e.Subject, e.Leaf); err != nil {
				return err
			}
		}
		if err := tx.exec(ctx, "UPDATE log_head SET next = ? WHERE one = 1", next); err != nil {
			return err
		}
		// A number that the public has seen is never given to somebody else.
		if err := tx.exec(ctx, "UPDATE account_head SET next = ? WHERE one = 1 AND next <= ?", number+1, number); err != nil {
			return err
		}
		if err := tx.exec(ctx, "DELETE FROM setting WHERE name = ?", RestoredPending); err != nil {
			return err
		}
		_, err := tx.record(ctx, r)
		return err
	})
}

// actorNumber returns the largest number of a member of staff that an entry
// names: who did it, or whom it is about.
func actorNumber(leaf []byte) int64 {
	var x struct {
		Actor string `json:"actor"`
		Pub   struct {
			Number int64 `json:"number"`
		} `json:"pub"`
	}
	if json.Unmarshal(leaf, &x) != nil {
		return 0
	}
	_, digits, _ := strings.Cut(x.Actor, "#")
	n, _ := strconv.ParseInt(digits, 10, 64)
	return max(n, x.Pub.Number)
}

// Counts returns how many rows each table has.
func (db *DB) Counts(ctx context.Context) (map[string]int64, error) {
	counts := map[string]int64{}
	for _, t := range tables {
		var n int64
		if err := db.row(ctx, "SELECT COUNT(*) FROM "+t.name).Scan(&n); err != nil {
			return nil, err
		}
		counts[t.name] = n
	}
	return counts, nil
}

// fileURL returns the URL by which the SQLite driver opens a file.
func fileURL(path, query string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: query}).String()
}

// create makes an empty file that only its owner can read.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// removeStore removes a SQLite file with what stands beside it.
func removeStore(path string) {
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		os.Remove(path + suffix)
	}
}

// settle makes a file durable and gives it its name.
func settle(tmp, path string) error {
	f, err := os.OpenFile(tmp, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
