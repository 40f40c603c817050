// Package canary makes up secrets of the kinds that package deident masks, in
// the ways people really write them, half in English and half in Chinese. A
// test sends them through the system and then looks for them in everything
// the system has written: a single one found is a leak.
//
// Nothing in it is about anybody. It is for tests and drills only and does not
// share code or lists with the masker, so that it cannot share its mistakes.
package canary

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// A Secret is something that must not reach the disk.
type Secret struct {
	Kind     string // as package deident names kinds
	Text     string // the secret itself, as it stands in Sentence
	Sentence string // what somebody wrote
	Account  string // who wrote it, as the source names accounts
	Post     string // the source's id of the post
}

// Secrets returns n different secrets; the same for the same seed.
func Secrets(seed uint64, n int) []Secret {
	g := gen{rand.New(rand.NewPCG(seed, 0x63616e617279))}
	all := make([]Secret, 0, n)
	seen := map[string]bool{}
	for k := 0; len(all) < n; k++ {
		m := makers[k/2%len(makers)]
		zh := k%2 == 1
		s := Secret{Kind: m.kind}
		form, templates := m.en, m.enSays
		if zh {
			form, templates = m.zh, m.zhSays
		}
		s.Text = form(g)
		if id := squeeze(s.Text); seen[id] {
			continue // drawn again on the next round
		} else {
			seen[id] = true
		}
		s.Sentence = g.around(strings.ReplaceAll(g.pick(templates...), "%s", s.Text), zh)
		s.Account = g.alnum("acct-", 16)
		s.Post = g.alnum("post-", 20)
		all = append(all, s)
	}
	return all
}

// In reports whether text still holds part of the secret by which it could be
// told: four or five of its digits in a row whatever stands between them, one
// of its words, or three of its Chinese characters. Width, case and Chinese
// digits make no difference.
func (s Secret) In(text string) bool {
	t, own := squash(text), squash(s.Text)
	if d := digits(own, s.numeric()); len(d) >= 4 && s.Kind != "address" && s.Kind != "place" {
		w := min(len(d), 5)
		td := digits(t, s.numeric())
		for i := 0; i+w <= len(d); i++ {
			if strings.Contains(td, d[i:i+w]) {
				return true
			}
		}
	} else if len(d) > 0 {
		// Short numbers: the run itself must not stand in the text.
		for _, run := range runs(own, unicode.IsDigit) {
			if len(run) >= 2 && contains(runs(t, unicode.IsDigit), run) {
				return true
			}
		}
	}
	for _, w := range runs(own, func(r rune) bool { return r < 0x3000 && unicode.IsLetter(r) }) {
		if (len(w) >= 4 || s.Kind == "name" && len(w) >= 2) && !generic[w] && contains(runs(t, func(r rune) bool { return r < 0x3000 && unicode.IsLetter(r) }), w) {
			return true
		}
	}
	if s.numeric() {
		return false
	}
	for _, h := range runs(own, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		c := []rune(h)
		w := min(len(c), 3)
		if s.Kind == "name" && len(c) >= 3 {
			w = 2 // the given name tells as much
		}
		for i := 0; i+w <= len(c); i++ {
			part := string(c[i : i+w])
			if !generic[part] && strings.Contains(t, part) {
				return true
			}
		}
	}
	return false
}

// numeric reports whether Chinese digits in the secret are digits, not words.
func (s Secret) numeric() bool {
	switch s.Kind {
	case "phone", "id", "card":
		return true
	}
	return false
}

var generic = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields("com org net example mail road street lane avenue drive flat apartment unit house https http www login user profile people north south east west old farm 小区 花园 号楼 单元 民初 miss phone email") {
		m[w] = true
	}
	return m
}()

// squash folds width, case and invisible characters.
func squash(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKC.String(s))
}

func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, squash(s))
}

func digits(s string, chinese bool) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return r
		}
		if i := strings.IndexRune("零一二三四五六七八九", r); chinese && i >= 0 {
			return rune('0' + i/3)
		}
		if chinese && r == '幺' {
			return '1'
		}
		return -1
	}, s)
}

func runs(s string, in func(rune) bool) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return !in(r) })
}

func contains(list []string, s string) bool {
	for _, x := range list {
		// A short run is part of many others.
		if x == s || len(s) >= 4 && strings.Contains(x, s) {
			return true
		}
	}
	return false
}

type gen struct{ *rand.Rand }

func (g gen) pick(from ...string) string { return from[g.IntN(len(from))] }

func (g gen) word(list string) string { return g.pick(strings.Fields(list)...) }

func (g gen) num(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + g.IntN(10))
	}
	return string(b)
}

// num1 is num without a leading zero.
func (g gen) num1(n int) string { return string(byte('1'+g.IntN(9))) + g.num(n-1) }

func (g gen) alnum(prefix string, n int) string {
	const set = "abcdefghijkmnpqrstuvwxyz23456789"
	b := make([]byte, n)
	for i := range b {
		b[i] = set[g.IntN(len(set))]
	}
	return prefix + string(b)
}

// around adds what people write before and after.
func (g gen) around(s string, zh bool) string {
	if zh {
		return g.pick("", "", "请问今天停水吗，", "急！", "【求助】", "大家帮转，", "在线等，", "水是黄的。", "#停水# ", "听说大坝要决堤，是真的吗？") + s +
			g.pick("", "", "，谢谢", "。", "！！", "，有没有人管", " 急急急", "😭", "，拨打12345没人接", "\n已经三天了")
	}
	return g.pick("", "", "No water since Tuesday. ", "URGENT: ", "#help ", "pls share! ", "Is the dam safe? ", "Hi all, ", "FYI ") + s +
		g.pick("", "", " thanks", ".", "!!", ", nobody answers", " 😭", ", I called 311 twice", "\nany news?", " #flood")
}

func wide(s string) string {
	return strings.Map(func(r rune) rune {
		if '!' <= r && r <= '~' {
			return r + 0xFEE0
		}
		return r
	}, s)
}

func split(s, sep string, lens ...int) string {
	var parts []string
	for _, n := range lens {
		parts = append(parts, s[:n])
		s = s[n:]
	}
	return strings.Join(append(parts, s), sep)
}

func spell(s string) string {
	digits := []rune("零一二三四五六七八九")
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return digits[r-'0']
		}
		return r
	}, s)
}

func (g gen) invisible(s string) string {
	i := 1 + g.IntN(len(s)-1)
	return s[:i] + "\u200b" + s[i:]
}

type maker struct {
	kind           string
	en, zh         func(gen) string
	enSays, zhSays []string
}

func (g gen) cnMobile() string {
	m := g.pick("13", "15", "17", "18", "19", "16") + g.num(9)
	switch g.IntN(14) {
	case 0:
		return split(m, "-", 3, 4)
	case 1:
		return split(m, " ", 3, 4)
	case 2:
		return split(m, ".", 3, 4)
	case 3:
		return wide(m)
	case 4:
		return strings.Join(strings.Split(m, ""), " ")
	case 5:
		return spell(m)
	case 6:
		return "+86 " + m
	case 7:
		return "+86-" + split(m, "-", 3, 4)
	case 8:
		return "0086" + m
	case 9:
		return split(m, " ", 3, 3)
	case 10:
		return split(m, "－", 3, 4)
	case 11:
		return g.invisible(m)
	case 12:
		return "(+86)" + m
	}
	return m
}

func (g gen) cnLandline() string {
	area, n := g.pick("010", "021", "028", "0755", "0571", "0431"), g.pick("2", "5", "6", "8")+g.num(7)
	switch g.IntN(6) {
	case 0:
		return area + n
	case 1:
		return "(" + area + ")" + n
	case 2:
		return "（" + area + "）" + n[:4] + " " + n[4:]
	case 3:
		return area + " " + n
	case 4:
		return wide(area + "-" + n)
	}
	return area + "-" + n
}

func (g gen) usPhone() string {
	a, b, c := g.pick("212", "415", "617", "503", "718", "808"), g.pick("2", "5", "7")+g.num(2), g.num(4)
	switch g.IntN(10) {
	case 0:
		return "(" + a + ") " + b + "-" + c
	case 1:
		return a + "-" + b + "-" + c
	case 2:
		return a + "." + b + "." + c
	case 3:
		return "+1 " + a + " " + b + " " + c
	case 4:
		return "1-" + a + "-" + b + "-" + c
	case 5:
		return a + b + c
	case 6:
		return "+1" + a + b + c
	case 7:
		return wide(a + "-" + b + "-" + c)
	case 8:
		return a + " " + b + " " + c
	}
	return strings.Join(strings.Split(a+b+c, ""), " ")
}

func (g gen) ukPhone() string {
	n := "7" + g.num(9)
	return g.pick("0"+split(n, " ", 4), "+44 "+split(n, " ", 4, 3), "+44(0)"+n, "0"+n, "0044"+n, "020 "+g.pick("7", "8")+g.num(3)+" "+g.num(4))
}

func (g gen) cnID() string {
	b := g.pick("110105", "310115", "440305", "510107", "330106") + fmt.Sprintf("%d%02d%02d", 1940+g.IntN(70), 1+g.IntN(12), 1+g.IntN(28)) + g.num(3)
	sum := 0
	for i, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += w * int(b[i]-'0')
	}
	b += string("10X98765432"[sum%11])
	return g.pick(b, b, strings.ToLower(b), b[:6]+" "+b[6:14]+" "+b[14:], wide(b), b[:6]+"-"+b[6:14]+"-"+b[14:], b[:6]+b[8:14]+b[14:17])
}

func (g gen) card() string {
	n := 16 + 3*g.IntN(2)
	b := g.pick("6222", "6217", "4539", "5424") + g.num(n-5)
	sum := 0
	for i := range b {
		v := int(b[len(b)-1-i] - '0')
		if i%2 == 0 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	b += string(byte('0' + (10-sum%10)%10))
	return g.pick(b, split(b, " ", 4, 4, 4), split(b, "-", 4, 4, 4), wide(b), split(b[:16], " ", 4, 4, 4)+b[16:])
}

const (
	enGiven  = "Angela Marcus Priya Fiona Deborah Rashid Wendy Curtis Helen Omar Joanna Trevor Lucia Samuel Nadia Gordon Beatrice Hugo Stella Victor Monica Edgar Yvonne Felix Harriet Conor Aisha Dmitri"
	enFamily = "Whitcombe Oyelaran Hargreaves Lindqvist Tennant Bhattacharya Mortensen Castellanos Pemberton Szymanski Drummond Achterberg Kowalczyk Featherston Ballantyne Okonjo Vasquez Thorburn Hadley Marchetti Renshaw Abernathy Nakagawa Stavros"
	zhFamily = "王 李 张 刘 陈 杨 赵 黄 周 吴 徐 孙 胡 朱 高 林 何 郭 马 罗 梁 宋 郑 谢 韩 唐 冯 于 董 萧 程 曹 袁 邓 许 傅 沈 曾 彭 吕 陳 張 劉"
	zhGiven  = "伟强 芳华 秀兰 志明 丽娟 海涛 晓燕 建军 雨桐 浩然 欣怡 国栋 美玲 俊杰 淑珍 子涵 鹏飞 桂英 宏宇 婷婷 德胜 思琪 振华 雪梅 文博 玉兰 嘉豪 春燕 少华 慧敏 立群 诗雅 长青 梓萱 永福 红霞 明辉 静怡 金凤 启航"
)

func (g gen) handle() string {
	return g.word("river sunny quiet nora lemon pixel marsh kite juno tango") + g.pick("_", "", ".", "-") + g.word("walker fox daily mum baker writer hawk jones smile cat") + g.pick("", "_") + g.num(2+g.IntN(3))
}

var makers = []maker{
	{"phone", func(g gen) string { return g.pick(g.usPhone(), g.ukPhone()) }, gen.cnMobile,
		[]string{"call me on %s", "my number is %s", "text %s before noon", "Phone:%s", "tel %s, ask for the manager", "WhatsApp %s if you find her", "reach us at %s", "#help %s"},
		[]string{"我电话%s", "手机：%s", "打%s找我", "联系方式%s", "有事请打 %s", "号码%s不要外传", "#求助#%s#", "加我%s"}},
	{"phone", gen.usPhone, gen.cnLandline,
		[]string{"%s is my cell", "ring %s", "fax %s", "(tel. %s)", "Contact: %s"},
		[]string{"固话%s", "座机：%s一直占线", "电话 %s", "家里电话%s没人接", "致电%s"}},
	{"email", gen.email, gen.email,
		[]string{"email me at %s", "write to %s with photos", "contact: %s", "<%s>", "mailto:%s", "%s is the secretary"},
		[]string{"邮箱%s", "发到 %s", "邮件：%s", "请联系%s", "材料寄%s收"}},
	{"handle", func(g gen) string { return "@" + g.handle() }, func(g gen) string {
		return g.pick("@", "＠") + g.word("海边 深夜 一只 快乐 老张 追风 小城 南方") + g.word("卡夫卡 食堂君 爱吃鱼 小橘子 在路上 少年郎 故事多 看世界") + g.num(3)
	},
		[]string{"%s said the dam leaks", "RT %s: boil your water", "ask %s about it", "cc %s", ".%s is this true?", "#water %s"},
		[]string{"%s 你看看这个", "转自%s：水是黄的", "//%s:转发微博", "感谢%s 的提醒", "请问%s，是真的吗"}},
	{"handle", func(g gen) string { return g.handle() }, func(g gen) string {
		return g.pick("wx_", "wxid_", "lili", "abc", "zhang") + g.num(4+g.IntN(4))
	},
		[]string{"my wechat: %s", "Telegram %s", "insta: %s", "WeChat ID %s", "snapchat: %s", "Instagram: %s", "my discord is %s", "skype id: %s"},
		[]string{"微信：%s", "加微信%s", "加v %s 拉群", "vx:%s", "薇信%s", "微信号是%s", "wx：%s", "抖音号：%s"}},
	{"handle", func(g gen) string { return g.handle() }, func(g gen) string { return g.num1(7 + g.IntN(4)) },
		[]string{"username: %s", "tg: %s", "my line id is %s", "Facebook: %s"},
		[]string{"QQ%s", "QQ：%s", "qq群 %s", "扣扣：%s", "加QQ群%s领菜"}},
	{"id", func(g gen) string {
		return g.pick(fmt.Sprintf("%03d-%02d-%s", 1+g.IntN(600), 1+g.IntN(99), g.num(4)), fmt.Sprintf("%03d %02d %s", 1+g.IntN(600), 1+g.IntN(99), g.num(4)))
	}, gen.cnID,
		[]string{"SSN %s was leaked", "my social security number is %s", "they asked for my SSN: %s"},
		[]string{"身份证%s", "身份证号：%s", "我的证件号码是%s", "登记的是%s"}},
	{"id", func(g gen) string { return g.pick("GB", "E", "X", "N", "AB") + g.num(7) }, func(g gen) string { return g.pick("E", "G", "EA") + g.num(8) },
		[]string{"passport no. %s", "Passport number: %s", "lost passport %s", "my passport is %s"},
		[]string{"护照%s", "护照号：%s", "我的护照号码是%s", "护照 %s 丢了"}},
	{"id", func(g gen) string {
		return g.pick("MRN-"+g.num(7), "HX-"+g.num(4)+"-"+g.num(5), g.num1(8), "P"+g.num(8))
	}, func(g gen) string { return g.pick("ZY"+g.num(9), g.num(8), "GD"+g.num(12), "M"+g.num(7)) },
		[]string{"patient id %s", "case ref %s", "medical record number %s", "hospital no. %s", "reference number: %s"},
		[]string{"病历号：%s", "住院号%s", "门诊号 %s", "工单号%s没人处理", "就诊卡号%s", "案件编号：%s"}},
	{"card", gen.card, gen.card,
		[]string{"card %s was charged twice", "Visa %s declined", "my card number is %s", "account %s"},
		[]string{"银行卡%s", "卡号：%s", "退到%s", "银行卡号是%s"}},
	{"plate", func(g gen) string {
		const l = "ABCDEFGHJKLMNPRSTUVWXY"
		c := func() string { return string(l[g.IntN(len(l))]) }
		return g.pick(c()+c()+g.num(2)+" "+c()+c()+c(), g.num1(1)+c()+c()+c()+g.num(3))
	}, func(g gen) string {
		const l = "ABCDEFGHJKLMNPQRSTUVWXYZ"
		c := func() string { return string(l[g.IntN(len(l))]) }
		p := g.word("京 沪 粤 苏 浙 川 鲁 渝 湘 鄂")
		return g.pick(p+c()+g.num(5), p+c()+"·"+g.num(4)+c(), p+c()+" "+c()+g.num(4), p+c()+g.pick("D", "F")+g.num(5), wide(p+c()+g.num(5)), strings.ToLower(p+c()+g.num(5)))
	},
		[]string{"plate %s on the hydrant", "licence plate %s", "a van, reg %s", "number plate: %s"},
		[]string{"%s堵住消防通道", "车牌%s", "一辆%s乱停", "车牌号：%s", "黑色轿车%s肇事逃逸"}},
	{"address", func(g gen) string {
		street := g.num1(1+g.IntN(3)) + " " + g.word("Hawthorn Beaumont Larkspur Cranbrook Wexford Tamarind Juniper Ashbourne Kingsmead Redfern") + " " + g.word("Road Street Avenue Lane Drive Rd St Ave Crescent")
		return g.pick(street, street+", flat "+g.num1(1), street+", Apt "+g.num1(1)+"C", "Flat "+g.num1(2)+", "+street, street+" #"+g.num1(2))
	}, func(g gen) string {
		estate := g.word("翠湖雅苑 锦绣花园 金桂小区 紫荆公寓 枫林家园 银杏新村 望江小区 龙泉花园 碧水家园 丁香小区")
		road := g.word("建设 滨江 凤凰 解放 梧桐 长宁 柳荫") + g.word("路 大道 街 巷") + g.num1(1+g.IntN(3)) + "号"
		room := g.num1(3)
		b := g.num1(1 + g.IntN(2))
		return g.pick(estate+b+"栋"+g.num1(1)+"单元"+room+"室", estate+b+"号楼"+room, road+estate+b+"幢"+room, road, estate+b+"-"+g.num1(1)+"-"+room, wide(b)+"栋"+room+"室", road+g.num1(1)+"单元"+room)
	},
		[]string{"I live at %s", "water is coming into %s", "please send someone to %s", "the leak is at %s", "Address: %s"},
		[]string{"我住%s", "地址：%s", "家住%s，停水三天", "送到%s", "住在朝阳区%s"}},
	{"place", func(g gen) string { return g.coords(", ") }, func(g gen) string { return g.coords(g.pick(",", " ", "，")) },
		[]string{"we are at %s", "GPS %s send a boat", "location: %s", "pin %s"},
		[]string{"坐标%s", "定位：%s", "被困在 %s", "经纬度%s"}},
	{"name", func(g gen) string {
		return g.word(enGiven) + " " + g.word(enFamily)
	}, func(g gen) string {
		f := g.word(zhGiven)
		if g.IntN(4) == 0 {
			f = string([]rune(f)[:1])
		}
		return g.word(zhFamily) + f
	},
		[]string{"my name is %s", "My name's %s and I am diabetic", "Name: %s", "I am Ms %s", "I'm Mr. %s from block 4", "full name: %s", "hello, I am called %s"},
		[]string{"我叫%s", "我的名字是%s，想问疫苗", "姓名：%s", "本人%s，反映扰民", "联系人：%s", "大家好我叫%s，来自北京", "我是%s。", "患者：%s，女"}},
	{"link", func(g gen) string { return g.alnum("", 6) + g.num(3) + "-" + strings.ToLower(g.word(enFamily)) }, func(g gen) string { return g.alnum("", 8) + g.num(4) },
		[]string{"see https://example.org/people/%s", "photos www.example.com/u/%s/album", "http://example.net/?profile=%s&x=1", "example.com/%s", "(https://example.org/a#%s)", "https://me:%s@example.org/"},
		[]string{"看图https://example.cn/u/%s", "微博 weibo.com/%s", "链接：http://example.com/p?uid=%s，快看", "详见example.cn/t/%s。"}},
	{"ip", gen.ip, gen.ip,
		[]string{"my ip %s is blocked", "logged from %s", "server %s is down", "http://%s/admin"},
		[]string{"我的IP是%s", "来自%s的请求", "IP：%s"}},
}

func (g gen) email() string {
	user := strings.ToLower(g.word(enGiven)) + g.pick(".", "_", "", "-") + strings.ToLower(g.word(enFamily)) + g.pick("", g.num(2), "+tag")
	switch g.IntN(8) {
	case 0:
		return user + " (at) example (dot) com"
	case 1:
		return user + "[at]example.org"
	case 2:
		return wide(user + "@example.com")
	case 3:
		return g.num1(9) + "@example.com"
	case 4:
		return user + " at example dot org"
	case 5:
		return user + " @ example.com"
	}
	return user + "@" + g.pick("example.com", "mail.example.org", "example.co.uk", "example.cn")
}

func (g gen) coords(sep string) string {
	return fmt.Sprintf("%d.%s%s%d.%s", 10+g.IntN(70), g.num1(4+g.IntN(3)), sep, 10+g.IntN(160), g.num1(4+g.IntN(3)))
}

func (g gen) ip() string {
	if g.IntN(4) == 0 {
		return fmt.Sprintf("2001:db8:%x:%x::%x", 0x1000+g.IntN(0xefff), 0x1000+g.IntN(0xefff), 0x1000+g.IntN(0xefff))
	}
	return fmt.Sprintf("%d.%d.%d.%d", 100+g.IntN(120), 100+g.IntN(150), 100+g.IntN(150), 100+g.IntN(150))
}
