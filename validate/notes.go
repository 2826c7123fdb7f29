package validate

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A registry decides how long the names in its manifests are, and how many there are.
// These bounds keep a message readable, whatever a registry sends.
const (
	maxMessage = 8192 // bytes of a verdict's message
	maxNote    = 1024 // bytes of the message about one platform
	maxNotes   = 10   // differences that a message names
	maxName    = 100  // bytes of the name of a variable or a label
	maxNames   = 20   // names that a message has one after the other
	maxListed  = 100  // entries of a list that the log shows
)

// shorten returns a text of at most so many bytes, and a sign if something was cut.
func shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "…"
}

// ShortenMessage cuts a message to the length that the message of a verdict may have.
func ShortenMessage(s string) string { return shorten(s, maxMessage) }

// notes collects what differs, for the message of a verdict. A difference that
// several platforms share is told once.
type notes struct {
	texts     []string
	platforms map[string][]string // the platforms that a text is about
}

func (n *notes) add(platform, text string) {
	if n.platforms == nil {
		n.platforms = map[string][]string{}
	}
	if _, ok := n.platforms[text]; !ok {
		n.texts = append(n.texts, text)
	}
	n.platforms[text] = append(n.platforms[text], platform)
}

// String returns the first differences, and how many more there are.
func (n *notes) String() string {
	var all []string
	for i, text := range n.texts {
		if i == maxNotes {
			all = append(all, fmt.Sprintf("and %d more differences", len(n.texts)-i))
			break
		}
		all = append(all, firstNames(unique(n.platforms[text]))+": "+shorten(text, maxNote))
	}
	return strings.Join(all, "; ")
}

// unique returns names without those that stand there twice, in their order.
func unique(names []string) []string {
	seen := map[string]bool{}
	var all []string
	for _, name := range names {
		if !seen[name] {
			seen[name] = true
			all = append(all, name)
		}
	}
	return all
}

// firstNames writes the first names of many, and how many more there are.
func firstNames(names []string) string {
	if len(names) > maxNames {
		return fmt.Sprintf("%s and %d others", strings.Join(names[:maxNames], ", "), len(names)-maxNames)
	}
	return strings.Join(names, ", ")
}

// shorten cuts everything in the verdict whose length a registry decides.
func (v *Verdict) shorten() {
	v.Message = ShortenMessage(v.Message)
	for i := range v.Platforms {
		v.Platforms[i].Message = shorten(v.Platforms[i].Message, maxNote)
	}
}
