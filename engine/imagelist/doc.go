// Package imagelist reads mirror lists, and makes images of their lines.
//
// A List has the lines of a file, of a stream, or of a prompt at which a person
// types. A file is read as a whole, and a stream line by line. Many readers can use
// the same List, and each of them gets all lines. A List reads a line of a stream
// only when a reader needs it. It leaves out comments and blank lines, but does not
// check whether the other lines are images. A line ends with LF, CRLF, or a CR alone
// (splitter.go). No other character may hide an image: a line with a character that
// nobody sees is an error, which names it (content.go).
//
// A Reader reads what is no list of lines, such as regsync.yml, as a whole (wholefile.go).
// It yields entries (entries.go). An entry has one number, and a Line for each of its
// tags; Part tells these apart. Expand asks for the tags of entries that have a filter
// (expand.go). Package formats beside this one has the Readers.
//
// A Reading is a list as a script reads it: with options, and of the list only the
// lines of a part, a Shard (reading.go, shard.go).
//
// Check finds out that a list is the wrong file, such as one of YAML, or that nobody
// said where its images were mirrored to (wrongfile.go). That is one error, in place
// of one for each line.
//
// ParseLine makes an Image of a line: the repository at the source, the repository
// at the destination, and the tags. A line has one of three formats. Hangar has two
// of them, too: SOURCE DESTINATION TAG, and a single reference such as nginx:1.27.
// The third is SOURCE:TAG DESTINATION:TAG, also with "=" in place of the space. A tag
// may be a digest, or a tag and a digest (tags.go). Options say which registries,
// prefixes and project the names get. Names follow the grammar of the OCI
// distribution specification (repository.go). Hosts are known by one name each
// (host.go). New, NewPair, ParseReference and ParseRepository read the names that a
// script gives, in the same way.
//
// A line that is not an image is an error, and is never skipped. The error says
// what is wrong with the line, and how to correct it. If it shows words of the
// line, these are quoted and cut, so that they can do no harm on a terminal. advice.go
// knows what is wrong in lines that are written as other programs write them.
//
// The package imports only the standard library. It must not know registries,
// results or flags. If a message should name a flag, the caller gives the words
// (Hints).
package imagelist
