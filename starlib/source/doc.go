// Package source finds and reads scripts and the modules that they load, and
// decides which files a script may use. It runs nothing.
//
// A Script is a text with a name. Find looks for one on disk and then among the
// scripts that are embedded in the program; Read takes it from any reader.
//
// A Loader belongs to one script. When the script or one of its modules says
// load("lib.star", "x"), Name turns "lib.star" into the name of the module, and
// ReadModule reads it. A module has one name however many paths lead to it, so
// that a module that two others load is executed once. Modules whose names begin
// with "@mvrun//" are embedded, too.
//
// Confine holds a script to its own folder, the working directory, and what the
// user allowed with Access. Every path that a script names has to pass it, be it
// a module, an image list or a certificate. Symbolic links do not lead out.
package source
