// Package imagelist reads mirror lists: it turns lines into images.
//
// A List is where lines come from: a file that is read as a whole, a stream
// that is read line by line, or a prompt at which a person types. Every reader
// of a list gets the same lines from the first on, and a stream is read no
// further than somebody asks. A list knows which lines are comments; it does not
// know which lines are images.
//
// ParseLine turns a line into an Image: the repository at the source, the one at
// the destination, and the tag. There are two formats, both of them Hangar's:
// SOURCE DESTINATION TAG, and a single reference such as nginx:1.27. Options say
// what is added to a name or replaced in it. The names themselves follow the
// grammar of the OCI distribution specification (repository.go). New,
// ParseReference and ParseRepository read names that a script gives, by the same
// rules.
//
// A line that is no image is an error, never skipped: the error says what is
// wrong with the line and what would be right. It may hold words of the list, so
// these are quoted and cut for a terminal.
//
// The package imports the standard library only. It must not know registries,
// results or flags. Where a message should tell the user which flag would help,
// the caller supplies the words (Hints).
package imagelist
