package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/access"
	"example.org/hearback/internal/store"
)

const password = "tram lantern seven rivers"

func clock(t time.Time) func() time.Time { return func() time.Time { return t } }

func ids() func() hearback.ID {
	var g hearback.IDs
	return func() hearback.ID { return g.Next(start) }
}

// invite makes an account with roles, the way people get one.
func invite(t *testing.T, s *access.Accounts, by *access.Account, login string, roles ...access.Role) *access.Account {
	t.Helper()
	ctx := context.Background()
	token, err := s.Invite(ctx, by, access.Invitation{Roles: roles, Lang: "zh"})
	if err != nil {
		t.Fatal(err)
	}
	a, err := s.Join(ctx, token, access.Joining{Login: login, Name: "Name of " + login, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// newOffice is an Accounts service with its first administrator.
func newOffice(t *testing.T, db *store.DB) (s *access.Accounts, admin *access.Account, now *time.Time) {
	t.Helper()
	ctx := context.Background()
	now = new(time.Time)
	*now = start
	s = &access.Accounts{Store: db, Key: make([]byte, 32), Now: func() time.Time { return *now }, NextID: ids(), HashMemory: 64}
	token, err := s.FirstAdmin(ctx)
	if err != nil || token == "" {
		t.Fatal(token, err)
	}
	admin, err = s.Join(ctx, token, access.Joining{Login: " Chen@Example.org ", Name: "陈", Lang: "zh", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	return s, admin, now
}

func TestFirstAdmin(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		now := start
		s := &access.Accounts{Store: db, Key: make([]byte, 32), Now: func() time.Time { return now }, NextID: ids(), HashMemory: 64}
		first, err := s.FirstAdmin(ctx)
		if err != nil || first == "" {
			t.Fatal(first, err)
		}
		second, err := s.FirstAdmin(ctx)
		if err != nil || second == first {
			t.Fatal(second, err)
		}
		j := access.Joining{Login: "chen@example.org", Name: "陈", Password: password}
		if _, err := s.Join(ctx, first, j); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("the link of an earlier start works: %v", err)
		}
		now = now.Add(access.LinkLife)
		if _, err := s.Join(ctx, second, j); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("a link works after %v: %v", access.LinkLife, err)
		}
		third, err := s.FirstAdmin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		j.Password = "short"
		if _, err := s.Join(ctx, third, j); !errors.Is(err, hearback.ErrInvalid) {
			t.Errorf("a short password: %v", err)
		}
		j.Password = password
		a, err := s.Join(ctx, third, j)
		if err != nil || a.Number != 1 || !a.May(access.ManageAccounts) || a.Login != "chen@example.org" {
			t.Fatalf("Join = %+v, %v", a, err)
		}
		if _, err := s.Join(ctx, third, access.Joining{Login: "b2", Name: "b", Password: password}); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("a link works twice: %v", err)
		}
		if again, err := s.FirstAdmin(ctx); again != "" || err != nil {
			t.Errorf("FirstAdmin with an administrator = %q, %v, want none", again, err)
		}
		list, err := db.Entries(ctx, 0, 10)
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		if want := `"pub":{"number":1,"role":"administrator","scope":"office"}`; !strings.Contains(string(list[0].Leaf), want) {
			t.Errorf("entry %s, want %s in it", list[0].Leaf, want)
		}
		// Whose role it is can be shown to an auditor, until that is destroyed.
		c, err := db.Commitment(ctx, 0)
		if err != nil || c.Opens(list[0].Leaf) != nil || !strings.Contains(string(c.Doc), `"login":"`) {
			t.Errorf("Commitment = %s, %v, which does not open the entry", c.Doc, err)
		}
		later := start.Add(400 * 24 * time.Hour)
		if n, err := db.DestroyCommitments(ctx, list[0].At, later); n != 0 || err != nil {
			t.Errorf("DestroyCommitments of older ones = %d, %v", n, err)
		}
		if n, err := db.DestroyCommitments(ctx, later, later); n != 1 || err != nil {
			t.Errorf("DestroyCommitments = %d, %v, want 1", n, err)
		}
		if _, err := db.Commitment(ctx, 0); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("Commitment after it was destroyed: %v", err)
		}
		if after, err := db.Entries(ctx, 0, 10); err != nil || len(after) != 2 || string(after[0].Leaf) != string(list[0].Leaf) || after[1].Type != hearback.CommitmentsGone {
			t.Errorf("the log after commitments were destroyed = %v, %v", after, err)
		}
	})
}

// One link, many hands: one of them gets in.
func TestJoinRace(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		s, admin, _ := newOffice(t, db)
		ctx := context.Background()
		token, err := s.Invite(ctx, admin, access.Invitation{Roles: []access.Role{access.Officer}})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		in := 0
		for i := range 4 {
			wg.Go(func() {
				_, err := s.Join(ctx, token, access.Joining{Login: fmt.Sprintf("u%d", i), Name: "x", Password: password})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					in++
				} else if !errors.Is(err, hearback.ErrNotFound) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if in != 1 {
			t.Errorf("%d people joined with one link", in)
		}
	})
}

func TestRolesAreLogged(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		s, admin, _ := newOffice(t, db)
		ctx := context.Background()
		a := invite(t, s, admin, "wei@example.org", access.Reviewer, access.Officer)
		if a.Lang != "zh" || !slices.Equal(a.Roles, []access.Role{access.Officer, access.Reviewer}) {
			t.Errorf("account = %+v", a)
		}
		for _, step := range []func() error{
			func() error { return s.Grant(ctx, admin, a.ID, access.Listener) },
			func() error { return s.SetDesks(ctx, admin, a.ID, []string{"water", "health", "water"}) },
			func() error { return s.Revoke(ctx, admin, a.ID, access.Reviewer) },
			func() error { _, err := s.Reset(ctx, admin, a.ID); return err },
			func() error { return s.Disable(ctx, admin, a.ID) },
			func() error { return s.Enable(ctx, admin, a.ID) },
		} {
			if err := step(); err != nil {
				t.Fatal(err)
			}
		}
		for _, tt := range []struct {
			name string
			err  error
			want error
		}{
			{"grant twice", s.Grant(ctx, admin, admin.ID, access.Administrator), hearback.ErrRefused},
			{"grant no role", s.Grant(ctx, admin, a.ID, "emperor"), hearback.ErrInvalid},
			{"revoke what is not there", s.Revoke(ctx, admin, a.ID, access.Auditor), hearback.ErrRefused},
			{"no such account", s.Grant(ctx, admin, 12345, access.Auditor), hearback.ErrNotFound},
			{"not an administrator", s.Grant(ctx, a, a.ID, access.Administrator), hearback.ErrRefused},
			{"nobody", s.Grant(ctx, nil, a.ID, access.Administrator), hearback.ErrRefused},
			{"bad desk", s.SetDesks(ctx, admin, a.ID, []string{"Water Desk"}), hearback.ErrInvalid},
		} {
			if !errors.Is(tt.err, tt.want) {
				t.Errorf("%s: %v, want %v", tt.name, tt.err, tt.want)
			}
		}
		list, err := db.Entries(ctx, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range list {
			leaf := string(e.Leaf)
			for _, private := range []string{"wei", "Name of", "陈", "chen", a.ID.String(), admin.ID.String()} {
				if strings.Contains(strings.ToLower(leaf), strings.ToLower(private)) {
					t.Errorf("the public log names %q: %s", private, leaf)
				}
			}
			pub := leaf[strings.Index(leaf, `"pub":`)+6 : strings.Index(leaf, `,"seq"`)]
			got = append(got, string(e.Type)+" "+pub)
		}
		want := []string{
			`role.granted {"number":1,"role":"administrator","scope":"office"}`,
			`role.granted {"number":2,"role":"officer","scope":"office"}`,
			`role.granted {"number":2,"role":"reviewer","scope":"office"}`,
			`role.granted {"number":2,"role":"listener","scope":"office"}`,
			`role.granted {"number":2,"role":"listener","scope":"desks:health,water"}`,
			`role.granted {"number":2,"role":"officer","scope":"desks:health,water"}`,
			`role.granted {"number":2,"role":"reviewer","scope":"desks:health,water"}`,
			`role.revoked {"number":2,"role":"reviewer","scope":"desks:health,water"}`,
			`account.reset {"number":2,"what":"password"}`,
			`role.revoked {"number":2,"role":"listener","scope":"desks:health,water"}`,
			`role.revoked {"number":2,"role":"officer","scope":"desks:health,water"}`,
		}
		if !slices.Equal(got, want) {
			t.Errorf("the log says\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	})
}

func TestLastAdministrator(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		s, admin, _ := newOffice(t, db)
		ctx := context.Background()
		before, _ := db.LogSize(ctx)
		if err := s.Revoke(ctx, admin, admin.ID, access.Administrator); !errors.Is(err, hearback.ErrRefused) {
			t.Errorf("Revoke = %v, want %v", err, hearback.ErrRefused)
		}
		if err := s.Disable(ctx, admin, admin.ID); !errors.Is(err, hearback.ErrRefused) {
			t.Errorf("Disable = %v, want %v", err, hearback.ErrRefused)
		}
		if after, _ := db.LogSize(ctx); after != before {
			t.Errorf("a refused act is on the log: %d entries, want %d", after, before)
		}
		other := invite(t, s, admin, "other", access.Administrator)

		// Both leave at once: one of them stays.
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for i, a := range []*access.Account{admin, other} {
			wg.Go(func() { errs[i] = s.Revoke(ctx, a, a.ID, access.Administrator) })
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Errorf("two administrators left at once: %v, %v, want one refusal", errs[0], errs[1])
		}
		for _, err := range errs {
			if err != nil && !errors.Is(err, hearback.ErrRefused) {
				t.Error(err)
			}
		}
	})
}

func TestSessions(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		s, admin, now := newOffice(t, db)
		ctx := context.Background()
		enter := func() string {
			t.Helper()
			token, a, err := s.SignIn(ctx, access.SignIn{Login: "CHEN@example.org", Password: password, Agent: strings.Repeat("火狐", 90) + "\xff"})
			if err != nil || a.ID != admin.ID {
				t.Fatal(a, err)
			}
			return token
		}
		one, two := enter(), enter()
		if one == two {
			t.Fatal("two sign-ins gave one token")
		}
		x, a, err := s.Session(ctx, one)
		if err != nil || a.Number != 1 || !x.Begun.Equal(start) || len([]rune(x.Agent)) != 80 {
			t.Fatalf("Session = %+v, %v", x, err)
		}
		if bytes.Contains(x.Hash, []byte(one)) {
			t.Error("the token itself is stored")
		}
		for _, bad := range []string{"", "x", one + "A", one[:42], strings.ToLower(one), "../" + one} {
			if _, _, err := s.Session(ctx, bad); !errors.Is(err, hearback.ErrNotFound) {
				t.Errorf("Session(%q) = %v, want %v", bad, err, hearback.ErrNotFound)
			}
		}
		// Used, it lives on; unused, it ends after twelve hours.
		*now = now.Add(access.SessionIdle - time.Minute)
		if _, _, err := s.Session(ctx, one); err != nil {
			t.Fatal(err)
		}
		*now = now.Add(2 * time.Minute)
		if x, _, err := s.Session(ctx, one); err != nil || s.Ends(x).Sub(*now) < access.SessionIdle-5*time.Minute {
			t.Fatal(x, err)
		}
		if _, _, err := s.Session(ctx, two); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("a session lives %v unused: %v", access.SessionIdle, err)
		}
		for now.Sub(start) < access.SessionLife-access.SessionIdle {
			*now = now.Add(access.SessionIdle - 10*time.Minute)
			if _, _, err := s.Session(ctx, one); err != nil {
				t.Fatalf("after %v: %v", now.Sub(start), err)
			}
		}
		*now = start.Add(access.SessionLife)
		if _, _, err := s.Session(ctx, one); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("a session lives %v: %v", access.SessionLife, err)
		}

		three, four, five := enter(), enter(), enter()
		list, err := s.Sessions(ctx, admin.ID)
		if err != nil || len(list) != 3 {
			t.Fatal(list, err)
		}
		x, _, _ = s.Session(ctx, three)
		if err := s.EndSession(ctx, admin.ID+1, x.ID); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Session(ctx, three); err != nil {
			t.Errorf("somebody ended the session of another account: %v", err)
		}
		if err := s.SignOut(ctx, four); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Session(ctx, four); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("a session lives after signing out: %v", err)
		}
		if err := s.EndOthers(ctx, admin.ID, x.ID); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Session(ctx, five); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("EndOthers left a session: %v", err)
		}
		if _, _, err := s.Session(ctx, three); err != nil {
			t.Errorf("EndOthers ended the session to keep: %v", err)
		}
		enter()
		*now = now.Add(access.SessionLife)
		if err := s.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if list, _ := s.Sessions(ctx, admin.ID); len(list) != 0 {
			t.Errorf("Sweep left %d sessions", len(list))
		}
	})
}

func TestSignInRefusals(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		s, admin, now := newOffice(t, db)
		ctx := context.Background()
		gone := invite(t, s, admin, "gone", access.Officer)
		if err := s.Disable(ctx, admin, gone.ID); err != nil {
			t.Fatal(err)
		}
		try := func(login, password, address string) error {
			_, _, err := s.SignIn(ctx, access.SignIn{Login: login, Password: password, Address: netip.MustParseAddr(address)})
			return err
		}
		said := map[string]bool{}
		for _, x := range [][2]string{{"chen@example.org", "wrong password here"}, {"nobody@example.org", password}, {"gone", password}, {"", ""}, {"chen@example.org", strings.Repeat("x", 5000)}} {
			err := try(x[0], x[1], "192.0.2.1")
			if !errors.Is(err, hearback.ErrRefused) {
				t.Fatalf("SignIn(%q) = %v, want %v", x[0], err, hearback.ErrRefused)
			}
			said[err.Error()] = true
		}
		if len(said) != 1 {
			t.Errorf("the refusals tell who exists: %v", said)
		}
		// Four tries are left for the login, from anywhere.
		for i := range 4 {
			if err := try("chen@example.org", "wrong", fmt.Sprintf("198.51.%d.1", i)); errors.As(err, new(access.Locked)) {
				t.Fatalf("locked after %d", i+2)
			}
		}
		var locked access.Locked
		if err := try("chen@example.org", password, "203.0.113.9"); !errors.As(err, &locked) || locked.Wait <= 0 || locked.Wait > 3*time.Minute {
			t.Errorf("after six wrong passwords: %v, want Locked", err)
		}
		*now = now.Add(locked.Wait)
		if err := try("chen@example.org", password, "203.0.113.9"); err != nil {
			t.Errorf("after waiting %v: %v", locked.Wait, err)
		}
		// A network is stopped whichever logins it tries; the right password
		// gives the try back.
		n := 0
		for ; n < 100; n++ {
			if err := try(fmt.Sprintf("guess%d", n), "wrong", fmt.Sprintf("2001:db8:0:%x::1", n)); errors.As(err, &locked) {
				break
			}
		}
		if n != 30 {
			t.Errorf("a network was stopped after %d tries, want 30", n)
		}
		for range 20 {
			if err := try("chen@example.org", password, "10.9.8.7"); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestPasswords(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		s, admin, _ := newOffice(t, db)
		ctx := context.Background()
		token, _, err := s.SignIn(ctx, access.SignIn{Login: "chen@example.org", Password: password})
		if err != nil {
			t.Fatal(err)
		}
		x, _, err := s.Session(ctx, token)
		if err != nil || x.Account != admin.ID {
			t.Fatal(x, err)
		}
		const next = "海边 有 七盏 路灯 和 一只 猫"
		if _, err := s.ChangePassword(ctx, x, "wrong", next); !errors.Is(err, hearback.ErrRefused) {
			t.Errorf("with a wrong old password: %v", err)
		}
		if _, err := s.ChangePassword(ctx, x, password, "password1234"); !errors.Is(err, hearback.ErrInvalid) {
			t.Errorf("to a common password: %v", err)
		}
		fresh, err := s.ChangePassword(ctx, x, password, next)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Session(ctx, token); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("an old session lives after a new password: %v", err)
		}
		if _, _, err := s.Session(ctx, fresh); err != nil {
			t.Error(err)
		}
		a := invite(t, s, admin, "wei", access.Officer)
		link, err := s.Reset(ctx, admin, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		later, err := s.Reset(ctx, admin, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.NewPassword(ctx, link, next); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("an earlier link works beside a later one: %v", err)
		}
		if _, err := s.Join(ctx, later, access.Joining{Login: "z9", Name: "z", Password: password}); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("a password link made an account: %v", err)
		}
		if err := s.NewPassword(ctx, later, next); err != nil {
			t.Fatal(err)
		}
		if err := s.NewPassword(ctx, later, password); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("a password link works twice: %v", err)
		}
		if _, _, err := s.SignIn(ctx, access.SignIn{Login: "wei", Password: next}); err != nil {
			t.Error(err)
		}
		if err := s.SetLang(ctx, a.ID, "en"); err != nil {
			t.Error(err)
		}
		if err := s.SetLang(ctx, a.ID, "tlh"); !errors.Is(err, hearback.ErrInvalid) {
			t.Errorf("SetLang(tlh) = %v", err)
		}
		if got, _ := db.Account(ctx, a.ID); got.Lang != "en" || got.Hash == "" || strings.Contains(got.Hash, "猫") {
			t.Errorf("stored account = %+v", got)
		}
	})
}

func TestLinks(t *testing.T) {
	engines(t, func(t *testing.T, db *store.DB) {
		s, admin, now := newOffice(t, db)
		ctx := context.Background()
		token, err := s.Invite(ctx, admin, access.Invitation{Roles: []access.Role{access.Auditor}, Note: "审计署"})
		if err != nil {
			t.Fatal(err)
		}
		list, err := s.Links(ctx, admin)
		if err != nil || len(list) != 1 || list[0].Note != "审计署" || !list[0].Until.Equal(now.Add(access.InviteLife)) {
			t.Fatalf("Links = %+v, %v", list, err)
		}
		if l, err := s.Link(ctx, token); err != nil || l.Kind != access.LinkInvite || l.Roles[0] != access.Auditor {
			t.Errorf("Link = %+v, %v", l, err)
		}
		// A login that is taken leaves the link as it was.
		if _, err := s.Join(ctx, token, access.Joining{Login: "chen@EXAMPLE.org", Name: "x", Password: password}); !errors.Is(err, hearback.ErrConflict) {
			t.Errorf("Join with a taken login = %v, want %v", err, hearback.ErrConflict)
		}
		if err := s.Cancel(ctx, admin, list[0].ID); err != nil {
			t.Fatal(err)
		}
		if err := s.Cancel(ctx, admin, list[0].ID); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("cancelled twice: %v", err)
		}
		if _, err := s.Join(ctx, token, access.Joining{Login: "late", Name: "x", Password: password}); !errors.Is(err, hearback.ErrNotFound) {
			t.Errorf("a cancelled link works: %v", err)
		}
		for _, in := range []access.Invitation{{}, {Roles: []access.Role{"king"}}, {Roles: access.Roles(), Note: strings.Repeat("长", 201)}} {
			if _, err := s.Invite(ctx, admin, in); !errors.Is(err, hearback.ErrInvalid) {
				t.Errorf("Invite(%v) = %v, want %v", in.Roles, err, hearback.ErrInvalid)
			}
		}
		auditor := invite(t, s, admin, "auditor", access.Auditor)
		if _, err := s.Invite(ctx, auditor, access.Invitation{Roles: []access.Role{access.Administrator}}); !errors.Is(err, hearback.ErrRefused) {
			t.Errorf("an auditor invited somebody: %v", err)
		}
		if _, err := s.List(ctx, auditor); err != nil {
			t.Errorf("an auditor may not read the list: %v", err)
		}
	})
}
