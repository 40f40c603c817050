package translog

import (
	"fmt"
	"io"
	"strings"
	"time"

	"example.org/hearback"
)

// A Report lists what was checked, what did not hold, and what nobody has
// checked.
type Report struct {
	Checks      []Check             `json:"checks"`
	Origin      string              `json:"origin"`
	VKey        string              `json:"vkey"`
	Fingerprint string              `json:"fingerprint"`
	Index       int64               `json:"index"`
	Size        int64               `json:"size"` // of the log, when the proof was made
	Type        hearback.RecordType `json:"type"`
	At          time.Time           `json:"at"`
	Actor       string              `json:"actor"`
	Subject     string              `json:"subject"`
	Lang        string              `json:"lang,omitempty"` // of the text found on the page
	Witnesses   []string            `json:"witnesses,omitempty"`
}

// A Check is one thing that was looked at, as a sentence.
type Check struct {
	ID    string     `json:"id"`
	State CheckState `json:"state"`
	EN    string     `json:"en"`
	ZH    string     `json:"zh"`
}

// CheckState says how a check went.
type CheckState string

// The states of a check.
const (
	CheckOK     CheckState = "ok"
	CheckFailed CheckState = "failed"
	CheckNot    CheckState = "not checked"
)

// OK reports whether everything that was checked holds, and enough was: the
// entry, its place in the log and the signature.
func (r Report) OK() bool {
	need := map[string]bool{"entry": true, "signature": true, "proof": true}
	for _, c := range r.Checks {
		if c.State == CheckFailed {
			return false
		}
		if c.State == CheckOK {
			delete(need, c.ID)
		}
	}
	return len(need) == 0
}

// Text returns the report in plain sentences, one a line, in English or, for
// "zh", in Chinese. The verdict comes first.
func (r Report) Text(lang string) string {
	zh := strings.HasPrefix(lang, "zh")
	pick := func(en, cn string) string {
		if zh {
			return cn
		}
		return en
	}
	var b strings.Builder
	if r.OK() {
		b.WriteString(pick("Verified. Everything that was checked holds.\n", "验证通过。已检查的各项全部成立。\n"))
	} else {
		b.WriteString(pick("NOT verified. At least one check failed.\n", "验证未通过。至少有一项检查不成立。\n"))
	}
	for _, c := range r.Checks {
		var mark string
		switch c.State {
		case CheckOK:
			mark = pick("ok           ", "成立　 ")
		case CheckFailed:
			mark = pick("FAILED       ", "不成立 ")
		default:
			mark = pick("not checked  ", "未检查 ")
		}
		fmt.Fprintf(&b, "%s%s\n", mark, pick(c.EN, c.ZH))
	}
	return b.String()
}

// Write writes the report in both languages.
func (r Report) Write(w io.Writer) error {
	_, err := fmt.Fprintf(w, "%s\n%s", r.Text("en"), r.Text("zh"))
	return err
}

// A sentence is what one check says in each of its states.
type sentence struct{ ok, okZH, failed, failedZH, not, notZH string }

// sentences are the checks. The verbs take the arguments of the call.
var sentences = map[string]sentence{
	"entry": {
		ok:     "The entry says of itself that it is entry %d of the log.",
		okZH:   "记录自述为日志第 %d 号记录。",
		failed: "The entry is not entry %d of a log, or cannot be read.", failedZH: "该记录不是日志第 %d 号记录，或无法读取。",
	},
	"answer": {
		ok:     "The entry holds the SHA-256 of exactly this answer.",
		okZH:   "记录中的 SHA-256 与本答复逐字一致。",
		failed: "The entry does not vouch for this answer: its text has been changed, or the entry is about something else.", failedZH: "记录与本答复不符：答复文字被改动，或记录另有所指。",
		not: "The proof carries no answer, so no words were compared.", notZH: "证明中没有答复，因此没有比对文字。",
	},
	"signature": {
		ok: "The state of the log is signed with the key %s.", okZH: "日志状态由密钥 %s 签名。",
		failed: "The state of the log does not carry a good signature of the key %s.", failedZH: "日志状态没有密钥 %s 的有效签名。",
	},
	"key": {
		ok: "The proof names the same key that you gave: %s.", okZH: "证明所列密钥与您给出的密钥相同：%s。",
		failed: "The proof names another key than the one you gave: %s.", failedZH: "证明所列密钥与您给出的密钥不同：%s。",
		not: "Whose key this is: it comes from the proof itself. Compare the fingerprint %s with one you have from the office by another way.", notZH: "密钥归属：密钥取自证明本身。请把指纹 %s 与您经其他途径从该单位得到的指纹比对。",
	},
	"handover": {
		ok:   "The key of the proof, %s, and the one you gave, %s, are keys of this log: the older signed over to the newer.",
		okZH: "证明所列密钥 %s 与您给出的密钥 %s 均属本日志：旧密钥签名移交给了新密钥。",
	},
	"proof": {
		ok: "Entry %d is in the signed log of %d entries.", okZH: "第 %d 号记录在已签名的日志之中（共 %d 条）。",
		failed: "Entry %d is not shown to be in a signed log of %d entries.", failedZH: "无法证明第 %d 号记录在已签名的日志之中（共 %d 条）。",
	},
	"witness": {
		ok: "%d of the %d witnesses you named have confirmed this state of the log.", okZH: "您指定的见证方中有 %d 个（共 %d 个）确认了日志的这一状态。",
		failed: "%d of the %d witnesses you named have confirmed this state of the log.", failedZH: "您指定的见证方中有 %d 个（共 %d 个）确认了日志的这一状态。",
		not: "Whether the office shows everyone the same log: no witness has confirmed it here.", notZH: "该单位是否向所有人出示同一份日志：此处没有见证方确认。",
	},
	"now": {
		ok: "The log as it is served now, with %d entries, still begins with the log of this proof.", okZH: "现在公开的日志（%d 条）仍以本证明中的日志为开头。",
		failed: "The log as it is served now, with %d entries, does not continue the log of this proof: history was rewritten or cut.", failedZH: "现在公开的日志（%d 条）与本证明中的日志不相接续：历史被改写或删减。",
		not: "Whether the log as it is served now still continues this one.", notZH: "现在公开的日志是否仍接续本证明中的日志。",
	},
	"kept": {
		ok: "The log still begins with the %d entries of the checkpoint you kept.", okZH: "日志仍以您保存的检查点中的 %d 条记录为开头。",
		failed: "The log does not begin with the %d entries of the checkpoint you kept: history was rewritten or cut.", failedZH: "日志不再以您保存的检查点中的 %d 条记录为开头：历史被改写或删减。",
	},
	"later": {
		not: "Whether a later entry corrects or withdraws this one; an audit of the whole log shows that.", notZH: "之后是否有记录更正或撤回本答复；审计整个日志可以看到。",
	},
	"page": {
		ok: "The page shows every part of the answer (%s) word for word.", okZH: "页面逐字显示了答复（%s）的每一部分。",
		failed: "The page does not show the answer of the proof word for word: %s.", failedZH: "页面没有逐字显示证明中的答复：%s。",
		not: "The words of the page: the proof carries no answer to compare with.", notZH: "页面文字：证明中没有可供比对的答复。",
	},
	"block": {
		ok: "The page carries one proof.", okZH: "页面带有一份证明。",
		failed: "The page carries %d proofs; a page of ours carries one.", failedZH: "页面带有 %d 份证明；我们的页面只有一份。",
	},
	"beside": {
		not: "What else stands on the page, pictures, and whether its style hides or covers words.", notZH: "页面上的其他内容、图片，以及样式是否隐藏或遮盖了文字。",
	},
}

func (r *Report) check(ok bool, id string, args ...any) {
	s := sentences[id]
	c := Check{ID: id, State: CheckOK, EN: s.ok, ZH: s.okZH}
	if !ok {
		c.State, c.EN, c.ZH = CheckFailed, s.failed, s.failedZH
	}
	r.add(c, args)
}

func (r *Report) skip(id string, args ...any) {
	s := sentences[id]
	r.add(Check{ID: id, State: CheckNot, EN: s.not, ZH: s.notZH}, args)
}

func (r *Report) add(c Check, args []any) {
	if strings.Contains(c.EN, "%") {
		c.EN, c.ZH = fmt.Sprintf(c.EN, args...), fmt.Sprintf(c.ZH, args...)
	}
	r.Checks = append(r.Checks, c)
}
