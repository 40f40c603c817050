package api

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"example.org/hearback/internal/web/office"
)

// keyLife is how long the first answer to an act is given again.
const keyLife = 24 * time.Hour

// keyed does an act that carries an Idempotency-Key: the first time it is done
// and its answer kept, and after that the same request gets the same answer.
// What is kept is sealed with a key made from the token, so that it opens only
// to whoever got it: an answer may hold a secret, or words of people.
//
// If the service stops between the act and its answer, the key stays claimed:
// nobody can say whether the act was done, and it is not done again.
func (q *request) keyed(body []byte, do func() (reply, error)) error {
	values := q.r.Header.Values("Idempotency-Key")
	key := values[0]
	if len(values) != 1 || key == "" || len(key) > 200 || strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errKeyBad
	}
	now := q.o.Now()
	name := sha256.Sum256(fmt.Appendf(nil, "%d\x00%s", q.Account.ID, key))
	sent := sha256.Sum256(fmt.Appendf(nil, "%s %s\x00%s", q.r.Method, q.r.URL.RequestURI(), body))
	k := office.ActKey{Key: name[:], Request: sent[:], Since: now}
	old, err := q.o.Store.ClaimKey(q.ctx(), k, now.Add(-keyLife))
	switch {
	case err != nil:
		return err
	case old == nil:
	case !bytes.Equal(old.Request, sent[:]):
		return errKeyReused
	case old.Status == 0:
		return errUnknown
	default:
		r, err := q.unseal(key, old)
		if err != nil {
			return errKeyReused // another token of the same account
		}
		q.w.Header().Set("Idempotency-Replayed", "true")
		q.send(r)
		return nil
	}
	r, err := do()
	if err != nil {
		status := office.StatusOf(err)
		if status == http.StatusInternalServerError {
			return err // it may have been done
		}
		r = reply{Status: status, Media: "application/problem+json", Body: problemBody(q.Caller, problemOf(err), status, q.Say(err))}
	}
	if k.Answer, err = q.seal(key, r); err != nil {
		return err
	}
	k.Status = r.Status
	// Whoever asked may have gone away and will ask again.
	if err := q.o.Store.KeepAct(context.WithoutCancel(q.ctx()), k); err != nil {
		return err
	}
	q.send(r)
	return nil
}

// lock makes the key that seals an answer.
func (q *request) lock(key string) (cipher.AEAD, error) {
	secret, err := hkdf.Key(sha256.New, []byte(q.r.Header.Get("Authorization")+"\x00"+key), nil, "hearback answer to an act", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func (q *request) seal(key string, r reply) ([]byte, error) {
	b, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	lock, err := q.lock(key)
	if err != nil {
		return nil, err
	}
	return lock.Seal(nil, nil, b, nil), nil
}

func (q *request) unseal(key string, k *office.ActKey) (r reply, err error) {
	lock, err := q.lock(key)
	if err != nil {
		return r, err
	}
	b, err := lock.Open(nil, nil, k.Answer, nil)
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(b, &r)
}
