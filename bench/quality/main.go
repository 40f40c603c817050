// Command quality measures how well Hearback understands messages, and what that
// costs. It sends labelled messages through the filters of the built program,
// as it ships, scores what comes back, runs the peers of bench/peers on the same
// messages, and rewrites its own section of bench/RESULTS.md. Run it from the
// root of the repository: make bench-quality.
//
// The labelled data is no part of the repository. Rows that need it say so when
// it is not there; the others are measured all the same.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"example.org/hearback/bench/report"
)

const notHere = "not measured: the labelled data is not here"

// A bench holds where things are, and the tables as they fill.
type bench struct {
	binary, data, python string
	messages, concerns   int // of the stream that speed is measured on
	answers, queries     int // that latency is measured on
	rows                 []report.Row
	peers                []report.Peer
}

func main() {
	b := &bench{}
	flag.StringVar(&b.binary, "binary", "bin/hearback", "the built program")
	flag.StringVar(&b.data, "data", "../shared/data", "folder of labelled data")
	flag.StringVar(&b.python, "python", "/usr/bin/python3", "the Python that scikit-learn is installed for")
	flag.IntVar(&b.messages, "messages", 1_000_000, "messages that the speed of group is measured on")
	flag.IntVar(&b.concerns, "concerns", 20_000, "concerns that these messages are about")
	flag.IntVar(&b.answers, "answers", 100_000, "answers that the latency of match is measured on")
	flag.IntVar(&b.queries, "queries", 2_000, "queries that the latency of match is measured on")
	only := flag.String("only", "", "families to run, with commas between (speed, latency, group, match, suggest, kind, lang, peers): prints, and writes no file")
	flag.Parse()
	if err := b.run(*only); err != nil {
		fmt.Fprintln(os.Stderr, "quality:", err)
		os.Exit(1)
	}
}

func (b *bench) run(only string) error {
	if _, err := os.Stat(b.binary); err != nil {
		return fmt.Errorf("the program %s is not there; run make build first", b.binary)
	}
	families := []struct {
		name string
		run  func() error
	}{
		// Speed comes first: the peak memory of a child counts that of its
		// parent when it was started, which is still small.
		{"speed", b.speed}, {"latency", b.latency}, {"group", b.group}, {"match", b.match},
		{"suggest", b.suggest}, {"kind", b.kind}, {"lang", b.lang}, {"peers", b.comparePeers},
	}
	for _, f := range families {
		if only != "" && !strings.Contains(","+only+",", ","+f.name+",") {
			continue
		}
		fmt.Fprintln(os.Stderr, "measuring", f.name)
		if err := f.run(); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	section := b.section()
	fmt.Print(section)
	if only != "" {
		return nil
	}
	return report.Rewrite("bench/RESULTS.md", "quality", section)
}

// section writes everything that was measured.
func (b *bench) section() string {
	var s strings.Builder
	s.WriteString(report.Head("Understanding messages"))
	s.WriteString("Written by `make bench-quality`: the filters of the built program with their defaults, on labelled data that is no part of the repository. Speed is counted in processor time, less that of the start, on one processor (`GOMAXPROCS=1`); latency is by the clock, with whatever else the machine did.\n\n")
	report.Tables(&s, b.rows, b.peers, "Peers, on the same messages in the same run. A ratio over 1 is in favour of Hearback.")
	return s.String()
}

// measure adds rows to the table, with what f finds for them in their order. If
// the folder of labelled data that they need is not there they say so.
func (b *bench) measure(folder string, rows []report.Row, f func(rows []report.Row) error) error {
	defer func() { b.rows = append(b.rows, rows...) }()
	if folder != "" && !b.has(folder) {
		for i := range rows {
			rows[i].Note, rows[i].Missing = notHere, true
		}
		return nil
	}
	return f(rows)
}

func (b *bench) has(folder string) bool {
	_, err := os.Stat(b.data + "/" + folder)
	return !errors.Is(err, os.ErrNotExist)
}
