package table

import (
	"bufio"
	"bytes"
	"fmt"
	"slices"

	"example.org/hearback/internal/source/wire"
)

// A jsonReader reads one JSON object a line. Its columns are the fields that
// the first lines have.
type jsonReader struct {
	lines   lineReader
	columns []string
	at      map[string]int
	pairs   []wire.Pair
	cells   []string
}

// jsonColumns lists the fields of the objects in a sample, in the order in
// which they come.
func jsonColumns(sample []byte, whole bool) (columns []string) {
	var pairs []wire.Pair
	for rows := 0; rows < 200 && len(sample) > 0; rows++ {
		line, rest, ended := bytes.Cut(sample, []byte{'\n'})
		if sample = rest; !ended && !whole {
			break // the sample ends inside this line
		}
		var err error
		if pairs, err = wire.Pairs(line, pairs); err != nil {
			continue
		}
		for _, p := range pairs {
			if len(columns) < MaxColumns && !slices.Contains(columns, p.Name) {
				columns = append(columns, p.Name)
			}
		}
	}
	return columns
}

func newJSONL(r *bufio.Reader, columns []string) *jsonReader {
	j := &jsonReader{lines: lineReader{r: r}, columns: columns, at: map[string]int{}, cells: make([]string, len(columns))}
	for i, c := range columns {
		j.at[c] = i
	}
	return j
}

func (j *jsonReader) next() ([]string, int, error) {
	for {
		line, too, err := j.lines.read()
		if err != nil {
			return nil, 0, err
		}
		n := j.lines.line
		if too {
			return nil, n, &rowFault{n, fmt.Sprintf("The line is longer than %d MB; shorten it.", MaxRow/1_000_000)}
		}
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if j.pairs, err = wire.Pairs(line, j.pairs); err != nil {
			return nil, n, &rowFault{n, err.Error()}
		}
		clear(j.cells)
		for _, p := range j.pairs {
			if i, ok := j.at[p.Name]; ok {
				j.cells[i] = p.Value
			}
		}
		return j.cells, n, nil
	}
}

var _, _ rowReader = (*csvReader)(nil), (*jsonReader)(nil)

// oneArray reports whether a file is one JSON array instead of lines.
func oneArray(sample []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(sample, " \t\r\n"), []byte("["))
}
