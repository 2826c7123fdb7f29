package job

import (
	"fmt"
	"time"

	"mvrun/engine"
	"mvrun/validate"
)

// slow is how long a run takes before it is worth to say how it takes less, and manyImages
// are so many that it would.
const (
	slow       = 30 * time.Second
	manyImages = 10
)

// hints returns what the user can do after a run: how to go on with one that ended
// early, and how to make a slow one faster.
func (j *Job) hints(s engine.Summary) []string {
	c := &j.config
	if c.Session || j.lists.interactive() {
		return nil
	}
	var hints []string
	if s.Interrupted() || s.Deadline() != nil || s.Reasons[validate.Error][validate.RateLimited] > 0 {
		switch {
		case c.Results != "" && c.Results != standardOutput && c.List != "" && c.List != "-":
			hints = append(hints, "To go on, give the same command with --resume.")
		case s.FailedLines > 0 && s.FailedList != standardOutput:
			hints = append(hints, fmt.Sprintf("To go on, give the same command with -f %s and another -o.", s.FailedList))
		}
	}
	if c.SharedBlobs && readNoBlob(s) {
		hints = append(hints, "--shared-blobs had no effect: it is for --depth data, and no image was looked at so deep.")
	}
	if c.Jobs == 1 && s.Elapsed > slow && s.Images >= manyImages {
		// A run with one job waits for answers nearly all the time, so ten jobs take about a tenth.
		hints = append(hints, fmt.Sprintf("This run validated one image at a time. With -j 10, which validates ten at once, it would have taken about %v, if the registries keep up. -j auto finds out how many they allow.",
			(s.Elapsed/10).Round(time.Second)))
	}
	return hints
}

// readNoBlob reports whether images were judged, and all of them at depths that read no
// blob whole.
func readNoBlob(s engine.Summary) bool {
	for terms := range s.Judged {
		if terms.Depth == validate.Data {
			return false
		}
	}
	return len(s.Judged) > 0
}
