package app

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/mail"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"example.org/hearback"
	"example.org/hearback/internal/translog"
)

// Config is everything an operator can set. The tags are the manual: docs/config.md
// is made from them, and every key can also be given as an environment
// variable (HEARBACK_OFFICE_NAME) or a flag (--office-name), which win in that
// order over the file.
type Config struct {
	Data    string        `toml:"data" default:"./data" help:"directory that holds the store, the keys and the public log; one process at a time"`
	DB      string        `toml:"db" default:"" help:"where the store is: empty for SQLite inside the data directory, or a postgres:// URL" example:"postgres://hearback@db.internal/hearback"`
	Office  OfficeConfig  `toml:"office"`
	Console ListenConfig  `toml:"console"`
	Public  ListenConfig  `toml:"public"`
	SSO     SSOConfig     `toml:"sso"`
	Session SessionConfig `toml:"session"`
	Network NetworkConfig `toml:"network"`
	Privacy PrivacyConfig `toml:"privacy"`
	Places  PlacesConfig  `toml:"places"`
	Alerts  AlertConfig   `toml:"alerts"`
	Publish PublishConfig `toml:"publish"`
	Open311 Open311Config `toml:"open311"`
	Mail    MailConfig    `toml:"mail"`
	Drill   DrillConfig   `toml:"drill"`
	Witness WitnessConfig `toml:"witness"`
	Log     LogConfig     `toml:"log"`
}

// OfficeConfig says who answers.
type OfficeConfig struct {
	Name   string `toml:"name" default:"Our office" help:"name of the office, as the public reads it in English" example:"Harbour City Service Desk"`
	NameZH string `toml:"name_zh" default:"本单位" help:"name of the office, as the public reads it in Chinese" example:"滨城市民服务中心"`
	Zone   string `toml:"zone" default:"Local" help:"time zone of pages and deadlines" example:"Asia/Shanghai"`
}

// ListenConfig says where pages are served.
type ListenConfig struct {
	Listen string `toml:"listen" help:"address and port to serve on" example:"127.0.0.1:8080"`
	URL    string `toml:"url" default:"" help:"address that people use, when it is not the one above: https behind a reverse proxy" example:"https://answers.example.org"`
}

// SSOConfig says which other service may say who somebody is.
type SSOConfig struct {
	Issuer     string   `toml:"issuer" default:"" help:"address of an OpenID Connect service that people sign in with; empty for none" example:"https://login.example.org/realms/city"`
	Name       string   `toml:"name" default:"single sign-on" help:"what the button on the sign-in page calls it" example:"City account"`
	Client     string   `toml:"client" default:"" help:"what this program is called there; the service must allow /signin/sso/back at console.url to be returned to" example:"hearback"`
	SecretFile string   `toml:"secret_file" default:"" help:"file with the secret of the client; empty if it has none" example:"/run/credentials/hearback/sso"`
	Claim      string   `toml:"claim" default:"groups" help:"claim of the token that lists groups"`
	Roles      []string `toml:"roles" help:"which groups have which role, as group:role, each time somebody signs in" example:"[\"hearback-admins:administrator\", \"press:officer\"]"`
}

// SessionConfig says when somebody must sign in again.
type SessionConfig struct {
	Idle time.Duration `toml:"idle" default:"12h" help:"after how long without use a session of the console ends; at least 15m"`
	Life time.Duration `toml:"life" default:"168h" help:"after how long every session of the console ends, however much it is used; at most 720h"`
}

// NetworkConfig says where outgoing connections may go.
type NetworkConfig struct {
	Allow   []string `toml:"allow" help:"private hosts, host:port pairs or networks that feeds may be read from and notices sent to; everything private is refused otherwise" example:"[\"intranet.example.org\", \"10.1.0.0/16\"]"`
	Contact string   `toml:"contact" default:"" help:"contact shown to the sites we read, in the User-Agent header" example:"press@example.org"`
}

// PrivacyConfig says how long things are kept.
type PrivacyConfig struct {
	Window    time.Duration `toml:"window" default:"24h" help:"how long one speaker is told from another; then the key is destroyed; at most 24h"`
	Retention time.Duration `toml:"retention" default:"720h" help:"how long the text of messages is kept unless a source says otherwise"`
	Prove     time.Duration `toml:"prove" default:"8760h" help:"how long the office can prove to an auditor what entries of the log only commit to, such as who got an export; then what opens them is destroyed"`
}

// PlacesConfig says where the office serves. A message that names a place
// counts for that area.
type PlacesConfig struct {
	Home  string       `toml:"home" default:"" help:"region served, by path or by name: it decides which of several places of one name is meant" example:"cn/河南省/郑州市"`
	Langs []string     `toml:"langs" default:"" help:"languages that the people you serve speak, by their codes; pages of concerns say which of them, and which of your areas, no source brings anything from" example:"en, zh, vi"`
	Map   string       `toml:"map" default:"" help:"GeoJSON file with the boundaries of your areas, for maps: a FeatureCollection of polygons, each with a property name that is an area as you call it; at most 8 MB and 400 areas; empty draws bars instead" example:"/etc/hearback/areas.geojson"`
	Areas []AreaConfig `toml:"areas" help:"areas as the office names them, with other names in any language and the area each lies in; they win over the built-in places" example:"[{name = \"North Harbour\", aliases = [\"北港\", \"the docks\"], parent = \"cn/河南省/郑州市\"}]"`
}

// AreaConfig is one service area.
type AreaConfig struct {
	Name    string   `toml:"name"`
	Aliases []string `toml:"aliases"`
	Parent  string   `toml:"parent"`
}

// AlertConfig says how often people may be disturbed.
type AlertConfig struct {
	PerDay      int           `toml:"per_day" default:"12" help:"alerts a day at the most; the rest go to the digest"`
	PerShift    int           `toml:"per_shift" default:"3" help:"alerts to one desk in eight hours at the most"`
	FalsePerDay float64       `toml:"false_per_day" default:"1" help:"alerts a day that may be noise; while officers find more, the thresholds rise faster and do not fall"`
	Shadow      time.Duration `toml:"shadow" default:"336h" help:"after the first start, statistical alerts only go to the digest for this long"`
}

// PublishConfig says in which forms answers go out besides pages and feeds.
type PublishConfig struct {
	Hub        string   `toml:"hub" default:"" help:"WebSub hub that tells feed readers at once when something is published; empty for none" example:"https://hub.example.org/"`
	Fediverse  string   `toml:"fediverse" default:"" help:"name under which the office can be followed from Mastodon and the like, before the @ and the host of public.url; empty for no such actor" example:"answers"`
	Neighbours []string `toml:"neighbours" help:"public sites of other offices that run Hearback and whose answers this office wants to see in its console" example:"[\"https://answers.next.example\"]"`
	CAP        string   `toml:"cap" default:"off" help:"messages for warning systems (CAP 1.2) beside each answer: off, test, or actual; actual only if the office is a warning authority. A drill always writes exercise"`
}

// MailConfig names the mail server that sends notices. Without a server no
// e-mail is sent. There is no way to send it unencrypted.
type MailConfig struct {
	Server       string `toml:"server" default:"" help:"mail server and port that sends notices; a private one must be in network.allow too; empty sends no e-mail" example:"smtp.example.org:587"`
	Security     string `toml:"security" default:"starttls" help:"starttls, or tls for a server that speaks TLS from the first byte on (port 465)"`
	User         string `toml:"user" default:"" help:"name to sign in with at the mail server; empty if it asks for none"`
	PasswordFile string `toml:"password_file" default:"" help:"file whose first line is the password; read at the start, so that the password is in no command line, environment or settings file" example:"/etc/hearback/mail.password"`
	From         string `toml:"from" default:"" help:"address that notices come from" example:"hearback@example.org"`
	Follow       bool   `toml:"follow" default:"false" help:"whether the public may follow answers by e-mail: the office then keeps addresses, sealed with keys/follow.key, until their owners leave; needs a mail server"`
}

// DrillConfig runs a drill beside the service, in a store of its own.
type DrillConfig struct {
	File   string  `toml:"file" default:"" help:"drill to run beside the service: a file, or the name of a built-in drill" example:"water"`
	Listen string  `toml:"listen" default:"127.0.0.1:8082" help:"address and port of the drill's console"`
	Public string  `toml:"public" default:"127.0.0.1:8083" help:"address and port of the drill's public site"`
	Speed  float64 `toml:"speed" default:"720" help:"how many times faster than life the drill runs"`
}

// WitnessConfig says who confirms the public log.
type WitnessConfig struct {
	Ask   []WitnessAt   `toml:"ask" help:"witnesses that confirm the public log: where each is and its public key, as hearback witness prints them" example:"[{url = \"https://newsroom.example.org/witness\", key = \"newsroom.example.org/witness+1a2b3c4d+AbCd\"}]"`
	Every time.Duration `toml:"every" default:"10m" help:"how often they are asked"`
	Need  int           `toml:"need" default:"0" help:"how many of them must have confirmed the public log within witness.stale before an answer is published the ordinary way; 0 for none. An emergency and a withdrawal do not wait"`
	Stale time.Duration `toml:"stale" default:"24h" help:"after how long without a confirmation pages warn readers"`
}

// WitnessAt is one witness.
type WitnessAt struct {
	URL string `toml:"url"`
	Key string `toml:"key"`
}

// LogConfig says what the program writes about itself.
type LogConfig struct {
	Level  string `toml:"level" default:"info" help:"debug, info, warn or error"`
	Format string `toml:"format" default:"text" help:"text or json"`
}

// A Setting is one key of [Config], as the manual, the flags and the
// environment name it.
type Setting struct {
	Key     string // "office.name"
	Default string
	Help    string
	Example string
	value   reflect.Value
}

// Env returns the environment variable of the key.
func (s Setting) Env() string {
	return "HEARBACK_" + strings.ToUpper(strings.NewReplacer(".", "_").Replace(s.Key))
}

// Flag returns the command line flag of the key, without its dashes.
func (s Setting) Flag() string { return strings.NewReplacer(".", "-", "_", "-").Replace(s.Key) }

// Set gives the setting a value written as text.
func (s Setting) Set(text string) error {
	switch v := s.value.Addr().Interface().(type) {
	case *string:
		*v = text
	case *time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("%w: %s: %.40q is not a length of time; write it like 90m or 720h", hearback.ErrInvalid, s.Key, text)
		}
		*v = d
	case *bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%w: %s: %.40q is neither true nor false", hearback.ErrInvalid, s.Key, text)
		}
		*v = b
	case *int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("%w: %s: %.40q is not a whole number", hearback.ErrInvalid, s.Key, text)
		}
		*v = n
	case *float64:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("%w: %s: %.40q is not a number", hearback.ErrInvalid, s.Key, text)
		}
		*v = f
	case *[]string:
		*v = strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
	case *[]AreaConfig:
		return setList(s, text, "areas", v)
	case *[]OpenDesk:
		return setList(s, text, "desks", v)
	case *[]WitnessAt:
		return setList(s, text, "witnesses", v)
	default:
		panic("config: no way to set a " + s.value.Type().String())
	}
	return nil
}

// setList reads a list of tables, written as TOML.
func setList[T any](s Setting, text, what string, into *[]T) error {
	var list struct {
		V []T `toml:"v"`
	}
	md, err := toml.Decode("v = "+text, &list)
	if err != nil || len(md.Undecoded()) > 0 {
		return fmt.Errorf("%w: %s: %.40q is not a list of %s; write it like %s", hearback.ErrInvalid, s.Key, text, what, s.Example)
	}
	*into = list.V
	return nil
}

// Settings lists the keys of c in the order of the struct.
func (c *Config) Settings() []Setting {
	var list []Setting
	var walk func(prefix string, v reflect.Value)
	walk = func(prefix string, v reflect.Value) {
		for i := range v.NumField() {
			f := v.Type().Field(i)
			key := prefix + f.Tag.Get("toml")
			if f.Type.Kind() == reflect.Struct {
				walk(key+".", v.Field(i))
				continue
			}
			list = append(list, Setting{key, f.Tag.Get("default"), f.Tag.Get("help"), f.Tag.Get("example"), v.Field(i)})
		}
	}
	walk("", reflect.ValueOf(c).Elem())
	return list
}

// Defaults returns the configuration of a program that was told nothing.
func Defaults() Config {
	var c Config
	for _, s := range c.Settings() {
		if s.Default != "" {
			if err := s.Set(s.Default); err != nil {
				panic(err) // a default of ours that does not parse
			}
		}
	}
	c.Console.Listen, c.Public.Listen = "127.0.0.1:8080", "127.0.0.1:8081"
	return c
}

// LoadConfig reads the file named (none if it is empty), then the environment,
// over the defaults. A key it does not know is an error that names the
// nearest known one.
func LoadConfig(file string, environ []string) (Config, error) {
	c := Defaults()
	if file != "" {
		md, err := toml.DecodeFile(file, &c)
		var perr toml.ParseError
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return c, fmt.Errorf("%w: there is no configuration file %s", hearback.ErrNotFound, file)
		case errors.As(err, &perr):
			return c, fmt.Errorf("%w: %s, line %d: %s", hearback.ErrInvalid, file, perr.Position.Line, perr.Message)
		case err != nil:
			return c, fmt.Errorf("%w: %s: %v", hearback.ErrInvalid, file, err)
		}
		if unknown := md.Undecoded(); len(unknown) > 0 {
			return c, fmt.Errorf("%w: %s: there is no setting %s; did you mean %s?", hearback.ErrInvalid, file, unknown[0], c.nearest(unknown[0].String()))
		}
	}
	known := map[string]Setting{}
	for _, s := range c.Settings() {
		known[s.Env()] = s
	}
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		if !strings.HasPrefix(name, "HEARBACK_") || strings.HasPrefix(name, "HEARBACK_TEST_") || name == "HEARBACK_CONFIG" {
			continue
		}
		s, ok := known[name]
		if !ok {
			key := strings.ToLower(strings.Replace(strings.TrimPrefix(name, "HEARBACK_"), "_", ".", 1))
			return c, fmt.Errorf("%w: there is no setting for the environment variable %s; did you mean %s?", hearback.ErrInvalid, name, known2env(c.nearest(key)))
		}
		if err := s.Set(value); err != nil {
			return c, fmt.Errorf("environment variable %s: %w", name, err)
		}
	}
	return c, nil
}

func known2env(key string) string { return Setting{Key: key}.Env() }

// Check refuses values that cannot work or would be dangerous, and says how
// to put them right.
func (c *Config) Check() error {
	bad := func(key, format string, args ...any) error {
		return fmt.Errorf("%w: %s: %s", hearback.ErrInvalid, key, fmt.Sprintf(format, args...))
	}
	if c.Data == "" {
		return bad("data", "name a directory")
	}
	if c.DB != "" && !strings.HasPrefix(c.DB, "postgres://") && !strings.HasPrefix(c.DB, "postgresql://") {
		return bad("db", "leave it empty for SQLite, or give a URL that begins with postgres://")
	}
	for _, l := range []struct{ key, addr string }{
		{"console.listen", c.Console.Listen}, {"public.listen", c.Public.Listen}, {"drill.listen", c.Drill.Listen}, {"drill.public", c.Drill.Public},
	} {
		if _, _, err := net.SplitHostPort(l.addr); err != nil {
			return bad(l.key, "%.60q is not an address and port; write it like 127.0.0.1:8080", l.addr)
		}
	}
	for _, l := range []struct{ key, url string }{{"console.url", c.Console.URL}, {"public.url", c.Public.URL}} {
		if u, err := url.Parse(l.url); l.url != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
			return bad(l.key, "%.60q is not a web address; write it like https://answers.example.org", l.url)
		}
	}
	if c.Session.Idle < 15*time.Minute || c.Session.Idle > c.Session.Life {
		return bad("session.idle", "it may be 15m to session.life")
	}
	if c.Session.Life > 720*time.Hour {
		return bad("session.life", "it may be up to 720h: everybody signs in again at least once a month")
	}
	if c.Privacy.Window < time.Hour || c.Privacy.Window > 24*time.Hour {
		return bad("privacy.window", "it may be 1h to 24h: a speaker is never told apart for longer than a day")
	}
	if c.Privacy.Retention < time.Hour || c.Privacy.Retention > 400*24*time.Hour {
		return bad("privacy.retention", "it may be 1h to 9600h")
	}
	if c.Alerts.PerDay < 1 || c.Alerts.PerDay > 1000 {
		return bad("alerts.per_day", "it may be 1 to 1000")
	}
	if u, err := url.Parse(c.Publish.Hub); c.Publish.Hub != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		return bad("publish.hub", "%.60q is not a web address; write it like https://hub.example.org/", c.Publish.Hub)
	}
	if f := c.Publish.Fediverse; len(f) > 60 || strings.Trim(f, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" {
		return bad("publish.fediverse", "%.60q cannot be followed; use small letters, digits and _", f)
	}
	for _, n := range c.Publish.Neighbours {
		if u, err := url.Parse(n); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return bad("publish.neighbours", "%.60q is not a web address; write it like https://answers.next.example", n)
		}
	}
	if !slices.Contains([]string{"off", "test", "actual"}, c.Publish.CAP) {
		return bad("publish.cap", "%.20q is none of off, test, actual", c.Publish.CAP)
	}
	for _, d := range c.Open311.Desks {
		if u, err := url.Parse(d.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return bad("open311.desks", "%.60q is not a web address; write it like https://city.example/open311/v2", d.URL)
		}
		if !hearback.ValidSlug(d.Desk) || d.Service == "" {
			return bad("open311.desks", "name our desk and the service code of the city's desk at %.60q", d.URL)
		}
	}
	if c.Alerts.PerShift < 1 || c.Alerts.PerShift > 1000 {
		return bad("alerts.per_shift", "it may be 1 to 1000")
	}
	if !(c.Alerts.FalsePerDay > 0 && c.Alerts.FalsePerDay <= 1000) {
		return bad("alerts.false_per_day", "it may be more than 0, up to 1000")
	}
	for _, w := range c.Witness.Ask {
		if u, err := url.Parse(w.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return bad("witness.ask", "%.60q is not a web address; write it like https://newsroom.example.org/witness", w.URL)
		}
		if _, err := translog.NewWitnessVerifier(w.Key); err != nil {
			return bad("witness.ask", "%.80q is not the public key of a witness; copy the line that hearback witness prints", w.Key)
		}
	}
	if c.Witness.Every < time.Second || c.Witness.Stale < c.Witness.Every {
		return bad("witness.stale", "it must be longer than witness.every, which is 1s or more")
	}
	if c.Witness.Need < 0 || c.Witness.Need > len(c.Witness.Ask) {
		return bad("witness.need", "it may be 0 to the number of witnesses in witness.ask, which is %d", len(c.Witness.Ask))
	}
	if err := c.Mail.check(bad); err != nil {
		return err
	}
	if c.Drill.Speed < 1 || c.Drill.Speed > 100000 {
		return bad("drill.speed", "it may be 1 to 100000")
	}
	for _, lang := range c.Places.Langs {
		if len(lang) < 2 || len(lang) > 3 || strings.Trim(lang, "abcdefghijklmnopqrstuvwxyz") != "" {
			return bad("places.langs", "%.40q is not the code of a language; write it like en, zh", lang)
		}
	}
	if _, err := time.LoadLocation(c.Office.Zone); err != nil {
		return bad("office.zone", "%.40q is not a time zone; write it like Asia/Shanghai", c.Office.Zone)
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level) {
		return bad("log.level", "%.20q is none of debug, info, warn, error", c.Log.Level)
	}
	if !slices.Contains([]string{"text", "json"}, c.Log.Format) {
		return bad("log.format", "%.20q is none of text, json", c.Log.Format)
	}
	return nil
}

func (m *MailConfig) check(bad func(key, format string, args ...any) error) error {
	if m.Server == "" {
		if m.Follow {
			return bad("mail.follow", "set mail.server and mail.from first: without a mail server nobody can follow by e-mail")
		}
		return nil
	}
	host, port, err := net.SplitHostPort(m.Server)
	if n, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil || host == "" || n == 0 {
		return bad("mail.server", "%.60q is not a host and port; write it like smtp.example.org:587", m.Server)
	}
	if m.Security != "starttls" && m.Security != "tls" {
		return bad("mail.security", "%.20q is none of starttls, tls", m.Security)
	}
	if a, err := mail.ParseAddress(m.From); err != nil || a.Name != "" {
		return bad("mail.from", "%.60q is not an e-mail address; write it like hearback@example.org", m.From)
	}
	if (m.User == "") != (m.PasswordFile == "") {
		return bad("mail.password_file", "give mail.user and mail.password_file together, or neither")
	}
	return nil
}

// nearest returns the known key that takes the fewest edits from key.
func (c *Config) nearest(key string) string {
	best, least := "", 1<<30
	for _, s := range c.Settings() {
		if d := edits(key, s.Key); d < least {
			best, least = s.Key, d
		}
	}
	return best
}

// edits is the Levenshtein distance of two short keys.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		prev := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := prev
			if a[i] != b[j] {
				cost++
			}
			prev = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// Manual returns docs/config.md.
func (c *Config) Manual() string {
	var b strings.Builder
	b.WriteString("# Settings\n\n[中文](config.zh.md)\n\nEvery setting can stand in one TOML file (`hearback serve --config hearback.toml`), in the environment, or on the command line; the later wins. A setting that does not exist is an error that names the nearest one. This page is made from the program (`go test ./internal/app -run Manual -update`).\n\n| setting | environment | flag | default | what it does |\n|---|---|---|---|---|\n")
	for _, s := range c.Settings() {
		def := s.Default
		if def == "" {
			def = fmt.Sprint(s.value.Interface())
		}
		if def == "" || def == "[]" {
			def = "(empty)"
		}
		help := s.Help
		if s.Example != "" {
			help += "; for example `" + s.Example + "`"
		}
		fmt.Fprintf(&b, "| `%s` | `%s` | `--%s` | `%s` | %s |\n", s.Key, s.Env(), s.Flag(), def, help)
	}
	b.WriteString(areasManual)
	return b.String()
}

// areasManual is the part of the manual about areas.
const areasManual = `
## Areas

A message counts for the area that its source states. If the source states none (no area in the table, none set for the source), the area is read from the words: countries, divisions and cities of the world from 15,000 people on, and the provinces, cities, counties and districts of China, in Chinese, English and other languages, Arabic among them. Only the area is kept, never a street or a building. A name that several places share ("朝阳区", "Springfield") counts only if the message also names the area around it or one of them lies in ` + "`places.home`" + `; a name that is also a word ("Reading", "和平") and the bare name of a county or of a town of fewer than 100,000 people do so only under the same conditions. Otherwise the message counts for no area. A country alone is too wide to count. Where a message names two places, it counts for the area that holds both.

An area is written as a path (` + "`cn/河南省/郑州市/金水区`, `us/Texas/Houston`" + `) and shown by its name in the language of the reader. The filter of the list of concerns takes either.

Your own areas come first. Write them as tables in the file:

` + "```toml" + `
[places]
home = "cn/河南省/郑州市"

[[places.areas]]
name = "North Harbour"                 # as it is stored, counted and shown
aliases = ["北港", "北港片区", "the docks"] # any language, capitals do not matter
parent = "cn/河南省/郑州市"                # may be left out

[[places.areas]]
name = "Old Town"
aliases = ["老城片区"]
` + "```" + `

A name of a service area wins over every built-in place, so do not use words that people use for other things. Readers of Chinese see the first name in Chinese characters, other readers the first without. Without ` + "`places.home`" + ` the parents of the areas are the region served. A message that names two service areas counts for neither.
`

// Sample returns a settings file in which every key is written out, commented
// out unless it differs from the default.
func (c *Config) Sample() string {
	var b strings.Builder
	b.WriteString("# Settings of Hearback. What stands here as a comment is the default.\n")
	defaults := Defaults()
	was := map[string]string{}
	for _, s := range defaults.Settings() {
		was[s.Key] = tomlText(s.value)
	}
	section := ""
	for _, s := range c.Settings() {
		table, name, ok := strings.Cut(s.Key, ".")
		if !ok {
			table, name = "", s.Key
		}
		if table != section {
			section = table
			fmt.Fprintf(&b, "\n[%s]\n", section)
		}
		fmt.Fprintf(&b, "# %s\n", s.Help)
		mark := "#"
		if now := tomlText(s.value); now != was[s.Key] {
			mark = ""
		}
		fmt.Fprintf(&b, "%s%s = %s\n", mark, name, tomlText(s.value))
	}
	return b.String()
}

// tomlText writes a value as TOML.
func tomlText(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case string:
		return strconv.Quote(x)
	case time.Duration:
		return strconv.Quote(x.String())
	case []string:
		quoted := make([]string, len(x))
		for i, s := range x {
			quoted[i] = strconv.Quote(s)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	case []AreaConfig:
		list := make([]string, len(x))
		for i, a := range x {
			list[i] = fmt.Sprintf("{name = %q, aliases = %s, parent = %q}", a.Name, tomlText(reflect.ValueOf(a.Aliases)), a.Parent)
		}
		return "[" + strings.Join(list, ", ") + "]"
	case []OpenDesk:
		list := make([]string, len(x))
		for i, d := range x {
			list[i] = d.toml()
		}
		return "[" + strings.Join(list, ", ") + "]"
	case []WitnessAt:
		list := make([]string, len(x))
		for i, w := range x {
			list[i] = fmt.Sprintf("{url = %q, key = %q}", w.URL, w.Key)
		}
		return "[" + strings.Join(list, ", ") + "]"
	default:
		return fmt.Sprint(x)
	}
}
