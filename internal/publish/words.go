package publish

import (
	"fmt"
	"strings"
	"time"

	"example.org/hearback"
)

// words are the few words that go out with an answer besides its own.
type words struct {
	zh                                        bool
	colon                                     string
	do, known, going, verdict, next           string
	corrected, withdrawn, moved, movedTo, log string
	verdicts                                  map[hearback.Verdict]string
	event                                     string
	exercise                                  map[CAPStatus]string
}

var english = words{
	colon: ": ",
	do:    "What to do", known: "What we know", going: "What is going round", verdict: "What we found", next: "Next update",
	corrected: "Corrected on %s", withdrawn: "Withdrawn", moved: "No longer given in this language", movedTo: "This answer is now given in: %s.", log: "Record %s in the public log",
	verdicts: map[hearback.Verdict]string{
		hearback.True: "True", hearback.TrueWarning: "True warning", hearback.MostlyTrue: "Mostly true", hearback.PartlyTrue: "Partly true",
		hearback.OutOfDate: "Out of date", hearback.Misleading: "Misleading", hearback.False: "False",
		hearback.Unverifiable: "Cannot be verified", hearback.NotYetKnown: "We don’t know yet",
	},
	event:    "Public question answered",
	exercise: map[CAPStatus]string{CAPExercise: "EXERCISE", CAPTest: "TEST"},
}

var chinese = words{
	zh: true, colon: "：",
	do: "怎么做", known: "已知情况", going: "流传的说法", verdict: "核查结论", next: "下次更新",
	corrected: "%s更正", withdrawn: "已撤回", moved: "不再提供本语言版本", movedTo: "本答复现提供以下语言版本：%s。", log: "公开日志记录 %s",
	verdicts: map[hearback.Verdict]string{
		hearback.True: "属实", hearback.TrueWarning: "警示属实", hearback.MostlyTrue: "基本属实", hearback.PartlyTrue: "部分属实",
		hearback.OutOfDate: "已过时", hearback.Misleading: "有误导性", hearback.False: "不实",
		hearback.Unverifiable: "无法核实", hearback.NotYetKnown: "尚不清楚",
	},
	event:    "公众关切答复",
	exercise: map[CAPStatus]string{CAPExercise: "演练", CAPTest: "测试"},
}

// wordsOf returns the words of a language; English serves those we have none
// for.
func wordsOf(lang string) words {
	if base, _, _ := strings.Cut(strings.ToLower(lang), "-"); base == "zh" || base == "yue" || base == "lzh" {
		return chinese
	}
	return english
}

// Verdict returns the label of a verdict in a language, or "" if there is no
// verdict.
func Verdict(v hearback.Verdict, lang string) string { return wordsOf(lang).verdicts[v] }

func (w words) date(t time.Time, zone *time.Location) string {
	if zone == nil {
		zone = time.UTC
	}
	t = t.In(zone)
	if w.zh {
		return fmt.Sprintf("%d年%d月%d日", t.Year(), t.Month(), t.Day())
	}
	return t.Format("2 January 2006")
}

// A section is a part of an answer with its heading, which may be "".
type section struct{ head, body string }

// sections returns what the public reads of an entry, in reading order: what
// was corrected, the lead, what to do, what we know, what is going round, what
// we found, when we say more.
func (s Site) sections(e entry) []section {
	w := wordsOf(e.lang)
	switch {
	case e.withdrawn:
		return []section{{"", w.withdrawn + w.colon + e.a.Withdrawn.Reason}}
	case e.text == nil:
		return []section{{"", fmt.Sprintf(w.movedTo, strings.Join(e.rev.Langs(), ", "))}}
	}
	var list []section
	add := func(head, body string) {
		if body != "" {
			list = append(list, section{head, body})
		}
	}
	if e.rev.Reason != "" {
		add("", fmt.Sprintf(w.corrected, w.date(e.rev.Published, s.Zone))+w.colon+e.rev.Reason)
	}
	t := e.text
	add("", t.Lead)
	add(w.do, t.Do)
	add(w.known, t.Known)
	add(w.going, t.Going)
	found := w.verdicts[t.Verdict]
	switch {
	case found != "" && t.Why != "" && w.zh:
		found += "。" + t.Why
	case found != "" && t.Why != "":
		found += ". " + t.Why
	case found == "":
		found = t.Why
	}
	add(w.verdict, found)
	add(w.next, t.Next)
	return list
}
