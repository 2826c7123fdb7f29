// Package mirrors reads the files that tell a node where images are really pulled
// from: registries.conf of Podman and CRI-O, hosts.toml of containerd, and
// registries.yaml of k3s and rke2.
//
// Read recognises the format, and returns a Config. Config.Route says, for one
// repository, which endpoints a node asks and in which order: a mirror in front of
// Docker Hub, for example, and Docker Hub itself last.
//
// The package opens files, but no connections. It does not know what is asked at an
// endpoint, nor which settings and logins of the user count there besides those of the
// files. A message of the package never shows the value of a header or of a login.
package mirrors
