package registry

import (
	"fmt"

	"mvrun/validate"
)

// readTwice calls read, and calls it once more if the bytes are wrong. One wrong read
// does not prove that the registry stores wrong bytes: a proxy or the network may have
// changed them. The fact of the second call counts. If that one is right, it names the
// digest of the first one.
func readTwice(isWrong func(validate.Fact) bool, read func() (validate.Fact, error)) (validate.Fact, error) {
	first, err := read()
	if err != nil || first.Missing || !isWrong(first) {
		return first, err
	}
	second, err := read()
	switch {
	case err != nil:
		return validate.Fact{}, err
	case second.Missing:
		return validate.Fact{}, &unreachableError{fmt.Sprintf(
			"two reads gave two contents: the way is bad (first bytes with the digest %s, which is wrong, and then 404)", first.Digest)}
	case !isWrong(second):
		second.Misread = first.Digest
	case second.Digest != first.Digest:
		return validate.Fact{}, &unreachableError{fmt.Sprintf(
			"two reads gave two contents: the way is bad (first bytes with the digest %s and then with %s, which are both wrong)", first.Digest, second.Digest)}
	}
	return second, nil
}
