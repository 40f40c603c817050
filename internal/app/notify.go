package app

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/notify"
	"example.org/hearback/internal/notify/mail"
	"example.org/hearback/internal/notify/webhook"
	"example.org/hearback/internal/publish"
	"example.org/hearback/internal/source/safedial"
)

// notifyEvery is how often it is looked for notices.
const notifyEvery = 5 * time.Second

// openNotify makes what tells people outside the console. Whatever it connects
// to is reached through safedial.
func (a *App) openNotify() error {
	key, err := a.dir.secret("notify.key")
	if err != nil {
		return err
	}
	office := map[string]string{"en": a.Config.Office.Name, "zh": a.Config.Office.NameZH}
	hook := func(f webhook.Form) notify.Sender {
		return &webhook.Hook{Form: f, Client: a.client, Explain: safedial.Explain}
	}
	a.Notify = &notify.Service{
		Store: a.Store, Now: a.now, NextID: func() hearback.ID { return a.ids.Next(a.now()) },
		Log: a.log.With(slog.String("component", "notify")), Key: key, Zone: a.zone, Office: office, Console: a.ConsoleURL,
		Senders: map[notify.Way]notify.Sender{notify.Webhook: hook(webhook.Signed), notify.Ntfy: hook(webhook.Ntfy), notify.Matrix: hook(webhook.Matrix)},
	}
	if !a.opt.Drill {
		a.Notify.Outward = a.outward
	}
	m := a.Config.Mail
	if m.Server == "" {
		return nil
	}
	s := &mail.Server{Implicit: m.Security == "tls", User: m.User, From: m.From, Name: office, Explain: safedial.Explain}
	host, port, err := net.SplitHostPort(m.Server)
	if err != nil {
		return err
	}
	s.Host = host
	if s.Port, err = strconv.Atoi(port); err != nil {
		return err
	}
	if m.PasswordFile != "" {
		text, err := os.ReadFile(m.PasswordFile)
		if err != nil {
			return fmt.Errorf("mail.password_file: %s cannot be read: %s", m.PasswordFile, plainly(err))
		}
		s.Password, _, _ = strings.Cut(string(text), "\n")
		if s.Password = strings.TrimSpace(s.Password); s.Password == "" {
			return fmt.Errorf("%w: mail.password_file: the first line of %s is empty", hearback.ErrInvalid, m.PasswordFile)
		}
	}
	if s.Dial, err = safedial.MailDialer(a.Config.Network.Allow); err != nil {
		return fmt.Errorf("network.allow: %w", err)
	}
	a.Notify.Senders[notify.Mail] = s
	return nil
}

// outward writes an answer for receivers outside.
func (a *App) outward(ctx context.Context, x *hearback.Answer) (o notify.Outward, err error) {
	f, err := a.everAbout(ctx, x)
	if err != nil {
		return o, err
	}
	o.Topics, o.Areas = f.Topics, f.Areas
	var names []string
	for _, id := range f.Topics {
		t, err := a.Store.Topic(ctx, id)
		if err != nil {
			return o, err
		}
		names = append(names, t.Name)
	}
	site := a.publicSite()
	o.Langs, o.Title, o.URL = x.Current().Langs(), x.Current().Texts[0].Title, site.Base+x.Path()
	o.JSON, err = publish.Event(site, x, names, f.Areas)
	return o, err
}

// notify delivers notices until the service stops. It runs beside the other
// steps, so that a slow receiver keeps nothing waiting.
func (a *App) notify(ctx context.Context) {
	t := time.NewTicker(notifyEvery)
	defer t.Stop()
	for {
		if err := a.Notify.Tick(ctx); err != nil && ctx.Err() == nil {
			a.log.Error("notices could not be delivered and will be tried again", slog.Any("err", err))
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}
