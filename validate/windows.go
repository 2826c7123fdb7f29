package validate

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// windowsVersion is a version of Windows. The build says which release it is, such as
// 20348 for Windows Server 2022. The revision rises with every update.
type windowsVersion struct {
	system          string // "10.0"
	build, revision int
}

// parseWindowsVersion reads a version such as 10.0.20348.2322. The revision may be left
// out.
func parseWindowsVersion(s string) (v windowsVersion, ok bool) {
	parts := strings.Split(s, ".")
	if len(parts) < 3 {
		return v, false
	}
	build, err := strconv.Atoi(parts[2])
	if err != nil {
		return v, false
	}
	v = windowsVersion{system: parts[0] + "." + parts[1], build: build}
	if len(parts) > 3 {
		v.revision, _ = strconv.Atoi(parts[3]) // nodes take what is no number for 0
	}
	return v, true
}

func (v windowsVersion) String() string {
	if v.build == 0 {
		return "of another version"
	}
	return fmt.Sprintf("%s.%d", v.system, v.build)
}

// isSameBuild reports whether a node has the build of an image.
func (node windowsVersion) isSameBuild(image windowsVersion) bool {
	return node.system == image.system && node.build == image.build
}

// runs reports whether containerd on a node takes an image of a version. From Windows
// Server 2022 on, nodes also run images of earlier builds since then.
// https://github.com/containerd/platforms/blob/1abe0f97e5c0002d41be570c24f630b071800b62/platform_windows_compat.go
func (node windowsVersion) runs(image windowsVersion) bool {
	const server2022 = 20348
	if node.build < server2022 {
		return node.isSameBuild(image)
	}
	return node.system == image.system && image.build >= server2022 && image.build <= node.build
}

// windowsEntry is an image for Windows in a list. An entry without a version fits
// every node.
type windowsEntry struct {
	image
	version    windowsVersion
	hasVersion bool
}

// windowsChooser is a way in which nodes choose among the entries for their
// architecture. Of several that fit and none of which is better, nodes take the first.
type windowsChooser struct {
	name   string
	fits   func(node, image windowsVersion) bool
	better func(a, b *windowsEntry) bool
}

var windowsChoosers = []windowsChooser{
	// containerd 1 takes the highest version by its numbers.
	// https://github.com/containerd/containerd/blob/v1.7.0/platforms/defaults_windows.go (Less)
	{"containerd 1", windowsVersion.runs, func(a, b *windowsEntry) bool {
		return cmp.Or(cmp.Compare(a.version.build, b.version.build), cmp.Compare(a.version.revision, b.version.revision)) > 0
	}},
	// containerd 2 takes the highest version by its text: 10.0.17763.9 before 10.0.17763.10.
	// https://github.com/containerd/platforms/blob/1abe0f97e5c0002d41be570c24f630b071800b62/platform_windows_compat.go (Less)
	{"containerd 2", windowsVersion.runs, func(a, b *windowsEntry) bool { return a.platform.OSVersion > b.platform.OSVersion }},
	// Docker takes the first entry of the node's build.
	// https://github.com/moby/moby/blob/v27.0.1/distribution/pull_v2_windows.go (manifestsByVersion)
	{"Docker", windowsVersion.isSameBuild, func(a, b *windowsEntry) bool { return a.hasVersion && !b.hasVersion }},
}

// choose returns the entry that a node takes, or nil if none fits.
func (c windowsChooser) choose(node windowsVersion, entries []windowsEntry) *windowsEntry {
	var best *windowsEntry
	for i := range entries {
		entry := &entries[i]
		switch {
		case entry.hasVersion && !c.fits(node, entry.version):
		case best == nil, best.unnamed && !entry.unnamed, best.unnamed == entry.unnamed && c.better(entry, best):
			best = entry
		}
	}
	return best
}

// judgeWindows compares the images that nodes of Windows take from both sides. A node
// may take an image whose version is not the one that the source has: of the entries
// for one build, containerd takes the highest revision. So an entry that the
// destination adds can take the place of the source's image.
func (j *judgement) judgeWindows() {
	if j.trees.source.Digest == j.destination.Digest {
		return
	}
	done := map[Platform]bool{}
	for _, img := range j.selected {
		if img.platform == nil || !img.platform.isWindows() {
			continue
		}
		platform := img.normalized
		platform.OSVersion = ""
		if !done[platform] {
			done[platform] = true
			j.judgeWindowsNodes(windowsEntries(j.sourceImages, platform), windowsEntries(j.destinationImages, platform))
		}
	}
}

// windowsEntries returns the images for a platform that nodes find, also if they cannot
// use them.
func windowsEntries(images []image, platform Platform) []windowsEntry {
	var entries []windowsEntry
	for _, img := range images {
		if img.problem != nil || img.isHidden() && !img.blocks || img.platform == nil || !platform.fits(img.normalized) {
			continue
		}
		entry := windowsEntry{image: img}
		entry.version, entry.hasVersion = parseWindowsVersion(img.platform.OSVersion)
		if entry.hasVersion || img.platform.OSVersion == "" { // nodes do not find versions that are none
			entries = append(entries, entry)
		}
	}
	return entries
}

// judgeWindowsNodes compares what nodes of each build take.
func (j *judgement) judgeWindowsNodes(source, destination []windowsEntry) {
	type pair struct{ source, destination string }
	compared := map[pair]bool{}
	for _, node := range windowsBuilds(slices.Concat(source, destination)) {
		for _, chooser := range windowsChoosers {
			from, to := chooser.choose(node, source), chooser.choose(node, destination)
			if from == nil || to == nil || from.Digest == to.Digest && from.blocks == to.blocks || compared[pair{from.Digest, to.Digest}] || j.isJudged(from, to) {
				continue
			}
			result := PlatformVerdict{Platform: from.name(), Source: from.Digest, Destination: to.Digest}
			if len(compared) == maxUnlike {
				j.add(result, image{}, newProblem(BadManifest, "the destination has more than %d other versions of Windows", maxUnlike))
				return
			}
			compared[pair{from.Digest, to.Digest}] = true
			if _, p := j.sameForNodes(from.image, to.image); p != nil {
				j.add(result, image{}, p.after(fmt.Sprintf("%s on Windows %s takes %s from the destination, which is another image: ", chooser.name, node, to.name())))
			}
		}
	}
}

// sameForNodes compares the images that a node finds on both sides.
func (j *judgement) sameForNodes(source, destination image) (Match, *problem) {
	if destination.blocks && !source.blocks {
		return "", newProblem(PlatformDiffers, "%s", destination.hidden)
	}
	return j.same(source, destination)
}

// isJudged reports whether a result already says what is wrong with one of two images.
func (j *judgement) isJudged(source, destination *windowsEntry) bool {
	return slices.ContainsFunc(j.platforms, func(p judged) bool {
		return p.Reason != "" && (p.Source == source.Digest || p.Destination == destination.Digest)
	})
}

// windowsBuilds returns each build of the entries once, without revisions. The first one
// stands for the builds that no entry names.
func windowsBuilds(entries []windowsEntry) []windowsVersion {
	seen := map[windowsVersion]bool{}
	builds := []windowsVersion{{}}
	for i := range entries {
		build := entries[i].version
		build.revision = 0
		if entries[i].hasVersion && !seen[build] {
			seen[build] = true
			builds = append(builds, build)
		}
	}
	return builds
}
