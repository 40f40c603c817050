package charset_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"

	"example.org/hearback/internal/source/charset"
)

const (
	chinese     = "编号,时间,内容\n1,2024年3月5日,河东路今天停水了吗？什么时候恢复供水\n"
	traditional = "編號,時間,內容\n1,2024-03-05,請問河東路今天停水嗎？什麼時候恢復供水\n"
	french      = "numéro;texte\n1;Où êtes-vous allés cet été ? L’eau est coupée à Orléans.\n"
	english     = "id,text\n1,Is the water safe to drink?\n"
)

func encode(t *testing.T, e encoding.Encoding, s string) []byte {
	t.Helper()
	b, err := e.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestUTF8(t *testing.T) {
	utf16le := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	utf16be := unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	for _, tt := range []struct {
		name     string
		in       []byte
		declared string
		want     string
		set      string
	}{
		{"ascii", []byte(english), "", english, "utf-8"},
		{"utf-8", []byte(chinese), "", chinese, "utf-8"},
		{"utf-8 with a mark", []byte("\xef\xbb\xbf" + chinese), "", chinese, "utf-8"},
		{"utf-8 that says it is gb2312", []byte(chinese), "gb2312", chinese, "utf-8"},
		{"gb18030 undeclared", encode(t, simplifiedchinese.GB18030, chinese), "", chinese, "gb18030"},
		{"gb18030 that says it is utf-8", encode(t, simplifiedchinese.GB18030, chinese), "utf-8", chinese, "gb18030"},
		{"gb18030 that says it is latin-1", encode(t, simplifiedchinese.GB18030, chinese), "iso-8859-1", chinese, "gb18030"},
		{"gb18030 declared as gb2312", encode(t, simplifiedchinese.GB18030, chinese+"镕㐀"), "gb2312", chinese + "镕㐀", "gb18030"},
		{"gb18030 declared as nonsense", encode(t, simplifiedchinese.GB18030, chinese), "klingon", chinese, "gb18030"},
		{"big5", encode(t, traditionalchinese.Big5, traditional), "", traditional, "big5"},
		{"big5 declared", encode(t, traditionalchinese.Big5, traditional), "big5", traditional, "big5"},
		{"windows-1252", encode(t, charmap.Windows1252, french), "", french, "windows-1252"},
		{"windows-1252 that says it is utf-8", encode(t, charmap.Windows1252, french), "utf-8", french, "windows-1252"},
		{"iso-2022-jp", encode(t, japanese.ISO2022JP, "断水はいつ終わりますか"), "iso-2022-jp", "断水はいつ終わりますか", "iso-2022-jp"},
		{"shift-jis declared", encode(t, japanese.ShiftJIS, "断水はいつ終わりますか"), "shift_jis", "断水はいつ終わりますか", "shift_jis"},
		{"utf-16 with a mark", encode(t, utf16le, chinese), "", chinese, "utf-16le"},
		{"utf-16 without", encode(t, utf16be, chinese), "", chinese, "utf-16be"},
		{"empty", nil, "", "", "utf-8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, set := charset.UTF8(tt.in, tt.declared)
			if string(got) != tt.want || set != tt.set {
				t.Errorf("UTF8 = %.60q in %s, want %.60q in %s", got, set, tt.want, tt.set)
			}
			r, set, err := charset.NewReader(iotest.OneByteReader(bytes.NewReader(tt.in)), tt.declared)
			if err != nil {
				t.Fatal(err)
			}
			if b, err := io.ReadAll(r); err != nil || string(b) != tt.want || set != tt.set {
				t.Errorf("NewReader = %.60q in %s, %v", b, set, err)
			}
		})
	}
}

func TestLateSurprise(t *testing.T) {
	// The sample is all ASCII; what follows is not.
	long := strings.Repeat("x", 300<<10) + chinese
	if got, set := charset.UTF8(encode(t, simplifiedchinese.GB18030, long)); string(got) != long || set != "gb18030" {
		t.Errorf("a late Chinese sentence became %.40q in %s", got[300<<10:], set)
	}
	broken := "水" + strings.Repeat("停水了。", 1000) + "\xff"
	if got, _ := charset.UTF8([]byte(broken)); !strings.HasSuffix(string(got), "停水了。\uFFFD") {
		t.Errorf("one broken byte spoils the text: %.40q", got)
	}
}

func FuzzUTF8(f *testing.F) {
	f.Add([]byte(chinese), "gb2312")
	f.Add([]byte("\xcd\xa3\xcb\xae\xc1\xcb"), "utf-8")
	f.Add([]byte(french), "")
	f.Fuzz(func(t *testing.T, b []byte, declared string) {
		got, set := charset.UTF8(b, declared)
		if !utf8.Valid(got) || set == "" {
			t.Errorf("UTF8(%q, %q) = %q in %q", b, declared, got, set)
		}
		if utf8.Valid(b) && set == "utf-8" && string(got) != strings.TrimPrefix(string(b), "\ufeff") {
			t.Errorf("UTF8(%q) = %q: it was UTF-8 already", b, got)
		}
	})
}
