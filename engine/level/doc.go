// Package level finds out how many images at once two registries can take.
//
// Each pair of registries has places, and an image needs one. A Level decides how many
// places there are. It begins with a few, and has more of them as long as that brings
// more answers a second. It halves them when the registries refuse requests with 429,
// fail, or answer slowly.
//
// Level is pure: its method Next maps what was seen in a Window of time to the next
// Level. Places hands out the places. It puts a meter into the context of an image,
// and whoever sends requests for the image tells the meter about each answer, with
// Report.
//
// There are libraries for such limits. They did not fit:
//
//   - failsafe-go's adaptive limiter changes its limit once a second, by the logarithm
//     of the limit. A run of 2,000 images is over before such a limit is high enough. It
//     measures how long an image holds its place, in which the image also waits for the
//     pace of a registry, and nobody can tell it that a request was refused.
//   - go-concurrency-limits, which has Netflix's gradient, also grows by a few at a
//     time, and brings gRPC and two libraries for metrics.
//
// The package sends no requests, and knows neither manifests nor scripts.
package level
