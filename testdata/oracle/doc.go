// Package oracle tests the built program against other implementations: real
// registries, tools that copy images, and the code with which nodes pull them. These
// are large. So the package is in a separate module, and the module of mvrun does not
// need them.
//
// Like a user, the tests use only the program's command line and its files.
package oracle
