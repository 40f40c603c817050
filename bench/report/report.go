// Package report writes what was measured beside its bars into a marked section
// of bench/RESULTS.md.
package report

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// A Row is a measurement beside its bar.
type Row struct {
	What         string
	Trivial      string  // what the simplest method reaches
	Bar, Stretch float64 // 0 for none
	AtMost       bool    // less is better
	Unit         string  // for instance "%.0f ms"; three decimals if it is empty
	Got          float64
	Note         string
	Missing      bool // it was not measured; Note says why
}

// Show writes a measurement in the unit of its row.
func (r *Row) Show(v float64) string {
	if r.Unit != "" {
		return fmt.Sprintf(r.Unit, v)
	}
	return strings.TrimPrefix(fmt.Sprintf("%.3f", v), "0")
}

// reached tells whether the measurement is as good as v.
func (r *Row) reached(v float64) bool { return r.Got >= v != r.AtMost || r.Got == v }

// goal writes a bar, as the most or the least there may be.
func (r *Row) goal(v float64) string {
	switch {
	case v == 0:
		return "–"
	case r.AtMost:
		return "≤ " + r.Show(v)
	}
	return r.Show(v)
}

// Cells are those of its line in a table.
func (r *Row) Cells() []string {
	got, verdict := r.Show(r.Got), "–"
	switch {
	case r.Missing:
		got = "–"
	case r.Bar == 0:
	case r.Stretch != 0 && r.reached(r.Stretch):
		verdict = "yes, and the stretch"
	case r.reached(r.Bar):
		verdict = "yes"
	default:
		verdict = "**no**"
	}
	trivial := r.Trivial
	if trivial == "" {
		trivial = "–"
	}
	return []string{r.What, trivial, r.goal(r.Bar), r.goal(r.Stretch), got, verdict, r.Note}
}

// A Peer is a comparison with another program on the same data.
type Peer struct{ What, Peer, Own, Its, Ratio string }

// Beside returns a Peer.
func Beside(what, peer, own, its, ratio string) Peer { return Peer{what, peer, own, its, ratio} }

// Tables writes rows, and the peers below them under a line of their own.
func Tables(s *strings.Builder, rows []Row, peers []Peer, peersLine string) {
	table(s, "what", "trivial", "bar", "stretch", "measured", "met", "notes")
	for i := range rows {
		line(s, rows[i].Cells()...)
	}
	if len(peers) == 0 {
		return
	}
	s.WriteString("\n" + peersLine + "\n\n")
	table(s, "what", "peer", "Hearback", "peer's", "ratio")
	for _, p := range peers {
		line(s, p.What, p.Peer, p.Own, p.Its, p.Ratio)
	}
}

// Head is the heading of a section: what it is about, and where it was measured.
func Head(about string) string {
	return fmt.Sprintf("## %s (commit %s, %s; %s)\n\n", about, commit(), time.Now().UTC().Format("2 January 2006"), machine())
}

func table(s *strings.Builder, heads ...string) {
	line(s, heads...)
	s.WriteString(strings.Repeat("|---", len(heads)) + "|\n")
}

func line(s *strings.Builder, cells ...string) {
	s.WriteString("| " + strings.ReplaceAll(strings.Join(cells, " | "), "|  |", "| |") + " |\n")
}

// Rewrite puts a section between its marks, or at the end of a file that does
// not have them. name is that of the section; it is written by make bench-name.
func Rewrite(file, name, section string) error {
	old, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.WriteFile(file, []byte(Replace(string(old), name, section)), 0o644)
}

// Replace is [Rewrite] for a text.
func Replace(old, name, section string) string {
	begin := fmt.Sprintf("<!-- %s: begin, written by make bench-%s -->\n", name, name)
	end := fmt.Sprintf("<!-- %s: end -->\n", name)
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
