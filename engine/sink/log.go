package sink

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"unicode"

	"mvrun/engine"
	"mvrun/validate"
)

// NewLogger returns a logger that writes lines in Hangar's format:
//
//	11:22:33 [INFO] [M_ID:3] PASS …
//
// If asJSON is true, each line is a JSON object instead, with the keys time, level and
// msg, and the attributes of the record. Debug records are written only if debug is
// true.
func NewLogger(w io.Writer, asJSON, debug, colour bool) *slog.Logger {
	level := slog.LevelInfo
	if debug {
		level = slog.LevelDebug
	}
	if asJSON {
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
	}
	return slog.New(&textHandler{w: w, level: level, colour: colour, mu: &sync.Mutex{}})
}

// imageKey is the attribute with an image's number in its list.
const imageKey = "m_id"

// textHandler writes Hangar's format. Of a record's attributes it shows only the
// image's number. The message has everything else that people need.
type textHandler struct {
	w       io.Writer
	level   slog.Level
	colour  bool
	mu      *sync.Mutex
	image   string // the image's number, if WithAttrs got one; or ""
	inGroup bool   // whether WithGroup made this handler; the attributes of a group do not count
}

var levels = map[slog.Level]struct{ name, colour string }{
	slog.LevelDebug: {"DEBU", "\x1b[90m"},
	slog.LevelInfo:  {"INFO", "\x1b[36m"},
	slog.LevelWarn:  {"WARN", "\x1b[33m"},
	slog.LevelError: {"ERRO", "\x1b[31m"},
}

func (h *textHandler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.level }

// WithGroup implements slog.Handler.
func (h *textHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	grouped := *h
	grouped.inGroup = true
	return &grouped
}

// WithAttrs implements slog.Handler.
func (h *textHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	for _, a := range attrs {
		with.noteImage(a)
	}
	return &with
}

// noteImage keeps the image's number, if this is the attribute that has it.
func (h *textHandler) noteImage(a slog.Attr) {
	if a.Key == imageKey && !h.inGroup {
		h.image = a.Value.String()
	}
}

// Handle implements slog.Handler.
func (h *textHandler) Handle(_ context.Context, r slog.Record) error {
	with := *h
	r.Attrs(func(a slog.Attr) bool {
		with.noteImage(a)
		return true
	})
	level := levels[r.Level]
	line := r.Time.AppendFormat(make([]byte, 0, 256), "15:04:05 ")
	if h.colour {
		line = fmt.Appendf(line, "%s[%s]\x1b[0m ", level.colour, level.name)
	} else {
		line = fmt.Appendf(line, "[%s] ", level.name)
	}
	if with.image != "" {
		line = fmt.Appendf(line, "[M_ID:%s] ", with.image)
	}
	line = append(append(line, inert.Replace(Clean(r.Message))...), '\n')
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := h.w.Write(line)
	return err
}

// inert breaks what CI services take for commands anywhere in a line of the log: GitHub's
// runner obeys "##[error]", and Azure Pipelines obeys "##vso[". A registry must not be able
// to show errors there, or to stop the commands of a report.
var inert = strings.NewReplacer("##[", "# #[", "##vso[", "# #vso[")

// Clean replaces the characters of a text that could command a terminal. Its lines stay.
func Clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, text)
}

// Log is the sink that writes a line for every result.
type Log struct {
	Logger *slog.Logger
	Quiet  bool // write no line for images that passed or were skipped
	// Folding counts equal messages. It is nil where each image must have its line.
	Folding *Folding
}

// Finish implements engine.Finisher. It logs the counts of messages that were not shown.
func (l Log) Finish(engine.Summary) error {
	if l.Folding != nil {
		l.Folding.finish()
	}
	return nil
}

// Write implements engine.Sink.
func (l Log) Write(r *engine.Result) error {
	switch {
	case r.Earlier:
		return nil // the earlier run logged this result
	case r.Reason == validate.Interrupted, r.Reason == validate.Timeout && r.Attempts == 0:
		return nil // the run ended before it reached the image; the summary counts such images
	case l.Quiet && len(r.Warnings) == 0 && r.Waived == "" && (r.Status == validate.Pass || r.Status == validate.Skip):
		return nil
	}
	log := l.Logger
	message, waived := OneLine(r.Message), OneLine(r.Waived)
	if r.Rejected != "" && r.Reason != validate.Rejected { // otherwise the message has it
		message += " (rejected, too: " + OneLine(r.Rejected) + ")"
	}
	compared := newPair(r)
	if r.Reason == validate.InvalidLine || r.Image.Destination == "" { // a line that is no image, or an entry whose images are not known
		log.Error("ERROR "+message, imageKey, r.Image.Number, "status", r.Status, "reason", r.Reason, "line_number", r.Image.LineNumber)
		return nil
	}
	attrs := attributes(r, compared)
	for _, warning := range r.Warnings {
		if l.Folding.folds(slog.LevelWarn, "WARNING", OneLine(warning), r) {
			continue
		}
		log.Warn("WARNING ["+compared.destination+"]: "+OneLine(warning), imageKey, r.Image.Number, "status", r.Status)
	}
	if r.Status == validate.Pass && r.Waived == "" {
		log.Info("PASS "+compared.passed(), attrs...)
		return nil
	}
	level, word, names := slog.LevelError, "ERROR", compared.with("??")
	switch {
	case r.Waived != "":
		level, word, names, message = slog.LevelWarn, "WAIVED", compared.with("!="), message+" ("+waived+")"
		attrs = append(attrs, "waived", r.Waived)
	case r.Status == validate.Skip:
		level, word, names = slog.LevelWarn, "SKIPPED", compared.first()
	case r.Status == validate.Fail:
		word, names = "FAILED", compared.with("!=")
	}
	if word == "ERROR" && l.Folding.folds(level, word, message, r) { // each answer about an image is shown
		return nil
	}
	if word == "FAILED" && r.Lists != nil {
		log.Error("srcSpec: "+indented(r.Lists.Source), imageKey, r.Image.Number, "status", r.Status)
		log.Error("dstSpec: "+indented(r.Lists.Destination), imageKey, r.Image.Number, "status", r.Status)
	}
	log.Log(context.Background(), level, word+" "+names+": "+message, attrs...)
	return nil
}

// attributes returns what a record of the log has beside its message.
func attributes(r *engine.Result, compared pair) []any {
	attrs := make([]any, 0, 18)
	attrs = compared.addTo(append(attrs, imageKey, r.Image.Number, "status", r.Status))
	if r.Reason != "" {
		attrs = append(attrs, "reason", r.Reason)
	}
	if r.Match != "" {
		attrs = append(attrs, "match", r.Match)
	}
	if r.Rejected != "" {
		attrs = append(attrs, "rejected", r.Rejected)
	}
	if r.ServedBy != "" {
		attrs = append(attrs, "served_by", r.ServedBy)
	}
	return attrs
}

// pair has the two references of an image for a line of the log. source is "" if
// nobody compared the destination with a source.
type pair struct{ source, destination string }

func newPair(r *engine.Result) pair {
	p := pair{destination: r.Image.DestinationReference()}
	if r.Terms.Rules.AskSource() {
		p.source = r.Image.SourceReference()
	}
	return p
}

// addTo adds the references to the attributes of a record.
func (p pair) addTo(attrs []any) []any {
	if p.source != "" {
		attrs = append(attrs, "source", p.source)
	}
	return append(attrs, "destination", p.destination)
}

// with returns both references with a sign between them, such as "[a/b:1] != [c/b:1]".
func (p pair) with(sign string) string {
	if p.source == "" {
		return "[" + p.destination + "]"
	}
	return "[" + p.source + "] " + sign + " [" + p.destination + "]"
}

func (p pair) passed() string {
	if p.source == "" {
		return p.with("") + " is present"
	}
	return p.with("==")
}

// first returns the source's reference, or the destination's if there is no source.
func (p pair) first() string { return "[" + cmp.Or(p.source, p.destination) + "]" }

// OneLine replaces control characters with spaces. Otherwise a registry, or whoever wrote a
// results file, could forge lines of the log or control the terminal, for example by the
// name of a platform.
func OneLine(s string) string {
	return inert.Replace(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s))
}

// indented returns the entries of a manifest list as JSON with several lines.
func indented(entries []validate.ListEntry) string {
	if entries == nil {
		return "[]"
	}
	shown, err := json.MarshalIndent(entries, "", "  ")
	if err != nil {
		return err.Error() // cannot happen: the entries have only strings
	}
	lines := strings.Split(string(shown), "\n")
	for i, line := range lines {
		lines[i] = OneLine(line)
	}
	return strings.Join(lines, "\n")
}
