package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// china adds the divisions of China down to the county, and the districts of
// Taiwan, Hong Kong and Macao.
func (g *gazetteer) china(path string) error {
	read := func(name string, v any) error {
		b, err := fromTarball(path, "package/dist/"+name)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(b, v); err != nil {
			return fmt.Errorf("%s: read %s: %w", path, name, err)
		}
		return nil
	}
	type division struct{ Code, Name, CityCode, ProvinceCode string }
	var provinces, cities, counties []division
	for name, v := range map[string]*[]division{"provinces.json": &provinces, "cities.json": &cities, "areas.json": &counties} {
		if err := read(name, v); err != nil {
			return err
		}
	}
	cn := g.byKey["cn"]
	byCode := map[string]*area{}
	for _, d := range provinces {
		byCode[d.Code] = g.han(1, cn, d.Code, d.Name)
	}
	for _, d := range cities {
		byCode[d.Code] = byCode[d.ProvinceCode]
		// What is not the name of a city stands for counties directly under
		// the province.
		if !strings.Contains(d.Name, "直辖") && d.Name != "市辖区" && d.Name != "县" {
			byCode[d.Code] = g.han(2, byCode[d.ProvinceCode], d.Code, d.Name)
		}
	}
	for _, d := range counties {
		g.han(3, byCode[d.CityCode], d.Code, d.Name)
	}
	var rest map[string]map[string][]string
	if err := read("HK-MO-TW.json", &rest); err != nil {
		return err
	}
	for _, r := range []struct{ name, code string }{{"台湾省", "tw"}, {"香港特别行政区", "hk"}, {"澳门特别行政区", "mo"}} {
		country := g.byKey[r.code]
		country.more = append(country.more, r.name)
		for _, city := range sortedKeys(rest[r.name]) {
			parent := country
			if r.code == "tw" {
				parent = g.han(2, country, "", city)
			}
			for _, d := range rest[r.name][city] {
				d, also, _ := strings.Cut(d, "（")
				a := g.han(3, parent, "", d)
				if also != "" {
					a.more = append(a.more, strings.TrimSuffix(also, "）"))
				}
			}
		}
	}
	return nil
}

// han adds a division with the English name that CC-CEDICT gives it.
func (g *gazetteer) han(kind int, parent *area, id, name string) *area {
	a := &area{kind: kind, parent: parent, id: id, zh: name, en: g.cedict.english[name]}
	if short := shortHan(name); short != "" {
		a.more = append(a.more, short)
		if a.en == "" {
			a.en = g.cedict.english[short]
		}
	}
	return g.add(a)
}

// suffixes end the names of Chinese divisions, the longest first.
var suffixes = []string{"特别行政区", "维吾尔自治区", "壮族自治区", "回族自治区", "自治区", "自治州", "自治县", "自治旗", "地区", "新区", "矿区", "林区", "省", "市", "县", "区", "盟", "旗", "州"}

// peoples stand before "autonomous" in the names of divisions.
var peoples = strings.Fields(`蒙古族 回族 藏族 维吾尔 苗族 彝族 壮族 布依族 朝鲜族 满族 侗族 瑶族 白族 土家族 哈尼族 哈萨克族 哈萨克 傣族 黎族 傈僳族
	佤族 畲族 拉祜族 水族 东乡族 纳西族 景颇族 柯尔克孜 土族 达斡尔族 仫佬族 羌族 布朗族 撒拉族 毛南族 仡佬族 锡伯 普米族 塔吉克 怒族 独龙族 裕固族 保安族 蒙古 各族 鄂伦春 鄂温克族`)

// shortHan returns the name of a division as people say it: without what kind
// of division it is. It returns "" if less than two characters would be left.
func shortHan(name string) string {
	for _, s := range suffixes {
		rest, ok := strings.CutSuffix(name, s)
		if !ok {
			continue
		}
		for trimmed := strings.HasPrefix(s, "自治"); trimmed; {
			trimmed = false
			for _, p := range peoples {
				if r, ok := strings.CutSuffix(rest, p); ok && utf8.RuneCountInString(r) >= 2 {
					rest, trimmed = r, true
				}
			}
		}
		if utf8.RuneCountInString(rest) >= 2 {
			return rest
		}
		return ""
	}
	return ""
}

// placeWords is what CC-CEDICT knows about names of places.
type placeWords struct {
	english  map[string]string   // Chinese name → English name
	chinese  map[string][]string // English name → Chinese names
	ordinary map[string]bool     // names that are ordinary words too
}

var (
	// place finds the name at the beginning of a definition that speaks of a
	// place, such as "Zhongmu, a county in …", "Texas, US state".
	placeGloss = regexp.MustCompile(`^([A-Z][A-Za-z'üêö. -]*?)(?:,? (?:an? )?(?:\S+ )?(?:inner |outer |suburban |former )?|, .*?)(?:[Cc]ity|[Cc]ounty|[Dd]istrict|[Pp]rovince|prefecture|[Pp]refecture-level|county-level|state|capital|autonomous|[Tt]ownship|[Bb]anner|[Mm]unicipality|region|town|island|department|canton)\b`)
	bareGloss  = regexp.MustCompile(`^[A-Z][a-z]+(?: [A-Z][a-z]+)?$`)
)

// readPlaceWords reads the names of places from CC-CEDICT. A reading in small
// letters marks an ordinary word.
func readPlaceWords(path string) (placeWords, error) {
	w := placeWords{map[string]string{}, map[string][]string{}, map[string]bool{}}
	entries, err := readCedict(path)
	if err != nil {
		return w, err
	}
	for _, e := range entries {
		if !hanWord(e.simplified, 2) {
			continue
		}
		r, _ := utf8.DecodeRuneInString(e.reading)
		if unicode.IsLower(r) {
			w.ordinary[e.simplified] = true
			continue
		}
		for _, gloss := range e.english {
			name := ""
			gloss, _, _ = strings.Cut(gloss, " or ") // Datong or Tatung district
			if m := placeGloss.FindStringSubmatch(gloss); m != nil {
				name = strings.TrimSpace(m[1])
			} else if bareGloss.MatchString(gloss) {
				name = strings.TrimSpace(gloss)
			}
			if name == "" {
				continue
			}
			if w.english[e.simplified] == "" {
				w.english[e.simplified] = name
			}
			w.chinese[name] = append(w.chinese[name], e.simplified)
		}
	}
	return w, nil
}
