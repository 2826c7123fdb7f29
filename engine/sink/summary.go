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

// The summary, which is the last thing that a run says.

// Summary is what a run ends with.
type Summary struct {
	engine.Summary
	Interrupted bool
	Late        bool // the run's time was over
	Requests    int
	Bytes       int64  // of blobs that were read
	Unchecked   int    // images of the list that were not reached
	FailedList  string // where it is, "" if there is none
	FailedLines int
}

var headings = []struct {
	status validate.Status
	words  string
}{
	{validate.Pass, "passed"},
	{validate.Fail, "failed"},
	{validate.Skip, "skipped"},
	{validate.Error, "could not be checked"},
}

// Print writes the summary for people.
func (s Summary) Print(w io.Writer) error {
	fmt.Fprintln(w)
	if s.Interrupted {
		fmt.Fprint(w, "Interrupted: ")
	}
	if s.Late {
		fmt.Fprint(w, "Out of time (--deadline): ")
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
	if s.Unchecked > 0 {
		fmt.Fprintf(table, "  not reached\t%d\n", s.Unchecked)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if s.FailedList == "" {
		return nil
	}
	_, err := fmt.Fprintf(w, "Failed list: %s (%s, ready for -f)\n", s.FailedList, count(s.FailedLines, "line"))
	return err
}

// Log writes the summary as one record.
func (s Summary) Log(log *slog.Logger) {
	attrs := []any{"images", s.Images, "duration_ms", s.Elapsed.Milliseconds(), "requests", s.Requests, "bytes", s.Bytes}
	for _, h := range headings {
		attrs = append(attrs, string(h.status), s.Status[h.status])
	}
	all := map[validate.Reason]int{}
	for _, reasons := range s.Reasons {
		maps.Copy(all, reasons)
	}
	attrs = append(attrs, "reasons", all, "matches", s.Matches, "waived", s.Waived, "earlier", s.Earlier, "unchecked", s.Unchecked, "interrupted", s.Interrupted, "late", s.Late, "failed_list", s.FailedList, "failed_lines", s.FailedLines)
	log.Info("summary", attrs...)
}

// byCount is a cell of a table that lists words with their numbers, the most
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
