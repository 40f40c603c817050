package translog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"example.org/hearback"
	"example.org/hearback/internal/translog"
)

// made is a store whose entries follow from their index, so that a process
// that was killed and the one that looks afterwards agree about them. How many
// are committed stands in a file.
type made struct{ file string }

func (m made) LogSize(context.Context) (int64, error) {
	b, err := os.ReadFile(m.file)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(string(b), 10, 64)
}

func (m made) commit(n int64) error {
	if err := os.WriteFile(m.file+".new", fmt.Append(nil, n), 0o600); err != nil {
		return err
	}
	return os.Rename(m.file+".new", m.file)
}

func (m made) Entries(ctx context.Context, from int64, limit int) (list []hearback.Entry, err error) {
	n, err := m.LogSize(ctx)
	for i := from; i < min(n, from+int64(limit)); i++ {
		leaf, err := hearback.Record{Type: hearback.CaseMoved, At: start, Actor: hearback.System, Subject: fmt.Sprintf("个案:%d", i)}.Leaf(i)
		if err != nil {
			return nil, err
		}
		list = append(list, hearback.Entry{Seq: i, At: start, Type: hearback.CaseMoved, Leaf: leaf})
	}
	return list, err
}

const crashEnv = "HEARBACK_TEST_CRASH_DIR"

// TestMain is the process that gets killed, when it is told so.
func TestMain(m *testing.M) {
	dir := os.Getenv(crashEnv)
	if dir == "" {
		os.Exit(m.Run())
	}
	fmt.Fprintln(os.Stderr, work(dir)) // until it is killed
	os.Exit(1)
}

// work commits and publishes entries for ever, and prints each size that it
// was told is published.
func work(dir string) error {
	k, err := translog.LoadKey(filepath.Join(dir, "log.key"))
	if err != nil {
		return err
	}
	src := made{filepath.Join(dir, "committed")}
	l, err := translog.Open(filepath.Join(dir, "log"), k, src)
	if err != nil {
		return err
	}
	n, err := src.LogSize(context.Background())
	for err == nil {
		n += rand.Int64N(12)
		if err = src.commit(n); err == nil {
			err = l.Publish(context.Background())
		}
		fmt.Println(l.Size())
	}
	return err
}

// TestCrash kills a publishing process at random moments. Whatever it was told
// is published must be there, and the log must verify and continue what was
// seen before.
func TestCrash(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	k, err := translog.LoadOrCreateKey(filepath.Join(dir, "log.key"), origin)
	if err != nil {
		t.Fatal(err)
	}
	kills, least := 0, 100
	if testing.Short() {
		least = 20
	}
	var kept []byte
	var acked int64
	deadline := time.Now().Add(10 * time.Second)
	for kills < least && time.Now().Before(deadline) {
		var out, fault bytes.Buffer
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), crashEnv+"="+dir)
		cmd.Stdout, cmd.Stderr = &out, &fault
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.NewTimer(time.Duration(5+rand.IntN(50)) * time.Millisecond)
		<-timer.C
		cmd.Process.Kill()
		cmd.Wait()
		kills++
		if fault.Len() > 0 {
			t.Fatalf("kill %d: the process stopped by itself: %s", kills, fault.String())
		}
		lines := bytes.Split(out.Bytes(), []byte("\n"))
		for i := len(lines) - 2; i >= 0; i-- { // the last line may be cut
			if n, err := strconv.ParseInt(string(lines[i]), 10, 64); err == nil {
				acked = max(acked, n)
				break
			}
		}
		l, err := translog.Open(filepath.Join(dir, "log"), k, made{filepath.Join(dir, "committed")})
		if err != nil {
			t.Fatalf("kill %d: %v", kills, err)
		}
		if l.Size() < acked {
			t.Fatalf("kill %d: %d entries were confirmed and %d are there", kills, acked, l.Size())
		}
		if l.Checkpoint() == nil {
			continue // killed before the first
		}
		if _, err := l.Audit(t.Context(), kept); err != nil {
			t.Fatalf("kill %d: %v", kills, err)
		}
		kept = l.Checkpoint()
	}
	t.Logf("%d kills, %d entries confirmed, all there", kills, acked)
	if acked == 0 {
		t.Error("nothing was published: the test tested nothing")
	}
	if kills < least {
		t.Logf("the machine was too slow for %d kills in 10 s", least)
	}
}
