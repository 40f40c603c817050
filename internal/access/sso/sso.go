// Package sso asks another service who somebody is, by OpenID Connect with a
// code, PKCE and a nonce. It keeps nothing and knows no accounts: what comes
// out is a person as that service describes them, and package access decides
// what they may do.
package sso

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"example.org/hearback"
	"example.org/hearback/internal/access"
)

// Limits of what the service may send.
const (
	maxAnswer = 1 << 20
	maxGroups = 1000
	timeout   = 10 * time.Second
)

// Config says where the service is and what its groups mean here.
type Config struct {
	Issuer   string   // its address, as its tokens name it
	Client   string   // what we are called there
	Secret   string   // "" for a client without one; PKCE is used in any case
	Redirect string   // our address that it sends people back to
	Claim    string   // the claim that lists groups
	Roles    []string // "group:role", as often as needed
}

// A Service is a sign-on service.
type Service struct {
	c     Config
	now   func() time.Time
	http  *http.Client
	roles map[string][]access.Role

	mu sync.Mutex
	at *oidc.Provider // once it has been reached
}

// New checks a configuration. The service itself is asked when somebody first
// signs in, so that it may be down when we start. A nil client means one with
// a time limit.
func New(c Config, now func() time.Time, client *http.Client) (*Service, error) {
	u, err := url.Parse(c.Issuer)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Hostname() != "localhost" && u.Hostname() != "127.0.0.1" {
		return nil, fmt.Errorf("%w: sso.issuer: %.100q must be an address with https", hearback.ErrInvalid, c.Issuer)
	}
	if c.Client == "" {
		return nil, fmt.Errorf("%w: sso.client: say what this program is called at %s", hearback.ErrInvalid, c.Issuer)
	}
	if client == nil {
		client = &http.Client{Timeout: timeout}
	}
	limited := *client
	limited.Transport = limit{client.Transport}
	limited.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s := &Service{c: c, now: now, http: &limited, roles: map[string][]access.Role{}}
	for _, line := range c.Roles {
		i := strings.LastIndex(line, ":")
		if i < 1 || !slices.Contains(access.Roles(), access.Role(line[i+1:])) {
			return nil, fmt.Errorf("%w: sso.roles: %.100q is not group:role; roles are %v", hearback.ErrInvalid, line, access.Roles())
		}
		s.roles[line[:i]] = append(s.roles[line[:i]], access.Role(line[i+1:]))
	}
	if len(s.roles) == 0 {
		return nil, fmt.Errorf("%w: sso.roles: name at least one group and its role, or nobody could come in", hearback.ErrInvalid)
	}
	return s, nil
}

// limit bounds every answer.
type limit struct{ next http.RoundTripper }

func (l limit) RoundTrip(r *http.Request) (*http.Response, error) {
	next := l.next
	if next == nil {
		next = http.DefaultTransport
	}
	resp, err := next.RoundTrip(r)
	if err == nil {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	}
	return resp, err
}

// reach returns the service and how we speak to it.
func (s *Service) reach(ctx context.Context) (*oidc.Provider, *oauth2.Config, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at == nil {
		// The keys are read again long after this request is over.
		p, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), s.http), s.c.Issuer)
		if err != nil {
			return nil, nil, fmt.Errorf("the sign-on service %s does not answer as one: %w", s.c.Issuer, err)
		}
		s.at = p
	}
	return s.at, &oauth2.Config{
		ClientID: s.c.Client, ClientSecret: s.c.Secret, Endpoint: s.at.Endpoint(), RedirectURL: s.c.Redirect,
		Scopes: []string{oidc.ScopeOpenID, "profile", "email"},
	}, nil
}

// kept is what stays here while somebody is at the service.
type kept struct{ Nonce, Verifier, To string }

// Keep makes what is to be kept while somebody is away; to is where they
// wanted to go.
func Keep(to string) string {
	b, _ := json.Marshal(kept{oauth2.GenerateVerifier(), oauth2.GenerateVerifier(), to}) // cannot fail
	return string(b)
}

// Address returns where to send the browser. state comes back with the answer.
func (s *Service) Address(ctx context.Context, state, keep string) (string, error) {
	var k kept
	if err := json.Unmarshal([]byte(keep), &k); err != nil {
		return "", err
	}
	_, c, err := s.reach(ctx)
	if err != nil {
		return "", err
	}
	return c.AuthCodeURL(state, oidc.Nonce(k.Nonce), oauth2.S256ChallengeOption(k.Verifier)), nil
}

// Person redeems the code that the browser brought back, and returns who it
// is and where they wanted to go. It returns [hearback.ErrRefused] if the
// service did not vouch for them as it must.
func (s *Service) Person(ctx context.Context, keep, code string) (who access.Outsider, to string, err error) {
	var k kept
	if err := json.Unmarshal([]byte(keep), &k); err != nil {
		return who, "", err
	}
	p, c, err := s.reach(ctx)
	if err != nil {
		return who, "", err
	}
	tokens, err := c.Exchange(oidc.ClientContext(ctx, s.http), code, oauth2.VerifierOption(k.Verifier))
	var bad *oauth2.RetrieveError
	switch {
	case errors.As(err, &bad):
		return who, "", errNotVouched
	case err != nil:
		return who, "", fmt.Errorf("the sign-on service %s does not answer: %w", s.c.Issuer, err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	token, err := p.Verifier(&oidc.Config{ClientID: s.c.Client, Now: s.now}).Verify(oidc.ClientContext(ctx, s.http), raw)
	if err != nil || token.Nonce == "" || token.Nonce != k.Nonce {
		return who, "", errNotVouched
	}
	var claims map[string]any
	if err := token.Claims(&claims); err != nil {
		return who, "", errNotVouched
	}
	who = access.Outsider{Issuer: token.Issuer, Subject: token.Subject, Name: word(claims, "name")}
	for _, name := range []string{"preferred_username", "email", "sub"} {
		if who.Login = word(claims, name); who.Login != "" {
			break
		}
	}
	if who.Name == "" {
		who.Name = who.Login
	}
	groups := list(claims[s.c.Claim])
	for _, g := range groups[:min(len(groups), maxGroups)] {
		who.Roles = append(who.Roles, s.roles[g]...)
	}
	// RFC 8176: "mfa" says that the service itself asked for two factors.
	who.Second = slices.Contains(list(claims["amr"]), "mfa")
	return who, k.To, nil
}

var errNotVouched = fmt.Errorf("%w: the sign-on service did not vouch for you; begin again", hearback.ErrRefused)

func word(claims map[string]any, name string) string {
	s, _ := claims[name].(string)
	return s
}

// list reads a claim that is a list of words, or one word.
func list(v any) (words []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, x := range v {
			if s, ok := x.(string); ok {
				words = append(words, s)
			}
		}
	}
	return words
}
