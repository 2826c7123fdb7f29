package starlib

import (
	"cmp"
	"encoding/base64"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"mvrun/engine/imagelist"
)

// secrets are the values that the builtin env returned, but for calls with secret = False.
// Any of them may be a password, so messages show the name of the variable instead.
type secrets struct {
	redact func(string) string // hides the secrets of registries' users; may be nil
	mu     sync.Mutex
	values []variable
}

type variable struct{ name, value string }

// minSecret is the length of the shortest value that is hidden. A shorter value,
// such as "1" or "yes", is no secret, and many messages have such a word by chance.
const minSecret = 4

// minLine is the length of the shortest line that is hidden, of a value with several
// lines.
const minLine = 8

func (s *secrets) add(name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, form := range formsOf(value) {
		v := variable{name, form}
		if len(form) >= minSecret && !slices.Contains(s.values, v) {
			s.values = append(s.values, v)
		}
	}
	// Longer values are replaced first: a shorter one may be a part of them.
	slices.SortStableFunc(s.values, func(a, b variable) int { return cmp.Compare(len(b.value), len(a.value)) })
}

// formsOf returns a value as a script may change it: without white space around it, its
// lines, and as it stands in a URL or in an Authorization header.
func formsOf(value string) []string {
	trimmed := strings.TrimSpace(value)
	forms := []string{value, trimmed, url.QueryEscape(trimmed), url.PathEscape(trimmed), base64.StdEncoding.EncodeToString([]byte(trimmed))}
	for line := range strings.Lines(trimmed) {
		if line = strings.TrimSpace(line); len(line) >= minLine {
			forms = append(forms, line)
		}
	}
	return forms
}

// hide returns a text in which env("NAME") replaces each value. It also finds
// values that are quoted and escaped as in Go.
func (s *secrets) hide(text string) string {
	text = s.hideVariables(text)
	if s.redact != nil {
		text = s.redact(text) // an image's label, for example, may have any word
	}
	return text
}

func (s *secrets) hideVariables(text string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var pairs []string
	for _, v := range s.values {
		shown := "env(" + strconv.Quote(v.name) + ")"
		quoted := strconv.Quote(v.value)
		if imagelist.CheckPlace(v.value) == nil && strings.ContainsAny(v.value, ".:") {
			// The registry of an image is not hidden, because the reader needs it.
			pairs = append(pairs, v.value+"/", v.value+"/")
		}
		pairs = append(pairs, quoted, shown, v.value, shown, quoted[1:len(quoted)-1], shown)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
