package validate

import "slices"

// Status is the outcome of one image.
type Status string

const (
	Pass  Status = "pass"
	Fail  Status = "fail"
	Skip  Status = "skip"  // there is nothing to compare, and nothing wrong with that
	Error Status = "error" // could not be checked
)

// Reason says why an image did not pass.
type Reason string

const (
	DestinationMissing Reason = "destination-missing"
	DigestMissing      Reason = "digest-missing"
	DestinationType    Reason = "destination-type"
	DestinationEmpty   Reason = "destination-empty"
	DestinationLength  Reason = "destination-length"
	PlatformDiffers    Reason = "platform-differs"
	DigestDiffers      Reason = "digest-differs"
	PlatformMissing    Reason = "platform-missing"
	ChildMissing       Reason = "child-missing"
	ManifestCorrupt    Reason = "manifest-corrupt"
	BlobMissing        Reason = "blob-missing"
	BlobSize           Reason = "blob-size"
	BlobCorrupt        Reason = "blob-corrupt"
	ReferrerMissing    Reason = "referrer-missing"
	Rejected           Reason = "rejected" // a script fails the image, which passed or was skipped

	NoPlatform Reason = "no-platform"

	SourceMissing Reason = "source-missing"
	Unauthorized  Reason = "unauthorized"
	Unreachable   Reason = "unreachable"
	RateLimited   Reason = "rate-limited"
	Timeout       Reason = "timeout"
	BadManifest   Reason = "bad-manifest"
	InvalidLine   Reason = "invalid-line"
	Interrupted   Reason = "interrupted"
	Script        Reason = "script"
)

// isUnsure reports whether the reason is that the source could not be read. Then
// nothing is proved about the destination.
func (r Reason) isUnsure() bool { return r == SourceMissing || r == BadManifest }

// Reasons returns all reasons.
func Reasons() []Reason {
	return []Reason{
		DestinationMissing, DigestMissing, DestinationType, DestinationEmpty, DestinationLength, PlatformDiffers, DigestDiffers, PlatformMissing, ChildMissing, ManifestCorrupt, BlobMissing, BlobSize,
		BlobCorrupt, ReferrerMissing, Rejected, NoPlatform, SourceMissing, Unauthorized, Unreachable, RateLimited, Timeout, BadManifest, InvalidLine, Interrupted, Script,
	}
}

// Match says how strong the proof of a pass is.
type Match string

const (
	Identical     Match = "identical"      // the same digest under the tag
	SamePlatforms Match = "same-platforms" // the same digests of the selected platforms
	Converted     Match = "converted"      // the same layers and runtime config under other media types
	Recompressed  Match = "recompressed"   // the same uncompressed layers and runtime config
)

// isWeakerThan reports whether a match is the weaker proof of two.
func (m Match) isWeakerThan(other Match) bool {
	fromStrong := []Match{Identical, SamePlatforms, Converted, Recompressed}
	return slices.Index(fromStrong, m) > slices.Index(fromStrong, other)
}

// Verdict is the answer to a question about one image.
type Verdict struct {
	Status    Status
	Reason    Reason // "" with Pass
	Message   string // for a person; "" with Pass
	Match     Match  // "" unless Pass
	Platforms []PlatformVerdict

	// The digests under the tag, "" if there is none or nobody needed it.
	SourceDigest, DestinationDigest string

	Missing []Object // what the destination should have, and has not
	Corrupt []Object // what the destination has with other bytes

	// Warnings are sentences about what is not right but changes no verdict, such as a
	// blob of which only the second read was right.
	Warnings []string

	// Lists has the selected entries of both manifest lists if these differ, else
	// it is nil.
	Lists *Lists
}

// PlatformVerdict is the part of a verdict that concerns one platform of the
// source.
type PlatformVerdict struct {
	Platform    string `json:"platform"`              // "linux/arm64/v8"
	Wanted      bool   `json:"wanted"`                // the question asks about this platform
	Source      string `json:"source,omitempty"`      // digest of its manifest at the source
	Destination string `json:"destination,omitempty"` // digest of its manifest at the destination, "" if there is none
	Match       Match  `json:"match,omitempty"`
	Reason      Reason `json:"reason,omitempty"` // "" if nothing is wrong
	Message     string `json:"message,omitempty"`
}

// Object is a manifest or a blob that something is wrong with.
type Object struct {
	Digest   string `json:"digest"`
	Kind     Kind   `json:"kind"`
	Platform string `json:"platform"` // of the image that it belongs to, "" if it belongs to none
	Layer    int    `json:"layer"`    // from 1, the base first; 0 if it is no layer
}

// Kind is what an object is.
type Kind string

const (
	KindManifest Kind = "manifest" // also of a list
	KindConfig   Kind = "config"
	KindLayer    Kind = "layer"
	KindReferrer Kind = "referrer" // a signature, an SBOM or an attestation
)

// Lists are two manifest lists side by side, reduced to the compared entries.
type Lists struct {
	Source, Destination []ListEntry
}

// ListEntry is one child of a manifest list as Hangar shows it.
type ListEntry struct {
	Digest   string   `json:"digest"`
	Platform Platform `json:"platform"`
}
