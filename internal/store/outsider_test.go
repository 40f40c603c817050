package store_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/store"
)

func TestSignOn(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		s, admin, _ := newOffice(t, db)
		ctx := context.Background()
		in := func(who access.Outsider) (string, *access.Account, error) {
			return s.SignInOutsider(ctx, who, "Firefox", home)
		}
		wei := access.Outsider{Issuer: "https://login.example.org", Subject: "u-1", Login: "Wei@Example.org", Name: "伟", Lang: "zh", Roles: []access.Role{access.Reviewer, access.Officer}}

		before, _ := db.LogSize(ctx)
		token, a, err := in(wei)
		if err != nil || a.Login != "wei@example.org" || a.Lang != "zh" || !slices.Equal(a.Roles, []access.Role{access.Officer, access.Reviewer}) {
			t.Fatalf("SignInOutsider = %+v, %v", a, err)
		}
		if x, a := session(t, s, token); x.Factors != 1 || a.May(access.Approve) || !a.May(access.Draft) {
			t.Errorf("one factor: %+v, %+v", x, a)
		}
		first := a.ID

		// The groups changed meanwhile; the log says so; the service asked for two factors.
		wei.Roles, wei.Second = []access.Role{access.Reviewer, access.Reviewer}, true
		token, a, err = in(wei)
		if err != nil || a.ID != first {
			t.Fatal(a, err)
		}
		if x, a := session(t, s, token); x.Factors != 2 || !a.May(access.Approve) || a.May(access.Draft) {
			t.Errorf("two factors at the service: %+v, %+v", x, a)
		}
		list, err := db.Entries(ctx, before, 10)
		if err != nil || len(list) != 3 || list[2].Type != hearback.RoleRevoked || !strings.Contains(string(list[2].Leaf), `"actor":"system"`) {
			t.Errorf("the log has %v, %v", list, err)
		}

		// With a factor of one's own, that is asked for whatever the service says.
		_, _ = enrol(t, s, token)
		if token, _, err = in(wei); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Session(ctx, token); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("a session without the own second factor: %v", err)
		}
		if _, kinds, err := s.Half(ctx, token); err != nil || len(kinds) != 2 {
			t.Errorf("Half = %v, %v", kinds, err)
		}

		for name, tt := range map[string]struct {
			who  access.Outsider
			want error
		}{
			"an account that is there":    {access.Outsider{Issuer: wei.Issuer, Subject: "u-2", Login: "chen@example.org", Roles: []access.Role{access.Officer}}, hearback.ErrConflict},
			"in no group":                 {access.Outsider{Issuer: wei.Issuer, Subject: "u-3", Login: "none"}, hearback.ErrRefused},
			"no longer in a group":        {access.Outsider{Issuer: wei.Issuer, Subject: "u-1", Login: "wei"}, hearback.ErrRefused},
			"without a subject":           {access.Outsider{Issuer: wei.Issuer, Login: "x2", Roles: []access.Role{access.Officer}}, hearback.ErrRefused},
			"the subject of another site": {access.Outsider{Issuer: "https://evil.example", Subject: "u-1", Login: "wei@example.org", Roles: []access.Role{access.Administrator}}, hearback.ErrConflict},
		} {
			if _, a, err := in(tt.who); !errors.Is(err, tt.want) {
				t.Errorf("%s: %+v, %v, want %v", name, a, err, tt.want)
			}
		}
		if got, _ := db.Account(ctx, first); len(got.Roles) != 0 {
			t.Errorf("who is in no group any more keeps the roles %v", got.Roles)
		}
		// No password opens an account that has none.
		for _, p := range []string{"", password} {
			if _, _, err := s.SignIn(ctx, access.SignIn{Login: "wei@example.org", Password: p, Address: home}); !errors.Is(err, hearback.ErrRefused) {
				t.Errorf("the password %q opens an account without one: %v", p, err)
			}
		}
		if err := s.Disable(ctx, admin, first); err != nil {
			t.Fatal(err)
		}
		if _, _, err := in(wei); !errors.Is(err, hearback.ErrRefused) {
			t.Errorf("a disabled account: %v", err)
		}
	})
}

func TestAttempts(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		s, _, now := newOffice(t, db)
		ctx := context.Background()
		token, err := s.Begin(ctx, "sso", "kept", home)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Resume(ctx, "passkey", token); !errors.Is(err, hearback.ErrRefused) {
			t.Errorf("an attempt of another kind: %v", err)
		}
		if doc, err := s.Resume(ctx, "sso", token); err != nil || doc != "kept" {
			t.Errorf("Resume = %q, %v", doc, err)
		}
		if _, err := s.Resume(ctx, "sso", token); !errors.Is(err, hearback.ErrRefused) {
			t.Errorf("resumed twice: %v", err)
		}
		if token, err = s.Begin(ctx, "sso", "kept", home); err != nil {
			t.Fatal(err)
		}
		*now = now.Add(access.AttemptLife)
		if _, err := s.Resume(ctx, "sso", token); !errors.Is(err, hearback.ErrRefused) {
			t.Errorf("resumed after %v: %v", access.AttemptLife, err)
		}
		// Nobody fills the store from outside.
		n := 0
		for ; n < 100; n++ {
			if _, err := s.Begin(ctx, "sso", "", home); errors.As(err, new(access.Locked)) {
				break
			}
		}
		if n > 31 {
			t.Errorf("one network began %d attempts at once", n)
		}
		if err := s.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAPITokens(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		s, _, now := newOffice(t, db)
		ctx := context.Background()
		x, a := session(t, s, enter(t, s, "chen@example.org"))
		// A token of a session without a second factor sleeps as that session does,
		// whatever its owner sets up later.
		low, err := s.NewToken(ctx, x, "", "low", access.Scopes(), 30)
		if err != nil {
			t.Fatal(err)
		}
		if tok, by, err := s.ByToken(ctx, low, home); err != nil || !by.May(access.ViewConsole) || by.May(access.ViewSecurity) || by.May(access.ManageSources) || !by.Sleeps(access.ManageSources) {
			t.Errorf("a token without a second factor = %+v, %v", by, err)
		} else if err := s.EndToken(ctx, a.ID, tok.ID); err != nil {
			t.Fatal(err)
		}
		x.Factors = 2
		token, err := s.NewToken(ctx, x, "", "采集", []access.Scope{access.ScopeRead, access.ScopeSecurity}, 30)
		if err != nil {
			t.Fatal(err)
		}
		list, err := s.Tokens(ctx, a.ID)
		if err != nil || len(list) != 1 || list[0].Name != "采集" || len(list[0].Scopes) != 2 || !list[0].Used.IsZero() || strings.Contains(string(list[0].Hash), token) {
			t.Fatalf("Tokens = %+v, %v", list, err)
		}
		_, by, err := s.ByToken(ctx, token, home)
		if err != nil || by.ID != a.ID || !by.May(access.ViewSecurity) || by.May(access.Export) || by.May(access.ManageAccounts) {
			t.Errorf("ByToken = %+v, %v", by, err)
		}
		if list, _ = s.Tokens(ctx, a.ID); list[0].Used.IsZero() {
			t.Error("the use of a token is not remembered")
		}
		if err := s.EndToken(ctx, a.ID+1, list[0].ID); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("somebody ended the token of another account: %v", err)
		}
		// Wrong ones from one network are stopped.
		var locked access.Locked
		n := 0
		for ; n < 100; n++ {
			if _, _, err := s.ByToken(ctx, "hb_x", home); errors.As(err, &locked) {
				break
			}
		}
		if n != 30 {
			t.Errorf("a network was stopped after %d wrong tokens, want 30", n)
		}
		*now = now.AddDate(0, 0, 31)
		if err := s.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Token(ctx, list[0].Hash); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("Sweep left a token that is over: %v", err)
		}
	})
}
