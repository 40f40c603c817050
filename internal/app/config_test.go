package app

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"example.org/hearback"
)

var update = flag.Bool("update", false, "write docs/config.md anew")

// TestManual holds docs/config.md to the program.
func TestManual(t *testing.T) {
	c := Defaults()
	const file = "../../docs/config.md"
	if *update {
		if err := os.WriteFile(file, []byte(c.Manual()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(b) != c.Manual() {
		t.Error("docs/config.md is not what the program says; run: go test ./internal/app -run Manual -update")
	}
	for _, s := range c.Settings() {
		if s.Help == "" || strings.ContainsAny(s.Help+s.Example, "|\n") {
			t.Errorf("%s: the help %q does not fit a line of the table", s.Key, s.Help)
		}
	}
}

// TestManualInChinese: docs/config.zh.md, which is written by hand, has a row
// for every setting and for nothing else, with the same names, default and
// example, and says in Chinese what it does.
func TestManualInChinese(t *testing.T) {
	b, err := os.ReadFile("../../docs/config.zh.md")
	if err != nil {
		t.Fatal(err)
	}
	c := Defaults()
	begin, han := regexp.MustCompile("^\\| `([a-z0-9_.]+)` \\| "), regexp.MustCompile(`\p{Han}{2}`)
	rows := map[string]string{}
	for line := range strings.Lines(string(b)) {
		if m := begin.FindStringSubmatch(line); m != nil {
			rows[m[1]] = line
		}
	}
	for line := range strings.Lines(c.Manual()) {
		cells := strings.Split(line, " | ")
		if len(cells) < 5 || !strings.HasPrefix(line, "| `") {
			continue
		}
		key := strings.Trim(cells[0], "|` ")
		row := rows[key]
		delete(rows, key)
		names := strings.Join(cells[:4], " | ") + " | "
		if says, ok := strings.CutPrefix(row, names); !ok || !han.MatchString(says) {
			t.Errorf("docs/config.zh.md has no row that begins %q and says in Chinese what %s does", names, key)
		}
		if _, example, ok := strings.Cut(line, "; for example "); ok && !strings.HasSuffix(row, "例如 "+example) {
			t.Errorf("docs/config.zh.md: the row of %s does not end with its example, %s", key, strings.TrimSuffix(example, " |\n"))
		}
	}
	for key := range rows {
		t.Errorf("docs/config.zh.md has a row for %s, which is no setting", key)
	}
}

func TestSampleReadsBack(t *testing.T) {
	c := Defaults()
	c.Office.Name, c.Network.Allow, c.Alerts.PerDay, c.Privacy.Window, c.Drill.Speed = `A "quoted" office`, []string{"a.example", "10.1.0.0/16"}, 7, 90*60e9, 2.5
	c.Places = PlacesConfig{Home: "郑州市", Areas: []AreaConfig{{"North \"Harbour\"", []string{"北港", "the docks"}, "郑州市"}, {"Old Town", []string{}, ""}}}
	file := filepath.Join(t.TempDir(), "hearback.toml")
	if err := os.WriteFile(file, []byte(c.Sample()), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := LoadConfig(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.Manual() != c.Manual() || got.Sample() != c.Sample() {
		t.Errorf("what was written and what was read differ:\n%s\n%s", c.Sample(), got.Sample())
	}
	// Taking the comments away gives the same settings: what stands there is
	// the default.
	plain := regexp.MustCompile(`(?m)^#([a-z_]+ = )`).ReplaceAllString(c.Sample(), "$1")
	if err := os.WriteFile(file, []byte(plain), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err = LoadConfig(file, nil); err != nil || got.Sample() != c.Sample() {
		t.Errorf("without its comment marks the sample reads as %v:\n%s", err, got.Sample())
	}
}

func TestConfigOrder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hearback.toml")
	if err := os.WriteFile(file, []byte("[office]\nname = \"file\"\nzone = \"Asia/Shanghai\"\n[alerts]\nper_day = 3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := LoadConfig(file, []string{"HEARBACK_OFFICE_NAME=env", "PATH=/bin", "HEARBACK_CONFIG=x", "HEARBACK_TEST_X=y", "HEARBACK_NETWORK_ALLOW=a.example, b.example"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Office.Name != "env" || c.Office.Zone != "Asia/Shanghai" || c.Alerts.PerDay != 3 || len(c.Network.Allow) != 2 || c.Log.Level != "info" {
		t.Errorf("the settings are %+v", c)
	}
	if err := c.Check(); err != nil {
		t.Error(err)
	}
}

func TestUnknownSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hearback.toml")
	for _, tt := range []struct{ toml, env, want string }{
		{"[office]\nnme = 1\n", "", "there is no setting office.nme; did you mean office.name?"},
		{"[ofice]\nname = \"x\"\n", "", "there is no setting ofice; did you mean "},
		{"dat = \"x\"\n", "", "there is no setting dat; did you mean data?"},
		{"[privacy]\nretain = \"1h\"\n", "", "did you mean privacy.retention?"},
		{"[console]\nlisten = 8080\n", "", "hearback.toml"},
		{"[alerts]\nper_day = \"many\"\n", "", "hearback.toml"},
		{"[privacy]\nwindow = \"soon\"\n", "", "hearback.toml"},
		{"[office\n", "", "hearback.toml, line "},
		{"", "HEARBACK_OFFICE_NAM=x", "HEARBACK_OFFICE_NAM; did you mean HEARBACK_OFFICE_NAME?"},
		{"", "HEARBACK_ALERTS_PERDAY=3", "did you mean HEARBACK_ALERTS_PER_DAY?"},
		{"", "HEARBACK_ALERTS_PER_DAY=three", `HEARBACK_ALERTS_PER_DAY: not valid: alerts.per_day: "three" is not a whole number`},
		{"[[places.areas]]\nnme = \"x\"\n", "", "there is no setting places.areas.nme; did you mean places.areas?"},
		{"", "HEARBACK_PLACES_AREAS=North", `places.areas: "North" is not a list of areas; write it like [{name = `},
		{"", "HEARBACK_DRILL_SPEED=fast", `drill.speed: "fast" is not a number`},
		{"", "HEARBACK_PRIVACY_WINDOW=1 day", `privacy.window: "1 day" is not a length of time; write it like 90m or 720h`},
	} {
		if err := os.WriteFile(file, []byte(tt.toml), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := LoadConfig(file, []string{tt.env})
		switch {
		case err == nil || !strings.Contains(err.Error(), tt.want):
			t.Errorf("%q %q: the error is %v, want %q", tt.toml, tt.env, err, tt.want)
		case !errors.Is(err, hearback.ErrInvalid) || strings.Contains(err.Error(), "\n"):
			t.Errorf("%q %q: %q is not one line that wraps ErrInvalid", tt.toml, tt.env, err)
		}
	}
	_, err := LoadConfig(file+".nowhere", nil)
	if !errors.Is(err, hearback.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

// TestBadValues: every value that cannot work is refused in one sentence that
// begins with its key.
func TestBadValues(t *testing.T) {
	for _, tt := range []struct{ key, value, want string }{
		{"data", "", "name a directory"},
		{"db", "mysql://x", "begins with postgres://"},
		{"db", "other.db", "leave it empty for SQLite"},
		{"console.listen", "8080", "write it like 127.0.0.1:8080"},
		{"public.listen", "", "write it like 127.0.0.1:8080"},
		{"drill.listen", "here", "is not an address and port"},
		{"drill.public", "a:b:c", "is not an address and port"},
		{"console.url", "answers.example.org", "write it like https://answers.example.org"},
		{"public.url", "ftp://answers.example.org", "is not a web address"},
		{"public.url", "https://", "is not a web address"},
		{"session.idle", "5m", "15m to session.life"},
		{"session.idle", "200h", "15m to session.life"},
		{"session.life", "721h", "up to 720h"},
		{"privacy.window", "25h", "1h to 24h"},
		{"privacy.window", "0s", "1h to 24h"},
		{"privacy.window", "-1h", "1h to 24h"},
		{"privacy.retention", "10000h", "1h to 9600h"},
		{"privacy.retention", "1s", "1h to 9600h"},
		{"alerts.per_day", "0", "1 to 1000"},
		{"alerts.per_day", "-5", "1 to 1000"},
		{"drill.speed", "0", "1 to 100000"},
		{"drill.speed", "1e9", "1 to 100000"},
		{"office.zone", "Mars/Olympus", "is not a time zone"},
		{"log.level", "loud", "none of debug, info, warn, error"},
		{"log.format", "xml", "none of text, json"},
	} {
		c := Defaults()
		set := false
		for _, s := range c.Settings() {
			if s.Key == tt.key {
				set = true
				if err := s.Set(tt.value); err != nil {
					t.Fatal(err)
				}
			}
		}
		err := c.Check()
		if !set || err == nil || !errors.Is(err, hearback.ErrInvalid) {
			t.Errorf("%s = %q: set %t, the error is %v", tt.key, tt.value, set, err)
			continue
		}
		if msg := err.Error(); !strings.HasPrefix(msg, "not valid: "+tt.key+": ") || !strings.Contains(msg, tt.want) || strings.Contains(msg, "\n") {
			t.Errorf("%s = %q: the error is %q, want %q", tt.key, tt.value, msg, tt.want)
		}
	}
	c := Defaults()
	if err := c.Check(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
}
