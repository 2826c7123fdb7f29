package validate

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// These tests are a table of cases for the rules "content" and "exact", and for the
// depths. The name of a layer says which files it holds. "base" and "base.zst" hold the
// same files: the part after the dot only says how they are compressed.

var (
	ociBoth = []node{ociAMD64, ociARM64}
	app     = oci("linux/amd64", "base", "app")
	// These are copies of app, as other tools make them.
	dockerApp   = app.converted()
	rewritten   = docker("linux/amd64", "base", "app").built("written anew")
	zstdApp     = oci("linux/amd64", "base.zst", "app.zst")
	regzipped   = oci("linux/amd64", "base", "app.9")
	nestedIndex = func(children ...node) node { return index(children...).typed(TypeOCIIndex) }
	fat         = docker("linux/amd64", "base", "app", "more")

	provenance      = oci("", "in-toto").attesting(ociAMD64)
	otherProvenance = oci("", "in-toto of another").attesting(ociAMD64)
	unlabelled      = oci("unknown/unknown", "in-toto").attestingAs(ociAMD64, "")
	disguised       = oci("linux/amd64", "else").attestingAs(app, "linux/amd64")
	foreign         = app.packed("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip").withoutURLs()
	v6              = oci("linux/arm", "for v6").as("linux/arm/v6")
	v6Else          = oci("linux/arm", "else for v6").as("linux/arm/v6")
	v6Alone         = oci("linux/arm/v6", "for v6").as("")
	v7              = oci("linux/arm", "for v7").as("linux/arm/v7")
	// signature is an image with an empty config. cosign makes such images.
	signature = oci("/", "signature").as("")
	v5        = oci("linux/arm", "for v5").as("linux/arm/v5")
	// configBySHA512 is app, but for the name of its config.
	configBySHA512 = func() node { n := app; n.configAlgorithm = "sha512"; return n }()
	// encrypted has layers for two recipients.
	encrypted = app.packed("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", "application/vnd.oci.image.layer.v1.tar+gzip+encrypted").
			noting(map[string]string{"org.opencontainers.image.enc.keys.jwe": "a,b", "org.opencontainers.image.enc.pubopts": "c"})
	// linked is app with a URL in its list.
	linked = func() node { n := app; n.link = "https://elsewhere.example/app"; return n }()
	sbom   = oci("", "sbom").withConfig("application/vnd.oci.empty.v1+json")
)

// others returns n different images for one platform.
func others(n int) []node {
	images := make([]node, n)
	for i := range images {
		images[i] = oci("linux/amd64", fmt.Sprint(i))
	}
	return images
}

// windows returns an image for a version of Windows.
func windows(version string, layers ...string) node {
	return docker("windows/amd64:"+version, layers...)
}

// variants returns v6, and images for n better variants.
func variants(n int) []node {
	images := []node{v6}
	for i := range n {
		images = append(images, oci("linux/arm", fmt.Sprint(i)).as(fmt.Sprintf("linux/arm/v%d", 7+i)))
	}
	return images
}

type contentTest struct {
	name                string
	source, destination node
	arch, os            string // "" means the defaults
	rules               Rules  // "" means content
	depth               Depth  // "" means manifests
	sample              string // "" means all blobs
	provenance          bool

	status  Status
	reason  Reason
	message string // a part of the message
	warning string // a part of the only warning; "" means that there is none
	match   Match
	reads   string // the needs that are read; "" means that any are allowed
}

var contentTests = []contentTest{
	// The same digest.
	{name: "the same image", source: app, destination: app,
		status: Pass, match: Identical, reads: "source HEAD 1, destination READ 1, destination CONFIG 1"},
	{name: "the same index", source: index(ociBoth...), destination: index(ociBoth...),
		status: Pass, match: Identical, reads: "source HEAD 1, destination HEAD 2, destination READ 1"},
	{name: "the same Docker list", source: list(amd64, arm64), destination: list(amd64, arm64),
		status: Pass, match: Identical},
	{name: "the same schema 1", source: v1, destination: v1,
		status: Pass, match: Identical, reads: "source HEAD 1, destination READ 1"},
	{name: "the same nested index", source: index(nestedIndex(ociAMD64), nestedIndex(ociARM64)), destination: index(nestedIndex(ociAMD64), nestedIndex(ociARM64)),
		status: Pass, match: Identical, reads: "source HEAD 1, destination HEAD 2, destination READ 3"},
	{name: "the same index without platforms", source: index(ociAMD64.as(""), ociARM64.as("")), destination: index(ociAMD64.as(""), ociARM64.as("")),
		status: Pass, match: Identical},

	// The same digests of the platforms.
	{name: "a trimmed index", source: index(ociAMD64, ociARM64, s390x), destination: index(ociARM64, ociAMD64),
		status: Pass, match: SamePlatforms, reads: "source HEAD 1, source READ 1, destination HEAD 2, destination READ 1"},
	{name: "an index rebuilt as a Docker list", source: index(amd64, arm64), destination: list(amd64, arm64),
		status: Pass, match: SamePlatforms},
	{name: "more platforms at the destination", source: list(amd64), destination: list(amd64, arm64, s390x),
		status: Pass, match: SamePlatforms},
	{name: "one image, as a list of one", source: app, destination: index(app),
		status: Pass, match: SamePlatforms, reads: "source HEAD 1, destination READ 2, destination CONFIG 1"},
	{name: "one image, in a list of more", source: amd64, destination: list(amd64, arm64),
		status: Pass, match: SamePlatforms},
	{name: "a list of one, mirrored as a single image", source: index(app), destination: app,
		status: Pass, match: SamePlatforms},
	{name: "a list with one wanted image, mirrored as a single image", source: index(app, s390x), destination: app,
		status: Pass, match: SamePlatforms},
	{name: "a nested index, flattened", source: index(nestedIndex(ociAMD64), nestedIndex(ociARM64)), destination: index(ociAMD64, ociARM64),
		status: Pass, match: SamePlatforms},
	{name: "a flat index, nested", source: index(ociBoth...), destination: index(nestedIndex(ociBoth...)),
		status: Fail, reason: PlatformDiffers, message: "linux/amd64, linux/arm64: its image stands in a list within the destination's list, where CRI-O, Podman and Docker cannot pull it"},
	{name: "a single image, nested", source: ociAMD64, destination: index(nestedIndex(ociAMD64)),
		status: Fail, reason: PlatformDiffers, message: "in a list within the destination's list"},
	{name: "a flat index, beside itself nested", source: index(ociAMD64), destination: index(ociAMD64, nestedIndex(ociAMD64)),
		status: Pass, match: SamePlatforms},
	{name: "a flat index, behind itself nested for the same platform", source: index(ociAMD64), destination: index(nestedIndex(ociAMD64).as("linux/amd64"), ociAMD64),
		status: Fail, reason: PlatformDiffers, message: "in a list within the destination's list"},
	{name: "a flat index, behind itself nested without a platform", source: index(ociAMD64), destination: index(nestedIndex(ociAMD64), ociAMD64),
		status: Pass, match: SamePlatforms},
	{name: "a nested index, nested in another way", source: index(nestedIndex(ociBoth...)), destination: index(nestedIndex(ociBoth...), s390x),
		status: Pass, match: SamePlatforms},
	{name: "a flat index, nested and another image", source: index(app), destination: index(nestedIndex(fat)),
		status: Fail, reason: DigestDiffers, message: "linux/amd64: 2 layers != 3"},
	{name: "variants that are written differently", source: list(arm64, docker("linux/arm", "v7"), amd64), arch: "amd64,arm64,arm",
		destination: list(arm64.as("linux/arm64/v8"), docker("linux/arm", "v7").as("linux/arm/v7"), amd64),
		status:      Pass, match: SamePlatforms},
	{name: "a twin of zstd that a Docker list does not mark", source: index(ociAMD64, marked(oci("linux/amd64", "twin"))), destination: list(ociAMD64, marked(oci("linux/amd64", "twin"))),
		status: Fail, reason: DigestDiffers, message: "the image that CRI-O and Podman prefer for this platform"},
	{name: "a twin of zstd", source: index(ociAMD64, marked(oci("linux/amd64", "twin"))), destination: index(ociAMD64, marked(oci("linux/amd64", "twin")), ociARM64),
		status: Pass, match: SamePlatforms},
	{name: "an architecture that CRI-O does not know", source: list(amd64), destination: list(amd64.as("linux/x86_64")),
		status: Pass, match: SamePlatforms, warning: "says architecture \"x86_64\" of " + amd64.digest() + ", which the source does not: CRI-O and Podman"},
	{name: "an architecture that CRI-O does not know at the source, either", source: list(amd64.as("linux/x86_64"), arm64), destination: list(amd64.as("linux/x86_64")),
		arch: "amd64", status: Pass, match: SamePlatforms},
	{name: "a system that CRI-O does not know, of a single image", source: amd64, destination: list(amd64.as("Linux/amd64")),
		status: Pass, match: SamePlatforms, warning: "says os \"Linux\""},
	{name: "a variant that CRI-O does not know", source: list(amd64), destination: list(amd64.as("linux/amd64/v1")),
		status: Pass, match: SamePlatforms, warning: "says variant \"v1\""},
	{name: "no platform in the destination's Docker list", source: list(amd64), destination: list(amd64.as("")),
		status: Fail, reason: PlatformDiffers, message: "names no platform for " + amd64.digest() + ": CRI-O and Podman do not find it"},
	{name: "no platform in the destination's index, beside an older architecture", source: index(ociAMD64, oci("linux/386", "old")), destination: index(ociAMD64.as(""), oci("linux/386", "old")),
		arch: "amd64", status: Fail, reason: PlatformDiffers, message: "but names 386 for another image: containerd takes that one"},
	{name: "platforms only in the destination's list", source: index(ociAMD64.as("")), destination: index(ociAMD64),
		status: Pass, match: SamePlatforms},
	{name: "platforms only in the source's list", source: index(ociAMD64), destination: index(ociAMD64.as("")),
		status: Pass, match: SamePlatforms},
	{name: "two platforms only in the source's list", source: index(ociBoth...), destination: index(ociAMD64.as(""), ociARM64.as("")),
		status: Fail, reason: PlatformDiffers, message: "linux/arm64: nodes do not find " + ociARM64.digest() + " at the destination: it has no platform in its list and stands behind another"},
	{name: "platforms only in the source's list, after an artifact", source: index(app), destination: index(sbom.of("sbom"), app.as("")),
		status: Fail, reason: PlatformDiffers, message: "stands behind another such entry"},
	{name: "platforms only in the source's list, in a nested list that is called an image, after an artifact", source: index(app), destination: index(chart.as(""), index(app).typed(TypeOCIManifest).as("")),
		status: Fail, reason: PlatformDiffers, message: "stands behind another such entry"},
	{name: "the destination's list lacks one platform's name", source: index(ociBoth...), destination: index(ociAMD64.as(""), ociARM64),
		status: Pass, match: SamePlatforms},
	{name: "a short version of Windows", source: index(old.as("windows/amd64:10.0.17763")), destination: index(old.as("windows/amd64:10.0.17763").built("anew")),
		status: Pass, match: Converted},
	{name: "an entry without a platform after another such entry", source: index(app), destination: index(app, chart.as(""), app.as("")),
		status: Pass, match: SamePlatforms},
	{name: "no platforms in both lists, one image less at the destination", source: index(ociAMD64.as(""), ociARM64.as(""), s390x), destination: index(ociAMD64.as(""), ociARM64.as("")),
		status: Pass, match: SamePlatforms, reads: "source HEAD 1, source READ 1, destination READ 3, destination CONFIG 2"},
	{name: "the media type of a list on an image", source: index(app), destination: index(app.typed(TypeOCIIndex)),
		status: Fail, reason: PlatformDiffers, message: "linux/amd64: nodes do not find " + app.digest() + " at the destination: its media type in the list"},
	{name: "the media type of a list on an image, without a platform", source: index(app), destination: index(app.typed(TypeDockerList).as("")),
		status: Fail, reason: PlatformDiffers, message: "is that of a list, and it is none"},
	{name: "the media type of a list on an image, on both sides", source: index(app.typed(TypeOCIIndex)), destination: index(app.typed(TypeOCIIndex), s390x),
		status: Pass, match: SamePlatforms},
	{name: "a media type that is not for images", source: index(app), destination: index(app.typed("application/json")),
		status: Fail, reason: PlatformDiffers, message: `its media type in the list, "application/json", is none of an image`},
	{name: "a media type that is not for images, on both sides", source: index(app.typed("application/json"), s390x), destination: index(app.typed("application/json")),
		status: Pass, match: SamePlatforms},
	{name: "Docker's media type of an OCI image", source: index(app), destination: index(app.typed(TypeDockerManifest)),
		status: Pass, match: SamePlatforms},
	{name: "an empty platform in the list", source: index(app), destination: index(app.as("/")),
		status: Fail, reason: PlatformDiffers, message: "its platform in the list is empty"},
	{name: "a flat index, mirrored as two nested ones", source: index(ociBoth...), destination: index(nestedIndex(ociAMD64), nestedIndex(ociARM64)),
		status: Fail, reason: PlatformDiffers, message: "linux/arm64: nodes do not find"},
	{name: "a flat index, mirrored as two nested ones with platforms", source: index(ociBoth...), destination: index(nestedIndex(ociAMD64).as("linux/amd64"), nestedIndex(ociARM64).as("linux/arm64")),
		status: Fail, reason: PlatformDiffers, message: "linux/amd64, linux/arm64: its image stands in a list within"},
	{name: "a nested index with a wrong platform", source: index(ociARM64), destination: index(nestedIndex(ociARM64).as("linux/amd64")),
		status: Fail, reason: PlatformDiffers, message: `its list says architecture "arm64", and the list that names that says "amd64"`},
	{name: "a single image whose config leaves out the variant", source: index(v6), destination: v6.as(""), arch: "arm",
		status: Pass, match: SamePlatforms},
	{name: "a single image whose config leaves out the variant, converted", source: index(v6), destination: v6.converted(), arch: "arm",
		status: Pass, match: Converted},
	{name: "a single image of another variant, whose config leaves it out", source: index(v6, v7), destination: v7, arch: "arm",
		status: Fail, reason: DigestDiffers, message: "linux/arm/v6: layer 1"},
	{name: "a single image of Windows, in a list without its version", source: old, destination: list(old.as("windows/amd64")),
		status: Pass, match: SamePlatforms},
	{name: "a single image whose config leaves out its OS", source: docker("/amd64", "a"), destination: docker("/amd64", "a"),
		status: Pass, match: Identical},
	{name: "a single image whose config leaves out its OS, which the list adds", source: docker("/amd64", "a"), destination: index(docker("/amd64", "a").as("linux/amd64")),
		status: Pass, match: SamePlatforms},
	{name: "an image whose list leaves out its OS", source: index(amd64), destination: index(amd64.as("/amd64")),
		status: Fail, reason: PlatformDiffers, message: "linux/amd64: nodes do not find " + amd64.digest() + " at the destination: its platform in the list names no OS: containerd takes that for its own OS"},
	{name: "an image whose list leaves out its OS on both sides", source: index(amd64.as("/amd64"), arm64), destination: index(amd64.as("/amd64"), arm64),
		status: Pass, match: Identical},
	{name: "another image without an OS in the list, which nodes take first", source: index(amd64), destination: index(amd64.running("else").as("/amd64"), amd64),
		status: Fail, reason: PlatformDiffers, message: "linux/amd64: nodes do not find " + amd64.running("else").digest() + " at the destination: its platform in the list names no OS"},
	{name: "another image without an OS in the list, behind the right one", source: index(amd64), destination: index(amd64, amd64.running("else").as("/amd64")),
		status: Pass, match: SamePlatforms},
	{name: "two versions of Windows", source: list(old, new_), destination: list(new_, old),
		status: Pass, match: SamePlatforms},

	// Windows: nodes choose by the version.
	{name: "a higher revision of the same build, added", source: list(old), destination: list(old, windows("10.0.17763.9999", "else")),
		status: Fail, reason: PlatformDiffers, message: win2019 + ": containerd 1 on Windows 10.0.17763 takes windows/amd64:10.0.17763.9999 from the destination, which is another image"},
	{name: "a revision that is higher only as text, added", source: list(old), destination: list(old, windows("10.0.17763.999", "else")),
		status: Fail, reason: PlatformDiffers, message: "containerd 2 on Windows 10.0.17763 takes windows/amd64:10.0.17763.999 "},
	{name: "a lower revision of the same build, added in front", source: list(old), destination: list(windows("10.0.17763.1", "else"), old),
		status: Fail, reason: PlatformDiffers, message: "Docker on Windows 10.0.17763 takes windows/amd64:10.0.17763.1 "},
	{name: "a lower revision of the same build, added behind", source: list(old), destination: list(old, windows("10.0.17763.1", "else")),
		status: Pass, match: SamePlatforms},
	{name: "a higher revision of the same build, with the same image", source: list(old), destination: list(old, old.as("windows/amd64:10.0.17763.9999")),
		status: Pass, match: SamePlatforms},
	{name: "a higher revision of the same build, on both sides", source: list(old, windows("10.0.17763.9999", "else")), destination: list(windows("10.0.17763.9999", "else"), old),
		status: Fail, reason: PlatformDiffers, message: "Docker on Windows 10.0.17763"},
	{name: "a higher revision of the same build, beside a single image", source: old, destination: list(old, windows("10.0.17763.9999", "else")),
		status: Fail, reason: PlatformDiffers, message: "containerd 1 on Windows 10.0.17763"},
	{name: "a build that nodes of an earlier one do not run, added", source: list(old), destination: list(old, new_),
		status: Pass, match: SamePlatforms},
	{name: "a newer build that newer nodes take, added", source: list(new_), destination: list(new_, windows("10.0.26100.1", "else")),
		status: Fail, reason: PlatformDiffers, message: win2022 + ": containerd 1 on Windows 10.0.26100 takes windows/amd64:10.0.26100.1 "},
	{name: "a higher revision that is another architecture, added", source: list(old), destination: list(old, docker("windows/arm64:10.0.17763.9999", "else")),
		status: Pass, match: SamePlatforms},
	{name: "a version that is none, added", source: list(old), destination: list(old, windows("next", "else")),
		status: Pass, match: SamePlatforms},
	{name: "a higher revision that differs in several versions", source: list(old, new_), destination: list(old, new_, windows("10.0.17763.9999", "else"), windows("10.0.20348.9999", "else")),
		status: Fail, reason: PlatformDiffers, message: "containerd 1 on Windows 10.0.20348"},
	{name: "a version that the config denies, on the same digest", source: list(old.as("windows/amd64")), destination: list(old.as(win2022)),
		status: Fail, reason: PlatformDiffers, message: `the destination's list says os.version "10.0.20348.2322" of ` + old.digest() + `, but its config says "10.0.17763.5458": the list lies`},
	{name: "a version that the config has, on the same digest", source: list(old.as("windows/amd64")), destination: list(old),
		status: Pass, match: SamePlatforms, reads: "source HEAD 1, source READ 1, destination READ 2, destination CONFIG 1"},
	{name: "a version that nobody says, on the same digest", source: list(docker("windows/amd64", "a")), destination: list(docker("windows/amd64", "a").as(win2022)),
		status: Fail, reason: PlatformDiffers, message: "which neither the source's list nor its config says"},
	{name: "a version that the config denies, on a converted image", source: index(oci(win2019, "a").as("windows/amd64")), destination: list(oci(win2019, "a").converted().as(win2022)),
		status: Fail, reason: PlatformDiffers, message: "the list lies"},
	{name: "a version that the outer list denies", source: index(index(old.as("windows/amd64")).typed(TypeOCIIndex)), destination: index(index(old.as("windows/amd64")).typed(TypeOCIIndex).as(win2022)),
		status: Fail, reason: PlatformDiffers, message: "the list lies"},
	{name: "a version of Linux", source: index(app.as("linux/amd64:1")), destination: index(app.as("linux/amd64:2")),
		status: Pass, match: SamePlatforms},
	{name: "a version of Linux that the configs deny", source: list(docker("linux/amd64:1", "a").as("linux/amd64:2")), destination: list(docker("linux/amd64:3", "a").as("linux/amd64:4")),
		status: Pass, match: Converted},
	{name: "an image of another version of Linux in front", source: index(app.as("linux/amd64:1")), destination: index(fat.as("linux/amd64:2"), app.as("linux/amd64:1")),
		status: Fail, reason: DigestDiffers, message: "the destination also has another image for this platform"},
	{name: "an entry of no version in front of another one", source: index(windows("10.0.26100.3", "a"), docker("windows/amd64", "b")),
		destination: index(windows("10.0.26100.3", "a").as("windows/amd64"), docker("windows/amd64", "b")),
		status:      Fail, reason: DigestDiffers, message: "on Windows of another version takes windows/amd64 from the destination, which is another image"},
	{name: "an inner list that blocks its platform", source: index(app), destination: index(nestedIndex(s390x).as("linux/amd64"), app),
		status: Fail, reason: PlatformDiffers, message: "linux/amd64: nodes do not find "},
	{name: "an inner list that blocks a platform on both sides", source: index(nestedIndex(s390x).as("linux/amd64"), app), destination: index(nestedIndex(s390x).as("linux/amd64"), app, s390x),
		status: Pass, match: SamePlatforms},
	{name: "an image that nodes cannot use, in front of the right one", source: index(app), destination: index(app.typed("application/json"), app),
		status: Fail, reason: PlatformDiffers, message: `its media type in the list, "application/json", is none of an image`},
	{name: "an image that nodes cannot use, behind the right one", source: index(app), destination: index(app, app.typed("application/json")),
		status: Pass, match: SamePlatforms},
	{name: "features of the OS, added", source: index(app), destination: index(app.wanting("gpu")),
		status: Fail, reason: PlatformDiffers, message: `the destination's list says os.features "gpu" of ` + app.digest()},
	{name: "features of the OS, added to a converted image", source: index(app), destination: list(dockerApp.wanting("gpu")),
		status: Fail, reason: PlatformDiffers, message: `the destination's list says os.features "gpu"`},
	{name: "features of the OS, on both sides", source: index(app.wanting("a,b")), destination: index(app.wanting("a,b"), s390x),
		status: Pass, match: SamePlatforms},
	{name: "features of the OS, left out", source: index(app.wanting("a,b")), destination: index(app.wanting("b"), s390x),
		status: Pass, match: SamePlatforms},

	{name: "an entry with a version of Windows, and one without", source: index(old.as("windows/amd64"), new_), destination: index(old.as("windows/amd64"), new_),
		status: Pass, match: Identical},
	{name: "an entry with a version of Windows, and one without, and one platform less", source: index(old.as("windows/amd64"), new_, s390x), destination: index(old.as("windows/amd64"), new_),
		status: Pass, match: SamePlatforms},

	{name: "a missing nested index without a wanted platform", source: index(nestedIndex(s390x), app), destination: index(nestedIndex(s390x).missing(), app),
		status: Pass, match: Identical},
	{name: "a trimmed index of a nested one", source: index(nestedIndex(ociAMD64), s390x), destination: index(nestedIndex(ociAMD64)),
		status: Pass, match: SamePlatforms, reads: "source HEAD 1, source READ 1, destination HEAD 1, destination READ 2"},
	{name: "one image in a list that lost its config", source: app, destination: index(app.configless()),
		status: Pass, match: SamePlatforms}, // the config is not looked for at this depth
	{name: "another image for a better variant that nodes do not find", source: index(v6), destination: index(v6, chart.as(""), oci("linux/arm/v7", "for v7").as("")), arch: "arm",
		status: Pass, match: SamePlatforms},
	{name: "another image for a better variant of an image that nodes do not find", source: index(chart.as(""), v6Alone, s390x), destination: index(chart.as(""), v6Alone, v7), arch: "arm",
		status: Pass, match: SamePlatforms},
	{name: "variants that are no numbers", source: index(oci("linux/riscv64/rva20", "a")), destination: index(oci("linux/riscv64/rva20", "a"), oci("linux/riscv64/rva22", "b")), arch: "riscv64",
		status: Pass, match: SamePlatforms},

	// Converted.
	{name: "OCI to Docker: the config stays", source: index(app), destination: list(dockerApp),
		status: Pass, match: Converted, reads: "source HEAD 1, source READ 2, destination READ 2"},
	{name: "Docker to OCI: with a new config", source: list(docker("linux/amd64", "base", "app")), destination: index(app.built("anew")),
		status: Pass, match: Converted, reads: "source HEAD 1, source READ 2, source CONFIG 1, destination READ 2, destination CONFIG 1"},
	{name: "a single image, converted", source: app, destination: dockerApp,
		status: Pass, match: Converted},
	{name: "a single image, converted into a list", source: app, destination: list(rewritten),
		status: Pass, match: Converted},
	{name: "half converted", source: index(ociAMD64, ociARM64), destination: list(ociAMD64, ociARM64.converted()),
		status: Pass, match: Converted},
	{name: "schema 1, converted", source: v1, destination: copiedV1,
		status: Pass, match: Converted},
	{name: "schema 1, converted into a list", source: v1, destination: index(copiedV1),
		status: Pass, match: Converted},
	{name: "schema 1 with empty layers", source: schema1("linux/amd64", "empty", "base", "empty", "app", "gone!"), destination: copiedV1,
		status: Pass, match: Converted},
	{name: "history, author and time differ", source: list(amd64.built("2024")), destination: list(amd64.built("2025")),
		status: Pass, match: Converted},
	{name: "a config that gained the variant of its list", source: list(docker("linux/arm", "a").as("linux/arm/v6")), destination: list(docker("linux/arm/v6", "a")), arch: "arm",
		status: Pass, match: Converted},
	{name: "a config that gained the usual variant", source: list(arm64), destination: list(docker("linux/arm64/v8", arm64.layers...).running(arm64.command)),
		status: Pass, match: Converted},
	{name: "a config that gained a better variant", source: list(amd64), destination: list(docker("linux/amd64/v4", amd64.layers...).as("linux/amd64")),
		status: Fail, reason: PlatformDiffers, message: `linux/amd64: config field variant: "" != "v4"`},
	{name: "the config leaves out a variant", source: list(docker("linux/arm/v6", "a")), destination: list(docker("linux/arm", "a").as("linux/arm/v6")), arch: "arm",
		status: Pass, match: Converted},

	{name: "a converted image beside a recompressed one", source: index(app), destination: index(zstdApp, dockerApp),
		status: Pass, match: Converted},
	{name: "the same wrong time in both configs", source: index(app.dated("yesterday")), destination: index(app.dated("yesterday").converted().running("run")),
		status: Pass, match: Converted},
	{name: "a wrong time only at the source", source: index(app.dated("yesterday")), destination: index(app),
		status: Pass, match: Converted},
	{name: "a wrong time only at the destination", source: index(app), destination: index(app.dated("yesterday")),
		status: Fail, reason: DigestDiffers, message: `linux/amd64: nodes refuse the destination's config: the time "yesterday" is not in the format of RFC 3339`},
	{name: "a time that is none, and another difference", source: index(app), destination: index(app.dated("").running("else")),
		status: Fail, reason: DigestDiffers, message: `nodes refuse the destination's config: the time "" is not in the format of RFC 3339, config field Cmd`},
	{name: "a command as one string", source: index(app.with(`{"Cmd":["run"]}`)), destination: index(app.with(`{"Cmd":"run"}`)),
		status: Fail, reason: DigestDiffers, message: "nodes refuse the destination's config: config.Cmd: no JSON string belongs there"},
	{name: "a volume that is a number", source: index(app.with(`{"Volumes":{"/data":{}}}`)), destination: index(app.with(`{"Volumes":{"/data":5}}`)),
		status: Fail, reason: DigestDiffers, message: "nodes refuse the destination's config: config.Volumes: no JSON number belongs there"},

	// Media types and URLs of descriptors.
	{name: "layers without media types", source: index(app), destination: index(app.packed("application/vnd.oci.image.layer.v1.tar+gzip", "")),
		status: Fail, reason: DigestDiffers, message: "linux/amd64: layer 2: it has no media type at the destination, and nodes need that"},
	{name: "recompressed layers without media types", source: index(app), destination: index(regzipped.packed("application/vnd.oci.image.layer.v1.tar+gzip", "")),
		status: Fail, reason: DigestDiffers, message: "layer 2: it has no media type at the destination"},
	{name: "layers without media types on both sides", source: index(app.packed("", "")), destination: index(app.packed("", "").built("anew")),
		status: Pass, match: Converted},
	{name: "a config without a media type", source: index(app), destination: index(app.withConfig("")),
		status: Fail, reason: DigestDiffers, message: "linux/amd64: config: it has no media type at the destination, and nodes need that"},
	{name: "layers that came to have URLs", source: app, destination: app.at("https://elsewhere.example/layer"),
		status: Fail, reason: DigestDiffers, message: `linux/amd64: layer 1: it has the URL "https://elsewhere.example/layer" at the destination and not at the source, and containerd gets it from there`},
	{name: "recompressed layers that came to have URLs", source: app, destination: zstdApp.at("HTTP://elsewhere.example/layer"),
		status: Fail, reason: DigestDiffers, message: "layer 1: it has the URL"},
	{name: "layers with URLs on both sides", source: app.at("https://elsewhere.example/layer"), destination: dockerApp.at("https://elsewhere.example/layer"),
		status: Pass, match: Converted},
	{name: "layers that lost their URLs", source: app.at("https://elsewhere.example/layer"), destination: app,
		status: Pass, match: Converted},
	{name: "layers with URLs that nodes cannot read", source: app, destination: app.at("ftp://elsewhere.example/layer", "nowhere"),
		status: Pass, match: Converted},
	{name: "an annotation that makes CRI-O prefer another image", source: index(app, fat), destination: index(app, fat.noted(annotationZstd)),
		status: Fail, reason: DigestDiffers, message: "linux/amd64: the image that CRI-O and Podman prefer for this platform is another one: 2 layers != 3"},
	{name: "an annotation that makes CRI-O prefer another image, lost", source: index(app, fat.noted(annotationZstd)), destination: index(app, fat),
		status: Fail, reason: DigestDiffers, message: "the image that CRI-O and Podman prefer for this platform is another one: 3 layers != 2"},
	{name: "an annotation that makes CRI-O prefer another image, on both sides", source: index(app, fat.noted(annotationZstd)), destination: index(app, fat.noted(annotationZstd), s390x),
		status: Pass, match: SamePlatforms},
	{name: "a variant that makes CRI-O prefer another image", source: index(ociARM64, ociARM64.running("else")), destination: index(ociARM64, ociARM64.running("else").as("linux/arm64/v8")),
		status: Fail, reason: DigestDiffers, message: "linux/arm64: the image that CRI-O and Podman prefer for this platform is another one"},
	{name: "a variant that CRI-O does not look for", source: index(ociAMD64, ociAMD64.running("else")), destination: index(ociAMD64, ociAMD64.running("else").as("linux/amd64/v1")),
		status: Pass, match: SamePlatforms, warning: "says variant \"v1\""},
	{name: "an annotation of a single image", source: index(app), destination: index(app.noted(annotationZstd)),
		status: Pass, match: SamePlatforms},
	{name: "an entry that came to have a URL", source: index(app), destination: index(linked),
		status: Fail, reason: PlatformDiffers, message: `linux/amd64: ` + app.digest() + `: it has the URL "https://elsewhere.example/app" at the destination`},
	{name: "a config of unknown type, corrected", source: app.withConfig("application/octet-stream"), destination: app,
		status: Pass, match: Converted},
	{name: "converted back to schema 1", source: copiedV1, destination: schema1("linux/amd64", "empty", "base", "app"),
		status: Pass, match: Converted, warning: "the destination's image is of schema 1, and the source's is not: containerd no longer pulls it"},

	// Recompressed.
	{name: "gzip to zstd", source: index(app), destination: index(zstdApp),
		status: Pass, match: Recompressed},
	{name: "gzip to gzip, with the same config", source: app, destination: regzipped,
		status: Pass, match: Recompressed, reads: "source HEAD 1, source READ 1, destination READ 1, destination CONFIG 1"},
	{name: "gzip to zstd, and a new config", source: app, destination: zstdApp.built("anew"),
		status: Pass, match: Recompressed},
	{name: "the weakest platform counts", source: index(app, ociARM64), destination: index(zstdApp, ociARM64),
		status: Pass, match: Recompressed},
	{name: "gzip and zstd beside each other", source: index(app, zstdApp), destination: index(app, zstdApp, s390x),
		status: Pass, match: SamePlatforms},
	{name: "gzip and zstd in the other order", source: index(app, zstdApp), destination: index(zstdApp, app),
		status: Pass, match: SamePlatforms},
	{name: "gzip and zstd, of which gzip was mirrored", source: index(app, zstdApp), destination: index(app),
		status: Pass, match: Recompressed},
	{name: "gzip, and zstd added by the mirror", source: index(app), destination: index(app, zstdApp),
		status: Pass, match: SamePlatforms},

	// Not the same.
	{name: "nothing at the destination", source: app, destination: nothing,
		status: Fail, reason: DestinationMissing, message: "destination manifest does not exists"},
	{name: "an empty index at the destination", source: app, destination: index(),
		status: Fail, reason: DestinationEmpty, message: "is empty"},
	{name: "one platform less", source: index(ociAMD64, ociARM64), destination: index(ociAMD64),
		status: Fail, reason: PlatformMissing, message: "the destination does not have platform linux/arm64"},
	{name: "two wanted platforms, mirrored as a single image", source: list(amd64, arm64), destination: amd64,
		status: Fail, reason: PlatformMissing, message: "linux/arm64"},
	{name: "another version of Windows", source: list(old), destination: list(new_),
		status: Fail, reason: PlatformMissing, message: win2019},
	{name: "one version of Windows less", source: list(old, new_), destination: list(new_),
		status: Fail, reason: PlatformMissing, message: win2019},
	{name: "another layer", source: app, destination: oci("linux/amd64", "base", "app 2"),
		status: Fail, reason: DigestDiffers, message: "layer 2: "},
	{name: "another layer under the same config", source: app, destination: oci("linux/amd64", "base", "app 2").claiming(layerDiffID("base"), layerDiffID("app")),
		status: Pass, match: Recompressed}, // only the depth data finds this
	{name: "one more layer", source: app, destination: oci("linux/amd64", "base", "app", "more"),
		status: Fail, reason: DigestDiffers, message: "2 layers != 3"},
	{name: "layers in another order", source: app, destination: oci("linux/amd64", "app", "base"),
		status: Fail, reason: DigestDiffers, message: "layer 1: "},
	{name: "schema 1 with another layer", source: v1, destination: docker("linux/amd64", "base", "app 2"),
		status: Fail, reason: DigestDiffers, message: "layer 2: "},
	{name: "schema 1 with another command", source: v1, destination: copiedV1.running("else"),
		status: Fail, reason: DigestDiffers, message: `config field Cmd: ["run"] != ["else"]`},
	{name: "one platform is another image", source: index(ociAMD64, ociARM64), destination: index(ociAMD64, oci("linux/arm64", "else")),
		status: Fail, reason: DigestDiffers, message: "linux/arm64: 2 layers != 1"},
	{name: "one more image for the platform", source: index(app), destination: index(app, oci("linux/amd64", "else")),
		status: Fail, reason: DigestDiffers, message: "also has another image for this platform"},
	{name: "one more entry for the platform, with the image of another platform", source: index(ociARM64, app), destination: index(ociARM64, app, ociARM64.as("linux/amd64")),
		status: Fail, reason: PlatformDiffers, message: "linux/amd64: the destination also has another image"},
	{name: "another image for a better variant", source: index(v6), destination: index(v6, v7), arch: "arm",
		status: Fail, reason: DigestDiffers, message: "linux/arm/v6: the destination has another image for linux/arm/v7, where nodes of that variant take this one at the source: layer 1"},
	{name: "another image for a better variant than the best of the source", source: index(v5, v6), destination: index(v6, v5, v7.withLayers("for v5")), arch: "arm",
		status: Fail, reason: DigestDiffers, message: "linux/arm/v6: the destination has another image for linux/arm/v7"},
	{name: "the same image for a better variant", source: index(v6), destination: index(v6, v6.as("linux/arm/v7")), arch: "arm",
		status: Pass, match: SamePlatforms, reads: "source HEAD 1, source READ 1, destination HEAD 1, destination READ 1"},
	{name: "a copy of the same image for a better variant", source: index(v6), destination: index(v6, v6.built("anew").as("linux/arm/v7")), arch: "arm",
		status: Pass, match: SamePlatforms},
	{name: "a copy of the first of two images for a better variant", source: index(v6, v6Else), destination: index(v6, v6Else, v6.built("anew").as("linux/arm/v7")), arch: "arm",
		status: Pass, match: SamePlatforms},
	{name: "a copy of the second of two images for a better variant", source: index(v6, v6Else), destination: index(v6, v6Else, v6Else.built("anew").as("linux/arm/v7")), arch: "arm",
		status: Fail, reason: DigestDiffers, message: "another image for linux/arm/v7"},
	{name: "another image for a lesser variant", source: index(v7), destination: index(v6, v7), arch: "arm",
		status: Pass, match: SamePlatforms},
	{name: "another image for amd64/v3", source: index(app), destination: index(app, oci("linux/amd64", "faster").as("linux/amd64/v3")),
		status: Fail, reason: DigestDiffers, message: "another image for linux/amd64/v3"},
	{name: "another image for arm64/v8.1", source: index(ociARM64), destination: index(ociARM64, oci("linux/arm64", "faster").as("linux/arm64/v8.1")),
		status: Fail, reason: DigestDiffers, message: "another image for linux/arm64/v8.1"},
	{name: "other images for many better variants", source: index(v6), destination: index(variants(maxUnlike + 1)...), arch: "arm",
		status: Fail, reason: DigestDiffers, message: "more than 8 other variants", reads: "source HEAD 1, source READ 2, source CONFIG 1, destination READ 9, destination CONFIG 8"},
	{name: "two images for a platform, the other one first", source: index(app, oci("linux/amd64", "else")), destination: index(oci("linux/amd64", "else"), app),
		status: Fail, reason: DigestDiffers, message: "the first image for this platform"},
	{name: "an entry without a version of Windows, and one more with a version", source: index(old.as("windows/amd64")), destination: index(old.as("windows/amd64"), new_),
		status: Fail, reason: PlatformDiffers, message: "also has another image for this platform"},
	{name: "an entry without a version of Windows after one with a version", source: index(old.as("windows/amd64"), new_), destination: index(new_, old.as("windows/amd64")),
		status: Pass, match: SamePlatforms}, // nodes of the version take its entry, and others take the other one
	{name: "two images for a platform, the first without its platform in the list", source: index(app, oci("linux/amd64", "else")), destination: index(app.as(""), oci("linux/amd64", "else")),
		status: Fail, reason: DigestDiffers, message: "the first image for this platform"},
	{name: "two images for a platform, the second without its platform in the list", source: index(app, oci("linux/amd64", "else")), destination: index(oci("linux/amd64", "else").as(""), app),
		status: Pass, match: SamePlatforms},
	{name: "two images for a platform", source: index(app, oci("linux/amd64", "else")), destination: index(app, oci("linux/amd64", "else")),
		status: Pass, match: Identical},
	{name: "the same bytes under the media type of another compression", source: app, destination: app.packed("application/vnd.oci.image.layer.v1.tar+zstd"),
		status: Fail, reason: DigestDiffers, message: "layer 1: its media type says gzip at the source and zstd at the destination"},
	{name: "gzip under the media type of a plain tar", source: app, destination: app.packed("application/vnd.oci.image.layer.v1.tar"),
		status: Fail, reason: DigestDiffers, message: "layer 1: its media type says gzip at the source and tar at the destination"},
	{name: "schema 1 under the media type of a plain tar", source: v1, destination: copiedV1.packed("application/vnd.oci.image.layer.v1.tar"),
		status: Fail, reason: DigestDiffers, message: "layer 1: its media type says gzip at the source and tar at the destination"},
	{name: "gzip under a media type that nodes ignore", source: app, destination: app.packed("application/vnd.docker.image.rootfs.diff.tar"),
		status: Pass, match: Converted},
	{name: "gzip under a media type that nodes ignore, corrected", source: app.packed("application/vnd.docker.image.rootfs.diff.tar"), destination: app,
		status: Pass, match: Converted},
	{name: "a media type that no node can unpack", source: app, destination: app.packed("application/vnd.example.layer"),
		status: Fail, reason: DigestDiffers, message: `layer 1: its media type at the destination, "application/vnd.example.layer", is not one that nodes can unpack`},
	{name: "a media type that no node can unpack, recompressed", source: app, destination: zstdApp.packed("application/vnd.oci.image.layer.v1.tar+zstd", "application/vnd.oci.image.layer.v1.tar+zstd+encrypted"),
		status: Fail, reason: DigestDiffers, message: "layer 2: its media type at the destination"},
	{name: "layers of a type of their own", source: app.packed("application/vnd.example.layer"), destination: rewritten.packed("application/vnd.example.layer"),
		status: Pass, match: Converted},
	{name: "layers that became foreign", source: app, destination: app.packed("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"),
		status: Fail, reason: DigestDiffers, message: "says that nodes get it from elsewhere"},
	{name: "layers that became foreign, recompressed", source: app, destination: zstdApp.packed("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd"),
		status: Fail, reason: DigestDiffers, message: "says that nodes get it from elsewhere"},
	{name: "foreign layers that the mirror stores", source: app.packed("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"), destination: app,
		status: Pass, match: Converted},
	{name: "other layers, and another config without diff IDs", source: list(amd64.claiming()), destination: list(docker("linux/amd64", "base", "else").claiming().with(`{"Cmd":["run"]}`)),
		status: Fail, reason: DigestDiffers, message: "layer 2: " + layerDigest("for amd64") + " != " + layerDigest("else") + ", and the configs do not tell"},
	{name: "other layers, and the same config without diff IDs", source: index(app.claiming()), destination: index(oci("linux/amd64", "base", "else").claiming()),
		status: Fail, reason: DigestDiffers, message: "and the configs do not tell"},
	{name: "other layers, and a config with empty diff IDs", source: index(app.claiming("", "")), destination: index(zstdApp.claiming("", "")), depth: Data,
		status: Fail, reason: DigestDiffers, message: "the source's config does not tell what is in it"},
	{name: "the same layers, and another config without diff IDs", source: list(amd64.claiming()), destination: list(amd64.claiming().built("anew")),
		status: Pass, match: Converted},
	{name: "the first of several differences", source: index(app), destination: index(oci("linux/amd64", "base", "else"), fat),
		status: Fail, reason: DigestDiffers, message: "linux/amd64: layer 2: "},
	{name: "one platform differs, another is missing", source: index(app, ociARM64), destination: index(fat),
		status: Fail, reason: DigestDiffers, message: "the destination does not have platform linux/arm64; linux/amd64: 2 layers != 3"},
	{name: "one image, and many at the source for its platform", source: index(others(maxUnlike + 1)...), destination: index(app),
		status: Error, reason: BadManifest, message: "9 entries of the source's list and 1 of the destination's", reads: "source HEAD 1, source READ 1, destination READ 1"},
	{name: "one image, and many others at the destination for its platform", source: index(app), destination: index(others(maxUnlike + 1)...),
		status: Error, reason: BadManifest, message: "1 entries of the source's list and 9 of the destination's"},
	{name: "a list in the place of an image", source: index(app), destination: index(index(app).typed(TypeOCIManifest).as("linux/amd64")),
		status: Fail, reason: DigestDiffers, message: "a list is no image"},
	{name: "a list in the place of an image, at the source", source: index(index(app).typed(TypeOCIManifest).as("linux/amd64")), destination: index(app),
		status: Fail, reason: DigestDiffers, message: "a list is no image"},
	{name: "an artifact with the same layers", source: index(app), destination: index(app.withConfig("application/vnd.example.config")),
		status: Fail, reason: DigestDiffers, message: "the digests differ"},
	{name: "an image with the layers of an artifact", source: index(app.withConfig("application/vnd.example.config")), destination: index(app),
		status: Fail, reason: DigestDiffers, message: "the digests differ"},
	{name: "schema 1 with another command, in schema 1", source: v1, destination: schema1("linux/amd64", "base", "app").running("else"),
		status: Fail, reason: DigestDiffers, message: `config field Cmd: ["run"] != ["else"]`},
	{name: "schema 1 without layers", source: schema1("linux/amd64", "empty"), destination: docker("linux/amd64"),
		status: Fail, reason: DigestDiffers, message: "the source has no layers that could be compared"},
	{name: "back to schema 1, with another layer", source: docker("linux/amd64", "base", "app 2"), destination: v1,
		status: Fail, reason: DigestDiffers, message: "layer 2: "},
	{name: "the only image of a list is missing", source: app, destination: index(app.as("").missing()),
		status: Fail, reason: ChildMissing, reads: "source HEAD 1, source READ 1, source CONFIG 1, destination READ 2"},
	{name: "a missing child", source: index(ociAMD64, ociARM64), destination: index(ociAMD64, ociARM64.missing()),
		status: Fail, reason: ChildMissing, message: ociARM64.digest()},
	{name: "a missing nested index", source: index(nestedIndex(ociAMD64)), destination: index(nestedIndex(ociAMD64).missing()),
		status: Fail, reason: ChildMissing},
	{name: "a missing converted child", source: index(app), destination: list(dockerApp.missing()),
		status: Fail, reason: ChildMissing, message: dockerApp.digest()},
	{name: "a missing config", source: app, destination: app.configless(),
		status: Fail, reason: BlobMissing, message: "destination does not have the config"},
	{name: "a missing converted config", source: list(amd64.built("2024")), destination: list(amd64.built("2025").configless()),
		status: Fail, reason: BlobMissing, message: "destination does not have the config"},
	{name: "the config is corrupt", source: app, destination: app.spoiling("config"),
		status: Fail, reason: BlobCorrupt, message: "destination config "},

	// Encrypted layers. Nodes need the keys in their annotations.
	{name: "encrypted layers, converted", source: encrypted, destination: encrypted.built("anew"),
		status: Pass, match: Converted},
	{name: "encrypted layers that lost their keys", source: encrypted, destination: encrypted.noting(nil),
		status: Fail, reason: DigestDiffers, message: "layer 1: it is encrypted, and its annotation org.opencontainers.image.enc.keys.jwe is not the same at the destination: nodes cannot decrypt it there"},
	{name: "encrypted layers that lost how they were encrypted", source: encrypted, destination: encrypted.noting(map[string]string{"org.opencontainers.image.enc.keys.jwe": "a,b"}),
		status: Fail, reason: DigestDiffers, message: "its annotation org.opencontainers.image.enc.pubopts is not the same"},
	{name: "encrypted layers that lost a recipient", source: encrypted, destination: encrypted.noting(map[string]string{"org.opencontainers.image.enc.keys.jwe": "b", "org.opencontainers.image.enc.pubopts": "c"}),
		status: Fail, reason: DigestDiffers, message: "enc.keys.jwe is not the same"},
	{name: "encrypted layers with one more recipient", source: encrypted, destination: encrypted.noting(map[string]string{"org.opencontainers.image.enc.keys.jwe": "a,b,d", "org.opencontainers.image.enc.pubopts": "c"}),
		status: Pass, match: Converted},
	{name: "encrypted layers that lost another annotation", destination: encrypted,
		source: encrypted.noting(map[string]string{"org.opencontainers.image.enc.keys.jwe": "a,b", "org.opencontainers.image.enc.pubopts": "c", "org.opencontainers.image.title": "x"}),
		status: Pass, match: Converted},
	{name: "layers that were encrypted anew", source: encrypted, destination: encrypted.withLayers("base.9", "app.9"),
		status: Fail, reason: DigestDiffers, message: "layer 1: it is encrypted, and " + layerDigest("base") + " != " + layerDigest("base.9") + ": it is another layer, or encrypted anew"},
	{name: "layers that were decrypted", source: encrypted, destination: app.withLayers("base.9", "app.9"),
		status: Pass, match: Recompressed},
	{name: "layers that were encrypted", source: app, destination: encrypted.withLayers("base.9", "app.9"),
		status: Fail, reason: DigestDiffers, message: "is not one that nodes can unpack"},
	{name: "encrypted layers that are called plain ones", source: encrypted, destination: app,
		status: Fail, reason: DigestDiffers, message: "layer 1: its media type says gzip+encrypted at the source and gzip at the destination"},
	{name: "encrypted layers of a type that no node can unpack", source: encrypted, destination: app.withLayers("base.9", "app.9").packed("application/vnd.example.layer"),
		status: Fail, reason: DigestDiffers, message: "is not one that nodes can unpack"},
	{name: "encrypted layers of Docker's type", source: encrypted, destination: encrypted.packed("application/vnd.docker.image.rootfs.diff.tar.gzip+encrypted", "application/vnd.docker.image.rootfs.diff.tar.gzip+encrypted"),
		status: Pass, match: Converted},

	// Digests of two algorithms.
	{name: "the same artifact, named by two algorithms", source: chart.named("sha512"), destination: chart,
		status: Pass, match: Identical, reads: "source HEAD 1, source READ 1, destination READ 1"},
	{name: "the same artifact, named by two algorithms the other way round", source: chart, destination: chart.named("sha512"),
		status: Pass, match: Identical, reads: "source HEAD 1, source READ 1, destination READ 1"},
	{name: "exactly the same artifact, named by two algorithms", source: chart.named("sha512"), destination: chart, rules: Exact,
		status: Pass, match: Identical},
	{name: "another artifact, named by another algorithm", source: chart.named("sha512"), destination: chart.withLayers("else"),
		status: Fail, reason: DigestDiffers, message: "source digest \"sha512:"},
	{name: "another artifact is not exact, named by another algorithm", source: chart.named("sha512"), destination: chart.withLayers("else"), rules: Exact,
		status: Fail, reason: DigestDiffers, message: "source digest \"sha512:"},
	{name: "two artifacts in lists, named by two algorithms", source: index(chart.of("chart"), sbom.of("sbom")), destination: index(sbom.of("sbom").named("sha512"), chart.of("chart").named("sha512")),
		status: Pass, match: SamePlatforms, reads: "source HEAD 1, source READ 1, destination READ 3"},
	{name: "two artifacts in lists, of which one is another", source: index(chart.of("chart"), sbom.of("sbom")), destination: index(sbom.of("sbom").named("sha512"), chart.withLayers("else").of("chart").named("sha512")),
		status: Fail, reason: PlatformMissing, message: chart.digest()},
	{name: "an artifact that is named by another algorithm, and missing", source: index(chart.of("chart")), destination: index(chart.of("chart").named("sha512").missing()),
		status: Fail, reason: DigestDiffers},
	{name: "the same image, named by two algorithms", source: app, destination: app.named("sha512"),
		status: Pass, match: Identical},
	{name: "exactly the same image, named by two algorithms", source: app, destination: app.named("sha512"), rules: Exact,
		status: Pass, match: Identical},
	{name: "the same image in lists, named by two algorithms", source: index(app), destination: index(app.named("sha512")),
		status: Pass, match: SamePlatforms},
	{name: "the same image in lists, named by two algorithms, by hangar", source: list(amd64), destination: list(amd64.named("sha512")), rules: Hangar,
		status: Pass, match: SamePlatforms},
	{name: "a single image, named by two algorithms, by hangar", source: amd64, destination: list(amd64.named("sha512")), rules: Hangar,
		status: Pass, match: SamePlatforms},
	{name: "another image in a list, named by another algorithm, by hangar", source: list(amd64), destination: list(docker("linux/amd64", "base", "else").named("sha512")), rules: Hangar,
		status: Fail, reason: DigestDiffers, message: "layer 2: "},
	{name: "a config, named by another algorithm", source: app, destination: configBySHA512,
		status: Pass, match: Converted},
	{name: "layers, named by another algorithm", source: app, destination: app.withLayers("base.sha512", "app.sha512"),
		status: Pass, match: Recompressed},
	{name: "layers, named by another algorithm, are unpacked", source: app, destination: app.withLayers("base.sha512", "app.sha512"), depth: Data,
		status: Pass, match: Recompressed, reads: "source HEAD 1, source READ 1, destination READ 1, destination CONFIG 1, destination UNPACK 2, destination RESOLVE 1"},
	{name: "diff IDs of another algorithm", source: app, destination: app.claiming(layerDiffID("base"), Digest("sha512", []byte("what is in app"))),
		status: Error, reason: BadManifest, message: "layer 2: the source's config names its content sha256:"},

	// Runtime configuration.
	{name: "Env", source: app.with(`{"Env":["PATH=/bin","A=1"]}`), destination: app.with(`{"Env":["PATH=/bin","A=secret"]}`),
		status: Fail, reason: DigestDiffers, message: "config field Env: A differs"},
	{name: "Env in another order", source: app.with(`{"Env":["A=1","B=1"]}`), destination: app.with(`{"Env":["B=1","A=1"]}`),
		status: Fail, reason: DigestDiffers, message: "config field Env: the order differs"},
	{name: "Entrypoint", source: app.with(`{"Entrypoint":["/app"]}`), destination: app.with(`{}`),
		status: Fail, reason: DigestDiffers, message: `config field Entrypoint: ["/app"] != nothing`},
	{name: "Cmd", source: app.with(`{"Cmd":["a"]}`), destination: app.with(`{"Cmd":["b"]}`),
		status: Fail, reason: DigestDiffers, message: `config field Cmd: ["a"] != ["b"]`},
	{name: "User", source: app.with(`{"User":"65532"}`), destination: app.with(`{}`),
		status: Fail, reason: DigestDiffers, message: `config field User: "65532" != ""`},
	{name: "WorkingDir", source: app.with(`{"WorkingDir":"/a"}`), destination: app.with(`{"WorkingDir":"/"}`),
		status: Fail, reason: DigestDiffers, message: "config field WorkingDir"},
	{name: "ExposedPorts", source: app.with(`{"ExposedPorts":{"80/tcp":{}}}`), destination: app.with(`{"ExposedPorts":{"81/tcp":{}}}`),
		status: Fail, reason: DigestDiffers, message: `config field ExposedPorts: ["80/tcp"] != ["81/tcp"]`},
	{name: "Volumes", source: app.with(`{"Volumes":{"/data":{}}}`), destination: app.with(`{}`),
		status: Fail, reason: DigestDiffers, message: `config field Volumes: ["/data"] != nothing`},
	{name: "Labels", source: app.with(`{"Labels":{"a":"1","b":"1"}}`), destination: app.with(`{"Labels":{"a":"2","c":"1"}}`),
		status: Fail, reason: DigestDiffers, message: "config field Labels: a differs, b is only at the source, c is only at the destination"},
	{name: "StopSignal", source: app.with(`{"StopSignal":"SIGQUIT"}`), destination: app.with(`{}`),
		status: Fail, reason: DigestDiffers, message: "config field StopSignal"},
	{name: "Shell alone, which only builds use", source: app.with(`{"Shell":["/bin/bash","-c"]}`), destination: app.with(`{}`),
		status: Pass, match: Converted},
	{name: "Shell, beside a check that needs none", source: app.with(`{"Shell":["/bin/bash","-c"],"Healthcheck":{"Test":["CMD","true"]}}`), destination: app.with(`{"Healthcheck":{"Test":["CMD","true"]}}`),
		status: Pass, match: Converted},
	{name: "Shell, in which Docker runs a check", source: app.with(`{"Shell":["/bin/bash","-c"],"Healthcheck":{"Test":["CMD-SHELL","true"]}}`), destination: app.with(`{"Healthcheck":{"Test":["CMD-SHELL","true"]}}`),
		status: Fail, reason: DigestDiffers, message: `config field Shell: ["/bin/bash","-c"] != nothing`},
	{name: "Shell and the check that runs in it", source: app.with(`{"Shell":["/bin/bash","-c"],"Healthcheck":{"Test":["CMD-SHELL","true"]}}`), destination: app.with(`{}`),
		status: Fail, reason: DigestDiffers, message: `config field Healthcheck: {"Test":["CMD-SHELL","true"]} != nothing`},
	{name: "Healthcheck", source: app.with(`{"Healthcheck":{"Test":["CMD","true"],"Interval":5}}`), destination: app.with(`{"Healthcheck":{"Test":["CMD","true"]}}`),
		status: Fail, reason: DigestDiffers, message: `config field Healthcheck: {"Test":["CMD","true"],"Interval":5} != {"Test":["CMD","true"]}`},
	{name: "an interval that no float64 holds", source: app.with(`{"Healthcheck":{"Test":["CMD","true"],"Interval":9007199254740993}}`), destination: app.with(`{"Healthcheck":{"Test":["CMD","true"],"Interval":9007199254740992}}`),
		status: Fail, reason: DigestDiffers, message: `"Interval":9007199254740993} != {"Test":["CMD","true"],"Interval":9007199254740992}`},
	{name: "an interval of 0, which is the default", source: app.with(`{"Healthcheck":{"Test":["CMD","true"],"Interval":0,"Retries":null}}`), destination: app.with(`{"Healthcheck":{"Test":["CMD","true"]}}`),
		status: Pass, match: Converted},
	{name: "no check, written in two ways", source: app.with(`{"Healthcheck":{"Test":["NONE"]}}`), destination: app.with(`{}`),
		status: Pass, match: Converted},
	{name: "ArgsEscaped means something on Windows", source: list(docker(win2019, "a").with(`{"ArgsEscaped":true}`)), destination: list(docker(win2019, "a").with(`{}`)),
		status: Fail, reason: DigestDiffers, message: "config field ArgsEscaped"},
	{name: "ArgsEscaped means nothing on Linux", source: app.with(`{"ArgsEscaped":true}`), destination: app.with(`{}`),
		status: Pass, match: Converted},
	{name: "empty fields that are written in different ways", source: app.with(`{"Cmd":null,"Env":[],"Labels":null,"Volumes":{},"Healthcheck":{}}`), destination: app.with(`{}`),
		status: Pass, match: Converted},
	{name: "every field that differs", source: app.with(`{"Env":["A=1"],"Cmd":["a"],"User":"1","Labels":{"a":"1"}}`), destination: app.with(`{"Env":["A=secret"],"Cmd":["b"],"User":"2","Labels":{"a":"2"}}`),
		status: Fail, reason: DigestDiffers, message: `linux/amd64: config field Env: A differs, config field Cmd: ["a"] != ["b"], config field User: "1" != "2", config field Labels: a differs`},
	{name: "the platform, a field and the layers' contents differ", source: app.with(`{"User":"1"}`), destination: oci("linux/riscv64", "base", "app").as("").claiming(layerDiffID("base"), layerDiffID("else")), arch: "amd64,riscv64",
		status: Fail, reason: PlatformMissing, message: "linux/amd64"},
	{name: "a field and the layers' contents differ", source: app.with(`{"User":"1"}`), destination: app.with(`{"User":"2"}`).claiming(layerDiffID("base"), layerDiffID("else")),
		status: Fail, reason: DigestDiffers, message: `config field User: "1" != "2", config field rootfs.diff_ids: layer 2: `},
	{name: "other layers, and nothing was unpacked", source: app, destination: oci("linux/amd64", "base", "else"),
		status: Fail, reason: DigestDiffers, message: "layer 2: " + layerDigest("app") + " != " + layerDigest("else") + ", and the configs say that their uncompressed contents differ"},
	{name: "a command as one string", source: app.with(`{"Entrypoint":"/app"}`), destination: app.with(`{"Entrypoint":["/app"]}`),
		status: Pass, match: Converted},
	{name: "fields that only a builder reads", source: app.with(`{"Image":"sha256:1","Hostname":"a","OnBuild":["RUN x"]}`), destination: app.with(`{}`),
		status: Pass, match: Converted},
	{name: "a config of another image", source: list(amd64.built("2024")), destination: list(amd64.built("2025").claiming(layerDiffID("base"))),
		status: Fail, reason: DigestDiffers, message: "it belongs to another image"},
	{name: "a source's config of another image", source: list(amd64.built("2024").claiming(layerDiffID("base"))), destination: list(amd64.built("2025")),
		status: Error, reason: BadManifest, message: "it belongs to another image"},
	{name: "a config that lost its architecture", source: list(amd64), destination: list(docker("linux/", "base", "for amd64").as("linux/amd64")),
		status: Fail, reason: PlatformDiffers, message: `config field architecture: "amd64" != ""`},
	{name: "a config that lost its OS", source: list(amd64), destination: list(docker("/amd64", "base", "for amd64").as("linux/amd64")),
		status: Fail, reason: PlatformDiffers, message: `config field os: "linux" != ""`},
	{name: "a config that gained its OS", source: list(docker("/amd64", "base", "for amd64").as("linux/amd64")), destination: list(amd64),
		status: Pass, match: Converted},
	{name: "a config that lost its version of Windows", source: list(old), destination: list(docker("windows/amd64", "nano 2019").as(win2019)), // OCI 1.0 has no such field
		status: Pass, match: Converted},
	{name: "diff IDs that do not belong to the layers", source: list(amd64.built("2024")), destination: list(amd64.claiming(layerDiffID("base"), layerDiffID("else"))),
		status: Fail, reason: DigestDiffers, message: "config field rootfs.diff_ids: layer 2"},

	// Lists that lie about platforms.
	{name: "the destination's list lies", source: amd64, destination: list(amd64.as("linux/arm64")),
		status: Fail, reason: PlatformDiffers, message: `the destination's list says architecture "arm64" of ` + amd64.digest() + `, but its config says "amd64": the list lies`},
	{name: "the source's list lies", source: list(amd64.as("linux/arm64")), destination: list(amd64),
		status: Fail, reason: PlatformDiffers, message: `the source's list says architecture "arm64"`},
	{name: "the image of another architecture under the right platform", source: list(amd64), destination: list(docker("linux/arm64", "base", "for amd64.9").as("linux/amd64")),
		status: Fail, reason: PlatformDiffers, message: "the destination's list says"},
	{name: "a single image of another architecture", source: list(amd64), destination: arm64,
		status: Fail, reason: PlatformMissing, message: "linux/amd64"},

	{name: "both lists lie", source: list(docker("linux/arm64", "a").built("2024").as("linux/amd64")), destination: list(docker("linux/arm64", "a").built("2025").as("linux/amd64")),
		status: Fail, reason: PlatformDiffers, message: `the source's list says architecture "amd64"`},
	{name: "the image of another variant under the right platform", source: list(docker("linux/arm/v6", "a")), destination: list(docker("linux/arm/v7", "a").as("linux/arm/v6")), arch: "arm",
		status: Fail, reason: PlatformDiffers, message: `the destination's list says variant "v6"`},
	{name: "the image of another OS under the right platform", source: list(docker("windows/amd64", "a")), destination: list(docker("linux/amd64", "a").as("windows/amd64")),
		status: Fail, reason: PlatformDiffers, message: `the destination's list says os "windows"`},

	// Artifacts and attestations.
	{name: "the same chart", source: chart, destination: chart,
		status: Pass, match: Identical, reads: "source HEAD 1, destination READ 1"},
	{name: "another chart", source: chart, destination: chart.running("else"),
		status: Fail, reason: DigestDiffers},
	{name: "a chart as a list of one", source: chart, destination: index(chart.as("")),
		status: Pass, match: SamePlatforms},
	{name: "no chart", source: chart, destination: nothing,
		status: Fail, reason: DestinationMissing},
	{name: "the same signature", source: signature, destination: signature,
		status: Pass, match: Identical},
	{name: "no signature", source: signature, destination: nothing,
		status: Fail, reason: DestinationMissing},
	{name: "another signature", source: signature, destination: signature.withLayers("of another"),
		status: Fail, reason: DigestDiffers, message: "layer 1: "},
	{name: "an image that names no platform, converted", source: signature, destination: signature.converted(),
		status: Pass, match: Converted},
	{name: "an image that names no platform, but its list names one", source: signature, destination: index(signature.as("linux/amd64")),
		status: Pass, match: SamePlatforms},
	{name: "an image that names no platform, and one that does", source: signature, destination: app,
		status: Fail, reason: DigestDiffers, message: fmt.Sprintf("source digest %q != dest digest %q", signature.digest(), app.digest())},
	{name: "an image that names no platform, beside others", source: index(app, signature), destination: index(app),
		status: Pass, match: SamePlatforms},
	{name: "an index of signatures", source: index(signature), destination: index(signature.as("")),
		status: Pass, match: Identical},
	{name: "an index of artifacts", source: index(sbom.of("sbom"), chart.as("")), destination: index(chart.as(""), sbom.of("sbom")),
		status: Pass, match: SamePlatforms},
	{name: "one artifact less", source: index(sbom.of("sbom"), chart.as("")), destination: index(chart.as("")),
		status: Fail, reason: PlatformMissing, message: "the destination does not have sbom " + sbom.digest()},
	{name: "two artifacts less", source: index(sbom.of("sbom"), chart.as(""), sbom.running("b").of("b")), destination: index(chart.as("")),
		status: Fail, reason: PlatformMissing, message: "the destination does not have sbom " + sbom.digest() + ", b " + sbom.running("b").digest()},
	{name: "one of two artifacts differs, and the other is missing", source: index(sbom.of("sbom"), chart.as("")), destination: index(sbom.running("stale").of("sbom")),
		status: Fail, reason: PlatformMissing, message: "does not have sbom " + sbom.digest() + ", application/vnd.cncf.helm.config.v1+json " + chart.digest()},
	{name: "one of two artifacts differs", source: index(sbom.of("sbom"), chart.as("")), destination: index(chart.as(""), sbom.running("stale").of("sbom")),
		status: Fail, reason: DigestDiffers, message: fmt.Sprintf("source digest %q != dest digest %q", sbom.digest(), sbom.running("stale").digest())},
	{name: "an artifact under the name of an image's layers", source: app, destination: app.withConfig("application/vnd.example.config"),
		status: Fail, reason: PlatformMissing, message: "does not have platform linux/amd64 (its layers are there in " + app.withConfig("application/vnd.example.config").digest() +
			", but its config is of type application/vnd.example.config, which is none of an image)"},
	{name: "an image that the list calls an artifact", source: app, destination: index(app.built("anew").of("application/vnd.example")),
		status: Fail, reason: PlatformMissing, message: "but the list calls it an artifact of type application/vnd.example)"},
	{name: "an image whose config lost its platform", source: app, destination: oci("/", "base", "app").as(""),
		status: Fail, reason: PlatformMissing, message: "but neither its list nor its config names a platform)"},
	{name: "another artifact in the place of an image", source: app, destination: chart,
		status: Fail, reason: PlatformMissing, message: "the destination does not have platform linux/amd64"},
	{name: "an artifact beside images", source: index(ociAMD64, sbom.of("sbom")), destination: index(ociAMD64),
		status: Pass, match: SamePlatforms},
	{name: "attestations do not count", source: index(ociAMD64, provenance), destination: index(ociAMD64),
		status: Pass, match: SamePlatforms},
	{name: "attestations count with --provenance", source: index(ociAMD64, provenance), destination: index(ociAMD64), provenance: true,
		status: Fail, reason: PlatformMissing, message: "attestation " + provenance.digest() + " of linux/amd64"},
	{name: "attestations are there", source: index(ociAMD64, provenance, s390x), destination: index(ociAMD64, provenance), provenance: true,
		status: Pass, match: SamePlatforms},
	{name: "an attestation of another image", source: index(ociAMD64, provenance), destination: index(ociAMD64, otherProvenance), provenance: true,
		status: Fail, reason: PlatformMissing},
	{name: "an attestation of a converted image", source: index(ociAMD64, provenance), provenance: true,
		destination: list(ociAMD64.converted(), provenance.converted().attesting(ociAMD64.converted())),
		status:      Pass, match: Converted},
	{name: "a missing attestation that the list names", source: index(ociAMD64, provenance), destination: index(ociAMD64, provenance.missing()), provenance: true,
		status: Fail, reason: ChildMissing},
	{name: "an attestation without any platform", source: index(ociAMD64, oci("/", "in-toto").attestingAs(ociAMD64, "")), destination: index(ociAMD64), provenance: true,
		status: Fail, reason: PlatformMissing, message: "attestation "},
	{name: "an attestation that lost the name of its image", source: index(ociAMD64, provenance), destination: index(ociAMD64, oci("", "in-toto").as("unknown/unknown")), provenance: true,
		status: Fail, reason: PlatformMissing, message: "it is there, but its annotation vnd.docker.reference.digest does not name " + ociAMD64.digest()},
	{name: "an attestation that names the image before its conversion", source: index(ociAMD64, provenance), destination: list(ociAMD64.converted(), provenance), provenance: true,
		status: Fail, reason: PlatformMissing, message: "does not name " + ociAMD64.converted().digest()},
	{name: "an attestation without a platform in the list", source: index(ociAMD64, unlabelled), destination: index(unlabelled, ociAMD64), provenance: true,
		status: Pass, match: SamePlatforms},
	{name: "an image that is called an attestation, before the right image", source: index(app), destination: index(disguised, app),
		status: Fail, reason: DigestDiffers, message: "also has another image for this platform"},
	{name: "an image that is called an attestation, at the source", source: index(app, ociARM64.attestingAs(app, "linux/arm64")), destination: index(app),
		status: Fail, reason: PlatformMissing, message: "linux/arm64"},
	{name: "an image without a platform that is called an attestation, before the right image", source: index(app.as("")), destination: index(disguised.as(""), app.as("")),
		status: Fail, reason: DigestDiffers, message: "2 layers != 1"},
	{name: "hangar without attestations", source: list(amd64, attestation.attesting(amd64)), destination: list(amd64), rules: Hangar,
		status: Pass, match: SamePlatforms},
	{name: "hangar with attestations", source: list(amd64, attestation.attesting(amd64)), destination: list(amd64), rules: Hangar, provenance: true,
		status: Fail, reason: PlatformMissing, message: "unknown/unknown"},

	// Images that cannot be compared.
	{name: "an empty source", source: index(), destination: app,
		status: Error, reason: BadManifest, message: "source manifest list is empty"},
	{name: "an empty source, exactly", source: list(), destination: list(), rules: Exact,
		status: Error, reason: BadManifest, message: "source manifest list is empty"},
	{name: "a source of empty lists, and no destination", source: index(nestedIndex()), destination: nothing,
		status: Error, reason: BadManifest, message: "source manifest list is empty"},
	{name: "no wanted platform", source: index(s390x), destination: index(s390x),
		status: Skip, reason: NoPlatform, message: "it has only linux/s390x"},
	{name: "no wanted platform in a single image", source: s390x, destination: nothing,
		status: Skip, reason: NoPlatform, message: "it has only linux/s390x"},
	{name: "no wanted platform in a single image whose config the destination lost", source: s390x, destination: index(s390x.as("linux/amd64").configless()),
		status: Skip, reason: NoPlatform},
	{name: "no wanted platform, and an artifact", source: index(s390x, sbom.of("sbom")), destination: nothing,
		status: Skip, reason: NoPlatform},
	{name: "the source lost a nested index", source: index(app, nestedIndex(ociARM64).missing()), destination: index(app),
		status: Error, reason: SourceMissing, message: "source list names "},
	{name: "the source's config is corrupt", source: list(amd64.built("2024").spoiling("config")), destination: list(amd64.built("2025")),
		status: Error, reason: BadManifest, message: "source config "},
	{name: "no source", source: nothing, destination: app,
		status: Error, reason: SourceMissing},
	{name: "the source lost a child that the destination has", source: index(ociAMD64.missing()), destination: index(ociAMD64),
		status: Pass, match: Identical},
	{name: "the source lost a child that was converted", source: index(ociAMD64.missing(), ociARM64), destination: index(ociAMD64.converted(), ociARM64),
		status: Error, reason: SourceMissing, message: "source list names " + ociAMD64.digest()},
	{name: "the source lost a child, and another is wrong", source: index(ociAMD64.missing(), ociARM64), destination: index(ociAMD64.converted(), oci("linux/arm64", "else")),
		status: Fail, reason: DigestDiffers, message: "linux/arm64"},
	{name: "both lost a child, and only the destination's list names its platform", source: index(app.as("").missing()), destination: index(app.missing()),
		status: Fail, reason: ChildMissing, message: app.digest()},
	{name: "the source lost a child that nodes cannot use at the destination", source: index(app.as("").missing()), destination: index(app.typed("application/json"), app),
		status: Pass, match: SamePlatforms},
	{name: "both lost their configs", source: list(amd64.built("2024").configless()), destination: list(amd64.built("2025").configless()),
		status: Error, reason: SourceMissing, message: "source config"},
	{name: "the source lost its config", source: list(amd64.built("2024").configless()), destination: list(amd64.built("2025")),
		status: Error, reason: SourceMissing, message: "source config"},

	// Exact.
	{name: "exactly the same", source: index(ociBoth...), destination: index(ociBoth...), rules: Exact,
		status: Pass, match: Identical, reads: "source HEAD 1, destination HEAD 2, destination READ 1"},
	{name: "exactly the same, but a child is missing", source: index(ociBoth...), destination: index(ociAMD64, ociARM64.missing()), rules: Exact,
		status: Fail, reason: ChildMissing},
	{name: "a trimmed index is not exact", source: index(ociAMD64, s390x), destination: index(ociAMD64), rules: Exact,
		status: Fail, reason: DigestDiffers, message: `source digest "`},
	{name: "a converted image is not exact", source: app, destination: dockerApp, rules: Exact,
		status: Fail, reason: DigestDiffers},
	{name: "nothing is not exact", source: app, destination: nothing, rules: Exact,
		status: Fail, reason: DestinationMissing},
	{name: "no wanted platform, exactly", source: s390x, destination: nothing, rules: Exact,
		status: Skip, reason: NoPlatform},

	// Manifests that the registry serves under another type. Clients refuse them.
	{name: "the same index, served as something else", source: index(ociBoth...), destination: index(ociBoth...).servedAs("application/json"),
		status: Fail, reason: DestinationType, message: "destination manifest MIME type unknown: application/json (so the registry says; the manifest's own is " + TypeOCIIndex + ")"},
	{name: "the same image, served as a list", source: app, destination: app.servedAs(TypeOCIIndex), rules: Exact,
		status: Fail, reason: DestinationType, message: "unknown: " + TypeOCIIndex},
	{name: "a Docker list, served as an image", source: list(amd64), destination: list(amd64).servedAs(TypeDockerManifest), rules: Hangar,
		status: Fail, reason: DestinationType, message: "unknown: " + TypeDockerManifest},
	{name: "a source served as something else", source: index(ociAMD64).servedAs("application/json"), destination: list(ociAMD64),
		status: Pass, match: SamePlatforms},
	{name: "a type in capitals", source: app, destination: app.servedAs(strings.ToUpper(TypeOCIManifest)),
		status: Pass, match: Identical},
	{name: "schema 1, served as early registries do", source: v1, destination: v1.servedAs("application/json"),
		status: Pass, match: Identical},
	{name: "a child served as something else", source: index(ociAMD64), destination: index(ociAMD64.servedAs("text/plain")), depth: Blobs,
		status: Fail, reason: DestinationType, message: "linux/amd64: destination manifest MIME type unknown: text/plain"},
	{name: "something else is wrong, too", source: list(amd64), destination: list(arm64).servedAs("application/json"),
		status: Fail, reason: PlatformMissing},

	// Depth blobs.
	{name: "every blob is there", source: index(app, ociARM64), destination: index(app, ociARM64), depth: Blobs,
		status: Pass, match: Identical, reads: "source HEAD 1, destination READ 3, destination STAT 5, destination RESOLVE 1"},
	{name: "every blob of a single image is there", source: app, destination: app, depth: Blobs,
		status: Pass, match: Identical, reads: "source HEAD 1, destination READ 1, destination CONFIG 1, destination STAT 2, destination RESOLVE 1"},
	{name: "a layer twice", source: oci("linux/amd64", "base", "base"), destination: oci("linux/amd64", "base", "base"), depth: Blobs,
		status: Pass, match: Identical, reads: "source HEAD 1, destination READ 1, destination CONFIG 1, destination STAT 1, destination RESOLVE 1"},
	{name: "a layer is missing", source: app, destination: app.without("app"), depth: Blobs,
		status: Fail, reason: BlobMissing, message: "the destination does not have layer 2, " + layerDigest("app")},
	{name: "a layer is missing, and nobody looked", source: app, destination: app.without("app"),
		status: Pass, match: Identical},
	{name: "a config is missing", source: index(app), destination: index(app.configless()), depth: Blobs,
		status: Fail, reason: BlobMissing, message: "does not have config, sha256:"},
	{name: "a layer was cut short", source: app, destination: app.cutting("base"), depth: Blobs,
		status: Fail, reason: BlobSize, message: "has 3 bytes, the manifest says 4"},
	{name: "a child is missing, at depth blobs", source: index(ociAMD64), destination: index(ociAMD64.missing()), depth: Blobs,
		status: Fail, reason: ChildMissing},
	{name: "the list lies about a size", source: index(app.sized(7)), destination: index(app.sized(7)), depth: Blobs,
		status: Fail, reason: BlobSize, message: "the list says 7"},
	{name: "foreign layers need not be there", depth: Blobs,
		source:      app.packed("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"),
		destination: app.packed("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip").without("base", "app"),
		status:      Pass, match: Identical},
	{name: "foreign layers without URLs", source: foreign, destination: foreign.without("app"), depth: Blobs,
		status: Fail, reason: BlobMissing, message: "layer 2, "},
	{name: "several missing blobs", source: index(fat), destination: index(fat.without("base", "app", "more").configless()), depth: Blobs,
		status: Fail, reason: BlobMissing, message: "and 1 more"},
	{name: "two images with different missing blobs", source: index(app, ociARM64), destination: index(app.without("app"), ociARM64.cutting("for arm64")), depth: Blobs,
		status: Fail, reason: BlobMissing, message: "linux/arm64: layer 2"},
	{name: "a layer has grown", source: app, destination: app.growing("base"), depth: Blobs,
		status: Fail, reason: BlobSize, message: "has 6 bytes, the manifest says 4"},
	{name: "one image in a list, whose config is corrupt", source: app, destination: index(app.spoiling("config")), depth: Blobs,
		status: Fail, reason: BlobCorrupt, message: "config, sha256:"},
	{name: "hangar with blobs", source: list(amd64), destination: list(amd64.without("base")), rules: Hangar, depth: Blobs,
		status: Fail, reason: BlobMissing},
	{name: "hangar with blobs of a single image", source: amd64, destination: list(amd64.without("base")), rules: Hangar, depth: Blobs,
		status: Fail, reason: BlobMissing},
	{name: "schema 1 with blobs", source: v1, destination: v1, depth: Blobs,
		status: Fail, reason: BlobMissing}, // the registries of these tests have no layers of schema 1
	{name: "attestations have blobs, too", source: index(ociAMD64, provenance), destination: index(ociAMD64, provenance.without("in-toto")), provenance: true, depth: Blobs,
		status: Fail, reason: BlobMissing},

	// Bytes in descriptors, which containerd uses instead of fetching. The layer "app"
	// has three bytes.
	{name: "right bytes in a descriptor", source: app, destination: app.inlining("app", "app").built("anew"),
		status: Pass, match: Converted},
	{name: "wrong bytes in a layer's descriptor", source: app, destination: app.inlining("app", "evi"),
		status: Fail, reason: BlobCorrupt, message: "layer 2, " + layerDigest("app") + ", is corrupt in the field data of its descriptor, which containerd uses instead of fetching: its bytes there have the digest " + Digest("sha256", []byte("evi"))},
	{name: "bytes of another length, which containerd ignores", source: app, destination: app.inlining("app", "evil"),
		status: Pass, match: Converted},
	{name: "wrong bytes in a config's descriptor", source: app, destination: app.inlining("config", strings.Repeat("x", len(app.configBody()))),
		status: Fail, reason: BlobCorrupt, message: "config, sha256:"},
	{name: "wrong bytes on both sides", source: app.inlining("app", "evi"), destination: app.inlining("app", "evi"),
		status: Fail, reason: BlobCorrupt, message: "The source has the same field, so mirroring the image again does not help"},
	{name: "wrong bytes in a list's entry", source: index(app, s390x), destination: index(app.inlining("entry", strings.Repeat("x", len(app.body())))),
		status: Fail, reason: ManifestCorrupt, message: "linux/amd64: manifest, " + app.digest() + ", is corrupt in the field data"},
	{name: "wrong bytes in an entry that is a list", source: index(nestedIndex(app), s390x), destination: index(nestedIndex(app).inlining("entry", strings.Repeat("x", len(index(app).body())))),
		status: Fail, reason: ManifestCorrupt, message: "linux/amd64: list, " + index(app).digest() + ", is corrupt in the field data"},
	{name: "wrong bytes in an entry of a platform that nobody wants", source: index(app), destination: index(app, s390x.inlining("entry", strings.Repeat("x", len(s390x.body())))),
		status: Pass, match: SamePlatforms},
	{name: "wrong bytes in an image that nobody read", source: index(app.inlining("app", "evi")), destination: index(app.inlining("app", "evi")),
		status: Pass, match: Identical},
	{name: "wrong bytes in an image of a list", source: index(app.inlining("app", "evi")), destination: index(app.inlining("app", "evi")), depth: Blobs,
		status: Fail, reason: BlobCorrupt, message: "linux/amd64: layer 2, "},
	{name: "wrong bytes, by hangar", source: list(amd64), destination: list(amd64.inlining("entry", strings.Repeat("x", len(amd64.body())))), rules: Hangar,
		status: Fail, reason: ManifestCorrupt, message: "linux/amd64: manifest, "},

	// The type of an image's config, as the artifact type of a list's entry.
	{name: "an image that is called an artifact", source: index(app.of(typeOCIConfig)), destination: index(app.as("")),
		status: Pass, match: SamePlatforms},
	{name: "a converted image that was called an artifact", source: index(app.of(typeOCIConfig)), destination: list(dockerApp.as("")),
		status: Pass, match: Converted},
	{name: "an image that the mirror calls an artifact", source: index(app), destination: index(app.of(typeDockerConfig)),
		status: Pass, match: SamePlatforms},
	{name: "another image that is called an artifact", source: index(app.of(typeOCIConfig)), destination: index(fat.as("")),
		status: Fail, reason: DigestDiffers, message: "linux/amd64: 2 layers != 3"},

	// Depth data.
	{name: "every byte is right", source: index(app), destination: index(app), depth: Data,
		status: Pass, match: Identical, reads: "source HEAD 1, destination READ 2, destination HASH 3, destination RESOLVE 1"},
	{name: "a corrupt layer", source: app, destination: app.spoiling("app"), depth: Data,
		status: Fail, reason: BlobCorrupt, message: "layer 2, " + layerDigest("app") + ", is corrupt: its bytes have the digest " + Digest("sha256", []byte("spoilt"))},
	{name: "a corrupt layer, and nobody read it", source: app, destination: app.spoiling("app"), depth: Blobs,
		status: Pass, match: Identical},
	{name: "a corrupt config", source: index(app), destination: index(app.spoiling("config")), depth: Data,
		status: Fail, reason: BlobCorrupt, message: "config, sha256:"},
	{name: "a layer that is shorter", source: app, destination: app.cutting("app"), depth: Data,
		status: Fail, reason: BlobSize},
	{name: "a layer that is longer", source: app, destination: app.growing("app"), depth: Data,
		status: Fail, reason: BlobSize, message: "has 5 bytes, the manifest says 3"},
	{name: "a missing layer", source: app, destination: app.without("app"), depth: Data,
		status: Fail, reason: BlobMissing},
	{name: "recompressed layers are unpacked", source: app, destination: zstdApp, depth: Data,
		status: Pass, match: Recompressed, reads: "source HEAD 1, source READ 1, destination READ 1, destination CONFIG 1, destination UNPACK 2, destination RESOLVE 1"},
	{name: "a config that lies about its layers", source: app, depth: Data,
		destination: oci("linux/amd64", "base", "app 2").claiming(layerDiffID("base"), layerDiffID("app")),
		status:      Fail, reason: BlobCorrupt, message: "unpacks to " + layerDiffID("app 2")},
	{name: "a config that lies about a layer that the manifest names twice", source: oci("linux/amd64", "base", "app", "more"), depth: Data,
		destination: oci("linux/amd64", "base.9", "more.9", "base.9").claiming(layerDiffID("base"), layerDiffID("app"), layerDiffID("more")),
		status:      Fail, reason: BlobCorrupt, message: "layer 3, " + layerDigest("base.9") + ", unpacks to " + layerDiffID("base")},
	{name: "a layer that cannot be unpacked", source: app, destination: oci("linux/amd64", "base.zst", "app.bomb"), depth: Data,
		status: Fail, reason: BlobCorrupt, message: "cannot be unpacked: it is a bomb"},
	{name: "a layer that is not what its media type says", source: app, depth: Data,
		destination: oci("linux/amd64", "base.9", "app.9").packed("application/vnd.oci.image.layer.v1.tar+zstd"),
		status:      Fail, reason: BlobCorrupt, message: "is gzip, its media type says zstd"},
	{name: "no recompressed layer is in the sample", source: app, destination: zstdApp, depth: Data, sample: "0.001%",
		status: Pass, match: Recompressed, reads: "source HEAD 1, source READ 1, destination READ 1, destination CONFIG 1, destination STAT 2, destination RESOLVE 1"},
	{name: "no blob is in the sample", source: app, destination: app.spoiling("app"), depth: Data, sample: "0.001%",
		status: Pass, match: Identical, reads: "source HEAD 1, destination READ 1, destination CONFIG 1, destination STAT 2, destination RESOLVE 1"},
}

func (test contentTest) question(t testing.TB) Question {
	t.Helper()
	q := question(test.arch, test.os)
	q.Rules, q.Depth, q.Provenance = Content, Manifests, test.provenance
	if test.rules != "" {
		q.Rules = test.rules
	}
	if test.depth != "" {
		q.Depth = test.depth
	}
	if test.sample != "" {
		sample, err := ParseSample(test.sample)
		if err != nil {
			t.Fatal(err)
		}
		q.Sample = sample
	}
	return q
}

func (test contentTest) validate(t testing.TB) (Verdict, []Need) {
	t.Helper()
	w := world{sides: [2]registry{hold(t, test.source), hold(t, test.destination)}}
	return drive(t, test.question(t), w.read, all)
}

func TestContent(t *testing.T) {
	for _, test := range contentTests {
		t.Run(test.name, func(t *testing.T) {
			verdict, reads := test.validate(t)
			if verdict.Status != test.status || verdict.Reason != test.reason || verdict.Match != test.match || !strings.Contains(verdict.Message, test.message) {
				t.Errorf("got  %s %s %s %q\nwant %s %s %s %q", verdict.Status, verdict.Reason, verdict.Match, verdict.Message,
					test.status, test.reason, test.match, test.message)
			}
			if warnings := strings.Join(verdict.Warnings, "; "); !strings.Contains(warnings, test.warning) || (test.warning == "") != (warnings == "") {
				t.Errorf("got the warnings %q, want %q", warnings, test.warning)
			}
			if strings.Contains(verdict.Message, "secret") {
				t.Errorf("the value of a variable is shown: %s", verdict.Message)
			}
			if got := tally(reads); test.reads != "" && got != test.reads {
				t.Errorf("read %s\nwant %s", got, test.reads)
			}
			// The order of the facts must not matter.
			w := world{sides: [2]registry{hold(t, test.source), hold(t, test.destination)}}
			if slowly, _ := drive(t, test.question(t), w.read, 1); !reflect.DeepEqual(slowly, verdict) {
				t.Errorf("read one by one: %+v\nread at once: %+v", slowly, verdict)
			}
			w.headless = true
			headless, reads := drive(t, test.question(t), w.read, all)
			if !reflect.DeepEqual(headless, verdict) {
				t.Errorf("with manifests in answer to HEAD requests: %+v\nwithout: %+v", headless, verdict)
			}
			if slices.Contains(reads, Need{Side: Source, Action: ReadManifest}) {
				t.Error("the source's manifest was read although the HEAD gave it")
			}
		})
	}
}

// TestRounds counts the rounds of a comparison, because each round takes the time of a
// request.
func TestRounds(t *testing.T) {
	for _, test := range []struct {
		contentTest
		referrers bool
		rounds    int
	}{
		{contentTest{name: "the same index", source: index(ociBoth...), destination: index(ociBoth...)}, false, 2},
		{contentTest{name: "the same list by hangar", source: list(amd64, arm64), destination: list(amd64, arm64), rules: Hangar}, false, 2},
		{contentTest{name: "a single image, converted", source: app, destination: dockerApp}, false, 3},
		{contentTest{name: "a single image, converted with another config", source: app, destination: rewritten}, false, 3},
		{contentTest{name: "an index, converted", source: index(app, ociARM64), destination: list(dockerApp, ociARM64.converted())}, false, 3},
		{contentTest{name: "the same index, with referrers", source: index(ociBoth...), destination: index(ociBoth...)}, true, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			q := test.question(t)
			q.Referrers = test.referrers
			w := world{sides: [2]registry{hold(t, test.source), hold(t, test.destination)}}
			known, rounds := Known{}, 0
			for ; ; rounds++ {
				verdict, needs := Compare(q, known)
				if len(needs) == 0 {
					if verdict.Status != Pass || rounds != test.rounds {
						t.Errorf("%s %s after %d rounds, want %d", verdict.Status, verdict.Message, rounds, test.rounds)
					}
					return
				}
				for _, need := range needs {
					fact := w.read(need)
					known[need] = &fact
				}
			}
		})
	}
}

// TestProblemOnce compares images with one problem. The message must name it only once.
func TestProblemOnce(t *testing.T) {
	for _, test := range []contentTest{
		{name: "another layer", source: index(app), destination: index(fat)},
		{name: "another single image", source: app, destination: fat},
		{name: "the first of two images", source: index(app, zstdApp), destination: index(fat, zstdApp)},
		{name: "a layer of two platforms is missing", source: index(app, app.as("linux/arm64")), destination: index(app.without("base"), app.as("linux/arm64").without("base")), depth: Blobs},
		{name: "the same entry twice", source: index(app, app), destination: index(fat)},
		{name: "a revision of Windows in the place of another", source: list(old), destination: list(windows("10.0.17763.9999", "else"))},
		{name: "another image, and its attestation", source: index(ociAMD64, provenance), destination: index(app), provenance: true},
		{name: "a missing layer that the manifest names twice", source: oci("linux/amd64", "base", "base"), destination: oci("linux/amd64", "base", "base").without("base"), depth: Blobs},
	} {
		t.Run(test.name, func(t *testing.T) {
			verdict, _ := test.validate(t)
			if verdict.Status != Fail || strings.Contains(verdict.Message, ";") || strings.Contains(verdict.Message, "layer 2") && test.depth == Blobs {
				t.Errorf("%s %s: %d platforms, %s", verdict.Status, verdict.Reason, len(verdict.Platforms), verdict.Message)
			}
		})
	}
}

// marked returns the image as Podman lists an image of zstd layers.
func marked(n node) node {
	n.annotations = map[string]string{annotationZstd: "true"}
	return n
}
