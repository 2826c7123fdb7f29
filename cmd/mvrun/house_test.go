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

// TestFlagsInMessages checks that no package below cmd names a flag in a message. The
// command gives the name of the flag to such a package, as a hint. So the package also
// works for a caller that has no flags. The reference may name flags, because "mvrun
// docs" prints it.
func TestFlagsInMessages(t *testing.T) {
	commandLine := newParser(job.Console{LookupEnv: os.LookupEnv}, "")
	names := standardFlags(job.Console{LookupEnv: os.LookupEnv})
	var variables, commands []string
	for _, command := range commandLine.Model.Leaves(false) {
		if command.Name != "docs" { // the reference has no other name than the command that prints it
			commands = append(commands, command.Name)
		}
		for _, flag := range command.Flags {
			names = append(names, flag.Name)
			variables = append(variables, variableNames(flag)...)
		}
	}
	if len(names) < 25 || len(variables) < 2 || len(commands) < 7 {
		t.Fatalf("flags %q, variables %q, commands %q", names, variables, commands)
	}
	flag := regexp.MustCompile(`--(` + strings.Join(names, "|") + `)\b|(^|[\s(])-[adfjos]([\s),.:]|$)|\b(` + strings.Join(variables, "|") + `)\b|mvrun (` + strings.Join(commands, "|") + `)\b`)
	const forGcloud = `"--format=json(credential)"` // is an argument of another program
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
				if text, ok := n.(*ast.BasicLit); ok && text.Kind == token.STRING && flag.MatchString(text.Value) && text.Value != forGcloud {
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
