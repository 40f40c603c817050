// Package store keeps everything Hearback remembers, on SQLite or PostgreSQL.
// It is one type, [DB], that satisfies the narrow interfaces which other
// packages declare for themselves, with one file for each aggregate. It holds
// no rules: who may do what, and when, is decided before it is called.
//
// The SQL is shared. It is written for SQLite with ? for arguments; what
// PostgreSQL spells differently is put right in dialect.go.
package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	_ "modernc.org/sqlite"             // driver "sqlite"

	"example.org/hearback"
)

//go:embed migrations/*.sql
var migrations embed.FS

// A DB is an open store. It may be used by many goroutines: reads run side by
// side, writes one after another.
type DB struct {
	dialect dialect
	where   string // for error messages: never holds a password
	reads   *pool
	scans   *sql.DB // for reads of many rows; what they hold is given back after each
	writes  *writer
	mu      sync.Mutex // held by the one writing transaction
	names   names
}

// Open opens the store at dsn, which is the path of a SQLite file or a
// postgres:// URL, and brings its schema up to date.
func Open(ctx context.Context, dsn string) (*DB, error) {
	db := &DB{where: dsn}
	var err error
	if strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://") {
		db.dialect = postgres
		if u, uerr := url.Parse(dsn); uerr == nil {
			db.where = u.Redacted()
		}
		var p *sql.DB
		if p, err = sql.Open("pgx", dsn); err == nil {
			p.SetMaxOpenConns(8)
			db.reads, db.writes, db.scans = newPool(p, db.dialect), &writer{dialect: db.dialect, sql: p}, p
		}
	} else {
		db.dialect = sqlite
		abs, aerr := filepath.Abs(dsn)
		if aerr != nil {
			return nil, fmt.Errorf("open store: %w", aerr)
		}
		at := func(query string) string {
			return (&url.URL{Scheme: "file", Path: filepath.ToSlash(abs), RawQuery: query}).String()
		}
		// synchronous=FULL: a commit that returned has reached the disk.
		// secure_delete: what was deleted is overwritten, not only unlinked.
		// wal_autocheckpoint: 16 MiB, so that a page which small commits write
		// again and again is copied to its place once for many of them.
		const pragmas = "_pragma=wal_autocheckpoint(4000)&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(ON)&_pragma=secure_delete(ON)&_pragma=cache_size(-32768)&_pragma=temp_store(MEMORY)"
		var w, r, s *sql.DB
		if w, err = sql.Open("sqlite", at(pragmas)); err != nil {
			return nil, fmt.Errorf("open store %s: %w", db.where, err)
		}
		w.SetMaxOpenConns(1)
		w.SetConnMaxLifetime(0)
		if r, err = sql.Open("sqlite", at(pragmas+"&_pragma=query_only(ON)&_pragma=cache_size(-8192)")); err == nil {
			r.SetMaxOpenConns(4)
			db.reads, db.writes = newPool(r, db.dialect), &writer{dialect: db.dialect, sql: w}
			if s, err = sql.Open("sqlite", at(pragmas+"&_pragma=query_only(ON)&_pragma=cache_size(-4096)")); err == nil {
				s.SetMaxOpenConns(4)
				s.SetMaxIdleConns(0)
				db.scans = s
			}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", db.where, err)
	}
	if err := db.migrate(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("open store %s: %w", db.where, err)
	}
	return db, nil
}

// Close ends every connection.
func (db *DB) Close() error {
	return errors.Join(db.writes.close(), db.reads.close(), db.scans.Close())
}

// migrate applies the numbered files that the store has not seen, each in a
// transaction of its own, in order. A file may be older than the newest one
// that was seen: it came with a change that was made beside that.
func (db *DB) migrate(ctx context.Context) error {
	if _, err := db.writes.sql.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL)"); err != nil {
		return explain(err)
	}
	have, last := map[int]bool{}, 0
	rows, err := db.writes.sql.QueryContext(ctx, "SELECT version FROM schema_version")
	err = each(rows, err, func(row scanner) error {
		var n int
		err := row.Scan(&n)
		have[n], last = true, max(last, n)
		return err
	})
	if err != nil {
		return explain(err)
	}
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	slices.Sort(files)
	newest := 0
	for _, file := range files {
		n, err := strconv.Atoi(path.Base(file)[:4])
		if err != nil || n == newest {
			return fmt.Errorf("migration %s: its name must begin with a number of its own", file)
		}
		newest = n
		if have[n] {
			continue
		}
		text, err := migrations.ReadFile(file)
		if err != nil {
			return err
		}
		err = db.write(ctx, func(tx *Tx) error {
			if _, err := tx.w.conn.ExecContext(ctx, db.dialect.schema(string(text))); err != nil {
				return err
			}
			return tx.exec(ctx, "INSERT INTO schema_version (version, name) VALUES (?, ?)", n, path.Base(file))
		})
		if err != nil {
			return fmt.Errorf("migration %s: %w", path.Base(file), err)
		}
	}
	if last > newest {
		return fmt.Errorf("this store has schema %d, and this program knows only %d: start the newer hearback that made it", last, newest)
	}
	return nil
}

// A writer is the one connection that writes, with its prepared statements.
// The statements belong to the connection, so that a transaction never waits
// for a second one.
type writer struct {
	dialect dialect
	sql     *sql.DB
	conn    *sql.Conn // nil until it is needed, and after it broke
	stmts   map[string]*sql.Stmt
	raws    map[rawKey]rawStmt
}

func (w *writer) connect(ctx context.Context) error {
	if w.conn != nil {
		return nil
	}
	conn, err := w.sql.Conn(ctx)
	w.conn, w.stmts, w.raws = conn, map[string]*sql.Stmt{}, map[rawKey]rawStmt{}
	if err != nil {
		w.conn = nil
	}
	return err
}

// drop forgets a connection that cannot be trusted any more.
func (w *writer) drop() error {
	if w.conn == nil {
		return nil
	}
	var errs []error
	for _, s := range w.stmts {
		errs = append(errs, s.Close())
	}
	for _, s := range w.raws {
		errs = append(errs, s.Close())
	}
	// Whatever is half done on it must not go back to the pool.
	_ = w.conn.Raw(func(any) error { return driver.ErrBadConn })
	w.conn = nil
	return errors.Join(errs...)
}

func (w *writer) close() error {
	return errors.Join(w.drop(), w.sql.Close())
}

// A Tx is a writing transaction.
type Tx struct {
	w     *writer
	after []func() // run once it is committed
}

// then has f run once the transaction is committed.
func (t *Tx) then(f func()) { t.after = append(t.after, f) }

// write runs f in one transaction: all of it is kept, or nothing. Writers wait
// for each other. f must not keep tx.
func (db *DB) write(ctx context.Context, f func(tx *Tx) error) error {
	if t, ok := ctx.Value(together{db}).(*Tx); ok {
		return t.nested(ctx, f)
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	w := db.writes
	if err := w.connect(ctx); err != nil {
		return explain(err)
	}
	if _, err := w.conn.ExecContext(ctx, w.dialect.begin()); err != nil {
		return explain(errors.Join(err, w.drop()))
	}
	tx := &Tx{w: w}
	err := f(tx)
	if err == nil {
		if _, err = w.conn.ExecContext(ctx, "COMMIT"); err == nil {
			for _, f := range tx.after {
				f()
			}
			return nil
		}
	}
	// The context may be what failed, so the way back does not hang on it.
	if _, rerr := w.conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK"); rerr != nil {
		err = errors.Join(err, w.drop())
	}
	return explain(err)
}

// together is the key under which a context carries the transaction of
// [DB.Together].
type together struct{ db *DB }

// Together runs f, and everything that f writes with the context it is given,
// in one transaction: five hundred acts reach the disk as one. An act that
// fails leaves no trace and does not undo the others; if f returns an error,
// all of them are undone. Reads do not see what has been written until it is
// over. f must not wait for another writer.
func (db *DB) Together(ctx context.Context, f func(ctx context.Context) error) error {
	return db.write(ctx, func(tx *Tx) error {
		return f(context.WithValue(ctx, together{db}, tx))
	})
}

// nested runs f within t: all of it is kept, or nothing.
func (t *Tx) nested(ctx context.Context, f func(tx *Tx) error) error {
	if _, err := t.w.conn.ExecContext(ctx, "SAVEPOINT act"); err != nil {
		return explain(err)
	}
	err := f(t)
	if err != nil {
		// The context may be what failed, so the way back does not hang on it.
		if _, rerr := t.w.conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK TO SAVEPOINT act"); rerr != nil {
			return explain(errors.Join(err, rerr))
		}
	}
	if _, rerr := t.w.conn.ExecContext(context.WithoutCancel(ctx), "RELEASE SAVEPOINT act"); rerr != nil {
		err = errors.Join(err, rerr)
	}
	return explain(err)
}

func (t *Tx) stmt(ctx context.Context, q string) (*sql.Stmt, error) {
	if s := t.w.stmts[q]; s != nil {
		return s, nil
	}
	s, err := t.w.conn.PrepareContext(ctx, t.w.dialect.bind(q))
	if err != nil {
		return nil, fmt.Errorf("prepare %.60q: %w", q, err)
	}
	t.w.stmts[q] = s
	return s, nil
}

// exec runs a statement in the transaction.
func (t *Tx) exec(ctx context.Context, q string, args ...any) error {
	s, err := t.stmt(ctx, q)
	if err != nil {
		return err
	}
	_, err = s.ExecContext(ctx, args...)
	return err
}

// execN runs a statement and returns how many rows it changed.
func (t *Tx) execN(ctx context.Context, q string, args ...any) (int64, error) {
	s, err := t.stmt(ctx, q)
	if err != nil {
		return 0, err
	}
	res, err := s.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// query and row read within the transaction, and so see its writes. Rows must
// be closed before the next statement.
func (t *Tx) query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	s, err := t.stmt(ctx, q)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

func (t *Tx) row(ctx context.Context, q string, args ...any) scanner {
	s, err := t.stmt(ctx, q)
	if err != nil {
		return failed{err}
	}
	return s.QueryRowContext(ctx, args...)
}

// query and row read outside any transaction.
func (db *DB) query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	s, err := db.reads.stmt(ctx, q)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

func (db *DB) row(ctx context.Context, q string, args ...any) scanner {
	s, err := db.reads.stmt(ctx, q)
	if err != nil {
		return failed{err}
	}
	return s.QueryRowContext(ctx, args...)
}

// A scanner is a row to read.
type scanner interface{ Scan(dest ...any) error }

type failed struct{ err error }

func (f failed) Scan(...any) error { return f.err }

// each calls f for every row, and closes rows.
func each(rows *sql.Rows, err error, f func(scanner) error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// found turns "no row" into [hearback.ErrNotFound].
func found(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return hearback.ErrNotFound
	}
	return err
}

// changed returns [hearback.ErrConflict] if a compare-and-swap changed nothing.
func changed(n int64, err error) error {
	if err == nil && n == 0 {
		return hearback.ErrConflict
	}
	return err
}

// micros and at convert times: microseconds since 1970, UTC; 0 is no time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func at(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
