package cluster

import (
	"cmp"
	"slices"
	"strings"

	"example.org/hearback/internal/hash"
	"example.org/hearback/internal/text"
)

// A facet is something that two messages must not differ in to be about one
// thing, however alike their other words are: bus 14 is not bus 15, and Lincoln
// School is not Garden School.
type facet struct {
	kind byte // facetNumber or facetPlace
	hash uint64
}

const (
	facetNumber = 'n'
	facetPlace  = 'p'
)

// A tally counts the messages that hold each of the facets of a concern, in the
// order of kind and hash. Most concerns have none or a few.
type tally []tallied

type tallied struct {
	facet
	n float32
}

func (t tally) find(f facet) (int, bool) {
	return slices.BinarySearchFunc(t, f, func(x tallied, f facet) int {
		return cmp.Or(cmp.Compare(x.kind, f.kind), cmp.Compare(x.hash, f.hash))
	})
}

// at returns the count of a facet, to be changed.
func (t *tally) at(f facet) *float32 {
	i, ok := t.find(f)
	if !ok {
		*t = slices.Insert(*t, i, tallied{facet: f})
	}
	return &(*t)[i].n
}

// of returns the count of a facet.
func (t tally) of(f facet) float32 {
	if i, ok := t.find(f); ok {
		return t[i].n
	}
	return 0
}

// conflict names a kind of facet in an explanation.
func conflict(kind byte) string {
	if kind == facetNumber {
		return "number"
	}
	return "place"
}

// maxFacets is how many facets of one message are looked at.
const maxFacets = 12

// sites are words for places that have names of their own, as stems. The word
// before them is the name.
var sites = wordSet("school hospit street road bridg park station district clinic villag avenu hall mall town counti librari univers colleg reservoir dam river plant")

// plain are words before a site that do not name it, as stems.
var plain = wordSet("the a an my our your their his her this that these those any some all every each no which what whose local public privat primari secondari middl high elementari junior nurseri main near nearbi nearest next old new big small whole other another same and or of in at to for from with by is are was were be near citi closest colleg medic train bus subway metro power water treatment sewag chemic nuclear state nation region central polic fire is not most many few two three second first last one district general communiti children support whi when do doe did can will should our car cross on between about open close")

// hanSites end the names of places in Chinese.
var hanSites = []string{"幼儿园", "派出所", "小学", "中学", "大学", "医院", "水库", "大桥", "大坝", "街道", "小区", "公园", "车站", "水厂", "区", "县", "市", "镇", "乡", "村", "路", "街", "桥", "站", "河"}

// hanPlain end with a site and name none, or stand before one without naming
// it.
var hanPlain = wordSet("地区 小区 社区 灾区 学区 景区 市区 城区 郊区 山区 校区 辖区 片区 园区 库区 疫区 全区 我区 本区 各区 城市 全市 我市 本市 超市 门市 都市 上市 股市 各市 县市 菜市 夜市 楼市 道路 公路 马路 铁路 高速公路 一路 走路 网路 线路 思路 半路 上街 逛街 大街 网站 本站 水站 全县 我县 各县 全镇 我镇 农村 全村 我村 本村 各村 城镇 乡镇 公园 大学 小学 中学 医院 幼儿园 车站 大桥 大坝 水库 街道 派出所 水厂 附近 我们 你们 他们 这个 那个 哪个 哪些 所有 全部 每个 各个 当地 本地 人民 中心 第一 社区 儿童 全市 我市 哪里 今天 明天 昨天 有没有 为什么 怎么 什么 可以 城里 孩子 我家 家长 老师 学生 公立 私立 重点 部分 一些 多个 几个 周边 周围 对面 门口 旁边 请问 因为 所以 听说 据说 政府 建设 新建 修建 堵车 施工 希望 请求 要求 公交 地铁 高铁 火车 汽车 生活 居民 住宅 商品房")

// negative are words that turn a text into its opposite, as terms.
var negative = wordSet("not no never isnt dont doesnt didnt cannot cant wont wasnt arent werent shouldnt couldnt wouldnt hasnt havent without 不 没 未 别 无 不能 没有 不会 不要 不得 不用 不可 不让 不许 不准 不是 未必 没人 没法 无法 尚未 从未 不再 并非 不停 不通 不安全 不该")

// hints says of the hash of a term, by its last bits, whether the term may be
// among the negative words (1), the sites (2) or the plain Chinese words (4).
// Few terms are, and asking a set about each costs more than all else here.
var hints = func() *[1 << 12]byte {
	var t [1 << 12]byte
	for i, set := range []map[string]bool{negative, sites, hanPlain} {
		for w := range set {
			for _, k := range []text.TermKind{text.Word, text.Han, text.Bigram, text.Char} {
				t[text.Hash(k, w)%uint64(len(t))] |= 1 << i
			}
		}
	}
	return &t
}()

func hint(t *text.Term) byte { return hints[t.Hash%uint64(len(hints))] }

func denies(t *text.Term) bool { return hint(t)&1 != 0 && negative[t.Text] }

func wordSet(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(s) {
		m[w] = true
	}
	return m
}

// facets returns the numbers and the named places of a text, and whether it
// denies something.
func facets(d *text.Doc) (list []facet, negated bool) {
	add := func(f facet) {
		if len(list) < maxFacets && !slices.Contains(list, f) {
			list = append(list, f)
		}
	}
	var before [2]*text.Term // the last words, newest first
	covered := int32(-1)
	negations := 0
	for i := range d.Terms {
		t := &d.Terms[i]
		switch t.Kind {
		case text.Number:
			add(facet{facetNumber, t.Hash})
			if before[0] != nil && before[0].Text == "no" { // No. 2
				negations--
			}
		case text.Word:
			if denies(t) {
				negations++
			}
			if hint(t)&2 != 0 && sites[t.Text] {
				for _, b := range before {
					if b != nil && !plain[b.Text] && !sites[b.Text] {
						add(facet{facetPlace, b.Hash ^ hash.Step(t.Hash)})
						break
					}
				}
			}
			before[1], before[0] = before[0], t
		case text.Han:
			covered = t.Pos + int32(len(t.Text)/3)
			if denies(t) {
				negations++
			}
			if hint(t)&4 != 0 && hanPlain[t.Text] {
				if name := before[0]; name != nil && isSite(t.Text) && !hanPlain[name.Text] && name.Pos+int32(len(name.Text)/3) == t.Pos {
					add(facet{facetPlace, name.Hash ^ hash.Step(t.Hash)})
				}
			} else if isSite(t.Text) {
				add(facet{facetPlace, t.Hash})
			}
			before[1], before[0] = before[0], t
		case text.Char:
			if t.Pos >= covered {
				if denies(t) && !asks(d.Terms, i) {
					negations++
				}
			}
		}
	}
	return list, negations == 1
}

func isSite(s string) bool {
	if len(s) < 3 || !strings.Contains("园所学院库桥坝道区站厂县市镇乡村路街河", s[len(s)-3:]) {
		return false
	}
	for _, site := range hanSites {
		if strings.HasSuffix(s, site) {
			return true
		}
	}
	return false
}

// asks reports whether the negation at i is part of a question of the form 停不停.
func asks(terms []text.Term, i int) bool {
	char := func(pos int32) string {
		for k := max(0, i-8); k < min(len(terms), i+9); k++ {
			if terms[k].Kind == text.Char && terms[k].Pos == pos {
				return terms[k].Text
			}
		}
		return ""
	}
	x := char(terms[i].Pos - 1)
	return x != "" && x == char(terms[i].Pos+1)
}
