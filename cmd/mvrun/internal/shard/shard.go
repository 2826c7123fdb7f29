package shard

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"mvrun/engine/imagelist"
)

// flag is how the user says which part a run validates.
const flag = "--shard"

// Choice is the part that a run validates, and who named it.
type Choice struct {
	imagelist.Shard
	From string // for the log: "--shard 3/8", or the variables with their values
}

// auto is the value of the flag that stands for what the engine says.
const auto = "auto"

// Check returns an error if a value of the flag is wrong.
func Check(value string) error {
	_, _, err := parse(value)
	return err
}

// Choose returns the part that a value of the flag asks for: I/N, auto, or auto/N.
func Choose(value string, lookup Lookup) (Choice, error) {
	part, isAuto, err := parse(value)
	switch {
	case err != nil:
		return Choice{}, err
	case !isAuto:
		return Choice{part, flag + " " + value}, nil
	}
	choice, err := detect(part.Count, lookup)
	if err != nil {
		return Choice{}, fmt.Errorf("%s %s: %w", flag, value, err)
	}
	return choice, nil
}

// parse reads a value of the flag. Of auto/N, the part has only the count; of auto, it is
// the zero value.
func parse(value string) (part imagelist.Shard, isAuto bool, err error) {
	index, count, hasCount := strings.Cut(value, "/")
	isAuto = index == auto
	wrong := fmt.Errorf("%s %q: want I/N, such as 3/8 for the third of eight parts, or %s, or %s/N", flag, value, auto, auto)
	if hasCount {
		part.Count, err = strconv.Atoi(count)
		if err != nil || part.Count < 1 || !isDigits(count) {
			return imagelist.Shard{}, false, wrong
		}
	}
	switch {
	case part.Count > imagelist.MaxParts:
		return imagelist.Shard{}, false, fmt.Errorf("%s %s: a list has at most %d parts", flag, value, imagelist.MaxParts)
	case isAuto:
		return part, true, nil
	case !hasCount || !isDigits(index):
		return imagelist.Shard{}, false, wrong
	}
	part.Index, err = strconv.Atoi(index)
	if err != nil || part.Index < 1 || part.Index > part.Count {
		return imagelist.Shard{}, false, fmt.Errorf("%s %s: there is no such part: parts count from 1 to %d", flag, value, part.Count)
	}
	return part, false, nil
}

func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// byHand is the advice where the variables do not help.
const byHand = "name the part yourself, such as " + flag + " 1/4"

// detect returns the part that the variables name. wanted is the count that the user
// gave, or 0.
func detect(wanted int, lookup Lookup) (Choice, error) {
	found := present(lookup)
	switch len(found) {
	case 0:
		return Choice{}, fmt.Errorf("%w: %s", explainNone(lookup), byHand)
	case 1:
	default:
		var shown []string
		for _, e := range found {
			shown = append(shown, fmt.Sprintf("%s (%s)", e.name, e.show(lookup)))
		}
		return Choice{}, fmt.Errorf("more than one engine says which part this is, %s: %s", strings.Join(shown, " and "), byHand)
	}
	e := found[0]
	part, err := e.part(lookup)
	if err != nil {
		return Choice{}, fmt.Errorf("%w: %s", err, byHand)
	}
	switch {
	case part.Count == 0 && wanted == 0:
		return Choice{}, fmt.Errorf("%s, but %s does not tell how many parts there are: give %s %s/N with the N of %s", e.show(lookup), e.name, flag, auto, e.splits)
	case part.Count == 0 && part.Index > wanted:
		return Choice{}, fmt.Errorf("%s: the index is none of %d to %d: give the number of parts that %s has, or %s", e.show(lookup), e.first, e.first+wanted-1, e.name, byHand)
	case part.Count == 0:
		part.Count = wanted
	case wanted != 0 && wanted != part.Count:
		return Choice{}, fmt.Errorf("%s: %s tells another number of parts: give %s %s, or make the two numbers agree", e.show(lookup), e.name, flag, auto)
	case part.Count > imagelist.MaxParts:
		return Choice{}, fmt.Errorf("%s: a list has at most %d parts", e.show(lookup), imagelist.MaxParts)
	}
	return Choice{part, e.show(lookup)}, nil
}

// explainNone returns the error of auto where no variable speaks of parts. Some variables
// say that there is only one.
func explainNone(lookup Lookup) error {
	if shown := lookup.show("CI_NODE_TOTAL", "SLURM_NTASKS"); shown != "" {
		return errors.New(shown + ", so this is not one of several parts: no other variable of the environment says which part this is")
	}
	return errNone
}

// Unused returns a warning if an engine says that this is one of several parts, although
// the user asks for the whole list. Otherwise it returns "".
func Unused(lookup Lookup) string {
	for _, e := range present(lookup) {
		part, err := e.part(lookup)
		if err != nil || part.Count == 1 || e.isCommon && part.Index == 1 {
			continue
		}
		return fmt.Sprintf("%s says that this is one of several parts (%s), but without %s each of them validates the whole list", e.name, e.show(lookup), flag)
	}
	return ""
}
