package mirrors

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	maxFile  = 1 << 20 // bytes of one file
	maxFiles = 2000    // of one folder
)

// Read reads the file or folder at path. It recognises which format it is by the names
// in the folder, or by the keys in the file.
func Read(path string) (*Config, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	r := &reader{}
	var c *Config
	if info.IsDir() {
		c, err = r.folder(path)
	} else {
		c, err = r.file(path)
	}
	if err != nil {
		return nil, err
	}
	c.Files, c.SHA256 = r.files, r.sha256()
	return c, nil
}

// folder reads a folder, as /etc has one for each format.
func (r *reader) folder(path string) (*Config, error) {
	has := func(name string) bool {
		_, err := os.Stat(filepath.Join(path, name))
		return err == nil
	}
	switch {
	case has("registries.conf"), has("registries.conf.d"):
		return r.containers(filepath.Join(path, "registries.conf"))
	case has("registries.yaml"):
		return r.rancher(filepath.Join(path, "registries.yaml"))
	case has("certs.d"):
		return r.containerd(filepath.Join(path, "certs.d"))
	case has(hostsFile):
		return r.oneHost(path)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), ".conf") {
			return r.dropIns(path)
		}
		if inside := filepath.Join(path, entry.Name()); isFolder(inside) && (hasFile(inside, hostsFile) || hasCertificates(inside)) {
			return r.containerd(path)
		}
	}
	return nil, fmt.Errorf("%s has no registries.conf, no registries.conf.d, no HOST/hosts.toml and no registries.yaml", path)
}

// file reads one file.
func (r *reader) file(path string) (*Config, error) {
	switch name := filepath.Base(path); {
	case name == hostsFile:
		return r.oneHost(filepath.Dir(path))
	case strings.HasSuffix(name, ".yaml"), strings.HasSuffix(name, ".yml"):
		return r.rancher(path)
	case strings.HasSuffix(name, ".conf"):
		return r.containers(path)
	}
	content, err := (&reader{}).read(path)
	if err != nil {
		return nil, err
	}
	if keys, err := topKeys(content); err == nil {
		for key := range keys {
			if key == "server" || key == "host" {
				return nil, fmt.Errorf("%s reads as a hosts.toml of containerd: call it hosts.toml, in a folder with the name of the registry, such as docker.io/hosts.toml", path)
			}
		}
		return r.containers(path)
	}
	return r.rancher(path)
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func hasFile(folder, name string) bool {
	_, err := os.Stat(filepath.Join(folder, name))
	return err == nil
}

// reader reads files, and keeps which ones.
type reader struct {
	files []string
	sums  []string
}

// read reads a file of a bounded size.
func (r *reader) read(path string) ([]byte, error) {
	if len(r.files) == maxFiles {
		return nil, fmt.Errorf("%s: there are more than %d files", path, maxFiles)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(content) > maxFile {
		return nil, fmt.Errorf("%s has more than %d bytes", path, maxFile)
	}
	sum := sha256.Sum256(content)
	r.files, r.sums = append(r.files, path), append(r.sums, hex.EncodeToString(sum[:]))
	return content, nil
}

// readIfThere reads a file that need not exist.
func (r *reader) readIfThere(path string) (content []byte, exists bool, err error) {
	content, err = r.read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	return content, err == nil, err
}

// sha256 returns Config.SHA256.
func (r *reader) sha256() string {
	if len(r.sums) == 1 {
		return r.sums[0]
	}
	all := sha256.New()
	for i, sum := range r.sums {
		folder, name := filepath.Split(r.files[i])
		fmt.Fprintf(all, "%s  %s/%s\n", sum, filepath.Base(folder), name)
	}
	return hex.EncodeToString(all.Sum(nil))
}
