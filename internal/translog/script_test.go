package translog_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"example.org/hearback/internal/translog"
)

// runner reads cases from a file and prints what the script says to each.
const runner = `
import { readFileSync } from "node:fs";
import { verifyBundle, verifyPage, fingerprint } from "./verify.mjs";
const out = [];
for (const c of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  try {
    out.push((await verifyBundle(c.bundle, { key: c.key })).checks);
  } catch {
    out.push(null);
  }
}
console.log(JSON.stringify(out));
`

// TestScript runs the browser's verifier on whole and tampered proofs, where
// there is a Node to run it, and compares every line of its reports with ours.
func TestScript(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("there is no node to run the browser's verifier with")
	}
	w := answer(t)
	type tamper struct {
		Bundle string `json:"bundle"`
		Key    string `json:"key"`
	}
	var cases []tamper
	add := func(b []byte, key string) { cases = append(cases, tamper{string(b), key}) }
	whole := w.bundle(t)
	add(whole, "")
	add(whole, w.key.VKey())
	add(whole, key(t).VKey())
	add(bytes.Replace(whole, []byte("one minute"), []byte("two minute"), 1), "")
	add([]byte("{}"), "")
	for _, field := range []string{"index", "leaf", "proof", "checkpoint", "origin", "answer", "vkey"} {
		var m map[string]any
		if err := json.Unmarshal(whole, &m); err != nil {
			t.Fatal(err)
		}
		switch v := m[field].(type) {
		case float64:
			m[field] = v + 1
		case []any:
			m[field] = v[:len(v)-1]
		case string:
			m[field] = v[:20] + "A" + v[21:]
		case map[string]any:
			delete(m, field)
		}
		b, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		add(b, w.key.VKey())
	}
	// Every place in logs of many shapes.
	for _, size := range []int{1, 2, 3, 4, 5, 7, 8, 100, 257} {
		_, _, _, l := logOf(t, size)
		for _, i := range []int{0, size / 3, size / 2, size - 1} {
			b, err := l.Bundle(t.Context(), int64(i), nil)
			if err != nil {
				t.Fatal(err)
			}
			add(b, "")
		}
	}

	dir := t.TempDir()
	text, err := translog.Script()
	if err != nil {
		t.Fatal(err)
	}
	input, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"verify.mjs": text, "run.mjs": []byte(runner), "cases.json": input} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), node, "run.mjs", "cases.json")
	cmd.Dir = dir
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, err.(*exec.ExitError).Stderr)
	}
	var got [][]translog.Check
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	for i, c := range cases {
		r, err := translog.VerifyBundle([]byte(c.Bundle), translog.VerifyOptions{Key: c.Key})
		if err != nil {
			if got[i] != nil {
				t.Errorf("case %d: we refuse it (%v), the script says %v", i, err, got[i])
			}
			continue
		}
		script := map[string]translog.Check{}
		for _, c := range got[i] {
			script[c.ID] = c
		}
		for _, c := range r.Checks {
			if script[c.ID] != c {
				t.Errorf("case %d: we say %+v, the script %+v", i, c, script[c.ID])
			}
		}
	}
}
