package validate

import (
	"fmt"
	"reflect"
)

// These are the media types of an image's config.
const (
	typeDockerConfig = "application/vnd.docker.container.image.v1+json"
	typeOCIConfig    = "application/vnd.oci.image.config.v1+json"
)

// Config has the fields of an image's config that are compared, and the time when the
// image was made. That time, the history and the author are not compared, because they
// do not change how the image runs.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md
type Config struct {
	Platform
	Created string  `json:"created"` // should be in the format of RFC 3339
	Runtime Runtime `json:"config"`
	RootFS  struct {
		DiffIDs []string `json:"diff_ids"`
	} `json:"rootfs"`

	refused string // why nodes refuse the config; "" if they accept it
}

var configFields = fieldsOf(reflect.TypeFor[Config]())

// ParseConfig reads an image's config.
func ParseConfig(body []byte) (*Config, error) {
	var config Config
	if err := parseJSON(body, &config); err != nil {
		return nil, fmt.Errorf("parsing the config: %w", err)
	}
	if err := checkUnambiguous(body, configFields); err != nil {
		return nil, fmt.Errorf("the config is ambiguous: %w", err)
	}
	config.refused = refusedBecause(body)
	return &config, nil
}
