package store

import (
	"context"
	"fmt"
	"strings"

	"example.org/hearback"
	"example.org/hearback/internal/web/office"
)

// SavedViews returns the views that an account made and those that some desks
// share, or that any desk shares if desks is nil, in the order they were made.
func (db *DB) SavedViews(ctx context.Context, account hearback.ID, desks []string) (list []office.SavedView, err error) {
	rows, err := db.query(ctx, "SELECT id, account, desk, name, query, since FROM saved_view WHERE account = ? OR desk <> '' ORDER BY id", int64(account))
	return list, each(rows, err, func(row scanner) error {
		var v office.SavedView
		var since int64
		err := row.Scan(&v.ID, &v.Account, &v.Desk, &v.Name, &v.Query, &since)
		v.Since = at(since)
		if v.Account == account || len(desks) == 0 || strings.Contains(" "+strings.Join(desks, " ")+" ", " "+v.Desk+" ") {
			list = append(list, v)
		}
		return err
	})
}

// SaveView keeps a new view. It returns [hearback.ErrInvalid] if the account has
// so many already that a row of them could not be read.
func (db *DB) SaveView(ctx context.Context, v office.SavedView) error {
	return db.write(ctx, func(tx *Tx) error {
		n, err := tx.execN(ctx, `INSERT INTO saved_view (id, account, desk, name, query, since)
			SELECT CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS BIGINT)
			WHERE (SELECT COUNT(*) FROM saved_view WHERE account = ?) < ?`,
			int64(v.ID), int64(v.Account), v.Desk, v.Name, v.Query, micros(v.Since), int64(v.Account), office.MostViews)
		if err == nil && n == 0 {
			return fmt.Errorf("%w: there are %d saved views already; delete one first", hearback.ErrInvalid, office.MostViews)
		}
		return err
	})
}

// DropView deletes a view of an account, or of anybody if account is 0. It
// returns [hearback.ErrNotFound] if there is none.
func (db *DB) DropView(ctx context.Context, id, account hearback.ID) error {
	return db.write(ctx, func(tx *Tx) error {
		n, err := tx.execN(ctx, "DELETE FROM saved_view WHERE id = ? AND (CAST(? AS BIGINT) = 0 OR account = CAST(? AS BIGINT))", int64(id), int64(account), int64(account))
		if err == nil && n == 0 {
			return fmt.Errorf("saved view %s: %w", id, hearback.ErrNotFound)
		}
		return err
	})
}
