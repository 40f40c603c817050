package store

import (
	"context"
	"slices"
	"strings"
	"sync"

	"example.org/hearback"
	"example.org/hearback/internal/web/office"
)

// names keeps the words that concerns worth a row are called by, in lower case,
// so that a search among twenty thousand of them reads only those that it
// finds. It only leads to concerns: what it says is made sure of by reading
// them, so a name that is no longer right costs a row and nothing else.
type names struct {
	mu    sync.RWMutex
	read  bool // all have been read once
	words map[int64]string
	again map[int64]bool // changed by other hands: to be read before the next search
}

// nameWords puts what a concern is called by into one string. No query holds
// what stands between.
func nameWords(c *hearback.Concern) string {
	var b strings.Builder
	add := func(list ...string) {
		for _, s := range list {
			b.WriteString(s)
			b.WriteByte(0)
		}
	}
	add(c.Title)
	add(c.Phrases...)
	for _, l := range c.Labels {
		add(l.Title)
		add(l.Phrases...)
	}
	return strings.ToLower(b.String())
}

// grown notes concerns as they are stored by a batch. A title that a person
// wrote is not in a batch, so it stays as it is known.
func (n *names) grown(list []*hearback.Concern) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.read {
		return
	}
	for _, c := range list {
		if c.Voices < hearback.VisibleVoices {
			continue
		}
		words, known := nameWords(c), n.words[int64(c.ID)]
		if i := strings.IndexByte(known, 0); i >= 0 && known[:i] != words[:strings.IndexByte(words, 0)] {
			words = known[:i+1] + words // perhaps a person wrote the one before
			n.again[int64(c.ID)] = true
		}
		n.words[int64(c.ID)] = words
	}
}

// other notes that a concern was changed by other hands.
func (n *names) other(id hearback.ID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.read {
		n.again[int64(id)] = true
	}
}

// named returns the concerns worth a row that may be called by words with a
// text in them, and false if they are too many to be looked at one by one.
func (db *DB) named(ctx context.Context, text string, most int) ([]int64, bool, error) {
	if err := db.readNames(ctx); err != nil {
		return nil, false, err
	}
	low := strings.ToLower(text)
	db.names.mu.RLock()
	defer db.names.mu.RUnlock()
	var list []int64
	for id, words := range db.names.words {
		if strings.Contains(words, low) {
			if list = append(list, id); len(list) > most {
				return nil, false, nil
			}
		}
	}
	slices.Sort(list)
	return list, true, nil
}

// readNames reads all names once, and then what was changed by other hands.
func (db *DB) readNames(ctx context.Context) error {
	n := &db.names
	n.mu.RLock()
	fresh := n.read && len(n.again) == 0
	n.mu.RUnlock()
	if fresh {
		return nil
	}
	n.mu.Lock()
	again, all := n.again, !n.read
	n.again, n.read = map[int64]bool{}, true
	if all {
		n.words = map[int64]string{}
	}
	n.mu.Unlock()
	put := func(row scanner) error {
		c, err := scanConcern(row)
		if err == nil {
			n.mu.Lock()
			n.words[int64(c.ID)] = nameWords(&c)
			n.mu.Unlock()
		}
		return err
	}
	// What changes meanwhile is noted, and read before the next search.
	var err error
	if all {
		rows, qerr := db.query(ctx, "SELECT "+concernColumns+" FROM "+strings.Replace(visible, "concern c INDEXED BY concern_visible", "concern c", 1))
		err = each(rows, qerr, put)
	}
	for id := range again {
		if err != nil {
			break
		}
		rows, qerr := db.query(ctx, "SELECT "+concernColumns+" FROM concern WHERE id = ?", id)
		err = each(rows, qerr, put)
	}
	if err != nil {
		n.mu.Lock()
		defer n.mu.Unlock()
		if n.read = !all; all {
			return err
		}
		for id := range again {
			n.again[id] = true
		}
	}
	return err
}

// mostNamed is how many concerns a search looks at one by one; a text that is
// in more names is found soon by reading along the list.
const mostNamed = 500

// namedAtOnce is how many of them are read with one statement.
const namedAtOnce = 50

// oneOf is a condition for one of namedAtOnce ids.
var oneOf = " AND id IN (?" + strings.Repeat(", ?", namedAtOnce-1) + ")"

// concernsNamed is concernsWhere for a filter with a text that leads to ids. It
// sorts them by what the index holds and reads only as many as a page takes.
func (db *DB) concernsNamed(ctx context.Context, state hearback.ConcernState, f office.ConcernFilter, after cursor, ids []int64) (list []placed, err error) {
	filled := func(part []int64) []any {
		args := make([]any, namedAtOnce)
		for i := range args {
			args[i] = part[min(i, len(part)-1)]
		}
		return args
	}
	var order []cursor
	for part := range slices.Chunk(ids, namedAtOnce) {
		where, args := filterWhere(f, state, after)
		rows, err := db.query(ctx, "SELECT rank, priority, id FROM concern c WHERE (voices >= 5 OR rank = 0)"+oneOf+where, append(filled(part), args...)...)
		err = each(rows, err, func(row scanner) error {
			var at cursor
			err := row.Scan(&at.rank, &at.priority, &at.id)
			order = append(order, at)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(order, cursor.compare)
	for part := range slices.Chunk(order, namedAtOnce) {
		found := make(map[int64]hearback.Concern, len(part))
		asked := make([]int64, len(part))
		for i, at := range part {
			asked[i] = at.id
		}
		rows, err := db.query(ctx, "SELECT "+concernColumns+" FROM concern c WHERE 1 = 1"+oneOf, filled(asked)...)
		err = each(rows, err, func(row scanner) error {
			c, err := scanConcern(row)
			found[int64(c.ID)] = c
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, at := range part {
			if c := found[at.id]; c.ID != 0 && passes(&c, f) {
				if list = append(list, placed{c, at}); len(list) > f.Limit {
					return list, nil
				}
			}
		}
	}
	return list, nil
}
