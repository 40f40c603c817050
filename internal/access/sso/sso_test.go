package sso_test

import (
	"cmp"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/access/sso"
)

var now = time.Date(2026, 3, 18, 13, 5, 0, 0, time.UTC)

// A provider is a sign-on service of our own making, with faults on demand.
type provider struct {
	*httptest.Server
	key    *rsa.PrivateKey
	claims map[string]any // of the next token, over the usual ones
	alg    string         // in place of RS256
	forge  bool           // sign with another key
	code   string         // that is good
	asked  url.Values     // what the browser brought
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{key: key, code: "good"}
	mux := http.NewServeMux()
	say := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(v)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
		say(w, map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/auth", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"}})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, r *http.Request) {
		say(w, map[string]any{"keys": []any{map[string]string{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1", "n": b64(key.N.Bytes()), "e": b64(big.NewInt(int64(key.E)).Bytes())}}})
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		verifier := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
		if r.PostFormValue("code") != p.code || b64(verifier[:]) != p.asked.Get("code_challenge") {
			w.WriteHeader(http.StatusBadRequest)
			say(w, map[string]string{"error": "invalid_grant"})
			return
		}
		claims := map[string]any{"iss": p.URL, "sub": "u-1", "aud": "hearback", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "nonce": p.asked.Get("nonce"),
			"name": "陈伟", "preferred_username": "chen", "groups": []string{"press", "others"}}
		maps.Copy(claims, p.claims)
		head, _ := json.Marshal(map[string]string{"alg": cmp.Or(p.alg, "RS256"), "kid": "1"})
		body, _ := json.Marshal(claims)
		signed := b64(head) + "." + b64(body)
		sum := sha256.Sum256([]byte(signed))
		by := key
		if p.forge {
			by, _ = rsa.GenerateKey(rand.Reader, 2048)
		}
		sig, _ := rsa.SignPKCS1v15(rand.Reader, by, crypto.SHA256, sum[:])
		if p.alg != "" {
			sig = nil
		}
		say(w, map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": signed + "." + b64(sig)})
	})
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func (p *provider) service(t *testing.T, roles ...string) *sso.Service {
	t.Helper()
	s, err := sso.New(sso.Config{Issuer: p.URL, Client: "hearback", Redirect: "http://console.test/signin/sso/back", Claim: "groups", Roles: roles}, func() time.Time { return now }, p.Client())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// away sends somebody to the service.
func (p *provider) away(t *testing.T, s *sso.Service) (keep string) {
	t.Helper()
	keep = sso.Keep("/alerts")
	to, err := s.Address(t.Context(), "state-1", keep)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(to)
	if err != nil || !strings.HasPrefix(to, p.URL+"/auth?") {
		t.Fatal(to, err)
	}
	p.asked = u.Query()
	return keep
}

func TestPerson(t *testing.T) {
	p := newProvider(t)
	s := p.service(t, "press:officer", "press:listener", "admins:administrator")
	keep := p.away(t, s)
	for k, want := range map[string]string{"state": "state-1", "client_id": "hearback", "code_challenge_method": "S256", "response_type": "code", "redirect_uri": "http://console.test/signin/sso/back"} {
		if got := p.asked.Get(k); got != want {
			t.Errorf("%s = %q, want %q", k, got, want)
		}
	}
	who, to, err := s.Person(t.Context(), keep, "good")
	if err != nil || to != "/alerts" || who.Subject != "u-1" || who.Login != "chen" || who.Name != "陈伟" || who.Second ||
		!slices.Equal(who.Roles, []access.Role{access.Officer, access.Listener}) {
		t.Fatalf("Person = %+v, %q, %v", who, to, err)
	}
	p.claims = map[string]any{"amr": []string{"pwd", "mfa"}, "groups": "admins", "preferred_username": "", "email": "chen@example.org"}
	if who, _, err = s.Person(t.Context(), keep, "good"); err != nil || !who.Second || who.Login != "chen@example.org" || !slices.Equal(who.Roles, []access.Role{access.Administrator}) {
		t.Errorf("with two factors: %+v, %v", who, err)
	}
}

// What the service must not be believed.
func TestNotVouched(t *testing.T) {
	for name, spoil := range map[string]func(p *provider) (code string){
		"wrong code":       func(p *provider) string { return "bad" },
		"no code":          func(p *provider) string { return "" },
		"wrong nonce":      func(p *provider) string { p.claims = map[string]any{"nonce": "other"}; return "good" },
		"no nonce":         func(p *provider) string { p.claims = map[string]any{"nonce": ""}; return "good" },
		"another audience": func(p *provider) string { p.claims = map[string]any{"aud": "other"}; return "good" },
		"another issuer":   func(p *provider) string { p.claims = map[string]any{"iss": "https://evil.example"}; return "good" },
		"expired":          func(p *provider) string { p.claims = map[string]any{"exp": now.Add(-time.Hour).Unix()}; return "good" },
		"forged":           func(p *provider) string { p.forge = true; return "good" },
		"unsigned":         func(p *provider) string { p.alg = "none"; return "good" },
		"HMAC":             func(p *provider) string { p.alg = "HS256"; return "good" },
		"another verifier": func(p *provider) string { p.asked.Set("code_challenge", "other"); return "good" },
	} {
		p := newProvider(t)
		s := p.service(t, "press:officer")
		keep := p.away(t, s)
		code := spoil(p)
		if who, _, err := s.Person(t.Context(), keep, code); !errors.Is(err, hearback.ErrRefused) {
			t.Errorf("%s: %+v, %v, want %v", name, who, err, hearback.ErrRefused)
		}
	}
}

func TestDown(t *testing.T) {
	p := newProvider(t)
	s := p.service(t, "press:officer")
	p.Close()
	if _, err := s.Address(t.Context(), "x", sso.Keep("/")); err == nil || errors.Is(err, hearback.ErrRefused) || !strings.Contains(err.Error(), p.URL) {
		t.Errorf("Address of a service that is down = %v, want an error that names it", err)
	}
}

func TestNew(t *testing.T) {
	good := sso.Config{Issuer: "https://login.example.org", Client: "hearback", Roles: []string{"a:b:officer"}}
	if _, err := sso.New(good, time.Now, nil); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(c *sso.Config){
		"plain http": func(c *sso.Config) { c.Issuer = "http://login.example.org" },
		"no client":  func(c *sso.Config) { c.Client = "" },
		"no roles":   func(c *sso.Config) { c.Roles = nil },
		"bad role":   func(c *sso.Config) { c.Roles = []string{"press:king"} },
		"no group":   func(c *sso.Config) { c.Roles = []string{":officer"} },
		"no colon":   func(c *sso.Config) { c.Roles = []string{"officer"} },
	} {
		c := good
		spoil(&c)
		if _, err := sso.New(c, time.Now, nil); !errors.Is(err, hearback.ErrInvalid) {
			t.Errorf("%s: %v, want %v", name, err, hearback.ErrInvalid)
		}
	}
}
