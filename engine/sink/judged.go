package sink

import (
	"cmp"
	"fmt"
	"strings"

	"mvrun/engine"
	"mvrun/validate"
)

// depthKind is a depth, whether it is that of a sample, and whether blobs were read once
// for several repositories.
type depthKind struct {
	depth           validate.Depth
	sampled, shared bool
}

// judged says in a few lines how deep the run looked, by which rules if there are
// several, and which failures other rules may judge better. Of an image that could
// not be checked it says nothing.
func (s Summary) judged(judged map[engine.Terms]map[validate.Reason]int) string {
	var text strings.Builder
	kinds := map[depthKind]int{}
	for terms, reasons := range judged {
		for _, n := range reasons {
			kinds[depthKind{terms.Depth, terms.Sampled, terms.SharedBlobs}] += n
		}
	}
	for _, depth := range validate.Depths() {
		for _, kind := range []depthKind{{"", false, false}, {"", false, true}, {"", true, false}, {"", true, true}} {
			kind.depth = validate.Depth(depth.Name)
			if n := kinds[kind]; n > 0 {
				fmt.Fprintf(&text, "Depth %s%s: %s%s%s\n", kind.depth, numberIfSeveral(n, len(kinds)), kind.depth.Shown(kind.sampled), readOnce(kind.shared), s.deeper(kind.depth))
			}
		}
	}
	if rules, _ := tallyTerms(judged); len(rules) > 1 {
		fmt.Fprintf(&text, "Rules: %s\n", strings.TrimPrefix(byCount(rules), "\t"))
	}
	if n := otherTools(judged); n > 0 {
		fmt.Fprintf(&text, "%s %s or %s: %s %s judges mirrors that another tool than Hangar made\n",
			countFailures(n), validate.DestinationType, validate.DestinationLength, cmp.Or(s.RulesHint, "rules"), validate.Content)
	}
	return text.String()
}

// readOnce says that blobs were read once for several repositories, if they were.
func readOnce(shared bool) string {
	if !shared {
		return ""
	}
	return "; what several repositories share was read once"
}

// numberIfSeveral returns " (3 images)" if there are several kinds of images.
func numberIfSeveral(n, kinds int) string {
	if kinds == 1 {
		return ""
	}
	return " (" + count(n, "image") + ")"
}

// deeper says how a user looks deeper.
func (s Summary) deeper(depth validate.Depth) string {
	deeper := depth.Deeper()
	if deeper == "" || s.DepthHint == "" || depth != s.Depth {
		return ""
	}
	return hinted(fmt.Sprintf("%s %s", s.DepthHint, deeper))
}

// tallyTerms returns how many images were judged by each rule set, and at each depth.
func tallyTerms(judged map[engine.Terms]map[validate.Reason]int) (rules map[validate.Rules]int, depths map[validate.Depth]int) {
	rules, depths = map[validate.Rules]int{}, map[validate.Depth]int{}
	for terms, reasons := range judged {
		for _, n := range reasons {
			rules[terms.Rules] += n
			depths[terms.Depth] += n
		}
	}
	return rules, depths
}

// otherTools returns how many images failed by Hangar's rules in a way that is usual
// where another tool made the mirror.
func otherTools(judged map[engine.Terms]map[validate.Reason]int) (n int) {
	for terms, reasons := range judged {
		if terms.Rules == validate.Hangar {
			n += reasons[validate.DestinationType] + reasons[validate.DestinationLength]
		}
	}
	return n
}

func countFailures(n int) string {
	if n == 1 {
		return "1 failure is"
	}
	return fmt.Sprintf("%d failures are", n)
}
