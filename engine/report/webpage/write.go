package webpage

import (
	"bufio"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"mvrun/engine/results"
	"mvrun/validate"
)

// pageFiles are the parts of the page: its templates, its styles and its scripts.
//
//go:embed page
var pageFiles embed.FS

// The styles and scripts of the page, in the order in which they stand in it. All of
// them are put into the page, because it asks nothing of the network.
var (
	pageStyle  = joinFiles("colors.css", "page.css", "table.css", "print.css")
	pageScript = joinFiles("data.js", "filter.js", "table.js", "lines.js", "detail.js", "page.js")
)

// pageTemplates has the templates "begin", up to the data, and "end", behind them.
var pageTemplates = template.Must(template.New("").Funcs(template.FuncMap{"number": number, "count": countOf, "row": chartRow, "color": plainColor, "more": func(n, shown int) string { return number(n - shown) }}).ParseFS(pageFiles, "page/*.html"))

// pagePolicy is the Content-Security-Policy of the page. A browser runs only the script
// and the style with these hashes, and opens no connection. The image is the icon of
// the page.
var pagePolicy = fmt.Sprintf("default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; style-src 'sha256-%s'; script-src 'sha256-%s'", hashOf(pageStyle), hashOf(pageScript))

// Options are what the page says beside the outcome.
type Options struct {
	// Advice says for each reason what a reader can do, in a few words.
	Advice map[validate.Reason]string
}

// Write writes the page of an outcome.
func Write(w io.Writer, outcome *results.Outcome, options Options) error {
	page := pageOf(outcome, options)
	page.Policy, page.Style, page.Script = pagePolicy, template.CSS(pageStyle), template.JS(pageScript)
	buffered := bufio.NewWriterSize(w, 64<<10)
	if err := pageTemplates.ExecuteTemplate(buffered, "begin", page); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	buffered.WriteString(`<script id="data" type="text/plain">`) // Flush returns the error
	if err := tableOf(outcome).write(buffered); err != nil {
		return fmt.Errorf("writing the table of the page: %w", err)
	}
	buffered.WriteString("</script>")
	if err := pageTemplates.ExecuteTemplate(buffered, "end", page); err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return buffered.Flush()
}

// joinFiles returns files of the page one after the other. The files are part of the
// program, so an error is one of its author.
func joinFiles(names ...string) string {
	var all strings.Builder
	for _, name := range names {
		content, err := pageFiles.ReadFile("page/" + name)
		if err != nil {
			panic(err)
		}
		all.Write(content)
	}
	return all.String()
}

// hashOf returns the hash of a style or a script as a Content-Security-Policy has it.
func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}
