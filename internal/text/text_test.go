package text_test

import (
	"fmt"
	"testing"

	"example.org/hearback/internal/text"
)

func TestTry(t *testing.T) {
	a, err := text.New()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{
		"Is the tap water SAFE to drink after the flood??? #StopTheDam https://t.co/x @user don't 1,000 people line two second dose 30mg covid19 u.s.",
		"洪水過後自來水還能喝嗎？計程車 二号线第三针百分之三十 3万人 #大坝安全# @北京发布 你好",
		"Les vaccins de l'eau sont-ils dangereux?", "東京の大雨で地下鉄が止まった", "지하철이 멈췄습니다", "น้ำประปาดื่มได้ไหม", "هل مياه الصنبور آمنة؟ ٣٠",
	} {
		d := a.Analyze(s, "")
		fmt.Println(d.Lang, d.P, d.Norm)
		for _, x := range d.Terms {
			fmt.Print(x.Kind, ":", x.Text, "@", x.Pos, " ")
		}
		fmt.Println()
	}
}
