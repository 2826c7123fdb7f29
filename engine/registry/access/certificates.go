package access

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

// DefaultTLS returns the TLS configuration for registries without certificates of
// their own. insecure accepts any certificate.
func DefaultTLS(insecure bool) *tls.Config {
	return &tls.Config{InsecureSkipVerify: insecure, MinVersion: tls.VersionTLS12}
}

// TLS returns the TLS configuration for a registry, nil if the default will do.
// Besides the certificates of the settings it has those of the user's folders,
// unless anonymous is set. insecure is the default of IsInsecure.
func (s Settings) TLS(address string, insecure, anonymous bool) (*tls.Config, error) {
	var authority, pair, folder certificates
	if s.CA != "" {
		authority.authorities = []string{s.CA}
	}
	if s.Cert != "" {
		pair.pairs = []keyPair{{s.Cert, s.Key}}
	}
	if !anonymous && !s.PlainHTTP {
		var err error
		if folder, err = folderCertificates(address); err != nil {
			return nil, fmt.Errorf("the certificates for %s: %w", address, err)
		}
	}
	if authority.none() && pair.none() && folder.none() && s.TLSVerify == nil {
		return nil, nil
	}
	config := DefaultTLS(s.IsInsecure(insecure))
	for _, add := range []struct {
		what string // for messages
		certificates
	}{
		{"ca", authority},
		{"cert and key", pair},
		{"the certificates for " + address, folder},
	} {
		if err := add.addTo(config); err != nil {
			return nil, fmt.Errorf("%s: %w", add.what, err)
		}
	}
	return config, nil
}

// CertificateFolder returns the folder where the user may put certificates for a
// registry, written for people.
func CertificateFolder(address string) string {
	folder := certificateFolders(address)[0]
	if home, err := os.UserHomeDir(); err == nil {
		if below, ok := strings.CutPrefix(folder, home+string(filepath.Separator)); ok {
			return filepath.Join("~", below)
		}
	}
	return folder
}

// certificateFolders returns the folders where users keep the certificates of a
// registry, their own before the machine's.
//
// https://docs.docker.com/engine/security/certificates/
// https://github.com/containers/image/blob/main/docs/containers-certs.d.5.md
func certificateFolders(address string) []string {
	home, _ := os.UserHomeDir()
	config := filepath.Join(home, ".config")
	bases := []string{
		filepath.Join(config, "containers"),
		filepath.Join(cmp.Or(os.Getenv("XDG_CONFIG_HOME"), config), "docker"),
		"/etc/containers",
		"/etc/docker",
	}
	folders := make([]string, len(bases))
	for i, base := range bases {
		folders[i] = filepath.Join(base, "certs.d", address)
	}
	return folders
}

// certificates are PEM files.
type certificates struct {
	authorities []string  // to trust
	pairs       []keyPair // to show to a registry that asks for them
}

// keyPair is a client certificate and its key.
type keyPair struct{ certificate, key string }

func (c certificates) none() bool { return len(c.authorities) == 0 && len(c.pairs) == 0 }

// folderCertificates returns the certificates of the first folder that exists for
// a registry. As for Podman, a folder that the user may not read does not exist.
func folderCertificates(address string) (certificates, error) {
	for _, folder := range certificateFolders(address) {
		files, err := os.ReadDir(folder)
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrPermission):
			continue
		case err != nil:
			return certificates{}, err
		}
		return sortFiles(folder, files)
	}
	return certificates{}, nil
}

// sortFiles tells the files of a folder apart by the ends of their names: *.crt is
// an authority, *.cert a client certificate, and *.key the key of the latter.
func sortFiles(folder string, files []fs.DirEntry) (certificates, error) {
	var found certificates
	exists := map[string]bool{}
	for _, file := range files {
		exists[file.Name()] = true
	}
	for _, file := range files {
		path := filepath.Join(folder, file.Name())
		extension := filepath.Ext(path)
		base := strings.TrimSuffix(file.Name(), extension)
		switch {
		case extension == ".crt":
			found.authorities = append(found.authorities, path)
		case extension == ".cert" && !exists[base+".key"]:
			return found, fmt.Errorf("%s: its key %s.key is missing (an authority's certificate ends in .crt)", path, base)
		case extension == ".cert":
			found.pairs = append(found.pairs, keyPair{path, strings.TrimSuffix(path, extension) + ".key"})
		case extension == ".key" && !exists[base+".cert"]:
			return found, fmt.Errorf("%s: its certificate %s.cert is missing", path, base)
		}
	}
	return found, nil
}

// addTo adds certificates to a TLS configuration. The authorities that it or the
// machine trusts stay trusted.
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
		loaded, err := tls.LoadX509KeyPair(pair.certificate, pair.key)
		if err != nil {
			return fmt.Errorf("%s: %w", pair.certificate, err)
		}
		config.Certificates = append(config.Certificates, loaded)
	}
	return nil
}
