package store_test

import (
	"path/filepath"
	"testing"

	"example.org/hearback"
	"example.org/hearback/internal/translog"
)

// BenchmarkAct measures audited acts one after another: the act and its entry
// durable in one transaction, alone and with the log published and signed
// after each.
func BenchmarkAct(b *testing.B) {
	for _, signed := range []bool{false, true} {
		name := "durable"
		if signed {
			name = "durable and signed"
		}
		b.Run(name, func(b *testing.B) {
			dir := b.TempDir()
			db := open(b, filepath.Join(dir, "hearback.db"))
			key, err := translog.LoadOrCreateKey(filepath.Join(dir, "log.key"), "answers.example.org/hearback/bench")
			if err != nil {
				b.Fatal(err)
			}
			l, err := translog.Open(filepath.Join(dir, "log"), key, db)
			if err != nil {
				b.Fatal(err)
			}
			n := 0
			for b.Loop() {
				if err := db.SetSetting(b.Context(), "act", "done", hearback.Record{Type: hearback.ReviewersChanged, At: start, Actor: hearback.System, Subject: "setting:act", Pub: map[string]any{"n": n}}); err != nil {
					b.Fatal(err)
				}
				if signed {
					if err := l.Publish(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
				n++
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "acts/s")
		})
	}
}
