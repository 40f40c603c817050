package match_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"example.org/hearback/internal/match"
)

// manyAnswers makes n answers, and queries, out of the table of concerns: the
// words of two concerns in new order, in English or Chinese, with a number and
// a made-up name, so that words are as common as in real text of one field and
// no two answers are equal.
func manyAnswers(tb testing.TB, n int) (answers []match.Answer, queries []string) {
	rows := concerns(tb)
	r := rand.New(rand.NewPCG(1, 2))
	name := func() string {
		const onset, rest = "bdfgklmnprstvz", "aeiou"
		var b strings.Builder
		for range 2 + r.IntN(2) {
			b.WriteByte(onset[r.IntN(len(onset))])
			b.WriteByte(rest[r.IntN(len(rest))])
		}
		return b.String()
	}
	english := func() string {
		a := strings.Fields(rows[r.IntN(len(rows))][r.IntN(2)])
		b := strings.Fields(rows[r.IntN(len(rows))][r.IntN(2)])
		a = append(a, b[r.IntN(len(b)):]...)
		at := r.IntN(len(a))
		return strings.Join(slices.Insert(a, at, name(), name()), " ") + fmt.Sprintf(" %d", r.IntN(2000))
	}
	chinese := func() string {
		return rows[r.IntN(len(rows))][2+r.IntN(2)] + "，" + rows[r.IntN(len(rows))][2+r.IntN(2)] + fmt.Sprint(r.IntN(2000))
	}
	for i := range n {
		x := match.Answer{ID: fmt.Sprint(i)}
		if i%4 == 0 {
			x.Claim = chinese()
		} else {
			x.Claim, x.Title = english(), english()
		}
		answers = append(answers, x)
	}
	for i := range 400 {
		if i%4 == 0 {
			queries = append(queries, chinese()+"，"+chinese())
		} else {
			queries = append(queries, english()+". "+english())
		}
	}
	return answers, queries
}

// cpu returns the processor time of the process: other programs may keep the
// machine busy.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkFind asks an index of 100,000 answers. It reports the processor time
// that 99 in 100 queries stay under, and the memory of the index. Run it with -cpu 1.
func BenchmarkFind(b *testing.B) {
	answers, queries := manyAnswers(b, 100_000)
	var before, after runtime.MemStats
	ix := newIndex(b)
	runtime.GC()
	runtime.ReadMemStats(&before)
	began := cpu()
	for _, x := range answers {
		ix.Add(x)
	}
	adding := cpu() - began
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.Run("message", func(b *testing.B) { find(b, ix, queries) })
	// The longest that is read: a newspaper page, every word another.
	b.Run("page", func(b *testing.B) {
		find(b, ix, []string{strings.Join(queries, " "), strings.Join(queries[100:], "\n")})
	})
	b.Logf("%d answers: %.0f MiB, %.0f µs to add one", len(answers), float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), float64(adding.Microseconds())/float64(len(answers)))
}

func find(b *testing.B, ix *match.Index, queries []string) {
	ix.Find(queries[0], "", 5)
	var took []time.Duration
	i := 0
	for b.Loop() {
		start := cpu()
		ix.Find(queries[i%len(queries)], "", 5)
		took = append(took, cpu()-start)
		i++
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms/p99")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms/p50")
}
