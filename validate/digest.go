package validate

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"strings"
)

// CheckDigest returns an error if digest is not a digest of a known algorithm. No
// other digest can be verified.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md#digests
func CheckDigest(digest string) error {
	algorithm, encoded, _ := strings.Cut(digest, ":")
	known := algorithm == "sha256" && len(encoded) == 64 || algorithm == "sha512" && len(encoded) == 128
	if !known || strings.Trim(encoded, "0123456789abcdef") != "" {
		return fmt.Errorf("%q is no digest: want sha256: and 64, or sha512: and 128 hexadecimal digits", digest)
	}
	return nil
}

// Digest returns the digest of content. algorithm may be "sha512"; anything else
// means sha256.
func Digest(algorithm string, content []byte) string {
	if algorithm == "sha512" {
		sum := sha512.Sum512(content)
		return "sha512:" + hex.EncodeToString(sum[:])
	}
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Algorithm returns the part of a digest before the colon.
func Algorithm(digest string) string {
	algorithm, _, _ := strings.Cut(digest, ":")
	return algorithm
}
