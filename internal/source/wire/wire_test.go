package wire_test

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"example.org/hearback/internal/source"
	"example.org/hearback/internal/source/wire"
)

// read returns what a body holds.
func read(body []byte) (items []source.Raw, faults []string) {
	d := wire.NewDecoder(body)
	for {
		raw, bad, err := d.Next()
		if err == io.EOF {
			return items, faults
		}
		if bad != nil {
			faults = append(faults, fmt.Sprintf("%d: %s", bad.Line, bad.Error))
		} else {
			items = append(items, raw)
		}
	}
}

func TestForms(t *testing.T) {
	want := []source.Raw{{Post: "1", Text: "停水了吗"}, {Post: "2", Text: "is it safe?"}}
	for name, body := range map[string]string{
		"lines":                 "{\"id\":\"1\",\"text\":\"停水了吗\"}\n{\"id\":\"2\",\"text\":\"is it safe?\"}\n",
		"lines, no last end":    "{\"id\":\"1\",\"text\":\"停水了吗\"}\r\n\r\n{\"id\":\"2\",\"text\":\"is it safe?\"}",
		"array":                 `[{"id":"1","text":"停水了吗"},{"id":"2","text":"is it safe?"}]`,
		"pretty array":          "\ufeff [\n  {\n \"id\": 1,\n \"text\": \"停水了吗\" },\n {\"id\":2, \"text\":\"is it safe?\"}\n]\n",
		"pretty objects":        "{\n\"id\":1,\n\"text\":\"停水了吗\"\n}\n{\n\"id\":2,\n\"text\":\"is it safe?\"\n}",
		"objects on one line":   `{"id":1,"text":"停水了吗"} {"id":2,"text":"is it safe?"}`,
		"unknown fields":        `[{"id":1,"text":"停水了吗","likes":{"a":[1,2,{"b":null}]},"geo":[1.5,2]},{"id":2,"text":"is it safe?","x":"y"}]`,
		"escapes":               `[{"id":1,"text":"\u505c\u6c34\u4e86\u5417"},{"id":2,"\u0074ext":"is it safe?"}]`,
		"the last of two wins":  `[{"id":9,"id":1,"text":"停水了吗"},{"id":2,"text":"x","text":"is it safe?"}]`,
		"nulls mean not stated": `[{"id":1,"text":"停水了吗","time":null,"lang":null,"deleted":null},{"id":2,"text":"is it safe?","account":null}]`,
	} {
		if got, faults := read([]byte(body)); !reflect.DeepEqual(got, want) || faults != nil {
			t.Errorf("%s: %+v, %q", name, got, faults)
		}
	}
	for _, body := range []string{"", " \n ", "[]", "[ ]\n"} {
		if got, faults := read([]byte(body)); got != nil || faults != nil {
			t.Errorf("%q: %+v, %q, want nothing", body, got, faults)
		}
	}
}

func TestFields(t *testing.T) {
	at := time.Date(2024, 3, 5, 14, 5, 0, 0, time.UTC)
	for _, tt := range []struct {
		in   string
		want source.Raw
	}{
		{`{"id":12345678901234567890,"text":"x"}`, source.Raw{Post: "12345678901234567890", Text: "x"}},
		{`{"id":1.5e3,"text":"x"}`, source.Raw{Post: "1.5e3", Text: "x"}},
		{`{"text":42}`, source.Raw{Text: "42"}},
		{`{"text":"x","time":"2024-03-05T22:05:00+08:00"}`, source.Raw{Text: "x", At: at}},
		{`{"text":"x","time":"2024年3月5日 14:05"}`, source.Raw{Text: "x", At: at}},
		{`{"text":"x","time":1709647500}`, source.Raw{Text: "x", At: at}},
		{`{"text":"x","time":1709647500000}`, source.Raw{Text: "x", At: at}},
		{`{"text":"x","time":"1709647500"}`, source.Raw{Text: "x", At: at}},
		{`{"text":"x","time":""}`, source.Raw{Text: "x"}},
		{`{"text":"x","lang":"zh-CN","area":"河东","account":77}`, source.Raw{Text: "x", Lang: "zh-CN", Area: "河东", Account: "77"}},
		{`{"id":1,"deleted":true}`, source.Raw{Post: "1", Deleted: true}},
		{`{"id":1,"deleted":1,"text":"gone","account":"a"}`, source.Raw{Post: "1", Deleted: true}},
		{`{"id":1,"deleted":"true"}`, source.Raw{Post: "1", Deleted: true}},
		{`{"id":1,"deleted":"false","text":"x"}`, source.Raw{Post: "1", Text: "x"}},
	} {
		got, faults := read([]byte(tt.in))
		if len(faults) > 0 || len(got) != 1 || got[0].Post != tt.want.Post || got[0].Text != tt.want.Text || !got[0].At.Equal(tt.want.At) ||
			got[0].Lang != tt.want.Lang || got[0].Area != tt.want.Area || got[0].Account != tt.want.Account || got[0].Deleted != tt.want.Deleted {
			t.Errorf("%s: %+v, %q, want %+v", tt.in, got, faults, tt.want)
		}
	}
}

// Each bad message gives one sentence, and the others are taken.
func TestFaults(t *testing.T) {
	good := `{"id":"good","text":"fine"}`
	for _, tt := range []struct{ bad, want string }{
		{`{"id":1}`, `The message has no "text".`},
		{`{"text":null}`, `The message has no "text".`},
		{`{"text":"  "}`, `The "text" is empty.`},
		{`{"deleted":true}`, `A deletion needs the "id" of the post that is gone.`},
		{`{"text":["a"]}`, `The "text" is a list, and must be text.`},
		{`{"text":{"a":1}}`, `The "text" is an object, and must be text.`},
		{`{"text":true}`, `The "text" is true or false, and must be text.`},
		{`{"text":"x","time":{}}`, `The "time" is an object, and must be text or a number.`},
		{`{"text":"x","time":false}`, `The "time" is true or false, and must be text or a number.`},
		{`{"text":"x","time":"tomorrow"}`, `This is not a time; write it as 2024-03-05 14:05 or 2024-03-05T14:05:00+08:00.`},
		{`{"text":"x","time":"0001-01-01T00:00:00Z"}`, `The time is in the year 1, and only 1990 to 2100 can be right.`},
		{`{"text":"x","time":"9999-12-31"}`, `The time is in the year 9999, and only 1990 to 2100 can be right.`},
		{`{"text":"x","time":12}`, `This is no time in seconds or milliseconds since 1970 between the years 1990 and 2100.`},
		{`{"text":"x","time":1e999}`, `The "time" is no number that can be read.`},
		{`{"id":1,"deleted":"perhaps"}`, `The "deleted" must be true or false.`},
		{`{"id":1,"deleted":[]}`, `The "deleted" is a list, and must be true or false.`},
		{`{"text":"` + strings.Repeat("水", 350_000) + `"}`, `The "text" has 1050000 bytes, and 262144 are the most; shorten it, or send it in parts.`},
		{`{"text":"x","id":"` + strings.Repeat("x", 2000) + `"}`, `The "id" has 2000 bytes, and 1024 are the most; shorten it, or send it in parts.`},
		{`{"text":"停` + "\xff" + `水"}`, `The message is not UTF-8, which JSON has to be.`},
		{`{"text":"\ud800"}`, `The message is no JSON after its first 9 bytes.`},
		{`7`, `A message must be a JSON object such as {"text":"…"}, not a number.`},
		{`"hello"`, `A message must be a JSON object such as {"text":"…"}, not text.`},
		{`null`, `A message must be a JSON object such as {"text":"…"}, not null.`},
		{`{"text":"x" "id":1}`, `The message is no JSON after its first 12 bytes.`},
		{`{"text":"never closed`, `The message is no JSON after its first`},
		{`}`, `The message is no JSON after its first 0 bytes.`},
		{`hello`, `The message is no JSON after its first 0 bytes.`},
		{`{"text":"x","a":` + strings.Repeat("[", 20_000) + `}`, `The message is nested too deeply.`},
	} {
		body := good + "\n" + tt.bad + "\n" + good + "\n"
		items, faults := read([]byte(body))
		if len(items) != 2 || len(faults) != 1 || !strings.HasPrefix(faults[0], "2: "+tt.want) {
			t.Errorf("%.60s: %d items, %.200q, want 2 and %q", tt.bad, len(items), faults, tt.want)
		}
	}
	// In an array each with a line of its own, the rest is taken too.
	items, faults := read([]byte("[\n" + good + ",\n{\"text\" \"x\"},\n" + good + "\n]"))
	if len(items) != 2 || len(faults) == 0 || !strings.HasPrefix(faults[0], "3: ") {
		t.Errorf("a broken element: %+v, %q", items, faults)
	}
	for body, want := range map[string]string{
		`[{"text":"x"}`:          "1: The array is not closed: the end of the body is missing.",
		`{"text":"x`:             "1: The message is cut off: it is no complete JSON.",
		`[{"text":"x"}] {"a":1}`: "1: There is something after the end of the array.",
	} {
		if _, faults := read([]byte(body)); len(faults) != 1 || faults[0] != want {
			t.Errorf("%s: %q, want %q", body, faults, want)
		}
	}
}

func TestPairs(t *testing.T) {
	got, err := wire.Pairs([]byte(`{"id":7,"user":{"name":"li","deep":{"x":1}},"ok":true,"none":null,"list":[1],"文本":"停水"}`), nil)
	want := []wire.Pair{{"id", "7"}, {"user.name", "li"}, {"ok", "true"}, {"文本", "停水"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Pairs = %v, %v, want %v", got, err, want)
	}
	for in, want := range map[string]string{
		`[1]`: "not a list", `{"a":1`: "cut off", `{"a" 1}`: "no JSON after its first 5 bytes", `{"a":1} x`: "something after the end", "{\"a\":\"\xff\"}": "not UTF-8",
	} {
		if _, err := wire.Pairs([]byte(in), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Pairs(%s): %v, want one that says %q", in, err, want)
		}
	}
}

func FuzzDecoder(f *testing.F) {
	for _, s := range []string{
		`{"id":1,"text":"停水了吗","time":"2024年3月5日 14:05"}` + "\n" + `{"text":"is it safe?","time":1709647500}`,
		`[{"id":"a","deleted":true},{"text":null}]`, "[\n{\"text\":\"x\",}\n{}", `{"text":"\ud800"}`, "}\n{",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d := wire.NewDecoder(b)
		line := 0
		for n := 0; ; n++ {
			raw, bad, err := d.Next()
			if err == io.EOF {
				break
			}
			if n > len(b) {
				t.Fatalf("%q does not end", b)
			}
			if bad != nil {
				if bad.Line < line || bad.Error == "" {
					t.Errorf("%q: line %d after %d: %q", b, bad.Line, line, bad.Error)
				}
				line = bad.Line
				continue
			}
			if !utf8.ValidString(raw.Text) || raw.Deleted != (raw.Text == "") || raw.Deleted && raw.Post == "" {
				t.Errorf("%q gives %+v", b, raw)
			}
		}
		if _, err := wire.Pairs(b, nil); err != nil && err.Error() == "" {
			t.Error("an empty sentence")
		}
	})
}

func BenchmarkDecoder(b *testing.B) {
	var body []byte
	const n = 1000
	for i := range n {
		body = fmt.Appendf(body, `{"id":"%d","time":"2026-03-18T09:%02d:00Z","text":"河东路今天停水了吗？什么时候恢复供水？ Is the tap water safe to drink today?","lang":"zh","area":"河东","account":"user-%d"}`+"\n", i, i%60, i%300)
	}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		d := wire.NewDecoder(body)
		for {
			if _, bad, err := d.Next(); err == io.EOF {
				break
			} else if bad != nil {
				b.Fatal(bad)
			}
		}
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "messages/s")
}
