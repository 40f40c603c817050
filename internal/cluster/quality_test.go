package cluster_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
)

// labelled is where labelled data lies when the checkout stands beside it.
const labelled = "../../../shared/data"

// grouped are messages with the group people put them in, and the groups that
// were found.
type grouped struct{ want, concern, theme []string }

// read groups a file of labelled messages in its order.
func read(t *testing.T, name string) grouped {
	t.Helper()
	file, err := os.Open(filepath.Join(labelled, name))
	if err != nil {
		t.Skip("the labelled data is not here: ", err)
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	st := newStream(t)
	var out grouped
	in := bufio.NewScanner(z)
	in.Buffer(nil, 1<<22)
	for in.Scan() {
		var m struct {
			Text    string
			Time    *time.Time
			Cluster any
		}
		if err := json.Unmarshal(in.Bytes(), &m); err != nil {
			t.Fatal(err)
		}
		d := st.a.Analyze(m.Text, "")
		if m.Time != nil {
			st.at = *m.Time
		}
		as := st.g.Add(st.id(), st.at, d.Lang, &d, st.g.Sign(&d))
		out.add(fmt.Sprint(m.Cluster), as.Concern, as.Theme)
	}
	return out
}

func (g *grouped) add(want string, concern, theme hearback.ID) {
	g.want = append(g.want, want)
	g.concern = append(g.concern, concern.String())
	g.theme = append(g.theme, theme.String())
}

// bcubed is the F1 of Bagga and Baldwin (1998), and how many groups there are
// for each that people made.
func bcubed(want, got []string) (f1, ratio float64) {
	type cell struct{ w, g string }
	both, w, g := map[cell]float64{}, map[string]float64{}, map[string]float64{}
	for i := range want {
		both[cell{want[i], got[i]}]++
		w[want[i]]++
		g[got[i]]++
	}
	var p, r float64
	for c, n := range both {
		p += n * n / g[c.g]
		r += n * n / w[c.w]
	}
	return 2 * p * r / (p + r) / float64(len(want)), float64(len(g)) / float64(len(w))
}

// TestQuality holds what grouping reached on labelled streams with its
// defaults. A single pass of tf-idf with the best threshold for each has .744,
// .749 and .567.
func TestQuality(t *testing.T) {
	for _, tt := range []struct {
		name, file string
		themes     bool
		f1, ratio  float64
	}{
		{"tweets", "cluster-tweets-t/stream.jsonl.gz", true, .82, 1.5},
		{"news", "cluster-news-timed/stream.jsonl.gz", true, .815, 1.9},
		{"questions", "questions-covidq/questions.jsonl.gz", false, .66, 1.8},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := read(t, tt.file)
			got := g.concern
			if tt.themes {
				got = g.theme
			}
			f1, ratio := bcubed(g.want, got)
			t.Logf("BCubed F1 %.3f, %.2f groups for each", f1, ratio)
			if f1 < tt.f1 || ratio > tt.ratio {
				t.Errorf("BCubed F1 %.3f with %.2f groups for each, want %.3f and at most %.2f", f1, ratio, tt.f1, tt.ratio)
			}
		})
	}
}

// TestBilingual groups forty things, each said twice in English and twice in
// Chinese, in scattered order: few are put together that do not belong.
func TestBilingual(t *testing.T) {
	b, err := os.ReadFile("../match/testdata/concerns.tsv")
	if err != nil {
		t.Fatal(err)
	}
	type said struct{ want, text string }
	var list []said
	for i, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		for _, x := range strings.Split(line, "\t") {
			list = append(list, said{fmt.Sprint(i), x})
		}
	}
	st := newStream(t)
	var g grouped
	across := 0
	langs := map[hearback.ID]string{}
	for i := range list {
		x := list[i*37%len(list)] // 37 and the length have no divisor in common
		d := st.a.Analyze(x.text, "")
		as := st.g.Add(st.id(), st.at, d.Lang, &d, st.g.Sign(&d))
		g.add(x.want, as.Concern, as.Theme)
		if was, ok := langs[as.Concern]; ok && was != d.Lang {
			across++
		}
		langs[as.Concern] = d.Lang
	}
	f1, _ := bcubed(g.want, g.concern)
	t.Logf("BCubed F1 %.3f, %d messages joined a concern of the other language", f1, across)
	if f1 < 0.55 || across < 10 {
		t.Errorf("BCubed F1 %.3f with %d across languages, want .55 and 10", f1, across)
	}
}
