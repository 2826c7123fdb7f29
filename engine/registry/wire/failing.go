package wire

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// failingObjects knows for which objects a part of a registry answers with 5xx, although
// it answers other requests well. For example, docker-registry answers 500 for a manifest
// whose bytes are corrupt. To wait for such an object does not help, and neither does it
// help to ask for it again with all retries for each image that has it.
//
// Good answers are counted. Their number tells whether the registry answered another
// request after a moment, without a clock.
type failingObjects struct {
	mu      sync.Mutex
	answers int                      // how many requests were answered well
	failed  map[string]failingObject // the objects whose latest request ended with 5xx, after all its retries
}

type failingObject struct {
	answers int  // the number of good answers when the request for the object ended
	alone   bool // whether others were answered well in the meantime, so that only this object fails
}

// maxFailing is how many objects are remembered. It bounds the memory of a run against a
// registry whose whole storage is broken.
const maxFailing = 10_000

// count returns how many requests were answered well so far.
func (f *failingObjects) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.answers
}

// hasAnswered reports whether requests were answered well since count returned before.
func (f *failingObjects) hasAnswered(before int) bool { return f.count() > before }

// recordAnswer notes an answer for an object that is not 5xx.
func (f *failingObjects) recordAnswer(object string, status int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.failed, object)
	if status < http.StatusBadRequest || status == http.StatusNotFound { // others, such as 401, say nothing of the storage
		f.answers++
	}
}

// recordFailure notes that the request for an object ended with 5xx. before is what count
// returned when the request began. recordFailure reports whether only this object fails,
// so that the failure says nothing of the registry.
func (f *failingObjects) recordFailure(object string, before int) (alone bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	earlier, known := f.failed[object]
	alone = f.answers > before || known && earlier.isProven(f.answers)
	if f.failed == nil {
		f.failed = map[string]failingObject{}
	}
	if known || len(f.failed) < maxFailing {
		f.failed[object] = failingObject{f.answers, alone}
	}
	return alone
}

// isProven reports whether only this object fails. answers is the number of good answers
// now. If no other request was answered, the whole registry may be down.
func (o failingObject) isProven(answers int) bool { return o.alone || answers > o.answers }

// isExhausted reports whether the object has used its retries in this run. Then another
// request for the object is sent once. One good answer gives the object its retries back.
func (f *failingObjects) isExhausted(object string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	failed, ok := f.failed[object]
	return ok && failed.isProven(f.answers)
}

// failsAlone reports whether the latest request for an object ended with 5xx, although
// others were answered well.
func (f *failingObjects) failsAlone(object string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.failed[object].alone
}

// objectOf names what a request asks for, within a project of a registry: a digest, or
// the path of anything else. Repositories share the storage of a digest.
func objectOf(u *url.URL) string {
	if _, ok := repositoryOf(u.Path); ok {
		if _, last, _ := cutLast(u.Path); strings.Contains(last, ":") {
			return last
		}
	}
	return u.Path
}
