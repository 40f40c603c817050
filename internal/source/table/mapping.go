package table

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"

	"example.org/hearback"
	"example.org/hearback/internal/source/when"
)

// A Mapping says which column holds what. Columns are named as the first row
// of the file names them. It is guessed, shown to the operator, and kept with
// the source as JSON.
type Mapping struct {
	Text     []string `json:"text"`              // joined, each on a line of its own
	ID       string   `json:"id,omitempty"`      // the source's own id of a message
	Time     string   `json:"time,omitempty"`    //
	Lang     string   `json:"lang,omitempty"`    //
	Area     string   `json:"area,omitempty"`    // a coarse area; never an address
	Account  string   `json:"account,omitempty"` // only for counting voices; never stored
	Deleted  string   `json:"deleted,omitempty"` // true if the message is gone
	NoHeader bool     `json:"no_header,omitempty"`
	Zone     string   `json:"zone,omitempty"`      // of times that state none, for example "Asia/Shanghai"; "" is UTC
	DayFirst bool     `json:"day_first,omitempty"` // 03/04/2024 is the third of April
}

// ParseMapping reads a mapping kept as JSON. Its error wraps
// [hearback.ErrInvalid].
func ParseMapping(s string) (*Mapping, error) {
	var m Mapping
	if err := json.Unmarshal([]byte(s), &m); err != nil {
		return nil, fmt.Errorf("%w: the saved column mapping cannot be read; choose the columns again", hearback.ErrInvalid)
	}
	return &m, nil
}

// String returns the mapping as JSON, to be kept.
func (m *Mapping) String() string {
	b, err := json.Marshal(m)
	if err != nil {
		return "{}" // strings and booleans always marshal
	}
	return string(b)
}

// fields lists the columns that the mapping names.
func (m *Mapping) fields() []string {
	list := slices.Clone(m.Text)
	for _, c := range []string{m.ID, m.Time, m.Lang, m.Area, m.Account, m.Deleted} {
		if c != "" {
			list = append(list, c)
		}
	}
	return list
}

// location returns the zone of times that state none.
func (m *Mapping) location() (*time.Location, error) {
	if m.Zone == "" {
		return time.UTC, nil
	}
	loc, err := time.LoadLocation(m.Zone)
	if err != nil {
		return nil, fmt.Errorf("%w: there is no time zone %.40q; write it as Asia/Shanghai or Europe/Paris", hearback.ErrInvalid, m.Zone)
	}
	return loc, nil
}

// The names by which columns are known, best first. Small letters and digits
// only, as plainName leaves them. Addresses, coordinates, phone numbers and
// people's names are left out on purpose.
var (
	idNames = strings.Fields(`id postid messageid msgid statusid tweetid commentid ticketid caseid requestid servicerequestid uniquekey uuid guid key
		唯一标识 工单编号 工单号 受理编号 案件编号 事件编号 信件编号 诉求编号 微博id 帖子id 消息id 评论id 编号`)
	timeNames = strings.Fields(`time datetime timestamp createdat createdtime createddate creationtime creationdate created publishedat publishedtime publishdate published pubdate
		postedat posttime postdate submittedat submitted receivedat received requestedat requesteddate openedat opened date when day
		发布时间 创建时间 发帖时间 评论时间 留言时间 来电时间 受理时间 诉求时间 反映时间 提交时间 登记时间 时间 发布日期 创建日期 日期`)
	textNames = strings.Fields(`text fulltext content message body msg post tweet comment question complaint request description details detail descriptor complainttype status
		内容 正文 全文 文本 留言内容 评论内容 微博内容 微博正文 诉求内容 反映内容 工单内容 来电内容 问题描述 主要内容 问题 留言 评论 描述 诉求 微博`)
	titleNames = strings.Fields(`title subject headline 标题 主题 题目 留言标题 诉求标题`)
	langNames  = strings.Fields(`lang language languagecode locale 语言 语种`)
	areaNames  = strings.Fields(`area district borough ward neighborhood neighbourhood region county city municipality province state
		区域 地区 区县 所属区域 所属区县 行政区 行政区划 街道 所属街道 城市 省份`)
	accountNames = strings.Fields(`account accountid userid authorid user username author screenname handle sender senderid
		用户id 账号 账户 帐号 用户 用户名 用户昵称 昵称 作者 发布者 发帖人 博主`)
	deletedNames = strings.Fields(`deleted isdeleted removed 已删除 是否删除`)
)

// plainName brings the name of a column down to its letters and digits.
func plainName(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, width.Fold.String(s))
}

// best returns the column whose name stands first in names, or -1.
func best(columns []string, names []string, taken map[int]bool) int {
	at, rank := -1, len(names)
	for i, c := range columns {
		if r := slices.Index(names, plainName(c)); r >= 0 && r < rank && !taken[i] {
			at, rank = i, r
		}
	}
	return at
}

// known reports whether a cell of the first row is the name of a column.
func known(cell string) bool {
	name := plainName(cell)
	for _, names := range [][]string{idNames, timeNames, textNames, titleNames, langNames, areaNames, accountNames, deletedNames} {
		if slices.Contains(names, name) {
			return true
		}
	}
	return false
}

// hasHeader guesses whether the first row names the columns.
func hasHeader(first []string, rest [][]string) bool {
	seen := map[string]bool{}
	for _, c := range first {
		if known(c) {
			return true
		}
	}
	for _, c := range first {
		// Names are short, differ, and are neither numbers nor times.
		if c == "" || seen[c] || utf8.RuneCountInString(c) > 40 || typed(c) || strings.ContainsAny(c, "。！？") {
			return false
		}
		seen[c] = true
	}
	for i := range first {
		values := column(rest, i)
		if share(values, typed) > 0.8 {
			return true
		}
		if long := meanLength(values); long > 3*float64(utf8.RuneCountInString(first[i])) && long > 12 {
			return true
		}
	}
	return false
}

// typed reports whether a cell is a number or a time.
func typed(s string) bool {
	if _, err := strconv.ParseFloat(strings.TrimSpace(s), 64); err == nil {
		return true
	}
	_, err := when.Parse(s, when.Options{})
	return err == nil
}

// column returns the cells of a column that are not empty; none if i is -1.
func column(rows [][]string, i int) (list []string) {
	for _, r := range rows {
		if i >= 0 && i < len(r) && strings.TrimSpace(r[i]) != "" {
			list = append(list, r[i])
		}
	}
	return list
}

func share(values []string, f func(string) bool) float64 {
	if len(values) == 0 {
		return 0
	}
	n := 0
	for _, v := range values {
		if f(v) {
			n++
		}
	}
	return float64(n) / float64(len(values))
}

func meanLength(values []string) float64 {
	if len(values) == 0 {
		return 0
	}
	n := 0
	for _, v := range values {
		n += utf8.RuneCountInString(v)
	}
	return float64(n) / float64(len(values))
}

// guess finds out from names and contents which column holds what. notes says
// what the operator should check.
func guess(columns []string, sample [][]string, excel bool) (m Mapping, notes []string) {
	taken := map[int]bool{}
	take := func(names []string) string {
		i := best(columns, names, taken)
		if i < 0 {
			return ""
		}
		taken[i] = true
		return columns[i]
	}
	values := func(name string) []string { return column(sample, slices.Index(columns, name)) }
	isTime := func(s string) bool {
		_, err := when.Parse(s, when.Options{Excel: excel})
		return err == nil
	}

	m.ID = take(idNames)
	if v := values(m.ID); m.ID != "" && counts(v) {
		// Numbers that only count the rows of this file are other messages in
		// the next file.
		notes = append(notes, fmt.Sprintf("The column “%s” only counts the rows, so it is not used to tell messages apart.", m.ID))
		m.ID = ""
	} else if m.ID != "" && repeats(v) {
		notes = append(notes, fmt.Sprintf("The column “%s” holds some values twice, so it is not used to tell messages apart.", m.ID))
		m.ID = ""
	}
	m.Time = take(timeNames)
	if m.Time != "" && len(values(m.Time)) > 0 && share(values(m.Time), isTime) < 0.5 {
		notes = append(notes, fmt.Sprintf("The column “%s” holds hardly any times that can be read, so it is not used.", m.Time))
		m.Time = ""
	}
	title := take(titleNames)
	text := take(textNames)
	m.Lang, m.Area, m.Account, m.Deleted = take(langNames), take(areaNames), take(accountNames), take(deletedNames)

	if m.Time == "" {
		for i, c := range columns {
			v := column(sample, i)
			if !taken[i] && len(v) > 0 && share(v, isTime) > 0.8 {
				m.Time, taken[i] = c, true
				break
			}
		}
	}
	if text == "" {
		longest := 4.0
		for i, c := range columns {
			v := column(sample, i)
			if taken[i] || share(v, typed) > 0.3 || share(v, isLink) > 0.3 {
				continue
			}
			if n := meanLength(v); n > longest {
				text, longest = c, n
			}
		}
	}
	for _, c := range []string{title, text} {
		if c != "" {
			m.Text = append(m.Text, c)
		}
	}
	m.DayFirst = true
	if v := values(m.Time); m.Time != "" {
		var sure bool
		if m.DayFirst, sure = dayFirst(v); !sure && share(v, slashed) > 0 {
			notes = append(notes, "Times such as 03/04/2024 can be read in two ways; the day is taken to come first.")
		}
	}
	return m, notes
}

func isLink(s string) bool {
	s = strings.TrimSpace(s)
	return (strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")) && !strings.ContainsAny(s, " \n")
}

// counts reports whether values are 1, 2, 3 … or 0, 1, 2 ….
func counts(values []string) bool {
	if len(values) < 2 {
		return false
	}
	first, err := strconv.Atoi(strings.TrimSpace(values[0]))
	if err != nil || first < 0 || first > 1 {
		return false
	}
	for i, v := range values {
		if n, err := strconv.Atoi(strings.TrimSpace(v)); err != nil || n != first+i {
			return false
		}
	}
	return true
}

func repeats(values []string) bool {
	seen := map[string]bool{}
	for _, v := range values {
		if seen[v] {
			return true
		}
		seen[v] = true
	}
	return false
}

// slashed reports whether a time is written like 03/04/2024.
func slashed(s string) bool {
	_, _, ok := dayMonth(s)
	return ok
}

func dayMonth(s string) (a, b int, ok bool) {
	parts := strings.FieldsFunc(strings.TrimSpace(s), func(r rune) bool { return r == '/' || r == '-' })
	if len(parts) < 3 || len(parts[0]) > 2 || len(parts[2]) < 4 {
		return 0, 0, false
	}
	a, err := strconv.Atoi(parts[0])
	b, err2 := strconv.Atoi(parts[1])
	return a, b, err == nil && err2 == nil
}

// dayFirst tells from values such as 25/12/2024 whether the day comes first.
func dayFirst(values []string) (first, sure bool) {
	for _, v := range values {
		switch a, b, ok := dayMonth(v); {
		case ok && a > 12:
			return true, true
		case ok && b > 12:
			return false, true
		}
	}
	return true, false
}
