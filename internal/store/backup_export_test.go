package store

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// derived reports whether a table holds only what can be made again from the
// others, or what the engine keeps for itself.
func derived(name string) bool {
	return name == "schema_version" || strings.HasPrefix(name, "sqlite_")
}

// Forgotten returns the tables of the schema that copies would leave out.
func (db *DB) Forgotten(ctx context.Context) ([]string, error) {
	q := "SELECT name FROM sqlite_master WHERE type = 'table'"
	if db.dialect == postgres {
		q = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
	}
	left := map[string]bool{}
	rows, err := db.query(ctx, q)
	err = each(rows, err, func(row scanner) error {
		var name string
		if err := row.Scan(&name); err != nil {
			return err
		}
		left[name] = !derived(name)
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, t := range tables {
		left[t.name] = false
	}
	maps.DeleteFunc(left, func(_ string, missing bool) bool { return !missing })
	return slices.Sorted(maps.Keys(left)), nil
}

// FillTables writes n rows with values of every type into the tables that a
// copy has most to do with.
func (db *DB) FillTables(ctx context.Context, n int, sketch []byte) error {
	return db.write(ctx, func(tx *Tx) error {
		for i := range n {
			err := tx.exec(ctx, "INSERT INTO message (id, source, concern, at, seen, kind, lang, area, copy_of, masked, text, sig) VALUES (?, 1, 2, ?, 3, 'question', 'zh', '', 0, 'phone', ?, ?)",
				i+1, int64(1)<<62+int64(i), "停水了吗？ call ‹phone› 'x' \\ \"", []byte{0, 255, byte(i)})
			if err != nil {
				return err
			}
			if err := tx.exec(ctx, "INSERT INTO grouping (concern, state, sketch) VALUES (?, ?, ?)", i+1, []byte{}, sketch); err != nil {
				return err
			}
			if err := tx.exec(ctx, "INSERT INTO post (source, hash, message, digest, seen) VALUES (1, ?, 0, -5, 1)", -int64(i)-1); err != nil {
				return err
			}
			if err := tx.exec(ctx, "INSERT INTO roll (bucket, concern, source, messages, voices, questions, copies) VALUES (?, 1, 1, 1, 1, 0, 0)", i); err != nil {
				return err
			}
		}
		// No signature, and a fraction.
		if err := tx.exec(ctx, "INSERT INTO message (id, source, concern, at, seen, kind, lang, area, copy_of, masked, text, sig) VALUES (900001, 1, 2, 3, 3, 'claim', 'en', '', 0, '', '', NULL)"); err != nil {
			return err
		}
		return tx.exec(ctx, "INSERT INTO concern (id, theme, state, into_id, title, titled, first_at, last_at, messages, copies, voices, doc, score, rank, priority, kase, answer, version) VALUES (5, 0, 'open', 0, 't', 0, 1, 1, 1, 0, 1, '{}', '', 9, 0.1, 0, 0, 1)")
	})
}
