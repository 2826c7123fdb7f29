package validate

import "fmt"

// Configs: what an image says of how it runs.

// Media types of an image's config.
const (
	typeDockerConfig = "application/vnd.docker.container.image.v1+json"
	typeOCIConfig    = "application/vnd.oci.image.config.v1+json"
)

// Config is the part of an image's config that is compared, and when the image
// was made. That, its history and author are not compared: who runs the image
// never sees them.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md
type Config struct {
	Platform
	Created string  `json:"created"` // RFC 3339, or whatever was written in its place
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
