// Package oracle tests the built program against other implementations: real
// registries, and libraries that also know what an image is. These are large,
// so they live in a module of their own, which the module of mvrun never needs.
//
// The tests use only the program's command line and its files, as users do.
package oracle
