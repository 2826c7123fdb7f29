package imagelist

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// This file finds the words of a line. A line may have a comment, and characters that
// a person does not see. No such character may hide an image: a line that has one is
// an error, which names the character.

// readLine makes an image of a line, which may have a comment at its end. Its error
// says what is wrong with the line, and how to correct it.
func readLine(line string, o Options) (Image, error) {
	words, err := content(line)
	if err != nil {
		return Image{}, err
	}
	if err := refuseCommand(words); err != nil {
		return Image{}, err
	}
	image, err := ParseLine(words, o)
	if err != nil {
		return Image{}, explain(words, err)
	}
	if image.Source == "" && len(strings.Fields(words)) == 2 { // "image: nginx:1" names no source, and "- nginx 1" leaves it out
		if err := explain(words, nil); err != nil {
			return Image{}, err
		}
	}
	return image, nil
}

// isNoLine reports whether a line is blank or a comment. A comment that may hide an
// image is a line.
func isNoLine(text string) bool {
	text = strings.TrimSpace(text)
	if !isComment(text) {
		return text == ""
	}
	_, hides := hiddenText(text)
	return !hides
}

// isComment reports whether a text, which does not begin with white space, begins a
// comment line.
func isComment(text string) bool {
	return strings.HasPrefix(text, "#") || strings.HasPrefix(text, "//")
}

// content returns a line without its comment, and without the white space around it.
func content(line string) (string, error) {
	text, comment := cutComment(strings.TrimSpace(line))
	if separator, hides := hiddenText(comment); hides {
		return "", fmt.Errorf("the comment holds %s, and text follows, which some editors show as a line of its own: "+
			"end the comment with a line feed, or remove the character", nameOf(separator))
	}
	at := strings.IndexFunc(text, isUnseen)
	if at < 0 {
		return text, nil
	}
	unseen, size := utf8.DecodeRuneInString(text[at:])
	column := utf8.RuneCountInString(line[:strings.Index(line, text)+at]) + 1
	switch {
	case unseen == utf8.RuneError && size == 1:
		return "", fmt.Errorf("character %d of the line is the byte 0x%02x, which is not UTF-8: save the list as UTF-8", column, text[at])
	case isSeparator(unseen):
		return "", fmt.Errorf("character %d of the line is %s, where some editors show a new line: write a line feed instead, or remove it", column, nameOf(unseen))
	}
	return "", fmt.Errorf("character %d of the line is %s, which is not seen on a screen: remove it", column, nameOf(unseen))
}

// cutComment splits a line into its words and its comment. A # begins a comment at
// the beginning of the line and after white space, and // only at the beginning.
func cutComment(text string) (words, comment string) {
	if isComment(text) {
		return "", text
	}
	for at := 0; ; at++ {
		next := strings.IndexByte(text[at:], '#')
		if next < 0 {
			return text, ""
		}
		at += next
		if before, _ := utf8.DecodeLastRuneInString(text[:at]); unicode.IsSpace(before) {
			return strings.TrimSpace(text[:at]), text[at:]
		}
	}
}

// hiddenText reports whether a comment has text behind a character at which some
// editors show a new line. That text looks like a line of the list. hiddenText also
// returns the character. Another comment may follow: it hides nothing.
func hiddenText(comment string) (separator rune, hides bool) {
	for {
		at := strings.IndexFunc(comment, isSeparator)
		if at < 0 {
			return 0, false
		}
		separator, _ = utf8.DecodeRuneInString(comment[at:])
		comment = strings.TrimLeftFunc(comment[at:], func(r rune) bool { return unicode.IsSpace(r) || isSeparator(r) })
		if comment != "" && !isComment(comment) {
			return separator, true
		}
	}
}

// isSeparator reports whether some program begins a new line at a character. Lines of
// a list end with LF and CR alone. NUL is what "find -print0" writes between names.
func isSeparator(r rune) bool {
	switch r {
	case 0, '\v', '\f', 0x1c, 0x1d, 0x1e, 0x85, 0x2028, 0x2029:
		return true
	}
	return false
}

// isUnseen reports whether a character of a line's words cannot be seen, so that
// nobody would understand a message that does not name it. Tabs, and spaces of every
// width, stand between words.
func isUnseen(r rune) bool {
	if r <= 0x7f {
		return r < ' ' && r != '\t' || r == 0x7f
	}
	return r == utf8.RuneError || !unicode.IsPrint(r) && !unicode.Is(unicode.Zs, r)
}

// characterNames are names of characters that are found in lists, although nobody
// has typed them.
var characterNames = map[rune]string{
	0: "NUL", '\b': "backspace", '\v': "vertical tab", '\f': "form feed", 0x1a: "Ctrl-Z, the end of a DOS file", 0x1b: "escape",
	0x1c: "file separator", 0x1d: "group separator", 0x1e: "record separator", 0x7f: "delete", 0x85: "next line",
	0xad: "soft hyphen", 0x200b: "zero-width space", 0x200c: "zero-width non-joiner", 0x200d: "zero-width joiner",
	0x200e: "left-to-right mark", 0x200f: "right-to-left mark", 0x2028: "line separator", 0x2029: "paragraph separator",
	0x202d: "left-to-right override", 0x202e: "right-to-left override", 0x2060: "word joiner", 0xfeff: "byte-order mark",
	utf8.RuneError: "replacement character",
}

// nameOf returns the code and the name of a character, such as "U+200B (zero-width
// space)".
func nameOf(r rune) string {
	if name, ok := characterNames[r]; ok {
		return fmt.Sprintf("U+%04X (%s)", r, name)
	}
	if unicode.IsControl(r) {
		return fmt.Sprintf("U+%04X (control character)", r)
	}
	return fmt.Sprintf("U+%04X", r)
}
