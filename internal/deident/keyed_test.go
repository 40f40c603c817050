package deident

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"testing"
)

// TestKeyed holds keyed to crypto/hmac, with keys and texts on both sides of
// every boundary.
func TestKeyed(t *testing.T) {
	for _, key := range []int{16, 32, 63, 64, 65, 200} {
		for _, n := range []int{0, 1, 38, 39, 47, 110, 942, 943, 944, 5000} {
			k, s := []byte(strings.Repeat("k\x00", key)[:key]), strings.Repeat("停", n)[:n]
			h := hmac.New(sha256.New, k)
			h.Write([]byte{'w'})
			h.Write(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, 1<<60), 20000))
			h.Write([]byte(s))
			want := binary.BigEndian.Uint64(h.Sum(nil))
			x := newKeyed(k)
			if got := x.sum('w', 1<<60, 20000, s); got != want {
				t.Errorf("key of %d, text of %d: %x, want %x", key, n, got, want)
			}
		}
	}
}
