package starlib

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"mvrun/engine/imagelist"
)

// secrets are the values that the builtin env returned. Any of them may be a
// password, so messages show the name of the variable instead.
type secrets struct {
	mu     sync.Mutex
	values []variable
}

type variable struct{ name, value string }

// minSecret is the length of the shortest value that is hidden. A shorter value,
// such as "1" or "yes", is no secret, and many messages have such a word by chance.
const minSecret = 4

func (s *secrets) add(name, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := variable{name, value}
	if len(value) < minSecret || slices.Contains(s.values, v) {
		return
	}
	s.values = append(s.values, v)
	// Longer values are replaced first: a shorter one may be a part of them.
	slices.SortStableFunc(s.values, func(a, b variable) int { return cmp.Compare(len(b.value), len(a.value)) })
}

// hide returns a text in which env("NAME") replaces each value. It also finds
// values that are quoted and escaped as in Go.
func (s *secrets) hide(text string) string {
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
