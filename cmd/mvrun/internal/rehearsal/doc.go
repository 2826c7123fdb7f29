// Package rehearsal runs the tests of scripts, for "mvrun test".
//
// A test is a function test_* of a file *_test.star. Run finds the files, and
// executes each test in a world of its own: registries in memory, a folder for
// everything that is written, a clock that sleep moves. In such a world a run is
// an ordinary job.Job with another configuration, so that a test sees what a
// user would see.
package rehearsal
