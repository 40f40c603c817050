package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"example.org/hearback"
	"example.org/hearback/internal/app"
	"example.org/hearback/internal/source"
)

// TestScripts runs the program as somebody at a shell does. Beside the usual
// commands, scripts have:
//
//	hold DIR          use a data directory, as a service that runs on it does
//	occupy            take a port; $ADDR is its address
//	streams CMD…      give the program lines one at a time, each only after the
//	                  result of the line before has come
//	publish FILE      write the proof of a published answer into FILE
//	alter FILE A B    replace A by B in a file
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Condition: func(cond string) (bool, error) {
			if cond == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, errors.New("unknown condition " + cond)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"hold": hold, "occupy": occupy, "streams": streams, "publish": publishProof, "alter": alter,
		},
	})
}

// quiet makes an instance that says nothing.
func quiet(ts *testscript.TestScript, dir string, drill bool) *app.App {
	c := app.Defaults()
	c.Data = dir
	a, err := app.New(context.Background(), c, app.Options{Now: time.Now, Log: slog.New(slog.DiscardHandler), Version: "test", Drill: drill})
	ts.Check(err)
	return a
}

func hold(ts *testscript.TestScript, neg bool, args []string) {
	a := quiet(ts, ts.MkAbs(args[0]), false)
	ts.Defer(func() { a.Stop() })
}

func occupy(ts *testscript.TestScript, neg bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	ts.Setenv("ADDR", l.Addr().String())
}

func alter(ts *testscript.TestScript, neg bool, args []string) {
	was := ts.ReadFile(args[0])
	if !strings.Contains(was, args[1]) {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(was, args[1], args[2])), 0o600))
}

// streams runs a filter of this process, so that what it reads and writes can
// be followed line by line.
func streams(ts *testscript.TestScript, neg bool, args []string) {
	for i, arg := range args {
		if _, err := os.Stat(ts.MkAbs(arg)); err == nil {
			args[i] = ts.MkAbs(arg)
		}
	}
	input := strings.SplitAfter(strings.TrimSpace(ts.ReadFile("lines"))+"\n", "\n")
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	status := make(chan int, 1)
	go func() {
		s := run(context.Background(), args, inR, outW, io.Discard, nil)
		outW.Close()
		inR.Close()
		status <- s
	}()
	reply := make([]byte, 1<<16)
	for _, line := range input {
		if line == "" {
			continue
		}
		_, err := inW.Write([]byte(line))
		ts.Check(err)
		// A filter that reads ahead would wait for a line that does not come.
		n, err := outR.Read(reply)
		if err != nil || n == 0 || reply[n-1] != '\n' {
			ts.Fatalf("after %q: %q, %v", line, reply[:n], err)
		}
	}
	inW.Close()
	io.Copy(io.Discard, outR)
	if s := <-status; s != 0 {
		ts.Fatalf("the exit status is %d", s)
	}
}

// publishProof has an answer written, approved and published, and writes the
// proof of its entry.
func publishProof(ts *testscript.TestScript, neg bool, args []string) {
	ctx := context.Background()
	a := quiet(ts, filepath.Join(ts.Getenv("WORK"), "drill"), true)
	a.StartPipeline(ctx)
	by := hearback.Actor{ID: 1, Role: "officer", Number: 1}
	ts.Check(a.PutDesk(ctx, by, hearback.Desk{Slug: "front", Name: "Front desk", NameZH: "综合受理", Fallback: true}))
	src, _, err := a.Registry.Add(ctx, by, hearback.Source{Slug: "replay", Kind: hearback.Replay, Title: "Replay", Reason: "A test.", Basis: "test", All: true})
	ts.Check(err)
	ts.Check(a.Reload(ctx))
	_, err = a.Pipeline.Take(ctx, src.ID, []source.Raw{{Post: "p1", Account: "a1", At: time.Now(), Text: "Is the tap water safe to drink after the flood?"}}, nil)
	ts.Check(err)
	concern, err := a.Where(ctx, src.ID, "p1")
	ts.Check(err)
	texts := []hearback.Text{{Lang: "en", Title: "The tap water is safe again", Lead: "We tested the water at six places. It is safe to drink.", Next: "We test again on Friday.", Verdict: hearback.Verdicts()[0]}}
	ts.Check(a.Rehearse(ctx, concern, "front", hearback.P3, texts, by, hearback.Actor{ID: 2, Role: "reviewer", Number: 2}, hearback.Actor{ID: 3, Role: "reviewer", Number: 3}))
	ts.Check(a.Log.Publish(ctx))
	list, err := a.Published(ctx)
	ts.Check(err)
	rev := list[0].Current()
	canonical, err := list[0].Canonical(rev)
	ts.Check(err)
	b, err := a.Log.Bundle(ctx, rev.Record, canonical)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o600))
	ts.Check(a.Stop())
}
