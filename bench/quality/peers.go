package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"example.org/hearback/bench/report"
)

// comparePeers runs other programs on the same messages.
func (b *bench) comparePeers() error {
	for _, x := range []struct {
		what, folder, file string
		themes             bool
	}{
		{"tweets, themes", "cluster-tweets-t", "stream.jsonl.gz", true},
		{"news titles, themes", "cluster-news-timed", "stream.jsonl.gz", true},
		{"questions, concerns", "questions-covidq", "questions.jsonl.gz", false},
	} {
		if !b.has(x.folder) {
			b.peers = append(b.peers, report.Beside("group, "+x.what, "scikit-learn", "–", notHere, "–"))
			continue
		}
		items, err := b.read(x.folder + "/" + x.file)
		if err != nil {
			return err
		}
		if err := b.sklearn(x.what, items, x.themes); err != nil {
			return err
		}
	}
	return b.fts5()
}

// sklearn compares group with two ways to group by scikit-learn. Both are given
// what group has not: all messages before the first is grouped, and the number
// of groups that people made, or the best of four thresholds, looked up
// afterwards.
func (b *bench) sklearn(what string, items []item, themes bool) error {
	begun, err := b.start("group")
	if err != nil {
		return err
	}
	out, spent, err := b.filter(items, "group")
	if err != nil {
		return err
	}
	var want, got []string
	for i, x := range items {
		in := out[i].Concern
		if themes {
			in = out[i].Theme
		}
		want, got = append(want, fmt.Sprint(x.Cluster)), append(got, in)
	}
	own, _, wanted, _ := groups(want, got)
	speed := float64(len(items)) / (spent.cpu - begun).Seconds()
	for _, method := range []struct {
		name   string
		method string
		values []string
	}{
		{"HashingVectorizer, MiniBatchKMeans", "kmeans", []string{fmt.Sprint(wanted)}},
		{"TfidfVectorizer, nearest centroid in batches", "centroid", []string{".05", ".1", ".2", ".4"}},
	} {
		best, its, at := -1.0, 0.0, ""
		for _, v := range method.values {
			cmd := exec.Command(b.python, "bench/peers/sklearn_groups.py", method.method, v)
			cmd.Env = append(os.Environ(), "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1")
			cmd.Stdin = jsonLines(len(items), func(i int) any { return items[i].Text })
			grouped, err := cmd.Output()
			if err != nil { // most likely it is not installed, and says how to
				b.peers = append(b.peers, report.Beside("group, "+what, "scikit-learn", fmt.Sprintf("%.3f", own), "not measured: "+complaint(err), "–"))
				return nil
			}
			var r struct {
				Seconds float64
				Groups  []int
			}
			if err := json.Unmarshal(grouped, &r); err != nil || len(r.Groups) != len(items) {
				return fmt.Errorf("scikit-learn grouped %d of %d messages: %w", len(r.Groups), len(items), err)
			}
			var found []string
			for _, g := range r.Groups {
				found = append(found, fmt.Sprint(g))
			}
			if f1, _, _, _ := groups(want, found); f1 > best {
				best, its, at = f1, float64(len(items))/r.Seconds, v
			}
		}
		name := fmt.Sprintf("scikit-learn: %s (%s)", method.name, at)
		b.peers = append(b.peers,
			report.Beside("group, "+what+": BCubed F1", name, fmt.Sprintf("%.3f", own), fmt.Sprintf("%.3f", best), fmt.Sprintf("%.2f", own/best)),
			report.Beside("group, "+what+": messages a second of processor time", name, fmt.Sprintf("%.0f", speed), fmt.Sprintf("%.0f", its), fmt.Sprintf("%.2f", speed/its)))
	}
	return nil
}

// fts5 compares match with the bm25 of SQLite, which has a program of its own.
func (b *bench) fts5() error {
	const folder = "claims-clef2020"
	if !b.has(folder) {
		b.peers = append(b.peers, report.Beside("match, claims", "SQLite FTS5 bm25", "–", notHere, "–"))
		return nil
	}
	out, err := exec.Command("go", "run", "./bench/peers/fts5", "-data", b.data+"/"+folder).Output()
	if err != nil {
		return fmt.Errorf("bench/peers/fts5: %s", complaint(err))
	}
	type side struct {
		MAP5   float64 `json:"map5"`
		Millis float64 `json:"ms_per_query"`
	}
	var r struct {
		Peer  side `json:"fts5_bm25"`
		Match side
	}
	if err := json.Unmarshal(out, &r); err != nil {
		return fmt.Errorf("bench/peers/fts5: %w", err)
	}
	b.peers = append(b.peers,
		report.Beside("match, claims, dev: MAP@5", "SQLite FTS5 bm25", fmt.Sprintf("%.3f", r.Match.MAP5), fmt.Sprintf("%.3f", r.Peer.MAP5), fmt.Sprintf("%.2f", r.Match.MAP5/r.Peer.MAP5)),
		report.Beside("match, claims, dev: processor ms a query", "SQLite FTS5 bm25", fmt.Sprintf("%.2f", r.Match.Millis), fmt.Sprintf("%.2f", r.Peer.Millis), fmt.Sprintf("%.2f", r.Peer.Millis/r.Match.Millis)))
	return nil
}

// complaint is what a failed command wrote on standard error.
func complaint(err error) string {
	var e *exec.ExitError
	if errors.As(err, &e) {
		return strings.TrimSpace(string(e.Stderr))
	}
	return err.Error()
}
