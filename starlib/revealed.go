package starlib

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"mvrun/engine/imagelist"
)

// What the environment told the script.

// revealed are the values that env returned. One may be a password, so where
// mvrun says what went wrong it names the variable instead.
type revealed struct {
	mu     sync.Mutex
	values []variable
}

type variable struct{ name, value string }

// minSecret is the shortest value that is hidden: "1" or "yes" stand in
// messages for other reasons, and keep no secret.
const minSecret = 4

func (r *revealed) add(name, value string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := variable{name, value}
	if len(value) < minSecret || slices.Contains(r.values, v) {
		return
	}
	r.values = append(r.values, v)
	// A value that is a part of another must not tear it.
	slices.SortStableFunc(r.values, func(a, b variable) int { return cmp.Compare(len(b.value), len(a.value)) })
}

// hide writes env("NAME") for the values in a text, also for those between
// quotes.
func (r *revealed) hide(text string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var pairs []string
	for _, v := range r.values {
		shown := "env(" + strconv.Quote(v.name) + ")"
		quoted := strconv.Quote(v.value)
		if imagelist.CheckRegistry(v.value) == nil && strings.ContainsAny(v.value, ".:") {
			pairs = append(pairs, v.value+"/", v.value+"/") // the registry of an image, which has to be known
		}
		pairs = append(pairs, quoted, shown, v.value, shown, quoted[1:len(quoted)-1], shown)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
