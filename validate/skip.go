package validate

import (
	"fmt"
	"slices"
	"strings"
)

// noPlatform returns the verdict on a source that has none of the wanted platforms.
// has says which platforms the source has.
func (c *comparison) noPlatform(has string) Verdict {
	return Verdict{Status: Skip, Reason: NoPlatform,
		Message: fmt.Sprintf("source does not have OS [%s], arch [%s]; it has %s", strings.Join(c.OS, ","), strings.Join(c.Arch, ","), has)}
}

// emptySource returns the verdict on a source whose list leads to no image at all.
func emptySource() Verdict {
	return Verdict{Status: Error, Reason: BadManifest,
		Message: "source manifest list is empty, so there is nothing to compare: check the image at the source"}
}

// describeSingle says which platform a single image has, for noPlatform.
func describeSingle(manifest *Manifest, platform *Platform) string {
	switch {
	case platform != nil && *platform == Platform{}:
		return "no platform in its config"
	case platform != nil:
		return "only " + platform.String()
	}
	return "no platform: its config is of type " + manifest.Config.MediaType
}

// describeList says which platforms a list has, for noPlatform. Each platform is
// named once.
func describeList(platforms []*Platform) string {
	const most = 20
	var names []string
	for _, platform := range platforms {
		if platform == nil || slices.Contains(names, platform.String()) {
			continue
		}
		if len(names) == most {
			names = append(names, "and others")
			break
		}
		names = append(names, platform.String())
	}
	if len(names) == 0 {
		return "no platform in its list"
	}
	return "only " + strings.Join(names, ", ")
}
