package webpage

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"mvrun/engine"
	"mvrun/engine/results"
	"mvrun/validate"
)

// survey counts the images of an outcome in the ways in which the page shows them.
type survey struct {
	destinations map[string]*tally // by registry
	sources      map[string]*tally
	platforms    map[string]map[string]int // group of the platform, state: images
	known        int                       // images of which it is known what platforms they have
	judged       map[string]int            // what was asked: images
	waived       map[string]int            // reason of the script: images
	rejected     map[string]int
	failures     []failure // the first images that did not pass
	waivedImages []failure // the first images that the script accepts
}

// tally counts the images of a registry.
type tally struct {
	images  int
	classes map[string]int // pass, fail, error, skip, waived
	reasons map[validate.Reason]int
}

// failure is a row of the plain table.
type failure struct {
	Number              int
	Class, Status       string
	Reason              string
	Destination, Source string
	Message             string
}

// maxFailures is how many images the page names without a script.
const maxFailures = 1000

// surveyOf counts the images of an outcome.
func surveyOf(outcome *results.Outcome) *survey {
	s := &survey{destinations: map[string]*tally{}, sources: map[string]*tally{}, platforms: map[string]map[string]int{}, judged: map[string]int{},
		waived: map[string]int{}, rejected: map[string]int{}}
	for r := range outcome.Results() {
		s.add(r)
	}
	return s
}

// add counts one image.
func (s *survey) add(r *engine.Result) {
	class := classOf(r)
	countIn(s.destinations, registryOf(r.Image.Destination), class, r.Reason)
	countIn(s.sources, registryOf(r.Image.Source), class, r.Reason)
	if text := termsText(r.Terms); text != "" {
		s.judged[text]++
	}
	s.countPlatforms(r)
	switch {
	case r.Waived != "":
		s.waived[shown(r.Waived, maxText)]++
		if len(s.waivedImages) < maxFailures {
			s.waivedImages = append(s.waivedImages, failureOf(r))
		}
	case r.Status == validate.Fail || r.Status == validate.Error:
		if r.Rejected != "" {
			s.rejected[shown(r.Rejected, maxText)]++
		}
		if len(s.failures) < maxFailures {
			s.failures = append(s.failures, failureOf(r))
		}
	}
}

// countPlatforms counts for each platform the images in each state.
func (s *survey) countPlatforms(r *engine.Result) {
	states := map[string]string{}
	for _, p := range shownPlatforms(r) {
		group, state := platformGroup(p.Platform), platformState(p)
		if p.Wanted && worseState(state, states[group]) {
			states[group] = state
		}
	}
	for group, state := range states {
		if s.platforms[group] == nil {
			s.platforms[group] = map[string]int{}
		}
		s.platforms[group][state]++
	}
	if len(r.Platforms) > 0 || r.Reason == validate.NoPlatform {
		s.known++
	}
}

// classOf returns the outcome of an image as the page shows it: its status, or "waived".
func classOf(r *engine.Result) string {
	if r.Waived != "" {
		return "waived"
	}
	return string(r.Status)
}

// countIn counts an image of a registry.
func countIn(tallies map[string]*tally, registry, class string, reason validate.Reason) {
	t := tallies[registry]
	if t == nil {
		t = &tally{classes: map[string]int{}, reasons: map[validate.Reason]int{}}
		tallies[registry] = t
	}
	t.images++
	t.classes[class]++
	if class == "fail" || class == "error" {
		t.reasons[reason]++
	}
}

// registryOf returns the registry of a repository, or "" if the line is no image.
func registryOf(repository string) string {
	registry, _, _ := strings.Cut(repository, "/")
	return shown(registry, maxPlain)
}

// failureOf returns the row of an image in the plain table.
func failureOf(r *engine.Result) failure {
	f := failure{Number: r.Image.Number, Class: classOf(r), Reason: string(r.Reason), Message: shown(cmp.Or(r.Message, r.Rejected), maxPlain)}
	f.Status = wordOf[f.Class]
	if r.Waived != "" {
		f.Message = shown("accepted: "+r.Waived, maxPlain)
	}
	if r.Image.Destination == "" {
		f.Destination = shown(lineOf(r.Image), maxPlain)
		return f
	}
	f.Destination, f.Source = shown(r.Image.DestinationReference(), maxPlain), shown(r.Image.SourceReference(), maxPlain)
	return f
}

// States of a platform of an image.
const (
	stateGood    = "good"    // the destination has it, and nothing is wrong with it
	stateMissing = "missing" // a node does not find it at the destination
	stateWrong   = "wrong"   // it differs, or is broken
)

// platformState returns the state of a platform.
func platformState(p validate.PlatformVerdict) string {
	switch {
	case p.Destination == "" && p.Match == "", p.Reason == validate.ChildMissing, p.Reason == validate.PlatformMissing, p.Reason == validate.DestinationMissing:
		return stateMissing
	case p.Reason != "":
		return stateWrong
	}
	return stateGood
}

// shownPlatforms returns the platforms of an image that the page counts and shows: all of
// them, or the first maxPlatforms, those with something wrong before the others.
func shownPlatforms(r *engine.Result) []validate.PlatformVerdict {
	if len(r.Platforms) <= maxPlatforms {
		return r.Platforms
	}
	isGood := func(p validate.PlatformVerdict) int {
		if platformState(p) == stateGood {
			return 1
		}
		return 0
	}
	sorted := slices.Clone(r.Platforms)
	slices.SortStableFunc(sorted, func(a, b validate.PlatformVerdict) int { return isGood(a) - isGood(b) })
	return sorted[:maxPlatforms]
}

// worseState reports whether a state is worse than another one. An image may have several
// manifests of one platform.
func worseState(state, other string) bool {
	order := []string{"", stateGood, stateWrong, stateMissing}
	return slices.Index(order, state) > slices.Index(order, other)
}

// platformGroup returns the name under which a reader looks for a platform: all versions
// of Windows are one, and linux/arm64/v8 is linux/arm64.
func platformGroup(name string) string {
	name, _, _ = strings.Cut(name, ":")
	switch name {
	case "linux/arm64/v8":
		return "linux/arm64"
	case "linux/arm":
		return "linux/arm/v7"
	case "linux/amd64/v1":
		return "linux/amd64"
	}
	return name
}

// byCount returns keys, the most frequent one first.
func byCount[Key cmp.Ordered](counts map[Key]int) []Key {
	return slices.SortedFunc(maps.Keys(counts), func(a, b Key) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
}
