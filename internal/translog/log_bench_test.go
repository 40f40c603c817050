package translog_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"example.org/hearback/internal/translog"
)

// BenchmarkPublish measures how long it takes until entries are durable and
// signed, by how many come together.
func BenchmarkPublish(b *testing.B) {
	for _, group := range []int{1, 100, 4096} {
		b.Run(fmt.Sprintf("group=%d", group), func(b *testing.B) {
			m := &memory{}
			l := mustOpen(b, filepath.Join(b.TempDir(), "log"), key(b), m)
			n := 0
			for b.Loop() {
				b.StopTimer()
				m.grow(b, group, "bench")
				b.StartTimer()
				publish(b, l)
				n += group
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}

// BenchmarkAudit replays a log of 100,000 entries as an outsider.
func BenchmarkAudit(b *testing.B) {
	dir, k, m, _ := logOf(b, 100_000)
	b.Run("tiles", func(b *testing.B) {
		for b.Loop() {
			if err := audit(b, dir, k, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			mustOpen(b, dir, k, m)
		}
	})
}

func BenchmarkBundle(b *testing.B) {
	_, k, _, l := logOf(b, 100_000)
	b.Run("make", func(b *testing.B) {
		for b.Loop() {
			if _, err := l.Bundle(b.Context(), 54_321, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	proof, err := l.Bundle(b.Context(), 54_321, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			if r, err := translog.VerifyBundle(proof, translog.VerifyOptions{Key: k.VKey()}); err != nil || !r.OK() {
				b.Fatal(r, err)
			}
		}
	})
}
