package access

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"

	"example.org/hearback"
)

// The codes are those of RFC 6238 as every authenticator makes them: SHA-1,
// six digits, a new one every thirty seconds.
const (
	codePeriod = 30 * time.Second
	codeDigits = 6
	codeDrift  = 1 // periods that a phone may be early or late
	secretLen  = 20
)

var base32Plain = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewSecret returns the secret from which an authenticator makes codes, as it
// is typed into one.
func NewSecret() string {
	b := make([]byte, secretLen)
	rand.Read(b) // never fails
	return base32Plain.EncodeToString(b)
}

// parseSecret reads what NewSecret wrote; spaces and small letters are as good.
func parseSecret(s string) ([]byte, error) {
	b, err := base32Plain.DecodeString(strings.ToUpper(strings.ReplaceAll(s, " ", "")))
	if err != nil || len(b) != secretLen {
		return nil, fmt.Errorf("%w: the secret of the authenticator is not one of ours; open the page again", hearback.ErrInvalid)
	}
	return b, nil
}

// SecretURL returns the address in the picture that authenticators read.
func SecretURL(office, login, secret string) string {
	label := strings.ReplaceAll(office, ":", " ") + ":" + login
	q := url.Values{"secret": {secret}, "issuer": {office}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	return "otpauth://totp/" + url.PathEscape(label) + "?" + strings.ReplaceAll(q.Encode(), "+", "%20")
}

// Code returns the code that an authenticator shows at a time.
func Code(secret string, at time.Time) (string, error) {
	key, err := parseSecret(secret)
	if err != nil {
		return "", err
	}
	return codeAt(key, step(at)), nil
}

func step(at time.Time) int64 { return at.Unix() / int64(codePeriod/time.Second) }

// codeAt is HOTP (RFC 4226) for one period.
func codeAt(key []byte, step int64) string {
	mac := hmac.New(sha1.New, key)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	v := binary.BigEndian.Uint32(sum[sum[len(sum)-1]&15:]) & (1<<31 - 1)
	return fmt.Sprintf("%0*d", codeDigits, v%1_000_000)
}

// findStep returns the period that a code belongs to, within the drift.
func findStep(key []byte, code string, now time.Time) (at int64, ok bool) {
	for d := int64(-codeDrift); d <= codeDrift; d++ {
		if s := step(now) + d; subtle.ConstantTimeCompare([]byte(codeAt(key, s)), []byte(code)) == 1 {
			at, ok = s, true
		}
	}
	return at, ok
}
