package job

import (
	"fmt"
	"strings"

	"mvrun/engine"
	"mvrun/engine/registry"
	"mvrun/starlib"
)

// placeholder stands for the part of the list, such as 3-of-8, in the name of a file that
// the run writes.
const placeholder = "{shard}"

// FailedListOfPart is the failed list of a part if the user names none: each part has a
// list of its own.
const FailedListOfPart = "mirror-validate-failed." + placeholder + ".txt"

// nameParts replaces the placeholder in the paths of all files that the run writes.
func (c *Config) nameParts(table []file) error {
	for _, f := range table {
		if f.use != writes || !strings.Contains(*f.path, placeholder) {
			continue
		}
		if c.Shard.IsWhole() {
			return fmt.Errorf("%s %s: %s stands for a part of the list, and without --shard there are no parts: give --shard, or another name", f.flag, *f.path, placeholder)
		}
		*f.path = strings.ReplaceAll(*f.path, placeholder, fmt.Sprintf("%d-of-%d", c.Shard.Index, c.Shard.Count))
	}
	return nil
}

// shared returns a script's settings of a registry for this run. All parts of a list
// together ask as often as the script allows. What the registry itself announces or
// refuses is for each part alone to obey.
func (c *Config) shared(s starlib.RegistrySettings) registry.Settings {
	if !c.Shard.IsWhole() {
		s.RequestsPerSecond /= float64(c.Shard.Count)
	}
	return registry.Settings(s)
}

// isEmptyPart reports whether a run of a part has rightly validated nothing: no line of
// the part is left. It logs why.
func (j *Job) isEmptyPart(s engine.Summary) bool {
	lines, final := j.engine.Total()
	switch {
	case j.config.Shard.IsWhole() || !final: // no list was read to its end
		return false
	case lines == 0:
		j.log.Info(fmt.Sprintf("part %s has no line of the list: there is nothing to validate", j.config.Shard))
	default:
		j.log.Info(fmt.Sprintf("the script has left out all lines of part %s: nothing was validated", j.config.Shard))
	}
	return true
}
