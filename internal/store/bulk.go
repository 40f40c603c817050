package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
)

// manyRows is how many rows one statement of [Tx.many] takes. Beyond a few
// dozen nothing is gained.
const manyRows = 32

// many runs one statement for n rows: head, then a group of arguments for each
// row, then tail. row fills in the arguments of row i: int64, float64, string,
// []byte or nil. It is for the rows of messages, thousands at a time: it
// speaks to the driver itself, past the locks and conversions that package sql
// makes for each statement, and puts many rows into one statement. Rows should
// come in the order of the table's key: the pages they go to are then touched
// once, which halves the time.
func (t *Tx) many(ctx context.Context, head string, columns int, tail string, n int, row func(i int, args []any)) error {
	if n == 0 {
		return nil
	}
	args := make([]any, columns)
	named := make([]driver.NamedValue, 0, min(n, manyRows)*columns)
	return t.w.conn.Raw(func(c any) error {
		for i := 0; i < n; {
			rows := 1
			if n-i >= manyRows {
				rows = manyRows
			}
			named = named[:0]
			for range rows {
				row(i, args)
				for _, v := range args {
					named = append(named, driver.NamedValue{Ordinal: len(named) + 1, Value: v})
				}
				i++
			}
			s, err := t.w.raw(ctx, c, head, columns, tail, rows)
			if err != nil {
				return err
			}
			if _, err := s.ExecContext(ctx, named); err != nil {
				return err
			}
		}
		return nil
	})
}

// scan calls f with every row of a query, as the driver gives it: int64, string
// or []byte. It is many for reading: what a start reads is a million rows. It
// has connections of its own, which short reads need not wait for. f must not
// keep the slice.
func (db *DB) scan(ctx context.Context, q string, args []any, f func(v []driver.Value) error) error {
	conn, err := db.scans.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	named := make([]driver.NamedValue, len(args))
	for i, v := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return conn.Raw(func(c any) error {
		p, ok := c.(driver.ConnPrepareContext)
		if !ok {
			return errNoPrepare
		}
		s, err := p.PrepareContext(ctx, db.dialect.bind(q))
		if err != nil {
			return fmt.Errorf("prepare %.60q: %w", q, err)
		}
		defer s.Close()
		x, ok := s.(driver.StmtQueryContext)
		if !ok {
			return errNoPrepare
		}
		rows, err := x.QueryContext(ctx, named)
		if err != nil {
			return err
		}
		defer rows.Close()
		v := make([]driver.Value, len(rows.Columns()))
		for {
			if err := rows.Next(v); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
			if err := f(v); err != nil {
				return err
			}
		}
	})
}

var errNoPrepare = errors.New("the database driver cannot prepare statements")

// rawStmt is a prepared statement of the driver.
type rawStmt interface {
	driver.Stmt
	driver.StmtExecContext
}

type rawKey struct {
	head string
	rows int
}

// raw returns the statement of many for so many rows.
func (w *writer) raw(ctx context.Context, c any, head string, columns int, tail string, rows int) (rawStmt, error) {
	if s := w.raws[rawKey{head, rows}]; s != nil {
		return s, nil
	}
	group := "(?" + strings.Repeat(", ?", columns-1) + ")"
	q := w.dialect.bind(head + " VALUES " + group + strings.Repeat(", "+group, rows-1) + " " + tail)
	p, ok := c.(driver.ConnPrepareContext)
	if !ok {
		return nil, errNoPrepare
	}
	s, err := p.PrepareContext(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("prepare %.60q: %w", q, err)
	}
	x, ok := s.(rawStmt)
	if !ok {
		return nil, errors.Join(errNoPrepare, s.Close())
	}
	w.raws[rawKey{head, rows}] = x
	return x, nil
}
