// Package await helps goroutines to wait: for a time, for an event, and for a value
// that another goroutine makes.
//
// Sleep waits for a time, and Signal waits for an event. Both return early if the
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
// If the context of a caller ends, only this caller stops waiting. The value is
// still made, so a caller that gives up does no harm to the others.
//
// The package knows nothing of images and registries. It imports the standard
// library only.
package await
