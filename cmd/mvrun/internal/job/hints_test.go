package job

import (
	"slices"
	"testing"
	"time"

	"mvrun/engine"
)

func TestJobsHint(t *testing.T) {
	hint := []string{"This run validated one image at a time. With -j 10, which validates ten at once, it would have taken about 16s, if the registries keep up. -j auto finds out how many they allow."}
	for _, test := range []struct {
		name    string
		jobs    int
		elapsed time.Duration
		images  int
		want    []string
	}{
		{"one job, slow", 1, 160 * time.Second, 2000, hint},
		{"one job, quick", 1, 20 * time.Second, 2000, nil},
		{"one job, few images", 1, 160 * time.Second, 9, nil},
		{"two jobs", 2, 160 * time.Second, 2000, nil},
	} {
		j := &Job{config: Config{Jobs: test.jobs}, lists: &lists{}}
		if got := j.hints(engine.Summary{Elapsed: test.elapsed, Images: test.images}); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}
