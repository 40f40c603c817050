package internal_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDocsPairs holds each page of docs to its other language: there is one,
// each names the other at its top, and both hold the same commands, settings,
// addresses and file names, so that neither is changed alone. What is said
// around them is left to whoever writes it.
func TestDocsPairs(t *testing.T) {
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatalf("no pages in docs: %v", err)
	}
	for _, page := range pages {
		base, zh := strings.CutSuffix(page, ".zh.md")
		if zh {
			if _, err := os.Stat(base + ".md"); err != nil {
				t.Errorf("%s has no page in English: %v", page, err)
			}
			continue
		}
		base = strings.TrimSuffix(page, ".md")
		var code [2][]string
		for i, name := range []string{base + ".md", base + ".zh.md"} {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Errorf("every page of docs is in English and in Chinese: %v", err)
				continue
			}
			other := "[中文](" + filepath.Base(base) + ".zh.md)"
			if i == 1 {
				other = "[English](" + filepath.Base(base) + ".md)"
			}
			if top := strings.SplitN(string(text), "\n", 4); len(top) < 4 || top[2] != other {
				t.Errorf("%s: its third line is not %s", name, other)
			}
			code[i] = codeOf(string(text))
		}
		for _, s := range missing(code[0], code[1]) {
			t.Errorf("%s.zh.md lacks the code %q", base, s)
		}
		for _, s := range missing(code[1], code[0]) {
			t.Errorf("%s.md lacks the code %q, which the Chinese page has", base, s)
		}
	}
}

func TestCodeOf(t *testing.T) {
	a := codeOf("Run `go x`:\n\n```toml\nname = \"North\" # as you call it\nsay \"Two words\"\n```\n\n       word=水 -> water\n")
	b := codeOf("运行 `go x`：\n\n```toml\nname = \"North\"   # 名称\nsay \"两个词\"\n```\n\n       word=水 -> water\n")
	if len(a) != 4 || len(missing(a, b))+len(missing(b, a)) != 0 {
		t.Errorf("%q and %q are not the same code", a, b)
	}
	for _, changed := range []string{"`go y`", "```\nname = \"South\"\n```", "       word=水 -> air"} {
		if len(missing(codeOf(changed), a)) == 0 {
			t.Errorf("%q is taken for part of %q", changed, a)
		}
	}
}

var (
	codeSpan = regexp.MustCompile("`[^`\n]+`")
	comment  = regexp.MustCompile(`(^|\s+)#\s.*$`)
	// words are what a reader of the other language finds in their own: strings
	// with a space or in Chinese characters, and choices like {the clinic|the school}.
	words  = regexp.MustCompile(`"[^"]*(\p{Han}|[a-z] [A-Za-z])[^"]*"|"text"|\{[^{}"|]*\|[^{}"|]*\}`)
	lang   = regexp.MustCompile(`"lang":"(en|zh)"`)
	spaces = regexp.MustCompile(`\s+`)
)

// codeOf returns what stands as code in a page: spans, and the lines of blocks
// without comments and without words in quotes.
func codeOf(page string) (list []string) {
	inside := false
	for line := range strings.Lines(page) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "```") {
			inside = !inside
			continue
		}
		if !inside && !strings.HasPrefix(line, "       ") {
			for _, s := range codeSpan.FindAllString(line, -1) {
				list = append(list, words.ReplaceAllString(s, "…"))
			}
			continue
		}
		line = words.ReplaceAllString(comment.ReplaceAllString(line, ""), "…")
		line = lang.ReplaceAllString(line, `"lang":"…"`)
		if line = strings.TrimSpace(spaces.ReplaceAllString(line, " ")); line != "" {
			list = append(list, line)
		}
	}
	return list
}

// missing returns what of want is not in have, once each.
func missing(want, have []string) (list []string) {
	for _, s := range want {
		if !slices.Contains(have, s) && !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

// TestOneWord: in Chinese each thing has one name, so that a reader finds on the
// screen what a page of docs or a letter names.
func TestOneWord(t *testing.T) {
	names := map[string]string{
		"工作台": "控制台", "账户": "账号", "帐号": "账号", "帐户": "账号", "登陆": "登录", "短名": "代号",
		"分办": "分派", "转办": "分派", "分诊": "研判", "摘要": "汇总", "预警预算": "预警限额", "噪声": "误报",
		"地区": "区域", "遮蔽": "遮盖", "个个案": "件个案", "一手来源": "原始来源", "办结": "结案", "你": "您",
	}
	var files []string
	for _, pattern := range []string{"web/locale/zh.json", "notify/templates/zh.*", "notify/follow/templates/zh.*", "desk/playbooks/*.txt", "../docs/*.zh.md", "../README.zh.md"} {
		list, err := filepath.Glob(pattern)
		if err != nil || len(list) == 0 {
			t.Fatalf("%s names no file: %v", pattern, err)
		}
		files = append(files, list...)
	}
	half := regexp.MustCompile(`\p{Han}[,;!?]|[,;!?]\p{Han}`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		n, inside := 0, false
		for line := range strings.Lines(string(text)) {
			n++
			for word, name := range names {
				if strings.Contains(line, word) {
					t.Errorf("%s:%d says %s, which is called %s everywhere", file, n, word, name)
				}
			}
			if strings.HasPrefix(line, "```") {
				inside = !inside
			}
			if strings.Contains(file, "playbooks") {
				key, says, _ := strings.Cut(line, ": ")
				if !strings.Contains(key+".", ".zh.") {
					continue
				}
				line = says
			} else if inside || strings.HasPrefix(line, "       ") {
				continue
			}
			if s := half.FindString(codeSpan.ReplaceAllString(line, "")); s != "" {
				t.Errorf("%s:%d has the half-width punctuation %q in Chinese", file, n, s)
			}
		}
	}
}
