package access

import (
	"strings"
	"sync"

	"mvrun/validate"
)

// Login is a user's name and password for one registry, on one side.
type Login struct {
	Side               validate.Side
	Registry           string // as lists write it
	Username, Password string
	From               string // where it was found, for errors
}

// User is whose credentials are used. Users are comparable: the same user has
// the same session and tokens at a registry.
type User struct {
	Login *Login // nil for what the user's configuration has
	// Namespace is what the credentials are for, such as quay.io/team, "" if they
	// are for the whole registry.
	Namespace string
}

// Users knows the users of a run.
type Users struct {
	Logins    []Login
	Anonymous bool // use no credentials of the user's configuration

	mu         sync.Mutex
	namespaces map[string][]string // that Podman has logins for, by registry
}

// Of returns the user who reads below a path of a registry. registry is its name
// in lists, and address is where it is asked.
func (u *Users) Of(registry, address, path string, side validate.Side) User {
	user := User{}
	for i, login := range u.Logins {
		if login.Side == side && login.Registry == registry {
			user.Login = &u.Logins[i]
		}
	}
	if user.Login == nil && !u.Anonymous {
		user.Namespace = u.namespace(address, path)
	}
	return user
}

// namespace returns the namespace with a login of its own that a path is in, or
// "".
func (u *Users) namespace(registry, path string) string {
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

// Side returns the side whose login is used where a script names a registry
// without a side: the destination's if the registry has a login of that side
// only.
func (u *Users) Side(registry string) validate.Side {
	side := validate.Source
	for _, login := range u.Logins {
		if login.Registry == registry {
			if login.Side == validate.Source {
				return validate.Source
			}
			side = login.Side
		}
	}
	return side
}
