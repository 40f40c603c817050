// Command bench measures the whole service: messages a second from the
// webhook to the commit, memory at a million messages, how fast the pages of the
// console are while messages come in, and how long a restart takes. It prints
// one JSON object. Every figure is taken in a process of its own.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"example.org/hearback"
	"example.org/hearback/bench/stream"
	"example.org/hearback/internal/app"
	"example.org/hearback/internal/web/office"
)

func main() {
	n := flag.Int("n", 1_000_000, "messages at which memory, list and restart are measured")
	phase := flag.String("phase", "", "one measurement, in this process")
	dir := flag.String("dir", "", "data directory of the measurement")
	profile := flag.String("cpuprofile", "", "file for a profile of the measurement")
	memory := flag.String("memprofile", "", "file for a profile of what is in memory after the measurement")
	flag.Parse()
	var err error
	if *profile != "" {
		f, err := os.Create(*profile)
		if err == nil {
			err = pprof.StartCPUProfile(f)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		defer pprof.StopCPUProfile()
	}
	switch *phase {
	case "":
		err = all(*n)
	case "ingest":
		err = print(ingest(*dir, *n, *memory))
	case "serve":
		err = print(serve(*dir, *memory))
	default:
		err = fmt.Errorf("no phase %q", *phase)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// figures are the measurements by name.
type figures map[string]any

func print(f figures, err error) error {
	if err != nil {
		return err
	}
	e := json.NewEncoder(os.Stdout)
	e.SetIndent("", "  ")
	return e.Encode(f)
}

// all runs every measurement in a process of its own and prints the figures
// together.
func all(n int) error {
	out := figures{"machine": machine(), "commit": commit(), "messages": n}
	dir, err := os.MkdirTemp("", "hearback-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, m := range []struct {
		name, phase, dir string
		cores, n         int
	}{
		{"one_core", "ingest", "one", 1, min(n, 200_000)},
		{"two_cores", "ingest", "two", 2, n},
		{"serving", "serve", "two", 2, n},
	} {
		cmd := exec.Command(os.Args[0], "-phase", m.phase, "-dir", filepath.Join(dir, m.dir), "-n", strconv.Itoa(m.n))
		cmd.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(m.cores))
		cmd.Stderr = os.Stderr
		b, err := cmd.Output()
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		var f figures
		if err := json.Unmarshal(b, &f); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		out[m.name] = f
	}
	return print(out, nil)
}

func machine() string {
	model := "unknown processor"
	if b, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(b)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%s, %d cores, %s %s/%s", model, runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

func commit() string {
	b, err := exec.Command("git", "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(b))
}

// peak returns the largest resident size of this process, in MiB.
func peak() int {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "VmHWM:" {
			kb, _ := strconv.Atoi(f[1])
			return kb >> 10
		}
	}
	return 0
}

// writeHeap writes a profile of the heap, if a file is named.
func writeHeap(file string) error {
	if file == "" {
		return nil
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	runtime.GC()
	return pprof.WriteHeapProfile(f)
}

// start opens an instance that needs no sign-in, with one webhook.
func start(dir string) (a *app.App, token string, err error) {
	ctx := context.Background()
	go app.KeepMemory(ctx)
	c := app.Defaults()
	c.Data = dir
	c.Console.Listen, c.Public.Listen = "127.0.0.1:0", "127.0.0.1:0"
	a, err = app.New(ctx, c, app.Options{Now: time.Now, Log: slog.New(slog.DiscardHandler), Drill: true, Version: "bench"})
	if err != nil {
		return nil, "", err
	}
	file := filepath.Join(dir, "token")
	if b, err := os.ReadFile(file); err == nil {
		return a, string(b), run(ctx, a)
	}
	_, token, err = a.Registry.Add(ctx, hearback.Actor{ID: 1, Role: "administrator", Number: 1}, hearback.Source{
		Slug: "bench", Kind: hearback.Webhook, Title: "Synthetic messages", Reason: "Measuring.", Basis: "none", All: true,
	})
	if err == nil {
		err = os.WriteFile(file, []byte(token), 0o600)
	}
	if err == nil {
		err = a.Reload(ctx)
	}
	if err != nil {
		return nil, "", err
	}
	return a, token, run(ctx, a)
}

// run starts the instance and what a service does by the clock, which it does
// not do by itself in a drill.
func run(ctx context.Context, a *app.App) error {
	if err := a.Start(ctx); err != nil {
		return err
	}
	go func() {
		for {
			if err := a.Step(ctx); err != nil {
				fmt.Fprintln(os.Stderr, "bench:", err)
			}
			time.Sleep(20 * time.Second)
		}
	}()
	return nil
}

// What is sent: requests of perBody messages, from so many senders at once.
const (
	perBody      = 5000
	senders      = 8
	concerns     = 20000 // that the stream is about
	spanOfStream = 24 * time.Hour
)

// ingest posts n messages in requests of perBody, from all senders, and measures
// from the first byte to the last commit.
func ingest(dir string, n int, memory string) (figures, error) {
	a, token, err := start(dir)
	if err != nil {
		return nil, err
	}
	g := stream.New(1, concerns, time.Now().Add(-spanOfStream), spanOfStream/time.Duration(n))
	console, _ := a.Addr()
	var spent, cpu time.Duration
	for done := 0; done < n; {
		// Bodies are made before the clock runs, some at a time to spare memory.
		var bodies [][]byte
		for range 2 * senders {
			if k := min(perBody, n-done); k > 0 {
				bodies = append(bodies, g.Body(k))
				done += k
			}
		}
		runtime.GC()
		began, before := time.Now(), cpuTime()
		if err := post(console, token, bodies); err != nil {
			return nil, err
		}
		spent += time.Since(began)
		cpu += cpuTime() - before
	}
	y, err := a.Store.Total(context.Background(), 0)
	if err != nil {
		return nil, err
	}
	if y.Received != int64(n) || y.Kept+y.Copies != int64(n) {
		return nil, fmt.Errorf("sent %d, and the counts are %+v", n, y)
	}
	f := figures{
		"messages": n, "seconds": spent.Seconds(), "messages_per_second": int(float64(n) / spent.Seconds()),
		"cpu_us_per_message": cpu.Seconds() * 1e6 / float64(n), "peak_rss_mib": peak(), "copies": y.Copies,
	}
	return f, errors.Join(writeHeap(memory), a.Stop())
}

// readFor is how long pages are read.
const readFor = 60 * time.Second

func post(console, token string, bodies [][]byte) error {
	errs := make(chan error, len(bodies))
	var wg sync.WaitGroup
	gate := make(chan struct{}, senders)
	for _, b := range bodies {
		wg.Go(func() {
			gate <- struct{}{}
			defer func() { <-gate }()
			req, err := http.NewRequest("POST", console+"/ingest/bench", bytes.NewReader(b))
			if err != nil {
				errs <- err
				return
			}
			req.Header.Set("Authorization", "Bearer "+token)
			req.Header.Set("Content-Type", "application/x-ndjson")
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				errs <- err
				return
			}
			text, _ := io.ReadAll(res.Body)
			res.Body.Close()
			if res.StatusCode != http.StatusAccepted {
				errs <- fmt.Errorf("%s: %.200s", res.Status, text)
			}
		})
	}
	wg.Wait()
	close(errs)
	return <-errs
}

// serve restarts a store that is full, then reads pages of the console while
// 2,000 messages a second come in.
func serve(dir, memory string) (figures, error) {
	began, before := time.Now(), cpuTime()
	a, token, err := start(dir)
	if err != nil {
		return nil, err
	}
	console, _ := a.Addr()
	if _, err := get(console + "/concerns"); err != nil {
		return nil, err
	}
	restart, restartCPU := time.Since(began), cpuTime()-before
	// The pipeline is ready once it has taken one message.
	g := stream.New(2, concerns, time.Now(), 0)
	if err := post(console, token, [][]byte{g.Body(1)}); err != nil {
		return nil, err
	}
	ready, readyCPU := time.Since(began), cpuTime()-before

	stop := make(chan struct{})
	sent := 0 // until fed
	fed := make(chan error, 1)
	go func() {
		t := time.NewTicker(100 * time.Millisecond)
		defer t.Stop()
		for {
			select {
			case <-stop:
				fed <- nil
				return
			case <-t.C:
				if err := post(console, token, [][]byte{g.Body(200)}); err != nil {
					fed <- err
					return
				}
				sent += 200
			}
		}
	}()
	// A reader who looks again and again, for long enough that what a service
	// does by the clock falls into it. An empty page beside it, served by this
	// process too, shows how long anything takes on the machine as it is.
	empty := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer empty.Close()
	list, words, err := whatToRead(a)
	if err != nil {
		return nil, err
	}
	pages := []struct {
		name string
		url  func(i int) string
	}{
		{"list", func(int) string { return console + "/concerns" }},
		{"first", func(int) string { return console + "/" }},
		{"concern", func(i int) string { return console + "/concerns/" + list[i%len(list)].String() }},
		{"search", func(i int) string { return console + "/search?q=" + url.QueryEscape(words[i%len(words)]) }},
		{"filter", func(i int) string { return console + "/concerns?view=all&q=" + url.QueryEscape(words[i%len(words)]) }},
		{"empty", func(int) string { return empty.URL }},
	}
	took := map[string][]time.Duration{}
	first := time.Now()
	for i := 0; time.Since(first) < readFor; i++ {
		for _, p := range pages {
			d, err := get(p.url(i))
			if err != nil {
				return nil, err
			}
			took[p.name] = append(took[p.name], d)
		}
		time.Sleep(20 * time.Millisecond)
	}
	close(stop)
	if err := <-fed; err != nil {
		return nil, err
	}
	rate := float64(sent) / time.Since(first).Seconds()
	y, err := a.Store.ConcernTotals(context.Background(), time.Time{})
	if err != nil {
		return nil, err
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	f := figures{
		"restart_to_first_page_ms": ms(restart), "restart_to_first_message_ms": ms(ready),
		"cpu_to_first_page_ms": ms(restartCPU), "cpu_to_first_message_ms": ms(readyCPU),
		"messages_per_second": int(rate), "concerns_shown": y.All, "reads_of_each": len(took["list"]), "peak_rss_mib": peak(),
	}
	for name, times := range took {
		slices.Sort(times)
		f[name+"_p50_ms"], f[name+"_p99_ms"] = ms(times[len(times)/2]), ms(times[len(times)*99/100])
	}
	return f, errors.Join(writeHeap(memory), a.Stop())
}

// whatToRead picks concerns and words for the pages that need one: concerns
// that stand first and further down, and of one message of each the longest word
// or two Chinese characters; beside these what nearly every message holds and
// what none does.
func whatToRead(a *app.App) (ids []hearback.ID, words []string, err error) {
	ctx := context.Background()
	list, _, err := a.Store.ConcernList(ctx, office.ConcernFilter{View: "all", Limit: 400})
	for i, c := range list {
		if i%8 != 0 || len(c.Recent) == 0 {
			continue
		}
		ids = append(ids, c.ID)
		said, err := a.Store.Messages(ctx, c.Recent[:1])
		if err != nil {
			return nil, nil, err
		}
		for _, m := range said {
			longest := slices.MaxFunc(strings.FieldsFunc(m.Text, func(r rune) bool { return !unicode.IsLetter(r) }), func(a, b string) int { return len(a) - len(b) })
			if r := []rune(longest); unicode.Is(unicode.Han, r[0]) {
				longest = string(r[:min(2, len(r))])
			}
			words = append(words, longest)
		}
	}
	if err == nil && len(ids) == 0 {
		err = errors.New("there are no concerns to read")
	}
	return ids, append(words, "的", "water nobodysaidit", "鼺龘"), err
}

func get(url string) (time.Duration, error) {
	began := time.Now()
	res, err := http.Get(url)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	if res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", url, res.Status)
	}
	return time.Since(began), err
}
