package translog

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
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

func witnessKey(name string, pub ed25519.PublicKey) string {
	return fmt.Sprintf("%s+%08x+%s", name, witnessHash(name, pub), base64.StdEncoding.EncodeToString(append([]byte{algCosignature}, pub...)))
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
