package docs

import (
	"fmt"
	"strings"
	"unicode"
)

// Types, as Python writes them, and in words for whoever does not know Python.
// https://docs.python.org/3/library/typing.html

// typeNames are the types that are not values of the reference, in words.
var typeNames = map[string]string{
	"str": "string", "int": "int", "float": "number", "bool": "bool", "None": "None",
	"Any": "any value", "T": "any value", "R": "any value",
	"list": "list", "dict": "dict", "tuple": "tuple", "Iterable": "list", "Iterator": "items", "Callable": "function",
}

// inWords writes a type as people say it: "list of strings or string".
func inWords(t string) string {
	var words []string
	for _, part := range split(t, '|') {
		name, arguments, _ := strings.Cut(part, "[")
		word, ok := typeNames[name]
		if !ok {
			word = valueName(name)
		}
		of := strings.TrimSuffix(arguments, "]")
		if word == "list" && typeNames[of] != "any value" && of != "" {
			word += " of " + plural(inWords(of))
		}
		words = append(words, word)
	}
	return strings.Join(words, " or ")
}

func plural(words string) string {
	first, more, ok := strings.Cut(words, " or ")
	if first != "None" {
		first += "s"
	}
	if ok {
		return first + " or " + plural(more)
	}
	return first
}

// className is the type of a value in Python: "ImageList" for image_list.
func className(value string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(value, "_") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

// valueName is the reverse of className.
func valueName(class string) string {
	var b strings.Builder
	for i, r := range class {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// CheckType says what is wrong with a type, which may be one of Python's or the
// class of a value, or nil.
func CheckType(t string) error {
	for _, part := range split(t, '|') {
		name, arguments, generic := strings.Cut(part, "[")
		if _, ok := typeNames[name]; !ok && !isValue(name) {
			return fmt.Errorf("there is no type %q", name)
		}
		if !generic {
			continue
		}
		if !strings.HasSuffix(arguments, "]") {
			return fmt.Errorf("type %q is not closed", part)
		}
		for _, argument := range split(strings.TrimSuffix(arguments, "]"), ',') {
			if list, ok := strings.CutPrefix(argument, "["); ok { // the parameters of a Callable
				argument = strings.TrimSuffix(list, "]")
			}
			if argument == "..." || argument == "" { // any parameters, or none
				continue
			}
			for _, inner := range split(argument, ',') {
				if err := CheckType(inner); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// isValue says whether the reference has a page for a class.
func isValue(class string) bool {
	f, err := reference.Open("reference/values/" + valueName(class) + ".star")
	if err != nil || class == "" || !unicode.IsUpper(rune(class[0])) {
		return false
	}
	f.Close()
	return true
}

// split cuts a type at a separator, but not within brackets.
func split(t string, separator rune) []string {
	var parts []string
	depth, start := 0, 0
	for i, r := range t {
		switch r {
		case '[':
			depth++
		case ']':
			depth--
		case separator:
			if depth == 0 {
				parts = append(parts, strings.TrimSpace(t[start:i]))
				start = i + 1
			}
		}
	}
	return append(parts, strings.TrimSpace(t[start:]))
}
