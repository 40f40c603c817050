package notify

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"

	"example.org/hearback"
	"example.org/hearback/internal/access/seal"
)

// conceal encrypts an address for a channel.
func conceal(key []byte, id hearback.ID, a Address) ([]byte, error) {
	plain, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	return seal.Seal(key, plain, []byte(id.String()))
}

// reveal decrypts what conceal made.
func reveal(key []byte, id hearback.ID, sealed []byte) (a Address, err error) {
	plain, err := seal.Open(key, sealed, []byte(id.String()))
	if err != nil {
		return a, err
	}
	return a, json.Unmarshal(plain, &a)
}

// newSecret makes a signing secret of Standard Webhooks.
func newSecret() string {
	key := make([]byte, 32)
	rand.Read(key)
	return keyPrefix + base64.StdEncoding.EncodeToString(key)
}
