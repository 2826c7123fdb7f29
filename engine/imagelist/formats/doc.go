// Package formats reads the files that other tools take their images from: regsync.yml,
// the YAML of skopeo sync and of image-syncer, hauler's manifests, and manifests of
// Kubernetes.
//
// New returns an imagelist.Reader for a format by its name, or for "auto", which
// recognises a file by its first document. A reader makes an imagelist.Entry of each entry of
// a file, with the line of the file for messages. An entry that is no image is an error
// of that entry alone.
//
// A file is not trusted. A reader opens no other file, asks no registry, and reads no
// variable of the environment: the templates of regsync.yml are errors. It ignores
// logins and settings for TLS, with a warning. What else a file says that may change
// verdicts, such as a platform, is a warning, too. An entry that chooses tags by a
// pattern or by versions has a function that chooses among all tags (filter.go); who
// lists the tags is left to imagelist.List.Expand and its caller.
//
// The package must not know registries, results or flags.
package formats
