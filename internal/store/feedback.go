package store

import (
	"context"

	"example.org/hearback"
)

// CountFeedback counts what one reader says about a revision. Whoever says why
// after having said that it did not help is moved, not counted again; the
// count that a reader is moved from never falls below nothing.
func (db *DB) CountFeedback(ctx context.Context, answer hearback.ID, rev int, said hearback.Said, reason hearback.FeedbackReason) error {
	return db.write(ctx, func(tx *Tx) error {
		if reason != "" {
			n, err := tx.execN(ctx, "UPDATE feedback SET n = n - 1 WHERE answer = ? AND rev = ? AND said = ? AND reason = '' AND n > 0", int64(answer), rev, string(said))
			if err != nil || n == 0 {
				return err // nobody is left who gave no reason: a form sent twice
			}
		}
		return tx.exec(ctx, "INSERT INTO feedback (answer, rev, said, reason, n) VALUES (?, ?, ?, ?, 1) ON CONFLICT (answer, rev, said, reason) DO UPDATE SET n = feedback.n + 1",
			int64(answer), rev, string(said), string(reason))
	})
}

// Feedback returns what readers said about an answer, newest revision first.
func (db *DB) Feedback(ctx context.Context, answer hearback.ID) (list []hearback.Feedback, err error) {
	rows, err := db.query(ctx, "SELECT rev, said, reason, n FROM feedback WHERE answer = ? AND n > 0 ORDER BY rev DESC, said, reason", int64(answer))
	return list, each(rows, err, func(row scanner) error {
		var f hearback.Feedback
		err := row.Scan(&f.Revision, &f.Said, &f.Reason, &f.N)
		list = append(list, f)
		return err
	})
}
