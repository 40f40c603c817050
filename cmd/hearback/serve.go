package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"example.org/hearback"
	"example.org/hearback/drills"
	"example.org/hearback/internal/app"
	"example.org/hearback/internal/drill"
	"example.org/hearback/internal/web/office"
)

// version is what the program calls itself; a release sets it.
func version() string {
	if b, ok := debug.ReadBuildInfo(); ok && b.Main.Version != "" && b.Main.Version != "(devel)" {
		return b.Main.Version
	}
	return "0.1.0-dev"
}

// config adds --config and a flag for every setting to a command, and returns
// a function that reads them all once the command runs.
func (p *program) config(cmd *cobra.Command) func() (app.Config, error) {
	var file string
	cmd.Flags().StringVar(&file, "config", "", "TOML file with settings; see docs/config.md")
	var defaults app.Config = app.Defaults()
	values := map[string]*string{}
	for _, s := range defaults.Settings() {
		help := s.Help
		if s.Example != "" {
			help += " (for example " + s.Example + ")"
		}
		values[s.Key] = cmd.Flags().String(s.Flag(), "", help)
		flag := cmd.Flags().Lookup(s.Flag())
		flag.DefValue = s.Default // to be shown: the settings have it already
		if s.Key != "data" && s.Key != "db" {
			flag.Hidden = cmd.Name() != "serve"
		}
	}
	return func() (app.Config, error) {
		if file == "" {
			for _, kv := range p.environ {
				if v, ok := strings.CutPrefix(kv, "HEARBACK_CONFIG="); ok {
					file = v
				}
			}
		}
		c, err := app.LoadConfig(file, p.environ)
		if err != nil {
			return c, err
		}
		for _, s := range c.Settings() {
			if cmd.Flags().Changed(s.Flag()) {
				if err := s.Set(*values[s.Key]); err != nil {
					return c, fmt.Errorf("--%s: %w", s.Flag(), err)
				}
			}
		}
		return c, c.Check()
	}
}

// logger returns where the program writes about itself.
func logger(c app.Config, w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.Log.Level)) // Check has looked at it
	o := &slog.HandlerOptions{Level: level}
	if c.Log.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

func (p *program) serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "serve",
		Short:   "Run the service: listen, group, alert, answer, publish",
		Example: "  hearback serve --data ./data --drill-file water\n  hearback serve --config hearback.toml",
		Args:    cobra.NoArgs,
	}
	config := p.config(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := config()
		if err != nil {
			return err
		}
		return p.serve(cmd.Context(), c)
	}
	return cmd
}

func (p *program) serve(ctx context.Context, c app.Config) error {
	log := logger(c, p.err)
	offers, err := offers()
	if err != nil {
		return err
	}
	o := app.Options{Now: time.Now, Log: log, Version: version(), Drills: offers}
	var room *room
	if c.Drill.File != "" {
		o.DrillURL = "http://" + c.Drill.Listen
	}
	go app.KeepMemory(ctx)
	a, err := app.New(ctx, c, o)
	if err != nil {
		return err
	}
	if err := a.Start(ctx); err != nil {
		return errors.Join(err, a.Stop())
	}
	fmt.Fprintf(p.out, "Console      %s\nPublic site  %s\n", a.ConsoleURL(), a.PublicURL())
	link, err := a.SetUpLink(ctx)
	if err != nil {
		return errors.Join(err, a.Stop())
	}
	if link != "" {
		fmt.Fprintf(p.out, "\nMake the first administrator here (works once, for 24 hours):\n  %s\n", link)
	}
	if c.Drill.File != "" {
		if room, err = p.openRoom(ctx, c, log); err != nil {
			return errors.Join(fmt.Errorf("the drill: %w", err), a.Stop())
		}
		fmt.Fprintf(p.out, "\nA drill is running, no account needed; everything in it is invented:\n  %s\n", room.app.ConsoleURL())
	}
	fmt.Fprintf(p.out, "\nPress Ctrl-C to stop.\n")
	<-ctx.Done()
	log.Info("stopping")
	if room != nil {
		err = room.stop()
	}
	return errors.Join(err, a.Stop())
}

// A room is a drill that runs beside the service, in a store of its own.
type room struct {
	app    *app.App
	sheets string // where after-action sheets are kept
	cancel context.CancelFunc
	done   chan struct{}
}

// offers lists the drills that come with the program.
func offers() ([]office.DrillOffer, error) {
	files := map[string][]byte{}
	for _, name := range drills.Names() {
		b, err := drills.Files.ReadFile(name + ".txtar")
		if err != nil {
			return nil, err
		}
		files[name] = b
	}
	return drill.Offers(files)
}

// openRoom starts the drill of the configuration, always from its beginning.
func (p *program) openRoom(ctx context.Context, c app.Config, log *slog.Logger) (*room, error) {
	script, err := readDrill(c.Drill.File)
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(c.Data, "drill")
	if err := os.RemoveAll(dir); err != nil {
		return nil, fmt.Errorf("the store of the last drill in %s cannot be removed: %w", dir, err)
	}
	d := drillConfig(dir, c, script)
	clock := drill.NewClock(script.Start)
	pace := drill.NewPace(c.Drill.Speed)
	player := &drill.Player{Script: script, Clock: clock, Wait: pace.Wait, Pace: pace}
	a, err := app.New(ctx, d, app.Options{Now: clock.Now, Log: log.With(slog.Bool("drill", true)), Version: version(), Drill: true, Room: player})
	if err != nil {
		return nil, err
	}
	player.App = a
	if err := a.Start(ctx); err != nil {
		return nil, errors.Join(err, a.Stop())
	}
	ctx, cancel := context.WithCancel(ctx)
	r := &room{a, filepath.Join(c.Data, "drill-sheets"), cancel, make(chan struct{})}
	go func() {
		defer close(r.done)
		if _, err := player.Play(ctx); err != nil && ctx.Err() == nil {
			log.Error("the drill stopped", slog.Any("err", err))
		}
	}()
	return r, nil
}

func (r *room) stop() error {
	r.cancel()
	<-r.done
	return errors.Join(r.keep(), r.app.Stop())
}

// keep writes the after-action sheet beside the store of the drill, which the
// next start removes.
func (r *room) keep() error {
	sheet, err := r.app.DrillSheet(context.Background())
	if err != nil || sheet == nil {
		return err
	}
	if err := os.MkdirAll(r.sheets, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.sheets, time.Now().UTC().Format("2006-01-02T150405Z")+".json"), sheet, 0o600)
}

// drillConfig is the configuration of a drill's own instance.
func drillConfig(dir string, c app.Config, s *drill.Script) app.Config {
	d := app.Defaults()
	d.Data, d.Office, d.Alerts, d.Log = dir, c.Office, c.Alerts, c.Log
	d.Alerts.Shadow = 0
	// A drill that an office writes plays in its own areas. Which of them no
	// source reaches says nothing in a drill.
	d.Places = c.Places
	d.Places.Langs = nil
	// Pages show the time of the place where the drill plays, in whole hours;
	// the sign in these names is the other way round (POSIX).
	_, offset := s.Start.Zone()
	d.Office.Zone = fmt.Sprintf("Etc/GMT%+d", -offset/3600)
	d.Console.Listen, d.Public.Listen = c.Drill.Listen, c.Drill.Public
	return d
}

// readDrill reads a drill from a file, or a built-in one by its name.
func readDrill(name string) (*drill.Script, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		b, berr := drills.Files.ReadFile(name + ".txtar")
		if berr != nil {
			return nil, fmt.Errorf("%w: there is no drill file %s, and no built-in drill of that name; built in are: %s", hearback.ErrNotFound, name, strings.Join(drills.Names(), ", "))
		}
		data = b
	}
	s, err := drill.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return s, nil
}

func (p *program) drillCommand() *cobra.Command {
	var speed float64
	var db string
	cmd := &cobra.Command{
		Use:     "drill FILE",
		Short:   "Replay an invented crisis and say which expectations came true",
		Long:    "Plays a drill through a service of its own, in a temporary store, and prints a table of what was expected and when it happened. FILE may be the name of a built-in drill: water or school. The language is described in docs/drills.md.",
		Example: "  hearback drill water\n  hearback drill my.txtar --speed 60",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := readDrill(args[0])
			if err != nil {
				return err
			}
			return p.drill(cmd.Context(), s, speed, db)
		},
	}
	cmd.Flags().Float64Var(&speed, "speed", 0, "how many times faster than life; 0 is as fast as it goes")
	cmd.Flags().StringVar(&db, "db", "", "postgres:// URL of an empty store, instead of a temporary file")
	return cmd
}

func (p *program) drill(ctx context.Context, s *drill.Script, speed float64, db string) error {
	dir, err := os.MkdirTemp("", "hearback-drill-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	c := drillConfig(dir, app.Defaults(), s)
	c.DB = db
	clock := drill.NewClock(s.Start)
	a, err := app.New(ctx, c, app.Options{Now: clock.Now, Log: slog.New(slog.DiscardHandler), Version: version(), Drill: true})
	if err != nil {
		return err
	}
	a.StartPipeline(ctx)
	player := &drill.Player{App: a, Script: s, Clock: clock}
	if speed > 0 {
		player.Wait = drill.NewPace(speed).Wait
	}
	results, err := player.Play(ctx)
	if err := errors.Join(err, a.Stop()); err != nil {
		return err
	}
	fmt.Fprintf(p.out, "%s\n%d posts over %s\n\n", s.Title, s.Posts, s.Length)
	ok, err := drill.Write(p.out, results)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("some expectations did not come true")
	}
	return nil
}
