package disk

import "io/fs"

// isOurs reports whether a file belongs to the user of this process. On Windows, only an
// administrator may make symbolic links, and folders are not shared as on Unix.
func isOurs(fs.FileInfo) bool { return true }
