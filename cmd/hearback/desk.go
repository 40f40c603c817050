package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"example.org/hearback"
	"example.org/hearback/internal/app"
	"example.org/hearback/internal/desk"
)

func (p *program) deskCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "desk", Short: "Say which desk messages would go to, and why"}
	cmd.AddCommand(p.deskExplainCommand())
	return cmd
}

func (p *program) deskExplainCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "explain",
		Short: "Say which desk messages would be suggested to, and why",
		Long: `Reads messages {"id","text","lang"?,"area"?,"kind"?,"tier"?} and writes for each
the desk that the console would suggest, and what speaks for it: the rules of
the routing by their lines, past decisions with how sure they are, and the words
of the desks. What is not stated is read from the text. Nothing is kept or
changed, and the instance may be running. --rules tries a file of rules in place
of those that are set.`,
		Example: `  echo '{"id":1,"text":"自来水有怪味"}' | hearback desk explain --rules rules.txt --data ./data`,
		Args:    cobra.NoArgs,
	}
	config := p.config(cmd)
	cmd.Flags().StringVar(&file, "rules", "", "file of rules to try")
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		c, err := config()
		if err != nil {
			return err
		}
		var rules []byte
		if file != "" {
			if rules, err = os.ReadFile(file); err != nil {
				return fmt.Errorf("%w: %v", hearback.ErrInvalid, err)
			}
		}
		x, err := app.NewExplainer(cmd.Context(), c, string(rules))
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, x.Close()) }()
		type result struct {
			ID json.RawMessage `json:"id"`
			app.Explanation
		}
		return p.filter(func(l *line) (any, error) {
			return result{l.ID, x.Explain(cmd.Context(), l.Text, desk.Facts{Area: l.Area, Kind: hearback.Kind(l.Kind), Lang: l.Lang, Tier: hearback.Tier(l.Tier)})}, nil
		})
	}
	return cmd
}
