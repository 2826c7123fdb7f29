// Package scripttest runs tests of scripts: the functions test_* of a file whose
// name ends in source.TestSuffix.
//
// A test is executed like a script, but has a few more builtins. fake_registry and
// fake_image make registries, and run runs a script. The functions of assert check a
// condition, and end the test if it is not met. The file is executed again for each
// test, so tests share nothing.
//
// The caller gives each test a World, which makes registries and runs scripts. This
// package does neither. It reads the arguments of the builtins, passes them to the
// World as FakeRegistry and ScriptRun, and makes values of the answers.
package scripttest
