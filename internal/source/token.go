package source

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"example.org/hearback"
)

// A token is hb_<id of the source>_<256 random bits>. The prefix lets scanners
// find one that was published by mistake.
const tokenPrefix = "hb_"

var tokenText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

func newToken(random io.Reader, id hearback.ID) (string, error) {
	if random == nil {
		random = rand.Reader
	}
	secret := make([]byte, 32)
	if _, err := io.ReadFull(random, secret); err != nil {
		return "", fmt.Errorf("make a token: %w", err)
	}
	return tokenPrefix + id.String() + "_" + tokenText.EncodeToString(secret), nil
}

// hashToken is what is stored of a token. The token has 256 random bits, so a
// fast hash is enough.
func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// A TokenState says what a bearer token opens.
type TokenState int

// The states of a token.
const (
	TokenWrong   TokenState = iota // no token of this instance that still exists
	TokenOther                     // the form is right, but it names another source
	TokenExpired                   // it was right once
	TokenGood
)

// CheckToken says what token opens at source s. How long it takes tells
// nothing of the secret.
func CheckToken(s *hearback.Source, token string, now time.Time) TokenState {
	rest, ok := strings.CutPrefix(token, tokenPrefix)
	id, _, ok2 := strings.Cut(rest, "_")
	if !ok || !ok2 || len(token) > 200 || s.TokenHash == "" {
		return TokenWrong
	}
	if got, err := hearback.ParseID(id); err != nil {
		return TokenWrong
	} else if got != s.ID {
		return TokenOther
	}
	if subtle.ConstantTimeCompare([]byte(hashToken(token)), []byte(s.TokenHash)) != 1 {
		return TokenWrong
	}
	if !s.TokenEnds.IsZero() && !now.Before(s.TokenEnds) {
		return TokenExpired
	}
	return TokenGood
}
