package job

import (
	"mvrun/engine/sink"
	"mvrun/validate"
)

// Advice is what the recap of a run says for each reason: what the reader can do next.
var Advice = sink.Advice{
	validate.DestinationMissing: "mirror these images, then validate the failed list",
	validate.DestinationType:    "another tool than Hangar made the mirror? --rules content judges it",
	validate.DestinationEmpty:   "mirror these images again",
	validate.DestinationLength:  "another tool than Hangar made the mirror? --rules content judges it",
	validate.PlatformDiffers:    "the destination's list leads nodes to another image: mirror these images again",
	validate.DigestDiffers:      "the source was rebuilt, or the mirror is old: mirror these images again",
	validate.DigestMissing:      "the tag leads to what the registry does not serve: push these images again, and check the registry's storage",
	validate.PlatformMissing:    "mirror every wanted platform, or say with -a and --os which ones you want",
	validate.ChildMissing:       "the registry has lost manifests: push these images again, and check its storage",
	validate.ManifestCorrupt:    "the registry's storage is damaged: delete these manifests there, and push the images again",
	validate.BlobMissing:        "the registry has lost layers: push these images again, and check its storage",
	validate.BlobSize:           "a manifest and its layers do not agree: push these images again",
	validate.BlobCorrupt:        "the registry's storage is damaged: delete these blobs there, and push the images again",
	validate.ReferrerMissing:    "mirror signatures and SBOMs, too, or leave out --referrers",
	validate.Rejected:           "the script fails these images; the messages say why",

	validate.SourceMissing: "the source has no such image: correct the list",
	validate.Unauthorized:  "the messages say which credentials were used: log in, or ask for the right to pull; or there is no such repository",
	validate.Unreachable:   "the registry did not answer as one: the messages say what came; validate the failed list later",
	validate.RateLimited:   "the registry wants fewer requests: log in, lower -j, or validate the failed list later",
	validate.Timeout:       "raise --timeout or --deadline, or look why the registry is slow",
	validate.BadManifest:   "what a registry sent is no usable manifest; the messages say why",
	validate.InvalidLine:   "correct these lines of the list; the messages say what is wrong in each",
	validate.Interrupted:   "the run ended before it could check these images",
	validate.Script:        "the script failed on these images; the messages say where",
}
