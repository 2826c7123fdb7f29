package job

import (
	"fmt"
	"log/slog"

	"mvrun/engine/registry/mirrors"
)

// readRegistries reads the files that say where a node asks for images.
func (c *Config) readRegistries() (err error) {
	if c.Registries == "" {
		return nil
	}
	if c.registries, err = mirrors.Read(c.Registries); err != nil {
		return fmt.Errorf("--registries %s: %w", c.Registries, err)
	}
	return nil
}

// registryFiles returns the files that were read. They may have passwords, so the flag
// allows no script to read them.
func (c *Config) registryFiles() []string {
	if c.registries == nil {
		return nil
	}
	return c.registries.Files
}

// logRegistries says what was read of them.
func (c *Config) logRegistries(log *slog.Logger) {
	if c.registries == nil {
		return
	}
	files := "1 file"
	if n := len(c.registries.Files); n != 1 {
		files = fmt.Sprintf("%d files", n)
	}
	log.Info(fmt.Sprintf("--registries %s: %s, %s: the destination is asked where a node would ask", c.Registries, c.registries.Format, files),
		"registries", c.Registries, "format", c.registries.Format, "sha256", c.registries.SHA256)
	for _, warning := range c.registries.Warnings {
		log.Warn("--registries: " + warning)
	}
}
