package store_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/store"
)

// A restart gives nobody new tries, neither at the password nor at the code.
func TestTriesOutliveTheProgram(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		s, _, now := newOffice(t, db)
		ctx := context.Background()
		secret, _ := enrol(t, s, enter(t, s, "chen@example.org"))
		anew := func() *access.Accounts {
			return &access.Accounts{Store: db, Key: s.Key, Now: s.Now, NextID: s.NextID}
		}
		wrong := access.SignIn{Login: "chen@example.org", Password: "not the password at all"}
		var locked access.Locked
		tries := 0
		for ; tries < 20; tries++ {
			if _, _, err := anew().SignIn(ctx, wrong); errors.As(err, &locked) {
				break
			}
		}
		if tries != 6 {
			t.Errorf("%d wrong passwords with a restart after each, want 6", tries)
		}
		if _, _, err := anew().SignIn(ctx, access.SignIn{Login: "chen@example.org", Password: password}); !errors.As(err, &locked) {
			t.Errorf("the right password after six wrong ones: %v", err)
		}
		*now = now.Add(16 * time.Minute)
		if err := s.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		half := enter(t, anew(), "chen@example.org")
		for tries = 0; tries < 20; tries++ {
			if _, _, err := anew().Second(ctx, half, "000000", home); errors.As(err, &locked) {
				break
			}
		}
		if tries != 6 {
			t.Errorf("%d wrong codes with a restart after each, want 6", tries)
		}
		*now = now.Add(16 * time.Minute)
		s2 := anew()
		if _, _, err := s2.Second(ctx, enter(t, s2, "chen@example.org"), mustCode(t, secret, *now), home); err != nil {
			t.Errorf("after a while: %v", err)
		}
	})
}

// Who types a password where the login belongs leaves nothing in the store that
// can be found by guessing it.
func TestTriesCannotBeGuessed(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		s, _, _ := newOffice(t, db)
		ctx := context.Background()
		const typed = "a password in the wrong field"
		if _, _, err := s.SignIn(ctx, access.SignIn{Login: typed, Password: "x"}); !errors.Is(err, hearback.ErrRefused) {
			t.Fatal(err)
		}
		for _, guess := range []string{typed, "login\x00" + typed, "tries login\x00" + typed} {
			sum := sha256.Sum256([]byte(guess))
			if _, _, err := db.LoginTries(ctx, sum[:]); !errors.Is(err, hearback.ErrNotFound) {
				t.Errorf("the store names %q by a hash that anybody can make", guess)
			}
		}
	})
}

// The secret of an authenticator lies sealed in the store; one of an older
// program is sealed at its next use; with another key nothing opens but
// recovery codes.
func TestSealedSecrets(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hearback.db")
	db := open(t, file)
	s, admin, now := newOffice(t, db)
	ctx := context.Background()
	secret, e := enrol(t, s, enter(t, s, "chen@example.org"))
	docs := func() (list []string) {
		fs, err := db.Factors(ctx, admin.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fs {
			if f.Kind == access.FactorCode {
				list = append(list, f.Doc)
			}
		}
		return list
	}
	if d := docs(); len(d) != 1 || !strings.HasPrefix(d[0], "sealed:") || strings.Contains(d[0], secret) {
		t.Fatalf("the store has %q", d)
	}
	in := func(s *access.Accounts, code string) error {
		*now = now.Add(time.Minute)
		if code == "" {
			code = mustCode(t, secret, *now)
		}
		_, _, err := s.Second(ctx, enter(t, s, "chen@example.org"), code, home)
		return err
	}
	if err := in(s, ""); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{file, file + "-wal"} {
		if b, err := os.ReadFile(name); err == nil && bytes.Contains(b, []byte(secret)) {
			t.Errorf("%s holds the secret", filepath.Base(name))
		}
	}
	other := &access.Accounts{Store: db, Key: bytes.Repeat([]byte{1}, 32), Now: s.Now, NextID: s.NextID}
	if err := in(other, ""); !errors.Is(err, hearback.ErrConflict) || !strings.Contains(err.Error(), "factor.key") {
		t.Errorf("with another key: %v", err)
	}
	if err := in(other, e.Recovery[0]); err != nil {
		t.Errorf("a recovery code with another key: %v", err)
	}

	list, err := db.Factors(ctx, admin.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if f.Kind == access.FactorCode { // as an older program kept it
			f.Doc, f.Step = secret, f.Step+1
			if err := db.UseFactor(ctx, f); err != nil {
				t.Fatal(err)
			}
		}
	}
	*now = now.Add(time.Minute)
	if err := in(s, ""); err != nil {
		t.Fatalf("an older secret: %v", err)
	}
	if d := docs(); !strings.HasPrefix(d[0], "sealed:") {
		t.Errorf("an older secret is not sealed when it is used: %q", d)
	}
}

// An office may set when sessions end.
func TestSessionLimits(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		s, _, now := newOffice(t, db)
		s.Idle, s.Life = 30*time.Minute, 2*time.Hour
		ctx, begun := context.Background(), *now
		token := enter(t, s, "chen@example.org")
		for now.Sub(begun) < 100*time.Minute {
			*now = now.Add(20 * time.Minute)
			if x, _ := session(t, s, token); !s.Ends(x).Equal(sooner(now.Add(30*time.Minute), begun.Add(2*time.Hour))) {
				t.Errorf("after %v it ends at %v", now.Sub(begun), s.Ends(x))
			}
		}
		*now = begun.Add(2 * time.Hour)
		if _, _, err := s.Session(ctx, token); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("after two hours: %v", err)
		}
		token = enter(t, s, "chen@example.org")
		*now = now.Add(30 * time.Minute)
		if _, _, err := s.Watch(ctx, token); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("unused for half an hour: %v", err)
		}
	})
}

func sooner(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
