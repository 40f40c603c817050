package translog

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"example.org/hearback"
)

// algCosignature is the signature type of a witness, in C2SP tlog-cosignature.
const algCosignature = 4

// A witnessVerifier checks cosignatures: Ed25519 over the time and the
// checkpoint.
type witnessVerifier struct {
	name string
	hash uint32
	pub  ed25519.PublicKey
}

// NewWitnessVerifier returns the verifier of a witness's key, in the form
// name+hash+base64 with signature type 4.
func NewWitnessVerifier(vkey string) (note.Verifier, error) {
	bad := fmt.Errorf("%w: %.80q is not the verifier key of a witness", ErrKey, vkey)
	f := strings.SplitN(vkey, "+", 3)
	if len(f) != 3 || f[0] == "" || len(f[1]) != 8 || strings.ContainsAny(f[0], " \t\r\n") {
		return nil, bad
	}
	hash, err := strconv.ParseUint(f[1], 16, 32)
	raw, err2 := base64.StdEncoding.DecodeString(f[2])
	if err != nil || err2 != nil || len(raw) != 1+ed25519.PublicKeySize || raw[0] != algCosignature || witnessHash(f[0], raw[1:]) != uint32(hash) {
		return nil, bad
	}
	return witnessVerifier{f[0], uint32(hash), raw[1:]}, nil
}

func witnessHash(name string, pub ed25519.PublicKey) uint32 {
	h := sha256.New()
	h.Write([]byte(name + "\n"))
	h.Write([]byte{algCosignature})
	h.Write(pub)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

func (v witnessVerifier) Name() string    { return v.name }
func (v witnessVerifier) KeyHash() uint32 { return v.hash }

func (v witnessVerifier) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	t := binary.BigEndian.Uint64(sig)
	return t < 1<<62 && ed25519.Verify(v.pub, cosigned(t, msg), sig[8:])
}

// cosigned is what a witness signs.
func cosigned(t uint64, checkpoint []byte) []byte {
	return append(fmt.Appendf(nil, "cosignature/v1\ntime %d\n", t), checkpoint...)
}

// A Witness watches logs of others and confirms that each of their new
// checkpoints continues the one before: the server of C2SP tlog-witness. It
// keeps one file for each log, and its key, in a directory of its own.
type Witness struct {
	Now func() time.Time

	name string
	key  ed25519.PrivateKey
	logs map[string][]string // verifier keys by origin: a log may have changed its key
	dir  string
	mu   sync.Mutex // makes comparing with the last checkpoint and replacing it one step
}

// OpenWitness opens the witness called name in dir, making its key at first
// use. logs are the verifier keys of the logs it watches; it knows no others.
func OpenWitness(dir, name string, logs []string) (*Witness, error) {
	if name == "" || strings.ContainsAny(name, "+ \t\r\n") {
		return nil, fmt.Errorf("%w: %q cannot name a witness; use a host and a path, like newsroom.example.org/witness", hearback.ErrInvalid, name)
	}
	w := &Witness{Now: time.Now, name: name, logs: map[string][]string{}, dir: dir}
	for _, vkey := range logs {
		v, err := note.NewVerifier(vkey)
		if err != nil {
			return nil, fmt.Errorf("%w: %.80q is not the verifier key of a log", ErrKey, vkey)
		}
		w.logs[v.Name()] = append(w.logs[v.Name()], vkey)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open witness: %w", err)
	}
	path := filepath.Join(dir, "witness.key")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		seed := make([]byte, ed25519.SeedSize)
		rand.Read(seed) // never fails
		text = fmt.Appendln(nil, hex.EncodeToString(seed))
		f := writing{mode: 0o600}
		f.add("witness.key", text)
		err = f.write(dir)
	}
	if err != nil {
		return nil, fmt.Errorf("open witness: %w", err)
	}
	seed, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("%w: %s does not hold the key of a witness", ErrKey, path)
	}
	w.key = ed25519.NewKeyFromSeed(seed)
	return w, nil
}

func (w *Witness) verifier() witnessVerifier {
	pub := w.key.Public().(ed25519.PublicKey)
	return witnessVerifier{w.name, witnessHash(w.name, pub), pub}
}

// VKey returns the verifier key that others check confirmations with.
func (w *Witness) VKey() string {
	v := w.verifier()
	return fmt.Sprintf("%s+%08x+%s", v.name, v.hash, base64.StdEncoding.EncodeToString(append([]byte{algCosignature}, v.pub...)))
}

// Handler serves POST /add-checkpoint, as C2SP tlog-witness describes it.
func (w *Witness) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /add-checkpoint", func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(rw, r.Body, maxCheckpoint))
		if err != nil {
			http.Error(rw, "the request is too long", http.StatusRequestEntityTooLarge)
			return
		}
		lines, size, code, err := w.add(body)
		switch {
		case code == http.StatusOK:
			rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
			rw.Write(lines)
		case code == http.StatusConflict:
			rw.Header().Set("Content-Type", "text/x.tlog.size")
			rw.WriteHeader(code)
			fmt.Fprintf(rw, "%d\n", size)
		default:
			http.Error(rw, err.Error(), code)
		}
	})
	return mux
}

// add checks a submitted checkpoint and returns the confirming signature line,
// or the size it knows and a status.
func (w *Witness) add(body []byte) (lines []byte, known int64, code int, err error) {
	old, proof, signed, err := parseSubmission(body)
	if err != nil {
		return nil, 0, http.StatusBadRequest, err
	}
	origin, _, _ := bytes.Cut(signed, []byte("\n"))
	vkeys := w.logs[string(origin)]
	if len(vkeys) == 0 {
		return nil, 0, http.StatusNotFound, fmt.Errorf("this witness does not watch the log %.80q", origin)
	}
	c, err := parseAny(signed, vkeys)
	switch {
	case errors.Is(err, ErrKey):
		return nil, 0, http.StatusForbidden, err
	case err != nil:
		return nil, 0, http.StatusBadRequest, err
	case old > c.Size:
		return nil, 0, http.StatusBadRequest, fmt.Errorf("the old size %d is above the new size %d", old, c.Size)
	}

	w.mu.Lock()
	defer w.mu.Unlock()
	sum := sha256.Sum256(origin)
	file := hex.EncodeToString(sum[:]) + ".checkpoint"
	last := Checkpoint{Origin: c.Origin}
	text, err := os.ReadFile(filepath.Join(w.dir, file))
	if err == nil {
		last, err = parseAny(text, vkeys)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, 0, http.StatusInternalServerError, errors.New("the witness cannot read what it knows of this log")
	}
	switch {
	case old != last.Size, text != nil && c.Size == last.Size && c.Root != last.Root:
		return nil, last.Size, http.StatusConflict, fmt.Errorf("the last size this witness confirmed is %d", last.Size)
	case old == 0 && len(proof) > 0:
		return nil, 0, http.StatusUnprocessableEntity, errors.New("a first checkpoint has no proof")
	case old > 0 && tlog.CheckTree(proof, c.Size, c.Root, old, last.Root) != nil:
		return nil, 0, http.StatusUnprocessableEntity, errors.New("the proof does not show that the log continues what this witness confirmed")
	}
	// What was confirmed is durable before anyone learns of it.
	f := writing{mode: 0o600}
	f.add(file, signed)
	if err := f.write(w.dir); err != nil {
		return nil, 0, http.StatusInternalServerError, errors.New("the witness cannot keep the checkpoint")
	}
	v := w.verifier()
	t := uint64(max(w.Now().Unix(), 0))
	sig := binary.BigEndian.AppendUint32(nil, v.hash)
	sig = binary.BigEndian.AppendUint64(sig, t)
	sig = append(sig, ed25519.Sign(w.key, cosigned(t, []byte(c.body(signed))))...)
	return fmt.Appendf(nil, "— %s %s\n", w.name, base64.StdEncoding.EncodeToString(sig)), 0, http.StatusOK, nil
}

// parseAny reads a checkpoint that one of the keys signed.
func parseAny(msg []byte, vkeys []string) (c Checkpoint, err error) {
	for _, vkey := range vkeys {
		if c, err = ParseCheckpoint(msg, vkey); !errors.Is(err, ErrKey) {
			return c, err
		}
	}
	return c, err
}

// body returns the signed text of a checkpoint that was parsed: it may have
// lines after the root.
func (Checkpoint) body(signed []byte) string {
	return string(signed[:bytes.LastIndex(signed, []byte("\n\n"))+1])
}

// parseSubmission reads an old size, a proof, an empty line and a checkpoint.
func parseSubmission(body []byte) (old int64, proof tlog.TreeProof, signed []byte, err error) {
	bad := fmt.Errorf("%w: the request is not an old size, a proof, an empty line and a checkpoint", hearback.ErrInvalid)
	head, signed, ok := bytes.Cut(body, []byte("\n\n"))
	if !ok {
		return 0, nil, nil, bad
	}
	lines := strings.Split(string(head), "\n")
	digits, ok := strings.CutPrefix(lines[0], "old ")
	old, perr := strconv.ParseInt(digits, 10, 64)
	if !ok || perr != nil || old < 0 || strconv.FormatInt(old, 10) != digits || len(lines) > 64 {
		return 0, nil, nil, bad
	}
	for _, line := range lines[1:] {
		h, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(h) != tlog.HashSize {
			return 0, nil, nil, bad
		}
		proof = append(proof, tlog.Hash(h))
	}
	return old, proof, signed, nil
}

// A WitnessClient is a witness elsewhere that confirms our log.
type WitnessClient struct {
	URL    string // submission prefix: add-checkpoint is under it
	VKey   string
	Client *http.Client
}

// A Confirmation says what a witness confirmed last.
type Confirmation struct {
	Witness string    `json:"witness"`
	VKey    string    `json:"vkey"`
	Size    int64     `json:"size"`
	At      time.Time `json:"at"` // by the clock of the witness
}

// Confirm asks witnesses to confirm the newest checkpoint, and puts their
// signatures into it. A witness that cannot be reached or refuses is in the
// error; the others count all the same. What was confirmed is kept for the
// proofs of pages, also if the log has gone on meanwhile.
func (l *Log) Confirm(ctx context.Context, witnesses []WitnessClient) error {
	s := l.state.Load()
	if s.signed == nil || s.Size == 0 {
		return nil
	}
	var errs []error
	var added []note.Signature
	for _, w := range witnesses {
		sig, err := l.ask(ctx, w, s)
		if err != nil {
			errs = append(errs, fmt.Errorf("witness %s: %w", w.URL, err))
			continue
		}
		added = append(added, sig)
	}
	if len(added) == 0 {
		return errors.Join(errs...)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken != nil {
		return errors.Join(errs...)
	}
	signed, err := note.Sign(&note.Note{Text: s.text(), Sigs: added}, l.key.signer)
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	list := slices.SortedFunc(maps.Values(l.Confirmations()), func(a, b Confirmation) int { return strings.Compare(a.VKey, b.VKey) })
	text, err := json.Marshal(list)
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	now := l.state.Load()
	var f writing
	f.add("cosigned", signed)
	f.add("witnesses", append(text, '\n'))
	if now.Size == s.Size {
		f.add("checkpoint", signed)
	}
	if err := f.write(l.dir); err != nil {
		return l.stop(err)
	}
	l.cosigned.Store(&state{s.Checkpoint, signed, s.at})
	if now.Size == s.Size {
		l.state.Store(&state{s.Checkpoint, signed, now.at})
	}
	return errors.Join(errs...)
}

// Confirmations lists what each witness confirmed last, by verifier key.
func (l *Log) Confirmations() map[string]Confirmation {
	list := map[string]Confirmation{}
	l.confirmed.Range(func(k, v any) bool {
		list[k.(string)] = v.(Confirmation)
		return true
	})
	return list
}

// loadConfirmed reads what witnesses confirmed before this start. It is no
// record of truth, so a damaged file is as good as none: the next confirmation
// writes it again.
func (l *Log) loadConfirmed(c Checkpoint) error {
	text, err := os.ReadFile(l.path("witnesses"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var list []Confirmation
	if json.Unmarshal(text, &list) == nil {
		for _, x := range list {
			if x.Size <= c.Size {
				l.confirmed.Store(x.VKey, x)
			}
		}
	}
	signed, err := os.ReadFile(l.path("cosigned"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if old, err := ParseCheckpoint(signed, l.key.VKey()); err == nil && c.same(old) == nil {
		l.cosigned.Store(&state{Checkpoint: old, signed: signed})
	}
	return nil
}

// ask gets one witness to confirm a state. The witness says from which size it
// wants a proof; what we remember saves that round.
func (l *Log) ask(ctx context.Context, w WitnessClient, s *state) (note.Signature, error) {
	v, err := NewWitnessVerifier(w.VKey)
	if err != nil {
		return note.Signature{}, err
	}
	var old int64
	if c, ok := l.confirmed.Load(w.VKey); ok {
		old = c.(Confirmation).Size
	}
	for range 2 {
		var proof tlog.TreeProof
		if old > 0 && old < s.Size {
			if proof, err = tlog.ProveTree(s.Size, old, hashReader(ctx, Dir(l.dir), s.Checkpoint)); err != nil {
				return note.Signature{}, err
			}
		}
		lines, known, err := w.submit(ctx, old, proof, s.signed)
		if err != nil {
			return note.Signature{}, err
		}
		if lines == nil {
			if known > s.Size {
				return note.Signature{}, fmt.Errorf("%w: it has confirmed %d entries, and the log has %d", ErrShrank, known, s.Size)
			}
			if known == old {
				break
			}
			old = known
			continue
		}
		n, err := note.Open(append([]byte(s.text()+"\n"), lines...), note.VerifierList(v))
		if err != nil {
			return note.Signature{}, fmt.Errorf("%w: its answer does not carry its signature", ErrKey)
		}
		raw, err := base64.StdEncoding.DecodeString(n.Sigs[0].Base64)
		if err != nil || len(raw) < 12 {
			return note.Signature{}, fmt.Errorf("%w: its answer does not carry its signature", ErrKey)
		}
		at := time.Unix(int64(binary.BigEndian.Uint64(raw[4:])), 0).UTC()
		l.confirmed.Store(w.VKey, Confirmation{Witness: v.Name(), VKey: w.VKey, Size: s.Size, At: at})
		return n.Sigs[0], nil
	}
	return note.Signature{}, fmt.Errorf("%w: it knows another log of this name and size", ErrFork)
}

// submit sends a checkpoint. It returns signature lines, or nil and the size
// that the witness knows.
func (w WitnessClient) submit(ctx context.Context, old int64, proof tlog.TreeProof, signed []byte) (lines []byte, known int64, err error) {
	var body bytes.Buffer
	fmt.Fprintf(&body, "old %d\n", old)
	for _, h := range proof {
		fmt.Fprintf(&body, "%s\n", h)
	}
	fmt.Fprintf(&body, "\n%s", signed)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(w.URL, "/")+"/add-checkpoint", &body)
	if err != nil {
		return nil, 0, err
	}
	res, err := w.Client.Do(req)
	if err != nil {
		return nil, 0, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxCheckpoint))
	if err != nil {
		return nil, 0, err
	}
	switch res.StatusCode {
	case http.StatusOK:
		return text, 0, nil
	case http.StatusConflict:
		known, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		if err != nil || known < 0 {
			return nil, 0, errors.New("it answers 409 without a size")
		}
		return nil, known, nil
	}
	return nil, 0, fmt.Errorf("it answers %s: %.200s", res.Status, strings.TrimSpace(string(text)))
}
