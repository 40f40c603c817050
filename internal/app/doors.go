package app

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"example.org/hearback"
	"example.org/hearback/internal/access/passkey"
	"example.org/hearback/internal/access/sso"
	"example.org/hearback/internal/web"
)

// doors sets up the ways into the console beside the password.
func (a *App) doors(o *web.Options) error {
	// Without a name or without TLS there are no passkeys; codes work anywhere.
	var err error
	if o.Passkeys, err = passkey.New(a.ConsoleURL(), a.Config.Office.Name); err != nil && !errors.Is(err, hearback.ErrRefused) {
		return err
	}
	return a.signOn(o)
}

// signOn sets up the other service that says who somebody is, if there is one.
func (a *App) signOn(o *web.Options) error {
	c := a.Config.SSO
	if c.Issuer == "" {
		return nil
	}
	secret := ""
	if c.SecretFile != "" {
		b, err := os.ReadFile(c.SecretFile)
		if err != nil {
			return fmt.Errorf("sso.secret_file: %w", err)
		}
		secret = strings.TrimSpace(string(b))
	}
	s, err := sso.New(sso.Config{Issuer: c.Issuer, Client: c.Client, Secret: secret, Redirect: a.ConsoleURL() + "/signin/sso/back", Claim: c.Claim, Roles: c.Roles}, a.now, nil)
	if err != nil {
		return err
	}
	o.SignOn, o.SignOnName = s, c.Name
	return nil
}
