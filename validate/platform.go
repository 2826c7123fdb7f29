package validate

import (
	"slices"
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

// String writes the platform as docker and skopeo do: os/architecture/variant,
// and for Windows the version behind a colon.
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

// architectures are the names that uname and others use for Go's.
var architectures = map[string]string{
	"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "armhf": "arm", "armel": "arm", "i386": "386",
}

// What images run on: the values of Go's GOARCH and GOOS, which the OCI image
// index wants, the usual ones first. Attestations have "unknown".
var (
	knownArchitectures = []string{"amd64", "arm64", "arm", "386", "ppc64le", "s390x", "riscv64", "loong64",
		"mips", "mipsle", "mips64", "mips64le", "ppc64", "sparc64", "wasm", "unknown"}
	knownSystems = []string{"linux", "windows", "darwin", "freebsd", "netbsd", "openbsd", "dragonfly", "solaris", "illumos",
		"aix", "android", "plan9", "js", "wasip1", "unknown"}
)

// normalArchitecture returns Go's name of an architecture, which is the one
// that image manifests use.
func normalArchitecture(s string) string {
	s = strings.ToLower(s)
	if normal, ok := architectures[s]; ok {
		return normal
	}
	return s
}

// wanted says whether the question asks about this platform.
func (q Question) wanted(p *Platform) bool {
	return p != nil &&
		slices.ContainsFunc(q.Arch, func(a string) bool { return normalArchitecture(a) == normalArchitecture(p.Architecture) }) &&
		slices.ContainsFunc(q.OS, func(os string) bool { return strings.EqualFold(os, p.OS) })
}
