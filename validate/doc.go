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
// platforms, the rule set and the depth. A Fact is one thing that was read of a
// registry, such as a manifest, and a Need names a fact that nobody has read
// yet. Compare takes a question and the facts that are Known. It returns a
// Verdict, or else the needs that stand in its way. The caller reads these, all
// at once if it likes, and asks again:
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
// Each round begins anew with everything that is known. This costs little, and
// it makes a verdict depend on the facts alone, not on the order in which they
// came. A registry that could not be asked is not a fact: the caller then has
// no verdict.
//
// Reading is what costs time and quota, so a comparison asks for as little as
// it can. It prefers HEAD requests at the source, and it reads at the
// destination what both sides have.
//
// # How a verdict is found
//
// The type comparison is one run of Compare. It goes through these steps:
//
//  1. The manifests under the tag are looked up on both sides (lookup.go).
//  2. A rule set judges them. The table of rule sets is in rules.go. The set
//     "hangar" compares lists entry by entry (hangar.go, hangarlist.go). The
//     sets "content" and "exact" find the images behind the lists (walk.go),
//     put those for one platform together (judgement.go), and compare two
//     images whose digests differ by what is in them (same.go).
//  3. If every platform matches, the depth says what else must be there at the
//     destination (depth.go): manifests, blobs, or every byte of these.
//  4. If the question wants referrers, these must be there as well
//     (referrers.go).
//
// A step that lacks facts notes its needs and says that it does not know its
// answer; the comment of type comparison says how. To add a rule set or a depth
// is to add a row to its table.
//
// # Manifests
//
// ParseManifest and ParseConfig read the documents of Docker and OCI, of which
// a registry may serve any, right or wrong. Their types Manifest, Descriptor,
// Config and Platform are also what scripts get to see of a registry.
package validate
