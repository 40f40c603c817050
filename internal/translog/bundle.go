package translog

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"example.org/hearback"
)

// bundle is a proof that can be checked without the server: an entry, why it
// is in the log, the signed checkpoint, and the answer that the entry vouches
// for.
type bundle struct {
	Version    int             `json:"v"`
	Origin     string          `json:"origin"`
	VKey       string          `json:"vkey"`
	Index      int64           `json:"index"`
	Leaf       []byte          `json:"leaf"`  // base64
	Proof      [][]byte        `json:"proof"` // base64, RFC 6962 inclusion proof
	Checkpoint string          `json:"checkpoint"`
	Answer     json.RawMessage `json:"answer,omitempty"`
}

// BundleID is the id of the data block that holds a bundle in a page:
//
//	<script type="application/json" id="hearback-proof">…</script>
const BundleID = "hearback-proof"

// Limits of a bundle.
const (
	maxBundle = 2 << 20
	maxProof  = 64
)

// Bundle returns the proof of entry index as JSON. answer is the canonical
// JSON of the answer whose SHA-256 the entry holds as pub.sha256, or nil for an
// entry of another kind. The result has no <, > or & and can stand in a page
// as it is. It returns [ErrPending] if the entry is not published yet,
// [ErrDamaged] or [ErrFork] if tiles or store have been changed, and
// [hearback.ErrInvalid] if the answer is not the one in the entry.
func (l *Log) Bundle(ctx context.Context, index int64, answer []byte) ([]byte, error) {
	s := l.state.Load()
	if c := l.cosigned.Load(); c != nil && index < c.Size {
		s = c // what witnesses confirmed says more than what is newest
	}
	if index < 0 {
		return nil, fmt.Errorf("%w: there is no entry %d", hearback.ErrNotFound, index)
	}
	if index >= s.Size {
		return nil, fmt.Errorf("entry %d: %w", index, ErrPending)
	}
	list, err := l.src.Entries(ctx, index, 1)
	if err != nil {
		return nil, err
	}
	if len(list) != 1 || list[0].Seq != index {
		return nil, fmt.Errorf("%w: the store has no entry %d", ErrDamaged, index)
	}
	b := bundle{Version: 1, Origin: s.Origin, VKey: l.key.VKey(), Index: index, Leaf: list[0].Leaf,
		Proof: [][]byte{}, Checkpoint: string(s.signed), Answer: answer}
	if answer != nil && !vouches(b.Leaf, answer) {
		return nil, fmt.Errorf("%w: entry %d does not hold the SHA-256 of this answer", hearback.ErrInvalid, index)
	}
	proof, err := tlog.ProveRecord(s.Size, index, hashReader(ctx, Dir(l.dir), s.Checkpoint))
	if err != nil {
		return nil, fmt.Errorf("%w: the tiles around entry %d: %w", ErrDamaged, index, err)
	}
	if tlog.CheckRecord(proof, s.Size, s.Root, index, tlog.RecordHash(b.Leaf)) != nil {
		return nil, fmt.Errorf("%w: entry %d of the store is not the one that is published", ErrFork, index)
	}
	for _, h := range proof {
		b.Proof = append(b.Proof, h[:])
	}
	return json.Marshal(b) // escapes <, > and &, inside the answer too
}

// vouches reports whether an entry holds the SHA-256 of an answer. JSON may
// write <, >, &, U+2028 and U+2029 as themselves or escaped, and a bundle in a
// page must escape them; both ways name the same answer, so both are tried.
func vouches(entry, answer []byte) bool {
	x, err := parseLeaf(entry)
	if err != nil {
		return false
	}
	var pub struct {
		SHA256 string `json:"sha256"`
	}
	if json.Unmarshal(x.Pub, &pub) != nil {
		return false
	}
	for _, form := range [][]byte{answer, unescape(answer, false), unescape(answer, true), escape(answer)} {
		sum := sha256.Sum256(form)
		if hex.EncodeToString(sum[:]) == pub.SHA256 {
			return true
		}
	}
	return false
}

func escape(b []byte) []byte {
	var buf bytes.Buffer
	json.HTMLEscape(&buf, b)
	return buf.Bytes()
}

// unescape takes back json.HTMLEscape, for the two line separators only if
// lines is set: Go's encoder always writes those escaped.
func unescape(b []byte, lines bool) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' || i+1 == len(b) {
			out = append(out, b[i])
			continue
		}
		if i+6 <= len(b) {
			if c, ok := map[string]string{`\u003c`: "<", `\u003e`: ">", `\u0026`: "&", `\u2028`: "\u2028", `\u2029`: "\u2029"}[string(b[i:i+6])]; ok && (lines || len(c) == 1) {
				out = append(out, c...)
				i += 5
				continue
			}
		}
		// Another escape: both characters, so that an escaped backslash does not
		// begin one.
		out = append(out, b[i], b[i+1])
		i++
	}
	return out
}

// VerifyOptions say what the checker brings along.
type VerifyOptions struct {
	// Key is the verifier key that must have signed. If it is empty the key in
	// the bundle is used, which shows only that the page agrees with itself.
	Key string
	// Kept is a signed checkpoint that the checker has from elsewhere, or nil.
	// It needs Log.
	Kept []byte
	// Log is where the log is now, to see that it still continues the bundle's
	// checkpoint; nil means that this is not checked.
	Log Files
	// Witnesses are verifier keys of witnesses whose confirmation counts.
	Witnesses []string
	// Client reads web pages for [Verify]; nil means one that gives up after
	// half a minute.
	Client *http.Client
}

// answerDoc is what a bundle's answer must hold for a page to be compared with.
type answerDoc struct {
	Texts []answerText `json:"texts"`
}

type answerText struct {
	Lang, Title, Lead, Do, Known, Going, Why, Next string
}

// VerifyBundle checks a bundle. It returns an error only if b cannot be read
// as one; what does not hold is in the report.
func VerifyBundle(b []byte, o VerifyOptions) (Report, error) {
	r, _, err := verifyBundle(context.Background(), b, o)
	return r, err
}

func parseBundle(b []byte) (x bundle, err error) {
	if len(b) > maxBundle {
		return x, fmt.Errorf("%w: a proof of %d bytes is too long", hearback.ErrInvalid, len(b))
	}
	if err := json.Unmarshal(b, &x); err != nil || x.Version != 1 {
		return x, fmt.Errorf("%w: this is not a proof made by Hearback (version 1)", hearback.ErrInvalid)
	}
	if len(x.Proof) > maxProof || len(x.Leaf) > hearback.MaxLeaf || len(x.Checkpoint) > maxCheckpoint || x.Index < 0 {
		return x, fmt.Errorf("%w: the proof is longer than a proof can be", hearback.ErrInvalid)
	}
	return x, nil
}

func verifyBundle(ctx context.Context, b []byte, o VerifyOptions) (Report, []answerText, error) {
	var r Report
	x, err := parseBundle(b)
	if err != nil {
		return r, nil, err
	}
	r.Origin, r.Index, r.VKey = x.Origin, x.Index, x.VKey
	// The key of the proof may have given its place to the one we know, or the
	// other way round; the log can show either.
	follows := false
	if o.Key != "" && o.Key != x.VKey && o.Log != nil {
		follows = hands(ctx, o.Log, o.Key, x.VKey) || hands(ctx, o.Log, x.VKey, o.Key)
	}
	if o.Key != "" && !follows {
		r.VKey = o.Key
	}
	r.Fingerprint = Fingerprint(r.VKey)

	// What the entry says about itself.
	entry, lerr := parseLeaf(x.Leaf)
	r.Type, r.At, r.Actor, r.Subject = entry.Type, entry.At, entry.Actor, entry.Subject
	r.check(lerr == nil && entry.Seq == x.Index, "entry", x.Index)

	// The answer.
	var doc answerDoc
	switch {
	case x.Answer == nil:
		r.skip("answer")
	case json.Unmarshal(x.Answer, &doc) != nil || len(doc.Texts) == 0:
		r.check(false, "answer")
	default:
		said := entry.Type == hearback.AnswerOut || entry.Type == hearback.AnswerCorrected
		r.check(said && vouches(x.Leaf, x.Answer), "answer")
	}

	// The key, the signature, the proof.
	c, cerr := ParseCheckpoint([]byte(x.Checkpoint), r.VKey)
	r.check(cerr == nil && c.Origin == x.Origin, "signature", r.Fingerprint)
	switch {
	case follows:
		r.check(true, "handover", r.Fingerprint, Fingerprint(o.Key))
	case o.Key != "":
		r.check(x.VKey == o.Key, "key", r.Fingerprint)
	default:
		r.skip("key", r.Fingerprint)
	}
	included := false
	if cerr == nil && x.Index < c.Size {
		r.Size = c.Size
		proof := make(tlog.RecordProof, len(x.Proof))
		for i, h := range x.Proof {
			if len(h) == tlog.HashSize {
				proof[i] = tlog.Hash(h)
			}
		}
		included = tlog.CheckRecord(proof, c.Size, c.Root, x.Index, tlog.RecordHash(x.Leaf)) == nil
	}
	r.check(included, "proof", x.Index, c.Size)

	if cerr == nil {
		r.witnesses(x.Checkpoint, o)
		r.now(ctx, c, o)
	}
	r.skip("later")
	return r, doc.Texts, nil
}

// hands reports whether the log shows that key a gave its place to key b.
func hands(ctx context.Context, f Files, a, b string) bool {
	over, err := Handovers(ctx, f, a)
	return err == nil && slices.ContainsFunc(over, func(h Handover) bool { return h.To == b })
}

// witnesses counts the confirmations that the caller trusts.
func (r *Report) witnesses(checkpoint string, o VerifyOptions) {
	if len(o.Witnesses) == 0 {
		r.skip("witness")
		return
	}
	for _, vkey := range o.Witnesses {
		v, err := NewWitnessVerifier(vkey)
		if err != nil {
			continue
		}
		if _, err := note.Open([]byte(checkpoint), note.VerifierList(v)); err == nil {
			r.Witnesses = append(r.Witnesses, v.Name())
		}
	}
	r.check(len(r.Witnesses) > 0, "witness", len(r.Witnesses), len(o.Witnesses))
}

// now asks the log as it is served now whether it continues the checkpoint of
// the bundle, and the one that the caller kept.
func (r *Report) now(ctx context.Context, c Checkpoint, o VerifyOptions) {
	if o.Log == nil {
		r.skip("now")
		return
	}
	signed, err := o.Log.ReadFile(ctx, "checkpoint")
	if err != nil {
		r.skip("now")
		return
	}
	cur, err := ParseCheckpoint(signed, r.VKey)
	var over []Handover
	if errors.Is(err, ErrKey) {
		if over, err = Handovers(ctx, o.Log, r.VKey); err == nil {
			cur, _, err = parseUnder(signed, r.VKey, over)
		}
	}
	if err == nil {
		err = Continues(ctx, o.Log, cur, c)
	}
	r.check(err == nil, "now", cur.Size)
	if o.Kept != nil {
		kept, _, err := parseUnder(o.Kept, r.VKey, over)
		if err == nil {
			err = Continues(ctx, o.Log, cur, kept)
		}
		r.check(err == nil, "kept", kept.Size)
	}
}

// Continues returns nil if the log in f, whose checkpoint is now, still begins
// with what earlier names. It returns [ErrShrank], [ErrFork], [ErrKey] or
// [ErrDamaged] if not.
func Continues(ctx context.Context, f Files, now, earlier Checkpoint) error {
	if err := now.same(earlier); err != nil {
		return err
	}
	if earlier.Size == 0 || earlier.Size == now.Size {
		return nil
	}
	got, err := tlog.TreeHash(earlier.Size, hashReader(ctx, f, now))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if got != earlier.Root {
		return fmt.Errorf("%w: the first %d entries are not those of the earlier checkpoint: history was rewritten", ErrFork, earlier.Size)
	}
	return nil
}
