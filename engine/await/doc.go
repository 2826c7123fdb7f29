// Package await holds the two ways in which a goroutine of a run waits.
//
// Sleep waits for time to pass, and Signal for an event. Both end early when the
// caller's context ends.
//
// A Group makes a value once for all goroutines that want it at the same time.
// The goroutine that comes first makes the value, and the others wait for it:
//
//	flight, own := group.Join(key)
//	if own {
//		return flight.Fly(read) // or: go flight.Fly(read)
//	}
//	return flight.Wait(ctx)
//
// The end of a caller's context ends only the caller's own waiting. It does not
// end the making of the value, so no caller can fail the others.
//
// The package knows nothing of images and registries. It imports the standard
// library only.
package await
