package app

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"example.org/hearback"
	"example.org/hearback/internal/publish/activitypub"
)

// openFediverse makes the actor of the office, if it is to have one.
func (a *App) openFediverse() error {
	c := a.Config.Publish
	if c.Fediverse == "" || a.opt.Drill {
		return nil
	}
	key, err := rsaKey(a.dir.file("keys", "fediverse.key"))
	if err != nil {
		return err
	}
	secret, err := a.dir.secret("audience.key")
	if err != nil {
		return err
	}
	s := &activitypub.Server{
		Name: c.Fediverse, Site: a.publicSite, Key: key, Secret: secret, Store: a.Store, Client: a.client, Answers: a.Published,
		NextID: func() hearback.ID { return a.ids.Next(a.now()) }, Now: a.now, Log: a.log.With(slog.String("component", "fediverse")), Version: a.opt.Version,
	}
	for _, site := range c.Neighbours {
		s.Neighbours = append(s.Neighbours, strings.TrimSuffix(site, "/")+"/ap/actor")
	}
	a.fediverse = s
	return nil
}

// greet asks to follow the neighbouring offices that were not asked before.
func (a *App) greet(ctx context.Context) error {
	if a.fediverse == nil {
		return nil
	}
	asked, err := a.Store.Setting(ctx, "fediverse.asked")
	if err != nil {
		return err
	}
	var errs []error
	for _, other := range a.fediverse.Neighbours {
		if strings.Contains(" "+asked+" ", " "+other+" ") {
			continue
		}
		d, err := a.fediverse.Greet(ctx, other)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s cannot be followed yet: %w", other, err))
			continue
		}
		asked = strings.TrimSpace(asked + " " + other)
		if err := errors.Join(a.Store.SendLater(ctx, d), a.Store.SetSetting(ctx, "fediverse.asked", asked)); err != nil {
			return err
		}
	}
	return errors.Join(errs...)
}

// rsaKey reads the key that signs what is sent to the fediverse, or makes it.
// Every server there knows RSA and few know anything else.
func rsaKey(file string) (*rsa.PrivateKey, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, err
		}
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return nil, err
		}
		return key, writeFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	}
	if err != nil {
		return nil, fmt.Errorf("key %s: %w", file, err)
	}
	if block, _ := pem.Decode(text); block != nil {
		k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if key, ok := k.(*rsa.PrivateKey); ok && err == nil {
			return key, nil
		}
	}
	return nil, fmt.Errorf("%w: %s is damaged; put it back from where you keep your keys", hearback.ErrInvalid, file)
}
