package store_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/store"
)

var home = netip.MustParseAddr("192.0.2.77")

// enter signs somebody in with the password, and returns what they get.
func enter(t *testing.T, s *access.Accounts, login string) (token string) {
	t.Helper()
	token, _, err := s.SignIn(context.Background(), access.SignIn{Login: login, Password: password, Address: home, Agent: "Firefox"})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// session is the session of a token, and whose it is.
func session(t *testing.T, s *access.Accounts, token string) (*access.Session, *access.Account) {
	t.Helper()
	x, a, err := s.Session(context.Background(), token)
	if err != nil {
		t.Fatal(err)
	}
	return x, a
}

// enrol gives the account of a token an authenticator.
func enrol(t *testing.T, s *access.Accounts, token string) (secret string, e access.Enrolled) {
	t.Helper()
	secret = access.NewSecret()
	code, err := access.Code(secret, s.Now())
	if err != nil {
		t.Fatal(err)
	}
	x, _ := session(t, s, token)
	e, err = s.AddCode(context.Background(), x, "", secret, code)
	if err != nil {
		t.Fatal(err)
	}
	return secret, e
}

// Roles that approve or make accounts sleep until there is a second factor.
func TestSleepingRoles(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		s, admin, _ := newOffice(t, db)
		ctx := context.Background()
		both := invite(t, s, admin, "both", access.Officer, access.Reviewer)
		token := enter(t, s, "both")
		x, a := session(t, s, token)
		if x.Factors != 1 || a.ID != both.ID {
			t.Fatalf("session = %+v", x)
		}
		for _, tt := range []struct {
			x    access.Action
			want bool
		}{{access.ViewConsole, true}, {access.ViewLog, true}, {access.Draft, true}, {access.Approve, false}, {access.RateHarm, false}, {access.ManageAccounts, false}} {
			if got := a.May(tt.x); got != tt.want {
				t.Errorf("with one factor May(%s) = %t, want %t", tt.x, got, tt.want)
			}
		}
		if _, err := a.Do(access.Approve); !errors.Is(err, hearback.ErrRefused) || !strings.Contains(err.Error(), "second factor") {
			t.Errorf("Do(approve) = %v, want a refusal that names the second factor", err)
		}
		adminToken := enter(t, s, "chen@example.org")
		_, asleep := session(t, s, adminToken)
		if _, err := s.Invite(ctx, asleep, access.Invitation{Roles: []access.Role{access.Auditor}}); !errors.Is(err, hearback.ErrRefused) {
			t.Errorf("an administrator with one factor invited somebody: %v", err)
		}
		if !asleep.May(access.ViewConsole) || asleep.May(access.ViewSecurity) {
			t.Error("a sleeping administrator may look, and at no more than others")
		}
		_, e := enrol(t, s, token)
		if _, _, err := s.Session(ctx, token); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("the session of before lives on: %v", err)
		}
		x, a = session(t, s, e.Token)
		if x.Factors != 2 || !a.May(access.Approve) || len(a.Asleep) != 0 {
			t.Errorf("with two factors: %+v, %+v", x, a)
		}
		if len(e.Recovery) != 10 {
			t.Errorf("%d recovery codes, want 10", len(e.Recovery))
		}
	})
}

func TestSecond(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		s, _, now := newOffice(t, db)
		ctx := context.Background()
		secret, e := enrol(t, s, enter(t, s, "chen@example.org"))
		code := func() string {
			t.Helper()
			c, err := access.Code(secret, *now)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}

		// The password alone opens nothing.
		half := enter(t, s, "chen@example.org")
		if _, _, err := s.Session(ctx, half); !errors.Is(err, hearback.ErrNotFound) {
			t.Fatalf("a password alone opens a session: %v", err)
		}
		if _, kinds, err := s.Half(ctx, half); err != nil || len(kinds) != 2 {
			t.Fatalf("Half = %v, %v", kinds, err)
		}
		if _, _, err := s.Half(ctx, e.Token); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("a whole session is half: %v", err)
		}

		// The code that set the authenticator up is used.
		if _, _, err := s.Second(ctx, half, code(), home); !errors.Is(err, hearback.ErrRefused) || !strings.Contains(err.Error(), "used already") {
			t.Errorf("the code of before = %v, want a refusal", err)
		}
		*now = now.Add(30 * time.Second)
		c := code()
		token, a, err := s.Second(ctx, half, c[:3]+" "+c[3:], home)
		if err != nil || a.Number != 1 {
			t.Fatal(a, err)
		}
		if x, a := session(t, s, token); x.Factors != 2 || !a.May(access.ManageAccounts) || x.Agent != "Firefox" {
			t.Errorf("session = %+v of %+v", x, a)
		}
		if _, _, err := s.Second(ctx, half, c, home); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("a half session is used twice: %v", err)
		}

		// Replayed, early and late.
		half = enter(t, s, "chen@example.org")
		if _, _, err := s.Second(ctx, half, c, home); !errors.Is(err, hearback.ErrRefused) {
			t.Errorf("a code is good twice: %v", err)
		}
		*now = now.Add(90 * time.Second)
		if _, _, err := s.Second(ctx, half, mustCode(t, secret, now.Add(-time.Minute)), home); !errors.Is(err, hearback.ErrRefused) {
			t.Errorf("a code of a minute ago: %v", err)
		}
		if _, _, err := s.Second(ctx, half, mustCode(t, secret, now.Add(30*time.Second)), home); err != nil {
			t.Errorf("the code of a phone that is early: %v", err)
		}

		// A recovery code works once, however it is typed.
		half = enter(t, s, "chen@example.org")
		if _, _, err := s.Second(ctx, half, strings.ToUpper(strings.ReplaceAll(e.Recovery[3], "-", " ")), home); err != nil {
			t.Fatalf("a recovery code: %v", err)
		}
		half = enter(t, s, "chen@example.org")
		if _, _, err := s.Second(ctx, half, e.Recovery[3], home); !errors.Is(err, hearback.ErrRefused) {
			t.Errorf("a recovery code is good twice: %v", err)
		}

		// A half session lasts ten minutes.
		*now = now.Add(access.SecondLife)
		if _, _, err := s.Second(ctx, half, code(), home); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("a half session of %v: %v", access.SecondLife, err)
		}

		// Guessing is stopped.
		half = enter(t, s, "chen@example.org")
		var locked access.Locked
		n := 0
		for ; n < 50; n++ {
			if _, _, err := s.Second(ctx, half, "000000", home); errors.As(err, &locked) {
				break
			} else if !errors.Is(err, hearback.ErrRefused) {
				t.Fatal(err)
			}
		}
		if n < 4 || n > 6 {
			t.Errorf("guesses were stopped after %d, want 6 or a few less", n)
		}

		got := events(t, db)
		for _, want := range []string{"joined first", "signin password", "factor_added code", "second_refused", "recovery_used", "signin recovery", "signin code"} {
			if !strings.Contains(got, want+"\n") {
				t.Errorf("the security log lacks %q:\n%s", want, got)
			}
		}
		if strings.Contains(got, "192.0.2.77") || strings.Contains(got, "chen") {
			t.Errorf("the security log has an address or a login:\n%s", got)
		}
	})
}

func mustCode(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	c, err := access.Code(secret, at)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// events are all of the security log, one a line.
func events(t *testing.T, db *store.DB) string {
	t.Helper()
	list, err := db.Events(context.Background(), 0, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, e := range list {
		b.WriteString(strings.TrimSpace(fmt.Sprintf("%s %s", e.Kind, e.Note)) + "\n")
		if e.Network != "" && e.Network != "192.0.2.0/24" && e.Network != "unknown" {
			fmt.Fprintf(&b, "from %s\n", e.Network)
		}
	}
	return b.String()
}

// One code, many hands: one of them gets in.
func TestSecondRace(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		s, _, now := newOffice(t, db)
		ctx := context.Background()
		secret, e := enrol(t, s, enter(t, s, "chen@example.org"))
		*now = now.Add(time.Minute)
		for _, code := range []string{mustCode(t, secret, *now), e.Recovery[0]} {
			halves := make([]string, 4)
			for i := range halves {
				halves[i] = enter(t, s, "chen@example.org")
			}
			var wg sync.WaitGroup
			var mu sync.Mutex
			in := 0
			for _, half := range halves {
				wg.Go(func() {
					_, _, err := s.Second(ctx, half, code, home)
					mu.Lock()
					defer mu.Unlock()
					if err == nil {
						in++
					} else if !errors.Is(err, hearback.ErrRefused) {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			if in != 1 {
				t.Errorf("%d people came in with one code", in)
			}
		}
	})
}

func TestChangeFactors(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		s, admin, now := newOffice(t, db)
		ctx := context.Background()
		invite(t, s, admin, "wei", access.Reviewer)
		_, e := enrol(t, s, enter(t, s, "wei"))
		x, wei := session(t, s, e.Token)
		list, err := s.Factors(ctx, wei.ID)
		if err != nil || len(list) != 11 {
			t.Fatal(len(list), err)
		}

		// Later, the password is asked for again.
		*now = now.Add(11 * time.Minute)
		for name, err := range map[string]error{
			"AddCode":      second(s.AddCode(ctx, x, "wrong", access.NewSecret(), "000000")),
			"NewRecovery":  second(s.NewRecovery(ctx, x, "")),
			"RemoveFactor": second(s.RemoveFactor(ctx, x, list[0].ID, "wrong")),
		} {
			if !errors.Is(err, hearback.ErrRefused) {
				t.Errorf("%s without the password = %v, want %v", name, err, hearback.ErrRefused)
			}
		}
		codes, err := s.NewRecovery(ctx, x, password)
		if err != nil || len(codes) != 10 || codes[0] == e.Recovery[0] {
			t.Fatal(codes, err)
		}
		half := enter(t, s, "wei")
		if _, _, err := s.Second(ctx, half, e.Recovery[0], home); !errors.Is(err, hearback.ErrRefused) {
			t.Errorf("an old recovery code works beside the new ones: %v", err)
		}

		// A new authenticator stands in for the old one; the other sessions end.
		fresh := access.NewSecret()
		if _, err := s.AddCode(ctx, x, password, fresh, "000000"); !errors.Is(err, hearback.ErrInvalid) {
			t.Errorf("AddCode with a wrong code = %v, want %v", err, hearback.ErrInvalid)
		}
		e2, err := s.AddCode(ctx, x, password, fresh, mustCode(t, fresh, *now))
		if err != nil || len(e2.Recovery) != 0 {
			t.Fatal(e2, err)
		}
		x, _ = session(t, s, e2.Token)
		if list, _ = s.Factors(ctx, wei.ID); len(list) != 11 {
			t.Errorf("%d factors after the second authenticator, want 11", len(list))
		}
		var codeID hearback.ID
		for _, f := range list {
			if f.Kind == access.FactorCode {
				codeID = f.ID
			} else if _, err := s.RemoveFactor(ctx, x, f.ID, ""); !errors.Is(err, hearback.ErrNotFound) {
				t.Fatalf("a recovery code was removed as a factor: %v", err)
			}
		}
		token, err := s.RemoveFactor(ctx, x, codeID, "")
		if err != nil {
			t.Fatal(err)
		}
		x, wei = session(t, s, token)
		if x.Factors != 1 || wei.May(access.Approve) {
			t.Error("without a second factor the reviewer may approve")
		}
		if list, _ = s.Factors(ctx, wei.ID); len(list) != 0 {
			t.Errorf("%d factors are left", len(list))
		}
		if _, err := s.NewRecovery(ctx, x, ""); !errors.Is(err, hearback.ErrRefused) {
			t.Errorf("recovery codes without a second factor: %v", err)
		}

		// An administrator helps somebody who lost the phone, on the public log.
		enrol(t, s, token)
		if err := s.ForgetFactors(ctx, wei, wei.ID); !errors.Is(err, hearback.ErrRefused) {
			t.Errorf("not an administrator: %v", err)
		}
		before, _ := db.LogSize(ctx)
		if err := s.ForgetFactors(ctx, admin, wei.ID); err != nil {
			t.Fatal(err)
		}
		if err := s.ForgetFactors(ctx, admin, wei.ID); !errors.Is(err, hearback.ErrRefused) {
			t.Errorf("forgotten twice: %v", err)
		}
		entries, err := db.Entries(ctx, before, 10)
		if err != nil || len(entries) != 1 || !strings.Contains(string(entries[0].Leaf), `"pub":{"number":2,"what":"second factor"}`) {
			t.Errorf("the log has %v, %v", entries, err)
		}
		if x, _ := session(t, s, enter(t, s, "wei")); x.Factors != 1 {
			t.Errorf("session = %+v, want one factor", x)
		}

		// Whoever runs the program can help when nobody else is left.
		enrol(t, s, enter(t, s, "wei"))
		if _, err := s.Rescue(ctx, "nobody"); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("Rescue of nobody = %v", err)
		}
		link, err := s.Rescue(ctx, "WEI")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.NewPassword(ctx, link, "tram lantern seven rivers more"); err != nil {
			t.Fatal(err)
		}
		token, _, err = s.SignIn(ctx, access.SignIn{Login: "wei", Password: "tram lantern seven rivers more"})
		if err != nil {
			t.Fatal(err)
		}
		if x, _ := session(t, s, token); x.Factors != 1 {
			t.Errorf("after the rescue: %+v, want one factor", x)
		}
		entries, err = db.Entries(ctx, before+1, 10)
		if err != nil || len(entries) != 2 || !strings.Contains(string(entries[0].Leaf), `"actor":"system"`) || !strings.Contains(string(entries[1].Leaf), `"what":"password"`) {
			t.Errorf("the log has %v, %v", entries, err)
		}

		*now = now.Add(access.SecurityLife)
		if err := s.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if got := events(t, db); got != "" {
			t.Errorf("the security log keeps old events:\n%s", got)
		}
	})
}

func second[T any](_ T, err error) error { return err }
