package main

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"example.org/hearback/bench/report"
	"example.org/hearback/bench/stream"
)

// own are messages written for this test, in English and Chinese, and the thing
// that each is about.
//
//go:embed testdata/messages.tsv
var own embed.FS

// group measures the groups that messages come into.
func (b *bench) group() error {
	err := b.measure("cluster-tweets-t", []report.Row{
		{What: "group, themes, tweets: BCubed F1", Trivial: ".744", Bar: .78, Stretch: .83},
		{What: "group, themes, tweets: adjusted Rand index", Trivial: ".742", Bar: .76},
		{What: "group, themes, tweets: themes for each that people made", Trivial: "8.6", Bar: 2, Stretch: 1.3, AtMost: true, Unit: "%.2f"},
	}, func(r []report.Row) (err error) {
		r[0].Got, r[1].Got, r[2].Got, r[2].Note, err = b.grouped("cluster-tweets-t/stream.jsonl.gz", true)
		return err
	})
	if err != nil {
		return err
	}
	err = b.measure("cluster-news-timed", []report.Row{
		{What: "group, themes, news titles: BCubed F1", Trivial: ".749", Bar: .80, Stretch: .86},
		{What: "group, themes, news titles: adjusted Rand index"},
		{What: "group, themes, news titles: themes for each that people made", Bar: 2, Stretch: 1.3, AtMost: true, Unit: "%.2f"},
	}, func(r []report.Row) (err error) {
		r[0].Got, r[1].Got, r[2].Got, r[2].Note, err = b.grouped("cluster-news-timed/stream.jsonl.gz", true)
		return err
	})
	if err != nil {
		return err
	}
	err = b.measure("questions-covidq", []report.Row{
		{What: "group, concerns, questions: BCubed F1", Trivial: ".567", Bar: .65, Stretch: .70},
	}, func(r []report.Row) (err error) {
		r[0].Got, _, _, r[0].Note, err = b.grouped("questions-covidq/questions.jsonl.gz", false)
		return err
	})
	if err != nil {
		return err
	}
	return b.measure("", []report.Row{
		{What: "group, concerns, own messages in two languages: BCubed F1"},
	}, func(r []report.Row) error {
		items, err := ownMessages()
		if err != nil {
			return err
		}
		var wanted, found int
		r[0].Got, _, wanted, found, err = b.scoreGroups(items, false)
		r[0].Note = fmt.Sprintf("%d for %d; a guard in go test, as no bar was set", found, wanted)
		return err
	})
}

func (b *bench) grouped(name string, themes bool) (f1, ari, ratio float64, note string, err error) {
	items, err := b.read(name)
	if err != nil {
		return 0, 0, 0, "", err
	}
	f1, ari, wanted, found, err := b.scoreGroups(items, themes)
	return f1, ari, float64(found) / float64(wanted), fmt.Sprintf("%d for %d", found, wanted), err
}

func (b *bench) scoreGroups(items []item, themes bool) (f1, ari float64, wanted, found int, err error) {
	out, _, err := b.filter(items, "group")
	if err != nil {
		return 0, 0, 0, 0, err
	}
	var want, got []string
	for i, x := range items {
		if x.Cluster == nil || x.Cluster == "" {
			continue // people could not tell
		}
		in := out[i].Concern
		if themes {
			in = out[i].Theme
		}
		want, got = append(want, fmt.Sprint(x.Cluster)), append(got, in)
	}
	f1, ari, wanted, found = groups(want, got)
	return f1, ari, wanted, found, nil
}

// ownMessages reads the messages of this package.
func ownMessages() ([]item, error) {
	b, err := own.ReadFile("testdata/messages.tsv")
	var items []item
	for i, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		thing, text, _ := strings.Cut(line, "\t")
		items = append(items, item{ID: fmt.Sprint(i), Text: text, Cluster: thing})
	}
	return items, err
}

// speed measures what grouping a long stream costs.
func (b *bench) speed() error {
	return b.measure("", []report.Row{
		{What: fmt.Sprintf("group, %d messages about %d concerns, one processor", b.messages, b.concerns), Bar: 20000, Stretch: 40000, Unit: "%.0f/s"},
		{What: "the same, peak memory", Bar: 700, AtMost: true, Unit: "%.0f MiB"},
	}, func(r []report.Row) error {
		begun, err := b.start("group")
		if err != nil {
			return err
		}
		in, feed := io.Pipe()
		defer in.Close()
		bytesIn := 0
		go func() {
			g := stream.New(1, b.concerns, time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), 24*time.Hour/time.Duration(max(b.messages, 1)))
			for left := b.messages; left > 0; left -= 1000 {
				body := g.Body(min(left, 1000))
				bytesIn += len(body)
				if _, err := feed.Write(body); err != nil {
					return
				}
			}
			feed.Close()
		}()
		n, concerns := 0, map[string]bool{}
		spent, err := b.pipe(in, func(line []byte) error {
			var x struct{ Concern string }
			n++
			// The concern stands at the front; what explains it need not be read.
			head, _, _ := bytes.Cut(line, []byte(`,"theme"`))
			err := json.Unmarshal(append(bytes.Clone(head), '}'), &x)
			concerns[x.Concern] = true
			return err
		}, "group")
		if err == nil && n != b.messages {
			err = fmt.Errorf("%d of %d messages were answered", n, b.messages)
		}
		work := (spent.cpu - begun).Seconds()
		r[0].Got, r[1].Got = float64(n)/work, float64(spent.rss)
		r[0].Note = fmt.Sprintf("%.0f µs a message of %d bytes with its fields; %d concerns were found", work*1e6/float64(n), bytesIn/max(n, 1), len(concerns))
		return err
	})
}
