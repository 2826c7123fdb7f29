package webpage

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"mvrun/engine/imagelist"
)

// How many bytes of a foreign text the page shows. A registry decides how long its
// messages are, and a page with a message of megabytes is no use.
const (
	maxText  = 4000     // of a text of one image
	maxPlain = 400      // of a message in the plain table, which has up to maxFailures rows
	maxTexts = 32 << 20 // of all texts together; later texts are cut to maxPlain
)

// shown returns a foreign text as the page shows it: of at most so many bytes, and
// without characters that a reader cannot see. A text that was cut says so.
func shown(text string, most int) string {
	if len(text) <= most {
		return visible(text)
	}
	end := most
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return visible(text[:end]) + "… (" + number(len(text)-end) + " more bytes were cut)"
}

// lineOf returns the line of a list that stands for an image. People write passwords into
// lists, and send reports to others.
func lineOf(image *imagelist.Image) string {
	line := cmp.Or(image.Line, image.WrittenLine())
	if strings.Contains(line, "@") {
		return imagelist.HideLogin(line)
	}
	return line
}

// hiddenIn returns in how many lines of a list the page hides a password. Nobody can
// mirror such an image by the line that the page has.
func hiddenIn(lines []string) int {
	n := 0
	for _, line := range lines {
		if strings.Contains(line, "@") && imagelist.HideLogin(line) != line {
			n++
		}
	}
	return n
}

// visible returns a text with escapes, such as \u202e, in place of characters that
// nobody sees: those that command a terminal, or change the direction of a text.
func visible(text string) string {
	if isPlain(text) || strings.IndexFunc(text, isInvisible) < 0 {
		return text
	}
	var all strings.Builder
	for _, r := range text {
		switch {
		case !isInvisible(r):
			all.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&all, `\U%08x`, r)
		default:
			fmt.Fprintf(&all, `\u%04x`, r)
		}
	}
	return all.String()
}

// isPlain reports whether a text has only printable characters of ASCII, as nearly all
// texts do.
func isPlain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// isInvisible reports whether a character is shown as an escape. Lines may end.
func isInvisible(r rune) bool {
	return r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp))
}

// number writes a number with commas, such as 100,000.
func number(n int) string {
	digits := strconv.Itoa(n)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// countOf writes how many there are of something, such as "1 image" or "2,000 images".
func countOf(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return number(n) + " " + what + "s"
}
