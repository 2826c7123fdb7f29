package sink

import (
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

// The log: a line for each result, in Hangar's format or as JSON.

// NewLogger returns a logger that writes lines such as
//
//	11:22:33 [INFO] [M_ID:3] PASS …
//
// or, if asJSON, an object a line with the keys time, level, msg, and those of
// the record. Debug records are left out unless debug is true.
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
// image's number, since the message is written for people.
type textHandler struct {
	w      io.Writer
	level  slog.Level
	colour bool
	mu     *sync.Mutex
	image  string // the number from WithAttrs; "" if it has none
	group  bool   // within WithGroup, whose attributes have other names
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
	grouped.group = true
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

// noteImage keeps the image's number if the attribute holds it.
func (h *textHandler) noteImage(a slog.Attr) {
	if a.Key == imageKey && !h.group {
		h.image = a.Value.String()
	}
}

// Handle implements slog.Handler.
func (h *textHandler) Handle(_ context.Context, r slog.Record) error {
	of := *h
	r.Attrs(func(a slog.Attr) bool {
		of.noteImage(a)
		return true
	})
	level := levels[r.Level]
	line := r.Time.AppendFormat(make([]byte, 0, 256), "15:04:05 ")
	if h.colour {
		line = fmt.Appendf(line, "%s[%s]\x1b[0m ", level.colour, level.name)
	} else {
		line = fmt.Appendf(line, "[%s] ", level.name)
	}
	if of.image != "" {
		line = fmt.Appendf(line, "[M_ID:%s] ", of.image)
	}
	line = append(append(line, r.Message...), '\n')
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := h.w.Write(line)
	return err
}

// Log writes a line for every result.
type Log struct{ Logger *slog.Logger }

// Write implements engine.Sink.
func (l Log) Write(r *engine.Result) error {
	switch {
	case r.Earlier:
		return nil // the earlier run logged this result
	case r.Reason == validate.Interrupted, r.Reason == validate.Timeout && r.Attempts == 0:
		return nil // the run ended before the image's turn: the summary counts such images
	}
	log := l.Logger
	message, waived := oneLine(r.Message), oneLine(r.Waived)
	source, destination := r.Image.SourceReference(), r.Image.DestinationReference()
	attrs := make([]any, 0, 16)
	attrs = append(attrs, imageKey, r.Image.Number, "status", r.Status, "source", source, "destination", destination)
	if r.Reason != "" {
		attrs = append(attrs, "reason", r.Reason)
	}
	if r.Match != "" {
		attrs = append(attrs, "match", r.Match)
	}
	if r.Reason == validate.InvalidLine {
		log.Error("ERROR "+message, imageKey, r.Image.Number, "status", r.Status, "reason", r.Reason, "line_number", r.Image.LineNumber)
		return nil
	}
	source, destination = "["+source+"]", "["+destination+"]"
	if r.Waived != "" {
		log.Warn("WAIVED "+source+" != "+destination+": "+message+" ("+waived+")", append(attrs, "waived", r.Waived)...)
		return nil
	}
	switch r.Status {
	case validate.Pass:
		log.Info("PASS "+source+" == "+destination, attrs...)
	case validate.Skip:
		log.Warn("SKIPPED "+source+": "+message, attrs...)
	case validate.Fail:
		if r.Lists != nil {
			log.Error("srcSpec: "+indented(r.Lists.Source), imageKey, r.Image.Number, "status", r.Status)
			log.Error("dstSpec: "+indented(r.Lists.Destination), imageKey, r.Image.Number, "status", r.Status)
		}
		log.Error("FAILED "+source+" != "+destination+": "+message, attrs...)
	default:
		log.Error("ERROR "+source+" ?? "+destination+": "+message, attrs...)
	}
	return nil
}

// oneLine replaces characters that would forge lines of the log, or command a
// terminal: a registry may write anything into a platform's name, for instance.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}

func indented(entries []validate.ListEntry) string {
	if entries == nil {
		return "[]"
	}
	shown, err := json.MarshalIndent(entries, "", "  ")
	if err != nil {
		return err.Error() // cannot happen: the entries hold strings only
	}
	lines := strings.Split(string(shown), "\n")
	for i, line := range lines {
		lines[i] = oneLine(line)
	}
	return strings.Join(lines, "\n")
}
