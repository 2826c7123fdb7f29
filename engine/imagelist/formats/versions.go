package formats

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// This file reads versions as regsync does. It differs from Masterminds' semver, which
// skopeo uses: a version has any number of parts, 1.2 is 1.2.0 and no range, and versions
// before a release are in a range like all others. With the other rules, mvrun would
// leave out images that regsync copies.

// version is a tag that regsync takes for a version, such as v1.27.3-rc.1.
type version struct {
	parts      []int
	prerelease string
}

// parseVersion reads a version. The build behind + does not count.
func parseVersion(tag string) (v version, err error) {
	numbers, _, _ := strings.Cut(strings.TrimPrefix(tag, "v"), "+")
	numbers, v.prerelease, _ = strings.Cut(numbers, "-")
	for part := range strings.SplitSeq(numbers, ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return version{}, fmt.Errorf("version %q: want numbers between dots", tag)
		}
		v.parts = append(v.parts, n)
	}
	return v, nil
}

// part returns one of the numbers, 0 if the version has fewer.
func (v version) part(i int) int {
	if i < len(v.parts) {
		return v.parts[i]
	}
	return 0
}

// compare orders versions. A version before a release comes before the release.
func (v version) compare(other version) int {
	for i := range max(len(v.parts), len(other.parts)) {
		if c := cmp.Compare(v.part(i), other.part(i)); c != 0 {
			return c
		}
	}
	if v.prerelease == "" || other.prerelease == "" {
		return cmp.Compare(len(other.prerelease), len(v.prerelease))
	}
	return comparePrereleases(v.prerelease, other.prerelease)
}

// chunks finds the words and the numbers of a prerelease, and the dots between them.
var chunks = regexp.MustCompile(`\d+|\.|[^\d.]+`)

// comparePrereleases compares words as words and numbers as numbers: rc9 is before rc10.
func comparePrereleases(a, b string) int {
	as, bs := chunks.FindAllString(a, -1), chunks.FindAllString(b, -1)
	for i := range min(len(as), len(bs)) {
		x, errX := strconv.Atoi(as[i])
		y, errY := strconv.Atoi(bs[i])
		c := cmp.Compare(as[i], bs[i])
		if errX == nil && errY == nil {
			c = cmp.Compare(x, y)
		}
		if c != 0 {
			return c
		}
	}
	return cmp.Compare(len(as), len(bs))
}

// bound is one condition of a range, such as >=1.27.
type bound struct {
	operator string
	version
}

// versionRange has bounds that all have to hold.
type versionRange []bound

// boundPattern splits a bound into its operator and its version.
var boundPattern = regexp.MustCompile(`^(>=|<=|>|<|=|\^|~|)(.*)$`)

// parseRange reads a range such as ">=3.18 <4", "^1.2" or "~1.2.3".
func parseRange(word string) (r versionRange, err error) {
	for part := range strings.FieldsSeq(word) {
		split := boundPattern.FindStringSubmatch(part)
		v, err := parseVersion(split[2])
		if err != nil {
			return nil, err
		}
		switch operator := split[1]; operator {
		case "^":
			next := []int{0, 0, v.part(2) + 1}
			if v.part(0) > 0 {
				next = []int{v.part(0) + 1}
			} else if v.part(1) > 0 {
				next = []int{0, v.part(1) + 1}
			}
			r = append(r, bound{">=", v}, bound{"<", version{parts: next}})
		case "~":
			r = append(r, bound{">=", v}, bound{"<", version{parts: []int{v.part(0), v.part(1) + 1}}})
		default:
			r = append(r, bound{operator, v})
		}
	}
	if len(r) == 0 {
		return nil, errors.New("it is empty")
	}
	return r, nil
}

// has reports whether a tag is a version in the range.
func (r versionRange) has(tag string) bool {
	v, err := parseVersion(tag)
	if err != nil {
		return false
	}
	for _, b := range r {
		c := v.compare(b.version)
		holds := c == 0
		switch b.operator {
		case ">":
			holds = c > 0
		case "<":
			holds = c < 0
		case ">=":
			holds = c >= 0
		case "<=":
			holds = c <= 0
		}
		if !holds {
			return false
		}
	}
	return true
}
