package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// A dialect is one of the two engines.
type dialect int

const (
	sqlite dialect = iota
	postgres
)

// indexedBy names the index that SQLite must take, and fails without: it keeps
// no statistics by which it could choose. PostgreSQL does.
var indexedBy = regexp.MustCompile(` INDEXED BY \w+`)

// bind spells the arguments of a statement as the engine wants them. Our SQL
// never holds a question mark in a string.
func (d dialect) bind(q string) string {
	if d == sqlite {
		return q
	}
	q = indexedBy.ReplaceAllString(q, "")
	var b strings.Builder
	n := 0
	for i := range len(q) {
		if q[i] == '?' {
			n++
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(n))
		} else {
			b.WriteByte(q[i])
		}
	}
	return b.String()
}

// begin starts a transaction that will write: SQLite takes its lock at once,
// so that two writers wait instead of failing half way.
func (d dialect) begin() string {
	if d == sqlite {
		return "BEGIN IMMEDIATE"
	}
	return "BEGIN"
}

// The words of our schema that PostgreSQL spells differently.
var (
	sqliteTable = regexp.MustCompile(`\)\s*(STRICT|WITHOUT ROWID)(\s*,\s*(STRICT|WITHOUT ROWID))?\s*;`)
	sqliteTypes = regexp.MustCompile(`\b(INTEGER|BLOB|REAL)\b`)
)

// schema turns a migration into the engine's words.
func (d dialect) schema(q string) string {
	if d == sqlite {
		return q
	}
	q = sqliteTable.ReplaceAllString(q, ");")
	return sqliteTypes.ReplaceAllStringFunc(q, func(s string) string {
		return map[string]string{"INTEGER": "BIGINT", "BLOB": "BYTEA", "REAL": "DOUBLE PRECISION"}[s]
	})
}

// A pool is a set of connections with the statements prepared on it.
type pool struct {
	sql     *sql.DB
	dialect dialect
	mu      sync.Mutex
	stmts   map[string]*sql.Stmt
}

func newPool(p *sql.DB, d dialect) *pool {
	return &pool{sql: p, dialect: d, stmts: map[string]*sql.Stmt{}}
}

// stmt returns q prepared. The program has a fixed set of statements, so the
// map does not grow without bound; queries put together at run time must not
// come through here.
func (p *pool) stmt(ctx context.Context, q string) (*sql.Stmt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s := p.stmts[q]; s != nil {
		return s, nil
	}
	s, err := p.sql.PrepareContext(ctx, p.dialect.bind(q))
	if err != nil {
		return nil, fmt.Errorf("prepare %.60q: %w", q, err)
	}
	p.stmts[q] = s
	return s, nil
}

func (p *pool) close() error {
	var errs []error
	p.mu.Lock()
	for _, s := range p.stmts {
		errs = append(errs, s.Close())
	}
	p.mu.Unlock()
	return errors.Join(append(errs, p.sql.Close())...)
}

// explain adds what the operator can do to errors that come from the machine.
func explain(err error) error {
	if err == nil {
		return nil
	}
	for _, x := range []struct{ has, say string }{
		{"database or disk is full", "the disk is full: free some space; nothing that was accepted is lost"},
		{"attempt to write a readonly database", "the data directory cannot be written: check who owns it"},
		{"unable to open database file", "the data directory cannot be opened or written: check that it exists and who owns it"},
		{"file is not a database", "this file is not a Hearback store, or it is damaged: restore a backup"},
		{"database disk image is malformed", "the store is damaged: restore a backup"},
		{"connection refused", "PostgreSQL does not answer: check that it runs and the address in --db"},
	} {
		if strings.Contains(err.Error(), x.has) {
			return fmt.Errorf("%s (%w)", x.say, err)
		}
	}
	return err
}
