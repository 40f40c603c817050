package seal_test

import (
	"bytes"
	"testing"

	"example.org/hearback/internal/access/seal"
)

func TestSeal(t *testing.T) {
	key, other := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	plain, to := []byte("https://example.org/inbox"), []byte("17")
	sealed, err := seal.Seal(key, plain, to)
	if err != nil || bytes.Contains(sealed, plain) {
		t.Fatalf("Seal = %q, %v", sealed, err)
	}
	if again, _ := seal.Seal(key, plain, to); bytes.Equal(again, sealed) {
		t.Error("the same is sealed to the same bytes twice")
	}
	if got, err := seal.Open(key, sealed, to); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("Open = %q, %v", got, err)
	}
	changed := bytes.Clone(sealed)
	changed[len(changed)-1] ^= 1
	for _, tt := range []struct {
		name            string
		key, sealed, to []byte
	}{
		{"another key", other, sealed, to}, {"for another row", key, sealed, []byte("18")}, {"changed", key, changed, to},
		{"empty", key, nil, to}, {"short key", key[:31], sealed, to}, {"key of 16", key[:16], sealed, to},
	} {
		if got, err := seal.Open(tt.key, tt.sealed, tt.to); err == nil {
			t.Errorf("%s: opened as %q", tt.name, got)
		}
	}
}
