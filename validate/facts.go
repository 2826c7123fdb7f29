package validate

// What has to be read of the two registries, and what came of it.

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

// Need names one thing to read: the manifest under the image's own tag if
// Digest is empty, else the manifest or blob of that digest.
type Need struct {
	Side   Side
	Action Action
	Digest string
	Size   int64 // of a blob, in bytes: no more than one byte beyond it need be read; 0 if it is not known
}

// Fact is what reading a Need gave. A registry that does not tell a digest in
// answer to HeadManifest may be asked for the manifest instead.
type Fact struct {
	Missing  bool      // the registry answered that it is not there
	Digest   string    // of a manifest, or of the bytes of a blob that were read
	Manifest *Manifest // of ReadManifest
	Config   *Config   // of ReadConfig; nil if the bytes do not have the digest
	Size     int64     // of a blob, in bytes

	Format string // of UnpackLayer: how the bytes are compressed, "tar" (not at all), "gzip" or "zstd"
	DiffID string // of UnpackLayer: the digest before compression, "" if the layer cannot be unpacked
	Broken string // of UnpackLayer: why it cannot

	Referrers []Descriptor // of ListReferrers
}

// Known is all that has been read so far for one image.
type Known map[Need]*Fact
