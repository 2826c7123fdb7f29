package sink

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/vbauerster/mpb/v8/decor"

	"mvrun/engine"
	"mvrun/validate"
)

// The summary, which ends a run.

// Summary is the sink that writes the summary of a run, as text or as one
// record of the log.
type Summary struct {
	W      io.Writer
	Log    *slog.Logger
	AsJSON bool

	// ListHint is how a user gives the failed list to another run, for messages:
	// "-f", for instance. It may be "".
	ListHint string
}

// Write implements engine.Sink: the summary counts images, and needs none of
// the results.
func (Summary) Write(*engine.Result) error { return nil }

// Finish implements engine.Finisher. A script that failed before its first
// image has an error and no summary.
func (s Summary) Finish(outcome engine.Summary) error {
	if bad := outcome.Status[validate.Fail] + outcome.Status[validate.Error]; bad > 0 && outcome.FailedList == "" {
		s.Log.Warn(fmt.Sprintf("%d of the images did not pass, and the script wrote no failed list", bad))
	}
	if s.AsJSON {
		logSummary(s.Log, outcome)
		return nil
	}
	begun := outcome.Images+outcome.Unreached > 0
	if !begun && outcome.Cause != nil && !outcome.Interrupted() && outcome.Deadline() == nil {
		return nil
	}
	// The log has this error, too, if the screen is gone.
	_ = s.print(outcome)
	return nil
}

// headings are the rows of the summary's table.
var headings = []struct {
	status validate.Status
	words  string
}{
	{validate.Pass, "passed"},
	{validate.Fail, "failed"},
	{validate.Skip, "skipped"},
	{validate.Error, "could not be checked"},
}

// print writes the summary for people.
func (to Summary) print(s engine.Summary) error {
	w := to.W
	fmt.Fprintln(w)
	if s.Interrupted() {
		fmt.Fprint(w, "Interrupted: ")
	}
	if deadline := s.Deadline(); deadline != nil {
		fmt.Fprint(w, "Out of time"+hinted(deadline.Hint)+": ")
	}
	if s.Earlier > 0 {
		defer fmt.Fprintf(w, "%d of them were passed or skipped in the run that this one goes on from.\n", s.Earlier)
	}
	read := ""
	if s.Bytes > 0 {
		read = fmt.Sprintf(", %s of blobs read", size(s.Bytes))
	}
	fmt.Fprintf(w, "%s in %s, %s%s\n", count(s.Images, "image"), rounded(s.Elapsed), count(s.Requests, "request"), read)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, h := range headings {
		if n := s.Status[h.status]; n > 0 || h.status == validate.Pass {
			cell := byCount(s.Reasons[h.status])
			if h.status == validate.Pass {
				cell = byCount(s.Matches)
			}
			fmt.Fprintf(table, "  %s\t%d%s\n", h.words, n, cell)
		}
	}
	if s.Waived > 0 {
		fmt.Fprintf(table, "  waived\t%d\n", s.Waived)
	}
	if s.Unreached > 0 {
		fmt.Fprintf(table, "  not reached\t%d\n", s.Unreached)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if s.FailedList != "" {
		ready := ""
		if to.ListHint != "" {
			ready = ", ready for " + to.ListHint
		}
		fmt.Fprintf(w, "Failed list: %s (%s%s)\n", s.FailedList, count(s.FailedLines, "line"), ready)
	}
	if s.ScriptStatus != nil && s.ExitStatus == *s.ScriptStatus && severity(s.ExitStatus) < severity(s.OwnStatus) {
		fmt.Fprintf(w, "exit status %d, by the script (the run's own is %d)\n", s.ExitStatus, s.OwnStatus)
	}
	return nil
}

// severity orders exit statuses: a failure (1) is worse than an image that could
// not be checked (3), and a script's own status is worse than both.
func severity(status int) int {
	switch status {
	case 0:
		return 0
	case 3:
		return 1
	case 1:
		return 2
	}
	return 3
}

// hinted returns what the user calls a setting, in brackets.
func hinted(hint string) string {
	if hint == "" {
		return ""
	}
	return " (" + hint + ")"
}

// logSummary writes the summary as one record.
func logSummary(log *slog.Logger, s engine.Summary) {
	attrs := []any{"images", s.Images, "duration_ms", s.Elapsed.Milliseconds(), "requests", s.Requests, "bytes", s.Bytes}
	for _, h := range headings {
		attrs = append(attrs, string(h.status), s.Status[h.status])
	}
	all := map[validate.Reason]int{}
	for _, reasons := range s.Reasons {
		maps.Copy(all, reasons)
	}
	attrs = append(attrs, "reasons", all, "matches", s.Matches, "waived", s.Waived, "earlier", s.Earlier, "unchecked", s.Unreached,
		"interrupted", s.Interrupted(), "late", s.Deadline() != nil, "failed_list", s.FailedList, "failed_lines", s.FailedLines)
	log.Info("summary", attrs...)
}

// byCount returns a cell of the table: words with their numbers, the most
// frequent first.
func byCount[Word ~string](counts map[Word]int) string {
	sorted := slices.SortedFunc(maps.Keys(counts), func(a, b Word) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	shown := make([]string, len(sorted))
	for i, word := range sorted {
		shown[i] = fmt.Sprintf("%s %d", word, counts[word])
	}
	if len(shown) == 0 {
		return ""
	}
	return "\t" + strings.Join(shown, ", ")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func rounded(d time.Duration) time.Duration {
	if d < time.Minute {
		return d.Round(time.Millisecond)
	}
	return d.Round(time.Second)
}

// size writes a number of bytes: 512 B, 1.5 KiB.
func size(bytes int64) string {
	if bytes < 1024 {
		return fmt.Sprintf("%d B", bytes)
	}
	return fmt.Sprintf("% .1f", decor.SizeB1024(bytes))
}
