package validate

import (
	"cmp"
	"strconv"
	"strings"
)

// Platform is the platform on which an image runs. It has the same fields as in an OCI
// image index.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md
type Platform struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
	Variant      string `json:"variant,omitempty"`
	OSVersion    string `json:"os.version,omitempty"`

	// OSFeatures are what a node must have to run the image, such as win32k. Nodes
	// without one of them do not find the image in its list.
	OSFeatures features `json:"os.features,omitempty"`
}

// String returns the platform as docker and skopeo write it: os/architecture/variant.
// The version of Windows follows after a colon. Long fields are cut.
func (p Platform) String() string {
	p = p.shortened()
	s := p.OS + "/" + p.Architecture
	if p.Variant != "" {
		s += "/" + p.Variant
	}
	if p.OSVersion != "" {
		s += ":" + p.OSVersion
	}
	return s
}

// shortened returns the platform with long fields cut, for messages. A list may
// have a variant of several megabytes.
func (p Platform) shortened() Platform {
	const most = 64
	return Platform{Architecture: shorten(p.Architecture, most), OS: shorten(p.OS, most), Variant: shorten(p.Variant, most),
		OSVersion: shorten(p.OSVersion, most), OSFeatures: features(shorten(string(p.OSFeatures), most))}
}

// normal returns the normal form of a platform. If a platform can be written in two
// ways, both have the same normal form: arm64/v8 becomes arm64, arm becomes arm/v7,
// amd64/v1 becomes amd64, and x86_64 becomes amd64. The version of the OS counts
// only for Windows, because other nodes do not look at it.
// https://github.com/containerd/platforms/blob/v1.0.0/database.go
func (p Platform) normal() Platform {
	normal := Platform{Architecture: normalArchitecture(p.Architecture), OS: normalOS(p.OS), Variant: p.normalVariant()}
	if p.isWindows() {
		normal.OSVersion = p.OSVersion
	}
	return normal
}

// completed returns the platform of a config with what it leaves out of architecture and
// OS taken from a list. other is the list's platform, or nil.
func (p Platform) completed(other *Platform) Platform {
	if other != nil {
		p.Architecture, p.OS = cmp.Or(p.Architecture, other.Architecture), cmp.Or(p.OS, other.OS)
	}
	return p
}

func (p Platform) isWindows() bool { return normalOS(p.OS) == "windows" }

func (p Platform) normalVariant() string {
	variant := strings.ToLower(p.Variant)
	if variant != "" && strings.Trim(variant, "0123456789") == "" {
		variant = "v" + variant
	}
	switch normalArchitecture(p.Architecture) + "/" + variant {
	case "arm64/v8", "amd64/v1":
		return ""
	case "arm/":
		if strings.EqualFold(p.Architecture, "armel") {
			return "v6"
		}
		return "v7"
	}
	return variant
}

func (p Platform) withoutVariant() Platform {
	p.Variant = ""
	return p
}

func normalOS(s string) string {
	s = strings.ToLower(s)
	if s == "macos" {
		return "darwin"
	}
	return s
}

// runs reports whether a node of platform p runs an image for the other platform. The
// image may be for a lesser variant: an arm/v7 node runs images for arm/v6, and an
// amd64/v3 node runs images for amd64.
// https://github.com/containerd/platforms/blob/v1.0.0/compare.go (Only)
func (p Platform) runs(other Platform) bool {
	a, b := p.normal(), other.normal()
	return samePlatform(a.withoutVariant(), b.withoutVariant()) && a.level() >= b.level() && b.level() > 0
}

// level returns the variant as a number, such as 8.1 for arm64/v8.1. It returns 0 if
// the variant is not a number.
func (p Platform) level() float64 {
	variant := p.normalVariant()
	switch {
	case variant == "" && normalArchitecture(p.Architecture) == "amd64":
		return 1
	case variant == "" && normalArchitecture(p.Architecture) == "arm64":
		return 8
	}
	level, err := strconv.ParseFloat(strings.TrimPrefix(variant, "v"), 64)
	if err != nil {
		return 0
	}
	return level
}

// samePlatform reports whether a node of platform a pulls an image for platform b.
func samePlatform(a, b Platform) bool { return a.normal().fits(b.normal()) }

// fits does the same as samePlatform, for platforms in normal form. If a platform
// names no version of the OS, it fits every version.
func (p Platform) fits(other Platform) bool {
	if p.OSVersion == "" || other.OSVersion == "" {
		p.OSVersion, other.OSVersion = "", ""
	}
	return p == other
}

// architectures has Go's names for the names of architectures that uname and other
// tools use.
var architectures = map[string]string{
	"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "armhf": "arm", "armel": "arm", "i386": "386",
}

// These are the architectures and operating systems of images. An OCI image index uses
// the values of Go's GOARCH and GOOS; attestations have "unknown". The usual ones come
// first, because messages show the first ones as an example.
var (
	knownArchitectures = []string{"amd64", "arm64", "arm", "386", "ppc64le", "s390x", "riscv64", "loong64",
		"mips", "mipsle", "mips64", "mips64le", "ppc64", "sparc64", "wasm", "unknown"}
	knownSystems = []string{"linux", "windows", "darwin", "freebsd", "netbsd", "openbsd", "dragonfly", "solaris", "illumos",
		"aix", "android", "plan9", "js", "wasip1", "unknown"}
)

// normalArchitecture returns Go's name of an architecture. Manifests use the same
// names.
func normalArchitecture(s string) string {
	s = strings.ToLower(s)
	if normal, ok := architectures[s]; ok {
		return normal
	}
	return s
}

// contradiction returns the first field in which two platforms contradict each other,
// and both values. field is "" if there is none. If one platform leaves out a field,
// this is no contradiction, because many configs leave out the variant.
func contradiction(a, b Platform) (field, first, second string) {
	for _, f := range []struct{ name, a, b string }{
		{"architecture", normalArchitecture(a.Architecture), normalArchitecture(b.Architecture)},
		{"os", normalOS(a.OS), normalOS(b.OS)},
		{"variant", a.normalVariant(), b.normalVariant()},
		{"os.version", a.OSVersion, b.OSVersion},
	} {
		if f.name == "variant" && (a.Variant == "" || b.Variant == "") || f.a == "" || f.b == "" {
			continue
		}
		if f.name == "os.version" && !a.isWindows() {
			continue // only nodes of Windows look at it
		}
		if f.name == "os.version" && (strings.HasPrefix(f.a, f.b+".") || strings.HasPrefix(f.b, f.a+".")) {
			continue // nodes compare only the beginning of the version
		}
		if f.a != f.b {
			return f.name, f.a, f.b
		}
	}
	return "", "", ""
}
