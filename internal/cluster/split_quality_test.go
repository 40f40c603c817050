package cluster_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"example.org/hearback"
	"example.org/hearback/data"
	"example.org/hearback/internal/cluster"
	"example.org/hearback/internal/text/lexvec"
)

// cutFigures are what Bisect did with concerns that hold one thing, and with
// those that hold two.
type cutFigures struct{ whole, cutWhole, mixed, found, right int }

// labelledSaid is a message with the group people put it in.
type labelledSaid struct {
	cluster.Said
	want string
}

// leading returns the commonest group, the next, and how many of each.
func leading(list []labelledSaid, keep func(hearback.ID) bool) (first, second string, n, m int) {
	count := map[string]int{}
	for _, s := range list {
		if keep(s.ID) {
			count[s.want]++
		}
	}
	for w, k := range count {
		switch {
		case k > n || k == n && w < first:
			first, second, n, m = w, first, k, n
		case k > m || k == m && w < second:
			second, m = w, k
		}
	}
	return first, second, n, m
}

func (f *cutFigures) add(c *cluster.Cut, list []labelledSaid) {
	all := func(hearback.ID) bool { return true }
	_, _, n, m := leading(list, all)
	mixed := m >= 4 && 5*m >= len(list)
	if !mixed && 10*n < 9*len(list) {
		return // neither one thing nor two
	}
	right := false
	if c != nil {
		in := func(ids []hearback.ID) func(hearback.ID) bool {
			return func(id hearback.ID) bool { return slices.Contains(ids, id) }
		}
		x, _, a, _ := leading(list, in(c.Here))
		y, _, b, _ := leading(list, in(c.There))
		right = x != y && 10*(a+b) >= 8*(len(c.Here)+len(c.There))
	}
	if mixed {
		f.mixed++
		if c != nil {
			f.found++
		}
		if right {
			f.right++
		}
	} else {
		f.whole++
		if c != nil {
			f.cutWhole++
		}
	}
}

func (f cutFigures) String() string {
	return fmt.Sprintf("%d of %d concerns of one thing cut; %d of %d of two things cut, %d of them along the line", f.cutWhole, f.whole, f.found, f.mixed, f.right)
}

// TestCutQuality measures proposals to split: on the concerns that grouping
// made of labelled streams, and on pairs of its concerns put together.
func TestCutQuality(t *testing.T) {
	v, err := lexvec.Load(data.LexVec())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"cluster-tweets-t/stream.jsonl.gz", "cluster-news-timed/stream.jsonl.gz", "questions-covidq/questions.jsonl.gz"} {
		t.Run(name, func(t *testing.T) {
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
			by := map[hearback.ID][]labelledSaid{}
			var ids []hearback.ID
			in := bufio.NewScanner(z)
			in.Buffer(nil, 1<<22)
			for in.Scan() {
				var m struct {
					Text    string
					Cluster any
				}
				if err := json.Unmarshal(in.Bytes(), &m); err != nil {
					t.Fatal(err)
				}
				s := cluster.Read(st.a, &hearback.Message{ID: st.id(), Text: m.Text})
				as := st.g.Add(s.ID, st.at, s.Doc.Lang, &s.Doc, st.g.Sign(&s.Doc))
				if as.CopyOf != 0 {
					continue
				}
				if as.New {
					ids = append(ids, as.Concern)
				}
				by[as.Concern] = append(by[as.Concern], labelledSaid{s, fmt.Sprint(m.Cluster)})
			}
			bisect := func(list []labelledSaid) *cluster.Cut {
				rare := map[uint64]float32{}
				var said []cluster.Said
				for _, s := range list {
					said = append(said, s.Said)
					for _, p := range s.Pieces {
						rare[p.Hash] = 0
					}
				}
				st.g.Rarity(rare)
				return cluster.Bisect(st.a, v, said, rare)
			}
			newest := func(id hearback.ID, n int) []labelledSaid {
				return by[id][max(0, len(by[id])-n):]
			}
			var made, pairs cutFigures
			var last hearback.ID
			for _, id := range ids {
				if len(by[id]) < 8 {
					continue
				}
				list := newest(id, 50)
				made.add(bisect(list), list)
				if last != 0 {
					both := append(slices.Clone(newest(last, 25)), newest(id, 25)...)
					pairs.add(bisect(both), both)
				}
				last = id
			}
			t.Logf("as grouped: %v", made)
			t.Logf("neighbours put together: %v", pairs)
			if made.cutWhole > 1+made.whole/20 {
				t.Errorf("%d of %d concerns of one thing would be cut, want at most one in twenty", made.cutWhole, made.whole)
			}
			if 20*pairs.found < 19*pairs.mixed {
				t.Errorf("%d of %d pairs are found, want nineteen of twenty", pairs.found, pairs.mixed)
			}
		})
	}
}
