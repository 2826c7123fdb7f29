// Package room bounds the memory that manifests and configs take, whatever
// registries serve.
//
// A Room is for a whole run, and a Share of it for one image. The engine makes the
// share when it begins an image, and puts it into the image's context. Whoever reads
// a document for the image takes room for the document before it is in memory. The
// engine gives everything back when the image ends.
//
// An image takes room in three steps:
//
//   - A part is its own. Nearly every image needs no more, so it never waits for
//     images of a registry that serves giants.
//   - Then the image borrows from what all images have in common. This never waits,
//     either: it succeeds, or Take returns ErrCrowded.
//   - Then the image waits for one of a few places, and holds nothing that others
//     wait for meanwhile, except what it has read. With a place it may take all that
//     one image may have.
//
// No two images can wait for each other. Only an image without a place waits, and an
// image with a place never waits for room. Others may wait for what an image reads, so
// Take itself never waits: its caller first ends what others wait for, and then calls
// Wait.
//
// The package knows neither registries nor documents: it counts bytes.
package room
