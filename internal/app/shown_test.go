package app

import (
	"strings"
	"testing"
)

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"a,13812345678,b":                                         "a,138****5678,b",
		"a,138 1234-5678,b":                                       "a,138****5678,b",
		"１３８１２３４５６７８":                                             "138****5678",
		"\xb5\xe7\xbb\xb013812345678":                             "电话138****5678",
		"\xa3\xb1\xa3\xb3\xa3\xb81\xa3\xb2345678":                 "138****5678",
		"1\x003\x008\x001\x002\x003\x004\x005\x006\x007\x008\x00": "138****5678",
		"20260302093000":                                          "202*******3000",
		"x\x1b[31m":                                               "x\uFFFD[31m",
		"社保卡":                                                     "社保卡",
	} {
		if got := printable([]byte(in)); got != want {
			t.Errorf("printable(%q) = %q, want %q", in, got, want)
		}
	}
	if got := printable([]byte(strings.Repeat("x", mostShown+1))); !strings.HasSuffix(got, "x …") {
		t.Errorf("a long record ends with %q", got[len(got)-8:])
	}
}
