package registry

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Certificates: whom to trust, and who one is.

// certificateFolders are where users keep the certificates of a registry, their
// own before the machine's.
//
// https://docs.docker.com/engine/security/certificates/
// https://github.com/containers/image/blob/main/docs/containers-certs.d.5.md
func certificateFolders(address string) []string {
	home, _ := os.UserHomeDir()
	config := filepath.Join(home, ".config")
	bases := []string{filepath.Join(config, "containers"), filepath.Join(cmp.Or(os.Getenv("XDG_CONFIG_HOME"), config), "docker"),
		"/etc/containers", "/etc/docker"}
	folders := make([]string, len(bases))
	for i, base := range bases {
		folders[i] = filepath.Join(base, "certs.d", address)
	}
	return folders
}

// certificates are PEM files.
type certificates struct {
	authorities []string    // *.crt
	pairs       [][2]string // *.cert with its *.key, to show a registry that asks
}

func (c certificates) none() bool { return len(c.authorities) == 0 && len(c.pairs) == 0 }

// folderCertificates returns what the first folder has that there is for a
// registry. As for Podman, one that is not the user's to read is none.
func folderCertificates(address string) (certificates, error) {
	for _, folder := range certificateFolders(address) {
		files, err := os.ReadDir(folder)
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
			continue
		case err != nil:
			return certificates{}, err
		}
		return sorted(folder, files)
	}
	return certificates{}, nil
}

// sorted sorts a folder's files by what they are.
func sorted(folder string, files []fs.DirEntry) (certificates, error) {
	var found certificates
	there := map[string]bool{}
	for _, file := range files {
		there[file.Name()] = true
	}
	for _, file := range files {
		path := filepath.Join(folder, file.Name())
		extension := filepath.Ext(path)
		base := strings.TrimSuffix(file.Name(), extension)
		switch {
		case extension == ".crt":
			found.authorities = append(found.authorities, path)
		case extension == ".cert" && !there[base+".key"]:
			return found, fmt.Errorf("%s: its key %s.key is missing (an authority's certificate ends in .crt)", path, base)
		case extension == ".cert":
			found.pairs = append(found.pairs, [2]string{path, strings.TrimSuffix(path, extension) + ".key"})
		case extension == ".key" && !there[base+".cert"]:
			return found, fmt.Errorf("%s: its certificate %s.cert is missing", path, base)
		}
	}
	return found, nil
}

// addTo makes a TLS configuration use certificates, besides the authorities
// that it or the machine trusts.
func (c certificates) addTo(config *tls.Config) error {
	for _, path := range c.authorities {
		pem, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if config.RootCAs == nil {
			if config.RootCAs, err = x509.SystemCertPool(); err != nil {
				config.RootCAs = x509.NewCertPool()
			}
		}
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return fmt.Errorf("%s holds no certificate in PEM format", path)
		}
	}
	for _, pair := range c.pairs {
		loaded, err := tls.LoadX509KeyPair(pair[0], pair[1])
		if err != nil {
			return fmt.Errorf("%s: %w", pair[0], err)
		}
		config.Certificates = append(config.Certificates, loaded)
	}
	return nil
}
