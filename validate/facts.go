package validate

// Side is one of the two registries of a mirror.
type Side int

const (
	Source Side = iota
	Destination
)

func (s Side) String() string { return [...]string{"source", "destination"}[s] }

// Action says how a fact is read from a registry.
type Action int

const (
	HeadManifest  Action = iota // find out whether a manifest is there, and its digest
	ReadManifest                // read a manifest
	ReadConfig                  // read a config
	HeadBlob                    // find out whether a blob is there, and its size
	HashBlob                    // read a blob, and compute its digest
	UnpackLayer                 // read a layer, and compute its digest with and without compression
	ListReferrers               // list the manifests that refer to a manifest

	// ResolveTag asks for the digest under the tag with HEAD, as a node does. Its fact
	// hides no answer: Missing is a 404 to HEAD, although GET may answer. Digest is ""
	// if the registry knows no HEAD, or names no digest in its answer.
	ResolveTag
	ResolveTagAgain // the same once more, because GET requests contradict the first answer
)

// Need names a fact that somebody has to read. If Digest is empty, the fact is
// about the manifest under the image's own tag. Otherwise it is about the manifest
// or blob with that digest.
type Need struct {
	Side   Side
	Action Action
	Digest string
	Size   int64 // the expected size of a blob in bytes, or 0 if it is not known; a reader may stop one byte after it
}

// IsBlob reports whether the need is for the bytes of a blob of any size.
func (n Need) IsBlob() bool { return n.Action == HashBlob || n.Action == UnpackLayer }

// Fact is the answer to a Need. Some registries name no digest in their answer to
// a HEAD request. Then the manifest was read, and the fact for HeadManifest has it.
type Fact struct {
	Missing bool   // whether the registry answered that it does not have the object
	Store   string // with Missing: the store to which the registry redirects, and the store's answer; "" if the registry itself answered
	// Elsewhere says, with Missing, what was not asked although a node would, or why a node
	// asks nobody. It is "" if the answer of the registry says everything.
	Elsewhere string
	Digest    string    // the digest of a manifest, or of the bytes of a blob that were read
	Manifest  *Manifest // for ReadManifest; nil if the bytes do not have the digest
	Config    *Config   // for ReadConfig; nil if the bytes do not have the digest
	Size      int64     // the size of a manifest or a blob, in bytes; 0 for a manifest whose size is not known
	Weight    int64     // how many bytes of memory Manifest and Config take at most; 0 if that is not known

	// Claimed is the digest under which the registry serves a manifest whose bytes have
	// the digest Digest instead, in two reads. It is "" if the manifest is right.
	Claimed string
	// Misread is the digest of the bytes that a first read gave, if they were wrong and
	// those of a second read were right. Otherwise it is "".
	Misread string

	Served  string // for ResolveTag: the media type in the answer, without parameters; "" if there is none
	Refused string // for ResolveTag: why containerd refuses the answer; "" if it does not

	Format string // for UnpackLayer: how the bytes are compressed, "tar" (not at all), "gzip" or "zstd"
	DiffID string // for UnpackLayer: the digest without compression; "" if the layer cannot be unpacked
	Broken string // for UnpackLayer: why the layer cannot be unpacked; "" if it can

	Referrers []Descriptor // for ListReferrers
}

// atStore returns words for a message about a missing object. It returns "" if the
// registry itself says that it does not have the object.
func (f Fact) atStore() string {
	words := ""
	if f.Store != "" {
		words = ": the registry redirects to its store, and " + f.Store
	}
	if f.Elsewhere != "" {
		words += ": " + f.Elsewhere
	}
	return words
}

// Known holds the facts that were read for one image.
type Known map[Need]*Fact
