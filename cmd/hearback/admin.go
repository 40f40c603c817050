package main

import (
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"example.org/hearback"
	"example.org/hearback/internal/app"
	"example.org/hearback/internal/publish"
	"example.org/hearback/internal/source/table"
	"example.org/hearback/internal/store"
	"example.org/hearback/internal/translog"
)

// openApp opens an instance for a command that serves no pages.
func (p *program) openApp(ctx context.Context, c app.Config) (*app.App, error) {
	c.Log.Level = "warn"
	return app.New(ctx, c, app.Options{Now: time.Now, Log: logger(c, p.err), Version: version()})
}

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Example: "  hearback version", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			fmt.Fprintln(p.out, "hearback", version())
			return nil
		},
	}
}

func (p *program) initCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "init",
		Short:   "Make a data directory with its keys and store, and a commented settings file",
		Example: "  hearback init --data /var/lib/hearback",
		Args:    cobra.NoArgs,
	}
	config := p.config(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := config()
		if err != nil {
			return err
		}
		a, err := p.openApp(cmd.Context(), c)
		if err != nil {
			return err
		}
		file := a.DataFile("hearback.toml")
		if _, serr := os.Stat(file); errors.Is(serr, os.ErrNotExist) {
			err = os.WriteFile(file, []byte(c.Sample()), 0o600)
		}
		if err := errors.Join(err, a.Stop()); err != nil {
			return err
		}
		fmt.Fprintf(p.out, "%s is ready.\nSettings: %s\nStart it with: hearback serve --config %s\n", c.Data, file, file)
		return nil
	}
	return cmd
}

func (p *program) importCommand() *cobra.Command {
	var slug, title, reason string
	var all, dry bool
	cmd := &cobra.Command{
		Use:     "import FILE",
		Short:   "Take in a table of messages: CSV, TSV, XLSX or JSONL, also .gz",
		Long:    "Takes in a table through a table source, which it adds if need be. The meaning of the columns is guessed, shown, and saved with the source. Running it again adds nothing; after a crash it goes on where it was. The service must not run on the same data directory: use the page of the source then.",
		Example: "  hearback import hotline.csv --source hotline --title \"Hotline summaries\" --reason \"What people call about\" --all",
		Args:    cobra.ExactArgs(1),
	}
	config := p.config(cmd)
	cmd.Flags().StringVar(&slug, "source", "", "short name of the source, for example hotline")
	cmd.Flags().StringVar(&title, "title", "", "title of the source when it is added; public")
	cmd.Flags().StringVar(&reason, "reason", "", "why it is listened to when it is added; public")
	cmd.Flags().BoolVar(&all, "all", false, "when it is added: keep every message, whether or not a topic asks for it")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "show the guessed columns and take nothing in")
	cmd.MarkFlagRequired("source")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := config()
		if err != nil {
			return err
		}
		ctx := cmd.Context()
		a, err := p.openApp(ctx, c)
		if err != nil {
			return err
		}
		a.StartPipeline(ctx)
		err = p.importTable(ctx, a, args[0], slug, title, reason, all, dry)
		return errors.Join(err, a.Stop())
	}
	return cmd
}

func (p *program) importTable(ctx context.Context, a *app.App, file, slug, title, reason string, all, dry bool) error {
	src, err := a.Store.SourceBySlug(ctx, slug)
	if errors.Is(err, hearback.ErrNotFound) && !dry {
		if title == "" {
			title = strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
		}
		if reason == "" {
			return fmt.Errorf("%w: the source %s is new; say why it is listened to with --reason, for the public log", hearback.ErrInvalid, slug)
		}
		src, _, err = a.Registry.Add(ctx, app.Operator(), hearback.Source{Slug: slug, Kind: hearback.Table, Title: title, Reason: reason, Basis: "public task", All: all})
		if err == nil {
			err = a.Reload(ctx)
		}
	}
	if err != nil && !dry {
		return err
	}
	if src == nil {
		src = &hearback.Source{Slug: slug}
	}
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("%w: the file %s cannot be read", hearback.ErrNotFound, file)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if dry {
		t, err := table.Open(f, table.Options{Name: file, Size: info.Size()})
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		defer t.Close()
		fmt.Fprintf(p.out, "columns: %s\nread as: %s\n", strings.Join(t.Columns, ", "), t.Mapping.String())
		for _, note := range t.Notes {
			fmt.Fprintln(p.out, note)
		}
		return nil
	}
	rep, err := a.ImportTable(ctx, app.Operator(), src.ID, file, f, info.Size(), "")
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	y := rep.Tally
	fmt.Fprintf(p.out, "read as: %s\n%d rows: %d kept, %d copies, %d in no topic, %d known already, %d edited, %d unusable\n",
		rep.Columns.String(), y.Received, y.Kept, y.Copies, y.Dropped, y.Repeats, y.Edited, y.Refused)
	if rep.Before > 0 {
		fmt.Fprintf(p.out, "went on after row %d, where an earlier import was broken off\n", rep.Before)
	}
	for _, x := range rep.Faults {
		fmt.Fprintf(p.err, "line %d: %s\n", x.Line, x.Error)
	}
	return nil
}

func (p *program) verifyCommand() *cobra.Command {
	var key, lang, kept, log string
	var witnesses []string
	cmd := &cobra.Command{
		Use:     "verify URL|FILE",
		Short:   "Check that an answer page is what the public log says, without trusting its server",
		Long:    "Checks a saved answer page, a proof, or the page at a URL: that the words are those that were logged, that the entry is in the log, and that the log was signed. It says what it checked and what it could not. A saved page is checked without any connection.",
		Example: "  hearback verify answer.html\n  hearback verify https://answers.example.org/answers/1k3x --key hearback.example.org+1a2b3c4d+AbCd...",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o := translog.VerifyOptions{Key: key, Witnesses: witnesses}
			if log != "" {
				o.Log = o.Open(log)
			}
			if kept != "" {
				k, err := translog.LoadKept(kept)
				if err != nil {
					return err
				}
				if o.Kept = []byte(k.Checkpoint); o.Key == "" {
					o.Key = k.VKey
				}
			}
			r, err := translog.Verify(cmd.Context(), args[0], o)
			if err != nil {
				return err
			}
			fmt.Fprint(p.out, r.Text(lang))
			if !r.OK() {
				return fmt.Errorf("%s is not what the public log says", args[0])
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&lang, "lang", "en", "language of the report: en or zh")
	cmd.Flags().StringVar(&kept, "kept", "", "file that \"hearback audit --since\" keeps: the log must still continue it, and its key sign")
	cmd.Flags().StringVar(&log, "log", "", "where the log is now, for a saved page: an address or a directory")
	cmd.Flags().StringArrayVar(&witnesses, "witness", nil, "public key of a witness you trust; one of those given must have confirmed")
	cmd.Flags().StringVar(&key, "key", "", "the log's public key as you know it; without it the key in the page is used, and said so")
	return cmd
}

func (p *program) exportCommand() *cobra.Command {
	var out, purpose, recipient string
	cmd := &cobra.Command{
		Use:     "export concerns|answers|log",
		Short:   "Write concerns, answers or the public log as open data",
		Long:    "Writes CSV (concerns) or JSON lines (answers, log). Counts below ten are withheld and others rounded, as on the public site; no message is ever exported. The export is an entry of the public log.",
		Example: "  hearback export concerns --purpose \"monthly report\" --out concerns.csv",
		Args:    cobra.ExactArgs(1),
	}
	config := p.config(cmd)
	cmd.Flags().StringVar(&out, "out", "", "file to write; standard output if it is not given")
	cmd.Flags().StringVar(&purpose, "purpose", "", "what it is for; public")
	cmd.Flags().StringVar(&recipient, "recipient", "", "whom it is for; the log only commits to it")
	cmd.MarkFlagRequired("purpose")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := config()
		if err != nil {
			return err
		}
		a, err := p.openApp(cmd.Context(), c)
		if err != nil {
			return err
		}
		return errors.Join(p.export(cmd.Context(), a, args[0], out, purpose, recipient), a.Stop())
	}
	return cmd
}

func (p *program) export(ctx context.Context, a *app.App, what, file, purpose, recipient string) (err error) {
	sum := sha256.New()
	w := io.MultiWriter(p.out, sum)
	if file != "" {
		f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("%w: %s exists or cannot be written; name another file", hearback.ErrConflict, file)
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		w = io.MultiWriter(f, sum)
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	n := 0
	switch what {
	case "concerns":
		t := csv.NewWriter(w)
		t.Write([]string{"concern", "tier", "first_heard", "last_heard", "voices", "priority", "answered"})
		var after hearback.ID
		for {
			list, err := a.Store.ConcernsByID(ctx, after, 1000)
			if err != nil {
				return err
			}
			if len(list) == 0 {
				break
			}
			for _, c := range list {
				after = c.ID
				shown, withheld := publish.Public(c.Voices)
				if withheld || c.State == hearback.Merged {
					continue
				}
				n++
				t.Write([]string{c.ID.String(), string(c.Score.Tier), c.First.Format(time.DateOnly), c.Last.Format(time.DateOnly), shown, strconv.Itoa(int(c.Score.Priority + .5)), strconv.FormatBool(c.Answer != 0)})
			}
		}
		if t.Flush(); t.Error() != nil {
			return t.Error()
		}
	case "answers":
		list, err := a.Published(ctx)
		if err != nil {
			return err
		}
		for _, x := range list {
			b, err := x.Canonical(x.Current())
			if err != nil {
				return err
			}
			n++
			fmt.Fprintf(w, "%s\n", b)
		}
	case "log":
		for from := int64(0); ; {
			list, err := a.Store.Entries(ctx, from, 1000)
			if err != nil {
				return err
			}
			if len(list) == 0 {
				break
			}
			for _, e := range list {
				from = e.Seq + 1
				n++
				fmt.Fprintf(w, "%s\n", e.Leaf)
			}
		}
	default:
		return fmt.Errorf("%w: %.20q cannot be exported; choose concerns, answers or log", hearback.ErrInvalid, what)
	}
	rows, _ := publish.Public(int64(n))
	return a.Store.AppendRecords(ctx, hearback.Record{
		Type: hearback.ExportMade, At: time.Now(), Actor: app.Operator(), Subject: "export:" + what,
		Pub:     map[string]any{"kind": what, "rows": rows, "purpose": purpose, "threshold": int64(publish.Floor)},
		Private: map[string]any{"recipient": recipient, "sha256": hex.EncodeToString(sum.Sum(nil))},
	})
}

// openStore opens the store of an instance beside a service that may run. It
// returns [hearback.ErrNotFound] if there is none: opening would make one.
func openStore(ctx context.Context, c app.Config) (*store.DB, error) {
	if _, err := os.Stat(store.File(app.StoreDSN(c))); c.DB == "" && err != nil {
		return nil, fmt.Errorf("%w: there is no store in %s", hearback.ErrNotFound, c.Data)
	}
	return store.Open(ctx, app.StoreDSN(c))
}

func (p *program) backupCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "backup FILE",
		Short:   "Write a consistent copy of the store while the service runs",
		Long:    "Writes one SQLite file that holds everything but the keys, whichever engine the store uses. Keep the keys directory apart, and never in the same place.",
		Example: "  hearback backup /mnt/backup/hearback-$(date +%F).db --data ./data",
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
		if err := db.Backup(cmd.Context(), args[0]); err != nil {
			return err
		}
		fmt.Fprintf(p.out, "%s holds a copy of the store. The keys are not in it: keep %s safe, in another place.\n", args[0], filepath.Join(c.Data, "keys"))
		return nil
	}
	return cmd
}

func (p *program) restoreCommand() *cobra.Command {
	var acknowledge bool
	var reason string
	cmd := &cobra.Command{
		Use:     "restore FILE",
		Short:   "Put a backup in the place of a lost store",
		Long:    "Refuses to overwrite a store that is there. Afterwards the service does not sign the public log until an operator acknowledges, with --acknowledge, that entries made after the backup are gone; the acknowledgement is itself an entry.",
		Example: "  hearback restore hearback-2026-03-18.db --data ./data\n  hearback restore --acknowledge --reason \"the disk failed\" --data ./data",
		Args:    cobra.MaximumNArgs(1),
	}
	config := p.config(cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "why the store was restored; the public reads it")
	cmd.Flags().BoolVar(&acknowledge, "acknowledge", false, "sign the log again, knowing that entries may be lost")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := config()
		if err != nil {
			return err
		}
		switch {
		case acknowledge && len(args) == 0:
			if err := app.AcknowledgeRestore(cmd.Context(), c, app.Operator(), reason); err != nil {
				return err
			}
			fmt.Fprintln(p.out, "The log goes on, with an entry that says what happened. Start the service.")
			return nil
		case len(args) != 1:
			return fmt.Errorf("%w: name the backup file, or use --acknowledge alone", hearback.ErrInvalid)
		}
		if err := store.Restore(cmd.Context(), args[0], app.StoreDSN(c)); err != nil {
			return err
		}
		fmt.Fprintf(p.out, "Restored. Entries made after the backup are gone. Acknowledge that with:\n  hearback restore --acknowledge --data %s\n", c.Data)
		return nil
	}
	return cmd
}

func (p *program) migrateCommand() *cobra.Command {
	var to string
	cmd := &cobra.Command{
		Use:     "migrate --to DSN",
		Short:   "Move an instance between SQLite and PostgreSQL",
		Long:    "Copies everything into an empty store and compares the counts and the root of the log. The keys and the log's files stay in the data directory.",
		Example: "  hearback migrate --data ./data --to postgres://hearback@db.internal/hearback\n  hearback migrate --db postgres://hearback@db.internal/hearback --to ./data/hearback.db",
		Args:    cobra.NoArgs,
	}
	config := p.config(cmd)
	cmd.Flags().StringVar(&to, "to", "", "where to: a postgres:// URL, or the path of a SQLite file")
	cmd.MarkFlagRequired("to")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := config()
		if err != nil {
			return err
		}
		moved, err := app.Migrate(cmd.Context(), c, to)
		if err != nil {
			return err
		}
		fmt.Fprintf(p.out, "%d rows in %d tables moved; the log has the same %d entries and so the same root on both sides.\n%s\n", moved.Rows, moved.Tables, moved.Log, startWith(c.Data, to))
		return nil
	}
	return cmd
}

// startWith says how to start the service with a store that was moved. The
// keys and the files of the log stay in the data directory, and a SQLite store
// is looked for beside them.
func startWith(data, to string) string {
	if store.File(to) == "" {
		return fmt.Sprintf("Start the service with --data %s --db %s", data, to)
	}
	dir, name := filepath.Split(filepath.Clean(to))
	dir = filepath.Clean(dir)
	if name != "hearback.db" {
		return fmt.Sprintf("Name the file hearback.db and put it into a directory of its own; move %s and %s there too, and start the service with --data and that directory, without --db",
			filepath.Join(data, "keys"), filepath.Join(data, "log"))
	}
	if dir == filepath.Clean(data) {
		return fmt.Sprintf("Start the service with --data %s and without --db", dir)
	}
	return fmt.Sprintf("Move %s and %s into %s, then start the service with --data %s and without --db", filepath.Join(data, "keys"), filepath.Join(data, "log"), dir, dir)
}
