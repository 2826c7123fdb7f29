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

// Summary is the sink that writes the summary at the end of a run. It writes text, or
// one record of the log.
type Summary struct {
	W      io.Writer
	Log    *slog.Logger
	AsJSON bool

	// ListHint says how a user gives the failed list to another run, such as "-f". It
	// is for messages, and may be "".
	ListHint string

	// RulesHint and DepthHint are what a user calls these settings, such as "--rules".
	RulesHint, DepthHint string
	// Depth is what the user chose. DepthHint is no help where a script chose another.
	Depth validate.Depth

	// Advice says for each reason what a reader can do.
	Advice Advice
}

// Write implements engine.Sink. It does nothing, because the summary needs only the
// numbers that Finish gets.
func (Summary) Write(*engine.Result) error { return nil }

// Finish implements engine.Finisher. It writes no summary if the script failed before
// its first image; the error of the script says enough.
func (s Summary) Finish(outcome engine.Summary) error {
	if bad := outcome.Status[validate.Fail] + outcome.Status[validate.Error]; bad > 0 && outcome.FailedList == "" {
		s.Log.Warn(fmt.Sprintf("%d of the images did not pass, and the script wrote no failed list", bad))
	}
	if n := outcome.NotHandedOver; n > 0 && outcome.FailedList != "" && outcome.Cause == nil {
		s.Log.Warn(fmt.Sprintf("%s did not pass, and the failed list lacks them: the script gave no result of their lines to write_failed, or read the lines later", count(n, "image")))
	}
	s.Show(outcome)
	return nil
}

// Show writes the summary of a run that need not be this one.
func (s Summary) Show(outcome engine.Summary) {
	if s.AsJSON {
		logSummary(s.Log, outcome)
		return
	}
	begun := outcome.Images+outcome.Unreached > 0
	if !begun && outcome.Cause != nil && !outcome.Interrupted() && outcome.Deadline() == nil {
		return
	}
	// If the screen cannot be written to, the log has the same error, and the run
	// reports that one.
	_ = s.print(outcome)
}

// dateAndZone is how the summary writes a time. A log that is read days later, or in
// another country, has no other date.
const dateAndZone = "2006-01-02 15:04:05 MST"

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

// print writes the summary as text.
func (s Summary) print(outcome engine.Summary) error {
	w := s.W
	fmt.Fprint(w, s.recap(outcome.NotPassed, outcome.FailedList))
	fmt.Fprintln(w)
	if !outcome.Shard.IsWhole() {
		fmt.Fprintf(w, "Part %s: %s\n", outcome.Shard, shareOf(outcome.Lists))
	}
	if outcome.Interrupted() {
		fmt.Fprint(w, "Interrupted: ")
	}
	if deadline := outcome.Deadline(); deadline != nil {
		fmt.Fprint(w, "Out of time"+hinted(deadline.Hint)+": ")
	}
	if outcome.Earlier > 0 {
		defer fmt.Fprintf(w, "%d of them were passed or skipped in the run that this one goes on from.\n", outcome.Earlier)
	}
	read := ""
	if outcome.Bytes > 0 {
		read = fmt.Sprintf(", %s of blobs read", size(outcome.Bytes))
	}
	fmt.Fprintf(w, "%s in %s, %s%s\n", count(outcome.Images, "image"), rounded(outcome.Elapsed), count(outcome.Requests, "request"), read)
	if err := printCounts(w, outcome); err != nil {
		return err
	}
	fmt.Fprint(w, s.judged(outcome.Judged))
	fmt.Fprintf(w, "Began %s, ended %s\n", outcome.Started.Format(dateAndZone), outcome.Started.Add(outcome.Elapsed).Format(dateAndZone))
	if outcome.FailedList != "" {
		ready := ""
		if s.ListHint != "" {
			ready = ", ready for " + s.ListHint
		}
		fmt.Fprintf(w, "Failed list: %s (%s%s)\n", OneLine(outcome.FailedList), count(outcome.FailedLines, "line"), ready)
	}
	for _, hint := range outcome.Hints {
		fmt.Fprintln(w, OneLine(hint))
	}
	if outcome.ScriptStatus != nil && outcome.ExitStatus == *outcome.ScriptStatus && engine.IsWorse(outcome.OwnStatus, outcome.ExitStatus) {
		fmt.Fprintf(w, "exit status %d, by the script (the run's own is %d)\n", outcome.ExitStatus, outcome.OwnStatus)
	}
	return nil
}

// printCounts writes how many images there are of each status.
func printCounts(w io.Writer, outcome engine.Summary) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, h := range headings {
		if n := outcome.Status[h.status]; n > 0 || h.status == validate.Pass {
			cell := byCount(outcome.Reasons[h.status])
			if h.status == validate.Pass {
				cell = byCount(outcome.Matches)
			}
			fmt.Fprintf(table, "  %s\t%d%s\n", h.words, n, cell)
		}
	}
	if outcome.Waived > 0 {
		fmt.Fprintf(table, "  waived\t%d\n", outcome.Waived)
	}
	if outcome.Unreached > 0 {
		fmt.Fprintf(table, "  not reached\t%d\n", outcome.Unreached)
	}
	return table.Flush()
}

// shareOf says how many lines of the lists a part has.
func shareOf(lists []engine.ListCount) string {
	own, all := countLines(lists)
	switch len(lists) {
	case 0:
		return "the script read no list"
	case 1:
		return fmt.Sprintf("%d of the list's %s", own, count(all, "line"))
	}
	return fmt.Sprintf("%d of the %s of %d lists", own, count(all, "line"), len(lists))
}

// countLines returns how many lines the lists have in the run's part, and in all.
func countLines(lists []engine.ListCount) (own, all int) {
	for _, list := range lists {
		own, all = own+list.Part, all+list.Lines
	}
	return own, all
}

// hinted returns a hint in brackets, or "" if there is none.
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
		for reason, n := range reasons {
			all[reason] += n
		}
	}
	if !s.Shard.IsWhole() {
		own, all := countLines(s.Lists)
		attrs = append(attrs, slog.Group("shard", "index", s.Shard.Index, "count", s.Shard.Count, "lines", own, "list_lines", all))
	}
	rules, depths := tallyTerms(s.Judged)
	attrs = append(attrs, "rules", rules, "depths", depths, "reasons", all, "matches", s.Matches, "waived", s.Waived, "earlier", s.Earlier, "unchecked", s.Unreached,
		"interrupted", s.Interrupted(), "late", s.Deadline() != nil, "failed_list", s.FailedList, "failed_lines", s.FailedLines)
	log.Info("summary", attrs...)
}

// byCount returns a cell of the summary's table: words with their numbers. The word
// with the highest number comes first.
func byCount[Word ~string](counts map[Word]int) string {
	sorted := slices.SortedFunc(maps.Keys(counts), func(a, b Word) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	shown := make([]string, len(sorted))
	for i, word := range sorted {
		shown[i] = fmt.Sprintf("%s %d", OneLine(string(word)), counts[word])
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

// size returns a number of bytes for people, such as "512 B" or "1.5 KiB".
func size(bytes int64) string {
	if bytes < 1024 {
		return fmt.Sprintf("%d B", bytes)
	}
	return fmt.Sprintf("% .1f", decor.SizeB1024(bytes))
}
