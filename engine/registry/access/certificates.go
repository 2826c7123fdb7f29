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

// TLS returns the TLS configuration for a registry, or nil if DefaultTLS is enough.
// It has the certificates of the settings and, unless anonymous is set, those of
// the user's certs.d folders. insecure counts if the settings do not say whether
// any certificate is accepted.
func (s Settings) TLS(address string, insecure, anonymous bool) (*tls.Config, error) {
	return s.TLSWith(Certificates{}, address, insecure, anonymous)
}

// TLSWith is TLS with more certificates, which another file names for the address.
func (s Settings) TLSWith(more Certificates, address string, insecure, anonymous bool) (*tls.Config, error) {
	var authority, pair, folder certificates
	named := certificates{authorities: more.CAs}
	for _, pair := range more.Pairs {
		named.pairs = append(named.pairs, keyPair{pair[0], pair[1]})
	}
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
	if named.isEmpty() && authority.isEmpty() && pair.isEmpty() && folder.isEmpty() && s.TLSVerify == nil {
		return nil, nil
	}
	config := DefaultTLS(s.IsInsecure(insecure))
	for _, add := range []struct {
		what string // for messages
		certificates
	}{
		{"ca", authority},
		{"cert and key", pair},
		{"the certificates for " + address + " in " + more.From, named},
		{"the certificates for " + address, folder},
	} {
		if err := add.addTo(config); err != nil {
			return nil, fmt.Errorf("%s: %w", add.what, err)
		}
	}
	return config, nil
}

// CertificateFolder returns the folder where the user may put certificates for a
// registry. It is for messages, so "~" stands for the home folder.
func CertificateFolder(address string) string {
	folder := certificateFolders(address)[0]
	if home, err := os.UserHomeDir(); err == nil {
		if below, ok := strings.CutPrefix(folder, home+string(filepath.Separator)); ok {
			return filepath.Join("~", below)
		}
	}
	return folder
}

// certificateFolders returns the folders that may have certificates for a registry.
// The folders of the user come before those of the machine.
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

// Certificates are the paths of PEM files that a file of rules names.
type Certificates struct {
	CAs   []string
	Pairs [][2]string // of a client certificate and its key
	From  string      // the file, for messages
}

// certificates are the paths of PEM files.
type certificates struct {
	authorities []string  // CA certificates to trust
	pairs       []keyPair // client certificates, for registries that ask for them
}

// keyPair has the paths of a client certificate and its key.
type keyPair struct{ certificate, key string }

func (c certificates) isEmpty() bool { return len(c.authorities) == 0 && len(c.pairs) == 0 }

// folderCertificates returns the certificates in the first folder that exists for
// a registry. A folder that the user may not read is passed over, as Podman does.
func folderCertificates(address string) (certificates, error) {
	for _, folder := range certificateFolders(address) {
		folder = spelledFolder(folder)
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

// spelledFolder returns a folder of certs.d as it is spelled on disk: its name may
// have the host in capitals. If there is no such folder, the name stays as it is.
func spelledFolder(folder string) string {
	if _, err := os.Lstat(folder); !errors.Is(err, fs.ErrNotExist) {
		return folder
	}
	parent, name := filepath.Split(folder)
	others, err := os.ReadDir(parent)
	if err != nil {
		return folder // the caller meets the same error
	}
	for _, other := range others {
		if strings.EqualFold(other.Name(), name) {
			return filepath.Join(parent, other.Name())
		}
	}
	return folder
}

// sortFiles returns the certificates among the files of a folder. The end of a
// file's name says what the file is: *.crt is a CA certificate, *.cert is a client
// certificate, and *.key is the key of a client certificate.
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

// addTo adds certificates to a TLS configuration. CA certificates that it already
// has, and those of the machine, stay trusted.
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
