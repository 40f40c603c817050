package hearback

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// A Commitment opens the commitment in one entry of the log: with it anyone can
// check what the entry was made for without saying it. While it exists the
// entry can be proved; once it is destroyed, nobody can tell from the entry
// what was committed to, not even by trying every possible value, and every
// proof of the log holds as before.
type Commitment struct {
	Seq int64           `json:"index"`
	Key []byte          `json:"key"` // 32 random bytes, used once
	Doc json.RawMessage `json:"doc"` // canonical JSON of what was committed to
}

// commitDomain keeps a commitment from being taken for anything else that is
// made with HMAC-SHA256.
const commitDomain = "hearback commitment v1\n"

// commit returns the commitment to doc under key, as an entry holds it.
func commit(key, doc []byte) string {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(commitDomain))
	m.Write(doc)
	return hex.EncodeToString(m.Sum(nil))
}

// Seal commits to Private under a fresh random key of 32 bytes: it sets what
// [Record.Leaf] writes of it, and returns the document to keep beside the key.
func (r *Record) Seal(key []byte) (doc []byte, err error) {
	if len(key) != 32 {
		return nil, fmt.Errorf("%w: a commitment needs a key of 32 bytes", ErrInvalid)
	}
	if err := plain(r.Private); err != nil {
		return nil, fmt.Errorf("record %s: %w", r.Type, err)
	}
	if doc, err = canonical(r.Private); err != nil {
		return nil, err
	}
	r.sealed = commit(key, doc)
	return doc, nil
}

// Opens returns nil if c is what the entry with this leaf was committed to.
func (c Commitment) Opens(leaf []byte) error {
	var x struct {
		Seq    int64 `json:"seq"`
		Commit struct{ Alg, C string }
	}
	d := json.NewDecoder(bytes.NewReader(leaf))
	if err := d.Decode(&x); err != nil {
		return fmt.Errorf("%w: this is not an entry of a log", ErrInvalid)
	}
	switch {
	case x.Seq != c.Seq:
		return fmt.Errorf("%w: this opens entry %d, not entry %d", ErrInvalid, c.Seq, x.Seq)
	case x.Commit.C == "" || x.Commit.Alg != "hmac-sha256":
		return fmt.Errorf("%w: entry %d commits to nothing", ErrInvalid, c.Seq)
	case !hmac.Equal([]byte(commit(c.Key, c.Doc)), []byte(x.Commit.C)):
		return fmt.Errorf("%w: entry %d was not made for this", ErrRefused, c.Seq)
	}
	return nil
}
