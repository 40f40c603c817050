package text

import (
	"html"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxRepeat is how often a letter may stand in a row: "soooo" and "sooooooo"
// are one word. Digits are exempt.
const maxRepeat = 2

// An inertSet knows the characters below U+10000 that NFKC leaves as they are
// whatever stands beside them, so that most texts need no second pass.
type inertSet [0x10000 / 64]uint64

func newInertSet() *inertSet {
	var t inertSet
	for r := rune(0); r < 0x10000; r++ {
		if 0xD800 <= r && r < 0xE000 {
			continue
		}
		s := string(r)
		p := norm.NFKC.PropertiesString(s)
		if r < 0x80 || r == '…' || r == '\u3000' || 0xFF01 <= r && r <= 0xFF5E || // these are folded here
			p.BoundaryBefore() && p.CCC() == 0 && norm.NFKC.IsNormalString(s) {
			t[r/64] |= 1 << (r % 64)
		}
	}
	return &t
}

func (t *inertSet) has(r rune) bool {
	if r < 0x10000 {
		return t[r/64]&(1<<(r%64)) != 0
	}
	return 0x1F300 <= r && r <= 0x1FAFF || 0x20000 <= r && r < 0x2F800 // emoji; rare Han
}

// prepare returns s as valid NFKC with simplified characters, case kept.
func (a *Analyzer) prepare(s string, ja bool) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, " ")
	}
	if strings.IndexByte(s, '&') >= 0 && strings.IndexByte(s, ';') >= 0 {
		s = html.UnescapeString(s) // feeds often escape twice
	}
	inert, traditional := true, false
	for i := 0; i < len(s); i++ {
		if s[i] < utf8.RuneSelf {
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n - 1
		inert = inert && a.inert.has(r)
		traditional = traditional || a.conv.traditional(r)
	}
	if !inert {
		s = strings.ReplaceAll(s, "™", " ")
		s = clip(norm.NFKC.String(s), 2*MaxBytes)
	}
	if traditional && !ja {
		s = a.conv.simplify(s)
	}
	return s
}

// normalise appends the normalised form of s to dst: NFKC, lower case, ASCII
// digits, repeats cut, one space where there were more; page addresses, mail
// addresses, mentions, masks, emoji and invisible characters are left out;
// hashtags are taken apart.
func (a *Analyzer) normalise(dst []byte, s string, ja bool) []byte {
	s = a.prepare(s, ja)
	hasAt := strings.IndexByte(s, '@') >= 0 || strings.Contains(s, "＠")
	var (
		last    rune // as written to dst, lower case
		repeat  int
		upper   bool // the last letter was upper case
		hashtag bool // inside a hashtag
		start   int  // in s, where the run of ASCII letters, digits and dots began
		startD  int  // the same in dst
	)
	space := func() {
		if len(dst) > 0 && last != ' ' {
			dst = append(dst, ' ')
		}
		last, repeat, hashtag = ' ', 1, false
	}
	for i := 0; i < len(s); {
		r, n := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(s[i:])
			if 0xFF01 <= r && r <= 0xFF5E {
				r -= 0xFEE0 // full width
			}
		}
		c := classOf(r)
		if c == other {
			skip := 0
			switch r {
			case '@':
				skip = mention(s[i+n:])
			case '<', '[', '‹', '⟨', '【', '「', '{', '(', '«', '█', '▮':
				skip = mask(s[i:]) - n
				if skip < 0 {
					skip = 0
				}
			}
			switch {
			case skip > 0:
				space()
				i += n + skip
				start, startD = i, len(dst)
				continue
			case r == '@' || r == '#':
				space()
				hashtag = r == '#'
			case r == '.' && n == 1 && i > start && i+1 < len(s) && asciiClass[s[i+1]&0x7f] == letter && s[i+1] < 0x80 && address(s[start:]) > 0:
				i = start + address(s[start:])
				dst = dst[:startD]
				if last = 0; startD > 0 && dst[startD-1] == ' ' {
					last = ' '
				}
				space()
				start, startD = i, len(dst)
				continue
			case r == '_' && hashtag:
				tag := hashtag
				space()
				hashtag = tag
			case r == '’' || r == 'ʼ' || r == '‘' || r == '`' || r == '´':
				dst = append(dst, '\'')
				last, repeat = '\'', 1
			case invisible(r):
			case r <= ' ' || r == '…' || unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.S, r) && !strings.ContainsRune("+$€£¥=%<>~^|", r) || unicode.Is(unicode.Co, r):
				space()
			case r == last: // "!!!"
			case r == ',' || r == '.' || r == ':' || r == '-' || r == '/' || r == '\'' || r == '%':
				dst = append(dst, byte(r))
				last, repeat = r, 1
			default:
				dst = utf8.AppendRune(dst, r)
				last, repeat = r, 1
			}
			if !(r == '.' || r == '-' || r == '_') {
				hashtag = hashtag && (r == '#' || r == '_' || invisible(r))
				start, startD = i+n, len(dst)
			} else if hashtag && r != '_' {
				hashtag = false
			}
			i += n
			continue
		}
		if r < utf8.RuneSelf && i == start {
			if k := webAddress(s[i:]); k > 0 {
				space()
				i += k
				start, startD = i, len(dst)
				continue
			}
			if hasAt {
				if k := mailAddress(s[i:]); k > 0 {
					space()
					i += k
					start, startD = i, len(dst)
					continue
				}
			}
		}
		if invisible(r) {
			i += n
			continue
		}
		if c == digit {
			r = asciiDigit(r)
		}
		low := lower(r)
		if hashtag && c == letter && len(dst) > 0 && last != ' ' {
			isUpper := low != r
			next, _ := utf8.DecodeRuneInString(s[i+n:])
			// waterSafe → water safe; COVIDVaccine → covid vaccine
			if isUpper && (!upper && classOf(last) == letter || upper && classOf(next) == letter && lower(next) == next) {
				dst = append(dst, ' ')
				last, repeat = ' ', 1
			}
		}
		upper = low != r
		if low == last && (c == letter || c == han || c == kana || c == hangul) {
			if repeat++; repeat > maxRepeat {
				i += n
				continue
			}
		} else {
			repeat = 1
		}
		last = low
		if low < utf8.RuneSelf {
			dst = append(dst, byte(low))
		} else {
			dst = utf8.AppendRune(dst, low)
			start, startD = i+n, len(dst) // addresses are ASCII
		}
		i += n
	}
	for len(dst) > 0 && dst[len(dst)-1] == ' ' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

func lower(r rune) rune {
	switch {
	case 'A' <= r && r <= 'Z':
		return r + 'a' - 'A'
	case r < 0x80, isHan(r):
		return r
	case r == 'ς':
		return 'σ'
	}
	return unicode.ToLower(r)
}

// asciiDigit returns the ASCII digit of a decimal digit in any script.
// Decimal digits come in runs of ten that begin at zero.
func asciiDigit(r rune) rune {
	if r < 0x80 {
		return r
	}
	for d := range rune(10) {
		if !unicode.IsDigit(r - d - 1) {
			return '0' + d%10
		}
	}
	return '0' + (r-'0')%10
}

// mention returns the length of the name that follows an @, or 0. A name in
// Latin letters ends with them. One in other letters must end at a space or a
// sign, and soon: Chinese goes on without a space, and a whole sentence is not
// a name.
func mention(s string) int {
	k := 0
	for k < len(s) && (asciiClass[s[k]&0x7f] != other && s[k] < 0x80 || s[k] == '_' || s[k] == '-' && k > 0 || s[k] == '.' && k > 0 && k+1 < len(s) && asciiClass[s[k+1]&0x7f] != other && s[k+1] < 0x80) {
		k++
	}
	if k > 0 {
		return k
	}
	runes := 0
	for i, r := range s {
		if classOf(r) == other && r != '_' && r != '-' && r != '·' && !invisible(r) {
			return i
		}
		if runes++; runes > 16 {
			return 0
		}
	}
	return len(s)
}

// webAddress returns the length of the page address at the start of s, or 0.
func webAddress(s string) int {
	if len(s) < 5 || s[0]|0x20 != 'h' && s[0]|0x20 != 'w' {
		return 0
	}
	head := strings.ToLower(s[:min(len(s), 8)])
	if !strings.HasPrefix(head, "http://") && !strings.HasPrefix(head, "https://") && !strings.HasPrefix(head, "www.") {
		return 0
	}
	return addressEnd(s)
}

// addressEnd returns where an address ends: at a space, at a sign that
// addresses do not have, or at a character beyond ASCII, since Chinese goes
// on without a space.
func addressEnd(s string) int {
	for k := range len(s) {
		if c := s[k]; c <= ' ' || c >= utf8.RuneSelf || c == '<' || c == '>' || c == '"' {
			return k
		}
	}
	return len(s)
}

// mailAddress returns the length of the mail address at the start of s, or 0.
func mailAddress(s string) int {
	at := -1
	for k := range len(s) {
		c := s[k]
		switch {
		case c == '@' && at < 0 && k > 0:
			at = k
		case c < 0x80 && asciiClass[c] != other, c == '.', c == '-', c == '_', c == '+' && at < 0, c == '%' && at < 0:
		default:
			s = s[:k]
		}
		if k >= len(s)-1 || k > 320 {
			break
		}
	}
	if at < 0 || at+3 > len(s) || strings.IndexByte(s[at:], '.') < 0 {
		return 0
	}
	return len(s)
}

// siteEnds are the last labels that make a chain of words with dots between
// an address. Those that are words themselves (in, is, it, me, to) are not
// here: people forget the space after a full stop.
var siteEnds = []string{
	"app", "ar", "au", "biz", "br", "cc", "ch", "cl", "cn", "co", "com", "de", "dev", "edu", "eu", "fr", "gov",
	"hk", "info", "int", "io", "jp", "ke", "kr", "ly", "mil", "mx", "net", "ng", "nl", "nz", "org", "pk", "ru",
	"sg", "tv", "tw", "ua", "uk", "vip", "vn", "xyz", "za",
}

// address returns the length of an address without a scheme at the start of
// s, such as example.org/page, or 0.
func address(s string) int {
	end, dot := 0, -1
	for end < len(s) && end < 256 {
		c := s[end]
		if c == '.' {
			if end == dot+1 {
				return 0
			}
			dot = end
		} else if c >= 0x80 || asciiClass[c] == other && c != '-' {
			break
		}
		end++
	}
	host := strings.TrimRight(s[:end], ".-")
	i := strings.LastIndexByte(host, '.')
	if i < 2 {
		return 0
	}
	last := strings.ToLower(host[i+1:])
	page := len(host) == end && end < len(s) && s[end] == '/'
	if _, ok := slices.BinarySearch(siteEnds, last); !ok && !(page && len(last) >= 2 && len(last) <= 4 && strings.Trim(last, "abcdefghijklmnopqrstuvwxyz") == "") {
		return 0
	}
	if page {
		return end + addressEnd(s[end:])
	}
	return len(host)
}

// masks are the words that stand for what was masked, as this system and
// others write them.
var masks = []string{
	"account", "address", "card", "coordinates", "date", "email", "e-mail", "handle", "hashtag", "id", "iban", "ip",
	"link", "location", "mail", "mention", "name", "num", "number", "person", "phone", "place", "plate", "qq", "redacted", "tel",
	"url", "user", "username", "wechat", "withheld", "wx",
	"人名", "姓名", "地址", "坐标", "手机", "电话", "号码", "账号", "身份证", "车牌", "邮箱", "链接", "网址", "用户", "银行卡", "微信",
}

// stickers are emoji written as words in brackets, as on Weibo.
var stickers = []string{
	"二哈", "允悲", "偷笑", "可爱", "可怜", "吃惊", "吃瓜", "吐", "哈哈", "哼", "嘘", "嘻嘻", "太开心", "失望", "生病", "左哼哼", "右哼哼",
	"并不简单", "微笑", "心", "怒", "怒骂", "思考", "悲伤", "打call", "抓狂", "抱抱", "拜拜", "挖鼻", "捂脸", "握手", "摊手", "晕", "泪",
	"流泪", "爱你", "疑问", "白眼", "祈祷", "笑cry", "笑哭", "给力", "蜡烛", "衰", "裂开", "话筒", "赞", "跪了", "酷", "鄙视", "顶", "馋嘴", "鲜花", "鼓掌", "玫瑰", "强", "ok", "doge",
}

// mask returns the length of the mask or sticker at the start of s, or 0. It
// is something like <phone>, [url], 【电话】 or ‹mail›.
func mask(s string) int {
	open, n := utf8.DecodeRuneInString(s)
	var shut string
	switch open {
	case '<':
		shut = ">"
	case '[':
		shut = "]"
	case '‹':
		shut = "›"
	case '⟨':
		shut = "⟩"
	case '【':
		shut = "】"
	case '{':
		shut = "}"
	case '«':
		shut = "»"
	case '█', '▮':
		for n < len(s) && strings.HasPrefix(s[n:], s[:3]) {
			n += 3
		}
		return n
	default:
		return 0
	}
	end := strings.Index(s[n:min(len(s), n+40)], shut)
	if end <= 0 {
		return 0
	}
	word := strings.ToLower(strings.Trim(s[n:n+end], "/_ 0123456789"))
	if i := strings.IndexByte(word, ':'); i > 0 {
		word = word[:i]
	}
	if slices.Contains(masks, word) || open == '[' && slices.Contains(stickers, word) {
		return n + end + len(shut)
	}
	return 0
}

// japanese reports whether Han characters in s are to be read as Japanese. A
// lone の is fashionable in Chinese.
func japanese(s, lang string) bool {
	lang = baseLang(lang)
	if lang == "ja" {
		return true
	}
	kanas, no, hans := 0, 0, 0
	for i, r := range s {
		if i > 2000 {
			break
		}
		switch {
		case r < 0x3040:
		case r == 'の':
			no++
		case r < 0x3100 && r != '・' && r != 'ー', 0xFF66 <= r && r < 0xFF9E:
			kanas++
		case isHan(r):
			hans++
		}
	}
	if kanas == 0 {
		return no > 0 && 4*no >= hans
	}
	return lang != "zh" && 20*(kanas+no) >= hans || 3*(kanas+no) >= hans
}
