package validate

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
	DestinationType    Reason = "destination-type"
	DestinationEmpty   Reason = "destination-empty"
	DestinationLength  Reason = "destination-length"
	PlatformDiffers    Reason = "platform-differs"
	DigestDiffers      Reason = "digest-differs"
	PlatformMissing    Reason = "platform-missing"
	ChildMissing       Reason = "child-missing"
	BlobMissing        Reason = "blob-missing"
	BlobSize           Reason = "blob-size"
	BlobCorrupt        Reason = "blob-corrupt"
	ReferrerMissing    Reason = "referrer-missing"

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

// Match says how strong the proof of a pass is.
type Match string

const (
	Identical     Match = "identical"      // the same digest under the tag
	SamePlatforms Match = "same-platforms" // the same digests of the selected platforms
	Converted     Match = "converted"      // the same layers and runtime config under other media types
	Recompressed  Match = "recompressed"   // the same uncompressed layers and runtime config
)

// Verdict is the answer to a question about one image.
type Verdict struct {
	Status    Status
	Reason    Reason // "" with Pass
	Message   string // for a person; "" with Pass
	Match     Match  // "" unless Pass
	Platforms []PlatformVerdict

	// Lists has the selected entries of both manifest lists if these differ, else
	// it is nil.
	Lists *Lists
}

// PlatformVerdict is the part of a verdict that concerns one platform of the
// source.
type PlatformVerdict struct {
	Platform    string `json:"platform"`              // "linux/arm64/v8"
	Source      string `json:"source,omitempty"`      // digest of its manifest at the source
	Destination string `json:"destination,omitempty"` // digest of its manifest at the destination, "" if there is none
	Match       Match  `json:"match,omitempty"`
	Reason      Reason `json:"reason,omitempty"` // "" if nothing is wrong
	Message     string `json:"message,omitempty"`
}

// Lists are two manifest lists side by side, reduced to the compared entries.
type Lists struct {
	Source, Destination []ListEntry
}

// ListEntry is one child of a manifest list as Hangar shows it.
type ListEntry struct {
	Digest   string   `json:"digest"`
	Platform Platform `json:"platform"`
}
