package validate

// What has to be read of the two registries, and what came of it.

// Side is one of the two registries of a mirror.
type Side int

const (
	Source Side = iota
	Destination
)

func (s Side) String() string { return [...]string{"source", "destination"}[s] }

// What can be read of a repository.
type What int

const (
	Head     What = iota // whether a manifest is there, and its digest
	Read                 // a manifest
	Blob                 // a config
	Stat                 // whether a blob is there, and its size
	Hash                 // the whole of a blob, for its digest
	Unpack               // the same of a layer, for its digest before compression, too
	Attached             // what refers to a manifest
)

// Need names one thing to read: the manifest under the image's own tag if
// Digest is empty, else the manifest or blob of that digest.
type Need struct {
	Side   Side
	What   What
	Digest string
	Size   int64 // of a blob: more than this many bytes need not be read; 0 if its size is not known
}

// Fact is what reading a Need gave. A registry that does not tell the digest
// in answer to a Head may be asked for the manifest instead.
type Fact struct {
	Missing  bool      // the registry answered that it is not there
	Digest   string    // of a manifest, or of the bytes of a blob that were read
	Manifest *Manifest // of Read
	Config   *Config   // of Blob; nil if the bytes are not those of the digest
	Size     int64     // of a blob, in bytes

	Format string // of Unpack: what the bytes are, "tar", "gzip" or "zstd"
	DiffID string // of Unpack: the digest before compression, "" if it cannot be unpacked
	Broken string // of Unpack: why it cannot

	Referrers []Descriptor // of Attached
}

// Known is all that has been read so far for one image.
type Known map[Need]*Fact
