package activitypub

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 3, 18, 9, 0, 0, 0, time.UTC)

const base = "https://answers.example.org"

// signed makes a request that one of our servers sends and reads it as another
// receives it.
func signed(t testing.TB, how string, key *rsa.PrivateKey, body []byte) *http.Request {
	t.Helper()
	out, err := http.NewRequest(http.MethodPost, base+"/ap/inbox?x=1", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	out.Header.Set("Content-Type", mediaType)
	sign := signCavage
	if how == "rfc9421" {
		sign = sign9421
	}
	if err := sign(out, body, key, "https://next.example/ap/actor#key", now); err != nil {
		t.Fatal(err)
	}
	in := httptest.NewRequest(http.MethodPost, "/ap/inbox?x=1", bytes.NewReader(body))
	in.Host, in.Header = "answers.example.org", out.Header
	return in
}

func TestSignatures(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	body := []byte(`{"type":"Follow"}`)
	for _, how := range []string{"cavage", "rfc9421"} {
		check := func(r *http.Request, body []byte, at time.Time) error {
			s, err := readSignature(r, body, base, at)
			if err != nil {
				return err
			}
			if s.keyID != "https://next.example/ap/actor#key" {
				t.Errorf("%s: keyID = %q", how, s.keyID)
			}
			return s.verify(&key.PublicKey)
		}
		if err := check(signed(t, how, key, body), body, now.Add(time.Hour)); err != nil {
			t.Errorf("%s: %v", how, err)
		}
		for name, r := range map[string]*http.Request{
			"another key": signed(t, how, other, body), "another target": func() *http.Request {
				r := signed(t, how, key, body)
				r.URL.Path = "/ap/outbox"
				return r
			}(), "another host": func() *http.Request {
				r := signed(t, how, key, body)
				r.Host = "elsewhere.example"
				if how == "rfc9421" {
					r.URL.RawQuery = "x=2" // the host is that of the site itself there
				}
				return r
			}(), "another method": func() *http.Request {
				r := signed(t, how, key, body)
				r.Method = http.MethodPut
				return r
			}(),
		} {
			if check(r, body, now) == nil {
				t.Errorf("%s: %s passes", how, name)
			}
		}
		if check(signed(t, how, key, body), []byte(`{"type":"Undo"}`), now) == nil {
			t.Errorf("%s: another body passes", how)
		}
		if check(signed(t, how, key, body), body, now.Add(fresh+time.Minute)) == nil {
			t.Errorf("%s: an old signature passes", how)
		}
	}
}

// FuzzSignature: no header that a key did not sign passes its check.
func FuzzSignature(f *testing.F) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		f.Fatal(err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		f.Fatal(err)
	}
	for _, how := range []string{"cavage", "rfc9421"} {
		h := signed(f, how, key, []byte("{}")).Header
		f.Add(h.Get("Signature"), h.Get("Signature-Input"), h.Get("Digest"), h.Get("Content-Digest"), h.Get("Date"))
	}
	f.Fuzz(func(t *testing.T, sig, input, digest, contentDigest, date string) {
		r := httptest.NewRequest(http.MethodPost, "/ap/inbox", strings.NewReader("{}"))
		for k, v := range map[string]string{"Signature": sig, "Signature-Input": input, "Digest": digest, "Content-Digest": contentDigest, "Date": date} {
			if v != "" {
				r.Header.Set(k, v)
			}
		}
		s, err := readSignature(r, []byte("{}"), base, now)
		if err == nil && s.verify(&other.PublicKey) == nil {
			t.Errorf("%q passes with a key that never signed", sig)
		}
	})
}

// FuzzShallow: what passes is JSON of bounded depth.
func FuzzShallow(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":null}]}`))
	f.Add([]byte(strings.Repeat("[", 100)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if shallow(b) != nil {
			return
		}
		depth := 0
		in, esc := false, false
		for _, c := range b {
			switch {
			case esc:
				esc = false
			case in && c == '\\':
				esc = true
			case c == '"':
				in = !in
			case !in && (c == '{' || c == '['):
				depth++
			case !in && (c == '}' || c == ']'):
				depth--
			}
			if depth > maxDepth {
				t.Fatalf("%q passes", b)
			}
		}
	})
}
