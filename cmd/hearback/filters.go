package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"example.org/hearback"
	"example.org/hearback/data"
	"example.org/hearback/internal/alert"
	"example.org/hearback/internal/cluster"
	"example.org/hearback/internal/deident"
	"example.org/hearback/internal/match"
	"example.org/hearback/internal/suggest"
	"example.org/hearback/internal/text"
	"example.org/hearback/internal/text/lexvec"
)

// maxLine is the longest line a filter reads, in bytes.
const maxLine = 4 << 20

// A line is a message as filters read it. Fields it does not know are ignored.
type line struct {
	ID   json.RawMessage `json:"id"`
	Time json.RawMessage `json:"time"`
	Text string          `json:"text"`
	Lang string          `json:"lang"`
	Area string          `json:"area"`
	Kind string          `json:"kind"`
	Tier string          `json:"tier"`
}

// at returns the time of the line, or the zero time if it states none. Times
// are RFC 3339, or seconds or milliseconds since 1970.
func (l *line) at() (time.Time, error) {
	s := strings.Trim(string(l.Time), `"`)
	if s == "" || s == "null" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t, nil
	}
	var n int64
	if err := json.Unmarshal([]byte(s), &n); err != nil {
		return time.Time{}, fmt.Errorf("%w: time %.40q; write it like 2026-03-18T09:00:00Z", hearback.ErrInvalid, s)
	}
	if n > 1e11 {
		return time.UnixMilli(n).UTC(), nil
	}
	return time.Unix(n, 0).UTC(), nil
}

// filter reads JSON lines and writes what f returns for each, before it reads
// the next. A bad line is named on standard error and the rest goes on.
func (p *program) filter(f func(l *line) (any, error)) error {
	out := bufio.NewWriter(p.out)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return p.lines(p.in, func(b []byte) error {
		l := line{}
		if err := json.Unmarshal(b, &l); err != nil {
			return fmt.Errorf("%w: not a JSON message: %v", hearback.ErrInvalid, err)
		}
		if l.ID == nil {
			l.ID = json.RawMessage("null")
		}
		res, err := f(&l)
		if err != nil {
			return err
		}
		if err := enc.Encode(res); err != nil {
			return err
		}
		return out.Flush()
	})
}

// lines calls f for every line that is not empty. It returns [errSome] if f
// failed for any, after naming each.
func (p *program) lines(r io.Reader, f func(b []byte) error) error {
	in := bufio.NewReaderSize(r, 64<<10)
	var bad bool
	for n := 1; ; n++ {
		b, long, err := readLine(in)
		if err == io.EOF && len(b) == 0 {
			break
		}
		if err != nil && err != io.EOF {
			return fmt.Errorf("read line %d: %w", n, err)
		}
		if b = bytes.TrimSpace(b); len(b) == 0 && !long {
			continue
		}
		ferr := fmt.Errorf("%w: longer than %d bytes", hearback.ErrInvalid, maxLine)
		if !long {
			ferr = f(b)
		}
		if errors.Is(ferr, os.ErrClosed) || errors.Is(ferr, io.ErrClosedPipe) {
			return ferr
		}
		if ferr != nil {
			bad = true
			fmt.Fprintf(p.err, "line %d: %v\n", n, ferr)
		}
	}
	if bad {
		return errSome
	}
	return nil
}

// readLine reads a line; one that is too long is read to its end and dropped.
func readLine(in *bufio.Reader) (b []byte, long bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if long = long || len(b)+len(part) > maxLine; long {
			b = nil
		} else {
			b = append(b, part...)
		}
		if err != bufio.ErrBufferFull {
			if err == io.EOF && long {
				err = nil
			}
			return b, long, err
		}
	}
}

// open opens a file, unpacking it if its name ends in .gz.
func open(name string) (io.ReadCloser, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%w: the file %s cannot be read", hearback.ErrNotFound, name)
	}
	if !strings.HasSuffix(name, ".gz") {
		return f, nil
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%w: %s is not a gzip file", hearback.ErrInvalid, name)
	}
	return struct {
		io.Reader
		io.Closer
	}{z, f}, nil
}

// each reads a file of JSON lines into values and calls f for each.
func eachLine[T any](p *program, name string, f func(T) error) error {
	r, err := open(name)
	if err != nil {
		return err
	}
	defer r.Close()
	err = p.lines(r, func(b []byte) error {
		var v T
		if err := json.Unmarshal(b, &v); err != nil {
			return fmt.Errorf("%w: %s: %v", hearback.ErrInvalid, name, err)
		}
		return f(v)
	})
	if errors.Is(err, errSome) {
		return fmt.Errorf("%w: mend the lines named above in %s", hearback.ErrInvalid, name)
	}
	return err
}

func (p *program) groupCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "group",
		Short:   "Group messages into concerns and themes, in one pass",
		Long:    "Reads messages {\"id\",\"time\"?,\"text\",\"lang\"?} and writes {\"id\",\"concern\",\"theme\",\"score\",\"copy_of\"?,\"why\":[…]}, each before the next is read.",
		Example: `  echo '{"id":1,"text":"Is the tap water safe?"}' | hearback group`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := text.New()
			if err != nil {
				return err
			}
			var ids hearback.IDs
			var now time.Time
			next := func() hearback.ID { return ids.Next(now) }
			v, err := lexvec.Load(data.LexVec())
			if err != nil {
				return err
			}
			g := cluster.New(cluster.Options{NextID: next, Vectors: v, Explain: true})
			var names names
			words := spoken{a, map[hearback.ID]text.Doc{}}
			type why struct {
				Kind  string  `json:"kind"`
				Text  string  `json:"text"`
				Value float64 `json:"value"`
			}
			type result struct {
				ID      json.RawMessage `json:"id"`
				Concern hearback.ID     `json:"concern"`
				Theme   hearback.ID     `json:"theme"`
				Score   float64         `json:"score"`
				CopyOf  json.RawMessage `json:"copy_of,omitempty"`
				Why     []why           `json:"why"`
			}
			return p.filter(func(l *line) (any, error) {
				at, err := l.at()
				if err != nil {
					return nil, err
				}
				if at.IsZero() {
					at = now
				}
				now = at
				masked, _ := deident.Text(l.Text)
				d := a.Analyze(masked, l.Lang)
				as := g.Add(hearback.ID(names.add(l.ID)), at, d.Lang, &d, g.Sign(&d))
				g.Forget()
				words.say(&as, &d)
				r := result{ID: l.ID, Concern: as.Concern, Theme: as.Theme, Score: as.Score, CopyOf: names.get(int(as.CopyOf)), Why: make([]why, 0, len(as.Why))}
				for _, w := range as.Why {
					if w.Kind == cluster.WhyCopy { // says the id that the reader knows
						w.Text = strings.Trim(string(r.CopyOf), `"`)
					}
					r.Why = append(r.Why, why{w.Kind, w.Text, w.Value})
				}
				return r, nil
			})
		},
	}
}

// names remembers the ids of all messages of a stream, numbered from 1, in
// little more room than they take as text.
type names struct {
	text []byte
	ends []int
}

// add returns the number of a new id.
func (n *names) add(id []byte) int {
	n.text = append(n.text, id...)
	n.ends = append(n.ends, len(n.text))
	return len(n.ends)
}

// get returns the id with a number, or nil for number 0.
func (n *names) get(i int) json.RawMessage {
	switch i {
	case 0:
		return nil
	case 1:
		return n.text[:n.ends[0]]
	}
	return n.text[n.ends[i-2]:n.ends[i-1]]
}

func (p *program) matchCommand() *cobra.Command {
	var file string
	var k int
	var all, why bool
	cmd := &cobra.Command{
		Use:     "match --answers FILE",
		Short:   "Find the published answers that a message may be asking for",
		Long:    "FILE holds lines {\"id\",\"claim\",\"title\"?,\"aliases\"?,\"text\"?,\"lang\"?}. Reads messages and writes {\"id\",\"matches\":[{\"answer\",\"score\",\"decision\"}]}. The score is the chance that this is the answer asked for. A match below the suggest threshold is left out unless --all. With --why each match carries what speaks for it: the words that met, the features and what each adds to the logarithm of the odds, and what keeps it from being called the same.",
		Example: `  hearback match --answers answers.jsonl -k 3 < messages.jsonl`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := text.New()
			if err != nil {
				return err
			}
			vectors, err := lexvec.Load(data.LexVec())
			if err != nil {
				return err
			}
			ix := match.New(a, vectors, match.Options{})
			names := map[string]json.RawMessage{}
			type answer struct {
				ID                       json.RawMessage
				Claim, Title, Text, Lang string
				Aliases                  []string
			}
			err = eachLine(p, file, func(x answer) error {
				id := strings.Trim(string(x.ID), `"`)
				if id == "" || id == "null" {
					return fmt.Errorf("%w: an answer without an id", hearback.ErrInvalid)
				}
				names[id] = x.ID
				ix.Add(match.Answer{ID: id, Claim: x.Claim, Title: x.Title, Aliases: x.Aliases, Text: x.Text, Lang: x.Lang})
				return nil
			})
			if err != nil {
				return err
			}
			type feature struct {
				Name  string  `json:"name"`
				Value float64 `json:"value"`
				Part  float64 `json:"part"`
			}
			type meeting struct {
				Query  string `json:"query"`
				Answer string `json:"answer"`
				How    string `json:"how"`
			}
			type found struct {
				Answer   json.RawMessage `json:"answer"`
				Score    float64         `json:"score"`
				Decision string          `json:"decision,omitempty"`
				Conflict string          `json:"conflict,omitempty"`
				Reason   string          `json:"reason,omitempty"`
				Met      []meeting       `json:"met,omitempty"`
				Features []feature       `json:"features,omitempty"`
			}
			type result struct {
				ID      json.RawMessage `json:"id"`
				Matches []found         `json:"matches"`
			}
			return p.filter(func(l *line) (any, error) {
				r := result{ID: l.ID, Matches: []found{}}
				masked, _ := deident.Text(l.Text)
				for _, m := range ix.Find(masked, l.Lang, k) {
					if m.Decision == "" && !all {
						continue
					}
					f := found{Answer: names[m.Answer], Score: m.Score, Decision: m.Decision}
					if why {
						f.Conflict, f.Reason = m.Conflict, m.Reason
						for _, x := range m.Met {
							f.Met = append(f.Met, meeting{x.Query, x.Answer, x.How})
						}
						for _, x := range m.Features {
							f.Features = append(f.Features, feature{x.Name, x.Value, x.Part})
						}
					}
					r.Matches = append(r.Matches, f)
				}
				return r, nil
			})
		},
	}
	cmd.Flags().StringVar(&file, "answers", "", "file of answers, one JSON line each; .gz is unpacked")
	cmd.Flags().IntVarP(&k, "k", "k", 5, "how many matches to write at the most")
	cmd.Flags().BoolVar(&all, "all", false, "write matches below the suggest threshold too")
	cmd.Flags().BoolVar(&why, "why", false, "write what speaks for each match")
	cmd.MarkFlagRequired("answers")
	return cmd
}

func (p *program) suggestCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:     "suggest --train FILE",
		Short:   "Suggest a desk or category, learned from past decisions",
		Long:    "FILE holds lines {\"text\",\"label\",\"lang\"?}. Reads messages and writes {\"id\",\"label\",\"p\"}. It only ever suggests.",
		Example: `  hearback suggest --train decided.jsonl.gz < messages.jsonl`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := text.New()
			if err != nil {
				return err
			}
			var rows []suggest.Example
			type row struct {
				Text  string          `json:"text"`
				Label json.RawMessage `json:"label"`
				Lang  string          `json:"lang"`
			}
			labels := map[string]json.RawMessage{}
			err = eachLine(p, file, func(x row) error {
				key := string(x.Label)
				if key == "" || key == "null" {
					return fmt.Errorf("%w: an example without a label", hearback.ErrInvalid)
				}
				labels[key] = x.Label
				masked, _ := deident.Text(x.Text)
				rows = append(rows, suggest.Example{Text: masked, Label: key, Lang: x.Lang})
				return nil
			})
			if err != nil {
				return err
			}
			v, err := lexvec.Load(data.LexVec())
			if err != nil {
				return err
			}
			m, err := suggest.Train(a, v, rows)
			if err != nil {
				return fmt.Errorf("learn from %s: %w", file, err)
			}
			type result struct {
				ID    json.RawMessage `json:"id"`
				Label json.RawMessage `json:"label"`
				P     float64         `json:"p"`
			}
			return p.filter(func(l *line) (any, error) {
				masked, _ := deident.Text(l.Text)
				got := m.Predict(masked, l.Lang)
				return result{l.ID, labels[got.Label], got.P}, nil
			})
		},
	}
	cmd.Flags().StringVar(&file, "train", "", "file of decided examples, one JSON line each; .gz is unpacked")
	cmd.MarkFlagRequired("train")
	return cmd
}

func (p *program) langCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "lang",
		Short:   "Tell the language of messages",
		Long:    "Reads messages and writes {\"id\",\"lang\",\"p\"}; und where it cannot tell.",
		Example: `  echo '{"id":1,"text":"自来水还能喝吗"}' | hearback lang`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := text.New()
			if err != nil {
				return err
			}
			type result struct {
				ID   json.RawMessage `json:"id"`
				Lang string          `json:"lang"`
				P    float64         `json:"p"`
			}
			return p.filter(func(l *line) (any, error) {
				lang, prob := a.Lang(l.Text)
				return result{l.ID, lang, prob}, nil
			})
		},
	}
}

func (p *program) kindCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "kind",
		Short:   "Sort messages by what they need: question, claim, complaint, need, suggestion, thanks, other",
		Long:    "Reads messages and writes {\"id\",\"kind\"}.",
		Example: `  echo '{"id":1,"text":"When will the power be back?"}' | hearback kind`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			a, err := text.New()
			if err != nil {
				return err
			}
			type result struct {
				ID   json.RawMessage `json:"id"`
				Kind hearback.Kind   `json:"kind"`
			}
			return p.filter(func(l *line) (any, error) {
				d := a.Analyze(l.Text, l.Lang)
				return result{l.ID, a.Kind(l.Text, &d)}, nil
			})
		},
	}
}

func (p *program) deidentCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "deident",
		Short:   "Mask what could lead to a person",
		Long:    "Reads messages and writes them with \"text\" masked and \"masked\":[kind…]. Other fields pass unchanged; drop names and ids before you share the result.",
		Example: `  echo '{"id":1,"text":"我叫王小明，电话13800138000"}' | hearback deident`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			out := bufio.NewWriter(p.out)
			return p.lines(p.in, func(b []byte) error {
				var m map[string]json.RawMessage
				if err := json.Unmarshal(b, &m); err != nil {
					return fmt.Errorf("%w: not a JSON message: %v", hearback.ErrInvalid, err)
				}
				var s string
				if err := json.Unmarshal(m["text"], &s); m["text"] != nil && err != nil {
					return fmt.Errorf("%w: text is not a string", hearback.ErrInvalid)
				}
				masked, kinds := deident.Text(s)
				if kinds == nil {
					kinds = []string{}
				}
				var err error
				if m["text"], err = marshal(masked); err != nil {
					return err
				}
				if m["masked"], err = marshal(kinds); err != nil {
					return err
				}
				line, err := marshal(m)
				if err != nil {
					return err
				}
				out.Write(line)
				out.WriteByte('\n')
				return out.Flush()
			})
		},
	}
}

// marshal is json.Marshal without escapes for HTML.
func marshal(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

func (p *program) detectCommand() *cobra.Command {
	var o alert.DetectOptions
	cmd := &cobra.Command{
		Use:     "detect",
		Short:   "Find unusual rises in a series of counts",
		Long:    "Reads CSV timestamp,value and writes CSV timestamp,value,expected,score,alarm, each row before the next is read. An alarm is a score of 0.5 or more, at the first row of a rise. A bucket that is not there is missing, not zero; a row that holds no count, or goes back in time, is named and left out.",
		Example: `  hearback detect --bucket 1h < counts.csv`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Errors = p.err
			if o.Warmup == 0 {
				o.Warmup = -1 // none, which 0 is not to Detect
			}
			err := alert.Detect(p.in, p.out, o)
			if errors.Is(err, alert.ErrBadRows) {
				return errSome
			}
			return err
		},
	}
	cmd.Flags().DurationVar(&o.Bucket, "bucket", 0, "length of a bucket; found from the first rows if it is not given")
	cmd.Flags().IntVar(&o.Warmup, "warmup", alert.Warmup, "buckets at the start that raise no alarm")
	return cmd
}
