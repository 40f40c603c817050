package publish

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"example.org/hearback"
)

// AnswersCSV writes answers as open data, one row for each language, with a
// row of headings. voices returns how many people spoke of a concern; the file
// holds it only as [Public] allows. Cells that a spreadsheet would run as a
// formula begin with an apostrophe.
func AnswersCSV(w io.Writer, s Site, answers []hearback.Answer, voices func(concern hearback.ID) int64) error {
	c := csv.NewWriter(w)
	if err := c.Write([]string{
		"answer", "language", "title", "verdict", "first_published", "updated", "revision", "corrections", "withdrawn",
		"record", "sha256", "voices", "voices_withheld", "url",
	}); err != nil {
		return err
	}
	for _, e := range entries(answers, "") {
		sum, err := Hash(e.a, e.rev)
		if err != nil {
			return fmt.Errorf("answers as CSV: %w", err)
		}
		record := e.rev.Record
		if e.withdrawn {
			record = e.a.Withdrawn.Record
		}
		n := cell(voices(e.a.Concern))
		if err := c.Write([]string{
			e.a.ID.String(), e.lang, SafeCell(e.title(wordsOf(e.lang))), string(e.rev.Verdict()), stamp(e.first), stamp(e.updated),
			strconv.Itoa(e.rev.N), strconv.Itoa(len(e.a.Public()) - 1), strconv.FormatBool(e.withdrawn),
			strconv.FormatInt(record, 10), sum, number(n), strconv.FormatBool(n.Withheld), s.URL(e.a, e.lang),
		}); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// AnswersJSON writes the same rows as [AnswersCSV] as a JSON array.
func AnswersJSON(w io.Writer, s Site, answers []hearback.Answer, voices func(concern hearback.ID) int64) error {
	type row struct {
		Answer      string `json:"answer"`
		Lang        string `json:"language"`
		Title       string `json:"title"`
		Verdict     string `json:"verdict,omitempty"`
		First       string `json:"first_published"`
		Updated     string `json:"updated"`
		Revision    int    `json:"revision"`
		Corrections int    `json:"corrections"`
		Withdrawn   bool   `json:"withdrawn"`
		Record      int64  `json:"record"`
		SHA256      string `json:"sha256"`
		Voices      *int64 `json:"voices"` // null if withheld
		URL         string `json:"url"`
	}
	list := []row{}
	for _, e := range entries(answers, "") {
		sum, err := Hash(e.a, e.rev)
		if err != nil {
			return fmt.Errorf("answers as JSON: %w", err)
		}
		x := row{
			Answer: e.a.ID.String(), Lang: e.lang, Title: e.title(wordsOf(e.lang)), Verdict: string(e.rev.Verdict()), First: stamp(e.first), Updated: stamp(e.updated),
			Revision: e.rev.N, Corrections: len(e.a.Public()) - 1, Withdrawn: e.withdrawn, Record: e.rev.Record, SHA256: sum, URL: s.URL(e.a, e.lang),
		}
		if e.withdrawn {
			x.Record = e.a.Withdrawn.Record
		}
		if n := cell(voices(e.a.Concern)); !n.Withheld {
			x.Voices = &n.N
		}
		list = append(list, x)
	}
	return writeJSON(w, list)
}

// A Question is something that people ask and that is not answered yet, as open
// data.
type Question struct {
	ID     string    `json:"question"`
	Title  string    `json:"title"`
	Desk   string    `json:"desk"`
	Tier   string    `json:"tier"`
	State  string    `json:"state"`
	Opened time.Time `json:"opened"`
	Due    time.Time `json:"due,omitzero"` // of the clock that ends first; zero if none runs
	Late   bool      `json:"late"`
	Voices int64     `json:"-"` // shown only as [Public] allows
}

// QuestionsCSV writes open questions as open data.
func QuestionsCSV(w io.Writer, list []Question) error {
	c := csv.NewWriter(w)
	if err := c.Write([]string{"question", "title", "desk", "tier", "state", "opened", "due", "late", "voices", "voices_withheld"}); err != nil {
		return err
	}
	for _, x := range list {
		due := ""
		if !x.Due.IsZero() {
			due = stamp(x.Due)
		}
		n := cell(x.Voices)
		if err := c.Write([]string{x.ID, SafeCell(x.Title), SafeCell(x.Desk), x.Tier, x.State, stamp(x.Opened), due, strconv.FormatBool(x.Late), number(n), strconv.FormatBool(n.Withheld)}); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// QuestionsJSON writes the same rows as a JSON array.
func QuestionsJSON(w io.Writer, list []Question) error {
	type row struct {
		Question
		Voices *int64 `json:"voices"` // null if withheld
	}
	rows := []row{}
	for _, x := range list {
		r := row{Question: x}
		r.Opened, r.Due = x.Opened.UTC().Truncate(time.Second), x.Due.UTC().Truncate(time.Second)
		if n := cell(x.Voices); !n.Withheld {
			r.Voices = &n.N
		}
		rows = append(rows, r)
	}
	return writeJSON(w, rows)
}

func writeJSON(w io.Writer, v any) error {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// GridCSV writes a table of counts as open data, with totals, every count as
// [Grid] allows; a withheld count is an empty cell. names are the headings of
// the rows, heads those of the columns, corner that of both.
func GridCSV(w io.Writer, corner string, heads, names []string, rows [][]int64) error {
	if len(names) != len(rows) {
		return fmt.Errorf("%w: a table of %d rows has %d names", hearback.ErrInvalid, len(rows), len(names))
	}
	for _, row := range rows {
		if len(row) != len(heads) {
			return fmt.Errorf("%w: a row of the table has %d counts for %d columns", hearback.ErrInvalid, len(row), len(heads))
		}
	}
	c := csv.NewWriter(w)
	line := []string{SafeCell(corner)}
	for _, h := range heads {
		line = append(line, SafeCell(h))
	}
	if err := c.Write(append(line, "total")); err != nil {
		return err
	}
	for y, cells := range Grid(rows) {
		line := []string{"total"}
		if y < len(names) {
			line[0] = SafeCell(names[y])
		}
		for _, n := range cells {
			line = append(line, number(n))
		}
		if err := c.Write(line); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

func number(c Cell) string {
	if c.Withheld {
		return ""
	}
	return strconv.FormatInt(c.N, 10)
}

// SafeCell keeps a spreadsheet from running a cell as a formula.
func SafeCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n|＝＋－＠", []rune(s)[0]) {
		return "'" + s
	}
	return s
}
