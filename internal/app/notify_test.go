package app

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/notify"
	"example.org/hearback/internal/notify/webhook"
	"example.org/hearback/internal/store"
)

// TestNotify follows an alert from the store to a receiver that verifies the
// signature, over a restart, and not to a private address that nobody allowed.
func TestNotify(t *testing.T) {
	ctx := t.Context()
	var secret string
	var ids []string
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		key, err := notify.WebhookKey(secret)
		if err != nil {
			t.Error(err)
		}
		sec, err := strconv.ParseInt(r.Header.Get("webhook-timestamp"), 10, 64)
		if err != nil || r.Header.Get("webhook-signature") != webhook.Sign(key, r.Header.Get("webhook-id"), time.Unix(sec, 0), body) {
			t.Errorf("the signature does not hold: %v", r.Header)
		}
		ids = append(ids, r.Header.Get("webhook-id"))
	}))
	defer receiver.Close()
	dir := t.TempDir()
	now := morning
	var a *App
	start := func(allow ...string) {
		t.Helper()
		c := Defaults()
		c.Data, c.Network.Allow, c.Console.URL = dir, allow, "https://console.test"
		var err error
		if a, err = New(ctx, c, Options{Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler), Version: "test"}); err != nil {
			t.Fatal(err)
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	raise := func() hearback.ID {
		t.Helper()
		id := a.ids.Next(now)
		must(a.Store.AddAlerts(ctx, []hearback.Alert{{ID: id, Concern: 7, Kind: hearback.AlertHarm, At: now, Rules: "alert/1"}}, nil))
		return id
	}
	start("127.0.0.1")
	must(a.Store.Take(ctx, &store.Batch{Concerns: []*hearback.Concern{{ID: 7, Theme: 7, Phrases: []string{"brown water"}, State: hearback.Open, First: now, Last: now}}}))
	var err error
	_, secret, err = a.Notify.Put(ctx, Operator(), notify.Channel{Owner: notify.Office, Way: notify.Webhook, Name: "Room", Lang: "zh", Modes: map[notify.Kind]notify.Mode{notify.Alert: notify.Now}}, receiver.URL+"/hook", "")
	must(err)
	id := raise()
	must(a.Notify.Tick(ctx))
	must(a.Stop())
	if len(ids) != 1 {
		t.Fatalf("%d notices arrived, want 1", len(ids))
	}
	start("127.0.0.1")
	now = now.Add(time.Hour)
	must(a.Notify.Tick(ctx))
	if len(ids) != 2 || ids[0] == ids[1] {
		t.Fatalf("notices %q, want the reminder after the restart", ids)
	}
	must(a.AckAlert(ctx, Operator(), id))
	now = now.Add(24 * time.Hour)
	must(a.Notify.Tick(ctx))
	if len(ids) != 2 {
		t.Errorf("%d notices, want none after the acknowledgement", len(ids))
	}
	// The steps of the clock forget what is old, and say nothing twice.
	must(a.Stop())
	start()
	raise()
	must(a.Notify.Tick(ctx))
	list, err := a.Notify.Deliveries(ctx, notify.DeliveryFilter{States: []notify.State{notify.Waiting}})
	must(err)
	if len(ids) != 2 || len(list) != 1 || !strings.Contains(list[0].Reason, "add it to network.allow") {
		t.Errorf("%d notices, waiting %+v; want a private address refused with what to do", len(ids), list)
	}
	if list[0].Text.Link != "https://console.test/concerns/7" {
		t.Errorf("the link is %q", list[0].Text.Link)
	}
	must(a.Stop())
}

func TestMailConfig(t *testing.T) {
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("open sesame \r\nmore\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\nopen sesame\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	good := MailConfig{Server: "smtp.example.org:587", Security: "starttls", User: "hearback", PasswordFile: password, From: "hearback@example.org"}
	for _, tt := range []struct {
		name   string
		change func(*MailConfig)
		say    string
	}{
		{"good", func(*MailConfig) {}, ""},
		{"none", func(m *MailConfig) { *m = MailConfig{} }, ""},
		{"no port", func(m *MailConfig) { m.Server = "smtp.example.org" }, "mail.server"},
		{"port 0", func(m *MailConfig) { m.Server = "smtp.example.org:0" }, "mail.server"},
		{"in the clear", func(m *MailConfig) { m.Security = "none" }, "mail.security"},
		{"no sender", func(m *MailConfig) { m.From = "" }, "mail.from"},
		{"a name in the sender", func(m *MailConfig) { m.From = "Desk <desk@example.org>" }, "mail.from"},
		{"a user without a password", func(m *MailConfig) { m.PasswordFile = "" }, "mail.password_file"},
		{"a password without a user", func(m *MailConfig) { m.User = "" }, "mail.password_file"},
		{"no such file", func(m *MailConfig) { m.PasswordFile = password + ".no" }, "cannot be read"},
		{"an empty line", func(m *MailConfig) { m.PasswordFile = empty }, "first line"},
	} {
		c := Defaults()
		c.Data, c.Mail = t.TempDir(), good
		tt.change(&c.Mail)
		a, err := New(t.Context(), c, Options{Log: slog.New(slog.DiscardHandler)})
		if err == nil {
			if err := a.Stop(); err != nil {
				t.Error(err)
			}
		}
		switch {
		case tt.say == "" && err != nil:
			t.Errorf("%s: %v", tt.name, err)
		case tt.say != "" && (err == nil || !strings.Contains(err.Error(), tt.say) || strings.Contains(err.Error(), "sesame")):
			t.Errorf("%s: %v, want %q", tt.name, err, tt.say)
		}
		if err != nil && tt.say != "cannot be read" && !errors.Is(err, hearback.ErrInvalid) {
			t.Errorf("%s: %v is not ErrInvalid", tt.name, err)
		}
	}
}
