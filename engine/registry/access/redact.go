package access

import (
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// redacted stands in place of a secret.
	redacted = "REDACTED"
	// minInside is the length of the shortest secret that is searched for inside words.
	// A shorter one is hidden only where it is a word of its own: the password "auth"
	// must not make the message unreadable.
	minInside = 6
	// minPart is how many bytes of a secret's beginning show the secret, where a
	// message was cut short.
	minPart = 8
)

// hide replaces secrets in words that came from outside. It also finds them as they are
// escaped in URLs, in JSON and in Go's quotes, and their beginnings where somebody has
// cut the words.
func hide(words string, secrets []string) string {
	forms := map[string]bool{}
	for _, secret := range secrets {
		for _, form := range formsOf(secret) {
			forms[form] = true
		}
	}
	longestFirst := slices.SortedFunc(keys(forms), func(a, b string) int { return len(b) - len(a) })
	for _, form := range longestFirst {
		if len(form) >= minInside {
			words = strings.ReplaceAll(words, form, redacted)
		} else {
			words = hideWord(words, form)
		}
	}
	for _, form := range longestFirst {
		words = hideBeginning(words, form)
	}
	return words
}

func keys(set map[string]bool) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for key := range set {
			if key != "" && !yield(key) {
				return
			}
		}
	}
}

// formsOf returns a secret as it may stand in a message.
func formsOf(secret string) []string {
	quoted := strconv.Quote(secret)
	forms := []string{secret, url.QueryEscape(secret), url.PathEscape(secret), quoted[1 : len(quoted)-1]}
	if inJSON, err := json.Marshal(secret); err == nil {
		forms = append(forms, string(inJSON[1:len(inJSON)-1]))
	}
	return forms
}

// hideWord replaces a secret where it is a word of its own.
func hideWord(words, secret string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(words, secret)
		b.WriteString(before)
		if !found {
			return b.String()
		}
		last, _ := utf8.DecodeLastRuneInString(before)
		next, _ := utf8.DecodeRuneInString(after)
		if isWord(last) || isWord(next) {
			b.WriteString(secret)
		} else {
			b.WriteString(redacted)
		}
		words = after
	}
}

func isWord(r rune) bool { return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r)) }

// hideBeginning replaces the beginning of a secret, as far as the words have it.
func hideBeginning(words, secret string) string {
	if len(secret) <= minPart {
		return words
	}
	for from := 0; ; {
		at := strings.Index(words[from:], secret[:minPart])
		if at < 0 {
			return words
		}
		at += from
		end := at + minPart
		for end < len(words) && end-at < len(secret) && words[end] == secret[end-at] {
			end++
		}
		words = words[:at] + redacted + words[end:]
		from = at + len(redacted)
	}
}
