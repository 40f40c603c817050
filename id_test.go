package hearback_test

import (
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"example.org/hearback"
)

// t0 is the time at which tests begin.
var t0 = time.Date(2026, 3, 18, 9, 0, 0, 0, time.UTC)

func TestIDs(t *testing.T) {
	var ids hearback.IDs
	a := ids.Next(t0)
	b := ids.Next(t0)
	c := ids.Next(t0.Add(-time.Hour)) // the clock jumped back
	d := ids.Next(t0.Add(time.Millisecond))
	if list := []hearback.ID{a, b, c, d}; !slices.IsSorted(list) || a == b || b == c || c == d || a <= 0 {
		t.Errorf("ids %v do not grow", list)
	}
	ids.Observe(d + 1000)
	if e := ids.Next(t0); e != d+1001 {
		t.Errorf("Next after Observe = %d, want %d", e, d+1001)
	}
	ids.Observe(1)
	if e := ids.Next(t0); e != d+1002 {
		t.Errorf("Observe of an old id changed Next: %d", e)
	}
	var early hearback.IDs
	if id := early.Next(time.Time{}); id <= 0 {
		t.Errorf("Next before the epoch = %d, want a positive id", id)
	}
}

func TestIDsAreDistinctAcrossGoroutines(t *testing.T) {
	var ids hearback.IDs
	var mu sync.Mutex
	seen := map[hearback.ID]bool{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				id := ids.Next(t0)
				mu.Lock()
				if seen[id] {
					t.Errorf("id %s twice", id)
				}
				seen[id] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
}

func TestParseID(t *testing.T) {
	var ids hearback.IDs
	id := ids.Next(t0)
	if got, err := hearback.ParseID(id.String()); got != id || err != nil {
		t.Errorf("ParseID(%q) = %d, %v, want %d", id, got, err, id)
	}
	for _, s := range []string{"", "0", "-1", "x y", "编号", "zzzzzzzzzzzzzzzz", "0000000000001a", "1.5", "1_000"} {
		if got, err := hearback.ParseID(s); !errors.Is(err, hearback.ErrInvalid) {
			t.Errorf("ParseID(%q) = %d, %v, want ErrInvalid", s, got, err)
		}
	}
	b, err := json.Marshal(map[hearback.ID]hearback.ID{id: id})
	if err != nil {
		t.Fatal(err)
	}
	var back map[hearback.ID]hearback.ID
	if err := json.Unmarshal(b, &back); err != nil || back[id] != id {
		t.Errorf("JSON round trip of %s gave %v, %v", b, back, err)
	}
	var none struct{ ID hearback.ID }
	if b, err := json.Marshal(none); err != nil || json.Unmarshal(b, &none) != nil || none.ID != 0 {
		t.Errorf("no id does not survive JSON: %s, %v", b, err)
	}
}

func FuzzParseID(f *testing.F) {
	for _, s := range []string{"1k3x", "zz", "", "-5", "编号", "1y2p0ij32e8e7"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := hearback.ParseID(s)
		if err != nil {
			return
		}
		if again, err := hearback.ParseID(id.String()); again != id || err != nil {
			t.Errorf("ParseID(%q) = %d, but its String reads as %d, %v", s, id, again, err)
		}
	})
}
