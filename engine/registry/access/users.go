package access

import (
	"strings"
	"sync"

	"mvrun/engine/imagelist"
	"mvrun/validate"
)

// Login is a user's name and password for one registry, on one side.
type Login struct {
	Side               validate.Side
	Registry           string // the name of the registry in lists
	Username, Password string
	From               string // where the login was found, for errors
}

// Redact hides the password in words.
func (l Login) Redact(words string) string { return hide(words, secretsOf(l.Password)) }

// User says which credentials a request uses. Requests of equal Users share one
// session and the tokens.
type User struct {
	Login *Login // nil means the credentials of the user's configuration
	// Namespace is the part of the registry that the credentials are for, such as
	// quay.io/team. It is "" if they are for the whole registry.
	Namespace string
}

// Users decides which User counts for a request.
type Users struct {
	Logins    []Login
	Anonymous bool // use no credentials of the user's configuration

	mu         sync.Mutex
	namespaces map[string][]string // the namespaces for which Podman has logins, by registry
}

// Of returns the User for requests to a repository. registry is the name of the
// registry in lists, address is the HOST[:PORT] that gets the requests, and path is
// that of the repository.
func (u *Users) Of(registry, address, path string, side validate.Side) User {
	user := User{}
	for i, login := range u.Logins {
		if login.Side == side && imagelist.IsSameRegistry(login.Registry, registry) {
			user.Login = &u.Logins[i]
		}
	}
	if user.Login == nil && !u.Anonymous {
		user.Namespace = u.namespace(address, path)
	}
	return user
}

// namespace returns the namespace that contains a path, if Podman has a login for that
// namespace. Otherwise it returns "".
func (u *Users) namespace(registry, path string) string {
	registry = imagelist.CanonicalRegistry(registry)
	u.mu.Lock()
	defer u.mu.Unlock()
	all, ok := u.namespaces[registry]
	if !ok {
		all = podmanNamespaces(registry)
		if u.namespaces == nil {
			u.namespaces = map[string][]string{}
		}
		u.namespaces[registry] = all
	}
	for _, namespace := range all {
		if strings.HasPrefix(registry+"/"+path+"/", namespace+"/") {
			return namespace
		}
	}
	return ""
}

// Side returns the side whose login counts if a script names a registry, as in
// inspect(). It is the destination if the registry has a login only for that side. In
// all other cases it is the source.
func (u *Users) Side(registry string) validate.Side {
	side := validate.Source
	for _, login := range u.Logins {
		if imagelist.IsSameRegistry(login.Registry, registry) {
			if login.Side == validate.Source {
				return validate.Source
			}
			side = login.Side
		}
	}
	return side
}
