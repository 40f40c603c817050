// Package seal encrypts what the store keeps but must not show: addresses and
// secrets, under a key that lies beside the store and not in it.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"
)

// Seal encrypts plain with AES-256-GCM under a key of 32 bytes, with a random
// nonce in front. What it is sealed to, such as the id of a row, must be given
// again to open it, so that it is of no use elsewhere; it may be nil. It
// returns an error if the key has another length.
func Seal(key, plain, to []byte) ([]byte, error) {
	box, err := box(key)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, box.NonceSize())
	rand.Read(nonce) // never fails
	return box.Seal(nonce, nonce, plain, to), nil
}

// Open decrypts what [Seal] made. It returns an error if the key or what it is
// sealed to is another, or if it was changed.
func Open(key, sealed, to []byte) ([]byte, error) {
	box, err := box(key)
	if err != nil {
		return nil, err
	}
	if len(sealed) < box.NonceSize() {
		return nil, errors.New("nothing is sealed")
	}
	return box.Open(nil, sealed[:box.NonceSize()], sealed[box.NonceSize():], to)
}

func box(key []byte) (cipher.AEAD, error) {
	if len(key) != 32 {
		return nil, fmt.Errorf("the key has %d bytes, not 32", len(key))
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
