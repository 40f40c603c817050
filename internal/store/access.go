package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
)

var _ access.Store = (*DB)(nil)

const accountColumns = "id, number, login, name, lang, roles, desks, state, since, hash, version"

func scanAccount(row scanner) (a access.Account, err error) {
	var roles, desks string
	var since int64
	err = row.Scan(&a.ID, &a.Number, &a.Login, &a.Name, &a.Lang, &roles, &desks, &a.State, &since, &a.Hash, &a.Version)
	for _, r := range strings.Fields(roles) {
		a.Roles = append(a.Roles, access.Role(r))
	}
	a.Desks, a.Since = strings.Fields(desks), at(since)
	return a, found(err)
}

// Accounts implements [access.Store].
func (db *DB) Accounts(ctx context.Context) (list []access.Account, err error) {
	rows, err := db.query(ctx, "SELECT "+accountColumns+" FROM account ORDER BY number")
	return list, each(rows, err, func(row scanner) error {
		a, err := scanAccount(row)
		list = append(list, a)
		return err
	})
}

// Account implements [access.Store].
func (db *DB) Account(ctx context.Context, id hearback.ID) (*access.Account, error) {
	a, err := scanAccount(db.row(ctx, "SELECT "+accountColumns+" FROM account WHERE id = ?", int64(id)))
	if err != nil {
		return nil, fmt.Errorf("account %s: %w", id, err)
	}
	return &a, nil
}

// AccountByLogin implements [access.Store].
func (db *DB) AccountByLogin(ctx context.Context, login string) (*access.Account, error) {
	a, err := scanAccount(db.row(ctx, "SELECT "+accountColumns+" FROM account WHERE login = ?", login))
	if err != nil {
		return nil, fmt.Errorf("account: %w", err)
	}
	return &a, nil
}

// rolesText and isAdmin are what is stored of an account's roles.
func rolesText(a *access.Account) string {
	var names []string
	for _, r := range a.Roles {
		names = append(names, string(r))
	}
	return strings.Join(names, " ")
}

func isAdmin(a *access.Account) int {
	if a.State == access.Active && slices.Contains(a.Roles, access.Administrator) {
		return 1
	}
	return 0
}

// JoinAccount implements [access.Store].
func (db *DB) JoinAccount(ctx context.Context, link []byte, a *access.Account, records func(*access.Account) []hearback.Record) error {
	return db.write(ctx, func(tx *Tx) error {
		if err := changedOrNotFound(tx.execN(ctx, "DELETE FROM link WHERE hash = ?", link)); err != nil {
			return err
		}
		return tx.addAccount(ctx, a, records)
	})
}

// AccountBySignOn implements [access.Store].
func (db *DB) AccountBySignOn(ctx context.Context, issuer, subject string) (*access.Account, error) {
	a, err := scanAccount(db.row(ctx, "SELECT "+accountColumns+" FROM account WHERE id = (SELECT account FROM signon WHERE issuer = ? AND subject = ?)", issuer, subject))
	if err != nil {
		return nil, fmt.Errorf("account: %w", err)
	}
	return &a, nil
}

// AdoptAccount implements [access.Store].
func (db *DB) AdoptAccount(ctx context.Context, issuer, subject string, a *access.Account, records func(*access.Account) []hearback.Record) error {
	return db.write(ctx, func(tx *Tx) error {
		n, err := tx.execN(ctx, "INSERT INTO signon (id, account, issuer, subject, since) VALUES (?, ?, ?, ?, ?) ON CONFLICT (issuer, subject) DO NOTHING",
			int64(a.ID), int64(a.ID), issuer, subject, micros(a.Since))
		if err := changed(n, err); err != nil {
			return err
		}
		return tx.addAccount(ctx, a, records)
	})
}

// addAccount gives an account the next free number and adds it.
func (t *Tx) addAccount(ctx context.Context, a *access.Account, records func(*access.Account) []hearback.Record) error {
	err := t.row(ctx, "UPDATE account_head SET next = next + 1 WHERE one = 1 RETURNING next - 1").Scan(&a.Number)
	if err != nil {
		return err
	}
	a.Version = 1
	n, err := t.execN(ctx, `
		INSERT INTO account (id, number, login, name, lang, roles, desks, admin, state, since, hash, version)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1) ON CONFLICT (login) DO NOTHING`,
		int64(a.ID), a.Number, a.Login, a.Name, a.Lang, rolesText(a), strings.Join(a.Desks, " "), isAdmin(a), string(a.State), micros(a.Since), a.Hash)
	if err := changed(n, err); err != nil {
		return err
	}
	_, err = t.records(ctx, records(a))
	return err
}

// PutAccount implements [access.Store].
func (db *DB) PutAccount(ctx context.Context, a *access.Account, rs ...hearback.Record) error {
	err := db.write(ctx, func(tx *Tx) error {
		// The records come first: they hold the head of the log until the end,
		// so that two processes cannot each take the role of the other's
		// administrator.
		if _, err := tx.records(ctx, rs); err != nil {
			return err
		}
		n, err := tx.execN(ctx, `
			UPDATE account SET name = ?, lang = ?, roles = ?, desks = ?, admin = ?, state = ?, hash = ?, version = version + 1
			WHERE id = ? AND version = ?`,
			a.Name, a.Lang, rolesText(a), strings.Join(a.Desks, " "), isAdmin(a), string(a.State), a.Hash, int64(a.ID), a.Version)
		if err := changed(n, err); err != nil {
			return err
		}
		if isAdmin(a) == 1 {
			return nil
		}
		var left int
		if err := tx.row(ctx, "SELECT COUNT(*) FROM account WHERE admin = 1").Scan(&left); err != nil {
			return err
		}
		if left == 0 {
			return fmt.Errorf("%w: this is the last administrator; make somebody else one first", hearback.ErrRefused)
		}
		return nil
	})
	if err == nil {
		a.Version++
	}
	return err
}

// PutLink implements [access.Store].
func (db *DB) PutLink(ctx context.Context, l access.Link, only bool, rs ...hearback.Record) error {
	doc, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return db.write(ctx, func(tx *Tx) error {
		if only {
			if err := tx.exec(ctx, "DELETE FROM link WHERE kind = ? AND account = ?", string(l.Kind), int64(l.Account)); err != nil {
				return err
			}
		}
		if err := tx.exec(ctx, "INSERT INTO link (id, hash, kind, account, ends, doc) VALUES (?, ?, ?, ?, ?, ?)",
			int64(l.ID), l.Hash, string(l.Kind), int64(l.Account), micros(l.Until), string(doc)); err != nil {
			return err
		}
		_, err := tx.records(ctx, rs)
		return err
	})
}

func scanLink(row scanner) (l access.Link, err error) {
	var hash []byte
	var doc string
	if err := row.Scan(&hash, &doc); err != nil {
		return l, found(err)
	}
	err = json.Unmarshal([]byte(doc), &l)
	l.Hash = hash
	return l, err
}

// Link implements [access.Store].
func (db *DB) Link(ctx context.Context, hash []byte) (*access.Link, error) {
	l, err := scanLink(db.row(ctx, "SELECT hash, doc FROM link WHERE hash = ?", hash))
	if err != nil {
		return nil, fmt.Errorf("link: %w", err)
	}
	return &l, nil
}

// Links implements [access.Store].
func (db *DB) Links(ctx context.Context) (list []access.Link, err error) {
	rows, err := db.query(ctx, "SELECT hash, doc FROM link ORDER BY id")
	return list, each(rows, err, func(row scanner) error {
		l, err := scanLink(row)
		list = append(list, l)
		return err
	})
}

// DropLink implements [access.Store].
func (db *DB) DropLink(ctx context.Context, id hearback.ID) error {
	return db.write(ctx, func(tx *Tx) error {
		n, err := tx.execN(ctx, "DELETE FROM link WHERE id = ?", int64(id))
		if err == nil && n == 0 {
			return hearback.ErrNotFound
		}
		return err
	})
}

// UseLink implements [access.Store].
func (db *DB) UseLink(ctx context.Context, hash []byte, account hearback.ID, password string) error {
	return db.write(ctx, func(tx *Tx) error {
		n, err := tx.execN(ctx, "DELETE FROM link WHERE hash = ? AND account = ?", hash, int64(account))
		if err != nil {
			return err
		}
		if n == 0 {
			return hearback.ErrNotFound
		}
		n, err = tx.execN(ctx, "UPDATE account SET hash = ?, version = version + 1 WHERE id = ? AND state = ?", password, int64(account), string(access.Active))
		if err != nil {
			return err
		}
		if n == 0 {
			return hearback.ErrNotFound
		}
		return tx.exec(ctx, "DELETE FROM session WHERE account = ?", int64(account))
	})
}

const sessionColumns = "id, hash, account, factors, agent, begun, used"

func scanSession(row scanner) (s access.Session, err error) {
	var begun, used int64
	err = row.Scan(&s.ID, &s.Hash, &s.Account, &s.Factors, &s.Agent, &begun, &used)
	s.Begun, s.Used = at(begun), at(used)
	return s, found(err)
}

// PutSession implements [access.Store].
func (db *DB) PutSession(ctx context.Context, s access.Session) error {
	return db.write(ctx, func(tx *Tx) error {
		return tx.exec(ctx, "INSERT INTO session ("+sessionColumns+") VALUES (?, ?, ?, ?, ?, ?, ?)",
			int64(s.ID), s.Hash, int64(s.Account), s.Factors, s.Agent, micros(s.Begun), micros(s.Used))
	})
}

// Session implements [access.Store].
func (db *DB) Session(ctx context.Context, hash []byte) (*access.Session, error) {
	s, err := scanSession(db.row(ctx, "SELECT "+sessionColumns+" FROM session WHERE hash = ?", hash))
	if err != nil {
		return nil, fmt.Errorf("session: %w", err)
	}
	return &s, nil
}

// Sessions implements [access.Store].
func (db *DB) Sessions(ctx context.Context, account hearback.ID) (list []access.Session, err error) {
	rows, err := db.query(ctx, "SELECT "+sessionColumns+" FROM session WHERE account = ? ORDER BY used DESC, id DESC", int64(account))
	return list, each(rows, err, func(row scanner) error {
		s, err := scanSession(row)
		list = append(list, s)
		return err
	})
}

// TouchSession implements [access.Store].
func (db *DB) TouchSession(ctx context.Context, id hearback.ID, when time.Time) error {
	return db.write(ctx, func(tx *Tx) error {
		return tx.exec(ctx, "UPDATE session SET used = ? WHERE id = ?", micros(when), int64(id))
	})
}

// DropSessions implements [access.Store].
func (db *DB) DropSessions(ctx context.Context, account, id, keep hearback.ID) error {
	return db.write(ctx, func(tx *Tx) error {
		if id != 0 {
			return tx.exec(ctx, "DELETE FROM session WHERE account = ? AND id = ?", int64(account), int64(id))
		}
		return tx.exec(ctx, "DELETE FROM session WHERE account = ? AND id <> ?", int64(account), int64(keep))
	})
}

// SweepAccess implements [access.Store].
func (db *DB) SweepAccess(ctx context.Context, e access.Ended) error {
	return db.write(ctx, func(tx *Tx) error {
		for _, x := range []struct {
			q    string
			args []any
		}{
			{"DELETE FROM link WHERE ends <= ?", []any{micros(e.Now)}},
			{"DELETE FROM attempt WHERE ends <= ?", []any{micros(e.Now)}},
			{"DELETE FROM token WHERE ends <= ?", []any{micros(e.Now)}},
			{"DELETE FROM session WHERE used <= ? OR begun <= ? OR factors = 0 AND begun <= ?", []any{micros(e.Idle), micros(e.Begun), micros(e.Half)}},
			{"DELETE FROM tries WHERE at <= ?", []any{micros(e.Tries)}},
			{"DELETE FROM security WHERE at <= ?", []any{micros(e.Security)}},
		} {
			if err := tx.exec(ctx, x.q, x.args...); err != nil {
				return err
			}
		}
		return nil
	})
}
