package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"example.org/hearback/bench/report"
	"example.org/hearback/bench/stream"
)

// An answer is a line of the file that match is given.
type answer struct {
	ID    string `json:"id"`
	Claim string `json:"claim"`
	Title string `json:"title,omitempty"`
}

// find sends queries to match and returns, for each, the answers by rank and
// whether any was called the same.
func (b *bench) find(answers []answer, queries []item) (rankings [][]string, same []bool, err error) {
	file, err := temporary(jsonLines(len(answers), func(i int) any { return answers[i] }))
	if err != nil {
		return nil, nil, err
	}
	defer os.Remove(file)
	out, _, err := b.filter(queries, "match", "--all", "-k", "5", "--answers", file)
	for _, r := range out {
		ids, yes := []string{}, false
		for _, m := range r.Matches {
			ids, yes = append(ids, m.Answer), yes || m.Decision == "same"
		}
		rankings, same = append(rankings, ids), append(same, yes)
	}
	return rankings, same, err
}

// match measures how well published answers are found.
func (b *bench) match() error {
	c := &unanswered{}
	err := b.measure("claims-clef2020", []report.Row{
		{What: "match, claims that were checked, dev: MAP@5", Trivial: ".745", Bar: .84, Stretch: .88},
		{What: "match, the same queries: P@1"},
	}, func(r []report.Row) (err error) {
		r[0].Got, r[1].Got, r[0].Note, err = b.claims(c)
		return err
	})
	if err != nil {
		return err
	}
	err = b.measure("", []report.Row{
		{What: "match, English to Chinese: R@1", Trivial: "0", Bar: .75, Stretch: .85},
		{What: "match, English to Chinese: R@3", Trivial: "0", Bar: .90},
		{What: "match, Chinese to English: R@1", Trivial: "0", Bar: .75, Stretch: .85},
		{What: "match, Chinese to English: R@3", Trivial: "0", Bar: .90},
	}, func(r []report.Row) error { return b.across(r, c) })
	if err != nil {
		return err
	}
	return b.measure("", []report.Row{
		{What: "match, queries without an answer that are told the same", Bar: 2, Stretch: .5, AtMost: true, Unit: "%.2f %%"},
	}, func(r []report.Row) error {
		r[0].Got, r[0].Note = 100*float64(c.same)/float64(c.asked), strings.Join(c.notes, "; ")
		return nil
	})
}

// unanswered counts queries that have no answer, and those that were told one.
type unanswered struct {
	asked, same int
	notes       []string
}

func (c *unanswered) add(what string, same []bool) {
	n := 0
	for _, s := range same {
		if s {
			n++
		}
	}
	c.asked, c.same = c.asked+len(same), c.same+n
	c.notes = append(c.notes, fmt.Sprintf("%s %d of %d", what, n, len(same)))
}

// claims asks for the claims that tweets of the dev part repeat. Then it asks
// again with the right ones taken out, and for things no claim is about.
func (b *bench) claims(c *unanswered) (meanAP, first float64, note string, err error) {
	docs, err := b.read("claims-clef2020/docs.jsonl.gz")
	if err != nil {
		return 0, 0, "", err
	}
	queries, err := b.read("claims-clef2020/queries.dev.jsonl.gz")
	if err != nil {
		return 0, 0, "", err
	}
	right := map[string]map[string]bool{}
	err = b.lines("claims-clef2020/qrels.dev.tsv.gz", func(line []byte) error {
		if f := strings.Fields(string(line)); len(f) == 4 && f[3] != "0" {
			if right[f[0]] == nil {
				right[f[0]] = map[string]bool{}
			}
			right[f[0]][f[2]] = true
		}
		return nil
	})
	if err != nil {
		return 0, 0, "", err
	}
	queries = slices.DeleteFunc(queries, func(q item) bool { return len(right[q.ID]) == 0 })
	var all []answer
	gone := map[string]bool{} // what right claims say: the data has some of them twice
	for _, d := range docs {
		all = append(all, answer{d.ID, d.Claim, d.Title})
		for _, q := range queries {
			if right[q.ID][d.ID] {
				gone[bare(d.Claim)] = true
			}
		}
	}
	rankings, same, err := b.find(all, queries)
	if err != nil {
		return 0, 0, "", err
	}
	n, told, wrong := float64(len(queries)), 0, 0
	for i, q := range queries {
		meanAP += precision(right[q.ID], rankings[i], 5) / n
		top := len(rankings[i]) > 0 && right[q.ID][rankings[i][0]]
		if top {
			first += 1 / n
		}
		if same[i] {
			told++
			if !top {
				wrong++
			}
		}
	}
	note = fmt.Sprintf("%d queries of %d claims; %d were told the same, %d of them with another claim first", len(queries), len(docs), told, wrong)

	others := slices.Clone(all)
	others = slices.DeleteFunc(others, func(a answer) bool { return gone[bare(a.Claim)] })
	for _, x := range []struct {
		what, file string
		every      int
	}{
		{"claims, the right ones taken out:", "", 1},
		{"a bank's customers, of claims:", "desk-banking77/train.jsonl.gz", 20},
		{"a Chinese hotline, of claims:", "hotline-zh/stream_unlabelled.jsonl.gz", 10},
	} {
		ask := queries
		if x.file != "" {
			rows, err := b.read(x.file)
			if err != nil {
				return 0, 0, "", err
			}
			ask = nil
			for i := 0; i < len(rows); i += x.every {
				ask = append(ask, rows[i])
			}
		}
		_, same, err := b.find(others, ask)
		if err != nil {
			return 0, 0, "", err
		}
		c.add(x.what, same)
	}
	return meanAP, first, note, nil
}

// bare is a text without signs and case.
func bare(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), " ")
}

// across asks for 40 concerns by what was said of them in the other language:
// twice in each, so four pairs of wordings in each direction, of which one is a
// translation word for word. Then half of the concerns are taken out.
func (b *bench) across(r []report.Row, c *unanswered) error {
	text, err := os.ReadFile("internal/match/testdata/concerns.tsv")
	if err != nil {
		return err
	}
	var table [][]string
	for line := range strings.Lines(string(text)) {
		table = append(table, strings.Split(strings.TrimSpace(line), "\t"))
	}
	names := []string{"en1", "en2", "zh1", "zh2"}
	var none []bool
	for from := range 4 {
		for to := range 4 {
			if from/2 == to/2 {
				continue
			}
			var answers, even []answer
			var queries, odd []item
			for i, said := range table {
				a, q := answer{ID: strconv.Itoa(i), Claim: said[to]}, item{ID: strconv.Itoa(i), Text: said[from]}
				answers, queries = append(answers, a), append(queries, q)
				if i%2 == 0 {
					even = append(even, a)
				} else {
					odd = append(odd, q)
				}
			}
			rankings, _, err := b.find(answers, queries)
			if err != nil {
				return err
			}
			_, same, err := b.find(even, odd)
			if err != nil {
				return err
			}
			none = append(none, same...)
			var at1, at3 float64
			for i, ids := range rankings {
				rank := slices.Index(ids, queries[i].ID)
				if rank == 0 {
					at1 += 1 / float64(len(queries))
				}
				if rank >= 0 && rank < 3 {
					at3 += 1 / float64(len(queries))
				}
			}
			one, three := &r[from/2*2], &r[from/2*2+1]
			one.Got += at1 / 4
			three.Got += at3 / 4
			one.Note = strings.TrimPrefix(fmt.Sprintf("%s, %s→%s %s", one.Note, names[from], names[to], one.Show(at1)), ", ")
			three.Note = strings.TrimPrefix(fmt.Sprintf("%s, %s→%s %s", three.Note, names[from], names[to], one.Show(at3)), ", ")
		}
	}
	c.add("concerns across languages, their own taken out:", none)
	return nil
}

// latency measures how long one answer takes among many: the next query is sent
// when the last is answered.
func (b *bench) latency() error {
	return b.measure("", []report.Row{
		{What: fmt.Sprintf("match, %d answers: 99th percentile by the clock", b.answers), Trivial: "3 ms at 10k", Bar: 10, Stretch: 3, AtMost: true, Unit: "%.1f ms"},
		{What: "the same, processor time a query", Unit: "%.2f ms", AtMost: true},
	}, func(r []report.Row) error {
		g := stream.New(3, b.concerns, time.Time{}, 0)
		file, err := temporary(jsonLines(b.answers, func(i int) any {
			return answer{ID: strconv.Itoa(i), Claim: g.Next().Text}
		}))
		if err != nil {
			return err
		}
		defer os.Remove(file)
		cmd := exec.Command(b.binary, "match", "--answers", file)
		cmd.Stderr = os.Stderr
		in, err := cmd.StdinPipe()
		if err != nil {
			return err
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			return err
		}
		if err := cmd.Start(); err != nil {
			return err
		}
		back := bufio.NewReader(out)
		queries := jsonLines(b.queries+1, func(i int) any { return message{ID: strconv.Itoa(i), Text: g.Next().Text} })
		var took []time.Duration
		var before time.Duration
		for i := range b.queries + 1 {
			line, err := queries.ReadBytes('\n')
			if err != nil {
				return err
			}
			began := time.Now()
			if _, err := in.Write(line); err != nil {
				return err
			}
			if _, err := back.ReadSlice('\n'); err != nil {
				return err
			}
			if i > 0 { // the first waits for the program to start
				took = append(took, time.Since(began))
			} else if before, err = worked(cmd.Process.Pid); err != nil {
				return err
			}
		}
		after, err := worked(cmd.Process.Pid)
		if err != nil {
			return err
		}
		in.Close()
		io.Copy(io.Discard, back)
		if err := cmd.Wait(); err != nil {
			return err
		}
		slices.Sort(took)
		ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
		r[0].Got, r[1].Got = ms(took[len(took)*99/100]), ms(after-before)/float64(b.queries)
		r[0].Note = fmt.Sprintf("%d queries; median %.1f ms", b.queries, ms(took[len(took)/2]))
		return nil
	})
}

// worked returns how long processors have worked for a process, of user and
// system, to a hundredth of a second.
func worked(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0, fmt.Errorf("the times of process %d cannot be read", pid)
	}
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	return time.Duration(user+system) * 10 * time.Millisecond, nil
}
