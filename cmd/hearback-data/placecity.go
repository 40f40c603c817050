package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// provinceOf are the codes that GeoNames gives the provinces of China.
var provinceOf = map[string]string{
	"01": "安徽省", "02": "浙江省", "03": "江西省", "04": "江苏省", "05": "吉林省", "06": "青海省", "07": "福建省", "08": "黑龙江省",
	"09": "河南省", "10": "河北省", "11": "湖南省", "12": "湖北省", "13": "新疆维吾尔自治区", "14": "西藏自治区", "15": "甘肃省",
	"16": "广西壮族自治区", "18": "贵州省", "19": "辽宁省", "20": "内蒙古自治区", "21": "宁夏回族自治区", "22": "北京市", "23": "上海市",
	"24": "山西省", "25": "山东省", "26": "陕西省", "28": "天津市", "29": "云南省", "30": "广东省", "31": "海南省", "32": "四川省", "33": "重庆市",
}

// A city is one row of GeoNames.
type city struct {
	id, name, ascii string
	more            []string
	lat, lon        float64
	code, country   string
	admin1, admin2  string
	people          int
}

// cities adds the divisions and cities of GeoNames outside China, and gives
// those of China their coordinates.
func (g *gazetteer) cities(path, adminPath string) error {
	rows, err := readCities(path)
	if err != nil {
		return err
	}
	admin := map[string]string{}
	for _, level := range []string{"admin1", "admin2"} {
		b, err := fromTarball(adminPath, "package/"+level+".json")
		if err != nil {
			return err
		}
		var list []struct{ Code, Name string }
		if err := json.Unmarshal(b, &list); err != nil {
			return fmt.Errorf("%s: read %s.json: %w", adminPath, level, err)
		}
		for _, x := range list {
			admin[x.Code] = x.Name
		}
	}
	han := map[string]map[string]*area{} // by top of the division, name → area
	for _, a := range g.areas {
		if a.kind == 0 {
			continue
		}
		top := a
		for top.parent.parent != nil {
			top = top.parent
		}
		key := top.zh
		if r := a.root(); r != "CN" {
			key = r
		}
		if han[key] == nil {
			han[key] = map[string]*area{}
		}
		for _, n := range []string{a.zh, shortHan(a.zh)} {
			if old := han[key][n]; n != "" && (old == nil || a.kind < old.kind) {
				han[key][n] = a
			}
		}
	}
	// Divisions: as many people as their towns have, in the middle of them.
	divisions := map[string]*area{}
	division := func(c *city, kind int, code string, parent *area) *area {
		a := divisions[code]
		if a == nil {
			name := admin[code]
			if name == "" {
				return nil
			}
			a = &area{kind: kind, parent: parent, id: code, en: name}
			divisions[code] = a
		}
		n := float64(c.people)
		a.lat, a.lon = a.lat+c.lat*n, a.lon+c.lon*n
		a.people += c.people
		return a
	}
	for _, c := range rows {
		country := g.byKey[strings.ToLower(c.country)]
		if country == nil || inChina(c.country) {
			continue
		}
		country.people += c.people
		country.lat, country.lon = country.lat+c.lat*float64(c.people), country.lon+c.lon*float64(c.people)
		if a := division(&c, 1, c.country+"."+c.admin1, country); a != nil && c.admin2 != "" {
			division(&c, 2, c.country+"."+c.admin1+"."+c.admin2, a)
		}
	}
	for _, code := range sortedKeys(divisions) {
		a := divisions[code]
		if a.people < minPeople {
			continue
		}
		a.lat, a.lon = a.lat/float64(a.people), a.lon/float64(a.people)
		if a.kind == 1 {
			a.more = append(a.more, latinForms(a.en)...)
			if strings.HasPrefix(code, "US.") {
				a.more = append(a.more, code[3:]) // TX, as people write after a comma
			}
			for _, zh := range g.cedict.chinese[a.en] {
				if n := utf8.RuneCountInString(zh); n < 2 || n == 2 && !strings.HasPrefix(code, "US.") {
					continue // Zou is a department of Benin and 邹县 a county of China
				}
				if a.zh == "" || utf8.RuneCountInString(zh) > utf8.RuneCountInString(a.zh) && strings.HasSuffix(zh, "州") {
					a.zh = zh
				}
				a.more = append(a.more, zh)
			}
		}
	}
	for _, kind := range []int{1, 2} {
		for _, code := range sortedKeys(divisions) {
			if a := divisions[code]; a.kind == kind && a.people >= minPeople {
				divisions[code] = g.add(a)
			}
		}
	}
	for _, a := range g.areas {
		if a.kind == 0 && a.people > 0 {
			a.lat, a.lon = a.lat/float64(a.people), a.lon/float64(a.people)
		}
	}
	named := map[*area]bool{}
	for _, c := range rows { // the largest first
		names := g.hanNames(&c)
		if inChina(c.country) {
			g.locate(han, &c, names)
			continue
		}
		least := minPeople
		switch c.code {
		case "PPLX":
			least = sectionPeople
		case "PPLC":
			least = 0
		case "PPLH", "PPLQ", "PPLW", "PPLF":
			continue
		}
		parent := g.byKey[strings.ToLower(c.country)]
		if c.people < least || parent == nil {
			continue
		}
		if a := divisions[c.country+"."+c.admin1]; a != nil && a.people >= minPeople {
			parent = a
		}
		a := g.add(&area{kind: 3, parent: parent, id: c.id, people: c.people, lat: c.lat, lon: c.lon, en: c.name})
		if a.id != c.id && (a.kind != 2 || named[a]) {
			continue // a smaller one of the same name
		}
		named[a] = true // a district that is called after its city has the city's names
		a.more = append(a.more, c.ascii)
		for _, zh := range names {
			if g.cedict.english[zh] == c.name || a.zh == "" {
				a.zh = zh
			}
		}
		a.more = append(a.more, names...)
		a.more = append(a.more, arabicNames(&c)...)
		if c.people >= exonymPeople || c.code == "PPLC" {
			a.more = append(a.more, latinNames(&c)...)
		}
	}
	return nil
}

func inChina(country string) bool {
	return slices.Contains([]string{"CN", "TW", "HK", "MO"}, country)
}

// locate gives a division of China the coordinates and the English name of its
// town.
func (g *gazetteer) locate(han map[string]map[string]*area, c *city, names []string) {
	top := provinceOf[c.admin1]
	if c.country != "CN" {
		top = c.country
	}
	for _, n := range names {
		a := han[top][n]
		if a == nil || a.people >= c.people && a.lat != 0 {
			continue
		}
		a.people, a.lat, a.lon = c.people, c.lat, c.lon
		if a.en == "" {
			a.en = c.ascii
		}
		return
	}
}

// hanNames returns the names of a city in simplified Han characters.
func (g *gazetteer) hanNames(c *city) []string {
	var names []string
	for _, m := range c.more {
		if !hanWord(m, 2) || c.people < sectionPeople && utf8.RuneCountInString(m) < 3 && !inChina(c.country) {
			continue // two characters of a small foreign town mean too many things
		}
		if s, err := g.hans.Convert(m); err == nil && !slices.Contains(names, s) {
			names = append(names, s)
		}
	}
	return names
}

// arabCountries write Arabic.
var arabCountries = strings.Fields("DZ BH TD KM DJ EG IQ JO KW LB LY MR MA OM PS QA SA SO SD SY TN AE YE")

// arabicNames returns the names in Arabic of a city that Arabic speakers are
// likely to name.
func arabicNames(c *city) []string {
	if c.people < sectionPeople && !slices.Contains(arabCountries, c.country) {
		return nil
	}
	var names []string
	for _, m := range c.more {
		if utf8.RuneCountInString(m) >= 3 && strings.IndexFunc(m, func(r rune) bool {
			return r != ' ' && (r < 0x0621 || r > 0x064A) // Arabic without the letters of Persian and Urdu
		}) < 0 {
			names = append(names, m)
		}
	}
	return names
}

// latinNames returns the other names of a city in Latin letters.
func latinNames(c *city) []string {
	var names []string
	for _, m := range c.more {
		r, _ := utf8.DecodeRuneInString(m)
		if n := utf8.RuneCountInString(m); n < 4 || n > 25 || !unicode.IsUpper(r) || m == strings.ToUpper(m) ||
			strings.IndexFunc(m, func(r rune) bool { return r > 0x17F || unicode.IsDigit(r) || r == '(' || r == '|' }) >= 0 {
			continue
		}
		names = append(names, m)
	}
	return names
}

// latinForms returns a name without what kind of division it is.
func latinForms(name string) []string {
	var forms []string
	for _, cut := range []string{" Province", " State", " Region", " Governorate", " Prefecture", " County", " Department"} {
		if s, ok := strings.CutSuffix(name, cut); ok {
			forms = append(forms, s)
		}
	}
	for _, cut := range []string{"State of ", "Province of "} {
		if s, ok := strings.CutPrefix(name, cut); ok {
			forms = append(forms, s)
		}
	}
	return forms
}

// readCities reads cities500.txt, the largest first.
func readCities(path string) ([]city, error) {
	b, err := fromTarball(path, "package/dist/cities500.txt")
	if err != nil {
		return nil, err
	}
	var rows []city
	for line := range strings.Lines(string(b)) {
		f := strings.Split(line, "\t")
		if len(f) < 15 {
			return nil, fmt.Errorf("%s: row %.40q has %d columns", path, line, len(f))
		}
		c := city{id: f[0], name: f[1], ascii: f[2], more: strings.Split(f[3], ","), code: f[7], country: f[8], admin1: f[10], admin2: f[11]}
		var err1, err2, err3 error
		c.lat, err1 = strconv.ParseFloat(f[4], 64)
		c.lon, err2 = strconv.ParseFloat(f[5], 64)
		c.people, err3 = strconv.Atoi(f[14])
		if err1 != nil || err2 != nil || err3 != nil {
			return nil, fmt.Errorf("%s: row %.40q is not a place", path, line)
		}
		rows = append(rows, c)
	}
	slices.SortStableFunc(rows, func(a, b city) int { return b.people - a.people })
	return rows, nil
}

// closedWords are words that WordNet leaves out because they name nothing, and
// common words of Arabic, and a firm, that are towns somewhere.
var closedWords = strings.Fields(`a about after all am an and any are as at be been but by can could did do does for from had has have he her
	here him his how i if in into is it its just like may me mine more most must my near never no nor not now of off on once one only or other our
	out over own per same she should so some such than that the their them then there these they this those to too under until up us via was we
	were what when where which while who whom why will with would yes yet you your come save god la las los el de da di du san santa
	阿里 سيول كورونا الجديد الجديده الخميس الجمعه الاحد الاثنين الثلاثاء الاربعاء السبت دوله جامعه المدينه الحي الخبر الصور صور مشهد امان اطار بسيط
	خالص سالم ليل الحد الجزيره الجزيرة المطريه رياض قصر السلام النصر الفتح الشرق الغرب بئر حمام عين العين راس باب بيت سوق الجبل جبل وادي
	الوادي نور طيبه القرية القريه الجامعة الجديدة المدينة دولة جامعة`)

// lowerWords returns the words of WordNet that are written small.
func lowerWords(path string) (map[string]bool, error) {
	words := map[string]bool{}
	for _, w := range closedWords {
		words[w] = true
	}
	for _, name := range []string{"noun", "verb", "adj", "adv"} {
		b, err := fromTarball(path, "package/dict/data."+name)
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(b)) {
			f := strings.Fields(line)
			if len(f) < 6 || strings.HasPrefix(line, " ") {
				continue
			}
			n, err := strconv.ParseInt(f[3], 16, 32)
			if err != nil || len(f) < 4+2*int(n) {
				return nil, fmt.Errorf("%s: a line of data.%s is no synset", path, name)
			}
			for i := range int(n) {
				w, _, _ := strings.Cut(f[4+2*i], "(")
				if w == strings.ToLower(w) && !strings.Contains(w, "_") {
					words[w] = true
				}
			}
		}
	}
	return words, nil
}
