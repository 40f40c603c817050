package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"example.org/hearback/internal/store"
)

// BenchmarkBackup copies a store of 50,000 messages with their posts, counts
// and groups: by the engine, and row by row into each engine.
func BenchmarkBackup(b *testing.B) {
	const n = 50_000
	ctx := context.Background()
	db, err := store.Open(ctx, filepath.Join(b.TempDir(), "hearback.db"))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	if err := db.FillTables(ctx, n, sketch); err != nil {
		b.Fatal(err)
	}
	rate := func(b *testing.B) {
		b.ReportMetric(float64(4*n*b.N)/b.Elapsed().Seconds(), "rows/s")
	}
	b.Run("backup", func(b *testing.B) {
		dir := b.TempDir()
		i := 0
		for b.Loop() {
			i++
			if err := db.Backup(ctx, filepath.Join(dir, fmt.Sprint(i))); err != nil {
				b.Fatal(err)
			}
		}
		rate(b)
	})
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run("copy to "+engine, func(b *testing.B) {
			dsn := os.Getenv("HEARBACK_TEST_POSTGRES")
			if engine == "postgres" && dsn == "" {
				b.Skip("HEARBACK_TEST_POSTGRES is not set")
			}
			for b.Loop() {
				b.StopTimer()
				where := filepath.Join(b.TempDir(), "copy.db")
				if engine == "postgres" {
					where = store.TestSchema(b, dsn)
				}
				dst, err := store.Open(ctx, where)
				if err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				if _, err := db.CopyTo(ctx, dst); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				dst.Close()
				b.StartTimer()
			}
			rate(b)
		})
	}
}
