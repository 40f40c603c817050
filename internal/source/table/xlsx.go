package table

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"
)

// MaxXLSX is how large a workbook may be, unpacked.
const MaxXLSX = 64 << 20

// maxParts is how many parts a workbook may have.
const maxParts = 5000

// An xlsxReader reads the rows of one sheet. The workbook is in memory: it
// holds raw text, which must not reach the disk.
type xlsxReader struct {
	book *excelize.File
	rows *excelize.Rows
	line int
	err  error
}

// xlsxInfo is what is to be known of a workbook besides its rows.
type xlsxInfo struct {
	sheet    string
	sheets   int
	formulas int
	from1904 bool
}

// openXLSX opens a sheet of a workbook: the one named, or else the first that
// is shown.
func openXLSX(b []byte, sheet string) (r *xlsxReader, info xlsxInfo, err error) {
	defer guard(&err)
	if info.formulas, err = checkZip(b); err != nil {
		return nil, info, err
	}
	book, err := excelize.OpenReader(bytes.NewReader(b), excelize.Options{
		RawCellValue:   true, // a date is a number, and an id keeps its digits
		UnzipSizeLimit: MaxXLSX,
		// Up to here parts stay in memory; beyond, they would be written to a
		// temporary file.
		UnzipXMLSizeLimit: MaxXLSX,
	})
	if err != nil {
		return nil, info, invalid("this workbook cannot be opened: it is damaged, or no XLSX file at all")
	}
	sheets := book.GetSheetList()
	info.sheets = len(sheets)
	for _, name := range sheets {
		if shown, err := book.GetSheetVisible(name); info.sheet == "" && err == nil && shown {
			info.sheet = name
		}
	}
	if sheet != "" {
		info.sheet = sheet
	}
	if props, err := book.GetWorkbookProps(); err == nil && props.Date1904 != nil {
		info.from1904 = *props.Date1904
	}
	if info.sheet == "" {
		return nil, info, invalid("this workbook has no sheet with rows")
	}
	rows, err := book.Rows(info.sheet)
	if err != nil {
		return nil, info, invalid("this workbook has no sheet named %.60q", info.sheet)
	}
	return &xlsxReader{book: book, rows: rows}, info, nil
}

// checkZip unpacks every part once without keeping it, because what a part
// says of its own size can be a lie, and counts the formulas.
func checkZip(b []byte) (formulas int, err error) {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return 0, invalid("this workbook cannot be opened: it is damaged, or no XLSX file at all")
	}
	if len(z.File) > maxParts {
		return 0, invalid("this workbook has %d parts, and %d are the most", len(z.File), maxParts)
	}
	left := int64(MaxXLSX)
	for _, f := range z.File {
		in, err := f.Open()
		if err != nil {
			return 0, invalid("this workbook is damaged: one of its parts cannot be unpacked")
		}
		count := &formulaCounter{}
		n, err := io.Copy(count, io.LimitReader(in, left+1))
		in.Close()
		if left -= n; left < 0 {
			return 0, invalid("this workbook is larger than %d MiB when it is unpacked; save it as CSV", MaxXLSX>>20)
		}
		if err != nil {
			return 0, invalid("this workbook is damaged: one of its parts cannot be unpacked")
		}
		if strings.HasPrefix(strings.ToLower(f.Name), "xl/worksheets/") {
			formulas += count.n
		}
	}
	return formulas, nil
}

// formulaCounter counts the elements <f> in what is written to it.
type formulaCounter struct {
	n    int
	tail [2]byte
}

func (c *formulaCounter) Write(p []byte) (int, error) {
	a, b := c.tail[0], c.tail[1]
	for _, x := range p {
		if a == '<' && b == 'f' && (x == '>' || x == ' ' || x == '/') {
			c.n++
		}
		a, b = b, x
	}
	c.tail = [2]byte{a, b}
	return len(p), nil
}

func (x *xlsxReader) next() (cells []string, line int, err error) {
	defer func() {
		var row *rowFault
		if err != nil && !errors.As(err, &row) {
			x.err = err // whatever broke stays broken
		}
	}()
	defer guard(&err)
	if x.err != nil {
		return nil, 0, x.err
	}
	for x.rows.Next() {
		x.line++
		cells, err := x.rows.Columns()
		if err != nil {
			return nil, x.line, invalid("this workbook is damaged in row %d", x.line)
		}
		empty, size := true, 0
		for i, c := range cells {
			size += len(c)
			switch c {
			case "":
				continue
			case "#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!":
				cells[i] = "" // the value of a formula that failed
				continue
			}
			empty = false
		}
		if empty {
			continue
		}
		for len(cells) > 0 && cells[len(cells)-1] == "" {
			cells = cells[:len(cells)-1]
		}
		if len(cells) > MaxColumns {
			return nil, x.line, tooWide(x.line)
		}
		if size > MaxRow {
			return nil, x.line, &rowFault{x.line, fmt.Sprintf("The row is longer than %d MB; shorten it.", MaxRow/1_000_000)}
		}
		return cells, x.line, nil
	}
	if x.rows.Error() != nil {
		return nil, x.line, invalid("this workbook is damaged after row %d", x.line)
	}
	return nil, x.line, io.EOF
}

func (x *xlsxReader) close() {
	x.rows.Close()
	x.book.Close()
}

// guard turns a failure inside the library that reads workbooks into an error:
// the file was made by a stranger.
func guard(err *error) {
	if x := recover(); x != nil {
		*err = invalid("this workbook is damaged: it makes the reader fail")
	}
}
