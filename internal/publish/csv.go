package publish

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"

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
			e.a.ID.String(), e.lang, safe(e.title(wordsOf(e.lang))), string(e.rev.Verdict()), stamp(e.first), stamp(e.updated),
			strconv.Itoa(e.rev.N), strconv.Itoa(len(e.a.Public()) - 1), strconv.FormatBool(e.withdrawn),
			strconv.FormatInt(record, 10), sum, number(n), strconv.FormatBool(n.Withheld), s.URL(e.a, e.lang),
		}); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
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
	line := []string{safe(corner)}
	for _, h := range heads {
		line = append(line, safe(h))
	}
	if err := c.Write(append(line, "total")); err != nil {
		return err
	}
	for y, cells := range Grid(rows) {
		line := []string{"total"}
		if y < len(names) {
			line[0] = safe(names[y])
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

// safe keeps a spreadsheet from running a cell as a formula.
func safe(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n|＝＋－＠", []rune(s)[0]) {
		return "'" + s
	}
	return s
}
