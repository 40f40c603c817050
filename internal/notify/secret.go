package notify

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"example.org/hearback"
)

// seal encrypts an address for a channel with AES-256-GCM. The id of the
// channel is bound to it, so that a sealed address is of no use elsewhere.
func seal(key []byte, id hearback.ID, a Address) ([]byte, error) {
	aead, err := box(key)
	if err != nil {
		return nil, err
	}
	plain, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize())
	rand.Read(nonce) // never fails
	return aead.Seal(nonce, nonce, plain, []byte(id.String())), nil
}

// open decrypts what seal made.
func open(key []byte, id hearback.ID, sealed []byte) (a Address, err error) {
	aead, err := box(key)
	if err != nil {
		return a, err
	}
	if len(sealed) < aead.NonceSize() {
		return a, errors.New("nothing is sealed")
	}
	plain, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], []byte(id.String()))
	if err != nil {
		return a, err
	}
	return a, json.Unmarshal(plain, &a)
}

func box(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("the key of the channels: %w", err)
	}
	return cipher.NewGCM(block)
}

// newSecret makes a signing secret of Standard Webhooks.
func newSecret() string {
	key := make([]byte, 32)
	rand.Read(key)
	return keyPrefix + base64.StdEncoding.EncodeToString(key)
}
