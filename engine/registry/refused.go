package registry

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"mvrun/engine/registry/access"
	"mvrun/engine/registry/wire"
	"mvrun/validate"
)

// refusedError says that a host refused a request, by the status of its answer.
type refusedError struct {
	status          *transport.Error
	body            wire.Body
	address         string
	words           string // the message of the registry in the answer, or ""
	login           login
	fromTokenServer bool   // whether the token server answered
	atPing          bool   // whether this was the first request, GET /v2/
	redirectedTo    string // the host that answered after a redirect, or ""
	ping            int    // the status of GET /v2/ after a 404 that it did not confirm, or 0
	failsAlone      bool   // whether the registry answers other requests well
}

// Reason implements explained.
func (e *refusedError) Reason() validate.Reason {
	switch e.status.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return validate.Unauthorized
	case http.StatusTooManyRequests:
		return validate.RateLimited
	}
	return validate.Unreachable
}

func (e *refusedError) Error() string {
	if e.Reason() == validate.Unauthorized && e.redirectedTo == "" {
		return e.answer() + e.login.hint()
	}
	return e.answer()
}

// answer says what was answered, without a hint.
func (e *refusedError) answer() string {
	if e.redirectedTo != "" {
		return fmt.Sprintf("%s from %s, to which the registry redirects", e.storeAnswer(), e.redirectedTo)
	}
	what := statusWords(e.status.StatusCode) + e.said()
	if e.fromTokenServer {
		what = "the token server answered " + what
	}
	switch {
	case e.Reason() == validate.Unreachable && e.atPing:
		return fmt.Sprintf("%s does not answer as a registry does: GET /v2/ gave %s", e.address, what)
	case e.ping != 0:
		return fmt.Sprintf("%s; and GET /v2/ gave %s, so the registry itself may be down", what, statusWords(e.ping))
	case e.failsAlone:
		return what + " (the registry answers other requests, so this object may be damaged in its storage: see the log of the registry)"
	}
	return what
}

func statusWords(status int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}

// storeAnswer describes the answer of a host that is not the registry. Nothing of its
// body is shown but the code of a store's error: anybody may be behind a redirect.
func (e *refusedError) storeAnswer() string {
	what := statusWords(e.status.StatusCode)
	switch {
	case e.body.Code != "":
		return what + " " + e.body.Code
	case e.body.Type != "":
		return fmt.Sprintf("%s (%s)", what, e.body.Type)
	}
	return what
}

// stranger says of an answer that no registry wrote it.
const stranger = ": this is no answer of a registry, but of a proxy, an ingress or a login page in front of it"

// errWebPage says that a web page came in place of a manifest, a config or a layer. It
// proves nothing about the image.
var errWebPage = &unreachableError{statusWords(http.StatusOK) + " with a web page" + stranger}

// said says what the registry wrote in its answer, or what the answer is if no registry
// wrote it.
func (e *refusedError) said() string {
	switch {
	case e.body.Kind == wire.WebPage && e.body.Title != "":
		return fmt.Sprintf(" with a web page, %q", e.body.Title) + stranger
	case e.body.Kind == wire.WebPage:
		return " with a web page" + stranger
	case e.words == "":
		return ""
	case (e.body.Kind == wire.XML || e.body.Kind == wire.OtherJSON) && e.status.StatusCode == http.StatusNotFound:
		return " with " + e.words + stranger
	}
	return ": " + e.words
}

// login is what a refused request says about the credentials of a user.
type login struct {
	address   string
	namespace string // the part of the registry that the credentials are for, or ""
	from      string // the place where the credentials were found; "" if there are none
	where     string // the file or program that gave them, or ""
	readable  string // another repository that could be read with them, or ""
	certain   bool   // whether there is such a repository, or the request was for none
	isRefused bool   // whether the credentials themselves were refused
}

// hint says which credentials were refused, and what else may be wrong. Many registries
// answer 401 or 403 for a repository that does not exist, so that nobody can find out
// the names of the others.
func (l login) hint() string {
	with := fmt.Sprintf("with the credentials for %s of %s%s", cmp.Or(l.namespace, l.address), l.from, l.expiry())
	run := l.way()
	switch {
	case l.from == "" && l.certain:
		return fmt.Sprintf(" (no credentials for %s; %s)", l.address, run)
	case l.certain, l.isRefused && l.readable == "" && l.from != "":
		return fmt.Sprintf(" (%s)", with)
	case l.from == "" && l.readable != "":
		return fmt.Sprintf(" (no credentials for %s, which %s does not need: there is no such repository, or %s)", l.address, l.readable, run)
	case l.from == "":
		return fmt.Sprintf(" (no credentials for %s; %s; or there is no such repository)", l.address, run)
	case l.readable != "":
		return fmt.Sprintf(" (%s, which could read %s: there is no such repository, or they may not read it)", with, l.readable)
	}
	return fmt.Sprintf(" (%s; or there is no such repository)", with)
}

// way says how a user gets a login for the registry.
func (l login) way() string {
	helper, _ := access.CloudHelper(l.address)
	switch {
	case helper != "":
		return fmt.Sprintf("install docker-credential-%[1]s, and write \"credHelpers\": {\"%[2]s\": \"%[1]s\"} into the Docker configuration", helper, l.address)
	case l.address == "ghcr.io":
		return "set GITHUB_TOKEN, or run \"docker login ghcr.io\""
	}
	return fmt.Sprintf("run \"docker login %s\"", l.address)
}

// expiry says that a login for a registry of a cloud ends soon. It returns "" if the
// login was just made by a program for that cloud, and for other registries.
func (l login) expiry() string {
	helper, life := access.CloudHelper(l.address)
	if helper == "" || strings.HasPrefix(l.where, "docker-credential-") || access.IsCloudLogin(l.from) {
		return ""
	}
	return fmt.Sprintf("; a login there ends after %s, and docker-credential-%s makes new ones", life, helper)
}

// advice says what a user can do about a refused login.
func (l login) advice() string {
	place := l.from
	if l.where != "" {
		place += " (" + l.where + ")"
	}
	switch {
	case l.from == "" && l.certain:
		return fmt.Sprintf("No credentials for %s were found: %s.", l.address, l.way())
	case l.from == "":
		return fmt.Sprintf("No credentials for %s were found: %s. If it needs none, check the name of the repository.", l.address, l.way())
	case l.isRefused:
		return fmt.Sprintf("The credentials from %s are wrong or have ended%s: correct them there, or %s.", place, l.expiry(), l.way())
	}
	return fmt.Sprintf("The credentials from %s may not read this%s: check the name of the repository, and ask for the right to pull.", place, l.expiry())
}
