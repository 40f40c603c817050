package translog

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"example.org/hearback"
)

// A Key signs checkpoints of one log. It is an Ed25519 key in a file of its
// own, outside the store and outside its backups.
type Key struct {
	signer note.Signer
	vkey   string
}

// Origin returns the name of the log, as its checkpoints carry it.
func (k Key) Origin() string { return k.signer.Name() }

// VKey returns the public key in the form of a signed-note verifier key.
func (k Key) VKey() string { return k.vkey }

// Fingerprint returns the public key's fingerprint for people to compare.
func (k Key) Fingerprint() string { return Fingerprint(k.vkey) }

// Fingerprint returns the first 16 bytes of the SHA-256 of a verifier key in
// hex, in groups of four for reading aloud.
func Fingerprint(vkey string) string {
	sum := sha256.Sum256([]byte(vkey))
	var groups []string
	for i := 0; i < 16; i += 2 {
		groups = append(groups, fmt.Sprintf("%x", sum[i:i+2]))
	}
	return strings.Join(groups, " ")
}

// LoadOrCreateKey reads the key at path, or makes one for the log named origin
// if there is none. An origin is like "answers.example.org/hearback/main": no
// spaces and no plus sign. It returns [ErrKey] if others can read the file or
// it is for another log.
func LoadOrCreateKey(path, origin string) (Key, error) {
	k, err := LoadKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		return createKey(path, origin)
	}
	if err != nil {
		return Key{}, err
	}
	if k.Origin() != origin {
		return Key{}, fmt.Errorf("%w: %s is for the log %q, and this instance is %q; a log keeps its name for ever", ErrKey, path, k.Origin(), origin)
	}
	return k, nil
}

// LoadKey reads the key at path.
func LoadKey(path string) (Key, error) {
	st, err := os.Stat(path)
	if err != nil {
		return Key{}, fmt.Errorf("log key: %w", err)
	}
	if st.Mode().Perm()&0o077 != 0 {
		return Key{}, fmt.Errorf("%w: others can read %s; run chmod 600 on it, and make a new log if they may have copied it", ErrKey, path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return Key{}, fmt.Errorf("log key: %w", err)
	}
	k, err := parseKey(strings.TrimSpace(string(text)))
	if err != nil {
		return Key{}, fmt.Errorf("%w: %s does not hold a log key; put it back from where you keep your keys", ErrKey, path)
	}
	return k, nil
}

// parseKey reads PRIVATE+KEY+name+hash+base64(1 ‖ seed).
func parseKey(text string) (Key, error) {
	signer, err := note.NewSigner(text)
	if err != nil {
		return Key{}, err
	}
	// The last field may hold plus signs of its own: cut only at the first four.
	f := strings.SplitN(text, "+", 5)
	if len(f) != 5 {
		return Key{}, errors.New("malformed key")
	}
	raw, err := base64.StdEncoding.DecodeString(f[4])
	if err != nil || len(raw) != 1+ed25519.SeedSize {
		return Key{}, errors.New("malformed key")
	}
	pub := ed25519.NewKeyFromSeed(raw[1:]).Public().(ed25519.PublicKey)
	vkey, err := note.NewEd25519VerifierKey(signer.Name(), pub)
	return Key{signer, vkey}, err
}

func createKey(path, origin string) (Key, error) {
	if origin == "" || strings.ContainsAny(origin, "+ \t\r\n") {
		return Key{}, fmt.Errorf("%w: %q cannot name a log; use a host and a path, like answers.example.org/hearback/main", hearback.ErrInvalid, origin)
	}
	skey, _, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return Key{}, err
	}
	k, err := parseKey(skey)
	if err != nil {
		return Key{}, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return Key{}, fmt.Errorf("log key: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return Key{}, fmt.Errorf("log key: %w", err)
	}
	_, err = f.WriteString(skey + "\n")
	if err := errors.Join(err, f.Sync(), f.Close(), syncDir(filepath.Dir(path))); err != nil {
		return Key{}, fmt.Errorf("log key: %w", err)
	}
	return k, nil
}
