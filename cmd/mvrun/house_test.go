package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"mvrun/cmd/mvrun/internal/job"
)

// TestFlagsInMessages holds a rule of the house: no package below cmd names a
// flag in a message. The command gives such a package the word as a hint, so
// that the package also serves a caller without flags. The reference, which
// "mvrun docs" prints, is about the command and may name its flags.
func TestFlagsInMessages(t *testing.T) {
	names := strings.Join(standardFlags(job.Console{LookupEnv: os.LookupEnv}), "|")
	flag := regexp.MustCompile(`--(` + names + `)\b|(^|[\s(])-[adfjos]([\s),.:]|$)|mvrun (check|test|repl|run)\b`)
	files := token.NewFileSet()
	for _, root := range []string{"../../engine", "../../starlib", "../../validate"} {
		err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "starlib/docs/") {
				return err
			}
			file, err := parser.ParseFile(files, path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING && flag.MatchString(text.Value) {
					t.Errorf("%s names a flag: %s", files.Position(text.Pos()), text.Value)
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
