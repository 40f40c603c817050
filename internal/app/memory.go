package app

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// The collector may let the heap grow to three times what is alive, which
// halves its work, but only while the heap stays below memoryGoal: with the
// pages of the store that keeps an instance of a million messages under 1 GiB.
const (
	collectorPercent = 200
	memoryGoal       = 640 << 20
)

// KeepMemory sets how the collector trades time for memory, and goes on doing
// so until ctx ends. GOGC and GOMEMLIMIT come before it: if either is set it
// does nothing. It sets this for the whole program, so only commands call it.
func KeepMemory(ctx context.Context) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetGCPercent(collectorPercent)
	alive := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	t := time.NewTicker(10 * time.Second)
	defer t.Stop()
	for {
		metrics.Read(alive)
		debug.SetMemoryLimit(memoryLimit(int64(alive[0].Value.Uint64())))
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// memoryLimit returns the limit for a heap of which so many bytes are alive. A
// limit near what is alive would make the collector run without end, so a
// larger instance gets more.
func memoryLimit(alive int64) int64 { return max(memoryGoal, alive/4*5+96<<20) }
