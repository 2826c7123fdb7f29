package validate

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Sample is a share of all blobs. A blob is in the sample if its digest, read as
// a number from 0 to 1, is at least From and below To. So the same list gives
// the same sample. The zero Sample is everything.
type Sample struct{ From, To float64 }

// ParseSample reads a sample: a share such as "5%", or a part such as "2/7", the
// second of seven parts that together are everything.
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

// String writes a sample so that ParseSample reads it.
func (s Sample) String() string {
	switch {
	case s.IsEverything():
		return "100%"
	case s.From == 0:
		return strconv.FormatFloat(s.To*100, 'g', 12, 64) + "%"
	}
	parts := math.Round(1 / (s.To - s.From))
	return fmt.Sprintf("%.0f/%.0f", math.Round(s.From*parts)+1, parts)
}

// IsEverything reports whether every blob is in the sample.
func (s Sample) IsEverything() bool { return s == Sample{} || s.From <= 0 && s.To >= 1 }

// picks reports whether the blob of a digest is in the sample.
func (s Sample) picks(digest string) bool {
	if s.IsEverything() {
		return true
	}
	_, hex, _ := strings.Cut(digest, ":")
	const digits = 13 // as many as a float64 holds without rounding
	n, err := strconv.ParseUint(hex[:min(digits, len(hex))], 16, 64)
	if err != nil {
		return true
	}
	at := float64(n) / math.Pow(16, digits)
	return at >= s.From && at < s.To
}
