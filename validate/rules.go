package validate

import (
	"fmt"
	"slices"
	"strings"
)

// Rules is the name of a rule set. A rule set says what counts as a good mirror.
type Rules string

const (
	Hangar  Rules = "hangar"
	Content Rules = "content"
	Exact   Rules = "exact"
	Present Rules = "present"
)

// Depth is the name of a depth. A depth says how much is proved at the
// destination. Each depth proves more than the one before it in depthLevels.
type Depth string

const (
	Manifests Depth = "manifests"
	Blobs     Depth = "blobs"
	Data      Depth = "data"
)

// ruleSet is a row of the table of rule sets.
type ruleSet struct {
	name  Rules
	about string // describes in a few words what the rule set demands
	judge func(*comparison) Verdict
	alone bool // whether the rules judge the destination alone, and never ask the source
}

// ruleSets is the one table of all rule sets. The check of a question, messages
// and the help take the rule sets from this table.
var ruleSets = []ruleSet{
	{Hangar, "its mirror-validate's rules", (*comparison).hangar, false},
	{Content, "the same files and runtime configuration, whatever tool copied it", (*comparison).content, false},
	{Exact, "the same digest", (*comparison).exact, false},
	{Present, "the destination has the image; the source is never asked", (*comparison).present, true},
}

// AskSource reports whether the rules compare the destination with a source.
func (r Rules) AskSource() bool {
	row, err := findRules(r)
	return err != nil || !row.alone
}

// depthLevel is a row of the table of depths.
type depthLevel struct {
	name  Depth
	about string                                   // describes in a few words what the depth proves
	shown string                                   // says after a run what was looked at
	check func(*comparison, image, Match) problems // returns what is wrong at the destination with an image that matched

	asNode bool // whether the destination's tag is resolved with HEAD, as a node does
}

// depthLevels is the one table of all depths, as ruleSets is for rule sets.
var depthLevels = []depthLevel{
	{Manifests, "they are there", "manifests were looked up, and layers were not", (*comparison).checkManifest, false},
	{Blobs, "every config and layer is there, with its size", "configs and layers were looked up, and their bytes were not read", (*comparison).checkBlobs, true},
	{Data, "every byte is right", "every byte of configs and layers was read", (*comparison).checkData, true},
}

// Choice is a value that users can give to a setting. About is its meaning in a
// few words.
type Choice struct{ Name, About string }

// RuleSets returns the rule sets that a question may name.
func RuleSets() []Choice {
	var all []Choice
	for _, row := range ruleSets {
		all = append(all, Choice{string(row.name), row.about})
	}
	return all
}

// Depths returns the depths that a question may name.
func Depths() []Choice {
	var all []Choice
	for _, row := range depthLevels {
		all = append(all, Choice{string(row.name), row.about})
	}
	return all
}

// findRules returns the row of a rule set.
func findRules(name Rules) (ruleSet, error) {
	for _, row := range ruleSets {
		if row.name == name {
			return row, nil
		}
	}
	return ruleSet{}, fmt.Errorf("there are no rules %q: want %s", name, namesOf(RuleSets()))
}

// findDepth returns the row of a depth.
func findDepth(name Depth) (depthLevel, error) {
	for _, row := range depthLevels {
		if row.name == name {
			return row, nil
		}
	}
	return depthLevel{}, fmt.Errorf("there is no depth %q: want %s", name, namesOf(Depths()))
}

// Shown says after a run what a depth looked at, and what it did not. sampled says
// that only a sample of the blobs was read.
func (d Depth) Shown(sampled bool) string {
	if d == Data && sampled {
		return "the bytes of a sample of the configs and layers were read, and the others were looked up"
	}
	row, err := findDepth(d)
	if err != nil {
		return ""
	}
	return row.shown
}

// Deeper returns the next deeper depth, or "" if there is none.
func (d Depth) Deeper() Depth {
	at := slices.IndexFunc(depthLevels, func(row depthLevel) bool { return row.name == d })
	if at < 0 || at+1 == len(depthLevels) {
		return ""
	}
	return depthLevels[at+1].name
}

// namesOf returns the names of choices for a sentence: "a, b or c".
func namesOf(choices []Choice) string {
	var names []string
	for _, choice := range choices {
		names = append(names, choice.Name)
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
