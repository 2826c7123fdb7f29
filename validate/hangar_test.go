package validate

import (
	"fmt"
	"math/rand"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// These tests are a table of cases for the rules "hangar".

const (
	win2019 = "windows/amd64:10.0.17763.5458"
	win2022 = "windows/amd64:10.0.20348.2322"
)

var (
	amd64 = docker("linux/amd64", "base", "for amd64")
	arm64 = docker("linux/arm64", "base", "for arm64")
	s390x = docker("linux/s390x", "base", "for s390x")
	old   = docker(win2019, "nano 2019")
	new_  = docker(win2022, "nano 2022")

	ociAMD64 = oci("linux/amd64", "base", "for amd64")
	ociARM64 = oci("linux/arm64", "base", "for arm64")

	attestation = oci("unknown/unknown", "provenance")
	chart       = oci("linux/amd64", "chart").withConfig("application/vnd.cncf.helm.config.v1+json")

	v1 = schema1("linux/amd64", "base", "app")
	// copiedV1 is a converted copy of v1. Its config is a new one.
	copiedV1 = docker("linux/amd64", "base", "app").built("by the conversion")
)

const (
	defaultArch = "amd64,arm64"
	defaultOS   = "linux,windows"
)

type hangarTest struct {
	name                string
	source, destination node
	arch, os            string // "" means the defaults

	status  Status
	reason  Reason
	message string // a part of the message
	match   Match
	reads   string // the needs that are read; "" means that any are allowed
}

var hangarTests = []hangarTest{
	// The table of Hangar's rules.
	{name: "no destination manifest", source: list(amd64), destination: nothing,
		status: Fail, reason: DestinationMissing, message: "destination manifest does not exists",
		reads: "source HEAD 1, source READ 1, destination READ 1"},
	{name: "no destination manifest of a single image", source: amd64, destination: nothing,
		status: Fail, reason: DestinationMissing, message: "destination manifest does not exists",
		reads: "source HEAD 1, source READ 1, source CONFIG 1, destination READ 1"},
	{name: "the destination is an image, not a list", source: list(amd64), destination: amd64,
		status: Fail, reason: DestinationType, message: "destination manifest MIME type unknown: " + TypeDockerManifest},
	{name: "the destination is a plain copy of a single image", source: amd64, destination: amd64,
		status: Fail, reason: DestinationType, message: "destination manifest MIME type unknown: " + TypeDockerManifest,
		reads: "source HEAD 1, source CONFIG 1, destination READ 1"},
	{name: "the destination is an OCI index", source: index(ociAMD64), destination: index(ociAMD64),
		status: Fail, reason: DestinationType, message: "destination manifest MIME type unknown: " + TypeOCIIndex},
	{name: "the destination is an OCI image", source: ociAMD64, destination: ociAMD64,
		status: Fail, reason: DestinationType, message: "destination manifest MIME type unknown: " + TypeOCIManifest},
	{name: "the destination is of schema 1", source: v1, destination: v1,
		status: Fail, reason: DestinationType, message: "destination manifest MIME type unknown: " + TypeDockerSchema1},
	{name: "the destination's list is empty", source: list(amd64), destination: list(),
		status: Fail, reason: DestinationEmpty, message: "destination manifest list is empty"},
	{name: "the destination's list is empty, and the source is a single image", source: amd64, destination: list(),
		status: Fail, reason: DestinationEmpty, message: "destination manifest list is empty"},
	{name: "a single image and two in the destination's list", source: amd64, destination: list(amd64, arm64),
		status: Fail, reason: DestinationLength, message: "destination manifest list length should be 1"},
	{name: "a single image twice in the destination's list", source: amd64, destination: list(amd64, amd64),
		status: Fail, reason: DestinationLength, message: "destination manifest list length should be 1"},
	{name: "architecture differs", source: amd64, destination: list(amd64.as("linux/arm64")),
		status: Fail, reason: PlatformDiffers, message: `source arch "amd64" != dest arch "arm64"`},
	{name: "OS differs", source: amd64, destination: list(amd64.as("windows/amd64")),
		status: Fail, reason: PlatformDiffers, message: `source os "linux" != dest os "windows"`},
	{name: "variant differs", source: docker("linux/arm64/v8"), destination: list(docker("linux/arm64/v8").as("linux/arm64")),
		status: Fail, reason: PlatformDiffers, message: `source variant "v8" != dest variant ""`},
	{name: "OS version differs", source: old, destination: list(old.as(win2022)),
		status: Fail, reason: PlatformDiffers, message: `source os.version "10.0.17763.5458" != dest os.version "10.0.20348.2322"`},
	{name: "digests of single images differ", source: amd64, destination: list(amd64.running("yesterday")),
		status: Fail, reason: DigestDiffers,
		message: fmt.Sprintf("source digest %q != dest digest %q", amd64.digest(), amd64.running("yesterday").digest()),
		reads:   "source HEAD 1, source READ 1, source CONFIG 1, destination READ 1"},
	{name: "digests in lists differ", source: list(amd64, arm64), destination: list(amd64.running("yesterday"), arm64),
		status: Fail, reason: DigestDiffers,
		message: `source manifest "docker.io/library/app" != dest "registry.corp.example/library/app", tag "1.0"`,
		reads:   "source HEAD 1, source READ 1, destination READ 1"},
	{name: "a selected platform is not in the destination", source: list(amd64, arm64), destination: list(amd64),
		status: Fail, reason: PlatformMissing, message: "linux/arm64"},
	{name: "the list names a missing manifest", source: list(amd64, arm64), destination: list(amd64, arm64.missing()),
		status: Fail, reason: ChildMissing, message: arm64.digest()},
	{name: "the list of a single image names a missing manifest", source: amd64, destination: list(amd64.missing()),
		status: Fail, reason: ChildMissing, message: amd64.digest()},
	{name: "the source has none of the wanted platforms", source: list(s390x), destination: list(s390x),
		status: Skip, reason: NoPlatform, message: "source does not have OS [linux,windows], arch [amd64,arm64]; it has only linux/s390x"},

	// Lists.
	{name: "the same list", source: list(amd64, arm64), destination: list(amd64, arm64),
		status: Pass, match: Identical, reads: "source HEAD 1, destination HEAD 2, destination READ 1"},
	{name: "the same children in another order", source: list(amd64, arm64), destination: list(arm64, amd64),
		status: Pass, match: SamePlatforms, reads: "source HEAD 1, source READ 1, destination HEAD 2, destination READ 1"},
	{name: "only the wanted architectures are mirrored", source: list(amd64, s390x, arm64), destination: list(amd64, arm64),
		status: Pass, match: SamePlatforms},
	{name: "only the wanted OS is mirrored", source: list(amd64, old, new_), destination: list(old, new_), os: "windows",
		status: Pass, match: SamePlatforms},
	{name: "an unwanted architecture has changed", source: list(amd64, arm64), destination: list(amd64, arm64.running("old")), arch: "amd64",
		status: Pass, match: SamePlatforms},
	{name: "an unwanted OS has changed", source: list(amd64, old), destination: list(amd64, old.running("old")), os: "linux",
		status: Pass, match: SamePlatforms},
	{name: "an unwanted child is missing", source: list(amd64, s390x), destination: list(amd64, s390x.missing()),
		status: Pass, match: Identical, reads: "source HEAD 1, destination HEAD 1, destination READ 1"},
	{name: "more platforms at the destination, unwanted", source: list(amd64), destination: list(amd64, s390x),
		status: Pass, match: SamePlatforms},
	{name: "more platforms at the destination, wanted", source: list(amd64), destination: list(amd64, arm64),
		status: Fail, reason: DigestDiffers, message: "linux/arm64: the source's list has no such entry"},
	{name: "another image of a platform at the destination", source: list(amd64), destination: list(amd64, amd64.running("other")),
		status: Fail, reason: DigestDiffers, message: "linux/amd64: the source's list has no such entry"},
	{name: "several images of a platform", source: list(amd64, amd64.running("other")), destination: list(arm64.as("linux/s390x"), amd64, amd64.running("other")),
		status: Pass, match: SamePlatforms, reads: "source HEAD 1, source READ 1, destination HEAD 2, destination READ 1"},
	{name: "several images of a platform, in another order", source: list(amd64, amd64.running("other")), destination: list(amd64.running("other"), amd64),
		status: Fail, reason: DigestDiffers, message: "linux/amd64: the destination's first entry for this platform, which nodes take, is another image than the source's first one"},
	{name: "another image in front, under another name of the platform", source: list(amd64), destination: list(amd64.running("other").as("linux/x86_64"), amd64),
		status: Fail, reason: DigestDiffers, message: "(linux/x86_64: the source's list has no such entry)"},
	{name: "an entry that came to have a URL", source: list(amd64), destination: list(func() node { n := amd64; n.link = "https://elsewhere.example/"; return n }()),
		status: Fail, reason: PlatformDiffers, message: "(linux/amd64: " + amd64.digest() + `: it has the URL "https://elsewhere.example/" at the destination`},
	{name: "several images of a platform under two names, in another order", source: list(arm64, arm64.running("other").as("linux/arm64/v8")),
		destination: list(arm64.running("other").as("linux/arm64/v8"), arm64),
		status:      Fail, reason: DigestDiffers, message: "linux/arm64: the destination's first entry for this platform"},
	{name: "one of several images of a platform", source: list(amd64, amd64.running("other")), destination: list(amd64),
		status: Fail, reason: DigestDiffers, message: "linux/amd64: the digests differ"},
	{name: "the same entry twice", source: list(amd64, amd64), destination: list(amd64, amd64),
		status: Pass, match: Identical, reads: "source HEAD 1, destination HEAD 1, destination READ 1"},
	{name: "one digest for two platforms", source: list(arm64, arm64.as("linux/arm64/v8")), destination: list(arm64.as("linux/arm64/v8"), arm64),
		status: Pass, match: SamePlatforms},
	{name: "one digest for one platform too many", source: list(amd64), destination: list(amd64, amd64.as("linux/arm64")),
		status: Fail, reason: DigestDiffers, message: "linux/arm64"},
	{name: "a variant only at the destination, same digest", source: list(arm64), destination: list(arm64.as("linux/arm64/v8")),
		status: Fail, reason: PlatformDiffers, message: `source variant "" != dest variant "v8"`},
	{name: "a variant only at the source, same digest", source: list(arm64.as("linux/arm64/v8")), destination: list(arm64),
		status: Fail, reason: PlatformDiffers, message: `source variant "v8" != dest variant ""`},
	{name: "a variant only at the destination, other digest", source: list(arm64), destination: list(arm64.as("linux/arm64/v8").running("old")),
		status: Fail, reason: PlatformMissing, message: "source platform linux/arm64 is not in"},
	{name: "an architecture by another name", source: list(amd64.as("linux/x86_64")), destination: list(amd64),
		status: Pass, match: SamePlatforms},
	{name: "an architecture wanted by another name", source: list(arm64, s390x), destination: list(arm64), arch: "aarch64",
		status: Pass, match: SamePlatforms},
	{name: "the architecture differs, same digest", source: list(amd64), destination: list(amd64.as("linux/arm64")),
		status: Fail, reason: PlatformDiffers, message: `source arch "amd64" != dest arch "arm64"`},
	{name: "the OS differs, same digest", source: list(amd64), destination: list(amd64.as("windows/amd64")),
		status: Fail, reason: PlatformDiffers, message: `source os "linux" != dest os "windows"`},
	{name: "two versions of Windows", source: list(old, new_), destination: list(new_, old),
		status: Pass, match: SamePlatforms},
	{name: "os.version differs, same digest", source: list(old), destination: list(old.as(win2022)),
		status: Fail, reason: PlatformDiffers, message: `source os.version "10.0.17763.5458" != dest os.version "10.0.20348.2322"`},
	{name: "os.version left out, same digest", source: list(old), destination: list(old.as("windows/amd64")),
		status: Fail, reason: PlatformDiffers, message: `source os.version "10.0.17763.5458" != dest os.version ""`},
	{name: "os.version added, same digest", source: list(old.as("windows/amd64")), destination: list(old),
		status: Fail, reason: PlatformDiffers, message: `source os.version "" != dest os.version "10.0.17763.5458"`},
	{name: "one of two versions of Windows", source: list(old, new_), destination: list(old),
		status: Fail, reason: PlatformMissing, message: win2022},
	{name: "os.version and digest differ", source: list(old), destination: list(new_),
		status: Fail, reason: PlatformMissing, message: win2019},
	{name: "the destination's entry has no platform", source: list(amd64), destination: list(amd64.as("")),
		status: Fail, reason: PlatformDiffers, message: `source arch "amd64" != dest arch ""`},
	{name: "the destination's entry has an unwanted platform", source: list(amd64), destination: list(amd64.as("linux/s390x")),
		status: Fail, reason: PlatformDiffers, message: `source arch "amd64" != dest arch "s390x"`},
	{name: "the destination's entry has a media type that is not for images", source: list(amd64), destination: list(amd64.typed("application/json")),
		status: Fail, reason: PlatformDiffers, message: `its media type in the list, "application/json", is none of an image`},
	{name: "the destination's entry wants features of the OS", source: list(old), destination: list(old.wanting("win32k")),
		status: Fail, reason: PlatformDiffers, message: `source os.features "" != dest os.features "win32k"`},
	{name: "the destination's entry left out features of the OS", source: list(old.wanting("win32k")), destination: list(old),
		status: Pass, match: SamePlatforms},
	{name: "a missing platform counts more than a different one", source: list(amd64, arm64), destination: list(amd64.running("old")),
		status: Fail, reason: PlatformMissing, message: "linux/arm64"},
	{name: "every missing child is named", source: list(amd64, arm64), destination: list(amd64.missing(), arm64.missing()),
		status: Fail, reason: ChildMissing, message: "which the registry does not have; linux/arm64: destination list names " + arm64.digest()},
	{name: "attestations are not mirrored", source: index(amd64, attestation), destination: list(amd64),
		status: Pass, match: SamePlatforms},
	{name: "attestations at the destination", source: list(amd64), destination: list(amd64, attestation),
		status: Pass, match: SamePlatforms},

	{name: "an attestation without a platform is not read", source: index(ociAMD64, unlabelled), destination: list(ociAMD64),
		status: Pass, match: SamePlatforms, reads: "source HEAD 1, source READ 1, destination HEAD 1, destination READ 1"},

	// OCI indexes.
	{name: "OCI index, children as they were", source: index(ociAMD64, ociARM64), destination: list(ociAMD64, ociARM64),
		status: Pass, match: SamePlatforms, reads: "source HEAD 1, source READ 1, destination HEAD 2, destination READ 1"},
	{name: "OCI index, converted", source: index(ociAMD64, ociARM64), destination: list(ociAMD64.converted(), ociARM64.converted()),
		status: Pass, match: Converted, reads: "source HEAD 1, source READ 3, destination READ 3"},
	{name: "OCI index, converted in another order", source: index(ociAMD64, ociARM64), destination: list(ociARM64.converted(), ociAMD64.converted()),
		status: Pass, match: Converted},
	{name: "OCI index, one child converted", source: index(ociAMD64, ociARM64), destination: list(ociAMD64, ociARM64.converted()),
		status: Pass, match: Converted, reads: "source HEAD 1, source READ 2, destination HEAD 1, destination READ 2"},
	{name: "OCI index with attestations, converted", source: index(ociAMD64, attestation), destination: list(ociAMD64.converted()),
		status: Pass, match: Converted},
	{name: "OCI index, converted with another config", source: index(ociAMD64), destination: list(ociAMD64.running("other").converted()),
		status: Fail, reason: DigestDiffers, message: "linux/amd64: config "},
	{name: "OCI index, converted with another layer", source: index(ociAMD64), destination: list(ociAMD64.withLayers("base", "other").converted()),
		status: Fail, reason: DigestDiffers, message: "linux/amd64: layer 2: " + layerDigest("for amd64") + " != " + layerDigest("other")},
	{name: "OCI index, converted with one layer less", source: index(ociAMD64), destination: list(ociAMD64.withLayers("base").converted()),
		status: Fail, reason: DigestDiffers, message: "linux/amd64: 2 layers != 1"},
	{name: "OCI index, converted with the layers in another order", source: index(ociAMD64),
		destination: list(ociAMD64.withLayers("for amd64", "base").converted()),
		status:      Fail, reason: DigestDiffers, message: "linux/amd64: layer 1: "},
	{name: "OCI index, a converted child missing", source: index(ociAMD64, ociARM64), destination: list(ociAMD64.converted(), ociARM64.converted().missing()),
		status: Fail, reason: ChildMissing, message: ociARM64.converted().digest()},
	{name: "OCI index, a child missing that was not converted", source: index(ociAMD64, ociARM64), destination: list(ociAMD64.converted(), ociARM64.missing()),
		status: Fail, reason: ChildMissing, message: ociARM64.digest()},
	{name: "OCI index, a platform missing", source: index(ociAMD64, ociARM64), destination: list(ociAMD64.converted()),
		status: Fail, reason: PlatformMissing, message: "linux/arm64"},
	{name: "OCI index, several images of a platform converted", source: index(ociAMD64, ociAMD64.running("other")),
		destination: list(ociAMD64.converted(), ociAMD64.running("other").converted()),
		status:      Pass, match: Converted},
	{name: "OCI index, several images of a platform converted, in another order", source: index(ociAMD64, ociAMD64.running("other")),
		destination: list(ociAMD64.running("other").converted(), ociAMD64.converted()),
		status:      Fail, reason: DigestDiffers, message: "linux/amd64: the destination's first entry for this platform"},
	{name: "OCI index, converted beside another image of the platform", source: index(ociAMD64),
		destination: list(ociAMD64.converted(), ociAMD64.running("other").converted()),
		status:      Fail, reason: DigestDiffers, message: "the source's list has no such entry"},
	{name: "OCI index, a child rewritten but not converted", source: index(ociAMD64), destination: list(ociAMD64.withConfig("application/octet-stream")),
		status: Pass, match: Converted},
	{name: "OCI index, a child whose config lost its type", source: index(ociAMD64), destination: list(ociAMD64.withConfig("")),
		status: Fail, reason: DigestDiffers, message: "linux/amd64: config: it has no media type at the destination"},
	{name: "an entry with the type of a list", source: list(amd64), destination: list(amd64.typed(TypeOCIIndex)),
		status: Fail, reason: PlatformDiffers, message: `linux/amd64: nodes do not find ` + amd64.digest() + ` at the destination: its media type in the list, "` + TypeOCIIndex + `", is that of a list, and it is none`},
	{name: "a Docker list is not converted", source: list(amd64), destination: list(ociAMD64),
		status: Fail, reason: DigestDiffers, message: "linux/amd64: the digests differ"},
	{name: "one of two candidates is missing", source: index(ociAMD64),
		destination: list(ociAMD64.running("a").converted().missing(), ociAMD64.running("b").converted()),
		status:      Fail, reason: ChildMissing, message: ociAMD64.running("a").converted().digest()},
	{name: "lists in the place of images", source: index(index(ociAMD64).as("linux/amd64").typed(TypeOCIManifest)),
		destination: list(list(s390x).as("linux/amd64").typed(TypeDockerManifest)),
		status:      Fail, reason: DigestDiffers},

	// Single images.
	{name: "Docker image in a list of one", source: amd64, destination: list(amd64),
		status: Pass, match: SamePlatforms, reads: "source HEAD 1, destination READ 2, destination CONFIG 1"},
	{name: "Windows image whose version the list leaves out", source: old, destination: list(old.as("windows/amd64")),
		status: Pass, match: SamePlatforms},
	{name: "Windows image whose version the list has", source: old, destination: list(old),
		status: Pass, match: SamePlatforms},
	{name: "an architecture by another name in the config", source: docker("linux/x86_64"), destination: list(docker("linux/x86_64").as("linux/amd64")),
		status: Pass, match: SamePlatforms},
	{name: "the destination's entry of a single image has no platform", source: amd64, destination: list(amd64.as("")),
		status: Fail, reason: PlatformDiffers, message: `source arch "amd64" != dest arch ""`},
	{name: "the config is missing at the destination", source: amd64.running("x"), destination: list(amd64.running("x").configless()),
		status: Fail, reason: BlobMissing, message: Digest("sha256", amd64.running("x").configBody())},
	{name: "a converted Docker image", source: amd64, destination: list(ociAMD64),
		status: Fail, reason: DigestDiffers, message: amd64.digest()},
	{name: "OCI image in a list of one", source: ociAMD64, destination: list(ociAMD64),
		status: Pass, match: SamePlatforms, reads: "source HEAD 1, destination READ 2, destination CONFIG 1"},
	{name: "OCI image, converted", source: ociAMD64, destination: list(ociAMD64.converted()),
		status: Pass, match: Converted, reads: "source HEAD 1, source READ 1, source CONFIG 1, destination READ 2"},
	{name: "OCI image, rewritten but not converted", source: ociAMD64, destination: list(ociAMD64.withConfig("application/octet-stream")),
		status: Pass, match: Converted},
	{name: "OCI image, converted with another config", source: ociAMD64, destination: list(ociAMD64.running("other").converted()),
		status: Fail, reason: DigestDiffers, message: ociAMD64.digest()},
	{name: "OCI image, converted with another layer", source: ociAMD64, destination: list(ociAMD64.withLayers("base", "other").converted()),
		status: Fail, reason: DigestDiffers, message: "layer 2: "},
	{name: "OCI image, converted and missing", source: ociAMD64, destination: list(ociAMD64.converted().missing()),
		status: Fail, reason: ChildMissing, message: ociAMD64.converted().digest()},
	{name: "OCI image, converted for another platform", source: ociAMD64, destination: list(ociAMD64.converted().as("linux/arm64")),
		status: Fail, reason: PlatformDiffers, message: `source arch "amd64" != dest arch "arm64"`},
	{name: "a list in the list of a single OCI image", source: ociAMD64, destination: list(list().as("linux/amd64").typed(TypeDockerList)),
		status: Fail, reason: DigestDiffers, message: ociAMD64.digest()},

	// Schema 1.
	{name: "schema 1, converted", source: v1, destination: list(copiedV1),
		status: Pass, match: Converted, reads: "source HEAD 1, source READ 1, destination READ 2, destination CONFIG 1"},
	{name: "signed schema 1, converted", source: v1.signed(), destination: list(copiedV1),
		status: Pass, match: Converted},
	{name: "schema 1 in a list", source: v1, destination: list(v1),
		status: Pass, match: SamePlatforms},
	{name: "signed schema 1 whose signatures were dropped", source: v1.signed(), destination: list(v1),
		status: Pass, match: SamePlatforms},
	{name: "schema 1, other layers", source: v1, destination: list(copiedV1.withLayers("base", "other")),
		status: Fail, reason: DigestDiffers, message: "layer 2: "},
	{name: "schema 1, the layers in another order", source: v1, destination: list(copiedV1.withLayers("app", "base")),
		status: Fail, reason: DigestDiffers, message: "layer 1: "},
	{name: "schema 1, one layer less", source: v1, destination: list(copiedV1.withLayers("base")),
		status: Fail, reason: DigestDiffers, message: "2 layers != 1"},
	{name: "schema 1 with layers that the history marks as empty", source: schema1("linux/amd64", "base", "env!", "app", "cmd!"), destination: list(copiedV1),
		status: Pass, match: Converted},
	{name: "schema 1 with empty layers, dropped", source: schema1("linux/amd64", "base", "empty", "app", "empty"), destination: list(copiedV1),
		status: Pass, match: Converted},
	{name: "schema 1 with empty layers, kept", source: schema1("linux/amd64", "base", "empty", "app"), destination: list(copiedV1.withLayers("base", "empty", "app")),
		status: Pass, match: Converted},
	{name: "schema 1 of another architecture", source: schema1("linux/arm64", "base", "app"), destination: list(copiedV1),
		status: Fail, reason: PlatformDiffers, message: `source arch "arm64" != dest arch "amd64"`},
	{name: "schema 1 of another OS", source: schema1("windows/amd64", "base", "app"), destination: list(copiedV1),
		status: Fail, reason: PlatformDiffers, message: `source os "windows" != dest os "linux"`},
	{name: "schema 1 of an unwanted architecture", source: schema1("linux/s390x", "base"), destination: nothing,
		status: Skip, reason: NoPlatform, message: "it has only linux/s390x"},
	{name: "schema 1 with a version of Windows, left out", source: schema1(win2019, "nano"), destination: list(docker("windows/amd64", "nano")),
		status: Pass, match: Converted},
	{name: "schema 1 with another version of Windows", source: schema1(win2019, "nano"), destination: list(docker(win2022, "nano")),
		status: Fail, reason: PlatformDiffers, message: `source os.version "10.0.17763.5458" != dest os.version "10.0.20348.2322"`},
	{name: "schema 1, converted and missing", source: v1, destination: list(copiedV1.missing()),
		status: Fail, reason: ChildMissing, message: copiedV1.digest()},
	{name: "schema 1 with only empty layers, and a list at the destination", source: schema1("linux/amd64", "empty"), destination: list(list().as("linux/amd64")),
		status: Fail, reason: DigestDiffers},

	// Images that are not compared.
	{name: "none of the wanted platforms, in a list that names no platform", source: list(s390x.as("")), destination: nothing,
		status: Skip, reason: NoPlatform, message: "it has only linux/s390x"},
	{name: "none of the wanted platforms, in a list in the list", source: index(list(s390x).typed(TypeDockerList), docker("linux/arm/v7", "a")), destination: nothing,
		status: Skip, reason: NoPlatform, message: "it has only linux/s390x, linux/arm/v7"},
	{name: "only an attestation", source: index(attestation.attestingAs(amd64, "unknown/unknown")), destination: nothing,
		status: Skip, reason: NoPlatform, message: "it has only unknown/unknown"},
	{name: "an image whose config has no type", source: ociAMD64.withConfig(""), destination: list(ociAMD64.withConfig("")),
		status: Pass, match: SamePlatforms},
	{name: "none of the wanted platforms, and no destination", source: list(amd64, arm64), destination: nothing, arch: "s390x",
		status: Skip, reason: NoPlatform, message: "it has only linux/amd64, linux/arm64"},
	{name: "a single image of an unwanted platform, and no destination", source: s390x, destination: nothing,
		status: Skip, reason: NoPlatform, message: "it has only linux/s390x"},
	{name: "a wanted architecture of an unwanted OS", source: list(old), destination: list(old), os: "linux",
		status: Skip, reason: NoPlatform, message: "it has only " + win2019},

	{name: "an image whose config leaves out its OS", source: docker("/amd64", "a"), destination: list(docker("/amd64", "a").as("linux/amd64")),
		status: Pass, match: SamePlatforms},
	{name: "an image whose config leaves out its architecture, and no destination", source: docker("linux/", "a"), destination: nothing,
		status: Fail, reason: DestinationMissing},
	{name: "an image whose config leaves out its architecture, of an unwanted OS", source: docker("freebsd/", "a"), destination: nothing,
		status: Skip, reason: NoPlatform, message: "it has only freebsd/"},

	// Sources in which Hangar finds no platform. They are looked into.
	{name: "an artifact", source: chart, destination: chart,
		status: Pass, match: Identical},
	{name: "an artifact in a list of one", source: chart, destination: list(chart.as("")),
		status: Pass, match: SamePlatforms},
	{name: "a stale artifact", source: chart, destination: chart.running("yesterday"),
		status: Fail, reason: DigestDiffers, message: fmt.Sprintf("source digest %q != dest digest %q", chart.digest(), chart.running("yesterday").digest())},
	{name: "an artifact without a destination", source: chart, destination: nothing,
		status: Fail, reason: DestinationMissing, reads: "source HEAD 1, source READ 1, destination READ 1"},
	{name: "a signature", source: signature, destination: signature,
		status: Pass, match: Identical},
	{name: "a signature without a destination", source: signature, destination: nothing,
		status: Fail, reason: DestinationMissing},
	{name: "a list of artifacts", source: index(sbom.of("sbom"), chart.as("")), destination: index(chart.as(""), sbom.of("sbom")),
		status: Pass, match: SamePlatforms},
	{name: "a list of artifacts that lost one", source: index(sbom.of("sbom"), chart.of("chart")), destination: index(chart.of("chart")),
		status: Fail, reason: PlatformMissing, message: "the destination does not have sbom " + sbom.digest()},
	{name: "a list of artifacts without a destination", source: index(sbom.of("sbom")), destination: nothing,
		status: Fail, reason: DestinationMissing},
	{name: "an empty source list", source: list(), destination: list(),
		status: Error, reason: BadManifest, message: "source manifest list is empty"},
	{name: "an empty source list, and no destination", source: index(), destination: nothing,
		status: Error, reason: BadManifest, message: "source manifest list is empty"},
	{name: "a source list without platforms", source: list(amd64.as(""), s390x.as("")), destination: list(amd64.as(""), s390x.as("")),
		status: Pass, match: Identical, reads: "source HEAD 1, destination READ 3, destination CONFIG 2"},
	{name: "a source list without platforms, which the mirror names", source: index(amd64.as(""), arm64.as("")), destination: list(amd64, arm64),
		status: Pass, match: SamePlatforms},
	{name: "a source list without platforms, and no destination", source: index(ociAMD64.as("")), destination: nothing,
		status: Fail, reason: DestinationMissing},
	{name: "a source list without platforms, copied as it is", source: index(ociAMD64.as("")), destination: index(ociAMD64.as("")),
		status: Fail, reason: DestinationType, message: TypeOCIIndex},
	{name: "a source list without platforms, and a stale mirror", source: list(amd64.as("")), destination: list(amd64.running("yesterday")),
		status: Fail, reason: DigestDiffers, message: "linux/amd64: the digests differ"},
	{name: "a source list without platforms, of which the mirror lacks one", source: list(amd64.as(""), arm64.as("")), destination: list(amd64),
		status: Fail, reason: PlatformMissing, message: "linux/arm64"},
	{name: "a source list without platforms, whose manifest the mirror lost", source: list(amd64.as("")), destination: list(amd64.as("").missing()),
		status: Fail, reason: ChildMissing, message: amd64.digest()},
	{name: "a source list without platforms, whose manifest the source lost", source: list(amd64.as("").missing()), destination: list(amd64.running("else")),
		status: Error, reason: SourceMissing, message: amd64.digest()},
	{name: "a source list that lost its manifest", source: list(amd64.as("").missing()), destination: list(s390x),
		status: Error, reason: SourceMissing, message: amd64.digest()},
	{name: "a source list in a list", source: index(nestedIndex(ociAMD64), s390x), destination: list(ociAMD64),
		status: Pass, match: SamePlatforms},
	{name: "a source list in a list, and no destination", source: index(nestedIndex(ociAMD64), docker("linux/arm/v7", "a")), destination: nothing,
		status: Fail, reason: DestinationMissing},
	{name: "a source list in a list, copied as a list in a list", source: index(nestedIndex(ociAMD64)), destination: list(nestedIndex(ociAMD64)),
		status: Pass, match: SamePlatforms},
	{name: "a wanted platform in an inner list, beside one in the outer", source: index(ociAMD64, nestedIndex(ociARM64)), destination: list(ociAMD64),
		status: Fail, reason: PlatformMissing, message: "linux/arm64"},
	{name: "a source list without platforms, mirrored as a list in a list", source: list(amd64.as("")), destination: list(nestedIndex(amd64)),
		status: Fail, reason: PlatformMissing, message: "linux/amd64"},
	{name: "the source's config belongs to another image", source: index(app.built("2024").claiming(layerDiffID("base"))), destination: list(app.built("2025")),
		status: Error, reason: BadManifest, message: "it belongs to another image"},
	{name: "the config of a single source belongs to another image", source: app.built("2024").claiming(layerDiffID("base")), destination: list(app.built("2025")),
		status: Error, reason: BadManifest, message: "it belongs to another image"},

	// Manifests and configs that the source has lost.
	{name: "no source", source: nothing, destination: list(amd64),
		status: Error, reason: SourceMissing, message: "source manifest does not exist", reads: "source HEAD 1, destination READ 1"},
	{name: "neither source nor destination", source: nothing, destination: nothing,
		status: Error, reason: SourceMissing, message: "source manifest does not exist"},
	{name: "the config is missing on both sides", source: amd64.configless(), destination: list(amd64.configless()),
		status: Error, reason: SourceMissing, message: "source config "},
	{name: "the destination has a child that the source lost", source: list(amd64.missing()), destination: list(amd64),
		status: Pass, match: Identical},
	{name: "a child of an OCI index missing at the source", source: index(ociAMD64.missing(), ociARM64), destination: list(ociAMD64.converted(), ociARM64.converted()),
		status: Error, reason: SourceMissing, message: ociAMD64.digest()},
	{name: "a child of an OCI index missing at the source, another is wrong", source: index(ociAMD64.missing(), ociARM64), destination: list(ociAMD64.converted(), arm64.running("else")),
		status: Fail, reason: DigestDiffers, message: ociAMD64.digest()},
	{name: "two entries for a converted child, and the right one is missing", source: index(ociAMD64), destination: list(amd64.running("else"), ociAMD64.converted().missing()),
		status: Fail, reason: ChildMissing, message: ociAMD64.converted().digest()},
}

func question(arch, os string) Question {
	split := func(s, fallback string) []string {
		if s == "" {
			s = fallback
		}
		return strings.Split(s, ",")
	}
	return Question{Source: "docker.io/library/app", Destination: "registry.corp.example/library/app", Tag: "1.0",
		Arch: split(arch, defaultArch), OS: split(os, defaultOS), Rules: Hangar, Depth: Manifests}
}

// all is a number that is greater than the needs of any round.
const all = 1 << 20

// validate compares two manifests and everything that they name.
func (test hangarTest) validate(t testing.TB) (Verdict, []Need) {
	t.Helper()
	w := world{sides: [2]registry{hold(t, test.source), hold(t, test.destination)}}
	return drive(t, question(test.arch, test.os), w.read, all)
}

func TestHangar(t *testing.T) {
	for _, test := range hangarTests {
		t.Run(test.name, func(t *testing.T) {
			verdict, reads := test.validate(t)
			if verdict.Status != test.status || verdict.Reason != test.reason || verdict.Match != test.match || !strings.Contains(verdict.Message, test.message) {
				t.Errorf("got  %s %s %s %q\nwant %s %s %s %q", verdict.Status, verdict.Reason, verdict.Match, verdict.Message,
					test.status, test.reason, test.match, test.message)
			}
			if got := tally(reads); test.reads != "" && got != test.reads {
				t.Errorf("read %s\nwant %s", got, test.reads)
			}

			// The order of the facts must not matter.
			w := world{sides: [2]registry{hold(t, test.source), hold(t, test.destination)}}
			if slowly, _ := drive(t, question(test.arch, test.os), w.read, 1); !reflect.DeepEqual(slowly, verdict) {
				t.Errorf("read one by one: %+v\nread at once: %+v", slowly, verdict)
			}
			w.headless = true
			headless, reads := drive(t, question(test.arch, test.os), w.read, all)
			if !reflect.DeepEqual(headless, verdict) {
				t.Errorf("with manifests in answer to HEAD requests: %+v\nwithout: %+v", headless, verdict)
			}
			if slices.Contains(reads, Need{Side: Source, Action: ReadManifest}) {
				t.Error("the source's manifest was read although the HEAD gave it")
			}
		})
	}
}

// TestHangarLists checks which entries of two different lists the verdict has. The log
// shows them.
func TestHangarLists(t *testing.T) {
	stale := arm64.running("old")
	verdict, _ := hangarTest{source: list(s390x, amd64, arm64), destination: list(stale, amd64, s390x)}.validate(t)
	want := &Lists{
		Source:      []ListEntry{{amd64.digest(), *platform("linux/amd64")}, {arm64.digest(), *platform("linux/arm64")}},
		Destination: []ListEntry{{stale.digest(), *platform("linux/arm64")}, {amd64.digest(), *platform("linux/amd64")}},
	}
	if !reflect.DeepEqual(verdict.Lists, want) {
		t.Errorf("got %+v, want %+v", verdict.Lists, want)
	}
	platforms := []PlatformVerdict{
		{Platform: "linux/amd64", Wanted: true, Source: amd64.digest(), Destination: amd64.digest(), Match: Identical},
		{Platform: "linux/arm64", Wanted: true, Source: arm64.digest(), Destination: stale.digest(), Reason: DigestDiffers, Message: "the digests differ"},
	}
	if !reflect.DeepEqual(verdict.Platforms, platforms) {
		t.Errorf("got  %+v\nwant %+v", verdict.Platforms, platforms)
	}
	// The log shows no entries if the lists are the same, or if an image is missing.
	for _, test := range []hangarTest{
		{source: list(amd64), destination: list(amd64)},
		{source: list(amd64), destination: list(amd64.missing())},
		{source: amd64, destination: list(arm64)},
	} {
		if verdict, _ := test.validate(t); verdict.Lists != nil {
			t.Errorf("lists beside %s %s: %+v", verdict.Status, verdict.Reason, verdict.Lists)
		}
	}
}

// TestHangarCost counts the requests for two equal lists. At public registries, a GET
// request for a manifest costs quota, but a HEAD request does not.
func TestHangarCost(t *testing.T) {
	for k := 1; k <= 8; k++ {
		var children []node
		var arch []string
		for i := range k {
			a := fmt.Sprintf("arch%d", i)
			children, arch = append(children, docker("linux/"+a, a)), append(arch, a)
		}
		_, reads := hangarTest{source: list(children...), destination: list(children...), arch: strings.Join(arch, ",")}.validate(t)
		want := []Need{{Side: Source, Action: HeadManifest}, {Side: Destination, Action: ReadManifest}}
		for _, child := range children {
			want = append(want, Need{Side: Destination, Action: HeadManifest, Digest: child.digest()})
		}
		if !slices.Equal(reads, want) {
			t.Errorf("%d children: read %v, want %v", k, reads, want)
		}
	}
}

// randomList returns a list of different images. At least one of them is wanted. Several
// images may have the same platform.
func randomList(r *rand.Rand, build func(platform string, layers ...string) node) node {
	platforms := []string{"linux/amd64", "linux/arm64", "linux/arm64/v8", "linux/s390x", "windows/arm", win2019, win2022, "unknown/unknown"}
	children := []node{build("linux/amd64", "first")}
	for i := range r.Intn(8) {
		children = append(children, build(platforms[r.Intn(len(platforms))], fmt.Sprint(i)))
	}
	r.Shuffle(len(children), func(i, j int) { children[i], children[j] = children[j], children[i] })
	return list(children...)
}

func TestHangarRandomLists(t *testing.T) {
	q := question("", "")
	wanted := func(n node) bool { return q.wanted(platform(n.listed)) }
	for seed := range int64(60) {
		r := rand.New(rand.NewSource(seed))
		for _, copying := range []struct {
			name  string
			build func(platform string, layers ...string) node
			copy  func(node) node
		}{
			{"as they are", docker, func(n node) node { return n }},
			{"converted", oci, node.converted},
		} {
			source := randomList(r, copying.build)
			held := hold(t, source)
			check := func(what string, children []node, want Status) {
				t.Helper()
				w := world{sides: [2]registry{held, hold(t, list(children...))}}
				verdict, _ := drive(t, q, w.read, all)
				if verdict.Status != want {
					t.Fatalf("seed %d, children %s, %s: %s %s %s", seed, copying.name, what, verdict.Status, verdict.Reason, verdict.Message)
				}
			}
			// Nodes take the first of several images for their platform, so these keep
			// their order. Each platform gets as many random places as it has images.
			mirrored := make([]node, len(source.children))
			places := map[Platform][]int{}
			for i, j := range r.Perm(len(mirrored)) {
				name := platform(source.children[j].listed).normal()
				places[name] = append(places[name], i)
			}
			for _, child := range source.children {
				name := platform(child.listed).normal()
				mirrored[places[name][0]] = copying.copy(child)
				places[name] = places[name][1:]
			}
			check("in another order", mirrored, Pass)
			i := r.Intn(len(mirrored))
			expect := Pass
			if wanted(mirrored[i]) {
				expect = Fail
			}
			changed := mirrored[i].withLayers("changed")
			check("one more", append(slices.Clone(mirrored), changed), expect)
			check("one changed", append(slices.Delete(slices.Clone(mirrored), i, i+1), changed), expect)
			check("one not there", append(slices.Delete(slices.Clone(mirrored), i, i+1), mirrored[i].missing()), expect)
			if len(mirrored) > 1 {
				check("one less", slices.Delete(slices.Clone(mirrored), i, i+1), expect)
			}
		}
	}
}

// TestUnknownRules asks for rules and a depth that do not exist. The verdict is an error;
// no other rules are used instead.
func TestUnknownRules(t *testing.T) {
	for _, change := range []func(*Question){func(q *Question) { q.Rules = "strict" }, func(q *Question) { q.Depth = "all" },
		func(q *Question) { q.Rules, q.Referrers = Present, true }} {
		q := question("", "")
		change(&q)
		verdict, needs := Compare(q, Known{})
		if verdict.Status != Error || verdict.Reason != Script || verdict.Message != q.Check().Error() || len(needs) > 0 {
			t.Errorf("%s, %s: %+v, needs %v", q.Rules, q.Depth, verdict, needs)
		}
	}
}

func TestCheckQuestion(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Question)
		want   string // a part of the error message; "" means no error
	}{
		{"a right question", func(q *Question) {}, ""},
		{"no architecture", func(q *Question) { q.Arch = nil }, "there is no architecture: want"},
		{"an empty architecture", func(q *Question) { q.Arch = []string{"amd64", ""} }, `no architecture "": want some of amd64`},
		{"no OS", func(q *Question) { q.OS = nil }, "there is no operating system: want"},
		{"an empty OS", func(q *Question) { q.OS = []string{""} }, `no operating system "": want some of linux`},
		{"a misspelt architecture", func(q *Question) { q.Arch = []string{"amd46"} }, `no architecture "amd46"`},
		{"a misspelt OS", func(q *Question) { q.OS = []string{"linus"} }, `no operating system "linus"`},
		{"other names", func(q *Question) { q.Arch, q.OS = []string{"x86_64", "AARCH64"}, []string{"Linux"} }, ""},
		{"unknown rules", func(q *Question) { q.Rules = "strict" }, `no rules "strict": want hangar, content, exact or present`},
		{"referrers of what no source has", func(q *Question) { q.Rules, q.Referrers = Present, true }, `the rules "present" never ask the source`},
		{"unknown depth", func(q *Question) { q.Depth = "all" }, `no depth "all": want manifests, blobs or data`},
	} {
		q := question("", "")
		test.change(&q)
		if err := q.Check(); (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", test.name, err, test.want)
		}
	}
}
