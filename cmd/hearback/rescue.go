package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"example.org/hearback"
	"example.org/hearback/internal/access"
)

func (p *program) rescueCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "rescue LOGIN",
		Short:   "Let somebody back in who lost password and second factor",
		Long:    "Takes the second factor of an account away and prints a link with which its owner sets a new password. It is for the case that no administrator is left who could do that in the console; the public log shows that it was done. The service may run meanwhile.",
		Example: "  hearback rescue chen@example.org --data ./data",
		Args:    cobra.ExactArgs(1),
	}
	config := p.config(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := config()
		if err != nil {
			return err
		}
		db, err := openStore(cmd.Context(), c)
		if err != nil {
			return err
		}
		defer db.Close()
		var ids hearback.IDs
		accounts := &access.Accounts{Store: db, Now: time.Now, NextID: func() hearback.ID { return ids.Next(time.Now()) }}
		token, err := accounts.Rescue(cmd.Context(), args[0])
		if errors.Is(err, hearback.ErrNotFound) {
			return fmt.Errorf("%w: there is no account with the login %s", hearback.ErrNotFound, args[0])
		}
		if err != nil {
			return err
		}
		base := c.Console.URL
		if base == "" {
			base = "http://" + c.Console.Listen
		}
		fmt.Fprintf(p.out, "A new password can be set once, within 24 hours, at\n\n  %s/password?token=%s\n\nThe second factor is taken away; the public log says so.\n", strings.TrimSuffix(base, "/"), token)
		return nil
	}
	return cmd
}
