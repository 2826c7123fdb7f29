package validate

import (
	"fmt"
	"strings"
)

// problem is the finding that something is wrong: why two images are not the
// same, or what is missing. A nil problem means that nothing is wrong.
type problem struct {
	reason  Reason
	message string
	object  Object      // the manifest or blob that is missing or corrupt, if the problem is about one
	claim   *Descriptor // the descriptor that lies about a size, if the problem is that
}

// unknown stands for a problem, or for none, while facts are missing; see type
// comparison. It is not nil, so a caller that only asks whether there is a
// problem does not take it for good news.
var unknown = &problem{}

func newProblem(reason Reason, format string, args ...any) *problem {
	return &problem{reason: reason, message: fmt.Sprintf(format, args...)}
}

// about returns the problem with the object that it is about. nil and unknown
// stay as they are.
func (p *problem) about(object Object) *problem {
	if p == nil || p == unknown {
		return p
	}
	with := *p
	with.object = object
	return &with
}

// blaming returns the problem with the descriptor that lies about a size.
func (p *problem) blaming(claim Descriptor) *problem {
	with := *p
	with.claim = &claim
	return &with
}

// differs returns the problem that two images are not the same.
func differs(format string, args ...any) *problem {
	return newProblem(DigestDiffers, format, args...)
}

// after returns the problem with words before its message. nil and unknown stay
// as they are.
func (p *problem) after(words string) *problem {
	if p == nil || p == unknown {
		return p
	}
	with := *p
	with.message = words + p.message
	return &with
}

// fail returns the verdict on an image because of the problem. The image fails, or
// could not be checked if the problem is the source's.
func (p *problem) fail() Verdict {
	if p.reason.isUnsure() {
		return Verdict{Status: Error, Reason: p.reason, Message: p.message}
	}
	return Verdict{Status: Fail, Reason: p.reason, Message: p.message}
}

func fail(reason Reason, format string, args ...any) Verdict {
	return newProblem(reason, format, args...).fail()
}

// firstProblem returns the first of several problems, nil if there is none. If
// any of them is unknown, so is the first one.
func firstProblem(several ...*problem) *problem {
	var first *problem
	for _, p := range several {
		if p == unknown {
			return unknown
		}
		if first == nil {
			first = p
		}
	}
	return first
}

// problems collects what is wrong with one image.
type problems []problem

// add adds a problem. It ignores nil and unknown.
func (all *problems) add(p *problem) {
	if p != nil && p != unknown {
		*all = append(*all, *p)
	}
}

// String writes the first few problems for a message.
func (all problems) String() string {
	const most = 3
	var notes []string
	for i, p := range all {
		if i == most {
			notes = append(notes, fmt.Sprintf("and %d more", len(all)-most))
			break
		}
		notes = append(notes, p.message)
	}
	return strings.Join(notes, ", ")
}
