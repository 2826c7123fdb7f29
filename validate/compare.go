package validate

import "fmt"

// Compare answers the question from what is known. If that is not enough,
// Compare returns what has to be read next; all of it can be read at once, and
// the verdict is then empty. A question that Check refuses is an error.
func Compare(q Question, known Known) (Verdict, []Need) {
	rules, err := findRules(q.Rules)
	if err != nil {
		return Verdict{Status: Error, Reason: Script, Message: err.Error()}, nil
	}
	depth, err := findDepth(q.Depth)
	if err != nil {
		return Verdict{Status: Error, Reason: Script, Message: err.Error()}, nil
	}
	if err := q.checkReferrers(); err != nil {
		return Verdict{Status: Error, Reason: Script, Message: err.Error()}, nil
	}
	if q.Source == "" && !rules.alone {
		return q.sourceless(), nil
	}
	c := &comparison{Question: q, check: depth.check, asNode: depth.asNode, known: known}
	verdict := c.verdict(rules)
	if c.isWaiting() {
		return Verdict{}, c.needs
	}
	if c.refused != nil && verdict.Status == Pass {
		verdict.Status, verdict.Reason, verdict.Message, verdict.Match = Error, c.refused.reason, c.refused.message, ""
	}
	c.addObjects(&verdict)
	verdict.Warnings = boundWarnings(c.warnings)
	verdict.shorten()
	return verdict, nil
}

// comparison is one run of Compare.
//
// Its methods get facts from the method fact. If a fact is missing, that method
// notes the need for it. Then every method up the stack does not know its answer
// either, and says so: it returns known == false, or the problem unknown.
//
// A method that gets such an answer draws no conclusion. It may return at once,
// or go on to note further needs, so that more is read in the same round. If it
// draws a conclusion all the same, no harm is done: Compare drops the verdict
// once there are needs.
type comparison struct {
	Question
	check    func(*comparison, image, Match) problems // of the question's depth
	asNode   bool                                     // whether the question's depth resolves the tag as a node does
	known    Known
	needs    []Need
	asked    map[Need]bool // the same as needs
	source   *Manifest     // the source's manifest under the tag; nil if tops did not find one
	found    []foundObject // objects of the destination that something is wrong with
	warnings []string
	refused  *problem // why something at the destination was not checked; nil if everything was
}

// isWaiting reports whether facts are missing. A later step of the comparison
// does not begin then: it might ask for what nobody needs in the end.
func (c *comparison) isWaiting() bool { return len(c.needs) > 0 }

// verdict returns the verdict of a rule set. If that is a pass, the checks follow
// that are the same for all rule sets.
func (c *comparison) verdict(rules ruleSet) Verdict {
	verdict := rules.judge(c)
	if c.isWaiting() || verdict.Status != Pass {
		return verdict
	}
	if top, _ := c.destinationTop(); top.ServedAs != "" {
		return Verdict{Status: Fail, Reason: DestinationType, Message: top.servedAs(), Platforms: verdict.Platforms}
	}
	if verdict = c.withPinned(verdict); c.isWaiting() || verdict.Status != Pass {
		return verdict
	}
	if c.Referrers {
		return c.withReferrers(verdict)
	}
	return verdict
}

// servedAs is the message about a manifest that the registry serves under another
// media type than its own. Docker, Podman and containerd refuse such a manifest,
// as clients should.
// https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
func (m *Manifest) servedAs() string {
	return fmt.Sprintf("destination manifest MIME type unknown: %s (so the registry says; the manifest's own is %s)", m.ServedAs, m.MediaType)
}

// maxSelected is how many entries of a list are compared. Each entry may have to
// be compared with each, and nobody makes lists that long.
const maxSelected = 1000

func tooMany(side Side, n int) Verdict {
	return Verdict{Status: Error, Reason: BadManifest,
		Message: fmt.Sprintf("%s manifest: %d of its entries would have to be compared, and mvrun compares no more than %d", side, n, maxSelected)}
}

func sourceMissing() Verdict {
	return Verdict{Status: Error, Reason: SourceMissing, Message: "source manifest does not exist: check the name and the tag in the list"}
}

// judged is the verdict on one platform together with the destination's image
// that stands for it.
type judged struct {
	PlatformVerdict
	mirror image // without a digest if the destination has none
}

// results returns the platforms as a verdict has them.
func results(platforms []judged) []PlatformVerdict {
	all := make([]PlatformVerdict, len(platforms))
	for i, p := range platforms {
		all[i] = p.PlatformVerdict
	}
	return all
}

// overall returns the match of an image whose platforms all match: Identical if
// even the digests under the tag are the same, else the weakest of the platforms'.
func overall(source, destination *Manifest, platforms []judged) Match {
	if source.hasBytesOf(destination) {
		return Identical
	}
	weakest := SamePlatforms
	for _, p := range platforms {
		switch p.Match {
		case Recompressed:
			return Recompressed
		case Converted:
			weakest = Converted
		}
	}
	return weakest
}
