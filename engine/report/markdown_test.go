package report

import (
	"bytes"
	"html"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"

	"mvrun/engine"
	"mvrun/engine/results"
	"mvrun/validate"
)

// checkMarkdown fails the test if a page has a link, an image, HTML, or anything else
// that only foreign text can have brought in, or if the page lacks the given texts.
func checkMarkdown(t *testing.T, page []byte, texts ...string) {
	t.Helper()
	reader := goldmark.New(goldmark.WithExtensions(extension.GFM))
	document := reader.Parser().Parse(text.NewReader(page))
	err := ast.Walk(document, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		switch node.Kind() {
		case ast.KindLink, ast.KindAutoLink, ast.KindImage, ast.KindRawHTML, ast.KindHTMLBlock, ast.KindFencedCodeBlock, ast.KindCodeBlock, ast.KindListItem, ast.KindThematicBreak:
			t.Errorf("the page has a %s:\n%s", node.Kind(), page)
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var shown bytes.Buffer
	if err := reader.Renderer().Render(&shown, page, document); err != nil {
		t.Fatal(err)
	}
	for _, text := range texts {
		want := strings.ReplaceAll(text, `\|`, `\ |`) // no table can have a backslash before a bar
		if strings.TrimSpace(text) != "" && !strings.Contains(html.UnescapeString(shown.String()), "<td><code>"+want+"</code></td>") {
			t.Errorf("the page lacks %q:\n%s\n%s", text, page, shown.Bytes())
		}
	}
}

// TestMarkdownInert shows that no foreign text becomes markup.
func TestMarkdownInert(t *testing.T) {
	outcome := hostile(t)
	page := writtenBy(t, writeMarkdown, outcome)
	checkMarkdown(t, page)
	for result := range outcome.Results() {
		if result.Waived == "" {
			checkMarkdown(t, page, nameOf(result.Image), said(result, maxCell))
		}
	}
}

// TestMarkdownBounded shows that GitHub accepts the page of any run, and that the page
// says how many images it leaves out.
func TestMarkdownBounded(t *testing.T) {
	var all []engine.Result
	for i := range 26 * 60 {
		r := image(i+1, "nginx", validate.Fail, validate.Reason("reason-"+string(rune('a'+i%26))), strings.Repeat("|`", maxCell))
		r.Image.Destination = strings.Repeat("a|", maxLine)
		all = append(all, r)
	}
	page := string(writtenBy(t, WriteStepSummary, written(t, all...)))
	if len(page) > 1<<20-100_000 || !strings.HasSuffix(page, "**This page is cut here, because a longer one would not be shown. All images that did not pass are in failed.txt.**\n") {
		t.Errorf("%d bytes, ending in %q", len(page), page[len(page)-200:])
	}
	for i := range all {
		all[i].Message, all[i].Image.Destination = "", "r.io/a"
	}
	if page := string(writtenBy(t, WriteStepSummary, written(t, all...))); !strings.Contains(page, "\nand 10 more, in failed.txt\n") || strings.Contains(page, "cut here") {
		t.Errorf("got %.3000s", page)
	}
}

// TestMarkdownPart shows that the page of one part does not look like that of the whole list.
func TestMarkdownPart(t *testing.T) {
	o := outcome(t, run{header: results.Header{List: "list.txt", Shard: &results.Shard{Index: 2, Count: 5}}, results: []engine.Result{image(1, "nginx", validate.Pass, "", "")}, end: engine.Summary{Lines: 1}})
	if page := string(writtenBy(t, writeMarkdown, o)); !strings.Contains(page, "1 image of part 2 of 5 of `list.txt`") {
		t.Errorf("got %s", page)
	}
}
