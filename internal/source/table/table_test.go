package table_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"example.org/hearback"
	"example.org/hearback/internal/source"
	"example.org/hearback/internal/source/table"
)

// A sink remembers posts as the store does, and can fail after some batches.
type sink struct {
	posts   map[string]string // text by post
	order   []source.Raw
	cursor  []byte
	batches []int
	after   int // batches until it fails; 0 never
}

func (s *sink) Take(_ context.Context, _ hearback.ID, items []source.Raw, cursor []byte) (y hearback.Tally, err error) {
	if s.after > 0 && len(s.batches) == s.after {
		return y, errors.New("power cut")
	}
	if s.posts == nil {
		s.posts = map[string]string{}
	}
	s.batches = append(s.batches, len(items))
	y.Received = int64(len(items))
	for _, i := range items {
		if i.Unread > 0 {
			y.Received += i.Unread - 1
			y.Refused += i.Unread
			continue
		}
		switch old, ok := s.posts[i.Post]; {
		case i.Deleted:
			y.Deleted++
		case !ok:
			y.Kept++
			s.order = append(s.order, i)
		case old == i.Text:
			y.Repeats++
		default:
			y.Edited++
		}
		s.posts[i.Post] = i.Text
	}
	s.cursor = cursor
	return y, nil
}

func open(t *testing.T, data string, o table.Options) *table.File {
	t.Helper()
	f, err := table.Open(strings.NewReader(data), o)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(f.Close)
	return f
}

func load(t *testing.T, f *table.File, s *sink) table.Report {
	t.Helper()
	rep, err := f.Import(context.Background(), s, 1, s.cursor, nil)
	if err != nil {
		t.Fatalf("Import: %v", err)
	}
	return rep
}

func TestMapping(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		want     table.Mapping
		notes    string
	}{
		{"english", "id,created_at,text,lang,district,user_id\na1,2024-03-05 14:05,Is the tap water safe?,en,East,u1\na2,2024-03-05 14:06,No water since noon,en,East,u2\n",
			table.Mapping{ID: "id", Time: "created_at", Text: []string{"text"}, Lang: "lang", Area: "district", Account: "user_id", DayFirst: true}, ""},
		{"chinese", "工单编号,受理时间,标题,诉求内容,所属区县,用户昵称,手机号\nG1,2024年3月5日 14:05,停水,河东路今天停水了吗？,河东区,小李,13800138000\nG2,2024年3月5日 15:00,供水,什么时候恢复供水？,河西区,小王,13900139000\n",
			table.Mapping{ID: "工单编号", Time: "受理时间", Text: []string{"标题", "诉求内容"}, Area: "所属区县", Account: "用户昵称", DayFirst: true}, ""},
		{"311", "Unique Key,Created Date,Agency,Complaint Type,Descriptor,Incident Address,Borough\n60,03/25/2024 02:05:00 PM,DEP,Water System,No water,1 Main St,BRONX\n61,03/26/2024 02:05:00 PM,DEP,Water Quality,Brown water,2 Main St,QUEENS\n",
			table.Mapping{ID: "Unique Key", Time: "Created Date", Text: []string{"Descriptor"}, Area: "Borough"}, ""},
		{"row numbers are no ids", "序号,时间,内容\n1,2024-03-05,停水了吗\n2,2024-03-06,水管漏水了\n3,2024-03-07,水是黄的\n",
			table.Mapping{Time: "时间", Text: []string{"内容"}, DayFirst: true}, ""},
		{"an id that only counts", "id,text\n1,Is the tap water safe?\n2,No water since noon\n", table.Mapping{Text: []string{"text"}, DayFirst: true}, "only counts the rows"},
		{"an id that comes twice", "id,text\n7,Is the tap water safe?\n7,No water since noon\n", table.Mapping{Text: []string{"text"}, DayFirst: true}, "some values twice"},
		{"no header", "2024-03-05 14:05,Is the tap water safe to drink?\n2024-03-05 14:06,No water since noon\n", table.Mapping{Time: "1", Text: []string{"2"}, NoHeader: true, DayFirst: true}, ""},
		{"header by contents", "Erfasst,Freitext\n05.03.2024,Ist das Wasser sicher?\n06.03.2024,Seit Mittag kein Wasser\n", table.Mapping{Time: "Erfasst", Text: []string{"Freitext"}, DayFirst: true}, ""},
		{"day or month", "date,text\n03/04/2024,Is the tap water safe?\n", table.Mapping{Time: "date", Text: []string{"text"}, DayFirst: true}, "in two ways"},
		{"month first", "date,text\n03/04/2024,Is the tap water safe?\n03/25/2024,No water\n", table.Mapping{Time: "date", Text: []string{"text"}}, ""},
		{"a date column that holds none", "date,text,gemeldet\nsoon,Is the tap water safe?,2024-03-05\n", table.Mapping{Time: "gemeldet", Text: []string{"text"}, DayFirst: true}, "“date” holds hardly any times"},
		{"links and addresses are no text", "url,note,address\nhttps://example.org/a/very/long/link/indeed,No water since noon,1 Main St\n", table.Mapping{Text: []string{"note"}, DayFirst: true}, ""},
		{"jsonl", `{"id":9,"time":1709647500,"text":"Is it safe?","user":{"id":"u","name":"n"}}` + "\n" + `{"id":11,"text":"No water","district":"East"}`,
			table.Mapping{ID: "id", Time: "time", Text: []string{"text"}, Area: "district", Account: "user.id", DayFirst: true}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := open(t, tt.in, table.Options{})
			if !reflect.DeepEqual(f.Mapping, tt.want) {
				t.Errorf("mapping %+v, want %+v", f.Mapping, tt.want)
			}
			if got := strings.Join(f.Notes, " "); !strings.Contains(got, tt.notes) || tt.notes == "" && got != "" {
				t.Errorf("notes %q, want %q", got, tt.notes)
			}
			again, err := table.ParseMapping(f.Mapping.String())
			if err != nil || !reflect.DeepEqual(*again, f.Mapping) {
				t.Errorf("kept as %s, which reads as %+v, %v", f.Mapping.String(), again, err)
			}
		})
	}
	for bad, want := range map[string]string{`{"text":["body"]}`: `no column "body"`, `{"text":["text"],"zone":"Mars/Crater"}`: "no time zone"} {
		m, err := table.ParseMapping(bad)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := table.Open(strings.NewReader("id,text\n1,x\n"), table.Options{Mapping: m}); !errors.Is(err, hearback.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if _, err := table.ParseMapping("{"); !errors.Is(err, hearback.ErrInvalid) {
		t.Errorf("a broken mapping: %v", err)
	}
}

func TestFormats(t *testing.T) {
	const chinese = "编号,时间,内容\nA7,2024-03-05 14:05,\"他说\"\"停水了\"\"，\n是真的吗？\"\nA9,2024年3月6日,水是黄的\n"
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(chinese)
	if err != nil {
		t.Fatal(err)
	}
	u16, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(strings.ReplaceAll(chinese, ",", "\t"))
	if err != nil {
		t.Fatal(err)
	}
	zip := func(s string) string {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		io.WriteString(z, s)
		z.Close()
		return b.String()
	}
	at := time.Date(2024, 3, 5, 14, 5, 0, 0, time.UTC)
	for _, tt := range []struct{ name, in, format, set string }{
		{"csv", chinese, "csv", "utf-8"},
		{"csv with a mark and CRLF", "\ufeff" + strings.ReplaceAll(chinese, "\n", "\r\n"), "csv", "utf-8"},
		{"semicolons", strings.ReplaceAll(chinese, ",", ";"), "csv", "utf-8"},
		{"bars", strings.ReplaceAll(chinese, ",", "|"), "csv", "utf-8"},
		{"gb18030", gb, "csv", "gb18030"},
		{"what a spreadsheet calls Unicode text", u16, "tsv", "utf-16le"},
		{"gzip", zip(chinese), "csv.gz", "utf-8"},
		{"jsonl", "{\"编号\":\"A7\",\"时间\":\"2024-03-05 14:05\",\"内容\":\"他说\\\"停水了\\\"，\\n是真的吗？\"}\n\n{\"编号\":\"A9\",\"时间\":\"2024年3月6日\",\"内容\":\"水是黄的\"}", "jsonl", "utf-8"},
		{"jsonl.gz", zip(`{"编号":"A7","时间":1709647500,"内容":"他说\"停水了\"，\n是真的吗？"}` + "\n" + `{"编号":"A9","时间":1709683200000,"内容":"水是黄的"}`), "jsonl.gz", "utf-8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, err := table.Open(iotest.HalfReader(strings.NewReader(tt.in)), table.Options{Name: "x"})
			if err != nil {
				t.Fatal(err)
			}
			if f.Format != tt.format || f.Charset != tt.set {
				t.Errorf("%s in %s, want %s in %s", f.Format, f.Charset, tt.format, tt.set)
			}
			s := &sink{}
			rep := load(t, f, s)
			if rep.Rows != 2 || !rep.Done || rep.Tally.Kept != 2 || len(rep.Faults) > 0 {
				t.Fatalf("report %+v", rep)
			}
			if r := s.order[0]; r.Post != "A7" || strings.ReplaceAll(r.Text, "\r", "") != "他说\"停水了\"，\n是真的吗？" || !r.At.Equal(at) {
				t.Errorf("row 1 = %+v", r)
			}
			if r := s.order[1]; r.Post != "A9" || r.Text != "水是黄的" || r.At.Day() != 6 {
				t.Errorf("row 2 = %+v", r)
			}
		})
	}
	// One message a line, with commas in it.
	f := open(t, "text\nNo water, no answer\nIs it safe, and since when, and why?\nYes\n", table.Options{})
	s := &sink{}
	if rep := load(t, f, s); rep.Tally.Kept != 3 || s.order[1].Text != "Is it safe, and since when, and why?" {
		t.Errorf("one cell a line: %+v %+v", rep, s.order)
	}
}

func TestZone(t *testing.T) {
	const in = "time,text\n2024年3月5日 14:05,停水了吗\n2024-03-05T14:05:00Z,is it safe?\n"
	s := &sink{}
	load(t, open(t, in, table.Options{Zone: "Asia/Shanghai"}), s)
	if a, b := s.order[0].At.UTC().Hour(), s.order[1].At.UTC().Hour(); a != 6 || b != 14 {
		t.Errorf("hours %d and %d, want 6 and 14", a, b)
	}
}

// Rows are told apart by what they say if they have no id.
func TestImportAgain(t *testing.T) {
	const in = "time,text,name\n2024-03-05,same words,a\n2024-03-05,same words,a\n2024-03-05,same words,a\n2024-03-06,same words,a\n2024-03-05,other words,a\n"
	s := &sink{}
	if rep := load(t, open(t, in, table.Options{Size: 9}), s); rep.Tally.Kept != 5 {
		t.Fatalf("first: %+v", rep)
	}
	if rep := load(t, open(t, in, table.Options{Size: 9}), s); rep.Tally.Kept != 0 || rep.Tally.Repeats != 5 || rep.Before != 0 {
		t.Errorf("again: %+v, want five repeats", rep)
	}
	// The file of next month holds this month too, with the columns turned.
	longer := "text,time\nsame words,2024-03-05\nsame words,2024-03-05\nsame words,2024-03-05\nsame words,2024-03-05\nsame words,2024-03-06\nother words,2024-03-05\nnew words,2024-04-01\n"
	if rep := load(t, open(t, longer, table.Options{Size: 10}), s); rep.Tally.Kept != 2 || rep.Tally.Repeats != 5 {
		t.Errorf("a longer file: %+v, want two new rows", rep)
	}
	// With an id, other words are an edit.
	s = &sink{}
	load(t, open(t, "id,text\na7,停水了吗\na9,水是黄的\n", table.Options{}), s)
	if rep := load(t, open(t, "id,text\na7,停水了吗？\na9,水是黄的\n", table.Options{}), s); rep.Tally.Edited != 1 || rep.Tally.Repeats != 1 {
		t.Errorf("an edit: %+v", rep)
	}
}

func manyRows(n int, id bool) string {
	var b strings.Builder
	b.WriteString("key,time,text\n")
	for i := range n {
		key := ""
		if id {
			key = fmt.Sprintf("k%d", i)
		}
		if i%1000 == 17 {
			fmt.Fprintf(&b, "%s,never,row %d\n", key, i)
			continue
		}
		fmt.Fprintf(&b, "%s,2024-03-05 14:05,river road %d 停水\n", key, i%7000)
	}
	return b.String()
}

// A crash in the middle loses nothing and doubles nothing.
func TestResume(t *testing.T) {
	for _, id := range []bool{true, false} {
		in := manyRows(9000, id)
		o := table.Options{Size: int64(len(in))}
		if !id {
			o.Mapping = &table.Mapping{Time: "time", Text: []string{"text"}}
		}
		whole := &sink{}
		rep := load(t, open(t, in, o), whole)
		if rep.Rows != 9000 || rep.Tally.Kept != 8991 || rep.Faulty != 9 || !slices.Equal(whole.batches, []int{2001, 2001, 2001, 2001, 992}) {
			t.Fatalf("whole: %+v in %v", rep, whole.batches)
		}
		if f := rep.Faults[0]; f.Line != 19 || !strings.Contains(f.Error, `This is not a time`) {
			t.Errorf("fault %+v, want it in line 19", f)
		}
		for after := 1; after <= 4; after++ {
			s := &sink{after: after}
			if _, err := open(t, in, o).Import(context.Background(), s, 1, nil, nil); err == nil || !strings.Contains(err.Error(), "power cut") {
				t.Fatalf("Import: %v, want the power cut", err)
			}
			s.after = 0
			rep, err := open(t, in, o).Import(context.Background(), s, 1, s.cursor, nil)
			if err != nil || !rep.Done || rep.Before == 0 || rep.Tally.Repeats != 0 {
				t.Errorf("resumed after %d: %+v, %v", after, rep, err)
			}
			if !reflect.DeepEqual(s.order, whole.order) {
				t.Errorf("resumed after %d: %d rows, want the same %d", after, len(s.order), len(whole.order))
			}
		}
		// Another file, or the same with other columns, starts at its beginning.
		s := &sink{after: 1}
		open(t, in, o).Import(context.Background(), s, 1, nil, nil)
		s.after = 0
		other := o
		other.Mapping = &table.Mapping{Text: []string{"text"}}
		if rep := load(t, open(t, in, other), s); rep.Before != 0 {
			t.Errorf("with other columns: %+v", rep)
		}
	}
}

func TestStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	f := open(t, manyRows(9000, true), table.Options{})
	n := 0
	_, err := f.Import(ctx, &sink{}, 1, nil, func(r table.Report) {
		if n++; n == 2 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || n != 2 {
		t.Errorf("Import: %v after %d batches", err, n)
	}
}

func TestRowFaults(t *testing.T) {
	var b strings.Builder
	b.WriteString("id,time,text,lang\n")
	row := func(s string) { b.WriteString(s + "\n") }
	row("a1,2024-03-05,fine,en")                                    // 2
	row("a2,0001-01-01,year one,en")                                // 3
	row("a3,9999-12-31,for ever,en")                                // 4
	row("a4,2024-03-05,,en")                                        // 5
	row("a5,2024-03-05," + strings.Repeat("x", 300_000) + ",en")    // 6
	row("a6,2024-03-05," + strings.Repeat("水", 400_000) + ",en")    // 7
	row("a7,2024-03-05,\"never closed,en")                          // 8
	row("a8,2024-03-05,after it,en")                                // 9
	row(strings.Repeat(",", 300))                                   // 10
	row("a10,2024-03-05,bad byte \xff here,en")                     // 11
	row("a11,2024-03-05,fine," + strings.Repeat("x", 2000))         // 12
	row("a12,2024-03-05,\"two\nlines\",en")                         // 13 and 14
	row("a13,,no time,en")                                          // 15
	row("a14,2024-03-05,mid \"quote\" and \x00 zero,en,more,cells") // 16
	row("")
	row("a15") // 18
	f := open(t, b.String(), table.Options{Mapping: &table.Mapping{ID: "id", Time: "time", Text: []string{"text"}, Lang: "lang"}})
	s := &sink{}
	rep := load(t, f, s)
	want := []struct {
		line int
		says string
	}{
		{3, "in the year 1,"}, {4, "in the year 9999"}, {5, "The row has no text."}, {6, "The text has 300000 bytes, and 262144 are the most; shorten it, or divide it into rows."},
		{7, "The line is longer than 1 MB; "}, {8, "never closed"}, {10, "more than 200 columns"}, {12, "A cell that should be short has 2000 bytes."}, {18, "no text"},
	}
	if len(rep.Faults) != len(want) || rep.Faulty != int64(len(want)) {
		t.Fatalf("faults %+v, want %d", rep.Faults, len(want))
	}
	for i, w := range want {
		if got := rep.Faults[i]; got.Line != w.line || !strings.Contains(got.Error, w.says) {
			t.Errorf("fault %+v, want %+v", got, w)
		}
	}
	var texts []string
	for _, r := range s.order {
		texts = append(texts, r.Text)
	}
	if want := []string{"fine", "after it", "bad byte \uFFFD here", "two\nlines", "no time", "mid \"quote\" and   zero"}; !slices.Equal(texts, want) {
		t.Errorf("texts %q, want %q", texts, want)
	}

	b.Reset()
	b.WriteString("id,text\n")
	for i := range 50 {
		fmt.Fprintf(&b, "k%d,\n", i)
	}
	if rep := load(t, open(t, b.String(), table.Options{Mapping: &table.Mapping{Text: []string{"text"}}}), &sink{}); len(rep.Faults) != table.MaxFaults || rep.Faulty != 50 {
		t.Errorf("%d faults shown of %d", len(rep.Faults), rep.Faulty)
	}
	// JSONL: the faults of wire, with lines.
	rep = load(t, open(t, "{\"text\":\"停水了吗\",\"time\":1709647500}\n{\"text\":\n{\"text\":\"\"}\n{\"text\":\"yes\",\"time\":\"9999-01-01\"}\n", table.Options{}), &sink{})
	if len(rep.Faults) != 3 || rep.Faults[0].Line != 2 || !strings.Contains(rep.Faults[0].Error, "cut off") || rep.Faults[2].Line != 4 {
		t.Errorf("JSONL: %+v", rep.Faults)
	}
}

func TestDeletions(t *testing.T) {
	s := &sink{}
	rep := load(t, open(t, "id,text,deleted\na7,停水了吗,\na9,,是\n,,true\n", table.Options{}), s)
	if rep.Tally.Kept != 1 || rep.Tally.Deleted != 1 || rep.Faulty != 1 || !strings.Contains(rep.Faults[0].Error, "A deletion needs the id") {
		t.Errorf("%+v", rep)
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"empty", "", "the file is empty"},
		{"blank", " \n\n", "the file is empty"},
		{"only a header", "id,text\n", "no column"},
		{"old workbook", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old kind (.xls)"},
		{"pdf", "%PDF-1.7", "this is a PDF"},
		{"page", "<html><body>停水</body></html>", "web page or XML"},
		{"one array", `[{"text":"停水"}]`, "one object a line"},
		{"binary", "\x00\x01\x02\x03\x00\x00\x00\x09", "no text"},
		{"broken zip", "PK\x03\x04 nonsense", "damaged"},
		{"broken gzip", "\x1f\x8b nonsense", "cannot be unpacked"},
		{"json without objects", "{\n{\n", "none of the first lines"},
		{"numbers only", "a,b\n1,2\n3,4\n", "no column looks like the text"},
	} {
		f, err := table.Open(strings.NewReader(tt.in), table.Options{})
		if err == nil {
			_, err = f.Import(context.Background(), &sink{}, 1, nil, nil)
		}
		if tt.name == "only a header" {
			continue // one row of two names is as good as a row
		}
		if !errors.Is(err, hearback.ErrInvalid) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want one that says %q", tt.name, err, tt.want)
		}
	}
	if _, err := table.Open(iotest.ErrReader(errors.New("disk")), table.Options{}); err == nil || errors.Is(err, hearback.ErrInvalid) {
		t.Errorf("a disk that fails: %v, want an error that is not the file's", err)
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, manyRows(60_000, true))
	z.Close()
	f, err := table.Open(bytes.NewReader(b.Bytes()[:b.Len()-100]), table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{}
	if _, err := f.Import(context.Background(), s, 1, nil, nil); !errors.Is(err, hearback.ErrInvalid) || !strings.Contains(err.Error(), "breaks off") || len(s.order) == 0 {
		t.Errorf("a cut gzip: %v after %d rows", err, len(s.order))
	}
}

// workbook makes an XLSX file.
func workbook(t testing.TB, fill func(f *excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	fill(f)
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestXLSX(t *testing.T) {
	b := workbook(t, func(f *excelize.File) {
		f.SetSheetRow("Sheet1", "A1", &[]any{"编号", "受理时间", "内容", "区域"})
		f.SetSheetRow("Sheet1", "A2", &[]any{13800138000123, time.Date(2024, 3, 5, 14, 5, 0, 0, time.UTC), "河东路今天停水了吗？", "河东"})
		f.SetSheetRow("Sheet1", "A4", &[]any{"G-2", "2024年3月6日 09:00", "  水是黄的 ", "#N/A"})
		f.SetSheetRow("Sheet1", "A5", &[]any{"G-3", 45357.5})
		f.SetCellValue("Sheet1", "C5", 4711)
		f.SetCellFormula("Sheet1", "C5", `=CONCAT("a","b")`)
		f.SetCellFormula("Sheet1", "D5", "=1/0")
		f.NewSheet("Second")
		f.SetSheetRow("Second", "A1", &[]any{"text"})
		f.SetSheetRow("Second", "A2", &[]any{"from the second sheet"})
	})
	f := open(t, string(b), table.Options{Name: "x.xlsx", Zone: "Asia/Shanghai"})
	if f.Format != "xlsx" || !reflect.DeepEqual(f.Columns, []string{"编号", "受理时间", "内容", "区域"}) {
		t.Errorf("%s with %q", f.Format, f.Columns)
	}
	if notes := strings.Join(f.Notes, " "); !strings.Contains(notes, "2 sheets; “Sheet1” is read") || !strings.Contains(notes, "2 formulas") {
		t.Errorf("notes %q", notes)
	}
	s := &sink{}
	rep := load(t, f, s)
	want := []source.Raw{
		{Post: "13800138000123", Text: "河东路今天停水了吗？", Area: "河东", At: time.Date(2024, 3, 5, 6, 5, 0, 0, time.UTC)},
		{Post: "G-2", Text: "水是黄的", At: time.Date(2024, 3, 6, 1, 0, 0, 0, time.UTC)},
		{Post: "G-3", Text: "4711", At: time.Date(2024, 3, 6, 4, 0, 0, 0, time.UTC)},
	}
	if len(s.order) != 3 || rep.Faulty != 0 {
		t.Fatalf("report %+v, rows %+v", rep, s.order)
	}
	for i := range want {
		got := s.order[i]
		got.At = got.At.UTC()
		if got != want[i] {
			t.Errorf("row %d = %+v, want %+v", i, got, want[i])
		}
	}
	if f := open(t, string(b), table.Options{Sheet: "Second"}); len(f.Sample) == 0 || !slices.Contains(f.Sample[len(f.Sample)-1], "from the second sheet") {
		t.Errorf("the second sheet: %q", f.Sample)
	}
	if _, err := table.Open(bytes.NewReader(b), table.Options{Sheet: "Third"}); !errors.Is(err, hearback.ErrInvalid) || !strings.Contains(err.Error(), `no sheet named "Third"`) {
		t.Errorf("a sheet that is not there: %v", err)
	}
}

func TestXLSXHostile(t *testing.T) {
	good := workbook(t, func(f *excelize.File) {
		f.SetSheetRow("Sheet1", "A1", &[]any{"id", "text"})
		f.SetSheetRow("Sheet1", "A2", &[]any{"a7", "停水了吗"})
	})
	// with adds a part to the good workbook, or replaces one.
	with := func(name string, fill func(w io.Writer)) []byte {
		r, err := zip.NewReader(bytes.NewReader(good), int64(len(good)))
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		for _, f := range r.File {
			if f.Name != name {
				if err := w.Copy(f); err != nil {
					t.Fatal(err)
				}
			}
		}
		part, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		fill(part)
		w.Close()
		return b.Bytes()
	}
	zeros := func(w io.Writer) {
		block := make([]byte, 1<<20)
		for range 65 {
			w.Write(block)
		}
	}
	sheet := func(xml string) []byte {
		return with("xl/worksheets/sheet1.xml", func(w io.Writer) { io.WriteString(w, xml) })
	}
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	for _, tt := range []struct {
		name string
		in   []byte
		want string // "" if it may be read in part
	}{
		{"bomb", with("xl/media/x.bin", zeros), "larger than 64 MiB when it is unpacked"},
		{"bomb in a sheet", with("xl/worksheets/sheet1.xml", zeros), "larger than 64 MiB when it is unpacked"},
		{"cut", good[:len(good)/2], "damaged"},
		{"not a workbook", with("[Content_Types].xml", func(w io.Writer) { io.WriteString(w, "停水") }), ""},
		{"entities", sheet(`<!DOCTYPE a [<!ENTITY x "` + strings.Repeat("y", 1000) + `">]><worksheet><sheetData><row r="1"><c r="A1" t="str"><v>&x;&x;</v></c></row></sheetData></worksheet>`), ""},
		{"nesting", sheet(strings.Repeat("<a>", 200_000)), ""},
		{"far away cell", sheet(`<worksheet><sheetData><row r="1048576"><c r="XFD1048576" t="str"><v>x</v></c></row></sheetData></worksheet>`), ""},
		{"wrong string index", sheet(`<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>999999</v></c></row></sheetData></worksheet>`), ""},
		{"negative string index", sheet(`<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>-1</v></c></row></sheetData></worksheet>`), ""},
		{"wide", sheet(`<worksheet><sheetData><row r="1"><c r="A1" t="str"><v>x</v></c><c r="ZZZ1" t="str"><v>x</v></c></row></sheetData></worksheet>`), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f, err := table.Open(bytes.NewReader(tt.in), table.Options{})
			if err == nil {
				defer f.Close()
				_, err = f.Import(context.Background(), &sink{}, 1, nil, nil)
			}
			if tt.want == "" && err == nil {
				return
			}
			if !errors.Is(err, hearback.ErrInvalid) || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v, want one that says %q", err, tt.want)
			}
		})
	}
	// Raw text must not reach the disk, not even a temporary file.
	large := workbook(t, func(f *excelize.File) {
		w, err := f.NewStreamWriter("Sheet1")
		if err != nil {
			t.Fatal(err)
		}
		for i := range 12000 {
			w.SetRow(fmt.Sprintf("A%d", i+1), []any{fmt.Sprintf("k%d", i), strings.Repeat("停水了吗", 130)})
		}
		w.Flush()
	})
	f := open(t, string(large), table.Options{})
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("temporary files: %v, %v", left, err)
	}
	if rep := load(t, f, &sink{}); rep.Rows < 11999 {
		t.Errorf("large: %+v", rep)
	}
}

// endless gives rows without end, made as they are read.
type endless struct {
	n, most int
	rest    []byte
}

func (e *endless) Read(p []byte) (int, error) {
	for len(e.rest) == 0 {
		if e.n == e.most {
			return 0, io.EOF
		}
		if e.n == 0 {
			e.rest = []byte("time,text,account\n")
		} else {
			e.rest = fmt.Appendf(nil, "2024-03-05 14:%02d,\"Is the tap water in road %d safe to drink, 河东路停水了吗？\",user%d\n", e.n%60, e.n, e.n%5000)
		}
		e.n++
	}
	n := copy(p, e.rest)
	e.rest = e.rest[n:]
	return n, nil
}

// count takes everything and keeps nothing.
type count struct {
	n    int64
	most uint64
}

func (c *count) Take(_ context.Context, _ hearback.ID, items []source.Raw, _ []byte) (hearback.Tally, error) {
	if c.n += int64(len(items)); c.n%100_000 == 0 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		c.most = max(c.most, m.HeapAlloc)
	}
	return hearback.Tally{Received: int64(len(items)), Kept: int64(len(items))}, nil
}

// Memory does not grow with the file, even if rows have no id.
func TestFlatMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("imports 300,000 rows")
	}
	f, err := table.Open(&endless{most: 300_001}, table.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := &count{}
	rep, err := f.Import(context.Background(), c, 1, nil, nil)
	if err != nil || rep.Tally.Kept != 300_000 {
		t.Fatalf("%+v, %v", rep, err)
	}
	if c.most > 96<<20 {
		t.Errorf("the heap grew to %d MiB", c.most>>20)
	}
}

func BenchmarkImportCSV(b *testing.B) {
	const rows = 200_000
	b.ReportAllocs()
	for b.Loop() {
		f, err := table.Open(&endless{most: rows + 1}, table.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := f.Import(context.Background(), &count{}, 1, nil, nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*rows/b.Elapsed().Seconds(), "rows/s")
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte("id,time,text\na1,2024-03-05,停水了吗\na2,,\"is it, \"\"safe\"\"?\"\n"))
	f.Add([]byte("编号;内容\n1;\"never closed\n2;水是黄的\n"))
	f.Add([]byte("{\"text\":\"停水了吗\"}\n{\"text\":1}\n"))
	f.Add([]byte("\xff\xfet\x00e\x00x\x00t\x00\n\x00x\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := table.Open(bytes.NewReader(b), table.Options{})
		if err != nil {
			if !errors.Is(err, hearback.ErrInvalid) {
				t.Errorf("Open(%q): %v is not the file's fault", b, err)
			}
			return
		}
		defer file.Close()
		if len(file.Mapping.Text) == 0 && len(file.Columns) > 0 {
			file.Mapping.Text = file.Columns[:1]
		}
		s := &sink{}
		rep, err := file.Import(context.Background(), s, 1, nil, nil)
		if err != nil {
			if !errors.Is(err, hearback.ErrInvalid) {
				t.Errorf("Import(%q): %v is not the file's fault", b, err)
			}
			return
		}
		if rep.Rows != rep.Tally.Received || rep.Faulty != rep.Tally.Refused || !rep.Done {
			t.Errorf("%q: %+v does not add up", b, rep)
		}
		line := 0
		for _, fault := range rep.Faults {
			if fault.Line < line || fault.Error == "" {
				t.Errorf("%q: faults %+v", b, rep.Faults)
			}
			line = fault.Line
		}
		for _, r := range s.order {
			if r.Post == "" || r.Text == "" {
				t.Errorf("%q gives %+v", b, r)
			}
		}
	})
}

func FuzzXLSX(f *testing.F) {
	f.Add(workbook(f, func(x *excelize.File) {
		x.SetSheetRow("Sheet1", "A1", &[]any{"id", "内容"})
		x.SetSheetRow("Sheet1", "A2", &[]any{"a7", "停水了吗, is it safe?"})
		x.SetCellFormula("Sheet1", "C2", "=A2")
	}))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := table.Open(bytes.NewReader(b), table.Options{})
		if err == nil {
			_, err = file.Import(context.Background(), &sink{}, 1, nil, nil)
			file.Close()
		}
		if err != nil && !errors.Is(err, hearback.ErrInvalid) {
			t.Errorf("%v is not the file's fault", err)
		}
	})
}
