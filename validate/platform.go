package validate

import (
	"strconv"
	"strings"
)

// Platform is what an image runs on, as the OCI image index writes it.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md
type Platform struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
	Variant      string `json:"variant,omitempty"`
	OSVersion    string `json:"os.version,omitempty"`
}

// String writes the platform as docker and skopeo do, as os/architecture/variant;
// a version of the OS, which Windows has, follows a colon.
func (p Platform) String() string {
	s := p.OS + "/" + p.Architecture
	if p.Variant != "" {
		s += "/" + p.Variant
	}
	if p.OSVersion != "" {
		s += ":" + p.OSVersion
	}
	return s
}

// normal returns the normal form of a platform, so that two ways to write the
// same platform are equal: arm64/v8 becomes arm64, arm becomes arm/v7, amd64/v1
// becomes amd64, and x86_64 becomes amd64.
// https://github.com/containerd/platforms/blob/v1.0.0/database.go
func (p Platform) normal() Platform {
	return Platform{Architecture: normalArchitecture(p.Architecture), OS: normalOS(p.OS), Variant: p.normalVariant(), OSVersion: p.OSVersion}
}

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

// runs reports whether a node of the platform takes an image for the other one,
// which may be a lesser variant: arm/v7 takes arm/v6, and amd64/v3 takes amd64.
// https://github.com/containerd/platforms/blob/v1.0.0/compare.go (Only)
func (p Platform) runs(other Platform) bool {
	a, b := p.normal(), other.normal()
	return samePlatform(a.withoutVariant(), b.withoutVariant()) && a.level() >= b.level() && b.level() > 0
}

// level returns the variant as a number, such as 8.1 of arm64/v8.1; 0 if the
// variant is no number.
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

// samePlatform reports whether a node of one platform would pull an image that
// is offered for the other.
func samePlatform(a, b Platform) bool { return a.normal().fits(b.normal()) }

// fits is samePlatform for platforms in normal form. A version of the OS that is
// left out fits any.
func (p Platform) fits(other Platform) bool {
	if p.OSVersion == "" || other.OSVersion == "" {
		p.OSVersion, other.OSVersion = "", ""
	}
	return p == other
}

// architectures maps the names that uname and others use to Go's names.
var architectures = map[string]string{
	"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "armhf": "arm", "armel": "arm", "i386": "386",
}

// The architectures and systems of images. The OCI image index wants the values
// of Go's GOARCH and GOOS; attestations have "unknown". The usual ones stand
// first, as an example in messages.
var (
	knownArchitectures = []string{"amd64", "arm64", "arm", "386", "ppc64le", "s390x", "riscv64", "loong64",
		"mips", "mipsle", "mips64", "mips64le", "ppc64", "sparc64", "wasm", "unknown"}
	knownSystems = []string{"linux", "windows", "darwin", "freebsd", "netbsd", "openbsd", "dragonfly", "solaris", "illumos",
		"aix", "android", "plan9", "js", "wasip1", "unknown"}
)

// normalArchitecture returns Go's name of an architecture, which manifests use,
// too.
func normalArchitecture(s string) string {
	s = strings.ToLower(s)
	if normal, ok := architectures[s]; ok {
		return normal
	}
	return s
}

// contradiction names a field in which two platforms exclude each other, "" if
// none does. A field that one of them leaves out is no contradiction: many
// configs leave out the variant.
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
		if f.name == "os.version" && (strings.HasPrefix(f.a, f.b+".") || strings.HasPrefix(f.b, f.a+".")) {
			continue // nodes compare the beginning only
		}
		if f.a != f.b {
			return f.name, f.a, f.b
		}
	}
	return "", "", ""
}
