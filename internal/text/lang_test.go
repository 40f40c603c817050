package text_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"testing"

	"example.org/hearback"
)

func TestLang(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"Is the tap water safe to drink after the flood?", "en"},
		{"can't reach the hotline, nobody answers", "en"},
		{"¿Cuándo vuelve la luz en el barrio norte?", "es"},
		{"La station d'épuration a explosé, l'air est-il toxique ?", "fr"},
		{"Quando volta a energia no bairro?", "pt"},
		{"L'acqua del rubinetto è potabile dopo l'alluvione?", "it"},
		{"Ist das Leitungswasser nach dem Hochwasser sicher?", "de"},
		{"هل مياه الصنبور آمنة للشرب بعد الفيضان؟", "ar"},
		{"Когда включат свет в северном районе?", "ru"},
		{"Коли ввімкнуть світло у північному районі?", "uk"},
		{"क्या बाढ़ के बाद नल का पानी पीना सुरक्षित है?", "hi"},
		{"洪水过后自来水还能喝吗", "zh"},
		{"洪水過後自來水還能喝嗎", "zh"},
		{"東京の水道水は安全ですか", "ja"},
		{"高速道路で渋滞", "ja"},
		{"수돗물은 안전한가요?", "ko"},
		{"Nước máy có an toàn không?", "vi"},
		{"iPhone 15 在哪里买", "zh"},
		{"优の良品好吃", "zh"},
		{"น้ำประปาดื่มได้ไหม", "th"},
		{"Je, maji ya bomba ni salama kwa kunywa?", "sw"},
		{"Apakah air keran aman setelah banjir?", "id"},
	} {
		if got, p := analyzer().Lang(tt.in); got != tt.want {
			t.Errorf("Lang(%q) = %s %.2f, want %s", tt.in, got, p, tt.want)
		}
	}
}

func TestStatedLanguage(t *testing.T) {
	for _, tt := range []struct{ in, stated, want string }{
		{"停水", "en", "zh"},       // the script says otherwise
		{"東京都大雨警報", "ja", "ja"},  // the script allows both
		{"hospital", "pt", "pt"}, // too short to tell
		{"xq zzt", "", "und"},    //
		{"", "", "und"},          //
		{"123 !!", "en", "und"},  // no words
		{"Is the tap water safe to drink after it?", "zh-CN", "en"}, //
		{"Er det trygt å drikke vannet?", "no", "nb"},               // one name for Norwegian
	} {
		if got := analyzer().Analyze(tt.in, tt.stated).Lang; got != tt.want {
			t.Errorf("language of %q, stated %q = %s, want %s", tt.in, tt.stated, got, tt.want)
		}
	}
}

type labelled struct{ ID, Kind, Text, Label string }

// corpus reads labelled texts that are no part of the repository, or skips.
func corpus(t testing.TB, path string) []labelled {
	t.Helper()
	f, err := os.Open("../../../shared/data/" + path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("the labelled texts %s are not on this machine", path)
	} else if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var rows []labelled
	for sc := bufio.NewScanner(z); sc.Scan(); {
		var r labelled
		if err := json.Unmarshal(sc.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
	return rows
}

// TestLangCorpus holds accuracy on sentences in 67 languages that the model
// knows, and that Chinese, Japanese and Korean are told apart by any text.
func TestLangCorpus(t *testing.T) {
	unknown := map[string]bool{"lg": true, "mi": true, "sn": true, "st": true, "tn": true, "ts": true, "xh": true, "zu": true}
	right, all := map[string]int{}, map[string]int{}
	for _, r := range corpus(t, "langid/texts.jsonl.gz") {
		got, _ := analyzer().Lang(r.Text)
		keys := []string{r.Kind}
		if unknown[r.Label] {
			keys = []string{r.Kind + ", unknown to the model"}
		}
		if r.Label == "zh" || r.Label == "ja" || r.Label == "ko" {
			keys = append(keys, r.Label)
		}
		for _, k := range keys {
			all[k]++
			if got == r.Label {
				right[k]++
			}
		}
	}
	for k, n := range all {
		t.Logf("%-35s %.3f of %d", k, float64(right[k])/float64(n), n)
	}
	for k, want := range map[string]float64{"sentences": .93, "zh": .99, "ja": .99, "ko": .99} {
		if got := float64(right[k]) / float64(all[k]); got < want {
			t.Errorf("accuracy on %s = %.3f, want at least %.2f", k, got, want)
		}
	}
}

func TestKind(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want hearback.Kind
	}{
		{"Is the tap water safe to drink after the flood?", hearback.Question},
		{"can we drink water from the faucet now, or is it contaminated by flooding", hearback.Question},
		{"nearest testing site for covid please", hearback.Question},
		{"when will the power be back", hearback.Question},
		{"heard the jab makes women unable to have children, true?", hearback.Question},
		{"洪水过后自来水还能喝吗", hearback.Question},
		{"北区什么时候恢复供电", hearback.Question},
		{"咨询C市农村养老保险", hearback.Question},
		{"有没有人知道核酸检测点", hearback.Question},
		{"¿Cuándo vuelve la luz?", hearback.Question},
		{"cuándo vuelve la luz", hearback.Question},
		{"Quand revient l'électricité ?", hearback.Question},
		{"هل الماء آمن", hearback.Question},
		{"Quando volta a luz?", hearback.Question},
		{"dove si può votare", hearback.Question},
		{"The hotline never picks up.", hearback.Complaint},
		{"Garbage has not been collected for two weeks.", hearback.Complaint},
		{"垃圾两个星期没人收了，没人管", hearback.Complaint},
		{"投诉K2区浮桥收费翻倍", hearback.Complaint},
		{"凭什么又涨价？", hearback.Complaint},
		{"工地吵得整晚睡不着", hearback.Complaint},
		{"No hay agua en mi calle desde el lunes", hearback.Complaint},
		{"We need water and blankets at the school", hearback.Need},
		{"急需药品，老人被困三楼", hearback.Need},
		{"请求解决M1区增桥中学的饮水问题", hearback.Need},
		{"Necesitamos agua y comida", hearback.Need},
		{"The city should add more buses on line 5", hearback.Suggestion},
		{"建议在公园路增设路灯", hearback.Suggestion},
		{"希望G市能尽快出台养宠物条例", hearback.Suggestion},
		{"Thank you for fixing the lamps", hearback.Thanks},
		{"感谢社区工作人员", hearback.Thanks},
		{"Merci beaucoup aux pompiers", hearback.Thanks},
		{"People are saying the reservoir wall will burst tonight", hearback.Claim},
		{"网传这周五有大地震", hearback.Claim},
		{"ok", hearback.Other},
		{"😡", hearback.Other},
		{"", hearback.Other},
		{"What a mess!", hearback.Other},
	} {
		d := analyzer().Analyze(tt.in, "")
		if got := analyzer().Kind(tt.in, &d); got != tt.want {
			t.Errorf("Kind(%q) = %s, want %s", tt.in, got, tt.want)
		}
	}
}

// TestKindCorpus holds what rules reach on short replies, where most question
// marks stand behind reproaches, and on plain questions without any mark. In
// the replies 30 in 100 of the texts labelled questions show no sign of one,
// so that the mark itself finds .70 of them with a precision of .36: F1 .47.
func TestKindCorpus(t *testing.T) {
	var hit, wrong, missed float64
	for _, r := range corpus(t, "questions-threads/messages.jsonl.gz") {
		d := analyzer().Analyze(r.Text, "en")
		switch is, want := analyzer().Kind(r.Text, &d) == hearback.Question, r.Label == "question"; {
		case is && want:
			hit++
		case is:
			wrong++
		case want:
			missed++
		}
	}
	f1 := 2 * hit / (2*hit + wrong + missed)
	t.Logf("questions among replies: precision %.3f, recall %.3f, F1 %.3f", hit/(hit+wrong), hit/(hit+missed), f1)
	if f1 < .53 {
		t.Errorf("F1 of questions among replies = %.3f, want at least .53", f1)
	}
	found, rows := 0, corpus(t, "questions-covidq/questions.jsonl.gz")
	for _, r := range rows {
		d := analyzer().Analyze(r.Text, "en")
		if analyzer().Kind(r.Text, &d) == hearback.Question {
			found++
		}
	}
	t.Logf("recall of plain questions: %.3f", float64(found)/float64(len(rows)))
	if got := float64(found) / float64(len(rows)); got < .95 {
		t.Errorf("recall of plain questions = %.3f, want at least .95", got)
	}
}
