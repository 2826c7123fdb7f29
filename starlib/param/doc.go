// Package param reads the arguments that scripts give to builtins.
//
// Unpack assigns arguments to the parameters of a builtin, as
// starlark.UnpackArgs does, but its errors are written for people who do not
// know Go or the implementation of Starlark. A parameter that takes more than
// one type of value has a type here that implements starlark.Unpacker:
//
//	var wait param.Duration // "1m30s", 90, or a duration of the module time
//	err := param.Unpack(b, args, kwargs, "duration", &wait)
//
// The package knows values of Starlark, and nothing of images, registries or
// runs.
package param
