package validate

import (
	"fmt"
	"slices"
)

// warn notes a sentence for Verdict.Warnings.
func (c *comparison) warn(warning string) { c.warnings = append(c.warnings, warning) }

// warnOfMisread warns of a fact of which only the second read was right. The network, a
// proxy or a bad disk may be why.
func (c *comparison) warnOfMisread(need Need, fact Fact) {
	if fact.Misread == "" {
		return
	}
	what := "blob"
	switch need.Action {
	case HeadManifest, ReadManifest:
		what = "manifest"
	case ReadConfig:
		what = "config"
	}
	c.warn(fmt.Sprintf("%s %s %s was read twice: the bytes of the first read had the digest %s, those of the second read were right",
		need.Side, what, fact.Digest, fact.Misread))
}

// boundWarnings returns the first few warnings, each once. They are sorted, so that
// they do not depend on the order in which facts came.
func boundWarnings(warnings []string) []string {
	const most = 10
	slices.Sort(warnings)
	warnings = slices.Compact(warnings)
	if len(warnings) > most {
		more := fmt.Sprintf("and %d more warnings", len(warnings)-most)
		warnings = append(slices.Clone(warnings[:most]), more)
	}
	return warnings
}
