package docs

import (
	"fmt"
	"strings"
	"unicode"
)

// The reference writes types in two forms: as Python does, for stubs, and in words,
// for readers who do not know Python. https://docs.python.org/3/library/typing.html

// typeNames has the words for types that have no page in the reference.
var typeNames = map[string]string{
	"str": "string", "int": "int", "float": "number", "bool": "bool", "None": "None",
	"Any": "any value", "T": "any value", "R": "any value",
	"list": "list", "dict": "dict", "tuple": "tuple", "Iterable": "list", "Iterator": "items", "Callable": "function",
}

// inWords returns a type in words: "list of strings or string".
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

// plural returns the plural of a type in words.
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

// ClassName returns the class of a value in Python: "ImageList" for image_list.
func ClassName(value string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(value, "_") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

// valueName returns the value of a class: "image_list" for ImageList.
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

// CheckType returns an error if t is not a type. A type is one of typeNames or the
// class of a value, and may have arguments in brackets, as in Python.
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
		if err := checkArguments(strings.TrimSuffix(arguments, "]")); err != nil {
			return err
		}
	}
	return nil
}

// checkArguments checks the types in the brackets of a type, such as
// "[Image, int], str" in "Callable[[Image, int], str]".
func checkArguments(arguments string) error {
	for _, argument := range split(arguments, ',') {
		if parameters, ok := strings.CutPrefix(argument, "["); ok {
			argument = strings.TrimSuffix(parameters, "]")
		}
		if argument == "..." || argument == "" { // "..." means any parameters, and "" means none
			continue
		}
		for _, inner := range split(argument, ',') {
			if err := CheckType(inner); err != nil {
				return err
			}
		}
	}
	return nil
}

// isValue reports whether the reference has a page for the value of a class.
func isValue(class string) bool {
	f, err := reference.Open("reference/values/" + valueName(class) + ".star")
	if err != nil || class == "" || !unicode.IsUpper(rune(class[0])) {
		return false
	}
	f.Close()
	return true
}

// split splits a type at each separator that is not inside brackets.
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
