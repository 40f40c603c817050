package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// An item is a row of labelled data, of any folder.
type item struct {
	ID      string          `json:"id"`
	Text    string          `json:"text"`
	Time    json.RawMessage `json:"time"`
	Lang    string          `json:"lang"`
	Cluster any             `json:"cluster"`
	Label   string          `json:"label"`
	Kind    string          `json:"kind"`      // of langid: how long a text is
	Event   string          `json:"event"`     // of crisis-t26
	Info    string          `json:"info_type"` // of crisis-t26
	Claim   string          `json:"claim"`
	Title   string          `json:"title"`
}

// read reads a file of labelled data.
func (b *bench) read(name string) ([]item, error) {
	var out []item
	err := b.lines(name, func(line []byte) error {
		var x item
		err := json.Unmarshal(line, &x)
		out = append(out, x)
		return err
	})
	return out, err
}

// lines calls f for every line of a gzip file of labelled data.
func (b *bench) lines(name string, f func(line []byte) error) error {
	file, err := os.Open(filepath.Join(b.data, name))
	if err != nil {
		return err
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return each(z, f)
}

func each(r io.Reader, f func(line []byte) error) error {
	s := bufio.NewScanner(r)
	s.Buffer(nil, 4<<20)
	for s.Scan() {
		if err := f(s.Bytes()); err != nil {
			return fmt.Errorf("%.80s: %w", s.Bytes(), err)
		}
	}
	return s.Err()
}

// A message is what a filter gets to see of an item: never its label.
type message struct {
	ID   string          `json:"id"`
	Time json.RawMessage `json:"time,omitempty"`
	Text string          `json:"text"`
	Lang string          `json:"lang,omitempty"`
}

// A result is what any of the filters says of a message.
type result struct {
	ID      string `json:"id"`
	Concern string `json:"concern"`
	Theme   string `json:"theme"`
	Label   string `json:"label"`
	Kind    string `json:"kind"`
	Lang    string `json:"lang"`
	Matches []struct {
		Answer   string `json:"answer"`
		Decision string `json:"decision"`
	} `json:"matches"`
}

// A cost is what a process used.
type cost struct {
	cpu time.Duration
	rss int // MiB at its peak
}

// filter sends items through a filter of the program and returns one result for
// each, in their order.
func (b *bench) filter(items []item, args ...string) ([]result, cost, error) {
	in := jsonLines(len(items), func(i int) any {
		return message{items[i].ID, items[i].Time, items[i].Text, items[i].Lang}
	})
	var out []result
	spent, err := b.pipe(in, func(line []byte) error {
		var r result
		err := json.Unmarshal(line, &r)
		out = append(out, r)
		return err
	}, args...)
	if err == nil && len(out) != len(items) {
		err = fmt.Errorf("%s answered %d of %d messages", args[0], len(out), len(items))
	}
	return out, spent, err
}

// pipe runs the program on one processor and calls f for every line it writes.
func (b *bench) pipe(in io.Reader, f func(line []byte) error, args ...string) (cost, error) {
	cmd := exec.Command(b.binary, args...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	cmd.Stdin = in
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err != nil {
		return cost{}, err
	}
	if err := cmd.Start(); err != nil {
		return cost{}, err
	}
	read := each(out, f)
	if read != nil {
		cmd.Process.Kill()
	}
	if err := cmd.Wait(); err != nil && read == nil {
		return cost{}, fmt.Errorf("hearback %s: %w: %.500s", strings.Join(args, " "), err, complaints.String())
	}
	s := cmd.ProcessState
	return cost{s.UserTime() + s.SystemTime(), int(s.SysUsage().(*syscall.Rusage).Maxrss >> 10)}, read
}

// start is what the program costs before its first message.
func (b *bench) start(args ...string) (time.Duration, error) {
	c, err := b.pipe(strings.NewReader(""), func([]byte) error { return nil }, args...)
	return c.cpu, err
}

// jsonLines writes n values as lines.
func jsonLines(n int, value func(i int) any) *bytes.Buffer {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	for i := range n {
		if err := e.Encode(value(i)); err != nil {
			panic(err) // our own types
		}
	}
	return &b
}

// temporary writes lines to a file, which the caller removes.
func temporary(lines *bytes.Buffer) (name string, err error) {
	f, err := os.CreateTemp("", "hearback-quality-*.jsonl")
	if err != nil {
		return "", err
	}
	_, err = f.Write(lines.Bytes())
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return f.Name(), err
}
