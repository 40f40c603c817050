package store_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/store"
	"example.org/hearback/internal/translog"
)

const (
	killEnv  = "HEARBACK_TEST_KILL_DIR"
	killsEnv = "HEARBACK_TEST_KILLS" // how often, instead of a few times
)

// TestMain is the process that gets killed, when it is told so.
func TestMain(m *testing.M) {
	dir := os.Getenv(killEnv)
	if dir == "" {
		os.Exit(m.Run())
	}
	fmt.Fprintln(os.Stderr, act(context.Background(), dir))
	os.Exit(1)
}

// act does one audited act after another, each with its entry, while the log
// is published beside it, and prints the number of each that was confirmed.
func act(ctx context.Context, dir string) error {
	db, err := store.Open(ctx, filepath.Join(dir, "hearback.db"))
	if err != nil {
		return err
	}
	key, err := translog.LoadKey(filepath.Join(dir, "log.key"))
	if err != nil {
		return err
	}
	l, err := translog.Open(filepath.Join(dir, "log"), key, db)
	if err != nil {
		return err
	}
	fault := make(chan error, 1)
	go func() { fault <- l.Run(ctx) }()
	for {
		select {
		case err := <-fault:
			return err
		default:
		}
		n, err := db.LogSize(ctx)
		if err != nil {
			return err
		}
		// Some acts write one row, some rows and a commitment besides.
		r := hearback.Record{Type: hearback.ReviewersChanged, At: start, Actor: hearback.System, Subject: "setting:act", Pub: map[string]any{"n": n}}
		if n%3 == 0 {
			r.Private = map[string]any{"n": n}
		}
		if err := db.SetSetting(ctx, fmt.Sprintf("act.%d", n), "done", r); err != nil {
			return err
		}
		fmt.Println(n)
		l.Kick()
	}
}

// output is what the process says; first is closed when it has said something.
type output struct {
	text  bytes.Buffer
	once  sync.Once
	first chan struct{}
}

func (o *output) Write(p []byte) (int, error) {
	o.once.Do(func() { close(o.first) })
	return o.text.Write(p)
}

// TestKilledActs kills a process that acts and publishes. Every act that was
// confirmed has exactly one entry, every entry its act, and the log verifies
// and continues what was seen before.
func TestKilledActs(t *testing.T) {
	kills := 12
	if n, err := strconv.Atoi(os.Getenv(killsEnv)); err == nil {
		kills = n
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	key, err := translog.LoadOrCreateKey(filepath.Join(dir, "log.key"), "answers.example.org/hearback/kill")
	if err != nil {
		t.Fatal(err)
	}
	open(t, filepath.Join(dir, "hearback.db")).Close()
	var kept []byte
	acked := int64(-1)
	for i := range kills {
		var fault bytes.Buffer
		out := &output{first: make(chan struct{})}
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), killEnv+"="+dir)
		cmd.Stdout, cmd.Stderr = out, &fault
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if i%4 > 0 { // otherwise it may be killed while it starts
			select {
			case <-out.first:
			case <-time.After(time.Minute):
				cmd.Process.Kill()
				cmd.Wait()
				t.Fatal("the process does nothing")
			}
		}
		<-time.NewTimer(time.Duration(rand.IntN(60)) * time.Millisecond).C
		cmd.Process.Kill()
		cmd.Wait()
		if fault.Len() > 0 {
			t.Fatalf("kill %d: the process stopped by itself: %s", i, fault.String())
		}
		lines := bytes.Split(out.text.Bytes(), []byte("\n"))
		for j := len(lines) - 2; j >= 0; j-- { // the last line may be cut
			if n, err := strconv.ParseInt(string(lines[j]), 10, 64); err == nil {
				acked = max(acked, n)
				break
			}
		}
		db := open(t, filepath.Join(dir, "hearback.db"))
		size, err := db.LogSize(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		counts, err := db.Counts(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if counts["setting"] != size || counts["entry"] != size || counts["commitment"] != (size+2)/3 || size <= acked {
			t.Fatalf("kill %d: %d acts and %d commitments for %d entries; act %d was confirmed", i, counts["setting"], counts["commitment"], size, acked)
		}
		l, err := translog.Open(filepath.Join(dir, "log"), key, db)
		if err != nil {
			t.Fatalf("kill %d: %v", i, err)
		}
		if l.Checkpoint() != nil {
			r, err := l.Audit(t.Context(), kept)
			if err != nil {
				t.Fatalf("kill %d: %v", i, err)
			}
			kept = r.Signed
		}
		db.Close()
	}
	if acked < int64(kills)/4 {
		t.Fatalf("only %d acts in %d kills: the test tests nothing", acked+1, kills)
	}
	t.Logf("%d kills, %d acts confirmed", kills, acked+1)
}
