// Package source reads public places: it decodes what they send into [Raw]
// items and hands them on. Its adapters, one directory deeper, each read one
// kind of source. It keeps nothing: a [Sink] has committed what it took, with
// the cursor, before Take returns.
package source

import (
	"context"
	"time"

	"example.org/hearback"
)

// A Raw is one item as its source sent it, before de-identification. It lives
// in memory only, and only packages named in internal/deps_test.go may see it.
type Raw struct {
	Post    string    // the source's own id of the post; items without one cannot be told from repeats
	Account string    // who said it, only for counting distinct voices; "" if the source does not tell
	At      time.Time // when it was said; zero if the source does not tell
	Text    string    // plain text; adapters have taken HTML apart
	Lang    string    // language the source states, or ""
	Area    string    // coarse area the source states, or ""
	Deleted bool      // the source says that the post is gone: Text is empty
	Unread  int64     // so many that could not be read came with these: they are counted as refused, and all else is empty
}

// A Sink takes items in. Take returns once every item and the cursor are
// committed, so that a reader may go on from cursor after any crash; the tally
// says what became of the items. A nil cursor leaves the stored one alone.
type Sink interface {
	Take(ctx context.Context, src hearback.ID, items []Raw, cursor []byte) (hearback.Tally, error)
}
