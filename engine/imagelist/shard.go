package imagelist

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"
)

// Shard says which part of each list a run validates: the part Index of Count. Index
// counts from 1. The zero value stands for the whole list.
type Shard struct{ Index, Count int }

// MaxParts is how many parts a list may have.
const MaxParts = 10_000

// IsWhole reports whether the part is the whole list.
func (s Shard) IsWhole() bool { return s.Count == 0 }

// String returns the part for people: "3 of 8".
func (s Shard) String() string { return fmt.Sprintf("%d of %d", s.Index, s.Count) }

// holds reports whether the lines with a key are of the part. The part depends on
// nothing but the key and the count: a line stays in its part when the list grows.
func (s Shard) holds(key string) bool {
	sum := sha256.Sum256([]byte(key))
	return int(binary.BigEndian.Uint64(sum[:8])%uint64(s.Count))+1 == s.Index
}

// shardKey returns the text by which a line gets into its part: the destination
// repository, so that one part has all tags of it, or the text of a line that is no
// image. All images of an entry have the key of the entry.
func (l *List) shardKey(line Line, o Options) string {
	if !l.isOfEntries() {
		if image, err := readLine(line.Text, o); err == nil {
			return image.Destination
		}
		return line.Text
	}
	l.mu.Lock()
	text, below := l.bare[line.Number-1], l.entries.BelowDestination
	l.mu.Unlock()
	words := strings.Fields(text)
	for i := range words {
		words[i] = repositoryOf(words[i]) + ":" + defaultTag
	}
	if image, err := readEntry(strings.Join(words, " "), below, o); err == nil {
		return image.Destination
	}
	return text
}

// repositoryOf returns a word of an entry without its tag and digest. The tags of an
// entry, of which one may be wrong, must not decide about its part.
func repositoryOf(word string) string {
	word, _, _ = strings.Cut(word, "@")
	if colon := strings.LastIndexByte(word, ':'); colon > strings.LastIndexByte(word, '/') {
		return word[:colon]
	}
	return word
}
