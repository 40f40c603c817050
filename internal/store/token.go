package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
)

const tokenColumns = "id, hash, account, name, scopes, since, ends, used, factors"

func scanToken(row scanner) (t access.Token, err error) {
	var scopes string
	var since, ends, used int64
	err = row.Scan(&t.ID, &t.Hash, &t.Account, &t.Name, &scopes, &since, &ends, &used, &t.Factors)
	for _, s := range strings.Fields(scopes) {
		t.Scopes = append(t.Scopes, access.Scope(s))
	}
	t.Since, t.Until, t.Used = at(since), at(ends), at(used)
	return t, found(err)
}

// PutToken implements [access.Store].
func (db *DB) PutToken(ctx context.Context, t access.Token) error {
	var scopes []string
	for _, s := range t.Scopes {
		scopes = append(scopes, string(s))
	}
	return db.write(ctx, func(tx *Tx) error {
		return tx.exec(ctx, "INSERT INTO token ("+tokenColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
			int64(t.ID), t.Hash, int64(t.Account), t.Name, strings.Join(scopes, " "), micros(t.Since), micros(t.Until), micros(t.Used), t.Factors)
	})
}

// Token implements [access.Store].
func (db *DB) Token(ctx context.Context, hash []byte) (*access.Token, error) {
	t, err := scanToken(db.row(ctx, "SELECT "+tokenColumns+" FROM token WHERE hash = ?", hash))
	if err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	return &t, nil
}

// Tokens implements [access.Store].
func (db *DB) Tokens(ctx context.Context, account hearback.ID) (list []access.Token, err error) {
	rows, err := db.query(ctx, "SELECT "+tokenColumns+" FROM token WHERE account = ? ORDER BY id", int64(account))
	return list, each(rows, err, func(row scanner) error {
		t, err := scanToken(row)
		list = append(list, t)
		return err
	})
}

// TouchToken implements [access.Store].
func (db *DB) TouchToken(ctx context.Context, id hearback.ID, when time.Time) error {
	return db.write(ctx, func(tx *Tx) error {
		return tx.exec(ctx, "UPDATE token SET used = ? WHERE id = ?", micros(when), int64(id))
	})
}

// DropToken implements [access.Store].
func (db *DB) DropToken(ctx context.Context, account, id hearback.ID) error {
	return db.write(ctx, func(tx *Tx) error {
		return changedOrNotFound(tx.execN(ctx, "DELETE FROM token WHERE account = ? AND id = ?", int64(account), int64(id)))
	})
}
