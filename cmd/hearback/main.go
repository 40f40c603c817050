// Command hearback hears what a community publicly asks, helps an office
// answer in the open, and finds out whether the answer helped. `hearback
// serve` is the service; the other subcommands look after it, or are its parts
// as filters for a shell.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // time zones on machines that have none

	"github.com/spf13/cobra"

	"example.org/hearback"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ()))
}

// A program is what a subcommand needs of the world.
type program struct {
	in       io.Reader
	out, err io.Writer
	environ  []string
}

// errSome says that some lines were bad: they have been named already.
var errSome = errors.New("some lines could not be used")

// run runs one command line and returns its exit status.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer, environ []string) int {
	p := &program{in, out, errOut, environ}
	root := &cobra.Command{
		Use:   "hearback",
		Short: "Hear what people ask, answer in the open, find out whether it helped",
		Long: `Hearback hears what a community publicly asks, worries about and gets wrong,
helps an office answer in the open with two people behind each answer, and
finds out honestly whether the answer helped.

Start with:  hearback serve`,
		SilenceErrors: true, SilenceUsage: true,
	}
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddGroup(&cobra.Group{ID: "service", Title: "The service:"}, &cobra.Group{ID: "filter", Title: "Filters (lines in, lines out):"})
	add := func(group string, cmds ...*cobra.Command) {
		for _, c := range cmds {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add("service", p.serveCommand(), p.initCommand(), p.importCommand(), p.drillCommand(), p.verifyCommand(),
		p.auditCommand(), p.watchCommand(), p.witnessCommand(), p.logCommand(), p.exportCommand(), p.backupCommand(), p.restoreCommand(), p.migrateCommand(), p.rescueCommand(), p.versionCommand())
	add("filter", p.groupCommand(), p.matchCommand(), p.suggestCommand(), p.langCommand(), p.kindCommand(), p.deskCommand(), p.deidentCommand(), p.detectCommand())
	cmd, err := root.ExecuteContextC(ctx)
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errSome):
		return 1
	case strings.HasPrefix(err.Error(), "unknown command"), strings.HasPrefix(err.Error(), "unknown flag"), strings.HasPrefix(err.Error(), "unknown shorthand"):
		fmt.Fprintf(errOut, "hearback: %s; run \"hearback --help\" to see what there is\n", firstLine(err))
		return 2
	case strings.HasPrefix(err.Error(), "accepts "), strings.HasPrefix(err.Error(), "requires at least"):
		fmt.Fprintf(errOut, "hearback: too few or too many arguments; it is used like this: %s\n", cmd.UseLine())
		return 2
	}
	say := strings.TrimSpace(err.Error())
	if errors.Is(err, hearback.ErrConflict) {
		// In a shell something is in the way, and nobody else has changed it.
		say = strings.ReplaceAll(say, hearback.ErrConflict.Error()+": ", "")
	}
	fmt.Fprintf(errOut, "hearback: %s\n", say)
	return 1
}

// firstLine returns the first line of an error: the parser of flags adds
// suggestions below it.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
