package conformance

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/torchwood"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"example.org/hearback"
	"example.org/hearback/internal/translog"
)

// memory is a store of entries.
type memory []hearback.Entry

func (m *memory) LogSize(context.Context) (int64, error) { return int64(len(*m)), nil }

func (m *memory) Entries(_ context.Context, from int64, limit int) ([]hearback.Entry, error) {
	return (*m)[min(from, int64(len(*m))):min(from+int64(limit), int64(len(*m)))], nil
}

func (m *memory) grow(t *testing.T, n int) {
	t.Helper()
	for range n {
		seq := int64(len(*m))
		r := hearback.Record{Type: hearback.CaseMoved, At: time.Unix(seq, 0), Actor: hearback.System, Subject: fmt.Sprintf("case:%d", seq),
			Pub: map[string]any{"note": strings.Repeat("供水 ", rand.IntN(40))}}
		leaf, err := r.Leaf(seq)
		if err != nil {
			t.Fatal(err)
		}
		*m = append(*m, hearback.Entry{Seq: seq, Leaf: leaf})
	}
}

const origin = "answers.example.org/hearback/conformance"

// published is a log that grew in steps of random length, so that tiles were
// partial many times, served over HTTP, with a witness.
type published struct {
	dir     string
	url     string
	key     translog.Key
	log     *translog.Log
	entries memory
	witness string // verifier key
}

func publish(t *testing.T, steps, most int) *published {
	t.Helper()
	p := &published{dir: filepath.Join(t.TempDir(), "log")}
	var err error
	if p.key, err = translog.LoadOrCreateKey(filepath.Join(t.TempDir(), "log.key"), origin); err != nil {
		t.Fatal(err)
	}
	if p.log, err = translog.Open(p.dir, p.key, &p.entries); err != nil {
		t.Fatal(err)
	}
	w, err := translog.OpenWitness(t.TempDir(), "newsroom.example.org/witness", []string{p.key.VKey()})
	if err != nil {
		t.Fatal(err)
	}
	ws := httptest.NewServer(w.Handler())
	t.Cleanup(ws.Close)
	for range steps {
		p.entries.grow(t, 1+rand.IntN(most))
		if err := p.log.Publish(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.log.Confirm(t.Context(), []translog.WitnessClient{{URL: ws.URL, VKey: w.VKey(), Client: ws.Client()}}); err != nil {
		t.Fatal(err)
	}
	p.witness = w.VKey()
	s := httptest.NewServer(p.log.Handler())
	t.Cleanup(s.Close)
	p.url = s.URL + "/log/"
	return p
}

// hashes is what Tessera asks for: the leaf hashes of a bundle.
func hashes(bundle []byte) (list [][]byte, err error) {
	for len(bundle) > 0 {
		if len(bundle) < 2 || len(bundle)-2 < int(binary.BigEndian.Uint16(bundle)) {
			return nil, fmt.Errorf("the bundle ends in the middle of an entry")
		}
		end := 2 + int(binary.BigEndian.Uint16(bundle))
		h := tlog.RecordHash(bundle[2:end])
		list = append(list, h[:])
		bundle = bundle[end:]
	}
	return list, nil
}

func check(t *testing.T, p *published) error {
	t.Helper()
	root, err := url.Parse(p.url)
	if err != nil {
		t.Fatal(err)
	}
	f, err := client.NewHTTPFetcher(root, nil)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(p.key.VKey())
	if err != nil {
		t.Fatal(err)
	}
	// It tries again for ever what it cannot read.
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- fsck.New(origin, v, f, hashes, fsck.Opts{N: 2}).Check(ctx) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestTesseraFsck(t *testing.T) {
	for range 3 {
		p := publish(t, 25, 120)
		if err := check(t, p); err != nil {
			t.Errorf("fsck of %d entries: %v", len(p.entries), err)
		}
	}
}

func TestTesseraFsckFindsWhatWasEdited(t *testing.T) {
	for _, name := range []string{"tile/entries/001", "tile/0/000"} {
		p := publish(t, 25, 120)
		file := filepath.Join(p.dir, name)
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		b[len(b)/2] ^= 1
		if err := os.WriteFile(file, b, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := check(t, p); err == nil {
			t.Errorf("fsck does not see that %s was edited", name)
		}
		if _, err := translog.Audit(t.Context(), translog.Dir(p.dir), translog.AuditOptions{VKey: p.key.VKey()}); err == nil {
			t.Errorf("our audit does not see that %s was edited", name)
		}
	}
}

func TestTorchwoodReadsEverything(t *testing.T) {
	p := publish(t, 25, 120)
	v, err := note.NewVerifier(p.key.VKey())
	if err != nil {
		t.Fatal(err)
	}
	wv, err := torchwood.NewCosignatureVerifier(p.witness)
	if err != nil {
		t.Fatal(err)
	}
	policy := torchwood.ThresholdPolicy(3, torchwood.OriginPolicy(origin), torchwood.SingleVerifierPolicy(v), torchwood.SingleVerifierPolicy(wv))
	c, _, err := torchwood.VerifyCheckpoint(p.log.Checkpoint(), policy)
	if err != nil {
		t.Fatalf("the checkpoint with our signature and that of our witness: %v", err)
	}
	tiles, err := torchwood.NewTileFetcher(p.url)
	if err != nil {
		t.Fatal(err)
	}
	cl, err := torchwood.NewClient(tiles, torchwood.WithTimeout(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	n := int64(0)
	for i, entry := range cl.AllEntries(t.Context(), c.Tree, 0) {
		if i != n || !bytes.Equal(entry, p.entries[i].Leaf) {
			t.Fatalf("entry %d of torchwood is %q, want %q", i, entry, p.entries[n].Leaf)
		}
		n++
	}
	if err := cl.Err(); err != nil || n != int64(len(p.entries)) {
		t.Errorf("torchwood read %d of %d entries: %v", n, len(p.entries), err)
	}

	// What our pages carry holds as a C2SP tlog-proof.
	for _, i := range []int64{0, 255, 256, n - 1} {
		b, err := p.log.Bundle(t.Context(), i, nil)
		if err != nil {
			t.Fatal(err)
		}
		var x struct {
			Leaf       []byte
			Proof      [][]byte
			Checkpoint string
		}
		if err := json.Unmarshal(b, &x); err != nil {
			t.Fatal(err)
		}
		var proof tlog.RecordProof
		for _, h := range x.Proof {
			proof = append(proof, tlog.Hash(h))
		}
		text := torchwood.FormatProof(i, proof, []byte(x.Checkpoint))
		if err := torchwood.VerifyProof(policy, tlog.RecordHash(x.Leaf), text); err != nil {
			t.Errorf("the proof of entry %d: %v", i, err)
		}
		if err := torchwood.VerifyProof(policy, tlog.RecordHash([]byte("another")), text); err == nil {
			t.Errorf("the proof of entry %d proves another one", i)
		}
	}
}

// A cosignature that another program made is one to us.
func TestTorchwoodCosigns(t *testing.T) {
	p := publish(t, 3, 50)
	_, secret, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := torchwood.NewCosignatureSigner("court.example.org/witness", secret)
	if err != nil {
		t.Fatal(err)
	}
	v, err := translog.NewWitnessVerifier(s.Verifier().String())
	if err != nil {
		t.Fatalf("torchwood's key of a witness: %v", err)
	}
	signed, err := note.Sign(&note.Note{Text: string(p.log.Checkpoint()[:bytes.Index(p.log.Checkpoint(), []byte("\n\n"))+1])}, s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := note.Open(signed, note.VerifierList(v)); err != nil {
		t.Errorf("torchwood's cosignature: %v", err)
	}
}
