// Package memory has registries that are inside the process, and makes small images
// for them. The demonstration and tests use it.
package memory
