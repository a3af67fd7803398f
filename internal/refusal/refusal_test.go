package refusal_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"hotline12333/internal/refusal"
)

type name struct{ zh, en string }

func (n name) Words() (zh, en string) { return n.zh, n.en }

func TestErrorf(t *testing.T) {
	inside, plain := refusal.Errorf("缺少“%s”", "%q is missing", "日期"), errors.New("the disk is full")
	gone := errors.New("gone")
	for what, tt := range map[string]struct {
		err    error
		zh, en string
		is     error
	}{
		"texts alone":          {refusal.Errorf("请先登录", "sign in first"), "请先登录", "sign in first", nil},
		"an argument left out": {refusal.Errorf("第 %d 行有误", "line %d of %s", 3, "a.csv"), "第 3 行有误", "line 3 of a.csv", nil},
		"all left out":         {refusal.Errorf("有误", "line %d", 3), "有误", "line 3", nil},
		"a name in both":       {refusal.Errorf("没有%s", "no %s", name{"技能组", "queue"}), "没有技能组", "no queue", nil},
		"a refusal inside":     {refusal.Errorf("第 %d 行:%v", "%d: %v", 2, inside), "第 2 行:缺少“日期”", `2: "日期" is missing`, inside},
		"another error inside": {refusal.Errorf("第 %d 行:%v", "%d: %v", 2, plain), "第 2 行:the disk is full", "2: the disk is full", plain},
		"for a reason":         {refusal.Errorf("没有此页", "no such page").Because(gone), "没有此页", "no such page", gone},
		"wrapped":              {fmt.Errorf("code 2026Q1: %w", inside), "缺少“日期”", `code 2026Q1: "日期" is missing`, inside},
		"joined":               {errors.Join(plain, inside, refusal.Errorf("甲", "a")), "缺少“日期”;甲", "the disk is full\n\"日期\" is missing\na", plain},
	} {
		zh, ok := refusal.Chinese(tt.err)
		if !ok || zh != tt.zh || tt.err.Error() != tt.en || tt.is != nil && !errors.Is(tt.err, tt.is) {
			t.Errorf("%s: %q (%t), %q; want %q, %q", what, zh, ok, tt.err, tt.zh, tt.en)
		}
	}
	if text, ok := refusal.Chinese(fmt.Errorf("reading: %w", plain)); ok {
		t.Errorf("what is no refusal says %q", text)
	}
	if _, ok := refusal.Chinese(nil); ok {
		t.Error("no error says something")
	}
}

var (
	verb    = regexp.MustCompile(`%(?:\[(\d+)\])?[+#.\d]*(?:\[(\d+)\])?[a-zA-Z]`)
	english = regexp.MustCompile(`\b[A-Za-z]{2,} [A-Za-z]{2,}\b`)
	command = regexp.MustCompile(`hotline( [a-z]+)+`)
)

// Every refusal of the program is Chinese in its Chinese text, and each text takes no more
// than the arguments there are.
func TestTextsOfTheProgram(t *testing.T) {
	found := 0
	files := token.NewFileSet()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) < 2 {
				return true
			}
			fun, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || fun.Sel.Name != "Errorf" {
				return true
			}
			if x, ok := fun.X.(*ast.Ident); !ok || x.Name != "refusal" {
				return true
			}
			found++
			at := files.Position(call.Pos())
			for i, arg := range call.Args[:2] {
				lit, ok := arg.(*ast.BasicLit)
				if !ok {
					t.Errorf("%s: the texts are written where the refusal is made", at)
					return true
				}
				text, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				if n := taken(text); n > len(call.Args)-2 {
					t.Errorf("%s: %q takes %d arguments of %d", at, text, n, len(call.Args)-2)
				}
				words := strings.TrimSpace(verb.ReplaceAllString(command.ReplaceAllString(text, ""), ""))
				if i == 0 && (english.MatchString(words) || strings.ContainsFunc(words, unicode.IsLetter) && !strings.ContainsFunc(words, han)) {
					t.Errorf("%s: the Chinese text is %q", at, text)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 100 {
		t.Errorf("%d refusals found: are they made in another way?", found)
	}
}

func han(r rune) bool { return r >= 0x4e00 && r <= 0x9fff }

// taken is how many arguments a format takes.
func taken(format string) int {
	most, next := 0, 1
	for _, m := range verb.FindAllStringSubmatch(strings.ReplaceAll(format, "%%", ""), -1) {
		if index := m[1] + m[2]; index != "" {
			next, _ = strconv.Atoi(index)
		}
		most = max(most, next)
		next++
	}
	return most
}
