package mirrors

import (
	"errors"
	"fmt"
	"strings"

	"github.com/BurntSushi/toml"
)

// decodeTOML reads TOML. An error names the line, and never shows a value: it may be
// the value of a header.
func decodeTOML(file string, content []byte, into any) (toml.MetaData, error) {
	if line := tooDeep(content); line > 0 {
		return toml.MetaData{}, fmt.Errorf("%s:%d: the file is nested more than %d levels deep", file, line, maxDepth)
	}
	meta, err := toml.Decode(string(content), into)
	if err == nil {
		return meta, nil
	}
	parse := toml.ParseError{}
	if !errors.As(err, &parse) {
		return meta, fmt.Errorf("%s: %s", file, withoutValues(strings.TrimPrefix(err.Error(), "toml: ")))
	}
	key := ""
	if parse.LastKey != "" {
		key = fmt.Sprintf(" (at or behind the key %s)", parse.LastKey)
	}
	return meta, fmt.Errorf("%s:%d: the file is no TOML that can be read%s: %s", file, parse.Position.Line, key, withoutValues(parse.Message))
}

// maxDepth is how deep arrays, tables and keys with dots may be nested. The library needs
// minutes for a file of one megabyte that is nested as deep as it can be.
const maxDepth = 64

// tooDeep returns the line at which a file is nested too deep, or 0. Brackets and dots in
// texts and comments do not count.
func tooDeep(content []byte) int {
	line, depth, dots := 1, 0, 0
	for i := 0; i < len(content); i++ {
		switch c := content[i]; c {
		case '\n':
			line, dots = line+1, 0
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		case '.':
			dots++
		case '#', '"', '\'':
			i = endOfText(content, i)
		}
		if depth > maxDepth || dots > maxDepth {
			return line
		}
	}
	return 0
}

// endOfText returns the index of the last byte of a comment or text that begins at an
// index. It does not go beyond the line. Of a text of several lines, which three quotes
// begin and end, only the first line is recognised.
func endOfText(content []byte, i int) int {
	begin := content[i]
	for i+1 < len(content) && content[i+1] != '\n' {
		i++
		switch {
		case begin == '#':
		case content[i] == begin:
			return i
		case content[i] == '\\' && begin == '"' && i+1 < len(content) && content[i+1] != '\n':
			i++
		}
	}
	return i
}

// withoutValues cuts a message of the library before what it quotes of the file.
func withoutValues(message string) string {
	if i := strings.IndexAny(message, "\"'`"); i >= 0 {
		message = strings.TrimSpace(message[:i]) + " …"
	}
	return message
}

// topKeys returns the keys of a TOML file's root.
func topKeys(content []byte) (map[string]any, error) {
	keys := map[string]any{}
	if tooDeep(content) > 0 {
		return nil, errors.New("nested too deep")
	}
	_, err := toml.Decode(string(content), &keys)
	return keys, err
}

// unknownKeys warns of each key that was not read, but for those below the ignored ones.
func unknownKeys(file string, meta toml.MetaData, ignored ...string) []string {
	var warnings []string
	seen := map[string]bool{}
keys:
	for _, key := range meta.Undecoded() {
		name := key.String()
		for _, prefix := range ignored {
			if strings.HasPrefix(name, prefix+".") {
				continue keys
			}
		}
		if !seen[name] {
			seen[name] = true
			warnings = append(warnings, fmt.Sprintf("%s: the key %s is not known and is ignored", file, name))
		}
	}
	return warnings
}
