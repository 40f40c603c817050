package hash_test

import (
	"testing"

	"example.org/hearback/internal/hash"
)

// The first numbers that SplitMix64 gives from the seed 0, and from 1234567,
// as its authors' program prints them: weights and filters that were stored
// stand under such numbers, so they never change.
func TestStep(t *testing.T) {
	const golden = 0x9e3779b97f4a7c15
	for _, tt := range []struct {
		seed uint64
		want []uint64
	}{
		{0, []uint64{0xe220a8397b1dcdaf, 0x6e789e6aa1b965f4, 0x06c45d188009454f}},
		{1234567, []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423}},
	} {
		state := tt.seed
		for i, want := range tt.want {
			if got := hash.Step(state); got != want {
				t.Errorf("number %d from %d = %#x, want %#x", i+1, tt.seed, got, want)
			}
			if got := hash.Mix(state + golden); got != want {
				t.Errorf("Mix(%#x) = %#x, want %#x", state+golden, got, want)
			}
			state += golden
		}
	}
	if hash.Mix(0) != 0 {
		t.Error("Mix(0) is not 0")
	}
}
