package validate

// Side is one of the two registries of a mirror.
type Side int

const (
	Source Side = iota
	Destination
)

func (s Side) String() string { return [...]string{"source", "destination"}[s] }

// Action is what to do with a repository to learn a fact.
type Action int

const (
	HeadManifest  Action = iota // look for a manifest, and its digest
	ReadManifest                // read a manifest
	ReadConfig                  // read a config
	HeadBlob                    // look for a blob, and its size
	HashBlob                    // read a blob for its digest
	UnpackLayer                 // read a layer for its digest, and for its digest before compression
	ListReferrers               // list the manifests that refer to a manifest
)

// Need names a fact that somebody has to read: it is about the manifest under the
// image's own tag if Digest is empty, else about the manifest or blob of that
// digest.
type Need struct {
	Side   Side
	Action Action
	Digest string
	Size   int64 // of a blob that is to be read, in bytes; 0 if it is not known. A reader may stop at one byte more.
}

// Fact is the answer to a Need. If a registry tells no digest in answer to a
// HEAD request, the fact for HeadManifest may have the manifest besides.
type Fact struct {
	Missing  bool      // the registry answered that it is not there
	Digest   string    // of a manifest, or of the bytes of a blob that were read
	Manifest *Manifest // of ReadManifest
	Config   *Config   // of ReadConfig; nil if the bytes do not have the digest
	Size     int64     // of a blob, in bytes

	Format string // of UnpackLayer: how the bytes are compressed, "tar" (not at all), "gzip" or "zstd"
	DiffID string // of UnpackLayer: the digest before compression, "" if the layer cannot be unpacked
	Broken string // of UnpackLayer: why the layer cannot be unpacked

	Referrers []Descriptor // of ListReferrers
}

// Known holds the facts that were read for one image.
type Known map[Need]*Fact
