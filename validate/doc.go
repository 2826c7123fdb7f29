// Package validate decides whether a destination holds a good mirror of a
// source. It reads nothing itself: Compare looks at what is known of both
// sides, and either gives its verdict or names what has to be read first.
//
// Whoever calls it reads that, adds it to what is known, and asks again:
//
//	known := validate.Known{}
//	for {
//		verdict, needs := validate.Compare(question, known)
//		if len(needs) == 0 {
//			return verdict
//		}
//		for _, need := range needs {
//			fact := read(need)
//			known[need] = &fact
//		}
//	}
//
// So one comparison serves every rule, every depth and every test, with a
// network or without one.
package validate
