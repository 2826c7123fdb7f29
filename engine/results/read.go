package results

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// Reader reads the lines of a results file, one after the other: a file of a
// hundred megabytes need not be in memory.
type Reader struct {
	lines  *bufio.Reader
	number int   // of the last line
	whole  int64 // bytes up to the end of the last whole line
}

// maxLine is how long a line may be: an image with thousands of missing layers
// takes less.
const maxLine = 64 << 20

// NewReader returns a reader. It reads the header with the first call of Next.
func NewReader(r io.Reader) *Reader {
	return &Reader{lines: bufio.NewReaderSize(r, 64<<10)}
}

// Errors of a file that cannot be used.
var (
	errFormat1  = errors.New("it is of format 1, which mvrun 0.1 wrote")
	errNoFormat = errors.New("it is no results file of mvrun")
	errTooLong  = fmt.Errorf("the line has more than %d bytes", maxLine)
)

// Header reads the first line. It returns io.EOF if the file has not even one
// whole line; what there is of one is in torn.
func (r *Reader) Header() (header Header, torn []byte, err error) {
	line, err := r.line()
	if err != nil {
		return header, line, err
	}
	var format1 struct {
		Version string `json:"mvrun"`
	}
	switch {
	case unmarshal(line, &header) != nil:
		return header, nil, errNoFormat
	case header.Type != TypeRun:
		if json.Unmarshal(line, &format1) == nil && format1.Version != "" {
			return header, nil, errFormat1
		}
		return header, nil, errNoFormat
	case header.Format != Format:
		return header, nil, fmt.Errorf("it is of format %d, and this mvrun reads format %d", header.Format, Format)
	}
	return header, nil, nil
}

// Next reads the next line: a *Record, *Withdrawn, *Resumed or *End. A line of
// another type is passed over. At the end, and at a last line that was not
// written as a whole, Next returns io.EOF.
func (r *Reader) Next() (any, error) {
	for {
		line, err := r.line()
		if err != nil {
			return nil, err
		}
		var value any
		switch kind, err := typeOf(line); kind {
		case TypeImage:
			value = &Record{}
		case TypeWithdrawn:
			value = &Withdrawn{}
		case TypeResumed:
			value = &Resumed{}
		case TypeEnd:
			value = &End{}
		case TypeRun:
			return nil, errors.New("another run begins here: this file was put together from several ones")
		case "":
			return nil, err
		default:
			continue
		}
		return value, unmarshal(line, value)
	}
}

// typeOf returns the type of a line. Nearly all lines are images and begin with
// their type, so that they need not be parsed for it.
func typeOf(line []byte) (string, error) {
	if bytes.HasPrefix(line, []byte(`{"type":"`+TypeImage+`",`)) {
		return TypeImage, nil
	}
	var typed struct {
		Type string `json:"type"`
	}
	if err := unmarshal(line, &typed); err != nil {
		return "", err
	}
	if typed.Type == "" {
		return "", errors.New("the line has no type")
	}
	return typed.Type, nil
}

// Number returns the number of the line that was read last, from 1.
func (r *Reader) Number() int { return r.number }

// line reads a line with its end. With io.EOF it returns what there is of a torn
// one.
func (r *Reader) line() ([]byte, error) {
	var line []byte
	for {
		part, err := r.lines.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			r.number++
			return nil, errTooLong
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil:
			return line, err
		}
		r.number++
		r.whole += int64(len(line))
		return bytes.TrimSuffix(line, []byte("\n")), nil
	}
}

// unmarshal reads the fields of a line into the struct that value points to. The
// names must be equal: json.Unmarshal would also take a field "STATUS", which no
// reader knows, for "status".
func unmarshal(line []byte, value any) error {
	if hasPlainNames(line) && json.Unmarshal(line, value) == nil { // as mvrun writes lines, and in half the time
		return nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil {
		return err
	}
	return setFields(fields, reflect.ValueOf(value).Elem())
}

// hasPlainNames reports whether every name of a field has only small letters and "_".
// It takes some texts for names, and may be wrong about these: the answer is then false.
func hasPlainNames(line []byte) bool {
	if bytes.Contains(line, []byte(`" `)) || bytes.ContainsAny(line, "\t\r\n") { // before a colon, perhaps
		return false
	}
	for {
		end := bytes.Index(line, []byte(`":`))
		if end < 0 {
			return true
		}
		name := line[bytes.LastIndexByte(line[:end], '"')+1 : end]
		if bytes.ContainsFunc(name, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9') }) {
			return false
		}
		line = line[end+2:]
	}
}

func setFields(fields map[string]json.RawMessage, to reflect.Value) error {
	for i := range to.NumField() {
		name, _, _ := strings.Cut(to.Type().Field(i).Tag.Get("json"), ",")
		raw, ok := fields[name]
		switch {
		case to.Type().Field(i).Anonymous:
			if err := setFields(fields, to.Field(i)); err != nil {
				return err
			}
		case ok:
			if err := json.Unmarshal(raw, to.Field(i).Addr().Interface()); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}
