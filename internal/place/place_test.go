package place_test

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"example.org/hearback/internal/place"
	"example.org/hearback/internal/text"
)

func newGazetteer(t testing.TB, o place.Options) (*place.Gazetteer, *text.Analyzer) {
	t.Helper()
	a, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	g, err := place.New(a, o)
	if err != nil {
		t.Fatal(err)
	}
	return g, a
}

// sentences are texts with the area that each counts for: "" if it names none
// that is sure, "?" if it names one that several areas share.
var sentences = []struct{ text, area string }{
	// Names that say what they are.
	{"郑州市金水区停水三天了", "cn/河南省/郑州市/金水区"},
	{"中牟县的疫苗什么时候到", "cn/河南省/郑州市/中牟县"},
	{"海淀区哪里可以打疫苗", "cn/北京市/海淀区"},
	{"恩施土家族苗族自治州今天有雨吗", "cn/湖北省/恩施土家族苗族自治州"},
	{"内蒙古自治区的学校开学了吗", "cn/内蒙古自治区"},
	{"Is the water in Harris County safe to drink?", "us/Texas/Harris County"},
	// Bare names of provinces and cities.
	{"郑州停水了吗", "cn/河南省/郑州市"},
	{"听说武汉要封城", "cn/湖北省/武汉市"},
	{"河南暴雨什么时候停", "cn/河南省"},
	{"上海的地铁停运了", "cn/上海市"},
	{"人在哈尔滨，明天能坐火车吗", "cn/黑龙江省/哈尔滨市"},
	{"西藏地震了？", "cn/西藏自治区"},
	// Bare names of counties are too thin by themselves.
	{"嘉鱼的高铁通了没有", ""},
	{"天河今天停电", ""},
	{"江南好风光", ""},
	{"金牛座今天运势", ""},
	// A parent beside it makes a county sure.
	{"湖北嘉鱼的高铁通了没有", "cn/湖北省/咸宁市/嘉鱼县"},
	{"广州天河今天停电", "cn/广东省/广州市/天河区"},
	{"北京朝阳哪里做核酸", "cn/北京市/朝阳区"},
	{"辽宁朝阳哪里做核酸", "cn/辽宁省/朝阳市"},
	{"南京鼓楼区停水", "cn/江苏省/南京市/鼓楼区"},
	{"徐州市鼓楼区停水", "cn/江苏省/徐州市/鼓楼区"},
	{"石家庄新华区的公交改道了", "cn/河北省/石家庄市/新华区"},
	// Names that several areas share.
	{"鼓楼区停水了", "?"},
	{"朝阳区哪里打疫苗", "?"},
	{"新华区的公交改道了", "?"},
	{"城关区今天停电吗", "?"},
	// Names that are ordinary words.
	{"迎着朝阳跑步", ""},
	{"希望世界和平", ""},
	{"通道被堵住了怎么办", ""},
	{"祝爷爷健康长寿", ""},
	{"大方一点嘛", ""},
	{"大家都平安吗", ""},
	{"今天吃汉堡", ""},
	{"打电话给公安", ""},
	{"这部大连续剧真好看", ""},
	// Streets and dishes are no places.
	{"南京路堵车了", ""},
	{"北京东路封了吗", ""},
	{"中山大道施工到什么时候", ""},
	{"想吃兰州拉面和重庆小面", ""},
	// Traditional characters.
	{"廣州市天河區哪裡可以接種疫苗", "cn/广东省/广州市/天河区"},
	{"鄭州停水了嗎", "cn/河南省/郑州市"},
	{"高雄市左營區停電", "tw/高雄市/左营区"},
	{"新北市板橋區的篩檢站在哪", "tw/新北市/板桥区"},
	// Other countries in Chinese.
	{"休斯顿的洪水退了吗", "us/Texas/Houston"},
	{"得克萨斯州停电", "us/Texas"},
	{"日本地震会不会影响我们", ""},
	// English.
	{"Houston is flooding, where are the shelters?", "us/Texas/Houston"},
	{"No power in Dallas since noon", "us/Texas/Dallas"},
	{"Paris, Texas has no water", "us/Texas/Paris"},
	{"Is the metro in Paris running?", "fr/Île-de-France/Paris"},
	{"Springfield schools are closed", "?"},
	{"Flooding in Springfield, Illinois", "us/Illinois/Springfield"},
	{"Stay safe Kerala #KeralaFloods", "in/Kerala"},
	{"#keralafloods we need boats", "in/Kerala"},
	{"Roads closed around Houston, TX", "us/Texas/Houston"},
	{"Houston and Dallas are under water", "us/Texas"},
	{"Zhengzhou metro is flooded", "cn/河南省/郑州市"},
	{"湖北荆州和江苏淮安都有新增", ""},
	{"江苏南京和扬州都有新增", "cn/江苏省"},
	{"Houston and Moscow are both flooded", ""},
	{"salford and manchester trains are late", ""},
	{"维也纳酒店太吵了", ""},
	{"阿里员工说的是真的吗", ""},
	{"西藏阿里地区下雪了", "cn/西藏自治区/阿里地区"},
	{"Boil the water in Millbrook", ""}, // in Alabama, and elsewhere
	{"Poison in East Lake reservoir", ""},
	{"Boil the water in Millbrook, Alabama", "us/Alabama/Millbrook"},
	{"chicago please send help", "us/Illinois/Chicago"},
	{"New York subway is closed", "us/New York"},
	{"São Paulo está sem água", "br/São Paulo"},
	{"Sao Paulo has no water", "br/São Paulo"},
	{"Houston's shelters are full", "us/Texas/Houston"},
	{"Houston’s shelters are full", "us/Texas/Houston"},
	{"Earthquake felt in Quito, Ecuador", "ec/Pichincha/Quito"},
	// Words and persons.
	{"Reading is good for you", ""},
	{"Nice work by the crews", ""},
	{"Most of you know this", ""},
	{"My mobile has no signal", ""},
	{"Mobile phones are down", ""},
	{"Trains to Reading, England are late", "gb/England/Reading"},
	{"Michael Jackson was great", ""},
	{"Paris Hilton said so", ""},
	{"Hurricane Florence is coming", ""},
	{"Florence is strong, stay inside #HurricaneFlorence", ""},
	{"You can come with us", ""},
	{"Thank God she is safe", ""},
	{"THIS IS NOT OK FOR US", ""},
	{"Northern areas have no water", ""},
	// Streets.
	{"Houston Street is closed", ""},
	{"Accident on Paris Avenue", ""},
	{"Lima Road is blocked", ""},
	// A country alone is no area to serve.
	{"Pray for Nepal", ""},
	// Arabic.
	{"سيول في الرياض", "sa/Riyadh Region/Riyadh"},
	{"فيروس كورونا خطير", ""},
	{"انقطاع المياه بالقاهرة", "eg/Cairo/Cairo"},
	// Nothing.
	{"", ""},
	{"😀😀", ""},
	{"@Houston https://houston.example.org/Paris", ""},
}

func TestArea(t *testing.T) {
	g, a := newGazetteer(t, place.Options{})
	for _, tt := range sentences {
		d := a.Analyze(tt.text, "")
		places := g.Match(tt.text, &d)
		got := place.Area(places)
		if got == "" && slices.ContainsFunc(places, func(p place.Place) bool { return p.Ambiguous }) {
			got = "?"
		}
		if got != tt.area {
			t.Errorf("%s: area %q, want %q; places %+v", tt.text, got, tt.area, places)
		}
		for _, p := range places {
			if p.Ambiguous != (p.Area == "") || p.Ambiguous && len(p.Candidates) < 2 {
				t.Errorf("%s: %+v is ambiguous without candidates, or has an area all the same", tt.text, p)
			}
			if len(p.Why) == 0 || p.Confidence <= 0 || p.Confidence > 1 {
				t.Errorf("%s: %+v has no reason, or no confidence", tt.text, p)
			}
		}
	}
}

// TestOperator holds that the areas of the operator win.
func TestOperator(t *testing.T) {
	g, a := newGazetteer(t, place.Options{Areas: []place.ServiceArea{
		{Name: "North Harbour", Aliases: []string{"北港片区", "北港", "the docks"}, Parent: "cn/河南省/郑州市"},
		{Name: "金水片区", Aliases: []string{"金水区", "Jinshui"}, Parent: "cn/河南省/郑州市"},
		{Name: "和平里", Aliases: []string{"Peace Lane"}, Parent: "郑州市"},
	}})
	for _, tt := range []struct{ text, area string }{
		{"北港停水了", "North Harbour"},
		{"No water at the docks", "North Harbour"},
		{"NORTH HARBOUR IS DARK", "North Harbour"},
		{"郑州市金水区停水", "金水片区"},
		{"jinshui has no water", "金水片区"},
		{"和平里什么时候来电", "和平里"},
		{"世界和平", ""},
		{"二七停水了吗", "cn/河南省/郑州市/二七区"}, // the region served
		{"鼓楼区停水了", "?"},
		{"北港和金水区都停水", ""}, // two areas of the operator
		{"上海和北港都停水", "North Harbour"},
		{"新鄭市停電", "cn/河南省/郑州市/新郑市"},
	} {
		d := a.Analyze(tt.text, "")
		places := g.Match(tt.text, &d)
		got := place.Area(places)
		if got == "" && slices.ContainsFunc(places, func(p place.Place) bool { return p.Ambiguous }) {
			got = "?"
		}
		if got != tt.area {
			t.Errorf("%s: area %q, want %q; places %+v", tt.text, got, tt.area, places)
		}
	}
	for _, tt := range []struct{ area, lang, want string }{
		{"North Harbour", "zh", "北港片区"}, {"North Harbour", "en", "North Harbour"}, {"金水片区", "en", "Jinshui"},
		{"cn/河南省/郑州市", "en", "Zhengzhou"}, {"cn/河南省/郑州市", "zh", "郑州市"}, {"us/Texas/Houston", "zh", "休斯顿"},
		{"us", "en", "United States"}, {"us", "zh", "美国"}, {"Ward 3", "zh", "Ward 3"}, {"", "en", ""}, {"a/b/c", "en", "a/b/c"},
	} {
		if got := g.Name(tt.area, tt.lang); got != tt.want {
			t.Errorf("Name(%q, %q) = %q, want %q", tt.area, tt.lang, got, tt.want)
		}
	}
}

// TestHome holds that the region served chooses among areas of one name.
func TestHome(t *testing.T) {
	g, a := newGazetteer(t, place.Options{Home: "江苏省"})
	for text, want := range map[string]string{
		"鼓楼区停水": "", "栖霞区停水": "cn/江苏省/南京市/栖霞区", "世界和平": "", "丰县停水": "cn/江苏省/徐州市/丰县",
	} {
		d := a.Analyze(text, "")
		if got := place.Area(g.Match(text, &d)); got != want {
			t.Errorf("%s: area %q, want %q", text, got, want)
		}
	}
	_, err := place.New(a, place.Options{Home: "朝阳区"})
	if err == nil || !strings.Contains(err.Error(), "cn/北京市/朝阳区") {
		t.Errorf("a home that several areas share: error %v, want one that lists them", err)
	}
	for _, o := range []place.Options{
		{Home: "Xanadu on Sea"}, {Areas: []place.ServiceArea{{Name: " "}}}, {Areas: []place.ServiceArea{{Name: "Ward", Aliases: []string{"W"}}}},
		{Areas: []place.ServiceArea{{Name: "Ward 9", Parent: "nowhere/at all"}}},
	} {
		if _, err := place.New(a, o); err == nil {
			t.Errorf("New(%+v) did not fail", o)
		}
	}
}

// TestPaths holds that every area can be found by its path, once.
func TestPaths(t *testing.T) {
	g, _ := newGazetteer(t, place.Options{})
	n := 0
	for path := range g.Paths() {
		n++
		if got, err := g.Find(path); err != nil || got != path {
			t.Fatalf("Find(%q) = %q, %v", path, got, err)
		}
	}
	if n < 30000 {
		t.Errorf("the gazetteer has %d areas", n)
	}
}

// TestBound holds that long texts take bounded time.
func TestBound(t *testing.T) {
	g, a := newGazetteer(t, place.Options{})
	for _, unit := range []string{"朝阳区", "San Jose ", "New ", "#newyorkfloods", "大连续", "ء", "U.S.", "Houston, TX, ", "中国人民", "A'"} {
		s := strings.Repeat(unit, 100_000/len(unit))
		d := a.Analyze(s, "")
		start := time.Now()
		g.Match(s, &d)
		if took := time.Since(start); took > time.Second {
			t.Errorf("100 kB of %q take %v", unit, took)
		}
	}
}

func FuzzMatch(f *testing.F) {
	for _, s := range sentences {
		f.Add(s.text)
	}
	g, a := newGazetteer(f, place.Options{Home: "cn/河南省", Areas: []place.ServiceArea{{Name: "North Harbour", Aliases: []string{"北港"}}}})
	f.Fuzz(func(t *testing.T, s string) {
		d := a.Analyze(s, "")
		places := g.Match(s, &d)
		for _, p := range places {
			if p.Confidence <= 0 || p.Confidence > 1 || len(p.Why) == 0 || p.Text == "" || !utf8.ValidString(p.Text) {
				t.Errorf("%q: %+v", s, p)
			}
			if p.Area != "" && p.Area != "North Harbour" {
				if _, err := g.Find(p.Area); err != nil {
					t.Errorf("%q: area %q cannot be found again: %v", s, p.Area, err)
				}
			}
		}
		if again := g.Match(s, &d); len(again) != len(places) {
			t.Errorf("%q: %d places, then %d", s, len(places), len(again))
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	g, a := newGazetteer(b, place.Options{})
	for name, s := range map[string]string{
		"zh":     "郑州市金水区停水三天了，什么时候能恢复供水？家里还有老人小孩，打了好几次热线都没人接，希望有关部门尽快处理。",
		"zhNone": "今天已经停水三天了，什么时候能恢复供水？家里还有老人小孩，打了好几次热线都没人接，希望有关部门尽快处理。",
		"en":     "Houston is flooding and the shelters at the convention center are full, does anybody know where families with pets can go tonight?",
		"enNone": "The river is rising and the shelters near the school are full, does anybody know where families with pets can go tonight?",
	} {
		d := a.Analyze(s, "")
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				g.Match(s, &d)
			}
		})
	}
}

func BenchmarkNew(b *testing.B) {
	_, a := newGazetteer(b, place.Options{})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := place.New(a, place.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
