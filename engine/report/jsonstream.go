package report

import (
	"bufio"
	"cmp"
	"encoding/json"
	"io"
)

// jsonStream writes a long JSON document piece by piece.
type jsonStream struct {
	out     *bufio.Writer
	encoder *json.Encoder
	err     error // of the first value that could not be written
}

func newJSONStream(w io.Writer) *jsonStream {
	out := bufio.NewWriter(w)
	return &jsonStream{out: out, encoder: json.NewEncoder(out)}
}

// text writes what stands between values. The buffer keeps its error for end.
func (s *jsonStream) text(text string) { _, _ = s.out.WriteString(text) }

// value writes a value and the end of the line.
func (s *jsonStream) value(value any) { s.err = cmp.Or(s.err, s.encoder.Encode(value)) }

// end returns the first error.
func (s *jsonStream) end() error { return cmp.Or(s.err, s.out.Flush()) }
