// Command fts5 measures the peer of package match: the bm25 of SQLite FTS5 over
// the same answers and queries, beside package match in the same run. It reads
// a folder of claims-clef2020 (docs.jsonl.gz, queries.dev.jsonl.gz,
// qrels.dev.tsv.gz) and prints one line of JSON: MAP@5, processor
// milliseconds a query, and the ratios.
package main

import (
	"bufio"
	"compress/gzip"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
	"unicode"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"example.org/hearback/data"
	"example.org/hearback/internal/match"
	"example.org/hearback/internal/text"
	"example.org/hearback/internal/text/lexvec"
)

func main() {
	dir := flag.String("data", "../shared/data/claims-clef2020", "folder with docs, queries and qrels")
	part := flag.String("part", "dev", "which queries")
	flag.Parse()
	if err := run(*dir, *part); err != nil {
		fmt.Fprintln(os.Stderr, "fts5:", err)
		os.Exit(1)
	}
}

type claim struct{ ID, Claim, Title string }

type query struct{ ID, Text, Lang string }

// A result is one line of the comparison.
type result struct {
	MAP5   float64 `json:"map5"`
	Millis float64 `json:"ms_per_query"`
}

func run(dir, part string) error {
	var docs []claim
	var queries []query
	if err := lines(filepath.Join(dir, "docs.jsonl.gz"), &docs); err != nil {
		return err
	}
	if err := lines(filepath.Join(dir, "queries."+part+".jsonl.gz"), &queries); err != nil {
		return err
	}
	right, err := qrels(filepath.Join(dir, "qrels."+part+".tsv.gz"))
	if err != nil {
		return err
	}
	peer, err := fts5(docs, queries, right)
	if err != nil {
		return err
	}
	own, err := hearback(docs, queries, right)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"answers": len(docs), "queries": len(right), "fts5_bm25": peer, "match": own,
		"map5_ratio": own.MAP5 / peer.MAP5, "speed_ratio": peer.Millis / own.Millis,
	})
}

// fts5 asks SQLite: claim and title, stemmed by porter, every word of the
// query may match.
func fts5(docs []claim, queries []query, right map[string]map[string]bool) (result, error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return result{}, err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`CREATE VIRTUAL TABLE claims USING fts5(id UNINDEXED, claim, title, tokenize = 'porter unicode61')`); err != nil {
		return result{}, err
	}
	tx, err := db.Begin()
	if err != nil {
		return result{}, err
	}
	for _, d := range docs {
		if _, err := tx.Exec(`INSERT INTO claims VALUES (?, ?, ?)`, d.ID, d.Claim, d.Title); err != nil {
			return result{}, err
		}
	}
	if err := tx.Commit(); err != nil {
		return result{}, err
	}
	find, err := db.Prepare(`SELECT id FROM claims WHERE claims MATCH ? ORDER BY rank LIMIT 5`)
	if err != nil {
		return result{}, err
	}
	defer find.Close()
	return measure(queries, right, func(q query) (ids []string, err error) {
		words := strings.FieldsFunc(q.Text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		for i, w := range words {
			words[i] = `"` + w + `"`
		}
		rows, err := find.Query(strings.Join(words, " OR "))
		if err != nil {
			return nil, err
		}
		defer rows.Close()
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				return nil, err
			}
			ids = append(ids, id)
		}
		return ids, rows.Err()
	})
}

func hearback(docs []claim, queries []query, right map[string]map[string]bool) (result, error) {
	a, err := text.New()
	if err != nil {
		return result{}, err
	}
	v, err := lexvec.Load(data.LexVec())
	if err != nil {
		return result{}, err
	}
	ix := match.New(a, v, match.Options{})
	for _, d := range docs {
		ix.Add(match.Answer{ID: d.ID, Claim: d.Claim, Title: d.Title})
	}
	return measure(queries, right, func(q query) (ids []string, err error) {
		for _, m := range ix.Find(q.Text, q.Lang, 5) {
			ids = append(ids, m.Answer)
		}
		return ids, nil
	})
}

// measure returns MAP@5 and the processor time of a query.
func measure(queries []query, right map[string]map[string]bool, find func(query) ([]string, error)) (result, error) {
	sum, n := 0.0, 0.0
	began := cpu()
	for _, q := range queries {
		gold := right[q.ID]
		if len(gold) == 0 {
			continue
		}
		ids, err := find(q)
		if err != nil {
			return result{}, fmt.Errorf("query %s: %w", q.ID, err)
		}
		hits, ap := 0.0, 0.0
		for i, id := range ids {
			if gold[id] {
				hits++
				ap += hits / float64(i+1)
			}
		}
		sum += ap / float64(min(len(gold), 5))
		n++
	}
	took := cpu() - began
	return result{MAP5: sum / n, Millis: took.Seconds() * 1000 / n}, nil
}

// cpu returns the processor time of the process, of user and system.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// lines appends every JSON line of a gzip file to out.
func lines[T any](name string, out *[]T) error {
	return each(name, func(b []byte) error {
		var v T
		if err := json.Unmarshal(b, &v); err != nil {
			return err
		}
		*out = append(*out, v)
		return nil
	})
}

// qrels reads which claims answer which query.
func qrels(name string) (map[string]map[string]bool, error) {
	right := map[string]map[string]bool{}
	err := each(name, func(b []byte) error {
		f := strings.Fields(string(b))
		if len(f) < 4 || f[3] == "0" {
			return nil
		}
		if right[f[0]] == nil {
			right[f[0]] = map[string]bool{}
		}
		right[f[0]][f[2]] = true
		return nil
	})
	return right, err
}

func each(name string, f func(line []byte) error) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	s := bufio.NewScanner(z)
	s.Buffer(nil, 4<<20)
	for s.Scan() {
		if err := f(s.Bytes()); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return s.Err()
}
