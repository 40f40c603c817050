// Package passkey speaks WebAuthn for package access: it makes what a browser
// is asked, and checks what it answers. It keeps nothing and knows no
// accounts; a passkey is only taken if the device checked its owner (by a PIN
// or a finger), so that it stands for two factors at once.
package passkey

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"example.org/hearback"
)

// maxAnswer bounds what a browser may answer, in bytes.
const maxAnswer = 64 << 10

// Site is the site that passkeys are made for. They work there and nowhere
// else.
type Site struct {
	Origin string // as the address bar shows it: https://answers.example.org
	w      *webauthn.WebAuthn
}

// New returns the site at an address. Passkeys need a name and, but for
// localhost, TLS; it returns [hearback.ErrRefused] for anything else. An
// address on this machine stands for localhost on the same port.
func New(address, office string) (*Site, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("%w: %.100q is not the address of a site", hearback.ErrInvalid, address)
	}
	host, at := u.Hostname(), u.Host
	if ip, err := netip.ParseAddr(host); err == nil {
		if !ip.IsLoopback() {
			return nil, fmt.Errorf("%w: passkeys need a site with a name; set console.url to one", hearback.ErrRefused)
		}
		host, at = "localhost", "localhost"
		if u.Port() != "" {
			at += ":" + u.Port()
		}
	}
	if u.Scheme != "https" && host != "localhost" {
		return nil, fmt.Errorf("%w: passkeys need TLS; set console.url to an address with https", hearback.ErrRefused)
	}
	s := &Site{Origin: u.Scheme + "://" + at}
	s.w, err = webauthn.New(&webauthn.Config{
		RPID: host, RPDisplayName: "Hearback " + office, RPOrigins: []string{s.Origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired,
		},
	})
	if err != nil {
		return nil, fmt.Errorf("passkeys for %s: %w", s.Origin, err)
	}
	return s, nil
}

// A Key is a passkey as it is stored.
type Key struct {
	Ref []byte // the id of the credential
	Doc string // everything else, as JSON
}

// An Owner is whose passkeys these are.
type Owner struct {
	ID   hearback.ID
	Name string
	Keys []Key
}

// owner is an Owner as the library wants one.
type owner struct {
	id   []byte
	name string
	keys []webauthn.Credential
}

func (o *owner) WebAuthnID() []byte                         { return o.id }
func (o *owner) WebAuthnName() string                       { return o.name }
func (o *owner) WebAuthnDisplayName() string                { return o.name }
func (o *owner) WebAuthnCredentials() []webauthn.Credential { return o.keys }

func (o Owner) open() (*owner, error) {
	w := &owner{id: []byte(o.ID.String()), name: o.Name}
	for _, k := range o.Keys {
		c, err := k.open()
		if err != nil {
			return nil, err
		}
		w.keys = append(w.keys, c)
	}
	return w, nil
}

func (k Key) open() (c webauthn.Credential, err error) {
	if err := json.Unmarshal([]byte(k.Doc), &c); err != nil {
		return c, fmt.Errorf("a stored passkey is damaged; remove it and make a new one: %w", err)
	}
	return c, nil
}

// seal writes a credential without the attestation, which nobody reads again.
func seal(c *webauthn.Credential) (Key, error) {
	c.Attestation = webauthn.CredentialAttestation{}
	doc, err := json.Marshal(c)
	return Key{Ref: c.ID, Doc: string(doc)}, err
}

// An Asked is what a browser is asked: Options for it, and State to be kept
// here until it answers.
type Asked struct {
	Options json.RawMessage
	State   string
}

func asked(options any, state *webauthn.SessionData) (a Asked, err error) {
	if a.Options, err = json.Marshal(options); err != nil {
		return a, err
	}
	doc, err := json.Marshal(state)
	a.State = string(doc)
	return a, err
}

// AskNew asks a browser for a new passkey that none of the owner's is.
func (s *Site) AskNew(o Owner) (Asked, error) {
	w, err := o.open()
	if err != nil {
		return Asked{}, err
	}
	c, state, err := s.w.BeginRegistration(w, webauthn.WithExclusions(webauthn.Credentials(w.keys).CredentialDescriptors()))
	if err != nil {
		return Asked{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	return asked(c.Response, state)
}

// New checks the answer to AskNew.
func (s *Site) New(o Owner, state, answer string) (Key, error) {
	w, err := o.open()
	if err != nil {
		return Key{}, err
	}
	data, err := s.state(state, answer)
	if err != nil {
		return Key{}, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err != nil {
		return Key{}, wrong(err)
	}
	c, err := s.w.CreateCredential(w, data, parsed)
	if err != nil {
		return Key{}, wrong(err)
	}
	return seal(c)
}

// Ask asks a browser for any passkey of this site.
func (s *Site) Ask() (Asked, error) {
	c, state, err := s.w.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return Asked{}, fmt.Errorf("ask for a passkey: %w", err)
	}
	return asked(c.Response, state)
}

// Check checks the answer to Ask: find returns whose passkey that of a
// reference is. The key comes back as it is to be stored now.
func (s *Site) Check(state, answer string, find func(ref []byte) (Owner, error)) (Key, error) {
	data, err := s.state(state, answer)
	if err != nil {
		return Key{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return Key{}, wrong(err)
	}
	_, c, err := s.w.ValidatePasskeyLogin(func(ref, _ []byte) (webauthn.User, error) {
		o, err := find(ref)
		if err != nil {
			return nil, err
		}
		return o.open()
	}, data, parsed)
	if err != nil {
		return Key{}, wrong(err)
	}
	if c.Authenticator.CloneWarning {
		return Key{}, fmt.Errorf("%w: this passkey counts backwards, as a copy of it would; remove it and make a new one", hearback.ErrRefused)
	}
	return seal(c)
}

func (s *Site) state(state, answer string) (data webauthn.SessionData, err error) {
	if len(answer) > maxAnswer || strings.TrimSpace(answer) == "" {
		return data, wrong(errors.New("the answer is empty or too long"))
	}
	if err := json.Unmarshal([]byte(state), &data); err != nil {
		return data, fmt.Errorf("the state of a passkey is damaged: %w", err)
	}
	return data, nil
}

// A refused hides from the browser why its answer was not accepted; the cause
// is for the program's log.
type refused struct{ cause error }

func (refused) Error() string          { return errWrong.Error() }
func (refused) Unwrap() error          { return errWrong }
func (r refused) LogValue() slog.Value { return slog.AnyValue(r.cause) }
func wrong(cause error) error          { return refused{cause} }

var errWrong = fmt.Errorf("%w: the passkey was not accepted; try again, or sign in with the password", hearback.ErrRefused)
