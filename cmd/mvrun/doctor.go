package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"mvrun/cmd/mvrun/internal/job"
	"mvrun/engine/imagelist"
	"mvrun/engine/registry"
	"mvrun/engine/registry/mirrors"
	"mvrun/validate"
)

// doctorCommand says why registries cannot be read, and what to do about it.
type doctorCommand struct {
	Targets     []string      `arg:"" optional:"" name:"host" help:"HOST[:PORT][/REPOSITORY[:TAG]]. Without it: the registries of -s and -d."`
	Source      string        `short:"s" env:"SOURCE_REGISTRY" placeholder:"HOST[:PORT][/PREFIX]" help:"The registry that SOURCE_USERNAME and SOURCE_PASSWORD are for."`
	Destination string        `short:"d" env:"DEST_REGISTRY" placeholder:"HOST[:PORT][/PREFIX]" help:"The registry that DEST_USERNAME and DEST_PASSWORD are for."`
	TLSVerify   bool          `name:"tls-verify" default:"true" help:"--tls-verify=false accepts any certificate, and plain HTTP (default ${default})."`
	Registries  string        `placeholder:"FILE|DIR" help:"Examine where a node would ask, in its order: registries.conf, containerd's certs.d, or the registries.yaml of k3s or rke2."`
	Timeout     time.Duration `default:"30s" help:"For one registry."`
	Format      string        `default:"text" enum:"text,json" help:"text or json (default ${default})."`
}

// Help implements kong.HelpProvider.
func (doctorCommand) Help() string {
	return `Examines registries as a run would ask them, and says for each one: whether it answers, over which TLS and with which certificate; which credentials are used, and where they come from; which login the registry demands; whether a manifest can be read; whether the registry has HEAD, referrers and ranges; what is left of the rate limit; and what to do about what is wrong. No secret is shown. Each request is sent once.

With a repository, a manifest of it is read: that of the tag, or of "latest", or of the tag that the registry lists last. With a host alone, the login is tried, if there is one, and no pull.

With --format json the output is an array with an object for each registry: target, registry, endpoint, repository, tag, status (ok, wrong, no-answer), answers, scheme, http, tls (version, subject, issuer, names, not_after, trusted, why), credentials (from, where, for, username, kind, accepted), auth (scheme, token_server, service, refused), pull (granted, digest, media_type), head, referrers and range (supported, detail), rate_limit (limit, left, window_seconds), problems (check, message, advice). What is not known is null.

Exit status: 0 nothing is wrong; 1 something is wrong; 3 nothing else is wrong, but a registry does not answer; 2 wrong usage.`
}

func (d *doctorCommand) run(ctx context.Context, c job.Console) (int, error) {
	targets, err := d.targets()
	if err != nil {
		return 0, usageError{err, "doctor"}
	}
	options, err := d.options(c)
	if err != nil {
		return 0, err
	}
	if targets, err = d.asNode(targets); err != nil {
		return 0, err
	}
	found := make([]*registry.Diagnosis, len(targets))
	group := errgroup.Group{}
	group.SetLimit(10)
	for i, target := range targets {
		group.Go(func() error {
			ctx, cancel := context.WithTimeout(ctx, d.Timeout)
			defer cancel()
			found[i] = registry.Diagnose(ctx, options, target)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	if err := d.print(c.Stdout, found); err != nil {
		return 0, fmt.Errorf("writing the diagnosis: %w", err)
	}
	return healthStatus(found), nil
}

// options returns the options of a run, as far as they decide how registries are asked.
func (d *doctorCommand) options(c job.Console) (registry.Options, error) {
	logins, err := environmentLogins(c.Getenv, d.Source, d.Destination, []validate.Side{validate.Source, validate.Destination})
	return registry.Options{
		Insecure: !d.TLSVerify, InsecureHint: job.InsecureHint, TokenServerHint: job.TokenServerHint,
		Logins: logins, UserAgent: "mvrun/" + version, Conns: 4,
	}, err
}

// asNode returns the targets at the places where a node would ask for them, as
// --registries says.
func (d *doctorCommand) asNode(targets []registry.Target) ([]registry.Target, error) {
	if d.Registries == "" {
		return targets, nil
	}
	files, err := mirrors.Read(d.Registries)
	if err != nil {
		return nil, fmt.Errorf("--registries %s: %w", d.Registries, err)
	}
	var all []registry.Target
	for _, target := range targets {
		places := target.AsNode(files)
		if len(places) == 0 {
			return nil, fmt.Errorf("%s: by --registries %s a node asks nobody for it", target.Written, d.Registries)
		}
		all = append(all, places...)
	}
	return all, nil
}

// targets reads what the command line names.
func (d *doctorCommand) targets() ([]registry.Target, error) {
	if d.Timeout <= 0 {
		return nil, fmt.Errorf("--timeout %v: want more than 0", d.Timeout)
	}
	if err := checkPlaces(d.Source, d.Destination); err != nil {
		return nil, err
	}
	source, destination := imagelist.RegistryOf(d.Source), imagelist.RegistryOf(d.Destination)
	var targets []registry.Target
	for _, word := range d.Targets {
		target, err := parseTarget(word)
		if err != nil {
			return nil, err
		}
		target.Destination = destination != "" && imagelist.IsSameRegistry(target.Registry, destination) && !imagelist.IsSameRegistry(target.Registry, source)
		targets = append(targets, target)
	}
	if len(d.Targets) == 0 {
		for _, place := range []string{source, destination} {
			if place != "" {
				name := imagelist.CanonicalRegistry(place)
				targets = append(targets, registry.Target{Written: name, Registry: name, Destination: len(targets) > 0 || source == ""})
			}
		}
	}
	if len(targets) == 0 {
		return nil, errors.New("name a registry, HOST or HOST/REPOSITORY:TAG, or give -s or -d")
	}
	return targets, nil
}

// parseTarget reads HOST[:PORT][/REPOSITORY[:TAG]]. The first part is always a host.
func parseTarget(word string) (registry.Target, error) {
	if strings.Contains(word, "://") {
		return registry.Target{}, fmt.Errorf("%q: want HOST or HOST/REPOSITORY:TAG, without a scheme", word)
	}
	host, path, hasPath := strings.Cut(word, "/")
	if err := imagelist.CheckRegistry(host); err != nil {
		return registry.Target{}, err
	}
	target := registry.Target{Written: word, Registry: imagelist.CanonicalRegistry(host)}
	if !hasPath {
		return target, nil
	}
	repository, tag, err := imagelist.ParseReference(word, imagelist.Options{Source: host})
	if err != nil {
		return registry.Target{}, err
	}
	_, target.Repository, _ = strings.Cut(repository, "/")
	if strings.ContainsAny(path, ":@") { // otherwise the tag is one that nobody named
		target.Tag = tag
	}
	return target, nil
}

// healthStatus returns the exit status.
func healthStatus(found []*registry.Diagnosis) int {
	has := func(health registry.Health) bool {
		return slices.ContainsFunc(found, func(f *registry.Diagnosis) bool { return f.Status == health })
	}
	switch {
	case has(registry.Wrong):
		return job.ExitFailed
	case has(registry.NoAnswer):
		return job.ExitUnchecked
	}
	return job.ExitOK
}

// print writes the diagnoses in the format of --format.
func (d *doctorCommand) print(w io.Writer, found []*registry.Diagnosis) error {
	var b strings.Builder
	if d.Format == "json" {
		// The array has an object on each line, so that people can read it, too.
		b.WriteString("[")
		for i, f := range found {
			if i > 0 {
				b.WriteString(",")
			}
			line, err := marshal(f)
			if err != nil {
				return err
			}
			b.WriteString("\n")
			b.Write(line)
		}
		b.WriteString("\n]\n")
	} else {
		for i, f := range found {
			if i > 0 {
				b.WriteString("\n")
			}
			describeDiagnosis(&b, f, time.Now())
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
