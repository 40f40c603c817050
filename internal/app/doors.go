package app

import (
	"errors"

	"example.org/hearback"
	"example.org/hearback/internal/access/passkey"
	"example.org/hearback/internal/web"
)

// doors sets up the ways into the console beside the password.
func (a *App) doors(o *web.Options) error {
	// Without a name or without TLS there are no passkeys; codes work anywhere.
	var err error
	if o.Passkeys, err = passkey.New(a.ConsoleURL(), a.Config.Office.Name); err != nil && !errors.Is(err, hearback.ErrRefused) {
		return err
	}
	return nil
}
