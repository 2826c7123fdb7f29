// Package validate decides whether a destination holds a good mirror of a
// source image.
//
// The package is pure: it opens no connection, reads no file and keeps nothing
// between two calls. It must not know how registries are asked, where a list
// comes from or how results are shown. So one comparison serves every rule set,
// every depth and every test, with a network or without one.
//
// # Questions, facts and needs
//
// A Question says what is asked about one image: its names, the wanted
// platforms, the rule set and the depth. A Fact is one thing that was read from
// a registry, such as a manifest. A Need names a fact that nobody has read yet.
// Compare takes a question and the facts that are Known. If the facts are
// enough, it returns a Verdict. If not, it returns the needs for the missing
// facts. The caller reads these facts, all at once if it likes, and calls
// Compare again:
//
//	known := validate.Known{}
//	for {
//		verdict, needs := validate.Compare(question, known)
//		if len(needs) == 0 {
//			return verdict
//		}
//		for _, need := range needs {
//			fact := read(need)
//			known[need] = &fact
//		}
//	}
//
// Each call of Compare begins again from the start, with all facts that are
// known. This costs little, and it makes the verdict depend on the facts alone,
// not on the order in which they came. If a registry could not be asked, there
// is no fact, and so the caller gets no verdict.
//
// Reading a fact costs time and pull quota, so a comparison needs as few facts
// as it can. It prefers HEAD requests at the source. If both sides have the
// same manifest or blob, it reads that from the destination.
//
// # How a verdict is found
//
// The type comparison is one run of Compare. It goes through these steps:
//
//  1. The manifests under the tag are looked up on both sides (lookup.go). At the
//     destination the tag is read as a node reads it (destination.go).
//  2. A rule set judges them. The table of rule sets is in rules.go. The set
//     "hangar" compares lists entry by entry (hangar.go, hangarlist.go). The
//     sets "content" and "exact" find the images behind the lists (walk.go),
//     put those for one platform together (judgement.go), and compare the
//     contents of two images whose digests differ (same.go). They also look for
//     nodes that would take another image, or none (variants.go, windows.go,
//     narrowed.go), and say why an image is not there (absent.go). The set
//     "present" looks at the destination alone (present.go).
//  3. If every platform matches, the bytes that descriptors have in themselves
//     are checked (inlined.go), and the depth says what else is checked at the
//     destination (depth.go, size.go): the manifests, the blobs, or every byte of
//     the blobs.
//  4. If the question asks for referrers, the destination must have them, too
//     (referrers.go).
//
// A registry decides how long the names in its manifests are. So every message is
// cut to a bound at the end (notes.go).
//
// If a step lacks facts, it notes its needs, and its answer is unknown. The
// comment of type comparison says how. A new rule set or depth is a new row of
// its table.
//
// # Manifests
//
// ParseManifest and ParseConfig read the JSON documents of Docker and OCI. A
// registry may send any of these, also wrong ones. They refuse documents that
// two parsers could read in two ways (ambiguous.go). Scripts, too, see the types
// Manifest, Descriptor, Config and Platform when they inspect an image.
package validate
