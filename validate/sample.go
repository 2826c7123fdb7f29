package validate

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Samples: which blobs to read, if not all.

// Sample is a share of all blobs, the same one for the same digests: those
// whose digest begins, read as a number below 1, from From up to To. The zero
// Sample is everything.
type Sample struct{ From, To float64 }

// ParseSample reads a sample: "5%", or "2/7" for the second of seven parts, so
// that seven runs cover all.
func ParseSample(s string) (Sample, error) {
	wrong := fmt.Errorf("%q is no sample: want a share such as 5%%, or a part such as 2/7", s)
	if percent, ok := strings.CutSuffix(s, "%"); ok {
		share, err := strconv.ParseFloat(strings.TrimSpace(percent), 64)
		if err != nil || !(share > 0 && share <= 100) {
			return Sample{}, wrong
		}
		return Sample{0, share / 100}, nil
	}
	number, of, ok := strings.Cut(s, "/")
	part, err := strconv.Atoi(number)
	parts, errOf := strconv.Atoi(of)
	if !ok || err != nil || errOf != nil || part < 1 || part > parts {
		return Sample{}, wrong
	}
	return Sample{float64(part-1) / float64(parts), float64(part) / float64(parts)}, nil
}

// picks says whether the sample has the blob of a digest.
func (s Sample) picks(digest string) bool {
	if s == (Sample{}) {
		return true
	}
	_, hex, _ := strings.Cut(digest, ":")
	const digits = 13 // what a float64 holds without rounding
	n, err := strconv.ParseUint(hex[:min(digits, len(hex))], 16, 64)
	if err != nil {
		return true
	}
	at := float64(n) / math.Pow(16, digits)
	return at >= s.From && at < s.To
}
