package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"example.org/hearback"
	"example.org/hearback/internal/app"
	"example.org/hearback/internal/translog"
)

func (p *program) auditCommand() *cobra.Command {
	var key, since, reveal string
	cmd := &cobra.Command{
		Use:     "audit URL|DIR",
		Short:   "Replay a whole public log, and compare it with what you kept of it",
		Long:    "Reads every entry and every tile of a log, computes its root anew and compares it with the signed checkpoint. With --since FILE it also checks that the log still begins with what it was at the last audit, and that the same key signs, or one that this key handed over to; then it writes the new state into FILE. Without a kept state a log can only be compared with itself.",
		Example: "  hearback audit https://answers.example.org/log --since answers.json\n  hearback audit ./data/log --key hearback.example.org+1a2b3c4d+AbCd...",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o := translog.AuditOptions{VKey: key}
			if since != "" {
				k, err := translog.LoadKept(since)
				switch {
				case errors.Is(err, hearback.ErrNotFound):
				case err != nil:
					return err
				case key != "" && key != k.VKey:
					return fmt.Errorf("%w: %s was kept under another key than the one given", hearback.ErrRefused, since)
				default:
					o.VKey, o.Since = k.VKey, []byte(k.Checkpoint)
				}
			}
			var opens hearback.Commitment
			var opened error
			if reveal != "" {
				b, err := os.ReadFile(reveal)
				if err != nil || len(b) > 1<<20 || json.Unmarshal(b, &opens) != nil {
					return fmt.Errorf("%w: %s does not hold what \"hearback log reveal\" writes", hearback.ErrInvalid, reveal)
				}
				opened = fmt.Errorf("%w: the log has no entry %d", hearback.ErrNotFound, opens.Seq)
				o.Each = func(index int64, leaf []byte) error {
					if index == opens.Seq {
						opened = opens.Opens(leaf)
					}
					return nil
				}
			}
			r, err := translog.Audit(cmd.Context(), translog.VerifyOptions{}.Open(args[0]), o)
			if err != nil {
				return err
			}
			p.sayAudit(r, since)
			if opened != nil {
				return opened
			}
			if reveal != "" {
				fmt.Fprintf(p.out, "Entry %d was made for: %s\n", opens.Seq, opens.Doc)
			}
			if since != "" {
				return translog.Kept{Log: args[0], VKey: r.VKey, Checkpoint: string(r.Signed), At: time.Now().UTC()}.Save(since)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&key, "key", "", "the log's public key as you know it; without it the key is taken from the log or from what was kept")
	cmd.Flags().StringVar(&since, "since", "", "file with what was kept from the last audit; it is made at the first")
	cmd.Flags().StringVar(&reveal, "reveal", "", "file from \"hearback log reveal\": check what an entry was made for")
	return cmd
}

func (p *program) sayAudit(r translog.AuditReport, since string) {
	fmt.Fprintf(p.out, "%s\n%d entries, root %s\nsigned with the key %s\n", r.Checkpoint.Origin, r.Checkpoint.Size, r.Checkpoint.Root, translog.Fingerprint(r.VKey))
	for _, h := range r.Handovers {
		fmt.Fprintf(p.out, "the key %s handed over to %s with entry %d\n", translog.Fingerprint(h.From), translog.Fingerprint(h.To), h.Checkpoint.Size-1)
	}
	if !r.Pinned {
		fmt.Fprintln(p.out, "NOTE: the key was taken from the log itself; compare its fingerprint with one you have by another way")
	}
	switch {
	case r.Compared:
		fmt.Fprintf(p.out, "the log still begins with the %d entries that were kept\n", r.Since.Size)
	case since != "":
		fmt.Fprintf(p.out, "NOTE: nothing was kept before, so a history that was rewritten earlier would not be seen; from now on %s is compared\n", since)
	default:
		fmt.Fprintln(p.out, "NOTE: nothing was compared with an earlier state; use --since to keep one")
	}
	for _, t := range slices.Sorted(maps.Keys(r.Types)) {
		fmt.Fprintf(p.out, "%8d %s\n", r.Types[t], t)
	}
}

func (p *program) watchCommand() *cobra.Command {
	var state string
	var every time.Duration
	var once bool
	cmd := &cobra.Command{
		Use:     "watch URL…",
		Short:   "Watch the public logs of other offices, and say at once when one rewrites its history",
		Long:    "Looks at each log again and again: whether it continues what was seen of it before, whether every new entry is what was signed, and whether its key is the same or was handed over. What was seen is kept in the state directory. The first look replays the whole log and takes its key on trust. A log that cannot be reached is said and looked at again; one that contradicts what was kept ends the watch of it with exit status 1.",
		Example: "  hearback watch https://answers.example.org/log https://desk.example.net/log --state ./watched",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if every < time.Second {
				return fmt.Errorf("%w: look at most once a second", hearback.ErrInvalid)
			}
			if err := os.MkdirAll(state, 0o700); err != nil {
				return err
			}
			bad := map[string]bool{}
			for {
				for _, log := range args {
					if !bad[log] {
						bad[log] = !p.look(cmd.Context(), log, filepath.Join(state, url.PathEscape(log)+".json"))
					}
				}
				if once || len(bad) > 0 && !slices.Contains(slices.Collect(maps.Values(bad)), false) {
					break
				}
				select {
				case <-cmd.Context().Done():
					return nil
				case <-time.After(every):
				}
			}
			if slices.Contains(slices.Collect(maps.Values(bad)), true) {
				return errors.New("at least one log is not what it was; keep the state directory as evidence")
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&state, "state", "./watched", "directory that keeps what was seen")
	cmd.Flags().DurationVar(&every, "every", 10*time.Minute, "how often to look")
	cmd.Flags().BoolVar(&once, "once", false, "look once and end, for a timer of the system")
	return cmd
}

// look looks at one log and reports whether it may go on.
func (p *program) look(ctx context.Context, log, file string) bool {
	now := time.Now()
	say := func(format string, args ...any) {
		fmt.Fprintf(p.out, "%s %s: %s\n", now.UTC().Format(time.RFC3339), log, fmt.Sprintf(format, args...))
	}
	k, err := translog.LoadKept(file)
	if err != nil && !errors.Is(err, hearback.ErrNotFound) {
		say("%v", err)
		return false
	}
	k.Log = log
	s, err := translog.Look(ctx, translog.VerifyOptions{}.Open(log), k, now)
	switch {
	case errors.Is(err, hearback.ErrRefused):
		say("ALARM: %v", err)
		return false
	case err != nil:
		say("cannot be looked at now: %v", err)
		return true
	}
	for _, h := range s.Handovers {
		say("the key %s handed over to %s", translog.Fingerprint(h.From), translog.Fingerprint(h.To))
	}
	switch {
	case s.First:
		say("%d entries, first look; key %s", s.To, translog.Fingerprint(s.Kept.VKey))
	case s.To == s.From:
		say("%d entries, nothing new", s.To)
	default:
		var list []string
		for _, t := range slices.Sorted(maps.Keys(s.Types)) {
			list = append(list, fmt.Sprintf("%d %s", s.Types[t], t))
		}
		say("%d entries, %d new (%s)", s.To, s.To-s.From, strings.Join(list, ", "))
	}
	if err := s.Kept.Save(file); err != nil {
		say("what was seen cannot be kept: %v", err)
	}
	return true
}

func (p *program) witnessCommand() *cobra.Command {
	var dir, name, listen string
	var logs []string
	cmd := &cobra.Command{
		Use:     "witness",
		Short:   "Confirm the logs of others: run this in a newsroom, an ombudsman's office, another city",
		Long:    "Serves C2SP tlog-witness: logs send their new checkpoints, and the witness signs those that continue what it signed before, and no others. It needs nothing but a directory for its key and the last checkpoint of each log. Put TLS before it. A log whose key is changed needs its new key here too.",
		Example: "  hearback witness --name newsroom.example.org/witness --log 'answers.example.org/hearback/1k3x+1a2b3c4d+AbCd...' --listen 127.0.0.1:8090",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := translog.OpenWitness(dir, name, logs)
			if err != nil {
				return err
			}
			l, err := net.Listen("tcp", listen)
			if err != nil {
				return fmt.Errorf("%w: %s cannot be listened on; choose another with --listen", hearback.ErrConflict, listen)
			}
			fmt.Fprintf(p.out, "Witness   %s\nKey       %s\nAddress   http://%s\nLogs      %d\n\nGive key and address to the offices; they set them as witness.ask.\n", name, w.VKey(), l.Addr(), len(logs))
			s := &http.Server{Handler: w.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
			ended := make(chan error, 1)
			go func() { ended <- s.Serve(l) }()
			select {
			case err := <-ended:
				return err
			case <-cmd.Context().Done():
			}
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			return s.Shutdown(ctx)
		},
	}
	cmd.Flags().StringVar(&dir, "data", "./witness", "directory for the key and what was confirmed; keep it, and never put back an old copy")
	cmd.Flags().StringVar(&name, "name", "", "what the witness is called: a host and a path")
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8090", "address and port to serve on")
	cmd.Flags().StringArrayVar(&logs, "log", nil, "public key of a log to watch; may be given many times")
	cmd.MarkFlagRequired("name")
	cmd.MarkFlagRequired("log")
	return cmd
}

func (p *program) logCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "log", Short: "Look after the log of this instance: change its key, rebuild its files, open a commitment", Args: cobra.NoArgs}
	sub := func(use, short, example string, args cobra.PositionalArgs, do func(ctx context.Context, c app.Config, args []string) error) *cobra.Command {
		c := &cobra.Command{Use: use, Short: short, Example: example, Args: args}
		config := p.config(c)
		c.RunE = func(cmd *cobra.Command, args []string) error {
			conf, err := config()
			if err != nil {
				return err
			}
			return do(cmd.Context(), conf, args)
		}
		cmd.AddCommand(c)
		return c
	}
	var reason string
	rotate := sub("rotate-key", "Let a new key sign the log from now on; the old key says so with its last entry",
		"  hearback log rotate-key --reason \"yearly change\" --data ./data", cobra.NoArgs,
		func(ctx context.Context, c app.Config, _ []string) error {
			old, next, err := app.RotateKey(ctx, c, app.Operator(), reason)
			if err != nil {
				return err
			}
			fmt.Fprintf(p.out, "The key %s handed over to %s.\nPublic key: %s\nTell those who keep the old key, and every witness. The old key is kept in %s; move it to a safe place, or destroy it.\n",
				old.Fingerprint(), next.Fingerprint(), next.VKey(), filepath.Join(c.Data, "keys"))
			return nil
		})
	rotate.Flags().StringVar(&reason, "reason", "", "why the key is changed; the public reads it")
	rotate.MarkFlagRequired("reason")
	sub("rebuild", "Write the files of the log again from the store, after some were lost",
		"  hearback log rebuild --data ./data", cobra.NoArgs,
		func(ctx context.Context, c app.Config, _ []string) error {
			if err := app.RebuildLog(ctx, c); err != nil {
				return err
			}
			fmt.Fprintf(p.out, "The files of the log are what was signed again. What was there before is in %s.\n", filepath.Join(c.Data, "log", "damaged"))
			return nil
		})
	sub("reveal INDEX", "Write what opens the commitment of an entry, for an auditor",
		"  hearback log reveal 41 --data ./data > entry-41.json", cobra.ExactArgs(1),
		func(ctx context.Context, c app.Config, args []string) error {
			seq, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil || seq < 0 {
				return fmt.Errorf("%w: %.20q is not the number of an entry", hearback.ErrInvalid, args[0])
			}
			x, err := app.Reveal(ctx, c, seq)
			if err != nil {
				return err
			}
			enc := json.NewEncoder(p.out)
			enc.SetEscapeHTML(false)
			return enc.Encode(x)
		})
	return cmd
}
