package validate

import "fmt"

// Media types of an image's config.
const (
	typeDockerConfig = "application/vnd.docker.container.image.v1+json"
	typeOCIConfig    = "application/vnd.oci.image.config.v1+json"
)

// Config is the part of an image's config that is compared, and the time when the
// image was made. The time, the history and the author are not compared: nobody
// who runs the image sees them.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md
type Config struct {
	Platform
	Created string  `json:"created"` // in RFC 3339, if the builder kept to the rules
	Runtime Runtime `json:"config"`
	RootFS  struct {
		DiffIDs []string `json:"diff_ids"`
	} `json:"rootfs"`
}

// ParseConfig reads an image's config.
func ParseConfig(body []byte) (*Config, error) {
	var config Config
	if err := parseJSON(body, &config); err != nil {
		return nil, fmt.Errorf("parsing the config: %w", err)
	}
	return &config, nil
}
