// Command detect measures how well Hearback tells what matters: how soon bursts
// are told at a stated rate of false alarms, on made-up concerns and on labelled
// series, how good forecasts are, and what an hour of 20,000 concerns costs. It
// runs other methods on the same series, rewrites its own section of
// bench/RESULTS.md, and is run from the root of the repository: make
// bench-detect.
//
// The labelled data is no part of the repository, and R need not be installed.
// Rows that need them say so when they are not there.
package main

import (
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"example.org/hearback/bench/counts"
	"example.org/hearback/bench/report"
	"example.org/hearback/internal/forecast"
)

const notHere = "not measured: the labelled data is not here"

// errPeer says that another program could not be run.
var errPeer = errors.New("not measured")

// A bench holds where things are, and the tables as they fill.
type bench struct {
	data, rscript string
	few           int // made-up concerns of each kind that peers are given, and Hearback beside them
	rows          []report.Row
	others        []report.Peer
}

func main() {
	b := &bench{}
	flag.StringVar(&b.data, "data", "../shared/data", "folder of labelled data")
	flag.StringVar(&b.rscript, "rscript", "Rscript", "the Rscript that surveillance is installed for")
	flag.IntVar(&b.few, "few", 30, "made-up concerns of each kind that peers are measured on")
	only := flag.String("only", "", "families to run, with commas between (made, crisis, labelled, forecasts, cost): prints, and writes no file")
	flag.Parse()
	if err := b.run(*only); err != nil {
		fmt.Fprintln(os.Stderr, "detect:", err)
		os.Exit(1)
	}
}

func (b *bench) run(only string) error {
	for _, f := range []struct {
		name string
		run  func() error
	}{{"made", b.made}, {"crisis", b.crisis}, {"labelled", b.labelled}, {"forecasts", b.forecasts}, {"cost", b.cost}} {
		if only != "" && !strings.Contains(","+only+",", ","+f.name+",") {
			continue
		}
		fmt.Fprintln(os.Stderr, "measuring", f.name)
		if err := f.run(); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	var s strings.Builder
	s.WriteString(report.Head("Telling what matters"))
	s.WriteString("Written by `make bench-detect`. Made-up concerns: ten weeks of hourly counts, negative binomial around a daily and weekly cycle with a drift, seeded; each method's limit is set so that it alarms falsely once in 100 days of a concern. Labelled series go through `hearback detect` with its defaults.\n\n")
	report.Tables(&s, b.rows, b.others, "Other methods, on the same series in the same run. A ratio over 1 is in favour of Hearback. On labelled series they are given the limit that turns out best on those very series; Hearback has its defaults.")
	fmt.Print(s.String())
	if only != "" {
		return nil
	}
	return report.Rewrite("bench/RESULTS.md", "detect", s.String())
}

// falseAlarms is the rate at which methods are compared, a day and concern.
const falseAlarms = 0.01

// A cell is a kind of rise that must be told.
type cell struct {
	what         string
	rate         float64 // voices an hour before it
	shape        func(float64) float64
	slow         bool // told by the slow statistic
	within       int  // hours in which it counts
	trivial      string
	bar, stretch float64 // of the delay in hours, or of the share found if slow
}

var cells = []cell{
	{"1 voice an hour, times 4", 1, counts.Burst(4), false, 36, "17 h (EARS C2)", 7, 5},
	{"20 voices an hour, times 2", 20, counts.Burst(2), false, 36, "missed (EARS C2)", 18, 12},
	{"1 voice an hour, slowly to three times", 1, counts.Ramp, true, 120, ".43 to .78 (EARS C2)", .85, 0},
	{"20 voices an hour, slowly to three times", 20, counts.Ramp, true, 120, ".43 to .78 (EARS C2)", .85, 0},
}

// made measures made-up concerns.
func (b *bench) made() error {
	began := cpu()
	calm := map[float64][2][][]float64{}
	limits := map[float64][2]float64{}
	low, high := [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{}
	rates := []float64{0.1, 0.2, 1, 5, 20, 100}
	for _, rate := range rates {
		calm[rate] = followed(counts.Calm(100, rate), true)
		l := [2]float64{counts.Limit(calm[rate][0], falseAlarms), counts.Limit(calm[rate][1], falseAlarms)}
		limits[rate] = l
		for i := range l {
			low[i], high[i] = min(low[i], l[i]), max(high[i], l[i])
		}
	}
	for _, c := range cells {
		n, i := 150, 0
		if c.slow {
			n, i = 100, 1
		}
		list := counts.Risen(n, c.rate, c.shape)
		delay, found := counts.Delay(list, followed(list, true)[i], limits[c.rate][i], c.within)
		r := report.Row{What: c.what + ": median delay", Trivial: c.trivial, Bar: c.bar, Stretch: c.stretch, AtMost: true, Unit: "%.0f h", Got: delay, Note: fmt.Sprintf("%.0f %% found within %d h", 100*found, c.within)}
		if c.slow {
			r.What, r.AtMost, r.Unit, r.Got, r.Note = c.what+": found", false, "", found, fmt.Sprintf("within %d h, after %.0f h (median)", c.within, delay)
		}
		b.rows = append(b.rows, r)
	}
	for i, name := range []string{"fast", "slow"} {
		nominal := math.Sqrt(low[i] * high[i])
		b.rows = append(b.rows, report.Row{What: "limit of the " + name + " statistic over 0.1 to 100 voices an hour, times off the nominal one", Trivial: "4.5 (Poisson CUSUM)", Bar: 1.5, Stretch: 1.2, AtMost: true, Unit: "%.2f", Got: high[i] / nominal,
			Note: fmt.Sprintf("%.2f to %.2f", low[i], high[i])})
		// The same, told as rates: how often one common limit alarms falsely.
		var all [][]float64
		for _, rate := range rates {
			all = append(all, calm[rate][i]...)
		}
		common := counts.Limit(all, falseAlarms)
		var rs []string
		most := 0.0
		for _, rate := range rates {
			n := 0
			for _, s := range calm[rate][i] {
				n += counts.Alarms(s, counts.LearnTo, common)
			}
			per100 := 100 * float64(n) / (100 * float64(counts.Weeks*168-counts.LearnTo) / 24)
			rs = append(rs, fmt.Sprintf("%.2f", per100))
			most = max(most, per100, 1/max(per100, 1e-9))
		}
		b.rows = append(b.rows, report.Row{What: fmt.Sprintf("false alarms of the %s statistic at one limit (%.2f) for all volumes, times off one in 100 days", name, common), AtMost: true, Bar: 1.5, Stretch: 1.2, Unit: "%.2f", Got: most,
			Note: "at 0.1, 0.2, 1, 5, 20 and 100 voices an hour: " + strings.Join(rs, ", ")})
	}
	b.rows = append(b.rows, report.Row{What: "processor time of all of these", AtMost: true, Bar: 60, Unit: "%.1f s", Got: (cpu() - began).Seconds()})
	return b.madePeers()
}

// madePeers gives the first made-up concerns of each kind to other methods.
func (b *bench) madePeers() error {
	voices := func(list []counts.Made) (all [][]float64) {
		for _, m := range list {
			all = append(all, m.Voices)
		}
		return all
	}
	own := method{"Hearback without the volume of the source", nil}
	failed := map[string]bool{}
	for _, c := range cells {
		calm, risen := counts.Calm(b.few, c.rate), counts.Risen(b.few, c.rate, c.shape)
		i := 0
		if c.slow {
			i = 1
		}
		mine, mineFound := counts.Delay(risen, followed(risen, true)[i], counts.Limit(followed(calm, true)[i], falseAlarms), c.within)
		for _, m := range append(b.peers(), own) {
			if failed[m.name] {
				continue
			}
			var quiet, loud [][]float64
			var err error
			if m.stat == nil {
				quiet, loud = followed(calm, false)[i], followed(risen, false)[i]
			} else if quiet, err = m.stat(voices(calm), 24); err == nil {
				loud, err = m.stat(voices(risen), 24)
			}
			if errors.Is(err, errPeer) {
				failed[m.name] = true
				b.others = append(b.others, report.Peer{What: "made-up concerns", Peer: m.name, Own: "–", Its: err.Error(), Ratio: "–"})
				continue
			}
			if err != nil {
				return err
			}
			its, itsFound := counts.Delay(risen, loud, counts.Limit(quiet, falseAlarms), c.within)
			p := report.Peer{What: c.what + ": median delay", Peer: m.name, Own: hours(mine, mineFound), Its: hours(its, itsFound), Ratio: fmt.Sprintf("%.1f", its/mine)}
			if math.IsInf(its, 1) {
				p.Ratio = "–"
			}
			if c.slow {
				p.What, p.Own, p.Its, p.Ratio = c.what+": found", fmt.Sprintf("%.2f", mineFound), fmt.Sprintf("%.2f", itsFound), fmt.Sprintf("%.1f", mineFound/itsFound)
			}
			b.others = append(b.others, p)
		}
	}
	return nil
}

func hours(median, found float64) string {
	if math.IsInf(median, 1) {
		return fmt.Sprintf("missed (%.2f found)", found)
	}
	return fmt.Sprintf("%.0f h (%.2f found)", median, found)
}

// labelled measures series that people labelled.
func (b *bench) labelled() error {
	tweets := report.Row{What: "NAB realTweets, standard profile", Trivial: "59.6 (ADVec)", Bar: 65, Stretch: 75, Unit: "%.1f"}
	found := report.Row{What: "onsets of crises found", Trivial: "6 of 8", Bar: 8, Unit: "%.0f"}
	delay := report.Row{What: "the same: median delay", Trivial: "5 min", Bar: 20, Stretch: 10, AtMost: true, Unit: "%.0f min"}
	before := report.Row{What: "the same: alarms before the onset, in all series", Bar: 0, AtMost: true, Unit: "%.0f"}
	list, err := counts.Labelled(b.data+"/bursts-nab", "realTweets")
	crises, cerr := counts.Labelled(b.data+"/bursts-crisis", "")
	if err = errors.Join(err, cerr); err != nil {
		if !errors.Is(err, os.ErrNotExist) {
			return err
		}
		for _, r := range []report.Row{tweets, found, delay, before} {
			r.Missing, r.Note = true, notHere
			b.rows = append(b.rows, r)
		}
		return nil
	}
	var alarms [][]bool
	for _, s := range list {
		a, err := filter(s)
		if err != nil {
			return err
		}
		alarms = append(alarms, a)
	}
	score, windows, extra := counts.NAB(list, alarms)
	tweets.Got, tweets.Note = score, fmt.Sprintf("%d windows found, %d alarms outside", windows, extra)
	var mine counts.Onsets
	for _, s := range crises {
		a, err := filter(s)
		if err != nil {
			return err
		}
		mine.Add(s, a)
	}
	found.Got, found.Note = float64(mine.Found), fmt.Sprintf("of %d; the window of %d holds nothing but zeros, so that no method can find it without guessing", mine.Windows, mine.Silent)
	delay.Got, before.Got = counts.Median(mine.Delays).Minutes(), float64(mine.Before)
	b.rows = append(b.rows, tweets, found, delay, before)
	for _, m := range b.peers() {
		if strings.Contains(m.name, "glrnb") {
			continue // it needs four weeks to learn from, which these series do not have before they are scored
		}
		if err := b.labelledPeer(m, list, crises, score, &mine); errors.Is(err, errPeer) {
			b.others = append(b.others, report.Peer{What: "labelled series", Peer: m.name, Own: "–", Its: err.Error(), Ratio: "–"})
		} else if err != nil {
			return err
		}
	}
	return nil
}

// labelledPeer looks for the limits at which another method does best.
func (b *bench) labelledPeer(m method, list, crises []counts.Series, score float64, mine *counts.Onsets) error {
	stats := func(list []counts.Series) (all [][]float64, err error) {
		for _, s := range list {
			one, err := m.stat([][]float64{s.Values}, s.PerDay())
			if err != nil {
				return nil, err
			}
			all = append(all, one[0])
		}
		return all, nil
	}
	of, err := stats(list)
	if err != nil {
		return err
	}
	best, at := math.Inf(-1), 0.0
	for limit := 1.0; limit < 200; limit *= 1.15 {
		var alarms [][]bool
		for i, s := range list {
			alarms = append(alarms, over(of[i], s.PerDay(), limit))
		}
		if got, _, _ := counts.NAB(list, alarms); got > best {
			best, at = got, limit
		}
	}
	b.others = append(b.others, report.Peer{What: "NAB realTweets, standard profile", Peer: fmt.Sprintf("%s (%.1f)", m.name, at), Own: fmt.Sprintf("%.1f", score), Its: fmt.Sprintf("%.1f", best), Ratio: fmt.Sprintf("%.2f", score/best)})
	if of, err = stats(crises); err != nil {
		return err
	}
	var its counts.Onsets
	for limit := 1.0; limit < 200; limit *= 1.15 {
		var o counts.Onsets
		for i, s := range crises {
			o.Add(s, over(of[i], s.PerDay(), limit))
		}
		// Without an alarm before the onset, as Hearback has to do it.
		if o.Before == 0 && (o.Found > its.Found || o.Found == its.Found && o.Found > 0 && counts.Median(o.Delays) < counts.Median(its.Delays)) {
			its, at = o, limit
		}
	}
	say := func(o *counts.Onsets) string {
		if o.Found == 0 {
			return "none"
		}
		return fmt.Sprintf("%d, after %.0f min", o.Found, counts.Median(o.Delays).Minutes())
	}
	ratio := "–"
	if its.Found > 0 {
		ratio = fmt.Sprintf("%.2f", float64(mine.Found)/float64(its.Found))
	}
	b.others = append(b.others, report.Peer{What: "onsets of crises found without an alarm before", Peer: fmt.Sprintf("%s (%.1f)", m.name, at), Own: say(mine), Its: say(&its), Ratio: ratio})
	return nil
}

// forecasts measures forecasts of the series of mentions.
func (b *bench) forecasts() error {
	list, err := counts.Labelled(b.data+"/bursts-nab", "realTweets")
	missing := errors.Is(err, os.ErrNotExist)
	if err != nil && !missing {
		return err
	}
	var all [4]counts.Foreseen
	if !missing {
		all = counts.Foresee(list)
	}
	for _, t := range forecast.Targets() {
		from, to := t.Span()
		name := fmt.Sprintf("forecasts of the next %d h", to)
		if from > 0 {
			name = fmt.Sprintf("forecasts of the hours %d to %d", from, to)
		}
		score := report.Row{What: name + ": relative WIS against the last 24 h", Trivial: "1.0", Bar: .80, Stretch: .70, AtMost: true, Missing: missing}
		cover := report.Row{What: "the same: what the 80 % interval holds, off 80", Bar: 5, AtMost: true, Unit: "%.1f points", Missing: missing}
		if missing {
			score.Note, cover.Note = notHere, notHere
		} else {
			score.Got, score.Note = all[t].Relative(), fmt.Sprintf("%.0f forecasts", all[t].N)
			cover.Got, cover.Note = math.Abs(100*all[t].Cover80()-80), fmt.Sprintf("%.1f %%", 100*all[t].Cover80())
		}
		b.rows = append(b.rows, score, cover)
	}
	return nil
}

// cost measures one hour of 20,000 concerns on one core.
func (b *bench) cost() error {
	var spent []float64
	h := newHour(20_000)
	for range 7 {
		began := cpu()
		h.step()
		spent = append(spent, (cpu() - began).Seconds())
	}
	b.rows = append(b.rows, report.Row{What: "one hour of 20,000 concerns: detection, rules, forecasts, scores; processor time", AtMost: true, Bar: 1, Stretch: .3, Unit: "%.2f s", Got: counts.Median(spent),
		Note: fmt.Sprintf("median of 7, %.2f to %.2f s", slices.Min(spent), slices.Max(spent))})
	return nil
}

// cpu is the processor time that this process used.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// complaint is what a program that failed said last.
func complaint(err error) string {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if lines := strings.Split(strings.TrimSpace(string(exit.Stderr)), "\n"); lines[0] != "" {
			return lines[0]
		}
	}
	return err.Error()
}
