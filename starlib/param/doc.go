// Package param reads the arguments that scripts give to builtins.
//
// Unpack assigns arguments to the parameters of a builtin, as
// starlark.UnpackArgs does. But its errors are for people who do not know Go or
// the implementation of Starlark. If a parameter accepts several types of
// values, this package has a type for it that implements starlark.Unpacker:
//
//	var wait param.Duration // "1m30s", 90, or a duration of the module time
//	err := param.Unpack(b, args, kwargs, "duration", &wait)
//
// The package knows the values of Starlark. It does not know images, registries
// or runs.
package param
