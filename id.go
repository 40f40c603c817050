package hearback

import (
	"fmt"
	"strconv"
	"sync"
	"time"
)

// An ID names one thing for ever. It is positive, made in Go, ordered by time
// of making, never reused, and written in base 36 outside the store.
type ID int64

// idEpoch is the zero of the clock inside an ID.
var idEpoch = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()

// idStep is how many IDs one millisecond holds.
const idStep = 1 << 21

// String returns the ID in base 36, as it stands in URLs and JSON.
func (id ID) String() string { return strconv.FormatInt(int64(id), 36) }

// MarshalText implements encoding.TextMarshaler.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. Unlike [ParseID] it takes
// "0", which is how no ID at all is written.
func (id *ID) UnmarshalText(b []byte) error {
	if string(b) == "0" {
		*id = 0
		return nil
	}
	got, err := ParseID(string(b))
	*id = got
	return err
}

// ParseID reads an ID as written by [ID.String]. It returns [ErrInvalid] for
// anything else.
func ParseID(s string) (ID, error) {
	n, err := strconv.ParseInt(s, 36, 64)
	if err != nil || n <= 0 || len(s) > 13 {
		return 0, fmt.Errorf("%w: %.20q is not an id", ErrInvalid, s)
	}
	return ID(n), nil
}

// IDs makes IDs. The zero value is ready; it may be used by many goroutines.
type IDs struct {
	mu   sync.Mutex
	last ID
}

// Next returns an ID that is greater than every ID returned or observed
// before, even when now jumps back.
func (g *IDs) Next(now time.Time) ID {
	g.mu.Lock()
	defer g.mu.Unlock()
	id := ID(max(now.UnixMilli()-idEpoch, 1) * idStep)
	g.last = max(id, g.last+1)
	return g.last
}

// Observe makes later IDs greater than id. Call it at start with the largest
// stored ID.
func (g *IDs) Observe(id ID) {
	g.mu.Lock()
	g.last = max(g.last, id)
	g.mu.Unlock()
}

// IDAt returns the smallest ID made at or after t, for reading from a time on.
func IDAt(t time.Time) ID { return ID(max(t.UnixMilli()-idEpoch, 1) * idStep) }
