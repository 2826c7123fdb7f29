package room

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"mvrun/validate"
)

// All images together may take 128 MiB: ownBytes, commonBytes, and OneImage for each
// place.
const (
	// OneImage is how many bytes the manifests and configs of one image may take.
	OneImage = 32 << 20

	places      = 2
	ownBytes    = 16 << 20
	commonBytes = 48 << 20
)

// Room is what the documents of all images of a run may take.
type Room struct {
	own    int64         // how many bytes each image may take before it borrows
	places chan struct{} // holds one value for each image that has a place

	mu     sync.Mutex
	common int64 // how many bytes may still be borrowed
}

// New returns the room of a run that works on so many images at once.
func New(jobs int) *Room {
	return &Room{own: ownBytes / int64(max(jobs, 1)), places: make(chan struct{}, places), common: commonBytes}
}

// borrow takes n of the common bytes, if there are so many. A negative n gives them
// back.
func (r *Room) borrow(n int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n > r.common {
		return false
	}
	r.common -= n
	return true
}

// Share is what the documents of one image take. A nil Share has no bounds.
type Share struct {
	room *Room
	turn chan struct{} // holds a value while a goroutine of the image waits for a place

	mu       sync.Mutex
	taken    int64
	borrowed int64 // of the common bytes; 0 once the image has a place
	placed   bool
	full     bool // whether the image needed more than it may have
}

// ErrCrowded says that the documents of other images take too much. The caller has to
// call Wait and try again.
var ErrCrowded = errors.New("the manifests of other images take all the memory that is meant for them")

// FullError says that an image needs more than one image may have.
type FullError struct{}

func (*FullError) Error() string {
	return fmt.Sprintf("the manifests and configs of this image take more than %d MiB of memory, and mvrun holds no more of one image", OneImage>>20)
}

// Reason returns the reason of the image's result.
func (*FullError) Reason() validate.Reason { return validate.BadManifest }

type shareKey struct{}

// Enter begins an image. It returns a context from which Of gets the image's share.
// The caller must call Leave when the image has ended.
func (r *Room) Enter(ctx context.Context) (context.Context, *Share) {
	s := &Share{room: r, turn: make(chan struct{}, 1)}
	return context.WithValue(ctx, shareKey{}, s), s
}

// Of returns the share of the image that a context belongs to, or nil.
func Of(ctx context.Context) *Share {
	s, _ := ctx.Value(shareKey{}).(*Share)
	return s
}

// Take takes n bytes more. It returns a *FullError, or ErrCrowded, if that is not
// possible; then it takes nothing. After a *FullError the image gets nothing more, so
// that no more of it is read in vain.
func (s *Share) Take(n int64) error {
	if s == nil || n == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.full = s.full || n > OneImage-s.taken; s.full {
		return &FullError{}
	}
	if !s.settle(s.taken + n) {
		return ErrCrowded
	}
	return nil
}

// Give gives n bytes back.
func (s *Share) Give(n int64) {
	if s == nil || n == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle(s.taken - n)
}

// settle makes taken what the share takes, and borrows what is missing for that or
// gives back what was borrowed in vain. s.mu is held.
func (s *Share) settle(taken int64) bool {
	if !s.placed {
		borrowed := max(taken-s.room.own, 0)
		if !s.room.borrow(borrowed - s.borrowed) {
			return false
		}
		s.borrowed = borrowed
	}
	s.taken = taken
	return true
}

// Wait waits for a place. It returns the cause of the end of ctx if that ends first.
// While it waits, nobody may wait for something that only the caller can end.
func (s *Share) Wait(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if s.hasPlace() {
		return nil
	}
	select {
	case s.room.places <- struct{}{}:
		s.place()
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *Share) hasPlace() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.placed
}

// place notes that the share has a place, and gives back what was borrowed.
func (s *Share) place() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.placed = true
	s.room.borrow(-s.borrowed)
	s.borrowed = 0
}

// Leave gives back everything. Nobody may use the share after that.
func (s *Share) Leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.room.borrow(-s.borrowed)
	if s.placed {
		<-s.room.places
	}
	s.taken, s.borrowed, s.placed = 0, 0, false
}
