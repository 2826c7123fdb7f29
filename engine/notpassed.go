package engine

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// Group are the images that did not pass for one reason.
type Group struct {
	Status validate.Status // fail or error
	Reason validate.Reason
	Count  int
	First  []*imagelist.Image // the first ones in the order of the lists
}

// maxFirst is how many images a Group names.
const maxFirst = 20

// notPassed returns the images whose outcomes are not OK, by reason: failures first,
// and the most frequent reason first.
func notPassed(outcomes iter.Seq2[*imagelist.Image, outcome]) []Group {
	type kind struct {
		status validate.Status
		reason validate.Reason
	}
	groups := map[kind]*Group{}
	for image, o := range outcomes {
		if o.ok() {
			continue
		}
		k := kind{o.status, o.reason}
		group := groups[k]
		if group == nil {
			group = &Group{Status: o.status, Reason: o.reason}
			groups[k] = group
		}
		group.Count++
		group.First = append(group.First, image)
	}
	for _, group := range groups {
		slices.SortFunc(group.First, compareImages)
		group.First = slices.Clone(group.First[:min(len(group.First), maxFirst)])
	}
	all := slices.Collect(maps.Values(groups))
	slices.SortFunc(all, func(a, b *Group) int {
		return cmp.Or(-cmp.Compare(a.Status, b.Status), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Reason, b.Reason))
	})
	sorted := make([]Group, len(all))
	for i, group := range all {
		sorted[i] = *group
	}
	return sorted
}
