package job

import (
	"cmp"
	"fmt"
	"slices"

	"mvrun/engine/level"
)

// maxLevels is for how many pairs of registries the log says what was found out.
const maxLevels = 5

// logLevels says in the log how many images at once the registries were found to allow.
func (j *Job) logLevels() {
	found := j.engine.Levels()
	slices.SortStableFunc(found, func(a, b level.Found) int { return cmp.Compare(b.Most, a.Most) })
	for i, f := range found {
		if i == maxLevels {
			j.log.Info(fmt.Sprintf("-j auto: no more than that with %d other pairs of registries", len(found)-i))
			return
		}
		with := f.Destination
		if f.Source != "" && f.Source != f.Destination {
			with = f.Source + " and " + with
		}
		images := "images"
		if f.Most == 1 {
			images = "image"
		}
		j.log.Info(fmt.Sprintf("-j auto went up to %d %s at once with %s", f.Most, images, with), "jobs", f.Most, "source", f.Source, "destination", f.Destination)
	}
}
