package personal_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"hotline12333/internal/personal"
)

func TestRegion(t *testing.T) {
	for number, want := range map[string]string{
		"13812345678":           "江苏省连云港市",
		"+86 138-1234-5678":     "江苏省连云港市",
		"008613812345678":       "江苏省连云港市",
		"013812345678":          "江苏省连云港市",
		"１３８１２３４５６７８":           "江苏省连云港市",
		"sip:13812345678@pbx:5": "江苏省连云港市",
		"18629012345":           "陕西省西安市",
		"029-33213321":          "陕西省西安市、咸阳市",
		"+86 29 3321 3321":      "陕西省西安市、咸阳市",
		"01062345678":           "北京市",
		"0317-2123456":          "河北省沧州市",
		"+1 (212) 555-0147":     "美国",
		"0085223456789":         "中国香港特别行政区",
		"+999123456789":         "",
		"4008001234":            "",
		"12333":                 "",
		"33213321":              "",
		"8001":                  "",
		"0000000000":            "",
		"99999999999":           "",
		"138123456789012345":    "",
		"anonymous":             "",
		"":                      "",
	} {
		if got := personal.Region(number); got != want {
			t.Errorf("Region(%q) = %q, want %q", number, got, want)
		}
	}
}

func FuzzRegion(f *testing.F) {
	for _, seed := range []string{"13812345678", "+861", "00", "0", "+", "+8600000000000", "١٣٨"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsFunc(personal.Region(s), unicode.IsDigit) {
			t.Errorf("Region(%q) shows digits", s)
		}
		_ = personal.Mask(s)
	})
}

func TestScrub(t *testing.T) {
	for in, want := range map[string]string{
		"请回电13812345678谢谢":                  "请回电138****5678谢谢",
		"回电 138-1234-5678":                  "回电 138****5678",
		"回电 138 1234 5678，下午":               "回电 138****5678，下午",
		"138.1234.5678":                     "138****5678",
		"tel:+86 (138) 1234-5678.":          "tel:138****5678.",
		"０１３８１２３４５６７８。":                     "138****5678。",
		"+86１３８－１２３４－５６７８":                  "138****5678",
		"Local/13812345678@from-queue/n":    "Local/138****5678@from-queue/n",
		"13812345678/13987654321":           "138****5678/139****4321",
		"13812345678 13987654321":           "138****5678 139****4321",
		"座机029-33213321转8001":               "座机029****3321转8001",
		"(0910) 3321332":                    "(0910****332",
		"电话33213321":                        "电话****",
		"电话 3321-3321。":                     "电话 ****。",
		"from +1 (212) 555-0147 today":      "from +****0147 today",
		"身份证610102199003077779":             "身份证61****",
		"身份证 61010219900307069X，":           "身份证 61****，",
		"身份证 61010219900307069x":            "身份证 61****",
		"610102 19900307 069Ｘ":              "61****",
		"写错的610102199003077770":             "写错的61****",
		"旧证610102900307777":                 "旧证61****",
		"卡号 6222 0212 3456 7890 128":        "卡号 ****0128",
		"4111 1111 1111 1111":               "****1111",
		"20260302-093000-13812345678-8001.": "20260302-093000-138****5678-8001.",
	} {
		if got := personal.Scrub(in); got != want {
			t.Errorf("Scrub(%q) = %q, want %q", in, got, want)
		}
	}
	for _, same := range []string{
		"", "社保卡", "12333", "8001-8002", "2026-03-02 09:30:00", "20260302093000", "2026-03-02T09:30:00.123+08:00",
		"1760000000.12345", "1760000000.1", "pbx-1760000000.17", "1760000000123", "01JQ2W5V7B8Z9X0Y1A2B3C4D5E",
		"550e8400-e29b-41d4-a716-446655440000", "金额 1234567.89 元", "2026年3月2日 工单 20260302001", "127.0.0.1:19092",
		"610102202003071230", "offset 123456789012", "查询 20260302", "共 33213321 条", "400-1", "version 9007199254740992",
		"00000000000000000017",
	} {
		if got := personal.Scrub(same); got != same {
			t.Errorf("Scrub(%q) = %q", same, got)
		}
	}
}

// digits are those of a text as a machine would look for a number in it.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '0' && r <= '9':
			return r
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		}
		return -1
	}, s)
}

// TestPlanted: a number planted into text, however it is grouped, is gone, and the text
// around it stays.
func TestPlanted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(
			rapid.StringMatching(`1[3-9][0-9]{9}`),
			rapid.StringMatching(`(010|02[1-9]|0[3-9][1-9][0-9])[2-8][0-9]{6}`),
			rapid.Custom(func(t *rapid.T) string {
				return withCheck(rapid.StringMatching(`610102(19[4-9][0-9]|200[0-9])(0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-8])[0-9]{3}`).Draw(t, "id"))
			}),
		).Draw(t, "number")
		prefix := ""
		if number[0] == '1' && len(number) == 11 {
			prefix = rapid.SampledFrom([]string{"", "86", "+86", "+86 ", "0086", "0"}).Draw(t, "prefix")
		}
		wide := rapid.Bool().Draw(t, "wide")
		sep := rapid.SampledFrom([]string{"", " ", "-", "－", " - "}).Draw(t, "separator")
		var b strings.Builder
		cuts := map[int]bool{3: true, 7: true}
		if len(number) == 18 {
			cuts = map[int]bool{6: true, 14: true}
		} else if number[0] == '0' {
			cuts = map[int]bool{4: true, 8: true}
			if number[1] <= '2' {
				cuts = map[int]bool{3: true, 7: true}
			}
		}
		for i, r := range number {
			if cuts[i] {
				b.WriteString(sep)
			}
			if wide && r != 'X' {
				r += '０' - '0'
			}
			b.WriteRune(r)
		}
		text := rapid.StringMatching(`[一-十a-zA-Z，。：/@<>*#]{0,12}`)
		before, after := text.Draw(t, "before"), text.Draw(t, "after")
		in := before + prefix + b.String() + after
		out := personal.Scrub(in)
		if strings.Contains(digits(out), number[:17*len(number)/18]) {
			t.Fatalf("%q becomes %q", in, out)
		}
		if left := len(digits(out)); left > 8 {
			t.Fatalf("%q becomes %q: %d digits are left", in, out, left)
		}
		if !strings.HasPrefix(out, before) || !strings.HasSuffix(out, after) {
			t.Fatalf("%q becomes %q: the text around it changed", in, out)
		}
	})
}

func withCheck(body string) string {
	sum := 0
	for i, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(body[i]-'0') * w
	}
	return body + "10X98765432"[sum%11:sum%11+1]
}

func FuzzScrub(f *testing.F) {
	for _, seed := range []string{"13812345678", "+", "+86", "６１０１０２", "1\x80380", "00 00 00 0 0 0 0", "4111 1111 1111 1111"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if out := personal.Scrub(s); len(digits(out)) > len(digits(s)) {
			t.Errorf("Scrub(%q) = %q has more digits", s, out)
		}
	})
}

func TestLog(t *testing.T) {
	var b bytes.Buffer
	log := slog.New(personal.NewHandler(slog.NewJSONHandler(&b, nil))).With("from", "13812345678").WithGroup("g")
	log.Info("call of 13812345678", "err", fmt.Errorf("row: %w", errors.New("13812345678")), "list", []string{"a", "138 1234 5678"},
		slog.Group("in", "n", "+8613812345678"), "offset", 13812345678)
	if got := strings.Count(b.String(), "138****5678"); got != 5 || strings.Count(b.String(), "13812345678") != 1 {
		t.Errorf("logged %s", b.String())
	}
}

func BenchmarkScrub(b *testing.B) {
	for b.Loop() {
		personal.Scrub("来电人要求回电 138-1234-5678，工单 20260302001")
	}
}
