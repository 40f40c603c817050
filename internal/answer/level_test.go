package answer_test

import (
	"strings"
	"testing"

	"example.org/hearback"
	"example.org/hearback/internal/answer"
)

// TestLevel: the formula tells plain texts from those of offices, in both
// languages, and says nothing of what is too short or has no formula.
func TestLevel(t *testing.T) {
	for _, tt := range []struct {
		name, lang, text string
		from, to         int // school year, or characters between pauses
		hard, known      bool
	}{
		{"plain", "en", "Boil tap water for one minute before you drink it. Let it cool. Use it within a day. You can wash your hands and your clothes with water from the tap. If you feel ill, call the clinic on 12320. We test the water again on Friday and will tell you at noon.", 1, 5, false, true},
		{"of an office", "en", "Notwithstanding the provisional determinations communicated previously, consumers are respectfully requested to discontinue consumption of municipal distribution-system water pending comprehensive bacteriological examination, the results of which the competent authorities anticipate disseminating following appropriate verification procedures.", 20, 60, true, true},
		{"middling", "en-GB", "Some people say that the flood has poisoned the whole supply. We tested six samples for solvents and found none, but two of the samples had germs that can make you ill. That is why we ask everybody in Riverside to boil the water until the pipes have been cleaned.", 6, 9, false, true},
		{"numbers and dots", "en", strings.Repeat("Use 2.5 litres a day. See example.org for more. ", 8), 1, 6, false, true},
		{"short", "en", "Boil it for a minute.", 0, 0, false, false},
		{"plain", "zh-Hans", "自来水请烧开一分钟再喝。烧开后放凉，当天用完。洗手、洗衣可以直接用自来水。如感不适，请拨打12320。我们周五再次检测，中午公布结果。管道清洗完成前，请继续烧开饮用。", 6, 12, false, true},
		{"of an office", "zh", strings.Repeat("经市供水管理部门会同疾病预防控制机构对河滨区域内供水管网末梢水质开展综合性检测评估后研究决定暂时停止该区域居民生活饮用水直接饮用行为", 2), 40, 140, true, true},
		{"short", "zh", "请烧开再喝。", 0, 0, false, false},
		{"no formula", "vi", strings.Repeat("Hãy đun sôi nước trước khi uống. ", 20), 0, 0, false, false},
	} {
		l, ok := answer.LevelOf(&hearback.Text{Lang: tt.lang, Lead: tt.text})
		if n := l.Grade + l.Pause; ok != tt.known || l.Hard != tt.hard || n < tt.from || n > tt.to {
			t.Errorf("%s, %s: %+v, %t; want %d to %d, hard %t", tt.lang, tt.name, l, ok, tt.from, tt.to, tt.hard)
		}
	}
}
