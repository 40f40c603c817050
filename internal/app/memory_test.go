package app

import "testing"

func TestMemoryLimit(t *testing.T) {
	for _, tt := range []struct{ alive, want int64 }{
		{0, 640 << 20}, {400 << 20, 640 << 20}, {480 << 20, 696 << 20}, {4 << 30, 5<<30 + 96<<20},
	} {
		if got := memoryLimit(tt.alive); got != tt.want {
			t.Errorf("memoryLimit(%d MiB) = %d MiB, want %d", tt.alive>>20, got>>20, tt.want>>20)
		}
	}
}
