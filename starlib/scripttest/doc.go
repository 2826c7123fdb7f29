// Package scripttest runs tests of scripts: the functions test_* of a file whose
// name ends in source.TestSuffix.
//
// A test is executed as a script is, with a few more builtins: fake_registry and
// fake_image make registries, run runs a script, and the functions of assert end
// a test that is not as it should be. For each test the file is executed again,
// so that tests share nothing.
//
// A test sees the outside through its World, which the caller provides. The
// package itself opens no registry and starts no run. It reads the arguments of
// the builtins, passes them to the World as FakeRegistry and ScriptRun, and turns
// the answers into values.
package scripttest
