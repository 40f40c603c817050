package passkey_test

import (
	"errors"
	"strings"
	"testing"

	"example.org/hearback"
	"example.org/hearback/internal/access/passkey"
)

func TestNew(t *testing.T) {
	for _, tt := range []struct {
		address, origin string
		err             error
	}{
		{"https://answers.example.org", "https://answers.example.org", nil},
		{"https://answers.example.org:8443", "https://answers.example.org:8443", nil},
		{"http://127.0.0.1:8080", "http://localhost:8080", nil},
		{"http://[::1]:8080", "http://localhost:8080", nil},
		{"http://localhost:8080", "http://localhost:8080", nil},
		{"http://answers.example.org", "", hearback.ErrRefused},
		{"https://192.0.2.1", "", hearback.ErrRefused},
		{"http://10.0.0.1:8080", "", hearback.ErrRefused},
		{"answers.example.org", "", hearback.ErrInvalid},
		{"", "", hearback.ErrInvalid},
	} {
		s, err := passkey.New(tt.address, "Office")
		if !errors.Is(err, tt.err) || err == nil && s.Origin != tt.origin {
			t.Errorf("New(%q) = %+v, %v, want %q, %v", tt.address, s, err, tt.origin, tt.err)
		}
	}
}

// A browser cannot bring an answer of its own making. What a device answers is
// tested in a real browser.
func TestRefused(t *testing.T) {
	s, err := passkey.New("https://answers.example.org", "Office")
	if err != nil {
		t.Fatal(err)
	}
	o := passkey.Owner{ID: 7, Name: "chen"}
	asked, err := s.AskNew(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"residentKey":"required"`, `"userVerification":"required"`, `"answers.example.org"`} {
		if !strings.Contains(string(asked.Options), want) {
			t.Errorf("a browser is asked %s, want %s in it", asked.Options, want)
		}
	}
	again, err := s.AskNew(o)
	if err != nil || again.State == asked.State {
		t.Error("two questions have one challenge")
	}
	for _, answer := range []string{"", "{}", "null", "[]", strings.Repeat("x", 1<<20), `{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"oA"}}`} {
		_, err := s.New(o, asked.State, answer)
		if !errors.Is(err, hearback.ErrRefused) || strings.Contains(err.Error(), "(") {
			t.Errorf("New with %.40q = %v, want a plain refusal", answer, err)
		}
		_, err = s.Check(asked.State, answer, func([]byte) (passkey.Owner, error) { return o, nil })
		if !errors.Is(err, hearback.ErrRefused) {
			t.Errorf("Check with %.40q = %v, want a refusal", answer, err)
		}
	}
}

func FuzzCheck(f *testing.F) {
	s, err := passkey.New("https://answers.example.org", "Office")
	if err != nil {
		f.Fatal(err)
	}
	asked, err := s.Ask()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"AA","signature":"AA","userHandle":"AA"}}`)
	f.Add("通行密钥")
	f.Fuzz(func(t *testing.T, answer string) {
		if _, err := s.Check(asked.State, answer, func([]byte) (passkey.Owner, error) { return passkey.Owner{}, nil }); !errors.Is(err, hearback.ErrRefused) {
			t.Errorf("Check(%q) = %v", answer, err)
		}
	})
}
