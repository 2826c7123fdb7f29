// Package csv is the module csv of scripts. It reads and writes tables, as RFC 4180
// describes them: rows of fields, with a comma or another character between the fields.
package csv

import (
	"encoding/csv"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"mvrun/starlib/param"
)

// Module is the module csv.
var Module = &starlarkstruct.Module{Name: "csv", Members: starlark.StringDict{
	"decode": starlark.NewBuiltin("csv.decode", decode),
	"encode": starlark.NewBuiltin("csv.encode", encode),
}}

const (
	// maxText is how many bytes are decoded.
	maxText = 64 << 20
	// maxFields is how many fields a table may have.
	maxFields = 4 << 20
)

// decode implements csv.decode(x, header, comma). With header, the first row has the
// names of the columns, and every other row becomes a dict.
func decode(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var text string
	header, comma := false, ","
	if err := param.Unpack(b, args, kwargs, "x", &text, "header?", &header, "comma?", &comma); err != nil {
		return nil, err
	}
	rows, err := read(text, comma)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	if !header {
		values := make([]starlark.Value, len(rows))
		for i, row := range rows {
			values[i] = starlark.NewList(fields(row))
		}
		return starlark.NewList(values), nil
	}
	return named(rows), nil
}

// read returns the rows of a table.
func read(text, comma string) ([][]string, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("the text has %d bytes, more than %d", len(text), maxText)
	}
	if strings.Count(text, comma)+strings.Count(text, "\n") > maxFields {
		return nil, fmt.Errorf("the table has more than %d fields", maxFields)
	}
	separator, err := single(comma)
	if err != nil {
		return nil, err
	}
	reader := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	reader.Comma, reader.FieldsPerRecord = separator, -1
	return reader.ReadAll()
}

// single returns the only character of a separator.
func single(comma string) (rune, error) {
	r, size := utf8.DecodeRuneInString(comma)
	if size == 0 || size != len(comma) || strings.ContainsAny(comma, "\"\r\n") || r == utf8.RuneError {
		return 0, fmt.Errorf("comma is %q: want one character, such as \",\" or \";\"", comma)
	}
	return r, nil
}

// named returns the rows after the first one as dicts. A field that a short row leaves
// out is "".
func named(rows [][]string) starlark.Value {
	var values []starlark.Value
	for i, row := range rows {
		if i == 0 {
			continue
		}
		dict := starlark.NewDict(len(rows[0]))
		for column, name := range rows[0] {
			field := ""
			if column < len(row) {
				field = row[column]
			}
			_ = dict.SetKey(starlark.String(name), starlark.String(field)) // a new dict is not frozen, and a string can be a key
		}
		values = append(values, dict)
	}
	return starlark.NewList(values)
}

func fields(row []string) []starlark.Value {
	values := make([]starlark.Value, len(row))
	for i, field := range row {
		values[i] = starlark.String(field)
	}
	return values
}

// encode implements csv.encode(rows, comma).
func encode(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var rows starlark.Iterable
	comma := ","
	if err := param.Unpack(b, args, kwargs, "rows", &rows, "comma?", &comma); err != nil {
		return nil, err
	}
	separator, err := single(comma)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	var text strings.Builder
	writer := csv.NewWriter(&text)
	writer.Comma = separator
	iterator := rows.Iterate()
	defer iterator.Done()
	var row starlark.Value
	for i := 0; iterator.Next(&row); i++ {
		fields, err := written(row)
		if err == nil {
			err = writer.Write(fields)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: rows[%d]: %w", b.Name(), i, err)
		}
	}
	writer.Flush()
	return starlark.String(text.String()), writer.Error()
}

// written returns the fields of a row as text: a string as it is, and any other value as
// print would write it.
func written(row starlark.Value) ([]string, error) {
	values, ok := row.(starlark.Iterable)
	if _, isDict := row.(*starlark.Dict); !ok || isDict {
		return nil, fmt.Errorf("got %s, want a list of fields", param.Describe(row))
	}
	var fields []string
	iterator := values.Iterate()
	defer iterator.Done()
	var value starlark.Value
	for iterator.Next(&value) {
		switch v := value.(type) {
		case starlark.String:
			fields = append(fields, string(v))
		case starlark.NoneType:
			fields = append(fields, "")
		default:
			fields = append(fields, value.String())
		}
	}
	return fields, nil
}
