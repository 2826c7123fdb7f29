// Package source finds and reads scripts and their modules. It also decides which
// files a script may use. It does not run scripts.
//
// A Script is a text with a name. Find looks for a script on disk, and then among
// the scripts that are embedded in the program. Read reads a script from any
// reader.
//
// A Loader belongs to one script. For a statement load("lib.star", "x") in the
// script or in one of its modules, Name returns the name of the module, and
// ReadModule reads the module. A module has only one name, even if several paths
// lead to it. So a module that two others load is executed once. Modules whose
// names begin with "@mvrun//" are embedded in the program, too.
//
// Confine checks every path that a script names: that of a module, an image list
// or a certificate. It allows only paths below the script's own folder, below the
// working directory, and those that the user allowed with Access. A symbolic link
// must not lead to another place.
package source
