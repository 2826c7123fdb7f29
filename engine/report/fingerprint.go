package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"mvrun/engine"
)

// fingerprints identify what is wrong from one run to the next, also when lines are added
// above. It counts how often each one was given out in this report.
type fingerprints map[[16]byte]int

// ofLine returns a fingerprint of the text of an image's line, as GitHub wants it: a
// hash, and which of the equal lines it is.
func (f fingerprints) ofLine(r *engine.Result) string {
	hash := hashOf(cmp.Or(r.Image.Line, r.Image.WrittenLine()))
	f[hash]++
	return fmt.Sprintf("%s:%d", hex.EncodeToString(hash[:]), f[hash])
}

// ofIssue returns a fingerprint of an image and its reason, as GitLab wants it. No two in
// a report are equal.
func (f fingerprints) ofIssue(parts ...string) string {
	hash := hashOf(parts...)
	f[hash]++
	if n := f[hash]; n > 1 {
		hash = hashOf(append(parts, fmt.Sprint(n))...)
	}
	return hex.EncodeToString(hash[:])
}

// hashOf returns a hash of texts.
func hashOf(texts ...string) (hash [16]byte) {
	whole := sha256.New()
	for _, text := range texts {
		fmt.Fprintf(whole, "%d:%s", len(text), text)
	}
	copy(hash[:], whole.Sum(nil))
	return hash
}
