// Command lint runs these linters in one pass: modernize, bodyclose, errorlint,
// gocognit and funlen. This saves time, because each separate linter would load all
// packages again. staticcheck and misspell are separate programs.
package main

import (
	"log"
	"path/filepath"
	"strings"

	"github.com/polyfloyd/go-errorlint/errorlint"
	"github.com/timakin/bodyclose/passes/bodyclose"
	"github.com/ultraware/funlen"
	"github.com/uudashr/gocognit"
	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/multichecker"
	"golang.org/x/tools/go/analysis/passes/modernize"
)

// These are the limits of a function.
const (
	maxComplexity = "20" // the complexity that gocognit computes
	maxLines      = 60
)

func main() {
	if err := gocognit.Analyzer.Flags.Set("over", maxComplexity); err != nil {
		log.Fatal(err)
	}
	var analyzers []*analysis.Analyzer
	for _, a := range modernize.Suite {
		analyzers = append(analyzers, named(a))
	}
	// These linters skip tests. A test may have a long table of cases, leave the body
	// of a response open, and compare errors with ==.
	for _, a := range []*analysis.Analyzer{bodyclose.Analyzer, errorlint.NewAnalyzer(), gocognit.Analyzer, funlen.NewAnalyzer(maxLines, -1, true)} {
		analyzers = append(analyzers, outsideTests(named(a)))
	}
	multichecker.Main(analyzers...)
}

// named returns an analyzer that adds its name to the end of each finding.
func named(a *analysis.Analyzer) *analysis.Analyzer {
	return reporting(a, func(_ *analysis.Pass, d *analysis.Diagnostic) bool {
		d.Message += " (" + a.Name + ")"
		return true
	})
}

// outsideTests returns an analyzer that finds nothing in test files.
func outsideTests(a *analysis.Analyzer) *analysis.Analyzer {
	return reporting(a, func(pass *analysis.Pass, d *analysis.Diagnostic) bool {
		return !strings.HasSuffix(filepath.Base(pass.Fset.Position(d.Pos).Filename), "_test.go")
	})
}

// reporting returns an analyzer that reports only the findings for which keep returns
// true. keep may change a finding.
func reporting(a *analysis.Analyzer, keep func(*analysis.Pass, *analysis.Diagnostic) bool) *analysis.Analyzer {
	wrapped := *a
	wrapped.Run = func(pass *analysis.Pass) (any, error) {
		inner := *pass
		inner.Report = func(d analysis.Diagnostic) {
			if keep(pass, &d) {
				pass.Report(d)
			}
		}
		return a.Run(&inner)
	}
	return &wrapped
}
