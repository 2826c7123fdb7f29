// Package rehearsal runs the tests of scripts, for "mvrun test".
//
// A test is a function test_* of a file *_test.star. Run finds the files and
// executes each test. Each test has its own world: registries in memory, a folder
// for the files that it writes, and a clock that sleep() moves forward. If a test
// runs a script, that run is an ordinary job.Job with another configuration. So
// a test sees the same as a user.
package rehearsal
