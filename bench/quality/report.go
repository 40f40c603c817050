package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// A row is a measurement beside its bar.
type row struct {
	what         string
	trivial      string  // what the simplest method reaches
	bar, stretch float64 // 0 for none
	atMost       bool    // less is better
	unit         string  // for instance "%.0f ms"; three decimals if it is empty
	got          float64
	note         string
	missing      bool
}

func (r *row) show(v float64) string {
	if r.unit != "" {
		return fmt.Sprintf(r.unit, v)
	}
	return strings.TrimPrefix(fmt.Sprintf("%.3f", v), "0")
}

// reached tells whether the measurement is as good as v.
func (r *row) reached(v float64) bool { return r.got >= v != r.atMost || r.got == v }

// goal writes a bar, as the most or the least there may be.
func (r *row) goal(v float64) string {
	switch {
	case v == 0:
		return "–"
	case r.atMost:
		return "≤ " + r.show(v)
	}
	return r.show(v)
}

func (r *row) cells() []string {
	got, verdict := r.show(r.got), "–"
	switch {
	case r.missing:
		got = "–"
	case r.bar == 0:
	case r.stretch != 0 && r.reached(r.stretch):
		verdict = "yes, and the stretch"
	case r.reached(r.bar):
		verdict = "yes"
	default:
		verdict = "**no**"
	}
	trivial := r.trivial
	if trivial == "" {
		trivial = "–"
	}
	return []string{r.what, trivial, r.goal(r.bar), r.goal(r.stretch), got, verdict, r.note}
}

// A peer is a comparison with another program on the same messages.
type peer struct{ what, peer, own, its, ratio string }

// section writes everything that was measured.
func (b *bench) section() string {
	var s strings.Builder
	fmt.Fprintf(&s, "## Understanding messages (commit %s, %s; %s)\n\n", commit(), time.Now().UTC().Format("2 January 2006"), machine())
	s.WriteString("Written by `make bench-quality`: the filters of the built program with their defaults, on labelled data that is no part of the repository. Speed is counted in processor time, less that of the start, on one processor (`GOMAXPROCS=1`); latency is by the clock, with whatever else the machine did.\n\n")
	table(&s, "what", "trivial", "bar", "stretch", "measured", "met", "notes")
	for i := range b.rows {
		line(&s, b.rows[i].cells()...)
	}
	if len(b.peers) > 0 {
		s.WriteString("\nPeers, on the same messages in the same run. A ratio over 1 is in favour of Hearback.\n\n")
		table(&s, "what", "peer", "Hearback", "peer's", "ratio")
		for _, p := range b.peers {
			line(&s, p.what, p.peer, p.own, p.its, p.ratio)
		}
	}
	return s.String()
}

func table(s *strings.Builder, heads ...string) {
	line(s, heads...)
	s.WriteString(strings.Repeat("|---", len(heads)) + "|\n")
}

func line(s *strings.Builder, cells ...string) {
	s.WriteString("| " + strings.ReplaceAll(strings.Join(cells, " | "), "|  |", "| |") + " |\n")
}

const (
	begin = "<!-- quality: begin, written by make bench-quality -->\n"
	end   = "<!-- quality: end -->\n"
)

// rewrite puts the section between its marks, or at the end of a file that does
// not have them.
func rewrite(name, section string) error {
	old, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.WriteFile(name, []byte(replace(string(old), section)), 0o644)
}

func replace(old, section string) string {
	before, rest, found := strings.Cut(old, begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		before, after = strings.TrimRight(old, "\n")+"\n\n", ""
	}
	return before + begin + section + end + after
}

func machine() string {
	model := "unknown processor"
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		_, rest, _ := strings.Cut(string(b), "model name")
		name, _, _ := strings.Cut(strings.TrimLeft(rest, "\t :"), "\n")
		model = strings.TrimSpace(name)
	}
	load := ""
	if b, err := os.ReadFile("/proc/loadavg"); err == nil {
		load = ", load " + strings.Fields(string(b))[0]
	}
	return fmt.Sprintf("%s, %d cores, %s %s/%s%s", model, runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH, load)
}

// commit names what is checked out, and whether it was changed since.
func commit() string {
	b, err := exec.Command("git", "describe", "--always", "--dirty=, changed since", "--exclude=*").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(b))
}
