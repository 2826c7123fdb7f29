package diagnose

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

var (
	// literalPattern finds a string that a script writes out. A string in three quotes may go
	// on behind the end of the line.
	literalPattern = regexp.MustCompile(`(?i)([rb]{0,2})("""|'''|"|')`)
	// secretPattern finds the name of a password before its value: password = "…", or
	// {"token": "…"}.
	secretPattern = regexp.MustCompile(`(?i)(password|passwd|token|secret)["']?\s*[=:]\s*$`)
	// argumentsPattern finds the arguments before a place in a call that often has a password
	// as an argument without a name, or as a default.
	argumentsPattern = regexp.MustCompile(`\b(?:registry|env)\(([^()]*)$`)
	keywordPattern   = regexp.MustCompile(`(\w+)\s*=\s*$`)
)

// withoutPasswords replaces the passwords in a line of a script by as many stars, so that
// a caret below the line stands at the right place.
func withoutPasswords(line string) string {
	var b strings.Builder
	for {
		at := literalPattern.FindStringSubmatchIndex(line)
		if at == nil {
			return b.String() + line
		}
		begin, quote := at[1], line[at[4]:at[5]]
		length := lengthOf(line[begin:], quote)
		b.WriteString(line[:begin])
		value := line[begin : begin+length]
		if isPassword(strings.TrimSuffix(b.String(), line[at[0]:begin])) {
			value = strings.Repeat("*", utf8.RuneCountInString(value))
		}
		b.WriteString(value)
		end := min(begin+length+len(quote), len(line))
		b.WriteString(line[begin+length : end])
		line = line[end:]
	}
}

// lengthOf returns how many bytes of a text stand before the quote that ends a string.
func lengthOf(text, quote string) int {
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\':
			i++
		case strings.HasPrefix(text[i:], quote):
			return i
		}
	}
	return len(text)
}

// isPassword reports whether a string is probably a password. before is the part of the
// line before the string.
func isPassword(before string) bool {
	if secretPattern.MatchString(before) {
		return true
	}
	arguments := argumentsPattern.FindStringSubmatch(before)
	if arguments == nil || !strings.Contains(arguments[1], ",") {
		return false
	}
	keyword := keywordPattern.FindStringSubmatch(before)
	return keyword == nil || keyword[1] == "default"
}
