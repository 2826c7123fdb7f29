package mirrors

import (
	"path/filepath"
	"slices"
	"strings"
)

// Values of hosts.toml that may be written in several ways.

// isHeader reports whether a header can be sent.
func isHeader(name string, values []string) bool {
	isToken := func(r rune) bool { return r > ' ' && r < 0x7f && !strings.ContainsRune(`()<>@,;:\"/[]?={}`, r) }
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return !isToken(r) }) {
		return false
	}
	return !slices.ContainsFunc(values, func(value string) bool {
		return strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
	})
}

// texts returns the texts of a value that is a text or a list of texts.
func texts(value any) ([]string, bool) {
	switch value := value.(type) {
	case nil:
		return nil, true
	case string:
		return []string{value}, true
	case []any:
		var all []string
		for _, element := range value {
			text, ok := element.(string)
			if !ok {
				return nil, false
			}
			all = append(all, text)
		}
		return all, true
	}
	return nil, false
}

// pairs returns the client certificates of a value: PATH, [PATH, …] or [[PATH, KEY], …].
// A file alone has both.
func pairs(value any, folder string) ([]KeyPair, bool) {
	list, isList := value.([]any)
	if !isList {
		list = nil
		if value != nil {
			list = []any{value}
		}
	}
	var all []KeyPair
	for _, element := range list {
		paths, ok := texts(element)
		if !ok || len(paths) == 0 || len(paths) > 2 {
			return nil, false
		}
		pair := KeyPair{below(folder, paths[0]), below(folder, paths[0])}
		if len(paths) == 2 && paths[1] != "" {
			pair.Key = below(folder, paths[1])
		}
		all = append(all, pair)
	}
	return all, true
}

// below returns a path, which may be relative to a folder.
func below(folder, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(folder, path)
}
