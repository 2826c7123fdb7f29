package validate

import (
	"fmt"
	"strings"
)

// problem says what is wrong: why two images are not the same, or what a side
// lacks. Where nothing is wrong, the problem is nil.
type problem struct {
	reason  Reason
	message string
}

// unknown is the problem of a method that lacks facts (see comparison). It is
// not nil, so that a caller who only looks for problems takes it for one and
// returns it, too.
var unknown = &problem{}

func newProblem(reason Reason, format string, args ...any) *problem {
	return &problem{reason, fmt.Sprintf(format, args...)}
}

// differs returns the problem that two images are not the same.
func differs(format string, args ...any) *problem {
	return newProblem(DigestDiffers, format, args...)
}

// after returns the problem with words before its message. Where there is
// nothing wrong, or nothing known, that stays so.
func (p *problem) after(words string) *problem {
	if p == nil || p == unknown {
		return p
	}
	return &problem{p.reason, words + p.message}
}

// fail is the verdict on an image for which the problem is all there is to say.
func (p *problem) fail() Verdict {
	return Verdict{Status: Fail, Reason: p.reason, Message: p.message}
}

func fail(reason Reason, format string, args ...any) Verdict {
	return newProblem(reason, format, args...).fail()
}

// firstProblem returns the first problem of several, but unknown if any of them
// is unknown: an earlier one may turn out to be a problem.
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

// problems are those of one image.
type problems []problem

// add adds a problem, if there is one.
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
