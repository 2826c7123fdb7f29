// Package memory holds registries in the process, and small images to fill
// them with: for the demonstration, and for tests.
package memory
